/* SPDX-License-Identifier: BSD-2-Clause */
/* The NVM command set. */
#include <string.h>

#include "nvme/state.h"

enum { FORCE_UNIT_ACCESS = 1u << 30, DEALLOCATE = 1u << 25, DSM_DEALLOCATE = 1u << 2 };

enum io_step { STEP_NEXT, STEP_STORE, STEP_FLUSH, STEP_FETCH };

static const struct vd_disk *disk(const struct nvme *n)
{
    return &n->disks[nvme_command_nsid(n) - 1];
}

static bool in_range(const struct vd_disk *d, uint64_t lba, uint64_t sectors)
{
    uint64_t size = d->size / VD_SECTOR;
    return lba <= size && sectors <= size - lba;
}

static uint64_t start_lba(const struct nvme *n)
{
    const uint32_t *dw = n->st->command.dw;
    return (uint64_t)dw[11] << 32 | dw[10];
}

static uint32_t sectors(const struct nvme *n)
{
    return (n->st->command.dw[12] & 0xffff) + 1;
}

/* Every command but flush names one namespace. */
static uint32_t namespace_status(const struct nvme *n)
{
    uint32_t nsid = nvme_command_nsid(n), opcode = nvme_command_opcode(n);
    if (opcode == IO_FLUSH && nsid == (uint32_t)NVME_BROADCAST)
        return NVME_OK;
    if (!nsid || nsid > nvme_num_namespaces(n))
        return NVME_INVALID_NAMESPACE;
    if (nsid > n->num_disks)
        return NVME_INVALID_FIELD; /* it could exist, and does not */
    bool changes =
        opcode == IO_WRITE || opcode == IO_WRITE_ZEROES || opcode == IO_DATASET_MANAGEMENT;
    return changes && disk(n)->read_only ? NVME_READ_ONLY_RANGE : NVME_OK;
}

static void begin_data(struct nvme *n)
{
    uint64_t bytes = (uint64_t)sectors(n) * VD_SECTOR;
    n->st->command.offset = start_lba(n) * VD_SECTOR;
    if (bytes > (uint64_t)NVME_PAGE << NVME_MDTS)
        nvme_command_end(n, NVME_INVALID_FIELD);
    else
        nvme_prp_start(n, (uint32_t)bytes);
}

void nvme_io_begin(struct nvme *n)
{
    uint32_t opcode = nvme_command_opcode(n);
    bool moves = opcode == IO_READ || opcode == IO_WRITE || opcode == IO_COMPARE;
    bool addressed = moves || opcode == IO_WRITE_ZEROES;
    if (!addressed && opcode != IO_FLUSH && opcode != IO_DATASET_MANAGEMENT) {
        nvme_command_end(n, NVME_INVALID_OPCODE);
        return;
    }
    uint32_t status = namespace_status(n);
    if (!status && addressed && !in_range(disk(n), start_lba(n), sectors(n)))
        status = NVME_LBA_OUT_OF_RANGE;
    if (status)
        nvme_command_end(n, status);
    else if (moves)
        begin_data(n);
    else if (opcode == IO_DATASET_MANAGEMENT)
        nvme_prp_start(n, 16 * ((n->st->command.dw[10] & 0xff) + 1));
    else
        n->st->phase = NVME_EXECUTE;
}

bool nvme_io_command_valid(const struct nvme *n, const struct nvme_command *command)
{
    uint32_t nsid = command->dw[1], opcode = command->dw[0] & 0xff;
    uint64_t lba = (uint64_t)command->dw[11] << 32 | command->dw[10];
    uint64_t count = (command->dw[12] & 0xffff) + UINT64_C(1);
    if (opcode == IO_FLUSH || command->answered)
        return true;
    if (!nsid || nsid > n->num_disks)
        return false;
    if (opcode == IO_DATASET_MANAGEMENT)
        return command->data == 16 * ((command->dw[10] & 0xff) + 1);
    return in_range(&n->disks[nsid - 1], lba, count) && command->data <= count * VD_SECTOR &&
           command->offset == lba * (opcode == IO_WRITE_ZEROES ? 0 : VD_SECTOR);
}

