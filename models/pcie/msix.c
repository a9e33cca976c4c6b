/* SPDX-License-Identifier: BSD-2-Clause */
/* MSI-X: the vector table, the pending bit array, and when a vector's message may leave.  MSI is
 * the same with one vector, whose address and data are in configuration space. */
#include <string.h>

#include "pcie/link.h"
#include "pcie/msix.h"
#include "pcie/state.h"
#include "viaduct/bits.h"

enum {
    CONTROL_ENABLE = 0x80, /* both in the upper byte of Message Control */
    CONTROL_FUNCTION_MASK = 0x40,
    ENTRY_SIZE = 16,
    ENTRY_MASKED = 1,
    MSI_CONTROL = 2, /* lower byte of Message Control */
    MSI_ENABLE = 1,
    MSI_ADDRESS = 4,
    MSI_DATA = 12,
};

void msix_reset(struct pcie_function *function)
{
    struct pcie_function_state *st = function->st;
    memset(st->msix, 0, sizeof(st->msix));
    memset(st->pba, 0, sizeof(st->pba));
    memset(st->pba_serial, 0, sizeof(st->pba_serial));
    for (uint32_t v = 0; v < function->id.vectors; v++)
        st->msix[v].control = ENTRY_MASKED;
}

static uint8_t control(const struct pcie_slot *slot)
{
    return slot->msix ? slot->function->st->config[slot->msix + 3] : 0;
}

bool msix_enabled(const struct pcie_slot *slot)
{
    if (slot->msi)
        return slot->function->st->config[slot->msi + MSI_CONTROL] & MSI_ENABLE;
    return control(slot) & CONTROL_ENABLE;
}

static uint32_t vectors_of(const struct pcie_function *function)
{
    return function->id.msi ? 1 : function->id.vectors;
}

static struct pcie_msix_entry entry_of(const struct pcie_function *function, uint32_t vector)
{
    const struct pcie_slot *slot = slot_of(function);
    struct pcie_msix_entry entry = {0};
    if (!slot->msi)
        return function->st->msix[vector];
    for (unsigned i = 0; i < 8; i++)
        entry.addr |= (uint64_t)function->st->config[slot->msi + MSI_ADDRESS + i] << 8 * i;
    for (unsigned i = 0; i < 2; i++)
        entry.data |= (uint32_t)function->st->config[slot->msi + MSI_DATA + i] << 8 * i;
    return entry;
}

bool pcie_msix_enabled(const struct pcie_function *function)
{
    return msix_enabled(slot_of(function));
}

static bool held_back(const struct pcie_slot *slot, uint32_t vector)
{
    return (control(slot) & CONTROL_FUNCTION_MASK) ||
           (slot->function->st->msix[vector].control & ENTRY_MASKED) || !config_bus_master(slot) ||
           !link_room(slot->function->root);
}

static void trace(struct pcie_root *root, const struct vd_record *rec)
{
    root->host.ops->trace(root->host.ctx, rec);
}

static void trace_issue(struct pcie_function *function, uint64_t serial, uint64_t addr,
                        uint64_t data)
{
    trace(function->root, &(struct vd_record){.kind = VD_REC_msi_issue,
                                              .serial = serial,
                                              .a = addr,
                                              .b = data,
                                              .c = pcie_device_id(function)});
}

static void trace_off(struct pcie_function *function, uint64_t serial, uint32_t vector)
{
    trace(function->root, &(struct vd_record){.kind = VD_REC_msi_drop,
                                              .serial = serial,
                                              .a = VD_DROP_masked,
                                              .b = pcie_device_id(function),
                                              .c = vector});
}

static uint64_t new_serial(struct pcie_root *root)
{
    return root->host.ops->serial(root->host.ctx);
}

/* The message leaves the function: from here on it is a posted write like any other. */
static void issue(struct pcie_function *function, uint32_t vector, uint64_t serial, uint32_t attrs)
{
    const struct pcie_msix_entry entry = entry_of(function, vector);
    struct vd_txn txn = {
        .cmd = VD_WRITE,
        .addr = entry.addr,
        .size = 4,
        .data = {entry.data},
        .attrs = VD_POSTED | attrs,
        .serial = serial,
    };
    trace_issue(function, serial, entry.addr, entry.data);
    pcie_send(function, &txn);
}

static bool pending(const struct pcie_function_state *st, uint32_t vector)
{
    return st->pba[vector / 64] >> (vector % 64) & 1;
}

/* Equal messages that wait behind a mask are one message: the PBA has one bit. */
static uint64_t hold(struct pcie_function *function, uint32_t vector)
{
    struct pcie_function_state *st = function->st;
    if (!pending(st, vector)) {
        st->pba[vector / 64] |= VD_BIT(vector % 64);
        st->pba_serial[vector] = new_serial(function->root);
    }
    link_starved(function->root);
    return st->pba_serial[vector];
}

