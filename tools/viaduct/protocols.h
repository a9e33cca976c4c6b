/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of protocol variants: what each has cost, beside what a search over all interleavings
 * of an abstract model found. */
#ifndef VIADUCT_PROTOCOLS_H
#define VIADUCT_PROTOCOLS_H

#include <stdio.h>

#include "core/ledger.h"
#include "platforms/virt_config.h"

/* One member of the experiment. */
struct protocol_row {
    char name[16];  /* of the protocol */
    char model[64]; /* the abstract model's result: ok, or what it loses */
    uint64_t runs;  /* times that the protocol was carried out */
    uint32_t cause; /* of the first MSI that an IOMMU refused */
    struct ledger_counts counts;
};

struct protocol_table {
    struct protocol_row *rows;
    uint32_t num_rows;
};

/* Adds what a finished ledger knows, if the experiment says what the abstract model found. */
bool protocols_add(struct protocol_table *table, const struct virt_experiment_config *experiment,
                   const struct ledger *ledger);
void protocols_print(FILE *out, const struct protocol_table *table);
void protocols_free(struct protocol_table *table);

#endif