static uint32_t next_chunk(struct nvme *n)
{
    struct nvme_command *c = &n->st->command;
    uint32_t left = c->data - c->done;
    c->chunk = left < DMA_BUFFER ? left : DMA_BUFFER;
    return c->chunk;
}

static void read_all(struct nvme *n)
{
    n->st->reads++;
    n->st->sectors_read += sectors(n);
    nvme_command_end(n, NVME_OK);
}

/* The disk's latency, then the piece, then its way to memory. */
static void read_step(struct nvme *n)
{
    struct nvme_command *c = &n->st->command;
    if (c->step == STEP_NEXT) {
        if (next_chunk(n)) {
            c->step = STEP_STORE;
            nvme_flight_wait(n, n->config.read_cycles);
            return;
        }
        read_all(n);
        return;
    }
    if (!disk(n)->ops->read(disk(n)->ctx, c->offset + c->done, n->st->dma.buffer, c->chunk)) {
        nvme_command_end(n, NVME_UNRECOVERED_READ);
        return;
    }
    c->step = STEP_NEXT;
    dma_move_list(&n->dma, VD_WRITE, 0, c->done, c->chunk);
    c->done += c->chunk;
}

static uint32_t compared(const struct nvme *n)
{
    const struct nvme_command *c = &n->st->command;
    uint8_t piece[NVME_PAGE];
    if (dma_status(&n->dma) != VD_OK)
        return NVME_DATA_TRANSFER_ERROR;
    for (uint32_t at = 0; at < c->chunk; at += (uint32_t)sizeof(piece)) {
        uint32_t size = c->chunk - at < sizeof(piece) ? c->chunk - at : (uint32_t)sizeof(piece);
        if (!disk(n)->ops->read(disk(n)->ctx, c->offset + c->done + at, piece, size))
            return NVME_UNRECOVERED_READ;
        if (memcmp(piece, n->st->dma.buffer + at, size) != 0)
            return NVME_COMPARE_FAILURE;
    }
    return NVME_OK;
}

/* The disk's latency, then the piece from memory. */
static void compare_step(struct nvme *n)
{
    struct nvme_command *c = &n->st->command;
    if (c->step == STEP_STORE) {
        uint32_t status = compared(n);
        c->done += c->chunk;
        c->step = STEP_NEXT;
        if (status)
            nvme_command_end(n, status);
    } else if (c->step == STEP_FETCH) {
        c->step = STEP_STORE;
        dma_move_list(&n->dma, VD_READ, 0, c->done, c->chunk);
    } else if (next_chunk(n)) {
        c->step = STEP_FETCH;
        nvme_flight_wait(n, n->config.read_cycles);
    } else {
        read_all(n);
    }
}

static bool must_flush(const struct nvme *n)
{
    return (n->st->command.dw[12] & FORCE_UNIT_ACCESS) || !n->st->features[FEATURE_WRITE_CACHE];
}

static void flush_step(struct nvme *n)
{
    const struct vd_disk *d = disk(n);
    nvme_command_end(n, d->ops->flush(d->ctx) ? NVME_OK : NVME_WRITE_FAULT);
}

static void written(struct nvme *n)
{
    n->st->writes++;
    n->st->sectors_written += sectors(n);
    if (must_flush(n)) {
        n->st->command.step = STEP_FLUSH;
        nvme_flight_wait(n, n->config.flush_cycles);
    } else {
        nvme_command_end(n, NVME_OK);
    }
}

