/* SPDX-License-Identifier: BSD-2-Clause */
/* Encodings as the manual prints them, compiled to masks and fields, and the search for a row. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "hart/insn.h"
#include "viaduct/bits.h"

/* Names of the extension column that are no bit of hart_config.extensions. */
enum { EXT_ALWAYS = HART_EXT_COUNT, EXT_PAIRS };
enum { EXT_SVINVAL_H = EXT_PAIRS, EXT_ZABHA_ZACAS, EXT_ZFHMIN_D, EXT_ZFA_D, EXT_ZFA_ZFH };
#define HART_EXT_I           EXT_ALWAYS
#define HART_EXT_Svinval_H   EXT_SVINVAL_H
#define HART_EXT_Zabha_Zacas EXT_ZABHA_ZACAS
#define HART_EXT_Zfhmin_D    EXT_ZFHMIN_D
#define HART_EXT_Zfa_D       EXT_ZFA_D
#define HART_EXT_Zfa_Zfh     EXT_ZFA_ZFH

/* Rows that need two extensions. */
static const uint64_t extension_pairs[] = {
    [EXT_SVINVAL_H - EXT_PAIRS] = VD_BIT(HART_EXT_Svinval) | VD_BIT(HART_EXT_H),
    [EXT_ZABHA_ZACAS - EXT_PAIRS] = VD_BIT(HART_EXT_Zabha) | VD_BIT(HART_EXT_Zacas),
    [EXT_ZFHMIN_D - EXT_PAIRS] = VD_BIT(HART_EXT_Zfhmin) | VD_BIT(HART_EXT_D),
    [EXT_ZFA_D - EXT_PAIRS] = VD_BIT(HART_EXT_Zfa) | VD_BIT(HART_EXT_D),
    [EXT_ZFA_ZFH - EXT_PAIRS] = VD_BIT(HART_EXT_Zfa) | VD_BIT(HART_EXT_Zfh),
};

struct row {
    const char *name, *encoding;
    uint8_t extension, class;
};

