/* SPDX-License-Identifier: BSD-2-Clause */
/* The ledger follows every MSI from its issue to its claim and proves at the end of a run that none
 * was lost, duplicated or strayed.  It sees trace records only. */
#ifndef CORE_LEDGER_H
#define CORE_LEDGER_H

#include "core/sample.h"
#include "viaduct/host.h"

struct ledger;

struct ledger_config {
    vd_time cycle_ps;        /* of the harts: the trap record gives the entry in cycles; 0: 1000 */
    vd_time wakeup;          /* I6: a blocked vCPU is ready within this; 0: 1 ms */
    vd_time line;            /* I8: hgeip follows its file within this; 0: 10 us */
    uint32_t ids, guest_ids; /* I23: highest identities of S and guest files; 0: 2047 */
    bool unspecified_reset;  /* files start with whatever bits: I5, I8 and I25 are left out */
    bool notices_optional;   /* I18: the IOMMU is known to leave notices out */
    bool off;                /* core_create() leaves the ledger out of the trace */
};

/* What holds in every run, as docs/ledger.md lists it. */
enum ledger_invariant {
    LEDGER_NO_INVARIANT,
#define LEDGER_INVARIANT(id, name, sentence, checked) LEDGER_##id,
#include "core/ledger_invariants.def"
#undef LEDGER_INVARIANT
    LEDGER_INVARIANTS
};

struct ledger *ledger_create(const struct ledger_config *config);
void ledger_destroy(struct ledger *ledger);
/* Records of the port `source` are those of this hart. */
void ledger_set_hart(struct ledger *ledger, uint16_t source, uint32_t hart);
/* The kinds of records that ledger_record(), a sink of the trace, wants. */
uint64_t ledger_kinds(void);
void ledger_record(void *ledger, const struct vd_record *rec);
/* What follows reaches this hart late by less than a quantum: MSIs pending there are marked. */
void ledger_inexact(struct ledger *ledger, uint32_t hart);

/* What can be wrong with one MSI. */
enum ledger_finding_kind {
    LEDGER_LOST,      /* issued, and neither claimed, coalesced nor dropped with a cause */
    LEDGER_DUPLICATE, /* claimed though nothing that was issued is pending there */
    LEDGER_STRAY,     /* recorded or claimed in a file that is not its owner's, or as another
                         identity than its data says */
    LEDGER_BROKEN,    /* an invariant does not hold, whatever became of the MSIs */
    LEDGER_DROPPED,   /* ended with a documented cause; not a violation */
    LEDGER_PENDING,   /* measured, and masked where it is when the run ends; not a violation */
    LEDGER_STALE,     /* an IOMMU still used a translation after a fence that memory contradicts; a
                         note, not a violation */
    LEDGER_MIXED,     /* device contexts of one GSCID have different tables; a note */
    LEDGER_KINDS
};

struct ledger_finding {
    enum ledger_finding_kind kind;
    enum ledger_invariant invariant; /* that it breaks; the text begins with its name */
    uint64_t serial;                 /* 0: a claim of nothing */
    uint32_t identity;
    uint32_t path;
    vd_time when;   /* it was last seen */
    char text[320]; /* one sentence: the MSI, its identity, where and when it was last seen */
};

/* Counts of what was issued in the measured phase (hint `phase` 2) under one path number (hint
 * `path`); with LEDGER_ALL, of everything in the run. */
#define LEDGER_ALL UINT32_MAX
struct ledger_counts {
    uint64_t issued, claimed, coalesced, held, moved, dropped, lost, duplicate, stray, inexact;
    uint64_t pending; /* at the end, for a reason that is no error: not enabled, in an MRIF, or an
                         IPI under way when the run ended */
    uint64_t host;    /* of the hypervisor's own, notices and IPIs between its harts: not in the
                         other counts unless they go wrong */
    uint64_t wakeups; /* of the lost: the vCPU slept, and nothing woke it */
    uint64_t notices; /* MSIs of IOMMUs: what an MRIF has got */
    uint64_t junk;    /* of the notices: they reached no interrupt file */
    uint64_t traps;   /* into HS or M mode on the claiming hart between issue and claim, summed */
    uint64_t drops[VD_DROP_COUNT];
};

/* Closes the books at quiescence.  True if there is no violation. */
bool ledger_finish(struct ledger *ledger, vd_time now);
/* MSIs that are on their way or waiting for a claim: 0 at quiescence. */
uint64_t ledger_open(const struct ledger *ledger);

/* Path numbers in the order of their first measured MSI. */
uint32_t ledger_num_paths(const struct ledger *ledger);
uint32_t ledger_nth_path(const struct ledger *ledger, uint32_t index);
/* NULL: nothing was measured under that number. */
const struct ledger_counts *ledger_counts(const struct ledger *ledger, uint32_t path);
/* What the firmware has counted by itself (hint `count`); 0 if it has not. */
enum { LEDGER_COUNTERS = 64 };
uint64_t ledger_counted(const struct ledger *ledger, uint32_t path, uint32_t counter);
uint32_t ledger_num_findings(const struct ledger *ledger);
const struct ledger_finding *ledger_finding(const struct ledger *ledger, uint32_t index);
uint64_t ledger_num_violations(const struct ledger *ledger);
/* "I25 topei" */
const char *ledger_invariant_name(enum ledger_invariant invariant);
/* One per MSI of the measured phase, in the order in which they ended. */
uint32_t ledger_num_samples(const struct ledger *ledger);
const struct sample *ledger_samples(const struct ledger *ledger);
/* Moves of interrupt files in the measured phase, and the MSIs that arrived meanwhile. */
uint32_t ledger_num_migrations(const struct ledger *ledger);
const struct migration *ledger_migrations(const struct ledger *ledger);
uint32_t ledger_num_landings(const struct ledger *ledger);
const struct landing *ledger_landings(const struct ledger *ledger);
/* Phase and path that the firmware's hints announced last. */
uint32_t ledger_phase(const struct ledger *ledger);
uint32_t ledger_path(const struct ledger *ledger);

#endif
