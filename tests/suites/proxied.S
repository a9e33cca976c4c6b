/* SPDX-License-Identifier: BSD-2-Clause */
/* System calls that the host serves: the name of its proxy and a text by write, then exit. */
    .section .text.init, "ax"
    .globl _start
_start:
    csrr    a0, mhartid
1:  bnez    a0, 1b
    la      s0, tohost
    la      s1, fromhost
    la      s2, call
    la      t0, name            /* device 0, command 0xff: what 0xff is to be named at `name` */
    slli    t0, t0, 8
    ori     t0, t0, 0xff
    li      t1, 0xff << 48
    or      t0, t0, t1
    jal     ra, ask
    la      a2, name
    li      a3, 13
    jal     ra, write
    la      a2, text
    li      a3, 7
    jal     ra, write
    ld      t0, 0(s2)           /* what write returned */
    li      t1, 7
    bne     t0, t1, 2f
    li      t0, 93
    sd      t0, 0(s2)
    li      t0, 42
    sd      t0, 8(s2)
    mv      t0, s2
    jal     ra, ask
2:  j       2b

write:
    mv      s3, ra
    li      t0, 64
    sd      t0, 0(s2)
    li      t0, 1
    sd      t0, 8(s2)
    sd      a2, 16(s2)
    sd      a3, 24(s2)
    mv      t0, s2
    jal     ra, ask
    jr      s3

ask:
    fence
    sd      t0, 0(s0)
3:  ld      t0, 0(s1)
    beqz    t0, 3b
    sd      zero, 0(s1)
    ret

    .data
    .balign 64
call:
    .skip   64
name:
    .skip   64
text:
    .ascii  " works\n"
