/* SPDX-License-Identifier: BSD-2-Clause */
/* Exceptions in S-mode and what they leave in scause and stval. */
#include "mmio.h"
#include "unit.h"

enum { NOWHERE = 0x0f000000 }; /* no device of the virt platform is there */

static void expect(struct trap_info t, uint64_t cause, uint64_t tval, const char *what)
{
    report(t.taken && t.cause == cause, "%s: cause %lu, expected %lu", what,
           t.taken ? t.cause : 999, cause);
    report(!t.taken || t.tval == tval, "%s: stval 0x%lx, expected 0x%lx", what, t.tval, tval);
}

static void atomics(void)
{
    static uint64_t word;
    uint64_t old;
    word = 5;
    asm volatile("amoadd.d %0, %1, (%2)" : "=r"(old) : "r"(7ul), "r"(&word) : "memory");
    report(old == 5 && word == 12, "amoadd returns the old value");
    asm volatile("amomaxu.d %0, %1, (%2)" : "=r"(old) : "r"(-1ul), "r"(&word) : "memory");
    report(word == UINT64_MAX, "amomaxu compares unsigned");
    uint64_t failed = 0;
    asm volatile("lr.d %0, (%2)\n\tsc.d %1, zero, (%2)"
                 : "=&r"(old), "=&r"(failed)
                 : "r"(&word)
                 : "memory");
    report(!failed && word == 0, "LR/SC succeeds undisturbed");
    asm volatile("sc.d %0, %1, (%2)" : "=&r"(failed) : "r"(9ul), "r"(&word) : "memory");
    report(failed && word == 0, "SC without reservation fails");
}

static void accesses(void)
{
    expect(EXPECT_TRAP((void)mmio_read32(NOWHERE)), EXC_LOAD_ACCESS, NOWHERE, "load from nowhere");
    expect(EXPECT_TRAP(mmio_write32(NOWHERE, 1)), EXC_STORE_ACCESS, NOWHERE, "store to nowhere");
    struct trap_info t = EXPECT_TRAP(((void (*)(void))NOWHERE)());
    report(t.taken && t.cause == EXC_FETCH_ACCESS && t.epc == NOWHERE, "jump to nowhere");
}

void check_traps(void)
{
    struct trap_info t = EXPECT_TRAP(asm volatile("ebreak"));
    report(t.taken && t.cause == EXC_BREAKPOINT, "ebreak is a breakpoint");
    t = EXPECT_TRAP(asm volatile(".4byte 0x0000007f"));
    report(t.taken && t.cause == EXC_ILLEGAL, "an unknown opcode is illegal");
    report(t.tval == 0 || t.tval == 0x7f, "stval is the instruction or 0: 0x%lx", t.tval);
    t = EXPECT_TRAP(asm volatile(".2byte 0x0000"));
    report(t.taken && t.cause == EXC_ILLEGAL, "a zero halfword is illegal");
    t = EXPECT_TRAP(asm volatile("mret"));
    report(t.taken && t.cause == EXC_ILLEGAL, "mret is illegal in S-mode");
    accesses();
    atomics();
}
