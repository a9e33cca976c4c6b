/* SPDX-License-Identifier: BSD-2-Clause */
/* MSIs, lines and records in time. */
#include "aplic/aplic_bench.h"

/* Software that lets an MSI come back as the next one. */
static unsigned bounces;

static bool bounce(void *ctx, struct vd_txn *txn)
{
    (void)ctx;
    txn->status = VD_OK;
    if (bounces-- > 0)
        put(ROOT, SETIPNUM, 3);
    return true;
}

static void APLIC_R15_time_of_a_loop(void **state)
{
    (void)state;
    static const uint32_t cycles[] = {0, 1, 4};
    for (unsigned i = 0; i < 3; i++) {
        struct aplic_config c = usual_config();
        c.source_to_msi_cycles = cycles[i];
        rebuild(&c);
        put(ROOT, DOMAINCFG, DM | IE);
        route(ROOT, 3, DETACHED, msi_target(0, 0, 3));
        b.hook = bounce;
        bounces = 3;
        put(ROOT, SETIPNUM, 3);
        assert_true(bench_settle(&b, 100));
        assert_int_equal(b.num_writes, 4);
        assert_int_equal(b.now / CYCLE, cycles[i] ? 4 * cycles[i] : 3);
    }
}

/* A level that drops takes its MSI along, and the event for it. */
static void APLIC_L3_nothing_left_to_do(void **state)
{
    (void)state;
    struct aplic_config c = usual_config();
    c.source_to_msi_cycles = 4;
    rebuild(&c);
    put(ROOT, DOMAINCFG, DM | IE);
    route(ROOT, 1, LEVEL1, msi_target(0, 0, 3));
    aplic_wire(dut, 1, true);
    assert_int_equal(b.num_events, 1);
    aplic_wire(dut, 1, false);
    assert_int_equal(b.num_events, 0);
    put(ROOT, DOMAINCFG, DM);
    aplic_wire(dut, 1, true);
    assert_int_equal(b.num_events, 0);
    put(ROOT, DOMAINCFG, DM | IE); /* the first source is looked at as well */
    assert_int_equal(b.num_events, 1);
    aplic_destroy(dut);
    assert_int_equal(b.num_events, 0);
    dut = aplic_create(&c, &b.host, NULL);
    put(ROOT, IDELIVERY(0), 1);
}

static void destroyed_with_a_line_due(void **state)
{
    (void)state;
    struct aplic_config c = usual_config();
    c.source_to_line_cycles = 4;
    c.register_to_line_cycles = 4;
    rebuild(&c);
    for (uint32_t hart = 0; hart < HARTS; hart++) {
        put(ROOT, IDELIVERY(hart), 1);
        put(ROOT, IFORCE(hart), 1);
    }
    put(ROOT, DOMAINCFG, IE);
    assert_int_equal(b.num_events, HARTS);
    aplic_destroy(dut);
    assert_int_equal(b.num_events, 0);
    dut = aplic_create(&c, &b.host, NULL);
}

/* [aia AdvPLIC-reg-domaincfg]: edge sources say nothing of levels when the mode changes. */
static void APLIC_R11_mode_change_is_quiet(void **state)
{
    (void)state;
    put(ROOT, DOMAINCFG, DM);
    put(ROOT, SOURCECFG(1), EDGE1);
    put(ROOT, SOURCECFG(2), LEVEL1);
    aplic_wire(dut, 2, true);
    put(ROOT, CLRIPNUM, 2);
    bench_forget(&b);
    put(ROOT, DOMAINCFG, 0);
    assert_int_equal(bench_count(&b, VD_REC_aplic_level), 1);
    assert_int_equal(bench_record(&b, VD_REC_aplic_level, 0)->a, 2);
    assert_true(pending(ROOT, 2));
    assert_false(pending(ROOT, 1));
}

/* genmsi keeps its Hart_Index, and another MSI does not end its Busy. */
static void APLIC_R10_busy_is_its_own(void **state)
{
    (void)state;
    struct aplic_config c = usual_config();
    c.harts = 16384;
    c.num_domains = 2;
    c.source_to_msi_cycles = 4;
    c.msi_interval_cycles = 5;
    rebuild(&c);
    put(ROOT, DOMAINCFG, DM | IE);
    route(ROOT, 3, DETACHED, msi_target(0, 0, 3));
    put(ROOT, SETIPNUM, 3);
    put(ROOT, GENMSI, 16383u << 18 | 9);
    bench_run(&b, 4 * CYCLE);
    assert_int_equal(b.num_writes, 1);
    assert_int_equal(get(ROOT, GENMSI), 16383u << 18 | BUSY | 9);
    bench_run(&b, 5 * CYCLE);
    assert_int_equal(b.num_writes, 2);
    assert_int_equal(get(ROOT, GENMSI), 16383u << 18 | 9);
}

/* In the first cycle of all a burst has its interval too. */
static void APLIC_R15_burst_from_the_start(void **state)
{
    (void)state;
    struct aplic_config c = usual_config();
    c.msi_interval_cycles = 5;
    rebuild(&c);
    put(ROOT, DOMAINCFG, DM | IE);
    route(ROOT, 3, DETACHED, msi_target(0, 0, 3));
    route(ROOT, 4, DETACHED, msi_target(0, 0, 4));
    put(ROOT, SETIP, 3 << 3);
    assert_int_equal(b.num_writes, 1);
    bench_run(&b, 5 * CYCLE - 1);
    assert_int_equal(b.num_writes, 1);
    bench_run(&b, 1);
    assert_int_equal(b.num_writes, 2);
}

static bool look_on(void *ctx, struct vd_txn *txn)
{
    (void)ctx;
    txn->status = VD_OK;
    get(ROOT, DOMAINCFG);
    return true;
}

