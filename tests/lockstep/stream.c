/* SPDX-License-Identifier: BSD-2-Clause */
/* Straight code with forward jumps and small loops, in M, S or U without translation: integer,
 * floating-point and atomic instructions, random words. */
#include <string.h>

#include "classes.h"

/* x2, x8 and x30 point into the scratch area, x9 is aligned for atomics: they are never written. */
enum { POINTER_SP = 2, POINTER = 8, POINTER_ATOMIC = 9, MISALIGNED = 30, LOOP = 31, TARGET = 5 };
#define SCRATCH_MIDDLE (PROGRAM_SCRATCH + PROGRAM_SCRATCH_SIZE / 2)

struct stream {
    struct image *image;
    struct random *random;
    bool (*wanted)(const struct row *row);
    bool in_loop;
};

static bool is_class(const struct row *row, const char *name)
{
    return strcmp(row->class, name) == 0;
}

static bool is_extension(const struct row *row, const char *name)
{
    return strcmp(row->extension, name) == 0;
}

static bool has_rule(const struct row *row, const char *name)
{
    return strcmp(row->rule, name) == 0;
}

/* The row whose timing class and extension hold: a compressed row is what its base is. */
static const struct row *base_of(const struct row *row)
{
    return row->base ? row_named(row->base, false) : row;
}

static bool wanted_integer(const struct row *row)
{
    static const char *const extensions[] = {"I", "M", "Zba", "Zbb", "Zbs", "Zifencei"};
    const struct row *base = base_of(row);
    if (is_class(base, "SYSTEM") || (row->base && !is_extension(row, "C")))
        return false;
    for (uint32_t i = 0; i < sizeof(extensions) / sizeof(extensions[0]); i++)
        if (is_extension(base, extensions[i]))
            return true;
    return false;
}

static bool wanted_float(const struct row *row)
{
    const struct row *base = base_of(row);
    static const char *const extensions[] = {"F", "D", "Zfh", "Zfhmin", "Zfhmin_D"};
    for (uint32_t i = 0; i < sizeof(extensions) / sizeof(extensions[0]); i++)
        if (is_extension(base, extensions[i]))
            return true;
    return false;
}

/* What QEMU 7.2 does not have, among what gives it values. */
static bool wanted_newer(const struct row *row)
{
    static const char *const extensions[] = {
        "Zbc",   "Zicond",      "Zimop", "Zcmop", "Zcb",   "Zicbom",  "Zicboz",
        "Zabha", "Zabha_Zacas", "Zacas", "Zfa",   "Zfa_D", "Zfa_Zfh", "Zalasr",
    };
    for (uint32_t i = 0; i < sizeof(extensions) / sizeof(extensions[0]); i++)
        if (is_extension(row, extensions[i]))
            return true;
    return wanted_integer(row) || (!row->base && wanted_float(row));
}

/* LR and SC only in the sequences of refill_atomic(): when else SC may fail is a choice. */
static bool wanted_atomic(const struct row *row)
{
    return is_extension(row, "A") && strncmp(row->name, "lr_", 3) != 0 &&
           strncmp(row->name, "sc_", 3) != 0;
}

static bool float_rd(const struct row *base)
{
    return is_class(base, "FP") || is_class(base, "FP_LOAD") || is_class(base, "FP_DIV") ||
           is_class(base, "FP_FROM_X");
}

/* Not to x0: QEMU 11.1 takes its temporary zero for the result (README.md). */
static bool has_temporary(const struct row *row)
{
    return strncmp(row->name, "amocas_", strlen("amocas_")) == 0 || is_extension(row, "Zalasr");
}

static uint32_t pick_rd(struct stream *s, const struct row *row, bool is_float)
{
    for (;;) {
        uint32_t rd = random_below(s->random, 32);
        if (row_is_short(row, OPERAND_RD))
            rd = 8 + rd % 8;
        if (is_float)
            return rd;
        bool pointer =
            rd == POINTER_SP || rd == POINTER || rd == POINTER_ATOMIC || rd == MISALIGNED;
        bool zero = rd == 0 && (has_rule(row, "NZRD") || has_temporary(row));
        bool counts =
            rd == LOOP || (rd == LOOP - 1 && has_temporary(row)); /* which may write a pair */
        if (!pointer && !zero && !(s->in_loop && counts))
            return rd;
    }
}

static uint32_t pick_rs(struct stream *s, const struct row *row, enum operand operand)
{
    uint32_t rs = random_below(s->random, 32);
    if (row_is_short(row, operand))
        return 8 + rs % 8;
    return (has_rule(row, "NZRS2") && operand == OPERAND_RS2 && rs == 0) ? 1 : rs;
}

