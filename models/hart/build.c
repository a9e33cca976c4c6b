/* SPDX-License-Identifier: BSD-2-Clause */
/* From instructions to the ops of a block. */
#include <string.h>

#include "hart/block.h"
#include "hart/cfi.h"
#include "hart/counter.h"
#include "hart/timing_rows.h"

/* The instruction being translated. */
struct at {
    struct insn_operands o;
    uint16_t code;     /* o.code, or what stands for it here */
    unsigned position; /* in the page */
    int32_t offset;    /* from the block's pc */
    enum insn_class class;
};

static void fill_mark(struct block_build *b, unsigned index, const struct at *at, uint16_t code)
{
    b->marks[index] = (struct hart_mark){
        .offset = (int16_t)at->offset,
        .code = code,
        .cost = (uint16_t)b->cost,
        .count = (uint16_t)b->count,
        .bits = at->o.bits,
        .length = at->o.length,
    };
}

static struct hart_op *emit(struct block_build *b, const struct at *at, uint16_t code)
{
    struct hart_op *op = &b->ops[b->num_ops];
    *op = (struct hart_op){
        .label = b->h->blocks->labels[code],
        .imm = at->o.imm,
        .rd = at->o.rd,
        .rs1 = at->o.rs1,
        .rs2 = at->o.rs2,
        .rm = at->o.rm,
    };
    fill_mark(b, b->num_ops++, at, code);
    return op;
}

/* The slot behind an op that can leave the block. */
static void emit_slot(struct block_build *b, const struct at *at)
{
    struct hart_op *op = &b->ops[b->num_ops];
    *op = (struct hart_op){.label = NULL};
    op->return_offset = at->offset + at->o.length;
    fill_mark(b, b->num_ops++, at, MARK_SLOT);
}

static uint16_t parcel(const struct block_source *s, unsigned position)
{
    uint16_t value;
    memcpy(&value, s->page + position, sizeof(value));
    return value;
}

/* Fetches and decodes.  false: it is not, or not wholly, in the page. */
static bool next_instruction(struct block_build *b, struct at *at)
{
    const struct block_source *s = b->source;
    if (at->position >= PAGE_BYTES)
        return false;
    uint32_t bits = parcel(s, at->position);
    if ((bits & 3) == 3) {
        if (at->position + 2 < PAGE_BYTES)
            bits |= (uint32_t)parcel(s, at->position + 2) << 16;
        else if (s->straddle)
            bits |= (uint32_t)s->second << 16;
        else
            return false;
    }
    insn_decode(b->h->blocks->table, bits, &at->o);
    at->code = cfi_code(s->cfi, &at->o, at->position);
    at->class = at->code == INSN_COUNT ? CLASS_SYSTEM : insn_class((enum insn_code)at->code);
    return true;
}

static void use_granules(struct block_build *b, const struct at *at)
{
    b->granules |= VD_BIT(at->position >> GRANULE_SHIFT);
    b->granules |= VD_BIT((at->position + at->o.length - 1u) % PAGE_BYTES >> GRANULE_SHIFT);
}

static bool is_load(enum insn_class class)
{
    return class == CLASS_LOAD || class == CLASS_FP_LOAD || class == CLASS_HLV;
}

/* Which of rs1, rs2, rs3 are f registers. */
enum { FLOAT_RS1 = 1, FLOAT_RS2 = 2, FLOAT_RS3 = 4 };
static unsigned float_sources(enum insn_class class)
{
    switch (class) {
    case CLASS_FP:
    case CLASS_FP_DIV:
    case CLASS_FP_TO_X:
        return FLOAT_RS1 | FLOAT_RS2 | FLOAT_RS3;
    case CLASS_FP_STORE:
        return FLOAT_RS2;
    default:
        return 0;
    }
}

static const struct insn_format *row_of(const struct block_build *b, const struct at *at)
{
    return insn_row(b->h->blocks->table, (enum insn_code)at->o.code);
}

