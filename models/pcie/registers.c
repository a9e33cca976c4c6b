/* SPDX-License-Identifier: BSD-2-Clause */
/* The test endpoint's registers (BAR0) as a table, and what writing them does. */
#include <string.h>

#include "pcie/endpoint_state.h"
#include "viaduct/bits.h"

#define FIELDS(...)                                                                                \
    (const struct vd_field[])                                                                      \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }
#define VALUE32(access) FIELDS({"value", 0, 32, access}), 1
#define VALUE64(access) FIELDS({"value", 0, 64, access}), 1
#define ANCHOR          "viaduct test-endpoint"

enum { BUFFER = 0x1000, SCRIPT = 0x2000 };

static const struct vd_field status_fields[] = {
    {"generator", 0, 1, VD_RO},
    {"dma", 1, 1, VD_RO},
    {"script", 2, 1, VD_RO},
    {"forge", 3, 1, VD_RO},
};
static const struct vd_field gen_control_fields[] = {
    {"go", 0, 1, VD_RW},      {"random", 1, 1, VD_RW}, {"data", 2, 1, VD_RW},
    {"relaxed", 3, 1, VD_RW}, {"ack", 4, 1, VD_RW},
};
static const struct vd_field dma_control_fields[] = {
    {"go", 0, 1, VD_RW},      {"write", 1, 1, VD_RW},        {"address_type", 2, 2, VD_RW},
    {"pasid", 4, 1, VD_RW},   {"privileged", 5, 1, VD_RW},   {"execute", 6, 1, VD_RW},
    {"relaxed", 7, 1, VD_RW}, {"process_id", 12, 20, VD_RW},
};
static const struct vd_field dma_status_fields[] = {{"done", 0, 1, VD_RO}, {"result", 4, 8, VD_RO}};
static const struct vd_field forge_control_fields[] = {
    {"go", 0, 1, VD_WO},
    {"address_type", 2, 2, VD_WO},
    {"size", 4, 3, VD_WO},
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct vd_reg regs[EP_REGS] = {
    [EP_ID] = {"id", 0x000, 1, 4, 4, 0x31444956, ANCHOR, VALUE32(VD_RO)},
    [EP_VECTORS] = {"vectors", 0x004, 1, 4, 4, 0, ANCHOR, VALUE32(VD_RO)},
    [EP_STATUS] = {"status", 0x008, 1, 4, 4, 0, ANCHOR, status_fields, COUNT(status_fields)},
    [EP_CONTROL] = {"control", 0x00c, 1, 4, 4, 0, ANCHOR, FIELDS({"stop", 0, 1, VD_WO}), 1},
    [EP_RAISE] = {"raise", 0x010, 1, 4, 4, 0, ANCHOR, VALUE32(VD_WO)},
    [EP_INTX] = {"intx", 0x018, 1, 4, 4, 0, ANCHOR, FIELDS({"level", 0, 1, VD_RW}), 1},
    [EP_GEN_COUNT] = {"gen_count", 0x020, 1, 4, 4, 0, ANCHOR, VALUE32(VD_RW)},
    [EP_GEN_BURST] = {"gen_burst", 0x024, 1, 4, 4, 0, ANCHOR, VALUE32(VD_RW)},
    [EP_GEN_PERIOD] = {"gen_period", 0x028, 1, 8, 8, 0, ANCHOR, VALUE64(VD_RW)},
    [EP_GEN_FIRST] = {"gen_first", 0x030, 1, 4, 4, 0, ANCHOR, VALUE32(VD_RW)},
    [EP_GEN_VECTORS] = {"gen_vectors", 0x034, 1, 4, 4, 0, ANCHOR, VALUE32(VD_RW)},
    [EP_GEN_CONTROL] = {"gen_control", 0x038, 1, 4, 4, 0, ANCHOR, gen_control_fields,
                        COUNT(gen_control_fields)},
    [EP_GEN_SENT] = {"gen_sent", 0x03c, 1, 4, 4, 0, ANCHOR, VALUE32(VD_RO)},
    [EP_GEN_DATA] = {"gen_data", 0x040, 1, 8, 8, 0, ANCHOR, VALUE64(VD_RW)},
    [EP_GEN_ACK] = {"gen_ack", 0x048, 1, 4, 4, 0, ANCHOR, VALUE32(VD_WO)},
    [EP_DMA_ADDR] = {"dma_addr", 0x080, 1, 8, 8, 0, ANCHOR, VALUE64(VD_RW)},
    [EP_DMA_LENGTH] = {"dma_length", 0x088, 1, 4, 4, 0, ANCHOR, VALUE32(VD_RW)},
    [EP_DMA_CONTROL] = {"dma_control", 0x08c, 1, 4, 4, 0, ANCHOR, dma_control_fields,
                        COUNT(dma_control_fields)},
    [EP_DMA_STATUS] = {"dma_status", 0x090, 1, 4, 4, 0, ANCHOR, dma_status_fields,
                       COUNT(dma_status_fields)},
    [EP_DMA_VECTOR] = {"dma_vector", 0x094, 1, 4, 4, EP_NO_VECTOR, ANCHOR, VALUE32(VD_RW)},
    [EP_ATS_RESPONSE] = {"ats_response", 0x098, 1, 8, 8, 0, ANCHOR, VALUE64(VD_RO)},
    [EP_FORGE_ADDR] = {"forge_addr", 0x0c0, 1, 8, 8, 0, ANCHOR, VALUE64(VD_RW)},
    [EP_FORGE_DATA] = {"forge_data", 0x0c8, 1, 4, 4, 0, ANCHOR, VALUE32(VD_RW)},
    [EP_FORGE_CONTROL] = {"forge_control", 0x0cc, 1, 4, 4, 0, ANCHOR, forge_control_fields,
                          COUNT(forge_control_fields)},
    [EP_SCRIPT_CONTROL] = {"script_control", 0x100, 1, 4, 4, 0, ANCHOR, FIELDS({"go", 0, 1, VD_RW}),
                           1},
    [EP_SCRIPT_ENTRY] = {"script_entry", 0x104, 1, 4, 4, 0, ANCHOR, VALUE32(VD_RO)},
};

const struct vd_reg *endpoint_regs(uint32_t *count)
{
    *count = EP_REGS;
    return regs;
}

static uint64_t fields_mask(const struct vd_reg *reg, bool readable)
{
    uint64_t mask = 0;
    for (uint32_t i = 0; i < reg->num_fields; i++) {
        const struct vd_field *f = &reg->fields[i];
        if (f->access == VD_RW || f->access == (readable ? VD_RO : VD_WO))
            mask |= vd_mask(f->lsb, f->width);
    }
    return mask;
}

static uint64_t status(const struct endpoint *e)
{
    const uint64_t *reg = e->state->reg;
    return (reg[EP_GEN_CONTROL] & EP_GO) | (reg[EP_DMA_CONTROL] & EP_GO) << 1 |
           (reg[EP_SCRIPT_CONTROL] & EP_GO) << 2 | (uint64_t)(e->state->forge.due != VD_NEVER) << 3;
}

static uint64_t read_reg(const struct endpoint *e, uint32_t index)
{
    uint64_t value = index == EP_STATUS ? status(e) : e->state->reg[index];
    return value & fields_mask(&regs[index], true);
}

static void stop_everything(struct endpoint *e)
{
    generator_stop(e);
    endpoint_dma_stop(e);
    script_stop(e);
}

/* GO while a DMA is in flight is ignored; a GO written as 0 stops nothing but the generator and the
 * script. */
static void write_dma_control(struct endpoint *e, uint64_t old)
{
    if (old & EP_GO)
        e->state->reg[EP_DMA_CONTROL] = old;
    else if (e->state->reg[EP_DMA_CONTROL] & EP_GO)
        endpoint_dma_start(e);
}

static void write_gen_control(struct endpoint *e)
{
    if (e->state->reg[EP_GEN_CONTROL] & EP_GO)
        generator_start(e);
    else
        generator_stop(e);
}

static void write_script_control(struct endpoint *e)
{
    if (e->state->reg[EP_SCRIPT_CONTROL] & EP_GO)
        script_start(e);
    else
        script_stop(e);
}

static void ack(struct endpoint *e)
{
    generator_ack(e);
    script_ack(e);
}

static void reg_written(struct endpoint *e, uint32_t index, uint64_t old)
{
    uint64_t value = e->state->reg[index];
    switch (index) {
    case EP_CONTROL:
        if (value & 1)
            stop_everything(e);
        break;
    case EP_RAISE:
        pcie_msix_raise(&e->function, (uint32_t)value);
        break;
    case EP_INTX:
        pcie_intx(&e->function, value & 1);
        break;
    case EP_GEN_CONTROL:
        write_gen_control(e);
        break;
    case EP_GEN_ACK:
        ack(e);
        break;
    case EP_DMA_CONTROL:
        write_dma_control(e, old);
        break;
    case EP_FORGE_CONTROL:
        if (value & EP_GO)
            forge_start(e);
        break;
    case EP_SCRIPT_CONTROL:
        write_script_control(e);
        break;
    default:
        break;
    }
}

static void write_reg(struct endpoint *e, uint32_t index, unsigned shift, unsigned width,
                      uint64_t value)
{
    uint64_t mask = fields_mask(&regs[index], false) & vd_mask(shift, width);
    uint64_t old = e->state->reg[index];
    e->state->reg[index] = (old & ~mask) | ((value << shift) & mask);
    if (mask)
        reg_written(e, index, old);
}

static uint32_t find_reg(uint64_t offset)
{
    for (uint32_t i = 0; i < EP_REGS; i++)
        if (offset >= regs[i].offset && offset < regs[i].offset + regs[i].size)
            return i;
    return EP_REGS;
}

/* CHOICE: offsets without a register read zero and ignore writes. */
static enum vd_status reg_access(struct endpoint *e, struct vd_txn *txn)
{
    uint32_t index = find_reg(txn->addr);
    if ((txn->size != 4 && txn->size != 8) || txn->addr % txn->size)
        return VD_DENIED;
    if (index == EP_REGS) {
        txn->data[0] = txn->cmd == VD_READ ? 0 : txn->data[0];
        return VD_OK;
    }
    if (txn->size > regs[index].size)
        return VD_DENIED;
    unsigned shift = 8 * (unsigned)(txn->addr - regs[index].offset);
    if (txn->cmd == VD_WRITE)
        write_reg(e, index, shift, 8u * txn->size, txn->data[0]);
    else
        txn->data[0] = vd_get(read_reg(e, index), shift, 8u * txn->size);
    return VD_OK;
}

static enum vd_status memory_access(uint8_t *memory, uint64_t offset, struct vd_txn *txn)
{
    if (txn->cmd == VD_WRITE)
        memcpy(memory + offset, txn->data, txn->size);
    else
        memcpy(txn->data, memory + offset, txn->size);
    return VD_OK;
}

enum vd_status registers_access(struct endpoint *e, struct vd_txn *txn)
{
    uint64_t end = txn->addr + txn->size;
    if (txn->addr >= BUFFER && end <= BUFFER + EP_BUFFER_SIZE)
        return memory_access(e->state->buffer, txn->addr - BUFFER, txn);
    if (txn->addr >= SCRIPT && end <= SCRIPT + sizeof(e->state->script.entries))
        return memory_access((uint8_t *)e->state->script.entries, txn->addr - SCRIPT, txn);
    return reg_access(e, txn);
}
