/* SPDX-License-Identifier: BSD-2-Clause */
#include "iommu/iommu_testbed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct iommu_timing inorder = {
    .hit = 2,
    .context_beats = 9,
    .process_beats = 4,
    .walk_start = 1,
    .step = 1,
    .msi_start = 1,
    .request_interval = 3,
    .mmio = 4,
    .command_start = 3,
    .command = 4,
    .fault_record = 3,
    .interrupt = 4,
    .message = 6,
    .response = 1,
    .mrif = 4,
    .notice = 2,
};

static void require(bool holds, const char *text)
{
    if (holds)
        return;
    fprintf(stderr, "testbed: %s\n", text);
    abort();
}

static bool from_device(const struct vd_txn *txn)
{
    return txn->requester < 0x80000000u;
}

static bool hook(void *ctx, struct vd_txn *txn)
{
    struct testbed *t = ctx;
    if (from_device(txn)) {
        txn->status = VD_OK;
        return true;
    }
    if (t->poison && txn->cmd == VD_READ && t->poison >= txn->addr &&
        t->poison < txn->addr + txn->size) {
        txn->status = VD_POISON;
        return true;
    }
    if (txn->addr - IMSIC_WINDOW >= 0x4000000)
        return false;
    txn->status = txn->cmd == VD_WRITE && !t->refuse_imsic ? VD_OK : VD_DENIED;
    return true;
}

static void respond(void *ctx, const struct vd_txn *txn)
{
    struct testbed *t = ctx;
    t->answers[t->num_answers++ % 256] = *txn;
}

static void message(void *ctx, uint32_t device_id, uint32_t code, const uint64_t payload[2])
{
    struct testbed *t = ctx;
    uint32_t i = t->num_messages++ % 64;
    t->messages[i].device_id = device_id;
    t->messages[i].code = code;
    memcpy(t->messages[i].payload, payload, sizeof(t->messages[i].payload));
}

static void complete(void *ctx, const struct vd_txn *txn)
{
    iommu_complete(((struct testbed *)ctx)->m, txn);
}

void bed_open(struct testbed *t, const struct iommu_config *config)
{
    bed_open_ram(t, config, 16 << 20);
}

void bed_open_ram(struct testbed *t, const struct iommu_config *config, uint64_t size)
{
    bed_open_at(t, config, 0x80000000, size);
}

void bed_open_at(struct testbed *t, const struct iommu_config *config, uint64_t base, uint64_t size)
{
    struct vd_error err;
    memset((char *)t + sizeof(t->b), 0, sizeof(*t) - sizeof(t->b));
    bench_init_ram(&t->b, base, size);
    t->b.hook = hook;
    t->b.hook_ctx = t;
    t->b.complete = complete;
    t->b.complete_ctx = t;
    t->free_page = base;
    t->m = iommu_create(config, &t->b.host, &err);
    require(t->m != NULL, err.text);
    const struct iommu_device_port port = {.respond = respond, .message = message, .ctx = t};
    iommu_connect(t->m, &port);
}

void bed_close(struct testbed *t)
{
    iommu_destroy(t->m);
    bench_done(&t->b);
}

uint64_t bed_pages(struct testbed *t, uint64_t pages)
{
    uint64_t size = pages << 12;
    uint64_t at = (t->free_page + size - 1) & ~(size - 1);
    t->free_page = at + size;
    require(t->free_page <= t->b.ram_base + t->b.ram_size, "out of RAM");
    return at;
}

uint64_t bed_get(struct testbed *t, uint32_t offset, unsigned size)
{
    struct vd_txn txn = bench_read(offset, size);
    iommu_access(t->m, &txn);
    return txn.data[0];
}

void bed_set(struct testbed *t, uint32_t offset, unsigned size, uint64_t value)
{
    struct vd_txn txn = bench_write(offset, size, value);
    iommu_access(t->m, &txn);
}

void bed_settle(struct testbed *t)
{
    require(bench_settle(&t->b, 100000), "events without end");
}

static uint64_t ppn_field(uint64_t address)
{
    return address >> 12 << 10;
}

void bed_start(struct testbed *t, unsigned mode)
{
    t->ddt = bed_pages(t, 1);
    t->cq = bed_pages(t, 1);
    t->fq = bed_pages(t, 1);
    t->pq = bed_pages(t, 1);
    bed_set(t, REG_OFFSET_CQB, 8, ppn_field(t->cq) | 5);
    bed_set(t, REG_OFFSET_FQB, 8, ppn_field(t->fq) | 5);
    bed_set(t, REG_OFFSET_PQB, 8, ppn_field(t->pq) | 5);
    for (uint32_t v = 0; v < 4; v++) {
        bed_set(t, REG_OFFSET_MSI_CFG + 16 * v, 8, OWN_MSI + 0x1000 * v);
        bed_set(t, REG_OFFSET_MSI_CFG + 16 * v + 8, 4, v + 1);
    }
    bed_set(t, REG_OFFSET_CQCSR, 4, 3);
    bed_set(t, REG_OFFSET_FQCSR, 4, 3);
    bed_set(t, REG_OFFSET_PQCSR, 4, 3);
    bed_set(t, REG_OFFSET_DDTP, 8, ppn_field(t->ddt) | mode);
    bed_settle(t);
}

