/* SPDX-License-Identifier: BSD-2-Clause */
/* The least firmware: on to where the kernel is. */
    .section .text.init, "ax"
    .globl _start
_start:
    li      t0, 0x80200000
    jr      t0
