/* SPDX-License-Identifier: BSD-2-Clause */
#include "iommu.h"

#include "mmio.h"
#include "pages.h"
#include "trap.h"

enum {
    CQ_LOG2 = 8,
    FQ_LOG2 = 7, /* both queues are one page */
    CQ_ENTRIES = 1 << CQ_LOG2,
    FQ_ENTRIES = 1 << FQ_LOG2,
    PATIENCE = 10000000, /* polls before the IOMMU counts as broken */
};

#define PPN_FIELD(addr) ((uint64_t)(addr) >> PAGE_SHIFT << 10)

static void poll(struct iommu *iommu, uint32_t reg, uint64_t mask, uint64_t value, const char *what)
{
    for (uint64_t i = 0; i < PATIENCE; i++)
        if ((mmio_read32(iommu->base + reg) & mask) == value)
            return;
    panic("IOMMU: no end of waiting for %s", what);
}

/* [iommu CQB], [iommu FQB]: the pointers that software owns are zero before the queue goes on. */
static void queues_on(struct iommu *iommu)
{
    iommu->commands = page_alloc();
    iommu->faults = page_alloc();
    mmio_write64(iommu->base + IOMMU_CQB, PPN_FIELD(iommu->commands) | (CQ_LOG2 - 1));
    mmio_write32(iommu->base + IOMMU_CQT, 0);
    mmio_write32(iommu->base + IOMMU_CQCSR, IOMMU_QUEUE_EN);
    poll(iommu, IOMMU_CQCSR, IOMMU_QUEUE_ON | IOMMU_QUEUE_BUSY, IOMMU_QUEUE_ON, "cqon");
    mmio_write64(iommu->base + IOMMU_FQB, PPN_FIELD(iommu->faults) | (FQ_LOG2 - 1));
    mmio_write32(iommu->base + IOMMU_FQH, 0);
    mmio_write32(iommu->base + IOMMU_FQCSR, IOMMU_QUEUE_EN);
    poll(iommu, IOMMU_FQCSR, IOMMU_QUEUE_ON | IOMMU_QUEUE_BUSY, IOMMU_QUEUE_ON, "fqon");
    iommu->tail = 0;
}

bool iommu_init(struct iommu *iommu, uint64_t base)
{
    *iommu = (struct iommu){.base = base, .capabilities = mmio_read64(base + IOMMU_CAPABILITIES)};
    uint64_t needed = IOMMU_CAP_MSI_FLAT | IOMMU_CAP_SV39X4;
    if ((iommu->capabilities & needed) != needed)
        return false;
    queues_on(iommu);
    return iommu_set_mode(iommu, IOMMU_BARE);
}

static bool ddtp_write(struct iommu *iommu, enum iommu_mode mode, uint64_t root)
{
    fence_memory_to_io();
    mmio_write64(iommu->base + IOMMU_DDTP, PPN_FIELD(root) | (uint64_t)mode);
    poll(iommu, IOMMU_DDTP, IOMMU_DDTP_BUSY, 0, "ddtp.busy");
    return (mmio_read64(iommu->base + IOMMU_DDTP) & 15) == (uint64_t)mode;
}

/* Split of a device_id by the format of the context [iommu GET_DC]: the lowest level takes 6 bits
 * with extended contexts, 7 with base ones, the upper two 9 each (the top one what is left). */
static uint32_t leaf_bits(const struct iommu *iommu)
{
    return iommu->capabilities & IOMMU_CAP_MSI_FLAT ? 6 : 7;
}

uint32_t iommu_context_bytes(const struct iommu *iommu)
{
    return iommu->capabilities & IOMMU_CAP_MSI_FLAT ? 64 : 32;
}

static uint32_t table_levels(const struct iommu *iommu)
{
    return iommu->mode >= IOMMU_1LVL ? (uint32_t)iommu->mode - IOMMU_1LVL + 1 : 0;
}

static void table_free(struct iommu *iommu, uint64_t *table, uint32_t level)
{
    for (uint32_t i = 0; level > 0 && i < PAGE_SIZE / 8; i++)
        if (table[i] & 1)
            table_free(iommu, (uint64_t *)(table[i] >> 10 << PAGE_SHIFT), level - 1);
    pages_free(table, 1);
}

/* To change levels, the IOMMU is first made Off, with the root as it was, and what it may have kept
 * is invalidated [iommu DDTP]. */
bool iommu_set_mode(struct iommu *iommu, enum iommu_mode mode)
{
    uint32_t levels = table_levels(iommu);
    bool ok = ddtp_write(iommu, IOMMU_OFF, (uint64_t)iommu->root);
    iommu_flush_all(iommu);
    if (levels)
        table_free(iommu, iommu->root, levels - 1);
    iommu->root = mode >= IOMMU_1LVL ? page_alloc() : 0;
    iommu->mode = mode;
    return mode == IOMMU_OFF ? ok : ddtp_write(iommu, mode, (uint64_t)iommu->root);
}

struct iommu_dc *iommu_context(struct iommu *iommu, uint32_t device_id)
{
    uint32_t levels = table_levels(iommu), bits = leaf_bits(iommu);
    uint32_t width = levels == 3 ? 24 : bits + 9 * (levels - 1);
    if (!levels || device_id >> width)
        return 0;
    uint64_t *table = iommu->root;
    for (uint32_t level = levels - 1; level > 0; level--) {
        uint64_t *entry = &table[device_id >> (bits + 9 * (level - 1)) & 511];
        if (!(*entry & 1))
            *entry = PPN_FIELD(page_alloc()) | 1;
        table = (uint64_t *)(*entry >> 10 << PAGE_SHIFT);
    }
    uint32_t index = device_id & ((1u << bits) - 1);
    return (struct iommu_dc *)((uint64_t)table + index * iommu_context_bytes(iommu));
}

