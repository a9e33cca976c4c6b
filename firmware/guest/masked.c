/* SPDX-License-Identifier: BSD-2-Clause */
/* A vCPU that sleeps while what is sent to it is masked at one of four places. */
#include "csr.h"
#include "endpoint.h"
#include "guest.h"
#include "imsic.h"
#include "mmio.h"
#include "trap.h"

enum mask { MASK_EIDELIVERY, MASK_EIE, MASK_EITHRESHOLD, MASK_SEIE, MASKS };

static volatile uint64_t turn, unmasked; /* the MSI that is to be sent, and handled */

static void mask_set(enum mask mask, bool masked)
{
    switch (mask) {
    case MASK_EIDELIVERY:
        imsic_write(IMSIC_EIDELIVERY, !masked);
        break;
    case MASK_EIE:
        imsic_enable(GUEST_ID_VECTOR0, !masked);
        break;
    case MASK_EITHRESHOLD:
        imsic_write(IMSIC_EITHRESHOLD, masked ? GUEST_ID_VECTOR0 : 0);
        break;
    default:
        if (masked)
            csr_clear(CSR_SIE, 1ul << IRQ_SEI);
        else
            csr_set(CSR_SIE, 1ul << IRQ_SEI);
    }
}

_Noreturn void masked_sleep(void)
{
    for (uint64_t done = 0;; done++) {
        while (turn == done)
            ;
        enum mask mask = turn % MASKS;
        mask_set(mask, true);
        while (unmasked == done)
            wait_for_interrupt();
        mask_set(mask, false);
        while (counters.messages == done)
            ;
    }
}

static bool sleep_await(void)
{
    uint64_t since = time_now();
    while (!hypercall(HYP_BLOCKED, 1))
        if (time_now() - since > plan->patience)
            return false;
    return true;
}

/* Pending, not taken, and nobody has woken.  hgeip is the file's own signal: only vsie masks behind
 * it [aia VSLevel]. */
static bool is_masked(enum mask mask, uint64_t handled)
{
    return hypercall(HYP_HGEIP, 1) == (mask == MASK_SEIE) && hypercall(HYP_BLOCKED, 1) &&
           counters.messages == handled;
}

uint64_t masked_round(uint32_t count, bool measured)
{
    (void)measured;
    for (uint32_t i = 1; i <= count; i++) {
        turn = i;
        if (!sleep_await())
            return i;
        mmio_write32(GUEST_BAR0 + EP_RAISE, 0);
        pause_cycles(plan->period);
        plan->disorder += !is_masked(i % MASKS, i - 1);
        unmasked = i;
        hypercall_ok(HYP_OPERATE, 1, OPERATE_WAKE);
        if (!counter_wait(&counters.messages, i))
            return i;
    }
    return count;
}
