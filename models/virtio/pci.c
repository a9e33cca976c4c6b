/* SPDX-License-Identifier: BSD-2-Clause */
/* The PCI transport: four structures in BAR4, announced by vendor-specific capabilities, and MSI-X.
 */
#include "virtio/pci.h"

#include <stdlib.h>
#include <string.h>

#include "virtio/state.h"

enum {
    VENDOR = 0x1af4,
    DEVICE_BASE = 0x1040, /* the device ID is added */
    REVISION = 1,
    CLASS_STORAGE = 0x010000,
    CLASS_OTHER = 0x00ff00,

    MSIX_BAR = 1,
    MSIX_PBA = 0x800,
    MSIX_BAR_SIZE = 0x1000,
    VECTORS = VIRTIO_QUEUES + 1,

    BAR = 4,
    BAR_SIZE = 0x4000,
    COMMON = 0x0000,
    ISR = 0x1000,
    DEVICE = 0x2000,
    NOTIFY = 0x3000,
    REGION_SIZE = 0x1000,
    NOTIFY_MULTIPLIER = 4,

    ISR_QUEUE = 1,
    ISR_CONFIG = 2,
};

/* --- capabilities --- */

#define LE32(x) (x) & 0xff, (x) >> 8 & 0xff, (x) >> 16 & 0xff, (uint8_t)((x) >> 24)
#define CAPABILITY(length, type, where, extent, ...)                                               \
    {                                                                                              \
        .size = (length)-2, .bytes = {                                                             \
            length,                                                                                \
            type,                                                                                  \
            BAR,                                                                                   \
            0,                                                                                     \
            0,                                                                                     \
            0,                                                                                     \
            LE32(where),                                                                           \
            LE32(extent),                                                                          \
            ##__VA_ARGS__                                                                          \
        }                                                                                          \
    }

enum { CAP_CFG = 4, CFG_BAR = 4, CFG_OFFSET = 8, CFG_LENGTH = 12, CFG_DATA = 16 };

/* [virtio Virtio Structure PCI Capabilities] */
static const struct pcie_vendor_capability capabilities[] = {
    CAPABILITY(16, 1, COMMON, 64),
    CAPABILITY(20, 2, NOTIFY, (NOTIFY_MULTIPLIER * VIRTIO_QUEUES), LE32(NOTIFY_MULTIPLIER)),
    CAPABILITY(16, 3, ISR, 1),
    CAPABILITY(16, 4, DEVICE, 64),
    {.size = 18,
     .bytes = {20, 5},
     .writable = {[CFG_BAR - 2] = 0xff,
                  [CFG_OFFSET - 2] = 0xff,
                  0xff,
                  0xff,
                  0xff,
                  0xff,
                  0xff,
                  0xff,
                  0xff,
                  0xff,
                  0xff,
                  0xff,
                  0xff}},
};

struct virtio_pci_state {
    uint32_t size;
    uint32_t device_feature_select, driver_feature_select, queue_select;
    uint32_t config_vector;
    uint32_t isr;
    struct virtio_state device;
    struct pcie_function_state function;
};

struct virtio_pci {
    struct virtio device;
    struct pcie_function function;
    struct vd_host host;
    struct virtio_pci_state *state;
};

/* --- common configuration --- */

enum common {
    DEVICE_FEATURE_SELECT,
    DEVICE_FEATURE,
    DRIVER_FEATURE_SELECT,
    DRIVER_FEATURE,
    CONFIG_MSIX_VECTOR,
    NUM_QUEUES,
    DEVICE_STATUS,
    CONFIG_GENERATION,
    QUEUE_SELECT,
    QUEUE_SIZE,
    QUEUE_MSIX_VECTOR,
    QUEUE_ENABLE,
    QUEUE_NOTIFY_OFF,
    QUEUE_DESC,
    QUEUE_DRIVER,
    QUEUE_DEVICE,
    COMMON_FIELDS
};