/* Whether an instruction reads register reg, an f register or not. */
static bool reads(const struct block_build *b, const struct at *at, unsigned reg, bool is_float)
{
    if (at->o.code == INSN_COUNT)
        return false;
    const struct insn_format *f = row_of(b, at);
    unsigned floats = float_sources(at->class);
    return (f->rs1 != INSN_NO_FIELD && at->o.rs1 == reg && !(floats & FLOAT_RS1) == !is_float) ||
           (f->rs2 != INSN_NO_FIELD && at->o.rs2 == reg && !(floats & FLOAT_RS2) == !is_float) ||
           (f->rs3 != INSN_NO_FIELD && at->o.rs3 == reg && is_float);
}

/* What a load costs: one cycle, and what the next two instructions in memory wait for its value. It
 * depends on nothing but the code, so not on where a block or a slice ends.  CHOICE: nobody waits
 * over the end of a page. */
static uint32_t load_cost(struct block_build *b, const struct at *load)
{
    uint32_t latency = b->h->cfg.timing.load;
    struct at next = *load;
    if (b->source->straddle || (load->o.rd == 0 && load->class != CLASS_FP_LOAD))
        return 1;
    for (uint32_t distance = 1; distance < latency; distance++) {
        next.position += next.o.length;
        if (!next_instruction(b, &next))
            return 1;
        use_granules(b, &next);
        if (reads(b, &next, load->o.rd, load->class == CLASS_FP_LOAD))
            return latency - distance + 1;
        /* A jump, or whatever takes long, hides the rest. */
        bool slow = !is_load(next.class) && timing_cost(b->h, next.class) > 1;
        if (distance == 2 || slow || next.class == CLASS_BRANCH || next.class == CLASS_SYSTEM)
            return 1;
    }
    return 1;
}

static void charge(struct block_build *b, const struct at *at)
{
    b->last_cost = b->cost;
    b->cost += is_load(at->class) ? load_cost(b, at) : timing_cost(b->h, at->class);
    b->count++;
}

static void emit_exit(struct block_build *b, const struct at *at, uint16_t code, int32_t target)
{
    emit(b, at, code)->imm = target;
    charge(b, at);
    emit_slot(b, at);
}

static void emit_fall(struct block_build *b, int32_t offset)
{
    struct at at = {.offset = offset, .class = CLASS_NONE};
    emit(b, &at, PSEUDO_fall)->imm = offset;
    emit_slot(b, &at);
}

static bool already_in(const struct block_build *b, int32_t offset)
{
    for (unsigned i = 0; i < b->num_ops; i++)
        if (b->marks[i].offset == offset)
            return true;
    return false;
}

/* Whether a target may not be jumped to: without C it is a multiple of 4. */
static bool misaligned_target(const struct block_build *b, int32_t target)
{
    return ((b->source->pc + (uint64_t)(int64_t)target) & 3) != 0 && !hart_has(b->h, HART_EXT_C);
}

/* A jump inside the page to code that is not yet in the block goes on there.  Returns true if it
 * does, with *at moved to the target. */
static bool build_jump(struct block_build *b, struct at *at)
{
    int32_t target = at->offset + at->o.imm;
    unsigned position = at->position + (unsigned)at->o.imm;
    bool links = at->o.rd != 0;
    if (misaligned_target(b, target)) {
        emit(b, at, PSEUDO_misaligned)->imm = target;
        charge(b, at);
        return false;
    }
    if (position >= PAGE_BYTES || b->source->single || already_in(b, target)) {
        emit_exit(b, at, links ? INSN_jal : PSEUDO_jump, target);
        return false;
    }
    if (links)
        emit(b, at, INSN_auipc)->imm = at->offset + at->o.length;
    else
        emit(b, at, PSEUDO_nop);
    charge(b, at);
    at->offset = target;
    at->position = position;
    return true;
}

static bool writes_x(enum insn_class class)
{
    switch (class) {
    case CLASS_ALU:
    case CLASS_MUL:
    case CLASS_DIV:
    case CLASS_LOAD:
    case CLASS_AMO:
    case CLASS_FP_TO_X:
    case CLASS_HLV:
        return true;
    default:
        return false;
    }
}

