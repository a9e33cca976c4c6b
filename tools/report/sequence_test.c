/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "report/sequence.h"
#include "support/folder.h"

static char *drawn(const struct sequence *s)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    sequence_write(out, s, "A & B");
    fclose(out);
    return text;
}

static void arrows_and_notes_stand_on_the_lanes_in_use(void **state)
{
    (void)state;
    struct sequence *s = sequence_create();
    sequence_add(s, 1000000, LANE_DEVICE, LANE_IOMMU, "MSI %d", 7);
    sequence_add(s, 1004000, LANE_IOMMU, LANE_FILE, "<set>");
    sequence_add(s, 1010000, LANE_FILE, LANE_FILE, "a note");
    char *text = drawn(s);
    assert_non_null(strstr(text, "<title>A &amp; B</title>"));
    assert_non_null(strstr(text, ">MSI 7</text>"));
    assert_non_null(strstr(text, ">&lt;set&gt;</text>"));
    assert_non_null(strstr(text, ">0 ns</text>"));
    assert_non_null(strstr(text, ">10 ns</text>"));
    assert_int_equal(text_count(text, "class=\"head\""), 3);
    assert_int_equal(text_count(text, "class=\"arrow\""), 2);
    assert_int_equal(text_count(text, "<circle"), 1);
    assert_null(strstr(text, ">guest<"));
    assert_non_null(strstr(text, "prefers-color-scheme:dark"));
    free(text);
    sequence_destroy(s);
}

static void equal_neighbours_are_one_row(void **state)
{
    (void)state;
    struct sequence *s = sequence_create();
    for (int i = 0; i < 3; i++)
        sequence_add(s, 1000, LANE_HYPERVISOR, LANE_GUEST, "runs");
    sequence_add(s, 2000, LANE_GUEST, LANE_HYPERVISOR, "runs");
    assert_int_equal(sequence_rows(s), 2);
    char *text = drawn(s);
    assert_non_null(strstr(text, ">runs (3 times)</text>"));
    free(text);
    sequence_destroy(s);
}

static void too_many_rows_are_cut_off(void **state)
{
    (void)state;
    struct sequence *s = sequence_create();
    for (int i = 0; i < 1000; i++)
        sequence_add(s, 1000, LANE_HYPERVISOR, LANE_GUEST, "%d", i);
    assert_int_equal(sequence_rows(s), 200);
    free(drawn(s));
    sequence_destroy(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arrows_and_notes_stand_on_the_lanes_in_use),
        cmocka_unit_test(equal_neighbours_are_one_row),
        cmocka_unit_test(too_many_rows_are_cut_off),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
