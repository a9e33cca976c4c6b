/* SPDX-License-Identifier: BSD-2-Clause */
/* The execution core.  A block is the decoded form of the instructions from one physical address
 * on, through not-taken branches and inlined jumps, within one page.  Its whole cost is subtracted
 * from the budget when it is entered; whoever leaves it in the middle gives the rest back.  The
 * marks, parallel to the ops, hold what is needed only there. */
#ifndef HART_EXEC_H
#define HART_EXEC_H

#include "hart/insn.h"
#include "hart/state.h"

struct hart_op {
    const void *label; /* in the run loop */
    union {
        struct {
            int32_t imm; /* targets and auipc: relative to the block's pc */
            uint8_t rd, rs1, rs2, rm;
        };
        /* The slot after an op that can leave for a known place; `label` is then the block there,
         * or NULL as long as it is not known. */
        struct {
            int16_t refund; /* cost and count of the block's ops that come after */
            int16_t refund_count;
            int32_t return_offset;
        };
    };
};
_Static_assert(sizeof(struct hart_op) == 16, "an op is a quarter of a cache line");

enum { MARK_SLOT = 0xffff };

struct hart_mark {
    int16_t offset; /* of the instruction from the block's pc */
    uint16_t code;  /* row: enum insn_code */
    uint16_t cost;  /* cycles of the instructions before this op */
    uint16_t count; /* number of them */
    uint32_t bits;  /* the instruction */
    uint8_t length;
    uint8_t pad[3];
};

struct hart_block {
    uint64_t spa, key, spa2;
    struct hart_block *hash_next, *page_next, *page2_next;
    struct hart_mark *marks;
    uint16_t num_ops;
    bool straddle; /* its only instruction ends in another page */
    bool single;   /* every fetch from the page must be checked */
    /* The rest shares its cache line with the first ops. */
    _Alignas(64) uint32_t need; /* budget that lets the whole block run: cost before its last
                                   instruction + 1 */
    uint16_t cost, count;
    bool dead;     /* its code was written over, or everything was flushed */
    uint64_t line; /* timing: cache line of the first instruction */
    struct hart_op ops[];
};

enum { BLOCK_MAX_INSNS = 48, BLOCK_MAX_OPS = 6 * BLOCK_MAX_INSNS + 6 };

/* Blocks by virtual pc and code_key. */
struct jump_entry {
    uint64_t pc, key;
    struct hart_block *block;
};
enum { JUMP_ENTRIES = 4096 };

static inline unsigned jump_index(uint64_t pc, uint64_t key)
{
    return (unsigned)((pc >> 1) ^ (pc >> 13) ^ (key << 5)) & (JUMP_ENTRIES - 1);
}

/* How a row ends.  Constants, so that the run loop's copy of the row knows. */
enum go {
    GO_NEXT,
    GO_TAKEN, /* to the block of the slot after the op */
    GO_JUMP,  /* to st.pc */
    GO_SLOW,  /* the hart went out of the loop: h->leave tells whether it can go on */
    GO_STALL, /* h->stall cycles more */
    GO_STALL_TAKEN,
    GO_STALL_JUMP,
    GO_STOP, /* end of the slice */
    GO_DEAD, /* the block was overwritten */
};

/* Where a row is: what every row and slow function gets. */
#define AT_PARAMS                                                                                  \
    struct hart *h, const struct hart_op *op, struct hart_block *b, uint64_t pc, int64_t left
#define AT h, op, b, pc, left

/* --- block.c --- */
struct hart_blocks {
    struct insn_table *table;
    const void *const *labels; /* of the run loop in use */
    struct jump_entry *jumps;
    struct hart_block **hash;
    struct code_page **pages;
    uint8_t pairs[CODE_COUNT][CODE_COUNT]; /* index in pair.def + 1 */
    uint8_t *arena;
    size_t arena_used;
    bool flush_wanted;
    /* Labels that the stop replaced, of its op and of the op before (which may be half of a pair).
     */
    const void *stop_label, *stop_label_before;
};
bool block_create(struct hart *h);
void block_destroy(struct hart *h);
/* The block at st.pc, decoded if need be; NULL: the fetch faulted, exc is set. */
struct hart_block *block_at_pc(struct hart *h);
void block_flush(struct hart *h);
/* Instructions were decoded from this page, so it must stay watched. */
bool block_page_used(const struct hart *h, uint64_t spa);
void block_written(struct hart *h, uint64_t spa, uint64_t size);
static inline const struct hart_mark *block_mark(const struct hart_block *b,
                                                 const struct hart_op *op)
{
    return &b->marks[op - b->ops];
}
static inline void jump_enter(struct hart *h, uint64_t pc, struct hart_block *block)
{
    struct jump_entry *e = &h->blocks->jumps[jump_index(pc, h->code_key)];
    *e = (struct jump_entry){pc, h->code_key, block};
}

