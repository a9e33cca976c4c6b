/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/bus_world.h"

static void two_devices_at_one_address_are_named(void **state)
{
    struct world *w = *state;
    struct vd_error err;
    struct bus_target t = {.name = "rtc", .base = UART_BASE + 0x80, .size = 0x1000};
    assert_false(bus_add_target(w->core->bus, &t, &err));
    assert_non_null(strstr(err.text, "rtc"));
    assert_non_null(strstr(err.text, "uart"));
    assert_non_null(strstr(err.text, "0x10000080"));
    t.base = RAM_BASE - 0x800;
    assert_false(bus_add_target(w->core->bus, &t, &err));
    assert_non_null(strstr(err.text, "ram"));
    assert_null(bus_add_ram(w->core->bus, "more", RAM_BASE + 0x1000, 0x1000, 0, &err));
    t.base = UART_BASE + 0x100;
    assert_true(bus_add_target(w->core->bus, &t, &err));
    t = (struct bus_target){.name = "none", .base = 0, .size = 0};
    assert_false(bus_add_target(w->core->bus, &t, &err));
}

static void decode_knows_ends_of_ranges(void **state)
{
    struct world *w = *state;
    assert_string_equal(bus_name_at(w->core->bus, UART_BASE), "uart");
    assert_string_equal(bus_name_at(w->core->bus, UART_BASE + 0xff), "uart");
    assert_null(bus_name_at(w->core->bus, UART_BASE + 0x100));
    assert_null(bus_name_at(w->core->bus, UART_BASE - 1));
    assert_string_equal(bus_name_at(w->core->bus, RAM_BASE + (1 << 20) - 1), "ram");
    assert_null(bus_name_at(w->core->bus, RAM_BASE + (1 << 20)));
    struct vd_txn t = txn(VD_READ, RAM_BASE + (1 << 20) - 4, 8, 0);
    assert_int_equal(access_by(w->device, &t), VD_UNMAPPED);
    t = txn(VD_READ, UINT64_MAX - 3, 8, 0);
    assert_int_equal(access_by(w->device, &t), VD_UNMAPPED);
}

static void rules_are_checked_before_the_target_sees_it(void **state)
{
    struct world *w = *state;
    const struct {
        uint8_t cmd, size;
        uint64_t addr;
        uint32_t attrs;
        enum vd_status status;
    } rows[] = {
        {VD_WRITE, 4, FILE_BASE, 0, VD_OK},
        {VD_WRITE, 2, FILE_BASE, 0, VD_DENIED},
        {VD_WRITE, 8, FILE_BASE, 0, VD_DENIED},
        {VD_WRITE, 4, FILE_BASE + 2, 0, VD_DENIED},
        {VD_OR, 4, FILE_BASE, 0, VD_DENIED},
        {VD_WRITE, 4, FILE_BASE, VD_ATOMIC, VD_DENIED},
        {VD_READ, 4, FILE_BASE, VD_EXEC, VD_DENIED},
        {VD_READ, 1, UART_BASE + 3, 0, VD_OK},
        {VD_READ, 4, UART_BASE, 0, VD_DENIED},
        {VD_WRITE, 4, SLOW_BASE, 0, VD_DENIED},
        {VD_WRITE, 4, 0x1000, 0, VD_DENIED},
        {VD_OR, 4, 0x1000, 0, VD_DENIED},
        {VD_READ, 4, 0x1000, VD_EXEC, VD_OK},
        {VD_OR, 4, RAM_BASE + 2, 0, VD_DENIED},
        {VD_CAS, 16, RAM_BASE, 0, VD_DENIED},
        {VD_READ, 3, RAM_BASE + 5, 0, VD_OK},
        {VD_READ, 4, 0, 0, VD_UNMAPPED},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct vd_txn t = txn(rows[i].cmd, rows[i].addr, rows[i].size, 0);
        t.attrs = rows[i].attrs;
        w->num_seen = 0;
        assert_int_equal(access_by(w->device, &t), rows[i].status);
        assert_int_equal(t.status, rows[i].status);
        if (rows[i].status != VD_OK)
            assert_int_equal(w->num_seen, 0);
    }
}

