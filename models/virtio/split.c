/* SPDX-License-Identifier: BSD-2-Clause */
/* Split virtqueues: descriptor table, available ring, used ring. */
#include "virtio/state.h"

enum {
    AVAIL_IDX = 2,
    AVAIL_RING = 4,
    AVAIL_NO_INTERRUPT = 1,
    USED_IDX = 2,
    USED_RING = 4,
    USED_ELEMENT = 8,
};

static uint64_t used_event(const struct virtio_queue_state *q)
{
    return q->driver + AVAIL_RING + 2 * (uint64_t)q->size;
}

static uint64_t avail_event(const struct virtio_queue_state *q)
{
    return q->device + USED_RING + USED_ELEMENT * (uint64_t)q->size;
}

static void read_entry(struct virtio *v)
{
    struct virtio_queue_state *q = virtqueue_active(v);
    v->st->phase = VIRTIO_AVAIL_ENTRY;
    dma_move(&v->dma, VD_READ, q->driver + AVAIL_RING + 2 * (q->last & (q->size - 1)), 2);
}

static void look(struct virtio *v)
{
    struct virtio_queue_state *q = virtqueue_active(v);
    if (q->avail != q->last) {
        read_entry(v);
        return;
    }
    v->st->phase = VIRTIO_AVAIL_INDEX;
    dma_move(&v->dma, VD_READ, q->driver + AVAIL_IDX, 2);
}

/* The driver may add a buffer before it sees avail_event, so the index is read again after it was
 * written. */
static void run_dry(struct virtio *v)
{
    struct virtio_queue_state *q = virtqueue_active(v);
    if (!virtio_has(v, VIRTIO_F_EVENT_IDX) || q->armed) {
        virtqueue_idle(v);
        return;
    }
    q->armed = 1;
    v->st->phase = VIRTIO_LOOK;
    virtqueue_put_word(v, 0, 2, q->last);
    dma_move(&v->dma, VD_WRITE, avail_event(q), 2);
}

static void take_index(struct virtio *v)
{
    struct virtio_queue_state *q = virtqueue_active(v);
    q->avail = (uint32_t)virtqueue_word(v, 0, 2);
    if (q->avail == q->last)
        run_dry(v);
    else if ((uint16_t)(q->avail - q->last) > q->size)
        virtio_fail(v);
    else
        read_entry(v);
}

static void read_descriptor(struct virtio *v)
{
    struct virtio_queue_state *q = virtqueue_active(v);
    uint32_t index = v->st->chain.next;
    if (index >= q->size) {
        virtio_fail(v);
        return;
    }
    v->st->phase = VIRTIO_DESCRIPTOR;
    dma_move(&v->dma, VD_READ, q->desc + DESC_SIZE * (uint64_t)index, DESC_SIZE);
}

static void take_entry(struct virtio *v)
{
    struct virtio_queue_state *q = virtqueue_active(v);
    uint32_t head = (uint32_t)virtqueue_word(v, 0, 2);
    q->last = (q->last + 1) & 0xffff;
    q->armed = 0;
    virtqueue_begin_chain(v, head);
    v->st->chain.id = head;
    read_descriptor(v);
}

struct descriptor {
    uint64_t addr;
    uint32_t size;
    uint16_t flags, next;
};

static struct descriptor descriptor(const struct virtio *v, uint32_t index)
{
    uint32_t at = DESC_SIZE * index;
    return (struct descriptor){.addr = virtqueue_word(v, at, 8),
                               .size = (uint32_t)virtqueue_word(v, at + 8, 4),
                               .flags = (uint16_t)virtqueue_word(v, at + 12, 2),
                               .next = (uint16_t)virtqueue_word(v, at + 14, 2)};
}

/* [virtio Indirect Descriptors] The table ends the chain; DESC_WRITE says nothing in it. */
static bool take_descriptor(struct virtio *v)
{
    struct descriptor d = descriptor(v, 0);
    if (d.flags & DESC_INDIRECT)
        return !(d.flags & DESC_NEXT) && virtqueue_read_indirect(v, d.addr, d.size);
    if (!virtqueue_add(v, d.addr, d.size, d.flags & DESC_WRITE))
        return false;
    v->st->chain.next = d.next;
    if (d.flags & DESC_NEXT)
        read_descriptor(v);
    else
        virtqueue_serve(v);
    return true;
}

/* Indices within a table count in that table. */
static bool take_indirect(struct virtio *v)
{
    uint32_t count = v->st->dma.size / DESC_SIZE, index = 0;
    for (;;) {
        struct descriptor d = descriptor(v, index);
        if ((d.flags & DESC_INDIRECT) || !virtqueue_add(v, d.addr, d.size, d.flags & DESC_WRITE))
            return false;
        if (!(d.flags & DESC_NEXT))
            break;
        index = d.next;
        if (index >= count)
            return false;
    }
    virtqueue_serve(v);
    return true;
}

static void write_element(struct virtio *v)
{
    struct virtio_queue_state *q = virtqueue_active(v);
    v->st->phase = VIRTIO_USED_INDEX;
    virtqueue_put_word(v, 0, 4, v->st->chain.id);
    virtqueue_put_word(v, 4, 4, v->st->chain.written);
    dma_move(&v->dma, VD_WRITE,
             q->device + USED_RING + USED_ELEMENT * (uint64_t)(q->used & (q->size - 1)),
             USED_ELEMENT);
}

/* Posted writes stay in order, so the element is there before the index that covers it. */
static void write_index(struct virtio *v)
{
    struct virtio_queue_state *q = virtqueue_active(v);
    q->used = (q->used + 1) & 0xffff;
    v->st->phase = VIRTIO_SUPPRESSION;
    virtqueue_put_word(v, 0, 2, q->used);
    dma_move(&v->dma, VD_WRITE, q->device + USED_IDX, 2);
}

/* Suppression is read after the index was written: whoever of the two is later sees the other. */
static void ask(struct virtio *v)
{
    struct virtio_queue_state *q = virtqueue_active(v);
    bool event_idx = virtio_has(v, VIRTIO_F_EVENT_IDX);
    v->st->phase = VIRTIO_NOTIFY;
    dma_move(&v->dma, VD_READ, event_idx ? used_event(q) : q->driver, 2);
}

static bool notification_wanted(struct virtio *v)
{
    const struct virtio_queue_state *q = virtqueue_active(v);
    uint16_t word = (uint16_t)virtqueue_word(v, 0, 2);
    if (virtio_has(v, VIRTIO_F_EVENT_IDX))
        return virtqueue_need_event(word, (uint16_t)q->used, (uint16_t)(q->used - 1));
    return !(word & AVAIL_NO_INTERRUPT);
}

void virtio_split_step(struct virtio *v)
{
    switch (v->st->phase) {
    case VIRTIO_LOOK:
        look(v);
        break;
    case VIRTIO_AVAIL_INDEX:
        take_index(v);
        break;
    case VIRTIO_AVAIL_ENTRY:
        take_entry(v);
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
        write_element(v);
        break;
    case VIRTIO_USED_INDEX:
        write_index(v);
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
