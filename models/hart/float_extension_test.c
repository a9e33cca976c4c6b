/* SPDX-License-Identifier: BSD-2-Clause */
/* Zfa and Zfhmin: known answers, and every half there and back. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "hart/float.h"

static void fli_op(void **state)
{
    (void)state;
    static const double values[] = {
        -1,    0,     0x1p-16, 0x1p-15, 0x1p-8, 0x1p-7, 0.0625, 0.125, 0.25,  0.3125,
        0.375, .4375, 0.5,     0.625,   0.75,   0.875,  1,      1.25,  1.5,   1.75,
        2,     2.5,   3,       4,       8,      16,     128,    256,   32768, 65536,
    };
    for (unsigned i = 0; i < 30; i++) {
        uint64_t bits;
        memcpy(&bits, &values[i], sizeof(bits));
        float single = (float)values[i];
        uint32_t bits32;
        memcpy(&bits32, &single, sizeof(bits32));
        assert_int_equal(f64_immediate(i), i == 1 ? UINT64_C(1) << 52 : bits);
        assert_int_equal(f32_immediate(i), i == 1 ? UINT32_C(1) << 23 : bits32);
    }
    assert_int_equal(f32_immediate(30), 0x7f800000);
    assert_int_equal(f64_immediate(31), F64_NAN);
}

static void fminm_fmaxm_op(void **state)
{
    (void)state;
    const uint32_t one = 0x3f800000, zero = 0, minus_zero = 0x80000000;
    uint8_t flags = 0;
    assert_int_equal(f32_minm(zero, minus_zero, &flags), minus_zero);
    assert_int_equal(f32_maxm(zero, minus_zero, &flags), zero);
    assert_int_equal(f32_minm(one, F32_NAN, &flags), F32_NAN);
    assert_int_equal(f32_maxm(0x7fc11111, one, &flags), F32_NAN);
    assert_int_equal(flags, 0);
    assert_int_equal(f32_maxm(0x7f811111, one, &flags), F32_NAN);
    assert_int_equal(flags, FLOAT_NV);
    assert_int_equal(f64_maxm(UINT64_C(0x3ff0000000000000), 0, &flags),
                     UINT64_C(0x3ff0000000000000));
}

static void fleq_fltq_op(void **state)
{
    (void)state;
    const uint32_t one = 0x3f800000;
    uint8_t flags = 0;
    assert_true(f32_leq(one, one, &flags));
    assert_false(f32_ltq(one, one, &flags));
    assert_true(f32_leq(0x80000000, 0, &flags));
    assert_true(f32_ltq(0, one, &flags));
    assert_false(f32_leq(F32_NAN, one, &flags));
    assert_false(f32_ltq(one, F32_NAN, &flags));
    assert_int_equal(flags, 0);
    assert_false(f64_ltq(UINT64_C(0x7ff0000000000001), 0, &flags));
    assert_int_equal(flags, FLOAT_NV);
    flags = 0;
    assert_false(f64_leq(0, UINT64_C(0x7ff0000000000001), &flags));
    assert_int_equal(flags, FLOAT_NV);
}

static void fcvtmod_w_d_op(void **state)
{
    (void)state;
    static const struct {
        double value;
        int32_t result;
        uint8_t flags;
    } rows[] = {
        {0, 0, 0},
        {1.75, 1, FLOAT_NX},
        {-1.75, -1, FLOAT_NX},
        {-0.25, 0, FLOAT_NX},
        {2147483648.0, INT32_MIN, FLOAT_NV},
        {-2147483648.0, INT32_MIN, 0},
        {-2147483648.5, INT32_MIN, FLOAT_NX},
        {4294967301.5, 5, FLOAT_NV},
        {-4294967301.0, -5, FLOAT_NV},
        {0x1p83 + 0x1p31, INT32_MIN, FLOAT_NV},
        {0x1.8p84, 0, FLOAT_NV},
        {0x1p300, 0, FLOAT_NV},
        {(double)INFINITY, 0, FLOAT_NV},
        {(double)NAN, 0, FLOAT_NV},
        {0x1.0000000000001p63, 2048, FLOAT_NV},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint64_t bits;
        uint8_t flags = 0;
        memcpy(&bits, &rows[i].value, sizeof(bits));
        uint64_t result = f64_to_int_modular(bits, &flags);
        if (result != (uint64_t)(int64_t)rows[i].result || flags != rows[i].flags)
            fail_msg("row %zu: %lx, flags %x", i, result, flags);
    }
}

/* Every half, there and back; and what becomes of values between. */
static void halves_convert(void **state)
{
    (void)state;
    for (unsigned h = 0; h < 0x10000; h++) {
        uint8_t flags = 0;
        uint32_t single = f16_to_f32((uint16_t)h, &flags);
        bool nan = (h & 0x7fff) > 0x7c00;
        assert_int_equal(flags, nan && !(h & 0x200) ? FLOAT_NV : 0);
        float value;
        memcpy(&value, &single, sizeof(value));
        if (!nan && (h & 0x7c00) != 0x7c00) {
            unsigned exponent = h >> 10 & 31;
            double magnitude =
                ldexp((h & 0x3ff) | (exponent ? 0x400 : 0), (exponent ? (int)exponent : 1) - 25);
            assert_true((double)fabsf(value) == magnitude);
            assert_int_equal(signbit(value) != 0, h >> 15);
        }
        flags = 0;
        uint16_t back = f32_to_f16(single, FLOAT_RTZ, &flags);
        assert_int_equal(back, nan ? F16_NAN : h);
        assert_int_equal(f64_to_f16(f16_to_f64((uint16_t)h, &flags), FLOAT_RUP, &flags), back);
        assert_int_equal(flags & ~FLOAT_NV, 0);
    }
    uint8_t flags = 0;
    assert_int_equal(f32_to_f16(0x477ff000, FLOAT_RNE, &flags), 0x7c00); /* 65520 */
    assert_int_equal(flags, FLOAT_OF | FLOAT_NX);
    flags = 0;
    assert_int_equal(f32_to_f16(0x33000000, FLOAT_RNE, &flags), 0); /* half the least */
    assert_int_equal(flags, FLOAT_UF | FLOAT_NX);
    assert_int_equal(f32_to_f16(0x33000001, FLOAT_RNE, &flags), 1);
    assert_int_equal(f64_to_f16(UINT64_C(0xbff0020000000000), FLOAT_RDN, &flags), 0xbc01);
}

static void halves_are_boxed(void **state)
{
    (void)state;
    assert_int_equal(box16(5), UINT64_C(0xffffffffffff0005));
    assert_int_equal(unbox16(UINT64_C(0xffffffffffff0005)), 5);
    assert_int_equal(unbox16(UINT64_C(0xfffffffffffe0005)), F16_NAN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fli_op),         cmocka_unit_test(fminm_fmaxm_op),
        cmocka_unit_test(fleq_fltq_op),   cmocka_unit_test(fcvtmod_w_d_op),
        cmocka_unit_test(halves_convert), cmocka_unit_test(halves_are_boxed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