/* --- exec.c --- */
/* Rounded up.  A division costs as much as a short slice; the product with the reciprocal is at
 * most two too small. */
static inline uint64_t exec_cycles(const struct hart *h, vd_time time)
{
    uint64_t cycles = (uint64_t)((unsigned __int128)time * h->per_cycle >> 64);
    uint64_t rest = time - cycles * h->cfg.cycle_ps;
    for (; rest > 0; cycles++)
        rest = rest > h->cfg.cycle_ps ? rest - h->cfg.cycle_ps : 0;
    return cycles;
}
static inline void exec_refresh_limit(struct hart *h)
{
    if (h->limit_time == h->runner.limit)
        return;
    h->limit_time = h->runner.limit;
    uint64_t cycles = exec_cycles(h, h->runner.limit);
    h->limit = cycles > INT64_MAX ? INT64_MAX : (int64_t)cycles;
}
/* The block to run next, from st; NULL: the slice ends. */
struct hart_block *exec_next(struct hart *h);
/* The block in which the last slice ended, if nothing has happened to the hart since: whatever else
 * does sets attention.  Nor does a slice end in a block while each instruction is looked at.  NULL:
 * exec_next() knows. */
static inline struct hart_block *exec_go_on(struct hart *h)
{
    struct hart_block *b = h->paused;
    if (!b || h->attention || h->stopped || b->dead || h->st.pc != h->st.paused_pc)
        return NULL;
    exec_refresh_limit(h);
    h->left = h->limit - (int64_t)h->st.cycles;
    if (h->left <= 0)
        return NULL;
    h->paused = NULL;
    return b;
}
/* The budget does not cover block b from op on: puts the stop where it ends.  left is what remains
 * before op.  false: nothing remains. */
void exec_stop_in(struct hart *h, struct hart_block *b, const struct hart_op *op, int64_t left);
void exec_restore_stop(struct hart *h);
/* The slice ends before op of block b, st.pc; the next slice may go on there. */
static inline void exec_pause(struct hart *h, struct hart_block *b, const struct hart_op *op)
{
    h->paused = b;
    h->paused_op = op == b->ops ? NULL : op;
    h->paused_label = op->label;
    h->st.paused_pc = h->st.pc;
}
/* For a snapshot: where the slice ended, into a copy of the state.  Slices end often, snapshots are
 * rare. */
void exec_paused_state(const struct hart *h, struct hart_state *st);
/* Enters block b before op (h->paused_op); returns what is left as the run loop counts it. */
int64_t exec_resume(struct hart *h, struct hart_block *b, const struct hart_op *op);
/* From st.cycles, less those of the running block that have not retired yet. */
static inline void exec_set_instret(struct hart *h, uint64_t not_yet)
{
    if (h->timing_on)
        h->st.instret -= not_yet;
    else
        h->st.instret = h->st.cycles - h->skew;
}
/* Leaves the loop between blocks. */
static inline void exec_leave(struct hart *h, uint64_t pc, int64_t left)
{
    h->st.x[0] = 0;
    h->st.pc = pc;
    h->st.cycles = (uint64_t)(h->limit - left);
    exec_set_instret(h, 0);
}
/* Before anything that the world can see: st.pc, st.cycles and st.instret are those of op. */
void exec_arrive(AT_PARAMS);
/* After it: op has retired (GO_SLOW), or trapped, or has to be retried. */
enum go exec_retire(struct hart *h, const struct hart_op *op, struct hart_block *b);
enum go exec_fault(struct hart *h, const struct hart_op *op, struct hart_block *b);
/* h->stall has been charged to op, which went on to the next: may the block go on? */
int64_t exec_stall(AT_PARAMS);
const void *const *exec_labels(bool timing);
uint64_t exec_code_key(const struct hart *h);

