/* SPDX-License-Identifier: BSD-2-Clause */
/* The ledger finds each planted violation under the name of its invariant, and the manual lists
 * them. */
#include <assert.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/ledger_violation.h"

static struct story *new_story(void)
{
    void *s = NULL;
    story_setup(&s);
    return s;
}

static void end_story(struct story *s)
{
    void *state = s;
    story_teardown(&state);
}

static bool found(const struct story *s, enum ledger_invariant invariant)
{
    char name[64];
    snprintf(name, sizeof(name), "[%s] ", ledger_invariant_name(invariant));
    for (uint32_t i = 0; i < ledger_num_findings(s->ledger); i++) {
        const struct ledger_finding *f = ledger_finding(s->ledger, i);
        if (f->invariant == invariant && !strncmp(f->text, name, strlen(name)))
            return true;
    }
    return false;
}

/* The planted violation changes nothing but what the story needs for it. */
static void invariant_is_found_by_name(void **state)
{
    const struct violation *row = *state;
    enum ledger_invariant invariant = (enum ledger_invariant)(row - violations);
    struct story *right = new_story(), *wrong = new_story();
    row->tell(right, false);
    if (!ledger_finish(right->ledger, right->now))
        fail_msg("'%s'", ledger_finding(right->ledger, 0)->text);
    row->tell(wrong, true);
    assert_int_equal(ledger_finish(wrong->ledger, wrong->now), row->note);
    if (!found(wrong, invariant))
        fail_msg("'%s'", ledger_finding(wrong->ledger, 0)->text);
    end_story(right);
    end_story(wrong);
}

/* docs/ledger.md has exactly the rows of ledger_invariants.def. */
static const char *const table[] = {
#define LEDGER_INVARIANT(id, name, sentence, checked)                                              \
    "| " #id " " name " | " sentence " | " checked " |\n",
#include "core/ledger_invariants.def"
#undef LEDGER_INVARIANT
};
enum { TABLE = sizeof(table) / sizeof(table[0]) };

static void the_manual_has_this_table(void **state)
{
    (void)state;
    char text[1024];
    uint32_t count = 0;
    FILE *in = fopen(LEDGER_MANUAL, "r");
    assert_non_null(in);
    while (fgets(text, sizeof(text), in)) {
        if (strncmp(text, "| I", 3) || !strchr("0123456789", text[3]))
            continue;
        assert_in_range(count, 0, TABLE - 1);
        assert_string_equal(text, table[count++]);
    }
    fclose(in);
    assert_int_equal(count, TABLE);
}

int main(void)
{
    struct CMUnitTest tests[LEDGER_INVARIANTS] = {cmocka_unit_test(the_manual_has_this_table)};
    for (int i = LEDGER_NO_INVARIANT + 1; i < LEDGER_INVARIANTS; i++) {
        assert(violations[i].tell);
        tests[i] = (struct CMUnitTest){.name = ledger_invariant_name((enum ledger_invariant)i),
                                       .test_func = invariant_is_found_by_name,
                                       .initial_state = (void *)&violations[i]};
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