static bool is_memory(const struct row *base)
{
    return is_class(base, "LOAD") || is_class(base, "STORE") || is_class(base, "FP_LOAD") ||
           is_class(base, "FP_STORE");
}

static uint32_t pick_rm(struct stream *s)
{
    uint32_t rm = random_below(s->random, 64);
    return rm < 2 ? 5 + rm : rm < 24 ? 7 : rm % 5;
}

static struct filling fill(struct stream *s, const struct row *row)
{
    const struct row *base = base_of(row);
    struct filling f = {.imm = (uint32_t)random_next(s->random)};
    f.operand[OPERAND_RD] = pick_rd(s, row, float_rd(base));
    for (enum operand o = OPERAND_RS1; o <= OPERAND_RS3; o++)
        f.operand[o] = pick_rs(s, row, o);
    f.operand[OPERAND_RM] = pick_rm(s);
    if (is_memory(base)) {
        f.operand[OPERAND_RS1] = POINTER;
        if (random_one_in(s->random, 2))
            f.imm &= ~UINT32_C(7);
    }
    if (is_class(base, "AMO") || is_extension(base, "Zalasr")) {
        bool misaligned = is_extension(base, "A") && random_one_in(s->random, 50);
        f.operand[OPERAND_RS1] = misaligned ? MISALIGNED : POINTER_ATOMIC;
    }
    if (has_rule(row, "NZIMM") && !(f.imm & row_imm_mask(row)))
        f.imm = row_imm_mask(row);
    return f;
}

static void emit_checkpoint(struct stream *s)
{
    if (random_one_in(s->random, 2))
        image_half(s->image, 0x9002);
    else
        image_ebreak(s->image);
}

static void emit_random(struct stream *s, uint32_t depth);

static void emit_skipped(struct stream *s, uint32_t depth)
{
    for (uint32_t n = random_below(s->random, 4); n > 0; n--)
        emit_random(s, depth + 1);
}

/* Branches and jumps with an offset go forward over a few instructions. */
static void emit_jump(struct stream *s, const struct row *row, uint32_t depth)
{
    struct filling f = fill(s, row);
    uint64_t pc = image_pc(s->image);
    f.imm = 0;
    image_insn(s->image, row, &f);
    emit_skipped(s, depth);
    f.imm = (uint32_t)(image_pc(s->image) - pc);
    image_patch(s->image, pc, row, &f);
}

/* jalr in all its forms: the target is auipc's value plus what is only known afterwards. */
static void emit_jump_register(struct stream *s, const struct row *row, uint32_t depth)
{
    const struct row *addi = row_named("addi", false);
    struct filling f = fill(s, row), add = {.operand = {TARGET, TARGET}};
    uint64_t start = image_pc(s->image);
    image_op(s->image, "auipc", TARGET, 0, 0, 0);
    uint64_t add_pc = image_pc(s->image);
    image_insn(s->image, addi, &add);
    f.operand[OPERAND_RS1] = TARGET;
    f.imm = (f.imm & 0x7ff) - 0x400; /* so that addi can make up for it */
    image_insn(s->image, row, &f);
    emit_skipped(s, depth);
    uint32_t offset = (uint32_t)(image_pc(s->image) - start);
    bool has_offset = row_imm_mask(row) != 0;
    add.imm = has_offset ? offset - f.imm : offset; /* jalr clears bit 0 of the sum */
    image_patch(s->image, add_pc, addi, &add);
}

static void emit_loop(struct stream *s)
{
    s->in_loop = true;
    image_li(s->image, LOOP, 1 + random_below(s->random, 4));
    uint64_t start = image_pc(s->image);
    for (uint32_t n = 1 + random_below(s->random, 5); n > 0; n--)
        emit_random(s, 2);
    image_op(s->image, "addi", LOOP, LOOP, 0, 0xfff);
    image_op(s->image, "bne", 0, LOOP, 0, (uint32_t)(start - image_pc(s->image)));
    s->in_loop = false;
}

static void emit_row(struct stream *s, const struct row *row, uint32_t depth)
{
    const struct row *base = base_of(row);
    bool jumps = is_class(base, "BRANCH") || is_class(base, "JUMP");
    if (depth > 1 && (jumps || is_class(base, "JUMP_REG")))
        return;
    if (jumps) {
        emit_jump(s, row, depth);
    } else if (is_class(base, "JUMP_REG")) {
        emit_jump_register(s, row, depth);
    } else {
        struct filling f = fill(s, row);
        /* The ledger's hints are for firmware, see docs/hints.md. */
        if (strcmp(base->name, "slti") == 0 && f.operand[OPERAND_RD] == 0)
            f.operand[OPERAND_RD] = 1;
        if (strcmp(row->name, "ctzw") == 0) {
            /* Not of a zero word (README.md). */
            f.operand[OPERAND_RS1] = 10 + random_below(s->random, 16);
            image_op(s->image, "bseti", f.operand[OPERAND_RS1], f.operand[OPERAND_RS1], 0,
                     random_below(s->random, 32));
        }
        image_insn(s->image, row, &f);
        if (row->base && strcmp(row->name, "addi16sp") == 0)
            image_op(s->image, "addi", POINTER_SP, POINTER, 0, 0);
    }
}

