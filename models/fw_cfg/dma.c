/* SPDX-License-Identifier: BSD-2-Clause */
/* The DMA interface: a structure in memory says what to do, and is told how it went. */
#include <string.h>

#include "fw_cfg/state.h"
#include "viaduct/bits.h"

enum { CONTROL_BYTES = 16, PIECE = VD_TXN_BYTES };

enum {
    DMA_ERROR = 1u << 0,
    DMA_READ = 1u << 1,
    DMA_SKIP = 1u << 2,
    DMA_SELECT = 1u << 3,
    DMA_WRITE = 1u << 4,
};

static bool transfer(struct fw_cfg *fw, enum vd_cmd cmd, uint64_t addr, void *data, unsigned size)
{
    struct vd_txn txn = {.cmd = (uint8_t)cmd,
                         .addr = addr,
                         .size = (uint8_t)size,
                         .requester = VD_REQUESTER_BOARD(fw->config.index)};
    if (cmd == VD_WRITE)
        memcpy(txn.data, data, size);
    enum vd_status status = fw->host.ops->access(fw->host.ctx, &txn);
    if (cmd == VD_READ)
        memcpy(data, txn.data, size);
    return status == VD_OK;
}

static uint64_t load(const uint8_t *at, unsigned size)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < size; i++)
        value = value << 8 | at[i];
    return value;
}

/* The structure may lie anywhere, a transaction stays within 64 aligned bytes. */
static bool read_control(struct fw_cfg *fw, uint8_t bytes[CONTROL_BYTES])
{
    uint64_t addr = fw->state.dma_address;
    for (unsigned i = 0; i < CONTROL_BYTES; i++)
        if (!transfer(fw, VD_READ, addr + i, bytes + i, 1))
            return false;
    return true;
}

static bool copy_out(struct fw_cfg *fw, uint64_t addr, uint32_t length)
{
    uint8_t bytes[PIECE];
    struct vd_record rec = {.kind = VD_REC_dma, .a = addr, .b = length, .c = 1};
    fw->host.ops->trace(fw->host.ctx, &rec);
    while (length) {
        uint32_t room = PIECE - (uint32_t)(addr % PIECE);
        uint32_t part = length < room ? length : room;
        fw_cfg_read(fw, bytes, part);
        if (!transfer(fw, VD_WRITE, addr, bytes, part))
            return false;
        addr += part;
        length -= part;
    }
    return true;
}

static void skip(struct fw_cfg *fw, uint32_t length)
{
    const struct fw_cfg_item *item = fw_cfg_find(fw, fw->state.key);
    uint32_t left = item ? item->size - fw->state.offset : 0;
    fw->state.offset += length < left ? length : left;
}

/* Reading excludes writing, and either skipping.  CHOICE: no item can be written. */
static bool perform(struct fw_cfg *fw, uint32_t control, uint32_t length, uint64_t addr)
{
    if (control & DMA_SELECT) {
        fw->state.key = (uint16_t)(control >> 16);
        fw->state.offset = 0;
    }
    if (control & DMA_READ)
        return copy_out(fw, addr, length);
    if (control & DMA_WRITE)
        return false;
    if (control & DMA_SKIP)
        skip(fw, length);
    return true;
}

void fw_cfg_dma(struct fw_cfg *fw)
{
    uint8_t bytes[CONTROL_BYTES];
    uint64_t addr = fw->state.dma_address;
    bool done =
        read_control(fw, bytes) &&
        perform(fw, (uint32_t)load(bytes, 4), (uint32_t)load(bytes + 4, 4), load(bytes + 8, 8));
    uint8_t answer[4] = {0, 0, 0, done ? 0 : DMA_ERROR};
    for (unsigned i = 0; i < sizeof(answer); i++)
        transfer(fw, VD_WRITE, addr + i, answer + i, 1);
    fw->state.dma_address = 0;
}