/* An instruction whose result nobody sees. */
static bool is_nop(const struct at *at)
{
    return at->o.rd == 0 && at->class == CLASS_ALU;
}

/* `slti x0, x10, 0x560 + code`: see docs/hints.md. */
static bool is_hint(const struct at *at)
{
    return at->o.code == INSN_slti && at->o.rd == 0 && at->o.rs1 == 10 && at->o.imm > 0x560 &&
           at->o.imm < 0x580;
}

/* fence w, 0: see [unpriv ext:zihintpause]. */
static bool is_pause(const struct hart *h, const struct at *at)
{
    return at->o.bits == UINT32_C(0x0100000f) && hart_has(h, HART_EXT_Zihintpause);
}

static uint16_t simplify(const struct hart *h, struct at *at)
{
    struct insn_operands *o = &at->o;
    if (at->code != o->code)
        return at->code;
    if (is_pause(h, at)) {
        at->class = CLASS_ALU;
        return PSEUDO_nop;
    }
    if (is_hint(at)) {
        at->class = CLASS_HINT;
        o->imm -= 0x560;
        return PSEUDO_hint;
    }
    if (is_nop(at))
        return PSEUDO_nop;
    if (o->code == INSN_addi && o->rs1 == 0)
        return INSN_lui;
    if (o->code == INSN_addi && o->imm == 0)
        return PSEUDO_move;
    if (o->code == INSN_add && o->rs1 == 0) {
        o->rs1 = o->rs2;
        return PSEUDO_move;
    }
    return o->code;
}

static bool is_float(enum insn_class class)
{
    return class >= CLASS_FP && class <= CLASS_FP_STORE;
}

/* Whether it can change an f register or a flag. */
static bool dirties_float(const struct at *at)
{
    switch (at->o.code) {
    case INSN_fmv_x_h:
    case INSN_fmv_x_w:
    case INSN_fmv_x_d:
    case INSN_fclass_h:
    case INSN_fclass_s:
    case INSN_fclass_d:
        return false;
    default:
        return is_float(at->class) && at->class != CLASS_FP_STORE;
    }
}

/* Rounding modes 5 and 6 are reserved in every instruction that has an rm field. */
static bool reserved(const struct block_build *b, const struct at *at)
{
    if (at->o.code == INSN_COUNT)
        return true;
    if (is_float(at->class))
        return b->source->fp_state == 0 || at->o.rm == 5 || at->o.rm == 6;
    return false;
}

static void emit_line(struct block_build *b, const struct at *at)
{
    unsigned line = at->position >> TIMING_LINE_SHIFT;
    unsigned last = (at->position + at->o.length - 1u) >> TIMING_LINE_SHIFT;
    const struct hart_mark *before = b->num_ops ? &b->marks[b->num_ops - 1] : NULL;
    if (!b->h->timing_on || !before)
        return;
    if (before->code == PSEUDO_zero) /* it stands at the next instruction */
        before--;
    uint64_t was = (b->source->spa + (uint64_t)(int64_t)before->offset) % PAGE_BYTES;
    if (was >> TIMING_LINE_SHIFT != line || last != line)
        emit(b, at, PSEUDO_line);
}

/* Everything but jumps and branches.  Returns false at the end of the block. */
static bool build_plain(struct block_build *b, struct at *at)
{
    uint16_t code = simplify(b->h, at);
    struct hart_op *op = emit(b, at, code);
    if (row_of(b, at)->rs3 != INSN_NO_FIELD)
        op->imm = at->o.rs3;
    if (code == INSN_auipc)
        op->imm += at->offset;
    charge(b, at);
    if (at->o.rd == 0 && code < INSN_COUNT && writes_x(at->class)) {
        struct at after = *at;
        after.offset += at->o.length;
        emit(b, &after, PSEUDO_zero);
    }
    return at->class != CLASS_SYSTEM && at->class != CLASS_SFENCE && at->class != CLASS_FENCE_I;
}

static void build_jump_reg(struct block_build *b, struct at *at)
{
    uint16_t plain = at->o.rd ? INSN_jalr : PSEUDO_ret;
    emit_exit(b, at, at->code == INSN_jalr ? plain : at->code, at->o.imm);
}