/* A grant would go past the check. */
static void poisoned_memory_is_written_only(void **state)
{
    struct world *w = *state;
    struct vd_error err;
    uint64_t base = 0x18000000;
    assert_non_null(bus_add_ram(w->core->bus, "bad", base, 0x1000, RAM_POISONED, &err));
    struct vd_txn write = txn(VD_WRITE, base, 8, 1), read = txn(VD_READ, base, 8, 0);
    struct vd_txn or = txn(VD_OR, base, 8, 1);
    assert_int_equal(access_by(w->device, &write), VD_OK);
    assert_int_equal(access_by(w->device, &read), VD_POISON);
    assert_int_equal(submit_by(w->device, & or), VD_POISON);
    assert_null(bus_grant(w->core->bus, w->hart, base, false));
    assert_null(bus_grant(w->core->bus, w->hart, base, true));
}

static void access_across_the_end_of_a_target_is_refused(void **state)
{
    struct world *w = *state;
    struct vd_error err;
    struct bus_target t = {.name = "odd", .base = 0x5000, .size = 6, .ctx = w};
    t.access = w->access;
    assert_true(bus_add_target(w->core->bus, &t, &err));
    struct vd_txn first = txn(VD_READ, 0x5000, 4, 0), last = txn(VD_READ, 0x5004, 4, 0);
    assert_int_equal(access_by(w->device, &first), VD_OK);
    assert_int_equal(access_by(w->device, &last), VD_DENIED);
}

static void target_gets_offset_unless_absolute(void **state)
{
    struct world *w = *state;
    struct vd_txn t = txn(VD_READ, UART_BASE + 5, 1, 0);
    assert_int_equal(access_by(w->device, &t), VD_OK);
    assert_int_equal(w->seen[0].addr, 5);
    assert_int_equal(t.addr, UART_BASE + 5);
    assert_int_equal(t.data[0], 0x5a);
    t = txn(VD_READ, SLOW_BASE + 8, 8, 0);
    access_by(w->device, &t);
    assert_int_equal(w->seen[1].addr, SLOW_BASE + 8);
}

/* Its size is part of the contract: fields find room in what is there. */
static void a_transaction_is_48_bytes_and_its_data(void **state)
{
    (void)state;
    assert_int_equal(sizeof(struct vd_txn), 48 + VD_TXN_BYTES);
    assert_int_equal(offsetof(struct vd_txn, data), 48);
    assert_int_equal(offsetof(struct vd_txn, rcid), 44);
}

static void identifiers_of_qos_reach_the_target(void **state)
{
    struct world *w = *state;
    struct vd_txn now = txn(VD_READ, SLOW_BASE, 8, 0), later = now;
    now.rcid = later.mcid = 0xabc;
    now.mcid = later.rcid = 0x123;
    access_by(w->device, &now);
    assert_int_equal(submit_by(w->device, &later), VD_PENDING);
    settle(w);
    assert_int_equal(w->seen[0].rcid, 0xabc);
    assert_int_equal(w->seen[0].mcid, 0x123);
    assert_int_equal(w->seen[1].rcid, 0x123);
    assert_int_equal(w->seen[1].mcid, 0xabc);
}

static void access_adds_the_latency_of_its_class(void **state)
{
    struct world *w = *state;
    struct vd_txn t = txn(VD_READ, SLOW_BASE, 8, 0);
    t.delay = 5;
    access_by(w->device, &t);
    assert_int_equal(t.delay, 1005);
    t = hart_txn(VD_READ, SLOW_BASE, 8, 0);
    access_by(w->hart, &t);
    assert_int_equal(t.delay, 3000);
    t = txn(VD_READ, RAM_BASE, 8, 0);
    access_by(w->device, &t);
    assert_int_equal(t.delay, 70);
    t = hart_txn(VD_READ, RAM_BASE, 8, 0);
    access_by(w->hart, &t);
    assert_int_equal(t.delay, 0);
    t = txn(VD_READ, SLOW_BASE, 8, 0);
    t.attrs = VD_DEBUG;
    access_by(w->device, &t);
    assert_int_equal(t.delay, 0);
}

static void submit_takes_effect_after_the_latency(void **state)
{
    struct world *w = *state;
    struct vd_txn t = txn(VD_WRITE, RAM_BASE, 8, 42), r = txn(VD_READ, RAM_BASE, 8, 0);
    t.attrs = VD_POSTED;
    uint64_t value = 1;
    assert_int_equal(submit_by(w->device, &t), VD_PENDING);
    r.tag = 77;
    assert_int_equal(submit_by(w->device, &r), VD_PENDING);
    assert_int_equal(bus_in_flight(w->core->bus), 2);
    sim_run(w->core->sim, 50);
    bus_peek(w->core->bus, RAM_BASE, &value, 8);
    assert_int_equal(value, 0);
    settle(w);
    assert_int_equal(w->num_completed, 1);
    assert_int_equal(w->completed[0].tag, 77);
    assert_int_equal(w->completed[0].data[0], 42);
    assert_int_equal(w->completed[0].status, VD_OK);
    assert_int_equal(sim_now(w->core->sim), 70);
    assert_int_equal(bus_in_flight(w->core->bus), 0);
}

