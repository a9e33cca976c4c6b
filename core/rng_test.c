/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/rng.h"

static void rng_is_xoshiro256starstar(void **state)
{
    struct rng rng = {{1, 2, 3, 4}};
    uint64_t seed = 1234567;
    (void)state;
    assert_int_equal(rng_next(&rng), 11520);
    assert_int_equal(rng_next(&rng), 0);
    assert_int_equal(rng_next(&rng), 1509978240);
    assert_int_equal(rng_splitmix(&seed), UINT64_C(6457827717110365317));
}

static void below_is_within_its_bound_and_reaches_all_of_it(void **state)
{
    struct rng rng;
    uint32_t seen[3] = {0};
    (void)state;
    rng_seed(&rng, 1);
    for (int i = 0; i < 3000; i++) {
        uint64_t value = rng_below(&rng, 3);
        assert_true(value < 3);
        seen[value]++;
    }
    for (int i = 0; i < 3; i++)
        assert_true(seen[i] > 900 && seen[i] < 1100);
    assert_int_equal(rng_below(&rng, 0), 0);
    assert_int_equal(rng_below(&rng, 1), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rng_is_xoshiro256starstar),
        cmocka_unit_test(below_is_within_its_bound_and_reaches_all_of_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
