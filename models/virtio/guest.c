/* SPDX-License-Identifier: BSD-2-Clause */
#include "virtio/guest.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "viaduct/bits.h"

enum { NEXT = 1, WRITE = 2, INDIRECT = 4, AVAIL = 0x80, USED = 0x8000 };

const struct virtio_config guest_entropy = {
    .type = VIRTIO_ENTROPY, .queue_size = 8, .packed = true, .seed = 5, .cycle_ps = 1000};

static const struct pcie_config link = {
    .mmio32_base = 0x40000000, .mmio32_size = 0x40000000, .cycle_ps = 1000};

static bool disk_read(void *ctx, uint64_t offset, void *data, size_t size)
{
    struct guest *g = ctx;
    assert(offset + size <= GUEST_DISK);
    memcpy(data, g->disk + offset, size);
    return !g->disk_fails;
}

static bool disk_write(void *ctx, uint64_t offset, const void *data, size_t size)
{
    struct guest *g = ctx;
    assert(offset + size <= GUEST_DISK);
    if (!g->disk_fails)
        memcpy(g->disk + offset, data, size);
    return !g->disk_fails;
}

static bool disk_zero(void *ctx, uint64_t offset, uint64_t size, bool discard)
{
    struct guest *g = ctx;
    (void)discard;
    assert(offset + size <= GUEST_DISK);
    memset(g->disk + offset, 0, size);
    return !g->disk_fails;
}

static bool disk_flush(void *ctx)
{
    struct guest *g = ctx;
    memcpy(g->durable, g->disk, GUEST_DISK);
    g->flushes++;
    return !g->disk_fails;
}

static const struct vd_disk_ops disk_ops = {disk_read, disk_write, disk_zero, disk_flush};

static bool msi_target(void *ctx, struct vd_txn *txn)
{
    (void)ctx;
    if (txn->cmd != VD_WRITE || txn->addr < GUEST_MSI || txn->addr >= GUEST_MSI + 0x10000)
        return false;
    txn->status = VD_OK;
    return true;
}

static void complete(void *ctx, const struct vd_txn *txn)
{
    struct guest *g = ctx;
    if (g->root)
        pcie_complete(g->root, txn);
    else
        virtio_mmio_complete(g->mmio, txn);
}

enum vd_status guest_access(struct guest *g, enum vd_cmd cmd, uint64_t offset, unsigned size)
{
    struct vd_txn txn = bench_read(g->root ? GUEST_BAR4 + offset : offset, size);
    txn.cmd = (uint8_t)cmd;
    return g->root ? pcie_mmio(g->root, &txn) : virtio_mmio_access(g->mmio, &txn);
}

uint64_t guest_read(struct guest *g, uint64_t offset, unsigned size)
{
    struct vd_txn txn = bench_read(g->root ? GUEST_BAR4 + offset : offset, size);
    enum vd_status status = g->root ? pcie_mmio(g->root, &txn) : virtio_mmio_access(g->mmio, &txn);
    assert(status == VD_OK);
    (void)status;
    return txn.data[0] & vd_mask(0, 8 * size);
}

void guest_write(struct guest *g, uint64_t offset, unsigned size, uint64_t value)
{
    struct vd_txn txn = bench_write(g->root ? GUEST_BAR4 + offset : offset, size, value);
    enum vd_status status = g->root ? pcie_mmio(g->root, &txn) : virtio_mmio_access(g->mmio, &txn);
    assert(status == VD_OK);
    (void)status;
}

uint32_t guest_config_read(struct guest *g, uint32_t offset, unsigned size)
{
    struct vd_txn txn = bench_read(GUEST_DEVFN << 12 | offset, size);
    pcie_ecam(g->root, &txn);
    return (uint32_t)txn.data[0];
}

void guest_config_write(struct guest *g, uint32_t offset, unsigned size, uint32_t value)
{
    struct vd_txn txn = bench_write(GUEST_DEVFN << 12 | offset, size, value);
    pcie_ecam(g->root, &txn);
}

uint32_t guest_status(struct guest *g)
{
    return (uint32_t)(g->root ? guest_read(g, 20, 1) : guest_read(g, 0x70, 4));
}

void guest_set_status(struct guest *g, uint32_t value)
{
    if (g->root)
        guest_write(g, 20, 1, value);
    else
        guest_write(g, 0x70, 4, value);
}

static uint64_t offered(struct guest *g)
{
    uint64_t value = 0;
    for (uint32_t i = 0; i < 2; i++) {
        guest_write(g, g->root ? 0 : 0x14, 4, i);
        value |= guest_read(g, g->root ? 4 : 0x10, 4) << (32 * i);
    }
    return value;
}

static void accept(struct guest *g, uint64_t features)
{
    for (uint32_t i = 0; i < 2; i++) {
        guest_write(g, g->root ? 8 : 0x24, 4, i);
        guest_write(g, g->root ? 12 : 0x20, 4, features >> (32 * i) & UINT32_MAX);
    }
    g->features = features;
}

