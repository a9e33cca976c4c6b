/* SPDX-License-Identifier: BSD-2-Clause */
/* Configuration space: a byte image and a mask of the bits that software may change, both laid out
 * from tables, and the few writes that do more than store. */
#include <string.h>

#include "pcie/state.h"
#include "viaduct/bits.h"

enum {
    REG_COMMAND = 0x04,
    REG_STATUS = 0x06,
    REG_HEADER_TYPE = 0x0e,
    REG_BAR0 = 0x10,
    REG_CAPABILITIES = 0x34,

    COMMAND_MEMORY = 1u << 1,
    COMMAND_BUS_MASTER = 1u << 2,
    COMMAND_INTX_DISABLE = 1u << 10,
    STATUS_INTERRUPT = 1u << 3,
    HEADER_MULTIFUNCTION = 0x80,

    BAR_64 = 0x4,
    BAR_PREFETCHABLE = 0x8,

    POWER_CSR = 4,
    POWER_STATE = 3,
    EXPRESS_DEVICE_CONTROL = 8,
    EXPRESS_FLR = 1u << 15,

    CAPABILITY_POWER = 0x40,
    CAPABILITY_EXPRESS = 0x50,
    CAPABILITY_MSIX = 0x90,
    CAPABILITY_MSI = 0x90, /* a function has one of the two */
    CAPABILITY_VENDOR = 0xa0,
    CAPABILITY_EXTENDED = 0x100,
};

struct config_row {
    uint16_t offset;
    uint8_t size;
    uint32_t value, writable;
};

/* Type 0 header; identification and BARs come from the function. */
static const struct config_row header_rows[] = {
    {REG_COMMAND, 2, 0, 0x0546}, /* memory, bus master, parity, SERR#, INTx disable */
    {0x0c, 1, 0, 0xff},          /* cache line size: kept for software, no effect */
    {0x3c, 1, 0, 0xff},          /* interrupt line: kept for software */
};

/* No PME; No_Soft_Reset: leaving D3hot keeps everything. */
static const struct config_row power_rows[] = {
    {0, 1, 0x01, 0},
    {2, 2, 0x0003, 0},
    {POWER_CSR, 2, 0x0008, POWER_STATE},
};

/* Version 2, root complex integrated endpoint; extended tags, role-based errors, function level
 * reset. */
static const struct config_row express_rows[] = {
    {0, 1, 0x10, 0},
    {2, 2, 0x0092, 0},
    {4, 4, 0x10008020, 0},
    {EXPRESS_DEVICE_CONTROL, 2, 0x2810, 0x79ff},
};

/* One message, 64-bit addresses, no mask. */
static const struct config_row msi_rows[] = {
    {0, 1, 0x05, 0},       {2, 2, 0x0080, 0x0001}, {4, 4, 0, 0xfffffffc},
    {8, 4, 0, 0xffffffff}, {12, 2, 0, 0xffff},
};

/* Every request is for a whole page (Page Aligned Request). */
static const struct config_row ats_rows[] = {
    {4, 2, 0x0020, 0},
    {6, 2, 0, 0x801f},
};

/* Status says Stopped: nothing is outstanding whenever software can look. */
static const struct config_row pri_rows[] = {
    {4, 2, 0, 0x0001},
    {6, 2, 0x0100, 0},
    {8, 4, 32, 0},
    {12, 4, 0, 0xffffffff},
};

/* Execute and privileged mode permissions, 20 bits. */
static const struct config_row pasid_rows[] = {
    {4, 2, 0x1406, 0},
    {6, 2, 0, 0x0007},
};

static uint32_t load(const uint8_t *p, unsigned size)
{
    uint32_t value = 0;
    for (unsigned i = 0; i < size; i++)
        value |= (uint32_t)p[i] << (8 * i);
    return value;
}

static void store(uint8_t *p, unsigned size, uint32_t value)
{
    for (unsigned i = 0; i < size; i++)
        p[i] = (uint8_t)(value >> (8 * i));
}

