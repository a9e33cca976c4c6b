/* SPDX-License-Identifier: BSD-2-Clause */
/* Floating point against the host's own arithmetic under every rounding mode that it has, and
 * against known answers where it has none. */
#include <fenv.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "hart/float.h"

static const uint64_t corners64[] = {
    0,
    0x8000000000000000,
    1,
    0x8000000000000001,
    0x000fffffffffffff,
    0x0010000000000000,
    0x8010000000000001,
    0x3ff0000000000000,
    0xbff0000000000000,
    0x3ff0000000000001,
    0x3fefffffffffffff,
    0x4008000000000000,
    0x3fe0000000000000,
    0x7fefffffffffffff,
    0xffefffffffffffff,
    0x7ff0000000000000,
    0xfff0000000000000,
    0x7ff8000000000000,
    0x7ff0000000000001,
    0x0008000000000000,
    0x1ff0000000000000,
    0x2000000000000001,
    0x3ca0000000000000,
};

enum { CORNERS = sizeof(corners64) / sizeof(corners64[0]), CASES = 60 };

static uint64_t seed = 1;

static uint64_t random64(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed;
}

/* Corners, anything, and numbers near each other. */
static uint64_t case64(unsigned i)
{
    uint64_t v = random64();
    if (i < CORNERS)
        return corners64[i];
    return i & 1 ? v : (v & 0x800fffffffffffff) | (0x3fcull + (v >> 52 & 7)) << 52;
}

static uint32_t case32(unsigned i)
{
    uint64_t v = i < CORNERS ? corners64[i] : random64();
    if (i < CORNERS) /* the same corners of the smaller format */
        return (uint32_t)(v >> 32 & 0x80000000) |
               (uint32_t)((v >> 52 & 0x7ff) == 0x7ff ? 0xff
                          : (v >> 52 & 0x7ff) == 0   ? 0
                                                     : ((v >> 52) - 1023 + 127) & 0xff)
                   << 23 |
               ((uint32_t)(v & 0x7fffff) | (uint32_t)(v >> 29 & 0x7fffff));
    return i & 1 ? (uint32_t)v
                 : ((uint32_t)v & 0x807fffff) | (uint32_t)(0x7cu + (v >> 40 & 7)) << 23;
}

static const int host_modes[] = {FE_TONEAREST, FE_TOWARDZERO, FE_DOWNWARD, FE_UPWARD};

static uint8_t host_flags(void)
{
    int raised = fetestexcept(FE_ALL_EXCEPT);
    return (uint8_t)((raised & FE_INEXACT ? FLOAT_NX : 0) | (raised & FE_UNDERFLOW ? FLOAT_UF : 0) |
                     (raised & FE_OVERFLOW ? FLOAT_OF : 0) |
                     (raised & FE_DIVBYZERO ? FLOAT_DZ : 0) | (raised & FE_INVALID ? FLOAT_NV : 0));
}

enum op { ADD, SUB, MUL, DIV, SQRT, FMA, OPS };

static uint64_t host64(enum op op, uint64_t x, uint64_t y, uint64_t z, unsigned rm, uint8_t *flags)
{
    volatile double a, b, c, r = 0;
    uint64_t bits;
    memcpy((void *)&a, &x, 8);
    memcpy((void *)&b, &y, 8);
    memcpy((void *)&c, &z, 8);
    fesetround(host_modes[rm]);
    feclearexcept(FE_ALL_EXCEPT);
    switch (op) {
    case ADD:
        r = a + b;
        break;
    case SUB:
        r = a - b;
        break;
    case MUL:
        r = a * b;
        break;
    case DIV:
        r = a / b;
        break;
    case SQRT:
        r = sqrt(a);
        break;
    default:
        r = fma(a, b, c);
    }
    *flags |= host_flags();
    fesetround(FE_TONEAREST);
    double value = r;
    memcpy(&bits, &value, 8);
    return value != value ? F64_NAN : bits;
}

static uint32_t host32(enum op op, uint32_t x, uint32_t y, uint32_t z, unsigned rm, uint8_t *flags)
{
    volatile float a, b, c, r = 0;
    uint32_t bits;
    memcpy((void *)&a, &x, 4);
    memcpy((void *)&b, &y, 4);
    memcpy((void *)&c, &z, 4);
    fesetround(host_modes[rm]);
    feclearexcept(FE_ALL_EXCEPT);
    switch (op) {
    case ADD:
        r = a + b;
        break;
    case SUB:
        r = a - b;
        break;
    case MUL:
        r = a * b;
        break;
    case DIV:
        r = a / b;
        break;
    case SQRT:
        r = sqrtf(a);
        break;
    default:
        r = fmaf(a, b, c);
    }
    *flags |= host_flags();
    fesetround(FE_TONEAREST);
    float value = r;
    memcpy(&bits, &value, 4);
    return value != value ? F32_NAN : bits;
}

