/* SPDX-License-Identifier: BSD-2-Clause */
/* Rules of forwarding by MSIs and of genmsi. */
#include "aplic/aplic_bench.h"

static void build_slow(uint32_t to_msi, uint32_t interval)
{
    struct aplic_config c = usual_config();
    c.source_to_msi_cycles = to_msi;
    c.msi_interval_cycles = interval;
    rebuild(&c);
    set_msi_addresses();
}

static void assert_msi(uint32_t index, uint64_t addr, uint32_t data)
{
    assert_true(index < b.num_writes);
    const struct vd_txn *txn = &b.writes[index];
    assert_int_equal(txn->addr, addr);
    assert_int_equal(txn->data[0], data);
    assert_int_equal(txn->size, 4);
    assert_int_equal(txn->cmd, VD_WRITE);
    assert_int_equal(txn->attrs, VD_POSTED);
    assert_int_equal(txn->requester, VD_REQUESTER_APLIC(2));
    const struct vd_record *rec = bench_record(&b, VD_REC_msi_issue, index);
    assert_non_null(rec);
    assert_int_equal(rec->serial, txn->serial);
    assert_int_not_equal(rec->serial, 0);
    assert_int_equal(rec->a, addr);
    assert_int_equal(rec->b, data);
    assert_int_equal(rec->c, VD_REQUESTER_APLIC(2));
}

static void APLIC_R10_genmsi_busy(void **state)
{
    (void)state;
    build_slow(3, 0);
    put(ROOT, GENMSI, msi_target(1, 0, 9));
    assert_int_equal(get(ROOT, GENMSI), 0);
    put(ROOT, DOMAINCFG, DM);
    assert_int_equal(get(ROOT, GENMSI), 0);
    put(ROOT, GENMSI, 0x0003f800 | msi_target(1, 0, 9));
    assert_int_equal(get(ROOT, GENMSI), msi_target(1, 0, 9) | BUSY);
    put(ROOT, GENMSI, msi_target(2, 0, 10));
    bench_run(&b, 3 * CYCLE - 1);
    assert_int_equal(get(ROOT, GENMSI), msi_target(1, 0, 9) | BUSY);
    assert_int_equal(b.num_writes, 0);
    bench_run(&b, 1);
    assert_int_equal(get(ROOT, GENMSI), msi_target(1, 0, 9));
    assert_int_equal(b.num_writes, 1);
    assert_msi(0, m_page(1), 9);
    put(ROOT, GENMSI, msi_target(2, 0, 0x7ff));
    bench_run(&b, 3 * CYCLE);
    assert_msi(1, m_page(2), 0x7ff);
    put(ROOT, DOMAINCFG, 0);
    assert_int_equal(get(ROOT, GENMSI), 0);
}

static void APLIC_R10_genmsi_of_a_supervisor_domain(void **state)
{
    (void)state;
    set_msi_addresses();
    put(S, DOMAINCFG, DM);
    put(S, GENMSI, msi_target(3, 2, 33));
    assert_int_equal(get(S, GENMSI), msi_target(3, 0, 33));
    assert_msi(0, s_page(3, 0), 33);
    put(S, GENMSI, msi_target(HARTS, 0, 34));
    assert_true(get(S, GENMSI) >> 18 < HARTS);
}

static void APLIC_R10_genmsi_after_earlier_msis(void **state)
{
    (void)state;
    build_slow(3, 5);
    put(ROOT, DOMAINCFG, DM | IE);
    for (uint32_t i = 1; i <= 3; i++) {
        route(ROOT, i, EDGE1, msi_target(1, 0, 10 + i));
        aplic_wire(dut, i, true);
    }
    put(ROOT, GENMSI, msi_target(1, 0, 60));
    bench_run(&b, 100 * CYCLE);
    for (uint32_t i = 0; i < 3; i++)
        assert_msi(i, m_page(1), 11 + i);
    assert_msi(3, m_page(1), 60);
}

static void APLIC_R13_machine_address(void **state)
{
    (void)state;
    static const struct {
        uint32_t low, high, hart;
        uint64_t addr;
    } rows[] = {
        {0x24000, 2u << 12, 3, 0x24003000},
        {0x24000, 2u << 20 | 2u << 12, 3, 0x2400c000},
        {0x24000, 1u << 12, 3, 0x24001000},
        {0x24000, 1u << 12 | 1u << 16, 3, 0x25001000},
        {0x24000, 3u << 24 | 1u << 12 | 1u << 16, 2, 0x2c000000},
        {0x00024000, 0xabc | 1u << 24 | 1u << 12 | 7u << 16, 3, UINT64_C(0xabc00026001000)},
        {0, 7u << 20 | 15u << 12, 3, 0x180000},
    };
    put(ROOT, DOMAINCFG, DM);
    for (uint32_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        put(ROOT, MMSIADDRCFG, rows[i].low);
        put(ROOT, MMSIADDRCFGH, rows[i].high);
        put(ROOT, GENMSI, msi_target(rows[i].hart, 0, 5));
        assert_msi(i, rows[i].addr, 5);
    }
}