static void emit_random(struct stream *s, uint32_t depth)
{
    const struct row *row;
    do
        row = row_at(random_below(s->random, row_count()));
    while (!s->wanted(row));
    emit_row(s, row, depth);
}

static void initial_registers(struct stream *s)
{
    for (uint32_t i = 1; i < 32; i++)
        image_step(s->image, PROGRAM_OP_X, i, random_integer(s->random), 0);
    for (uint32_t i = 0; i < 32; i++)
        image_step(s->image, PROGRAM_OP_F, i, random_f_register(s->random), 0);
    image_step(s->image, PROGRAM_OP_X, POINTER, SCRATCH_MIDDLE, 0);
    image_step(s->image, PROGRAM_OP_X, POINTER_SP, SCRATCH_MIDDLE, 0);
    image_step(s->image, PROGRAM_OP_X, POINTER_ATOMIC,
               PROGRAM_SCRATCH + 8 * random_below(s->random, 16), 0);
    image_step(s->image, PROGRAM_OP_X, MISALIGNED, PROGRAM_SCRATCH + random_below(s->random, 16),
               0);
}

static void begin(struct stream *s, uint32_t flags)
{
    image_step(s->image, PROGRAM_OP_CASE, flags, 0, 0);
    initial_registers(s);
    image_align(s->image, random_one_in(s->random, 2) ? 4 : 2);
}

static void finish(struct stream *s, uint64_t start)
{
    static const uint8_t modes[] = {PROGRAM_U, PROGRAM_S, PROGRAM_M};
    uint64_t end = image_pc(s->image);
    image_ebreak(s->image);
    image_step(s->image, PROGRAM_OP_RUN, modes[random_below(s->random, 3)], start, end);
}

/* What cache-block operations may do below M: CBIE, of which 2 is reserved, CBCFE, CBZE. */
static void allow_blocks(struct stream *s)
{
    static const uint32_t allowed[] = {0x00, 0x10, 0x30, 0x40, 0x80, 0xd0, 0xf0};
    for (uint32_t csr = 0x10a; csr <= 0x30a; csr += 0x200) /* senvcfg, menvcfg */
        image_csr(s->image, csr, allowed[random_below(s->random, 7)]);
}

/* Between 1 and 5 instructions from one checkpoint to the next; refill adds what keeps values
 * interesting. */
static void run_streams(struct stream *s, uint32_t cases, void (*refill)(struct stream *s))
{
    while (cases-- > 0) {
        begin(s, PROGRAM_SKIP | PROGRAM_MEMORY);
        if (refill && random_one_in(s->random, 4)) /* FS is Off, Initial or Clean */
            image_csr(s->image, 0x300, random_below(s->random, 3) << 13);
        if (s->wanted == wanted_newer)
            allow_blocks(s);
        uint64_t start = image_pc(s->image);
        for (uint32_t block = 0; block < 24; block++) {
            if (refill)
                refill(s);
            else if (random_one_in(s->random, 8))
                emit_loop(s);
            for (uint32_t n = 1 + random_below(s->random, 5); n > 0; n--)
                emit_random(s, 0);
            emit_checkpoint(s);
        }
        finish(s, start);
    }
}

void class_integer(struct image *image, uint32_t cases)
{
    struct stream s = {image, &image->random, wanted_integer, false};
    run_streams(&s, cases, NULL);
}

/* A new rounding mode, sometimes an invalid one; cleared flags; a fresh operand from the scratch
 * area. */
static void refill_float(struct stream *s)
{
    uint32_t what = random_below(s->random, 4), mode = random_below(s->random, 20);
    if (what == 0)
        image_csr_op(s->image, "csrrwi", 0, 0x002,
                     mode < 18 ? mode % 5 : 5 + random_below(s->random, 3));
    if (what == 1)
        image_csr_op(s->image, "csrrwi", random_below(s->random, 2), 0x001, 0);
    for (uint32_t n = random_below(s->random, 3); n > 0; n--) {
        image_li(s->image, TARGET, random_f_register(s->random));
        image_op(s->image, "fmv_d_x", random_below(s->random, 32), TARGET, 0, 0);
    }
}

