/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "pcie/rig.h"

static const struct pcie_config plain = {
    .mmio32_base = 0x40000000, .mmio32_size = 0x40000000, .cycle_ps = 1000};
static const struct endpoint_config many = {.vectors = 70, .cycle_ps = 1000};

static int setup(void **state)
{
    *state = rig_new(&plain, &many);
    rig_bring_up(*state);
    return 0;
}

static int teardown(void **state)
{
    rig_free(*state);
    return 0;
}

static void raise_vector(struct rig *r, uint32_t vector)
{
    rig_write(r, RIG_BAR0 + 0x10, 4, vector);
}

static void table_reset_masks(void **state)
{
    struct rig *r = *state;
    for (uint32_t v = 0; v < 70; v++) {
        assert_int_equal(rig_read(r, RIG_BAR2 + 16 * v, 8), 0);
        assert_int_equal(rig_read(r, RIG_BAR2 + 16 * v + 8, 8), UINT64_C(1) << 32);
    }
}

static void table_dwords_and_qwords(void **state)
{
    struct rig *r = *state;
    rig_write(r, RIG_BAR2 + 16, 8, 0x1122334455667788);
    assert_int_equal(rig_read(r, RIG_BAR2 + 16, 4), 0x55667788);
    assert_int_equal(rig_read(r, RIG_BAR2 + 20, 4), 0x11223344);
    rig_write(r, RIG_BAR2 + 20, 4, 0xaabbccdd);
    rig_write(r, RIG_BAR2 + 24, 4, 0xdeadbeef);
    assert_int_equal(rig_read(r, RIG_BAR2 + 16, 8), 0xaabbccdd55667788);
    assert_int_equal(rig_read(r, RIG_BAR2 + 24, 8), 0x1deadbeef);
    rig_write(r, RIG_BAR2 + 28, 4, 0xfffffffe);
    assert_int_equal(rig_read(r, RIG_BAR2 + 28, 4), 0);
    rig_write(r, RIG_BAR2 + 16, 4, 0x1003);
    assert_int_equal(rig_read(r, RIG_BAR2 + 16, 4), 0x1000);
}

static void table_bad_accesses(void **state)
{
    struct rig *r = *state;
    const uint64_t places[] = {RIG_BAR2 + 16, RIG_PBA};
    for (int i = 0; i < 2; i++) {
        assert_int_equal(rig_status(r, VD_READ, places[i], 1), VD_DENIED);
        assert_int_equal(rig_status(r, VD_WRITE, places[i], 2), VD_DENIED);
        assert_int_equal(rig_status(r, VD_READ, places[i] + 4, 8), VD_DENIED);
        assert_int_equal(rig_status(r, VD_WRITE, places[i] + 2, 4), VD_DENIED);
    }
    assert_int_equal(rig_status(r, VD_WRITE, RIG_PBA, 16), VD_DENIED);
}

static void pba_is_read_only(void **state)
{
    struct rig *r = *state;
    raise_vector(r, 69);
    raise_vector(r, 3);
    rig_write(r, RIG_PBA, 8, UINT64_MAX);
    rig_write(r, RIG_PBA + 8, 8, 0);
    assert_int_equal(rig_read(r, RIG_PBA, 8), 8);
    assert_int_equal(rig_read(r, RIG_PBA + 8, 4), 0x20);
    assert_int_equal(rig_read(r, RIG_PBA + 12, 4), 0);
}

static void raise_sends_posted_dword(void **state)
{
    struct rig *r = *state;
    rig_vector(r, 5);
    raise_vector(r, 5);
    assert_int_equal(rig_msis(r), 1);
    const struct vd_txn *msi = rig_msi(r, 0);
    assert_int_equal(msi->addr, RIG_MSI + 5 * 4096);
    assert_int_equal(msi->data[0], 105);
    assert_int_equal(msi->size, 4);
    assert_int_equal(msi->attrs, VD_POSTED);
    assert_int_equal(msi->at, VD_AT_UNTRANSLATED);
    assert_int_equal(msi->requester, RIG_DEVFN);
    const struct vd_record *rec = bench_record(&r->bench, VD_REC_msi_issue, 0);
    assert_int_equal(rec->serial, msi->serial);
    assert_int_equal(rec->a, msi->addr);
    assert_int_equal(rec->b, 105);
    assert_int_equal(rec->c, RIG_DEVFN);
}

