/* SPDX-License-Identifier: BSD-2-Clause */
/* The block device: one request per buffer, a header to read, data either way, a status byte. */
#include <string.h>

#include "virtio/state.h"

enum {
    BLK_F_SEG_MAX = 2,
    BLK_F_RO = 5,
    BLK_F_BLK_SIZE = 6,
    BLK_F_FLUSH = 9,
    BLK_F_CONFIG_WCE = 11,
    BLK_F_DISCARD = 13,
    BLK_F_WRITE_ZEROES = 14,

    BLK_T_IN = 0,
    BLK_T_OUT = 1,
    BLK_T_FLUSH = 4,
    BLK_T_GET_ID = 8,
    BLK_T_DISCARD = 11,
    BLK_T_WRITE_ZEROES = 13,

    BLK_S_OK = 0,
    BLK_S_IOERR = 1,
    BLK_S_UNSUPP = 2,

    CONFIG_WRITEBACK = 32,
    CONFIG_SIZE = 60,
    HEADER_SIZE = 16,
    RANGE_SIZE = 16,
    RANGES = 64,             /* of one discard or write zeroes */
    RANGE_SECTORS = 1 << 22, /* 2 GiB */
    RANGE_UNMAP = 1,
};

enum blk_step {
    STEP_READ_HEADER,
    STEP_HEADER,     /* the header is in the buffer */
    STEP_READ,       /* in: the next piece */
    STEP_READ_DISK,  /* in: the disk has it */
    STEP_FETCH,      /* out: the next piece from memory */
    STEP_WRITE_DISK, /* out: it is in the buffer */
    STEP_READ_RANGES,
    STEP_RANGES, /* discard, write zeroes: the ranges are in the buffer */
    STEP_FLUSH,
    STEP_STATUS,
    STEP_END,
};

static uint64_t features(const struct virtio *v)
{
    uint64_t always = VD_BIT(BLK_F_SEG_MAX) | VD_BIT(BLK_F_BLK_SIZE) | VD_BIT(BLK_F_FLUSH);
    uint64_t writable =
        VD_BIT(BLK_F_CONFIG_WCE) | VD_BIT(BLK_F_DISCARD) | VD_BIT(BLK_F_WRITE_ZEROES);
    return always | (v->disk.read_only ? VD_BIT(BLK_F_RO) : writable);
}

static void put(uint8_t *bytes, uint64_t value, unsigned size)
{
    for (unsigned i = 0; i < size; i++)
        bytes[i] = (uint8_t)(value >> (8 * i));
}

