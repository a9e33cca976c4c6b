/* SPDX-License-Identifier: BSD-2-Clause */
/* Every experiment, end to end: OpenSBI, hypervisor, guest, ledger, report. */
#include "experiment_bench.h"
#include "status.h"

static void every_path_is_balanced_and_in_its_place(void **state)
{
    (void)state;
    static const char *const direct[] = {"a02", "a03-1", "a03-2", "a03-3", "e01", "e07"};
    assert_int_equal(run("exp run demo --set experiment.count=100"), 0);
    for (size_t i = 0; i < sizeof(direct) / sizeof(direct[0]); i++) {
        all_claimed(direct[i], 100);
        assert_true(row_of(direct[i]).traps == 0);
    }
    all_claimed("a01", 100);
    all_claimed("a07", 100);
    assert_true(row_of("a07").traps >= 2);
    static const char *const slept[] = {"a05", "a09", "d01"};
    static const char *const coalescing[] = {"a08", "b01", "b02", "c01"};
    for (size_t i = 0; i < sizeof(slept) / sizeof(slept[0]); i++)
        all_claimed(slept[i], 100);
    for (size_t i = 0; i < sizeof(coalescing) / sizeof(coalescing[0]); i++) {
        struct row r = row_of(coalescing[i]);
        assert_int_equal(r.issued, 100);
        assert_int_equal(r.claimed + r.coalesced, 100);
    }
    assert_true(median("a05", "total") > 3 * median("a09", "total"));
    assert_true(median("a09", "total") > 5 * median("a02", "total"));
    assert_true(median("a07", "total") > 10 * median("a02", "total"));
    assert_true(median("a02", "total") < 2 * median("a01", "total"));
}

/* Cycles for IOMMU commands per migration, of a VM with a device behind each of n IOMMUs. */
static unsigned redirection(unsigned n)
{
    static const char *const behind[] = {"0", "0 1", "0 1 2", "0 1 2 3"};
    char arguments[512];
    unsigned moves, commands, waited;
    snprintf(arguments, sizeof(arguments),
             "exp run b03-migrate-2iommu --console --set experiment.count=1000 "
             "--set 'experiment.holds=lost=0 commands=%u*moves' --set machine.endpoints=%u "
             "--set machine.iommus=%u --set 'machine.endpoint_iommus=%s'",
             2 * n, n, n, behind[n - 1]);
    assert_int_equal(run(arguments), 0);
    const char *line = strstr(output, "path b03: moves");
    assert_non_null(line);
    assert_int_equal(
        sscanf(line, "path b03: moves %u commands %u waited %u", &moves, &commands, &waited), 3);
    return waited / moves;
}

/* Every further one costs the same: two commands to post and a fence to await. */
static void the_cost_of_migration_is_even_in_iommus(void **state)
{
    (void)state;
    unsigned one = redirection(1), two = redirection(2), three = redirection(3);
    unsigned four = redirection(4), each = (four - one) / 3;
    assert_true(two > one && three > two && four > three);
    assert_in_range(two - one, each * 8 / 10, each * 12 / 10);
    assert_in_range(three - two, each * 8 / 10, each * 12 / 10);
    assert_in_range(four - three, each * 8 / 10, each * 12 / 10);
    assert_true(each > one / 2);
}

/* Cycles per notice, of so many vCPUs that sleep on MRIFs. */
static unsigned notice_cost(unsigned vcpus)
{
    char arguments[256];
    unsigned looks, scans, cycles;
    snprintf(arguments, sizeof(arguments),
             "exp run c06-thousands --console --set experiment.count=500 "
             "--set 'experiment.holds=lost=0 stray=0' --set experiment.vcpus=%u",
             vcpus);
    assert_int_equal(run(arguments), 0);
    const char *line = strstr(output, "path c06: claimed_notices");
    assert_non_null(line);
    assert_int_equal(sscanf(line, "path c06: claimed_notices %u scans %u scan_cycles %u", &looks,
                            &scans, &cycles),
                     3);
    assert_in_range(looks, scans * (vcpus / 88), scans * ((vcpus + 87) / 88));
    return cycles / scans;
}

/* 88 notice identities: from 1 to 4 to 16 sharers each further one costs the same. */
static void the_cost_of_a_notice_is_even_in_sharers(void **state)
{
    (void)state;
    unsigned one = notice_cost(88), four = notice_cost(4 * 88), sixteen = notice_cost(16 * 88);
    unsigned each = (sixteen - one) / 15;
    assert_in_range(four - one, 3 * each * 9 / 10, 3 * each * 11 / 10);
    assert_in_range(notice_cost(4096) - one, 45 * each * 9 / 10, 46 * each * 11 / 10);
    assert_true(sixteen > 4 * one);
}

