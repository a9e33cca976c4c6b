/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "core/bus_world.h"

static void ram_does_all_commands(void **state)
{
    struct world *w = *state;
    struct vd_txn t = txn(VD_WRITE, RAM_BASE + 8, 8, UINT64_C(0x1122334455667788));
    access_by(w->device, &t);
    t = txn(VD_READ, RAM_BASE + 9, 2, UINT64_MAX);
    access_by(w->device, &t);
    assert_int_equal(t.data[0], 0x6677);
    t = txn(VD_OR, RAM_BASE + 8, 4, 0x80000003);
    access_by(w->device, &t);
    assert_int_equal(t.data[0], 0x55667788);
    t = txn(VD_CAS, RAM_BASE + 8, 4, 7);
    t.data[1] = 1;
    access_by(w->device, &t);
    assert_int_equal(t.data[0], 0xd566778b);
    t = txn(VD_CAS, RAM_BASE + 8, 4, 7);
    t.data[1] = UINT64_C(0xffffffffd566778b);
    access_by(w->device, &t);
    assert_int_equal(t.data[0], 0xd566778b);
    t = txn(VD_READ, RAM_BASE + 8, 8, 0);
    access_by(w->device, &t);
    assert_int_equal(t.data[0], UINT64_C(0x1122334400000007));
}

static void watcher_is_told_of_every_write_to_its_page(void **state)
{
    struct world *w = *state;
    const struct vd_host *host = port_host(w->hart);
    host->ops->watch(host->ctx, RAM_BASE + 0x1234, true);
    struct vd_txn t = txn(VD_WRITE, RAM_BASE + 0x1ff8, 8, 1);
    access_by(w->device, &t);
    t = txn(VD_OR, RAM_BASE + 0x1000, 4, 1);
    access_by(w->hart, &t);
    t = txn(VD_READ, RAM_BASE + 0x1000, 4, 1);
    access_by(w->device, &t);
    t = txn(VD_WRITE, RAM_BASE + 0x2000, 8, 1);
    access_by(w->device, &t);
    assert_int_equal(w->num_snooped, 2);
    assert_int_equal(w->snooped[0][0], RAM_BASE + 0x1ff8);
    assert_int_equal(w->snooped[0][1], 8);
    uint8_t block[0x2000] = {0};
    bus_load(w->core->bus, RAM_BASE + 0x800, block, sizeof(block));
    assert_int_equal(w->num_snooped, 3);
    assert_int_equal(w->snooped[2][0], RAM_BASE + 0x1000);
    assert_int_equal(w->snooped[2][1], 0x1000);
    host->ops->watch(host->ctx, RAM_BASE + 0x1000, false);
    t = txn(VD_WRITE, RAM_BASE + 0x1000, 8, 1);
    access_by(w->device, &t);
    assert_int_equal(w->num_snooped, 3);
}

static void submitted_write_is_snooped_when_it_lands(void **state)
{
    struct world *w = *state;
    const struct vd_host *host = port_host(w->hart);
    struct vd_txn t = txn(VD_WRITE, RAM_BASE + 0x1000, 8, 1);
    submit_by(w->device, &t);
    host->ops->watch(host->ctx, RAM_BASE + 0x1000, true);
    assert_int_equal(w->num_snooped, 0);
    settle(w);
    assert_int_equal(w->num_snooped, 1);
}

static void watching_takes_write_grants_back(void **state)
{
    struct world *w = *state;
    const struct vd_host *hart = port_host(w->hart), *other = port_host(w->other);
    uint8_t *p = hart->ops->grant(hart->ctx, RAM_BASE + 0x1008, true);
    assert_non_null(p);
    assert_ptr_equal(other->ops->grant(other->ctx, RAM_BASE + 0x1000, true), p);
    assert_ptr_equal(other->ops->grant(other->ctx, RAM_BASE + 0x1000, false), p);
    p[3] = 0x99;
    uint8_t byte;
    bus_peek(w->core->bus, RAM_BASE + 0x1003, &byte, 1);
    assert_int_equal(byte, 0x99);
    other->ops->watch(other->ctx, RAM_BASE + 0x1000, true);
    assert_int_equal(w->num_revoked, 2);
    assert_int_equal(w->revoked[0], RAM_BASE + 0x1000);
    assert_null(hart->ops->grant(hart->ctx, RAM_BASE + 0x1000, true));
    assert_non_null(hart->ops->grant(hart->ctx, RAM_BASE + 0x1000, false));
    assert_non_null(hart->ops->grant(hart->ctx, RAM_BASE + 0x2000, true));
    other->ops->watch(other->ctx, RAM_BASE + 0x1000, true);
    assert_int_equal(w->num_revoked, 2);
    other->ops->watch(other->ctx, RAM_BASE + 0x1000, false);
    assert_non_null(hart->ops->grant(hart->ctx, RAM_BASE + 0x1000, true));
}

