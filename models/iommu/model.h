/* SPDX-License-Identifier: BSD-2-Clause */
/* The inside of the IOMMU: its state, and what its files offer one another. */
#ifndef IOMMU_MODEL_H
#define IOMMU_MODEL_H

#include "iommu/iommu.h"
#include "viaduct/bits.h"

enum {
    SLOTS = 64,         /* requests in flight */
    FAULTS = 128,       /* fault records waiting for the queue: all slots and the IOMMU's own */
    MESSAGES = 32,      /* page requests waiting for the queue */
    LOG_STEPS = 40,     /* between two checkpoints */
    AD_RETRIES = 8,     /* failed compare-and-swaps of A/D bits before cause 272 */
    VECTORS = 16,       /* interrupt vectors */
    COUNTERS = 31,      /* iohpmctr1..31 */
    ITAGS = 32,         /* outstanding ATS invalidations */
    WINDOW = 8,         /* commands fetched and not yet executed, out of order */
    MAX_CONTEXTS = 256, /* entries of the DDT, PDT and MSI caches */
    MAX_TLB = 1024,
    HINTS = 256,
};

/* Field constants: tc_V_lsb, tc_V_width, ... */
enum {
#define FIELD(structure, field, lsb, width)                                                        \
    structure##_##field##_lsb = (lsb), structure##_##field##_width = (width),
#include "iommu/formats.def"
#undef FIELD
#define REG(name, offset, count, stride, size, anchor, present_if)
#define END(name)
#define F(reg, field, lsb, width, access)                                                          \
    reg##_##field##_lsb = (lsb), reg##_##field##_width = (width),
#include "iommu/iommu_regs.def"
#undef F
#undef END
#undef REG
#define CAPABILITY(name, key, lsb, width, fallback, text)                                          \
    capabilities_##name##_lsb = (lsb), capabilities_##name##_width = (width),
#include "iommu/capabilities.def"
#undef CAPABILITY
};

#define GET(word, field)        vd_get((word), field##_lsb, field##_width)
#define SET(word, field, value) vd_set((word), field##_lsb, field##_width, (value))
#define MASK(field)             ((UINT64_MAX >> (64 - field##_width)) << field##_lsb)
#define CAP(m, name)            GET((m)->st.reg[REG_capabilities], capabilities_##name)

/* Registers, arrays included, are numbered in table order. */
enum {
#define END(name)
#define F(reg, field, lsb, width, access)
#define REG(name, offset, count, stride, size, anchor, present_if)                                 \
    REG_##name, REG_##name##_last = REG_##name + (count)-1,
#include "iommu/iommu_regs.def"
#undef REG
#undef F
#undef END
    REGS,
};

enum cause {
    CAUSE_none = 0,
#define CAUSE(number, name, dtf, ats, text) CAUSE_##name = (number),
#include "iommu/causes.def"
#undef CAUSE
};

enum mode { MODE_OFF, MODE_BARE, MODE_1LVL, MODE_2LVL, MODE_3LVL };

/* What a request wants.  An AMO counts as a write. */
enum access { ACCESS_READ, ACCESS_WRITE, ACCESS_EXEC };

enum ttyp {
    TTYP_NONE = 0,
    TTYP_UNTRANSLATED_EXEC = 1, /* + 1 read, + 2 write */
    TTYP_TRANSLATED_EXEC = 5,
    TTYP_TRANSLATION_REQUEST = 8,
    TTYP_MESSAGE = 9,
};

/* PCIe message codes and page-request responses. */
enum {
    MESSAGE_INVALIDATE = 1,
    MESSAGE_INVALIDATE_COMPLETION = 2,
    MESSAGE_PAGE_REQUEST = 4,
    MESSAGE_PAGE_RESPONSE = 5,
    PAGE_RESPONSE_SUCCESS = 0,
    PAGE_RESPONSE_INVALID = 1,
    PAGE_RESPONSE_FAILURE = 15,
};

/* Structures in memory: they name the cause of an access fault and of poison, and the counter. */
enum table { TABLE_DDT, TABLE_PDT, TABLE_FIRST, TABLE_SECOND, TABLE_MSI, TABLE_MRIF, TABLES };

/* One memory access of a request. */
struct step {
    uint64_t spa;
    uint64_t data[2]; /* write, OR: [0]; CAS: [0] new, [1] expected */
    uint8_t cmd;      /* enum vd_cmd */
    uint8_t size;
    uint8_t table;  /* what an error is called */
    uint8_t reads;  /* enum table whose read is counted, which for a translated PDT differs */
    uint32_t lead;  /* cycles before the access */
    uint32_t trail; /* cycles after it */
};

