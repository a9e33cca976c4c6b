/* SPDX-License-Identifier: BSD-2-Clause */
/* As start.S, with every local interrupt and every identity of the supervisor's interrupt file
 * pending and enabled for S-mode; main() runs in machine mode, which none of them interrupts. */
    .section .text.start, "ax"
    .globl _start
_start:
    li      t0, -1
    csrw    mideleg, t0
    csrw    0x308, t0           /* mvien */
    csrw    0x309, t0           /* mvip */
    csrw    mie, t0
    csrw    sie, t0
    csrw    mip, t0
    li      t1, 0x80            /* eip, then eie */
    li      t2, 0x100
1:  csrw    0x150, t1           /* siselect */
    csrw    0x151, t0           /* sireg */
    addi    t1, t1, 2
    bne     t1, t2, 1b
    li      t1, 0x70            /* eidelivery */
    li      t2, 1
    csrw    0x150, t1
    csrw    0x151, t2
    j       plain
#define _start plain
#include "start.S"
