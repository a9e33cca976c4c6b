/* SPDX-License-Identifier: BSD-2-Clause */
/* The operations of all formats, and conversions. */
#include <string.h>

#include "hart/float_number.h"
#include "viaduct/bits.h"

/* Results of FCLASS [unpriv norm:fclass]. */
enum {
    CLASS_NEGATIVE_INFINITY = 1 << 0,
    CLASS_NEGATIVE_NORMAL = 1 << 1,
    CLASS_NEGATIVE_SUBNORMAL = 1 << 2,
    CLASS_NEGATIVE_ZERO = 1 << 3,
    CLASS_POSITIVE_ZERO = 1 << 4,
    CLASS_POSITIVE_SUBNORMAL = 1 << 5,
    CLASS_POSITIVE_NORMAL = 1 << 6,
    CLASS_POSITIVE_INFINITY = 1 << 7,
    CLASS_SNAN = 1 << 8,
    CLASS_QNAN = 1 << 9,
};

enum { TOP = 126 };

struct range {
    uint64_t least, most; /* magnitudes of the least negative and the most positive value */
    bool is_word;
};

static const struct range ranges[] = {
    [FLOAT_I32] = {UINT64_C(1) << 31, INT32_MAX, true},
    [FLOAT_U32] = {0, UINT32_MAX, true},
    [FLOAT_I64] = {UINT64_C(1) << 63, INT64_MAX, false},
    [FLOAT_U64] = {0, UINT64_MAX, false},
};

static uint64_t as_register(uint64_t v, enum float_int type)
{
    return ranges[type].is_word ? vd_sign_extend(v, 32) : v;
}

/* Out of range: the nearest value, and invalid; NaN counts as positive. */
static uint64_t saturate(bool negative, enum float_int type, uint8_t *flags)
{
    *flags |= FLOAT_NV;
    return as_register(negative ? 0 - ranges[type].least : ranges[type].most, type);
}

static uint64_t to_integer(struct number n, enum float_int type, unsigned rm, uint8_t *flags)
{
    if (number_is_nan(&n))
        return saturate(false, type, flags);
    if (n.kind == NUMBER_INFINITE || (n.kind == NUMBER_FINITE && n.exponent > 64))
        return saturate(n.sign, type, flags);
    if (n.kind == NUMBER_ZERO)
        return 0;
    /* Two digits below the point: a half, and whether there is less. */
    wide scaled = number_shift(n.mantissa, (uint32_t)(TOP - 2 - n.exponent));
    wide rest = scaled & 3, magnitude = scaled >> 2;
    magnitude += number_rounds_up(n.sign, magnitude & 1, rest, 2, rm);
    if (magnitude > (n.sign ? ranges[type].least : ranges[type].most))
        return saturate(n.sign, type, flags);
    if (rest)
        *flags |= FLOAT_NX;
    uint64_t value = (uint64_t)magnitude;
    return as_register(n.sign ? 0 - value : value, type);
}

static struct number from_integer(uint64_t v, enum float_int type)
{
    if (type == FLOAT_I32)
        v = vd_sign_extend(v, 32);
    if (type == FLOAT_U32)
        v = (uint32_t)v;
    bool sign = (type == FLOAT_I32 || type == FLOAT_I64) && v >> 63;
    return (struct number){
        .kind = NUMBER_FINITE, .sign = sign, .exponent = TOP, .mantissa = sign ? 0 - v : v};
}

/* An integer value of the same format [unpriv norm:fround-s_op]. */
static struct number to_integral(struct number n, unsigned rm, bool inexact, uint8_t *flags)
{
    if (n.kind == NUMBER_SIGNALING)
        *flags |= FLOAT_NV;
    if (n.kind != NUMBER_FINITE || n.exponent >= 64)
        return n;
    wide scaled = number_shift(n.mantissa, (uint32_t)(TOP - 2 - n.exponent));
    wide rest = scaled & 3, magnitude = scaled >> 2;
    magnitude += number_rounds_up(n.sign, magnitude & 1, rest, 2, rm);
    if (rest && inexact)
        *flags |= FLOAT_NX;
    if (magnitude == 0)
        return (struct number){.kind = NUMBER_ZERO, .sign = n.sign};
    return (struct number){
        .kind = NUMBER_FINITE, .sign = n.sign, .exponent = TOP, .mantissa = magnitude};
}

/* What FLI loads, in quarters of a power of two: value = quarters / 4 * 2^exponent.  Entries 1, 30
 * and 31 are the least normal, infinity and NaN [unpriv tab:flis]. */
