/* SPDX-License-Identifier: BSD-2-Clause */
/* A workbench for one model: a clock, an event queue, a little RAM and recorders for everything
 * that the model says to the world.  Deterministic and small; it is not the simulator.
 *
 *     struct bench b;
 *     bench_init(&b);
 *     struct aplic *a = aplic_create(&config, &b.host, &err);
 *     ... aplic_access(a, &txn); bench_run(&b, 1000); assert b.writes[0].addr ...
 */
#ifndef SUPPORT_BENCH_H
#define SUPPORT_BENCH_H

#include "viaduct/host.h"

enum {
    BENCH_EVENTS = 4096,
    BENCH_LOG = 4096,
    BENCH_LINES = 4096,
    BENCH_WATCHES = 64,
};

struct bench {
    struct vd_host host; /* hand this to the model under test */
    vd_time now;

    /* RAM at ram_base; everything outside answers VD_UNMAPPED, or is given to the hook below. */
    uint8_t *ram;
    uint64_t ram_base, ram_size;
    vd_time latency; /* of access() and submit(); 0: done at once */

    /* If set, asked first for every access at its time of effect.  Returns true if it answered
     * (txn->status is the result). */
    bool (*hook)(void *ctx, struct vd_txn *txn);
    void *hook_ctx;

    /* The model's completion function for VD_PENDING submits, and its snoop function for watched
     * pages. */
    void (*complete)(void *ctx, const struct vd_txn *txn);
    void *complete_ctx;
    void (*snoop)(void *ctx, uint64_t spa, uint64_t size);
    void *snoop_ctx;

    /* The n-th access from now (1 = next) gets this status instead of being performed; 0: none. */
    uint32_t fail_in;
    enum vd_status fail_with;

    /* Recorders.  Writes are logged when they take effect, RAM included. */
    uint32_t num_writes;
    uint64_t num_reads;
    uint32_t num_records;
    bool lines[BENCH_LINES];
    uint32_t wire_edges;

    uint64_t next_serial;
    uint64_t order;
    struct vd_event *events[BENCH_EVENTS];
    uint32_t num_events;
    struct bench_flight {
        struct vd_event ev;
        struct vd_txn txn;
        bool used;
    } flights[256];
    uint64_t watches[BENCH_WATCHES];
    uint32_t num_watches;

    /* The logs come last: bench_init_ram() leaves what the counts above do not cover as it is. */
    struct vd_txn writes[BENCH_LOG];
    struct vd_record records[BENCH_LOG];
};

/* 1 MiB of RAM at 0x80000000, no latency. */
void bench_init(struct bench *b);
/* The same with RAM of another size; bench_done() frees it. */
void bench_init_ram(struct bench *b, uint64_t base, uint64_t size);
/* As it was then; it keeps the memory for its RAM, which a fuzzer would wait for. */
void bench_renew(struct bench *b);
void bench_done(struct bench *b);

/* Fires every event due in the next `duration` picoseconds and leaves the clock at its end. */
void bench_run(struct bench *b, vd_time duration);
/* Fires events until none is left (at most `limit` events; returns false if that was not enough).
 */
bool bench_settle(struct bench *b, uint32_t limit);

uint64_t bench_peek(const struct bench *b, uint64_t addr, unsigned size);
void bench_poke(struct bench *b, uint64_t addr, unsigned size, uint64_t value);

/* Records of one kind; index counts only that kind.  NULL: there are not that many. */
const struct vd_record *bench_record(const struct bench *b, enum vd_record_kind kind,
                                     uint32_t index);
uint32_t bench_count(const struct bench *b, enum vd_record_kind kind);
void bench_forget(struct bench *b); /* empties writes and records */

/* A transaction with the usual fields set. */
struct vd_txn bench_read(uint64_t addr, unsigned size);
struct vd_txn bench_write(uint64_t addr, unsigned size, uint64_t value);

#endif
