/* SPDX-License-Identifier: BSD-2-Clause */
/* An NVMe controller with namespaces on disks. */
#ifndef NVME_NVME_H
#define NVME_NVME_H

#include "pcie/function.h"
#include "viaduct/disk.h"
#include "viaduct/error.h"
#include "viaduct/param.h"
#include "viaduct/reg.h"

enum {
    NVME_QUEUES_MAX = 32, /* I/O queue pairs */
    NVME_NAMESPACES_MAX = 8,
    NVME_COMMANDS_MAX = 64,
    NVME_SERIAL_SIZE = 20,
};

/* Zero means the default of nvme_params(); latencies are as given. */
struct nvme_config {
    uint32_t queues;        /* I/O queue pairs; each has an MSI-X vector, and the admin queue one */
    uint32_t queue_entries; /* of the longest queue, a power of two */
    uint32_t commands;      /* that are worked on at the same time */
    uint32_t command_cycles, read_cycles, write_cycles, flush_cycles;
    char serial[NVME_SERIAL_SIZE + 1];
    vd_time cycle_ps;
};

struct nvme;

/* Namespace n is disks[n - 1]. */
struct nvme *nvme_create(const struct nvme_config *config, const struct vd_disk *disks,
                         uint32_t num_disks, const struct vd_host *host, struct vd_error *err);
void nvme_destroy(struct nvme *nvme);
void nvme_reset(struct nvme *nvme);
struct pcie_function *nvme_function(struct nvme *nvme);
bool nvme_idle(const struct nvme *nvme);
size_t nvme_save(const struct nvme *nvme, void *buffer, size_t capacity);
bool nvme_restore(struct nvme *nvme, const void *buffer, size_t size);
const struct vd_reg *nvme_regs(uint32_t *count);
const struct vd_param *nvme_params(uint32_t *count);

#endif
