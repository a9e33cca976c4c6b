/* SPDX-License-Identifier: BSD-2-Clause */
#include "device.h"

#include "endpoint.h"
#include "guest.h"
#include "pcie.h"

static uint64_t bar0_of(uint32_t device)
{
    return GUEST_BAR0 + device * GUEST_BAR_STRIDE;
}

void device_program(uint32_t vector, uint32_t vcpu)
{
    struct pcie_function endpoint = {.msix_table =
                                         GUEST_BAR2 + vector % plan->devices * GUEST_BAR_STRIDE};
    pcie_msix_write(&endpoint, vector / plan->devices, guest_imsic_page(vcpu),
                    GUEST_ID_VECTOR0 + vector);
}

void devices_generate(uint32_t count, uint32_t flags)
{
    for (uint32_t i = 0; i < plan->devices; i++) {
        struct endpoint_pattern pattern = {
            .count = (count + plan->devices - 1 - i) / plan->devices,
            .burst = plan->burst,
            .vectors = plan->vectors / plan->devices,
            .period = plan->period,
            .flags = flags | (plan->seed ? EP_GEN_RANDOM : 0),
        };
        endpoint_generate(bar0_of(i), &pattern);
    }
}

bool devices_busy(void)
{
    bool busy = false;
    for (uint32_t i = 0; i < plan->devices; i++)
        busy |= endpoint_busy(bar0_of(i));
    return busy;
}

uint32_t devices_sent(void)
{
    uint32_t sent = 0;
    for (uint32_t i = 0; i < plan->devices; i++)
        sent += endpoint_sent(bar0_of(i));
    return sent;
}
