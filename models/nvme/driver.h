/* SPDX-License-Identifier: BSD-2-Clause */
/* A driver for tests: a bench with a controller, two disks in memory, and queues. */
#ifndef NVME_DRIVER_H
#define NVME_DRIVER_H

#include "nvme/nvme.h"
#include "nvme/status.h"
#include "pcie/root.h"
#include "support/bench.h"

enum {
    DRIVER_DEVFN = 0x08,
    DRIVER_BAR = 0x40000000,
    DRIVER_MSI = 0x28000000,
    DRIVER_RAM = 0x80000000u,
    DRIVER_ASQ = DRIVER_RAM + 0x1000,
    DRIVER_ACQ = DRIVER_RAM + 0x2000,
    DRIVER_SQ = DRIVER_RAM + 0x3000, /* of I/O queue 1; queue n is n - 1 pages on */
    DRIVER_CQ = DRIVER_RAM + 0x8000,
    DRIVER_LIST = DRIVER_RAM + 0x20000, /* PRP lists */
    DRIVER_DATA = DRIVER_RAM + 0x40000,
    DRIVER_ENTRIES = 8,
    DRIVER_DISK = 1 << 20,
    DRIVER_QUEUES = 4,
};

enum {
    CAP = 0,
    VS = 8,
    INTMS = 0xc,
    INTMC = 0x10,
    CC = 0x14,
    CSTS = 0x1c,
    AQA = 0x24,
    ASQ = 0x28,
    ACQ = 0x30
};

struct command {
    uint32_t opcode, nsid;
    uint64_t prp1, prp2;
    uint32_t dw10, dw11, dw12, dw13;
};

struct completion {
    uint32_t dw0, sq_head, sq, cid, status; /* status without DNR */
    bool dnr;
};

struct driver {
    struct bench bench;
    struct pcie_root *root;
    struct nvme *nvme;
    uint8_t disks[2][DRIVER_DISK];
    uint8_t durable[DRIVER_DISK]; /* disk 0 as of its last flush */
    uint32_t flushes;
    bool disk_fails;
    struct {
        uint32_t tail, head, phase;
    } queues[DRIVER_QUEUES];
    uint16_t cid;
};

struct driver *driver_new(const struct nvme_config *config, bool read_only);
/* The same without namespaces. */
struct driver *driver_without_disks(const struct nvme_config *config);
void driver_free(struct driver *d);
/* Enables the controller with fresh admin queues. */
void driver_enable(struct driver *d);
/* Creates I/O queue pair n with vector n. */
void driver_create_queue(struct driver *d, uint32_t queue);
uint64_t driver_read(struct driver *d, uint64_t offset, unsigned size);
void driver_write(struct driver *d, uint64_t offset, unsigned size, uint64_t value);
enum vd_status driver_access(struct driver *d, enum vd_cmd cmd, uint64_t offset, unsigned size);
void driver_config_write(struct driver *d, uint32_t offset, unsigned size, uint32_t value);

/* Puts a command into the queue without telling the controller; returns its ID. */
uint16_t driver_put(struct driver *d, uint32_t queue, const struct command *command);
void driver_ring(struct driver *d, uint32_t queue);
/* Takes a completion, and tells the controller.  False: there is none. */
bool driver_take(struct driver *d, uint32_t queue, struct completion *completion);
/* All of it; returns the status. */
uint32_t driver_do(struct driver *d, uint32_t queue, const struct command *command,
                   struct completion *completion);
/* Read (2) or write (1) of sectors, with a PRP list for contiguous memory at `addr`. */
uint32_t driver_transfer(struct driver *d, uint32_t opcode, uint64_t addr, uint64_t lba,
                         uint32_t sectors);
uint32_t driver_msis(const struct driver *d, uint32_t vector);

#endif