/* How a step was answered. */
struct logged {
    uint64_t value;
    uint8_t status; /* enum vd_status */
};

/* Rights of one leaf, or of both stages together. */
enum { RIGHT_R = 1, RIGHT_W = 2, RIGHT_X = 4, RIGHT_U = 8, RIGHT_G = 16, RIGHT_D = 32 };

/* What one stage makes of an address. */
struct leaf {
    uint64_t pa;
    uint64_t mask; /* of the offset: size - 1 */
    uint8_t rights;
    uint8_t pbmt;
};

struct device_context {
    uint64_t tc, iohgatp, ta, fsc, msiptp, msi_mask, msi_pattern, reserved;
};

struct ddt_entry {
    uint32_t device_id;
    bool valid;
    struct device_context dc;
};

struct pdt_entry {
    uint32_t device_id, process_id;
    bool valid;
    uint64_t ta, fsc;
};

/* First stage, or second, or both: IOVA to GPA and, with `second`, on to SPA. */
struct tlb_entry {
    uint64_t iova, gpa, spa, mask;
    uint32_t pscid;
    uint16_t gscid;
    bool valid, gv, pscv, second;
    uint8_t rights1, rights2, pbmt1, pbmt2;
};

struct msi_entry {
    uint64_t gpa, pte[2];
    uint32_t device_id; /* compared only with the switch tag_device */
    uint16_t gscid;
    bool valid;
};

/* Tree of pseudo-least-recently-used bits over `count` entries, a power of two. */
struct plru {
    uint32_t count;
    uint8_t bits[MAX_TLB];
};

enum request_state {
    REQUEST_FREE,
    REQUEST_QUEUED,  /* not started */
    REQUEST_WALKING, /* translating */
    REQUEST_HIT,     /* translated; the hit latency runs */
    REQUEST_ORDERED, /* waits for older posted writes of its device */
    REQUEST_MRIF,    /* its MRIF is being updated */
    REQUEST_NOTICE,  /* its MRIF is updated, the notice MSI is to follow */
    REQUEST_OUT,     /* translated access is on the bus */
    REQUEST_FAULT,   /* the fault's detection is behind, its record ahead */
    REQUEST_RESPOND, /* the error response is ahead */
};

/* The phases of [iommu P2IOVA]; between two of them the log is emptied. */
enum phase {
    PHASE_CONTEXT,
    PHASE_PROCESS,
    PHASE_CACHE,
    PHASE_FIRST,
    PHASE_MSI,
    PHASE_SECOND,
    PHASE_DONE,
};

enum request_kind {
    KIND_UNTRANSLATED,
    KIND_TRANSLATION_REQUEST,
    KIND_TRANSLATED,
    KIND_DEBUG,
    KIND_PAGE_REQUEST,
};

/* Cached structures that an invalidation during the walk keeps from being filled. */
enum { BAR_DDT = 1, BAR_PDT = 2, BAR_TLB = 4, BAR_MSI = 8 };

/* From `seq` to `iotval2` a request starts out as zero; the rest is written before it is read. */
struct request {
    struct vd_txn txn; /* as the device sent it */
    uint64_t seq;      /* order of arrival */

    /* The log: what happened since the last checkpoint. */
    uint16_t logged, cursor;
    bool busy; /* the step `pending` is under way */
    bool sent; /* ... and its lead is over */
    bool done; /* ... and answered: its trail runs */
    uint8_t retries;

    /* Checkpoint: everything the phases behind have found out. */
    uint8_t state, kind, access, phase;
    uint8_t bars;
    bool walked; /* a page table has been read: the start of the walk is paid */
    bool missed;
    bool global; /* a non-leaf PTE of the first stage had G */
    bool has_dc, process_valid, privileged, sum;
    bool msi, mrif; /* the GPA is that of an interrupt file; its PTE is in MRIF mode */
    bool second_done;
    bool announced; /* its departure is recorded */
    bool notify;    /* a notice MSI follows the MRIF store */
    uint8_t level;  /* first stage: where to go on */
    uint16_t cause; /* 0: no fault */
    uint32_t process_id, pscid;
    uint16_t counts[TABLES]; /* table entries read */
    uint64_t notice_serial;
    uint64_t ddtp;
    uint64_t fsc;   /* iosatp, once known */
    uint64_t table; /* first stage: next table */
    uint64_t gpa, spa;
    struct leaf first, second;
    uint64_t iotval2;

