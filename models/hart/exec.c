/* SPDX-License-Identifier: BSD-2-Clause */
/* What happens between blocks: slices, interrupts, the budget, and the way out of a block and back.
 */
#include "hart/exec.h"
#include "hart/cfi.h"
#include "hart/counter.h"
#include "hart/trigger.h"

#include <assert.h>

/* With V=1 both status registers decide. */
uint64_t exec_code_key(const struct hart *h)
{
    unsigned fs = h->st.csr.mstatus >> 13 & 3;
    unsigned vs = h->st.virt ? h->st.csr.vsstatus >> 13 & 3 : 3;
    unsigned state = fs == 0 || vs == 0 ? 0 : fs == 3 && vs == 3 ? 2 : 1;
    return h->fetch_context << 2 | state | (uint64_t)cfi_now(h) << CODE_KEY_CFI_LSB;
}

void exec_restore_stop(struct hart *h)
{
    struct hart_op *op = h->stopped;
    if (!op)
        return;
    h->stopped = NULL;
    op->label = h->blocks->stop_label;
    if (h->blocks->stop_label_before)
        op[-1].label = h->blocks->stop_label_before;
}

/* The first op at or after op where an instruction begins and the budget is used up.  Without a
 * timing model an op costs at most one cycle, so that the search need not begin at `from`. */
static unsigned stop_index(const struct hart *h, const struct hart_block *b, unsigned from,
                           int64_t left)
{
    unsigned i = h->timing_on ? from : from + (unsigned)left;
    while (b->marks[i].code == MARK_SLOT || (int64_t)b->marks[i].cost - b->marks[from].cost < left)
        i++;
    return i;
}

void exec_stop_in(struct hart *h, struct hart_block *b, const struct hart_op *op, int64_t left)
{
    exec_restore_stop(h);
    unsigned index = stop_index(h, b, (unsigned)(op - b->ops), left);
    assert(index < b->num_ops);
    struct hart_op *stop = &b->ops[index];
    struct hart_blocks *bs = h->blocks;
    h->stopped = stop;
    bs->stop_label = stop->label;
    stop->label = bs->labels[PSEUDO_stop];
    bs->stop_label_before = NULL;
    if (index > 0 && b->marks[index - 1].code != MARK_SLOT && !b->dead) {
        bs->stop_label_before = stop[-1].label;
        stop[-1].label = bs->labels[b->marks[index - 1].code];
    }
}

void exec_arrive(AT_PARAMS)
{
    const struct hart_mark *m = block_mark(b, op);
    h->st.x[0] = 0;
    h->st.pc = pc + (uint64_t)(int64_t)m->offset;
    h->st.cycles = (uint64_t)(h->limit - left) - (b->cost - m->cost);
    exec_set_instret(h, (uint64_t)(b->count - m->count));
    hart_sync(h);
}

/* Whether the block may go on after a visit to the world. */
static bool may_go_on(const struct hart *h, const struct hart_block *b)
{
    return !h->attention && !b->dead && !h->st.asleep && exec_code_key(h) == h->code_key &&
           (int64_t)h->st.cycles < h->limit;
}

enum go exec_retire(struct hart *h, const struct hart_op *op, struct hart_block *b)
{
    const struct hart_mark *m = block_mark(b, op), *next = m + 1;
    h->st.cycles += (uint64_t)(next->cost - m->cost);
    h->st.instret += (uint64_t)(next->count - m->count);
    exec_refresh_limit(h);
    h->leave = !may_go_on(h, b);
    if (h->leave) {
        h->st.x[0] = 0;
        h->st.pc += (uint64_t)(next->offset - m->offset);
        return GO_SLOW;
    }
    int64_t left = h->limit - (int64_t)h->st.cycles;
    h->left = left - (b->cost - next->cost);
    h->skew = h->st.cycles - h->st.instret;
    if (h->timing_on)
        h->st.instret += (uint64_t)(b->count - next->count);
    exec_restore_stop(h);
    if (h->left + b->cost - (int64_t)b->need < 0)
        exec_stop_in(h, b, op + 1, left);
    return GO_SLOW;
}

