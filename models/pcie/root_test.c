/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "pcie/rig.h"

static const struct pcie_config plain = {.mmio32_base = 0x40000000,
                                         .mmio32_size = 0x40000000,
                                         .mmio64_base = 0x400000000,
                                         .mmio64_size = 0x400000000,
                                         .cycle_ps = 1000};
static const struct endpoint_config four = {.vectors = 4, .cycle_ps = 1000};
static const struct endpoint_config with_ats = {.vectors = 4, .ats = true, .cycle_ps = 1000};

static int setup(void **state)
{
    *state = rig_new(&plain, &four);
    return 0;
}

static int teardown(void **state)
{
    rig_free(*state);
    return 0;
}

static uint64_t ecam(struct rig *r, uint32_t offset, unsigned size)
{
    struct vd_txn txn = bench_read(offset, size);
    assert_int_equal(pcie_ecam(r->root, &txn), VD_OK);
    return txn.data[0] & (size == 4 ? 0xffffffff : size == 2 ? 0xffff : 0xff);
}

static void ecam_absent_reads_ones(void **state)
{
    struct rig *r = *state;
    for (unsigned size = 1; size <= 4; size *= 2) {
        uint64_t ones = (UINT64_C(1) << (8 * size)) - 1;
        assert_int_equal(ecam(r, 2 << 15, size), ones);
        assert_int_equal(ecam(r, 1 << 20, size), ones);
        assert_int_equal(ecam(r, 255u << 20, size), ones);
    }
    struct vd_txn txn = bench_write(2 << 15, 4, 0);
    assert_int_equal(pcie_ecam(r->root, &txn), VD_OK);
}

/* The walk that an operating system does on bus 0. */
static void ecam_enumerates(void **state)
{
    struct rig *r = *state;
    uint32_t found = 0;
    for (uint32_t devfn = 0; devfn < 256; devfn++)
        found += ecam(r, devfn << 12, 4) != 0xffffffff;
    assert_int_equal(found, 2);
    assert_int_equal(ecam(r, 0x0a, 2), 0x0600);
    assert_int_equal(ecam(r, 0x06, 2), 0);
    assert_int_equal(rig_config_read(r, 0x00, 4), 0x00011af0);
    assert_int_equal(rig_config_read(r, 0x08, 4), 0xff000000);
    assert_int_equal(rig_config_read(r, 0x0e, 1), 0);
    assert_int_equal(rig_config_read(r, 0x2c, 4), 0x00011af0);
    assert_int_equal(rig_config_read(r, 0x3d, 1), 1);
    assert_int_equal(rig_config_read(r, 0x06, 2) & 0x10, 0x10);
}

static void ecam_sizes(void **state)
{
    struct rig *r = *state;
    assert_int_equal(rig_config_read(r, 0x02, 2), 0x0001);
    assert_int_equal(rig_config_read(r, 0x01, 1), 0x1a);
    rig_config_write(r, 0x3c, 1, 0x2b);
    assert_int_equal(rig_config_read(r, 0x3c, 2), 0x012b);
    struct vd_txn bad[] = {bench_read(RIG_DEVFN << 12, 8), bench_read(RIG_DEVFN << 12 | 1, 2),
                           bench_write(RIG_DEVFN << 12 | 2, 4, 0), bench_read(RIG_DEVFN << 12, 4)};
    bad[3].cmd = VD_OR;
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pcie_ecam(r->root, &bad[i]), VD_DENIED);
}

static void config_read_only(void **state)
{
    struct rig *r = *state;
    uint32_t before[64];
    for (uint32_t i = 0; i < 64; i++)
        before[i] = rig_config_read(r, 4 * i, 4);
    rig_config_write(r, 0x00, 4, 0xffffffff);
    rig_config_write(r, 0x08, 4, 0xffffffff);
    rig_config_write(r, 0x34, 4, 0xffffffff);
    rig_config_write(r, 0x90, 2, 0xffff);
    rig_config_write(r, 0x94, 4, 0xffffffff);
    for (uint32_t i = 0; i < 64; i++)
        assert_int_equal(rig_config_read(r, 4 * i, 4), before[i]);
    rig_config_write(r, 0x04, 2, 0xffff);
    assert_int_equal(rig_config_read(r, 0x04, 2), 0x0546);
}

