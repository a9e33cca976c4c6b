/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/bus_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static enum vd_status target_access(void *ctx, struct vd_txn *txn)
{
    struct world *w = ctx;
    w->seen_at[w->num_seen] = sim_now(w->core->sim);
    w->seen[w->num_seen++] = *txn;
    if (txn->cmd == VD_READ)
        txn->data[0] = 0x5a;
    else
        txn->delay += w->wait;
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

int world_setup(void **state)
{
    struct world *w = calloc(1, sizeof(*w));
    struct vd_error err;
    w->core = core_create(&(struct core_config){.bus = {.ram_read = 70, .ram_write = 50}});
    w->device = attach(w, "device");
    w->hart = attach(w, "hart0");
    w->other = attach(w, "hart1");
    trace_add_sink(w->core->trace, TRACE_ALL_KINDS, on_record, w);
    w->access = target_access;
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

int world_teardown(void **state)
{
    struct world *w = *state;
    core_destroy(w->core);
    free(w);
    return 0;
}

struct vd_txn txn(uint8_t cmd, uint64_t addr, uint8_t size, uint64_t data)
{
    return (struct vd_txn){.cmd = cmd, .addr = addr, .size = size, .data = {data}};
}

struct vd_txn hart_txn(uint8_t cmd, uint64_t addr, uint8_t size, uint64_t data)
{
    struct vd_txn t = txn(cmd, addr, size, data);
    t.requester = VD_REQUESTER_HART(0);
    return t;
}

enum vd_status access_by(struct port *port, struct vd_txn *t)
{
    const struct vd_host *host = port_host(port);
    return host->ops->access(host->ctx, t);
}

enum vd_status submit_by(struct port *port, struct vd_txn *t)
{
    const struct vd_host *host = port_host(port);
    return host->ops->submit(host->ctx, t);
}

enum sim_end settle(struct world *w)
{
    return sim_run(w->core->sim, VD_NEVER);
}
