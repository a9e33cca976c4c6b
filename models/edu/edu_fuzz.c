/* SPDX-License-Identifier: BSD-2-Clause */
/* Bytes become register and configuration accesses, time and snapshots.  The oracle: the pin
 * follows the interrupt status, DMA ends, and a snapshot changes nothing. */
#include <stdlib.h>
#include <string.h>

#include "edu/edu.h"
#include "pcie/root.h"
#include "support/bench.h"

enum { DEVFN = 0x08, BAR0 = 0x40000000, OP_BYTES = 6, LINE = 1 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct bench b;
static struct pcie_root *root;
static struct edu *e;

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void complete(void *ctx, const struct vd_txn *txn)
{
    (void)ctx;
    pcie_complete(root, txn);
}

static void configure(uint32_t offset, unsigned size, uint32_t value)
{
    struct vd_txn txn = bench_write(DEVFN << 12 | offset, size, value);
    pcie_ecam(root, &txn);
}

static void build(uint8_t seed)
{
    static const struct pcie_config link = {
        .mmio32_base = BAR0, .mmio32_size = 0x40000000, .cycle_ps = 100};
    struct edu_config c = {.dma_mask = UINT32_MAX,
                           .factorial_cycles = seed & 7,
                           .dma_cycles = seed >> 3 & 7,
                           .cycle_ps = 100};
    root = pcie_create(&link, &b.host, NULL);
    e = edu_create(&c, &b.host, NULL);
    require(root && e && pcie_plug(root, DEVFN, edu_function(e), NULL));
    configure(0x10, 4, BAR0);
    configure(0x04, 2, 0x0006);
}

static void access(const uint8_t *op)
{
    static const uint32_t offsets[] = {0x00, 0x04, 0x08, 0x20, 0x24, 0x60,   0x64,
                                       0x80, 0x88, 0x90, 0x98, 0x84, 0x40000};
    static const uint64_t bases[] = {0, 0x40000, 0x80000000, 0x40ff0};
    uint64_t value = bases[op[2] & 3] + (op[3] | (uint64_t)(op[4] & 0x1f) << 8);
    struct vd_txn txn = bench_write(BAR0 + offsets[op[1] % 13], op[0] & 1 ? 8 : 4, value);
    txn.cmd = op[0] & 2 ? VD_READ : VD_WRITE;
    pcie_mmio(root, &txn);
}

/* Between two machines nothing may be on the link. */
static void through_snapshot(uint8_t seed)
{
    size_t size = edu_save(e, NULL, 0);
    void *saved = malloc(size), *again = malloc(size);
    require(saved && again);
    edu_save(e, saved, size);
    pcie_destroy(root);
    edu_destroy(e);
    build(seed);
    require(edu_restore(e, saved, size));
    edu_save(e, again, size);
    require(memcmp(saved, again, size) == 0);
    free(saved);
    free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    bench_init_ram(&b, 0x80000000, 16384);
    b.complete = complete;
    b.latency = data[0] & 0x40 ? 300 : 0;
    build(data[0]);
    for (size_t at = 1; at + OP_BYTES <= size; at += OP_BYTES) {
        const uint8_t *op = data + at;
        if (op[0] < 0xc0)
            access(op);
        else if (op[0] < 0xe0)
            bench_run(&b, op[1]);
        else if (op[0] < 0xf0)
            configure(op[1] & 1 ? 0x92 : 0x04, 2, op[2]);
        else if (b.latency == 0)
            through_snapshot(data[0]);
        bench_forget(&b);
    }
    require(bench_settle(&b, 10000) && edu_idle(e));
    pcie_destroy(root);
    edu_destroy(e);
    bench_done(&b);
    return 0;
}
