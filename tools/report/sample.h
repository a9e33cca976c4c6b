/* SPDX-License-Identifier: BSD-2-Clause */
/* What one experiment leaves behind: a sample per handled MSI and a summary per path.  Plain
 * values; the ledger fills them in, the report reads them. */
#ifndef REPORT_SAMPLE_H
#define REPORT_SAMPLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "viaduct/host.h"

/* When an MSI passed each point of its way.  A point that it did not pass has the time of its
 * neighbour, so that the segment between them is 0: without IOMMU accept = translate = issue,
 * without trap (the hart polled, or was already in its handler) trap = entry = record.  The times
 * never decrease in this order; sample_normalize() sees to it. */
enum sample_stamp {
    STAMP_ISSUE,     /* it leaves its source */
    STAMP_ACCEPT,    /* it enters the IOMMU */
    STAMP_TRANSLATE, /* it leaves the IOMMU */
    STAMP_RECORD,    /* the interrupt file has it pending */
    STAMP_TRAP,      /* the hart takes the interrupt trap */
    STAMP_ENTRY,     /* the first instruction of the handler that will claim it */
    STAMP_CLAIM,     /* xtopei (or the software file) is claimed */
    STAMP_COUNT
};

/* Segment s lies between stamp s and stamp s + 1. */
enum sample_segment {
    SEGMENT_DEVICE,
    SEGMENT_TRANSLATION,
    SEGMENT_FABRIC,
    SEGMENT_FILE,
    SEGMENT_TRAP_ENTRY,
    SEGMENT_CLAIM,
    SEGMENT_COUNT
};

/* For a stamp that is not known; sample_normalize() replaces it. */
#define SAMPLE_UNKNOWN VD_NEVER

struct sample {
    uint64_t serial;
    vd_time stamp[STAMP_COUNT];
    uint64_t coalesced_into; /* serial of the equal MSI whose claim handled this one too, 0: its own
                                claim */
    uint32_t path;           /* index into struct report.paths */
    uint32_t requester;      /* as in struct vd_txn: a device_id or VD_REQUESTER_... */
    uint32_t file;           /* VD_FILE of the file that recorded it */
    uint32_t identity;
    int32_t vm, vcpu; /* -1: unknown; VM 0 is the host */
    uint32_t traps;   /* into the hypervisor, from issue to claim */
    bool inexact;     /* a quantum may have moved one of its stamps */
};

struct statistic {
    vd_time p50, p90, p99, max; /* nearest rank: each is a measured value */
    vd_time mean;               /* rounded down */
};

struct path_summary {
    /* Filled in by the ledger. */
    const char *name;  /* "a02" */
    const char *title; /* "guest file, hot IOMMU caches" */
    uint64_t issued, claimed, coalesced, lost, duplicate, stray, dropped;
    uint64_t traps; /* into the hypervisor while this path was measured */

    /* Filled in by path_summarize() from the samples of this path that have their own claim. */
    uint64_t samples, inexact;
    struct statistic total;
    struct statistic segment[SEGMENT_COUNT];
};

extern const char *const sample_stamp_names[STAMP_COUNT];     /* "issue", as in samples.csv */
extern const char *const sample_segment_names[SEGMENT_COUNT]; /* "device to IOMMU" */
extern const char *const sample_segment_keys[SEGMENT_COUNT];  /* "device", as in summary.csv */

/* Makes unknown stamps equal to the known one before them (before the first: to the first). */
void sample_normalize(struct sample *sample);
vd_time sample_segment(const struct sample *sample, enum sample_segment segment);
vd_time sample_total(const struct sample *sample);

/* Sorts values and reads the statistic off them; all zero if count is 0. */
struct statistic statistic_of(vd_time *values, size_t count);
/* Fills in the second half of *summary from the samples whose path is `path`.  Returns false if
 * there is no memory. */
bool path_summarize(struct path_summary *summary, uint32_t path, const struct sample *samples,
                    size_t count);

#endif
