/* SPDX-License-Identifier: BSD-2-Clause */
#include "world.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "viaduct/bits.h"

enum { MESSAGE_INVALIDATE = 1, MESSAGE_INVALIDATE_COMPLETION = 2 };

static bool in_ram(uint64_t addr, unsigned size)
{
    return addr >= RAM_BASE && addr - RAM_BASE <= RAM_SIZE - size;
}

static bool in_imsic(uint64_t addr, unsigned size)
{
    return addr >= IMSIC_BASE && addr - IMSIC_BASE <= IMSIC_SIZE - size;
}

static uint8_t *page_of(struct world *w, uint64_t addr)
{
    uint8_t **page = &w->pages[(addr - RAM_BASE) >> 12];
    if (!*page)
        *page = calloc(1, 4096);
    if (!*page)
        abort();
    return *page;
}

/* Nothing crosses a page: accesses are aligned, or within 64 aligned bytes. */
static void ram_read(const struct world *w, uint64_t addr, void *data, unsigned size)
{
    const uint8_t *page = w->pages[(addr - RAM_BASE) >> 12];
    if (page)
        memcpy(data, page + (addr & 0xfff), size);
    else
        memset(data, 0, size);
}

static void ram_write(struct world *w, uint64_t addr, const void *data, unsigned size)
{
    if (w->rehearsing) {
        assert(w->num_undo < MAX_UNDO);
        struct undo *undo = &w->undo[w->num_undo++];
        undo->addr = addr & ~(uint64_t)(VD_TXN_BYTES - 1);
        ram_read(w, undo->addr, undo->bytes, VD_TXN_BYTES);
    }
    memcpy(page_of(w, addr) + (addr & 0xfff), data, size);
}

uint64_t world_read(const struct world *w, uint64_t addr)
{
    uint64_t value = 0;
    if (in_ram(addr, 8))
        ram_read(w, addr, &value, 8);
    return value;
}

void world_write(struct world *w, uint64_t addr, uint64_t value)
{
    if (in_ram(addr, 8))
        ram_write(w, addr, &value, 8);
}

static uint64_t swap(const struct world *w, uint64_t value)
{
    return w->big_endian ? __builtin_bswap64(value) : value;
}

uint64_t world_read_entry(const struct world *w, uint64_t addr)
{
    return swap(w, world_read(w, addr));
}

void world_write_entry(struct world *w, uint64_t addr, uint64_t value)
{
    world_write(w, addr, swap(w, value));
}

bool world_poison(struct world *w, uint64_t addr, struct vd_error *err)
{
    if (w->num_poison == MAX_POISON)
        return vd_fail(err, "more than %d POISON lines in one world", MAX_POISON);
    w->poison[w->num_poison++] = addr;
    return true;
}

static bool poisoned(const struct world *w, const struct vd_txn *txn)
{
    for (uint32_t i = 0; i < w->num_poison; i++)
        if (txn->addr < w->poison[i] + 8 && w->poison[i] < txn->addr + txn->size)
            return true;
    return false;
}

struct line *world_answer(struct world *w, enum line_kind kind)
{
    uint32_t i = w->seen.num_answers < MAX_ANSWERS ? w->seen.num_answers++ : MAX_ANSWERS - 1;
    w->seen.answers[i] = line_make(kind);
    w->seen.unchanged[i] = false;
    return &w->seen.answers[i];
}

static void tell_store(struct world *w, const struct vd_txn *txn, bool unchanged)
{
    struct line *line = world_answer(w, LINE_MW);
    line_set(line, MW_addr, txn->addr);
    line_set(line, MW_size, txn->size);
    for (unsigned i = 0; i * 8 < txn->size && i < 4; i++)
        line_set(line, MW_d0 + i, txn->size < 8 ? txn->data[0] & UINT32_MAX : txn->data[i]);
    w->seen.unchanged[line - w->seen.answers] = unchanged;
}

