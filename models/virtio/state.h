/* SPDX-License-Identifier: BSD-2-Clause */
/* A virtio device without its transport: what it keeps, and how its parts reach each other. */
#ifndef VIRTIO_STATE_H
#define VIRTIO_STATE_H

#include "dma/dma.h"
#include "viaduct/bits.h"
#include "virtio/virtio.h"

enum {
    VIRTIO_QUEUES = 1, /* of every device type here */
    VIRTIO_QUEUE_SIZE_MAX = 256,
    VIRTIO_NO_VECTOR = 0xffff,
    VIRTIO_CONFIG_CHANGE = 0xffff, /* in place of a queue: the configuration change notification */
};

/* device status */
enum {
    VIRTIO_ACKNOWLEDGE = 1,
    VIRTIO_DRIVER = 2,
    VIRTIO_DRIVER_OK = 4,
    VIRTIO_FEATURES_OK = 8,
    VIRTIO_NEEDS_RESET = 64,
    VIRTIO_FAILED = 128,
};

/* feature bits that are not a device type's */
enum {
    VIRTIO_F_INDIRECT_DESC = 28,
    VIRTIO_F_EVENT_IDX = 29,
    VIRTIO_F_VERSION_1 = 32,
    VIRTIO_F_ACCESS_PLATFORM = 33,
    VIRTIO_F_RING_PACKED = 34,
};

/* What the queue engine does when the DMA engine is idle next. */
enum virtio_phase {
    VIRTIO_IDLE,
    VIRTIO_LOOK,        /* for the next buffer of the queue */
    VIRTIO_AVAIL_INDEX, /* split: avail->idx is in the buffer */
    VIRTIO_AVAIL_ENTRY, /* split: the head's index is in the buffer */
    VIRTIO_DESCRIPTOR,  /* one descriptor is in the buffer */
    VIRTIO_INDIRECT,    /* an indirect table is in the buffer */
    VIRTIO_SERVE,       /* the device type works on the buffer */
    VIRTIO_USED,        /* write the used element */
    VIRTIO_USED_INDEX,  /* split: write used->idx */
    VIRTIO_SUPPRESSION, /* read the driver's wish for notifications */
    VIRTIO_NOTIFY,      /* that wish is in the buffer */
};

struct virtio_queue_state {
    uint64_t desc, driver, device; /* descriptor area, driver area, device area */
    uint32_t size;
    uint32_t vector; /* MSI-X */
    uint32_t ready;
    uint32_t last;  /* split: of avail->idx, as far as served; packed: next position */
    uint32_t avail; /* split: avail->idx as last read */
    uint32_t used;  /* split: used->idx; packed: next position */
    uint32_t last_wrap, used_wrap; /* packed: the two wrap counters */
    uint32_t armed;                /* 1: the driver has been told at which buffer to notify next */
    uint32_t pad;
};

/* The buffer being served.  Its segments are dma.list: first those to read, then those to write. */
struct virtio_chain {
    uint32_t id;          /* split: head's index; packed: buffer ID */
    uint32_t descriptors; /* of the ring that it takes up */
    uint32_t next;        /* where the next descriptor is */
    uint32_t readable;    /* segments to read */
    uint64_t readable_bytes, writable_bytes;
    uint32_t segments; /* descriptors seen, indirect ones too */
    uint32_t written;  /* for the used element */
};

struct blk_state {
    uint64_t offset, length; /* on the disk, in bytes */
    uint64_t done;
    uint32_t step;
    uint32_t type;
    uint32_t status;
    uint32_t chunk;
    uint32_t writeback; /* 1: writes may stay in a volatile cache until a flush */
    uint32_t pad;
};

struct rng_state {
    uint64_t word[4]; /* of the generator; all zero: not seeded yet */
    uint32_t step;
    uint32_t pad;
};

struct virtio_state {
    uint32_t size;
    uint32_t status;
    uint64_t driver_features;
    uint32_t phase; /* enum virtio_phase */
    uint32_t queue; /* being worked on */
    uint32_t kicked;
    uint32_t config_generation;
    struct virtio_queue_state queues[VIRTIO_QUEUES];
    struct virtio_chain chain;
    struct blk_state blk;
    struct rng_state rng;
    struct dma_state dma;
};

