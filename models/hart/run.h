/* SPDX-License-Identifier: BSD-2-Clause */
/* The run loop: every row at a label of its own, each ending in its own dispatch.  Included once
 * for each timing: RUN is the function's name, TIMING whether rows may cost more than their class.
 */
#include "hart/rows.h"

#define STEP_NONE      1
#define STEP_ALU       1
#define STEP_MUL       1
#define STEP_DIV       1
#define STEP_LOAD      1
#define STEP_STORE     1
#define STEP_BRANCH    2
#define STEP_JUMP      2
#define STEP_JUMP_REG  2
#define STEP_FP        1
#define STEP_FP_DIV    1
#define STEP_FP_TO_X   1
#define STEP_FP_FROM_X 1
#define STEP_FP_LOAD   1
#define STEP_FP_STORE  1
#define STEP_AMO       1
#define STEP_CSR       1
#define STEP_FENCE     1
#define STEP_FENCE_I   1
#define STEP_SFENCE    1
#define STEP_HLV       1
#define STEP_HSV       1
#define STEP_SYSTEM    1
#define STEP_HINT      1

/* A dispatch of its own at the end of every row lets the host predict from one row to the next.
 * Instrumented builds share one, and all that comes after a row: an edge from each row to each
 * other takes compilers minutes. */
#ifdef HART_ONE_DISPATCH
#define DISPATCH goto dispatch
#define FINISH(row, step)                                                                          \
    way = (row);                                                                                   \
    goto finish
#define FIRST(row, rest)                                                                           \
    way = (row), second = &&rest;                                                                  \
    goto half;                                                                                     \
    rest:
#else
#define DISPATCH          goto * op->label
#define FINISH(row, step) LEAVE(row, step)
#define FIRST(row, rest)  HALF(row)
#endif

#define ENTER_AT(block, first)                                                                     \
    do {                                                                                           \
        b = (block);                                                                               \
        if (__builtin_expect(left < (int64_t)b->need, 0))                                          \
            goto short_budget;                                                                     \
        left -= b->cost;                                                                           \
        op = b->ops;                                                                               \
        if (TIMING) {                                                                              \
            h->st.instret += b->count;                                                             \
            if (__builtin_expect((h->stall = timing_fetch_line(h, b->line)) != 0, 0))              \
                goto stalled;                                                                      \
        }                                                                                          \
        goto *(first);                                                                             \
    } while (0)

#define ENTER(block) ENTER_AT(block, op->label)

#define TAKE                                                                                       \
    do {                                                                                           \
        struct hart_block *to = (struct hart_block *)(uintptr_t)op[1].label;                       \
        left += op[1].refund;                                                                      \
        if (TIMING)                                                                                \
            h->st.instret -= (uint64_t)(int64_t)op[1].refund_count;                                \
        pc += (uint64_t)(int64_t)op->imm;                                                          \
        if (__builtin_expect(to == NULL, 0))                                                       \
            goto unlinked;                                                                         \
        ENTER(to);                                                                                 \
    } while (0)

#define JUMP_TO                                                                                    \
    do {                                                                                           \
        pc = h->st.pc;                                                                             \
        const struct jump_entry *e = &jumps[jump_index(pc, h->code_key)];                          \
        if (__builtin_expect(e->pc != pc || e->key != h->code_key || !e->block, 0))                \
            goto unknown;                                                                          \
        ENTER(e->block);                                                                           \
    } while (0)

/* Nothing stalls without a timing model. */
#if TIMING
#define LEAVE_STALLED(end, step)                                                                   \
    do {                                                                                           \
        if (end == GO_STALL) {                                                                     \
            op += step;                                                                            \
            goto stalled;                                                                          \
        }                                                                                          \
        if (end == GO_STALL_TAKEN) {                                                               \
            left -= h->stall;                                                                      \
            h->stall = 0;                                                                          \
            TAKE;                                                                                  \
        }                                                                                          \
        if (end == GO_STALL_JUMP) {                                                                \
            left -= h->stall;                                                                      \
            h->stall = 0;                                                                          \
            JUMP_TO;                                                                               \
        }                                                                                          \
    } while (0)
#else
#define LEAVE_STALLED(end, step)
#endif

#define LEAVE(row, step)                                                                           \
    do {                                                                                           \
        enum go end = (row);                                                                       \
        if (end == GO_NEXT) {                                                                      \
            op += step;                                                                            \
            DISPATCH;                                                                              \
        }                                                                                          \
        if (end == GO_TAKEN)                                                                       \
            TAKE;                                                                                  \
        if (end == GO_JUMP)                                                                        \
            JUMP_TO;                                                                               \
        if (end == GO_SLOW)                                                                        \
            goto slow;                                                                             \
        LEAVE_STALLED(end, step);                                                                  \
        if (end == GO_STOP)                                                                        \
            goto stop;                                                                             \
        goto dead;                                                                                 \
    } while (0)

