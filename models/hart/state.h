/* SPDX-License-Identifier: BSD-2-Clause */
/* The inside of a hart.  struct hart_state is everything a snapshot needs and points nowhere; the
 * rest of struct hart is configuration, caches that can be rebuilt, and the way to the world. */
#ifndef HART_STATE_H
#define HART_STATE_H

#include "hart/hart.h"
#include "viaduct/bits.h"

/* Privilege as mstatus.MPP encodes it. */
enum { PRV_U, PRV_S, PRV_HS_RESERVED, PRV_M };

enum { HART_TRIGGERS = 4 };

struct hart_csrs {
    uint64_t mstatus, misa, medeleg, mideleg, mie, mtvec, mcounteren, menvcfg, mcountinhibit;
    uint64_t mscratch, mepc, mcause, mtval, mtval2, mtinst, mvien, mvip, miselect;
    uint64_t mip_soft; /* software-writable bits of mip; lines are in hart_state.lines */
    uint64_t mstateen[4], hstateen[4], sstateen[4];
    uint64_t stvec, scounteren, senvcfg, sscratch, sepc, scause, stval, satp, siselect, stimecmp;
    uint64_t sie_own; /* sie bits that do not alias mie (mvien without mideleg) */
    uint64_t hstatus, hedeleg, hideleg, hie_unused, hcounteren, hgeie, htval, htinst, hgatp,
        henvcfg;
    uint64_t hvip, hvien, hvictl, hviprio[2], htimedelta;
    uint64_t vsstatus, vstvec, vsscratch, vsepc, vscause, vstval, vsatp, vsiselect, vstimecmp;
    uint64_t vsie_own;
    /* By counter: mhpmevent (mcyclecfg, minstretcfg), its value when it last started or stopped,
     * and how often its event had happened then. */
    uint64_t mhpmevent[32], counter[32], counted[32];
    uint64_t pmpaddr[64];
    uint8_t pmpcfg[64];
    uint64_t mseccfg;
    uint64_t seed_polls;
    uint64_t tdata3[HART_TRIGGERS], mcontext, scontext;
    uint8_t mprio[64], sprio[64]; /* iprio arrays */
    uint64_t tselect, tdata1[HART_TRIGGERS], tdata2[HART_TRIGGERS];
    uint64_t ssp;
    uint8_t frm, fflags;
};

/* How often in a row the same exception came with no progress in between. */
struct hart_repetition {
    uint64_t pc, cause, count;
    uint64_t returns; /* xRETs until the last one */
    uint64_t arrived; /* instret at the last xRET */
};

struct hart_state {
    uint64_t x[32];
    uint64_t f[32];
    uint64_t pc;
    uint64_t cycles; /* local clock since reset; runner.time is cycles * cycle_ps */
    uint64_t instret;
    uint8_t priv; /* PRV_* */
    bool virt;    /* V */
    bool asleep;  /* in WFI */
    bool reservation_valid;
    uint8_t reservation_size;
    uint8_t reservation_watched; /* the page is watched because a slice ended between LR and SC */
    uint8_t stepping; /* a trigger looks at each instruction: mode + 1 of the one that began */
    /* The slice ended inside a block: where that begins, where it goes on, and with which op.  A
     * loose slice may end where a block does, so blocks must go on after a restore as they would
     * have. */
    bool paused;
    uint16_t paused_op;
    bool elp;       /* ELP: the next instruction must be a landing pad */
    uint8_t loaded; /* triggers that fire when the load is done, by what it has loaded */
    bool loaded_gva;
    uint8_t pad[3];
    uint64_t loaded_at; /* its address */
    uint64_t paused_start, paused_pc;
    uint64_t stepped; /* and instret as it began */
    uint64_t reservation_spa;
    uint64_t
        lines; /* MSIP MTIP MEIP SEIP, and the comparators' STIP and VSTIP, at their mip bits */
    uint64_t hgeip;     /* lines of the guest files */
    uint64_t unsettled; /* until this cycle the last change of a line has no effect */
    uint64_t traps, interrupts, returns;
    struct hart_repetition repetition;
    uint64_t events[16]; /* enum counter_event; those that are kept nowhere else */
    struct hart_csrs csr;
};

/* An exception on its way to trap_take(). */
struct hart_exception {
    uint64_t
        cause; /* exception code, or HART_RETRY: nothing happened, wait `wait` and execute again */
    uint64_t tval, tval2, tinst;
    bool gva;       /* tval is a guest virtual address */
    uint8_t offset; /* tval minus the address of the access: 0 unless it is split over two pages */
    vd_time wait;
};
#define HART_RETRY UINT64_MAX

/* mtime counts at 10 MHz, in step with time 0; stimecmp and vstimecmp are compared with it. */
#define HART_MTIME_PS UINT64_C(100000)

/* Fast translations.  An entry answers for one 4-KiB page of one translation context; a tag is the
 * page's virtual address or HART_TLB_NONE.  Pages that need a check per access (MMIO, watched, PMP
 * boundary inside) never get a tag. */