static void vector_mask_holds(void **state)
{
    struct rig *r = *state;
    rig_vector(r, 1);
    rig_write(r, RIG_BAR2 + 16 + 12, 4, 1);
    raise_vector(r, 1);
    raise_vector(r, 1);
    assert_int_equal(rig_msis(r), 0);
    assert_int_equal(bench_count(&r->bench, VD_REC_msi_issue), 0);
    assert_int_equal(rig_read(r, RIG_PBA, 8), 2);
    bench_run(&r->bench, 7000);
    rig_write(r, RIG_BAR2 + 16 + 8, 4, 55);
    rig_write(r, RIG_BAR2 + 16 + 12, 4, 0);
    assert_int_equal(rig_msis(r), 1);
    assert_int_equal(rig_msi(r, 0)->data[0], 55);
    assert_int_equal(rig_msi(r, 0)->serial, 1);
    assert_int_equal(r->bench.next_serial, 1);
    assert_int_equal(rig_read(r, RIG_PBA, 8), 0);
    assert_int_equal(bench_record(&r->bench, VD_REC_msi_issue, 0)->time, 7000);
    rig_write(r, RIG_BAR2 + 16 + 12, 4, 1);
    rig_write(r, RIG_BAR2 + 16 + 12, 4, 0);
    assert_int_equal(rig_msis(r), 1);
}

static void function_mask_holds(void **state)
{
    struct rig *r = *state;
    rig_vector(r, 1);
    rig_vector(r, 66);
    rig_config_write(r, 0x92, 2, 0xc000);
    raise_vector(r, 66);
    raise_vector(r, 1);
    assert_int_equal(rig_msis(r), 0);
    rig_config_write(r, 0x92, 2, 0x8000);
    assert_int_equal(rig_msis(r), 2);
    assert_int_equal(rig_msi(r, 0)->data[0], 101);
    assert_int_equal(rig_msi(r, 1)->data[0], 166);
    assert_true(rig_msi(r, 0)->serial > rig_msi(r, 1)->serial);
}

static void disabled_drops_with_record(void **state)
{
    struct rig *r = *state;
    rig_vector(r, 2);
    rig_config_write(r, 0x92, 2, 0);
    raise_vector(r, 2);
    assert_int_equal(rig_msis(r), 0);
    assert_int_equal(rig_read(r, RIG_PBA, 8), 0);
    const struct vd_record *issue = bench_record(&r->bench, VD_REC_msi_issue, 0);
    const struct vd_record *drop = bench_record(&r->bench, VD_REC_msi_drop, 0);
    assert_int_equal(issue->serial, drop->serial);
    assert_int_equal(drop->a, VD_DROP_masked);
    assert_int_equal(drop->b, RIG_DEVFN);
    assert_int_equal(drop->c, 2);
    rig_config_write(r, 0x92, 2, 0x8000);
    assert_int_equal(rig_msis(r), 0);
}

static void bus_master_off_holds(void **state)
{
    struct rig *r = *state;
    rig_vector(r, 2);
    rig_config_write(r, 0x04, 2, 0x0002);
    raise_vector(r, 2);
    assert_int_equal(rig_msis(r), 0);
    assert_int_equal(rig_read(r, RIG_PBA, 8), 4);
    rig_config_write(r, 0x04, 2, 0x0006);
    assert_int_equal(rig_msis(r), 1);
}

static void no_such_vector(void **state)
{
    struct rig *r = *state;
    raise_vector(r, 70);
    raise_vector(r, 0xffffffff);
    assert_int_equal(pcie_msix_raise(endpoint_function(r->endpoint), 70), 0);
    assert_int_equal(r->bench.num_records, 0);
    assert_int_equal(rig_read(r, RIG_PBA + 8, 8), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(table_reset_masks),   TEST(table_dwords_and_qwords),    TEST(table_bad_accesses),
        TEST(pba_is_read_only),    TEST(raise_sends_posted_dword),   TEST(vector_mask_holds),
        TEST(function_mask_holds), TEST(disabled_drops_with_record), TEST(bus_master_off_holds),
        TEST(no_such_vector),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
