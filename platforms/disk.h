/* SPDX-License-Identifier: BSD-2-Clause */
/* A disk whose bytes are a file of the host. */
#ifndef PLATFORMS_DISK_H
#define PLATFORMS_DISK_H

#include "viaduct/disk.h"
#include "viaduct/error.h"

struct disk;

/* The file is a whole number of sectors and nobody else has it open as a disk, or, if both only
 * read it, as often as they like. */
struct disk *disk_open(const char *path, bool read_only, struct vd_error *err);
void disk_close(struct disk *disk);
struct vd_disk disk_contract(struct disk *disk);

#endif
