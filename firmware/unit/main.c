/* SPDX-License-Identifier: BSD-2-Clause */
#include "finisher.h"
#include "imsic.h"
#include "pages.h"
#include "print.h"
#include "sbi.h"
#include "trap.h"
#include "uart.h"
#include "unit.h"

struct board board;
volatile uint64_t interrupts[64];

extern char __image_end[];

static struct {
    const char *group;
    uint32_t passed, failed, skipped;
} tally;

void console_write(const char *text, size_t length)
{
    if (board.uart)
        uart_write(board.uart, text, length);
    else
        sbi_console_write(text, length);
}

_Noreturn static void machine_exit(uint32_t status)
{
    if (board.finisher)
        finisher_exit(board.finisher, status);
    sbi_shutdown(status ? SBI_SRST_FAILURE : SBI_SRST_NO_REASON);
}

void panic_exit(void)
{
    machine_exit(3);
}

void report(bool holds, const char *format, ...)
{
    va_list args;
    if (holds) {
        tally.passed++;
        return;
    }
    tally.failed++;
    va_start(args, format);
    print("FAIL %s: ", tally.group);
    print_list(format, args);
    print("\n");
    va_end(args);
}

void skip(const char *format, ...)
{
    va_list args;
    tally.skipped++;
    va_start(args, format);
    print("SKIP %s: ", tally.group);
    print_list(format, args);
    print("\n");
    va_end(args);
}

bool has_guests(void)
{
    return CSR_EXISTS(CSR_HSTATUS);
}

bool has_files(void)
{
    return board.imsic_s.base && CSR_EXISTS(CSR_STOPEI);
}

/* A handler must not trap: whether there is an hie is asked before. */
static bool guests;

void interrupt_handle(uint64_t irq)
{
    interrupts[irq]++;
    csr_clear(CSR_SIE, 1ul << irq);
    if (guests)
        csr_clear(CSR_HIE, 1ul << irq);
}

uint64_t own_page(void)
{
    return board_imsic_page(&board, cpu_self()->hartid, 0);
}

bool wait_pending(uint32_t id)
{
    uint64_t since = time_now();
    while (time_now() - since < board.timebase / 100)
        if (imsic_pending(id))
            return true;
    return imsic_pending(id);
}

static const struct {
    const char *name;
    void (*run)(void);
} groups[] = {
    {"csrs", check_csrs},         {"traps", check_traps},
    {"memory", check_memory},     {"two-stage", check_two_stage},
    {"guest", check_guest},       {"aia", check_aia},
    {"imsic", check_imsic},       {"guest-files", check_guest_files},
    {"aplic", check_aplic},       {"timer", check_timer},
    {"harts", check_harts},       {"iommu", check_iommu},
    {"endpoint", check_endpoint}, {"edu", check_edu},
    {"iommus", check_iommus},
};

int main(uint64_t hartid, const void *dtb)
{
    (void)hartid;
    if (!board_read(&board, dtb))
        panic("a1 does not point to a devicetree");
    uint64_t end = board.ram + board.ram_size, base = (uint64_t)__image_end;
    if ((uint64_t)dtb > base && (uint64_t)dtb < end)
        end = (uint64_t)dtb;
    pages_init(base, end - base);
    guests = has_guests();
    for (uint32_t i = 0; i < sizeof groups / sizeof *groups; i++) {
        tally.group = groups[i].name;
        uint32_t passed = tally.passed, failed = tally.failed;
        groups[i].run();
        print("%-12s %u passed, %u failed\n", tally.group, tally.passed - passed,
              tally.failed - failed);
    }
    print("SUMMARY: %u passed, %u failed, %u skipped\n", tally.passed, tally.failed, tally.skipped);
    machine_exit(tally.failed ? 1 : 0);
}
