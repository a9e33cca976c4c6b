/* SPDX-License-Identifier: BSD-2-Clause */
/* What a hypervisor does to its vCPUs for reasons of its own; here the guest asks for it. */
#ifndef HYP_OPERATE_H
#define HYP_OPERATE_H

#include <stdbool.h>
#include <stdint.h>

struct vcpu;

/* enum operation of guest/plan.h.  False: it cannot be, or the vCPU is busy all the time. */
bool operate(struct vcpu *vcpu, uint64_t operation);
/* The same for the vCPU whose exit is being handled: when that has ended, with the answer in its
 * a0. */
void operate_later(struct vcpu *vcpu, uint64_t operation);
void operate_asked(struct vcpu *vcpu);

#endif
