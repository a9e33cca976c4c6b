/* SPDX-License-Identifier: BSD-2-Clause */
/* One RV64 hart with the hypervisor extension and AIA. */
#ifndef HART_H
#define HART_H

#include "viaduct/error.h"
#include "viaduct/host.h"
#include "viaduct/imsic_port.h"
#include "viaduct/param.h"

/* Extensions that a configuration can switch, as bits of hart_config.extensions. */
enum hart_extension {
#define HART_EXTENSION(name, isa, fallback, text) HART_EXT_##name,
#define HART_TOLD(...)
#include "hart/extensions.def"
#undef HART_EXTENSION
#undef HART_TOLD
    HART_EXT_COUNT
};
/* Names of what a hart does anyway, as bits of hart_config.told. */
enum hart_told {
#define HART_EXTENSION(...)
#define HART_TOLD(name, isa, fallback, text) HART_TOLD_##name,
#include "hart/extensions.def"
#undef HART_EXTENSION
#undef HART_TOLD
    HART_TOLD_COUNT
};

/* Every figure in cycles.  functional: all 1 or 0 as hart_params() says. */
struct hart_timing {
    uint32_t alu, load, store, mul, div_base, div_bit, fp, fp_div, csr, branch_taken, jump,
        mispredict;
    uint32_t amo, fence, fence_i, sfence, trap_entry, trap_exit, wfi_wake, interrupt_sync, tlb_walk,
        tlb_read, uncached;
    uint32_t icache_lines, icache_miss, dcache_lines,
        dcache_miss; /* 64-byte lines; 0 lines: no cache model */
    uint32_t predictor_entries;
};

/* Zero means the default of hart_params(). */
struct hart_config {
    uint32_t index;      /* for records */
    uint64_t hartid;     /* mhartid */
    uint64_t extensions; /* bit set of enum hart_extension */
    uint64_t told;       /* bit set of enum hart_told */
    uint32_t satp_mode;  /* widest of 8 Sv39, 9 Sv48, 10 Sv57 */
    uint32_t pmp_entries;
    uint32_t geilen;             /* must equal the IMSIC's number of guest files */
    uint32_t tlb_entries;        /* per data and fetch side; 0: a large one */
    uint32_t no_msip;            /* no device for software interrupts: MSIP and MSIE are zero */
    uint32_t weak_stores;        /* only fences of O, not of W, wait for stores to devices */
    uint32_t reentrant_triggers; /* they fire where interrupts are off, too */
    uint64_t reset_pc;
    uint64_t seed; /* of Zkr's entropy source */
    struct hart_timing timing;
    vd_time cycle_ps;
};

struct hart;

struct hart *hart_create(const struct hart_config *config, const struct vd_host *host,
                         const struct vd_imsic_port *imsic, struct vd_error *err);
void hart_destroy(struct hart *hart);
void hart_reset(struct hart *hart);
/* What the scheduler runs. */
struct vd_runner *hart_runner(struct hart *hart);
/* Input lines: enum vd_hart_line. */
void hart_wire(struct hart *hart, uint32_t line, bool level);
/* Someone wrote to a page that this hart watches. */
void hart_snoop(struct hart *hart, uint64_t spa, uint64_t size);
/* The host takes back the write grant of the page at spa (VD_NEVER: every grant of all pages). */
void hart_revoke(struct hart *hart, uint64_t spa);

/* For debugger, tests and final state.  Register numbers: 0..31 x, 32 pc, 33..64 f, 65 + n CSR n.
 */
enum { HART_REG_PC = 32, HART_REG_F0 = 33, HART_REG_CSR0 = 65 };
bool hart_get(struct hart *hart, uint32_t reg, uint64_t *value);
bool hart_set(struct hart *hart, uint32_t reg, uint64_t value);
enum vd_mode hart_mode(const struct hart *hart);
/* Where a virtual address of the hart's mode is in memory, and the instruction there, as page
 * tables and memory are now: nothing changes by it.  False: nowhere; for the instruction also if
 * the hart is in a guest (V=1). */
bool hart_peek_address(struct hart *hart, uint64_t va, uint64_t *spa);
bool hart_peek_insn(struct hart *hart, uint64_t va, uint32_t *insn);
/* What the instruction at pc will do to memory; cache-block operations other than cbo.zero do
 * nothing.  False: it is no such instruction. */
struct hart_access {
    uint64_t va;
    uint32_t size;
    bool reads, writes;
    bool guest; /* HLV, HSV: va is the guest's */
};
bool hart_peek_access(struct hart *hart, struct hart_access *access);
/* Everything that decides what the hart does next but clocks, counters and the TLB, for comparing:
 * two harts in the same place go the same way as long as the world and the time that they see are
 * the same.  As hart_save(). */
size_t hart_place(const struct hart *hart, void *buffer, size_t capacity);
/* Interrupts, by their numbers in mip, that would stop it here if they became pending: not fewer
 * than would.  Asleep: those that could wake it. */
uint64_t hart_interruptible(const struct hart *hart);
/* An LR is waiting for its SC. */
bool hart_reserves(const struct hart *hart);
/* Its events that are waiting for stimecmp and vstimecmp, and do nothing else. */
uint32_t hart_num_timers(const struct hart *hart);
/* Counters that cost nothing to keep. */
struct hart_counts {
    uint64_t instructions, cycles, traps, interrupts;
    uint64_t returns; /* xRETs */
    /* Exceptions in a row that M or HS took from itself, each for the same cause at the same pc:
     * right behind a trap entry or an xRET, or in a trap handler that has not returned. */
    uint64_t repeated;
    uint64_t live_reads; /* CSRs read whose value changes by itself: clocks, pending interrupts */
};
struct hart_counts hart_counts(const struct hart *hart);
/* Of the extensions in canonical order, number i: its name in the ISA string, empty if the hart
 * does not have it or it has none; NULL behind the last. */
const char *hart_isa_name(const struct hart_config *config, unsigned i);
void hart_isa_string(const struct hart_config *config, char *buffer, size_t size);
size_t hart_save(const struct hart *hart, void *buffer, size_t capacity);
bool hart_restore(struct hart *hart, const void *buffer, size_t size);
const struct vd_param *hart_params(uint32_t *count);

#endif
