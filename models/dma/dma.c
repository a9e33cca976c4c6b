/* SPDX-License-Identifier: BSD-2-Clause */
#include "dma/dma.h"

#include <assert.h>
#include <string.h>

enum { FLIGHT_BITS = 8, NO_FLIGHT = DMA_FLIGHTS };

static vd_time now(const struct dma *d)
{
    return d->host.ops->now(d->host.ctx);
}

static void arm(struct dma *d, vd_time when)
{
    d->st->due = when;
    if (when == VD_NEVER)
        d->host.ops->cancel(d->host.ctx, &d->event);
    else
        d->host.ops->post(d->host.ctx, &d->event, when);
}

static void begin(struct dma *d)
{
    struct dma_state *st = d->st;
    assert(!st->busy);
    st->generation++;
    st->offset = 0;
    st->size = 0;
    st->outstanding = 0;
    st->status = VD_OK;
    st->busy = 1;
    memset(st->flights, 0, sizeof(st->flights));
}

static void trace_piece(struct dma *d)
{
    const struct dma_state *st = d->st;
    uint64_t rest = st->size - st->offset;
    d->host.ops->trace(d->host.ctx, &(struct vd_record){.kind = VD_REC_dma,
                                                        .a = st->addr,
                                                        .b = st->left < rest ? st->left : rest,
                                                        .c = st->cmd == VD_WRITE});
}

static void next_segment(struct dma *d)
{
    struct dma_state *st = d->st;
    while (!st->left) {
        assert(st->next < st->count);
        st->addr = st->list[st->next].addr;
        st->left = st->list[st->next].size;
        st->next++;
    }
    trace_piece(d);
}

static uint32_t free_flight(const struct dma_state *st)
{
    uint32_t i = 0;
    while (i < DMA_FLIGHTS && st->flights[i].size)
        i++;
    return i;
}

/* No transaction crosses a 64-byte boundary. */
static struct vd_txn transaction(const struct dma_state *st, uint32_t flight)
{
    uint64_t size = VD_TXN_BYTES - st->addr % VD_TXN_BYTES;
    if (size > st->left)
        size = st->left;
    if (size > st->size - st->offset)
        size = st->size - st->offset;
    struct vd_txn txn = {.addr = st->addr,
                         .cmd = (uint8_t)st->cmd,
                         .size = (uint8_t)size,
                         .tag = st->generation << FLIGHT_BITS | flight};
    if (st->cmd == VD_WRITE) {
        txn.attrs = VD_POSTED;
        memcpy(txn.data, st->buffer + st->offset, size);
    }
    return txn;
}

static void fail(struct dma_state *st, enum vd_status status)
{
    if (st->status == VD_OK)
        st->status = status;
}

static void arrived(struct dma_state *st, uint32_t offset, const struct vd_txn *txn,
                    enum vd_status status)
{
    if (status == VD_OK)
        memcpy(st->buffer + offset, txn->data, txn->size);
    else
        fail(st, status);
}

static void land(struct dma_state *st, uint32_t flight)
{
    st->flights[flight].size = 0;
    st->outstanding--;
}

/* Sends one transaction.  Returns false if the way is full.  The answer may come from within the
 * call although its result is VD_PENDING, so the flight is known before. */
static bool send(struct dma *d, uint32_t flight)
{
    struct dma_state *st = d->st;
    struct vd_txn txn = transaction(st, flight);
    bool read = st->cmd == VD_READ;
    if (read) {
        st->flights[flight] = (struct dma_flight){st->offset, txn.size};
        st->outstanding++;
    }
    enum vd_status status = d->send(d->ctx, &txn);
    if (read && status != VD_PENDING)
        land(st, flight);
    if (status == VD_RETRY) {
        arm(d, now(d) + txn.delay);
        return false;
    }
    if (read && status != VD_PENDING)
        arrived(st, st->offset, &txn, status);
    st->addr += txn.size;
    st->left -= txn.size;
    st->offset += txn.size;
    return true;
}

/* After a failed read the rest is not asked for. */
static void pump(struct dma *d)
{
    struct dma_state *st = d->st;
    d->pumping = true;
    while (st->offset < st->size && st->status == VD_OK) {
        uint32_t flight = st->cmd == VD_READ ? free_flight(st) : 0;
        if (flight == NO_FLIGHT)
            break;
        if (!st->left)
            next_segment(d);
        if (!send(d, flight))
            break;
    }
    d->pumping = false;
    bool all_sent = st->offset == st->size || st->status != VD_OK;
    if (all_sent && !st->outstanding && st->due == VD_NEVER)
        st->busy = 0;
}

