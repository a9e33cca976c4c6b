/* SPDX-License-Identifier: BSD-2-Clause */
/* What the runs of one command have measured, ready for the report. */
#ifndef VIADUCT_RESULTS_H
#define VIADUCT_RESULTS_H

#include "core/ledger.h"
#include "report/report.h"

struct results {
    struct path_summary *paths;
    char (*names)[128]; /* of the paths */
    uint32_t num_paths;
    struct sample *samples;
    size_t num_samples;
    struct migration *migrations;
    uint32_t num_migrations;
    struct landing *landings;
    uint32_t num_landings;
    char **findings; /* sentences of the ledger: violations, and drops while measuring */
    uint32_t num_findings;
    uint64_t trace_hash; /* of all runs together */
};

/* Adds what a finished ledger knows.  The label, which may be empty, tells the runs of a sweep
 * apart. */
bool results_add(struct results *results, const struct ledger *ledger, uint64_t trace_hash,
                 const char *label);
void results_free(struct results *results);
/* Path numbers as firmware/hyp/README.md has them: 10301 is "a03-1". */
void path_name(uint32_t number, char *text, size_t size);
const char *path_title(uint32_t number);

#endif
