/* SPDX-License-Identifier: BSD-2-Clause */
/* Runs main() on every hart, each on a copy of the whole image of its own: hart n at n * 4 MiB, which works
 * because the medany code model addresses relative to pc.  Hart 0 ends the machine when all are done. */
    .equ    SLOT, 0x400000
    .equ    SHARED, 0x87000000      /* three words: present, go, done */
    .section .text.start, "ax"
    .globl _start
_start:
    li      s0, SHARED
    li      t0, 1
    amoadd.w zero, t0, (s0)
    li      t0, 0x6000              /* mstatus.FS: bare metal starts with floating point off */
    csrs    mstatus, t0
    csrr    s1, mhartid
    bnez    s1, wait
    la      a0, _start
    la      a1, _bss_start
    li      a2, SLOT
    li      a4, 8
copy_slot:
    mv      t0, a0
copy:
    ld      t1, 0(t0)
    add     t2, t0, a2
    sd      t1, 0(t2)
    addi    t0, t0, 8
    bltu    t0, a1, copy
    li      t0, SLOT
    add     a2, a2, t0
    addi    a4, a4, -1
    bnez    a4, copy_slot
    fence   rw, rw
    li      t0, 1
    sw      t0, 4(s0)
    j       enter
wait:
    lw      t0, 4(s0)
    beqz    t0, wait
    fence.i
    li      t0, SLOT
    mul     t0, t0, s1
    la      t1, enter
    add     t1, t1, t0
    jr      t1

enter:
    .option push
    .option norelax                 /* or the linker would make these absolute or relative to gp */
    la      gp, __global_pointer$
    la      sp, _stack_top
    la      t0, _bss_start
    la      t1, _bss_end
    .option pop
1:  bgeu    t0, t1, 2f
    sd      zero, 0(t0)
    addi    t0, t0, 8
    j       1b
2:  call    main
    mv      s2, a0
    li      t0, 1
    addi    t1, s0, 8
    amoadd.w zero, t0, (t1)
    bnez    s1, sleep
3:  lw      t0, 0(s0)
    lw      t1, 8(s0)
    bne     t0, t1, 3b
    li      t0, 0x5555
    beqz    s2, 4f
    slli    s2, s2, 16
    li      t0, 0x3333
    or      t0, t0, s2
4:  li      t1, 0x100000
    sw      t0, 0(t1)
sleep:
    wfi
    j       sleep
