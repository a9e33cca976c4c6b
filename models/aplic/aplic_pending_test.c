/* SPDX-License-Identifier: BSD-2-Clause */
/* Rules of source modes and of pending bits [aia AdvPLIC-pendingBits]. */
#include "aplic/aplic_bench.h"

static void APLIC_R4_rectified_input(void **state)
{
    (void)state;
    static const struct {
        uint32_t mode;
        bool low, high;
    } rows[] = {{INACTIVE, false, false}, {DETACHED, false, false}, {EDGE1, false, true},
                {EDGE0, true, false},     {LEVEL1, false, true},    {LEVEL0, true, false}};
    for (uint32_t i = 0; i < 6; i++) {
        put(ROOT, SOURCECFG(33), rows[i].mode);
        aplic_wire(dut, 33, false);
        assert_int_equal(input(ROOT, 33), rows[i].low);
        aplic_wire(dut, 33, true);
        assert_int_equal(input(ROOT, 33), rows[i].high);
    }
}

static void APLIC_R5_sourcecfg_write(void **state)
{
    (void)state;
    aplic_wire(dut, 4, true);
    for (uint32_t mode = 0; mode <= DM; mode += DM) {
        put(ROOT, DOMAINCFG, mode);
        put(ROOT, SOURCECFG(4), EDGE1);
        assert_false(pending(ROOT, 4));
        put(ROOT, SOURCECFG(4), LEVEL1);
        assert_true(pending(ROOT, 4));
        put(ROOT, SOURCECFG(4), EDGE0);
        assert_true(pending(ROOT, 4));
        put(ROOT, SOURCECFG(4), DETACHED);
        assert_true(pending(ROOT, 4));
        put(ROOT, SOURCECFG(4), LEVEL0);
        assert_false(pending(ROOT, 4));
        put(ROOT, SOURCECFG(4), INACTIVE);
    }
}

static void APLIC_R6_setip(void **state)
{
    (void)state;
    put(ROOT, SOURCECFG(1), DETACHED);
    put(ROOT, SOURCECFG(63), EDGE1);
    put(ROOT, SETIP, UINT32_MAX);
    put(ROOT, SETIP + 4, UINT32_MAX);
    assert_int_equal(get(ROOT, SETIP), 1 << 1);
    assert_int_equal(get(ROOT, SETIP + 4), 1u << 31);
    assert_int_equal(bench_count(&b, VD_REC_aplic_pend), 2);
    assert_int_equal(bench_record(&b, VD_REC_aplic_pend, 1)->a, 63);
    assert_int_equal(bench_record(&b, VD_REC_aplic_pend, 1)->b, 1);
    put(ROOT, SETIP, 0);
    assert_int_equal(get(ROOT, SETIP), 1 << 1);
}

/* What a level source in MSI mode asserts is told, and that it is none any more. */
static void levels_are_told(void **state)
{
    (void)state;
    put(ROOT, DOMAINCFG, IE | DM);
    put(ROOT, SOURCECFG(5), LEVEL1);
    aplic_wire(dut, 5, true);
    uint32_t n = bench_count(&b, VD_REC_aplic_level);
    assert_int_equal(bench_record(&b, VD_REC_aplic_level, n - 1)->a, 5);
    assert_int_equal(bench_record(&b, VD_REC_aplic_level, n - 1)->b, 1);
    put(ROOT, SOURCECFG(5), LEVEL0);
    assert_int_equal(bench_record(&b, VD_REC_aplic_level, n)->b, 0);
    put(ROOT, SOURCECFG(5), LEVEL1);
    put(ROOT, SOURCECFG(5), EDGE1);
    assert_int_equal(bench_record(&b, VD_REC_aplic_level, n + 1)->b, 1);
    assert_int_equal(bench_record(&b, VD_REC_aplic_level, n + 2)->b, 0);
}

static void APLIC_R6_setipnum(void **state)
{
    (void)state;
    static const uint32_t registers[] = {SETIPNUM, SETIPNUM_LE, SETIPNUM_BE};
    put(ROOT, SOURCECFG(37), DETACHED);
    delegate(38, 0);
    put(S, SOURCECFG(38), DETACHED);
    for (uint32_t i = 0; i < 3; i++) {
        static const uint32_t ignored[] = {0, 36, 38, SOURCES + 1, 1024, 0x10025, UINT32_MAX};
        for (uint32_t k = 0; k < 7; k++)
            put(ROOT, registers[i], i == 2 ? __builtin_bswap32(ignored[k]) : ignored[k]);
        for (uint32_t w = 0; w < 32; w++)
            assert_int_equal(get(ROOT, SETIP + 4 * w) | get(S, SETIP + 4 * w), 0);
        put(ROOT, registers[i], i == 2 ? __builtin_bswap32(37) : 37);
        assert_true(pending(ROOT, 37));
        put(ROOT, CLRIPNUM, 37);
        assert_int_equal(get(ROOT, registers[i]), 0);
    }
}