static void grants_are_for_ram_only(void **state)
{
    struct world *w = *state;
    const struct vd_host *host = port_host(w->hart);
    assert_null(host->ops->grant(host->ctx, UART_BASE, false));
    assert_null(host->ops->grant(host->ctx, 0, false));
    assert_non_null(host->ops->grant(host->ctx, 0x1ff8, false));
    assert_null(host->ops->grant(host->ctx, 0x1ff8, true));
    host->ops->watch(host->ctx, UART_BASE, true);
}

static void ram_refuses_what_it_cannot_be(void **state)
{
    struct world *w = *state;
    struct vd_error err;
    struct bus *bus = w->core->bus;
    assert_null(bus_add_ram(bus, "odd", UINT64_C(0x4000000010), 4096, 0, &err));
    assert_non_null(strstr(err.text, "multiples"));
    assert_null(bus_add_ram(bus, "huge", UINT64_C(0x4000000000), RAM_MAX + 4096, 0, &err));
    assert_non_null(strstr(err.text, "64 GiB"));
    assert_null(bus_add_ram(bus, "none", UINT64_C(0x4000000000), 0, 0, &err));
    assert_null(bus_add_ram(bus, "wraps", UINT64_MAX - 4095, 8192, 0, &err));
}

static long resident_kib(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

static void ram_costs_what_is_touched(void **state)
{
    struct world *w = *state;
    struct vd_error err;
    long before = resident_kib();
    struct ram *ram = bus_add_ram(w->core->bus, "big", UINT64_C(0x1000000000), RAM_MAX, 0, &err);
    assert_non_null(ram);
    for (uint64_t i = 0; i < 64; i++) {
        struct vd_txn t = txn(VD_WRITE, ram->base + (i << 30), 8, i + 1);
        assert_int_equal(access_by(w->device, &t), VD_OK);
    }
    struct vd_txn t = txn(VD_READ, ram->base + (UINT64_C(63) << 30), 8, 0);
    access_by(w->device, &t);
    assert_int_equal(t.data[0], 64);
#ifndef __SANITIZE_ADDRESS__
    assert_true(resident_kib() - before < 64 * 64);
#else
    (void)before;
#endif
}

static void cleared_ram_is_zero_and_its_neighbours_are_not(void **state)
{
    struct world *w = *state;
    struct ram *ram = bus_ram(w->core->bus, RAM_BASE, 4096);
    memset(ram->bytes, 0xee, 5 * 4096);
    ram_clear(ram, RAM_BASE + 4000, 2 * 4096);
    for (uint32_t i = 0; i < 5 * 4096; i++)
        assert_int_equal(ram->bytes[i], i >= 4000 && i < 4000 + 2 * 4096 ? 0 : 0xee);
    ram_clear(ram, RAM_BASE + 10, 20);
    assert_int_equal(ram->bytes[9], 0xee);
    assert_int_equal(ram->bytes[10], 0);
    assert_int_equal(ram->bytes[29], 0);
    assert_int_equal(ram->bytes[30], 0xee);
}

static void touched_pages_are_found(void **state)
{
    struct world *w = *state;
    struct ram *ram = bus_ram(w->core->bus, RAM_BASE, 4096);
    uint64_t start = 0, end = 0, found = 0;
    madvise(ram->bytes, ram->size, MADV_NOHUGEPAGE);
    ram_clear(ram, RAM_BASE, ram->size);
    assert_false(ram_touched(ram, &start, &end));
    ram->bytes[3 * RAM_PAGE + 7] = 1;
    ram->bytes[4 * RAM_PAGE] = 1;
    ram->bytes[ram->size - 1] = 1;
    for (end = 0; ram_touched(ram, &start, &end); found++) {
        assert_int_equal(start, found ? ram->size - RAM_PAGE : 3 * RAM_PAGE);
        assert_int_equal(end, found ? ram->size : 5 * RAM_PAGE);
    }
    assert_int_equal(found, 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(ram_does_all_commands),
        TEST(watcher_is_told_of_every_write_to_its_page),
        TEST(submitted_write_is_snooped_when_it_lands),
        TEST(watching_takes_write_grants_back),
        TEST(grants_are_for_ram_only),
        TEST(ram_refuses_what_it_cannot_be),
        TEST(ram_costs_what_is_touched),
        TEST(cleared_ram_is_zero_and_its_neighbours_are_not),
        TEST(touched_pages_are_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
