/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/core.h"

enum { LOG = 32 };

struct world {
    struct core *core;
    struct port *port;
    struct {
        uint32_t arg;
        bool level;
        vd_time when;
    } edges[LOG];
    uint32_t num_edges;
    uint32_t upstream;
    struct vd_record last;
};

static void sink(void *ctx, uint32_t arg, bool level)
{
    struct world *w = ctx;
    w->edges[w->num_edges].arg = arg;
    w->edges[w->num_edges].level = level;
    w->edges[w->num_edges++].when = sim_now(w->core->sim);
}

static int setup(void **state)
{
    struct world *w = calloc(1, sizeof(*w));
    w->core = core_create(&(struct core_config){0});
    port_create(w->core, "first");
    w->port = port_create(w->core, "second");
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

static void wire(struct world *w, uint32_t line, bool level)
{
    const struct vd_host *host = port_host(w->port);
    host->ops->wire(host->ctx, line, level);
}

static void sink_is_told_of_changes_only(void **state)
{
    struct world *w = *state;
    port_wire(w->port, 70, &(struct port_wire){.sink = sink, .ctx = w, .arg = 5});
    port_wire(w->port, 70, &(struct port_wire){.sink = sink, .ctx = w, .arg = 6});
    wire(w, 70, false);
    assert_int_equal(w->num_edges, 0);
    wire(w, 70, true);
    wire(w, 70, true);
    assert_int_equal(w->num_edges, 2);
    assert_int_equal(w->edges[0].arg, 5);
    assert_int_equal(w->edges[1].arg, 6);
    assert_true(w->edges[0].level);
    assert_true(port_level(w->port, 70));
    wire(w, 70, false);
    assert_int_equal(w->num_edges, 4);
    wire(w, 3000, true);
    assert_true(port_level(w->port, 3000));
    assert_false(port_level(w->port, 2999));
    assert_int_equal(w->num_edges, 4);
    assert_int_equal(trace_count(w->core->trace, VD_REC_wire), 3);
}

static void every_edge_takes_the_latency(void **state)
{
    struct world *w = *state;
    port_wire(w->port, 1, &(struct port_wire){.sink = sink, .ctx = w, .latency = 100});
    wire(w, 1, true);
    wire(w, 1, false);
    wire(w, 1, true);
    assert_int_equal(w->num_edges, 0);
    sim_run(w->core->sim, VD_NEVER);
    assert_int_equal(w->num_edges, 3);
    assert_true(w->edges[0].level);
    assert_false(w->edges[1].level);
    assert_true(w->edges[2].level);
    assert_int_equal(w->edges[2].when, 100);
}

/* A runner that has got to 500 cannot see at 100 what arrives at 100. */
static void wire_into_the_past_of_a_runner_marks_its_msis(void **state)
{
    struct world *w = *state;
    struct vd_runner runner = {.time = 500, .limit = 500};
    struct vd_record issue = {.kind = VD_REC_msi_issue, .serial = 1, .a = 0x28000000, .b = 5};
    struct vd_record record = {.kind = VD_REC_msi_record, .serial = 1, .a = VD_FILE(3, 1), .b = 5};
    trace_emit(w->core->trace, &issue);
    trace_emit(w->core->trace, &record);
    port_wire(
        w->port, 1,
        &(struct port_wire){.sink = sink, .ctx = w, .latency = 100, .runner = &runner, .hart = 3});
    wire(w, 1, true);
    sim_run(w->core->sim, VD_NEVER);
    assert_int_equal(sim_inexact(w->core->sim), 1);
    assert_int_equal(ledger_counts(w->core->ledger, LEDGER_ALL)->inexact, 1);
}

static enum vd_status upstream(void *ctx, struct vd_txn *txn)
{
    struct world *w = ctx;
    w->upstream++;
    txn->status = VD_RETRY;
    return VD_RETRY;
}

static void upstream_takes_submits_and_not_accesses(void **state)
{
    struct world *w = *state;
    const struct vd_host *host = port_host(w->port);
    struct vd_txn txn = {.cmd = VD_READ, .size = 4};
    port_attach(w->port, &(struct port_model){.upstream = upstream, .upstream_ctx = w});
    assert_int_equal(host->ops->submit(host->ctx, &txn), VD_RETRY);
    assert_int_equal(w->upstream, 1);
    assert_int_equal(host->ops->access(host->ctx, &txn), VD_UNMAPPED);
    assert_int_equal(w->upstream, 1);
}

static void remember(void *ctx, const struct vd_record *rec)
{
    ((struct world *)ctx)->last = *rec;
}

static void nothing(void *ctx, uint32_t arg)
{
    (void)ctx;
    (void)arg;
}

static void records_get_time_and_source(void **state)
{
    struct world *w = *state;
    const struct vd_host *host = port_host(w->port);
    struct vd_event ev = {.fire = nothing};
    host->ops->post(host->ctx, &ev, 1234);
    sim_run(w->core->sim, VD_NEVER);
    trace_add_sink(w->core->trace, TRACE_ALL_KINDS, remember, w);
    host->ops->trace(host->ctx, &(struct vd_record){.kind = VD_REC_console, .a = 'x'});
    assert_int_equal(w->last.time, 1234);
    assert_int_equal(w->last.source, port_source(w->port));
    assert_int_equal(port_source(w->port), 1);
    assert_string_equal(port_name(w->port), "second");
    assert_int_equal(host->ops->version, VD_HOST_VERSION);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(sink_is_told_of_changes_only),
        TEST(every_edge_takes_the_latency),
        TEST(wire_into_the_past_of_a_runner_marks_its_msis),
        TEST(upstream_takes_submits_and_not_accesses),
        TEST(records_get_time_and_source),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