enum { HART_TLB_SIZE = 256, HART_CONTEXTS = 16 };
#define HART_TLB_NONE UINT64_MAX
struct hart_tlb_entry {
    uint64_t read_tag, write_tag, exec_tag;
    uintptr_t addend; /* host address = virtual address + addend */
};

struct hart_block; /* exec: decoded blocks */
struct hart_op;
struct hart_timing_model;
struct hart_blocks; /* exec: their cache */
struct hart_vtlb;   /* mmu: the architectural TLB with ASID and VMID tags */

struct hart {
    struct hart_state st; /* first: the hot fields have small offsets */
    struct hart_tlb_entry
        *data; /* current context for loads and stores (MPRV, SUM, MXR included) */
    struct hart_tlb_entry *fetch;
    struct hart_exception exc; /* set by whoever returns false */
    bool attention; /* an interrupt may have become takeable, or went away: look before the next
                       instruction */
    uint8_t armed;  /* debug triggers: see trigger.h */
    uint8_t cfi;    /* control-flow integrity in the mode of now: see cfi.h */
    bool timing_on; /* inorder: dynamic costs */
    uint64_t fetch_context; /* changes whenever a virtual pc may mean other code: block links are
                               keyed by it */
    struct vd_runner runner;
    struct hart_blocks *blocks;
    /* The run loop's: see exec.h. */
    /* Where the last slice ended inside a block: the next one goes on there. */
    struct hart_block *paused;
    const struct hart_op *paused_op;
    const void *paused_label; /* of the op there: the sooner it is known the better */
    int64_t slice_start;      /* cycles */
    uint64_t per_cycle;       /* 2^64 / cycle_ps */
    struct hart_op *stopped;  /* an op whose label is replaced by the one that ends the slice */
    int64_t limit;            /* runner.limit in cycles */
    vd_time limit_time;       /* the runner.limit that `limit` was made from */
    int64_t left;             /* cycles until limit, less the rest of the running block */
    uint64_t skew;            /* cycles - instret as long as each instruction takes one cycle */
    uint64_t code_key; /* fetch_context, the floating-point state, cfi and ELP: what code is for */
    uint32_t stall;    /* cycles that a row adds to its class's */
    bool leave;        /* the run loop must go to exec_next() */
    bool storing;      /* a write of its own, of which a watching hart is told as well */
    struct hart_config cfg;
    struct vd_host host;
    struct vd_imsic_port imsic;
    struct vd_event timer, vtimer;   /* stimecmp, vstimecmp */
    struct vd_event settled;         /* lines have an effect now */
    struct vd_event overflow;        /* when a counter may wrap around */
    uint32_t filtered;               /* counters that do not count in every mode */
    uint32_t counted_ops;            /* events that blocks count with ops of their own */
    uint64_t live_reads;             /* CSRs read that change by themselves */
    struct hart_timing_model *model; /* caches and predictor; NULL: none of them */
    struct hart_vtlb *vtlb;
    struct hart_tlb_entry *shadow; /* for shadow-stack instructions; NULL while they are off */
    struct hart_tlb_entry contexts[HART_CONTEXTS][HART_TLB_SIZE];
};

static inline bool hart_has(const struct hart *h, enum hart_extension ext)
{
    return h->cfg.extensions >> ext & 1;
}

/* [priv norm:mepc_align]: without C an instruction address has two zero bits. */
static inline uint64_t hart_instruction_address(const struct hart *h, uint64_t value)
{
    return value & ~(hart_has(h, HART_EXT_C) ? UINT64_C(1) : UINT64_C(3));
}

/* --- mmu.c: two-stage translation, PMP, fast TLB refill.  false: h->exc is set. --- */
enum mmu_access { MMU_LOAD, MMU_STORE, MMU_FETCH };
enum {
    MMU_GUEST = 1,    /* HLV, HLVX, HSV: as if V=1 with hstatus.SPVP */
    MMU_HLVX = 2,     /* execute permission instead of read */
    MMU_AMO = 4,      /* a read-modify-write, for mmu_atomic() */
    MMU_ATOMIC = 8,   /* mmu_atomic() has found it */
    MMU_ALIGNED = 16, /* no misalignment: Zalasr */
    MMU_SHADOW = 32,  /* by a shadow-stack instruction: all faults are store faults */
};
/* Slow paths behind the inline TLB hit in mem.h; misaligned accesses are split here. */
bool mmu_load(struct hart *h, uint64_t va, unsigned size, unsigned flags, uint64_t *value);
bool mmu_store(struct hart *h, uint64_t va, unsigned size, unsigned flags, uint64_t value);
/* Of main memory alone.  stored: what would be written, if that is known now.  *host_ptr is NULL if
 * the memory may not be written to directly. */
bool mmu_atomic(struct hart *h, uint64_t va, unsigned size, enum mmu_access access, unsigned flags,
                const uint64_t *stored, void **host_ptr, uint64_t *spa);
/* A cache-block operation on the block around va, `size` bytes: fills it with zeros, or only checks
 * that it may be loaded from or stored to.  Faults are store faults at va. */