uint64_t bed_dc(struct testbed *t, uint32_t device_id, const struct bed_dc *dc)
{
    bool extended = bed_get(t, REG_OFFSET_CAPABILITIES, 8) >> 22 & 1;
    bool big = bed_get(t, REG_OFFSET_FCTL, 4) & 1;
    unsigned bits = extended ? 6 : 7, size = extended ? 64 : 32;
    uint64_t ddtp = bed_get(t, REG_OFFSET_DDTP, 8);
    uint64_t table = (ddtp >> 10 & 0xfffffffffff) << 12;
    for (unsigned level = (unsigned)(ddtp & 0xf) - 2; level > 0; level--) {
        uint64_t at = table + (device_id >> (bits + 9 * (level - 1)) & 0x1ff) * 8;
        uint64_t entry = bench_peek(&t->b, at, 8);
        entry = big ? __builtin_bswap64(entry) : entry;
        if (!(entry & 1)) {
            entry = ppn_field(bed_pages(t, 1)) | 1;
            bench_poke(&t->b, at, 8, big ? __builtin_bswap64(entry) : entry);
        }
        table = (entry >> 10 & 0xfffffffffff) << 12;
    }
    uint64_t at = table + (device_id & ((1u << bits) - 1)) * size;
    const uint64_t *words = &dc->tc;
    for (unsigned i = 0; i < size / 8; i++)
        bench_poke(&t->b, at + 8 * i, 8, big ? __builtin_bswap64(words[i]) : words[i]);
    return at;
}

uint64_t bed_map(struct testbed *t, uint64_t root, unsigned levels, bool x4, uint64_t va,
                 uint64_t pa, unsigned level, uint64_t bits)
{
    uint64_t table = root;
    for (unsigned i = levels - 1;; i--) {
        uint64_t mask = x4 && i == levels - 1 ? 0x7ff : 0x1ff;
        uint64_t at = table + (va >> (12 + 9 * i) & mask) * 8;
        if (i == level) {
            bench_poke(&t->b, at, 8, ppn_field(pa) | bits);
            return at;
        }
        uint64_t entry = bench_peek(&t->b, at, 8);
        if (!(entry & V)) {
            entry = ppn_field(bed_pages(t, 1)) | V;
            bench_poke(&t->b, at, 8, entry);
        }
        table = (entry >> 10 & 0xfffffffffff) << 12;
    }
}

enum vd_status bed_request(struct testbed *t, struct vd_txn txn)
{
    uint32_t before = t->num_answers;
    enum vd_status status = iommu_submit(t->m, &txn);
    bed_settle(t);
    return t->num_answers == before ? status : t->answers[before % 256].status;
}

enum vd_status bed_read(struct testbed *t, uint32_t device_id, uint64_t iova)
{
    struct vd_txn txn = bench_read(iova, 4);
    txn.requester = device_id;
    return bed_request(t, txn);
}

enum vd_status bed_write(struct testbed *t, uint32_t device_id, uint64_t iova)
{
    struct vd_txn txn = bench_write(iova, 4, 0);
    txn.requester = device_id;
    return bed_request(t, txn);
}

enum vd_status bed_msi(struct testbed *t, uint32_t device_id, uint64_t iova, uint32_t data)
{
    struct vd_txn txn = bench_write(iova, 4, data);
    txn.requester = device_id;
    txn.attrs = VD_POSTED;
    txn.serial = t->b.host.ops->serial(t->b.host.ctx);
    return bed_request(t, txn);
}

uint64_t bed_where(struct testbed *t)
{
    for (uint32_t i = t->b.num_writes; i-- > 0;)
        if (from_device(&t->b.writes[i]))
            return t->b.writes[i].addr;
    return UINT64_MAX;
}

void bed_command(struct testbed *t, uint64_t dw0, uint64_t dw1)
{
    uint64_t tail = bed_get(t, REG_OFFSET_CQT, 4);
    bench_poke(&t->b, t->cq + tail * 16, 8, dw0);
    bench_poke(&t->b, t->cq + tail * 16 + 8, 8, dw1);
    bed_set(t, REG_OFFSET_CQT, 4, (tail + 1) & 63);
    bed_settle(t);
}

uint32_t bed_faults(struct testbed *t)
{
    return (uint32_t)bed_get(t, REG_OFFSET_FQT, 4);
}

uint64_t bed_fault(struct testbed *t, uint32_t index, unsigned dw)
{
    return bench_peek(&t->b, t->fq + index * 32 + 8 * dw, 8);
}

unsigned bed_cause(struct testbed *t, uint32_t index)
{
    return index < bed_faults(t) ? (unsigned)(bed_fault(t, index, 0) & 0xfff) : 0;
}
