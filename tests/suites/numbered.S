/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests with numbers, as in an environment without virtual memory: gp has the number of the test that
 * runs; ecall with it ends the run, as does anything unexpected.  The host gets 1 for success, else
 * the number times two and one, in halves. */
    .section .text.init, "ax"
    .globl _start
_start:
    la      t0, trap
    csrw    mtvec, t0
    csrr    a0, mhartid
1:  bnez    a0, 1b
    la      t0, body
    csrw    mepc, t0
    li      t0, 3 << 11
    csrc    mstatus, t0
    li      t0, MODE << 11
    csrs    mstatus, t0
    li      t0, -1
    csrw    pmpaddr0, t0
    li      t0, 0x1f
    csrw    pmpcfg0, t0
    mret

    .balign 64
trap:
    csrr    t5, mcause
    addi    t5, t5, -8          /* ecall from U, S or M */
    sltiu   t5, t5, 4
    bnez    t5, report
    ori     gp, gp, 1337
report:
    la      t5, tohost
    sw      gp, 0(t5)
    sw      zero, 4(t5)
    j       report

    .text
body:
    li      gp, 2
    li      t0, 40
    addi    t0, t0, 2
    li      t1, 42
    bne     t0, t1, fail
    li      gp, 3
    mul     t0, t0, t0
    li      t1, 1764
    bne     t0, t1, fail
    li      gp, 4
    la      t0, word
    li      t1, 0x12345678
    amoadd.w t2, t1, (t0)
    li      t3, 7
    bne     t2, t3, fail
#ifdef BROKEN
    li      gp, BROKEN
    j       fail
#endif
    fence
    li      gp, 1
    ecall
fail:
    fence
    slli    gp, gp, 1
    ori     gp, gp, 1
    ecall

    .data
    .balign 8
word:
    .dword  7
