/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/port_state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/core.h"

/* A change of level on its way over a wire with latency. */
struct edge {
    struct vd_event ev;
    struct wire_end *end;
    bool level;
};

static vd_time host_now(void *ctx)
{
    return sim_now(((struct port *)ctx)->core->sim);
}

static void host_post(void *ctx, struct vd_event *ev, vd_time when)
{
    sim_post(((struct port *)ctx)->core->sim, ev, when);
}

static void host_cancel(void *ctx, struct vd_event *ev)
{
    sim_cancel(((struct port *)ctx)->core->sim, ev);
}

static enum vd_status host_access(void *ctx, struct vd_txn *txn)
{
    struct port *port = ctx;
    return bus_access(port->core->bus, port, txn);
}

static enum vd_status host_submit(void *ctx, struct vd_txn *txn)
{
    struct port *port = ctx;
    if (port->model.upstream)
        return port->model.upstream(port->model.upstream_ctx, txn);
    return bus_submit(port->core->bus, port, txn);
}

static vd_time host_drain(void *ctx)
{
    struct port *port = ctx;
    return bus_drain(port->core->bus, port);
}

static void *host_grant(void *ctx, uint64_t spa, bool write)
{
    struct port *port = ctx;
    return bus_grant(port->core->bus, port, spa, write);
}

static void host_watch(void *ctx, uint64_t spa, bool on)
{
    struct port *port = ctx;
    bus_watch(port->core->bus, port, spa, on);
}

static void host_wake(void *ctx, struct vd_runner *runner)
{
    sim_wake(((struct port *)ctx)->core->sim, runner);
}

static uint64_t host_mtime(void *ctx)
{
    return sim_mtime(((struct port *)ctx)->core->sim);
}

static uint64_t host_serial(void *ctx)
{
    return sim_serial(((struct port *)ctx)->core->sim);
}

static void host_trace(void *ctx, const struct vd_record *rec)
{
    struct port *port = ctx;
    struct vd_record full = *rec;
    full.time = sim_now(port->core->sim);
    full.source = port->source;
    trace_emit(port->core->trace, &full);
}

static void deliver(struct wire_end *end, bool level)
{
    const struct port_wire *w = &end->wire;
    struct core *core = end->port->core;
    if (w->runner && level && sim_runner_passed(core->sim, w->runner))
        ledger_inexact(core->ledger, w->hart);
    w->sink(w->ctx, w->arg, level);
}

static void edge_arrives(void *ctx, uint32_t arg)
{
    struct edge *edge = ctx;
    struct wire_end *end = edge->end;
    bool level = edge->level;
    (void)arg;
    pool_give(&end->port->edges, edge);
    deliver(end, level);
}

static void send_edge(struct port *port, struct wire_end *end, bool level)
{
    struct sim *sim = port->core->sim;
    struct edge *edge = pool_take(&port->edges);
    *edge = (struct edge){.ev = {.fire = edge_arrives, .ctx = edge}, .end = end, .level = level};
    sim_post(sim, &edge->ev, sim_now(sim) + end->wire.latency);
}

static struct port_line *line_at(struct port *port, uint32_t line)
{
    if (line >= port->num_lines) {
        struct port_line *lines = realloc(port->lines, (line + 1) * sizeof(*lines));
        if (!lines)
            abort();
        memset(lines + port->num_lines, 0, (line + 1 - port->num_lines) * sizeof(*lines));
        port->lines = lines;
        port->num_lines = line + 1;
    }
    return &port->lines[line];
}

static void host_wire(void *ctx, uint32_t number, bool level)
{
    struct port *port = ctx;
    struct port_line *line = line_at(port, number);
    if (line->level == level)
        return;
    line->level = level;
    host_trace(port, &(struct vd_record){.kind = VD_REC_wire, .a = number, .b = level});
    for (uint32_t i = 0; i < port->lines[number].num_ends; i++) {
        struct wire_end *end = port->lines[number].ends[i];
        if (end->wire.latency)
            send_edge(port, end, level);
        else
            deliver(end, level);
    }
}

static const struct vd_host_ops host_ops = {
    .version = VD_HOST_VERSION,
    .now = host_now,
    .post = host_post,
    .cancel = host_cancel,
    .access = host_access,
    .submit = host_submit,
    .drain = host_drain,
    .wire = host_wire,
    .grant = host_grant,
    .watch = host_watch,
    .wake = host_wake,
    .mtime = host_mtime,
    .serial = host_serial,
    .trace = host_trace,
};

struct port *port_create(struct core *core, const char *name)
{
    struct port *port = calloc(1, sizeof(*port));
    struct port **ports = realloc(core->ports, (core->num_ports + 1) * sizeof(struct port *));
    if (!port || !ports)
        abort();
    core->ports = ports;
    port->host = (struct vd_host){.ops = &host_ops, .ctx = port};
    port->core = core;
    port->source = (uint16_t)core->num_ports;
    port->client = PORT_NO_CLIENT;
    snprintf(port->name, sizeof(port->name), "%s", name);
    pool_init(&port->edges, sizeof(struct edge));
    ports[core->num_ports++] = port;
    return port;
}

void port_destroy(struct port *port)
{
    for (uint32_t i = 0; i < port->num_lines; i++) {
        for (uint32_t j = 0; j < port->lines[i].num_ends; j++)
            free(port->lines[i].ends[j]);
        free(port->lines[i].ends);
    }
    free(port->lines);
    free(port->streams);
    free(port->lands);
    pool_done(&port->edges);
    free(port);
}

const struct vd_host *port_host(const struct port *port)
{
    return &port->host;
}

const char *port_name(const struct port *port)
{
    return port->name;
}

uint16_t port_source(const struct port *port)
{
    return port->source;
}

void port_attach(struct port *port, const struct port_model *model)
{
    port->model = *model;
}

/* Ends are allocated one by one because edges on their way point to them. */
void port_wire(struct port *port, uint32_t number, const struct port_wire *wire)
{
    struct port_line *line = line_at(port, number);
    struct wire_end *end = malloc(sizeof(*end));
    struct wire_end **ends = realloc(line->ends, (line->num_ends + 1) * sizeof(struct wire_end *));
    if (!end || !ends)
        abort();
    *end = (struct wire_end){*wire, port};
    line->ends = ends;
    line->ends[line->num_ends++] = end;
}

bool port_level(const struct port *port, uint32_t line)
{
    return line < port->num_lines && port->lines[line].level;
}