static void put(struct pcie_slot *slot, uint32_t offset, unsigned size, uint32_t value,
                uint32_t writable)
{
    store(slot->function->st->config + offset, size, value);
    store(slot->writable + offset, size, writable);
}

static void put_rows(struct pcie_slot *slot, uint32_t base, const struct config_row *rows,
                     size_t count)
{
    for (size_t i = 0; i < count; i++)
        put(slot, base + rows[i].offset, rows[i].size, rows[i].value, rows[i].writable);
}

#define PUT_ROWS(slot, base, rows) put_rows(slot, base, rows, sizeof(rows) / sizeof((rows)[0]))

static void put_header(struct pcie_slot *slot, bool multifunction)
{
    const struct pcie_identity *id = &slot->function->id;
    put(slot, 0x00, 4, (uint32_t)id->device << 16 | id->vendor, 0);
    put(slot, 0x08, 4, id->class_code << 8 | id->revision, 0);
    put(slot, REG_HEADER_TYPE, 1, multifunction ? HEADER_MULTIFUNCTION : 0, 0);
    put(slot, 0x2c, 4, (uint32_t)id->subsystem << 16 | id->subsystem_vendor, 0);
    put(slot, 0x3d, 1, id->interrupt_pin, 0);
    PUT_ROWS(slot, 0, header_rows);
}

static void put_bars(struct pcie_slot *slot)
{
    for (uint32_t i = 0; i < PCIE_BARS; i++) {
        const struct pcie_bar *bar = &slot->function->id.bars[i];
        uint64_t writable = ~(bar->size - 1);
        uint32_t type = (bar->is64 ? BAR_64 : 0) | (bar->prefetchable ? BAR_PREFETCHABLE : 0);
        if (!bar->size)
            continue;
        put(slot, REG_BAR0 + 4 * i, 4, type, (uint32_t)writable);
        if (bar->is64)
            put(slot, REG_BAR0 + 4 * i + 4, 4, 0, (uint32_t)(writable >> 32));
    }
}

/* Links a capability at base into the list that ends at *link. */
static uint16_t chain(struct pcie_slot *slot, uint32_t *link, uint32_t base)
{
    put(slot, *link, 1, base, 0);
    *link = base + 1;
    return (uint16_t)base;
}

uint32_t pcie_vendor_offset(const struct pcie_identity *id, uint32_t index)
{
    uint32_t offset = CAPABILITY_VENDOR;
    for (uint32_t i = 0; i < index; i++)
        offset += (2u + id->vendor_capabilities[i].size + 3u) & ~3u;
    return offset;
}

static void put_vendor(struct pcie_slot *slot, uint32_t *link)
{
    const struct pcie_identity *id = &slot->function->id;
    for (uint32_t i = 0; i < id->num_vendor_capabilities; i++) {
        const struct pcie_vendor_capability *c = &id->vendor_capabilities[i];
        uint32_t base = chain(slot, link, pcie_vendor_offset(id, i));
        put(slot, base, 1, 0x09, 0);
        for (uint32_t b = 0; b < c->size; b++)
            put(slot, base + 2 + b, 1, c->bytes[b], c->writable[b]);
    }
}

static void put_msix(struct pcie_slot *slot, uint32_t *link)
{
    const struct pcie_identity *id = &slot->function->id;
    slot->msix = chain(slot, link, CAPABILITY_MSIX);
    put(slot, slot->msix, 1, 0x11, 0);
    put(slot, slot->msix + 2u, 2, id->vectors - 1u, 0xc000);
    put(slot, slot->msix + 4u, 4, id->msix_table | id->msix_bar, 0);
    put(slot, slot->msix + 8u, 4, id->msix_pba | id->msix_bar, 0);
}

static void put_capabilities(struct pcie_slot *slot)
{
    const struct pcie_identity *id = &slot->function->id;
    uint32_t link = REG_CAPABILITIES;
    put(slot, REG_STATUS, 2, 0x0010, 0);
    slot->power = chain(slot, &link, CAPABILITY_POWER);
    PUT_ROWS(slot, slot->power, power_rows);
    slot->express = chain(slot, &link, CAPABILITY_EXPRESS);
    PUT_ROWS(slot, slot->express, express_rows);
    if (id->vectors)
        put_msix(slot, &link);
    if (id->msi) {
        slot->msi = chain(slot, &link, CAPABILITY_MSI);
        PUT_ROWS(slot, slot->msi, msi_rows);
    }
    put_vendor(slot, &link);
}

