/* SPDX-License-Identifier: BSD-2-Clause */
/* What is behind a storage controller: an array of bytes that outlives the simulation.  Its content
 * is no part of a model's state. */
#ifndef VIADUCT_DISK_H
#define VIADUCT_DISK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { VD_SECTOR = 512 };

/* All return false if it could not be done.  Offsets and sizes are within the disk. */
struct vd_disk_ops {
    bool (*read)(void *ctx, uint64_t offset, void *data, size_t size);
    bool (*write)(void *ctx, uint64_t offset, const void *data, size_t size);
    /* The bytes read zero afterwards; `discard`: the storage behind them may be given back. */
    bool (*zero)(void *ctx, uint64_t offset, uint64_t size, bool discard);
    /* Everything written before survives the end of the process and of its machine. */
    bool (*flush)(void *ctx);
};

struct vd_disk {
    const struct vd_disk_ops *ops;
    void *ctx;
    uint64_t size; /* bytes, a multiple of VD_SECTOR */
    bool read_only;
};

#endif