static const struct {
    int8_t quarters, exponent;
} immediates[32] = {
    {-4, 0}, {0, 0},  {4, -16}, {4, -15}, {4, -8}, {4, -7}, {4, -4}, {4, -3},
    {4, -2}, {5, -2}, {6, -2},  {7, -2},  {4, -1}, {5, -1}, {6, -1}, {7, -1},
    {4, 0},  {5, 0},  {6, 0},   {7, 0},   {4, 1},  {5, 1},  {6, 1},  {4, 2},
    {4, 3},  {4, 4},  {4, 7},   {4, 8},   {4, 15}, {4, 16}, {0, 0},  {0, 0},
};
enum { FLI_LEAST = 1, FLI_INFINITY = 30, FLI_NAN = 31 };

static struct number immediate(const struct float_format *f, unsigned index)
{
    if (index == FLI_NAN)
        return (struct number){.kind = NUMBER_QUIET};
    if (index == FLI_INFINITY)
        return (struct number){.kind = NUMBER_INFINITE};
    int8_t quarters = immediates[index].quarters;
    struct number n = {.kind = NUMBER_FINITE, .sign = quarters < 0};
    unsigned magnitude = (unsigned)(quarters < 0 ? -quarters : quarters);
    n.exponent = immediates[index].exponent;
    n.mantissa = (wide)magnitude << (TOP - 2);
    if (index == FLI_LEAST) {
        n.exponent = 1 - f->bias;
        n.mantissa = (wide)1 << TOP;
    }
    return n;
}

#define NAME(op)       f16_##op
#define FLOAT_BITS     uint16_t
#define FLOAT_FORMAT   (&float_half)
#define FLOAT_FRACTION 10
#define FLOAT_SIGN     UINT16_C(0x8000)
#define FLOAT_INFINITY UINT16_C(0x7c00)
#include "hart/float_rows.h"

#define NAME(op)       f32_##op
#define FLOAT_BITS     uint32_t
#define FLOAT_HOST     float
#define FLOAT_FORMAT   (&float_single)
#define FLOAT_FRACTION 23
#define FLOAT_SIGN     UINT32_C(0x80000000)
#define FLOAT_INFINITY UINT32_C(0x7f800000)
#include "hart/float_rows.h"

#define NAME(op)       f64_##op
#define FLOAT_BITS     uint64_t
#define FLOAT_HOST     double
#define FLOAT_FORMAT   (&float_double)
#define FLOAT_FRACTION 52
#define FLOAT_SIGN     VD_BIT(63)
#define FLOAT_INFINITY UINT64_C(0x7ff0000000000000)
#include "hart/float_rows.h"

static struct number converted(struct number n, uint8_t *flags)
{
    if (n.kind == NUMBER_SIGNALING)
        *flags |= FLOAT_NV;
    return n;
}

uint64_t f32_to_f64(uint32_t a, uint8_t *flags)
{
    return number_pack(&float_double, converted(f32_number(a), flags), FLOAT_RNE, flags);
}

uint32_t f64_to_f32(uint64_t a, unsigned rm, uint8_t *flags)
{
    return (uint32_t)number_pack(&float_single, converted(f64_number(a), flags), rm, flags);
}

uint32_t f16_to_f32(uint16_t a, uint8_t *flags)
{
    return (uint32_t)number_pack(&float_single, converted(f16_number(a), flags), FLOAT_RNE, flags);
}

uint64_t f16_to_f64(uint16_t a, uint8_t *flags)
{
    return number_pack(&float_double, converted(f16_number(a), flags), FLOAT_RNE, flags);
}

uint16_t f32_to_f16(uint32_t a, unsigned rm, uint8_t *flags)
{
    return (uint16_t)number_pack(&float_half, converted(f32_number(a), flags), rm, flags);
}

uint16_t f64_to_f16(uint64_t a, unsigned rm, uint8_t *flags)
{
    return (uint16_t)number_pack(&float_half, converted(f64_number(a), flags), rm, flags);
}

/* [unpriv norm:fcvtmod-w-d_op]: the low bits of the truncated value, however large it is; flags are
 * those of FCVT.W.D. */
uint64_t f64_to_int_modular(uint64_t a, uint8_t *flags)
{
    struct number n = f64_number(a);
    f64_to_int(a, FLOAT_I32, FLOAT_RTZ, flags);
    if (n.kind != NUMBER_FINITE || n.exponent > 31 + 53)
        return 0;
    uint64_t low = 0;
    if (n.exponent > 63)
        low = (uint64_t)(n.mantissa >> 63) << (n.exponent - 63);
    else if (n.exponent >= 0)
        low = (uint64_t)(n.mantissa >> (TOP - n.exponent));
    return vd_sign_extend(n.sign ? 0 - low : low, 32);
}
