/* SPDX-License-Identifier: BSD-2-Clause */
/* The state of the IOMMU, and the names of the specification's fields, registers and causes. */
#ifndef IOMMU_STATE_H
#define IOMMU_STATE_H

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
    MAX_CONTEXTS = 256, /* entries of the DDT, PDT, MSI and non-leaf caches */
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

enum opcode { OPCODE_IOTINVAL = 1, OPCODE_IOFENCE, OPCODE_IODIR, OPCODE_ATS };
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
enum { STEP_WRITES = 16 }; /* in the record of a step that is no read */

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

/* The address space of what is cached: the identifiers of the stages that are not Bare. */
enum {
    space_PSCID_lsb = 0,
    space_PSCID_width = 20,
    space_GSCID_lsb = 20,
    space_GSCID_width = 16,
    space_PSCV_lsb = 36,
    space_PSCV_width = 1,
    space_GV_lsb = 37,
    space_GV_width = 1,
};

/* First stage, or second, or both: IOVA to GPA and, with `second`, on to SPA. */
struct tlb_entry {
    uint64_t space, iova, gpa, spa, mask;
    bool valid, second;
    uint8_t rights1, rights2, pbmt1, pbmt2;
};

struct msi_entry {
    uint64_t gpa, pte[2];
    uint32_t device_id; /* compared only with the switch tag_device */
    uint16_t gscid;
    bool valid;
};

/* A non-leaf PTE of either stage: the table that goes on translating what the addresses of its
 * range, IOVAs or GPAs, have in common. */
struct nonleaf_entry {
    uint64_t space, address, mask;
    uint64_t table;
    uint8_t bits;  /* of an address, which tells the schemes apart */
    uint8_t level; /* of the table */
    bool valid, global;
};

enum replacement { REPLACE_PLRU, REPLACE_FIFO, REPLACE_RANDOM };

/* Which of `count` entries, a power of two, is replaced next: a tree of pseudo-least-recently-used
 * bits says so, or, by another policy, `next`. */
struct plru {
    uint32_t count;
    uint32_t policy; /* enum replacement */
    uint32_t next;   /* in turn: the entry; at random: the generator's state */
    uint32_t latest; /* touched last, plus 1 */
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
    REQUEST_STATES,
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

/* The caches, as bits. */
enum { BAR_DDT = 1, BAR_PDT = 2, BAR_TLB = 4, BAR_MSI = 8, BAR_FIRST = 16, BAR_SECOND = 32 };
enum stage { STAGE_FIRST, STAGE_SECOND, STAGES };

/* From `logged` to `iotval2` a request starts out as zero, few bytes at every arrival; the rest is
 * written before it is read. */
struct request {
    struct vd_txn txn; /* as the device sent it; on the bus, as translated */
    uint64_t seq;      /* order of arrival */
    uint64_t iova;     /* the device's address and tag */
    uint32_t tag;
    uint8_t state, kind, access;

    /* The log: what happened since the last checkpoint. */
    uint16_t logged, cursor;
    bool busy; /* the step `pending` is under way */
    bool sent; /* ... and its lead is over */
    bool done; /* ... and answered: its trail runs */
    uint8_t retries;

    /* Checkpoint: everything the phases behind have found out. */
    uint8_t phase;
    uint8_t bars, hits; /* what must not be filled; what a cache has answered */
    bool oracle;        /* a debugger's walk, see stale.c */
    uint8_t peeks;      /* ... and the non-leaf caches that it looks into */
    bool walked;        /* a page table has been read: the start of the walk is paid */
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
    uint64_t fsc; /* iosatp, once known */
    uint64_t iotval2;

    uint64_t table; /* first stage: next table */
    uint64_t gpa, spa;
    struct leaf first, second;
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
    vd_time writes_drained; /* switches fence_ignores_io, fence_ignores_notices */
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
    uint8_t in_state[REQUEST_STATES]; /* requests by state */
    uint64_t next_seq;
    uint64_t ddtp_seq; /* ddtp.busy until the requests before it are gone */
    bool debug_active;
    vd_time next_start;

    struct ddt_entry ddt[MAX_CONTEXTS];
    struct pdt_entry pdt[MAX_CONTEXTS];
    struct tlb_entry tlb[MAX_TLB];
    struct msi_entry msi[MAX_CONTEXTS];
    struct nonleaf_entry nonleaf[STAGES][MAX_CONTEXTS];
    struct plru ddt_plru, pdt_plru, tlb_plru, msi_plru, nonleaf_plru[STAGES];
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

#endif