/* [virtio Common configuration structure layout] */
static const struct {
    uint8_t offset, size;
} common_fields[COMMON_FIELDS] = {
    [DEVICE_FEATURE_SELECT] = {0, 4}, [DEVICE_FEATURE] = {4, 4},
    [DRIVER_FEATURE_SELECT] = {8, 4}, [DRIVER_FEATURE] = {12, 4},
    [CONFIG_MSIX_VECTOR] = {16, 2},   [NUM_QUEUES] = {18, 2},
    [DEVICE_STATUS] = {20, 1},        [CONFIG_GENERATION] = {21, 1},
    [QUEUE_SELECT] = {22, 2},         [QUEUE_SIZE] = {24, 2},
    [QUEUE_MSIX_VECTOR] = {26, 2},    [QUEUE_ENABLE] = {28, 2},
    [QUEUE_NOTIFY_OFF] = {30, 2},     [QUEUE_DESC] = {32, 8},
    [QUEUE_DRIVER] = {40, 8},         [QUEUE_DEVICE] = {48, 8},
};

static uint64_t queue_value(const struct virtio_queue_state *q, enum common field)
{
    switch (field) {
    case QUEUE_SIZE:
        return q->size;
    case QUEUE_MSIX_VECTOR:
        return q->vector;
    case QUEUE_ENABLE:
        return q->ready;
    case QUEUE_DESC:
        return q->desc;
    case QUEUE_DRIVER:
        return q->driver;
    case QUEUE_DEVICE:
        return q->device;
    default:
        return 0;
    }
}

/* A queue that does not exist has size 0 and no vector. */
static uint64_t common_value(struct virtio_pci *p, enum common field)
{
    static const struct virtio_queue_state no_queue = {.vector = VIRTIO_NO_VECTOR};
    const struct virtio_pci_state *st = p->state;
    const struct virtio_queue_state *q = virtio_queue(&p->device, st->queue_select);
    switch (field) {
    case DEVICE_FEATURE_SELECT:
        return st->device_feature_select;
    case DEVICE_FEATURE:
        return st->device_feature_select < 2
                   ? virtio_offered(&p->device) >> (32 * st->device_feature_select) & UINT32_MAX
                   : 0;
    case DRIVER_FEATURE_SELECT:
        return st->driver_feature_select;
    case DRIVER_FEATURE:
        return virtio_driver_features(&p->device, st->driver_feature_select);
    case CONFIG_MSIX_VECTOR:
        return st->config_vector;
    case NUM_QUEUES:
        return VIRTIO_QUEUES;
    case DEVICE_STATUS:
        return p->state->device.status;
    case CONFIG_GENERATION:
        return p->state->device.config_generation;
    case QUEUE_SELECT:
        return st->queue_select;
    case QUEUE_NOTIFY_OFF:
        return q ? st->queue_select : 0;
    default:
        return queue_value(q ? q : &no_queue, field);
    }
}

static uint32_t legal_vector(uint64_t value)
{
    return value < VECTORS ? (uint32_t)value : VIRTIO_NO_VECTOR;
}

static void reset_transport(struct virtio_pci *p)
{
    struct virtio_pci_state *st = p->state;
    memset(st, 0, offsetof(struct virtio_pci_state, device));
    st->size = sizeof(*st);
    st->config_vector = VIRTIO_NO_VECTOR;
}

static void set_status(struct virtio_pci *p, uint32_t value)
{
    virtio_set_status(&p->device, value);
    if (value)
        return;
    reset_transport(p);
    pcie_intx(&p->function, false);
}

static void set_queue(struct virtio_pci *p, enum common field, unsigned lsb, unsigned width,
                      uint64_t value)
{
    uint32_t select = p->state->queue_select;
    struct virtio_queue_state *q = virtio_queue(&p->device, select);
    if (!q)
        return;
    switch (field) {
    case QUEUE_SIZE:
        virtio_set_size(&p->device, select, (uint32_t)value);
        break;
    case QUEUE_MSIX_VECTOR:
        q->vector = legal_vector(value);
        break;
    case QUEUE_ENABLE:
        /* CHOICE: 0 changes nothing: a queue stops with the device's reset only. */
        if (value == 1)
            virtio_set_ready(&p->device, select, true);
        break;
    case QUEUE_DESC:
        virtio_set_address(&p->device, select, &q->desc, lsb, width, value);
        break;
    case QUEUE_DRIVER:
        virtio_set_address(&p->device, select, &q->driver, lsb, width, value);
        break;
    default:
        virtio_set_address(&p->device, select, &q->device, lsb, width, value);
    }
}

