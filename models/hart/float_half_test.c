/* SPDX-License-Identifier: BSD-2-Clause */
/* Half precision against exact arithmetic on integers: every value where one operand decides, the
 * corners and random values where there are more.  What is exact is rounded by looking for its
 * neighbours among all halves. */
#include <fenv.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "hart/float.h"

#define COUNT(table) (sizeof(table) / sizeof(table[0]))

/* Values are multiples of 2^-SCALE, those of halves of 2^-24; what is left over of a quotient or of
 * a root is in bit 0, far below any half and any tie. */
typedef __int128 exact;
enum { SCALE = 61, LEAST = 24, MODES = 5, INFINITE = 0x7c00, SIGN = 0x8000 };

static uint64_t seed = 1;

static uint64_t random64(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed;
}

static bool is_nan(unsigned h)
{
    return (h & 0x7fff) > INFINITE;
}

static bool is_signaling(unsigned h)
{
    return is_nan(h) && !(h & 0x200);
}

/* Of what is finite, and of infinity as if the exponents went on. */
static exact multiple(unsigned h)
{
    unsigned exponent = h >> 10 & 31, fraction = h & 0x3ff;
    exact magnitude = exponent ? (exact)(fraction | 0x400) << (exponent - 1) : fraction;
    return h & SIGN ? -magnitude : magnitude;
}

static exact scaled(unsigned h)
{
    return multiple(h) * ((exact)1 << (SCALE - LEAST));
}

static double as_double(unsigned h)
{
    if (is_nan(h))
        return (double)NAN;
    double magnitude =
        (h & 0x7fff) == INFINITE ? (double)INFINITY : ldexp((double)multiple(h & 0x7fff), -LEAST);
    return h & SIGN ? -magnitude : magnitude;
}

static bool goes_up(bool negative, bool odd, exact below, exact above, unsigned rm)
{
    if (rm == FLOAT_RNE)
        return above < below || (above == below && odd);
    if (rm == FLOAT_RMM)
        return above <= below;
    return below != 0 && rm == (negative ? FLOAT_RDN : FLOAT_RUP);
}

/* With digits enough for the exponent it is no smaller than the least normal, 2^-14. */
static bool tiny(exact magnitude, bool negative, unsigned rm)
{
    const exact normal = (exact)1 << (SCALE - 14), unit = normal >> 11;
    if (magnitude >= normal || magnitude <= normal - unit)
        return magnitude < normal;
    return !goes_up(negative, true, magnitude - (normal - unit), normal - magnitude, rm);
}

static uint16_t nearest(exact value, bool minus_zero, unsigned rm, uint8_t *flags)
{
    bool negative = value < 0 || (value == 0 && minus_zero);
    exact magnitude = negative ? -value : value;
    unsigned low = 0, high = INFINITE;
    while (high - low > 1) {
        unsigned middle = (low + high) / 2;
        *(scaled(middle) <= magnitude ? &low : &high) = middle;
    }
    exact below = magnitude - scaled(low), above = scaled(high) - magnitude;
    unsigned result = goes_up(negative, low & 1, below, above, rm) ? high : low;
    if (above <= 0) /* the least that is too large for any finite result, and more */
        result = goes_up(negative, true, 1, 0, rm) ? INFINITE : INFINITE - 1;
    if (result == INFINITE || above <= 0)
        *flags |= FLOAT_OF | FLOAT_NX;
    else if (below)
        *flags |= (uint8_t)(FLOAT_NX | (tiny(magnitude, negative, rm) ? FLOAT_UF : 0));
    return (uint16_t)(result | (negative ? SIGN : 0));
}

static exact root(exact square)
{
    exact result = 0;
    for (unsigned bit = 62; bit-- > 0;)
        if ((result | (exact)1 << bit) * (result | (exact)1 << bit) <= square)
            result |= (exact)1 << bit;
    return result;
}

static void square_roots(void **state)
{
    (void)state;
    for (unsigned h = 0; h < 0x10000; h++)
        for (unsigned rm = 0; rm < MODES; rm++) {
            uint8_t flags = 0, expected = 0;
            uint16_t answer = (uint16_t)h;
            if (is_nan(h) || h > SIGN) {
                answer = F16_NAN;
                expected = is_signaling(h) || !is_nan(h) ? FLOAT_NV : 0;
            } else if (h < INFINITE) {
                exact square = multiple(h) << 80, r = root(square); /* 2^-52 */
                answer = nearest((r << (SCALE - 52)) + (r * r != square), false, rm, &expected);
            }
            if (h == SIGN)
                answer = SIGN;
            if (f16_sqrt((uint16_t)h, rm, &flags) != answer || flags != expected)
                fail_msg("sqrt(%#x), mode %u, is not %#x, flags %u", h, rm, answer, expected);
        }
}

