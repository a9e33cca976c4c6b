/* SPDX-License-Identifier: BSD-2-Clause */
/* Transfers: latency, order of posted writes, completion, and who is told of a write. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/bus_state.h"
#include "core/core.h"
#include "core/port_state.h"
#include "core/watch.h"

/* A submitted transaction on its way. */
struct flight {
    struct vd_event ev;
    struct bus *bus;
    struct port *port;
    struct place place;
    struct vd_txn txn;
};

struct bus *bus_create(struct core *core, const struct bus_config *config)
{
    struct bus *bus = calloc(1, sizeof(*bus));
    if (!bus)
        abort();
    bus->core = core;
    bus->config = *config;
    pool_init(&bus->flights, sizeof(struct flight));
    return bus;
}

void bus_destroy(struct bus *bus)
{
    if (!bus)
        return;
    for (uint32_t i = 0; i < bus->num_rams; i++)
        ram_destroy(bus->rams[i]);
    for (uint32_t i = 0; i < bus->num_targets; i++)
        free(bus->targets[i]);
    free(bus->targets);
    pool_done(&bus->flights);
    free(bus);
}

uint32_t bus_in_flight(const struct bus *bus)
{
    return bus->flights.used;
}

static bool from_hart(const struct vd_txn *txn)
{
    return txn->requester >> 24 == VD_REQUESTER_HART(0) >> 24;
}

static vd_time latency(const struct bus *bus, const struct place *place, const struct vd_txn *txn)
{
    bool read = txn->cmd == VD_READ;
    if (txn->attrs & VD_DEBUG)
        return 0;
    if (place->ram)
        return from_hart(txn) ? 0 : read ? bus->config.ram_read : bus->config.ram_write;
    const struct bus_target *t = &place->target->t;
    if (from_hart(txn))
        return read ? t->hart_read_latency : t->hart_write_latency;
    return read ? t->read_latency : t->write_latency;
}

static void record(const struct port *port, struct vd_record rec)
{
    port->host.ops->trace(port->host.ctx, &rec);
}

/* A write with a serial that no interrupt file got is a dropped MSI. */
static void drop_msi(const struct port *port, const struct vd_txn *txn, enum vd_drop drop)
{
    if (txn->serial && txn->cmd == VD_WRITE && !(txn->attrs & VD_DEBUG))
        record(port, (struct vd_record){.kind = VD_REC_msi_drop,
                                        .serial = txn->serial,
                                        .a = drop,
                                        .b = port->source,
                                        .c = txn->addr});
}

static enum vd_status refuse(const struct port *port, const struct place *place, struct vd_txn *txn,
                             enum vd_status status)
{
    bool file = place->target && place->target->t.rules & BUS_MSI;
    drop_msi(port, txn,
             status == VD_UNMAPPED ? VD_DROP_unmapped
             : file                ? VD_DROP_size
                                   : VD_DROP_no_file);
    txn->status = (uint8_t)status;
    return status;
}

/* A hart's store to an interrupt file is an MSI from here on. */
static void issue_msi(struct port *port, const struct place *place, struct vd_txn *txn)
{
    if (txn->serial || txn->cmd != VD_WRITE || !from_hart(txn) || txn->attrs & VD_DEBUG)
        return;
    if (!place->target || !(place->target->t.rules & BUS_MSI))
        return;
    txn->serial = sim_serial(port->core->sim);
    record(port, (struct vd_record){.kind = VD_REC_msi_issue,
                                    .serial = txn->serial,
                                    .a = txn->addr,
                                    .b = txn->data[0] & UINT32_MAX,
                                    .c = txn->requester});
}

enum { WATCH_SET = RAM_WATCH / 64, WATCH_BIT = RAM_WATCH % 64 };

/* The watchers are read once: a snoop function may stop watching. */
static void tell_watchers(const struct bus *bus, struct port *port, struct ram *ram, uint64_t addr,
                          uint64_t size)
{
    struct ram_page page = *ram_page(ram, addr);
    if (page.watchers[WATCH_SET] >> WATCH_BIT & 1)
        watch_wrote(bus->core->watch, port, addr, size);
    for (uint32_t i = 0; i < bus->num_clients; i++) {
        struct port *client = bus->clients[i];
        if (page.watchers[i / 64] >> (i % 64) & 1 && client->model.snoop)
            client->model.snoop(client->model.ctx, addr, size);
    }
}

static void wrote(const struct bus *bus, struct port *port, struct ram *ram, uint64_t addr,
                  uint64_t size)
{
    while (size) {
        uint64_t part = RAM_PAGE - addr % RAM_PAGE;
        part = part < size ? part : size;
        if (ram_watched(ram_page(ram, addr)))
            tell_watchers(bus, port, ram, addr, part);
        addr += part;
        size -= part;
    }
}

static enum vd_status perform_ram(const struct bus *bus, struct port *port, struct ram *ram,
                                  struct vd_txn *txn)
{
    ram_perform(ram, txn);
    if (txn->cmd != VD_READ)
        wrote(bus, port, ram, txn->addr, txn->size);
    drop_msi(port, txn, VD_DROP_memory);
    return VD_OK;
}

