/* SPDX-License-Identifier: BSD-2-Clause */
#include "pcie/root.h"

#include <stdlib.h>
#include <string.h>

#include "pcie/state.h"

enum { BRIDGE_VENDOR = 0x1af0, BRIDGE_DEVICE = 0x0000, ECAM_BUS_SHIFT = 20, ECAM_DEVFN_SHIFT = 12 };

#define FIELD(name) offsetof(struct pcie_config, name)

static const struct vd_param params[] = {
    {"mmio32_base", VD_PARAM_U64, FIELD(mmio32_base), 0x40000000, 0, UINT32_MAX, NULL, "",
     "start of the window for 32-bit BARs"},
    {"mmio32_size", VD_PARAM_U64, FIELD(mmio32_size), 0x40000000, 0, UINT64_C(1) << 32, NULL,
     "bytes", "size of the window for 32-bit BARs"},
    {"mmio64_base", VD_PARAM_U64, FIELD(mmio64_base), UINT64_C(0x400000000), 0, UINT64_MAX, NULL,
     "", "start of the window for 64-bit BARs"},
    {"mmio64_size", VD_PARAM_U64, FIELD(mmio64_size), UINT64_C(0x400000000), 0, UINT64_MAX, NULL,
     "bytes", "size of the window for 64-bit BARs"},
    {"upstream_cycles", VD_PARAM_U32, FIELD(upstream_cycles), 0, 0, 1000000, NULL, "cycles",
     "function to IOMMU, per transaction"},
    {"tlp_interval_cycles", VD_PARAM_U32, FIELD(tlp_interval_cycles), 0, 0, 1000000, NULL, "cycles",
     "between two transactions of the link"},
    {"cycle_ps", VD_PARAM_U64, FIELD(cycle_ps), 1000, 1, 1000000000, NULL, "ps",
     "one cycle of the machine's clock"},
};

const struct vd_param *pcie_params(uint32_t *count)
{
    *count = sizeof(params) / sizeof(params[0]);
    return params;
}

static bool windows_valid(const struct pcie_config *c, struct vd_error *err)
{
    if (c->mmio32_base + c->mmio32_size > UINT64_C(1) << 32)
        return vd_fail(err, "pcie: mmio32_base + mmio32_size is above 4 GiB");
    if (c->mmio64_size && c->mmio64_base + (c->mmio64_size - 1) < c->mmio64_base)
        return vd_fail(err, "pcie: mmio64_base + mmio64_size wraps around 2^64");
    return true;
}

static void bridge_identify(struct pcie_function *bridge)
{
    bridge->id = (struct pcie_identity){
        .vendor = BRIDGE_VENDOR,
        .device = BRIDGE_DEVICE,
        .subsystem_vendor = BRIDGE_VENDOR,
        .class_code = 0x060000,
    };
}

static void intx_fire(void *ctx, uint32_t arg)
{
    struct pcie_root *root = ctx;
    (void)arg;
    root->state->intx_due = VD_NEVER;
    root_update_intx(root);
}

struct pcie_root *pcie_create(const struct pcie_config *config, const struct vd_host *host,
                              struct vd_error *err)
{
    if (!windows_valid(config, err))
        return NULL;
    struct pcie_root *root = calloc(1, sizeof(*root));
    struct pcie_state *state = calloc(1, sizeof(*state));
    if (!root || !state) {
        free(root);
        free(state);
        vd_fail(err, "pcie: out of memory");
        return NULL;
    }
    root->config = *config;
    if (!root->config.cycle_ps)
        root->config.cycle_ps = 1000;
    root->host = *host;
    root->state = state;
    root->intx_event = (struct vd_event){.fire = intx_fire, .ctx = root};
    state->size = sizeof(*state);
    state->intx_due = VD_NEVER;
    bridge_identify(&root->bridge);
    root->bridge.st = &state->bridge;
    link_reset(root);
    if (!pcie_plug(root, 0, &root->bridge, err)) {
        pcie_destroy(root);
        return NULL;
    }
    return root;
}

