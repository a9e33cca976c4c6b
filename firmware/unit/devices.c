/* SPDX-License-Identifier: BSD-2-Clause */
/* APLIC, timer, other harts. */
#include "aplic.h"
#include "imsic.h"
#include "mmio.h"
#include "sbi.h"
#include "spinlock.h"
#include "unit.h"

enum { IDENTITY = 9, SYNC = 10, ROUNDS = 1000 };

/* The UART's source: its pin is quiet as its interrupts are off. */
static const uint32_t source = 10;

static void aplic_messages(uint64_t aplic, uint32_t hart)
{
    aplic_route(aplic, source, APLIC_EDGE_RISING, hart, 0, IDENTITY);
    report((mmio_read32(aplic + APLIC_SOURCECFG + 4 * source) & 0x7ff) == APLIC_EDGE_RISING,
           "a delegated source can be configured");
    report(mmio_read32(aplic + APLIC_TARGET + 4 * source) == (hart << 18 | IDENTITY),
           "target reads back");
    mmio_write32(aplic + APLIC_SETIPNUM, source);
    report(wait_pending(IDENTITY) && imsic_claim() == IDENTITY, "setipnum sends the MSI");
    report(!(mmio_read32(aplic + APLIC_SETIP) >> source & 1), "a sent MSI is no more pending");
    mmio_write32(aplic + APLIC_CLRIENUM, source);
    mmio_write32(aplic + APLIC_SETIPNUM, source);
    report(mmio_read32(aplic + APLIC_SETIP) >> source & 1, "a disabled source stays pending");
    mmio_write32(aplic + APLIC_CLRIPNUM, source);
    report(!(mmio_read32(aplic + APLIC_SETIP) >> source & 1), "clripnum clears it");
    aplic_off(aplic, source);
    mmio_write32(aplic + APLIC_SETIPNUM, source);
    report(!(mmio_read32(aplic + APLIC_SETIP) >> source & 1),
           "an inactive source is never pending");
}

static bool wait_sip(uint64_t bit)
{
    uint64_t since = time_now();
    while (time_now() - since < board.timebase / 10)
        if (csr_read(CSR_SIP) >> bit & 1)
            return true;
    return false;
}

/* Direct delivery: the domain's line is the hart's external interrupt. */
static void aplic_wires(uint64_t aplic, uint32_t hart)
{
    enum { PRIORITY = 3 };
    uint64_t idc = aplic + APLIC_IDCS + 32 * hart;
    uint32_t top = source << 16 | PRIORITY;
    mmio_write32(aplic + APLIC_DOMAINCFG, APLIC_DOMAINCFG_IE);
    report(!(mmio_read32(aplic + APLIC_DOMAINCFG) & APLIC_DOMAINCFG_DM), "the domain has wires");
    mmio_write32(idc + APLIC_IDELIVERY, 1);
    mmio_write32(idc + APLIC_ITHRESHOLD, 0);
    aplic_route(aplic, source, APLIC_EDGE_RISING, hart, 0, PRIORITY);
    report(!(csr_read(CSR_SIP) >> IRQ_SEI & 1), "sip.SEIP is clear while nothing is pending");
    mmio_write32(aplic + APLIC_SETIPNUM, source);
    report(wait_sip(IRQ_SEI), "a pending source raises sip.SEIP");
    interrupts[IRQ_SEI] = 0;
    csr_set(CSR_SIE, 1ul << IRQ_SEI);
    csr_set(CSR_SSTATUS, SSTATUS_SIE);
    csr_clear(CSR_SSTATUS, SSTATUS_SIE);
    report(interrupts[IRQ_SEI] == 1, "the hart takes it");
    report(mmio_read32(idc + APLIC_TOPI) == top, "topi names it with its priority");
    report(mmio_read32(idc + APLIC_CLAIMI) == top, "claimi claims it");
    report(mmio_read32(idc + APLIC_TOPI) == 0, "a claim ends it");
    report(!(csr_read(CSR_SIP) >> IRQ_SEI & 1), "a claim lowers the wire");
    mmio_write32(idc + APLIC_IDELIVERY, 0);
    aplic_off(aplic, source);
}