static enum vd_status perform_target(struct port *port, const struct bus_target *t,
                                     struct vd_txn *txn)
{
    uint64_t addr = txn->addr;
    if (!t->absolute)
        txn->addr -= t->base;
    enum vd_status status = t->access(t->ctx, txn);
    txn->addr = addr;
    if (!(t->rules & BUS_MSI) || status == VD_UNMAPPED)
        drop_msi(port, txn, VD_DROP_no_file);
    return status;
}

static enum vd_status perform(const struct bus *bus, struct port *port, const struct place *place,
                              struct vd_txn *txn)
{
    assert(place->ram || place->target);
    enum vd_status status = place->ram ? perform_ram(bus, port, place->ram, txn)
                                       : perform_target(port, &place->target->t, txn);
    txn->status = (uint8_t)status;
    return status;
}

static vd_time *landing(struct port *port, const struct target *target)
{
    if (target->index >= port->num_lands) {
        uint32_t count = target->index + 1;
        vd_time *lands = realloc(port->lands, count * sizeof(*lands));
        if (!lands)
            abort();
        memset(lands + port->num_lands, 0, (count - port->num_lands) * sizeof(*lands));
        port->lands = lands;
        port->num_lands = count;
    }
    return &port->lands[target->index];
}

enum vd_status bus_access(struct bus *bus, struct port *port, struct vd_txn *txn)
{
    struct place place;
    assert(txn->size > 0 && txn->size <= VD_TXN_BYTES);
    enum vd_status status = bus_decode(bus, txn, &place);
    if (status != VD_OK)
        return refuse(port, &place, txn, status);
    vd_time now = sim_now(bus->core->sim);
    if (place.target && from_hart(txn) && !(txn->attrs & VD_DEBUG)) {
        vd_time lands = *landing(port, place.target);
        if (lands > now) {
            txn->delay = lands - now;
            txn->status = VD_RETRY;
            return VD_RETRY;
        }
    }
    issue_msi(port, &place, txn);
    txn->delay += latency(bus, &place, txn);
    return perform(bus, port, &place, txn);
}

/* The order of writes is kept per requester, not per port: an IOMMU carries many devices. */
static struct stream *stream_of(struct port *port, uint32_t requester, vd_time now)
{
    struct stream *idle = NULL;
    for (uint32_t i = 0; i < port->num_streams; i++) {
        if (port->streams[i].requester == requester)
            return &port->streams[i];
        if (port->streams[i].last <= now)
            idle = &port->streams[i];
    }
    if (!idle) {
        struct stream *streams =
            realloc(port->streams, (port->num_streams + 1) * sizeof(struct stream));
        if (!streams)
            abort();
        port->streams = streams;
        idle = &streams[port->num_streams++];
    }
    *idle = (struct stream){.requester = requester};
    return idle;
}

static void launch(struct bus *bus, struct port *port, const struct place *place,
                   const struct vd_txn *txn, vd_time when, void (*fire)(void *ctx, uint32_t arg))
{
    struct flight *flight = pool_take(&bus->flights);
    flight->ev = (struct vd_event){.fire = fire, .ctx = flight};
    flight->bus = bus;
    flight->port = port;
    flight->place = *place;
    flight->txn = *txn;
    sim_post(bus->core->sim, &flight->ev, when);
}

/* Until when fences wait, and others who access the target. */
static void note_effect(struct port *port, const struct place *place, vd_time when)
{
    if (when > port->last)
        port->last = when;
    if (place->target) {
        vd_time *lands = landing(port, place->target);
        if (when > *lands)
            *lands = when;
    }
}

static void flight_ends(void *ctx, uint32_t arg)
{
    struct flight *flight = ctx;
    struct port *port = flight->port;
    struct vd_txn txn = flight->txn;
    (void)arg;
    pool_give(&flight->bus->flights, flight);
    if (!(txn.attrs & VD_POSTED) && port->model.complete)
        port->model.complete(port->model.ctx, &txn);
}

/* An interrupt file may let an MSI wait at its port: what follows the write must not find it there.
 * True if the completion has to wait as well.  The latencies of other targets' writes cover their
 * effect. */
static bool waits_at_file(struct bus *bus, struct port *port, const struct place *place,
                          const struct vd_txn *txn)
{
    if (!txn->delay || !place->target || !(place->target->t.rules & BUS_MSI))
        return false;
    vd_time when = sim_now(bus->core->sim) + txn->delay;
    note_effect(port, place, when);
    if (txn->attrs & VD_POSTED)
        return false;
    launch(bus, port, place, txn, when, flight_ends);
    return true;
}

static void flight_lands(void *ctx, uint32_t arg)
{
    struct flight *flight = ctx;
    flight->txn.delay = 0;
    perform(flight->bus, flight->port, &flight->place, &flight->txn);
    if (waits_at_file(flight->bus, flight->port, &flight->place, &flight->txn))
        pool_give(&flight->bus->flights, flight);
    else
        flight_ends(flight, arg);
}