static void set_queue(struct guest *g, uint32_t size)
{
    const uint64_t areas[] = {GUEST_DESC, GUEST_DRIVER, GUEST_DEVICE};
    g->size = size;
    guest_write(g, g->root ? 22 : 0x30, g->root ? 2 : 4, 0);
    guest_write(g, g->root ? 24 : 0x38, g->root ? 2 : 4, size);
    for (uint32_t i = 0; i < 3; i++) {
        uint64_t at = g->root ? 32 + 8 * i : 0x80 + 0x10 * i;
        guest_write(g, at, 4, areas[i] & UINT32_MAX);
        guest_write(g, at + 4, 4, areas[i] >> 32);
    }
    if (g->root)
        guest_write(g, 26, 2, 1);
    guest_write(g, g->root ? 28 : 0x44, g->root ? 2 : 4, 1);
}

void guest_start(struct guest *g, uint64_t leave_out, uint32_t size)
{
    guest_set_status(g, 0);
    for (uint64_t at = GUEST_DESC; at < GUEST_HEADER; at += 8)
        bench_poke(&g->bench, at, 8, 0);
    g->avail = g->used = g->free = 0;
    g->avail_wrap = g->used_wrap = true;
    guest_set_status(g, 1);
    guest_set_status(g, 3);
    accept(g, offered(g) & ~leave_out);
    guest_set_status(g, 11);
    assert(guest_status(g) == 11);
    if (g->root)
        guest_write(g, 16, 2, 0);
    set_queue(g, size);
    guest_set_status(g, 15);
}

static void bring_up_pci(struct guest *g)
{
    guest_config_write(g, 0x14, 4, GUEST_BAR1);
    guest_config_write(g, 0x20, 4, GUEST_BAR4);
    guest_config_write(g, 0x24, 4, 0);
    guest_config_write(g, 0x04, 2, 0x0006);
    guest_config_write(g, 0x92, 2, 0x8000);
    for (uint32_t v = 0; v < 2; v++) {
        const uint64_t words[] = {GUEST_MSI + 0x1000 * v, 100 + v};
        for (uint32_t i = 0; i < 2; i++) {
            struct vd_txn txn = bench_write(GUEST_BAR1 + 16 * v + 8 * i, 8, words[i]);
            pcie_mmio(g->root, &txn);
        }
    }
}

static void create(struct guest *g, bool pci, const struct virtio_config *config, bool read_only)
{
    struct vd_disk disk = {&disk_ops, g, GUEST_DISK, read_only};
    if (!pci) {
        g->mmio = virtio_mmio_create(config, &disk, &g->bench.host, NULL);
        assert(g->mmio);
        return;
    }
    g->root = pcie_create(&link, &g->bench.host, NULL);
    g->pci = virtio_pci_create(config, &disk, &g->bench.host, NULL);
    assert(g->root && g->pci);
    bool plugged = pcie_plug(g->root, GUEST_DEVFN, virtio_pci_function(g->pci), NULL);
    assert(plugged);
    (void)plugged;
    bring_up_pci(g);
}

struct guest *guest_new(bool pci, const struct virtio_config *config, bool read_only, uint32_t bits,
                        uint32_t size)
{
    struct guest *g = calloc(1, sizeof(*g));
    uint64_t leave_out = (bits & GUEST_EVENT_IDX ? 0 : VD_BIT(29)) |
                         (bits & GUEST_PACKED ? 0 : VD_BIT(34)) |
                         (bits & GUEST_INDIRECT ? 0 : VD_BIT(28));
    assert(g);
    bench_init(&g->bench);
    g->bench.hook = msi_target;
    g->bench.complete = complete;
    g->bench.complete_ctx = g;
    for (uint32_t i = 0; i < GUEST_DISK; i++)
        g->disk[i] = (uint8_t)(i * 11 + (i >> 9));
    create(g, pci, config, read_only);
    guest_start(g, leave_out, size);
    return g;
}

void guest_free(struct guest *g)
{
    virtio_mmio_destroy(g->mmio);
    pcie_destroy(g->root);
    virtio_pci_destroy(g->pci);
    bench_done(&g->bench);
    free(g);
}

int guest_teardown(void **state)
{
    guest_free(*state);
    return 0;
}

static bool is_packed(const struct guest *g)
{
    return g->features >> 34 & 1;
}

static void poke_desc(struct guest *g, uint64_t at, const struct guest_desc *d, uint32_t flags,
                      uint32_t next)
{
    bench_poke(&g->bench, at, 8, d->addr);
    bench_poke(&g->bench, at + 8, 4, d->size);
    bench_poke(&g->bench, at + (is_packed(g) ? 14 : 12), 2, flags | (d->writable ? WRITE : 0));
    bench_poke(&g->bench, at + (is_packed(g) ? 12 : 14), 2, next);
}

