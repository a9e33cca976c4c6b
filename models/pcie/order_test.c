/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "pcie/rig.h"

enum { LINK = 10000, INTX = RIG_BAR0 + 0x18, PATIENCE = 4096 };

/* Where a write is that has left the link. */
static struct {
    bool translated;
    vd_time wait;
} way;

static bool landing(void *ctx, uint32_t device_id, vd_time *wait)
{
    (void)ctx;
    assert_int_equal(device_id, RIG_DEVFN);
    *wait = way.wait;
    return way.translated;
}

static int setup(void **state)
{
    struct rig *r = rig_new(&rig_timed, &rig_eight);
    way.translated = true;
    way.wait = 0;
    rig_bring_up(r);
    pcie_connect(r->root, &(struct pcie_upstream){.landing = landing});
    *state = r;
    return 0;
}

static void send(struct rig *r, uint64_t addr, uint64_t serial)
{
    struct vd_txn txn = bench_write(addr, 4, 1);
    txn.attrs = VD_POSTED;
    txn.serial = serial;
    assert_int_equal(pcie_send(endpoint_function(r->endpoint), &txn), VD_PENDING);
}

static enum vd_status hart(struct rig *r, enum vd_cmd cmd, uint32_t attrs, vd_time *delay)
{
    struct vd_txn txn = bench_read(STATUS, 4);
    txn.cmd = (uint8_t)cmd;
    txn.attrs = attrs;
    txn.requester = VD_REQUESTER_HART(3);
    enum vd_status status = pcie_mmio(r->root, &txn);
    *delay = txn.delay;
    return status;
}

static enum vd_status hart_reads(struct rig *r)
{
    vd_time delay;
    enum vd_status status = hart(r, VD_READ, 0, &delay);
    assert_int_equal(delay, status == VD_RETRY ? 1000 : way.wait);
    return status;
}

static void a_read_waits_for_the_link(void **state)
{
    struct rig *r = *state;
    assert_int_equal(hart_reads(r), VD_OK);
    send(r, RIG_RAM, 0);
    assert_int_equal(hart_reads(r), VD_RETRY);
    bench_run(&r->bench, LINK - 1);
    assert_int_equal(hart_reads(r), VD_RETRY);
    bench_run(&r->bench, 1);
    assert_int_equal(hart_reads(r), VD_OK);
}

static void a_read_waits_for_translation_and_landing(void **state)
{
    struct rig *r = *state;
    way.translated = false;
    assert_int_equal(hart_reads(r), VD_OK);
    send(r, RIG_RAM, 0);
    bench_run(&r->bench, LINK);
    assert_int_equal(hart_reads(r), VD_RETRY);
    way.translated = true;
    way.wait = 7000;
    assert_int_equal(hart_reads(r), VD_OK);
    assert_int_equal(hart_reads(r), VD_OK);
    way.wait = 0;
    assert_int_equal(hart_reads(r), VD_OK);
    way.wait = 7000; /* of somebody else */
    vd_time delay;
    assert_int_equal(hart(r, VD_READ, 0, &delay), VD_OK);
    assert_int_equal(delay, 0);
}

static void writes_debuggers_devices_and_messages_do_not_wait(void **state)
{
    struct rig *r = *state;
    vd_time delay;
    send(r, RIG_MSI, 5);
    assert_int_equal(hart_reads(r), VD_OK);
    send(r, RIG_RAM, 0);
    assert_int_equal(hart(r, VD_WRITE, 0, &delay), VD_OK);
    assert_int_equal(hart(r, VD_READ, VD_DEBUG, &delay), VD_OK);
    assert_int_equal(rig_status(r, VD_READ, STATUS, 4), VD_OK);
    assert_int_equal(hart(r, VD_READ, 0, &delay), VD_RETRY);
}

static void a_read_is_not_put_off_for_ever(void **state)
{
    struct rig *r = *state;
    send(r, RIG_RAM, 0);
    vd_time delay;
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < PATIENCE; i++)
            assert_int_equal(hart(r, VD_READ, 0, &delay), VD_RETRY);
        assert_int_equal(hart(r, VD_READ, 0, &delay), VD_OK);
    }
}

