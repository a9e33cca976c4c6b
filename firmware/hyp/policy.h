/* SPDX-License-Identifier: BSD-2-Clause */
/* Which vCPU has to give up its guest file when another wants one and none is free. */
#ifndef HYP_POLICY_H
#define HYP_POLICY_H

#include <stdint.h>

struct hart;
struct vcpu;

enum policy {
    POLICY_FIRST,  /* the first that sleeps */
    POLICY_LRU,    /* the one that sleeps and has not run for the longest time */
    POLICY_RATE,   /* the one that sleeps and has the fewest interrupts, fewer than who asks */
    POLICY_PINNED, /* none: who has a file keeps it */
};

/* NULL: nobody. */
struct vcpu *policy_victim(enum policy policy, const struct hart *hart, const struct vcpu *asker);

#endif
