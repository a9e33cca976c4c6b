/* SPDX-License-Identifier: BSD-2-Clause */
/* The instructions that trap: loads, stores and CSR accesses of a guest, decoded. */
#ifndef HYP_INSN_H
#define HYP_INSN_H

#include <stdbool.h>
#include <stdint.h>

struct insn_memory {
    bool store, zero_extend;
    uint8_t size; /* bytes */
    uint8_t reg;  /* loaded or stored */
};

enum { CSR_OP_WRITE = 1, CSR_OP_SET, CSR_OP_CLEAR };

struct insn_csr {
    uint16_t csr;
    uint8_t rd;
    bool writes;
    uint8_t op;
    bool immediate;
    uint8_t rs1; /* register or immediate */
};

static inline uint32_t insn_length(uint32_t insn)
{
    return (insn & 3) == 3 ? 4 : 2;
}

/* False: not a load or store. */
bool insn_decode_memory(uint32_t insn, struct insn_memory *out);
bool insn_decode_csr(uint32_t insn, struct insn_csr *out);

#endif