static uint64_t ours64(enum op op, uint64_t a, uint64_t b, uint64_t c, unsigned rm, uint8_t *flags)
{
    switch (op) {
    case ADD:
        return f64_add(a, b, rm, flags);
    case SUB:
        return f64_sub(a, b, rm, flags);
    case MUL:
        return f64_mul(a, b, rm, flags);
    case DIV:
        return f64_div(a, b, rm, flags);
    case SQRT:
        return f64_sqrt(a, rm, flags);
    default:
        return f64_fma(a, b, c, rm, flags);
    }
}

static uint32_t ours32(enum op op, uint32_t a, uint32_t b, uint32_t c, unsigned rm, uint8_t *flags)
{
    switch (op) {
    case ADD:
        return f32_add(a, b, rm, flags);
    case SUB:
        return f32_sub(a, b, rm, flags);
    case MUL:
        return f32_mul(a, b, rm, flags);
    case DIV:
        return f32_div(a, b, rm, flags);
    case SQRT:
        return f32_sqrt(a, rm, flags);
    default:
        return f32_fma(a, b, c, rm, flags);
    }
}

static bool infinity_times_zero64(uint64_t a, uint64_t b)
{
    const uint64_t infinity = UINT64_C(0x7ff0000000000000) << 1;
    return (a << 1 == infinity && b << 1 == 0) || (b << 1 == infinity && a << 1 == 0);
}

static bool infinity_times_zero32(uint32_t a, uint32_t b)
{
    const uint32_t infinity = 0xff000000;
    return (a << 1 == infinity && b << 1 == 0) || (b << 1 == infinity && a << 1 == 0);
}

/* Both with no flag raised before and with inexact raised, where the host's result is used. */
static void doubles_agree_with_the_host(void **state)
{
    (void)state;
    for (unsigned op = 0; op < OPS; op++)
        for (unsigned n = 0; n < 4 * CASES * CASES; n++) {
            uint64_t a = case64(n / CASES % CASES), b = case64(n % CASES);
            uint64_t c = case64((unsigned)(random64() % CASES));
            unsigned rm = n / (CASES * CASES);
            uint8_t before = random64() & 1 ? FLOAT_NX : 0, ours = before, theirs = before;
            uint64_t r = ours64((enum op)op, a, b, c, rm, &ours);
            uint64_t s = host64((enum op)op, a, b, c, rm, &theirs);
            if (op == FMA && infinity_times_zero64(a, b))
                theirs |= FLOAT_NV; /* RISC-V says so even if a quiet NaN is added */
            if (r != s || ours != theirs)
                fail_msg("op %u rm %u %#lx %#lx %#lx: %#lx flags %u, host %#lx flags %u", op, rm, a,
                         b, c, r, ours, s, theirs);
        }
}

static void singles_agree_with_the_host(void **state)
{
    (void)state;
    for (unsigned op = 0; op < OPS; op++)
        for (unsigned n = 0; n < 4 * CASES * CASES; n++) {
            uint32_t a = case32(n / CASES % CASES), b = case32(n % CASES);
            uint32_t c = case32((unsigned)(random64() % CASES));
            unsigned rm = n / (CASES * CASES);
            uint8_t before = random64() & 1 ? FLOAT_NX : 0, ours = before, theirs = before;
            uint32_t r = ours32((enum op)op, a, b, c, rm, &ours);
            uint32_t s = host32((enum op)op, a, b, c, rm, &theirs);
            if (op == FMA && infinity_times_zero32(a, b))
                theirs |= FLOAT_NV; /* RISC-V says so even if a quiet NaN is added */
            if (r != s || ours != theirs)
                fail_msg("op %u rm %u %#x %#x %#x: %#x flags %u, host %#x flags %u", op, rm, a, b,
                         c, r, ours, s, theirs);
        }
}

#define ONE UINT64_C(0x3ff0000000000000)

#define HALF UINT64_C(0x3fe0000000000000)

#define ULP UINT64_C(0x3cb0000000000000) /* 2^-52 */