static uint32_t capability(struct rig *r, uint32_t number)
{
    uint32_t at = rig_config_read(r, 0x34, 1);
    for (int guard = 0; at && guard < 48; guard++) {
        if (rig_config_read(r, at, 1) == number)
            return at;
        at = rig_config_read(r, at + 1, 1);
    }
    return 0;
}

static void config_capabilities(void **state)
{
    struct rig *r = *state;
    assert_int_not_equal(capability(r, 0x01), 0);
    uint32_t express = capability(r, 0x10), msix = capability(r, 0x11);
    assert_int_equal(rig_config_read(r, express + 2, 2), 0x92);
    assert_int_equal(rig_config_read(r, msix + 2, 2), 3);
    assert_int_equal(rig_config_read(r, msix + 4, 4), 0x0002);
    assert_int_equal(rig_config_read(r, msix + 8, 4), 0x8002);
    assert_int_equal(rig_config_read(r, 0x100, 4), 0);
}

static void config_ats_capabilities(void **state)
{
    (void)state;
    struct rig *r = rig_new(&plain, &with_ats);
    assert_int_equal(rig_config_read(r, 0x100, 4), 0x1101000f);
    assert_int_equal(rig_config_read(r, 0x110, 4), 0x12010013);
    assert_int_equal(rig_config_read(r, 0x120, 4), 0x0001001b);
    rig_config_write(r, 0x106, 2, 0xffff);
    assert_int_equal(rig_config_read(r, 0x106, 2), 0x801f);
    rig_config_write(r, 0x126, 2, 0xffff);
    assert_int_equal(rig_config_read(r, 0x126, 2), 0x0007);
    rig_free(r);
}

static void bar_sizing(void **state)
{
    struct rig *r = *state;
    rig_config_write(r, 0x10, 4, 0xffffffff);
    rig_config_write(r, 0x14, 4, 0xffffffff);
    assert_int_equal(rig_config_read(r, 0x10, 4), 0xffffc004);
    assert_int_equal(rig_config_read(r, 0x14, 4), 0xffffffff);
    rig_config_write(r, 0x18, 4, 0xffffffff);
    assert_int_equal(rig_config_read(r, 0x18, 4), 0xffff0004);
    rig_config_write(r, 0x20, 4, 0xffffffff);
    assert_int_equal(rig_config_read(r, 0x20, 4), 0);
}

static void mmio_decodes_when_enabled(void **state)
{
    struct rig *r = *state;
    rig_bring_up(r);
    assert_int_equal(rig_read(r, RIG_BAR0, 4) & 0xffffffff, 0x31444956);
    rig_config_write(r, 0x04, 2, 0x0004);
    assert_int_equal(rig_read(r, RIG_BAR0, 4) & 0xffffffff, 0xffffffff);
    rig_config_write(r, 0x04, 2, 0x0006);
    rig_config_write(r, 0x10, 4, 0x00010000);
    rig_config_write(r, 0x14, 4, 0x4);
    assert_int_equal(rig_read(r, 0x400010000, 4) & 0xffffffff, 0x31444956);
    assert_int_equal(rig_read(r, 0x400014000, 4) & 0xffffffff, 0xffffffff);
    assert_int_equal(rig_read(r, 0x40000000, 4) & 0xffffffff, 0xffffffff);
}

static void mmio_bad_accesses(void **state)
{
    struct rig *r = *state;
    rig_bring_up(r);
    assert_int_equal(rig_status(r, VD_READ, 0x3ffffffc, 4), VD_UNMAPPED);
    assert_int_equal(rig_status(r, VD_OR, RIG_BAR0, 4), VD_DENIED);
    assert_int_equal(rig_status(r, VD_READ, RIG_BAR2 + 0xfff8, 8), VD_OK);
    assert_int_equal(rig_status(r, VD_READ, RIG_BAR2 + 0xfffc, 8), VD_DENIED);
    struct vd_txn fetch = bench_read(RIG_BAR0, 4);
    fetch.attrs = VD_EXEC;
    assert_int_equal(pcie_mmio(r->root, &fetch), VD_DENIED);
}

