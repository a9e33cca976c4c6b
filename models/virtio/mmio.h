/* SPDX-License-Identifier: BSD-2-Clause */
/* A virtio device over MMIO, version 2. */
#ifndef VIRTIO_MMIO_H
#define VIRTIO_MMIO_H

#include "viaduct/reg.h"
#include "virtio/virtio.h"

enum { VIRTIO_MMIO_SIZE = 0x1000 };

struct virtio_mmio;

/* `disk` is for a block device, else NULL.  The interrupt is wire 0. */
struct virtio_mmio *virtio_mmio_create(const struct virtio_config *config,
                                       const struct vd_disk *disk, const struct vd_host *host,
                                       struct vd_error *err);
void virtio_mmio_destroy(struct virtio_mmio *device);
void virtio_mmio_reset(struct virtio_mmio *device);
enum vd_status virtio_mmio_access(struct virtio_mmio *device, struct vd_txn *txn);
/* The result of a host.submit(). */
void virtio_mmio_complete(struct virtio_mmio *device, const struct vd_txn *txn);
bool virtio_mmio_idle(const struct virtio_mmio *device);
size_t virtio_mmio_save(const struct virtio_mmio *device, void *buffer, size_t capacity);
bool virtio_mmio_restore(struct virtio_mmio *device, const void *buffer, size_t size);
const struct vd_reg *virtio_mmio_regs(uint32_t *count);

#endif
