/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "pcie/rig.h"

static void forge(struct rig *r, uint64_t addr, uint32_t data, uint32_t control)
{
    rig_write(r, FORGE_ADDR, 8, addr);
    rig_write(r, FORGE_DATA, 4, data);
    rig_write(r, FORGE_CONTROL, 4, control | 1);
}

static void forge_counts_as_msi(void **state)
{
    struct rig *r = *state;
    forge(r, RIG_MSI + 0x3004, 0xdeadbeef, 0);
    assert_int_equal(rig_msis(r), 1);
    const struct vd_txn *msi = rig_msi(r, 0);
    assert_int_equal(msi->addr, RIG_MSI + 0x3004);
    assert_int_equal(msi->data[0], 0xdeadbeef);
    assert_int_equal(msi->size, 4);
    assert_int_equal(msi->attrs, VD_POSTED);
    const struct vd_record *rec = bench_record(&r->bench, VD_REC_msi_issue, 0);
    assert_int_equal(rec->serial, msi->serial);
    assert_int_equal(rec->b, 0xdeadbeef);
    const uint8_t sizes[] = {4, 2, 4, 8, 16, 32, 64, 1};
    for (uint32_t n = 1; n < 8; n++) {
        forge(r, RIG_MSI + 0x3c, 7, n << 4 | 2 << 2);
        assert_int_equal(rig_msi(r, n)->size, sizes[n]);
        assert_int_equal(rig_msi(r, n)->at, VD_AT_TRANSLATED);
        assert_true(rig_msi(r, n)->addr % 64 + sizes[n] <= 64);
    }
}

static void forge_waits_for_the_link(void **state)
{
    (void)state;
    struct rig *r = rig_of_eight(&rig_timed);
    r->refusals = 5;
    for (uint32_t i = 0; i < 64; i++)
        rig_write(r, RAISE, 4, 0);
    forge(r, RIG_MSI, 9, 0);
    assert_int_equal(rig_read(r, STATUS, 4), 8);
    assert_false(endpoint_idle(r->endpoint));
    assert_true(bench_settle(&r->bench, 1000));
    assert_int_equal(rig_msis(r), 65);
    assert_int_equal(rig_msi(r, 64)->data[0], 9);
    rig_free(r);
}

static void entry(struct rig *r, uint32_t index, uint32_t op, uint32_t arg, uint64_t value)
{
    rig_write(r, SCRIPT + 16 * index, 4, op);
    rig_write(r, SCRIPT + 16 * index + 4, 4, arg);
    rig_write(r, SCRIPT + 16 * index + 8, 8, value);
}

static void script_ops(void **state)
{
    struct rig *r = *state;
    entry(r, 0, 2, 1, 0);
    entry(r, 1, 1, 0, 100);
    entry(r, 2, 3, 0, 0x55aa55aa55aa55aa);
    entry(r, 3, 0, 0, RIG_RAM + 0x40);
    entry(r, 4, 4, 77, RIG_MSI + 0x5000);
    entry(r, 5, 8, 2, 3);
    entry(r, 6, 6, 5, 1);
    entry(r, 7, 0, 0, 0);
    rig_write(r, SCRIPT_CONTROL, 4, 1);
    assert_int_equal(rig_read(r, STATUS, 4), 4);
    assert_true(bench_settle(&r->bench, 100));
    assert_int_equal(rig_read(r, STATUS, 4), 0);
    assert_int_equal(rig_read(r, SCRIPT_ENTRY, 4), 7);
    const uint32_t data[] = {101, 77, 102, 103, 104, 102, 103, 104};
    const vd_time times[] = {0, 102000, 103000, 103000, 103000, 105000, 105000, 105000};
    assert_int_equal(rig_msis(r), 8);
    for (uint32_t i = 0; i < 8; i++) {
        assert_int_equal(rig_msi(r, i)->data[0], data[i]);
        assert_int_equal(bench_record(&r->bench, VD_REC_msi_issue, i)->time, times[i]);
    }
    assert_int_equal(bench_peek(&r->bench, RIG_RAM + 0x40, 8), 0x55aa55aa55aa55aa);
}

static void script_waits_for_ack(void **state)
{
    struct rig *r = *state;
    entry(r, 0, 2, 1, 0);
    entry(r, 1, 7, 0, 0);
    entry(r, 2, 6, 0, 1);
    entry(r, 3, 0, 0, 0);
    rig_write(r, SCRIPT_CONTROL, 4, 1);
    bench_run(&r->bench, 100000);
    assert_int_equal(rig_msis(r), 1);
    rig_write(r, GEN_ACK, 4, 0);
    bench_run(&r->bench, 100000);
    assert_int_equal(rig_msis(r), 2);
    assert_int_equal(rig_read(r, SCRIPT_ENTRY, 4), 1);
    rig_write(r, GEN_ACK, 4, 0);
    bench_run(&r->bench, 100000);
    assert_true(endpoint_idle(r->endpoint));
}