static const struct row rows[] = {
#define INSN(name, encoding, extension, class, ...)                                                \
    {#name, encoding, (uint8_t)HART_EXT_##extension, CLASS_##class},
#include "hart/insn.def"
#undef INSN
};

static const uint8_t pseudo_classes[] = {
#define PSEUDO(name, class, ...) CLASS_##class,
#include "hart/pseudo.def"
#undef PSEUDO
};

enum operand { FROM_NO, FROM_RD, FROM_RS1, FROM_RS2, FROM_X0, FROM_X1, FROM_X2 };
enum rule { RULE_ANY, RULE_NZIMM, RULE_NZRD, RULE_NZRS2, RULE_BYTE, RULE_NOT };

struct compressed_row {
    const char *name, *encoding;
    uint16_t base;
    uint8_t rd, rs1, rs2, rule, extension;
};

static const struct compressed_row compressed_rows[] = {
#define COMPRESSED_IN(name, ext, encoding, base, rd, rs1, rs2, rule)                               \
    {#name, encoding, INSN_##base, FROM_##rd, FROM_##rs1, FROM_##rs2, RULE_##rule, HART_EXT_##ext},
#define COMPRESSED(name, ...) COMPRESSED_IN(name, C, __VA_ARGS__)
#include "hart/compressed.def"
#undef COMPRESSED
#undef COMPRESSED_IN
};

enum { NUM_COMPRESSED = sizeof(compressed_rows) / sizeof(compressed_rows[0]), BUCKETS = 256 };

struct insn_table {
    struct insn_format formats[INSN_COUNT];
    struct insn_format compressed[NUM_COMPRESSED];
    bool present[INSN_COUNT], compressed_present[NUM_COMPRESSED];
    /* Rows by bits 6:2 and 14:12 of the instruction; a row without funct3 is in eight buckets. */
    uint16_t start[BUCKETS + 1];
    uint16_t rows[INSN_COUNT * 8];
};

/* The immediate's pieces from the text between brackets, most significant first:
 * "12|10:5".  Returns the bits that they take. */
static unsigned parse_pieces(const char *text, struct insn_format *f, struct insn_piece *pieces,
                             unsigned *count)
{
    unsigned total = 0;
    *count = 0;
    while (*text != ']') {
        char *end;
        unsigned high = (unsigned)strtoul(text, &end, 10), low = high;
        if (*end == ':')
            low = (unsigned)strtoul(end + 1, &end, 10);
        pieces[*count].to = (uint8_t)low;
        pieces[*count].width = (uint8_t)(high - low + 1);
        total += high - low + 1;
        if (high + 1 > f->sign)
            f->sign = (uint8_t)(high + 1);
        ++*count;
        text = *end == '|' ? end + 1 : end;
    }
    return total;
}

static unsigned parse_immediate(const char *token, struct insn_format *f, unsigned bit)
{
    struct insn_piece pieces[9];
    unsigned count, total = parse_pieces(strchr(token, '[') + 1, f, pieces, &count);
    unsigned from = bit;
    for (unsigned i = 0; i < count; i++) {
        from -= pieces[i].width;
        pieces[i].from = (uint8_t)from;
        f->pieces[f->num_pieces++] = pieces[i];
    }
    f->is_signed = strncmp(token, "imm", 3) == 0 || strncmp(token, "nzimm", 5) == 0;
    return total;
}

static unsigned set_register(uint8_t *field, bool *is_short, const char *token, size_t length,
                             unsigned bit)
{
    unsigned width = token[length - 1] == '\'' ? 3 : 5;
    *field = (uint8_t)(bit - width);
    *is_short = width == 3;
    return width;
}

/* One token whose most significant bit is bit - 1; returns its width. */
static unsigned parse_token(const char *token, size_t length, struct insn_format *f, unsigned bit)
{
    bool ignored;
    if (memchr(token, '[', length))
        return parse_immediate(token, f, bit);
    if (strncmp(token, "rd", 2) == 0)
        return set_register(&f->rd, &f->rd_short, token, length, bit);
    if (strncmp(token, "rs1", 3) == 0 || strncmp(token, "uimm", 4) == 0)
        return set_register(&f->rs1, &f->rs1_short, token, length, bit);
    if (strncmp(token, "rs2", 3) == 0)
        return set_register(&f->rs2, &f->rs2_short, token, length, bit);
    if (strncmp(token, "rs3", 3) == 0)
        return set_register(&f->rs3, &ignored, token, length, bit);
    if (strncmp(token, "rm", 2) == 0) {
        f->rm = (uint8_t)(bit - 3);
        return 3;
    }
    if (strncmp(token, "aq", 2) == 0 || strncmp(token, "rl", 2) == 0)
        return 1;
    for (size_t i = 0; i < length; i++) {
        unsigned position = bit - 1 - (unsigned)i;
        assert(token[i] == '0' || token[i] == '1');
        f->mask |= 1u << position;
        f->match |= (uint32_t)(token[i] - '0') << position;
    }
    return (unsigned)length;
}

static struct insn_format parse_format(const char *name, const char *encoding, unsigned bits)
{
    struct insn_format f = {.name = name,
                            .rd = INSN_NO_FIELD,
                            .rs1 = INSN_NO_FIELD,
                            .rs2 = INSN_NO_FIELD,
                            .rs3 = INSN_NO_FIELD,
                            .rm = INSN_NO_FIELD};
    unsigned bit = bits;
    while (*encoding) {
        size_t length = strcspn(encoding, " ");
        unsigned width = parse_token(encoding, length, &f, bit);
        assert(width <= bit);
        bit -= width;
        f.width = (uint8_t)(f.width + width);
        encoding += length;
        encoding += strspn(encoding, " ");
    }
    return f;
}

struct insn_format insn_format(enum insn_code code)
{
    struct insn_format f = parse_format(rows[code].name, rows[code].encoding, 32);
    f.class = rows[code].class;
    return f;
}

struct insn_format insn_compressed_format(unsigned row, enum insn_code *base)
{
    *base = compressed_rows[row].base;
    return parse_format(compressed_rows[row].name, compressed_rows[row].encoding, 16);
}

unsigned insn_compressed_rows(void)
{
    return NUM_COMPRESSED;
}

enum insn_class insn_class(enum insn_code code)
{
    return code < INSN_COUNT ? rows[code].class : pseudo_classes[code - INSN_COUNT];
}

static bool row_present(const struct hart_config *config, enum insn_code code)
{
    unsigned ext = rows[code].extension;
    if (ext == EXT_ALWAYS)
        return true;
    uint64_t need = ext < EXT_ALWAYS ? VD_BIT(ext) : extension_pairs[ext - EXT_PAIRS];
    return (config->extensions & need) == need;
}

static unsigned bucket_of(uint32_t bits)
{
    return (bits >> 2 & 0x1f) | (bits >> 12 & 7) << 5;
}

static bool in_bucket(const struct insn_format *f, unsigned bucket)
{
    return ((bucket ^ bucket_of(f->match)) & bucket_of(f->mask)) == 0;
}

/* Counted first, then placed; within a bucket in the table's order. */
static void fill_buckets(struct insn_table *t)
{
    uint16_t next[BUCKETS] = {0};
    for (unsigned placing = 0; placing < 2; placing++) {
        for (uint16_t i = 0; i < INSN_COUNT; i++) {
            for (unsigned b = 0; b < BUCKETS; b++) {
                if (!t->present[i] || !in_bucket(&t->formats[i], b))
                    continue;
                if (placing)
                    t->rows[next[b]] = i;
                next[b]++;
            }
        }
        for (unsigned b = 0; b < BUCKETS && !placing; b++) {
            t->start[b + 1] = (uint16_t)(t->start[b] + next[b]);
            next[b] = t->start[b];
        }
    }
}

struct insn_table *insn_table_create(const struct hart_config *config)
{
    struct insn_table *t = calloc(1, sizeof(*t));
    if (!t)
        return NULL;
    for (unsigned i = 0; i < INSN_COUNT; i++) {
        t->formats[i] = insn_format((enum insn_code)i);
        t->present[i] = row_present(config, (enum insn_code)i);
    }
    for (unsigned i = 0; i < NUM_COMPRESSED; i++) {
        enum insn_code base;
        t->compressed[i] = insn_compressed_format(i, &base);
        uint64_t need = VD_BIT(HART_EXT_C) | VD_BIT(compressed_rows[i].extension);
        t->compressed_present[i] = t->present[base] && (config->extensions & need) == need;
    }
    fill_buckets(t);
    return t;
}

const struct insn_format *insn_row(const struct insn_table *table, enum insn_code code)
{
    return &table->formats[code];
}

void insn_table_destroy(struct insn_table *table)
{
    free(table);
}

static int32_t immediate(const struct insn_format *f, uint32_t bits)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < f->num_pieces; i++)
        value |= vd_get(bits, f->pieces[i].from, f->pieces[i].width) << f->pieces[i].to;
    if (f->is_signed)
        value = vd_sign_extend(value, f->sign);
    return (int32_t)value;
}

