/* SPDX-License-Identifier: BSD-2-Clause */
/* Two million round trips VS -> HS -> VS: an ecall and the shortest handler. */
    .section .text.start, "ax"
    .option norelax
    .globl _start
_start:
    li      t0, -1
    csrw    pmpaddr0, t0
    li      t0, 0x1f            /* NAPOT, RWX: everything */
    csrw    pmpcfg0, t0
    li      t0, 1 << 10         /* ecall from VS goes to HS */
    csrw    medeleg, t0
    la      t0, handler
    csrw    stvec, t0
    li      t0, 1 << 39 | 1 << 11
    csrs    mstatus, t0         /* MPV, MPP = S */
    li      t0, 1 << 12
    csrc    mstatus, t0
    la      t0, guest
    csrw    mepc, t0
    mret

    .balign 4
handler:
    csrr    t0, sepc
    addi    t0, t0, 4
    csrw    sepc, t0
    sret

    .balign 4
guest:
    li      t1, 2000000
1:  .option push
    .option norvc
    ecall
    .option pop
    addi    t1, t1, -1
    bnez    t1, 1b
    li      t1, 0x100000
    li      t0, 0x5555
    sw      t0, 0(t1)
    j       .
