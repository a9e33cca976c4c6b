/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "report/csv.h"
#include "report/json_check.h"
#include "report/number.h"
#include "report/report.h"
#include "support/folder.h"

enum { EACH = 120, SAMPLES = 3 * EACH };

struct run {
    char *dir;
    struct report report;
    struct path_summary paths[3];
    struct sample samples[SAMPLES];
};

static const char *const findings[] = {"MSI 7 (identity 3) was lost, last seen in h0.g1 at 1,5 us"};

static struct sample sample_of(uint32_t path, uint32_t i)
{
    vd_time t = 1000000 * (vd_time)i + 250;
    struct sample s = {.serial = 1 + path * EACH + i,
                       .path = path,
                       .requester = path == 0 ? VD_REQUESTER_HART(1) : 8,
                       .file = (uint32_t)VD_FILE(1, path == 0 ? 1 : 3),
                       .identity = 5 + i % 3,
                       .vm = path == 0 ? -1 : 1,
                       .vcpu = 0,
                       .traps = path == 2 ? 2 : 0,
                       .inexact = i == 3};
    const vd_time steps[STAMP_COUNT] = {0, 20000, 4000 + 1000 * (i % 7), 12000, 3000, 9000, 25500};
    for (int k = 0; k < STAMP_COUNT; k++)
        s.stamp[k] = t += steps[k] * (path == 2 ? 9 : 1);
    if (path == 0)
        s.stamp[STAMP_ACCEPT] = s.stamp[STAMP_TRANSLATE] = SAMPLE_UNKNOWN;
    return s;
}

