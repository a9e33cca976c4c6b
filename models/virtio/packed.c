/* SPDX-License-Identifier: BSD-2-Clause */
/* Packed virtqueues: one ring of descriptors that driver and device take turns in. */
#include "virtio/state.h"

enum {
    DESC_AVAIL = 1 << 7,
    DESC_USED = 1 << 15,
    EVENT_ENABLE = 0,
    EVENT_DISABLE = 1,
    EVENT_DESC = 2,
    EVENT_WRAP = 1 << 15,
};

static void read_descriptor(struct virtio *v, uint32_t position)
{
    v->st->phase = VIRTIO_DESCRIPTOR;
    dma_move(&v->dma, VD_READ, virtqueue_active(v)->desc + DESC_SIZE * (uint64_t)position,
             DESC_SIZE);
}

static void look(struct virtio *v)
{
    uint32_t position = virtqueue_active(v)->last;
    virtqueue_begin_chain(v, position);
    read_descriptor(v, position);
}

/* As with split queues, the ring is looked at again after the driver was told. */
static void run_dry(struct virtio *v)
{
    struct virtio_queue_state *q = virtqueue_active(v);
    if (!virtio_has(v, VIRTIO_F_EVENT_IDX) || q->armed) {
        virtqueue_idle(v);
        return;
    }
    q->armed = 1;
    v->st->phase = VIRTIO_LOOK;
    virtqueue_put_word(v, 0, 2, q->last | (q->last_wrap ? EVENT_WRAP : 0));
    virtqueue_put_word(v, 2, 2, EVENT_DESC);
    dma_move(&v->dma, VD_WRITE, q->device, 4);
}

/* The first descriptor's flags make the whole chain available. */
static bool available(const struct virtio_queue_state *q, uint16_t flags)
{
    return !(flags & DESC_AVAIL) != !!q->last_wrap && !(flags & DESC_USED) == !!q->last_wrap;
}

static void advance(uint32_t *position, uint32_t *wrap, uint32_t count, uint32_t size)
{
    *position += count;
    if (*position >= size) {
        *position -= size;
        *wrap ^= 1;
    }
}

static void complete_chain(struct virtio *v, uint16_t id)
{
    struct virtio_queue_state *q = virtqueue_active(v);
    v->st->chain.id = id;
    advance(&q->last, &q->last_wrap, v->st->chain.descriptors, q->size);
    q->armed = 0;
}

/* [virtio Packed Virtqueues / Indirect Flag: Scatter-Gather Support] A table stands alone. */
static bool take_descriptor(struct virtio *v)
{
    struct virtio_chain *c = &v->st->chain;
    uint64_t addr = virtqueue_word(v, 0, 8);
    uint32_t size = (uint32_t)virtqueue_word(v, 8, 4);
    uint16_t id = (uint16_t)virtqueue_word(v, 12, 2);
    uint16_t flags = (uint16_t)virtqueue_word(v, 14, 2);
    if (!c->descriptors && !available(virtqueue_active(v), flags)) {
        run_dry(v);
        return true;
    }
    c->descriptors++;
    if (flags & DESC_INDIRECT) {
        if (c->descriptors > 1 || (flags & DESC_NEXT))
            return false;
        complete_chain(v, id);
        return virtqueue_read_indirect(v, addr, size);
    }
    if (!virtqueue_add(v, addr, size, flags & DESC_WRITE))
        return false;
    if (flags & DESC_NEXT) {
        c->next = (c->next + 1) % virtqueue_active(v)->size;
        read_descriptor(v, c->next);
        return c->descriptors < virtqueue_active(v)->size;
    }
    complete_chain(v, id);
    virtqueue_serve(v);
    return true;
}

/* Every descriptor of a table is used, in order; of its flags only DESC_WRITE counts. */
static bool take_indirect(struct virtio *v)
{
    uint32_t count = v->st->dma.size / DESC_SIZE;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t at = DESC_SIZE * i;
        uint16_t flags = (uint16_t)virtqueue_word(v, at + 14, 2);
        if ((flags & DESC_INDIRECT) ||
            !virtqueue_add(v, virtqueue_word(v, at, 8), (uint32_t)virtqueue_word(v, at + 8, 4),
                           flags & DESC_WRITE))
            return false;
    }
    virtqueue_serve(v);
    return true;
}

/* One write of length, ID and flags, so that the flags are never seen before the rest. */
static void write_used(struct virtio *v)
{
    struct virtio_queue_state *q = virtqueue_active(v);
    const struct virtio_chain *c = &v->st->chain;
    uint32_t flags = (q->used_wrap ? DESC_AVAIL | DESC_USED : 0) | (c->written ? DESC_WRITE : 0);
    uint64_t at = q->desc + DESC_SIZE * (uint64_t)q->used + 8;
    virtqueue_put_word(v, 0, 4, c->written);
    virtqueue_put_word(v, 4, 2, c->id);
    virtqueue_put_word(v, 6, 2, flags);
    advance(&q->used, &q->used_wrap, c->descriptors, q->size);
    v->st->phase = VIRTIO_SUPPRESSION;
    dma_move(&v->dma, VD_WRITE, at, 8);
}

static void ask(struct virtio *v)
{
    v->st->phase = VIRTIO_NOTIFY;
    dma_move(&v->dma, VD_READ, virtqueue_active(v)->driver, 4);
}

/* [virtio Event Suppression Structure Format] A position on the ring's last round lies a whole ring
 * back. */
static bool notification_wanted(struct virtio *v)
{
    const struct virtio_queue_state *q = virtqueue_active(v);
    uint16_t where = (uint16_t)virtqueue_word(v, 0, 2);
    uint16_t flags = virtqueue_word(v, 2, 2) & 3;
    uint16_t event = where & (EVENT_WRAP - 1);
    if (flags != EVENT_DESC || !virtio_has(v, VIRTIO_F_EVENT_IDX))
        return flags != EVENT_DISABLE;
    if (!(where & EVENT_WRAP) != !q->used_wrap)
        event = (uint16_t)(event - q->size);
    return virtqueue_need_event(event, (uint16_t)q->used,
                                (uint16_t)(q->used - v->st->chain.descriptors));
}

void virtio_packed_step(struct virtio *v)
{
    switch (v->st->phase) {
    case VIRTIO_LOOK:
        look(v);
        break;
    case VIRTIO_DESCRIPTOR:
        if (!take_descriptor(v))
            virtio_fail(v);
        break;
    case VIRTIO_INDIRECT:
        if (!take_indirect(v))
            virtio_fail(v);
        break;
    case VIRTIO_USED:
        write_used(v);
        break;
    case VIRTIO_SUPPRESSION:
        ask(v);
        break;
    case VIRTIO_NOTIFY:
        virtqueue_used(v, notification_wanted(v));
        break;
    default:
        virtio_fail(v);
    }
}