void pcie_destroy(struct pcie_root *root)
{
    if (!root)
        return;
    root->host.ops->cancel(root->host.ctx, &root->link_event);
    root->host.ops->cancel(root->host.ctx, &root->intx_event);
    for (uint32_t devfn = 0; devfn < PCIE_FUNCTIONS; devfn++)
        free(root->slots[devfn]);
    free(root->state);
    free(root);
}

void pcie_connect(struct pcie_root *root, const struct pcie_upstream *upstream)
{
    root->upstream = *upstream;
}

static bool multifunction(const struct pcie_root *root, uint32_t devfn)
{
    for (uint32_t f = 1; f < 8; f++)
        if (root->slots[(devfn & ~7u) | f])
            return true;
    return false;
}

static void slot_reset(struct pcie_slot *slot)
{
    struct pcie_function *function = slot->function;
    msix_reset(function);
    function->st->intx = 0;
    config_build(slot, multifunction(function->root, function->devfn));
}

/* Function level reset: what is on the link already has left the function. */
void root_function_reset(struct pcie_slot *slot)
{
    slot_reset(slot);
    if (slot->function->reset)
        slot->function->reset(slot->function->ctx);
}

void pcie_function_reset(struct pcie_function *function)
{
    if (function->root)
        root_function_reset(slot_of(function));
    else if (function->reset)
        function->reset(function->ctx);
}

void pcie_reset(struct pcie_root *root)
{
    link_reset(root);
    memset(root->state->wrote, 0, sizeof(root->state->wrote));
    root->state->read_attempts = root->state->intx_attempts = 0;
    for (uint32_t devfn = 0; devfn < PCIE_FUNCTIONS; devfn++)
        if (root->slots[devfn])
            root_function_reset(root->slots[devfn]);
    root_update_intx(root);
}

bool pcie_plug(struct pcie_root *root, uint32_t devfn, struct pcie_function *function,
               struct vd_error *err)
{
    if (devfn >= PCIE_FUNCTIONS || root->slots[devfn])
        return vd_fail(err,
                       "pcie: %02x.%x is taken or no device and function number; free are "
                       "01.0 to 1f.7",
                       devfn >> 3, devfn & 7);
    if (!config_valid(&function->id, err))
        return false;
    struct pcie_slot *slot = calloc(1, sizeof(*slot));
    if (!slot)
        return vd_fail(err, "pcie: out of memory");
    slot->function = function;
    function->root = root;
    function->devfn = devfn;
    root->slots[devfn] = slot;
    slot_reset(slot);
    struct pcie_slot *first = root->slots[devfn & ~7u];
    if (first && first != slot)
        slot_reset(first);
    return true;
}

uint32_t pcie_device_id(const struct pcie_function *function)
{
    return function->devfn; /* bus 0 */
}

static void all_ones(struct vd_txn *txn)
{
    if (txn->cmd == VD_READ)
        memset(txn->data, 0xff, txn->size);
}

static bool plain(const struct vd_txn *txn)
{
    return (txn->cmd == VD_READ || txn->cmd == VD_WRITE) && !(txn->attrs & VD_EXEC);
}

enum vd_status pcie_ecam(struct pcie_root *root, struct vd_txn *txn)
{
    bool size_allowed = txn->size == 1 || txn->size == 2 || txn->size == 4;
    if (!plain(txn) || !size_allowed || txn->addr % txn->size)
        return VD_DENIED;
    uint64_t bus = txn->addr >> ECAM_BUS_SHIFT;
    struct pcie_slot *slot = bus ? NULL : root->slots[txn->addr >> ECAM_DEVFN_SHIFT];
    uint32_t offset = txn->addr & (PCIE_CONFIG_SIZE - 1);
    if (!slot)
        all_ones(txn);
    else if (txn->cmd == VD_READ)
        txn->data[0] = config_read(slot, offset, txn->size);
    else
        config_write(slot, offset, txn->size, (uint32_t)txn->data[0]);
    return VD_OK;
}

static bool in_bar(const struct pcie_slot *slot, uint32_t bar, uint64_t addr)
{
    uint64_t size = slot->function->id.bars[bar].size;
    return size && addr - config_bar_base(slot, bar) < size;
}

