/* SPDX-License-Identifier: BSD-2-Clause */
/* The MMIO transport: control registers, the device configuration behind them, one wire. */
#include "virtio/mmio.h"

#include <stdlib.h>
#include <string.h>

#include "virtio/state.h"

enum {
    MAGIC = 0x74726976,
    VERSION = 2,
    VENDOR = 0x31444956, /* "VID1" */
    CONFIG = 0x100,
    INTERRUPT_QUEUE = 1,
    INTERRUPT_CONFIG = 2,
};

enum mmio_reg {
    MAGIC_VALUE,
    REG_VERSION,
    DEVICE_ID,
    VENDOR_ID,
    DEVICE_FEATURES,
    DEVICE_FEATURES_SEL,
    DRIVER_FEATURES,
    DRIVER_FEATURES_SEL,
    QUEUE_SEL,
    QUEUE_SIZE_MAX,
    QUEUE_SIZE,
    QUEUE_READY,
    QUEUE_NOTIFY,
    INTERRUPT_STATUS,
    INTERRUPT_ACK,
    STATUS,
    QUEUE_DESC_LOW,
    QUEUE_DESC_HIGH,
    QUEUE_DRIVER_LOW,
    QUEUE_DRIVER_HIGH,
    QUEUE_DEVICE_LOW,
    QUEUE_DEVICE_HIGH,
    SHM_SEL,
    SHM_LEN_LOW,
    SHM_LEN_HIGH,
    SHM_BASE_LOW,
    SHM_BASE_HIGH,
    CONFIG_GENERATION,
    MMIO_REGS
};

#define ANCHOR "virtio MMIO Device Register Layout"
#define FIELD(access)                                                                              \
    (const struct vd_field[])                                                                      \
    {                                                                                              \
        {                                                                                          \
            "value", 0, 32, access                                                                 \
        }                                                                                          \
    }
#define REG(name, offset, reset, access)                                                           \
    {                                                                                              \
        name, offset, 1, 4, 4, reset, ANCHOR, FIELD(access), 1                                     \
    }
static const struct vd_reg regs[MMIO_REGS] = {
    [MAGIC_VALUE] = REG("MagicValue", 0x000, MAGIC, VD_RO),
    [REG_VERSION] = REG("Version", 0x004, VERSION, VD_RO),
    [DEVICE_ID] = REG("DeviceID", 0x008, 0, VD_RO),
    [VENDOR_ID] = REG("VendorID", 0x00c, VENDOR, VD_RO),
    [DEVICE_FEATURES] = REG("DeviceFeatures", 0x010, 0, VD_RO),
    [DEVICE_FEATURES_SEL] = REG("DeviceFeaturesSel", 0x014, 0, VD_WO),
    [DRIVER_FEATURES] = REG("DriverFeatures", 0x020, 0, VD_WO),
    [DRIVER_FEATURES_SEL] = REG("DriverFeaturesSel", 0x024, 0, VD_WO),
    [QUEUE_SEL] = REG("QueueSel", 0x030, 0, VD_WO),
    [QUEUE_SIZE_MAX] = REG("QueueSizeMax", 0x034, 0, VD_RO),
    [QUEUE_SIZE] = REG("QueueSize", 0x038, 0, VD_WO),
    [QUEUE_READY] = REG("QueueReady", 0x044, 0, VD_RW),
    [QUEUE_NOTIFY] = REG("QueueNotify", 0x050, 0, VD_WO),
    [INTERRUPT_STATUS] = REG("InterruptStatus", 0x060, 0, VD_RO),
    [INTERRUPT_ACK] = REG("InterruptACK", 0x064, 0, VD_WO),
    [STATUS] = REG("Status", 0x070, 0, VD_RW),
    [QUEUE_DESC_LOW] = REG("QueueDescLow", 0x080, 0, VD_WO),
    [QUEUE_DESC_HIGH] = REG("QueueDescHigh", 0x084, 0, VD_WO),
    [QUEUE_DRIVER_LOW] = REG("QueueDriverLow", 0x090, 0, VD_WO),
    [QUEUE_DRIVER_HIGH] = REG("QueueDriverHigh", 0x094, 0, VD_WO),
    [QUEUE_DEVICE_LOW] = REG("QueueDeviceLow", 0x0a0, 0, VD_WO),
    [QUEUE_DEVICE_HIGH] = REG("QueueDeviceHigh", 0x0a4, 0, VD_WO),
    [SHM_SEL] = REG("SHMSel", 0x0ac, 0, VD_WO),
    [SHM_LEN_LOW] = REG("SHMLenLow", 0x0b0, UINT32_MAX, VD_RO),
    [SHM_LEN_HIGH] = REG("SHMLenHigh", 0x0b4, UINT32_MAX, VD_RO),
    [SHM_BASE_LOW] = REG("SHMBaseLow", 0x0b8, UINT32_MAX, VD_RO),
    [SHM_BASE_HIGH] = REG("SHMBaseHigh", 0x0bc, UINT32_MAX, VD_RO),
    [CONFIG_GENERATION] = REG("ConfigGeneration", 0x0fc, 0, VD_RO),
};