    struct device_context dc;
    uint64_t msi_pte[2];
    struct step pending;
    uint64_t wide[8]; /* the one wide read of a phase */
    struct logged log[LOG_STEPS];
};

struct fault_record {
    uint64_t dw[4];
};

struct page_request {
    struct vd_txn txn;
    bool prpr;
};

enum engine_phase {
    ENGINE_IDLE,
    ENGINE_START, /* doorbell seen, or the time between two commands */
    ENGINE_FETCH, /* reading */
    ENGINE_FENCE, /* waiting for requests and writes */
    ENGINE_DRAIN, /* waiting for the host's writes */
    ENGINE_WRITE, /* writing: fence data, fault or page-request record */
    ENGINE_STALL, /* out of ITags */
};

struct command_queue {
    uint8_t phase;
    bool retry;
    uint64_t dw[2];     /* the command at cqh */
    uint64_t fence_seq; /* requests before this are waited for */
    uint64_t window[WINDOW][2];
    uint32_t in_window;
    vd_time memory_drained; /* switch fence_ignores_io */
};

struct itag {
    bool busy;
    uint8_t received;
    uint32_t device_id;
    vd_time deadline;
};

/* Timers are named; request timers follow the others. */
enum timer_id {
    TIMER_PUMP,
    TIMER_CQ,
    TIMER_FQ,
    TIMER_PQ,
    TIMER_IRQ, /* + 0..3 by cause */
    TIMER_MSI = TIMER_IRQ + 4,
    TIMER_ATS,
    TIMER_CYCLES,
    TIMER_DDTP,
    TIMER_REQUEST,
    TIMERS = TIMER_REQUEST + SLOTS,
};

struct timer {
    vd_time when; /* VD_NEVER: not armed */
    uint64_t order;
};

/* Everything that a snapshot holds.  No pointers. */
struct iommu_state {
    uint64_t reg[REGS];
    vd_time cycles_since; /* iohpmcycles was counted up to here */
    bool counting;        /* some iohpmevt selects an event */

    struct request slot[SLOTS];
    uint8_t fifo[SLOTS]; /* slots in order of arrival */
    uint32_t in_fifo;
    uint32_t translating; /* of `outstanding` */
    uint64_t next_seq;
    uint64_t ddtp_seq; /* ddtp.busy until the requests before it are gone */
    bool debug_active;
    vd_time next_start;

    struct ddt_entry ddt[MAX_CONTEXTS];
    struct pdt_entry pdt[MAX_CONTEXTS];
    struct tlb_entry tlb[MAX_TLB];
    struct msi_entry msi[MAX_CONTEXTS];
    struct plru ddt_plru, pdt_plru, tlb_plru, msi_plru;
    uint16_t ddt_hint, pdt_hint, msi_hint, tlb_hint[HINTS];

    struct command_queue cq;
    struct itag itag[ITAGS];
    bool ats_timed_out;

    uint8_t fq_phase, pq_phase;
    struct fault_record faults[FAULTS];
    uint32_t faults_head, faults_count;
    struct page_request pages[MESSAGES];
    uint32_t pages_head, pages_count;

    uint32_t wired;      /* ipsr bits that have reached the wires */
    uint32_t levels;     /* of the wires */
    uint32_t msi_pended; /* vectors with a message to send */
    uint32_t msi_busy;   /* vectors with a message on the bus */

    struct timer timer[TIMERS];
    uint64_t timer_order;
};

struct iommu {
    struct iommu_config config;
    struct vd_host host;
    struct iommu_device_port port;
    uint64_t writable[REGS]; /* by configuration: WARL bits that hold */
    bool pumping, pump_again, cq_running, fq_running, pq_running;
    uint64_t pas_mask;
    struct vd_event event[TIMERS];
    struct iommu_state st;
};

/* iommu.c */
vd_time iommu_cycles(const struct iommu *m, uint32_t cycles);
vd_time iommu_now(const struct iommu *m);
/* Arms a timer; a duration of 0 fires it in this very call. */
void iommu_after(struct iommu *m, uint32_t timer, vd_time duration);
void iommu_stop(struct iommu *m, uint32_t timer);
void iommu_emit(struct iommu *m, enum vd_record_kind kind, uint64_t serial, uint64_t a, uint64_t b,
                uint64_t c);
/* Submits as the IOMMU itself; tag comes back through iommu_complete(). */
enum vd_status iommu_bus(struct iommu *m, struct vd_txn *txn, uint32_t tag);
enum { TAG_REQUEST = 0x100, TAG_MSI = 0x200, TAG_CQ = 0x300, TAG_FQ = 0x301, TAG_PQ = 0x302 };

