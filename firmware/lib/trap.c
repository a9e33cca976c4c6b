/* SPDX-License-Identifier: BSD-2-Clause */
#include "trap.h"

#include <stdarg.h>

#include "cpu.h"
#include "csr.h"
#include "print.h"
#include "sbi.h"

struct cpu cpus[CPU_MAX];
static uint8_t stacks[CPU_MAX][STACK_BYTES] __attribute__((aligned(16)));

extern void secondary_start(void);

struct cpu *cpu_start(uint64_t hartid, void (*entry)(void))
{
    static uint64_t started = 1;
    if (started == CPU_MAX)
        return 0;
    struct cpu *cpu = &cpus[started];
    cpu->hartid = hartid;
    cpu->index = started;
    cpu->stack = (uint64_t)(stacks[started] + STACK_BYTES);
    cpu->entry = entry;
    if (sbi_hart_start(hartid, (uint64_t)secondary_start, (uint64_t)cpu).error)
        return 0;
    started++;
    return cpu;
}

const char *exception_name(uint64_t cause)
{
    static const char *const names[] = {
        [EXC_FETCH_MISALIGNED] = "misaligned fetch",
        [EXC_FETCH_ACCESS] = "fetch access fault",
        [EXC_ILLEGAL] = "illegal instruction",
        [EXC_BREAKPOINT] = "breakpoint",
        [EXC_LOAD_MISALIGNED] = "misaligned load",
        [EXC_LOAD_ACCESS] = "load access fault",
        [EXC_STORE_MISALIGNED] = "misaligned store",
        [EXC_STORE_ACCESS] = "store access fault",
        [EXC_ECALL_U] = "ecall from U-mode",
        [EXC_ECALL_S] = "ecall from S-mode",
        [EXC_ECALL_VS] = "ecall from VS-mode",
        [EXC_ECALL_M] = "ecall from M-mode",
        [EXC_FETCH_PAGE] = "fetch page fault",
        [EXC_LOAD_PAGE] = "load page fault",
        [EXC_STORE_PAGE] = "store page fault",
        [EXC_FETCH_GUEST_PAGE] = "fetch guest-page fault",
        [EXC_LOAD_GUEST_PAGE] = "load guest-page fault",
        [EXC_VIRTUAL_INSTRUCTION] = "virtual instruction",
        [EXC_STORE_GUEST_PAGE] = "store guest-page fault",
    };
    const char *name = cause < sizeof names / sizeof *names ? names[cause] : 0;
    return name ? name : "unknown exception";
}

void panic(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    print("hart %lu: ", cpu_self()->hartid);
    print_list(format, args);
    print("\n");
    va_end(args);
    panic_exit();
}

/* htval and htinst are meant for HS-mode; a guest would trap on them. */
static void trap_record(struct cpu *cpu, uint64_t cause)
{
    cpu->expect = false;
    cpu->trap = (struct trap_info){
        .taken = true, .cause = cause, .tval = csr_read(CSR_STVAL), .epc = csr_read(CSR_SEPC)};
}

static void resume_after(uint64_t cause, const struct trap_frame *frame)
{
    uint64_t epc = csr_read(CSR_SEPC);
    if (cause == EXC_FETCH_ACCESS || cause == EXC_FETCH_PAGE) {
        csr_write(CSR_SEPC, frame->ra); /* a call into the void: back to its caller */
        return;
    }
    bool compressed = (*(const uint16_t *)epc & 3) != 3;
    csr_write(CSR_SEPC, epc + (compressed ? 2 : 4));
}

void trap_handle(uint64_t cause, struct trap_frame *frame)
{
    if (cause & CAUSE_INTERRUPT) {
        interrupt_handle(cause & ~CAUSE_INTERRUPT);
        return;
    }
    struct cpu *cpu = cpu_self();
    if (!cpu->expect)
        panic("%s (cause %lu) at 0x%lx, stval 0x%lx", exception_name(cause), cause,
              csr_read(CSR_SEPC), csr_read(CSR_STVAL));
    trap_record(cpu, cause);
    resume_after(cause, frame);
}
