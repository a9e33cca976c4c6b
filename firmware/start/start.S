/* SPDX-License-Identifier: BSD-2-Clause */
/* Reset: every hart enters in M-mode with a0 = hart id, a1 = devicetree.  Hart 0 boots; the others
 * sleep until their software interrupt asks them to look for work. */
#include "start.h"

    .section .text.start, "ax"
    .global _start
_start:
    .option push
    .option norelax
    la      gp, __global_pointer$
    .option pop
    csrw    mie, zero
    csrci   mstatus, 8
    csrr    a0, mhartid
    li      t0, START_HARTS
    bgeu    a0, t0, hart_too_many
    la      t0, machine_trap
    csrw    mtvec, t0
    bnez    a0, hart_sleep

    la      t0, __bss_start
    la      t1, __bss_end
1:  bgeu    t0, t1, 2f
    sd      zero, 0(t0)
    addi    t0, t0, 8
    j       1b
2:  call    stack_set
    tail    boot_main

hart_sleep:
    li      t0, 8
    csrw    mie, t0
3:  wfi
    csrr    t0, mip
    andi    t0, t0, 8
    beqz    t0, 3b
    call    stack_set
    tail    secondary_main

hart_too_many:
    wfi
    j       hart_too_many

/* sp and mscratch: the end of this hart's stack. */
stack_set:
    la      sp, stacks
    addi    t0, a0, 1
    li      t1, START_STACK_BYTES
    mul     t0, t0, t1
    add     sp, sp, t0
    csrw    mscratch, sp
    ret

/* Traps from below.  mscratch holds the stack while S or U runs; M itself does not trap, but for
 * the CSRs that it probes (see machine_try). */
    .balign 4
machine_trap:
    csrrw   sp, mscratch, sp
    addi    sp, sp, -128
    sd      ra, 0(sp)
    sd      t0, 8(sp)
    sd      t1, 16(sp)
    sd      t2, 24(sp)
    sd      a0, 32(sp)
    sd      a1, 40(sp)
    sd      a2, 48(sp)
    sd      a3, 56(sp)
    sd      a4, 64(sp)
    sd      a5, 72(sp)
    sd      a6, 80(sp)
    sd      a7, 88(sp)
    sd      t3, 96(sp)
    sd      t4, 104(sp)
    sd      t5, 112(sp)
    sd      t6, 120(sp)
    addi    sp, sp, -16
    sd      gp, 0(sp)
    .option push
    .option norelax
    la      gp, __global_pointer$
    .option pop
    csrr    a0, mcause
    addi    a1, sp, 48 /* a0..a7 as they were */
    call    machine_trap_handle
    ld      gp, 0(sp)
    addi    sp, sp, 16
    ld      ra, 0(sp)
    ld      t0, 8(sp)
    ld      t1, 16(sp)
    ld      t2, 24(sp)
    ld      a0, 32(sp)
    ld      a1, 40(sp)
    ld      a2, 48(sp)
    ld      a3, 56(sp)
    ld      a4, 64(sp)
    ld      a5, 72(sp)
    ld      a6, 80(sp)
    ld      a7, 88(sp)
    ld      t3, 96(sp)
    ld      t4, 104(sp)
    ld      t5, 112(sp)
    ld      t6, 120(sp)
    addi    sp, sp, 128
    csrrw   sp, mscratch, sp
    mret

/* bool machine_try(void (*leaf)(void)): runs it; false if it trapped. */
    .global machine_try
machine_try:
    csrr    t0, mtvec
    la      t1, 4f
    csrw    mtvec, t1
    mv      t2, ra
    mv      t3, a0
    li      a0, 1
    jalr    t3
    j       5f
    .balign 4
4:  li      a0, 0
5:  csrw    mtvec, t0
    jr      t2

/* Leaf functions for machine_try(): one CSR each, t-registers above t3 only. */
    .global mstateen0_open, menvcfg_open
mstateen0_open:
    li      t4, -1
    csrw    0x30c, t4
    ret
menvcfg_open:
    li      t4, 1
    slli    t4, t4, 63
    csrs    0x30a, t4
    ret

    .section .bss.stack, "aw", @nobits
    .balign 16
    .global stacks
stacks:
    .space  START_STACK_BYTES * START_HARTS