static void set_common(struct virtio_pci *p, enum common field, unsigned lsb, unsigned width,
                       uint64_t value)
{
    struct virtio_pci_state *st = p->state;
    switch (field) {
    case DEVICE_FEATURE_SELECT:
        st->device_feature_select = (uint32_t)value;
        break;
    case DRIVER_FEATURE_SELECT:
        st->driver_feature_select = (uint32_t)value;
        break;
    case DRIVER_FEATURE:
        virtio_set_driver_features(&p->device, st->driver_feature_select, (uint32_t)value);
        break;
    case CONFIG_MSIX_VECTOR:
        st->config_vector = legal_vector(value);
        break;
    case DEVICE_STATUS:
        set_status(p, (uint32_t)value);
        break;
    case QUEUE_SELECT:
        st->queue_select = (uint32_t)value;
        break;
    case DEVICE_FEATURE:
    case NUM_QUEUES:
    case CONFIG_GENERATION:
    case QUEUE_NOTIFY_OFF:
        break;
    default:
        set_queue(p, field, lsb, width, value);
    }
}

/* CHOICE: what is no field, or not of a field's own width (64-bit fields: halves too), reads zero
 * and ignores writes. */
static void common_access(struct virtio_pci *p, struct vd_txn *txn, uint64_t offset)
{
    uint64_t value = txn->data[0] & vd_mask(0, 8u * txn->size);
    if (txn->cmd == VD_READ)
        txn->data[0] = 0;
    for (uint32_t i = 0; i < COMMON_FIELDS; i++) {
        uint64_t at = offset - common_fields[i].offset;
        unsigned size = common_fields[i].size;
        if (at >= size || (txn->size != size && (size != 8 || txn->size != 4)))
            continue;
        if (txn->cmd == VD_READ)
            txn->data[0] = vd_get(common_value(p, i), 8 * (unsigned)at, 8u * txn->size);
        else
            set_common(p, i, 8 * (unsigned)at, 8u * txn->size, value);
        return;
    }
}

/* --- BAR4 --- */

/* [virtio ISR status capability] Reading acknowledges. */
static void isr_access(struct virtio_pci *p, struct vd_txn *txn)
{
    if (txn->cmd != VD_READ)
        return;
    txn->data[0] = p->state->isr;
    if (txn->attrs & VD_DEBUG)
        return;
    p->state->isr = 0;
    pcie_intx(&p->function, false);
}

static enum vd_status region_access(struct virtio_pci *p, struct vd_txn *txn)
{
    uint64_t offset = txn->addr % REGION_SIZE;
    if (txn->addr % txn->size || txn->size > 8)
        return VD_DENIED;
    switch (txn->addr - offset) {
    case COMMON:
        common_access(p, txn, offset);
        break;
    case ISR:
        isr_access(p, txn);
        break;
    case DEVICE:
        virtio_config_access(&p->device, txn, offset);
        break;
    default:
        if (txn->cmd == VD_WRITE)
            virtio_kick(&p->device, (uint32_t)offset / NOTIFY_MULTIPLIER);
        else
            txn->data[0] = 0;
    }
    return VD_OK;
}

static enum vd_status bar_access(void *ctx, uint32_t bar, struct vd_txn *txn)
{
    if (bar == BAR)
        return region_access(ctx, txn);
    if (txn->cmd == VD_READ)
        memset(txn->data, 0, txn->size);
    return VD_OK;
}

/* [virtio PCI configuration access capability] A window of 1, 2 or 4 bytes into BAR4. */
static void config_access(void *ctx, enum vd_cmd cmd, uint32_t offset, unsigned size)
{
    struct virtio_pci *p = ctx;
    uint32_t base = pcie_vendor_offset(&p->function.id, CAP_CFG);
    uint8_t *cap = p->state->function.config + base;
    uint32_t where, length;
    if (offset < base + CFG_DATA || offset + size > base + CFG_DATA + 4)
        return;
    memcpy(&where, cap + CFG_OFFSET, 4);
    memcpy(&length, cap + CFG_LENGTH, 4);
    if (cap[CFG_BAR] != BAR || (length != 1 && length != 2 && length != 4) || where % length ||
        where >= BAR_SIZE)
        return;
    struct vd_txn txn = {.addr = where, .cmd = (uint8_t)cmd, .size = (uint8_t)length};
    memcpy(txn.data, cap + CFG_DATA, length);
    region_access(p, &txn);
    if (cmd == VD_READ)
        memcpy(cap + CFG_DATA, txn.data, length);
}

