/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "report/json_check.h"
#include "report/timeline.h"
#include "support/folder.h"

enum { EACH = 100 };

struct drawing {
    char *folder;
    struct timeline *timeline;
};

static int setup(void **state)
{
    struct drawing *d = calloc(1, sizeof(*d));
    char path[128];
    d->folder = folder_new();
    snprintf(path, sizeof(path), "%s/timeline", d->folder);
    d->timeline = timeline_open(path, NULL);
    assert_non_null(d->timeline);
    *state = d;
    return 0;
}

static int teardown(void **state)
{
    struct drawing *d = *state;
    folder_remove(d->folder);
    free(d);
    return 0;
}

static char *closed(struct drawing *d)
{
    assert_true(timeline_close(d->timeline, NULL));
    return folder_read(d->folder, "timeline");
}

/* Even: a hart's MSI to h1.S; odd: a device's through the IOMMU to h1.g2, at the same time. */
static struct sample sample_of(uint32_t i)
{
    vd_time t = 1000000 * (vd_time)(i / 2);
    if (i % 2)
        return (struct sample){
            .serial = 1 + i,
            .requester = 8,
            .file = (uint32_t)VD_FILE(1, 3),
            .identity = 6,
            .stamp = {t, t + 20000, t + 24000, t + 36000, t + 39000, t + 48000, t + 90000}};
    return (struct sample){.serial = 1 + i,
                           .requester = VD_REQUESTER_HART(1),
                           .file = (uint32_t)VD_FILE(1, 1),
                           .identity = 5,
                           .stamp = {t, t, t, t + 12000, t + 15000, t + 24000, t + 70000}};
}

static void timeline_arrow_per_msi(void **state)
{
    struct drawing *d = *state;
    struct timeline *t = d->timeline;
    for (uint32_t i = 0; i < 2 * EACH; i++) {
        struct sample s = sample_of(i);
        timeline_msi(t, &s, i % 2 ? "a02" : "e01");
    }
    char *text = closed(d);
    assert_true(json_valid(text));
    assert_int_equal(text_count(text, "\"ph\":\"s\""), 2 * EACH);
    assert_int_equal(text_count(text, "\"ph\":\"f\""), 2 * EACH);
    assert_int_equal(text_count(text, "\"ph\":\"t\""), 3 * EACH);
    assert_int_equal(text_count(text, "\"ph\":\"X\""), 7 * EACH);
    assert_int_equal(text_count(text, "\"thread_name\""), 7);
    assert_non_null(strstr(text, "{\"name\":\"device 00:01.0\"}"));
    assert_int_equal(text_count(text, "{\"name\":\"hart 1\"}"), 3);
    assert_non_null(strstr(text, "{\"name\":\"h1.g2\"}"));
    assert_non_null(
        strstr(text, "\"ts\":0.000000,\"dur\":0.001000,\"name\":\"e01 MSI 1 identity 5\"}"));
    free(text);
}

/* Slices that overlap would be torn by the viewer: each gets a lane of its own. */
static void timeline_lanes(void **state)
{
    struct drawing *d = *state;
    struct timeline *t = d->timeline;
    uint32_t track = timeline_track(t, TIMELINE_FILES, 1, "h0.S");
    assert_int_equal(timeline_track(t, TIMELINE_FILES, 1, "again"), track);
    assert_int_not_equal(timeline_track(t, TIMELINE_HARTS, 1, "hart 1"), track);
    timeline_slice(t, track, "one", 0, 10000);
    timeline_slice(t, track, "two \"quoted\"", 5000, 12000);
    timeline_flow(t, 9, track, 6000, TIMELINE_FLOW_STEP);
    timeline_slice(t, track, "three", 10000, 11000);
    timeline_instant(t, track, "wfi", 10500);
    char *text = closed(d);
    assert_true(json_valid(text));
    assert_non_null(strstr(text, "\"pid\":3,\"tid\":1,\"ts\":0.000000,\"dur\":0.010000,"
                                 "\"name\":\"one\""));
    assert_non_null(strstr(text, "\"pid\":3,\"tid\":2,\"ts\":0.005000"));
    assert_non_null(strstr(text, "\"ph\":\"t\",\"pid\":3,\"tid\":2,\"ts\":0.006000,\"id\":9"));
    assert_non_null(strstr(text, "\"pid\":3,\"tid\":1,\"ts\":0.010000"));
    free(text);
}

static void timeline_open_names_the_file(void **state)
{
    (void)state;
    struct vd_error err;
    assert_null(timeline_open("/nonexistent/timeline.json", &err));
    assert_non_null(strstr(err.text, "/nonexistent/timeline.json"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(timeline_arrow_per_msi),
        TEST(timeline_lanes),
        TEST(timeline_open_names_the_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