static void APLIC_R13_supervisor_address(void **state)
{
    (void)state;
    put(ROOT, MMSIADDRCFG, 0xfffff);
    put(ROOT, MMSIADDRCFGH, 4u << 24 | 7u << 20 | 1u << 16 | 1u << 12);
    put(ROOT, SMSIADDRCFG, 0x28000);
    put(ROOT, SMSIADDRCFGH, 0xff8f0000 | 2u << 20 | 0x7);
    delegate(5, 0);
    put(S, DOMAINCFG, DM | IE);
    route(S, 5, EDGE1, msi_target(3, 2, 99));
    aplic_wire(dut, 5, true);
    assert_msi(0, UINT64_C(0x700028000000) + (UINT64_C(1) << 28) + 0x4000 + 0x2000, 99);
}

static void APLIC_R13_guest_index(void **state)
{
    (void)state;
    set_msi_addresses();
    delegate(5, 0);
    put(S, DOMAINCFG, DM | IE);
    put(S, SOURCECFG(5), DETACHED);
    put(S, SETIENUM, 5);
    for (uint32_t guest = 0; guest <= GUESTS; guest++) {
        put(S, TARGET(5), msi_target(2, guest, 77));
        put(S, SETIPNUM, 5);
        assert_msi(guest, s_page(2, guest), 77);
    }
}

static void APLIC_R14_data(void **state)
{
    (void)state;
    set_msi_addresses();
    put(ROOT, DOMAINCFG, DM | IE);
    put(ROOT, SOURCECFG(5), DETACHED);
    put(ROOT, SETIENUM, 5);
    static const uint32_t eiids[] = {0, 1, 0x7ff};
    for (uint32_t i = 0; i < 3; i++) {
        put(ROOT, TARGET(5), msi_target(0, 0, eiids[i]));
        put(ROOT, SETIPNUM, 5);
        assert_msi(i, m_page(0), eiids[i]);
    }
    put(ROOT, DOMAINCFG, DM | IE | BE);
    put(ROOT, SETIPNUM_LE, 5);
    assert_msi(3, m_page(0), 0x7ff);
}

static void APLIC_R15_conditions(void **state)
{
    (void)state;
    set_msi_addresses();
    put(ROOT, DOMAINCFG, DM | IE);
    route(ROOT, 5, EDGE1, msi_target(1, 0, 40));
    put(ROOT, CLRIENUM, 5);
    aplic_wire(dut, 5, true);
    assert_int_equal(b.num_writes, 0);
    put(ROOT, DOMAINCFG, DM);
    put(ROOT, SETIENUM, 5);
    assert_int_equal(b.num_writes, 0);
    put(S, DOMAINCFG, DM | IE);
    assert_int_equal(b.num_writes, 0);
    put(ROOT, DOMAINCFG, IE);
    assert_int_equal(b.num_writes, 0);
    assert_true(pending(ROOT, 5));
    put(ROOT, TARGET(5), direct_target(1, 40));
    put(ROOT, CLRIENUM, 5);
    put(ROOT, DOMAINCFG, DM | IE);
    put(ROOT, TARGET(5), msi_target(1, 0, 40));
    put(ROOT, SETIENUM, 5);
    assert_int_equal(b.num_writes, 1);
    assert_msi(0, m_page(1), 40);
    assert_false(pending(ROOT, 5));
    aplic_wire(dut, 5, false);
    aplic_wire(dut, 5, true);
    assert_int_equal(b.num_writes, 2);
}

static void APLIC_R15_order_and_interval(void **state)
{
    (void)state;
    build_slow(4, 5);
    put(ROOT, DOMAINCFG, DM);
    for (uint32_t i = 70; i >= 60; i--) {
        route(ROOT, i, EDGE1, msi_target(0, 0, i));
        aplic_wire(dut, i, true);
    }
    put(ROOT, DOMAINCFG, DM | IE);
    bench_run(&b, 4 * CYCLE - 1);
    assert_int_equal(b.num_writes, 0);
    bench_run(&b, 1);
    for (uint32_t k = 0; k <= 10; k++) {
        assert_int_equal(b.num_writes, k + 1);
        assert_msi(k, m_page(0), 60 + k);
        assert_int_equal(get(ROOT, SETIP + 4) >> 28, k < 1 ? 0xe : k < 2 ? 0xc : k < 3 ? 8 : 0);
        bench_run(&b, 5 * CYCLE - 1);
        assert_int_equal(b.num_writes, k + 1);
        bench_run(&b, 1);
    }
    assert_int_equal(b.num_events, 0);
}

