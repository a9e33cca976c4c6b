/* SPDX-License-Identifier: BSD-2-Clause */
#include "nvme/driver.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static const struct pcie_config link = {
    .mmio32_base = 0x40000000, .mmio32_size = 0x40000000, .cycle_ps = 1000};

/* The ctx of a disk is its first byte in struct driver. */
static struct driver *driver;

static bool disk_read(void *ctx, uint64_t offset, void *data, size_t size)
{
    assert(offset + size <= DRIVER_DISK);
    memcpy(data, (uint8_t *)ctx + offset, size);
    return !driver->disk_fails;
}

static bool disk_write(void *ctx, uint64_t offset, const void *data, size_t size)
{
    assert(offset + size <= DRIVER_DISK);
    memcpy((uint8_t *)ctx + offset, data, size);
    return !driver->disk_fails;
}

static bool disk_zero(void *ctx, uint64_t offset, uint64_t size, bool discard)
{
    (void)discard;
    assert(offset + size <= DRIVER_DISK);
    memset((uint8_t *)ctx + offset, 0, size);
    return !driver->disk_fails;
}

static bool disk_flush(void *ctx)
{
    driver->flushes++;
    if (ctx == driver->disks[0])
        memcpy(driver->durable, ctx, DRIVER_DISK);
    return !driver->disk_fails;
}

static const struct vd_disk_ops disk_ops = {disk_read, disk_write, disk_zero, disk_flush};

static bool msi_target(void *ctx, struct vd_txn *txn)
{
    (void)ctx;
    if (txn->cmd != VD_WRITE || txn->addr < DRIVER_MSI || txn->addr >= DRIVER_MSI + 0x100000)
        return false;
    txn->status = VD_OK;
    return true;
}

static void complete(void *ctx, const struct vd_txn *txn)
{
    pcie_complete(((struct driver *)ctx)->root, txn);
}

enum vd_status driver_access(struct driver *d, enum vd_cmd cmd, uint64_t offset, unsigned size)
{
    struct vd_txn txn = bench_read(DRIVER_BAR + offset, size);
    txn.cmd = (uint8_t)cmd;
    return pcie_mmio(d->root, &txn);
}

uint64_t driver_read(struct driver *d, uint64_t offset, unsigned size)
{
    struct vd_txn txn = bench_read(DRIVER_BAR + offset, size);
    enum vd_status status = pcie_mmio(d->root, &txn);
    assert(status == VD_OK);
    (void)status;
    return txn.data[0];
}

void driver_write(struct driver *d, uint64_t offset, unsigned size, uint64_t value)
{
    struct vd_txn txn = bench_write(DRIVER_BAR + offset, size, value);
    enum vd_status status = pcie_mmio(d->root, &txn);
    assert(status == VD_OK);
    (void)status;
}

void driver_config_write(struct driver *d, uint32_t offset, unsigned size, uint32_t value)
{
    struct vd_txn txn = bench_write(DRIVER_DEVFN << 12 | offset, size, value);
    pcie_ecam(d->root, &txn);
}

static void bring_up(struct driver *d)
{
    driver_config_write(d, 0x10, 4, DRIVER_BAR);
    driver_config_write(d, 0x14, 4, 0);
    driver_config_write(d, 0x04, 2, 0x0006);
    driver_config_write(d, 0x92, 2, 0x8000);
    for (uint32_t v = 0; v < DRIVER_QUEUES; v++) {
        driver_write(d, 0x2000 + 16 * v, 8, DRIVER_MSI + 0x1000 * v);
        driver_write(d, 0x2008 + 16 * v, 8, 100 + v);
    }
}

void driver_enable(struct driver *d)
{
    driver_write(d, CC, 4, 0);
    memset(d->queues, 0, sizeof(d->queues));
    for (uint32_t q = 0; q < DRIVER_QUEUES; q++)
        d->queues[q].phase = 1;
    for (uint64_t at = DRIVER_ASQ; at < DRIVER_LIST; at += 8)
        bench_poke(&d->bench, at, 8, 0);
    driver_write(d, AQA, 4, (DRIVER_ENTRIES - 1) << 16 | (DRIVER_ENTRIES - 1));
    driver_write(d, ASQ, 8, DRIVER_ASQ);
    driver_write(d, ACQ, 8, DRIVER_ACQ);
    driver_write(d, CC, 4, 0x00460001);
}

static struct driver *start(const struct nvme_config *config, bool read_only, uint32_t num_disks)
{
    struct driver *d = calloc(1, sizeof(*d));
    assert(d);
    driver = d;
    bench_init_ram(&d->bench, DRIVER_RAM, 4 << 20);
    d->bench.hook = msi_target;
    d->bench.complete = complete;
    d->bench.complete_ctx = d;
    for (uint32_t i = 0; i < DRIVER_DISK; i++) {
        d->disks[0][i] = (uint8_t)(i * 11 + (i >> 9));
        d->disks[1][i] = (uint8_t)(i * 5 + (i >> 10));
    }
    const struct vd_disk disks[] = {{&disk_ops, d->disks[0], DRIVER_DISK, read_only},
                                    {&disk_ops, d->disks[1], DRIVER_DISK, false}};
    d->root = pcie_create(&link, &d->bench.host, NULL);
    d->nvme = nvme_create(config, disks, num_disks, &d->bench.host, NULL);
    assert(d->root && d->nvme);
    bool plugged = pcie_plug(d->root, DRIVER_DEVFN, nvme_function(d->nvme), NULL);
    assert(plugged);
    (void)plugged;
    bring_up(d);
    driver_enable(d);
    return d;
}