/* regs.c */
void iommu_regs_reset(struct iommu *m);
void iommu_regs_configure(struct iommu *m);
bool iommu_check(const struct iommu_config *config, struct vd_error *err);
uint64_t iommu_default_capabilities(void);

/* queue.c: what the three queues share */
uint64_t iommu_queue_entry(const struct iommu *m, uint32_t base_reg, uint64_t index,
                           unsigned bytes);
uint64_t iommu_queue_next(const struct iommu *m, uint32_t base_reg, uint64_t index);
bool iommu_queue_full(const struct iommu *m, uint32_t base_reg, uint32_t head_reg,
                      uint32_t tail_reg);
uint64_t iommu_queue_mask(const struct iommu *m, uint32_t base_reg);
uint64_t iommu_swap(uint64_t value, bool big);

/* request.c */
struct request *iommu_slot_take(struct iommu *m);
void iommu_pump(struct iommu *m);
void iommu_request_run(struct iommu *m, struct request *r);
void iommu_request_timer(struct iommu *m, struct request *r);
void iommu_request_complete(struct iommu *m, struct request *r, const struct vd_txn *txn);
/* True if a request that arrived before seq may still use old tables or has not left. */
bool iommu_requests_before(const struct iommu *m, uint64_t seq, bool reads_too, bool skip_msi);

/* step.c: false means that the request waits or has a cause. */
bool iommu_read(struct iommu *m, struct request *r, enum table table, enum table reads,
                uint64_t spa, bool big, unsigned size, uint64_t *value);
bool iommu_read_wide(struct iommu *m, struct request *r, enum table table, uint64_t spa, bool big,
                     unsigned size, uint64_t *words);
struct pte_swap {
    uint64_t spa, expected, desired;
    uint8_t size, table;
    bool big;
};
bool iommu_swap_pte(struct iommu *m, struct request *r, const struct pte_swap *swap, bool *matched);
bool iommu_access_step(struct iommu *m, struct request *r, const struct step *step, uint64_t *old);
void iommu_checkpoint(struct request *r, enum phase phase);
void iommu_step_timer(struct iommu *m, struct request *r);
void iommu_step_complete(struct iommu *m, struct request *r, const struct vd_txn *txn);
bool iommu_fault(struct request *r, enum cause cause);

/* translate.c */
bool iommu_translate(struct iommu *m, struct request *r);

/* context.c, process.c */
bool iommu_locate_dc(struct iommu *m, struct request *r);
bool iommu_dc_misconfigured(const struct iommu *m, const struct device_context *dc);
bool iommu_device_id_too_wide(const struct iommu *m, uint64_t mode, uint32_t device_id);
bool iommu_locate_pc(struct iommu *m, struct request *r, uint64_t *ta, uint64_t *fsc);

/* stage.c */
struct scheme {
    uint8_t mode, levels, pte_bytes, vpn_bits, bits;
    uint8_t capability; /* bit number */
};
const struct scheme *iommu_scheme(bool second, bool xl32, uint64_t mode);
bool iommu_first_stage(struct iommu *m, struct request *r);
/* The GPA's translation for an explicit access (NULL) or an implicit one of `table`. */
enum implicit { EXPLICIT, IMPLICIT_READ, IMPLICIT_WRITE };
bool iommu_second_stage(struct iommu *m, struct request *r, uint64_t gpa, enum implicit implicit,
                        enum table table, struct leaf *leaf);

/* msi.c, mrif.c */
bool iommu_msi_match(const struct iommu *m, const struct device_context *dc, uint64_t gpa);
uint64_t iommu_extract(uint64_t value, uint64_t mask);
bool iommu_msi_translate(struct iommu *m, struct request *r);
bool iommu_mrif_store(struct iommu *m, struct request *r);
enum vd_status iommu_mrif_notice(struct iommu *m, struct request *r, vd_time *retry);
enum mrif_access { MRIF_STORE, MRIF_READ, MRIF_DISCARD, MRIF_UNSUPPORTED };
enum mrif_access iommu_mrif_classify(const struct iommu *m, const struct request *r,
                                     uint32_t *identity);

/* cache.c */
void iommu_caches_reset(struct iommu *m);
struct ddt_entry *iommu_ddt_lookup(struct iommu *m, uint32_t device_id);
void iommu_ddt_fill(struct iommu *m, uint32_t device_id, const struct device_context *dc);
struct pdt_entry *iommu_pdt_lookup(struct iommu *m, uint32_t device_id, uint32_t process_id);
void iommu_pdt_fill(struct iommu *m, uint32_t device_id, uint32_t process_id, uint64_t ta,
                    uint64_t fsc);
