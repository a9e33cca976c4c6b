/* SPDX-License-Identifier: BSD-2-Clause */
/* What the tests of the command `viaduct exp` share: runs of the binary, and what they print. */
#ifndef VIADUCT_EXPERIMENT_BENCH_H
#define VIADUCT_EXPERIMENT_BENCH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

extern char folder[];        /* where the runs are made */
extern char output[1 << 20]; /* of the last run, stderr included */

struct row {
    unsigned issued, claimed, coalesced, lost, duplicate, stray, dropped;
    double traps;
};

int make_folder(void **state);
int remove_folder(void **state);
/* Exit status of the binary with these arguments. */
int run(const char *arguments);
/* The line of the table that begins with the path's name. */
struct row row_of(const char *path);
/* The median of a path's segment, or "total", in cycles. */
unsigned median(const char *path, const char *segment);
void all_claimed(const char *path, unsigned count);

#endif
