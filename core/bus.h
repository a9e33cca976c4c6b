/* SPDX-License-Identifier: BSD-2-Clause */
/* The system bus: address decoding, access rules as data, latency, order of posted writes, RAM. */
#ifndef CORE_BUS_H
#define CORE_BUS_H

#include "core/ram.h"
#include "viaduct/error.h"
#include "viaduct/host.h"

struct core;
struct port;

/* Latencies in picoseconds.  For RAM they apply to everyone but harts, whose own timing counts. */
struct bus_config {
    vd_time ram_read;
    vd_time ram_write;
};

/* What a target allows. */
enum {
    BUS_READ = 1u << 0,
    BUS_WRITE = 1u << 1,
    BUS_ATOMIC = 1u << 2,    /* VD_CAS, VD_OR and both halves of a hart's read-modify-write */
    BUS_UNALIGNED = 1u << 3, /* not only naturally aligned accesses */
    BUS_EXEC = 1u << 4,      /* instruction fetch */
    BUS_MSI = 1u << 5,       /* interrupt files: a hart's store here is an MSI with a serial */
};

/* Something at an address.  access() is called at the time of effect with txn->addr the offset
 * from base (the absolute address with `absolute`), and only for what the rules allow. */
struct bus_target {
    const char *name;
    uint64_t base, size;
    enum vd_status (*access)(void *ctx, struct vd_txn *txn);
    void *ctx;
    uint32_t rules;             /* 0: BUS_READ | BUS_WRITE */
    uint8_t min_size, max_size; /* bytes, 0: 1 and 8 */
    bool absolute;
    vd_time read_latency, write_latency;           /* of devices and IOMMU */
    vd_time hart_read_latency, hart_write_latency; /* a hart's load, a hart's store to its effect */
};

struct bus;

struct bus *bus_create(struct core *core, const struct bus_config *config);
void bus_destroy(struct bus *bus);

/* Two targets at one address are an error that names both. */
bool bus_add_target(struct bus *bus, const struct bus_target *target, struct vd_error *err);
/* A flash bank: reads and fetches find its memory directly, everything else finds the target. */
struct ram *bus_add_flash(struct bus *bus, const struct bus_target *target, struct vd_error *err);
/* While it is covered, the target answers reads of a flash bank too. */
void bus_cover_flash(struct bus *bus, struct ram *flash, bool covered);
/* The bus owns the RAM.  NULL: error.  flags: RAM_READ_ONLY for a ROM, RAM_POISONED. */
struct ram *bus_add_ram(struct bus *bus, const char *name, uint64_t base, uint64_t size,
                        uint32_t flags, struct vd_error *err);
/* The RAM that holds all of [addr, addr + size), or NULL. */
struct ram *bus_ram(const struct bus *bus, uint64_t addr, uint64_t size);
/* The RAMs in order of adding; NULL: there are not that many. */
struct ram *bus_nth_ram(const struct bus *bus, uint32_t index);
/* What is at an address, for messages: a target's or RAM's name, or NULL. */
const char *bus_name_at(const struct bus *bus, uint64_t addr);

/* For loaders, debugger and tests: no side effect on timing or ledger; watchers are told.  False if
 * not all of it is RAM (ROM included). */
bool bus_load(struct bus *bus, uint64_t addr, const void *data, uint64_t size);
bool bus_peek(const struct bus *bus, uint64_t addr, void *data, uint64_t size);

/* The host operations of a port. */
enum vd_status bus_access(struct bus *bus, struct port *port, struct vd_txn *txn);
enum vd_status bus_submit(struct bus *bus, struct port *port, struct vd_txn *txn);
vd_time bus_drain(struct bus *bus, struct port *port);
/* The same of the writes of one requester. */
vd_time bus_drain_of(struct bus *bus, const struct port *port, uint32_t requester);
void *bus_grant(struct bus *bus, struct port *port, uint64_t spa, bool write);
void bus_watch(struct bus *bus, struct port *port, uint64_t spa, bool on);
/* watch_wrote() is told of every write to this page. */
void bus_watch_words(struct bus *bus, uint64_t spa);

/* Transactions submitted and not yet performed. */
uint32_t bus_in_flight(const struct bus *bus);

#endif
