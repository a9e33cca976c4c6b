/* SPDX-License-Identifier: BSD-2-Clause */
/* MSI: the capability of a function without MSI-X, and when its message leaves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "pcie/rig.h"

enum { DEVFN = 0x10, MSI = 0x90, CONTROL_WORD = 0x92, ADDRESS = 0x94, UPPER = 0x98, DATA = 0x9c };

static struct rig *r;
static struct pcie_function function;
static struct pcie_function_state *function_state;

static uint32_t get(uint32_t offset, unsigned size)
{
    struct vd_txn txn = bench_read(DEVFN << 12 | offset, size);
    assert_int_equal(pcie_ecam(r->root, &txn), VD_OK);
    return (uint32_t)txn.data[0];
}

static void put(uint32_t offset, unsigned size, uint32_t value)
{
    struct vd_txn txn = bench_write(DEVFN << 12 | offset, size, value);
    assert_int_equal(pcie_ecam(r->root, &txn), VD_OK);
}

static int setup(void **state)
{
    (void)state;
    r = rig_new(&(struct pcie_config){.cycle_ps = 1000}, &(struct endpoint_config){.vectors = 1});
    function_state = calloc(1, sizeof(*function_state));
    function = (struct pcie_function){
        .id = {.vendor = 1, .class_code = 0xff0000, .interrupt_pin = 1, .msi = true},
        .st = function_state};
    assert_true(pcie_plug(r->root, DEVFN, &function, NULL));
    put(0x04, 2, 0x0004);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    rig_free(r);
    free(function_state);
    return 0;
}

static void enable(void)
{
    put(ADDRESS, 4, RIG_MSI + 0x1000);
    put(DATA, 2, 0x1234);
    put(CONTROL_WORD, 2, 1);
}

static void the_capability_is_last_of_the_list(void **state)
{
    (void)state;
    uint32_t at = get(0x34, 1), before = 0;
    for (; at; at = get(at + 1, 1))
        before = at;
    assert_int_equal(before, MSI);
    assert_int_equal(get(MSI, 1), 0x05);
    put(CONTROL_WORD, 2, 0xffff);
    assert_int_equal(get(CONTROL_WORD, 2), 0x0081);
    put(ADDRESS, 4, UINT32_MAX);
    put(UPPER, 4, UINT32_MAX);
    put(DATA, 4, UINT32_MAX);
    assert_int_equal(get(ADDRESS, 4), 0xfffffffc);
    assert_int_equal(get(UPPER, 4), UINT32_MAX);
    assert_int_equal(get(DATA, 4), 0xffff);
}

static void one_message(void **state)
{
    (void)state;
    enable();
    assert_true(pcie_msix_enabled(&function));
    assert_int_not_equal(pcie_msix_raise(&function, 0), 0);
    assert_int_equal(pcie_msix_raise(&function, 1), 0);
    assert_int_equal(rig_msis(r), 1);
    assert_int_equal(rig_msi(r, 0)->addr, RIG_MSI + 0x1000);
    assert_int_equal(rig_msi(r, 0)->data[0], 0x1234);
    assert_int_equal(rig_msi(r, 0)->size, 4);
    assert_int_equal(rig_msi(r, 0)->requester, DEVFN);
}

static void the_upper_half_of_the_address_counts(void **state)
{
    (void)state;
    enable();
    put(UPPER, 4, 3);
    pcie_msix_raise(&function, 0);
    assert_int_equal(bench_record(&r->bench, VD_REC_msi_issue, 0)->a,
                     UINT64_C(0x300000000) + RIG_MSI + 0x1000);
}

static void without_bus_mastering_it_waits(void **state)
{
    (void)state;
    enable();
    put(0x04, 2, 0);
    uint64_t serial = pcie_msix_raise(&function, 0);
    assert_int_equal(pcie_msix_raise(&function, 0), serial);
    assert_int_equal(rig_msis(r), 0);
    put(0x04, 2, 0x0004);
    assert_int_equal(rig_msis(r), 1);
    assert_int_equal(rig_msi(r, 0)->serial, serial);
}

static void behind_a_full_link_it_waits(void **state)
{
    (void)state;
    enum { DEPTH = 64 };
    enable();
    r->refusals = 1;
    r->refusal_delay = 1000;
    for (uint32_t i = 0; i < DEPTH; i++) {
        struct vd_txn txn = bench_write(RIG_RAM + UINT64_C(8) * i, 8, i);
        txn.attrs = VD_POSTED;
        assert_int_equal(pcie_send(&function, &txn), VD_PENDING);
    }
    pcie_msix_raise(&function, 0);
    assert_int_equal(bench_count(&r->bench, VD_REC_msi_issue), 0);
    bench_run(&r->bench, 1000);
    assert_int_equal(rig_msis(r), 1);
    assert_int_equal(r->bench.num_writes, DEPTH + 1);
    assert_int_not_equal(r->bench.writes[DEPTH].serial, 0);
}

static void while_disabled_it_is_lost_and_the_pin_is_there(void **state)
{
    (void)state;
    pcie_msix_raise(&function, 0);
    assert_int_equal(rig_msis(r), 0);
    assert_int_equal(bench_record(&r->bench, VD_REC_msi_drop, 0)->a, VD_DROP_masked);
    pcie_intx(&function, true);
    assert_true(r->bench.lines[2]);
    enable();
    assert_false(r->bench.lines[2]);
}

static void reset_disables(void **state)
{
    (void)state;
    enable();
    pcie_function_reset(&function);
    assert_false(pcie_msix_enabled(&function));
    assert_int_equal(get(ADDRESS, 4), 0);
}

static void not_both(void **state)
{
    (void)state;
    struct pcie_function both = function;
    struct vd_error err;
    both.id.vectors = 1;
    both.id.bars[0] = (struct pcie_bar){0x1000, false, false};
    both.id.msix_pba = 0x800;
    assert_false(pcie_plug(r->root, 0x18, &both, &err));
    assert_non_null(strstr(err.text, "no MSI"));
}

#define RULE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RULE(the_capability_is_last_of_the_list),
        RULE(one_message),
        RULE(the_upper_half_of_the_address_counts),
        RULE(without_bus_mastering_it_waits),
        RULE(behind_a_full_link_it_waits),
        RULE(while_disabled_it_is_lost_and_the_pin_is_there),
        RULE(reset_disables),
        RULE(not_both),
    };
    return cmocka_run_group_tests_name("pcie msi", tests, NULL, NULL);
}