/* With a memory latency L: a hit takes 2 cycles; each level of the directory L + 1, the device
 * context L + 9, the MSI PTE 1 + (L + 1), and the output 2. */
static void cold_translation_is_a_staircase(void **state)
{
    (void)state;
    static const unsigned latencies[] = {1, 10, 50};
    for (size_t i = 0; i < 3; i++) {
        unsigned l = latencies[i];
        char arguments[128];
        snprintf(arguments, sizeof(arguments),
                 "exp run a03-vsfile-cold --set experiment.count=20 --set bus.ram_read=%u", l);
        assert_int_equal(run(arguments), 0);
        unsigned one = median("a03-1", "translation");
        assert_int_equal(one, 2 + (l + 9) + 1 + (l + 1));
        assert_int_equal(median("a03-2", "translation"), one + (l + 1));
        assert_int_equal(median("a03-3", "translation"), one + 2 * (l + 1));
    }
}

static void every_path_runs_alone_in_both_presets(void **state)
{
    (void)state;
    static const struct {
        const char *name, *path;
    } experiments[] = {{"a01-native-msi", "a01"},    {"a02-vsfile-hot", "a02"},
                       {"a03-vsfile-cold", "a03-2"}, {"a07-swfile", "a07"},
                       {"e01-ipi-vsfile", "e01"},    {"e07-aplic-direct-to-guest", "e07"},
                       {"b05-a0", "b05-A0"}};
    static const char *const presets[] = {"functional", "inorder"};
    for (size_t i = 0; i < sizeof(experiments) / sizeof(experiments[0]); i++) {
        for (size_t p = 0; p < 2; p++) {
            char arguments[128];
            snprintf(arguments, sizeof(arguments),
                     "exp run %s --timing %s --set experiment.count=50 --limit 2s",
                     experiments[i].name, presets[p]);
            if (run(arguments) != 0)
                fail_msg("viaduct %s:\n%s", arguments, output);
            struct row r = row_of(experiments[i].path);
            assert_int_equal(r.issued, r.claimed + r.coalesced);
        }
    }
}

/* In the CSV, the JSON, the page, and what `report` prints. */
static void the_report_has_the_findings(const char *dir, const char *sentence)
{
    char command[512];
    assert_non_null(strstr(output, sentence));
    snprintf(
        command, sizeof(command),
        "cd %s/%s && for f in run.csv summary.json report.html; do grep -qF '%s' $f || exit 1; "
        "done && ! grep -q 'ledger is balanced' report.html",
        folder, dir, sentence);
    assert_int_equal(system(command), 0);
    snprintf(command, sizeof(command), "report %s", dir);
    assert_int_equal(run(command), 0);
    assert_non_null(strstr(output, sentence));
}

static void what_is_wrong_on_purpose_is_reported(void **state)
{
    (void)state;
    assert_int_equal(run("exp run b05-mutants"), 0);
    assert_null(strstr(output, "NOT as expected"));
    assert_true(row_of("b05-A1 b05-a1").stray > 0);
    assert_true(row_of("b05-A7 b05-a7").dropped > 0);
    assert_true(row_of("b05-A0 b05-claim-drops").lost > 0);
    assert_int_equal(run("exp run b05-a1 --out strays"), STATUS_LEDGER);
    assert_non_null(strstr(output, "viaduct: ledger: [I3 no-stray] MSI "));
    assert_non_null(strstr(output, ", identity "));
    assert_non_null(
        strstr(output, "by a cached translation that IOTINVAL.GVMA should have removed"));
    the_report_has_the_findings("strays", ", which no VM owns");
    assert_int_equal(run("exp run b05-a7 --out drops"), STATUS_LEDGER);
    the_report_has_the_findings("drops", "was dropped: the IOMMU refused it (fault cause 262)");
    assert_int_equal(run("exp run b05-claim-drops"), STATUS_LEDGER);
    assert_non_null(strstr(output, " is lost: last seen "));
}

static void read_hash(char *hash, size_t size)
{
    char path[256], line[512];
    snprintf(path, sizeof(path), "%s/stats.json", folder);
    FILE *in = fopen(path, "r");
    assert_non_null(in);
    *hash = '\0';
    while (fgets(line, sizeof(line), in))
        if (strstr(line, "trace.hash"))
            snprintf(hash, size, "%.100s", line);
    fclose(in);
    assert_true(*hash);
}

static void the_trace_hash_depends_on_inputs_only(void **state)
{
    (void)state;
    static const char *const same[] = {"", "--trace t.trace", "--console", "--out out"};
    char first[128], next[128];
    for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
        char arguments[256];
        snprintf(arguments, sizeof(arguments),
                 "exp run demo --set experiment.count=30 --seed 5 --stats stats.json %s", same[i]);
        assert_int_equal(run(arguments), 0);
        read_hash(i ? next : first, sizeof(first));
        if (i)
            assert_string_equal(first, next);
    }
    assert_int_equal(run("exp run demo --set experiment.count=30 --seed 6 --stats stats.json"), 0);
    read_hash(next, sizeof(next));
    assert_string_not_equal(first, next);
}

static void a_run_directory_repeats_its_run(void **state)
{
    (void)state;
    assert_int_equal(run("exp run a02-vsfile-hot --seed 3 --set experiment.count=40 --out one"), 0);
    assert_int_equal(run("exp run one/config.yaml --out two"), 0);
    assert_int_equal(run("report one"), 0);
    assert_non_null(strstr(output, "a02"));
    char command[512];
    snprintf(command, sizeof(command),
             "cd %s && cmp one/samples.csv two/samples.csv && cmp one/config.yaml two/config.yaml "
             "&& cmp one/timeline.json two/timeline.json && test -s one/report.html",
             folder);
    assert_int_equal(system(command), 0);
}

/* The hart takes the interrupt after the instruction that it is at, of a few cycles. */
static void a_sweep_makes_a_path_per_value(void **state)
{
    (void)state;
    assert_int_equal(run("exp run a02-vsfile-hot --set experiment.count=20 "
                         "--sweep imsic.write_to_line=2,6 --sweep bus.msi_write=2,3"),
                     0);
    for (unsigned i = 0; i < 2; i++) {
        for (unsigned j = 0; j < 2; j++) {
            char path[96];
            unsigned line = i ? 6 : 2, write = j ? 3 : 2;
            snprintf(path, sizeof(path), "a02 imsic.write_to_line=%u bus.msi_write=%u", line,
                     write);
            all_claimed(path, 20);
            assert_int_equal(median(path, "fabric"), write);
            assert_in_range(median(path, "file to hart"), line, line + 5);
        }
    }
}

static void boot_arguments_reach_the_hypervisor(void **state)
{
    (void)state;
    assert_int_equal(run("exp run a01-native-msi --append count=7"), 0);
    all_claimed("a01", 7);
    assert_int_equal(run("exp run a01-native-msi --append colour=red"), 2);
    assert_non_null(strstr(output, "a01-native-msi: the hypervisor ended with status 2 and the "
                                   "words 'hyp: fail: boot argument `colour` is unknown'"));
}

static void an_experiment_is_described_in_place_of_a_run(void **state)
{
    (void)state;
    assert_int_equal(run("exp run a03-vsfile-cold --set experiment.count=9 --print-config"), 0);
    assert_non_null(strstr(output, "\n  count: 9 "));
    assert_null(strstr(output, "path     issued"));
    assert_int_equal(
        run("exp run a03-vsfile-cold --dump-dtb exp.dtb; grep -ao 'exp=a03 count=[0-9]*' exp.dtb"),
        0);
    assert_non_null(strstr(output, "exp=a03 count=1000"));
    assert_null(strstr(output, "path     issued"));
}

static void files_of_one_run_are_not_overwritten_by_the_next(void **state)
{
    (void)state;
    static const char *const several[] = {"b05-mutants --trace t",
                                          "a01-native-msi e01-ipi-vsfile "
                                          "--stats s",
                                          "a01-native-msi --sweep machine.seed=1,2 --dump-dtb d"};
    for (size_t i = 0; i < sizeof(several) / sizeof(several[0]); i++) {
        char arguments[128];
        snprintf(arguments, sizeof(arguments), "exp run %s", several[i]);
        assert_int_equal(run(arguments), STATUS_USAGE);
        assert_non_null(strstr(output, " writes one file: give it one experiment"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_path_is_balanced_and_in_its_place),
        cmocka_unit_test(cold_translation_is_a_staircase),
        cmocka_unit_test(the_cost_of_migration_is_even_in_iommus),
        cmocka_unit_test(the_cost_of_a_notice_is_even_in_sharers),
        cmocka_unit_test(every_path_runs_alone_in_both_presets),
        cmocka_unit_test(what_is_wrong_on_purpose_is_reported),
        cmocka_unit_test(the_trace_hash_depends_on_inputs_only),
        cmocka_unit_test(a_run_directory_repeats_its_run),
        cmocka_unit_test(boot_arguments_reach_the_hypervisor),
        cmocka_unit_test(an_experiment_is_described_in_place_of_a_run),
        cmocka_unit_test(files_of_one_run_are_not_overwritten_by_the_next),
        cmocka_unit_test(a_sweep_makes_a_path_per_value),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