static double whole(double value, unsigned rm)
{
    static const int modes[] = {FE_TONEAREST, FE_TOWARDZERO, FE_DOWNWARD, FE_UPWARD};
    if (rm == FLOAT_RMM)
        return round(value);
    fesetround(modes[rm]);
    volatile double result = rint(value);
    fesetround(FE_TONEAREST);
    return result;
}

static void integral_values(void **state)
{
    (void)state;
    for (unsigned h = 0; h < 0x10000; h++)
        for (unsigned rm = 0; rm < MODES; rm++) {
            double value = as_double(h), expected = whole(value, rm);
            uint8_t quiet = 0, loud = 0, nan = is_signaling(h) ? FLOAT_NV : 0;
            uint16_t r = f16_round((uint16_t)h, rm, false, &quiet);
            assert_int_equal(f16_round((uint16_t)h, rm, true, &loud), r);
            if (is_nan(h) ? r != F16_NAN : as_double(r) != expected || (r ^ h) & SIGN)
                fail_msg("%#x, mode %u, becomes %#x", h, rm, r);
            assert_int_equal(quiet, nan);
            assert_int_equal(loud, nan | (!is_nan(h) && expected != value ? FLOAT_NX : 0));
        }
}

/* Of 32 and 64 bits only the least and the most differ for so small numbers. */
static void integers(void **state)
{
    (void)state;
    static const uint64_t most[] = {INT32_MAX, UINT64_MAX, INT64_MAX, UINT64_MAX};
    static const uint64_t least[] = {UINT64_C(0xffffffff80000000), 0, UINT64_C(1) << 63, 0};
    for (unsigned h = 0; h < 0x10000; h++)
        for (unsigned type = FLOAT_I32; type <= FLOAT_U64; type++)
            for (unsigned rm = 0; rm < MODES; rm++) {
                double value = as_double(h), to = whole(value, rm);
                bool is_signed = type == FLOAT_I32 || type == FLOAT_I64;
                uint8_t flags = 0, expected = to != value ? FLOAT_NX : 0;
                uint64_t answer = 0;
                if (is_nan(h) || h == INFINITE || (h & SIGN && (!is_signed && to < 0)) ||
                    h == (INFINITE | SIGN)) {
                    expected = FLOAT_NV;
                    answer = h & SIGN && !is_nan(h) ? least[type] : most[type];
                } else {
                    answer = (uint64_t)(int64_t)to;
                }
                uint64_t r = f16_to_int((uint16_t)h, (enum float_int)type, rm, &flags);
                if (r != answer || flags != expected)
                    fail_msg("%#x, type %u, mode %u: %#lx, flags %u", h, type, rm, r, flags);
            }
}

static void from_integers(void **state)
{
    (void)state;
    static const uint64_t corners[] = {
        0,          1,           2047,       2048,        2049,      2050,
        2051,       4098,        4099,       32768 + 16,  65503,     65504,
        65505,      65519,       65520,      65521,       65535,     65536,
        INT32_MAX,  0x80000000u, UINT32_MAX, 0x100000001, INT64_MAX, UINT64_C(1) << 63,
        UINT64_MAX,
    };
    for (size_t i = 0; i < 2 * COUNT(corners) + 2000; i++)
        for (unsigned type = FLOAT_I32; type <= FLOAT_U64; type++)
            for (unsigned rm = 0; rm < MODES; rm++) {
                uint64_t v = random64() >> (i % 60);
                if (i < 2 * COUNT(corners))
                    v = i & 1 ? 0 - corners[i / 2] : corners[i / 2];
                const exact values[] = {(int32_t)v, (uint32_t)v, (int64_t)v, (exact)v};
                uint8_t flags = 0, expected = 0;
                uint16_t answer = nearest(values[type] * ((exact)1 << SCALE), false, rm, &expected);
                if (f16_from_int(v, (enum float_int)type, rm, &flags) != answer ||
                    flags != expected)
                    fail_msg("%#lx, type %u, mode %u, is not %#x", v, type, rm, answer);
            }
}