struct virtio;

/* A device type: blk.c, rng.c. */
struct virtio_ops {
    uint64_t (*features)(const struct virtio *v);
    /* Fills the device configuration, returns its size. */
    uint32_t (*config)(const struct virtio *v, uint8_t bytes[64]);
    void (*config_write)(struct virtio *v, uint32_t offset, uint8_t value); /* may be NULL */
    void (*begin)(struct virtio *v); /* the chain is complete */
    /* Works until the DMA engine is busy (false), or the buffer is done: chain.written is set. */
    bool (*serve)(struct virtio *v);
    void (*reset)(struct virtio *v);
};
extern const struct virtio_ops virtio_blk_ops, virtio_rng_ops;

/* What the transport does for the device. */
struct virtio_transport {
    enum vd_status (*send)(void *ctx, struct vd_txn *txn);
    void (*notify)(void *ctx, uint32_t queue); /* or VIRTIO_CONFIG_CHANGE */
    void *ctx;
    uint64_t features;
};

struct virtio {
    struct virtio_config config;
    struct vd_disk disk;
    struct vd_host host;
    const struct virtio_ops *ops;
    struct virtio_transport transport;
    struct virtio_state *st;
    struct dma dma;
    bool running;
};

/* device.c */
bool virtio_init(struct virtio *v, const struct virtio_config *config, const struct vd_disk *disk,
                 const struct vd_host *host, const struct virtio_transport *transport,
                 struct virtio_state *state, struct vd_error *err);
void virtio_done(struct virtio *v);
void virtio_reset(struct virtio *v);
uint64_t virtio_offered(const struct virtio *v);
bool virtio_has(const struct virtio *v, unsigned feature);
void virtio_set_driver_features(struct virtio *v, uint32_t select, uint32_t value);
uint32_t virtio_driver_features(const struct virtio *v, uint32_t select);
void virtio_set_status(struct virtio *v, uint32_t value);
/* NULL: there is no such queue. */
struct virtio_queue_state *virtio_queue(struct virtio *v, uint32_t queue);
/* While a queue is ready its size and addresses stay as they are. */
void virtio_set_size(struct virtio *v, uint32_t queue, uint32_t size);
void virtio_set_address(struct virtio *v, uint32_t queue, uint64_t *field, unsigned lsb,
                        unsigned width, uint64_t value);
void virtio_set_ready(struct virtio *v, uint32_t queue, bool on);
void virtio_config_access(struct virtio *v, struct vd_txn *txn, uint64_t offset);
/* The driver has made buffers available. */
void virtio_kick(struct virtio *v, uint32_t queue);
/* The driver has broken a rule that leaves no way to go on. */
void virtio_fail(struct virtio *v);
bool virtio_is_idle(const struct virtio *v);
bool virtio_state_valid(const struct virtio *v, const struct virtio_state *st);
void virtio_resume(struct virtio *v);

/* virtqueue.c */
void virtqueue_run(void *v);
struct virtio_queue_state *virtqueue_active(struct virtio *v);
uint64_t virtqueue_word(const struct virtio *v, uint32_t offset, unsigned size);
void virtqueue_put_word(struct virtio *v, uint32_t offset, unsigned size, uint64_t value);
void virtqueue_begin_chain(struct virtio *v, uint32_t first);
/* Takes up a descriptor that is no indirect one.  False: the driver has broken a rule. */
bool virtqueue_add(struct virtio *v, uint64_t addr, uint32_t size, bool writable);
/* Begins to read an indirect table. */
bool virtqueue_read_indirect(struct virtio *v, uint64_t addr, uint32_t size);
void virtqueue_serve(struct virtio *v);
/* The buffer is used; the driver is told if it wants to be. */
void virtqueue_used(struct virtio *v, bool wanted);
void virtqueue_idle(struct virtio *v);
bool virtqueue_need_event(uint16_t event, uint16_t next, uint16_t old);

/* split.c, packed.c: what each phase does; the DMA engine is idle. */
void virtio_split_step(struct virtio *v);
void virtio_packed_step(struct virtio *v);

enum { DESC_NEXT = 1, DESC_WRITE = 2, DESC_INDIRECT = 4, DESC_SIZE = 16 };

#endif