/* A trapping instruction does not retire, but takes its time: a trap loop must not stand still. */
enum go exec_fault(struct hart *h, const struct hart_op *op, struct hart_block *b)
{
    const struct hart_mark *m = block_mark(b, op), *next = m + 1;
    h->leave = true;
    if (h->exc.cause == HART_RETRY) {
        uint64_t wait = exec_cycles(h, h->exc.wait);
        h->st.cycles += wait ? wait : 1;
        return GO_SLOW;
    }
    h->st.cycles += next->cost > m->cost ? (uint64_t)(next->cost - m->cost) : 1;
    trap_exception(h);
    return GO_SLOW;
}

int64_t exec_stall(AT_PARAMS)
{
    (void)pc;
    left -= h->stall;
    h->stall = 0;
    const struct hart_mark *next = block_mark(b, op);
    if (left + b->cost - (int64_t)b->need < 0)
        exec_stop_in(h, b, op, left + (b->cost - next->cost));
    return left;
}

static void take_interrupts(struct hart *h)
{
    while (h->attention) {
        h->attention = false;
        hart_sync(h);
        if (trap_interrupt(h))
            h->attention = true;
    }
}

static struct hart_block *look_up(struct hart *h)
{
    h->code_key = exec_code_key(h);
    const struct jump_entry *e = &h->blocks->jumps[jump_index(h->st.pc, h->code_key)];
    if (e->block && e->pc == h->st.pc && e->key == h->code_key && !e->block->dead)
        return e->block;
    hart_sync(h);
    return block_at_pc(h);
}

void exec_paused_state(const struct hart *h, struct hart_state *st)
{
    struct hart_block *b = h->paused;
    if (b) {
        const struct hart_op *op = h->paused_op ? h->paused_op : b->ops;
        st->paused = true;
        st->paused_op = (uint16_t)(op - b->ops);
        st->paused_start = st->paused_pc - (uint64_t)(int64_t)block_mark(b, op)->offset;
    }
    st->paused = st->paused && exec_code_key(h) == h->code_key;
}

/* The block in which the last slice ended, made again: after a restore, or since its page was
 * written. */
static struct hart_block *rebuilt(struct hart *h)
{
    struct hart_state *st = &h->st;
    struct hart_exception exc = h->exc;
    uint64_t pc = st->pc, cycles = st->cycles;
    st->pc = st->paused_start;
    struct hart_block *b = look_up(h);
    st->pc = pc;
    st->cycles = cycles;
    h->exc = exc;
    const struct hart_mark *m = b ? &b->marks[st->paused_op] : NULL;
    if (!b || st->paused_op >= b->num_ops || m->code == MARK_SLOT ||
        st->paused_start + (uint64_t)(int64_t)m->offset != pc)
        return NULL;
    h->paused_op = st->paused_op ? &b->ops[st->paused_op] : NULL;
    return b;
}

static bool pause_wanted(const struct hart *h)
{
    return !(h->armed & ARMED_STEP) && h->st.pc == h->st.paused_pc &&
           exec_code_key(h) == h->code_key;
}

static void forget_pause(struct hart *h)
{
    h->paused = NULL;
    h->paused_op = NULL;
}

/* The block in which the last slice ended, if going on in it is what a look-up would come to. */
static struct hart_block *paused_block(struct hart *h)
{
    struct hart_block *b = h->paused;
    if (!b && !h->st.paused)
        return NULL;
    bool wanted = pause_wanted(h);
    bool alive = b && !b->dead;
    if (!alive)
        exec_paused_state(h, &h->st);
    bool paused = h->st.paused;
    h->paused = NULL;
    h->st.paused = false;
    if (alive && wanted)
        return b;
    if (paused && wanted && (b = rebuilt(h)))
        return b;
    h->paused_op = NULL;
    return NULL;
}

