/* SPDX-License-Identifier: BSD-2-Clause */
/* What belongs to one hart; tp points to it.  start.S and trap.S know the first fields. */
#ifndef LIB_CPU_H
#define LIB_CPU_H

#define CPU_HARTID  0
#define CPU_STACK   8
#define CPU_ENTRY   16
#define CPU_MAX     64 /* in a guest these are vCPUs */
#define STACK_BYTES 8192

#ifndef __ASSEMBLER__
#include <stdbool.h>
#include <stdint.h>

/* What a trap that was expected told. */
struct trap_info {
    bool taken;
    uint64_t cause, tval, epc;
};

struct cpu {
    uint64_t hartid;
    uint64_t stack;
    void (*entry)(void);
    uint64_t index; /* order of starting: 0 is the hart that booted */
    bool expect;    /* a trap is expected: record it and go on after the instruction */
    struct trap_info trap;
};

extern struct cpu cpus[CPU_MAX];

static inline struct cpu *cpu_self(void)
{
    struct cpu *cpu;
    asm("mv %0, tp" : "=r"(cpu));
    return cpu;
}

/* Runs the statements and tells which trap, if any, the one trapping instruction in them took. */
#define EXPECT_TRAP(...)                                                                           \
    ({                                                                                             \
        struct cpu *cpu_ = cpu_self();                                                             \
        cpu_->trap.taken = false;                                                                  \
        cpu_->expect = true;                                                                       \
        asm volatile("" ::: "memory");                                                             \
        __VA_ARGS__;                                                                               \
        asm volatile("" ::: "memory");                                                             \
        cpu_->expect = false;                                                                      \
        cpu_->trap;                                                                                \
    })
#define CSR_EXISTS(csr) (!EXPECT_TRAP((void)csr_read(csr)).taken)

/* Starts the hart; it runs entry() on a stack of its own.  Returns its struct cpu, or NULL. */
struct cpu *cpu_start(uint64_t hartid, void (*entry)(void));

#endif
#endif
