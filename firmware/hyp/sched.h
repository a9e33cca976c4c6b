/* SPDX-License-Identifier: BSD-2-Clause */
/* Which vCPU a hart runs: those that are ready take turns, one time slice each; the others are
 * stopped or blocked. */
#ifndef HYP_SCHED_H
#define HYP_SCHED_H

#include <stdbool.h>
#include <stdint.h>

struct hart;
struct vcpu;

/* Length of a slice in ticks of `time`; a vCPU that has its hart for itself is not interrupted. */
void sched_set_slice(uint64_t ticks);
/* The one whose turn it is on this hart, NULL if none is ready; sets the timer. */
struct vcpu *sched_next(struct hart *hart);
/* The running hart's timer: the turn is the next one's. */
void sched_timer(struct hart *hart);
/* Ends this hart's slice now. */
void sched_yield(struct hart *hart);
void sched_start(struct vcpu *vcpu);
void sched_stop(struct vcpu *vcpu);
/* Blocked until sched_wake(); false if it was woken already since sched_clear(). */
bool sched_block(struct vcpu *vcpu);
/* Ready if it was blocked, and in any case out of the guest on its hart, to look again. */
void sched_wake(struct vcpu *vcpu);
void sched_clear(struct vcpu *vcpu);
/* It belongs to another hart from now on. */
void sched_move(struct vcpu *vcpu, struct hart *to);

#endif
