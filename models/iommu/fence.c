/* SPDX-License-Identifier: BSD-2-Clause */
/* What a fence waits for, and what ddtp.busy stands for. */
#include "iommu/model.h"

/* IOFENCE.C ends after every request that may have used what the commands before it removed; with
 * PR also after the answers to reads.  Writes that have left are the host's to drain. */
bool iommu_fence_waits(const struct iommu *m)
{
    const struct command_queue *cq = &m->st.cq;
    bool skip_msi = m->config.fence_ignores_io;
    return iommu_requests_before(m, cq->fence_seq, GET(cq->dw[0], IOFENCE_PR), skip_msi) ||
           iommu_ats_outstanding(m);
}

/* [iommu DDTP]: a change to Off is over when everything seen before is globally observable. */
void iommu_ddtp_progress(struct iommu *m)
{
    if (iommu_requests_before(m, m->st.ddtp_seq, true, false))
        return;
    vd_time drain = m->host.ops->drain(m->host.ctx);
    if (drain)
        iommu_after(m, TIMER_DDTP, drain);
    else
        m->st.reg[REG_ddtp] &= ~MASK(ddtp_busy);
}
