/* SPDX-License-Identifier: BSD-2-Clause */
/* Moves of interrupt files: how long the vCPU heard nothing, and where the MSIs of that time went.
 */
#ifndef REPORT_MIGRATION_H
#define REPORT_MIGRATION_H

#include "report/number.h"
#include "report/report.h"

extern const char *const landing_place_names[]; /* "old" */
extern const char *const landing_end_names[];   /* "merged" */

/* "h0.g1", or "memory". */
struct number place_name_of(uint64_t place);
/* From the store of the MSI PTE to eidelivery. */
vd_time migration_blackout(const struct migration *migration);
/* Table and timelines, as a section of the page. */
void migration_write_html(FILE *out, const struct report *report);

#endif