static void go_on(struct dma *d)
{
    pump(d);
    if (!d->st->busy)
        d->done(d->ctx);
}

static void fire(void *ctx, uint32_t arg)
{
    struct dma *d = ctx;
    (void)arg;
    d->st->due = VD_NEVER;
    go_on(d);
}

void dma_init(struct dma *d)
{
    d->event = (struct vd_event){.fire = fire, .ctx = d};
    d->st->due = VD_NEVER;
}

void dma_done(struct dma *d)
{
    d->host.ops->cancel(d->host.ctx, &d->event);
}

void dma_reset(struct dma *d)
{
    struct dma_state *st = d->st;
    arm(d, VD_NEVER);
    st->generation++;
    st->busy = 0;
    st->size = 0;
    st->offset = 0;
    st->left = 0;
    st->outstanding = 0;
    st->count = 0;
    st->status = VD_OK;
    memset(st->flights, 0, sizeof(st->flights));
}

bool dma_busy(const struct dma *d)
{
    return d->st->busy;
}

enum vd_status dma_status(const struct dma *d)
{
    return d->st->status;
}

static void start(struct dma *d, enum vd_cmd cmd, uint32_t size)
{
    assert(size <= DMA_BUFFER);
    d->st->cmd = cmd;
    d->st->size = size;
    if (size && d->st->left)
        trace_piece(d);
    pump(d);
}

void dma_move(struct dma *d, enum vd_cmd cmd, uint64_t addr, uint32_t size)
{
    begin(d);
    d->st->addr = addr;
    d->st->left = size;
    d->st->next = d->st->count;
    start(d, cmd, size);
}

void dma_move_list(struct dma *d, enum vd_cmd cmd, uint32_t first, uint64_t position, uint32_t size)
{
    struct dma_state *st = d->st;
    begin(d);
    while (first < st->count && position >= st->list[first].size)
        position -= st->list[first++].size;
    st->left = first < st->count ? st->list[first].size - position : 0;
    st->addr = first < st->count ? st->list[first].addr + position : 0;
    st->next = first + 1;
    start(d, cmd, size);
}

void dma_wait(struct dma *d, uint64_t cycles)
{
    begin(d);
    if (cycles)
        arm(d, now(d) + cycles * d->cycle_ps);
    else
        d->st->busy = 0;
}

bool dma_add(struct dma *d, uint64_t addr, uint64_t size)
{
    struct dma_state *st = d->st;
    if (st->count == DMA_SEGMENTS || addr + size < addr)
        return false;
    st->list[st->count++] = (struct dma_segment){addr, size};
    return true;
}

void dma_complete(struct dma *d, const struct vd_txn *txn)
{
    struct dma_state *st = d->st;
    uint32_t index = txn->tag & ((1u << FLIGHT_BITS) - 1);
    if (index >= DMA_FLIGHTS || !st->flights[index].size ||
        txn->tag >> FLIGHT_BITS != (st->generation & (UINT32_MAX >> FLIGHT_BITS)))
        return;
    arrived(st, st->flights[index].offset, txn, txn->status);
    land(st, index);
    if (!d->pumping && st->due == VD_NEVER)
        go_on(d);
}

bool dma_state_valid(const struct dma_state *st, vd_time time)
{
    uint32_t flights = 0;
    if (st->size > DMA_BUFFER || st->offset > st->size || st->count > DMA_SEGMENTS ||
        st->due < time || (st->cmd != VD_READ && st->cmd != VD_WRITE))
        return false;
    for (uint32_t i = 0; i < DMA_FLIGHTS; i++) {
        const struct dma_flight *f = &st->flights[i];
        if (f->size > VD_TXN_BYTES || f->offset + (uint64_t)f->size > st->size)
            return false;
        flights += f->size != 0;
    }
    uint64_t rest = st->left;
    for (uint32_t i = st->next; i < st->count; i++)
        rest += st->list[i].size;
    return flights == st->outstanding && rest >= st->size - st->offset;
}

void dma_resume(struct dma *d)
{
    arm(d, d->st->due);
}