struct tlb_entry *iommu_tlb_lookup(struct iommu *m, const struct tlb_entry *key);
void iommu_tlb_fill(struct iommu *m, const struct tlb_entry *entry);
struct msi_entry *iommu_msi_lookup(struct iommu *m, uint32_t device_id, uint16_t gscid,
                                   uint64_t gpa);
void iommu_msi_fill(struct iommu *m, uint32_t device_id, uint16_t gscid, uint64_t gpa,
                    const uint64_t pte[2]);

/* invalidate.c: IOTINVAL and IODIR */
void iommu_invalidate_vma(struct iommu *m, uint64_t dw0, uint64_t dw1);
void iommu_invalidate_gvma(struct iommu *m, uint64_t dw0, uint64_t dw1);
void iommu_invalidate_ddt(struct iommu *m, uint64_t dw0);
void iommu_invalidate_pdt(struct iommu *m, uint64_t dw0);

/* cmdq.c, fence.c */
void iommu_cq_doorbell(struct iommu *m);
void iommu_cq_timer(struct iommu *m);
void iommu_cq_complete(struct iommu *m, const struct vd_txn *txn);
void iommu_cq_written(struct iommu *m, uint64_t old);
bool iommu_command_illegal(const struct iommu *m, uint64_t dw0, uint64_t dw1);
/* Requests, writes or invalidations have ended: fences and ddtp.busy may go on. */
void iommu_fence_progress(struct iommu *m);
bool iommu_fence_waits(const struct iommu *m);
void iommu_ddtp_progress(struct iommu *m);

/* faultq.c */
bool iommu_fault_reported(const struct request *r);
void iommu_fault_report(struct iommu *m, const struct request *r);
void iommu_fault_push(struct iommu *m, const uint64_t dw[4]);
void iommu_fq_run(struct iommu *m);
void iommu_fq_timer(struct iommu *m);
void iommu_fq_complete(struct iommu *m, const struct vd_txn *txn);
void iommu_fq_written(struct iommu *m, uint64_t old);
/* How an ATS translation request is answered. */
enum ats_answer { ATS_OK, ATS_CA, ATS_UR };
enum ats_answer iommu_cause_ats(unsigned cause);
bool iommu_cause_despite_dtf(unsigned cause);

/* pageq.c */
void iommu_page_request(struct iommu *m, const struct request *r);
void iommu_page_refused(struct iommu *m, const struct request *r);
void iommu_pq_timer(struct iommu *m);
void iommu_pq_complete(struct iommu *m, const struct vd_txn *txn);
void iommu_pq_written(struct iommu *m, uint64_t old);

/* ats.c */
uint64_t iommu_ats_response(const struct iommu *m, const struct request *r);
/* False: no ITag is free. */
bool iommu_ats_invalidate(struct iommu *m, uint64_t dw0, uint64_t dw1);
void iommu_ats_group_response(struct iommu *m, uint64_t dw0, uint64_t dw1);
void iommu_ats_completion(struct iommu *m, const struct vd_txn *txn);
bool iommu_ats_outstanding(const struct iommu *m);
void iommu_ats_timer(struct iommu *m);
uint64_t iommu_napot(uint64_t pa, uint64_t mask);

/* interrupt.c */
enum source { SOURCE_CQ, SOURCE_FQ, SOURCE_PM, SOURCE_PQ };
/* Sets the ipsr bit if the source's enable allows. */
void iommu_interrupt(struct iommu *m, enum source source);
/* Sets ipsr bits whose condition still holds. */
void iommu_interrupt_levels(struct iommu *m);
void iommu_interrupt_timer(struct iommu *m, enum source source);
void iommu_wires(struct iommu *m);
void iommu_msi_send(struct iommu *m); /* what is pended and not masked */
void iommu_msi_complete(struct iommu *m, uint32_t vector, const struct vd_txn *txn);

/* hpm.c */
void iommu_hpm_commit(struct iommu *m, const struct request *r);
void iommu_hpm_cycles_sync(struct iommu *m);
void iommu_hpm_cycles_plan(struct iommu *m);
void iommu_hpm_cycles_timer(struct iommu *m);
uint64_t iommu_hpm_overflows(const struct iommu *m);

/* debug.c */
void iommu_debug_start(struct iommu *m);
void iommu_debug_finish(struct iommu *m, const struct request *r);

#endif