void check_aplic(void)
{
    uint64_t aplic = board.aplic_s.base;
    uint32_t hart = board_hart_index(&board, cpu_self()->hartid);
    if (aplic && !board.imsic_s.base) {
        aplic_wires(aplic, hart);
        return;
    }
    if (!aplic || !has_files()) {
        skip("no APLIC for S-mode, or no interrupt files for its MSIs");
        return;
    }
    report(aplic_enable(aplic), "the domain delivers MSIs");
    report(mmio_read32(aplic + APLIC_DOMAINCFG) >> 24 == 0x80, "domaincfg begins with 0x80");
    imsic_init(board.imsic_s.ids);
    imsic_enable(IDENTITY, true);
    imsic_enable(SYNC, true);
    aplic_messages(aplic, hart);
    aplic_sync(aplic, hart, SYNC);
    report(wait_pending(SYNC) && imsic_claim() == SYNC, "genmsi sends any identity");
}

void check_timer(void)
{
    uint64_t before = time_now();
    for (volatile int i = 0; i < 100000; i++)
        ;
    report(time_now() > before, "time goes on");
    bool sstc = CSR_EXISTS(CSR_STIMECMP);
    if (sstc)
        csr_write(CSR_STIMECMP, time_now() + board.timebase / 10000);
    else
        sbi_call(SBI_TIME, 0, time_now() + board.timebase / 10000, 0, 0, 0);
    report(wait_sip(IRQ_STI), "the timer raises sip.STIP (%s)", sstc ? "Sstc" : "SBI");
    if (sstc)
        csr_write(CSR_STIMECMP, UINT64_MAX);
    else
        sbi_call(SBI_TIME, 0, UINT64_MAX, 0, 0, 0);
    report(!(csr_read(CSR_SIP) >> IRQ_STI & 1), "it is clear when the time is far");
}

static struct {
    volatile uint64_t running, finished;
    uint64_t atomic;
    uint64_t locked;
    struct spinlock lock;
} shared;

static void count(void)
{
    for (int i = 0; i < ROUNDS; i++) {
        __atomic_fetch_add(&shared.atomic, 1, __ATOMIC_RELAXED);
        spin_lock(&shared.lock);
        shared.locked++;
        spin_unlock(&shared.lock);
    }
}

/* Counts, then answers one IPI with one. */
static void secondary(void)
{
    __atomic_fetch_add(&shared.running, 1, __ATOMIC_RELEASE);
    bool files = has_files();
    if (files) {
        imsic_init(board.imsic_s.ids);
        imsic_enable(IDENTITY, true);
    }
    count();
    __atomic_fetch_add(&shared.finished, 1, __ATOMIC_RELEASE);
    if (!files)
        return;
    csr_write(CSR_SIE, 1ul << IRQ_SEI); /* wakes; sstatus.SIE is clear */
    while (!imsic_claim())
        wait_for_interrupt();
    imsic_send(board_imsic_page(&board, cpus[0].hartid, 0), IDENTITY);
}

static void wait_count(const volatile uint64_t *counter, uint64_t target)
{
    uint64_t since = time_now();
    while (*counter < target && time_now() - since < board.timebase)
        ;
}

void check_harts(void)
{
    uint64_t others = 0, last = 0;
    for (uint32_t i = 0; i < board.num_harts && others < CPU_MAX - 1; i++) {
        if (board.hartids[i] == cpu_self()->hartid)
            continue;
        last = board.hartids[i];
        others += cpu_start(last, secondary) != 0;
    }
    if (!others) {
        skip("one hart");
        return;
    }
    count();
    wait_count(&shared.finished, others);
    report(shared.running == others, "%lu harts start by SBI", others);
    report(shared.atomic == (others + 1) * ROUNDS, "atomic additions of all harts: %lu",
           shared.atomic);
    report(shared.locked == (others + 1) * ROUNDS, "additions under a lock: %lu", shared.locked);
    if (!has_files()) {
        skip("no interrupt files for IPIs");
        return;
    }
    imsic_send(board_imsic_page(&board, last, 0), IDENTITY);
    report(wait_pending(IDENTITY), "an IPI is answered by an IPI");
    imsic_claim();
}
