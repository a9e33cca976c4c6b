/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "core/core.h"

enum { LOG = 64 };
#define RAM_BASE  UINT64_C(0x80000000)
#define FILE_BASE UINT64_C(0x28000000)
#define UART_BASE UINT64_C(0x10000000)
#define SLOW_BASE UINT64_C(0x20000000)

/* A machine of RAM, an interrupt file page, a byte-wide device and a slow one; and what they saw.
 */
struct world {
    struct core *core;
    struct port *device, *hart, *other;
    struct vd_txn seen[LOG], completed[LOG];
    vd_time seen_at[LOG];
    uint32_t num_seen, num_completed;
    uint64_t snooped[LOG][2], revoked[LOG];
    uint32_t num_snooped, num_revoked;
    struct vd_record records[LOG];
    uint32_t num_records;
    enum vd_status answer;
    struct vd_event ev;
};

static enum vd_status target_access(void *ctx, struct vd_txn *txn)
{
    struct world *w = ctx;
    w->seen_at[w->num_seen] = sim_now(w->core->sim);
    w->seen[w->num_seen++] = *txn;
    if (txn->cmd == VD_READ)
        txn->data[0] = 0x5a;
    return w->answer;
}

static void on_complete(void *ctx, const struct vd_txn *txn)
{
    struct world *w = ctx;
    w->completed[w->num_completed++] = *txn;
}

static void on_snoop(void *ctx, uint64_t spa, uint64_t size)
{
    struct world *w = ctx;
    w->snooped[w->num_snooped][0] = spa;
    w->snooped[w->num_snooped++][1] = size;
}

static void on_revoke(void *ctx, uint64_t spa)
{
    struct world *w = ctx;
    w->revoked[w->num_revoked++] = spa;
}

static void on_record(void *ctx, const struct vd_record *rec)
{
    struct world *w = ctx;
    w->records[w->num_records++] = *rec;
}

static struct port *attach(struct world *w, const char *name)
{
    struct port *port = port_create(w->core, name);
    port_attach(port,
                &(struct port_model){
                    .ctx = w, .complete = on_complete, .snoop = on_snoop, .revoke = on_revoke});
    return port;
}

static int setup(void **state)
{
    struct world *w = calloc(1, sizeof(*w));
    struct vd_error err;
    w->core = core_create(&(struct core_config){.bus = {.ram_read = 70, .ram_write = 50}});
    w->device = attach(w, "device");
    w->hart = attach(w, "hart0");
    w->other = attach(w, "hart1");
    trace_add_sink(w->core->trace, TRACE_ALL_KINDS, on_record, w);
    struct bus *bus = w->core->bus;
    assert_non_null(bus_add_ram(bus, "ram", RAM_BASE, 1 << 20, 0, &err));
    assert_non_null(bus_add_ram(bus, "rom", 0x1000, 4096, RAM_READ_ONLY, &err));
    assert_true(bus_add_target(bus,
                               &(struct bus_target){.name = "imsic",
                                                    .base = FILE_BASE,
                                                    .size = 0x4000,
                                                    .access = target_access,
                                                    .ctx = w,
                                                    .rules = BUS_READ | BUS_WRITE | BUS_MSI,
                                                    .min_size = 4,
                                                    .max_size = 4,
                                                    .write_latency = 200,
                                                    .hart_write_latency = 640},
                               &err));
    assert_true(bus_add_target(bus,
                               &(struct bus_target){.name = "uart",
                                                    .base = UART_BASE,
                                                    .size = 0x100,
                                                    .access = target_access,
                                                    .ctx = w,
                                                    .max_size = 1},
                               &err));
    assert_true(bus_add_target(bus,
                               &(struct bus_target){.name = "slow",
                                                    .base = SLOW_BASE,
                                                    .size = 0x1000,
                                                    .access = target_access,
                                                    .ctx = w,
                                                    .absolute = true,
                                                    .rules = BUS_READ,
                                                    .read_latency = 1000,
                                                    .hart_read_latency = 3000},
                               &err));
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;
    core_destroy(w->core);
    free(w);
    return 0;
}

static struct vd_txn txn(uint8_t cmd, uint64_t addr, uint8_t size, uint64_t data)
{
    return (struct vd_txn){.cmd = cmd, .addr = addr, .size = size, .data = {data}};
}

static struct vd_txn hart_txn(uint8_t cmd, uint64_t addr, uint8_t size, uint64_t data)
{
    struct vd_txn t = txn(cmd, addr, size, data);
    t.requester = VD_REQUESTER_HART(0);
    return t;
}

static enum vd_status access_by(struct port *port, struct vd_txn *t)
{
    const struct vd_host *host = port_host(port);
    return host->ops->access(host->ctx, t);
}

static enum vd_status submit_by(struct port *port, struct vd_txn *t)
{
    const struct vd_host *host = port_host(port);
    return host->ops->submit(host->ctx, t);
}

static enum sim_end settle(struct world *w)
{
    return sim_run(w->core->sim, VD_NEVER);
}

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
    sim_run(w->core->sim, 150);
    assert_int_equal(host->ops->drain(host->ctx), 50);
    settle(w);
    assert_int_equal(host->ops->drain(host->ctx), 0);
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

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(two_devices_at_one_address_are_named),
        TEST(decode_knows_ends_of_ranges),
        TEST(rules_are_checked_before_the_target_sees_it),
        TEST(target_gets_offset_unless_absolute),
        TEST(access_adds_the_latency_of_its_class),
        TEST(ram_does_all_commands),
        TEST(submit_takes_effect_after_the_latency),
        TEST(submit_reports_decode_errors_at_once),
        TEST(submit_without_latency_is_done_at_once),
        TEST(posted_writes_keep_their_order),
        TEST(requesters_of_one_port_do_not_order_each_other),
        TEST(drain_says_when_the_last_write_lands),
        TEST(load_behind_own_store_waits_for_it),
        TEST(harts_store_to_a_file_is_an_msi),
        TEST(msi_that_reaches_no_file_is_dropped_with_its_cause),
        TEST(watcher_is_told_of_every_write_to_its_page),
        TEST(submitted_write_is_snooped_when_it_lands),
        TEST(watching_takes_write_grants_back),
        TEST(grants_are_for_ram_only),
        TEST(ram_refuses_what_it_cannot_be),
        TEST(ram_costs_what_is_touched),
        TEST(cleared_ram_is_zero_and_its_neighbours_are_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