/* [virtio Block Device / Device configuration layout] */
static uint32_t config(const struct virtio *v, uint8_t bytes[64])
{
    const struct {
        uint8_t offset, size;
        uint64_t value;
    } rows[] = {
        {0, 8, v->disk.size / VD_SECTOR},
        {12, 4, v->config.queue_size - 2}, /* seg_max: header and status take a descriptor each */
        {20, 4, VD_SECTOR},
        {CONFIG_WRITEBACK, 1, v->st->blk.writeback},
        {36, 4, RANGE_SECTORS}, /* max_discard_sectors, _seg, alignment */
        {40, 4, RANGES},
        {44, 4, 1},
        {48, 4, RANGE_SECTORS}, /* max_write_zeroes_sectors, _seg, may_unmap */
        {52, 4, RANGES},
        {56, 1, 1},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        put(bytes + rows[i].offset, rows[i].value, rows[i].size);
    return CONFIG_SIZE;
}

static void config_write(struct virtio *v, uint32_t offset, uint8_t value)
{
    if (offset == CONFIG_WRITEBACK && virtio_has(v, BLK_F_CONFIG_WCE))
        v->st->blk.writeback = value & 1;
}

static void reset(struct virtio *v)
{
    v->st->blk = (struct blk_state){.writeback = 1};
}

static void begin(struct virtio *v)
{
    struct blk_state *b = &v->st->blk;
    uint32_t writeback = b->writeback;
    *b = (struct blk_state){.step = STEP_READ_HEADER, .writeback = writeback};
}

static void end(struct virtio *v, uint32_t status)
{
    v->st->blk.status = status;
    v->st->blk.step = STEP_STATUS;
}

/* Sets the range of the disk that a request works on.  False: it is not all on the disk. */
static bool set_range(struct virtio *v, uint64_t sector, uint64_t bytes)
{
    struct blk_state *b = &v->st->blk;
    uint64_t sectors = v->disk.size / VD_SECTOR;
    if (bytes % VD_SECTOR || sector > sectors || bytes / VD_SECTOR > sectors - sector)
        return false;
    b->offset = sector * VD_SECTOR;
    b->length = bytes;
    b->done = 0;
    return true;
}

static uint64_t data_in(const struct virtio *v)
{
    return v->st->chain.writable_bytes - 1;
}

static uint64_t data_out(const struct virtio *v)
{
    return v->st->chain.readable_bytes - HEADER_SIZE;
}

static void start_data(struct virtio *v, uint64_t sector, uint64_t bytes, enum blk_step step)
{
    if (set_range(v, sector, bytes))
        v->st->blk.step = step;
    else
        end(v, BLK_S_IOERR);
}

/* The ID is cut to the driver's buffer, as it is to its 20 bytes. */
static void give_id(struct virtio *v)
{
    uint64_t size = data_in(v) < VIRTIO_SERIAL_SIZE ? data_in(v) : VIRTIO_SERIAL_SIZE;
    end(v, BLK_S_OK);
    v->st->blk.done = size;
    memcpy(v->st->dma.buffer, v->config.serial, VIRTIO_SERIAL_SIZE);
    dma_move_list(&v->dma, VD_WRITE, v->st->chain.readable, 0, (uint32_t)size);
}

/* CHOICE: a request that a read-only disk cannot do fails, whatever its range. */
static bool refused(struct virtio *v)
{
    uint32_t type = v->st->blk.type;
    bool changes = type == BLK_T_OUT || type == BLK_T_DISCARD || type == BLK_T_WRITE_ZEROES;
    return changes && v->disk.read_only;
}

static void take_header(struct virtio *v)
{
    struct blk_state *b = &v->st->blk;
    uint64_t sector = virtqueue_word(v, 8, 8);
    b->type = (uint32_t)virtqueue_word(v, 0, 4);
    if (dma_status(&v->dma) != VD_OK || refused(v)) {
        end(v, BLK_S_IOERR);
        return;
    }
    switch (b->type) {
    case BLK_T_IN:
        start_data(v, sector, data_in(v), STEP_READ);
        break;
    case BLK_T_OUT:
        start_data(v, sector, data_out(v), STEP_FETCH);
        break;
    case BLK_T_FLUSH:
        b->step = STEP_FLUSH;
        dma_wait(&v->dma, v->config.flush_cycles);
        break;
    case BLK_T_GET_ID:
        give_id(v);
        break;
    case BLK_T_DISCARD:
    case BLK_T_WRITE_ZEROES:
        b->step = STEP_READ_RANGES;
        break;
    default:
        end(v, BLK_S_UNSUPP);
    }
}

static uint32_t next_chunk(struct virtio *v)
{
    struct blk_state *b = &v->st->blk;
    uint64_t left = b->length - b->done;
    b->chunk = (uint32_t)(left < DMA_BUFFER ? left : DMA_BUFFER);
    return b->chunk;
}

static void read_next(struct virtio *v)
{
    if (!next_chunk(v)) {
        end(v, BLK_S_OK);
        return;
    }
    v->st->blk.step = STEP_READ_DISK;
    dma_wait(&v->dma, v->config.read_cycles);
}

static void read_disk(struct virtio *v)
{
    struct blk_state *b = &v->st->blk;
    next_chunk(v);
    if (!v->disk.ops->read(v->disk.ctx, b->offset + b->done, v->st->dma.buffer, b->chunk)) {
        end(v, BLK_S_IOERR);
        return;
    }
    dma_move_list(&v->dma, VD_WRITE, v->st->chain.readable, b->done, b->chunk);
    b->done += b->chunk;
    b->step = STEP_READ;
}

/* Without FLUSH and CONFIG_WCE the driver knows no cache, so there must be none. */
static bool write_through(const struct virtio *v)
{
    if (virtio_has(v, BLK_F_CONFIG_WCE))
        return !v->st->blk.writeback;
    return !virtio_has(v, BLK_F_FLUSH);
}

static void written(struct virtio *v)
{
    if (write_through(v)) {
        v->st->blk.step = STEP_FLUSH;
        dma_wait(&v->dma, v->config.flush_cycles);
    } else {
        end(v, BLK_S_OK);
    }
}

static void fetch(struct virtio *v)
{
    if (!next_chunk(v)) {
        written(v);
        return;
    }
    v->st->blk.step = STEP_WRITE_DISK;
    dma_move_list(&v->dma, VD_READ, 0, HEADER_SIZE + v->st->blk.done, v->st->blk.chunk);
}

static void write_disk(struct virtio *v)
{
    struct blk_state *b = &v->st->blk;
    if (dma_status(&v->dma) != VD_OK ||
        !v->disk.ops->write(v->disk.ctx, b->offset + b->done, v->st->dma.buffer, b->chunk)) {
        end(v, BLK_S_IOERR);
        return;
    }
    b->done += b->chunk;
    b->step = STEP_FETCH;
    dma_wait(&v->dma, v->config.write_cycles);
}

static void read_ranges(struct virtio *v)
{
    uint64_t size = data_out(v);
    if (!size || size % RANGE_SIZE || size > RANGE_SIZE * RANGES) {
        end(v, BLK_S_IOERR);
        return;
    }
    v->st->blk.step = STEP_RANGES;
    dma_move_list(&v->dma, VD_READ, 0, HEADER_SIZE, (uint32_t)size);
}

static uint32_t range_status(struct virtio *v, uint32_t at)
{
    uint64_t sectors = virtqueue_word(v, at + 8, 4);
    uint64_t flags = virtqueue_word(v, at + 12, 4);
    bool zeroes = v->st->blk.type == BLK_T_WRITE_ZEROES;
    if (flags & ~(uint64_t)(zeroes ? RANGE_UNMAP : 0))
        return BLK_S_UNSUPP;
    if (sectors > RANGE_SECTORS || !set_range(v, virtqueue_word(v, at, 8), sectors * VD_SECTOR))
        return BLK_S_IOERR;
    return BLK_S_OK;
}

/* Nothing is done unless every range can be. */
static void take_ranges(struct virtio *v)
{
    struct blk_state *b = &v->st->blk;
    uint32_t size = v->st->dma.size, status = BLK_S_OK;
    if (dma_status(&v->dma) != VD_OK)
        status = BLK_S_IOERR;
    for (uint32_t at = 0; at < size && status == BLK_S_OK; at += RANGE_SIZE)
        status = range_status(v, at);
    for (uint32_t at = 0; at < size && status == BLK_S_OK; at += RANGE_SIZE) {
        bool discard = b->type == BLK_T_DISCARD || (virtqueue_word(v, at + 12, 4) & RANGE_UNMAP);
        set_range(v, virtqueue_word(v, at, 8), virtqueue_word(v, at + 8, 4) * VD_SECTOR);
        if (!v->disk.ops->zero(v->disk.ctx, b->offset, b->length, discard))
            status = BLK_S_IOERR;
    }
    b->length = b->done = 0;
    if (status == BLK_S_OK)
        written(v);
    else
        end(v, status);
}

/* The status is the last byte to write.  CHOICE: len covers the data only if all of it was written;
 * else it is 0, because it must not promise more than was written from the start on. */
static void write_status(struct virtio *v)
{
    const struct blk_state *b = &v->st->blk;
    struct virtio_chain *c = &v->st->chain;
    uint64_t covered = b->type == BLK_T_IN || b->type == BLK_T_GET_ID ? b->done : 0;
    uint64_t written_bytes = covered == data_in(v) ? covered + 1 : covered;
    if (b->status != BLK_S_OK && data_in(v))
        written_bytes = 0;
    c->written = (uint32_t)(written_bytes < UINT32_MAX ? written_bytes : UINT32_MAX);
    v->st->dma.buffer[0] = (uint8_t)b->status;
    v->st->blk.step = STEP_END;
    dma_move_list(&v->dma, VD_WRITE, c->readable, data_in(v), 1);
}

static void step(struct virtio *v)
{
    switch (v->st->blk.step) {
    case STEP_READ_HEADER:
        v->st->blk.step = STEP_HEADER;
        dma_move_list(&v->dma, VD_READ, 0, 0, HEADER_SIZE);
        break;
    case STEP_HEADER:
        take_header(v);
        break;
    case STEP_READ:
        read_next(v);
        break;
    case STEP_READ_DISK:
        read_disk(v);
        break;
    case STEP_FETCH:
        fetch(v);
        break;
    case STEP_WRITE_DISK:
        write_disk(v);
        break;
    case STEP_READ_RANGES:
        read_ranges(v);
        break;
    case STEP_RANGES:
        take_ranges(v);
        break;
    case STEP_FLUSH:
        end(v, v->disk.ops->flush(v->disk.ctx) ? BLK_S_OK : BLK_S_IOERR);
        break;
    default:
        write_status(v);
    }
}

/* A buffer without room for header or status cannot be answered at all. */
static bool serve(struct virtio *v)
{
    if (v->st->chain.readable_bytes < HEADER_SIZE || !v->st->chain.writable_bytes) {
        virtio_fail(v);
        return false;
    }
    while (!dma_busy(&v->dma)) {
        if (v->st->blk.step == STEP_END)
            return true;
        step(v);
    }
    return false;
}

const struct virtio_ops virtio_blk_ops = {.features = features,
                                          .config = config,
                                          .config_write = config_write,
                                          .begin = begin,
                                          .serve = serve,
                                          .reset = reset};
