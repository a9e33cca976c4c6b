/* SPDX-License-Identifier: BSD-2-Clause */
/* A kernel in VS-mode: its vCPUs take interrupts from their IMSIC files and run one workload. */
#include "aplic.h"
#include "cpu.h"
#include "csr.h"
#include "endpoint.h"
#include "guest.h"
#include "imsic.h"
#include "mmio.h"
#include "pages.h"
#include "pagetable.h"
#include "print.h"
#include "sbi.h"
#include "trap.h"

struct plan *plan;
struct counters counters;

static struct pagetable kernel_table;
static volatile uint64_t vcpus_ready;

extern char __image_end[];

void console_write(const char *text, size_t length)
{
    sbi_console_write(text, length);
}

bool hypercall_ok(enum hypercall function, uint64_t a0, uint64_t a1)
{
    return !sbi_call(HYP_EXTENSION, function, a0, a1, 0, 0).error;
}

uint64_t hypercall(enum hypercall function, uint64_t a0)
{
    return sbi_call(HYP_EXTENSION, function, a0, 0, 0, 0).value;
}

void panic_exit(void)
{
    plan->failed = 1;
    hypercall(HYP_DONE, 0);
    for (;;)
        wait_for_interrupt();
}

static void count(volatile uint64_t *counter)
{
    __atomic_fetch_add(counter, 1, __ATOMIC_RELAXED);
}

/* The pin stays up for the second cause, whose MSI comes only if the APLIC is asked to look at the
 * level again [aia AdvPLIC-MSIDeliveryMode]. */
static bool first_of_two(void)
{
    if (!(plan->flags & PLAN_TWICE) || counters.wires % 2)
        return false;
    count(&counters.wires);
    if (plan->flags & PLAN_RETRIGGER)
        hypercall(HYP_RETRIGGER, 0);
    return true;
}

/* The device is served and lowers its wire.  Another cause may have come meanwhile: a level is
 * looked at again before the handler ends [aia AdvPLIC-MSIDeliveryMode]. */
static void line_handle(void)
{
    if (!(plan->flags & PLAN_EDGE)) {
        hypercall_ok(HYP_LINE, GUEST_SOURCE, 0);
        aplic_retrigger(GUEST_APLIC, GUEST_SOURCE);
    }
    count(&counters.ipis);
}

/* Lowers the line before acknowledging: both stores go to the same device, in order. */
static void wire_handle(void)
{
    if (first_of_two())
        return;
    if (plan->sending == SEND_LINE) {
        line_handle();
        return;
    }
    mmio_write32(GUEST_BAR0 + EP_INTX, 0);
    mmio_write32(GUEST_BAR0 + EP_GEN_ACK, 1);
    counters.wires++;
}

/* The device sends the first vector before the second. */
static void order_check(uint32_t vector)
{
    if (vector == 0)
        counters.first++;
    else if (++counters.second > counters.first)
        plan->disorder++;
}

/* All in a broadcast count at once, and forget a translation before. */
static void ipi_handle(void)
{
    if (plan->workload != WORK_BROADCAST) {
        counters.ipis++;
        return;
    }
    sfence_vma_all();
    count(&counters.ipis);
}

static void identity_handle(uint32_t id)
{
    if (plan->sending == SEND_IDENTITIES) {
        count(&counters.ipis);
        return;
    }
    if (id >= GUEST_ID_VECTOR0 && (plan->flags & PLAN_ORDER))
        order_check(id - GUEST_ID_VECTOR0);
    if (id >= GUEST_ID_VECTOR0)
        count(&counters.messages);
    else if (id == GUEST_ID_WIRE)
        wire_handle();
    else if (id == GUEST_ID_IPI)
        ipi_handle();
}

void interrupt_handle(uint64_t irq)
{
    uint32_t id;
    if (irq != IRQ_SEI)
        panic("unexpected interrupt %lu", irq);
    while ((id = imsic_claim()) != 0)
        identity_handle(id);
}

static void interrupts_on(void)
{
    imsic_init(plan->ids);
    imsic_enable(GUEST_ID_IPI, true);
    imsic_enable(GUEST_ID_WIRE, true);
    for (uint32_t v = 0; v < GUEST_VECTORS; v++)
        imsic_enable(GUEST_ID_VECTOR0 + v, true);
    for (uint32_t id = 1; plan->sending == SEND_IDENTITIES && id <= plan->ids; id++)
        imsic_enable(id, true);
    csr_set(CSR_SIE, 1ul << IRQ_SEI);
    csr_set(CSR_SSTATUS, SSTATUS_SIE);
}

static void paging_on(void)
{
    csr_write(CSR_SATP, pagetable_atp(&kernel_table));
    sfence_vma_all();
}

/* Its handlers do the work.  It stays awake where the latency to a running vCPU is measured. */
static void secondary_main(void)
{
    paging_on();
    interrupts_on();
    __atomic_fetch_add(&vcpus_ready, 1, __ATOMIC_RELEASE);
    bool rival = (plan->flags & PLAN_RIVALS) && cpu_self()->hartid > 1;
    bool awake = (plan->flags & PLAN_AWAKE) || rival;
    if (plan->workload == WORK_MASKED && cpu_self()->hartid == 1)
        masked_sleep();
    if (plan->workload == WORK_CROSSFIRE && cpu_self()->hartid == 2)
        crossfire();
    if (plan->workload >= WORK_RACE && cpu_self()->hartid == 1)
        race_sleep();
    for (;;)
        if (!awake)
            wait_for_interrupt();
}

static void paging_make(void)
{
    pages_init((uint64_t)__image_end, GUEST_RAM + GUEST_RAM_BYTES - (uint64_t)__image_end);
    pagetable_create(&kernel_table, false);
    pagetable_map(&kernel_table, GUEST_RAM, GUEST_RAM, GUEST_RAM_BYTES, PTE_RWX | PTE_HOST);
    for (uint32_t i = 0; i < plan->devices; i++) {
        uint64_t bar0 = GUEST_BAR0 + i * GUEST_BAR_STRIDE, bar2 = GUEST_BAR2 + i * GUEST_BAR_STRIDE;
        pagetable_map(&kernel_table, bar0, bar0, ENDPOINT_BAR0_BYTES, PTE_RW | PTE_HOST);
        pagetable_map(&kernel_table, bar2, bar2, ENDPOINT_BAR2_BYTES, PTE_RW | PTE_HOST);
    }
    pagetable_map(&kernel_table, GUEST_APLIC, GUEST_APLIC, GUEST_APLIC_BYTES, PTE_RW | PTE_HOST);
    pagetable_map(&kernel_table, GUEST_IMSIC, GUEST_IMSIC, (uint64_t)plan->vcpus << PAGE_SHIFT,
                  PTE_RW | PTE_HOST);
}

int main(uint64_t vcpu, struct plan *the_plan)
{
    plan = the_plan;
    paging_make();
    paging_on();
    interrupts_on();
    for (uint64_t other = 0; other < plan->vcpus; other++)
        if (other != vcpu && !cpu_start(other, secondary_main))
            panic("vCPU %lu does not start", other);
    if (!counter_wait(&vcpus_ready, plan->vcpus - 1))
        panic("a vCPU never got ready");
    workload_run();
    hypercall(HYP_DONE, 0);
    return 0;
}
