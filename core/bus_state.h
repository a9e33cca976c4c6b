/* SPDX-License-Identifier: BSD-2-Clause */
/* Inside of the bus, shared by decoding (bus_map.c) and transfers (bus.c). */
#ifndef CORE_BUS_STATE_H
#define CORE_BUS_STATE_H

#include "core/bus.h"
#include "core/pool.h"

enum { BUS_RAMS = 8 };

struct target {
    struct bus_target t;
    char name[48];
    uint32_t index; /* in order of adding: it names the target in struct port */
};

struct bus {
    struct core *core;
    struct bus_config config;
    struct ram *rams[BUS_RAMS];
    uint32_t num_rams;
    struct target **targets; /* by base */
    uint32_t num_targets;
    struct pool flights; /* struct flight */
    struct port *clients[RAM_CLIENTS];
    uint32_t num_clients;
};

/* What a transaction meets: RAM, a target, or neither. */
struct place {
    struct ram *ram;
    struct target *target;
};

/* Decodes and checks the rules.  On an error the place is set as far as it is known. */
enum vd_status bus_decode(const struct bus *bus, const struct vd_txn *txn, struct place *place);

#endif