static uint8_t register_at(uint8_t position, bool is_short, uint32_t bits)
{
    if (position == INSN_NO_FIELD)
        return 0;
    return (uint8_t)(is_short ? 8 + (bits >> position & 7) : bits >> position & 31);
}

static void operands(const struct insn_format *f, uint32_t bits, struct insn_operands *out)
{
    out->rd = register_at(f->rd, f->rd_short, bits);
    out->rs1 = register_at(f->rs1, f->rs1_short, bits);
    out->rs2 = register_at(f->rs2, f->rs2_short, bits);
    out->rs3 = register_at(f->rs3, false, bits);
    out->rm = (uint8_t)(f->rm == INSN_NO_FIELD ? 0 : bits >> f->rm & 7);
    out->imm = immediate(f, bits);
}

static bool follows_rule(const struct compressed_row *row, const struct insn_operands *o,
                         const struct insn_format *f)
{
    switch (row->rule) {
    case RULE_NZIMM:
        return o->imm != 0;
    case RULE_NZRD:
        return (f->rd == INSN_NO_FIELD ? o->rs1 : o->rd) != 0;
    case RULE_NZRS2:
        return o->rs2 != 0;
    default:
        return true;
    }
}

static int32_t implied_immediate(uint8_t rule, int32_t encoded)
{
    return rule == RULE_BYTE ? 0xff : rule == RULE_NOT ? -1 : encoded;
}

static uint8_t operand_from(uint8_t from, const struct insn_operands *o)
{
    switch (from) {
    case FROM_RD:
        return o->rd;
    case FROM_RS1:
        return o->rs1;
    case FROM_RS2:
        return o->rs2;
    case FROM_X1:
        return 1;
    case FROM_X2:
        return 2;
    default:
        return 0;
    }
}

static void decode_compressed(const struct insn_table *t, uint32_t bits, struct insn_operands *out)
{
    *out = (struct insn_operands){.code = INSN_COUNT, .length = 2, .bits = bits & 0xffff};
    for (unsigned i = 0; i < NUM_COMPRESSED; i++) {
        const struct compressed_row *row = &compressed_rows[i];
        const struct insn_format *f = &t->compressed[i];
        struct insn_operands o = *out;
        if ((out->bits & f->mask) != f->match || !t->compressed_present[i])
            continue;
        operands(f, out->bits, &o);
        if (!follows_rule(row, &o, f))
            continue;
        *out = (struct insn_operands){.code = row->base,
                                      .rd = operand_from(row->rd, &o),
                                      .rs1 = operand_from(row->rs1, &o),
                                      .rs2 = operand_from(row->rs2, &o),
                                      .length = 2,
                                      .imm = implied_immediate(row->rule, o.imm),
                                      .bits = out->bits};
        return;
    }
}

void insn_decode(const struct insn_table *table, uint32_t bits, struct insn_operands *out)
{
    if ((bits & 3) != 3) {
        decode_compressed(table, bits, out);
        return;
    }
    *out = (struct insn_operands){.code = INSN_COUNT, .length = 4, .bits = bits};
    unsigned bucket = bucket_of(bits);
    for (unsigned i = table->start[bucket]; i < table->start[bucket + 1]; i++) {
        const struct insn_format *f = &table->formats[table->rows[i]];
        if ((bits & f->mask) != f->match)
            continue;
        out->code = table->rows[i];
        operands(f, bits, out);
        return;
    }
}