static void offer_split(struct guest *g, const struct guest_desc *descs, uint32_t count)
{
    uint16_t head = g->free;
    for (uint32_t i = 0; i < count; i++) {
        uint16_t next = (uint16_t)((g->free + 1) % g->size);
        bool table = descs[i].addr == GUEST_TABLE;
        poke_desc(g, GUEST_DESC + 16 * (uint64_t)g->free, &descs[i],
                  (i + 1 < count ? NEXT : 0) | (table ? INDIRECT : 0), next);
        g->free = next;
    }
    bench_poke(&g->bench, GUEST_DRIVER + 4 + 2 * (uint64_t)(g->avail % g->size), 2, head);
    g->avail++;
    bench_poke(&g->bench, GUEST_DRIVER + 2, 2, g->avail);
}

static void offer_packed(struct guest *g, const struct guest_desc *descs, uint32_t count)
{
    uint16_t id = g->avail;
    for (uint32_t i = 0; i < count; i++) {
        bool table = descs[i].addr == GUEST_TABLE;
        uint32_t flags = g->avail_wrap ? AVAIL : USED;
        poke_desc(g, GUEST_DESC + 16 * (uint64_t)g->avail, &descs[i],
                  flags | (i + 1 < count ? NEXT : 0) | (table ? INDIRECT : 0), id);
        if (++g->avail == g->size) {
            g->avail = 0;
            g->avail_wrap = !g->avail_wrap;
        }
    }
}

void guest_offer(struct guest *g, const struct guest_desc *descs, uint32_t count, bool indirect)
{
    const struct guest_desc table = {GUEST_TABLE, 16 * count, false};
    for (uint32_t i = 0; i < count && indirect; i++)
        poke_desc(g, GUEST_TABLE + 16 * (uint64_t)i, &descs[i],
                  i + 1 < count && !is_packed(g) ? NEXT : 0, i + 1);
    if (is_packed(g))
        offer_packed(g, indirect ? &table : descs, indirect ? 1 : count);
    else
        offer_split(g, indirect ? &table : descs, indirect ? 1 : count);
}

void guest_offer_data(struct guest *g, uint32_t size)
{
    const struct guest_desc desc = {GUEST_DATA, size, true};
    guest_offer(g, &desc, 1, false);
}

void guest_kick(struct guest *g)
{
    guest_write(g, g->root ? GUEST_NOTIFY : 0x50, g->root ? 2 : 4, 0);
    bool quiet = bench_settle(&g->bench, 100000);
    assert(quiet);
    (void)quiet;
}

static bool take_packed(struct guest *g, uint32_t *id, uint32_t *written)
{
    uint64_t at = GUEST_DESC + 16 * (uint64_t)g->used;
    uint32_t flags = (uint32_t)bench_peek(&g->bench, at + 14, 2);
    if (!(flags & AVAIL) == g->used_wrap || !(flags & USED) == g->used_wrap)
        return false;
    *id = (uint32_t)bench_peek(&g->bench, at + 12, 2);
    *written = (uint32_t)bench_peek(&g->bench, at + 8, 4);
    return true;
}

bool guest_take(struct guest *g, uint32_t *id, uint32_t *written)
{
    if (is_packed(g))
        return take_packed(g, id, written);
    if (bench_peek(&g->bench, GUEST_DEVICE + 2, 2) == g->used)
        return false;
    uint64_t at = GUEST_DEVICE + 4 + 8 * (uint64_t)(g->used++ % g->size);
    *id = (uint32_t)bench_peek(&g->bench, at, 4);
    *written = (uint32_t)bench_peek(&g->bench, at + 4, 4);
    return true;
}

uint32_t guest_request(struct guest *g, uint32_t type, uint64_t sector, uint32_t size,
                       bool indirect)
{
    bool out = type == 1 || type == 11 || type == 13;
    const struct guest_desc descs[] = {
        {GUEST_HEADER, 16, false},
        {GUEST_DATA, size / 2, !out},
        {GUEST_DATA + size / 2, size - size / 2, !out},
        {GUEST_STATUS, 1, true},
    };
    const struct guest_desc bare[] = {descs[0], descs[3]};
    uint32_t id, written, count = size ? 4 : 2;
    bench_poke(&g->bench, GUEST_HEADER, 4, type);
    bench_poke(&g->bench, GUEST_HEADER + 8, 8, sector);
    bench_poke(&g->bench, GUEST_STATUS, 1, 0xff);
    guest_offer(g, size ? descs : bare, count, indirect);
    guest_kick(g);
    bool taken = guest_take(g, &id, &written);
    assert(taken);
    (void)taken;
    if (is_packed(g)) {
        g->used = (uint16_t)(g->used + (indirect ? 1 : count));
        if (g->used >= g->size) {
            g->used = (uint16_t)(g->used - g->size);
            g->used_wrap = !g->used_wrap;
        }
    }
    return (uint32_t)bench_peek(&g->bench, GUEST_STATUS, 1);
}

uint32_t guest_interrupts(const struct guest *g)
{
    return g->root ? bench_count(&g->bench, VD_REC_msi_issue) : g->bench.wire_edges;
}