static void ties_go_away_from_zero_in_rmm(void **state)
{
    (void)state;
    uint8_t flags = 0;
    const uint64_t half_ulp = ULP - (UINT64_C(1) << 52), sign = UINT64_C(1) << 63;
    assert_int_equal(f64_add(ONE, half_ulp, FLOAT_RNE, &flags), ONE);
    assert_int_equal(f64_add(ONE, half_ulp, FLOAT_RMM, &flags), ONE + 1);
    assert_int_equal(f64_add(ONE | sign, half_ulp | sign, FLOAT_RMM, &flags), (ONE | sign) + 1);
    assert_int_equal(f64_add(ONE, half_ulp - 1, FLOAT_RMM, &flags), ONE);
    assert_int_equal(f64_to_int(HALF, FLOAT_I64, FLOAT_RMM, &flags), 1);
    assert_int_equal(f64_to_int(HALF, FLOAT_I64, FLOAT_RNE, &flags), 0);
    assert_int_equal(f64_to_int(HALF | sign, FLOAT_I64, FLOAT_RMM, &flags), UINT64_MAX);
    assert_int_equal(f64_mul(1, HALF, FLOAT_RMM, &flags), 1);
    assert_int_equal(f64_mul(1, HALF, FLOAT_RNE, &flags), 0);
}

static void conversions_saturate(void **state)
{
    (void)state;
    static const struct {
        uint64_t value;
        enum float_int type;
        unsigned rm;
        uint64_t result;
        uint8_t flags;
    } rows[] = {
        {F64_NAN, FLOAT_I32, 0, INT32_MAX, FLOAT_NV},
        {F64_NAN, FLOAT_U32, 0, UINT64_MAX, FLOAT_NV},
        {F64_NAN, FLOAT_I64, 0, INT64_MAX, FLOAT_NV},
        {F64_NAN, FLOAT_U64, 0, UINT64_MAX, FLOAT_NV},
        {UINT64_C(0xfff0000000000000), FLOAT_I32, 0, UINT64_C(0xffffffff80000000), FLOAT_NV},
        {UINT64_C(0xfff0000000000000), FLOAT_U64, 0, 0, FLOAT_NV},
        {UINT64_C(0xbff0000000000000), FLOAT_U32, 0, 0, FLOAT_NV},
        {UINT64_C(0xbfe0000000000000), FLOAT_U32, 0, 0, FLOAT_NX},
        {UINT64_C(0xbfe0000000000001), FLOAT_U32, 0, 0, FLOAT_NV},
        {UINT64_C(0xbfefffffffffffff), FLOAT_U32, 1, 0, FLOAT_NX},
        {UINT64_C(0x41dfffffffe00000), FLOAT_I32, 0, INT32_MAX, FLOAT_NV},
        {UINT64_C(0x41dfffffffe00000), FLOAT_I32, 1, INT32_MAX, FLOAT_NX},
        {UINT64_C(0xc1e0000000000000), FLOAT_I32, 0, UINT64_C(0xffffffff80000000), 0},
        {UINT64_C(0xc3e0000000000000), FLOAT_I64, 0, UINT64_C(1) << 63, 0},
        {UINT64_C(0x43f0000000000000), FLOAT_U64, 0, UINT64_MAX, FLOAT_NV},
        {UINT64_C(0x43efffffffffffff), FLOAT_U64, 0, UINT64_C(0xfffffffffffff800), 0},
        {UINT64_C(0x41efffffffe00000), FLOAT_U32, 0, UINT64_MAX, 0},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint8_t flags = 0;
        uint64_t r = f64_to_int(rows[i].value, rows[i].type, rows[i].rm, &flags);
        if (r != rows[i].result || flags != rows[i].flags)
            fail_msg("row %zu: %#lx flags %u", i, r, flags);
    }
}

static void minimum_and_maximum(void **state)
{
    (void)state;
    uint8_t flags = 0;
    const uint64_t sign = UINT64_C(1) << 63, signaling = UINT64_C(0x7ff0000000000001);
    assert_int_equal(f64_min(0, sign, &flags), sign);
    assert_int_equal(f64_max(sign, 0, &flags), 0);
    assert_int_equal(f64_min(F64_NAN, ONE, &flags), ONE);
    assert_int_equal(f64_max(ONE, F64_NAN | 5, &flags), ONE);
    assert_int_equal(f64_max(F64_NAN | 5, F64_NAN | 6, &flags), F64_NAN);
    assert_int_equal(flags, 0);
    assert_int_equal(f64_min(signaling, ONE, &flags), ONE);
    assert_int_equal(flags, FLOAT_NV);
}

static void comparisons(void **state)
{
    (void)state;
    uint8_t flags = 0;
    const uint64_t sign = UINT64_C(1) << 63;
    assert_true(f64_eq(0, sign, &flags));
    assert_false(f64_lt(sign, 0, &flags));
    assert_true(f64_le(0, sign, &flags));
    assert_true(f64_lt(ONE | sign, HALF | sign, &flags));
    assert_false(f64_eq(F64_NAN, F64_NAN, &flags));
    assert_int_equal(flags, 0);
    assert_false(f64_le(F64_NAN, ONE, &flags));
    assert_int_equal(flags, FLOAT_NV);
}