static void APLIC_R15_withdrawn_before_it_leaves(void **state)
{
    (void)state;
    build_slow(4, 5);
    put(ROOT, DOMAINCFG, DM | IE);
    route(ROOT, 5, EDGE1, msi_target(0, 0, 5));
    for (uint32_t way = 0; way < 4; way++) {
        aplic_wire(dut, 5, false);
        aplic_wire(dut, 5, true);
        bench_run(&b, 2 * CYCLE);
        if (way == 0)
            put(ROOT, CLRIENUM, 5);
        else if (way == 1)
            put(ROOT, CLRIPNUM, 5);
        else if (way == 2)
            put(ROOT, DOMAINCFG, DM);
        else
            put(ROOT, SOURCECFG(5), INACTIVE);
        bench_run(&b, 10 * CYCLE);
        assert_int_equal(b.num_writes, 0);
        put(ROOT, CLRIPNUM, 5);
        put(ROOT, SETIENUM, 5);
        put(ROOT, DOMAINCFG, DM | IE);
    }
    assert_int_equal(b.num_events, 0);
}

static void target_is_read_when_the_msi_leaves(void **state)
{
    (void)state;
    build_slow(4, 0);
    put(ROOT, DOMAINCFG, DM | IE);
    route(ROOT, 5, EDGE1, msi_target(0, 0, 5));
    aplic_wire(dut, 5, true);
    bench_run(&b, 2 * CYCLE);
    put(ROOT, TARGET(5), msi_target(3, 0, 6));
    bench_run(&b, 2 * CYCLE);
    assert_msi(0, m_page(3), 6);
}

static void edges_coalesce_until_the_msi_leaves(void **state)
{
    (void)state;
    build_slow(4, 0);
    put(ROOT, DOMAINCFG, DM | IE);
    route(ROOT, 5, EDGE1, msi_target(0, 0, 5));
    for (uint32_t i = 0; i < 3; i++) {
        aplic_wire(dut, 5, true);
        aplic_wire(dut, 5, false);
        bench_run(&b, CYCLE);
    }
    bench_run(&b, 20 * CYCLE);
    assert_int_equal(b.num_writes, 1);
}

static uint32_t retries;

static bool answer(void *ctx, struct vd_txn *txn)
{
    (void)ctx;
    txn->status = VD_OK;
    if (retries) {
        retries--;
        txn->delay = 7 * CYCLE;
        txn->status = VD_RETRY;
    }
    return true;
}

static void busy_bus_is_asked_again(void **state)
{
    (void)state;
    build_slow(0, 0);
    b.hook = answer;
    retries = 2;
    put(ROOT, DOMAINCFG, DM);
    put(ROOT, GENMSI, msi_target(1, 0, 9));
    assert_int_equal(get(ROOT, GENMSI) & BUSY, BUSY);
    bench_run(&b, 7 * CYCLE);
    assert_int_equal(get(ROOT, GENMSI) & BUSY, BUSY);
    bench_run(&b, 7 * CYCLE);
    assert_int_equal(get(ROOT, GENMSI) & BUSY, 0);
    assert_int_equal(bench_count(&b, VD_REC_msi_issue), 1);
    assert_int_equal(b.num_writes, 3);
    assert_int_equal(b.writes[0].serial, b.writes[2].serial);
    assert_int_equal(b.num_events, 0);
}

static bool into_itself(void *ctx, struct vd_txn *txn)
{
    (void)ctx;
    struct vd_txn inner = *txn;
    inner.addr = SETIPNUM_LE;
    txn->status = (uint8_t)aplic_access(dut, ROOT, &inner);
    return true;
}

/* An MSI aimed at the APLIC's own setipnum_le is a loop of software's making; it passes time. */
static void msi_to_itself_passes_time(void **state)
{
    (void)state;
    b.hook = into_itself;
    put(ROOT, DOMAINCFG, DM | IE);
    route(ROOT, 5, DETACHED, msi_target(0, 0, 5));
    put(ROOT, SETIPNUM, 5);
    assert_int_equal(b.num_writes, 1);
    bench_run(&b, 10 * CYCLE);
    assert_int_equal(b.num_writes, 11);
}

static void errors_of_the_bus_are_ignored(void **state)
{
    (void)state;
    b.fail_in = 1;
    b.fail_with = VD_UNMAPPED;
    put(ROOT, DOMAINCFG, DM);
    put(ROOT, GENMSI, msi_target(1, 0, 9));
    assert_int_equal(get(ROOT, GENMSI) & BUSY, 0);
    assert_int_equal(b.num_events, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RULE(APLIC_R10_genmsi_busy),
        RULE(APLIC_R10_genmsi_of_a_supervisor_domain),
        RULE(APLIC_R10_genmsi_after_earlier_msis),
        RULE(APLIC_R13_machine_address),
        RULE(APLIC_R13_supervisor_address),
        RULE(APLIC_R13_guest_index),
        RULE(APLIC_R14_data),
        RULE(APLIC_R15_conditions),
        RULE(APLIC_R15_order_and_interval),
        RULE(APLIC_R15_withdrawn_before_it_leaves),
        RULE(target_is_read_when_the_msi_leaves),
        RULE(edges_coalesce_until_the_msi_leaves),
        RULE(busy_bus_is_asked_again),
        RULE(msi_to_itself_passes_time),
        RULE(errors_of_the_bus_are_ignored),
    };
    return cmocka_run_group_tests_name("aplic msi", tests, NULL, NULL);
}
