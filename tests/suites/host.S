/* SPDX-License-Identifier: BSD-2-Clause */
/* The two words by which a program and its host talk. */
    .section .tohost, "aw", @progbits
    .balign 64
    .globl tohost
tohost:
    .dword  0
    .balign 64
    .globl fromhost
fromhost:
    .dword  0
