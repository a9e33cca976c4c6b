/* SPDX-License-Identifier: BSD-2-Clause */
/* What one experiment leaves behind: the ledger's samples and a summary per path. */
#ifndef REPORT_SAMPLE_H
#define REPORT_SAMPLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/sample.h"
#include "report/statistic.h"

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

struct path_summary {
    /* Filled in by the caller, from the ledger's counts. */
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

extern const char *const sample_fate_names[SAMPLE_FATES]; /* "lost" */

/* It has its own claim, so that its latency counts. */
bool sample_is_measured(const struct sample *sample);

/* A point that the MSI did not pass gets the time of its neighbour, so that the segment between
 * them is 0: without IOMMU accept = translate = issue, without trap (the hart polled, or was
 * already in its handler) trap = entry = record.  Afterwards the times never decrease. */
void sample_normalize(struct sample *sample);
vd_time sample_segment(const struct sample *sample, enum sample_segment segment);
vd_time sample_total(const struct sample *sample);
/* Fills in the second half of *summary from the samples whose path is `path`.  Returns false if
 * there is no memory. */
bool path_summarize(struct path_summary *summary, uint32_t path, const struct sample *samples,
                    size_t count);

#endif
