/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of the example, some of them lax on purpose: mutate_test knows which mutants live. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "example.h"

static void empty(void **state)
{
    (void)state;
    assert_true(example_empty(0, 3));
    assert_false(example_empty(1, 3));
}

/* Nothing at the limit itself. */
static void inside(void **state)
{
    (void)state;
    assert_true(example_inside(1, 3));
    assert_false(example_inside(5, 3));
}

static void cause(void **state)
{
    (void)state;
    assert_int_equal(example_cause(4), EXAMPLE_NONE);
    assert_int_equal(example_cause(3), EXAMPLE_NARROW);
    assert_int_equal(example_cause(5), EXAMPLE_WIDE);
}

static void writable(void **state)
{
    (void)state;
    assert_int_equal(example_writable(0, 0xff), 0x3);
    assert_int_equal(example_writable(1, 0xff), 0x0);
    assert_int_equal(example_writable(1, 0), 0x4);
}

/* Never without `user`. */
static void granted(void **state)
{
    (void)state;
    assert_true(example_granted(true, true));
    assert_false(example_granted(false, true));
}

static void cleared(void **state)
{
    (void)state;
    assert_int_equal(example_cleared(0xff), 0xf7);
}

static void low(void **state)
{
    (void)state;
    assert_int_equal(example_low(0xff), 0x80);
}

static void both(void **state)
{
    (void)state;
    assert_true(example_both(true));
    assert_false(example_both(false));
}

static void sum(void **state)
{
    (void)state;
    assert_int_equal(example_sum(0), 0);
    assert_int_equal(example_sum(3), 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(empty),    cmocka_unit_test(inside),  cmocka_unit_test(cause),
        cmocka_unit_test(writable), cmocka_unit_test(granted), cmocka_unit_test(cleared),
        cmocka_unit_test(low),      cmocka_unit_test(both),    cmocka_unit_test(sum),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