static void submit_reports_decode_errors_at_once(void **state)
{
    struct world *w = *state;
    struct vd_txn t = txn(VD_WRITE, 0, 4, 0);
    t.attrs = VD_POSTED;
    assert_int_equal(submit_by(w->device, &t), VD_UNMAPPED);
    t = txn(VD_WRITE, FILE_BASE, 8, 0);
    assert_int_equal(submit_by(w->device, &t), VD_DENIED);
    assert_int_equal(bus_in_flight(w->core->bus), 0);
}

static void submit_without_latency_is_done_at_once(void **state)
{
    struct world *w = *state;
    struct vd_txn t = txn(VD_READ, UART_BASE, 1, 0);
    assert_int_equal(submit_by(w->device, &t), VD_OK);
    assert_int_equal(t.data[0], 0x5a);
    assert_int_equal(w->num_completed, 0);
}

/* The MSI (200) may not be passed by the RAM write (50) behind it, unless that one is relaxed. */
static void posted_writes_keep_their_order(void **state)
{
    struct world *w = *state;
    struct vd_txn msi = txn(VD_WRITE, FILE_BASE, 4, 1), data = txn(VD_WRITE, RAM_BASE, 8, 9);
    uint64_t value;
    msi.attrs = data.attrs = VD_POSTED;
    submit_by(w->device, &msi);
    submit_by(w->device, &data);
    sim_run(w->core->sim, 200);
    bus_peek(w->core->bus, RAM_BASE, &value, 8);
    assert_int_equal(value, 0);
    settle(w);
    bus_peek(w->core->bus, RAM_BASE, &value, 8);
    assert_int_equal(value, 9);
    assert_int_equal(w->seen_at[0], 200);
    assert_int_equal(sim_now(w->core->sim), 200);

    submit_by(w->device, &msi);
    data.attrs |= VD_RELAXED;
    data.data[0] = 10;
    submit_by(w->device, &data);
    sim_run(w->core->sim, 251);
    bus_peek(w->core->bus, RAM_BASE, &value, 8);
    assert_int_equal(value, 10);
}

static void requesters_of_one_port_do_not_order_each_other(void **state)
{
    struct world *w = *state;
    struct vd_txn msi = txn(VD_WRITE, FILE_BASE, 4, 1), data = txn(VD_WRITE, RAM_BASE, 8, 9);
    uint64_t value;
    msi.requester = 0x100;
    data.requester = 0x200;
    msi.attrs = data.attrs = VD_POSTED;
    submit_by(w->device, &msi);
    submit_by(w->device, &data);
    sim_run(w->core->sim, 51);
    bus_peek(w->core->bus, RAM_BASE, &value, 8);
    assert_int_equal(value, 9);
}

static void drain_says_when_the_last_write_lands(void **state)
{
    struct world *w = *state;
    const struct vd_host *host = port_host(w->device);
    struct vd_txn msi = txn(VD_WRITE, FILE_BASE, 4, 1);
    assert_int_equal(host->ops->drain(host->ctx), 0);
    msi.attrs = VD_POSTED;
    submit_by(w->device, &msi);
    assert_int_equal(host->ops->drain(host->ctx), 200);
    assert_int_equal(bus_drain_of(w->core->bus, w->device, msi.requester), 200);
    assert_int_equal(bus_drain_of(w->core->bus, w->device, msi.requester + 1), 0);
    sim_run(w->core->sim, 150);
    assert_int_equal(host->ops->drain(host->ctx), 50);
    assert_int_equal(bus_drain_of(w->core->bus, w->device, msi.requester), 50);
    settle(w);
    assert_int_equal(host->ops->drain(host->ctx), 0);
    assert_int_equal(bus_drain_of(w->core->bus, w->device, msi.requester), 0);
}