uint64_t msix_raise(struct pcie_function *function, uint32_t vector, uint32_t attrs)
{
    const struct pcie_slot *slot = slot_of(function);
    if (vector >= vectors_of(function))
        return 0;
    if (!msix_enabled(slot)) {
        const struct pcie_msix_entry entry = entry_of(function, vector);
        uint64_t dropped = new_serial(function->root);
        trace_issue(function, dropped, entry.addr, entry.data);
        trace_off(function, dropped, vector);
        return dropped;
    }
    if (held_back(slot, vector) || pending(function->st, vector))
        return hold(function, vector);
    uint64_t serial = new_serial(function->root);
    issue(function, vector, serial, attrs);
    return serial;
}

uint64_t pcie_msix_raise(struct pcie_function *function, uint32_t vector)
{
    return msix_raise(function, vector, 0);
}

void msix_flush(struct pcie_function *function)
{
    const struct pcie_slot *slot = slot_of(function);
    struct pcie_function_state *st = function->st;
    if (!msix_enabled(slot))
        return;
    for (uint32_t v = 0; v < vectors_of(function); v++) {
        if (!st->pba[v / 64]) {
            v |= 63;
            continue;
        }
        if (!pending(st, v) || held_back(slot, v))
            continue;
        uint64_t serial = st->pba_serial[v];
        st->pba[v / 64] &= ~VD_BIT(v % 64);
        st->pba_serial[v] = 0;
        issue(function, v, serial, 0);
    }
}

static bool inside(uint64_t offset, uint64_t size, uint64_t base, uint64_t length)
{
    return offset < base + length && offset + size > base;
}

static uint64_t table_size(const struct pcie_function *function)
{
    return (uint64_t)ENTRY_SIZE * function->id.vectors;
}

static uint64_t pba_size(const struct pcie_function *function)
{
    return 8 * ((function->id.vectors + UINT64_C(63)) / 64);
}

bool msix_covers(const struct pcie_function *function, uint32_t bar, const struct vd_txn *txn)
{
    const struct pcie_identity *id = &function->id;
    return id->vectors && bar == id->msix_bar &&
           (inside(txn->addr, txn->size, id->msix_table, table_size(function)) ||
            inside(txn->addr, txn->size, id->msix_pba, pba_size(function)));
}

static uint32_t entry_word(const struct pcie_msix_entry *entry, uint64_t word)
{
    const uint32_t words[] = {(uint32_t)entry->addr, (uint32_t)(entry->addr >> 32), entry->data,
                              entry->control};
    return words[word];
}

/* CHOICE: the two low address bits read zero, and of Vector Control only the mask bit exists. */
static void entry_set_word(struct pcie_msix_entry *entry, uint64_t word, uint32_t value)
{
    switch (word) {
    case 0:
        entry->addr = vd_set(entry->addr, 0, 32, value & ~UINT32_C(3));
        break;
    case 1:
        entry->addr = vd_set(entry->addr, 32, 32, value);
        break;
    case 2:
        entry->data = value;
        break;
    default:
        entry->control = value & ENTRY_MASKED;
    }
}

static enum vd_status table_access(struct pcie_function *function, uint64_t offset,
                                   struct vd_txn *txn)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < txn->size; i += 4) {
        struct pcie_msix_entry *entry = &function->st->msix[(offset + i) / ENTRY_SIZE];
        uint64_t word = (offset + i) % ENTRY_SIZE / 4;
        if (txn->cmd == VD_WRITE)
            entry_set_word(entry, word, (uint32_t)(txn->data[0] >> (8 * i)));
        else
            value |= (uint64_t)entry_word(entry, word) << (8 * i);
    }
    if (txn->cmd == VD_WRITE)
        msix_flush(function);
    else
        txn->data[0] = value;
    return VD_OK;
}

static enum vd_status pba_access(const struct pcie_function *function, uint64_t offset,
                                 struct vd_txn *txn)
{
    uint64_t word = function->st->pba[offset / 8];
    if (txn->cmd == VD_READ)
        txn->data[0] = vd_get(word, 8 * (unsigned)(offset % 8), 8u * txn->size);
    return VD_OK;
}

/* Software may use aligned DWORD and QWORD accesses only. */
enum vd_status msix_access(struct pcie_function *function, struct vd_txn *txn)
{
    const struct pcie_identity *id = &function->id;
    if ((txn->size != 4 && txn->size != 8) || txn->addr % txn->size ||
        (txn->cmd != VD_READ && txn->cmd != VD_WRITE))
        return VD_DENIED;
    if (inside(txn->addr, txn->size, id->msix_table, table_size(function)))
        return table_access(function, txn->addr - id->msix_table, txn);
    return pba_access(function, txn->addr - id->msix_pba, txn);
}