static int setup(void **state)
{
    static const char *const names[] = {"a01", "a02", "a07"};
    static const char *const titles[] = {"native, to the host", "guest file, \"hot\" <caches>",
                                         "software file & injection"};
    struct run *r = calloc(1, sizeof(*r));
    r->dir = folder_new();
    for (uint32_t p = 0; p < 3; p++) {
        r->paths[p] = (struct path_summary){.name = names[p],
                                            .title = titles[p],
                                            .issued = EACH,
                                            .claimed = EACH,
                                            .traps = p == 2 ? 2 * EACH + 1 : 0};
        for (uint32_t i = 0; i < EACH; i++)
            r->samples[p * EACH + i] = sample_of(p, i);
    }
    r->report = (struct report){.title = "Paths of \"one\" <MSI>",
                                .command = "viaduct exp run a01\n --seed 1",
                                .timing = "inorder",
                                .version = "0.1.0",
                                .config = "harts: 2\nimsic:\n  guests: 3 # <&>\n",
                                .seed = 1,
                                .trace_hash = 0xfeedfacecafebeef,
                                .cycle_ps = 1000,
                                .paths = r->paths,
                                .num_paths = 3,
                                .samples = r->samples,
                                .num_samples = SAMPLES};
    assert_true(report_summarize(&r->report, NULL));
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

static void normalize_fills_unknown(void **state)
{
    (void)state;
    const vd_time u = SAMPLE_UNKNOWN;
    struct sample s = {.stamp = {100, u, u, 130, u, u, 170}};
    sample_normalize(&s);
    const vd_time expected[] = {100, 100, 100, 130, 130, 130, 170};
    assert_memory_equal(s.stamp, expected, sizeof(expected));
    assert_int_equal(sample_segment(&s, SEGMENT_DEVICE), 0);
    assert_int_equal(sample_segment(&s, SEGMENT_FABRIC), 30);
    assert_int_equal(sample_segment(&s, SEGMENT_CLAIM), 40);
    struct sample late = {.stamp = {u, u, 20, 30, 10, 12, 50}};
    sample_normalize(&late);
    const vd_time clamped[] = {20, 20, 20, 30, 30, 30, 50};
    assert_memory_equal(late.stamp, clamped, sizeof(clamped));
    struct sample none = {.stamp = {u, u, u, u, u, u, u}};
    sample_normalize(&none);
    assert_int_equal(sample_total(&none), 0);
}

static void segments_sum_to_total(void **state)
{
    struct run *r = *state;
    for (size_t i = 0; i < SAMPLES; i++) {
        vd_time sum = 0;
        for (int s = 0; s < SEGMENT_COUNT; s++)
            sum += sample_segment(&r->samples[i], (enum sample_segment)s);
        assert_int_equal(sum, sample_total(&r->samples[i]));
    }
}

static void summary_counts_own_claims_only(void **state)
{
    (void)state;
    struct sample samples[4] = {
        {.path = 2, .inexact = true}, {.path = 2}, {.path = 2}, {.path = 3}};
    for (unsigned i = 0; i < 4; i++)
        for (int k = 0; k < STAMP_COUNT; k++)
            samples[i].stamp[k] = 1000 * (i + 1) * (unsigned)k;
    samples[2].coalesced_into = 9;
    struct path_summary p = {.inexact = 77};
    assert_true(path_summarize(&p, 2, samples, 4));
    assert_int_equal(p.samples, 2);
    assert_int_equal(p.inexact, 1);
    assert_int_equal(p.total.max, 12000);
    assert_int_equal(p.total.p50, 6000);
    assert_int_equal(p.segment[SEGMENT_CLAIM].max, 2000);
}

static void numbers(void **state)
{
    (void)state;
    assert_string_equal(number_of(2500, 1000, 1).text, "2.5");
    assert_string_equal(number_of(2000, 1000, 3).text, "2");
    assert_string_equal(number_of(1999, 1000, 1).text, "2");
    assert_string_equal(number_of(100000, 1000, 0).text, "100");
    assert_string_equal(number_of(1, 3, 3).text, "0.333");
    assert_string_equal(number_of(UINT64_MAX, 1, 0).text, "18446744073709551615");
    assert_string_equal(number_ns(1005).text, "1.005");
    assert_string_equal(number_ratio(5, 3).text, "1.67");
    assert_string_equal(number_ratio(5, 0).text, "-");
    assert_string_equal(file_name((uint32_t)VD_FILE(3, 0)).text, "h3.M");
    assert_string_equal(file_name((uint32_t)VD_FILE(3, 1)).text, "h3.S");
    assert_string_equal(file_name((uint32_t)VD_FILE(3, 64)).text, "h3.g63");
}

static void csv_records(void **state)
{
    (void)state;
    char text[] = "a,\"b,\"\"c\"\"\n\",d\r\n,\n\"\",x";
    struct csv csv = {.next = text};
    assert_true(csv_next(&csv));
    assert_int_equal(csv.count, 3);
    assert_string_equal(csv.field[0], "a");
    assert_string_equal(csv.field[1], "b,\"c\"\n");
    assert_string_equal(csv.field[2], "d");
    assert_true(csv_next(&csv));
    assert_int_equal(csv.count, 2);
    assert_string_equal(csv.field[1], "");
    assert_true(csv_next(&csv));
    assert_int_equal(csv.count, 2);
    assert_string_equal(csv.field[0], "");
    assert_string_equal(csv.field[1], "x");
    assert_false(csv_next(&csv));
}

static void directory_round_trip(void **state)
{
    struct run *r = *state;
    struct vd_error err = {""};
    struct report back;
    r->report.findings = findings;
    r->report.num_findings = 1;
    assert_true(report_write(r->dir, &r->report, &err));
    assert_true(report_load(r->dir, &back, &err));
    assert_string_equal(back.title, r->report.title);
    assert_string_equal(back.command, r->report.command);
    assert_string_equal(back.config, r->report.config);
    assert_int_equal(back.trace_hash, r->report.trace_hash);
    assert_int_equal(back.num_findings, 1);
    assert_string_equal(back.findings[0], findings[0]);
    assert_int_equal(back.num_samples, SAMPLES);
    for (size_t i = 0; i < SAMPLES; i++) {
        const struct sample *x = &back.samples[i], *y = &r->samples[i];
        assert_memory_equal(x->stamp, y->stamp, sizeof(x->stamp));
        assert_int_equal(x->serial, y->serial);
        assert_int_equal(x->path, y->path);
        assert_int_equal(x->requester, y->requester);
        assert_int_equal(x->file, y->file);
        assert_int_equal(x->vm, y->vm);
        assert_int_equal(x->traps, y->traps);
        assert_int_equal(x->inexact, y->inexact);
    }
    for (int p = 0; p < 3; p++) {
        assert_string_equal(back.paths[p].title, r->paths[p].title);
        assert_int_equal(back.paths[p].traps, r->paths[p].traps);
        assert_memory_equal(&back.paths[p].total, &r->paths[p].total, sizeof(struct statistic));
    }
    char *page = folder_read(r->dir, "report.html");
    assert_true(report_write_page(r->dir, &back, &err));
    char *again = folder_read(r->dir, "report.html");
    assert_string_equal(page, again);
    free(page);
    free(again);
    report_free(&back);
}

static void samples_csv_rows(void **state)
{
    struct run *r = *state;
    assert_true(report_write(r->dir, &r->report, NULL));
    char *text = folder_read(r->dir, "samples.csv");
    assert_non_null(strstr(text,
                           "path,serial,source,device,file,identity,vm,vcpu,issue,accept,"
                           "translate,record,trap,entry,claim,traps,coalesced_into,"
                           "inexact,fate\na01,1,hart,1,h1.S,5,-1,0,250,250,250,36250,39250,48250,"
                           "73750,0,0,0,claimed\n"));
    assert_non_null(strstr(text, "\na02,"));
    assert_non_null(strstr(text, ",device,8,h1.g2,"));
    assert_int_equal(text_count(text, "\n"), SAMPLES + 1);
    free(text);
    text = folder_read(r->dir, "summary.csv");
    assert_non_null(strstr(text, "\na01,\"native, to the host\",120,120,0,0,0,0,0,0,0.00,120,1,"));
    assert_int_equal(text_count(text, "\n"), 4);
    free(text);
}

static void json_is_well_formed(void **state)
{
    struct run *r = *state;
    assert_false(json_valid("{\"a\": [1, }"));
    assert_true(report_write(r->dir, &r->report, NULL));
    char *text = folder_read(r->dir, "summary.json");
    assert_true(json_valid(text));
    assert_non_null(strstr(text, "\"trace_hash\": \"0xfeedfacecafebeef\""));
    assert_non_null(strstr(text, "\"trap_entry\": {\"p50_cycles\": 9, \"p50_ns\": 9,"));
    free(text);
}

static void page_is_self_contained(void **state)
{
    struct run *r = *state;
    assert_true(report_write(r->dir, &r->report, NULL));
    char *page = folder_read(r->dir, "report.html");
    assert_null(strstr(page, "http"));
    assert_null(strstr(page, "<script"));
    assert_null(strstr(page, "<caches>"));
    assert_null(strstr(page, "<MSI>"));
    assert_null(strstr(page, "nan"));
    assert_non_null(strstr(page, "&quot;hot&quot; &lt;caches&gt;"));
    assert_non_null(strstr(page, "# &lt;&amp;&gt;"));
    assert_non_null(strstr(page, "prefers-color-scheme:dark"));
    assert_non_null(strstr(page, "The ledger is balanced"));
    assert_int_equal(text_count(page, "<svg"), 2);
    assert_int_equal(text_count(page, "</svg>"), 2);
    assert_int_equal(text_count(page, "<details"), 3);
    assert_int_equal(text_count(page, "<title>a0"), 3);
    free(page);
}

static void page_shows_violations(void **state)
{
    struct run *r = *state;
    r->report.findings = findings;
    r->report.num_findings = 1;
    r->paths[1].lost = 1;
    assert_true(report_write(r->dir, &r->report, NULL));
    char *page = folder_read(r->dir, "report.html");
    assert_non_null(strstr(page, "MSI 7 (identity 3) was lost"));
    assert_non_null(strstr(page, "<td class=\"bad\">1</td>"));
    assert_null(strstr(page, "The ledger is balanced"));
    free(page);
}

/* No path, no sample, samples of no duration: still a page without holes. */
static void page_has_room_for_fifty_findings(void **state)
{
    struct run *r = *state;
    const char *many[60];
    for (int i = 0; i < 60; i++)
        many[i] = "objection";
    r->report.findings = many;
    r->report.num_findings = 60;
    assert_true(report_write(r->dir, &r->report, NULL));
    char *page = folder_read(r->dir, "report.html");
    assert_int_equal(text_count(page, "objection"), 50);
    assert_non_null(strstr(page, "and 10 more, all in run.csv"));
    free(page);
    char *csv = folder_read(r->dir, "run.csv");
    assert_int_equal(text_count(csv, "objection"), 60);
    free(csv);
}

static void page_of_nothing(void **state)
{
    struct run *r = *state;
    struct report none = {.title = NULL};
    assert_true(report_summarize(&none, NULL));
    assert_true(report_write(r->dir, &none, NULL));
    char *page = folder_read(r->dir, "report.html");
    assert_null(strstr(page, "<svg"));
    free(page);
    r->report.num_paths = 1;
    r->report.num_samples = 1;
    for (int s = 0; s < STAMP_COUNT; s++)
        r->samples[0].stamp[s] = 5;
    assert_true(report_summarize(&r->report, NULL));
    assert_true(report_write(r->dir, &r->report, NULL));
    page = folder_read(r->dir, "report.html");
    assert_null(strstr(page, "nan"));
    assert_null(strstr(page, "inf"));
    assert_int_equal(text_count(page, "<svg"), 2);
    free(page);
}

static void load_names_the_mistake(void **state)
{
    struct run *r = *state;
    struct vd_error err;
    struct report back;
    assert_false(report_load("/nonexistent", &back, &err));
    assert_non_null(strstr(err.text, "/nonexistent/run.csv"));
    static const struct {
        const char *file, *text, *expected;
    } mistakes[] = {
        {"run.csv", "key,value\nseed,abc\n", "run.csv:2: a number without sign is expected"},
        {"run.csv", "key,value\nseed,-1\n", "run.csv:2: a number without sign is expected"},
        {"run.csv", "key\n", "run.csv:1: 2 fields are expected, there are 1"},
        {"summary.csv", "x\n", "summary.csv:1: 13 fields"},
        {"samples.csv",
         "h,,,,,,,,,,,,,,,,,,\na99,1,hart,1,h1.S,5,-1,0,1,2,3,4,5,6,7,0,0,0,claimed\n",
         "samples.csv:2: a path of summary.csv is expected, not `a99`"},
        {"samples.csv",
         "h,,,,,,,,,,,,,,,,,,\na01,1,cow,1,h1.S,5,-1,0,1,2,3,4,5,6,7,0,0,0,claimed\n",
         "device, hart, iommu or aplic"},
        {"samples.csv",
         "h,,,,,,,,,,,,,,,,,,\na01,1,hart,1,h1.g64,5,-1,0,1,2,3,4,5,6,7,0,0,0,claimed\n",
         "an interrupt file"},
        {"samples.csv",
         "h,,,,,,,,,,,,,,,,,,\na01,1,hart,1,h1.S,5,-2,0,1,2,3,4,5,6,7,0,0,0,claimed\n", "from -1"},
        {"samples.csv", "h,,,,,,,,,,,,,,,,,,\na01,1,hart,1,h1.S,5,-1,0,1,2,3,4,5,6,7,0,0,0,gone\n",
         "another word"},
    };
    for (size_t i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++) {
        assert_true(report_write(r->dir, &r->report, NULL));
        folder_write(r->dir, mistakes[i].file, mistakes[i].text);
        assert_false(report_load(r->dir, &back, &err));
        assert_non_null(strstr(err.text, mistakes[i].expected));
    }
}

static void write_names_the_directory(void **state)
{
    struct run *r = *state;
    struct vd_error err;
    assert_false(report_write("/dev/null/run", &r->report, &err));
    assert_non_null(strstr(err.text, "/dev/null"));
}

static void text_tables(void **state)
{
    struct run *r = *state;
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    r->report.findings = findings;
    r->report.num_findings = 1;
    r->paths[2].samples = 0;
    report_print(out, &r->report);
    fclose(out);
    assert_non_null(strstr(text,
                           "a07         120       120         0      0      0      0        0 "
                           "      2.01  software file & injection\n"));
    assert_non_null(strstr(text, "\na01 native, to the host: 120 latencies in cycles (ns), 1 "
                                 "inexact\n"));
    assert_null(strstr(text, "\na07 software file & injection: "));
    assert_non_null(strstr(text, "  trap entry "));
    assert_null(strstr(text, findings[0]));
    free(text);
}

static void text_of_findings(void **state)
{
    struct run *r = *state;
    static const char *const three[] = {"first", "second", "third"};
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    report_print_findings(out, &r->report, 2);
    r->report.findings = three;
    r->report.num_findings = 3;
    report_print_findings(out, &r->report, 3);
    report_print_findings(out, &r->report, 2);
    fclose(out);
    assert_string_equal(text, "\nThe ledger reports:\n  first\n  second\n  third\n"
                              "\nThe ledger reports:\n  first\n  second\n"
                              "  and 1 more, all in run.csv\n");
    free(text);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(normalize_fills_unknown),
        TEST(segments_sum_to_total),
        TEST(summary_counts_own_claims_only),
        TEST(numbers),
        TEST(csv_records),
        TEST(directory_round_trip),
        TEST(samples_csv_rows),
        TEST(json_is_well_formed),
        TEST(page_is_self_contained),
        TEST(page_shows_violations),
        TEST(page_has_room_for_fifty_findings),
        TEST(page_of_nothing),
        TEST(load_names_the_mistake),
        TEST(write_names_the_directory),
        TEST(text_tables),
        TEST(text_of_findings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
