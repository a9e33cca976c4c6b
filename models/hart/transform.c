/* SPDX-License-Identifier: BSD-2-Clause */
/* [priv tinst-vals]: the trapping instruction without its address, for mtinst and htinst. */
#include <string.h>

#include "hart/transform.h"

enum opcode {
    OP_LOAD = 0x03,
    OP_LOAD_FP = 0x07,
    OP_MISC_MEM = 0x0f,
    OP_STORE = 0x23,
    OP_STORE_FP = 0x27,
    OP_AMO = 0x2f,
    OP_SYSTEM = 0x73,
};

/* A compressed load or store: fields of its 32-bit equivalent that survive. */
struct compressed {
    uint8_t quadrant, funct3; /* of the compressed instruction */
    uint8_t opcode, width;    /* funct3 of the equivalent */
};

static const struct compressed compressed[] = {
    {0, 1, OP_LOAD_FP, 3}, {0, 2, OP_LOAD, 2},     {0, 3, OP_LOAD, 3},    {0, 5, OP_STORE_FP, 3},
    {0, 6, OP_STORE, 2},   {0, 7, OP_STORE, 3},    {2, 1, OP_LOAD_FP, 3}, {2, 2, OP_LOAD, 2},
    {2, 3, OP_LOAD, 3},    {2, 5, OP_STORE_FP, 3}, {2, 6, OP_STORE, 2},   {2, 7, OP_STORE, 3},
};

/* Zcb's loads and stores, by bits 12:10: opcode and funct3. */
static uint32_t expand_zcb(uint32_t c)
{
    uint32_t reg = 8 + (c >> 2 & 7);
    switch (c >> 10 & 7) {
    case 0: /* lbu */
        return reg << 7 | 4u << 12 | OP_LOAD;
    case 1: /* lhu, lh */
        return reg << 7 | (c & 0x40 ? 1u : 5u) << 12 | OP_LOAD;
    case 2: /* sb */
        return reg << 20 | 0u << 12 | OP_STORE;
    default: /* sh */
        return reg << 20 | 1u << 12 | OP_STORE;
    }
}

static uint32_t expand(uint32_t c)
{
    if ((c & 3) == 0 && (c >> 13 & 7) == 4)
        return expand_zcb(c);
    for (size_t i = 0; i < sizeof(compressed) / sizeof(compressed[0]); i++) {
        const struct compressed *row = &compressed[i];
        if (row->quadrant != (c & 3) || row->funct3 != (c >> 13 & 7))
            continue;
        bool store = row->opcode == OP_STORE || row->opcode == OP_STORE_FP;
        uint32_t reg = c >> 7 & 31;
        if (row->quadrant == 0)
            reg = 8 + (c >> 2 & 7);
        else if (store)
            reg = c >> 2 & 31;
        return reg << (store ? 20 : 7) | (uint32_t)row->width << 12 | row->opcode;
    }
    return 0;
}

uint32_t transform_instruction(uint32_t instruction, unsigned offset)
{
    uint32_t address = offset << 15;
    if ((instruction & 3) != 3) {
        uint32_t expanded = expand(instruction);
        return expanded ? (expanded & ~2u) | address : 0;
    }
    switch (instruction & 0x7f) {
    case OP_LOAD:
    case OP_LOAD_FP:
        return (instruction & 0x00007fff) | address; /* rd, funct3, opcode */
    case OP_STORE:
    case OP_STORE_FP:
        return (instruction & 0x01f0707f) | address; /* rs2, funct3, opcode */
    case OP_MISC_MEM: /* cache-block operations [unpriv norm:h_trans_cache] */
        return (instruction >> 12 & 7) == 2 ? instruction & 0xfff0707f : 0;
    case OP_AMO:
        return (instruction & 0xfff07fff) | address;
    case OP_SYSTEM: /* HLV, HLVX, HSV; not what is a may-be-operation */
        return (instruction >> 12 & 7) == 4 && !(instruction >> 31)
                   ? (instruction & 0xfff07fff) | address
                   : 0;
    default:
        return 0;
    }
}

/* The instruction was fetched a moment ago; if that is not possible any more there is none. */
uint32_t transform_instruction_at(struct hart *h, uint64_t pc, unsigned offset)
{
    struct hart_exception exc = h->exc;
    uint64_t cycles = h->st.cycles;
    uint32_t instruction = 0;
    for (unsigned part = 0; part < 4; part += 2) {
        const uint8_t *bytes;
        uint64_t spa;
        uint16_t half;
        if (!mmu_fetch(h, pc + part, &bytes, &spa)) {
            instruction = 0;
            break;
        }
        memcpy(&half, bytes, sizeof(half));
        instruction |= (uint32_t)half << 8 * part;
        if ((instruction & 3) != 3)
            break;
    }
    h->exc = exc;
    h->st.cycles = cycles;
    return instruction ? transform_instruction(instruction, offset) : 0;
}
