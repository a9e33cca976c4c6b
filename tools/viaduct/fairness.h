/* SPDX-License-Identifier: BSD-2-Clause */
/* The latencies of each vCPU of a path, and how evenly they are spread. */
#ifndef VIADUCT_FAIRNESS_H
#define VIADUCT_FAIRNESS_H

#include <stdio.h>

#include "core/ledger.h"

/* One vCPU. */
struct fairness_row {
    char run[96]; /* the path, and which run */
    int32_t vcpu;
    uint64_t msis, p50, p99, mean; /* cycles */
};

struct fairness_table {
    struct fairness_row *rows;
    uint32_t num_rows;
};

bool fairness_add(struct fairness_table *table, const struct ledger *ledger, vd_time cycle_ps,
                  const char *label);
/* Per run, with Jain's index of the mean latencies in thousandths: 1000 if all are alike, 1000 / n
 * if one of n has all of the waiting. */
void fairness_print(FILE *out, const struct fairness_table *table);
void fairness_free(struct fairness_table *table);

#endif
