/* SPDX-License-Identifier: BSD-2-Clause */
/* Device contexts: where they are [iommu GET_DC] and what they must not contain [iommu
 * DC_MISCONFIG]. */
#include "iommu/model.h"

struct split {
    uint8_t lsb, width;
};

/* DDI[0..2] of the device_id, by format.  DDI[1] has 9 bits: 0x8000 is not 0. */
static const struct split ddi[2][3] = {
    {{0, 7}, {7, 9}, {16, 8}},
    {{0, 6}, {6, 9}, {15, 9}},
};

static uint64_t index_at(const struct iommu *m, uint32_t device_id, unsigned level)
{
    const struct split *s = &ddi[CAP(m, MSI_FLAT)][level];
    return vd_get(device_id, s->lsb, s->width);
}

/* CHOICE: Off and Bare, which have no directory, name every device. */
bool iommu_device_id_too_wide(const struct iommu *m, uint64_t mode, uint32_t device_id)
{
    static const uint8_t widths[2][3] = {{7, 16, 24}, {6, 15, 24}};
    return mode >= MODE_1LVL && device_id >> widths[CAP(m, MSI_FLAT)][mode - MODE_1LVL] != 0;
}

static bool any(uint64_t word, uint64_t mask)
{
    return (word & mask) != 0;
}

/* Bits of mask and pattern that a guest address can have [iommu MSI_ID]. */
static unsigned msi_address_width(const struct iommu *m)
{
    if (CAP(m, Sv57x4))
        return 59;
    if (CAP(m, Sv48x4))
        return 50;
    if (CAP(m, Sv39x4))
        return 41;
    return CAP(m, Sv32x4) ? 34 : (unsigned)CAP(m, PAS);
}

static bool reserved_bits(const struct iommu *m, const struct device_context *dc)
{
    uint64_t qos = CAP(m, QOSID) ? 0 : MASK(ta_RCID) | MASK(ta_MCID);
    return any(dc->tc, MASK(tc_reserved_low) | MASK(tc_reserved_high)) ||
           any(dc->ta, MASK(ta_reserved_low) | MASK(ta_reserved_high) | qos) ||
           any(dc->fsc, MASK(fsc_reserved));
}

static bool reserved_msi_bits(const struct iommu *m, const struct device_context *dc)
{
    uint64_t page_bits = vd_mask(0, msi_address_width(m) - 12);
    return any(dc->msiptp, MASK(fsc_reserved)) || any(dc->msi_mask | dc->msi_pattern, ~page_bits) ||
           dc->reserved != 0;
}

static bool ats_bits(const struct iommu *m, uint64_t tc)
{
    bool ats = GET(tc, tc_EN_ATS), pri = GET(tc, tc_EN_PRI), prpr = GET(tc, tc_PRPR);
    bool t2gpa = GET(tc, tc_T2GPA);
    return (!CAP(m, ATS) && (ats || pri || prpr)) || (!ats && (t2gpa || pri)) || (!pri && prpr) ||
           (!CAP(m, T2GPA) && t2gpa);
}

static bool scheme_missing(const struct iommu *m, bool second, bool xl32, uint64_t mode)
{
    const struct scheme *s = iommu_scheme(second, xl32, mode);
    return mode != 0 && (!s || !(m->st.reg[REG_capabilities] & VD_BIT(s->capability)));
}

static bool pdtp_mode_missing(const struct iommu *m, uint64_t mode)
{
    const uint64_t offered[] = {1, CAP(m, PD8), CAP(m, PD17), CAP(m, PD20)};
    return mode > 3 || !offered[mode];
}

static bool first_stage_bits(const struct iommu *m, const struct device_context *dc)
{
    uint64_t mode = GET(dc->fsc, fsc_MODE);
    if (GET(dc->tc, tc_PDTV))
        return pdtp_mode_missing(m, mode);
    return GET(dc->tc, tc_DPE) || scheme_missing(m, false, GET(dc->tc, tc_SXL), mode);
}

static bool second_stage_bits(const struct iommu *m, const struct device_context *dc)
{
    uint64_t mode = GET(dc->iohgatp, iohgatp_MODE);
    if (scheme_missing(m, true, GET(m->st.reg[REG_fctl], fctl_GXL), mode))
        return true;
    if (mode != 0)
        return any(GET(dc->iohgatp, iohgatp_PPN), 3);
    /* CHOICE: the recommended check is made unless the older rules are asked for. */
    bool flat = CAP(m, MSI_FLAT) && GET(dc->msiptp, fsc_MODE) != 0;
    return GET(dc->tc, tc_T2GPA) || (flat && !m->config.rules_1_0);
}

