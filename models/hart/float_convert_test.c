/* SPDX-License-Identifier: BSD-2-Clause */
/* Conversions to and from integers, comparisons and classes against the host's own arithmetic. */
#include <fenv.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "hart/float.h"

#define COUNT(table) (sizeof(table) / sizeof(table[0]))

static const double numbers[] = {
    0.0,
    0.25,
    0.5,
    0.75,
    1.0,
    1.25,
    1.5,
    1.75,
    2.5,
    3.5,
    127.5,
    0x1p-1074,
    0x1p-1022,
    0x1p-149,
    0x1p-126,
    0x1.fffffep30,
    0x1.fffffffp30,
    2147483646.5,
    2147483647.0,
    2147483647.25,
    2147483647.5,
    2147483648.0,
    2147483648.5,
    2147483649.0,
    4294967294.5,
    4294967295.0,
    4294967295.25,
    4294967295.5,
    4294967296.0,
    0x1p52,
    0x1.0000000000001p52,
    0x1.8p51,
    0x1p53,
    0x1.fffffep62,
    0x1.fffffffffffffp62,
    0x1p63,
    0x1.0000000000001p63,
    0x1.fffffffffffffp63,
    0x1p64,
    0x1.0000000000001p64,
    0x1p65,
    0x1p66,
    0x1p100,
    0x1.fffffep127,
    0x1.fffffffffffffp1023,
    INFINITY,
    NAN,
};

static uint64_t bits_of(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof(bits));
    return bits;
}

static uint32_t bits_of_single(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof(bits));
    return bits;
}

static double rounded(double value, unsigned rm)
{
    static const int modes[] = {FE_TONEAREST, FE_TOWARDZERO, FE_DOWNWARD, FE_UPWARD};
    if (rm == FLOAT_RMM)
        return round(value);
    fesetround(modes[rm]);
    volatile double result = rint(value);
    fesetround(FE_TONEAREST);
    return result;
}

/* What lies outside is the nearest integer that there is, and invalid. */
static uint64_t converted(double value, enum float_int type, unsigned rm, uint8_t *flags)
{
    static const struct {
        double least, end; /* end: the first that is too large */
        uint64_t lowest, highest;
    } ranges[] = {
        [FLOAT_I32] = {-0x1p31, 0x1p31, UINT64_C(0xffffffff80000000), INT32_MAX},
        [FLOAT_U32] = {0, 0x1p32, 0, UINT64_MAX},
        [FLOAT_I64] = {-0x1p63, 0x1p63, UINT64_C(1) << 63, INT64_MAX},
        [FLOAT_U64] = {0, 0x1p64, 0, UINT64_MAX},
    };
    double whole = rounded(value, rm);
    *flags = FLOAT_NV;
    if (value != value || whole >= ranges[type].end)
        return ranges[type].highest;
    if (whole < ranges[type].least)
        return ranges[type].lowest;
    *flags = whole != value ? FLOAT_NX : 0;
    if (type == FLOAT_U64)
        return (uint64_t)whole;
    return type == FLOAT_U32 ? (uint64_t)(int64_t)(int32_t)(uint32_t)whole
                             : (uint64_t)(int64_t)whole;
}

static void to_integers(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2 * COUNT(numbers); i++)
        for (unsigned type = FLOAT_I32; type <= FLOAT_U64; type++)
            for (unsigned rm = FLOAT_RNE; rm <= FLOAT_RMM; rm++) {
                double value = i & 1 ? -numbers[i / 2] : numbers[i / 2];
                float single = (float)value;
                uint8_t expected = 0, flags = 0;
                uint64_t answer = converted(value, (enum float_int)type, rm, &expected);
                if (f64_to_int(bits_of(value), (enum float_int)type, rm, &flags) != answer ||
                    flags != expected)
                    fail_msg("%a to type %u, mode %u", value, type, rm);
                flags = 0;
                answer = converted(single, (enum float_int)type, rm, &expected);
                if (f32_to_int(bits_of_single(single), (enum float_int)type, rm, &flags) !=
                        answer ||
                    flags != expected)
                    fail_msg("%a (single) to type %u, mode %u", (double)single, type, rm);
            }
}

static double from_host(uint64_t v, enum float_int type)
{
    volatile double result = 0;
    if (type == FLOAT_I32)
        result = (int32_t)v;
    else if (type == FLOAT_U32)
        result = (uint32_t)v;
    else if (type == FLOAT_I64)
        result = (double)(int64_t)v;
    else
        result = (double)v;
    return result;
}

