/* SPDX-License-Identifier: BSD-2-Clause */
/* What a fence waits for, and what ddtp.busy stands for. */
#include "iommu/model.h"

/* IOFENCE.C ends after every request that may have used what the commands before it removed; with
 * PR also after the answers to reads.  Writes that have left are the host's to drain. */
bool iommu_fence_waits(const struct iommu *m)
{
    const struct command_queue *cq = &m->st.cq;
    bool posted = m->config.mrif_posted && !GET(cq->dw[0], IOFENCE_PW);
    unsigned skip = (GET(cq->dw[0], IOFENCE_PR) ? 0 : SKIP_READS) |
                    (m->config.fence_ignores_io ? SKIP_MSIS : 0) |
                    (m->config.fence_ignores_notices ? SKIP_NOTICES : 0) |
                    (posted ? SKIP_MRIF_STORES : 0);
    return iommu_requests_before(m, cq->fence_seq, skip) || iommu_ats_outstanding(m);
}

bool iommu_fence_is_partial(const struct iommu *m)
{
    return m->config.fence_ignores_io || m->config.fence_ignores_notices;
}

vd_time iommu_fence_drains(const struct iommu *m)
{
    if (!GET(m->st.cq.dw[0], IOFENCE_PW))
        return 0;
    if (!iommu_fence_is_partial(m))
        return m->host.ops->drain(m->host.ctx);
    vd_time now = iommu_now(m);
    return m->st.cq.writes_drained > now ? m->st.cq.writes_drained - now : 0;
}

/* [iommu DDTP]: a change to Off is over when everything seen before is globally observable. */
void iommu_ddtp_progress(struct iommu *m)
{
    if (iommu_requests_before(m, m->st.ddtp_seq, 0))
        return;
    vd_time drain = m->host.ops->drain(m->host.ctx);
    if (drain)
        iommu_after(m, TIMER_DDTP, drain);
    else
        m->st.reg[REG_ddtp] &= ~MASK(ddtp_busy);
}
