/* SPDX-License-Identifier: BSD-2-Clause */
/* IEEE 754 arithmetic on bit patterns, as the F, D and Zfh extensions define it: any NaN result is
 * the canonical NaN, tininess is detected after rounding, flags accumulate in *flags.  The results
 * do not depend on the compiler or on the host's floating-point environment. */
#ifndef HART_FLOAT_H
#define HART_FLOAT_H

#include <stdbool.h>
#include <stdint.h>

enum { FLOAT_NX = 1, FLOAT_UF = 2, FLOAT_OF = 4, FLOAT_DZ = 8, FLOAT_NV = 16 };
enum { FLOAT_RNE, FLOAT_RTZ, FLOAT_RDN, FLOAT_RUP, FLOAT_RMM };
enum float_int { FLOAT_I32, FLOAT_U32, FLOAT_I64, FLOAT_U64 };

#define F16_NAN UINT16_C(0x7e00)
#define F32_NAN UINT32_C(0x7fc00000)
#define F64_NAN UINT64_C(0x7ff8000000000000)

/* A single in a 64-bit register has all upper bits set; anything else reads as NaN. */
static inline uint64_t box(uint32_t v)
{
    return UINT64_C(0xffffffff00000000) | v;
}

static inline uint32_t unbox(uint64_t v)
{
    return v >> 32 == 0xffffffff ? (uint32_t)v : F32_NAN;
}

static inline uint64_t box16(uint16_t v)
{
    return UINT64_C(0xffffffffffff0000) | v;
}

static inline uint16_t unbox16(uint64_t v)
{
    return v >> 16 == UINT64_C(0xffffffffffff) ? (uint16_t)v : F16_NAN;
}

#define FLOAT_OPERATIONS(f, bits)                                                                  \
    bits f##_add(bits a, bits b, unsigned rm, uint8_t *flags);                                     \
    bits f##_sub(bits a, bits b, unsigned rm, uint8_t *flags);                                     \
    bits f##_mul(bits a, bits b, unsigned rm, uint8_t *flags);                                     \
    bits f##_div(bits a, bits b, unsigned rm, uint8_t *flags);                                     \
    bits f##_sqrt(bits a, unsigned rm, uint8_t *flags);                                            \
    bits f##_fma(bits a, bits b, bits c, unsigned rm, uint8_t *flags);                             \
    bits f##_min(bits a, bits b, uint8_t *flags);                                                  \
    bits f##_max(bits a, bits b, uint8_t *flags);                                                  \
    bool f##_eq(bits a, bits b, uint8_t *flags);                                                   \
    bool f##_lt(bits a, bits b, uint8_t *flags);                                                   \
    bool f##_le(bits a, bits b, uint8_t *flags);                                                   \
    uint64_t f##_class(bits a);                                                                    \
    uint64_t f##_to_int(bits a, enum float_int type, unsigned rm, uint8_t *flags);                 \
    bits f##_from_int(uint64_t v, enum float_int type, unsigned rm, uint8_t *flags);               \
    /* [unpriv ext:zfa] */                                                                         \
    bits f##_immediate(unsigned index);                                                            \
    bits f##_minm(bits a, bits b, uint8_t *flags);                                                 \
    bits f##_maxm(bits a, bits b, uint8_t *flags);                                                 \
    bits f##_round(bits a, unsigned rm, bool inexact, uint8_t *flags);                             \
    bool f##_ltq(bits a, bits b, uint8_t *flags);                                                  \
    bool f##_leq(bits a, bits b, uint8_t *flags);
FLOAT_OPERATIONS(f16, uint16_t)
FLOAT_OPERATIONS(f32, uint32_t)
FLOAT_OPERATIONS(f64, uint64_t)
#undef FLOAT_OPERATIONS

uint64_t f64_to_int_modular(uint64_t a, uint8_t *flags);
uint64_t f32_to_f64(uint32_t a, uint8_t *flags);
uint32_t f64_to_f32(uint64_t a, unsigned rm, uint8_t *flags);
uint32_t f16_to_f32(uint16_t a, uint8_t *flags);
uint64_t f16_to_f64(uint16_t a, uint8_t *flags);
uint16_t f32_to_f16(uint32_t a, unsigned rm, uint8_t *flags);
uint16_t f64_to_f16(uint64_t a, unsigned rm, uint8_t *flags);

#endif
