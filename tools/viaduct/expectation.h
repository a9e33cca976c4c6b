/* SPDX-License-Identifier: BSD-2-Clause */
/* Whether an experiment's expectation held: the ledger's verdict, and conditions on counts. */
#ifndef VIADUCT_EXPECTATION_H
#define VIADUCT_EXPECTATION_H

#include <stdio.h>

#include "core/ledger.h"
#include "viaduct/error.h"

/* Conditions are separated by blanks, each `NAME OP TERM` without blanks in it: OP is one of = != <
 * > <= >=, TERM a number, a NAME or NUMBER*NAME.  Names are counts of the ledger (struct
 * ledger_counts), of the hypervisor (counters.def), drop_CAUSE for those dropped with a cause of
 * drops.def, and the latencies p50, p90, p99 and max in cycles.  They must hold on every path. What
 * does not is told in `why`; false as well if a condition cannot be understood or nothing was
 * measured. */
bool expectation_holds(const char *conditions, const struct ledger *ledger, vd_time cycle_ps,
                       struct vd_error *why);
/* A line for each cause by which measured MSIs were dropped. */
void expectation_print_drops(const struct ledger *ledger, FILE *out);

#endif