static enum vd_status bar_access(struct pcie_slot *slot, uint32_t bar, struct vd_txn *txn)
{
    struct pcie_function *function = slot->function;
    uint64_t addr = txn->addr;
    enum vd_status status = VD_DENIED;
    txn->addr -= config_bar_base(slot, bar);
    if (txn->addr + txn->size > function->id.bars[bar].size)
        status = VD_DENIED;
    else if (msix_covers(function, bar, txn))
        status = msix_access(function, txn);
    else if (function->bar_access)
        status = function->bar_access(function->ctx, bar, txn);
    txn->addr = addr;
    return status;
}

static bool in_windows(const struct pcie_config *c, uint64_t addr)
{
    return addr - c->mmio32_base < c->mmio32_size || addr - c->mmio64_base < c->mmio64_size;
}

/* CHOICE: what no BAR decodes ends as an Unsupported Request, which the root complex turns into all
 * ones for a read and nothing for a write. */
enum vd_status pcie_mmio(struct pcie_root *root, struct vd_txn *txn)
{
    if (!in_windows(&root->config, txn->addr))
        return VD_UNMAPPED;
    if (!plain(txn))
        return VD_DENIED;
    for (uint32_t devfn = 0; devfn < PCIE_FUNCTIONS; devfn++) {
        struct pcie_slot *slot = root->slots[devfn];
        if (!slot || !config_memory_enabled(slot))
            continue;
        for (uint32_t bar = 0; bar < PCIE_BARS; bar++)
            if (in_bar(slot, bar, txn->addr))
                return order_read(root, devfn, txn) ? bar_access(slot, bar, txn) : VD_RETRY;
    }
    all_ones(txn);
    return VD_OK;
}

void pcie_message(struct pcie_root *root, uint32_t device_id, uint32_t code,
                  const uint64_t payload[2])
{
    struct pcie_slot *slot = device_id < PCIE_FUNCTIONS ? root->slots[device_id] : NULL;
    if (slot && slot->function->message)
        slot->function->message(slot->function->ctx, code, payload);
}

/* due: VD_NEVER if no line waits. */
static void look_again(struct pcie_root *root, vd_time due)
{
    root->state->intx_due = due;
    if (due != VD_NEVER)
        root->host.ops->post(root->host.ctx, &root->intx_event, due);
    else
        root->host.ops->cancel(root->host.ctx, &root->intx_event);
}

/* Functions share the four lines. */
void root_update_intx(struct pcie_root *root)
{
    uint32_t lines = 0;
    vd_time soonest = VD_NEVER, now = root->host.ops->now(root->host.ctx);
    for (uint32_t devfn = 0; devfn < PCIE_FUNCTIONS; devfn++) {
        const struct pcie_slot *slot = root->slots[devfn];
        vd_time wait = 0;
        if (slot && order_intx(root, slot, &wait))
            lines |= 1u << ((devfn >> 3) + slot->function->id.interrupt_pin - 1u) % PCIE_LINES;
        if (wait && now + wait < soonest)
            soonest = now + wait;
    }
    look_again(root, soonest);
    uint32_t changed = lines ^ root->state->lines;
    root->state->lines = lines;
    for (uint32_t line = 0; line < PCIE_LINES; line++)
        if (changed >> line & 1)
            root->host.ops->wire(root->host.ctx, line, lines >> line & 1);
}

void pcie_intx(struct pcie_function *function, bool level)
{
    function->st->intx = level;
    root_update_intx(function->root);
}

bool pcie_idle(const struct pcie_root *root)
{
    return root->state->link.count == 0 && root->state->intx_due == VD_NEVER;
}

size_t pcie_save(const struct pcie_root *root, void *buffer, size_t capacity)
{
    if (capacity >= sizeof(*root->state))
        memcpy(buffer, root->state, sizeof(*root->state));
    return sizeof(*root->state);
}

bool pcie_restore(struct pcie_root *root, const void *buffer, size_t size)
{
    const struct pcie_state *state = buffer;
    if (size != sizeof(*state) || state->size != size || state->lines >= 1u << PCIE_LINES ||
        !link_state_valid(&state->link))
        return false;
    if (state->intx_due < root->host.ops->now(root->host.ctx))
        return false;
    memcpy(root->state, state, size);
    link_restart(root);
    look_again(root, state->intx_due);
    return true;
}
