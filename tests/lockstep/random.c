/* SPDX-License-Identifier: BSD-2-Clause */
#include "random.h"

uint64_t random_next(struct random *r)
{
    uint64_t z = r->state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

uint32_t random_below(struct random *r, uint32_t below)
{
    return (uint32_t)((random_next(r) >> 32) * below >> 32);
}

bool random_one_in(struct random *r, uint32_t n)
{
    return random_below(r, n) == 0;
}

uint64_t random_integer(struct random *r)
{
    uint64_t value = random_next(r);
    uint32_t shift = random_below(r, 64);
    switch (random_below(r, 10)) {
    case 0:
        return random_below(r, 4) - UINT64_C(2);
    case 1:
        return UINT64_C(1) << shift;
    case 2:
        return (UINT64_C(1) << shift) - 1;
    case 3:
        return ~(UINT64_C(1) << shift);
    case 4:
        return (uint64_t)((int64_t)value >> shift);
    case 5:
        return value >> shift;
    case 6:
        return (uint64_t)(int32_t)(UINT32_C(0x80000000) + random_below(r, 3) - 1);
    case 7:
        return UINT64_C(0x8000000000000000) + random_below(r, 3) - 1;
    default:
        return value;
    }
}

uint32_t random_float32(struct random *r)
{
    static const uint32_t special[] = {0x00000000, 0x00000001, 0x00400000, 0x007fffff, 0x00800000,
                                       0x00800001, 0x3effffff, 0x3f000000, 0x3f7fffff, 0x3f800000,
                                       0x3f800001, 0x3fc00000, 0x40200000, 0x4b000000, 0x4b7fffff,
                                       0x4effffff, 0x4f000000, 0x4f7fffff, 0x4f800000, 0x5effffff,
                                       0x5f000000, 0x5f7fffff, 0x5f800000, 0x7f7fffff, 0x7f800000,
                                       0x7f800001, 0x7fbfffff, 0x7fc00000, 0x7fc12345};
    uint32_t value = (uint32_t)random_next(r), sign = value & 0x80000000;
    switch (random_below(r, 6)) {
    case 0:
        return value;
    case 1: /* near 1, so that exponents meet */
        return (value & 0x807fffff) | (120 + random_below(r, 16)) << 23;
    case 2: /* integers and halves up to the limits of the conversions */
        return (value & (0xffffffff << random_below(r, 24)) & 0x807fffff) |
               (125 + random_below(r, 68)) << 23;
    case 3: /* few bits, tiny or huge */
        return sign |
               (random_one_in(r, 2) ? random_below(r, 30) : 225 + random_below(r, 30)) << 23 |
               ((value & 0x7fffff) >> random_below(r, 23));
    default:
        return sign | special[random_below(r, sizeof(special) / sizeof(special[0]))];
    }
}

uint64_t random_float64(struct random *r)
{
    static const uint64_t special[] = {
        0x0000000000000000, 0x0000000000000001, 0x0008000000000000, 0x000fffffffffffff,
        0x0010000000000000, 0x0010000000000001, 0x3690000000000000, 0x36a0000000000000,
        0x3690000000000001, 0x380fffffe0000000, 0x380fffffffffffff, 0x3810000000000000,
        0x3fdfffffffffffff, 0x3fe0000000000000, 0x3fefffffffffffff, 0x3ff0000000000000,
        0x3ff0000000000001, 0x3ff8000000000000, 0x4004000000000000, 0x41dfffffffc00000,
        0x41dfffffffe00000, 0x41e0000000000000, 0x41efffffffe00000, 0x41efffffffffffff,
        0x41f0000000000000, 0x4330000000000000, 0x43dfffffffffffff, 0x43e0000000000000,
        0x43efffffffffffff, 0x43f0000000000000, 0x47efffffe0000000, 0x47efffffefffffff,
        0x47effffff0000000, 0x47f0000000000000, 0x7fefffffffffffff, 0x7ff0000000000000,
        0x7ff0000000000001, 0x7ff7ffffffffffff, 0x7ff8000000000000, 0x7ff8123456789abc};
    uint64_t value = random_next(r), sign = value & UINT64_C(0x8000000000000000);
    const uint64_t fraction = UINT64_C(0x000fffffffffffff);
    switch (random_below(r, 6)) {
    case 0:
        return value;
    case 1:
        return sign | (value & fraction) | (uint64_t)(1016 + random_below(r, 16)) << 52;
    case 2:
        return sign | (value & fraction & (~UINT64_C(0) << random_below(r, 53))) |
               (uint64_t)(1021 + random_below(r, 68)) << 52;
    case 3:
        return sign |
               (uint64_t)(random_one_in(r, 2) ? random_below(r, 60) : 1980 + random_below(r, 67))
                   << 52 |
               (value & fraction) >> random_below(r, 52);
    default:
        return sign | special[random_below(r, sizeof(special) / sizeof(special[0]))];
    }
}

uint64_t random_f_register(struct random *r)
{
    uint32_t kind = random_below(r, 16);
    if (kind == 0)
        return (random_next(r) << 32) | random_float32(r);
    return kind & 1 ? random_float64(r) : UINT64_C(0xffffffff00000000) | random_float32(r);
}