static void put_extended(struct pcie_slot *slot)
{
    const struct pcie_identity *id = &slot->function->id;
    const struct {
        bool offered;
        uint16_t number;
        const struct config_row *rows;
        size_t count;
    } list[] = {
        {id->ats, 0x000f, ats_rows, sizeof(ats_rows) / sizeof(ats_rows[0])},
        {id->pri, 0x0013, pri_rows, sizeof(pri_rows) / sizeof(pri_rows[0])},
        {id->pasid, 0x001b, pasid_rows, sizeof(pasid_rows) / sizeof(pasid_rows[0])},
    };
    uint32_t last = 0, base = CAPABILITY_EXTENDED;
    for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
        if (!list[i].offered)
            continue;
        if (last)
            put(slot, last + 2, 2, load(slot->function->st->config + last + 2, 2) | base << 4, 0);
        put(slot, base, 4, list[i].number | 1u << 16, 0);
        put_rows(slot, base, list[i].rows, list[i].count);
        last = base;
        base += 0x10;
    }
}

void config_build(struct pcie_slot *slot, bool multifunction)
{
    memset(slot->function->st->config, 0, PCIE_CONFIG_SIZE);
    memset(slot->writable, 0, PCIE_CONFIG_SIZE);
    put_header(slot, multifunction);
    put_bars(slot);
    if ((slot->function->id.class_code >> 8) == 0x0600)
        return; /* a host bridge has no capabilities here */
    put_capabilities(slot);
    put_extended(slot);
}

static bool bar_valid(const struct pcie_identity *id, uint32_t i)
{
    const struct pcie_bar *bar = &id->bars[i];
    if (!bar->size)
        return true;
    if (!vd_is_power_of_two(bar->size) || bar->size < 16)
        return false;
    if (!bar->is64)
        return bar->size <= UINT32_C(1) << 31;
    return i + 1 < PCIE_BARS && !id->bars[i + 1].size;
}

static bool msix_valid(const struct pcie_identity *id)
{
    if (!id->vectors)
        return true;
    if (id->msi || id->vectors > PCIE_MAX_VECTORS || id->msix_bar >= PCIE_BARS)
        return false;
    uint64_t table_end = (uint64_t)id->msix_table + 16u * id->vectors;
    uint64_t pba_end = (uint64_t)id->msix_pba + 8u * ((id->vectors + 63u) / 64u);
    uint64_t size = id->bars[id->msix_bar].size;
    bool apart = table_end <= id->msix_pba || pba_end <= id->msix_table;
    return apart && table_end <= size && pba_end <= size && !(id->msix_table & 7) &&
           !(id->msix_pba & 7);
}

bool config_valid(const struct pcie_identity *id, struct vd_error *err)
{
    for (uint32_t i = 0; i < PCIE_BARS; i++)
        if (!bar_valid(id, i))
            return vd_fail(err,
                           "pcie: BAR%u of %04x:%04x: its size must be a power of two from 16 "
                           "bytes (to 2 GiB if 32-bit), and a 64-bit BAR needs the next slot",
                           i, id->vendor, id->device);
    if (!msix_valid(id))
        return vd_fail(err,
                       "pcie: MSI-X of %04x:%04x: at most %u vectors and no MSI, table and PBA "
                       "8-byte aligned, apart and inside BAR%u",
                       id->vendor, id->device, PCIE_MAX_VECTORS, id->msix_bar);
    for (uint32_t i = 0; i < id->num_vendor_capabilities; i++)
        if (id->vendor_capabilities[i].size > PCIE_VENDOR_BYTES ||
            pcie_vendor_offset(id, i + 1) > CAPABILITY_EXTENDED)
            return vd_fail(err,
                           "pcie: vendor-specific capability %u of %04x:%04x does not fit: at most "
                           "%u bytes each, all of them up to 0x%x of configuration space",
                           i, id->vendor, id->device, PCIE_VENDOR_BYTES, CAPABILITY_EXTENDED);
    if (id->interrupt_pin > PCIE_LINES)
        return vd_fail(err, "pcie: interrupt pin %u of %04x:%04x: accepted are 0 (none) to %u",
                       id->interrupt_pin, id->vendor, id->device, PCIE_LINES);
    return true;
}

