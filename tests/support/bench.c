/* SPDX-License-Identifier: BSD-2-Clause */
#include "support/bench.h"

#include <assert.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static bool earlier(const struct vd_event *x, const struct vd_event *y)
{
    return x->when != y->when ? x->when < y->when : x->order < y->order;
}

static vd_time bench_now(void *ctx)
{
    return ((struct bench *)ctx)->now;
}

static void event_remove(struct bench *b, struct vd_event *ev)
{
    b->num_events--;
    for (uint32_t i = ev->slot - 1; i < b->num_events; i++) {
        b->events[i] = b->events[i + 1];
        b->events[i]->slot = i + 1;
    }
    ev->slot = 0;
}

static void bench_cancel(void *ctx, struct vd_event *ev)
{
    if (ev->slot)
        event_remove(ctx, ev);
}

static void bench_post(void *ctx, struct vd_event *ev, vd_time when)
{
    struct bench *b = ctx;
    assert(when >= b->now && b->num_events < BENCH_EVENTS);
    bench_cancel(b, ev);
    ev->when = when;
    ev->order = b->order++;
    uint32_t i = b->num_events++;
    for (; i > 0 && earlier(ev, b->events[i - 1]); i--) {
        b->events[i] = b->events[i - 1];
        b->events[i]->slot = i + 1;
    }
    b->events[i] = ev;
    ev->slot = i + 1;
}

static void told_watchers(struct bench *b, const struct vd_txn *txn)
{
    for (uint32_t i = 0; i < b->num_watches; i++)
        if (b->watches[i] == txn->addr >> 12 && b->snoop)
            b->snoop(b->snoop_ctx, txn->addr, txn->size);
}

static void log_write(struct bench *b, const struct vd_txn *txn)
{
    if (b->num_writes < BENCH_LOG)
        b->writes[b->num_writes++] = *txn;
}

static enum vd_status ram_access(struct bench *b, struct vd_txn *txn)
{
    if (txn->addr < b->ram_base || txn->addr - b->ram_base + txn->size > b->ram_size)
        return VD_UNMAPPED;
    uint8_t *p = b->ram + (txn->addr - b->ram_base);
    uint64_t old[VD_TXN_BYTES / 8] = {0};
    memcpy(old, p, txn->size);
    switch (txn->cmd) {
    case VD_WRITE:
        memcpy(p, txn->data, txn->size);
        break;
    case VD_CAS:
        if (old[0] == txn->data[1])
            memcpy(p, txn->data, txn->size);
        break;
    case VD_OR:
        old[1] = old[0] | txn->data[0];
        memcpy(p, &old[1], txn->size);
        old[1] = 0;
        break;
    default:
        memcpy(txn->data, old, sizeof(old));
        return VD_OK;
    }
    log_write(b, txn);
    told_watchers(b, txn);
    if (txn->cmd != VD_WRITE)
        txn->data[0] = old[0];
    return VD_OK;
}

static enum vd_status perform(struct bench *b, struct vd_txn *txn)
{
    assert(txn->size > 0 && txn->size <= VD_TXN_BYTES);
    if (txn->cmd == VD_READ)
        b->num_reads++;
    if (b->fail_in && --b->fail_in == 0)
        return txn->status = (uint8_t)b->fail_with;
    if (b->hook && b->hook(b->hook_ctx, txn)) {
        if (txn->cmd != VD_READ)
            log_write(b, txn);
        return txn->status;
    }
    txn->status = (uint8_t)ram_access(b, txn);
    return txn->status;
}

static enum vd_status bench_access(void *ctx, struct vd_txn *txn)
{
    struct bench *b = ctx;
    txn->delay += b->latency;
    return perform(b, txn);
}

static void flight_land(void *ctx, uint32_t arg)
{
    struct bench *b = ctx;
    struct bench_flight *f = &b->flights[arg];
    struct vd_txn txn = f->txn;
    f->used = false;
    perform(b, &txn);
    if (!(txn.attrs & VD_POSTED) && b->complete)
        b->complete(b->complete_ctx, &txn);
}

static enum vd_status bench_submit(void *ctx, struct vd_txn *txn)
{
    struct bench *b = ctx;
    if (!b->latency)
        return perform(b, txn);
    for (uint32_t i = 0; i < 256; i++) {
        struct bench_flight *f = &b->flights[i];
        if (f->used)
            continue;
        f->used = true;
        f->txn = *txn;
        f->ev = (struct vd_event){.fire = flight_land, .ctx = b, .arg = i};
        bench_post(b, &f->ev, b->now + b->latency);
        return txn->status = VD_PENDING;
    }
    txn->delay = b->latency;
    return txn->status = VD_RETRY;
}

static vd_time bench_drain(void *ctx)
{
    struct bench *b = ctx;
    vd_time last = b->now;
    for (uint32_t i = 0; i < 256; i++)
        if (b->flights[i].used && b->flights[i].ev.when > last)
            last = b->flights[i].ev.when;
    return last - b->now;
}

static void bench_wire(void *ctx, uint32_t line, bool level)
{
    struct bench *b = ctx;
    assert(line < BENCH_LINES);
    b->wire_edges += b->lines[line] != level;
    b->lines[line] = level;
}

