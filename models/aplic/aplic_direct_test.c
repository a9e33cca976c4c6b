/* SPDX-License-Identifier: BSD-2-Clause */
/* Rules of direct delivery: the IDC structures and the lines into the harts. */
#include "aplic/aplic_bench.h"

static void open_root(uint32_t hart)
{
    put(ROOT, DOMAINCFG, IE);
    put(ROOT, IDELIVERY(hart), 1);
}

static void IDC_1_signal(void **state)
{
    (void)state;
    route(ROOT, 5, EDGE1, direct_target(2, 7));
    aplic_wire(dut, 5, true);
    for (uint32_t bits = 0; bits < 16; bits++) {
        put(ROOT, DOMAINCFG, bits & 1 ? IE : 0);
        put(ROOT, IDELIVERY(2), bits >> 1 & 1);
        put(ROOT, IFORCE(2), bits >> 2 & 1);
        put(ROOT, bits & 8 ? SETIENUM : CLRIENUM, 5);
        for (uint32_t hart = 0; hart < HARTS; hart++)
            assert_int_equal(line(ROOT, hart), hart == 2 && (bits & 3) == 3 && bits >> 2);
    }
    put(ROOT, DOMAINCFG, IE | DM);
    assert_false(line(ROOT, 2));
}

static void IDC_1_registers(void **state)
{
    (void)state;
    put(ROOT, IDELIVERY(1), 0xfffffffe);
    assert_int_equal(get(ROOT, IDELIVERY(1)), 0);
    put(ROOT, IDELIVERY(1), UINT32_MAX);
    assert_int_equal(get(ROOT, IDELIVERY(1)), 1);
    put(ROOT, IFORCE(1), UINT32_MAX);
    assert_int_equal(get(ROOT, IFORCE(1)), 1);
    put(ROOT, ITHRESHOLD(1), UINT32_MAX);
    assert_int_equal(get(ROOT, ITHRESHOLD(1)), 0xff);
    assert_int_equal(get(ROOT, ITHRESHOLD(0)), 0);
    assert_int_equal(get(S, ITHRESHOLD(1)) | get(S, IDELIVERY(1)) | get(S, IFORCE(1)), 0);
    for (uint32_t bits = 1; bits <= 8; bits++) {
        struct aplic_config c = usual_config();
        c.iprio_bits = bits;
        rebuild(&c);
        put(ROOT, ITHRESHOLD(1), UINT32_MAX);
        assert_int_equal(get(ROOT, ITHRESHOLD(1)), (1u << bits) - 1);
    }
}

static void IDC_1_threshold(void **state)
{
    (void)state;
    open_root(0);
    route(ROOT, 5, EDGE1, direct_target(0, 7));
    aplic_wire(dut, 5, true);
    static const struct {
        uint32_t threshold;
        bool signals;
    } rows[] = {{0, true}, {1, false}, {6, false}, {7, false}, {8, true}, {255, true}};
    for (uint32_t i = 0; i < 6; i++) {
        put(ROOT, ITHRESHOLD(0), rows[i].threshold);
        assert_int_equal(line(ROOT, 0), rows[i].signals);
        assert_int_equal(get(ROOT, TOPI(0)), rows[i].signals ? 5 << 16 | 7 : 0);
    }
}

static void IDC_2_topi(void **state)
{
    (void)state;
    assert_int_equal(get(ROOT, TOPI(1)), 0);
    static const uint32_t sources[] = {90, 12, 33, 50};
    static const uint32_t priorities[] = {3, 4, 3, 200};
    for (uint32_t i = 0; i < 4; i++) {
        route(ROOT, sources[i], EDGE1, direct_target(1, priorities[i]));
        aplic_wire(dut, sources[i], true);
    }
    route(ROOT, 2, EDGE1, direct_target(0, 1));
    aplic_wire(dut, 2, true);
    put(ROOT, TOPI(1), 0);
    static const uint32_t order[] = {33 << 16 | 3, 90 << 16 | 3, 12 << 16 | 4, 50 << 16 | 200, 0};
    for (uint32_t i = 0; i < 5; i++) {
        assert_int_equal(get(ROOT, TOPI(1)), order[i]);
        put(ROOT, CLRIENUM, order[i] >> 16);
    }
    assert_int_equal(get(ROOT, TOPI(0)), 2 << 16 | 1);
    put(ROOT, TARGET(2), direct_target(3, 6));
    assert_int_equal(get(ROOT, TOPI(0)), 0);
    assert_int_equal(get(ROOT, TOPI(3)), 2 << 16 | 6);
}

static void IDC_2_topi_of_a_child(void **state)
{
    (void)state;
    delegate(5, 0);
    route(S, 5, EDGE1, direct_target(1, 9));
    aplic_wire(dut, 5, true);
    assert_int_equal(get(S, TOPI(1)), 5 << 16 | 9);
    assert_int_equal(get(ROOT, TOPI(1)), 0);
    put(S, DOMAINCFG, IE);
    put(S, IDELIVERY(1), 1);
    assert_true(line(S, 1));
    assert_false(line(ROOT, 1));
    assert_int_equal(get(S, CLAIMI(1)), 5 << 16 | 9);
    assert_int_equal(get(S, TOPI(1)), 0);
    assert_false(line(S, 1));
}

static void IDC_2_topi_is_zero_while_msis_are_delivered(void **state)
{
    (void)state;
    put(ROOT, DOMAINCFG, DM);
    route(ROOT, 5, EDGE1, msi_target(1, 0, 9));
    put(ROOT, SETIPNUM, 5);
    assert_int_equal(get(ROOT, TOPI(1)), 0);
    assert_int_equal(get(ROOT, CLAIMI(1)), 0);
    assert_true(pending(ROOT, 5));
}

