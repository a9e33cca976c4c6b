/* SPDX-License-Identifier: BSD-2-Clause */
/* The only source of randomness: seeded, the same on every host. */
#ifndef CORE_RNG_H
#define CORE_RNG_H

#include <stdint.h>

/* xoshiro256**, seeded by splitmix64. */
struct rng {
    uint64_t word[4];
};

uint64_t rng_splitmix(uint64_t *state);
void rng_seed(struct rng *rng, uint64_t seed);
uint64_t rng_next(struct rng *rng);
/* Uniform in [0, bound); 0 if bound is 0. */
uint64_t rng_below(struct rng *rng, uint64_t bound);

#endif
