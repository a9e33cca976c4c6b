/* SPDX-License-Identifier: BSD-2-Clause */
/* Instruction formats: the rows of insn.def and compressed.def compiled for matching. */
#ifndef HART_INSN_H
#define HART_INSN_H

#include "hart/hart.h"

enum insn_code {
#define INSN(name, ...) INSN_##name,
#include "hart/insn.def"
#undef INSN
    INSN_COUNT,
    PSEUDO_BASE = INSN_COUNT - 1,
#define PSEUDO(name, ...) PSEUDO_##name,
#include "hart/pseudo.def"
#undef PSEUDO
    CODE_COUNT,
/* As pair.def spells them. */
#define PSEUDO(name, ...) INSN_pseudo_##name = PSEUDO_##name,
#include "hart/pseudo.def"
#undef PSEUDO
};

enum insn_pair {
#define PAIR(first, second, class) PAIR_##first##_##second,
#include "hart/pair.def"
#undef PAIR
    PAIR_COUNT
};

/* What timing, floating-point state and x0 handling know of an instruction. */
enum insn_class {
    CLASS_NONE,
    CLASS_ALU,
    CLASS_MUL,
    CLASS_DIV,
    CLASS_LOAD,
    CLASS_STORE,
    CLASS_BRANCH,
    CLASS_JUMP,
    CLASS_JUMP_REG,
    CLASS_FP,
    CLASS_FP_DIV,
    CLASS_FP_TO_X,
    CLASS_FP_FROM_X,
    CLASS_FP_LOAD,
    CLASS_FP_STORE,
    CLASS_AMO,
    CLASS_CSR,
    CLASS_FENCE,
    CLASS_FENCE_I,
    CLASS_SFENCE,
    CLASS_HLV,
    CLASS_HSV,
    CLASS_SYSTEM,
    CLASS_HINT,
    CLASS_COUNT
};

/* Bits of an encoding that make bits of the immediate. */
struct insn_piece {
    uint8_t from, to, width;
};

struct insn_format {
    const char *name;
    uint32_t match, mask;
    uint8_t width; /* bits that the encoding string spells: 16 or 32 in every sound row */
    uint8_t class;
    uint8_t rd, rs1, rs2, rs3; /* position of the register number, or INSN_NO_FIELD */
    uint8_t rm;
    bool rd_short, rs1_short, rs2_short; /* three-bit register numbers */
    bool is_signed;
    uint8_t num_pieces;
    struct insn_piece pieces[9];
    uint8_t sign; /* number of significant bits of a signed immediate */
};
enum { INSN_NO_FIELD = 0xff };

struct insn_operands {
    uint16_t code; /* enum insn_code, or INSN_COUNT: illegal */
    uint8_t rd, rs1, rs2, rs3, rm;
    uint8_t length; /* 2 or 4 bytes */
    int32_t imm;
    uint32_t bits; /* as fetched */
};

/* The rows that a hart has, by major opcode. */
struct insn_table;
struct insn_table *insn_table_create(const struct hart_config *config);
void insn_table_destroy(struct insn_table *table);
/* bits: the parcel, and for a 32-bit instruction the one after it. */
void insn_decode(const struct insn_table *table, uint32_t bits, struct insn_operands *out);

const struct insn_format *insn_row(const struct insn_table *table, enum insn_code code);

/* For tests: every row, sound or not. */
struct insn_format insn_format(enum insn_code code);
struct insn_format insn_compressed_format(unsigned row, enum insn_code *base);
unsigned insn_compressed_rows(void);
enum insn_class insn_class(enum insn_code code);

#endif
