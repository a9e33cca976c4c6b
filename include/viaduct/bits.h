/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VIADUCT_BITS_H
#define VIADUCT_BITS_H

#include <stdbool.h>
#include <stdint.h>

#define VD_BIT(n) (UINT64_C(1) << (n))

/* A field of a register or of a structure in memory, spelled as in its specification. */
struct vd_bits {
    uint8_t lsb;
    uint8_t width;
};

static inline uint64_t vd_mask(unsigned lsb, unsigned width)
{
    return (width >= 64 ? UINT64_MAX : VD_BIT(width) - 1) << lsb;
}

static inline uint64_t vd_get(uint64_t word, unsigned lsb, unsigned width)
{
    return (word >> lsb) & vd_mask(0, width);
}

static inline uint64_t vd_set(uint64_t word, unsigned lsb, unsigned width, uint64_t value)
{
    return (word & ~vd_mask(lsb, width)) | ((value & vd_mask(0, width)) << lsb);
}

static inline bool vd_is_power_of_two(uint64_t value)
{
    return value != 0 && (value & (value - 1)) == 0;
}

static inline uint64_t vd_sign_extend(uint64_t value, unsigned width)
{
    return (uint64_t)((int64_t)(value << (64 - width)) >> (64 - width));
}

#endif