const struct vd_reg *virtio_mmio_regs(uint32_t *count)
{
    *count = MMIO_REGS;
    return regs;
}

struct virtio_mmio_state {
    uint32_t size;
    uint32_t device_features_sel, driver_features_sel, queue_sel;
    uint32_t interrupt; /* InterruptStatus */
    uint32_t pad;
    struct virtio_state device;
};

struct virtio_mmio {
    struct virtio device;
    struct vd_host host;
    uint32_t requester;
    struct virtio_mmio_state *state;
};

static void update_wire(struct virtio_mmio *m)
{
    m->host.ops->wire(m->host.ctx, 0, m->state->interrupt != 0);
}

/* The last thing that the device did was to read whether it should notify, and that read was in
 * order behind the used element: no write is on its way any more. */
static void notify(void *ctx, uint32_t queue)
{
    struct virtio_mmio *m = ctx;
    m->state->interrupt |= queue == VIRTIO_CONFIG_CHANGE ? INTERRUPT_CONFIG : INTERRUPT_QUEUE;
    update_wire(m);
}

static enum vd_status send(void *ctx, struct vd_txn *txn)
{
    struct virtio_mmio *m = ctx;
    txn->requester = m->requester;
    return m->host.ops->submit(m->host.ctx, txn);
}

void virtio_mmio_complete(struct virtio_mmio *device, const struct vd_txn *txn)
{
    dma_complete(&device->device.dma, txn);
}

static uint32_t offered(const struct virtio_mmio *m)
{
    uint32_t select = m->state->device_features_sel;
    return select < 2 ? (uint32_t)(virtio_offered(&m->device) >> (32 * select)) : 0;
}

static uint32_t read_reg(struct virtio_mmio *m, enum mmio_reg reg)
{
    const struct virtio_mmio_state *st = m->state;
    const struct virtio_queue_state *q = virtio_queue(&m->device, st->queue_sel);
    switch (reg) {
    case DEVICE_ID:
        return m->device.config.type;
    case DEVICE_FEATURES:
        return offered(m);
    case QUEUE_SIZE_MAX:
        return q ? m->device.config.queue_size : 0;
    case QUEUE_READY:
        return q ? q->ready : 0;
    case INTERRUPT_STATUS:
        return st->interrupt;
    case STATUS:
        return st->device.status;
    case CONFIG_GENERATION:
        return st->device.config_generation;
    default:
        return regs[reg].fields[0].access == VD_RO ? (uint32_t)regs[reg].reset : 0;
    }
}

static void reset_transport(struct virtio_mmio *m)
{
    struct virtio_mmio_state *st = m->state;
    memset(st, 0, offsetof(struct virtio_mmio_state, device));
    st->size = sizeof(*st);
    update_wire(m);
}

static void set_status(struct virtio_mmio *m, uint32_t value)
{
    virtio_set_status(&m->device, value);
    if (!value)
        reset_transport(m);
}

static void write_queue(struct virtio_mmio *m, enum mmio_reg reg, uint32_t value)
{
    uint32_t select = m->state->queue_sel;
    struct virtio_queue_state *q = virtio_queue(&m->device, select);
    if (!q)
        return;
    uint64_t *areas[] = {&q->desc, &q->driver, &q->device};
    switch (reg) {
    case QUEUE_SIZE:
        virtio_set_size(&m->device, select, value);
        break;
    case QUEUE_READY:
        virtio_set_ready(&m->device, select, value & 1);
        break;
    default:
        virtio_set_address(&m->device, select, areas[(reg - QUEUE_DESC_LOW) / 2],
                           32 * ((unsigned)(reg - QUEUE_DESC_LOW) % 2), 32, value);
    }
}