static void load_behind_own_store_waits_for_it(void **state)
{
    struct world *w = *state;
    struct vd_txn store = hart_txn(VD_WRITE, FILE_BASE, 4, 1);
    struct vd_txn load = hart_txn(VD_READ, FILE_BASE + 0x1000, 4, 0);
    store.attrs = VD_POSTED;
    assert_int_equal(submit_by(w->hart, &store), VD_PENDING);
    assert_int_equal(access_by(w->hart, &load), VD_RETRY);
    assert_int_equal(load.delay, 640);
    struct vd_txn elsewhere = hart_txn(VD_READ, SLOW_BASE, 8, 0);
    assert_int_equal(access_by(w->hart, &elsewhere), VD_OK);
    load.delay = 0;
    assert_int_equal(access_by(w->other, &load), VD_OK);
    settle(w);
    load.delay = 0;
    assert_int_equal(access_by(w->hart, &load), VD_OK);
}

/* [aia IMSIC-memRegion]: an interrupt file takes a write in when it can. */
static void msi_is_complete_when_its_file_has_it(void **state)
{
    struct world *w = *state;
    const struct vd_host *host = port_host(w->device);
    struct vd_txn msi = txn(VD_WRITE, FILE_BASE, 4, 1), posted = txn(VD_WRITE, FILE_BASE, 4, 2);
    msi.delay = 99999;
    w->wait = 30;
    assert_int_equal(submit_by(w->device, &msi), VD_PENDING);
    sim_run(w->core->sim, 229);
    assert_int_equal(w->num_seen, 1);
    assert_int_equal(w->num_completed, 0);
    assert_int_equal(host->ops->drain(host->ctx), 1);
    settle(w);
    assert_int_equal(w->num_completed, 1);
    assert_int_equal(sim_now(w->core->sim), 230);

    posted.attrs = VD_POSTED;
    assert_int_equal(submit_by(w->device, &posted), VD_PENDING);
    settle(w);
    assert_int_equal(sim_now(w->core->sim), 230 + 200);
    assert_int_equal(host->ops->drain(host->ctx), 30);
    assert_int_equal(w->num_completed, 1);
    assert_int_equal(bus_in_flight(w->core->bus), 0);
}

static void msi_that_waits_at_a_file_without_latency(void **state)
{
    struct world *w = *state;
    struct vd_error err;
    struct bus_target near = {.name = "near",
                              .base = 0x30000000,
                              .size = 0x1000,
                              .access = w->access,
                              .ctx = w,
                              .rules = BUS_WRITE | BUS_MSI,
                              .max_size = 4};
    assert_true(bus_add_target(w->core->bus, &near, &err));
    struct vd_txn msi = txn(VD_WRITE, near.base, 4, 1), uart = txn(VD_WRITE, UART_BASE, 1, 0);
    msi.delay = 99999;
    assert_int_equal(submit_by(w->device, &msi), VD_OK);
    w->wait = 30;
    assert_int_equal(submit_by(w->device, &msi), VD_PENDING);
    assert_int_equal(submit_by(w->device, &uart), VD_OK);
    settle(w);
    assert_int_equal(w->num_completed, 1);
    assert_int_equal(sim_now(w->core->sim), 30);
}

static void harts_store_to_a_file_is_an_msi(void **state)
{
    struct world *w = *state;
    struct vd_txn store = hart_txn(VD_WRITE, FILE_BASE + 0x1000, 4, 33);
    store.attrs = VD_POSTED;
    submit_by(w->hart, &store);
    settle(w);
    assert_int_equal(w->num_records, 1);
    assert_int_equal(w->records[0].kind, VD_REC_msi_issue);
    assert_int_equal(w->records[0].time, 0);
    assert_int_equal(w->records[0].source, port_source(w->hart));
    assert_int_equal(w->records[0].a, FILE_BASE + 0x1000);
    assert_int_equal(w->records[0].b, 33);
    assert_int_equal(w->records[0].c, VD_REQUESTER_HART(0));
    assert_int_equal(w->seen[0].serial, w->records[0].serial);
    assert_int_not_equal(w->seen[0].serial, 0);
    assert_int_equal(w->seen_at[0], 640);
    store = hart_txn(VD_READ, FILE_BASE, 4, 0);
    access_by(w->hart, &store);
    store = hart_txn(VD_WRITE, FILE_BASE, 4, 0);
    store.attrs = VD_DEBUG;
    access_by(w->hart, &store);
    store = hart_txn(VD_WRITE, FILE_BASE, 2, 0);
    access_by(w->hart, &store);
    assert_int_equal(w->num_records, 1);
}