static void power_d3hot_is_deaf(void **state)
{
    struct rig *r = *state;
    rig_bring_up(r);
    rig_config_write(r, 0x44, 2, 3);
    assert_int_equal(rig_read(r, RIG_BAR0, 4) & 0xffffffff, 0xffffffff);
    rig_config_write(r, 0x44, 2, 1);
    assert_int_equal(rig_config_read(r, 0x44, 2), 0x000b);
    rig_config_write(r, 0x44, 2, 0);
    assert_int_equal(rig_read(r, RIG_BAR0, 4) & 0xffffffff, 0x31444956);
}

static void function_level_reset(void **state)
{
    struct rig *r = *state;
    rig_bring_up(r);
    rig_vector(r, 1);
    rig_write(r, RIG_BAR0 + 0x20, 4, 77);
    rig_config_write(r, 0x58, 2, 0x8000);
    assert_int_equal(rig_config_read(r, 0x04, 2), 0);
    assert_int_equal(rig_config_read(r, 0x10, 4), 4);
    rig_bring_up(r);
    assert_int_equal(rig_read(r, RIG_BAR0 + 0x20, 4), 0);
    assert_int_equal(rig_read(r, RIG_BAR2 + 16 + 8, 8), UINT64_C(1) << 32);
}

static void intx_swizzle_and_gates(void **state)
{
    struct rig *r = *state;
    struct endpoint *second = endpoint_create(&four, &r->bench.host, NULL);
    assert_true(pcie_plug(r->root, 5 << 3, endpoint_function(second), NULL));
    rig_bring_up(r);
    rig_config_write(r, 0x92, 2, 0);
    rig_write(r, RIG_BAR0 + 0x18, 4, 1);
    assert_true(r->bench.lines[1]);
    assert_int_equal(rig_config_read(r, 0x06, 2) & 8, 8);
    pcie_intx(endpoint_function(second), true);
    rig_write(r, RIG_BAR0 + 0x18, 4, 0);
    assert_true(r->bench.lines[1]);
    pcie_intx(endpoint_function(second), false);
    assert_false(r->bench.lines[1]);
    rig_write(r, RIG_BAR0 + 0x18, 4, 1);
    rig_config_write(r, 0x04, 2, 0x0406);
    assert_false(r->bench.lines[1]);
    rig_config_write(r, 0x04, 2, 0x0006);
    assert_true(r->bench.lines[1]);
    rig_config_write(r, 0x92, 2, 0x8000);
    assert_false(r->bench.lines[1]);
    pcie_reset(r->root);
    endpoint_destroy(second);
}

static void multifunction_bit(void **state)
{
    struct rig *r = *state;
    struct endpoint *second = endpoint_create(&four, &r->bench.host, NULL);
    assert_true(pcie_plug(r->root, RIG_DEVFN | 3, endpoint_function(second), NULL));
    assert_int_equal(rig_config_read(r, 0x0e, 1), 0x80);
    pcie_reset(r->root);
    assert_int_equal(rig_config_read(r, 0x0e, 1), 0x80);
    endpoint_destroy(second);
}

static void plug_refuses(void **state)
{
    struct rig *r = *state;
    struct vd_error err = {""};
    struct pcie_function_state *st = calloc(1, sizeof(*st));
    struct pcie_function f = {.st = st};
    assert_false(pcie_plug(r->root, RIG_DEVFN, &f, &err));
    assert_non_null(strstr(err.text, "01.0"));
    assert_false(pcie_plug(r->root, 256, &f, &err));
    f.id.bars[0].size = 24;
    assert_false(pcie_plug(r->root, 0x10, &f, &err));
    assert_non_null(strstr(err.text, "BAR0"));
    f.id.bars[0].size = 0;
    f.id.bars[5] = (struct pcie_bar){.size = 4096, .is64 = true};
    assert_false(pcie_plug(r->root, 0x10, &f, &err));
    f.id.bars[5] = (struct pcie_bar){.size = 4096};
    f.id.vectors = 256;
    f.id.msix_bar = 5;
    f.id.msix_pba = 0xff0;
    assert_false(pcie_plug(r->root, 0x10, &f, &err));
    assert_non_null(strstr(err.text, "MSI-X"));
    free(st);
}