int64_t exec_resume(struct hart *h, struct hart_block *b, const struct hart_op *op)
{
    const struct hart_mark *m = block_mark(b, op);
    int64_t left = h->left - (b->cost - m->cost);
    h->paused_op = NULL;
    if (left + b->cost - (int64_t)b->need < 0)
        exec_stop_in(h, b, op, h->left);
    if (h->timing_on)
        h->st.instret += (uint64_t)(b->count - m->count);
    return left;
}

/* The block at st.pc, unless a fetch faults or a trigger fires. */
static struct hart_block *fetched(struct hart *h)
{
    struct hart_block *block;
    if (!(h->armed & ARMED_STEP))
        return look_up(h);
    if (!trigger_before(h, 0, 0))
        return NULL;
    block = look_up(h);
    return block && trigger_before(h, block->marks[0].length, block->marks[0].bits) ? block : NULL;
}

struct hart_block *exec_next(struct hart *h)
{
    exec_restore_stop(h);
    for (;;) {
        if (h->blocks->flush_wanted)
            block_flush(h);
        if ((h->armed & ARMED_STEP) && trigger_retired(h)) {
            h->st.cycles += 1;
            trap_exception(h);
        }
        take_interrupts(h);
        exec_refresh_limit(h);
        h->left = h->limit - (int64_t)h->st.cycles;
        if (h->st.asleep || h->left <= 0) {
            if (!pause_wanted(h))
                forget_pause(h);
            return NULL;
        }
        struct hart_block *block = paused_block(h);
        if (block) {
            h->skew = h->st.cycles - h->st.instret;
            return block;
        }
        block = fetched(h);
        if (block) {
            h->skew = h->st.cycles - h->st.instret;
            exec_refresh_limit(h);
            h->left = h->limit - (int64_t)h->st.cycles;
            return block;
        }
        h->st.cycles += 1;
        trap_exception(h);
    }
}

/* The world's time may have gone on while the hart slept. */
static void catch_up(struct hart *h)
{
    if (h->runner.time > h->st.cycles * h->cfg.cycle_ps) {
        h->st.cycles = exec_cycles(h, h->runner.time);
        hart_sync(h);
    }
    if (h->st.asleep && interrupt_resumes_wfi(h)) {
        h->st.asleep = false;
        h->attention = true;
        counter_awake(h);
    }
}

void exec_run(struct vd_runner *runner)
{
    struct hart *h = (struct hart *)(void *)((char *)runner - offsetof(struct hart, runner));
    catch_up(h);
    h->slice_start = (int64_t)h->st.cycles;
    if (!h->st.asleep) {
        if (h->timing_on)
            run_timing(h, NULL);
        else
            run_functional(h, NULL);
    }
    if (h->st.reservation_valid)
        amo_slice_end(h);
    h->runner.asleep = h->st.asleep;
    hart_sync(h);
}

const void *const *exec_labels(bool timing)
{
    const void *const *labels;
    if (timing)
        run_timing(NULL, &labels);
    else
        run_functional(NULL, &labels);
    return labels;
}

void exec_flush(struct hart *h)
{
    h->blocks->flush_wanted = true;
    h->attention = true;
}

bool exec_create(struct hart *h, struct vd_error *err)
{
    h->timing_on = timing_needed(&h->cfg);
    h->limit_time = VD_NEVER;
    h->limit = INT64_MAX;
    h->per_cycle = h->cfg.cycle_ps > 1 ? (uint64_t)(((unsigned __int128)1 << 64) / h->cfg.cycle_ps)
                                       : UINT64_MAX;
    if (!timing_create(h) || !block_create(h))
        return vd_fail(err, "hart %u: out of memory", h->cfg.index);
    h->runner.run = exec_run;
    return true;
}

void exec_destroy(struct hart *h)
{
    block_destroy(h);
    timing_destroy(h);
}