static void msi_that_reaches_no_file_is_dropped_with_its_cause(void **state)
{
    struct world *w = *state;
    const struct {
        uint64_t addr;
        uint8_t size;
        enum vd_drop drop;
    } rows[] = {
        {0x12345000, 4, VD_DROP_unmapped}, {RAM_BASE + 64, 4, VD_DROP_memory},
        {FILE_BASE, 8, VD_DROP_size},      {UART_BASE, 1, VD_DROP_no_file},
        {UART_BASE, 4, VD_DROP_no_file},   {0x1000, 4, VD_DROP_no_file},
    };
    for (uint32_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct vd_txn t = txn(VD_WRITE, rows[i].addr, rows[i].size, 5);
        t.serial = 100 + i;
        t.attrs = VD_POSTED;
        submit_by(w->device, &t);
        settle(w);
        assert_int_equal(w->num_records, i + 1);
        assert_int_equal(w->records[i].kind, VD_REC_msi_drop);
        assert_int_equal(w->records[i].serial, 100 + i);
        assert_int_equal(w->records[i].a, rows[i].drop);
        assert_int_equal(w->records[i].c, rows[i].addr);
    }
    struct vd_txn t = txn(VD_WRITE, FILE_BASE + 0x3000, 4, 5);
    t.serial = 200;
    w->answer = VD_UNMAPPED;
    w->num_records = 0;
    access_by(w->device, &t);
    assert_int_equal(w->records[0].a, VD_DROP_no_file);
    w->answer = VD_OK;
    access_by(w->device, &t);
    assert_int_equal(w->num_records, 1);
}

/* Reads find the memory of a flash bank until it is covered, writes always find the target. */
static void flash_is_memory_and_target(void **state)
{
    struct world *w = *state;
    struct bus_target t = {.name = "flash", .base = 0x40000000, .size = 0x2000};
    struct vd_error err;
    t.access = w->access;
    t.ctx = w;
    struct ram *flash = bus_add_flash(w->core->bus, &t, &err);
    assert_non_null(flash);
    assert_null(bus_add_flash(w->core->bus, &t, &err));
    uint64_t word = 42;
    assert_true(bus_load(w->core->bus, t.base, &word, 8));
    const struct vd_host *host = port_host(w->hart);
    assert_non_null(host->ops->grant(host->ctx, t.base, false));
    assert_null(host->ops->grant(host->ctx, t.base, true));
    struct vd_txn x = hart_txn(VD_READ, t.base, 8, 0);
    assert_int_equal(access_by(w->hart, &x), VD_OK);
    assert_int_equal(x.data[0], 42);
    assert_int_equal(w->num_seen, 0);
    x = hart_txn(VD_WRITE, t.base + 8, 4, 7);
    assert_int_equal(access_by(w->hart, &x), VD_OK);
    assert_int_equal(w->num_seen, 1);
    assert_int_equal(w->seen[0].addr, 8);
    uint32_t revoked = w->num_revoked;
    bus_cover_flash(w->core->bus, flash, true);
    assert_true(w->num_revoked > revoked);
    assert_true(w->revoked[w->num_revoked - 1] == VD_NEVER);
    assert_null(host->ops->grant(host->ctx, t.base, false));
    x = hart_txn(VD_READ, t.base, 4, 0);
    access_by(w->hart, &x);
    assert_int_equal(w->num_seen, 2);
    x.attrs = VD_DEBUG;
    access_by(w->hart, &x);
    assert_int_equal(w->num_seen, 2);
    bus_cover_flash(w->core->bus, flash, false);
    assert_non_null(host->ops->grant(host->ctx, t.base, false));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(two_devices_at_one_address_are_named),
        TEST(decode_knows_ends_of_ranges),
        TEST(rules_are_checked_before_the_target_sees_it),
        TEST(access_across_the_end_of_a_target_is_refused),
        TEST(poisoned_memory_is_written_only),
        TEST(target_gets_offset_unless_absolute),
        TEST(a_transaction_is_48_bytes_and_its_data),
        TEST(identifiers_of_qos_reach_the_target),
        TEST(access_adds_the_latency_of_its_class),
        TEST(submit_takes_effect_after_the_latency),
        TEST(submit_reports_decode_errors_at_once),
        TEST(submit_without_latency_is_done_at_once),
        TEST(posted_writes_keep_their_order),
        TEST(requesters_of_one_port_do_not_order_each_other),
        TEST(drain_says_when_the_last_write_lands),
        TEST(load_behind_own_store_waits_for_it),
        TEST(msi_is_complete_when_its_file_has_it),
        TEST(msi_that_waits_at_a_file_without_latency),
        TEST(harts_store_to_a_file_is_an_msi),
        TEST(msi_that_reaches_no_file_is_dropped_with_its_cause),
        TEST(flash_is_memory_and_target),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