static void classes(void **state)
{
    (void)state;
    static const uint32_t values[] = {0xff800000, 0xbf800000, 0x80000001, 0x80000000, 0,
                                      1,          0x3f800000, 0x7f800000, 0x7f800001, F32_NAN};
    for (unsigned i = 0; i < 10; i++)
        assert_int_equal(f32_class(values[i]), 1u << i);
}

static void singles_are_boxed(void **state)
{
    (void)state;
    assert_int_equal(box(5), UINT64_C(0xffffffff00000005));
    assert_int_equal(unbox(UINT64_C(0xffffffff00000005)), 5);
    assert_int_equal(unbox(UINT64_C(0xfffffffe00000005)), F32_NAN);
}

/* Least normal from above and below: tiny is judged after rounding. */
static void tininess_is_detected_after_rounding(void **state)
{
    (void)state;
    uint8_t flags = 0;
    const uint64_t least = UINT64_C(1) << 52;
    const uint64_t small = UINT64_C(0x1a70000000000000), minus = UINT64_C(0xa0b0000000000000);
    /* Slightly less than the least normal: 2^-1022 - 2^-1100. */
    assert_int_equal(f64_fma(small, minus, least, FLOAT_RNE, &flags), least);
    assert_int_equal(flags, FLOAT_NX);
    flags = 0;
    assert_int_equal(f64_fma(small, minus, least, FLOAT_RTZ, &flags), least - 1);
    assert_int_equal(flags, FLOAT_NX | FLOAT_UF);
    flags = 0;
    assert_int_equal(f64_mul(UINT64_C(0x3fefffffffffffff), least, FLOAT_RNE, &flags), least);
    assert_int_equal(flags, FLOAT_NX | FLOAT_UF);
    flags = 0;
    assert_int_equal(f64_mul(UINT64_C(0x3fffffffffffffff), least >> 1, FLOAT_RUP, &flags), least);
    assert_int_equal(flags, FLOAT_NX | FLOAT_UF);
}

static void fround_agrees_with_the_host(void **state)
{
    (void)state;
    static const int modes[] = {FE_TONEAREST, FE_TOWARDZERO, FE_DOWNWARD, FE_UPWARD};
    for (unsigned i = 0; i < 4 * 400; i++) {
        uint64_t bits = i / 4 < CORNERS ? corners64[i / 4] : random64();
        if (i & 64) /* of a size that rounding matters for */
            bits = (bits & 0x800fffffffffffff) | (0x3fd + (bits >> 52 & 63)) << 52;
        double value, expected;
        memcpy(&value, &bits, sizeof(value));
        if (value != value)
            continue;
        fesetround(modes[i % 4]);
        expected = rint(value);
        fesetround(FE_TONEAREST);
        uint64_t want;
        memcpy(&want, &expected, sizeof(want));
        uint8_t quiet = 0, loud = 0;
        assert_int_equal(f64_round(bits, i % 4, false, &quiet), want);
        assert_int_equal(f64_round(bits, i % 4, true, &loud), want);
        assert_int_equal(quiet, 0);
        assert_int_equal(loud, expected == value ? 0 : FLOAT_NX);
    }
    uint8_t flags = 0;
    assert_int_equal(f32_round(0xbf000000, FLOAT_RMM, false, &flags), 0xbf800000); /* -0.5 */
    assert_int_equal(f32_round(0xbe800000, FLOAT_RNE, false, &flags), 0x80000000);
    assert_int_equal(f32_round(0x7fc12345, FLOAT_RNE, true, &flags), F32_NAN);
    assert_int_equal(flags, 0);
    assert_int_equal(f32_round(0x7f812345, FLOAT_RNE, false, &flags), F32_NAN);
    assert_int_equal(flags, FLOAT_NV);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(doubles_agree_with_the_host),
        cmocka_unit_test(singles_agree_with_the_host),
        cmocka_unit_test(ties_go_away_from_zero_in_rmm),
        cmocka_unit_test(conversions_saturate),
        cmocka_unit_test(minimum_and_maximum),
        cmocka_unit_test(comparisons),
        cmocka_unit_test(classes),
        cmocka_unit_test(singles_are_boxed),
        cmocka_unit_test(tininess_is_detected_after_rounding),
        cmocka_unit_test(fround_agrees_with_the_host),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
