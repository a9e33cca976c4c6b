/* SPDX-License-Identifier: BSD-2-Clause */
#include "native.h"

#include "csr.h"
#include "endpoint.h"
#include "guest/plan.h"
#include "hart.h"
#include "hint.h"
#include "hyp.h"
#include "trap.h"

enum { DRAIN_CYCLES = 20000 };

static volatile uint64_t messages;

static void message_handle(uint32_t identity, void *arg)
{
    (void)identity;
    (void)arg;
    messages++;
}

static void pause_cycles(uint64_t cycles)
{
    uint64_t start = cycles_now();
    while (cycles_now() - start < cycles)
        ;
}

static void generator_start(const struct plan *plan, uint32_t count)
{
    struct endpoint_pattern pattern = {
        .count = count,
        .burst = plan->burst,
        .vectors = plan->vectors,
        .period = plan->period,
        .flags = plan->seed ? EP_GEN_RANDOM : 0,
    };
    endpoint_generate(endpoints[0].bar[0], &pattern);
}

/* Until all have come or, as equal identities may coalesce, nothing comes any more. */
static void settle(const struct plan *plan, uint32_t count)
{
    uint64_t last = 0, since = cycles_now();
    while (messages < count && cycles_now() - since < 4 * plan->period + DRAIN_CYCLES) {
        if (messages != last)
            since = cycles_now();
        last = messages;
    }
}

static uint64_t round(const struct plan *plan, uint32_t count)
{
    uint64_t since = time_now();
    messages = 0;
    generator_start(plan, count);
    do {
        uint64_t before = messages;
        settle(plan, count);
        if (messages != before)
            since = time_now();
        else if (time_now() - since > plan->patience)
            panic("the endpoint's generator does not end");
    } while (messages < count && endpoint_busy(endpoints[0].bar[0]));
    while (endpoint_busy(endpoints[0].bar[0]))
        ;
    pause_cycles(DRAIN_CYCLES);
    return endpoint_sent(endpoints[0].bar[0]);
}

static void vectors_program(const struct plan *plan)
{
    pcie_msix_enable(&endpoints[0], true);
    for (uint32_t v = 0; v < plan->vectors; v++) {
        host_irq_set(HOST_ID_IRQ0 + v, message_handle, 0);
        pcie_msix_write(&endpoints[0], v, hart_self()->page, HOST_ID_IRQ0 + v);
    }
}

static void vectors_release(const struct plan *plan)
{
    for (uint32_t v = 0; v < plan->vectors; v++) {
        pcie_msix_mask(&endpoints[0], v);
        host_irq_set(HOST_ID_IRQ0 + v, 0, 0);
    }
    pcie_msix_enable(&endpoints[0], false);
}

void native_messages(struct plan *plan)
{
    hint_device_owner(endpoints[0].device_id, HINT_NOBODY);
    vectors_program(plan);
    csr_set(CSR_SSTATUS, SSTATUS_SIE);
    hint_path(plan->path);
    hint_phase(PHASE_WARMUP);
    round(plan, plan->warmup);
    hint_phase(PHASE_MEASURED);
    plan->sent = round(plan, plan->count);
    plan->handled = messages;
    hint_phase(PHASE_QUIET);
    csr_clear(CSR_SSTATUS, SSTATUS_SIE);
    vectors_release(plan);
}