static void create_refuses_windows(void **state)
{
    struct rig *r = *state;
    struct vd_error err = {""};
    struct pcie_config bad = plain;
    bad.mmio32_size = 0xffffffff;
    assert_null(pcie_create(&bad, &r->bench.host, &err));
    assert_non_null(strstr(err.text, "4 GiB"));
    bad = plain;
    bad.mmio64_base = UINT64_MAX - 4096;
    assert_null(pcie_create(&bad, &r->bench.host, &err));
    assert_non_null(strstr(err.text, "mmio64"));
}

static void link_latency_and_interval(void **state)
{
    (void)state;
    struct pcie_config timed = plain;
    timed.upstream_cycles = 20;
    timed.tlp_interval_cycles = 3;
    struct rig *r = rig_new(&timed, &four);
    rig_bring_up(r);
    for (uint32_t v = 0; v < 3; v++) {
        rig_vector(r, v);
        rig_write(r, RIG_BAR0 + 0x10, 4, v);
    }
    assert_false(pcie_idle(r->root));
    const vd_time arrivals[] = {20000, 23000, 26000};
    for (uint32_t v = 0; v < 3; v++) {
        bench_run(&r->bench, arrivals[v] - 1 - r->bench.now);
        assert_int_equal(rig_msis(r), v);
        bench_run(&r->bench, 1);
        assert_int_equal(rig_msis(r), v + 1);
        assert_int_equal(rig_msi(r, v)->data[0], 100 + v);
        assert_int_equal(rig_msi(r, v)->requester, RIG_DEVFN);
    }
    assert_true(pcie_idle(r->root));
    assert_int_equal(bench_record(&r->bench, VD_REC_msi_issue, 2)->time, 0);
    rig_free(r);
}

static void link_asks_again_after_retry(void **state)
{
    struct rig *r = *state;
    rig_bring_up(r);
    rig_vector(r, 0);
    rig_vector(r, 1);
    r->refusals = 2;
    r->refusal_delay = 5000;
    rig_write(r, RIG_BAR0 + 0x10, 4, 0);
    rig_write(r, RIG_BAR0 + 0x10, 4, 1);
    assert_int_equal(rig_msis(r), 0);
    bench_run(&r->bench, 9999);
    assert_int_equal(rig_msis(r), 0);
    assert_int_equal(r->refused, 2);
    bench_run(&r->bench, 1);
    assert_int_equal(rig_msis(r), 2);
    assert_int_equal(rig_msi(r, 0)->data[0], 100);
}

/* Hundreds of MSIs against a host that takes none for a while: all arrive, each once, in order. */
static void link_back_pressure_loses_nothing(void **state)
{
    (void)state;
    struct pcie_config timed = plain;
    timed.upstream_cycles = 4;
    struct rig *r = rig_new(&timed, &four);
    rig_bring_up(r);
    rig_vector(r, 0);
    r->refusals = 1000;
    rig_write(r, RIG_BAR0 + 0x20, 4, 300);
    rig_write(r, RIG_BAR0 + 0x24, 4, 300);
    rig_write(r, RIG_BAR0 + 0x38, 4, 1);
    assert_true(bench_settle(&r->bench, 100000));
    assert_int_equal(rig_msis(r), 300);
    for (uint32_t i = 1; i < 300; i++)
        assert_true(rig_msi(r, i)->serial > rig_msi(r, i - 1)->serial);
    assert_int_equal(rig_read(r, RIG_BAR0 + 0x3c, 4), 300);
    rig_free(r);
}

/* A vector raised while the link is full waits in the PBA and leaves when there is room. */
static void link_full_holds_in_pba(void **state)
{
    (void)state;
    struct pcie_config timed = plain;
    timed.upstream_cycles = 1;
    struct rig *r = rig_new(&timed, &four);
    rig_bring_up(r);
    rig_vector(r, 0);
    rig_vector(r, 1);
    r->refusals = 50;
    for (uint32_t i = 0; i < 64; i++)
        rig_write(r, RIG_BAR0 + 0x10, 4, 0);
    assert_int_equal(rig_read(r, RIG_PBA, 8), 0);
    rig_write(r, RIG_BAR0 + 0x10, 4, 1);
    assert_int_equal(rig_read(r, RIG_PBA, 8), 2);
    assert_int_equal(bench_count(&r->bench, VD_REC_msi_issue), 64);
    assert_true(bench_settle(&r->bench, 1000));
    assert_int_equal(rig_read(r, RIG_PBA, 8), 0);
    assert_int_equal(rig_msis(r), 65);
    assert_int_equal(rig_msi(r, 64)->data[0], 101);
    rig_free(r);
}