struct driver *driver_new(const struct nvme_config *config, bool read_only)
{
    return start(config, read_only, 2);
}

struct driver *driver_without_disks(const struct nvme_config *config)
{
    return start(config, false, 0);
}

void driver_free(struct driver *d)
{
    pcie_destroy(d->root);
    nvme_destroy(d->nvme);
    bench_done(&d->bench);
    free(d);
}

static uint64_t sq_base(uint32_t queue)
{
    return queue ? DRIVER_SQ + 0x1000 * (queue - 1) : DRIVER_ASQ;
}

static uint64_t cq_base(uint32_t queue)
{
    return queue ? DRIVER_CQ + 0x1000 * (queue - 1) : DRIVER_ACQ;
}

uint16_t driver_put(struct driver *d, uint32_t queue, const struct command *c)
{
    uint64_t at = sq_base(queue) + 64 * (uint64_t)d->queues[queue].tail;
    const uint32_t words[16] = {c->opcode | (uint32_t)d->cid << 16,
                                c->nsid,
                                0,
                                0,
                                0,
                                0,
                                (uint32_t)c->prp1,
                                (uint32_t)(c->prp1 >> 32),
                                (uint32_t)c->prp2,
                                (uint32_t)(c->prp2 >> 32),
                                c->dw10,
                                c->dw11,
                                c->dw12,
                                c->dw13};
    for (uint32_t i = 0; i < 16; i++)
        bench_poke(&d->bench, at + 4 * i, 4, words[i]);
    d->queues[queue].tail = (d->queues[queue].tail + 1) % DRIVER_ENTRIES;
    return d->cid++;
}

void driver_ring(struct driver *d, uint32_t queue)
{
    driver_write(d, 0x1000 + 8 * queue, 4, d->queues[queue].tail);
    bool quiet = bench_settle(&d->bench, 1000000);
    assert(quiet);
    (void)quiet;
}

bool driver_take(struct driver *d, uint32_t queue, struct completion *c)
{
    uint64_t at = cq_base(queue) + 16 * (uint64_t)d->queues[queue].head;
    uint32_t last = (uint32_t)bench_peek(&d->bench, at + 12, 4);
    if ((last >> 16 & 1) != d->queues[queue].phase)
        return false;
    *c = (struct completion){.dw0 = (uint32_t)bench_peek(&d->bench, at, 4),
                             .sq_head = (uint32_t)bench_peek(&d->bench, at + 8, 2),
                             .sq = (uint32_t)bench_peek(&d->bench, at + 10, 2),
                             .cid = last & 0xffff,
                             .status = last >> 17 & 0x7ff,
                             .dnr = last >> 31};
    d->queues[queue].head = (d->queues[queue].head + 1) % DRIVER_ENTRIES;
    d->queues[queue].phase ^= !d->queues[queue].head;
    driver_write(d, 0x1004 + 8 * queue, 4, d->queues[queue].head);
    return true;
}

uint32_t driver_do(struct driver *d, uint32_t queue, const struct command *command,
                   struct completion *completion)
{
    struct completion own;
    uint16_t cid = driver_put(d, queue, command);
    driver_ring(d, queue);
    bool taken = driver_take(d, queue, completion ? completion : &own);
    assert(taken && (completion ? completion : &own)->cid == cid);
    (void)taken;
    (void)cid;
    return (completion ? completion : &own)->status;
}

void driver_create_queue(struct driver *d, uint32_t queue)
{
    const struct command cq = {.opcode = 5,
                               .prp1 = cq_base(queue),
                               .dw10 = (DRIVER_ENTRIES - 1) << 16 | queue,
                               .dw11 = queue << 16 | 3};
    const struct command sq = {.opcode = 1,
                               .prp1 = sq_base(queue),
                               .dw10 = (DRIVER_ENTRIES - 1) << 16 | queue,
                               .dw11 = queue << 16 | 1};
    uint32_t status = driver_do(d, 0, &cq, NULL);
    assert(status == NVME_OK);
    status = driver_do(d, 0, &sq, NULL);
    assert(status == NVME_OK);
    (void)status;
}

uint32_t driver_transfer(struct driver *d, uint32_t opcode, uint64_t addr, uint64_t lba,
                         uint32_t sectors)
{
    uint64_t bytes = 512 * (uint64_t)sectors, first = 4096 - addr % 4096;
    struct command c = {.opcode = opcode,
                        .nsid = 1,
                        .prp1 = addr,
                        .dw10 = (uint32_t)lba,
                        .dw11 = (uint32_t)(lba >> 32),
                        .dw12 = sectors - 1};
    if (bytes > first && bytes <= first + 4096) {
        c.prp2 = addr + first;
    } else if (bytes > first) {
        c.prp2 = DRIVER_LIST;
        for (uint64_t i = 0; first + 4096 * i < bytes; i++)
            bench_poke(&d->bench, DRIVER_LIST + 8 * i, 8, addr + first + 4096 * i);
    }
    return driver_do(d, 1, &c, NULL);
}

uint32_t driver_msis(const struct driver *d, uint32_t vector)
{
    uint32_t count = 0;
    const struct vd_record *rec;
    for (uint32_t i = 0; (rec = bench_record(&d->bench, VD_REC_msi_issue, i)); i++)
        count += rec->b == 100 + vector;
    return count;
}