void class_float(struct image *image, uint32_t cases)
{
    struct stream s = {image, &image->random, wanted_float, false};
    run_streams(&s, cases, refill_float);
}

/* LR and SC in pairs, some of them broken by another LR; a second SC fails. */
static void refill_atomic(struct stream *s)
{
    const char *const pairs[][2] = {{"lr_w", "sc_w"}, {"lr_d", "sc_d"}};
    uint32_t wide = random_below(s->random, 2), rd = 10 + random_below(s->random, 4);
    image_li(s->image, 14, random_integer(s->random));
    if (random_one_in(s->random, 2))
        return;
    image_op(s->image, pairs[wide][0], rd, POINTER_ATOMIC, 0, 0);
    if (random_one_in(s->random, 4))
        image_op(s->image, pairs[!wide][0], rd, POINTER, 0, 0);
    image_op(s->image, "addi", rd, rd, 0, random_below(s->random, 4096));
    image_op(s->image, pairs[wide][1], 15, POINTER_ATOMIC, rd, 0);
    if (random_one_in(s->random, 2))
        image_op(s->image, pairs[wide][1], 16, POINTER_ATOMIC, 14, 0);
}

void class_atomic(struct image *image, uint32_t cases)
{
    struct stream s = {image, &image->random, wanted_atomic, false};
    run_streams(&s, cases, refill_atomic);
}

/* Pairs of registers are compared with 16 bytes: most of the time the pointer is aligned to them.
 */
static void refill_newer(struct stream *s)
{
    refill_float(s);
    if (random_one_in(s->random, 4))
        emit_loop(s);
    if (random_one_in(s->random, 2))
        image_op(s->image, "andi", POINTER_ATOMIC, POINTER_ATOMIC, 0, 0xff0);
}

void class_newer(struct image *image, uint32_t cases)
{
    struct stream s = {image, &image->random, wanted_newer, false};
    run_streams(&s, cases, refill_newer);
}

/* --- random words --- */

/* Whether the word may jump away, wait or return: those classes are elsewhere.  SC without a
 * reservation: what it checks before it fails differs. */
static bool leaves(uint32_t word)
{
    uint32_t opcode = word & 0x7f;
    if ((word & 3) != 3) {
        uint32_t place = (word & 3) << 3 | (word >> 13 & 7);
        bool jump_register = place == 0x14 && (word & 0x7c) == 0;
        return place == 0xd || place == 0xe || place == 0xf || jump_register;
    }
    bool sc = opcode == 0x2f && word >> 27 == 3;
    return sc || opcode == 0x63 || opcode == 0x67 || opcode == 0x6f || opcode == 0x73;
}

/* One field of a known row changed, or nothing known at all. */
static uint32_t random_word(struct stream *s)
{
    const struct row *row = row_at(random_below(s->random, row_count()));
    struct filling f = fill(s, row);
    uint32_t word = row_encode(row, &f);
    switch (random_below(s->random, 4)) {
    case 0:
        return (uint32_t)random_next(s->random);
    case 1:
        return word ^ UINT32_C(1) << random_below(s->random, 32);
    case 2:
        return (word & 0x0000707f) | ((uint32_t)random_next(s->random) & 0xffff8f80);
    default:
        return (uint32_t)random_next(s->random) & 0xfffc;
    }
}

void class_decode(struct image *image, uint32_t cases)
{
    struct stream s = {image, &image->random, NULL, false};
    while (cases-- > 0) {
        begin(&s, PROGRAM_SKIP | PROGRAM_MEMORY);
        /* U-mode may touch its code and the scratch area, whatever a word addresses. */
        image_align(image, 4096);
        uint64_t start = image_pc(image);
        image_csr(image, 0x3b0, PROGRAM_CODE >> 2 | ((PROGRAM_END - PROGRAM_CODE) / 8 - 1));
        image_csr(image, 0x3b1, PROGRAM_SCRATCH >> 2 | (PROGRAM_SCRATCH_SIZE / 8 - 1));
        image_csr(image, 0x3a0, 0x1b1d);
        for (uint32_t n = 0; n < 64; n++) {
            uint32_t word = random_word(&s);
            if (leaves(word) || ((word & 0x707f) == 0x2013 && !(word & 0xf80)))
                continue;
            if ((word & 3) == 3)
                image_word(image, word);
            else
                image_half(image, (uint16_t)word);
            emit_checkpoint(&s);
        }
        uint64_t end = image_pc(image);
        image_ebreak(image);
        image_step(image, PROGRAM_OP_RUN, PROGRAM_U, start, end);
    }
}
