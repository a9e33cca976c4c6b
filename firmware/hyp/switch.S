/* SPDX-License-Identifier: BSD-2-Clause */
/* vcpu_enter(struct vcpu *): from the hypervisor into the guest and, at the next trap, back. */
#include "vcpu.h"

#define HOST_FRAME 112

    .macro host_saved op
    \op     ra, 0(sp)
    \op     s0, 8(sp)
    \op     s1, 16(sp)
    \op     s2, 24(sp)
    \op     s3, 32(sp)
    \op     s4, 40(sp)
    \op     s5, 48(sp)
    \op     s6, 56(sp)
    \op     s7, 64(sp)
    \op     s8, 72(sp)
    \op     s9, 80(sp)
    \op     s10, 88(sp)
    \op     s11, 96(sp)
    \op     tp, 104(sp)
    .endm

    /* All but x10, which holds the struct's address. */
    .macro guest_regs op
    .irp    n, 1,2,3,4,5,6,7,8,9,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
    \op     x\n, 8*\n(a0)
    .endr
    .endm

    .text
    .global vcpu_enter
vcpu_enter:
    addi    sp, sp, -HOST_FRAME
    host_saved sd
    sd      sp, VCPU_HOST_SP(a0)
    csrw    sscratch, a0
    la      t0, vcpu_leave
    csrw    stvec, t0
    ld      t0, VCPU_PC(a0)
    csrw    sepc, t0
    guest_regs ld
    ld      a0, 80(a0)
    sret

    .balign 4
vcpu_leave:
    csrrw   a0, sscratch, a0
    guest_regs sd
    csrr    t0, sscratch
    sd      t0, 80(a0)
    csrr    t0, sepc
    sd      t0, VCPU_PC(a0)
    .option push
    .option norelax
    la      gp, __global_pointer$
    .option pop
    la      t0, trap_entry
    csrw    stvec, t0
    ld      sp, VCPU_HOST_SP(a0)
    host_saved ld
    addi    sp, sp, HOST_FRAME
    ret
