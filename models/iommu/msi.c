/* SPDX-License-Identifier: BSD-2-Clause */
/* MSI page tables [iommu MSI_TRANS], [aia IOMMU-MSIPTE-MRIF]. */
#include "iommu/model.h"

/* [iommu MSI_ID]: all 52 bits of the page number are compared. */
bool iommu_msi_match(const struct iommu *m, const struct device_context *dc, uint64_t gpa)
{
    if (!CAP(m, MSI_FLAT) || GET(dc->msiptp, fsc_MODE) == 0)
        return false;
    return (((gpa >> 12) ^ dc->msi_pattern) & ~dc->msi_mask & MASK(msi_addr_bits)) == 0;
}

uint64_t iommu_extract(uint64_t value, uint64_t mask)
{
    uint64_t result = 0;
    for (unsigned to = 0; mask; mask &= mask - 1, to++)
        result |= (uint64_t)((value & mask & -mask) != 0) << to;
    return result;
}

static bool read_half(struct iommu *m, struct request *r, uint64_t spa, unsigned half,
                      uint64_t *pte)
{
    bool big = GET(m->st.reg[REG_fctl], fctl_BE);
    return iommu_read(m, r, TABLE_MSI, TABLE_MSI, spa + 8 * half, big, 8, &pte[half]);
}

static uint64_t pte_address(const struct request *r)
{
    uint64_t index = iommu_extract(r->gpa >> 12, r->dc.msi_mask);
    return (GET(r->dc.msiptp, fsc_PPN) << 12) | (index * 16);
}

/* The specification promises 64 atomic bits only; the switch chooses how the 128 are read. */
static bool read_pte(struct iommu *m, struct request *r, uint64_t *pte)
{
    uint64_t spa = pte_address(r);
    unsigned first = m->config.pte_fetch == 2;
    if (m->config.pte_fetch == 0)
        return iommu_read_wide(m, r, TABLE_MSI, spa, GET(m->st.reg[REG_fctl], fctl_BE), 16, pte);
    return read_half(m, r, spa, first, pte) && read_half(m, r, spa, !first, pte);
}

static void announce_pte(struct iommu *m, const struct request *r, const uint64_t *pte)
{
    if (r->kind != KIND_DEBUG && !r->oracle)
        iommu_emit(m, VD_REC_msi_pte, r->txn.serial, pte_address(r), pte[0], pte[1]);
}

static bool check_mrif(const struct iommu *m, const uint64_t *pte)
{
    uint64_t dw0 = MASK(MSIPTE_V) | MASK(MSIPTE_M) | MASK(MSIPTE_MRIF_Address);
    uint64_t dw1 = MASK(MSIPTE_NID_9_0) | MASK(MSIPTE_NPPN) | MASK(MSIPTE_NID_10);
    return CAP(m, MSI_MRIF) && !(pte[0] & ~dw0) && !(pte[1] & ~dw1);
}

static bool check_pte(struct iommu *m, struct request *r, const uint64_t *pte)
{
    uint64_t basic = MASK(MSIPTE_V) | MASK(MSIPTE_M) | MASK(MSIPTE_PPN);
    uint64_t mode = GET(pte[0], MSIPTE_M);
    if (!GET(pte[0], MSIPTE_V))
        return iommu_fault(r, CAUSE_msi_not_valid);
    /* CHOICE: no custom format is known, so C=1 is a misconfiguration. */
    bool good = !GET(pte[0], MSIPTE_C) &&
                (mode == 3 ? !(pte[0] & ~basic) : mode == 1 && check_mrif(m, pte));
    return good || iommu_fault(r, CAUSE_msi_misconfigured);
}

static void fill(struct iommu *m, const struct request *r)
{
    bool mrif = GET(r->msi_pte[0], MSIPTE_M) == 1;
    if (!(r->bars & BAR_MSI) && !(mrif && m->config.mrif_uncached))
        iommu_msi_fill(m, r->txn.requester, (uint16_t)GET(r->dc.iohgatp, iohgatp_GSCID), r->gpa,
                       r->msi_pte);
}

static bool locate_pte(struct iommu *m, struct request *r)
{
    if (iommu_may_hit(r)) {
        uint16_t gscid = (uint16_t)GET(r->dc.iohgatp, iohgatp_GSCID);
        const struct msi_entry *e = iommu_msi_lookup(m, r->txn.requester, gscid, r->gpa);
        if (e) {
            r->msi_pte[0] = e->pte[0];
            r->msi_pte[1] = e->pte[1];
            r->hits |= BAR_MSI;
            return true;
        }
    }
    uint64_t pte[2];
    if (!read_pte(m, r, pte))
        return false;
    announce_pte(m, r, pte);
    if (!check_pte(m, r, pte))
        return false;
    r->msi_pte[0] = pte[0];
    r->msi_pte[1] = pte[1];
    fill(m, r);
    return true;
}

/* Rights are those of a second-stage PTE with R=W=U=1 and X=0. */
bool iommu_msi_translate(struct iommu *m, struct request *r)
{
    if (!locate_pte(m, r))
        return false;
    if (r->access == ACCESS_EXEC && r->kind != KIND_TRANSLATION_REQUEST)
        return iommu_fault(r, CAUSE_instruction_access_fault);
    r->mrif = GET(r->msi_pte[0], MSIPTE_M) == 1;
    if (r->mrif && r->kind == KIND_DEBUG)
        return iommu_fault(r, CAUSE_type_disallowed);
    uint64_t page = GET(r->msi_pte[0], MSIPTE_PPN) << 12;
    r->second = (struct leaf){page, 0xfff, RIGHT_R | RIGHT_W | RIGHT_U | RIGHT_D, 0};
    r->spa = page | (r->gpa & 0xfff);
    return true;
}
