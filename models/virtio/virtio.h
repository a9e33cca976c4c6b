/* SPDX-License-Identifier: BSD-2-Clause */
/* Virtio devices: a block device and an entropy source, over PCI (pci.h) or MMIO (mmio.h). */
#ifndef VIRTIO_VIRTIO_H
#define VIRTIO_VIRTIO_H

#include "viaduct/disk.h"
#include "viaduct/error.h"
#include "viaduct/host.h"
#include "viaduct/param.h"

/* Device IDs. */
enum virtio_type { VIRTIO_BLOCK = 2, VIRTIO_ENTROPY = 4 };

enum { VIRTIO_SERIAL_SIZE = 20 };

/* Zero means the default of virtio_params(); latencies and `packed` are as given. */
struct virtio_config {
    uint32_t type;       /* enum virtio_type */
    uint32_t queue_size; /* largest, a power of two */
    bool packed;         /* packed virtqueues are offered */
    uint32_t request_cycles, read_cycles, write_cycles, flush_cycles;
    uint64_t seed;                   /* of the entropy source */
    char serial[VIRTIO_SERIAL_SIZE]; /* of the block device, padded with zeros */
    uint32_t index;                  /* of the device among those on MMIO */
    vd_time cycle_ps;
};

const struct vd_param *virtio_params(uint32_t *count);

#endif
