/* SPDX-License-Identifier: BSD-2-Clause */
#include "fw_cfg/fw_cfg.h"

#include <stdlib.h>
#include <string.h>

#include "fw_cfg/state.h"
#include "viaduct/bits.h"

enum { DATA = 0x00, SELECTOR = 0x08, DMA = 0x10, DMA_LOW = 0x14 };
enum { INTERFACE_PLAIN = 1, INTERFACE_DMA = 2 };

/* What the DMA address reads as. */
static const char dma_signature[] = "QEMU CFG";

static const struct vd_field word_fields[] = {{"value", 0, 16, VD_WO}};
static const struct vd_field wide_fields[] = {{"value", 0, 64, VD_RW}};
static const struct vd_field data_fields[] = {{"value", 0, 64, VD_RO}};

static const struct vd_reg regs[] = {
    {"data", DATA, 1, 8, 8, 0, "", data_fields, 1},
    {"selector", SELECTOR, 1, 2, 2, 0, "", word_fields, 1},
    {"dma_address", DMA, 1, 8, 8, 0, "", wide_fields, 1},
};

static const struct vd_param params[] = {
    {"dma", VD_PARAM_BOOL, offsetof(struct fw_cfg_config, dma), 1, 0, 1, NULL, "",
     "there is the DMA interface"},
};

const struct vd_reg *fw_cfg_regs(uint32_t *count)
{
    *count = sizeof(regs) / sizeof(regs[0]);
    return regs;
}

const struct vd_param *fw_cfg_params(uint32_t *count)
{
    *count = sizeof(params) / sizeof(params[0]);
    return params;
}

/* Registers are big-endian, memory order is what the transaction has. */
static uint64_t swap(uint64_t value, unsigned size)
{
    return __builtin_bswap64(value) >> (64 - 8 * size);
}

static void select_item(struct fw_cfg *fw, uint16_t key)
{
    fw->state.key = key;
    fw->state.offset = 0;
}

/* A read of the data takes as many bytes as it is wide, in memory order. */
static void read_data(struct fw_cfg *fw, struct vd_txn *txn)
{
    struct fw_cfg_state before = fw->state;
    txn->data[0] = 0;
    fw_cfg_read(fw, (uint8_t *)txn->data, txn->size);
    if (txn->attrs & VD_DEBUG)
        fw->state = before;
}

static void read_dma(const struct fw_cfg *fw, struct vd_txn *txn)
{
    txn->data[0] = 0;
    if (fw->config.dma)
        memcpy(txn->data, dma_signature + (txn->addr - DMA), txn->size);
}

/* The lower half starts it. */
static void write_dma(struct fw_cfg *fw, const struct vd_txn *txn)
{
    uint64_t value = swap(txn->data[0], txn->size);
    if (txn->size == 8)
        fw->state.dma_address = value;
    else if (txn->addr == DMA)
        fw->state.dma_address = vd_set(fw->state.dma_address, 32, 32, value);
    else
        fw->state.dma_address = vd_set(fw->state.dma_address, 0, 32, value);
    if (txn->size == 8 || txn->addr == DMA_LOW)
        fw_cfg_dma(fw);
}

static bool allowed(const struct fw_cfg *fw, const struct vd_txn *txn)
{
    if ((txn->cmd != VD_READ && txn->cmd != VD_WRITE) || txn->attrs & VD_ATOMIC)
        return false;
    if (txn->addr == DATA)
        return txn->size <= 8 && vd_is_power_of_two(txn->size);
    if (txn->addr == SELECTOR)
        return txn->size == 2;
    bool half = txn->size == 4 && (txn->addr == DMA || txn->addr == DMA_LOW);
    return half || (txn->size == 8 && txn->addr == DMA && fw->config.dma);
}

static void perform(struct fw_cfg *fw, struct vd_txn *txn)
{
    bool read = txn->cmd == VD_READ, quiet = txn->attrs & VD_DEBUG;
    if (read && txn->addr == DATA)
        read_data(fw, txn);
    else if (read && txn->addr == SELECTOR)
        txn->data[0] = 0;
    else if (read)
        read_dma(fw, txn);
    else if (!quiet && txn->addr == SELECTOR)
        select_item(fw, (uint16_t)swap(txn->data[0], 2));
    else if (!quiet && txn->addr >= DMA && fw->config.dma)
        write_dma(fw, txn);
}

enum vd_status fw_cfg_access(struct fw_cfg *fw, struct vd_txn *txn)
{
    txn->status = allowed(fw, txn) ? VD_OK : VD_DENIED;
    if (txn->status == VD_OK)
        perform(fw, txn);
    return txn->status;
}

void fw_cfg_reset(struct fw_cfg *fw)
{
    memset(&fw->state, 0, sizeof(fw->state));
}

struct fw_cfg *fw_cfg_create(const struct fw_cfg_config *config, const struct vd_host *host,
                             struct vd_error *err)
{
    static const uint8_t no_files[4];
    struct fw_cfg *fw = calloc(1, sizeof(*fw));
    uint32_t id = INTERFACE_PLAIN | (config->dma ? INTERFACE_DMA : 0);
    if (!fw) {
        vd_fail(err, "fw_cfg: out of memory");
        return NULL;
    }
    fw->config = *config;
    fw->host = *host;
    if (fw_cfg_put(fw, FW_CFG_SIGNATURE, dma_signature, 4, err) &&
        fw_cfg_put_number(fw, FW_CFG_ID, id, 4, err) &&
        fw_cfg_put(fw, FW_CFG_FILE_DIR, no_files, sizeof(no_files), err))
        return fw;
    fw_cfg_destroy(fw);
    return NULL;
}

void fw_cfg_destroy(struct fw_cfg *fw)
{
    if (!fw)
        return;
    for (uint32_t i = 0; i < fw->num_items; i++)
        free(fw->items[i].data);
    free(fw);
}

size_t fw_cfg_save(const struct fw_cfg *fw, void *buffer, size_t capacity)
{
    if (capacity >= sizeof(fw->state))
        memcpy(buffer, &fw->state, sizeof(fw->state));
    return sizeof(fw->state);
}

bool fw_cfg_restore(struct fw_cfg *fw, const void *buffer, size_t size)
{
    struct fw_cfg_state s;
    if (size != sizeof(s))
        return false;
    memcpy(&s, buffer, size);
    const struct fw_cfg_item *item = fw_cfg_find(fw, s.key);
    if (s.offset > (item ? item->size : 0))
        return false;
    fw->state = s;
    return true;
}
