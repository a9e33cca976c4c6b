/* SPDX-License-Identifier: BSD-2-Clause */
/* What a hypervisor does to its vCPUs for reasons of its own; here the guest asks for it. */
#ifndef HYP_OPERATE_H
#define HYP_OPERATE_H

#include <stdbool.h>
#include <stdint.h>

struct vcpu;

/* enum operation of guest/plan.h.  False: not now, or it cannot be. */
bool operate(struct vcpu *vcpu, uint64_t operation);

#endif
