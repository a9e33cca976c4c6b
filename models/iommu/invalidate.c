/* SPDX-License-Identifier: BSD-2-Clause */
/* What the invalidation commands remove [iommu IVMA], [iommu IGVMA], [iommu IDDT], [iommu IPDT].
 * Whatever is being walked meanwhile is not filled.  With an address, non-leaf entries are removed
 * by NL=1 only [iommu NLINV]. */
#include "iommu/model.h"

static void bar(struct iommu *m, unsigned bars)
{
    for (uint32_t i = 0; i < m->st.in_fifo; i++) {
        struct request *r = &m->st.slot[m->st.fifo[i]];
        if (r->state != REQUEST_QUEUED)
            r->bars |= (uint8_t)bars;
    }
}

struct range {
    uint64_t base, mask;
};

/* [iommu ARINV]: with S=1 the trailing ones of ADDR and the zero above them give the size. */
static struct range range_of(uint64_t dw1)
{
    uint64_t page = GET(dw1, IOTINVAL_ADDR);
    uint64_t mask = 0;
    if (GET(dw1, IOTINVAL_S))
        mask = page ^ (page + 1);
    return (struct range){page << 12, (mask << 12) | 0xfff};
}

static bool overlap(const struct range *range, uint64_t base, uint64_t mask)
{
    return ((range->base ^ base) & ~(range->mask | mask)) == 0;
}

static bool vma_hits(const struct tlb_entry *e, uint64_t dw0, uint64_t dw1)
{
    struct range range = range_of(dw1);
    bool gv = GET(dw0, IOTINVAL_GV);
    if (!GET(e->space, space_PSCV) || GET(e->space, space_GV) != gv ||
        (gv && GET(e->space, space_GSCID) != GET(dw0, IOTINVAL_GSCID)))
        return false;
    if (GET(dw0, IOTINVAL_PSCV) &&
        ((e->rights1 & RIGHT_G) || GET(e->space, space_PSCID) != GET(dw0, IOTINVAL_PSCID)))
        return false;
    return !GET(dw0, IOTINVAL_AV) || overlap(&range, e->iova, e->mask);
}

/* False: the command names an address and leaves non-leaf entries alone. */
static bool reaches_nonleaf(uint64_t dw0)
{
    return !GET(dw0, IOTINVAL_AV) || GET(dw0, IOTINVAL_NL);
}

static bool vma_hits_nonleaf(const struct nonleaf_entry *e, uint64_t dw0, uint64_t dw1)
{
    const struct tlb_entry same = {
        .space = e->space,
        .iova = e->address,
        .mask = e->mask,
        .rights1 = e->global ? RIGHT_G : 0,
    };
    return reaches_nonleaf(dw0) && vma_hits(&same, dw0, dw1);
}

void iommu_invalidate_vma(struct iommu *m, uint64_t dw0, uint64_t dw1)
{
    for (uint32_t i = 0; i < m->st.tlb_plru.count; i++)
        if (m->st.tlb[i].valid && vma_hits(&m->st.tlb[i], dw0, dw1))
            m->st.tlb[i].valid = false;
    for (uint32_t i = 0; i < m->st.nonleaf_plru[STAGE_FIRST].count; i++)
        if (vma_hits_nonleaf(&m->st.nonleaf[STAGE_FIRST][i], dw0, dw1))
            m->st.nonleaf[STAGE_FIRST][i].valid = false;
    bar(m, BAR_TLB | BAR_FIRST);
}

static bool gvma_hits(uint64_t dw0, uint64_t dw1, uint64_t gscid, uint64_t gpa, uint64_t mask)
{
    struct range range = range_of(dw1);
    if (!GET(dw0, IOTINVAL_GV))
        return true;
    if (gscid != GET(dw0, IOTINVAL_GSCID))
        return false;
    return !GET(dw0, IOTINVAL_AV) || overlap(&range, gpa, mask);
}

void iommu_invalidate_gvma(struct iommu *m, uint64_t dw0, uint64_t dw1)
{
    for (uint32_t i = 0; i < m->st.tlb_plru.count; i++) {
        struct tlb_entry *e = &m->st.tlb[i];
        /* An entry without the second stage holds no second-stage information. */
        if (e->valid && GET(e->space, space_GV) && e->second &&
            gvma_hits(dw0, dw1, GET(e->space, space_GSCID), e->gpa, e->mask))
            e->valid = false;
    }
    for (uint32_t i = 0; i < m->st.msi_plru.count; i++) {
        struct msi_entry *e = &m->st.msi[i];
        if (e->valid && gvma_hits(dw0, dw1, e->gscid, e->gpa & ~UINT64_C(0xfff), 0xfff))
            e->valid = false;
    }
    for (uint32_t i = 0; i < m->st.nonleaf_plru[STAGE_SECOND].count; i++) {
        struct nonleaf_entry *e = &m->st.nonleaf[STAGE_SECOND][i];
        bool reaches = !GET(dw0, IOTINVAL_GV) || reaches_nonleaf(dw0);
        if (reaches && gvma_hits(dw0, dw1, GET(e->space, space_GSCID), e->address, e->mask))
            e->valid = false;
    }
    bar(m, BAR_TLB | BAR_MSI | BAR_SECOND);
}

void iommu_invalidate_ddt(struct iommu *m, uint64_t dw0)
{
    bool all = !GET(dw0, IODIR_DV);
    uint64_t device_id = GET(dw0, IODIR_DID);
    for (uint32_t i = 0; i < m->st.ddt_plru.count; i++)
        if (all || m->st.ddt[i].device_id == device_id)
            m->st.ddt[i].valid = false;
    for (uint32_t i = 0; i < m->st.pdt_plru.count; i++)
        if (all || m->st.pdt[i].device_id == device_id)
            m->st.pdt[i].valid = false;
    bar(m, BAR_DDT | BAR_PDT);
}

void iommu_invalidate_pdt(struct iommu *m, uint64_t dw0)
{
    for (uint32_t i = 0; i < m->st.pdt_plru.count; i++) {
        struct pdt_entry *e = &m->st.pdt[i];
        if (e->device_id == GET(dw0, IODIR_DID) && e->process_id == GET(dw0, IODIR_PID))
            e->valid = false;
    }
    bar(m, BAR_PDT);
}