void run_functional(struct hart *h, const void *const **labels);
void run_timing(struct hart *h, const void *const **labels);

/* --- slow.c --- */
enum go slow_load(AT_PARAMS, uint64_t va, unsigned size, unsigned bits);
enum go slow_store(AT_PARAMS, uint64_t va, unsigned size, uint64_t value);
enum go slow_fp_load(AT_PARAMS, uint64_t va, unsigned size);
enum go slow_csr(AT_PARAMS, enum csr_op what, uint64_t operand, bool read, bool write);
enum go slow_fence(AT_PARAMS);
enum go slow_fence_i(AT_PARAMS);
enum go slow_illegal(AT_PARAMS);
enum go slow_ebreak(AT_PARAMS);
enum go slow_ecall(AT_PARAMS);
enum go slow_mret(AT_PARAMS);
enum go slow_sret(AT_PARAMS);
enum go slow_wfi(AT_PARAMS);
enum wrs { WRS_NO_TIMEOUT, WRS_SHORT_TIMEOUT };
enum go slow_wrs(AT_PARAMS, enum wrs what);
enum go slow_sfence(AT_PARAMS, unsigned kind);
enum go slow_svinval_order(AT_PARAMS);
enum go slow_hint(AT_PARAMS);
enum go slow_fp_dirty(AT_PARAMS);
enum go slow_jump_misaligned(AT_PARAMS, uint64_t target);
enum go slow_no_landing_pad(AT_PARAMS);
enum go guest_load(AT_PARAMS, unsigned size, unsigned flags, unsigned bits);
enum go guest_store(AT_PARAMS, unsigned size);

/* --- amo.c --- */
enum amo { AMO_SWAP, AMO_ADD, AMO_XOR, AMO_AND, AMO_OR, AMO_MIN, AMO_MAX, AMO_MINU, AMO_MAXU };
enum go amo_lr(AT_PARAMS, unsigned size);
enum go amo_sc(AT_PARAMS, unsigned size);
enum go amo_rmw(AT_PARAMS, unsigned size, enum amo what);
enum go amo_cas(AT_PARAMS, unsigned size);
enum go amo_cas_pair(AT_PARAMS);
enum go amo_swap_shadow(AT_PARAMS, unsigned size);
enum go amo_load_acquire(AT_PARAMS, unsigned size);
enum go amo_store_release(AT_PARAMS, unsigned size);
void amo_drop(struct hart *h); /* the reservation */
void amo_restored(struct hart *h);
void amo_slice_end(struct hart *h);
/* Nobody needs to hear of writes to this page any more, unless the reservation is in it. */
void amo_unwatch(struct hart *h, uint64_t page);
void amo_snoop(struct hart *h, uint64_t spa, uint64_t size);

/* --- cbo.c --- */
enum cbo { CBO_INVAL, CBO_CLEAN, CBO_FLUSH };
enum go cbo_manage(AT_PARAMS, enum cbo what);
enum go cbo_zero(AT_PARAMS);

/* --- shadow.c --- */
enum go shadow_push(AT_PARAMS);
enum go shadow_pop(AT_PARAMS);

/* --- timing.c --- */
/* Tags and counters of the timing model: state, but of time only. */
struct hart_timing_model {
    uint32_t icache_mask, dcache_mask, predictor_mask; /* 0: none */
    uint32_t icache_miss, dcache_miss;
    uint64_t *icache, *dcache; /* line number + 1 */
    uint8_t *predictor;        /* two-bit counters */
};
bool timing_create(struct hart *h);
void timing_destroy(struct hart *h);
void timing_reset(struct hart *h);
void timing_flush_icache(struct hart *h);
/* Cycles of an instruction of this class, without what depends on data. */
uint32_t timing_cost(const struct hart *h, enum insn_class class);
bool timing_needed(const struct hart_config *cfg);
size_t timing_save(const struct hart *h, void *buffer); /* buffer NULL: the size */
void timing_load(struct hart *h, const void *buffer);

#endif
