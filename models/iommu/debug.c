/* SPDX-License-Identifier: BSD-2-Clause */
/* The translation-request interface [iommu debug]. */
#include "iommu/model.h"

static uint32_t attributes(uint64_t ctl)
{
    uint32_t attrs = 0;
    if (GET(ctl, tr_req_ctl_PV))
        attrs |= VD_PROCESS_ID;
    if (GET(ctl, tr_req_ctl_PV) && GET(ctl, tr_req_ctl_Priv))
        attrs |= VD_PRIVILEGED;
    return attrs;
}

static enum access access_of(uint64_t ctl)
{
    if (GET(ctl, tr_req_ctl_Exe)) /* CHOICE: Exe=1 with NW=0 is a request for execution. */
        return ACCESS_EXEC;
    return GET(ctl, tr_req_ctl_NW) ? ACCESS_READ : ACCESS_WRITE;
}

void iommu_debug_start(struct iommu *m)
{
    uint64_t ctl = m->st.reg[REG_tr_req_ctl];
    if (!GET(ctl, tr_req_ctl_Go) || m->st.debug_active)
        return;
    struct request *r = iommu_slot_take(m);
    if (!r)
        return;
    m->st.debug_active = true;
    r->kind = KIND_DEBUG;
    r->access = (uint8_t)access_of(ctl);
    r->txn = (struct vd_txn){
        .addr = m->st.reg[REG_tr_req_iova],
        .requester = (uint32_t)GET(ctl, tr_req_ctl_DID),
        .process_id = (uint32_t)GET(ctl, tr_req_ctl_PID),
        .attrs = attributes(ctl),
        .cmd = r->access == ACCESS_WRITE ? VD_WRITE : VD_READ,
        .size = 4,
    };
    iommu_pump(m);
}

static uint64_t response(const struct request *r)
{
    uint64_t mask = r->first.mask & r->second.mask;
    bool large = !r->msi && mask != UINT64_MAX && mask != 0xfff;
    uint64_t pa = large ? iommu_napot(r->spa, mask) : r->spa;
    uint64_t rsp = SET(0, tr_response_PPN, pa >> 12);
    rsp = SET(rsp, tr_response_S, large);
    return SET(rsp, tr_response_PBMT, r->first.pbmt ? r->first.pbmt : r->second.pbmt);
}

void iommu_debug_finish(struct iommu *m, const struct request *r)
{
    m->st.reg[REG_tr_response] = r->cause ? MASK(tr_response_fault) : response(r);
    m->st.reg[REG_tr_req_ctl] &= ~MASK(tr_req_ctl_Go);
    m->st.debug_active = false;
}
