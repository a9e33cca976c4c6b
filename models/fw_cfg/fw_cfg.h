/* SPDX-License-Identifier: BSD-2-Clause */
/* The firmware configuration device: numbered items and named files that the platform offers to
 * firmware, read byte by byte or by DMA, as QEMU documents it. */
#ifndef FW_CFG_H
#define FW_CFG_H

#include "viaduct/error.h"
#include "viaduct/host.h"
#include "viaduct/param.h"
#include "viaduct/reg.h"

enum { FW_CFG_ITEMS = 64, FW_CFG_NAME_SIZE = 56, FW_CFG_PAGE = 0x18 };

/* Keys of the items that are no files. */
enum fw_cfg_key {
    FW_CFG_SIGNATURE = 0x00,
    FW_CFG_ID = 0x01,
    FW_CFG_UUID = 0x02,
    FW_CFG_RAM_SIZE = 0x03,
    FW_CFG_NOGRAPHIC = 0x04,
    FW_CFG_NB_CPUS = 0x05,
    FW_CFG_KERNEL_SIZE = 0x08,
    FW_CFG_INITRD_SIZE = 0x0b,
    FW_CFG_BOOT_MENU = 0x0e,
    FW_CFG_MAX_CPUS = 0x0f,
    FW_CFG_KERNEL_DATA = 0x11,
    FW_CFG_INITRD_DATA = 0x12,
    FW_CFG_CMDLINE_SIZE = 0x14,
    FW_CFG_CMDLINE_DATA = 0x15,
    FW_CFG_FILE_DIR = 0x19,
    FW_CFG_FILE_FIRST = 0x20,
};

struct fw_cfg_config {
    bool dma;
    uint32_t index; /* as the requester VD_REQUESTER_BOARD(index) */
};

struct fw_cfg;

/* Signature, id and an empty directory are there from the start. */
struct fw_cfg *fw_cfg_create(const struct fw_cfg_config *config, const struct vd_host *host,
                             struct vd_error *err);
void fw_cfg_destroy(struct fw_cfg *fw);
void fw_cfg_reset(struct fw_cfg *fw);
/* The items are no part of the state: whoever builds the machine puts them in, each time the same.
 * A copy of the bytes is kept; what has the same key or name is replaced. */
bool fw_cfg_put(struct fw_cfg *fw, uint16_t key, const void *data, size_t size,
                struct vd_error *err);
/* An integer of 2, 4 or 8 bytes, little-endian. */
bool fw_cfg_put_number(struct fw_cfg *fw, uint16_t key, uint64_t value, unsigned size,
                       struct vd_error *err);
bool fw_cfg_put_file(struct fw_cfg *fw, const char *name, const void *data, size_t size,
                     struct vd_error *err);
/* Target port: txn->addr is the offset. */
enum vd_status fw_cfg_access(struct fw_cfg *fw, struct vd_txn *txn);
size_t fw_cfg_save(const struct fw_cfg *fw, void *buffer, size_t capacity);
bool fw_cfg_restore(struct fw_cfg *fw, const void *buffer, size_t size);
const struct vd_reg *fw_cfg_regs(uint32_t *count);
const struct vd_param *fw_cfg_params(uint32_t *count);

#endif