static enum vd_status ram_access(struct world *w, struct vd_txn *txn)
{
    uint64_t old[VD_TXN_BYTES / 8] = {0};
    ram_read(w, txn->addr, old, txn->size);
    if (txn->cmd == VD_READ) {
        memcpy(txn->data, old, sizeof(old));
        return VD_OK;
    }
    if (txn->cmd == VD_OR)
        txn->data[0] |= old[0];
    if (txn->cmd != VD_CAS || old[0] == txn->data[1]) {
        tell_store(w, txn, memcmp(old, txn->data, txn->size) == 0);
        ram_write(w, txn->addr, txn->data, txn->size);
    }
    if (txn->cmd != VD_WRITE)
        txn->data[0] = old[0];
    return VD_OK;
}

static enum vd_status imsic_access(struct world *w, const struct vd_txn *txn)
{
    if (txn->cmd != VD_WRITE)
        return VD_DENIED;
    struct line *line = world_answer(w, LINE_MSI);
    line_set(line, MSI_addr, txn->addr);
    line_set(line, MSI_data, txn->data[0] & UINT32_MAX);
    return VD_OK;
}

static enum vd_status host_access(void *ctx, struct vd_txn *txn)
{
    struct world *w = ctx;
    enum vd_status status = VD_UNMAPPED;
    if (txn->requester < VD_REQUESTER_HART(0)) {
        w->seen.forwarded = *txn;
        w->seen.was_forwarded = true;
        status = VD_OK;
    } else if (poisoned(w, txn)) {
        status = VD_POISON;
    } else if (in_ram(txn->addr, txn->size)) {
        status = ram_access(w, txn);
    } else if (in_imsic(txn->addr, txn->size)) {
        status = imsic_access(w, txn);
    }
    txn->status = (uint8_t)status;
    return status;
}

static vd_time host_now(void *ctx)
{
    (void)ctx;
    return 0;
}

/* Time stands still: only the timeouts of ATS invalidations are ever armed. */
static void host_post(void *ctx, struct vd_event *event, vd_time when)
{
    (void)ctx;
    event->slot = 1;
    event->when = when;
}

static void host_cancel(void *ctx, struct vd_event *event)
{
    (void)ctx;
    event->slot = 0;
}

static vd_time host_drain(void *ctx)
{
    (void)ctx;
    return 0;
}

static void host_wire(void *ctx, uint32_t line, bool level)
{
    (void)ctx;
    (void)line;
    (void)level;
}

static uint64_t host_serial(void *ctx)
{
    (void)ctx;
    return 1;
}

static void host_trace(void *ctx, const struct vd_record *rec)
{
    struct world *w = ctx;
    if (rec->kind == VD_REC_iommu_access && rec->b < TABLES)
        w->seen.reads[rec->b]++;
}

static const struct vd_host_ops host_ops = {
    .version = VD_HOST_VERSION,
    .now = host_now,
    .post = host_post,
    .cancel = host_cancel,
    .access = host_access,
    .submit = host_access,
    .drain = host_drain,
    .wire = host_wire,
    .serial = host_serial,
    .trace = host_trace,
};

static void respond(void *ctx, const struct vd_txn *txn)
{
    struct world *w = ctx;
    w->seen.response = *txn;
    w->seen.responded = true;
}

/* payload[1]: 19:0 PASID, 20 PASID valid, 28:24 ITag. */
static void message(void *ctx, uint32_t device_id, uint32_t code, const uint64_t payload[2])
{
    struct world *w = ctx;
    struct line *line = world_answer(w, LINE_ATSMSG);
    uint64_t tag = vd_get(payload[1], 24, 5);
    line_set(line, ATSMSG_code, code);
    line_set(line, ATSMSG_tag, tag);
    line_set(line, ATSMSG_rid, device_id & 0xffff);
    line_set(line, ATSMSG_pv, vd_get(payload[1], 20, 1));
    line_set(line, ATSMSG_pid, vd_get(payload[1], 0, 20));
    line_set(line, ATSMSG_dseg, device_id >> 16);
    line_set(line, ATSMSG_payload, payload[0]);
    if (code == MESSAGE_INVALIDATE && w->num_completions < MAX_MESSAGES)
        w->completions[w->num_completions++] = (struct vd_txn){.tag = MESSAGE_INVALIDATE_COMPLETION,
                                                               .requester = device_id,
                                                               .data = {VD_BIT(32) | VD_BIT(tag)}};
}

