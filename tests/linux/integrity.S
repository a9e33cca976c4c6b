/* SPDX-License-Identifier: BSD-2-Clause */
/* integrity WHAT: asks Linux for a shadow stack and landing pads, pushes and pops, jumps to a landing pad, and then
 * does what the kernel must end it for: p pops what was not pushed, s stores to the shadow stack, j jumps to what is
 * no landing pad.  Exit status 0; 1: they cannot be had; 2: it was not ended. */
#define SYS_exit                   93
#define SYS_prctl                  167
#define PR_SET_SHADOW_STACK_STATUS 75
#define PR_SET_CFI                 81
#define SSPUSH_RA                  0xce104073
#define SSPOPCHK_RA                0xcdc0c073
#define SSRDP_T0                   0xcdc042f3
#define LPAD                       0x00000017

    .option norvc
    .globl _start
_start:
    ld s0, 16(sp) /* argv[1] */
    lbu s0, 0(s0)
    li a0, PR_SET_SHADOW_STACK_STATUS
    li a1, 1
    li a2, 0
    call control
    li a0, PR_SET_CFI
    li a1, 0
    li a2, 1
    call control
    li ra, 0x1234
    .word SSPUSH_RA
    .word SSPOPCHK_RA
    la t1, pad
    jr t1
    .balign 4
pad:
    .word LPAD
    li t0, 'p'
    beq s0, t0, pop
    li t0, 's'
    beq s0, t0, store
    li t0, 'j'
    beq s0, t0, jump
    li a0, 0
    j exit

pop:
    .word SSPUSH_RA
    li ra, 0x4321
    .word SSPOPCHK_RA
    j survived
store:
    .word SSPUSH_RA
    .word SSRDP_T0
    sd zero, 0(t0)
    j survived
jump:
    la t1, survived
    jr t1
survived:
    li a0, 2
exit:
    li a7, SYS_exit
    ecall

control:
    li a3, 0
    li a4, 0
    li a7, SYS_prctl
    ecall
    mv t0, a0
    li a0, 1
    bnez t0, exit
    jr ra