static void APLIC_R7_in_clrip(void **state)
{
    (void)state;
    put(ROOT, SOURCECFG(40), EDGE1);
    put(ROOT, SETIPNUM, 40);
    assert_int_equal(get(ROOT, IN_CLRIP + 4), 0);
    aplic_wire(dut, 40, true);
    assert_int_equal(get(ROOT, IN_CLRIP + 4), 1 << 8);
    put(ROOT, IN_CLRIP + 4, ~(1u << 8));
    assert_true(pending(ROOT, 40));
    put(ROOT, IN_CLRIP + 4, 1 << 8);
    assert_false(pending(ROOT, 40));
    assert_int_equal(get(ROOT, IN_CLRIP + 4), 1 << 8);
    put(ROOT, SETIPNUM, 40);
    put(ROOT, CLRIPNUM, 41);
    put(ROOT, CLRIPNUM, 0x10028);
    put(S, CLRIPNUM, 40);
    assert_true(pending(ROOT, 40));
    put(ROOT, CLRIPNUM, 40);
    assert_false(pending(ROOT, 40));
    assert_int_equal(get(ROOT, CLRIPNUM), 0);
}

static void APLIC_R9_fixed_byte_order(void **state)
{
    (void)state;
    put(ROOT, SOURCECFG(2), DETACHED);
    put(ROOT, SETIPNUM_BE, 2);
    assert_false(pending(ROOT, 2));
    put(ROOT, SETIPNUM_BE, 2u << 24);
    assert_true(pending(ROOT, 2));
    put(ROOT, CLRIPNUM, 2);
    put(ROOT, SETIPNUM_LE, 2u << 24);
    assert_false(pending(ROOT, 2));
    put(ROOT, SETIPNUM_LE, 2);
    assert_true(pending(ROOT, 2));
}

/* What sets and clears the pending bit of an enabled source, mode by mode. */
static void pending_detached(void **state)
{
    (void)state;
    put(ROOT, SOURCECFG(4), DETACHED);
    aplic_wire(dut, 4, true);
    aplic_wire(dut, 4, false);
    assert_false(pending(ROOT, 4));
    put(ROOT, SETIP, 1 << 4);
    assert_true(pending(ROOT, 4));
    put(ROOT, IN_CLRIP, 1 << 4);
    assert_false(pending(ROOT, 4));
    route(ROOT, 4, DETACHED, direct_target(0, 1));
    put(ROOT, SETIPNUM, 4);
    assert_int_equal(get(ROOT, CLAIMI(0)), 4 << 16 | 1);
    assert_false(pending(ROOT, 4));
}

static void pending_edge(uint32_t mode, bool rest)
{
    put(ROOT, SOURCECFG(4), INACTIVE);
    aplic_wire(dut, 4, rest);
    route(ROOT, 4, mode, direct_target(0, 1));
    assert_false(pending(ROOT, 4));
    aplic_wire(dut, 4, !rest);
    assert_true(pending(ROOT, 4));
    aplic_wire(dut, 4, rest);
    assert_true(pending(ROOT, 4));
    assert_int_equal(get(ROOT, CLAIMI(0)), 4 << 16 | 1);
    assert_false(pending(ROOT, 4));
    put(ROOT, SETIPNUM, 4);
    assert_true(pending(ROOT, 4));
    put(ROOT, CLRIPNUM, 4);
    aplic_wire(dut, 4, !rest);
    put(ROOT, CLRIPNUM, 4);
    assert_false(pending(ROOT, 4));
}

static void pending_edge1_and_edge0(void **state)
{
    (void)state;
    pending_edge(EDGE1, false);
    pending_edge(EDGE0, true);
}

static void pending_level_direct(void **state)
{
    (void)state;
    static const uint32_t modes[] = {LEVEL1, LEVEL0};
    for (uint32_t i = 0; i < 2; i++) {
        put(ROOT, SOURCECFG(4), INACTIVE);
        aplic_wire(dut, 4, i);
        route(ROOT, 4, modes[i], direct_target(0, 1));
        put(ROOT, SETIPNUM, 4);
        put(ROOT, SETIP, 1 << 4);
        put(ROOT, SETIPNUM_LE, 4);
        assert_false(pending(ROOT, 4));
        aplic_wire(dut, 4, !i);
        assert_true(pending(ROOT, 4));
        put(ROOT, CLRIPNUM, 4);
        put(ROOT, IN_CLRIP, 1 << 4);
        assert_true(pending(ROOT, 4));
        assert_int_equal(get(ROOT, CLAIMI(0)), 4 << 16 | 1);
        assert_true(pending(ROOT, 4));
        aplic_wire(dut, 4, i);
        assert_false(pending(ROOT, 4));
    }
}