/* --- what the device asks for --- */

static enum vd_status send(void *ctx, struct vd_txn *txn)
{
    return pcie_send(&((struct virtio_pci *)ctx)->function, txn);
}

static void notify(void *ctx, uint32_t queue)
{
    struct virtio_pci *p = ctx;
    bool config = queue == VIRTIO_CONFIG_CHANGE;
    uint32_t vector = config ? p->state->config_vector : p->state->device.queues[queue].vector;
    if (pcie_msix_enabled(&p->function)) {
        if (vector != VIRTIO_NO_VECTOR)
            pcie_msix_raise(&p->function, vector);
        return;
    }
    p->state->isr |= config ? ISR_CONFIG : ISR_QUEUE;
    pcie_intx(&p->function, true);
}

static void completed(void *ctx, const struct vd_txn *txn)
{
    dma_complete(&((struct virtio_pci *)ctx)->device.dma, txn);
}

/* --- life --- */

static void function_reset(void *ctx)
{
    struct virtio_pci *p = ctx;
    virtio_reset(&p->device);
    reset_transport(p);
}

static void connect(struct virtio_pci *p, uint32_t type)
{
    p->function = (struct pcie_function){
        .id = {.vendor = VENDOR,
               .device = (uint16_t)(DEVICE_BASE + type),
               .subsystem_vendor = VENDOR,
               .subsystem = (uint16_t)(DEVICE_BASE + type),
               .class_code = type == VIRTIO_BLOCK ? CLASS_STORAGE : CLASS_OTHER,
               .revision = REVISION,
               .interrupt_pin = 1,
               .vectors = VECTORS,
               .msix_bar = MSIX_BAR,
               .msix_pba = MSIX_PBA,
               .bars = {[MSIX_BAR] = {MSIX_BAR_SIZE, false, false}, [BAR] = {BAR_SIZE, true, true}},
               .vendor_capabilities = capabilities,
               .num_vendor_capabilities = sizeof(capabilities) / sizeof(capabilities[0])},
        .st = &p->state->function,
        .ctx = p,
        .bar_access = bar_access,
        .config_access = config_access,
        .complete = completed,
        .reset = function_reset,
    };
}

struct virtio_pci *virtio_pci_create(const struct virtio_config *config, const struct vd_disk *disk,
                                     const struct vd_host *host, struct vd_error *err)
{
    struct virtio_pci *p = calloc(1, sizeof(*p));
    struct virtio_pci_state *state = calloc(1, sizeof(*state));
    if (!p || !state) {
        free(p);
        free(state);
        vd_fail(err, "virtio: out of memory");
        return NULL;
    }
    struct virtio_transport transport = {
        .send = send, .notify = notify, .ctx = p, .features = VD_BIT(VIRTIO_F_ACCESS_PLATFORM)};
    p->host = *host;
    p->state = state;
    if (!virtio_init(&p->device, config, disk, host, &transport, &state->device, err)) {
        free(state);
        free(p);
        return NULL;
    }
    connect(p, config->type);
    reset_transport(p);
    return p;
}

void virtio_pci_destroy(struct virtio_pci *device)
{
    if (!device)
        return;
    virtio_done(&device->device);
    free(device->state);
    free(device);
}

void virtio_pci_reset(struct virtio_pci *device)
{
    memset(&device->state->device.rng, 0, sizeof(device->state->device.rng));
    pcie_function_reset(&device->function);
}

struct pcie_function *virtio_pci_function(struct virtio_pci *device)
{
    return &device->function;
}

bool virtio_pci_idle(const struct virtio_pci *device)
{
    return virtio_is_idle(&device->device);
}

size_t virtio_pci_save(const struct virtio_pci *device, void *buffer, size_t capacity)
{
    if (capacity >= sizeof(*device->state))
        memcpy(buffer, device->state, sizeof(*device->state));
    return sizeof(*device->state);
}

bool virtio_pci_restore(struct virtio_pci *device, const void *buffer, size_t size)
{
    const struct virtio_pci_state *st = buffer;
    if (size != sizeof(*st) || st->size != size ||
        !virtio_state_valid(&device->device, &st->device))
        return false;
    memcpy(device->state, st, size);
    virtio_resume(&device->device);
    return true;
}
