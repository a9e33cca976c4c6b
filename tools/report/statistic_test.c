/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "report/statistic.h"

static void percentiles_by_nearest_rank(void **state)
{
    (void)state;
    vd_time ten[] = {100, 90, 80, 70, 60, 50, 40, 30, 20, 10};
    struct statistic s = statistic_of(ten, 10);
    assert_int_equal(s.p50, 50);
    assert_int_equal(s.p90, 90);
    assert_int_equal(s.p99, 100);
    assert_int_equal(s.max, 100);
    assert_int_equal(s.mean, 55);
    vd_time one[] = {7};
    s = statistic_of(one, 1);
    assert_int_equal(s.p50, 7);
    assert_int_equal(s.p99, 7);
    vd_time hundred[101];
    for (int i = 0; i < 101; i++)
        hundred[i] = (vd_time)(100 - i);
    s = statistic_of(hundred, 101);
    assert_int_equal(s.p50, 50);
    assert_int_equal(s.p90, 90);
    assert_int_equal(s.p99, 99);
    assert_int_equal(s.max, 100);
    vd_time huge[] = {UINT64_MAX - 1, UINT64_MAX - 3};
    assert_int_equal(statistic_of(huge, 2).mean, UINT64_MAX - 2);
    assert_int_equal(statistic_of(NULL, 0).max, 0);
}

/* The value that `percent` of all values do not exceed is the smallest with enough values at or
 * below it. */
static void check_rank(const vd_time *values, size_t count, vd_time got, unsigned percent)
{
    size_t below = 0, at = 0;
    for (size_t i = 0; i < count; i++) {
        below += values[i] < got;
        at += values[i] == got;
    }
    assert_true(at > 0);
    assert_true(below * 100 < percent * count && (below + at) * 100 >= percent * count);
}

static void percentiles_of_any_order(void **state)
{
    (void)state;
    uint64_t seed = 1;
    for (size_t count = 1; count < 200; count++) {
        vd_time values[200], reordered[200];
        for (size_t i = 0; i < count; i++) {
            seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
            reordered[i] = values[i] = (seed >> 33) % (count % 5 ? 7 : 1000);
        }
        struct statistic s = statistic_of(reordered, count);
        check_rank(values, count, s.p50, 50);
        check_rank(values, count, s.p90, 90);
        check_rank(values, count, s.p99, 99);
        check_rank(values, count, s.max, 100);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(percentiles_by_nearest_rank),
        cmocka_unit_test(percentiles_of_any_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
