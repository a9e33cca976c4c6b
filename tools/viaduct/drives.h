/* SPDX-License-Identifier: BSD-2-Clause */
/* -drive, -blockdev and -device, as QEMU has them: they name a drive, in any order. */
#ifndef VIADUCT_DRIVES_H
#define VIADUCT_DRIVES_H

#include "options.h"
#include "platforms/virt_config.h"

struct arguments;

enum { DRIVE_TEXT = 64, MAX_DRIVES = VIRT_MAX_DEVICES + VIRT_FLASHES };

struct drive {
    char id[DRIVE_TEXT];
    char file[VIRT_PATH_SIZE];
    bool readonly, used;
};

struct device {
    char model[DRIVE_TEXT], id[DRIVE_TEXT], bus[DRIVE_TEXT], drive[DRIVE_TEXT], serial[DRIVE_TEXT];
    char addr[DRIVE_TEXT], dma_mask[DRIVE_TEXT];
};

struct drives {
    struct drive drives[MAX_DRIVES];
    struct device devices[VIRT_MAX_DEVICES];
    char flashes[VIRT_FLASHES][DRIVE_TEXT]; /* drive of each bank */
    uint32_t num_drives, num_devices;
    char loads[VIRT_LOADS_SIZE]; /* of -device loader: FILE@ADDR,... */
};

bool drives_take_drive(void *arguments, const struct option *option, const char *value,
                       struct vd_error *err);
bool drives_take_blockdev(void *arguments, const struct option *option, const char *value,
                          struct vd_error *err);
/* -M virt,pflash0=ID: the drive is that bank. */
bool drives_take_flash(struct drives *drives, uint32_t bank, const char *id, struct vd_error *err);
bool drives_take_device(void *arguments, const struct option *option, const char *value,
                        struct vd_error *err);
/* Turns what was taken into settings of the sections device0, device1, ... */
bool drives_configure(struct arguments *arguments, struct vd_error *err);

#endif
