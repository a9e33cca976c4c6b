/* SPDX-License-Identifier: BSD-2-Clause */
/* The tables of a run directory. */
#ifndef REPORT_CSV_H
#define REPORT_CSV_H

#include "report/report.h"

void csv_write_samples(FILE *out, const struct report *report);
void csv_write_summary(FILE *out, const struct report *report);
void csv_write_migrations(FILE *out, const struct report *report);
void csv_write_landings(FILE *out, const struct report *report);
/* The member "migrations" of summary.json. */
void json_write_migrations(FILE *out, const struct report *report);
void csv_write_run(FILE *out, const struct report *report);
void json_write_summary(FILE *out, const struct report *report);
/* A field, quoted if need be. */
void csv_write_text(FILE *out, const char *text);
/* A string with JSON's escapes and quotes. */
void json_write_string(FILE *out, const char *text);

/* A table being read: text is changed in place, fields point into it. */
enum { CSV_FIELDS = 128 };
struct csv {
    char *next;
    unsigned line;
    unsigned count;
    char *field[CSV_FIELDS];
};
/* The next record, or false at the end. */
bool csv_next(struct csv *csv);

#endif
