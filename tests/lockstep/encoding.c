/* SPDX-License-Identifier: BSD-2-Clause */
#include "encoding.h"

#include <assert.h>
#include <ctype.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static const struct row rows[] = {
#define INSN(name, encoding, extension, class, semantics)                                          \
    {#name, encoding, #extension, #class, NULL, ""},
#include "hart/insn.def"
#undef INSN
#define COMPRESSED_IN(name, extension, encoding, base, rd, rs1, rs2, rule)                         \
    {#name, encoding, #extension, "", #base, #rule},
#define COMPRESSED(name, encoding, base, rd, rs1, rs2, rule)                                       \
    COMPRESSED_IN(name, C, encoding, base, rd, rs1, rs2, rule)
#include "hart/compressed.def"
#undef COMPRESSED
#undef COMPRESSED_IN
};

enum field_kind { FIELD_BITS, FIELD_OPERAND, FIELD_SHORT, FIELD_IMM, FIELD_CSR };

/* One word of an encoding. */
struct field {
    enum field_kind kind;
    enum operand operand;
    uint32_t width, value;
    uint8_t bit[32]; /* of an immediate: where each of its bits is from, most significant first */
};

static uint32_t parse_ranges(struct field *f, const char *text)
{
    const char *at = strchr(text, '[');
    if (!at)
        return f->width = 5; /* a bare uimm: the CSR instructions' */
    f->width = 0;
    do {
        char *end;
        unsigned long high = strtoul(at + 1, &end, 10), low = high;
        if (*end == ':')
            low = strtoul(end + 1, &end, 10);
        for (unsigned long bit = high + 1; bit-- > low;)
            f->bit[f->width++] = (uint8_t)bit;
        at = end;
    } while (*at == '|');
    return f->width;
}

static struct field parse_field(const char *word)
{
    static const char *const operands[] = {"rd", "rs1", "rs2", "rs3"};
    struct field f = {.kind = FIELD_BITS, .width = (uint32_t)strlen(word)};
    if (isdigit((unsigned char)*word)) {
        f.value = (uint32_t)strtoul(word, NULL, 2);
        return f;
    }
    for (uint32_t i = 0; i < 4; i++) {
        size_t length = strlen(operands[i]);
        if (strncmp(word, operands[i], length) != 0 || (word[length] && word[length] != '\''))
            continue;
        bool is_short = word[length] == '\'';
        return (struct field){.kind = is_short ? FIELD_SHORT : FIELD_OPERAND,
                              .operand = (enum operand)i,
                              .width = is_short ? 3 : 5};
    }
    if (strcmp(word, "rm") == 0)
        return (struct field){.kind = FIELD_OPERAND, .operand = OPERAND_RM, .width = 3};
    if (strcmp(word, "aq") == 0 || strcmp(word, "rl") == 0)
        return (struct field){.kind = FIELD_BITS, .width = 1};
    if (strncmp(word, "csr", 3) == 0)
        return (struct field){.kind = FIELD_CSR, .width = 12};
    f.kind = FIELD_IMM;
    for (uint32_t i = 0; i < 5; i++)
        f.bit[i] = (uint8_t)(4 - i);
    parse_ranges(&f, word);
    return f;
}

/* The fields, most significant first. */
static uint32_t parse(const struct row *row, struct field fields[16])
{
    char text[96];
    uint32_t count = 0;
    assert(strlen(row->encoding) < sizeof(text));
    strcpy(text, row->encoding);
    for (char *word = strtok(text, " "); word; word = strtok(NULL, " ")) {
        assert(count < 16);
        fields[count++] = parse_field(word);
    }
    return count;
}

uint32_t row_count(void)
{
    return sizeof(rows) / sizeof(rows[0]);
}

const struct row *row_at(uint32_t index)
{
    return &rows[index];
}

const struct row *row_named(const char *name, bool compressed)
{
    for (uint32_t i = 0; i < row_count(); i++)
        if (row_is_compressed(&rows[i]) == compressed && strcmp(rows[i].name, name) == 0)
            return &rows[i];
    return NULL;
}

bool row_is_compressed(const struct row *row)
{
    return row->base;
}

static bool has(const struct row *row, enum operand operand, enum field_kind kind)
{
    struct field fields[16];
    uint32_t count = parse(row, fields);
    for (uint32_t i = 0; i < count; i++)
        if (fields[i].kind == kind && fields[i].operand == operand)
            return true;
    return false;
}

bool row_has(const struct row *row, enum operand operand)
{
    return has(row, operand, FIELD_OPERAND) || has(row, operand, FIELD_SHORT);
}

bool row_is_short(const struct row *row, enum operand operand)
{
    return has(row, operand, FIELD_SHORT);
}

uint32_t row_imm_mask(const struct row *row)
{
    struct field fields[16];
    uint32_t count = parse(row, fields), mask = 0;
    for (uint32_t i = 0; i < count; i++)
        for (uint32_t bit = 0; fields[i].kind == FIELD_IMM && bit < fields[i].width; bit++)
            mask |= UINT32_C(1) << fields[i].bit[bit];
    return mask;
}

static uint32_t field_value(const struct field *f, const struct filling *filling)
{
    uint32_t value = 0;
    switch (f->kind) {
    case FIELD_BITS:
        return f->value;
    case FIELD_OPERAND:
        return filling->operand[f->operand];
    case FIELD_SHORT:
        return filling->operand[f->operand] & 7;
    case FIELD_CSR:
        return filling->csr;
    default:
        for (uint32_t i = 0; i < f->width; i++)
            value = value << 1 | (filling->imm >> f->bit[i] & 1);
        return value;
    }
}

uint32_t row_encode(const struct row *row, const struct filling *filling)
{
    struct field fields[16];
    uint32_t count = parse(row, fields), insn = 0, width = 0;
    for (uint32_t i = 0; i < count; i++) {
        insn = insn << fields[i].width | field_value(&fields[i], filling);
        width += fields[i].width;
    }
    assert(width == (row->base ? 16u : 32u));
    return insn;
}
