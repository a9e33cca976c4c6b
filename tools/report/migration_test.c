/* SPDX-License-Identifier: BSD-2-Clause */
/* Moves of interrupt files, and MSIs that nobody handled, in every output. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "report/json_check.h"
#include "report/migration.h"
#include "report/timeline.h"
#include "support/folder.h"

enum { PATHS = 1, SAMPLES = 4, MIGRATIONS = 2, LANDINGS = 3 };

struct run {
    char *dir;
    struct report report;
    struct path_summary path;
    struct sample samples[SAMPLES];
    struct migration migrations[MIGRATIONS];
    struct landing landings[LANDINGS];
};

static int setup(void **state)
{
    struct run *r = calloc(1, sizeof(*r));
    r->dir = folder_new();
    r->path = (struct path_summary){.name = "b02", .title = "moves", .issued = SAMPLES};
    for (uint32_t i = 0; i < SAMPLES; i++) {
        r->samples[i] =
            (struct sample){.serial = 1 + i,
                            .requester = 8,
                            .file = i == SAMPLE_DROPPED ? SAMPLE_NO_FILE : (uint32_t)VD_FILE(1, 2),
                            .identity = 5,
                            .vm = 1,
                            .fate = (uint8_t)i};
        for (int s = 0; s < STAMP_COUNT; s++)
            r->samples[i].stamp[s] = 1000000 + 1000 * (vd_time)s;
        if (i != SAMPLE_CLAIMED)
            r->samples[i].stamp[STAMP_CLAIM] = SAMPLE_UNKNOWN;
    }
    r->migrations[0] = (struct migration){.vm = 1,
                                          .vcpu = 2,
                                          .from = VD_FILE(0, 2),
                                          .to = VD_FILE(1, 4),
                                          .begun = 1000000,
                                          .store = 1500000,
                                          .restored = 4750000,
                                          .ended = 5000000,
                                          .landed_old = 2,
                                          .landed_new = 1,
                                          .moved = 3,
                                          .merged = 1};
    r->migrations[1] = (struct migration){.vm = 1,
                                          .vcpu = 0,
                                          .from = VD_FILE(0, 3),
                                          .to = MIGRATION_MEMORY,
                                          .begun = 6000000,
                                          .store = 6000000,
                                          .restored = 7000000,
                                          .ended = 7000000};
    r->landings[0] = (struct landing){7, 1200000, 0, 5, LANDED_OLD, LANDING_MOVED};
    r->landings[1] = (struct landing){8, 1600000, 0, 6, LANDED_OLD, LANDING_MERGED};
    r->landings[2] = (struct landing){9, 2000000, 0, 6, LANDED_NEW, LANDING_STAYS};
    r->report = (struct report){.title = "moves",
                                .config = "",
                                .cycle_ps = 1000,
                                .paths = &r->path,
                                .num_paths = PATHS,
                                .samples = r->samples,
                                .num_samples = SAMPLES,
                                .migrations = r->migrations,
                                .num_migrations = MIGRATIONS,
                                .landings = r->landings,
                                .num_landings = LANDINGS};
    assert_true(report_summarize(&r->report, NULL));
    assert_true(report_write(r->dir, &r->report, NULL));
    *state = r;
    return 0;
}

static int teardown(void **state)
{
    struct run *r = *state;
    folder_remove(r->dir);
    free(r);
    return 0;
}

static void expect(const struct run *r, const char *name, const char *const *parts)
{
    char *text = folder_read(r->dir, name);
    for (; *parts; parts++)
        if (!strstr(text, *parts))
            fail_msg("%s does not say '%s'", name, *parts);
    free(text);
}

#define EXPECT(r, name, ...) expect(r, name, (const char *const[]){__VA_ARGS__, NULL})

static void tables_have_every_migration_and_landing(void **state)
{
    const struct run *r = *state;
    EXPECT(r, "migrations.csv", "\nb02,1,2,h0.g1,h1.g3,1000000,1500000,4750000,5000000,2,1,3,1\n",
           "\nb02,1,0,h0.g2,memory,6000000,6000000,7000000,7000000,0,0,0,0\n");
    EXPECT(r, "landings.csv", "\n0,7,5,1200000,old,moved\n", "\n0,8,6,1600000,old,merged\n",
           "\n0,9,6,2000000,new,stays\n");
}

static void json_has_blackout_and_landings(void **state)
{
    const struct run *r = *state;
    char *text = folder_read(r->dir, "summary.json");
    assert_true(json_valid(text));
    free(text);
    EXPECT(r, "summary.json", "\"from\": \"h0.g1\", \"to\": \"h1.g3\"", "\"blackout_ns\": 3250",
           "{\"serial\": 8, \"identity\": 6, \"when_ns\": 1600, \"place\": \"old\", \"end\": "
           "\"merged\"}",
           "\"to\": \"memory\"", "\"landings\": []");
}

static void page_draws_them(void **state)
{
    const struct run *r = *state;
    EXPECT(r, "report.html", "<h2>Migrations</h2>", "b02 vCPU 2: h0.g1 to h1.g3",
           "<title>blackout 3250 ns</title>", "<title>MSI 8, identity 6: old file, merged</title>",
           "<td>1500</td><td>3250</td><td>2</td><td>1</td><td>3</td><td>1</td>");
}

static void run_directory_reads_back(void **state)
{
    const struct run *r = *state;
    struct report back;
    struct vd_error err;
    char *page = folder_read(r->dir, "report.html");
    assert_true(report_load(r->dir, &back, &err));
    assert_int_equal(back.num_migrations, MIGRATIONS);
    assert_memory_equal(&back.migrations[1], &r->migrations[1], sizeof(r->migrations[1]));
    assert_int_equal(back.num_landings, LANDINGS);
    assert_int_equal(back.samples[1].file, SAMPLE_NO_FILE);
    assert_true(report_write_page(r->dir, &back, &err));
    char *again = folder_read(r->dir, "report.html");
    assert_string_equal(page, again);
    free(page);
    free(again);
    report_free(&back);
}

static void what_nobody_handled_is_marked_and_not_measured(void **state)
{
    const struct run *r = *state;
    char path[128];
    assert_int_equal(r->path.samples, 1);
    assert_int_equal(r->path.total.max, 6000);
    EXPECT(r, "samples.csv", ",claimed\n", ",device,8,-,5,1,", ",dropped\n", ",lost\n", ",stray\n");
    snprintf(path, sizeof(path), "%s/timeline.json", r->dir);
    struct timeline *timeline = timeline_open(path, NULL);
    for (uint32_t i = 0; i < SAMPLES; i++)
        timeline_msi(timeline, &r->samples[i], "b02");
    assert_true(timeline_close(timeline, NULL));
    char *text = folder_read(r->dir, "timeline.json");
    assert_true(json_valid(text));
    free(text);
    EXPECT(r, "timeline.json", "b02 MSI 1 identity 5\"", "b02 MSI 2 identity 5: dropped",
           "b02 MSI 3 identity 5: lost", "b02 MSI 4 identity 5: stray");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(tables_have_every_migration_and_landing),
        TEST(json_has_blackout_and_landings),
        TEST(page_draws_them),
        TEST(run_directory_reads_back),
        TEST(what_nobody_handled_is_marked_and_not_measured),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