enum vd_status bus_submit(struct bus *bus, struct port *port, struct vd_txn *txn)
{
    struct place place;
    assert(txn->size > 0 && txn->size <= VD_TXN_BYTES);
    enum vd_status status = bus_decode(bus, txn, &place);
    if (status != VD_OK)
        return refuse(port, &place, txn, status);
    issue_msi(port, &place, txn);
    vd_time now = sim_now(bus->core->sim);
    struct stream *stream = stream_of(port, txn->requester, now);
    vd_time when = now + latency(bus, &place, txn);
    if (!(txn->attrs & VD_RELAXED) && when < stream->last)
        when = stream->last;
    if (when == now) {
        txn->delay = 0;
        status = perform(bus, port, &place, txn);
        if (!waits_at_file(bus, port, &place, txn))
            return status;
    } else {
        if (txn->cmd != VD_READ) {
            stream->last = when > stream->last ? when : stream->last;
            note_effect(port, &place, when);
        }
        launch(bus, port, &place, txn, when, flight_lands);
    }
    txn->status = VD_PENDING;
    return VD_PENDING;
}

vd_time bus_drain_of(struct bus *bus, const struct port *port, uint32_t requester)
{
    vd_time now = sim_now(bus->core->sim);
    for (uint32_t i = 0; i < port->num_streams; i++)
        if (port->streams[i].requester == requester && port->streams[i].last > now)
            return port->streams[i].last - now;
    return 0;
}

vd_time bus_drain(struct bus *bus, struct port *port)
{
    vd_time now = sim_now(bus->core->sim);
    return port->last > now ? port->last - now : 0;
}

static uint32_t client_of(struct bus *bus, struct port *port)
{
    if (port->client == PORT_NO_CLIENT) {
        assert(bus->num_clients < RAM_WATCH);
        port->client = bus->num_clients;
        bus->clients[bus->num_clients++] = port;
    }
    return port->client;
}

void *bus_grant(struct bus *bus, struct port *port, uint64_t spa, bool write)
{
    uint64_t base = spa & ~(uint64_t)(RAM_PAGE - 1);
    struct ram *ram = bus_ram(bus, base, RAM_PAGE);
    if (!ram || ram->flags & (RAM_POISONED | RAM_COVERED) || (write && ram->flags & RAM_READ_ONLY))
        return NULL;
    if (write) {
        struct ram_page *page = ram_page(ram, base);
        uint32_t client = client_of(bus, port);
        if (ram_watched(page))
            return NULL;
        page->writers[client / 64] |= UINT64_C(1) << (client % 64);
    }
    return ram->bytes + (base - ram->base);
}

static void revoke_writers(struct bus *bus, struct ram_page *page, uint64_t base)
{
    struct ram_page old = *page;
    memset(page->writers, 0, sizeof(page->writers));
    for (uint32_t i = 0; i < bus->num_clients; i++) {
        struct port *client = bus->clients[i];
        if (old.writers[i / 64] >> (i % 64) & 1 && client->model.revoke)
            client->model.revoke(client->model.ctx, base);
    }
}

/* The page is marked before grants are taken back, so that nobody gets a new one meanwhile. */
static void mark_page(struct bus *bus, uint32_t client, uint64_t spa, bool on)
{
    uint64_t base = spa & ~(uint64_t)(RAM_PAGE - 1);
    struct ram *ram = bus_ram(bus, base, RAM_PAGE);
    if (!ram)
        return;
    struct ram_page *page = ram_page(ram, base);
    uint64_t bit = UINT64_C(1) << (client % 64);
    if (!on) {
        page->watchers[client / 64] &= ~bit;
        return;
    }
    page->watchers[client / 64] |= bit;
    revoke_writers(bus, page, base);
}

void bus_watch(struct bus *bus, struct port *port, uint64_t spa, bool on)
{
    mark_page(bus, client_of(bus, port), spa, on);
}

void bus_watch_words(struct bus *bus, uint64_t spa)
{
    mark_page(bus, RAM_WATCH, spa, true);
}

/* Read grants are not kept account of: everybody gives all back. */
void bus_cover_flash(struct bus *bus, struct ram *flash, bool covered)
{
    bool was = flash->flags & RAM_COVERED;
    flash->flags = covered ? flash->flags | RAM_COVERED : flash->flags & ~(uint32_t)RAM_COVERED;
    if (was || !covered)
        return;
    for (uint32_t i = 0; i < bus->core->num_ports; i++) {
        const struct port_model *model = &bus->core->ports[i]->model;
        if (model->revoke)
            model->revoke(model->ctx, VD_NEVER);
    }
}

bool bus_load(struct bus *bus, uint64_t addr, const void *data, uint64_t size)
{
    struct ram *ram = bus_ram(bus, addr, size);
    if (!ram)
        return false;
    memcpy(ram->bytes + (addr - ram->base), data, size);
    wrote(bus, NULL, ram, addr, size);
    return true;
}

bool bus_peek(const struct bus *bus, uint64_t addr, void *data, uint64_t size)
{
    const struct ram *ram = bus_ram(bus, addr, size);
    if (!ram)
        return false;
    memcpy(data, ram->bytes + (addr - ram->base), size);
    return true;
}
