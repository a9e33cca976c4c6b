/* SPDX-License-Identifier: BSD-2-Clause */
#include "pcie/rig.h"

#include <assert.h>
#include <stdlib.h>

const struct pcie_config rig_plain = {
    .mmio32_base = 0x40000000, .mmio32_size = 0x40000000, .cycle_ps = 1000};
const struct pcie_config rig_timed = {.mmio32_base = 0x40000000,
                                      .mmio32_size = 0x40000000,
                                      .upstream_cycles = 10,
                                      .tlp_interval_cycles = 2,
                                      .cycle_ps = 1000};
const struct endpoint_config rig_eight = {.vectors = 8, .seed = 7, .cycle_ps = 1000};

static bool msi_target(void *ctx, struct vd_txn *txn)
{
    (void)ctx;
    if (txn->cmd != VD_WRITE || txn->addr < RIG_MSI || txn->addr >= RIG_MSI + 0x1000000)
        return false;
    txn->status = VD_OK;
    return true;
}

static enum vd_status refuse_or_submit(void *ctx, struct vd_txn *txn)
{
    struct rig *r = ctx; /* the bench is its first member */
    if (r->refusals) {
        r->refusals--;
        r->refused++;
        txn->delay = r->refusal_delay;
        return VD_RETRY;
    }
    return r->bench_ops->submit(ctx, txn);
}

static void complete(void *ctx, const struct vd_txn *txn)
{
    pcie_complete(((struct rig *)ctx)->root, txn);
}

struct rig *rig_new(const struct pcie_config *pcie, const struct endpoint_config *endpoint)
{
    struct rig *r = calloc(1, sizeof(*r));
    assert(r);
    bench_init(&r->bench);
    r->bench.hook = msi_target;
    r->bench.complete = complete;
    r->bench.complete_ctx = r;
    r->bench_ops = r->bench.host.ops;
    r->ops = *r->bench_ops;
    r->ops.submit = refuse_or_submit;
    r->bench.host.ops = &r->ops;
    r->root = pcie_create(pcie, &r->bench.host, NULL);
    r->endpoint = endpoint_create(endpoint, &r->bench.host, NULL);
    assert(r->root && r->endpoint);
    bool plugged = pcie_plug(r->root, RIG_DEVFN, endpoint_function(r->endpoint), NULL);
    assert(plugged);
    (void)plugged;
    return r;
}

void rig_free(struct rig *r)
{
    pcie_destroy(r->root);
    endpoint_destroy(r->endpoint);
    bench_done(&r->bench);
    free(r);
}

uint32_t rig_config_read(struct rig *r, uint32_t offset, unsigned size)
{
    struct vd_txn txn = bench_read(RIG_DEVFN << 12 | offset, size);
    enum vd_status status = pcie_ecam(r->root, &txn);
    assert(status == VD_OK);
    (void)status;
    return (uint32_t)txn.data[0];
}

void rig_config_write(struct rig *r, uint32_t offset, unsigned size, uint32_t value)
{
    struct vd_txn txn = bench_write(RIG_DEVFN << 12 | offset, size, value);
    enum vd_status status = pcie_ecam(r->root, &txn);
    assert(status == VD_OK);
    (void)status;
}

void rig_bring_up(struct rig *r)
{
    rig_config_write(r, 0x10, 4, RIG_BAR0);
    rig_config_write(r, 0x14, 4, 0);
    rig_config_write(r, 0x18, 4, RIG_BAR2);
    rig_config_write(r, 0x1c, 4, 0);
    rig_config_write(r, 0x04, 2, 0x0006);
    rig_config_write(r, 0x92, 2, 0x8000);
}

void rig_vector(struct rig *r, uint32_t vector)
{
    uint64_t entry = RIG_BAR2 + 16 * (uint64_t)vector;
    rig_write(r, entry, 8, RIG_MSI + 4096 * (uint64_t)vector);
    rig_write(r, entry + 8, 8, 100 + vector);
}

uint64_t rig_read(struct rig *r, uint64_t addr, unsigned size)
{
    struct vd_txn txn = bench_read(addr, size);
    enum vd_status status = pcie_mmio(r->root, &txn);
    assert(status == VD_OK);
    (void)status;
    return txn.data[0];
}

void rig_write(struct rig *r, uint64_t addr, unsigned size, uint64_t value)
{
    struct vd_txn txn = bench_write(addr, size, value);
    enum vd_status status = pcie_mmio(r->root, &txn);
    assert(status == VD_OK);
    (void)status;
}

enum vd_status rig_status(struct rig *r, enum vd_cmd cmd, uint64_t addr, unsigned size)
{
    struct vd_txn txn = bench_read(addr, size);
    txn.cmd = (uint8_t)cmd;
    return pcie_mmio(r->root, &txn);
}

uint32_t rig_msis(const struct rig *r)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < r->bench.num_writes; i++)
        count += r->bench.writes[i].serial != 0;
    return count;
}

const struct vd_txn *rig_msi(const struct rig *r, uint32_t index)
{
    for (uint32_t i = 0; i < r->bench.num_writes; i++)
        if (r->bench.writes[i].serial != 0 && index-- == 0)
            return &r->bench.writes[i];
    return NULL;
}

struct rig *rig_of_eight(const struct pcie_config *pcie)
{
    struct rig *r = rig_new(pcie, &rig_eight);
    rig_bring_up(r);
    for (uint32_t v = 0; v < 8; v++)
        rig_vector(r, v);
    return r;
}

int rig_setup(void **state)
{
    *state = rig_of_eight(&rig_plain);
    return 0;
}

int rig_teardown(void **state)
{
    rig_free(*state);
    return 0;
}

void rig_generate(struct rig *r, uint32_t count, uint32_t burst, uint64_t period, uint32_t control)
{
    rig_write(r, GEN_COUNT, 4, count);
    rig_write(r, GEN_BURST, 4, burst);
    rig_write(r, GEN_PERIOD, 8, period);
    rig_write(r, GEN_CONTROL, 4, control | 1);
}
