/* SPDX-License-Identifier: BSD-2-Clause */
/* A bench with a root complex and a test endpoint at 01.0, for tests. */
#ifndef PCIE_RIG_H
#define PCIE_RIG_H

#include "pcie/endpoint.h"
#include "pcie/root.h"
#include "support/bench.h"

enum {
    RIG_DEVFN = 0x08,
    RIG_BAR0 = 0x40000000,
    RIG_BAR2 = 0x40100000,
    RIG_PBA = RIG_BAR2 + 0x8000,
    RIG_MSI = 0x28000000, /* 16 MiB of MSI targets, which accept every write */
    RIG_RAM = 0x80000000u,
};

/* The endpoint's registers as the rig maps them. */
enum {
    CONTROL = RIG_BAR0 + 0x0c,
    STATUS = RIG_BAR0 + 0x08,
    RAISE = RIG_BAR0 + 0x10,
    GEN_COUNT = RIG_BAR0 + 0x20,
    GEN_BURST = RIG_BAR0 + 0x24,
    GEN_PERIOD = RIG_BAR0 + 0x28,
    GEN_FIRST = RIG_BAR0 + 0x30,
    GEN_VECTORS = RIG_BAR0 + 0x34,
    GEN_CONTROL = RIG_BAR0 + 0x38,
    GEN_SENT = RIG_BAR0 + 0x3c,
    GEN_DATA = RIG_BAR0 + 0x40,
    GEN_ACK = RIG_BAR0 + 0x48,
    DMA_ADDR = RIG_BAR0 + 0x80,
    DMA_LENGTH = RIG_BAR0 + 0x88,
    DMA_CONTROL = RIG_BAR0 + 0x8c,
    DMA_STATUS = RIG_BAR0 + 0x90,
    DMA_VECTOR = RIG_BAR0 + 0x94,
    ATS_RESPONSE = RIG_BAR0 + 0x98,
    FORGE_ADDR = RIG_BAR0 + 0xc0,
    FORGE_DATA = RIG_BAR0 + 0xc8,
    FORGE_CONTROL = RIG_BAR0 + 0xcc,
    SCRIPT_CONTROL = RIG_BAR0 + 0x100,
    SCRIPT_ENTRY = RIG_BAR0 + 0x104,
    BUFFER = RIG_BAR0 + 0x1000,
    SCRIPT = RIG_BAR0 + 0x2000,
};

struct rig {
    struct bench bench;
    struct pcie_root *root;
    struct endpoint *endpoint;
    uint32_t refusals; /* so many submits are refused with VD_RETRY */
    vd_time refusal_delay;
    uint32_t refused;
    struct vd_host_ops ops;
    const struct vd_host_ops *bench_ops;
};

extern const struct pcie_config rig_plain, rig_timed;
extern const struct endpoint_config rig_eight;

struct rig *rig_new(const struct pcie_config *pcie, const struct endpoint_config *endpoint);
/* The endpoint has eight vectors, and everything is on; as fixtures, with rig_plain. */
struct rig *rig_of_eight(const struct pcie_config *pcie);
int rig_setup(void **state);
int rig_teardown(void **state);
void rig_free(struct rig *r);

/* Configuration space of 01.0. */
uint32_t rig_config_read(struct rig *r, uint32_t offset, unsigned size);
void rig_config_write(struct rig *r, uint32_t offset, unsigned size, uint32_t value);
/* Assigns the BARs, turns memory, bus mastering and MSI-X on. */
void rig_bring_up(struct rig *r);
/* Programs and unmasks a vector: address RIG_MSI + 4096 * vector, data 100 + vector. */
void rig_vector(struct rig *r, uint32_t vector);
uint64_t rig_read(struct rig *r, uint64_t addr, unsigned size);
void rig_write(struct rig *r, uint64_t addr, unsigned size, uint64_t value);
/* Starts the generator: GEN_CONTROL gets `control` and its start bit. */
void rig_generate(struct rig *r, uint32_t count, uint32_t burst, uint64_t period, uint32_t control);
enum vd_status rig_status(struct rig *r, enum vd_cmd cmd, uint64_t addr, unsigned size);
/* How many writes with a serial have taken effect, and the n-th of them. */
uint32_t rig_msis(const struct rig *r);
const struct vd_txn *rig_msi(const struct rig *r, uint32_t index);

#endif