void world_complete(struct world *w)
{
    for (uint32_t i = 0; i < w->num_completions; i++)
        iommu_message(w->iommu, &w->completions[i]);
    w->num_completions = 0;
}

uint64_t world_register(struct world *w, uint32_t offset, unsigned size)
{
    struct vd_txn txn = {.cmd = VD_READ, .addr = offset, .size = (uint8_t)size};
    iommu_access(w->iommu, &txn);
    return txn.data[0];
}

void world_set_register(struct world *w, uint32_t offset, unsigned size, uint64_t value)
{
    struct vd_txn txn = {.cmd = VD_WRITE, .addr = offset, .size = (uint8_t)size, .data = {value}};
    iommu_access(w->iommu, &txn);
}

bool world_open(struct world *w, const struct line *line, struct vd_error *err)
{
    enum { FCTL = 8 };
    const struct iommu_config config = {
        .capabilities = line->value[WORLD_caps],
        .max_mode = (uint32_t)line->value[WORLD_max_mode],
        .vector_bits = (uint32_t)line->value[WORLD_bits],
    };
    memset(w, 0, sizeof(*w));
    w->host = (struct vd_host){&host_ops, w};
    w->capabilities = config.capabilities;
    w->big_endian = line->value[WORLD_fctl] & 1;
    w->pages = calloc(RAM_PAGES, sizeof(w->pages[0]));
    if (!w->pages)
        return vd_fail(err, "out of memory");
    w->iommu = iommu_create(&config, &w->host, err);
    if (!w->iommu)
        return false;
    const struct iommu_device_port port = {.respond = respond, .message = message, .ctx = w};
    iommu_connect(w->iommu, &port);
    w->saved_size = iommu_save(w->iommu, NULL, 0);
    w->saved = malloc(w->saved_size);
    world_set_register(w, FCTL, 4, line->value[WORLD_fctl]);
    uint64_t fctl = world_register(w, FCTL, 4);
    if (!w->saved || fctl != line->value[WORLD_fctl])
        return vd_fail(err, "world %u: fctl takes %x instead of %x", (unsigned)line->value[WORLD_n],
                       (unsigned)fctl, (unsigned)line->value[WORLD_fctl]);
    return true;
}

void world_close(struct world *w)
{
    iommu_destroy(w->iommu);
    for (uint64_t i = 0; w->pages && i < RAM_PAGES; i++)
        free(w->pages[i]);
    free(w->pages);
    free(w->saved);
    memset(w, 0, sizeof(*w));
}

void world_listen(struct world *w)
{
    w->seen.num_answers = 0;
    w->seen.responded = w->seen.was_forwarded = false;
    memset(w->seen.reads, 0, sizeof(w->seen.reads));
}

void world_rehearse(struct world *w)
{
    iommu_save(w->iommu, w->saved, w->saved_size);
    w->rehearsing = true;
    w->num_undo = 0;
    w->kept = w->seen;
    world_listen(w);
}

void world_forget(struct world *w)
{
    w->rehearsing = false;
    while (w->num_undo > 0) {
        const struct undo *undo = &w->undo[--w->num_undo];
        ram_write(w, undo->addr, undo->bytes, VD_TXN_BYTES);
    }
    iommu_restore(w->iommu, w->saved, w->saved_size);
    w->seen = w->kept;
}
