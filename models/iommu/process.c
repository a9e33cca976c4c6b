/* SPDX-License-Identifier: BSD-2-Clause */
/* Process contexts [iommu GET_PC]. */
#include "iommu/model.h"

static const struct {
    uint8_t lsb, width;
} pdi[] = {{0, 8}, {8, 9}, {17, 3}};

static uint64_t index_at(const struct request *r, unsigned level)
{
    return vd_get(r->process_id, pdi[level].lsb, pdi[level].width);
}

/* Directory addresses are guest addresses; the offset is added before they are translated. */
static bool entry_address(struct iommu *m, struct request *r, uint64_t address, uint64_t *spa)
{
    struct leaf leaf;
    *spa = address;
    if (GET(r->dc.iohgatp, iohgatp_MODE) == 0)
        return true;
    if (!iommu_second_stage(m, r, address, IMPLICIT_READ, TABLE_PDT, &leaf))
        return false;
    *spa = leaf.pa | (address & leaf.mask);
    return true;
}

static bool check_entry(struct request *r, uint64_t entry)
{
    if (!GET(entry, DDTE_V))
        return iommu_fault(r, CAUSE_pdt_not_valid);
    if (entry & ~(MASK(DDTE_V) | MASK(DDTE_PPN)))
        return iommu_fault(r, CAUSE_pdt_misconfigured);
    return true;
}

/* [iommu PC_MISCONFIG] */
static bool misconfigured(const struct iommu *m, const struct request *r, uint64_t ta, uint64_t fsc)
{
    uint64_t mode = GET(fsc, fsc_MODE);
    const struct scheme *s = iommu_scheme(false, GET(r->dc.tc, tc_SXL), mode);
    if (ta & (MASK(PC_ta_reserved_low) | MASK(PC_ta_reserved_high)) || fsc & MASK(fsc_reserved))
        return true;
    return mode != 0 && (!s || !(m->st.reg[REG_capabilities] & VD_BIT(s->capability)));
}

static bool walk_pdt(struct iommu *m, struct request *r, uint64_t *words)
{
    bool big = GET(r->dc.tc, tc_SBE);
    uint64_t table = GET(r->dc.fsc, fsc_PPN) << 12, spa, entry;
    for (unsigned i = (unsigned)GET(r->dc.fsc, fsc_MODE) - 1; i > 0; i--) {
        if (!entry_address(m, r, table + index_at(r, i) * 8, &spa) ||
            !iommu_read(m, r, TABLE_PDT, TABLE_PDT, spa, big, 8, &entry) || !check_entry(r, entry))
            return false;
        table = GET(entry, DDTE_PPN) << 12;
    }
    return entry_address(m, r, table + index_at(r, 0) * 16, &spa) &&
           iommu_read_wide(m, r, TABLE_PDT, spa, big, 16, words);
}

bool iommu_locate_pc(struct iommu *m, struct request *r, uint64_t *ta, uint64_t *fsc)
{
    uint64_t w[2];
    if (iommu_may_hit(r)) {
        const struct pdt_entry *e = iommu_pdt_lookup(m, r->txn.requester, r->process_id);
        if (e) {
            *ta = e->ta;
            *fsc = e->fsc;
            r->hits |= BAR_PDT;
            return true;
        }
    }
    if (!walk_pdt(m, r, w))
        return false;
    *ta = w[0];
    *fsc = w[1];
    if (!GET(*ta, PC_ta_V))
        return iommu_fault(r, CAUSE_pdt_not_valid);
    if (misconfigured(m, r, *ta, *fsc))
        return iommu_fault(r, CAUSE_pdt_misconfigured);
    if (!(r->bars & BAR_PDT))
        iommu_pdt_fill(m, r->txn.requester, r->process_id, *ta, *fsc);
    return true;
}