static void write_reg(struct virtio_mmio *m, enum mmio_reg reg, uint32_t value)
{
    struct virtio_mmio_state *st = m->state;
    switch (reg) {
    case DEVICE_FEATURES_SEL:
        st->device_features_sel = value;
        break;
    case DRIVER_FEATURES_SEL:
        st->driver_features_sel = value;
        break;
    case DRIVER_FEATURES:
        virtio_set_driver_features(&m->device, st->driver_features_sel, value);
        break;
    case QUEUE_SEL:
        st->queue_sel = value;
        break;
    case QUEUE_NOTIFY:
        virtio_kick(&m->device, value);
        break;
    case INTERRUPT_ACK:
        st->interrupt &= ~value;
        update_wire(m);
        break;
    case STATUS:
        set_status(m, value & 0xff);
        break;
    case QUEUE_SIZE:
    case QUEUE_READY:
    case QUEUE_DESC_LOW:
    case QUEUE_DESC_HIGH:
    case QUEUE_DRIVER_LOW:
    case QUEUE_DRIVER_HIGH:
    case QUEUE_DEVICE_LOW:
    case QUEUE_DEVICE_HIGH:
        write_queue(m, reg, value);
        break;
    default:
        break;
    }
}

/* CHOICE: control registers take 32-bit accesses; offsets without a register read zero and ignore
 * writes. */
static enum vd_status control_access(struct virtio_mmio *m, struct vd_txn *txn)
{
    uint32_t value = (uint32_t)txn->data[0];
    if (txn->size != 4)
        return VD_DENIED;
    if (txn->cmd == VD_READ)
        txn->data[0] = 0;
    for (uint32_t i = 0; i < MMIO_REGS; i++) {
        if (regs[i].offset != txn->addr)
            continue;
        if (txn->cmd == VD_READ)
            txn->data[0] = read_reg(m, i);
        else if (!(txn->attrs & VD_DEBUG))
            write_reg(m, i, value);
    }
    return VD_OK;
}

enum vd_status virtio_mmio_access(struct virtio_mmio *device, struct vd_txn *txn)
{
    enum vd_status status = VD_DENIED;
    bool plain = (txn->cmd == VD_READ || txn->cmd == VD_WRITE) &&
                 !(txn->attrs & (VD_ATOMIC | VD_EXEC)) && txn->size <= 8 &&
                 txn->addr % txn->size == 0;
    if (plain && txn->addr < CONFIG) {
        status = control_access(device, txn);
    } else if (plain && txn->addr < VIRTIO_MMIO_SIZE) {
        virtio_config_access(&device->device, txn, txn->addr - CONFIG);
        status = VD_OK;
    }
    txn->status = (uint8_t)status;
    return status;
}

struct virtio_mmio *virtio_mmio_create(const struct virtio_config *config,
                                       const struct vd_disk *disk, const struct vd_host *host,
                                       struct vd_error *err)
{
    struct virtio_mmio *m = calloc(1, sizeof(*m));
    struct virtio_mmio_state *state = calloc(1, sizeof(*state));
    if (!m || !state) {
        free(m);
        free(state);
        vd_fail(err, "virtio: out of memory");
        return NULL;
    }
    struct virtio_transport transport = {.send = send, .notify = notify, .ctx = m};
    m->host = *host;
    m->requester = VD_REQUESTER_BOARD(config->index);
    m->state = state;
    if (!virtio_init(&m->device, config, disk, host, &transport, &state->device, err)) {
        free(state);
        free(m);
        return NULL;
    }
    reset_transport(m);
    return m;
}

void virtio_mmio_destroy(struct virtio_mmio *device)
{
    if (!device)
        return;
    virtio_done(&device->device);
    free(device->state);
    free(device);
}

void virtio_mmio_reset(struct virtio_mmio *device)
{
    memset(&device->state->device.rng, 0, sizeof(device->state->device.rng));
    virtio_reset(&device->device);
    reset_transport(device);
}

bool virtio_mmio_idle(const struct virtio_mmio *device)
{
    return virtio_is_idle(&device->device);
}

size_t virtio_mmio_save(const struct virtio_mmio *device, void *buffer, size_t capacity)
{
    if (capacity >= sizeof(*device->state))
        memcpy(buffer, device->state, sizeof(*device->state));
    return sizeof(*device->state);
}

bool virtio_mmio_restore(struct virtio_mmio *device, const void *buffer, size_t size)
{
    const struct virtio_mmio_state *st = buffer;
    if (size != sizeof(*st) || st->size != size ||
        !virtio_state_valid(&device->device, &st->device))
        return false;
    memcpy(device->state, st, size);
    update_wire(device);
    virtio_resume(&device->device);
    return true;
}