static void store64(uint64_t *at, uint64_t value)
{
    __atomic_store_n(at, value, __ATOMIC_RELAXED);
}

void iommu_detach(struct iommu *iommu, uint32_t device_id)
{
    struct iommu_dc *dc = iommu_context(iommu, device_id);
    if (!dc)
        return;
    store64(&dc->tc, 0);
    iommu_post(iommu, iommu_cmd_iodir(device_id));
    iommu_sync(iommu);
}

/* [iommu DC_CHANGE]: the context is invalid while its other words change, and invalidated before
 * and after, as a fetch may have begun in between. */
void iommu_attach(struct iommu *iommu, uint32_t device_id, const struct iommu_dc *new)
{
    struct iommu_dc *dc = iommu_context(iommu, device_id);
    if (!dc)
        panic("device_id 0x%x does not fit the device directory", device_id);
    iommu_detach(iommu, device_id);
    dc->iohgatp = new->iohgatp;
    dc->ta = new->ta;
    dc->fsc = new->fsc;
    dc->msiptp = new->msiptp;
    dc->msi_addr_mask = new->msi_addr_mask;
    dc->msi_addr_pattern = new->msi_addr_pattern;
    asm volatile("fence w, w" ::: "memory");
    store64(&dc->tc, new->tc);
    iommu_post(iommu, iommu_cmd_iodir(device_id));
    iommu_sync(iommu);
}

enum { OP_IOTINVAL = 1, OP_IOFENCE = 2, OP_IODIR = 3 };
#define FUNC(n) ((uint64_t)(n) << 7)

/* [iommu IGVMA]: with AV the address is the untranslated GPA, for an MSI PTE too. */
struct iommu_command iommu_cmd_iotinval_gvma(uint32_t gscid, bool one_page, uint64_t gpa)
{
    uint64_t gv = 1ul << 33 | (uint64_t)gscid << 44;
    uint64_t av = one_page ? 1ul << 10 : 0;
    return (struct iommu_command){OP_IOTINVAL | FUNC(1) | av | gv,
                                  one_page ? gpa >> PAGE_SHIFT << 10 : 0};
}

struct iommu_command iommu_cmd_iotinval_all(void)
{
    return (struct iommu_command){OP_IOTINVAL | FUNC(1), 0};
}

struct iommu_command iommu_cmd_iodir(uint32_t device_id)
{
    return (struct iommu_command){OP_IODIR | 1ul << 33 | (uint64_t)device_id << 40, 0};
}

struct iommu_command iommu_cmd_iodir_all(void)
{
    return (struct iommu_command){OP_IODIR, 0};
}

struct iommu_command iommu_cmd_iofence(uint32_t order)
{
    return (struct iommu_command){OP_IOFENCE | (uint64_t)order << 12, 0};
}

uint32_t iommu_post(struct iommu *iommu, struct iommu_command command)
{
    spin_lock(&iommu->lock);
    uint32_t next = (iommu->tail + 1) % CQ_ENTRIES;
    while (mmio_read32(iommu->base + IOMMU_CQH) == next)
        ;
    iommu->commands[iommu->tail] = command;
    fence_memory_to_io();
    iommu->tail = next;
    mmio_write32(iommu->base + IOMMU_CQT, next);
    spin_unlock(&iommu->lock);
    return next;
}

/* cqh goes from the oldest unfinished command to the tail; passed means that the ticket is no more
 * between the two. */
static bool head_has_passed(const struct iommu *iommu, uint32_t ticket)
{
    uint32_t head = mmio_read32(iommu->base + IOMMU_CQH);
    uint32_t left = (iommu->tail - head) % CQ_ENTRIES;
    return (iommu->tail - ticket) % CQ_ENTRIES >= left;
}

void iommu_wait(struct iommu *iommu, uint32_t ticket)
{
    for (uint64_t i = 0; i < PATIENCE; i++) {
        if (head_has_passed(iommu, ticket)) {
            fence_io_to_memory();
            return;
        }
        uint32_t csr = mmio_read32(iommu->base + IOMMU_CQCSR);
        if (csr & (IOMMU_QUEUE_MF | IOMMU_CQCSR_CMD_TO | IOMMU_CQCSR_CMD_ILL))
            panic("IOMMU: command queue stopped, cqcsr 0x%x", csr);
    }
    panic("IOMMU: no end of waiting for a command");
}

void iommu_sync(struct iommu *iommu)
{
    iommu_wait(iommu, iommu_post(iommu, iommu_cmd_iofence(IOFENCE_PR | IOFENCE_PW)));
}

void iommu_flush_all(struct iommu *iommu)
{
    iommu_post(iommu, iommu_cmd_iodir_all());
    iommu_post(iommu, iommu_cmd_iotinval_all());
    iommu_post(iommu, (struct iommu_command){OP_IOTINVAL | FUNC(0), 0});
    iommu_sync(iommu);
}

bool iommu_next_fault(struct iommu *iommu, struct iommu_fault *fault)
{
    uint32_t head = mmio_read32(iommu->base + IOMMU_FQH);
    if (head == mmio_read32(iommu->base + IOMMU_FQT))
        return false;
    fence_io_to_memory();
    *fault = iommu->faults[head];
    mmio_write32(iommu->base + IOMMU_FQH, (head + 1) % FQ_ENTRIES);
    return true;
}
