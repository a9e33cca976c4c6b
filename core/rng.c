/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/rng.h"

static uint64_t rotate(uint64_t x, unsigned n)
{
    return (x << n) | (x >> (64 - n));
}

uint64_t rng_splitmix(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

void rng_seed(struct rng *rng, uint64_t seed)
{
    for (unsigned i = 0; i < 4; i++)
        rng->word[i] = rng_splitmix(&seed);
}

uint64_t rng_next(struct rng *rng)
{
    uint64_t *w = rng->word;
    uint64_t result = rotate(w[1] * 5, 7) * 9;
    uint64_t t = w[1] << 17;
    w[2] ^= w[0];
    w[3] ^= w[1];
    w[1] ^= w[2];
    w[0] ^= w[3];
    w[2] ^= t;
    w[3] = rotate(w[3], 45);
    return result;
}

/* Rejects the part of the range that would make small values likelier. */
uint64_t rng_below(struct rng *rng, uint64_t bound)
{
    if (!bound)
        return 0;
    uint64_t excess = (UINT64_MAX % bound + 1) % bound;
    uint64_t value;
    do {
        value = rng_next(rng);
    } while (value > UINT64_MAX - excess);
    return value % bound;
}
