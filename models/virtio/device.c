/* SPDX-License-Identifier: BSD-2-Clause */
/* Status, features and configuration: what every virtio device has, whatever its transport. */
#include <string.h>

#include "virtio/state.h"

#define FIELD(name) offsetof(struct virtio_config, name)

enum { PARAM_QUEUE_SIZE = 0, PARAM_CYCLE = 6 };
static const struct vd_param params[] = {
    {"queue_size", VD_PARAM_U32, FIELD(queue_size), 256, 4, VIRTIO_QUEUE_SIZE_MAX, NULL, "",
     "largest size of a virtqueue, a power of two"},
    {"packed", VD_PARAM_BOOL, FIELD(packed), 1, 0, 1, NULL, "", "packed virtqueues are offered"},
    {"request_cycles", VD_PARAM_U32, FIELD(request_cycles), 0, 0, 1000000000, NULL, "cycles",
     "a buffer's descriptors known to the start of its work"},
    {"read_cycles", VD_PARAM_U32, FIELD(read_cycles), 0, 0, 1000000000, NULL, "cycles",
     "the disk, per piece of up to 64 KiB that is read"},
    {"write_cycles", VD_PARAM_U32, FIELD(write_cycles), 0, 0, 1000000000, NULL, "cycles",
     "the disk, per piece of up to 64 KiB that is written"},
    {"flush_cycles", VD_PARAM_U32, FIELD(flush_cycles), 0, 0, 1000000000, NULL, "cycles",
     "the disk, a flush"},
    {"cycle_ps", VD_PARAM_U64, FIELD(cycle_ps), 1000, 1, 1000000000, NULL, "ps",
     "one cycle of the machine's clock"},
};

const struct vd_param *virtio_params(uint32_t *count)
{
    *count = sizeof(params) / sizeof(params[0]);
    return params;
}

static bool config_valid(struct virtio *v, struct vd_error *err)
{
    struct virtio_config *c = &v->config;
    if (!c->queue_size)
        c->queue_size = (uint32_t)params[PARAM_QUEUE_SIZE].fallback;
    if (!c->cycle_ps)
        c->cycle_ps = params[PARAM_CYCLE].fallback;
    if (!vd_is_power_of_two(c->queue_size) || c->queue_size > VIRTIO_QUEUE_SIZE_MAX ||
        c->queue_size < 4)
        return vd_fail(err, "virtio: queue_size is %u; accepted are 4, 8, 16 ... %u", c->queue_size,
                       VIRTIO_QUEUE_SIZE_MAX);
    if (c->type != VIRTIO_BLOCK && c->type != VIRTIO_ENTROPY)
        return vd_fail(err,
                       "virtio: there is no device type %u; accepted are 2 (block) and 4 "
                       "(entropy)",
                       c->type);
    if (c->type == VIRTIO_BLOCK && (!v->disk.ops || v->disk.size % VD_SECTOR))
        return vd_fail(err, "virtio: a block device needs a disk of whole sectors of %u bytes",
                       VD_SECTOR);
    return true;
}

static enum vd_status send(void *ctx, struct vd_txn *txn)
{
    const struct virtio *v = ctx;
    return v->transport.send(v->transport.ctx, txn);
}

bool virtio_init(struct virtio *v, const struct virtio_config *config, const struct vd_disk *disk,
                 const struct vd_host *host, const struct virtio_transport *transport,
                 struct virtio_state *state, struct vd_error *err)
{
    *v = (struct virtio){.config = *config, .host = *host, .transport = *transport, .st = state};
    if (disk)
        v->disk = *disk;
    if (!config_valid(v, err))
        return false;
    v->ops = config->type == VIRTIO_BLOCK ? &virtio_blk_ops : &virtio_rng_ops;
    v->dma = (struct dma){.st = &state->dma,
                          .host = *host,
                          .cycle_ps = v->config.cycle_ps,
                          .send = send,
                          .done = virtqueue_run,
                          .ctx = v};
    dma_init(&v->dma);
    virtio_reset(v);
    return true;
}

void virtio_done(struct virtio *v)
{
    dma_done(&v->dma);
}

