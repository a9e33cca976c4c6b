/* SPDX-License-Identifier: BSD-2-Clause */
/* What split and packed virtqueues share: the loop, and the chain of descriptors being collected.
 */
#include <string.h>

#include "virtio/state.h"

struct virtio_queue_state *virtqueue_active(struct virtio *v)
{
    return &v->st->queues[v->st->queue];
}

uint64_t virtqueue_word(const struct virtio *v, uint32_t offset, unsigned size)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < size; i++)
        value |= (uint64_t)v->st->dma.buffer[offset + i] << (8 * i);
    return value;
}

void virtqueue_put_word(struct virtio *v, uint32_t offset, unsigned size, uint64_t value)
{
    for (unsigned i = 0; i < size; i++)
        v->st->dma.buffer[offset + i] = (uint8_t)(value >> (8 * i));
}

/* The next queue with work; the device goes to sleep if there is none. */
static void choose_queue(struct virtio *v)
{
    struct virtio_state *st = v->st;
    for (uint32_t q = 0; q < VIRTIO_QUEUES; q++) {
        if (st->kicked >> q & 1) {
            st->queue = q;
            st->phase = VIRTIO_LOOK;
            return;
        }
    }
}

void virtqueue_idle(struct virtio *v)
{
    v->st->kicked &= ~(1u << v->st->queue);
    v->st->phase = VIRTIO_IDLE;
}

/* A failed read of a ring or a table leaves nothing to go on with; a failed read of data is the
 * device type's to judge. */
static bool ring_lost(const struct virtio *v)
{
    uint32_t phase = v->st->phase;
    bool awaited =
        (phase >= VIRTIO_AVAIL_INDEX && phase <= VIRTIO_INDIRECT) || phase == VIRTIO_NOTIFY;
    return awaited && dma_status(&v->dma) != VD_OK;
}

static void serve(struct virtio *v)
{
    if (v->ops->serve(v) && v->st->phase == VIRTIO_SERVE)
        v->st->phase = VIRTIO_USED;
}

static void step(struct virtio *v)
{
    if (ring_lost(v))
        virtio_fail(v);
    else if (v->st->phase == VIRTIO_SERVE)
        serve(v);
    else if (virtio_has(v, VIRTIO_F_RING_PACKED))
        virtio_packed_step(v);
    else
        virtio_split_step(v);
}

void virtqueue_run(void *ctx)
{
    struct virtio *v = ctx;
    if (v->running || dma_busy(&v->dma))
        return;
    v->running = true;
    while (!dma_busy(&v->dma)) {
        if (v->st->phase == VIRTIO_IDLE)
            choose_queue(v);
        if (v->st->phase == VIRTIO_IDLE)
            break;
        step(v);
    }
    v->running = false;
}

void virtqueue_begin_chain(struct virtio *v, uint32_t first)
{
    v->st->chain = (struct virtio_chain){.next = first};
    v->st->dma.count = 0;
}

/* A chain has at most queue size descriptors, device-readable ones come first. */
bool virtqueue_add(struct virtio *v, uint64_t addr, uint32_t size, bool writable)
{
    struct virtio_chain *c = &v->st->chain;
    if (++c->segments > virtqueue_active(v)->size || !dma_add(&v->dma, addr, size))
        return false;
    if (writable) {
        c->writable_bytes += size;
        return true;
    }
    c->readable++;
    c->readable_bytes += size;
    return c->readable == v->st->dma.count;
}

bool virtqueue_read_indirect(struct virtio *v, uint64_t addr, uint32_t size)
{
    if (!virtio_has(v, VIRTIO_F_INDIRECT_DESC) || !size || size % DESC_SIZE ||
        size > DESC_SIZE * virtqueue_active(v)->size)
        return false;
    v->st->phase = VIRTIO_INDIRECT;
    dma_move(&v->dma, VD_READ, addr, size);
    return true;
}

void virtqueue_serve(struct virtio *v)
{
    v->st->phase = VIRTIO_SERVE;
    v->ops->begin(v);
    dma_wait(&v->dma, v->config.request_cycles);
}

void virtqueue_used(struct virtio *v, bool wanted)
{
    v->st->phase = VIRTIO_LOOK;
    if (wanted)
        v->transport.notify(v->transport.ctx, v->st->queue);
}

/* True if `event` is among the positions from old to before next. */
bool virtqueue_need_event(uint16_t event, uint16_t next, uint16_t old)
{
    return (uint16_t)(next - event - 1) < (uint16_t)(next - old);
}
