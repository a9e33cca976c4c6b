/* SPDX-License-Identifier: BSD-2-Clause */
/* Entry of an S-mode image: a0 = hart id, a1 = devicetree, as SBI firmware leaves them. */
#include "cpu.h"

    .section .text.start, "ax"
    .global _start
_start:
    .option push
    .option norelax
    la      gp, __global_pointer$
    .option pop
    csrw    sie, zero
    la      t0, trap_entry
    csrw    stvec, t0

    la      t0, __bss_start
    la      t1, __bss_end
1:  bgeu    t0, t1, 2f
    sd      zero, 0(t0)
    addi    t0, t0, 8
    j       1b

2:  la      tp, cpus
    la      sp, boot_stack + STACK_BYTES
    sd      a0, CPU_HARTID(tp)
    sd      sp, CPU_STACK(tp)
    call    main
3:  wfi
    j       3b

/* A hart started by SBI: a0 = hart id, a1 = its struct cpu. */
    .global secondary_start
secondary_start:
    .option push
    .option norelax
    la      gp, __global_pointer$
    .option pop
    csrw    sie, zero
    la      t0, trap_entry
    csrw    stvec, t0
    mv      tp, a1
    ld      sp, CPU_STACK(tp)
    ld      t0, CPU_ENTRY(tp)
    jalr    t0
4:  wfi
    j       4b

    .section .bss.stack, "aw", @nobits
    .balign 16
boot_stack:
    .space  STACK_BYTES