static bool fixed_bits(const struct iommu *m, uint64_t tc)
{
    uint64_t fctl = m->st.reg[REG_fctl];
    bool gxl = GET(fctl, fctl_GXL), sxl = GET(tc, tc_SXL);
    bool gxl_writable = GET(m->writable[REG_fctl], fctl_GXL);
    bool be = GET(fctl, fctl_BE), sbe = GET(tc, tc_SBE);
    return (!CAP(m, AMO_HWAD) && (GET(tc, tc_SADE) || GET(tc, tc_GADE))) ||
           (!CAP(m, END) && be != sbe) || (gxl && !sxl) || (!gxl && !gxl_writable && sxl);
}

bool iommu_dc_misconfigured(const struct iommu *m, const struct device_context *dc)
{
    if (reserved_bits(m, dc) || ats_bits(m, dc->tc) || first_stage_bits(m, dc) ||
        second_stage_bits(m, dc) || fixed_bits(m, dc->tc))
        return true;
    return CAP(m, MSI_FLAT) && (reserved_msi_bits(m, dc) || GET(dc->msiptp, fsc_MODE) > 1);
}

static bool check_entry(struct request *r, uint64_t entry)
{
    if (!GET(entry, DDTE_V))
        return iommu_fault(r, CAUSE_ddt_not_valid);
    if (entry & ~(MASK(DDTE_V) | MASK(DDTE_PPN)))
        return iommu_fault(r, CAUSE_ddt_misconfigured);
    return true;
}

static bool walk_ddt(struct iommu *m, struct request *r, uint64_t *words)
{
    bool big = GET(m->st.reg[REG_fctl], fctl_BE);
    uint64_t table = GET(r->ddtp, ddtp_PPN) << 12;
    for (unsigned i = (unsigned)(GET(r->ddtp, ddtp_iommu_mode) - MODE_1LVL); i > 0; i--) {
        uint64_t entry, spa = table + index_at(m, r->txn.requester, i) * 8;
        if (!iommu_read(m, r, TABLE_DDT, TABLE_DDT, spa, big, 8, &entry) || !check_entry(r, entry))
            return false;
        table = GET(entry, DDTE_PPN) << 12;
    }
    unsigned size = CAP(m, MSI_FLAT) ? 64 : 32;
    uint64_t spa = table + index_at(m, r->txn.requester, 0) * size;
    return iommu_read_wide(m, r, TABLE_DDT, spa, big, size, words);
}

/* Which tables a GSCID stands for is software's promise, which the ledger looks at. */
static void announce(struct iommu *m, const struct request *r)
{
    const uint64_t msi[] = {r->dc.msiptp, r->dc.msi_mask, r->dc.msi_pattern};
    uint64_t digest = 0;
    if (r->oracle || GET(r->dc.iohgatp, iohgatp_MODE) == 0)
        return;
    for (unsigned i = 0; i < 3; i++)
        digest = (digest ^ msi[i]) * UINT64_C(0x9e3779b97f4a7c15);
    iommu_emit(m, VD_REC_iommu_context, r->txn.serial, r->txn.requester, r->dc.iohgatp, digest);
}

bool iommu_locate_dc(struct iommu *m, struct request *r)
{
    if (iommu_device_id_too_wide(m, GET(r->ddtp, ddtp_iommu_mode), r->txn.requester))
        return iommu_fault(r, CAUSE_type_disallowed);
    if (iommu_may_hit(r)) {
        const struct ddt_entry *e = iommu_ddt_lookup(m, r->txn.requester);
        if (e) {
            r->dc = e->dc;
            r->hits |= BAR_DDT;
            return true;
        }
    }
    uint64_t w[8] = {0};
    if (!walk_ddt(m, r, w))
        return false;
    r->dc = (struct device_context){w[0], w[1], w[2], w[3], w[4], w[5], w[6], w[7]};
    if (!GET(r->dc.tc, tc_V))
        return iommu_fault(r, CAUSE_ddt_not_valid);
    /* The context is known to exist, but an invalid one has no say in DTF. */
    if (iommu_dc_misconfigured(m, &r->dc))
        return iommu_fault(r, CAUSE_ddt_misconfigured);
    announce(m, r);
    if (!(r->bars & BAR_DDT))
        iommu_ddt_fill(m, r->txn.requester, &r->dc);
    return true;
}