static void script_loops_nest(void **state)
{
    struct rig *r = *state;
    entry(r, 0, 2, 1, 0);
    entry(r, 1, 6, 0, 2);
    entry(r, 2, 6, 0, 1);
    rig_write(r, SCRIPT_CONTROL, 4, 1);
    assert_true(bench_settle(&r->bench, 100));
    assert_int_equal(rig_msis(r), 6);
}

static void script_intx(void **state)
{
    struct rig *r = *state;
    rig_config_write(r, 0x92, 2, 0);
    entry(r, 0, 5, 1, 0);
    entry(r, 1, 1, 0, 10);
    entry(r, 2, 5, 0, 0);
    rig_write(r, SCRIPT_CONTROL, 4, 1);
    bench_run(&r->bench, 5000);
    assert_true(r->bench.lines[1]);
    assert_int_equal(rig_read(r, RIG_BAR0 + 0x18, 4), 1);
    assert_true(bench_settle(&r->bench, 10));
    assert_false(r->bench.lines[1]);
}

/* A script without an end, or one that jumps or counts beyond all bounds, keeps the clock running.
 */
static void script_bad_programs(void **state)
{
    struct rig *r = *state;
    entry(r, 0, 6, 0, UINT64_MAX);
    rig_write(r, SCRIPT_CONTROL, 4, 1);
    bench_run(&r->bench, 100000);
    assert_int_equal(rig_read(r, STATUS, 4), 4);
    rig_write(r, SCRIPT_CONTROL, 4, 0);
    assert_true(endpoint_idle(r->endpoint));
    const struct {
        uint32_t op, arg;
        uint64_t value;
    } bad[] = {
        {99, 0, 0}, {6, 256, 1}, {6, UINT32_MAX, 1}, {8, UINT32_MAX, UINT64_MAX}, {2, 70, 0}};
    for (uint32_t i = 0; i < 5; i++) {
        entry(r, 0, bad[i].op, bad[i].arg, bad[i].value);
        rig_write(r, SCRIPT_CONTROL, 4, 1);
        assert_true(bench_settle(&r->bench, 10000));
        assert_true(endpoint_idle(r->endpoint));
    }
    entry(r, 0, 6, 255, 1);
    entry(r, 255, 3, 0, 0);
    rig_write(r, SCRIPT_CONTROL, 4, 1);
    assert_true(bench_settle(&r->bench, 10));
    entry(r, 255, 2, 0, 0);
    rig_write(r, SCRIPT_CONTROL, 4, 1);
    assert_true(bench_settle(&r->bench, 10));
    assert_true(endpoint_idle(r->endpoint));
    assert_true(rig_msis(r) > 0);
}

/* A machine restored from a snapshot goes on exactly as the one that it was taken from. */
static void snapshot_goes_on_alike(void **state)
{
    (void)state;
    struct rig *r = rig_of_eight(&rig_timed), *twin = rig_of_eight(&rig_timed);
    rig_write(r, GEN_VECTORS, 4, 8);
    rig_generate(r, 50, 3, 40, 2);
    entry(r, 0, 1, 0, 33);
    entry(r, 1, 2, 1, 0);
    entry(r, 2, 6, 0, 9);
    rig_write(r, SCRIPT_CONTROL, 4, 1);
    bench_run(&r->bench, 200500);
    bench_forget(&r->bench);
    size_t sizes[] = {pcie_save(r->root, NULL, 0), endpoint_save(r->endpoint, NULL, 0)};
    void *images[] = {malloc(sizes[0]), malloc(sizes[1])};
    pcie_save(r->root, images[0], sizes[0]);
    endpoint_save(r->endpoint, images[1], sizes[1]);
    twin->bench.now = r->bench.now;
    twin->bench.next_serial = r->bench.next_serial;
    assert_true(endpoint_restore(twin->endpoint, images[1], sizes[1]));
    assert_true(pcie_restore(twin->root, images[0], sizes[0]));
    assert_true(bench_settle(&r->bench, 10000));
    assert_true(bench_settle(&twin->bench, 10000));
    assert_true(r->bench.num_records > 20);
    assert_int_equal(r->bench.num_records, twin->bench.num_records);
    assert_memory_equal(r->bench.records, twin->bench.records,
                        r->bench.num_records * sizeof(r->bench.records[0]));
    assert_false(endpoint_restore(twin->endpoint, images[1], sizes[1] - 1));
    assert_false(endpoint_restore(twin->endpoint, images[1], sizes[1]));
    free(images[0]);
    free(images[1]);
    rig_free(r);
    rig_free(twin);
}

static void create_refuses(void **state)
{
    struct rig *r = *state;
    struct vd_error err;
    struct endpoint_config bad = {.vectors = 2049};
    assert_null(endpoint_create(&bad, &r->bench.host, &err));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, rig_setup, rig_teardown)
    const struct CMUnitTest tests[] = {
        TEST(forge_counts_as_msi),  TEST(forge_waits_for_the_link), TEST(script_ops),
        TEST(script_waits_for_ack), TEST(script_loops_nest),        TEST(script_intx),
        TEST(script_bad_programs),  TEST(snapshot_goes_on_alike),   TEST(create_refuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