static void reset_queue(struct virtio *v, struct virtio_queue_state *q)
{
    *q = (struct virtio_queue_state){
        .size = v->config.queue_size, .vector = VIRTIO_NO_VECTOR, .last_wrap = 1, .used_wrap = 1};
}

/* [virtio Device Reset] */
void virtio_reset(struct virtio *v)
{
    struct virtio_state *st = v->st;
    dma_reset(&v->dma);
    memset(st, 0, offsetof(struct virtio_state, blk));
    st->size = sizeof(*st);
    for (uint32_t q = 0; q < VIRTIO_QUEUES; q++)
        reset_queue(v, &st->queues[q]);
    v->ops->reset(v);
}

uint64_t virtio_offered(const struct virtio *v)
{
    uint64_t common =
        VD_BIT(VIRTIO_F_VERSION_1) | VD_BIT(VIRTIO_F_INDIRECT_DESC) | VD_BIT(VIRTIO_F_EVENT_IDX);
    if (v->config.packed)
        common |= VD_BIT(VIRTIO_F_RING_PACKED);
    return common | v->transport.features | v->ops->features(v);
}

bool virtio_has(const struct virtio *v, unsigned feature)
{
    return v->st->driver_features >> feature & 1;
}

void virtio_set_driver_features(struct virtio *v, uint32_t select, uint32_t value)
{
    struct virtio_state *st = v->st;
    if (select < 2 && !(st->status & VIRTIO_FEATURES_OK))
        st->driver_features = vd_set(st->driver_features, 32 * select, 32, value);
}

uint32_t virtio_driver_features(const struct virtio *v, uint32_t select)
{
    return select < 2 ? (uint32_t)(v->st->driver_features >> (32 * select)) : 0;
}

/* [virtio Feature Bits] Only a subset of what is offered is accepted, and only of a driver that
 * knows version 1: there is no legacy interface. */
static bool features_acceptable(const struct virtio *v)
{
    return !(v->st->driver_features & ~virtio_offered(v)) && virtio_has(v, VIRTIO_F_VERSION_1);
}

void virtio_set_status(struct virtio *v, uint32_t value)
{
    struct virtio_state *st = v->st;
    uint32_t known =
        VIRTIO_ACKNOWLEDGE | VIRTIO_DRIVER | VIRTIO_DRIVER_OK | VIRTIO_FEATURES_OK | VIRTIO_FAILED;
    if (!value) {
        virtio_reset(v);
        return;
    }
    if (!(st->status & VIRTIO_FEATURES_OK) && !features_acceptable(v))
        value &= ~(uint32_t)VIRTIO_FEATURES_OK;
    st->status |= value & known;
}

struct virtio_queue_state *virtio_queue(struct virtio *v, uint32_t queue)
{
    return queue < VIRTIO_QUEUES ? &v->st->queues[queue] : NULL;
}

void virtio_set_size(struct virtio *v, uint32_t queue, uint32_t size)
{
    struct virtio_queue_state *q = virtio_queue(v, queue);
    if (q && !q->ready)
        q->size = size;
}

void virtio_set_address(struct virtio *v, uint32_t queue, uint64_t *field, unsigned lsb,
                        unsigned width, uint64_t value)
{
    if (!v->st->queues[queue].ready)
        *field = vd_set(*field, lsb, width, value);
}

static void stop_queue(struct virtio *v, uint32_t queue)
{
    struct virtio_state *st = v->st;
    st->queues[queue].ready = 0;
    st->kicked &= ~(1u << queue);
    if (st->queue == queue && st->phase != VIRTIO_IDLE) {
        dma_reset(&v->dma);
        st->phase = VIRTIO_IDLE;
    }
}

static bool queue_legal(const struct virtio *v, const struct virtio_queue_state *q)
{
    bool packed = virtio_has(v, VIRTIO_F_RING_PACKED);
    return q->size && q->size <= v->config.queue_size && (packed || vd_is_power_of_two(q->size)) &&
           !(q->desc & 15) && !(q->driver & (packed ? 3 : 1)) && !(q->device & 3);
}