static bool watched(const struct bench *b, uint64_t page)
{
    for (uint32_t i = 0; i < b->num_watches; i++)
        if (b->watches[i] == page)
            return true;
    return false;
}

static void *bench_grant(void *ctx, uint64_t spa, bool write)
{
    struct bench *b = ctx;
    uint64_t page = spa & ~UINT64_C(0xfff);
    if (page < b->ram_base || page - b->ram_base + 4096 > b->ram_size)
        return NULL;
    if (write && watched(b, spa >> 12))
        return NULL;
    return b->ram + (page - b->ram_base);
}

static void bench_watch(void *ctx, uint64_t spa, bool on)
{
    struct bench *b = ctx;
    uint64_t page = spa >> 12;
    if (on && !watched(b, page) && b->num_watches < BENCH_WATCHES)
        b->watches[b->num_watches++] = page;
    for (uint32_t i = 0; !on && i < b->num_watches; i++)
        if (b->watches[i] == page)
            b->watches[i--] = b->watches[--b->num_watches];
}

static void bench_wake(void *ctx, struct vd_runner *runner)
{
    const struct bench *b = ctx;
    runner->asleep = false;
    if (runner->time < b->now)
        runner->time = b->now;
}

static uint64_t bench_mtime(void *ctx)
{
    return ((struct bench *)ctx)->now / 100000;
}

static uint64_t bench_serial(void *ctx)
{
    return ++((struct bench *)ctx)->next_serial;
}

static void bench_trace(void *ctx, const struct vd_record *rec)
{
    struct bench *b = ctx;
    if (b->num_records >= BENCH_LOG)
        return;
    b->records[b->num_records] = *rec;
    b->records[b->num_records++].time = b->now;
}

static const struct vd_host_ops bench_ops = {
    .version = VD_HOST_VERSION,
    .now = bench_now,
    .post = bench_post,
    .cancel = bench_cancel,
    .access = bench_access,
    .submit = bench_submit,
    .drain = bench_drain,
    .wire = bench_wire,
    .grant = bench_grant,
    .watch = bench_watch,
    .wake = bench_wake,
    .mtime = bench_mtime,
    .serial = bench_serial,
    .trace = bench_trace,
};

static void begin(struct bench *b, uint8_t *ram, uint64_t base, uint64_t size)
{
    memset(b, 0, offsetof(struct bench, writes));
    b->host = (struct vd_host){.ops = &bench_ops, .ctx = b};
    b->ram = ram;
    b->ram_base = base;
    b->ram_size = size;
}

void bench_init_ram(struct bench *b, uint64_t base, uint64_t size)
{
    begin(b, calloc(1, size), base, size);
}

void bench_renew(struct bench *b)
{
    memset(b->ram, 0, b->ram_size);
    begin(b, b->ram, b->ram_base, b->ram_size);
}

void bench_init(struct bench *b)
{
    bench_init_ram(b, 0x80000000, 1 << 20);
}

void bench_done(struct bench *b)
{
    free(b->ram);
    b->ram = NULL;
}

static void fire_first(struct bench *b)
{
    struct vd_event *ev = b->events[0];
    b->now = ev->when;
    event_remove(b, ev);
    ev->fire(ev->ctx, ev->arg);
}

void bench_run(struct bench *b, vd_time duration)
{
    vd_time end = b->now + duration;
    while (b->num_events && b->events[0]->when <= end)
        fire_first(b);
    b->now = end;
}

bool bench_settle(struct bench *b, uint32_t limit)
{
    while (b->num_events && limit-- > 0)
        fire_first(b);
    return b->num_events == 0;
}

uint64_t bench_peek(const struct bench *b, uint64_t addr, unsigned size)
{
    uint64_t value = 0;
    assert(addr >= b->ram_base && addr - b->ram_base + size <= b->ram_size && size <= 8);
    memcpy(&value, b->ram + (addr - b->ram_base), size);
    return value;
}

void bench_poke(struct bench *b, uint64_t addr, unsigned size, uint64_t value)
{
    assert(addr >= b->ram_base && addr - b->ram_base + size <= b->ram_size && size <= 8);
    memcpy(b->ram + (addr - b->ram_base), &value, size);
}

const struct vd_record *bench_record(const struct bench *b, enum vd_record_kind kind,
                                     uint32_t index)
{
    for (uint32_t i = 0; i < b->num_records; i++)
        if (b->records[i].kind == kind && index-- == 0)
            return &b->records[i];
    return NULL;
}

uint32_t bench_count(const struct bench *b, enum vd_record_kind kind)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < b->num_records; i++)
        n += b->records[i].kind == kind;
    return n;
}

void bench_forget(struct bench *b)
{
    b->num_writes = 0;
    b->num_records = 0;
    b->num_reads = 0;
}

struct vd_txn bench_read(uint64_t addr, unsigned size)
{
    return (struct vd_txn){.cmd = VD_READ, .addr = addr, .size = (uint8_t)size};
}

struct vd_txn bench_write(uint64_t addr, unsigned size, uint64_t value)
{
    return (struct vd_txn){.cmd = VD_WRITE, .addr = addr, .size = (uint8_t)size, .data = {value}};
}