/* --- more than one operand --- */

static const uint16_t corners[] = {
    0,      SIGN,   1,      0x8001, 2,      0x3ff,  0x400,  0x8400, 0x401,  0x7ff,  0x800,
    0x3c00, 0xbc00, 0x3c01, 0x3bff, 0x3800, 0x1400, 0x1000, 0x9000, 0x4200, 0x3555, 0x7bff,
    0xfbff, 0x7800, 0x7c00, 0xfc00, 0x7e00, 0x7c01, 0xfd55, 0xfe00, 0x0c00, 0x8bff,
};
enum { CASES = 200 };

/* Corners, anything, and numbers near one. */
static uint16_t some(unsigned i)
{
    uint64_t v = random64();
    if (i < COUNT(corners))
        return corners[i];
    return (uint16_t)(i & 1 ? v : (v & 0x83ff) | (13 + (v >> 16) % 5) << 10);
}

enum op { ADD, SUB, MUL, DIV, FMA, OPS };

static uint16_t ours(enum op op, uint16_t a, uint16_t b, uint16_t c, unsigned rm, uint8_t *flags)
{
    switch (op) {
    case ADD:
        return f16_add(a, b, rm, flags);
    case SUB:
        return f16_sub(a, b, rm, flags);
    case MUL:
        return f16_mul(a, b, rm, flags);
    case DIV:
        return f16_div(a, b, rm, flags);
    default:
        return f16_fma(a, b, c, rm, flags);
    }
}

/* Sums with a NaN or infinity, and products and quotients with them or zero, are what doubles make
 * of them, and so are the signs of exact zeros; false: finite. */
static bool special(enum op op, uint16_t a, uint16_t b, uint16_t c, unsigned rm, uint8_t *flags,
                    uint16_t *result)
{
    static const int modes[] = {FE_TONEAREST, FE_TOWARDZERO, FE_DOWNWARD, FE_UPWARD, FE_TONEAREST};
    volatile double x = as_double(a), y = as_double(b), z = as_double(c), r;
    bool last = op == FMA,
         signaling = is_signaling(a) || is_signaling(b) || (last && is_signaling(c));
    fesetround(modes[rm]);
    r = op == ADD ? x + y : op == SUB ? x - y : op == MUL ? x * y : op == DIV ? x / y : x * y + z;
    double value = r;
    fesetround(FE_TONEAREST);
    bool nan = is_nan(a) || is_nan(b) || (last && is_nan(c));
    bool product = last && ((isinf(x) && y == 0) || (x == 0 && isinf(y)));
    if (signaling || product || (value != value && !nan))
        *flags |= FLOAT_NV;
    *result = (uint16_t)((signbit(value) ? SIGN : 0) | (value != 0 ? INFINITE : 0));
    if (value != value)
        *result = F16_NAN;
    if (op == DIV && isinf(value) && !isinf(x))
        *flags |= FLOAT_DZ;
    bool operands = isinf(x) || isinf(y) || (last && isinf(z));
    return value != value || operands || value == 0 || (op == DIV && y == 0);
}

static exact quotient(uint16_t a, uint16_t b)
{
    exact dividend = multiple(a & 0x7fff) << (SCALE - 1), divisor = multiple(b & 0x7fff);
    exact magnitude = (dividend / divisor) << 1 | (dividend % divisor != 0);
    return (a ^ b) & SIGN ? -magnitude : magnitude;
}

static uint16_t rounded(enum op op, uint16_t a, uint16_t b, uint16_t c, unsigned rm, uint8_t *flags)
{
    const exact unit = (exact)1 << (SCALE - 2 * LEAST);
    switch (op) {
    case ADD:
        return nearest(scaled(a) + scaled(b), false, rm, flags);
    case SUB:
        return nearest(scaled(a) - scaled(b), false, rm, flags);
    case MUL:
        return nearest(multiple(a) * multiple(b) * unit, false, rm, flags);
    case DIV:
        return nearest(quotient(a, b), false, rm, flags);
    default:
        return nearest(multiple(a) * multiple(b) * unit + scaled(c), false, rm, flags);
    }
}

