/* SPDX-License-Identifier: BSD-2-Clause */
/* Start, trap entry, the way into a case and out of it. */
#include "frame.h"

.option arch, +f, +d

.section .text.start, "ax"
.globl _start
_start:
    la sp, stack_top
    la t0, frame
    csrw mscratch, t0
    la t0, trap
    csrw mtvec, t0
    call harness
1:  j 1b

/* The frame is in mscratch whenever a case runs; harness code runs with it too. */
.balign 4
trap:
    csrrw sp, mscratch, sp
    .irp n, 1,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
    sd x\n, 8*\n(sp)
    .endr
    csrr t0, mscratch
    sd t0, 16(sp)
    csrw mscratch, sp
    csrr t0, mstatus
    li t1, 0x6000
    and t0, t0, t1
    beqz t0, 1f
    .irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
    fsd f\n, FRAME_F + 8*\n(sp)
    .endr
1:  mv a0, sp
    la sp, stack_top
    ld t0, FRAME_SP(a0)
    beqz t0, 2f
    mv sp, t0
2:  mv s0, a0
    call harness_trap
    bnez a0, leave
    mv sp, s0
    .irp n, 1,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
    ld x\n, 8*\n(sp)
    .endr
    ld sp, 16(sp)
    mret

/* enter(frame, mstatus, by_sret): runs until harness_trap() says that the case is over. */
.globl enter
enter:
    addi sp, sp, -112
    sd ra, 0(sp)
    .irp n, 0,1,2,3,4,5,6,7,8,9,10,11
    sd s\n, 8+8*\n(sp)
    .endr
    sd sp, FRAME_SP(a0)
    li t0, 0x6000
    csrs mstatus, t0
    .irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
    fld f\n, FRAME_F + 8*\n(a0)
    .endr
    csrw mstatus, a1
    mv t0, a2
    mv sp, a0
    bnez t0, 1f
    .irp n, 1,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
    ld x\n, 8*\n(sp)
    .endr
    ld sp, 16(sp)
    mret
1:  .irp n, 1,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
    ld x\n, 8*\n(sp)
    .endr
    ld sp, 16(sp)
    sret
leave:
    ld sp, FRAME_SP(s0)
    sd zero, FRAME_SP(s0)
    ld ra, 0(sp)
    .irp n, 0,1,2,3,4,5,6,7,8,9,10,11
    ld s\n, 8+8*\n(sp)
    .endr
    addi sp, sp, 112
    ret

.globl fence_all
fence_all:
    sfence.vma
    .insn r 0x73, 0, 0x11, x0, x0, x0 /* hfence.vvma */
    .insn r 0x73, 0, 0x31, x0, x0, x0 /* hfence.gvma */
    fence.i
    ret

/* One way to every CSR: 8 bytes each. */
.option norvc
.balign 8
.globl csr_writers, csr_readers
csr_writers:
    .set n, 0
    .rept 4096
    .word 0x00051073 + (n << 20) /* csrrw x0, n, a0 */
    ret
    .set n, n + 1
    .endr
csr_readers:
    .set n, 0
    .rept 4096
    .word 0x00002573 + (n << 20) /* csrrs a0, n, x0 */
    ret
    .set n, n + 1
    .endr

.bss
.balign 16
.globl frame
frame:
    .space FRAME_SIZE
    .space 16384
stack_top:
