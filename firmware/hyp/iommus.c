/* SPDX-License-Identifier: BSD-2-Clause */
#include "iommus.h"

struct iommu iommus[HYP_IOMMUS];
uint32_t num_iommus;

/* The devices behind one that cannot be used have none: then there is no use for the others. */
void iommus_init(const uint64_t *bases, uint32_t count)
{
    for (uint32_t i = 0; i < count && i < HYP_IOMMUS; i++)
        if (!iommu_init(&iommus[i], bases[i]))
            return;
    num_iommus = count < HYP_IOMMUS ? count : HYP_IOMMUS;
}

bool iommus_set_mode(enum iommu_mode mode)
{
    bool ok = true;
    for (uint32_t i = 0; i < num_iommus; i++)
        ok &= iommu_set_mode(&iommus[i], mode);
    return ok;
}

bool iommus_have(uint64_t capabilities)
{
    bool have = num_iommus > 0;
    for (uint32_t i = 0; i < num_iommus; i++)
        have &= (iommus[i].capabilities & capabilities) == capabilities;
    return have;
}

void iommus_post(struct iommu_command command, uint32_t count, uint32_t *tickets)
{
    for (uint32_t i = 0; i < count; i++)
        tickets[i] = iommu_post(&iommus[i], command);
}

void iommus_wait(uint32_t count, const uint32_t *tickets)
{
    for (uint32_t i = 0; i < count; i++)
        iommu_wait(&iommus[i], tickets[i]);
}

void iommus_sync(void)
{
    uint32_t tickets[HYP_IOMMUS];
    iommus_post(iommu_cmd_iofence(IOFENCE_PR | IOFENCE_PW), num_iommus, tickets);
    iommus_wait(num_iommus, tickets);
}

void iommus_flush_all(void)
{
    for (uint32_t i = 0; i < num_iommus; i++)
        iommu_flush_all(&iommus[i]);
}

bool iommus_next_fault(struct iommu_fault *fault)
{
    for (uint32_t i = 0; i < num_iommus; i++)
        if (iommu_next_fault(&iommus[i], fault))
            return true;
    return false;
}