static void pending_level_msi(void **state)
{
    (void)state;
    static const uint32_t modes[] = {LEVEL1, LEVEL0};
    put(ROOT, DOMAINCFG, DM);
    for (uint32_t i = 0; i < 2; i++) {
        put(ROOT, SOURCECFG(4), INACTIVE);
        aplic_wire(dut, 4, i);
        route(ROOT, 4, modes[i], 0);
        put(ROOT, SETIPNUM, 4);
        put(ROOT, SETIPNUM_LE, 4);
        put(ROOT, SETIP, 1 << 4);
        assert_false(pending(ROOT, 4));
        aplic_wire(dut, 4, !i);
        assert_true(pending(ROOT, 4));
        put(ROOT, CLRIPNUM, 4);
        assert_false(pending(ROOT, 4));
        put(ROOT, SETIPNUM, 4);
        assert_true(pending(ROOT, 4));
        put(ROOT, IN_CLRIP, 1 << 4);
        assert_false(pending(ROOT, 4));
        put(ROOT, SETIP, 1 << 4);
        assert_true(pending(ROOT, 4));
        aplic_wire(dut, 4, i);
        assert_false(pending(ROOT, 4));
    }
}

static void pending_when_the_delivery_mode_changes(void **state)
{
    (void)state;
    put(ROOT, SOURCECFG(4), LEVEL1);
    put(ROOT, SOURCECFG(5), LEVEL1);
    put(ROOT, SOURCECFG(6), EDGE1);
    put(ROOT, DOMAINCFG, DM);
    aplic_wire(dut, 4, true);
    put(ROOT, CLRIPNUM, 4);
    put(ROOT, SETIPNUM, 6);
    put(ROOT, DOMAINCFG, 0);
    assert_int_equal(get(ROOT, SETIP), 1 << 4 | 1 << 6);
    put(ROOT, DOMAINCFG, DM);
    assert_int_equal(get(ROOT, SETIP), 1 << 4 | 1 << 6);
}

static void APLIC_L1_rearm_by_setipnum(void **state)
{
    (void)state;
    set_msi_addresses();
    put(ROOT, DOMAINCFG, DM | IE);
    route(ROOT, 4, LEVEL1, msi_target(1, 0, 20));
    aplic_wire(dut, 4, true);
    assert_int_equal(b.num_writes, 1);
    assert_false(pending(ROOT, 4));
    put(ROOT, SETIENUM, 4);
    put(ROOT, DOMAINCFG, DM | IE);
    assert_int_equal(b.num_writes, 1);
    put(ROOT, SETIPNUM, 4);
    assert_int_equal(b.num_writes, 2);
    put(ROOT, SETIPNUM_LE, 4);
    assert_int_equal(b.num_writes, 3);
    aplic_wire(dut, 4, false);
    put(ROOT, SETIPNUM, 4);
    assert_int_equal(b.num_writes, 3);
    aplic_wire(dut, 4, true);
    assert_int_equal(b.num_writes, 4);
}

static void APLIC_L2_short_pulse_is_lost(void **state)
{
    (void)state;
    struct aplic_config c = usual_config();
    c.source_to_msi_cycles = 4;
    rebuild(&c);
    put(ROOT, DOMAINCFG, DM | IE);
    route(ROOT, 4, LEVEL1, msi_target(1, 0, 20));
    aplic_wire(dut, 4, true);
    bench_run(&b, 4 * CYCLE - 1);
    aplic_wire(dut, 4, false);
    bench_run(&b, 100 * CYCLE);
    assert_int_equal(b.num_writes, 0);
    assert_int_equal(b.num_events, 0);
    aplic_wire(dut, 4, true);
    bench_run(&b, 4 * CYCLE);
    aplic_wire(dut, 4, false);
    assert_int_equal(b.num_writes, 1);
}

static void APLIC_L3_no_stale_msi(void **state)
{
    (void)state;
    put(ROOT, DOMAINCFG, DM);
    put(ROOT, SOURCECFG(4), LEVEL1);
    put(ROOT, SOURCECFG(5), LEVEL1);
    put(ROOT, SETIENUM, 4);
    for (uint32_t source = 4; source <= 5; source++) {
        aplic_wire(dut, source, true);
        assert_true(pending(ROOT, source));
        aplic_wire(dut, source, false);
        assert_false(pending(ROOT, source));
    }
    put(ROOT, DOMAINCFG, DM | IE);
    put(ROOT, SETIENUM, 5);
    assert_int_equal(b.num_writes, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RULE(APLIC_R4_rectified_input),
        RULE(APLIC_R5_sourcecfg_write),
        RULE(APLIC_R6_setip),
        RULE(levels_are_told),
        RULE(APLIC_R6_setipnum),
        RULE(APLIC_R7_in_clrip),
        RULE(APLIC_R9_fixed_byte_order),
        RULE(pending_detached),
        RULE(pending_edge1_and_edge0),
        RULE(pending_level_direct),
        RULE(pending_level_msi),
        RULE(pending_when_the_delivery_mode_changes),
        RULE(APLIC_L1_rearm_by_setipnum),
        RULE(APLIC_L2_short_pulse_is_lost),
        RULE(APLIC_L3_no_stale_msi),
    };
    return cmocka_run_group_tests_name("aplic pending", tests, NULL, NULL);
}
