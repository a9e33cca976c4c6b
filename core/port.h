/* SPDX-License-Identifier: BSD-2-Clause */
/* A port is one model instance's end of the world: the ctx of its struct vd_host, its name and
 * source id in traces, its order on the bus, and its wires. */
#ifndef CORE_PORT_H
#define CORE_PORT_H

#include "viaduct/host.h"

struct core;
struct port;

/* Created before its model, which gets port_host(); the core owns it. */
struct port *port_create(struct core *core, const char *name);
const struct vd_host *port_host(const struct port *port);
const char *port_name(const struct port *port);
uint16_t port_source(const struct port *port);

/* The model's functions that the world calls; each may be NULL. */
struct port_model {
    void *ctx;
    void (*complete)(void *ctx, const struct vd_txn *txn); /* of submit() */
    void (*snoop)(void *ctx, uint64_t spa, uint64_t size); /* of watch() */
    void (*revoke)(void *ctx, uint64_t spa);               /* of grant() */
    /* If set, submit() goes here and not to the bus: a PCIe root's way through the IOMMU.  It
     * answers through the model's own completion function. */
    enum vd_status (*upstream)(void *ctx, struct vd_txn *txn);
    void *upstream_ctx;
};
void port_attach(struct port *port, const struct port_model *model);

/* Where one line of the port goes.  A line may have several ends; the sink is told only of
 * changes.  Level is false at the start. */
struct port_wire {
    void (*sink)(void *ctx, uint32_t arg, bool level);
    void *ctx;
    uint32_t arg;
    vd_time latency;          /* 0: the sink is called within host.wire() */
    struct vd_runner *runner; /* of the hart that the sink belongs to, to notice late delivery */
    uint32_t hart;            /* its index */
};
void port_wire(struct port *port, uint32_t line, const struct port_wire *wire);
bool port_level(const struct port *port, uint32_t line);

#endif