static void store(struct nvme *n)
{
    struct nvme_command *c = &n->st->command;
    if (dma_status(&n->dma) != VD_OK) {
        nvme_command_end(n, NVME_DATA_TRANSFER_ERROR);
        return;
    }
    if (!disk(n)->ops->write(disk(n)->ctx, c->offset + c->done, n->st->dma.buffer, c->chunk)) {
        nvme_command_end(n, NVME_WRITE_FAULT);
        return;
    }
    c->done += c->chunk;
    c->step = STEP_NEXT;
    nvme_flight_wait(n, n->config.write_cycles);
}

static void write_step(struct nvme *n)
{
    struct nvme_command *c = &n->st->command;
    if (c->step == STEP_FLUSH) {
        flush_step(n);
    } else if (c->step == STEP_STORE) {
        store(n);
    } else if (next_chunk(n)) {
        c->step = STEP_STORE;
        dma_move_list(&n->dma, VD_READ, 0, c->done, c->chunk);
    } else {
        written(n);
    }
}

static void write_zeroes(struct nvme *n)
{
    const struct vd_disk *d = disk(n);
    bool discard = n->st->command.dw[12] & DEALLOCATE;
    if (n->st->command.step == STEP_FLUSH)
        flush_step(n);
    else if (d->ops->zero(d->ctx, start_lba(n) * VD_SECTOR, (uint64_t)sectors(n) * VD_SECTOR,
                          discard))
        written(n);
    else
        nvme_command_end(n, NVME_WRITE_FAULT);
}

struct range {
    uint32_t attributes, sectors;
    uint64_t lba;
};

static struct range range(const struct nvme *n, uint32_t index)
{
    struct range r;
    memcpy(&r, n->st->dma.buffer + sizeof(r) * index, sizeof(r));
    return r;
}

/* Nothing is deallocated unless every range is on the disk. */
static uint32_t deallocate(struct nvme *n)
{
    const struct vd_disk *d = disk(n);
    uint32_t count = n->st->command.data / sizeof(struct range);
    if (dma_status(&n->dma) != VD_OK)
        return NVME_DATA_TRANSFER_ERROR;
    for (uint32_t i = 0; i < count; i++)
        if (!in_range(d, range(n, i).lba, range(n, i).sectors))
            return NVME_LBA_OUT_OF_RANGE;
    for (uint32_t i = 0; i < count && (n->st->command.dw[11] & DSM_DEALLOCATE); i++) {
        struct range r = range(n, i);
        if (r.sectors &&
            !d->ops->zero(d->ctx, r.lba * VD_SECTOR, (uint64_t)r.sectors * VD_SECTOR, true))
            return NVME_WRITE_FAULT;
    }
    return NVME_OK;
}

static void dataset_management(struct nvme *n)
{
    struct nvme_command *c = &n->st->command;
    if (c->step == STEP_NEXT) {
        c->step = STEP_STORE;
        dma_move_list(&n->dma, VD_READ, 0, 0, c->data);
        return;
    }
    nvme_command_end(n, deallocate(n));
}

static void flush(struct nvme *n)
{
    struct nvme_command *c = &n->st->command;
    if (c->step == STEP_NEXT) {
        c->step = STEP_FLUSH;
        nvme_flight_wait(n, n->config.flush_cycles);
        return;
    }
    bool all = nvme_command_nsid(n) == (uint32_t)NVME_BROADCAST, ok = true;
    for (uint32_t i = 0; i < n->num_disks; i++)
        if (all || i + 1 == nvme_command_nsid(n))
            ok &= n->disks[i].ops->flush(n->disks[i].ctx);
    nvme_command_end(n, ok ? NVME_OK : NVME_WRITE_FAULT);
}

void nvme_io_execute(struct nvme *n)
{
    switch (nvme_command_opcode(n)) {
    case IO_READ:
        read_step(n);
        break;
    case IO_WRITE:
        write_step(n);
        break;
    case IO_COMPARE:
        compare_step(n);
        break;
    case IO_WRITE_ZEROES:
        write_zeroes(n);
        break;
    case IO_DATASET_MANAGEMENT:
        dataset_management(n);
        break;
    default:
        flush(n);
    }
}
