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

struct insn_csr {
    uint16_t csr;
    uint8_t rd;
    bool reads, writes;
    uint8_t op; /* 1 write, 2 set, 3 clear */
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