static void arithmetic(void **state)
{
    (void)state;
    for (unsigned op = 0; op < OPS; op++)
        for (unsigned n = 0; n < MODES * CASES * CASES; n++) {
            uint16_t a = some(n / CASES % CASES), b = some(n % CASES), answer;
            uint16_t c = some((unsigned)(random64() % CASES));
            unsigned rm = n / (CASES * CASES);
            uint8_t before = random64() & 1 ? FLOAT_NX : 0, flags = before, expected = before;
            if (!special((enum op)op, a, b, c, rm, &expected, &answer))
                answer = rounded((enum op)op, a, b, c, rm, &expected);
            uint16_t r = ours((enum op)op, a, b, c, rm, &flags);
            if (r != answer || flags != expected)
                fail_msg("op %u mode %u %#x %#x %#x: %#x, flags %u, not %#x, %u", op, rm, a, b, c,
                         r, flags, answer, expected);
        }
}

static void check_order(uint16_t a, uint16_t b)
{
    double x = as_double(a), y = as_double(b);
    bool nan = is_nan(a) || is_nan(b), signaling = is_signaling(a) || is_signaling(b);
    uint8_t eq = 0, ltq = 0, leq = 0, lt = 0, le = 0, min = 0, max = 0, minm = 0, maxm = 0;
    const uint8_t loud = nan ? FLOAT_NV : 0, quiet = signaling ? FLOAT_NV : 0;
    assert_int_equal(f16_eq(a, b, &eq), x == y);
    assert_int_equal(f16_ltq(a, b, &ltq), x < y);
    assert_int_equal(f16_leq(a, b, &leq), x <= y);
    assert_true(eq == quiet && ltq == quiet && leq == quiet);
    assert_int_equal(f16_lt(a, b, &lt), x < y);
    assert_int_equal(f16_le(a, b, &le), x <= y);
    assert_true(lt == loud && le == loud);
    bool below = x < y || (x == y && a & SIGN);
    uint16_t least = below ? a : b, most = below ? b : a;
    if (nan)
        least = most = is_nan(b) ? is_nan(a) ? F16_NAN : a : b;
    assert_int_equal(f16_min(a, b, &min), least);
    assert_int_equal(f16_max(a, b, &max), most);
    assert_int_equal(f16_minm(a, b, &minm), nan ? F16_NAN : least);
    assert_int_equal(f16_maxm(a, b, &maxm), nan ? F16_NAN : most);
    assert_true(min == quiet && max == quiet && minm == quiet && maxm == quiet);
}

static void order(void **state)
{
    (void)state;
    for (unsigned n = 0; n < CASES * CASES; n++)
        check_order(some(n / CASES), some(n % CASES));
}

static void fclass_h_op(void **state)
{
    (void)state;
    for (unsigned h = 0; h < 0x10000; h++) {
        double value = as_double(h);
        unsigned class = 6; /* a positive normal */
        if (is_nan(h))
            class = is_signaling(h) ? 8 : 9;
        else if (isinf(value))
            class = 7;
        else if (value == 0)
            class = 4;
        else if (fabs(value) < 0x1p-14)
            class = 5;
        if (h & SIGN && !is_nan(h))
            class = 7 - class;
        assert_int_equal(f16_class((uint16_t)h), 1u << class);
    }
}

/* [unpriv ext:zfa]: 2^16 is infinity, 2^-16 and 2^-15 are subnormal. */
static void fli_h_op(void **state)
{
    (void)state;
    static const uint16_t values[] = {
        0xbc00, 0x0400, 0x0100, 0x0200, 0x1c00, 0x2000, 0x2c00, 0x3000, 0x3400, 0x3500, 0x3600,
        0x3700, 0x3800, 0x3900, 0x3a00, 0x3b00, 0x3c00, 0x3d00, 0x3e00, 0x3f00, 0x4000, 0x4100,
        0x4200, 0x4400, 0x4800, 0x4c00, 0x5800, 0x5c00, 0x7800, 0x7c00, 0x7c00, 0x7e00,
    };
    for (unsigned i = 0; i < COUNT(values); i++)
        assert_int_equal(f16_immediate(i), values[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(square_roots), cmocka_unit_test(integral_values),
        cmocka_unit_test(integers),     cmocka_unit_test(from_integers),
        cmocka_unit_test(arithmetic),   cmocka_unit_test(order),
        cmocka_unit_test(fclass_h_op),  cmocka_unit_test(fli_h_op),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
