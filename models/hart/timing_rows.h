/* SPDX-License-Identifier: BSD-2-Clause */
/* The timing model where the run loop needs it inline.  Each returns true if it added to h->stall.
 */
#ifndef HART_TIMING_ROWS_H
#define HART_TIMING_ROWS_H

#include "hart/counter.h"
#include "hart/exec.h"

enum { TIMING_LINE_SHIFT = 6 };

static inline bool timing_stall(struct hart *h, uint32_t cycles)
{
    h->stall += cycles;
    return cycles != 0;
}

/* CHOICE: the data cache is indexed and tagged by virtual address, and only loads look it up: it
 * is written through and does not allocate on a store. */
static inline bool timing_load_line(struct hart *h, uint64_t va)
{
    struct hart_timing_model *m = h->model;
    uint64_t line = va >> TIMING_LINE_SHIFT;
    uint64_t *tag = &m->dcache[line & m->dcache_mask];
    if (__builtin_expect(*tag == line + 1, 1))
        return false;
    *tag = line + 1;
    h->st.events[COUNTER_DCACHE_MISSES]++;
    return timing_stall(h, m->dcache_miss);
}

/* A load that the fast TLB did not answer takes what one that it did takes. */
static inline uint32_t timing_slow_load(struct hart *h, uint64_t va)
{
    uint32_t before = h->stall;
    if (!h->timing_on || !timing_load_line(h, va))
        return 0;
    uint32_t cycles = h->stall - before;
    h->stall = before;
    return cycles;
}

static inline void timing_forget_line(struct hart *h, uint64_t va)
{
    struct hart_timing_model *m = h->model;
    uint64_t line = va >> TIMING_LINE_SHIFT;
    if (m->dcache[line & m->dcache_mask] == line + 1)
        m->dcache[line & m->dcache_mask] = 0;
}

/* Two-bit counters; without a predictor every branch is predicted not taken. */
static inline bool timing_branch(struct hart *h, const struct hart_block *b,
                                 const struct hart_op *op, uint64_t pc, bool taken)
{
    struct hart_timing_model *m = h->model;
    uint64_t at = pc + (uint64_t)(int64_t)block_mark(b, op)->offset;
    uint8_t *counter = &m->predictor[(at >> 1) & m->predictor_mask];
    bool predicted = *counter >= 2;
    if (m->predictor_mask)
        *counter = (uint8_t)(taken ? *counter + (*counter < 3) : *counter - (*counter > 0));
    uint32_t cycles = 0;
    if (predicted != taken) {
        cycles = h->cfg.timing.mispredict;
        h->st.events[COUNTER_MISPREDICTS]++;
    }
    return timing_stall(h, cycles + (taken ? h->cfg.timing.branch_taken : 0));
}

/* Returns are predicted, other indirect jumps are not. */
static inline bool timing_jump_reg(struct hart *h, const struct hart_block *b,
                                   const struct hart_op *op)
{
    (void)b;
    bool returns = op->rs1 == 1 || op->rs1 == 5;
    h->st.events[COUNTER_MISPREDICTS] += !returns;
    return timing_stall(h, returns ? 0 : h->cfg.timing.mispredict);
}

static inline uint32_t timing_divide(const struct hart *h, uint64_t dividend, uint64_t divisor)
{
    unsigned width = dividend ? 64 - (unsigned)__builtin_clzll(dividend) : 0;
    unsigned less = divisor ? 64 - (unsigned)__builtin_clzll(divisor) : 0;
    uint32_t cycles = h->cfg.timing.div_bit * (width > less ? width - less + 3 : 0);
    return cycles > h->cfg.timing.div_base ? cycles - h->cfg.timing.div_base : 0;
}

static inline uint32_t timing_fetch_line(struct hart *h, uint64_t line)
{
    struct hart_timing_model *m = h->model;
    uint64_t *tag = &m->icache[line & m->icache_mask];
    if (__builtin_expect(*tag == line + 1, 1))
        return 0;
    *tag = line + 1;
    h->st.events[COUNTER_ICACHE_MISSES]++;
    return m->icache_miss;
}

/* Execution crosses into the next line of the block. */
static inline enum go timing_line(AT_PARAMS)
{
    (void)pc, (void)left;
    uint64_t at = b->spa + (uint64_t)(int64_t)block_mark(b, op)->offset;
    return timing_stall(h, timing_fetch_line(h, at >> TIMING_LINE_SHIFT)) ? GO_STALL : GO_NEXT;
}

#endif
