/* SPDX-License-Identifier: BSD-2-Clause */
/* The inside of a firmware configuration device. */
#ifndef FW_CFG_STATE_H
#define FW_CFG_STATE_H

#include "fw_cfg/fw_cfg.h"

struct fw_cfg_item {
    uint16_t key;
    char name[FW_CFG_NAME_SIZE]; /* of a file */
    uint8_t *data;
    uint32_t size;
};

struct fw_cfg_state {
    uint64_t dma_address;
    uint32_t offset;
    uint16_t key;
    uint16_t pad;
};

struct fw_cfg {
    struct fw_cfg_config config;
    struct vd_host host;
    struct fw_cfg_item items[FW_CFG_ITEMS];
    uint32_t num_items;
    struct fw_cfg_state state;
};

/* items.c: NULL if there is no such item. */
const struct fw_cfg_item *fw_cfg_find(const struct fw_cfg *fw, uint16_t key);
/* The next bytes of the selected item; behind its end come zeros. */
void fw_cfg_read(struct fw_cfg *fw, uint8_t *bytes, uint32_t size);

/* dma.c: does what the control structure at dma_address says. */
void fw_cfg_dma(struct fw_cfg *fw);

#endif
