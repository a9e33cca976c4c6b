/* SPDX-License-Identifier: BSD-2-Clause */
/* Writes and reads a run directory; its format is in docs/output.md. */
#ifndef REPORT_REPORT_H
#define REPORT_REPORT_H

#include <stdio.h>

#include "report/sample.h"
#include "viaduct/error.h"

struct report {
    const char *title;
    const char *command; /* the command line that repeats the run */
    const char *timing;  /* the preset's name */
    const char *version;
    const char *config; /* the exact configuration as YAML, written as it is */
    uint64_t seed, trace_hash;
    vd_time cycle_ps;
    struct path_summary *paths;
    uint32_t num_paths;
    struct sample *samples; /* as they ended; their path is an index into paths */
    size_t num_samples;
    struct migration *migrations; /* their path is an index into paths */
    uint32_t num_migrations;
    struct landing *landings; /* their migration is an index into migrations */
    uint32_t num_landings;
    const char *const *findings; /* what the ledger holds against the run, a sentence each */
    uint32_t num_findings;
    void *loaded; /* report_load()'s */
};

/* Normalizes the samples and computes the statistics of every path.  Call it once, before the
 * functions below. */
bool report_summarize(struct report *report, struct vd_error *err);
/* Writes samples.csv, migrations.csv, landings.csv, summary.csv, summary.json, run.csv, config.yaml
 * and report.html into dir, which is made if need be.  timeline.json is left alone: see
 * report/timeline.h. */
bool report_write(const char *dir, const struct report *report, struct vd_error *err);
/* Only report.html, from what report_load() has read. */
bool report_write_page(const char *dir, const struct report *report, struct vd_error *err);
/* Counts and latencies of every path, as text. */
void report_print(FILE *out, const struct report *report);
/* The first findings. */
void report_print_findings(FILE *out, const struct report *report, uint32_t most);
/* Reads a run directory back, summarized.  Everything that report points to is freed by
 * report_free(). */
bool report_load(const char *dir, struct report *report, struct vd_error *err);
void report_free(struct report *report);

#endif