/* CHOICE: a queue whose size or addresses are not as the specification demands stays off. */
void virtio_set_ready(struct virtio *v, uint32_t queue, bool on)
{
    struct virtio_queue_state *q = virtio_queue(v, queue);
    if (!q)
        return;
    if (!on)
        stop_queue(v, queue);
    else if (!q->ready && queue_legal(v, q))
        *q = (struct virtio_queue_state){.desc = q->desc,
                                         .driver = q->driver,
                                         .device = q->device,
                                         .size = q->size,
                                         .vector = q->vector,
                                         .ready = 1,
                                         .last_wrap = 1,
                                         .used_wrap = 1};
}

/* [virtio DEVICENEEDSRESET] */
void virtio_fail(struct virtio *v)
{
    struct virtio_state *st = v->st;
    st->phase = VIRTIO_IDLE;
    st->kicked = 0;
    if (st->status & VIRTIO_NEEDS_RESET)
        return;
    st->status |= VIRTIO_NEEDS_RESET;
    if (st->status & VIRTIO_DRIVER_OK)
        v->transport.notify(v->transport.ctx, VIRTIO_CONFIG_CHANGE);
}

/* A device MUST NOT consume buffers before DRIVER_OK. */
void virtio_kick(struct virtio *v, uint32_t queue)
{
    struct virtio_state *st = v->st;
    if (queue >= VIRTIO_QUEUES || !st->queues[queue].ready ||
        (st->status & (VIRTIO_DRIVER_OK | VIRTIO_NEEDS_RESET)) != VIRTIO_DRIVER_OK)
        return;
    st->kicked |= 1u << queue;
    st->queues[queue].armed = 0;
    virtqueue_run(v);
}

/* Beyond the end it reads zero; what is not writable ignores writes. */
void virtio_config_access(struct virtio *v, struct vd_txn *txn, uint64_t offset)
{
    uint8_t bytes[64] = {0};
    uint8_t data[8] = {0};
    v->ops->config(v, bytes);
    if (txn->cmd == VD_WRITE) {
        memcpy(data, txn->data, txn->size);
        for (uint32_t i = 0; i < txn->size && v->ops->config_write; i++)
            v->ops->config_write(v, (uint32_t)offset + i, data[i]);
        return;
    }
    for (uint32_t i = 0; i < txn->size; i++)
        data[i] = offset + i < sizeof(bytes) ? bytes[offset + i] : 0;
    memcpy(txn->data, data, txn->size);
}

bool virtio_is_idle(const struct virtio *v)
{
    return v->st->phase == VIRTIO_IDLE && !dma_busy(&v->dma);
}

static bool queue_valid(const struct virtio *v, const struct virtio_queue_state *q)
{
    bool packed = v->st->driver_features >> VIRTIO_F_RING_PACKED & 1;
    return !q->ready || (q->size && q->size <= v->config.queue_size &&
                         (!packed || (q->last < q->size && q->used < q->size)));
}

static bool chain_valid(const struct virtio_state *st)
{
    uint64_t bytes = 0, readable = 0;
    for (uint32_t i = 0; i < st->dma.count; i++) {
        bytes += st->dma.list[i].size;
        if (i < st->chain.readable)
            readable += st->dma.list[i].size;
    }
    return st->chain.readable <= st->dma.count && readable == st->chain.readable_bytes &&
           bytes - readable == st->chain.writable_bytes;
}

bool virtio_state_valid(const struct virtio *v, const struct virtio_state *st)
{
    bool ok = st->size == sizeof(*st) && st->phase <= VIRTIO_NOTIFY && st->queue < VIRTIO_QUEUES &&
              dma_state_valid(&st->dma, v->host.ops->now(v->host.ctx)) && chain_valid(st) &&
              st->blk.chunk <= DMA_BUFFER && st->blk.done <= st->blk.length &&
              st->blk.offset <= v->disk.size && st->blk.length <= v->disk.size - st->blk.offset;
    for (uint32_t q = 0; ok && q < VIRTIO_QUEUES; q++)
        ok = queue_valid(
            &(const struct virtio){.config = v->config, .st = (struct virtio_state *)(uintptr_t)st},
            &st->queues[q]);
    return ok;
}

void virtio_resume(struct virtio *v)
{
    dma_resume(&v->dma);
}
