/* SPDX-License-Identifier: BSD-2-Clause */
/* Enters main() in machine mode with a stack, and ends the machine by the test finisher: pass when
 * main() returns zero. */
    .section .text.start, "ax"
    .globl _start
_start:
    csrr    t0, mhartid
    bnez    t0, 2f
    li      t0, 0x6000          /* mstatus.FS: bare metal starts with floating point off */
    csrs    mstatus, t0
    .option push
    .option norelax             /* or the linker would make this relative to gp itself */
    la      gp, __global_pointer$
    .option pop
    la      sp, _stack_top
    la      t0, _bss_start
    la      t1, _bss_end
1:  bgeu    t0, t1, 1f
    sd      zero, 0(t0)
    addi    t0, t0, 8
    j       1b
1:  call    main
    li      t0, 0x5555
    beqz    a0, 1f
    slli    a0, a0, 16
    li      t0, 0x3333
    or      t0, t0, a0
1:  li      t1, 0x100000
    sw      t0, 0(t1)
2:  wfi
    j       2b
