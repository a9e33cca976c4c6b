/* SPDX-License-Identifier: BSD-2-Clause */
/* The generator's only source of choice. */
#ifndef LOCKSTEP_RANDOM_H
#define LOCKSTEP_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

struct random {
    uint64_t state;
};

uint64_t random_next(struct random *r);
/* 0 .. below - 1 */
uint32_t random_below(struct random *r, uint32_t below);
/* True once in n. */
bool random_one_in(struct random *r, uint32_t n);
/* Any, but limits, powers of two, masks and small numbers much more often than chance. */
uint64_t random_integer(struct random *r);
uint32_t random_float32(struct random *r);
uint64_t random_float64(struct random *r);
/* A whole f register: doubles, boxed singles, singles that are not well boxed. */
uint64_t random_f_register(struct random *r);

#endif