static void without_a_platform_the_host_drains(void **state)
{
    struct rig *r = *state;
    pcie_connect(r->root, &(struct pcie_upstream){0});
    send(r, RIG_RAM, 0);
    bench_run(&r->bench, LINK);
    assert_int_equal(hart_reads(r), VD_OK);
}

static void intx_comes_behind_the_data(void **state)
{
    struct rig *r = *state;
    rig_config_write(r, 0x92, 2, 0);
    send(r, RIG_RAM, 0);
    rig_write(r, INTX, 4, 1);
    assert_false(r->bench.lines[1]);
    assert_false(pcie_idle(r->root));
    way.wait = 3000;
    bench_run(&r->bench, LINK);
    assert_false(r->bench.lines[1]);
    way.wait = 0;
    bench_run(&r->bench, 4000);
    assert_true(r->bench.lines[1]);
    assert_true(pcie_idle(r->root));
    send(r, RIG_RAM, 0);
    rig_config_write(r, 0x04, 2, 0x0006);
    assert_true(r->bench.lines[1]);
    rig_write(r, INTX, 4, 0);
    assert_false(r->bench.lines[1]);
    rig_write(r, INTX, 4, 1);
    rig_write(r, INTX, 4, 0);
    bench_run(&r->bench, 2 * LINK);
    assert_false(r->bench.lines[1]);
    assert_int_equal(r->bench.num_events, 0);
}

static void intx_is_not_put_off_for_ever(void **state)
{
    struct rig *r = *state;
    rig_config_write(r, 0x92, 2, 0);
    way.translated = false;
    send(r, RIG_RAM, 0);
    rig_write(r, INTX, 4, 1);
    bench_run(&r->bench, (PATIENCE - 1) * (vd_time)1000);
    assert_false(r->bench.lines[1]);
    bench_run(&r->bench, 2000);
    assert_true(r->bench.lines[1]);
}

/* Both of root and endpoint: whose pin it is. */
static void a_line_that_waits_is_in_the_snapshot(void **state)
{
    struct rig *r = *state, *twin = rig_new(&rig_timed, &rig_eight);
    rig_config_write(r, 0x92, 2, 0);
    way.translated = false;
    send(r, RIG_RAM, 0);
    rig_write(r, INTX, 4, 1);
    bench_run(&r->bench, 2 * LINK);
    size_t size = pcie_save(r->root, NULL, 0), device_size = endpoint_save(r->endpoint, NULL, 0);
    void *image = malloc(size), *device = malloc(device_size);
    pcie_save(r->root, image, size);
    endpoint_save(r->endpoint, device, device_size);
    way.translated = true;
    bench_run(&twin->bench, 2 * LINK);
    pcie_connect(twin->root, &(struct pcie_upstream){.landing = landing});
    assert_true(endpoint_restore(twin->endpoint, device, device_size));
    assert_true(pcie_restore(twin->root, image, size));
    assert_false(twin->bench.lines[1]);
    bench_run(&twin->bench, 1000);
    assert_true(twin->bench.lines[1]);
    twin->bench.lines[1] = false;
    assert_true(pcie_restore(twin->root, image, size)); /* at the very time when it is due */
    bench_run(&twin->bench, 0);
    assert_true(twin->bench.lines[1]);
    bench_run(&twin->bench, 1000);
    assert_false(pcie_restore(twin->root, image, size));
    free(image);
    free(device);
    rig_free(twin);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, rig_teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_read_waits_for_the_link),
        TEST(a_read_waits_for_translation_and_landing),
        TEST(writes_debuggers_devices_and_messages_do_not_wait),
        TEST(a_read_is_not_put_off_for_ever),
        TEST(without_a_platform_the_host_drains),
        TEST(intx_comes_behind_the_data),
        TEST(intx_is_not_put_off_for_ever),
        TEST(a_line_that_waits_is_in_the_snapshot),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
