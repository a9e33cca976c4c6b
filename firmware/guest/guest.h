/* SPDX-License-Identifier: BSD-2-Clause */
/* The guest kernel: what its files know of each other. */
#ifndef GUEST_GUEST_H
#define GUEST_GUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "plan.h"

extern struct plan *plan;

/* Written by the interrupt handlers of one vCPU, read by anyone. */
struct counters {
    volatile uint64_t ipis, wires, messages;
    volatile uint64_t first, second; /* of two vectors */
};
extern struct counters counters;

void workload_run(void);
/* Spins until *counter reaches target; false if it stands still for too long. */
bool counter_wait(const volatile uint64_t *counter, uint64_t target);
void pause_cycles(uint64_t cycles);
/* False: the hypervisor would not. */
bool hypercall_ok(enum hypercall function, uint64_t a0, uint64_t a1);
uint64_t hypercall(enum hypercall function, uint64_t a0);
/* vCPU 2's part of WORK_CROSSFIRE. */
_Noreturn void crossfire(void);
/* vCPU 1's part of WORK_RACE. */
_Noreturn void race_sleep(void);
/* And of WORK_MASKED. */
_Noreturn void masked_sleep(void);
uint64_t masked_round(uint32_t count, bool measured);

#endif
