/* SPDX-License-Identifier: BSD-2-Clause */
/* A guest for tests: a bench with a virtio device over either transport, a disk in memory, and a
 * small driver for split and packed queues. */
#ifndef VIRTIO_GUEST_H
#define VIRTIO_GUEST_H

#include "pcie/root.h"
#include "support/bench.h"
#include "virtio/mmio.h"
#include "virtio/pci.h"

enum {
    GUEST_DEVFN = 0x08,
    GUEST_BAR1 = 0x40000000,
    GUEST_BAR4 = 0x40100000,
    GUEST_MSI = 0x28000000,
    GUEST_RAM = 0x80000000u,
    GUEST_DESC = GUEST_RAM + 0x1000,
    GUEST_DRIVER = GUEST_RAM + 0x3000,
    GUEST_DEVICE = GUEST_RAM + 0x4000,
    GUEST_TABLE = GUEST_RAM + 0x5000,  /* indirect descriptors */
    GUEST_HEADER = GUEST_RAM + 0x7000, /* of requests */
    GUEST_STATUS = GUEST_RAM + 0x7800, /* byte */
    GUEST_DATA = GUEST_RAM + 0x10000,
    GUEST_DISK = 1 << 20,
};

/* PCI: offsets in BAR4. */
enum { GUEST_COMMON = 0, GUEST_ISR = 0x1000, GUEST_CONFIG = 0x2000, GUEST_NOTIFY = 0x3000 };

enum { GUEST_VERSION_1 = 0, GUEST_EVENT_IDX = 1, GUEST_PACKED = 2, GUEST_INDIRECT = 4 };

struct guest_desc {
    uint64_t addr;
    uint32_t size;
    bool writable;
};

struct guest {
    struct bench bench;
    struct pcie_root *root; /* NULL: MMIO */
    struct virtio_pci *pci;
    struct virtio_mmio *mmio;
    uint8_t disk[GUEST_DISK];
    uint8_t durable[GUEST_DISK]; /* as of the last flush */
    uint32_t flushes;
    bool disk_fails;
    uint64_t features;
    uint32_t size;        /* of the queue */
    uint16_t avail, used; /* split: indices; packed: positions */
    bool avail_wrap, used_wrap;
    uint16_t free; /* split: next descriptor */
};

extern const struct virtio_config guest_entropy;

/* `packed` etc. are GUEST_* bits; the device is brought up to DRIVER_OK with all that it offers but
 * for what the bits leave out. */
struct guest *guest_new(bool pci, const struct virtio_config *config, bool read_only, uint32_t bits,
                        uint32_t size);
void guest_free(struct guest *g);
int guest_teardown(void **state);
/* The transport's registers, as one would on the bus. */
uint64_t guest_read(struct guest *g, uint64_t offset, unsigned size);
void guest_write(struct guest *g, uint64_t offset, unsigned size, uint64_t value);
enum vd_status guest_access(struct guest *g, enum vd_cmd cmd, uint64_t offset, unsigned size);
uint32_t guest_status(struct guest *g);
void guest_set_status(struct guest *g, uint32_t value);
uint32_t guest_config_read(struct guest *g, uint32_t offset, unsigned size);
void guest_config_write(struct guest *g, uint32_t offset, unsigned size, uint32_t value);
void guest_start(struct guest *g, uint64_t leave_out, uint32_t size);

/* Makes a buffer available; the device is not told. */
void guest_offer(struct guest *g, const struct guest_desc *descs, uint32_t count, bool indirect);
/* One buffer at GUEST_DATA for the device to fill. */
void guest_offer_data(struct guest *g, uint32_t size);
void guest_kick(struct guest *g);
/* Takes a used buffer.  False: there is none. */
bool guest_take(struct guest *g, uint32_t *id, uint32_t *written);
/* Runs a block request to its end and returns its status byte. */
uint32_t guest_request(struct guest *g, uint32_t type, uint64_t sector, uint32_t size,
                       bool indirect);
uint32_t guest_interrupts(const struct guest *g);

#endif