static uint32_t command(const struct pcie_slot *slot)
{
    return load(slot->function->st->config + REG_COMMAND, 2);
}

/* In D3hot a function answers configuration accesses only. */
static bool awake(const struct pcie_slot *slot)
{
    const uint8_t *config = slot->function->st->config;
    return !slot->power || !(config[slot->power + POWER_CSR] & POWER_STATE);
}

bool config_memory_enabled(const struct pcie_slot *slot)
{
    return (command(slot) & COMMAND_MEMORY) && awake(slot);
}

bool config_bus_master(const struct pcie_slot *slot)
{
    return (command(slot) & COMMAND_BUS_MASTER) && awake(slot);
}

bool config_intx_enabled(const struct pcie_slot *slot)
{
    return slot->function->id.interrupt_pin && !(command(slot) & COMMAND_INTX_DISABLE) &&
           !msix_enabled(slot);
}

uint64_t config_bar_base(const struct pcie_slot *slot, uint32_t bar)
{
    const uint8_t *p = slot->function->st->config + REG_BAR0 + 4 * bar;
    uint64_t base = load(p, 4) & ~UINT32_C(0xf);
    if (slot->function->id.bars[bar].is64)
        base |= (uint64_t)load(p + 4, 4) << 32;
    return base;
}

static void tell_function(const struct pcie_slot *slot, enum vd_cmd cmd, uint32_t offset,
                          unsigned size)
{
    const struct pcie_function *function = slot->function;
    if (function->config_access && offset >= CAPABILITY_VENDOR && offset < CAPABILITY_EXTENDED)
        function->config_access(function->ctx, cmd, offset, size);
}

uint32_t config_read(const struct pcie_slot *slot, uint32_t offset, unsigned size)
{
    tell_function(slot, VD_READ, offset, size);
    uint32_t value = load(slot->function->st->config + offset, size);
    bool pending = slot->function->st->intx && slot->function->id.interrupt_pin;
    if (pending && offset <= REG_STATUS && REG_STATUS < offset + size)
        value |= (uint32_t)STATUS_INTERRUPT << (8 * (REG_STATUS - offset));
    return value;
}

static bool covers(uint32_t offset, unsigned size, uint32_t byte)
{
    return offset <= byte && byte < offset + size;
}

/* PMCSR knows D0 and D3hot; a write of another state leaves the state as it is. */
static uint8_t power_state_legal(const struct pcie_slot *slot, uint8_t old, uint32_t byte,
                                 uint8_t value)
{
    if (!slot->power || byte != slot->power + (uint32_t)POWER_CSR)
        return value;
    uint8_t state = value & POWER_STATE;
    return state == 0 || state == POWER_STATE ? value : old;
}

void config_write(struct pcie_slot *slot, uint32_t offset, unsigned size, uint32_t value)
{
    uint8_t *config = slot->function->st->config;
    for (unsigned i = 0; i < size; i++) {
        uint32_t byte = offset + i;
        uint8_t writable = slot->writable[byte];
        uint8_t in = (uint8_t)(value >> (8 * i));
        uint8_t next = (uint8_t)((config[byte] & ~writable) | (in & writable));
        config[byte] = power_state_legal(slot, config[byte], byte, next);
    }
    uint32_t flr_byte = slot->express + EXPRESS_DEVICE_CONTROL + 1u;
    if (slot->express && covers(offset, size, flr_byte) &&
        (value >> (8 * (flr_byte - offset)) & (EXPRESS_FLR >> 8)))
        root_function_reset(slot);
    tell_function(slot, VD_WRITE, offset, size);
    msix_flush(slot->function);
    root_update_intx(slot->function->root);
}