/* An access from within an MSI sends no other in its middle. */
static void APLIC_R15_one_after_the_other(void **state)
{
    (void)state;
    b.hook = look_on;
    put(ROOT, DOMAINCFG, DM);
    for (uint32_t i = 3; i < 6; i++) {
        route(ROOT, i, DETACHED, msi_target(0, 0, i));
        put(ROOT, SETIPNUM, i);
    }
    put(ROOT, DOMAINCFG, DM | IE);
    bench_settle(&b, 10);
    assert_int_equal(b.num_writes, 3);
    for (uint32_t i = 0; i < 3; i++)
        assert_int_equal(b.writes[i].data[0], 3 + i);
}

/* A line that is on its way comes when it is due; what needs none arms nothing. */
static void IDC_1_line_in_time(void **state)
{
    (void)state;
    struct aplic_config c = usual_config();
    c.source_to_line_cycles = 4;
    c.register_to_line_cycles = 4;
    rebuild(&c);
    put(ROOT, IDELIVERY(1), 1);
    put(ROOT, DOMAINCFG, IE);
    route(ROOT, 3, DETACHED, direct_target(1, 1));
    route(ROOT, 4, DETACHED, direct_target(1, 1));
    assert_int_equal(b.num_events, 0);
    put(ROOT, SETIPNUM, 3);
    bench_run(&b, 2 * CYCLE);
    put(ROOT, SETIPNUM, 4);
    bench_run(&b, 2 * CYCLE);
    assert_true(line(ROOT, 1));
    put(ROOT, CLRIPNUM, 3);
    assert_int_equal(b.num_events, 0);
}

static void two_ways_to_the_line(uint32_t register_cycles)
{
    struct aplic_config c = usual_config();
    c.source_to_line_cycles = 5;
    c.register_to_line_cycles = register_cycles;
    rebuild(&c);
    put(ROOT, IDELIVERY(1), 1);
    put(ROOT, DOMAINCFG, IE);
    route(ROOT, 3, EDGE1, direct_target(1, 1));
    route(ROOT, 4, DETACHED, direct_target(1, 1));
    aplic_wire(dut, 3, true);
    bench_run(&b, CYCLE);
}

/* The sooner of two ways to the line is the one that counts. */
static void IDC_1_register_overtakes(void **state)
{
    (void)state;
    two_ways_to_the_line(2);
    put(ROOT, SETIPNUM, 4);
    assert_int_equal(b.num_events, 1);
    bench_run(&b, 2 * CYCLE - 1);
    assert_false(line(ROOT, 1));
    bench_run(&b, 1);
    assert_true(line(ROOT, 1));
    two_ways_to_the_line(4);
    put(ROOT, SETIPNUM, 4);
    bench_run(&b, 4 * CYCLE - 1);
    assert_false(line(ROOT, 1));
    bench_run(&b, 1);
    assert_true(line(ROOT, 1));
    two_ways_to_the_line(0);
    put(ROOT, SETIPNUM, 4);
    assert_true(line(ROOT, 1));
    assert_int_equal(b.num_events, 0);
}

static bool to_child(void *ctx, struct vd_txn *txn)
{
    (void)ctx;
    txn->status = VD_OK;
    put(S, SETIPNUM, 4);
    return true;
}

/* An MSI of a pin that comes back is a write to a register like any other. */
static void IDC_1_register_by_a_pin(void **state)
{
    (void)state;
    struct aplic_config c = usual_config();
    c.source_to_line_cycles = 5;
    c.register_to_line_cycles = 2;
    rebuild(&c);
    b.hook = to_child;
    delegate(4, 0);
    put(S, IDELIVERY(1), 1);
    put(S, DOMAINCFG, IE);
    route(S, 4, DETACHED, direct_target(1, 1));
    put(ROOT, DOMAINCFG, DM | IE);
    route(ROOT, 3, EDGE1, msi_target(0, 0, 3));
    aplic_wire(dut, 3, true);
    assert_int_equal(b.num_writes, 1);
    bench_run(&b, 2 * CYCLE - 1);
    assert_false(line(S, 1));
    bench_run(&b, 1);
    assert_true(line(S, 1));
}

/* Only what changes is an edge, and only levels are told of. */
static void APLIC_R4_edges_and_records(void **state)
{
    (void)state;
    put(ROOT, SOURCECFG(3), EDGE1);
    aplic_wire(dut, 3, true);
    put(ROOT, CLRIPNUM, 3);
    aplic_wire(dut, 3, true);
    assert_false(pending(ROOT, 3));
    put(ROOT, SOURCECFG(4), LEVEL1);
    bench_forget(&b);
    aplic_wire(dut, 3, false);
    aplic_wire(dut, 3, true);
    assert_int_equal(bench_count(&b, VD_REC_aplic_level), 0);
    aplic_wire(dut, 4, true); /* a copy of the input: nobody can miss it */
    assert_int_equal(bench_record(&b, VD_REC_aplic_level, 0)->b, 0);
    put(ROOT, DOMAINCFG, DM);
    aplic_wire(dut, 4, false);
    aplic_wire(dut, 4, true);
    assert_int_equal(bench_record(&b, VD_REC_aplic_level, 2)->b, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RULE(APLIC_R15_time_of_a_loop),      RULE(APLIC_L3_nothing_left_to_do),
        RULE(destroyed_with_a_line_due),     RULE(APLIC_R11_mode_change_is_quiet),
        RULE(APLIC_R10_busy_is_its_own),     RULE(APLIC_R15_burst_from_the_start),
        RULE(APLIC_R15_one_after_the_other), RULE(IDC_1_line_in_time),
        RULE(IDC_1_register_overtakes),      RULE(IDC_1_register_by_a_pin),
        RULE(APLIC_R4_edges_and_records),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
