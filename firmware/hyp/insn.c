/* SPDX-License-Identifier: BSD-2-Clause */
#include "insn.h"

enum { OPCODE_LOAD = 0x03, OPCODE_STORE = 0x23, OPCODE_SYSTEM = 0x73 };

static uint32_t bits(uint32_t value, unsigned high, unsigned low)
{
    return value >> low & ((1u << (high - low + 1)) - 1);
}

/* Rows of the compressed loads and stores: opcode bits 1:0, funct3, what they are. */
static const struct {
    uint8_t quadrant, funct3, size;
    bool store;
} compressed[] = {
    {0, 2, 4, false}, {0, 3, 8, false}, {0, 6, 4, true}, {0, 7, 8, true},
    {2, 2, 4, false}, {2, 3, 8, false}, {2, 6, 4, true}, {2, 7, 8, true},
};

static uint8_t compressed_register(uint32_t insn, uint8_t quadrant, bool store)
{
    if (quadrant == 0)
        return (uint8_t)(8 + bits(insn, 4, 2));
    return (uint8_t)(store ? bits(insn, 6, 2) : bits(insn, 11, 7));
}

static bool decode_compressed(uint32_t insn, struct insn_memory *out)
{
    for (unsigned i = 0; i < sizeof compressed / sizeof *compressed; i++) {
        if (compressed[i].quadrant != (insn & 3) || compressed[i].funct3 != bits(insn, 15, 13))
            continue;
        *out = (struct insn_memory){.store = compressed[i].store, .size = compressed[i].size};
        out->reg = compressed_register(insn, compressed[i].quadrant, out->store);
        return true;
    }
    return false;
}

bool insn_decode_memory(uint32_t insn, struct insn_memory *out)
{
    if (insn_length(insn) == 2)
        return decode_compressed(insn, out);
    uint32_t opcode = insn & 0x7f, funct3 = bits(insn, 14, 12);
    if (opcode != OPCODE_LOAD && opcode != OPCODE_STORE)
        return false;
    *out =
        (struct insn_memory){.store = opcode == OPCODE_STORE, .size = (uint8_t)(1 << (funct3 & 3))};
    out->zero_extend = funct3 & 4;
    out->reg = (uint8_t)(out->store ? bits(insn, 24, 20) : bits(insn, 11, 7));
    return true;
}

bool insn_decode_csr(uint32_t insn, struct insn_csr *out)
{
    uint32_t funct3 = bits(insn, 14, 12);
    if ((insn & 0x7f) != OPCODE_SYSTEM || (funct3 & 3) == 0)
        return false;
    *out = (struct insn_csr){.csr = (uint16_t)(insn >> 20),
                             .rd = (uint8_t)bits(insn, 11, 7),
                             .op = (uint8_t)(funct3 & 3),
                             .immediate = funct3 & 4,
                             .rs1 = (uint8_t)bits(insn, 19, 15)};
    out->writes = out->op == CSR_OP_WRITE || out->rs1;
    return true;
}