static float single_from_host(uint64_t v, enum float_int type)
{
    volatile float result = 0;
    if (type == FLOAT_I32)
        result = (float)(int32_t)v;
    else if (type == FLOAT_U32)
        result = (float)(uint32_t)v;
    else if (type == FLOAT_I64)
        result = (float)(int64_t)v;
    else
        result = (float)v;
    return result;
}

static void from_integers(void **state)
{
    (void)state;
    static const int modes[] = {FE_TONEAREST, FE_TOWARDZERO, FE_DOWNWARD, FE_UPWARD};
    for (unsigned i = 0; i < 64 * 4; i++)
        for (unsigned type = FLOAT_I32; type <= FLOAT_U64; type++)
            for (unsigned rm = FLOAT_RNE; rm <= FLOAT_RUP; rm++) {
                static const uint64_t beside[] = {0, 1, UINT64_MAX, UINT64_C(0x5555555555)};
                uint64_t v = (UINT64_C(1) << i / 4) + beside[i % 4];
                uint8_t flags = 0, expected = 0;
                fesetround(modes[rm]);
                feclearexcept(FE_ALL_EXCEPT);
                double answer = from_host(v, (enum float_int)type);
                expected = fetestexcept(FE_INEXACT) ? FLOAT_NX : 0;
                feclearexcept(FE_ALL_EXCEPT);
                float single = single_from_host(v, (enum float_int)type);
                bool inexact = fetestexcept(FE_INEXACT);
                fesetround(FE_TONEAREST);
                assert_true(f64_from_int(v, (enum float_int)type, rm, &flags) == bits_of(answer));
                assert_int_equal(flags, expected);
                flags = 0;
                assert_int_equal(f32_from_int(v, (enum float_int)type, rm, &flags),
                                 bits_of_single(single));
                assert_int_equal(flags, inexact ? FLOAT_NX : 0);
            }
}

static uint64_t class_of(int kind, bool negative, bool quiet)
{
    if (kind == FP_NAN)
        return quiet ? 1 << 9 : 1 << 8;
    unsigned distance = kind == FP_INFINITE    ? 0
                        : kind == FP_NORMAL    ? 1
                        : kind == FP_SUBNORMAL ? 2
                                               : 3;
    return UINT64_C(1) << (negative ? distance : 7 - distance);
}

/* [unpriv norm:fclass-s_op] */
static void classes(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2 * COUNT(numbers); i++) {
        double value = i & 1 ? -numbers[i / 2] : numbers[i / 2];
        volatile float single = (float)value;
        assert_int_equal(f64_class(bits_of(value)),
                         class_of(fpclassify(value), signbit(value), true));
        assert_int_equal(f32_class(bits_of_single(single)),
                         class_of(fpclassify(single), signbit(single), true));
    }
    assert_int_equal(f64_class(UINT64_C(0x7ff0000000000001)), class_of(FP_NAN, false, false));
    assert_int_equal(f32_class(0xff800001), class_of(FP_NAN, true, false));
}

static void check_order(double a, double b)
{
    uint64_t x = bits_of(a), y = bits_of(b);
    uint32_t s = bits_of_single((float)a), t = bits_of_single((float)b);
    bool nan = a != a || b != b;
    uint8_t quiet = 0, loud = 0;
    assert_int_equal(f64_eq(x, y, &quiet), a == b);
    assert_int_equal(f64_ltq(x, y, &quiet), a < b);
    assert_int_equal(f64_leq(x, y, &quiet), a <= b);
    assert_int_equal(f32_eq(s, t, &quiet), (float)a == (float)b);
    assert_int_equal(f32_ltq(s, t, &quiet), (float)a < (float)b);
    assert_int_equal(f32_leq(s, t, &quiet), (float)a <= (float)b);
    assert_int_equal(quiet, 0);
    assert_int_equal(f64_lt(x, y, &loud), a < b);
    assert_int_equal(loud, nan ? FLOAT_NV : 0);
    loud = 0;
    assert_int_equal(f64_le(x, y, &loud), a <= b);
    assert_int_equal(loud, nan ? FLOAT_NV : 0);
    loud = 0;
    assert_int_equal(f32_lt(s, t, &loud), (float)a < (float)b);
    assert_int_equal(loud, nan ? FLOAT_NV : 0);
    loud = 0;
    assert_int_equal(f32_le(s, t, &loud), (float)a <= (float)b);
    assert_int_equal(loud, nan ? FLOAT_NV : 0);
}

/* [unpriv norm:fmin-s_fmax-s_one_nan_input]: the other operand of a NaN; fminm and fmaxm: the NaN.
 */
