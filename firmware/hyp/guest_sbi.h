/* SPDX-License-Identifier: BSD-2-Clause */
/* The firmware that the guest sees: ecall from VS-mode. */
#ifndef HYP_GUEST_SBI_H
#define HYP_GUEST_SBI_H

struct vcpu;

/* Answers in a0 and a1; pc is already behind the ecall. */
void guest_sbi_call(struct vcpu *vcpu);

#endif