static void IDC_3_claimi(void **state)
{
    (void)state;
    open_root(0);
    route(ROOT, 5, EDGE1, direct_target(0, 7));
    aplic_wire(dut, 5, true);
    put(ROOT, CLAIMI(0), 0);
    assert_true(pending(ROOT, 5));
    put(ROOT, IFORCE(0), 1);
    struct vd_txn txn = bench_read(CLAIMI(0), 4);
    txn.attrs = VD_DEBUG;
    assert_int_equal(aplic_access(dut, ROOT, &txn), VD_OK);
    assert_int_equal(txn.data[0], 5 << 16 | 7);
    assert_true(pending(ROOT, 5));
    assert_int_equal(get(ROOT, CLAIMI(0)), 5 << 16 | 7);
    assert_false(pending(ROOT, 5));
    assert_int_equal(get(ROOT, IFORCE(0)), 1);
    assert_int_equal(aplic_access(dut, ROOT, &txn), VD_OK);
    assert_int_equal(get(ROOT, IFORCE(0)), 1);
    assert_true(line(ROOT, 0));
    assert_int_equal(get(ROOT, CLAIMI(0)), 0);
    assert_int_equal(get(ROOT, IFORCE(0)), 0);
    assert_false(line(ROOT, 0));
}

static void IDC_3_claim_does_not_clear_a_level(void **state)
{
    (void)state;
    open_root(0);
    route(ROOT, 5, LEVEL1, direct_target(0, 7));
    aplic_wire(dut, 5, true);
    for (uint32_t i = 0; i < 3; i++)
        assert_int_equal(get(ROOT, CLAIMI(0)), 5 << 16 | 7);
    assert_true(line(ROOT, 0));
    aplic_wire(dut, 5, false);
    assert_false(line(ROOT, 0));
    assert_int_equal(get(ROOT, CLAIMI(0)), 0);
}

static void IDC_3_debugger_writes_nothing(void **state)
{
    (void)state;
    struct vd_txn txn = bench_write(IFORCE(0), 4, 1);
    txn.attrs = VD_DEBUG;
    assert_int_equal(aplic_access(dut, ROOT, &txn), VD_OK);
    assert_int_equal(get(ROOT, IFORCE(0)), 0);
}

static void all_zero(uint32_t hart)
{
    static const uint32_t offsets[] = {0, 4, 8, 0x18, 0x1c};
    for (uint32_t i = 0; i < 5; i++) {
        put(ROOT, IDELIVERY(hart) + offsets[i], UINT32_MAX);
        assert_int_equal(get(ROOT, IDELIVERY(hart) + offsets[i]), 0);
    }
}

static void IDC_4_no_such_hart(void **state)
{
    (void)state;
    put(ROOT, DOMAINCFG, IE);
    all_zero(HARTS);
    all_zero(16383);
    assert_int_equal(edges, 0);
    struct aplic_config c = usual_config();
    c.direct = false;
    rebuild(&c);
    all_zero(0);
}

static void IDC_5_spurious_interrupt(void **state)
{
    (void)state;
    open_root(3);
    assert_false(line(ROOT, 3));
    put(ROOT, IFORCE(3), 1);
    assert_true(line(ROOT, 3));
    assert_int_equal(get(ROOT, TOPI(3)), 0);
    assert_int_equal(get(ROOT, CLAIMI(3)), 0);
    assert_false(line(ROOT, 3));
    assert_int_equal(edges, 2);
}

static void line_follows_after_its_cycles(void **state)
{
    (void)state;
    struct aplic_config c = usual_config();
    c.source_to_line_cycles = 3;
    c.register_to_line_cycles = 3;
    rebuild(&c);
    open_root(0);
    route(ROOT, 5, LEVEL1, direct_target(0, 7));
    aplic_wire(dut, 5, true);
    bench_run(&b, 3 * CYCLE - 1);
    assert_false(line(ROOT, 0));
    bench_run(&b, 1);
    assert_true(line(ROOT, 0));
    aplic_wire(dut, 5, false);
    bench_run(&b, 3 * CYCLE - 1);
    assert_true(line(ROOT, 0));
    bench_run(&b, 1);
    assert_false(line(ROOT, 0));
    aplic_wire(dut, 5, true);
    aplic_wire(dut, 5, false);
    bench_run(&b, 10 * CYCLE);
    assert_int_equal(edges, 2);
}

static void source_that_goes_away_drops_the_line(void **state)
{
    (void)state;
    open_root(0);
    open_root(1);
    for (uint32_t way = 0; way < 3; way++) {
        route(ROOT, 5, DETACHED, direct_target(0, 7));
        put(ROOT, SETIPNUM, 5);
        assert_true(line(ROOT, 0));
        if (way == 0)
            put(ROOT, SOURCECFG(5), INACTIVE);
        else if (way == 1)
            delegate(5, 0);
        else
            put(ROOT, TARGET(5), direct_target(1, 7));
        assert_false(line(ROOT, 0));
        assert_int_equal(line(ROOT, 1), way == 2);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RULE(IDC_1_signal),
        RULE(IDC_1_registers),
        RULE(IDC_1_threshold),
        RULE(IDC_2_topi),
        RULE(IDC_2_topi_of_a_child),
        RULE(IDC_2_topi_is_zero_while_msis_are_delivered),
        RULE(IDC_3_claimi),
        RULE(IDC_3_claim_does_not_clear_a_level),
        RULE(IDC_3_debugger_writes_nothing),
        RULE(IDC_4_no_such_hart),
        RULE(IDC_5_spurious_interrupt),
        RULE(line_follows_after_its_cycles),
        RULE(source_that_goes_away_drops_the_line),
    };
    return cmocka_run_group_tests_name("aplic direct", tests, NULL, NULL);
}
