/* SPDX-License-Identifier: BSD-2-Clause */
/* IEEE 754 arithmetic on bit patterns, as the F and D extensions define it: any NaN result is the
 * canonical NaN, tininess is detected after rounding, flags accumulate in *flags.  The results do
 * not depend on the compiler or on the host's floating-point environment. */
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

uint32_t f32_add(uint32_t a, uint32_t b, unsigned rm, uint8_t *flags);
uint32_t f32_sub(uint32_t a, uint32_t b, unsigned rm, uint8_t *flags);
uint32_t f32_mul(uint32_t a, uint32_t b, unsigned rm, uint8_t *flags);
uint32_t f32_div(uint32_t a, uint32_t b, unsigned rm, uint8_t *flags);
uint32_t f32_sqrt(uint32_t a, unsigned rm, uint8_t *flags);
uint32_t f32_fma(uint32_t a, uint32_t b, uint32_t c, unsigned rm, uint8_t *flags);
uint32_t f32_min(uint32_t a, uint32_t b, uint8_t *flags);
uint32_t f32_max(uint32_t a, uint32_t b, uint8_t *flags);
bool f32_eq(uint32_t a, uint32_t b, uint8_t *flags);
bool f32_lt(uint32_t a, uint32_t b, uint8_t *flags);
bool f32_le(uint32_t a, uint32_t b, uint8_t *flags);
/* [unpriv ext:zfa] */
uint32_t f32_immediate(unsigned index);
uint32_t f32_minm(uint32_t a, uint32_t b, uint8_t *flags);
uint32_t f32_maxm(uint32_t a, uint32_t b, uint8_t *flags);
uint32_t f32_round(uint32_t a, unsigned rm, bool inexact, uint8_t *flags);
bool f32_ltq(uint32_t a, uint32_t b, uint8_t *flags);
bool f32_leq(uint32_t a, uint32_t b, uint8_t *flags);
uint64_t f32_class(uint32_t a);
uint64_t f32_to_int(uint32_t a, enum float_int type, unsigned rm, uint8_t *flags);
uint32_t f32_from_int(uint64_t v, enum float_int type, unsigned rm, uint8_t *flags);
uint64_t f32_to_f64(uint32_t a, uint8_t *flags);

uint64_t f64_add(uint64_t a, uint64_t b, unsigned rm, uint8_t *flags);
uint64_t f64_sub(uint64_t a, uint64_t b, unsigned rm, uint8_t *flags);
uint64_t f64_mul(uint64_t a, uint64_t b, unsigned rm, uint8_t *flags);
uint64_t f64_div(uint64_t a, uint64_t b, unsigned rm, uint8_t *flags);
uint64_t f64_sqrt(uint64_t a, unsigned rm, uint8_t *flags);
uint64_t f64_fma(uint64_t a, uint64_t b, uint64_t c, unsigned rm, uint8_t *flags);
uint64_t f64_min(uint64_t a, uint64_t b, uint8_t *flags);
uint64_t f64_max(uint64_t a, uint64_t b, uint8_t *flags);
bool f64_eq(uint64_t a, uint64_t b, uint8_t *flags);
bool f64_lt(uint64_t a, uint64_t b, uint8_t *flags);
bool f64_le(uint64_t a, uint64_t b, uint8_t *flags);
/* [unpriv ext:zfa] */
uint64_t f64_immediate(unsigned index);
uint64_t f64_minm(uint64_t a, uint64_t b, uint8_t *flags);
uint64_t f64_maxm(uint64_t a, uint64_t b, uint8_t *flags);
uint64_t f64_round(uint64_t a, unsigned rm, bool inexact, uint8_t *flags);
bool f64_ltq(uint64_t a, uint64_t b, uint8_t *flags);
bool f64_leq(uint64_t a, uint64_t b, uint8_t *flags);
uint64_t f64_class(uint64_t a);
uint64_t f64_to_int(uint64_t a, enum float_int type, unsigned rm, uint8_t *flags);
uint64_t f64_from_int(uint64_t v, enum float_int type, unsigned rm, uint8_t *flags);
uint64_t f64_to_int_modular(uint64_t a, uint8_t *flags);
uint32_t f64_to_f32(uint64_t a, unsigned rm, uint8_t *flags);

uint32_t f16_to_f32(uint16_t a, uint8_t *flags);
uint64_t f16_to_f64(uint16_t a, uint8_t *flags);
uint16_t f32_to_f16(uint32_t a, unsigned rm, uint8_t *flags);
uint16_t f64_to_f16(uint64_t a, unsigned rm, uint8_t *flags);

#endif
