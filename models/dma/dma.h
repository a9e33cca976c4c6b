/* SPDX-License-Identifier: BSD-2-Clause */
/* The DMA engine that a device model embeds: it moves the bytes between its buffer and a list of
 * places in guest memory, many transactions at a time, and says when all is done. */
#ifndef DMA_DMA_H
#define DMA_DMA_H

#include "viaduct/host.h"

enum {
    DMA_BUFFER = 65536,
    DMA_FLIGHTS = 32,   /* reads whose data is awaited at the same time */
    DMA_SEGMENTS = 512, /* of the list */
};

/* A contiguous piece of guest memory. */
struct dma_segment {
    uint64_t addr, size;
};

/* A read on its way: where in the buffer its data goes; size 0: none. */
struct dma_flight {
    uint32_t offset, size;
};

/* All that a snapshot needs; part of the device's state. */
struct dma_state {
    vd_time due;         /* end of a wait, VD_NEVER: none */
    uint64_t addr, left; /* what is left of the present segment */
    uint32_t next;       /* the segment after it */
    uint32_t offset;     /* of the buffer: moved or asked for so far */
    uint32_t size;
    uint32_t outstanding;
    uint32_t cmd;        /* VD_READ: memory to buffer; VD_WRITE: buffer to memory */
    uint32_t status;     /* enum vd_status: the first failure of a read, else VD_OK */
    uint32_t busy;       /* 1: a transfer or a wait is under way */
    uint32_t generation; /* of the transfer, so that late answers of an abandoned one are known */
    struct dma_flight flights[DMA_FLIGHTS];
    uint32_t count; /* of the list */
    uint32_t pad;
    struct dma_segment list[DMA_SEGMENTS];
    uint8_t buffer[DMA_BUFFER];
};

struct dma {
    struct dma_state *st;
    struct vd_host host;
    vd_time cycle_ps;
    /* As pcie_send(): the device's way to memory. */
    enum vd_status (*send)(void *ctx, struct vd_txn *txn);
    /* What took time is over.  Not called for what is over when the starting function returns. */
    void (*done)(void *ctx);
    void *ctx;
    struct vd_event event;
    bool pumping;
};

/* The fields up to ctx are filled in; the state is as of reset. */
void dma_init(struct dma *dma);
/* Abandons what is under way. */
void dma_reset(struct dma *dma);
/* Cancels events; the engine is not used any more. */
void dma_done(struct dma *dma);
bool dma_busy(const struct dma *dma);
/* Of the last transfer.  Writes are posted: their fate is not known. */
enum vd_status dma_status(const struct dma *dma);

/* Moves `size` bytes between the start of the buffer and memory at addr. */
void dma_move(struct dma *dma, enum vd_cmd cmd, uint64_t addr, uint32_t size);
/* The same, with memory at byte `position` of the list from segment `first` on, which has that
 * many bytes. */
void dma_move_list(struct dma *dma, enum vd_cmd cmd, uint32_t first, uint64_t position,
                   uint32_t size);
/* Is busy for so many cycles. */
void dma_wait(struct dma *dma, uint64_t cycles);

/* Appends to the list.  False: it is full. */
bool dma_add(struct dma *dma, uint64_t addr, uint64_t size);

/* The result of a transaction that was sent. */
void dma_complete(struct dma *dma, const struct vd_txn *txn);
/* A state from outside can be taken over. */
bool dma_state_valid(const struct dma_state *st, vd_time now);
/* Posts events from a state that was taken over. */
void dma_resume(struct dma *dma);

#endif
