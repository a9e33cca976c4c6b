/* SPDX-License-Identifier: BSD-2-Clause */
/* What the command, fault and page-request queue share: the ring [iommu CQB]. */
#include "iommu/model.h"

uint64_t iommu_queue_mask(const struct iommu *m, uint32_t base_reg)
{
    return vd_mask(0, (unsigned)GET(m->st.reg[base_reg], cqb_LOG2SZ_1) + 1);
}

/* CHOICE: a base that is not aligned to the queue's size is taken as it is. */
uint64_t iommu_queue_entry(const struct iommu *m, uint32_t base_reg, uint64_t index, unsigned bytes)
{
    return (GET(m->st.reg[base_reg], cqb_PPN) << 12) + index * bytes;
}

uint64_t iommu_queue_next(const struct iommu *m, uint32_t base_reg, uint64_t index)
{
    return (index + 1) & iommu_queue_mask(m, base_reg);
}

bool iommu_queue_full(const struct iommu *m, uint32_t base_reg, uint32_t head_reg,
                      uint32_t tail_reg)
{
    return iommu_queue_next(m, base_reg, m->st.reg[tail_reg]) == m->st.reg[head_reg];
}
