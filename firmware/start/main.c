/* SPDX-License-Identifier: BSD-2-Clause */
/* Leaves each hart as SBI firmware would: traps delegated, counters and extensions open, memory
 * allowed, wired interrupts handed to the supervisor's APLIC domain. */
#include "start.h"

#include "aplic.h"
#include "csr.h"
#include "finisher.h"
#include "mmio.h"
#include "print.h"
#include "uart.h"

struct board board;

void console_write(const char *text, size_t length)
{
    if (board.uart)
        uart_write(board.uart, text, length);
}

_Noreturn static void die(const char *why, uint64_t a, uint64_t b)
{
    print("start: %s 0x%lx 0x%lx\n", why, a, b);
    if (board.finisher)
        finisher_exit(board.finisher, 4);
    for (;;)
        wait_for_interrupt();
}

static const uint64_t delegated_exceptions =
    1ul << EXC_FETCH_MISALIGNED | 1ul << EXC_ILLEGAL | 1ul << EXC_BREAKPOINT |
    1ul << EXC_FETCH_ACCESS | 1ul << EXC_LOAD_ACCESS | 1ul << EXC_STORE_ACCESS |
    1ul << EXC_LOAD_MISALIGNED | 1ul << EXC_STORE_MISALIGNED | 1ul << EXC_ECALL_U |
    1ul << EXC_ECALL_VS | 1ul << EXC_FETCH_PAGE | 1ul << EXC_LOAD_PAGE | 1ul << EXC_STORE_PAGE |
    1ul << EXC_FETCH_GUEST_PAGE | 1ul << EXC_LOAD_GUEST_PAGE | 1ul << EXC_VIRTUAL_INSTRUCTION |
    1ul << EXC_STORE_GUEST_PAGE;

static void hart_open(void)
{
    csr_write(CSR_MEDELEG, delegated_exceptions);
    csr_write(CSR_MIDELEG, 1ul << IRQ_SSI | 1ul << IRQ_STI | 1ul << IRQ_SEI);
    csr_write(CSR_MCOUNTEREN, 7);
    csr_write(CSR_PMPADDR0, ~0ul >> 10);
    csr_write(CSR_PMPCFG0, 0x1f); /* NAPOT over everything, read, write, execute */
    machine_try(menvcfg_open);
    machine_try(mstateen0_open);
    csr_write(CSR_MIE, 1ul << IRQ_MSI);
}

/* [aia AdvPLIC-reg-mmsiaddrcfg]: hart index bits, then where they go in the page number. */
static void msi_addresses_set(uint64_t aplic)
{
    uint32_t hart_bits = 0;
    while (1u << hart_bits < board.num_harts)
        hart_bits++;
    uint64_t m = board.imsic_m.base >> 12, s = board.imsic_s.base >> 12;
    mmio_write32(aplic + APLIC_MMSIADDRCFG, (uint32_t)m);
    mmio_write32(aplic + APLIC_MMSIADDRCFGH,
                 (uint32_t)(m >> 32) | hart_bits << 12 | board.imsic_m.guest_bits << 20);
    mmio_write32(aplic + APLIC_SMSIADDRCFG, (uint32_t)s);
    mmio_write32(aplic + APLIC_SMSIADDRCFGH, (uint32_t)(s >> 32) | board.imsic_s.guest_bits << 20);
}

static void aplic_delegate(void)
{
    uint64_t aplic = board.aplic_m.base;
    if (!aplic)
        return;
    msi_addresses_set(aplic);
    for (uint32_t source = 1; source <= board.aplic_m.sources; source++)
        mmio_write32(aplic + APLIC_SOURCECFG + 4 * source, APLIC_SOURCECFG_D);
}

_Noreturn static void enter_supervisor(uint64_t addr, uint64_t hartid, uint64_t opaque)
{
    uint64_t mstatus = csr_read(CSR_MSTATUS);
    mstatus &= ~(MSTATUS_MPP | MSTATUS_MPIE | MSTATUS_MPV);
    csr_write(CSR_MSTATUS, mstatus | MSTATUS_MPP_S | MSTATUS_FS_INITIAL);
    csr_write(CSR_MSCRATCH, stacks + (hartid + 1) * START_STACK_BYTES);
    csr_write(CSR_MEPC, addr);
    csr_write(CSR_SATP, 0);
    register uint64_t a0 asm("a0") = hartid;
    register uint64_t a1 asm("a1") = opaque;
    asm volatile("mret" ::"r"(a0), "r"(a1) : "memory");
    __builtin_unreachable();
}

static struct {
    volatile uint64_t addr, opaque;
    volatile bool started;
} hart_work[START_HARTS];

void software_interrupt(uint64_t hartid, bool on)
{
    fence_all();
    mmio_write32(board.clint + 4 * hartid, on);
}

void hart_wait(uint64_t hartid)
{
    csr_write(CSR_MIE, 1ul << IRQ_MSI);
    while (!hart_work[hartid].started) {
        wait_for_interrupt();
        software_interrupt(hartid, false);
    }
    fence_all();
    asm volatile("fence.i" ::: "memory");
    enter_supervisor(hart_work[hartid].addr, hartid, hart_work[hartid].opaque);
}

void secondary_main(uint64_t hartid)
{
    hart_open();
    hart_wait(hartid);
}

void boot_main(uint64_t hartid, const void *dtb)
{
    if (!board_read(&board, dtb))
        die("a1 does not point to a devicetree:", (uint64_t)dtb, 0);
    hart_open();
    aplic_delegate();
    hart_work[hartid].started = true;
    enter_supervisor(START_NEXT, hartid, (uint64_t)dtb);
}

bool hart_is_started(uint64_t hartid)
{
    return hart_work[hartid].started;
}

bool hart_start(uint64_t hartid, uint64_t addr, uint64_t opaque)
{
    if (hart_work[hartid].started)
        return false;
    hart_work[hartid].addr = addr;
    hart_work[hartid].opaque = opaque;
    fence_all();
    hart_work[hartid].started = true;
    software_interrupt(hartid, true);
    return true;
}

void hart_stopped(uint64_t hartid)
{
    hart_work[hartid].started = false;
}

void machine_trap_handle(uint64_t cause, uint64_t *args)
{
    switch (cause) {
    case EXC_ECALL_S:
        csr_write(CSR_MEPC, csr_read(CSR_MEPC) + 4);
        sbi_handle(args);
        break;
    case CAUSE_INTERRUPT | IRQ_MSI:
        software_interrupt(csr_read(CSR_MHARTID), false);
        csr_set(CSR_MIP, 1ul << IRQ_SSI);
        break;
    case CAUSE_INTERRUPT | IRQ_MTI:
        csr_clear(CSR_MIE, 1ul << IRQ_MTI);
        csr_set(CSR_MIP, 1ul << IRQ_STI);
        break;
    default:
        die("unexpected trap, mcause and mepc:", cause, csr_read(CSR_MEPC));
    }
}