static uint32_t events_of(enum insn_class class)
{
    const uint32_t load = 1u << COUNTER_LOADS, store = 1u << COUNTER_STORES;
    switch (class) {
    case CLASS_BRANCH:
    case CLASS_JUMP:
    case CLASS_JUMP_REG:
        return 1u << COUNTER_BRANCHES;
    case CLASS_LOAD:
    case CLASS_FP_LOAD:
    case CLASS_HLV:
        return load;
    case CLASS_STORE:
    case CLASS_FP_STORE:
    case CLASS_HSV:
        return store;
    case CLASS_AMO:
        return load | store;
    default:
        return 0;
    }
}

static void emit_counts(struct block_build *b, const struct at *at)
{
    uint32_t events = events_of(at->class) & b->h->counted_ops;
    for (; events; events &= events - 1)
        emit(b, at, PSEUDO_count)->imm = __builtin_ctz(events);
}

static bool build_refusal(struct block_build *b, struct at *at, uint16_t code)
{
    at->class = CLASS_SYSTEM;
    emit(b, at, code);
    charge(b, at);
    return false;
}

/* Translates one instruction and moves *at behind it.  Returns false at the end of the block. */
static bool build_one(struct block_build *b, struct at *at)
{
    /* Before an illegal instruction [priv norm:Zicfilp_exception_priority]. */
    if (at->code == PSEUDO_no_lpad)
        return build_refusal(b, at, PSEUDO_no_lpad);
    if (reserved(b, at))
        return build_refusal(b, at, PSEUDO_illegal);
    if (dirties_float(at) && b->source->fp_state == 1) {
        emit(b, at, PSEUDO_fp_dirty);
        b->last_cost = b->cost; /* it belongs to an instruction that begins within the budget */
        return false;
    }
    emit_counts(b, at);
    if (at->class == CLASS_JUMP)
        return build_jump(b, at);
    bool goes_on = true;
    if (at->class == CLASS_JUMP_REG) {
        build_jump_reg(b, at);
        return false;
    }
    if (at->class == CLASS_BRANCH)
        emit_exit(b, at, at->o.code, at->offset + at->o.imm);
    else
        goes_on = build_plain(b, at);
    at->offset += at->o.length;
    at->position += at->o.length;
    return goes_on;
}

/* What a branch gives back when it leaves early. */
static void fill_refunds(struct block_build *b)
{
    for (unsigned i = 0; i < b->num_ops; i++) {
        if (b->marks[i].code != MARK_SLOT)
            continue;
        b->ops[i].refund = (int16_t)(b->cost - b->marks[i].cost);
        b->ops[i].refund_count = (int16_t)(b->count - b->marks[i].count);
    }
}

/* Neighbours that pair.def joins become one dispatch. */
static void join_pairs(struct block_build *b)
{
    const struct hart_blocks *bs = b->h->blocks;
    for (unsigned i = 0; i + 1 < b->num_ops; i++) {
        unsigned first = b->marks[i].code, second = b->marks[i + 1].code;
        if (first == MARK_SLOT || second == MARK_SLOT || !bs->pairs[first][second])
            continue;
        b->ops[i].label = bs->labels[CODE_COUNT + bs->pairs[first][second] - 1];
        i++;
    }
}

void build_block(struct block_build *b)
{
    const struct block_source *s = b->source;
    bool alone = s->single || s->straddle || (s->cfi & CFI_ELP);
    unsigned most = alone ? 1 : BLOCK_MAX_INSNS;
    struct at at = {.position = (unsigned)(b->source->spa % PAGE_BYTES)};
    bool goes_on = true;
    while (goes_on && b->count < most && next_instruction(b, &at)) {
        use_granules(b, &at);
        emit_line(b, &at);
        goes_on = build_one(b, &at);
    }
    if (goes_on)
        emit_fall(b, at.offset);
    struct at end = {.offset = at.offset};
    fill_mark(b, b->num_ops, &end, MARK_SLOT);
    fill_refunds(b);
    join_pairs(b);
}