/* Half of a pair: the first row, and the second without a dispatch in between. */
#define HALF(row)                                                                                  \
    do {                                                                                           \
        enum go end = (row);                                                                       \
        if (end == GO_SLOW)                                                                        \
            goto slow;                                                                             \
        op++;                                                                                      \
        if (end == GO_STALL)                                                                       \
            goto stalled;                                                                          \
    } while (0)

/* What STEP_ says of the op's row. */
static inline unsigned length_with_slot(const struct hart_block *b, const struct hart_op *op)
{
    return block_mark(b, op + 1)->code == MARK_SLOT ? 2 : 1;
}

/* A link stays within a page: there the same virtual page means the same code, for as long as the
 * block lives. */
static inline bool linkable(const struct hart_block *from, const struct hart_block *to,
                            uint64_t from_spa)
{
    return !from->dead && !to->dead && !from->straddle && !to->straddle && !from->single &&
           !to->single && (to->spa ^ from_spa) >> 12 == 0;
}

__attribute__((noinline)) void RUN(struct hart *h, const void *const **labels)
{
    static const void *const table[CODE_COUNT + PAIR_COUNT] = {
#define INSN(name, ...) &&L_##name,
#include "hart/insn.def"
#undef INSN
#define PSEUDO(name, ...) &&P_##name,
#include "hart/pseudo.def"
#undef PSEUDO
#define PAIR(first, second, class) &&L_##first##_then_##second,
#include "hart/pair.def"
#undef PAIR
    };
    const struct hart_op *op;
    struct hart_block *b;
    uint64_t pc;
    int64_t left;
    const bool timed = TIMING;
#ifdef HART_ONE_DISPATCH
    enum go way;
    const void *second;
#endif
    if (!h) {
        *labels = table;
        return;
    }
    struct jump_entry *jumps = h->blocks->jumps;

    b = exec_go_on(h);
    if (!b)
        goto next;
    pc = h->st.pc;
    left = h->left;
    op = h->paused_op;
    if (op)
        goto resume;
    ENTER_AT(b, h->paused_label);

next:
    b = exec_next(h);
    if (!b)
        return;
    pc = h->st.pc;
    left = h->left;
    op = h->paused_op;
    if (!op)
        ENTER(b);
resume:
    pc -= (uint64_t)(int64_t)block_mark(b, op)->offset;
    left = exec_resume(h, b, op);
    DISPATCH;

#define INSN(name, encoding, extension, class, ...)                                                \
    L_##name : FINISH(row_##name(AT, timed), STEP_##class);
#include "hart/insn.def"
#undef INSN
#define PSEUDO(name, class, ...) P_##name : FINISH(row_pseudo_##name(AT, timed), STEP_##class);
#include "hart/pseudo.def"
#undef PSEUDO
#define PAIR(first, second, class)                                                                 \
    L_##first##_then_##second : FIRST(row_##first(AT, timed), R_##first##_then_##second);          \
    FINISH(row_##second(AT, timed), STEP_##class);
#include "hart/pair.def"
#undef PAIR

#ifdef HART_ONE_DISPATCH
half:
    HALF(way);
    goto *second;
finish:
    LEAVE(way, length_with_slot(b, op));
dispatch:
    goto * op->label;
#endif
slow:
    if (h->leave)
        goto next;
    left = h->left;
    op++;
    DISPATCH;
stalled:
    left = exec_stall(AT);
    DISPATCH;
unlinked : {
    uint64_t from_spa = b->spa;
    struct hart_block *from = b;
    const struct jump_entry *e = &jumps[jump_index(pc, h->code_key)];
    bool near = (pc >> 12) == ((pc - (uint64_t)(int64_t)op->imm) >> 12);
    if ((pc & 2) && !hart_has(h, HART_EXT_C))
        goto misaligned;
    if (e->pc != pc || e->key != h->code_key || !e->block)
        goto unknown;
    if (near && linkable(from, e->block, from_spa))
        ((struct hart_op *)(uintptr_t)op)[1].label = e->block;
    ENTER(e->block);
}
misaligned:
    left -= op[1].refund;
    if (TIMING)
        h->st.instret += (uint64_t)(int64_t)op[1].refund_count;
    pc -= (uint64_t)(int64_t)op->imm;
    slow_jump_misaligned(AT, pc + (uint64_t)(int64_t)op->imm);
    goto next;
short_budget:
    if (left <= 0 || (h->runner.loose && h->limit - left > h->slice_start)) {
        exec_leave(h, pc, left);
        exec_pause(h, b, b->ops);
        if (left > 0)
            return;
        goto next;
    }
    exec_stop_in(h, b, b->ops, left);
    left -= b->cost;
    op = b->ops;
    if (TIMING) {
        h->st.instret += b->count;
        if ((h->stall = timing_fetch_line(h, b->line)) != 0)
            goto stalled;
    }
    DISPATCH;
stop:
    exec_arrive(AT);
    exec_restore_stop(h);
    exec_pause(h, b, op);
    goto next;
dead:
    left += b->cost;
    if (TIMING)
        h->st.instret -= b->count;
unknown:
    exec_leave(h, pc, left);
    goto next;
}
