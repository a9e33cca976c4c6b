/* SPDX-License-Identifier: BSD-2-Clause */
#include "edu/state.h"
#include "viaduct/bits.h"

/* Version 1.0. */
enum { IDENTIFICATION = 0x010000ed };

static const struct vd_field id_fields[] = {
    {"edu", 0, 8, VD_RO}, {"minor", 16, 8, VD_RO}, {"major", 24, 8, VD_RO}};
static const struct vd_field status_fields[] = {{"computing", 0, 1, VD_RO},
                                                {"interrupt", 7, 1, VD_RW}};
static const struct vd_field command_fields[] = {
    {"run", 0, 1, VD_RW}, {"to_ram", 1, 1, VD_RW}, {"interrupt", 2, 1, VD_RW}};
static const struct vd_field rw_fields[] = {{"value", 0, 32, VD_RW}};
static const struct vd_field ro_fields[] = {{"value", 0, 32, VD_RO}};
static const struct vd_field wo_fields[] = {{"value", 0, 32, VD_WO}};
static const struct vd_field wide_fields[] = {{"value", 0, 64, VD_RW}};

static const struct vd_reg regs[] = {
    {"identification", EDU_ID, 1, 4, 4, IDENTIFICATION, "", id_fields, 3},
    {"liveness", EDU_LIVENESS, 1, 4, 4, 0, "", rw_fields, 1},
    {"factorial", EDU_FACTORIAL, 1, 4, 4, 0, "", rw_fields, 1},
    {"status", EDU_STATUS, 1, 4, 4, 0, "", status_fields, 2},
    {"interrupt_status", EDU_INTERRUPT_STATUS, 1, 4, 4, 0, "", ro_fields, 1},
    {"interrupt_raise", EDU_INTERRUPT_RAISE, 1, 4, 4, 0, "", wo_fields, 1},
    {"interrupt_acknowledge", EDU_INTERRUPT_ACKNOWLEDGE, 1, 4, 4, 0, "", wo_fields, 1},
    {"dma_source", EDU_DMA_SOURCE, 1, 8, 8, 0, "", wide_fields, 1},
    {"dma_destination", EDU_DMA_DESTINATION, 1, 8, 8, 0, "", wide_fields, 1},
    {"dma_count", EDU_DMA_COUNT, 1, 8, 8, 0, "", wide_fields, 1},
    {"dma_command", EDU_DMA_COMMAND, 1, 8, 8, 0, "", command_fields, 3},
};

const struct vd_reg *edu_regs(uint32_t *count)
{
    *count = sizeof(regs) / sizeof(regs[0]);
    return regs;
}

/* Where no register can be read there are ones. */
static uint64_t read_register(const struct edu *e, uint64_t offset)
{
    const struct edu_state *st = e->st;
    switch (offset) {
    case EDU_ID:
        return IDENTIFICATION;
    case EDU_LIVENESS:
        return st->liveness;
    case EDU_FACTORIAL:
        return st->factorial;
    case EDU_STATUS:
        return st->status;
    case EDU_INTERRUPT_STATUS:
        return st->interrupts;
    case EDU_DMA_SOURCE:
        return st->source;
    case EDU_DMA_DESTINATION:
        return st->destination;
    case EDU_DMA_COUNT:
        return st->count;
    case EDU_DMA_COMMAND:
        return st->command;
    default:
        return UINT64_MAX;
    }
}

static void write_register(struct edu *e, uint64_t offset, uint32_t value)
{
    struct edu_state *st = e->st;
    switch (offset) {
    case EDU_LIVENESS:
        st->liveness = ~value;
        break;
    case EDU_FACTORIAL:
        edu_compute(e, value);
        break;
    case EDU_STATUS:
        st->status = (st->status & EDU_STATUS_COMPUTING) | (value & EDU_STATUS_INTERRUPT);
        break;
    case EDU_INTERRUPT_RAISE:
        edu_raise(e, value);
        break;
    case EDU_INTERRUPT_ACKNOWLEDGE:
        edu_acknowledge(e, value);
        break;
    default:
        break;
    }
}

/* A running DMA holds its registers. */
static void write_wide(struct edu *e, uint64_t offset, uint64_t value)
{
    struct edu_state *st = e->st;
    if (st->command & EDU_DMA_RUN)
        return;
    switch (offset) {
    case EDU_DMA_SOURCE:
        st->source = value;
        break;
    case EDU_DMA_DESTINATION:
        st->destination = value;
        break;
    case EDU_DMA_COUNT:
        st->count = value;
        break;
    case EDU_DMA_COMMAND:
        edu_start_dma(e, value);
        break;
    default:
        break;
    }
}

enum vd_status edu_registers_access(struct edu *e, struct vd_txn *txn)
{
    bool wide = txn->addr >= EDU_WIDE, narrow = txn->size == 4;
    if (txn->size != 4 && txn->size != 8)
        return VD_DENIED;
    if (txn->cmd == VD_READ) {
        txn->data[0] = wide || narrow ? read_register(e, txn->addr) : UINT64_MAX;
        txn->data[0] &= vd_mask(0, 8u * txn->size);
    } else if (txn->attrs & VD_DEBUG) {
        return VD_OK;
    } else if (wide) {
        write_wide(e, txn->addr, txn->data[0] & vd_mask(0, 8u * txn->size));
    } else if (narrow) {
        write_register(e, txn->addr, (uint32_t)txn->data[0]);
    }
    return VD_OK;
}