static void send_needs_bus_master(void **state)
{
    struct rig *r = *state;
    rig_bring_up(r);
    rig_config_write(r, 0x04, 2, 0x0002);
    struct vd_txn txn = bench_write(RIG_RAM, 8, 1);
    assert_int_equal(pcie_send(endpoint_function(r->endpoint), &txn), VD_DENIED);
    assert_int_equal(r->bench.num_writes, 0);
}

static void snapshot_in_flight(void **state)
{
    (void)state;
    struct pcie_config timed = plain;
    timed.upstream_cycles = 20;
    struct rig *r = rig_new(&timed, &four);
    struct rig *twin = rig_new(&timed, &four);
    rig_bring_up(r);
    rig_vector(r, 2);
    rig_write(r, RIG_BAR0 + 0x10, 4, 2);
    size_t size = pcie_save(r->root, NULL, 0), device_size = endpoint_save(r->endpoint, NULL, 0);
    void *image = malloc(size), *device = malloc(device_size);
    pcie_save(r->root, image, size);
    endpoint_save(r->endpoint, device, device_size);
    assert_true(endpoint_restore(twin->endpoint, device, device_size));
    assert_true(pcie_restore(twin->root, image, size));
    assert_false(pcie_restore(twin->root, image, size - 1));
    bench_run(&twin->bench, 20000);
    assert_int_equal(rig_msis(twin), 1);
    assert_int_equal(rig_msi(twin, 0)->serial, 1);
    assert_int_equal(rig_msi(twin, 0)->data[0], 102);
    free(image);
    free(device);
    rig_free(twin);
    rig_free(r);
}

static void reset_equals_construction(void **state)
{
    struct rig *r = *state;
    size_t size = pcie_save(r->root, NULL, 0), device_size = endpoint_save(r->endpoint, NULL, 0);
    void *fresh[2] = {malloc(size), malloc(device_size)};
    void *reset[2] = {malloc(size), malloc(device_size)};
    pcie_save(r->root, fresh[0], size);
    endpoint_save(r->endpoint, fresh[1], device_size);
    rig_bring_up(r);
    rig_vector(r, 1);
    r->refusals = 1000000;
    rig_write(r, RIG_BAR0 + 0x10, 4, 1);
    rig_write(r, RIG_BAR0 + 0x10, 4, 3);
    rig_write(r, RIG_BAR0 + 0x18, 4, 1);
    rig_write(r, RIG_BAR0 + 0x38, 4, 0x3);
    rig_write(r, RIG_BAR0 + 0x8c, 4, 0x1);
    rig_write(r, RIG_BAR0 + 0x1000, 8, 99);
    bench_run(&r->bench, 5000);
    endpoint_reset(r->endpoint);
    pcie_reset(r->root);
    pcie_save(r->root, reset[0], size);
    endpoint_save(r->endpoint, reset[1], device_size);
    assert_memory_equal(fresh[0], reset[0], size);
    assert_memory_equal(fresh[1], reset[1], device_size);
    assert_int_equal(r->bench.num_events, 0);
    for (int i = 0; i < 2; i++) {
        free(fresh[i]);
        free(reset[i]);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(ecam_absent_reads_ones),
        TEST(ecam_enumerates),
        TEST(ecam_sizes),
        TEST(config_read_only),
        TEST(config_capabilities),
        TEST(config_ats_capabilities),
        TEST(bar_sizing),
        TEST(mmio_decodes_when_enabled),
        TEST(mmio_bad_accesses),
        TEST(power_d3hot_is_deaf),
        TEST(function_level_reset),
        TEST(intx_swizzle_and_gates),
        TEST(multifunction_bit),
        TEST(plug_refuses),
        TEST(create_refuses_windows),
        TEST(link_latency_and_interval),
        TEST(link_asks_again_after_retry),
        TEST(link_back_pressure_loses_nothing),
        TEST(link_full_holds_in_pba),
        TEST(send_needs_bus_master),
        TEST(snapshot_in_flight),
        TEST(reset_equals_construction),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
