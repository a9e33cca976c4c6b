/* SPDX-License-Identifier: BSD-2-Clause */
/* Leaves results between begin_signature and end_signature for comparison with a reference. */
    .section .text.init, "ax"
    .globl _start
_start:
    csrr    a0, mhartid
1:  bnez    a0, 1b
    la      s0, begin_signature
    li      t0, 0x89abcdef01234567
    sd      t0, 0(s0)
    addw    t1, t0, t0
    sd      t1, 8(s0)
    mulhu   t1, t0, t0
    sd      t1, 16(s0)
    csrr    t1, mvendorid
    sw      t1, 24(s0)
    la      t5, tohost
    li      t0, 1
2:  sw      t0, 0(t5)
    sw      zero, 4(t5)
    j       2b

    .data
    .balign 16
    .globl  begin_signature
begin_signature:
    .fill   8, 4, 0xdeadbeef
    .globl  end_signature
end_signature:
