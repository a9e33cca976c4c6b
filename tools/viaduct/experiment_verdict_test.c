/* SPDX-License-Identifier: BSD-2-Clause */
/* What experiments say of their results: expectations, protocols, fairness, counts. */
#include "experiment_bench.h"
#include "status.h"

/* Names of the ledger, of the hypervisor and of the latencies; none is true by itself. */
static void conditions_are_checked(void **state)
{
    (void)state;
    static const struct {
        const char *condition, *text;
        int status;
    } cases[] = {
        {"claimed=issued sgei=issued wakes>=blocks", "expectation held", 0},
        {"exit_wfi<2*issued p50<=p99 max>0 lost!=1", "expectation held", 0},
        {"lost=0 sgei=21", "a09: sgei=21: 20 and 21", STATUS_UNEXPECTED},
        {"sgei!=claimed", "did NOT hold", STATUS_UNEXPECTED},
        {"sgei>issued", "did NOT hold", STATUS_UNEXPECTED},
        {"p50<4", "did NOT hold", STATUS_UNEXPECTED},
        {"sgie=20", "'sgie=20' is no condition", STATUS_UNEXPECTED},
        {"sgei", "'sgei' is no condition", STATUS_UNEXPECTED},
        {"sgei=", "'sgei=' is no condition", STATUS_UNEXPECTED},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char arguments[256];
        snprintf(arguments, sizeof(arguments),
                 "exp run a09-blocked-sgei --set experiment.count=20 "
                 "--set 'experiment.holds=%s'",
                 cases[i].condition);
        if (run(arguments) != cases[i].status || !strstr(output, cases[i].text))
            fail_msg("%s:\n%s", cases[i].condition, output);
    }
    assert_int_equal(run("exp run a09-blocked-sgei --set experiment.count=20 "
                         "--set experiment.expects=violation"),
                     STATUS_UNEXPECTED);
    assert_non_null(strstr(output, "the ledger is balanced"));
}

/* The fields of a protocol's row. */
static void row_is(const char *variant, const char *by, const char *agrees)
{
    char start[32], first[16], words[16][16];
    snprintf(start, sizeof(start), "\n%s ", variant);
    const char *line = strstr(output, start);
    if (!line)
        fail_msg("no variant %s in:\n%s", variant, output);
    assert_int_equal(sscanf(line, "%15s", first), 1);
    size_t count = 0;
    int used = 0;
    for (const char *at = line; count < 16 && sscanf(at, " %15[^ \n]%n", words[count], &used) == 1;
         at += used, count++)
        if (strcmp(words[count], "yes") == 0 || strcmp(words[count], "NO") == 0)
            break;
    assert_string_equal(words[count], agrees);
    bool named = false;
    for (size_t i = 0; i < count; i++)
        named |= strcmp(words[i], by) == 0;
    assert_true(named);
}

static void protocols_are_compared_with_the_abstract_model(void **state)
{
    (void)state;
    char command[512];
    snprintf(command, sizeof(command),
             "printf 'experiment:\n  name: two\n  members: p-a0 p-a7\n' > %s/two.yaml", folder);
    assert_int_equal(system(command), 0);
    assert_int_equal(run("exp run two.yaml --set experiment.count=1000"), 0);
    assert_null(strstr(output, "latencies"));
    row_is("A0", "1000", "yes");
    row_is("A7", "262", "yes");
    assert_int_equal(run("exp run two.yaml --set experiment.count=1000 "
                         "--set experiment.model=stray"),
                     0);
    row_is("A0", "1000", "NO");
    row_is("A7", "262", "NO");
    assert_int_equal(run("exp run two.yaml --set experiment.count=1000 "
                         "--set experiment.model='lost dropped'"),
                     0);
    row_is("A0", "1000", "NO");
    row_is("A7", "262", "yes");
}

/* What the console has: a counter of a path. */
static unsigned counted(const char *experiment, const char *counter)
{
    char text[128], mark[64];
    unsigned value = 0;
    snprintf(text, sizeof(text), "exp run %s --console --set experiment.count=50", experiment);
    assert_int_equal(run(text), 0);
    snprintf(mark, sizeof(mark), " %s ", counter);
    const char *at = strstr(output, mark);
    if (!at || sscanf(at + strlen(mark), "%u", &value) != 1)
        fail_msg("no %s in:\n%s", counter, output);
    return value;
}

/* Straight into the guest file, by way of the hypervisor, into a software file; and a broadcast
 * costs its sender less per target than single ones, but its round takes longer. */
static void ipis_cost_their_traps(void **state)
{
    (void)state;
    unsigned direct = counted("e01-ipi-vsfile", "round");
    unsigned by_call = counted("e03-ipi-sbi", "round");
    unsigned emulated = counted("e02-ipi-swfile", "round");
    assert_true(2 * direct < by_call);
    assert_true(2 * by_call < emulated);
    unsigned once = counted("e04-ipi-8", "send_once"), each = counted("e04-ipi-8", "send_each");
    assert_true(once < each);
    assert_true(counted("e04-ipi-8", "round") > counted("e04-ipi-2", "round"));
}

/* The mean latency of a vCPU under a policy. */
static unsigned mean_under(const char *policy, unsigned vcpu)
{
    char arguments[128], start[32];
    unsigned msis, p50, p99, mean;
    snprintf(arguments, sizeof(arguments), "exp run f04-%s --set experiment.count=1000", policy);
    assert_int_equal(run(arguments), 0);
    const char *table = strstr(output, "latency of each vCPU");
    assert_non_null(table);
    snprintf(start, sizeof(start), "\n  %4u ", vcpu);
    const char *line = strstr(table, start);
    assert_non_null(line);
    assert_int_equal(sscanf(line + strlen(start), "%u %u %u %u", &msis, &p50, &p99, &mean), 4);
    assert_true(p50 <= p99);
    return mean;
}

/* vCPU 7 has half of all interrupts. */
static void busy_vcpus_are_served_best_by_rate(void **state)
{
    (void)state;
    unsigned rate = mean_under("rate", 7);
    assert_true(rate < mean_under("lru", 7));
    assert_true(rate < mean_under("first", 7));
    assert_true(2 * rate < mean_under("pinned", 7));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(conditions_are_checked),
        cmocka_unit_test(busy_vcpus_are_served_best_by_rate),
        cmocka_unit_test(ipis_cost_their_traps),
        cmocka_unit_test(protocols_are_compared_with_the_abstract_model),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