bool mmu_block(struct hart *h, uint64_t va, unsigned size, bool zero);
/* Translates the page of va for fetching: host pointer to the byte at va and its spa.  If the page
 * got no exec_tag by it (a PMP boundary is inside), the answer is good for two bytes only. */
bool mmu_fetch(struct hart *h, uint64_t va, const uint8_t **host_ptr, uint64_t *spa);
/* Mode, satp, vsatp, hgatp, mstatus, vsstatus or hstatus changed: choose the contexts again. */
void mmu_context(struct hart *h);
void mmu_flush_fast(struct hart *h); /* all fast entries */
void mmu_flush_page_writes(struct hart *h,
                           uint64_t spa); /* a write grant was revoked (VD_NEVER: all) */
/* SFENCE.VMA and its relatives.  has_va/has_id false: operand register is x0. */
struct mmu_fence {
    enum { FENCE_VMA, FENCE_VVMA, FENCE_GVMA } kind;
    bool has_va, has_id;
    uint64_t va; /* for FENCE_GVMA: guest physical address shifted right by 2 */
    uint64_t id; /* ASID, or VMID */
};
void mmu_fence(struct hart *h, const struct mmu_fence *fence);
bool mmu_create(struct hart *h);
void mmu_destroy(struct hart *h);
/* The TLB, for a snapshot; buffer NULL: the size.  mmu_load_tlb() after mmu_rebuild(). */
size_t mmu_save_tlb(const struct hart *h, void *buffer);
void mmu_load_tlb(struct hart *h, const void *buffer);
void mmu_rebuild(struct hart *h); /* st was replaced (reset, restore): forget and decode again */

/* --- csr.c --- */
enum csr_result { CSR_OK, CSR_ILLEGAL, CSR_VIRTUAL };
enum csr_op { CSR_RW, CSR_RS, CSR_RC };
/* One CSR instruction: checks, read, modify, write with all side effects.  write is false for
 * csrrs/csrrc with x0 (or uimm 0); read is false for csrrw with rd = x0.  st.instret does not count
 * the instruction yet. */
enum csr_result csr_execute(struct hart *h, uint32_t number, enum csr_op op, uint64_t operand,
                            bool read, bool write, uint64_t *old);
/* Without privilege checks, for debugger and tests. */
bool csr_peek(struct hart *h, uint32_t number, uint64_t *value);
bool csr_poke(struct hart *h, uint32_t number, uint64_t value);
void csr_reset(struct hart *h);

/* --- trap.c --- */
/* Enters the trap described by h->exc (an exception) at st.pc; emits the trap record and adds
 * trap_entry. */
void trap_exception(struct hart *h);
/* Takes the best pending interrupt, if one is takeable now; true if it did. */
bool trap_interrupt(struct hart *h);
/* Sets exc to illegal or virtual instruction with the instruction bits as tval; returns false. */
bool trap_illegal(struct hart *h, uint32_t instruction);
bool trap_virtual(struct hart *h, uint32_t instruction);
/* The one or the other, as result says; true if it is CSR_OK. */
bool trap_verdict(struct hart *h, enum csr_result result, uint32_t instruction);
/* xRET and WFI with all their checks.  false: exc is set. */
bool trap_mret(struct hart *h, uint32_t instruction);
bool trap_sret(struct hart *h, uint32_t instruction);
/* Before pc moves on: the record carries the address of the WFI. */
bool trap_wfi(struct hart *h, uint32_t instruction); /* true: st.asleep says whether it sleeps */
bool trap_ecall(struct hart *h);                     /* always false, exc set */
bool trap_fence_allowed(struct hart *h, uint32_t instruction, unsigned kind, bool svinval_part);
/* --- interrupt.c: mip and friends, AIA priorities --- */
uint64_t interrupt_mip(const struct hart *h);
uint32_t interrupt_mtopi(const struct hart *h);
uint32_t interrupt_stopi(const struct hart *h);
uint32_t interrupt_vstopi(const struct hart *h);
bool interrupt_resumes_wfi(const struct hart *h);
void interrupt_timers(
    struct hart *h); /* stimecmp, vstimecmp, htimedelta, menvcfg or henvcfg changed */
void interrupt_create(struct hart *h); /* once, before the first event can be posted */
/* An input line (enum vd_hart_line) changed: sets attention, wakes a sleeping hart. */
void interrupt_wire(struct hart *h, uint32_t line, bool level);

/* --- exec.c, block.c --- */
void exec_run(struct vd_runner *runner); /* vd_runner.run */
void exec_flush(struct hart *h);         /* fence.i, restore */
bool exec_create(struct hart *h, struct vd_error *err);
void exec_destroy(struct hart *h);
/* The clock as the world sees it; call before any host function. */
static inline void hart_sync(struct hart *h)
{
    h->runner.time = h->st.cycles * h->cfg.cycle_ps;
}

/* To memory that someone watches. */
static inline enum vd_status hart_write_watched(struct hart *h, struct vd_txn *txn)
{
    h->storing = true;
    enum vd_status status = h->host.ops->access(h->host.ctx, txn);
    h->storing = false;
    return status;
}

#endif