static void check_least(double a, double b)
{
    uint64_t x = bits_of(a), y = bits_of(b);
    uint32_t s = bits_of_single((float)a), t = bits_of_single((float)b);
    bool below = a < b || (a == b && signbit(a)), single_below = (float)a < (float)b || below;
    if ((float)a == (float)b)
        single_below = signbit(a);
    uint64_t least = below ? x : y, most = below ? y : x;
    uint32_t single_least = single_below ? s : t, single_most = single_below ? t : s;
    uint8_t flags = 0;
    if (a != a || b != b) {
        assert_true(f64_minm(x, y, &flags) == F64_NAN && f64_maxm(x, y, &flags) == F64_NAN);
        assert_true(f32_minm(s, t, &flags) == F32_NAN && f32_maxm(s, t, &flags) == F32_NAN);
        least = most = a == a ? x : b == b ? y : F64_NAN;
        single_least = single_most = a == a ? s : b == b ? t : F32_NAN;
    } else {
        assert_true(f64_minm(x, y, &flags) == least && f64_maxm(x, y, &flags) == most);
        assert_true(f32_minm(s, t, &flags) == single_least);
        assert_true(f32_maxm(s, t, &flags) == single_most);
    }
    assert_true(f64_min(x, y, &flags) == least && f64_max(x, y, &flags) == most);
    assert_true(f32_min(s, t, &flags) == single_least && f32_max(s, t, &flags) == single_most);
    assert_int_equal(flags, 0);
}

static void signaling_operands(void **state)
{
    (void)state;
    const uint64_t bad = UINT64_C(0x7ff0000000000001), one = bits_of(1);
    const uint32_t worse = 0xff800001, single = bits_of_single(1);
    for (unsigned second = 0; second < 2; second++) {
        uint64_t a = second ? one : bad, b = second ? bad : one;
        uint32_t s = second ? single : worse, t = second ? worse : single;
        uint8_t flags[14] = {0};
        assert_true(f64_min(a, b, &flags[0]) == one && f64_max(a, b, &flags[1]) == one);
        assert_true(f32_min(s, t, &flags[2]) == single && f32_max(s, t, &flags[3]) == single);
        assert_false(f64_eq(a, b, &flags[4]) || f64_ltq(a, b, &flags[5]));
        assert_false(f64_leq(a, b, &flags[6]) || f32_eq(s, t, &flags[7]));
        assert_false(f32_ltq(s, t, &flags[8]) || f32_leq(s, t, &flags[9]));
        assert_true(f64_minm(a, b, &flags[10]) == F64_NAN && f64_maxm(a, b, &flags[11]) == F64_NAN);
        assert_true(f32_minm(s, t, &flags[12]) == F32_NAN && f32_maxm(s, t, &flags[13]) == F32_NAN);
        for (unsigned i = 0; i < sizeof(flags); i++)
            assert_int_equal(flags[i], FLOAT_NV);
    }
}

/* Whatever flags are there already, inexact is told. */
static void flags_accumulate(void **state)
{
    (void)state;
    const uint64_t one = bits_of(1), tiny = bits_of(0x1p-200), third = bits_of(3);
    const uint32_t single = bits_of_single(1), small = bits_of_single(0x1p-100f);
    const uint32_t three = bits_of_single(3);
    for (uint8_t before = 0; before < 32; before++) {
        uint8_t flags[8];
        memset(flags, before, sizeof(flags));
        assert_true(f64_add(one, tiny, FLOAT_RNE, &flags[0]) == one);
        assert_true(f64_sub(one, tiny, FLOAT_RNE, &flags[1]) == one);
        f64_div(one, third, FLOAT_RNE, &flags[2]);
        f64_mul(bits_of(0.1), bits_of(0.1), FLOAT_RNE, &flags[3]);
        assert_int_equal(f32_add(single, small, FLOAT_RNE, &flags[4]), single);
        assert_int_equal(f32_sub(single, small, FLOAT_RNE, &flags[5]), single);
        f32_div(single, three, FLOAT_RNE, &flags[6]);
        f32_mul(bits_of_single(0.1f), bits_of_single(0.1f), FLOAT_RNE, &flags[7]);
        for (unsigned i = 0; i < sizeof(flags); i++)
            assert_int_equal(flags[i], before | FLOAT_NX);
    }
}

static void order(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2 * COUNT(numbers); i++)
        for (size_t j = 0; j < 2 * COUNT(numbers); j++) {
            double a = i & 1 ? -numbers[i / 2] : numbers[i / 2];
            double b = j & 1 ? -numbers[j / 2] : numbers[j / 2];
            check_order(a, b);
            check_least(a, b);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(to_integers),
        cmocka_unit_test(from_integers),
        cmocka_unit_test(classes),
        cmocka_unit_test(order),
        cmocka_unit_test(signaling_operands),
        cmocka_unit_test(flags_accumulate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
