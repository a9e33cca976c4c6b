/* SPDX-License-Identifier: BSD-2-Clause */
/* What a loader promises: a0 and a1, the boot arguments in the devicetree, the initial RAM disk behind
 * half the RAM.  Ends with 10 for each of them that is there, by the test finisher. */
    .section .text.init, "ax"
    .globl _start
_start:
    bnez    a0, .
    li      s1, 0
    lw      t0, 0(a1)           /* the devicetree's magic number */
    li      t1, 0xedfe0dd0
    slli    t0, t0, 32
    srli    t0, t0, 32
    bne     t0, t1, 1f
    addi    s1, s1, 10
1:  mv      t0, a1              /* "marker=1" anywhere in its first 16 KiB */
    li      t2, 0x4000
    add     t2, t2, a1
    la      t3, marker
    ld      t3, 0(t3)
2:  ld      t4, 0(t0)
    beq     t4, t3, 3f
    addi    t0, t0, 1
    bltu    t0, t2, 2b
    j       4f
3:  addi    s1, s1, 10
4:  li      t0, DISK
    ld      t0, 0(t0)
    la      t3, disk
    ld      t3, 0(t3)
    bne     t0, t3, 5f
    addi    s1, s1, 10
5:  slli    t0, s1, 16
    li      t1, 0x3333
    or      t0, t0, t1
    li      t1, 0x100000
    sw      t0, 0(t1)
6:  j       6b

    .text
    .balign 8
marker:
    .ascii  "marker=1"
disk:
    .ascii  "the disk"
