/* SPDX-License-Identifier: BSD-2-Clause */
/* Integer operations that C does not have, or does not define for every operand. */
#ifndef HART_INTEGER_H
#define HART_INTEGER_H

#include <stdint.h>

static inline uint64_t mulhu(uint64_t a, uint64_t b)
{
    return (uint64_t)((unsigned __int128)a * b >> 64);
}

static inline uint64_t mulh(uint64_t a, uint64_t b)
{
    return (uint64_t)((__int128)(int64_t)a * (int64_t)b >> 64);
}

static inline uint64_t mulhsu(uint64_t a, uint64_t b)
{
    return mulhu(a, b) - ((int64_t)a < 0 ? b : 0);
}

/* Division by zero gives all ones and the dividend, overflow gives the dividend and zero. */
static inline uint64_t div_s64(uint64_t a, uint64_t b)
{
    if (b == 0)
        return UINT64_MAX;
    if (b == UINT64_MAX)
        return 0 - a;
    return (uint64_t)((int64_t)a / (int64_t)b);
}

static inline uint64_t rem_s64(uint64_t a, uint64_t b)
{
    if (b == 0)
        return a;
    if (b == UINT64_MAX)
        return 0;
    return (uint64_t)((int64_t)a % (int64_t)b);
}

static inline uint64_t count_leading(uint64_t v)
{
    return v ? (uint64_t)__builtin_clzll(v) : 64;
}

static inline uint64_t count_trailing(uint64_t v, unsigned width)
{
    return v ? (uint64_t)__builtin_ctzll(v) : width;
}

static inline uint64_t rotate64(uint64_t v, uint64_t by)
{
    return v >> (by & 63) | v << (-by & 63);
}

static inline uint64_t rotate32(uint64_t v, uint64_t by)
{
    uint32_t w = (uint32_t)v;
    return (uint64_t)(int64_t)(int32_t)(w >> (by & 31) | w << (-by & 31));
}

/* Carry-less product, bits 63:0. */
static inline uint64_t clmul(uint64_t a, uint64_t b)
{
    uint64_t product = 0;
    for (; b; b &= b - 1)
        product ^= a << __builtin_ctzll(b);
    return product;
}

/* Bits 126:63 of it. */
static inline uint64_t clmulr(uint64_t a, uint64_t b)
{
    uint64_t product = 0;
    for (; b; b &= b - 1)
        product ^= a >> (63 - __builtin_ctzll(b));
    return product;
}

static inline uint64_t or_combine(uint64_t v)
{
    const uint64_t low = UINT64_C(0x0101010101010101);
    v |= v >> 4 & low * 0x0f;
    v |= v >> 2 & low * 0x03;
    v |= v >> 1 & low;
    return (v & low) * 0xff;
}

#endif
