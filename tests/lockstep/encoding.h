/* SPDX-License-Identifier: BSD-2-Clause */
/* The rows of the hart's instruction tables, filled with chosen or random operands. */
#ifndef LOCKSTEP_ENCODING_H
#define LOCKSTEP_ENCODING_H

#include <stdbool.h>
#include <stdint.h>

#include "random.h"

enum operand { OPERAND_RD, OPERAND_RS1, OPERAND_RS2, OPERAND_RS3, OPERAND_RM, OPERAND_COUNT };

struct row {
    const char *name, *encoding, *extension, *class;
    /* Of a compressed row: its base row, and what must not be zero (the table's rule). */
    const char *base, *rule;
};

/* Operand numbers; imm is the value of the immediate, whatever the row calls it. */
struct filling {
    uint32_t operand[OPERAND_COUNT];
    uint32_t imm, csr;
};

uint32_t row_count(void);
const struct row *row_at(uint32_t index);
/* The row of that name that is (not) compressed; NULL: there is none. */
const struct row *row_named(const char *name, bool compressed);
bool row_is_compressed(const struct row *row);
bool row_has(const struct row *row, enum operand operand);
/* Whether the operand is one of the eight registers from 8 on. */
bool row_is_short(const struct row *row, enum operand operand);
/* The bits of the immediate that the row can hold. */
uint32_t row_imm_mask(const struct row *row);
uint32_t row_encode(const struct row *row, const struct filling *filling);

#endif
