/* SPDX-License-Identifier: BSD-2-Clause */
/* Level-sensitive sources with more than one cause. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/ledger_story.h"

enum { SOURCE = 35, APLIC_PORT = 9 };

static void asserted(struct story *s, bool yes)
{
    tell(s, (struct vd_record){
                .kind = VD_REC_aplic_level, .source = APLIC_PORT, .a = SOURCE, .b = yes});
}

static void pending(struct story *s, bool yes)
{
    tell(s, (struct vd_record){
                .kind = VD_REC_aplic_pend, .source = APLIC_PORT, .a = SOURCE, .b = yes});
}

/* The wire goes up, its MSI leaves and is claimed. */
static void first_cause(struct story *s)
{
    asserted(s, true);
    pending(s, true);
    pending(s, false);
    arrive_in(s, 1, GUEST_FILE, 5);
    claim(s, GUEST_FILE, 5);
}

static void level_that_is_served_is_balanced(void **state)
{
    struct story *s = *state;
    first_cause(s);
    asserted(s, false);
    phase(s, QUIET);
    balanced(s);
}

/* The second cause keeps the wire up, and the handler does not look. */
static void second_cause_of_a_level_is_lost(void **state)
{
    struct story *s = *state;
    first_cause(s);
    phase(s, QUIET);
    violated(s, LEDGER_LOST, "APLIC source 35", "nothing has looked at the level again");
    assert_int_equal(counts(s)->lost, 1);
    assert_int_equal(counts(s)->claimed, 1);
}

static void level_looked_at_again_is_not_lost(void **state)
{
    struct story *s = *state;
    first_cause(s);
    pending(s, true);
    pending(s, false);
    arrive_in(s, 2, GUEST_FILE, 5);
    claim(s, GUEST_FILE, 5);
    asserted(s, false);
    phase(s, QUIET);
    balanced(s);
}

/* Disabled, so that no MSI has left: software knows where to look. */
static void level_that_waits_in_the_aplic_is_not_lost(void **state)
{
    struct story *s = *state;
    asserted(s, true);
    pending(s, true);
    phase(s, QUIET);
    balanced(s);
}

static void level_of_a_source_that_is_switched_off_is_not_lost(void **state)
{
    struct story *s = *state;
    first_cause(s);
    asserted(s, false);
    pending(s, false);
    phase(s, QUIET);
    balanced(s);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, story_setup, story_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(level_that_is_served_is_balanced),
        TEST(second_cause_of_a_level_is_lost),
        TEST(level_looked_at_again_is_not_lost),
        TEST(level_that_waits_in_the_aplic_is_not_lost),
        TEST(level_of_a_source_that_is_switched_off_is_not_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
