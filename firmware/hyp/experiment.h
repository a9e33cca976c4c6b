/* SPDX-License-Identifier: BSD-2-Clause */
/* The experiments, and their order. */
#ifndef HYP_EXPERIMENT_H
#define HYP_EXPERIMENT_H

#include <stdint.h>

struct options;

/* Set of rows of the table: one bit, all for `all`, 0 for an unknown name. */
uint64_t experiment_by_name(const char *name);
/* Runs those that were asked for; ends the run if one fails.  Returns how many paths were run. */
uint32_t experiments_run(const struct options *options);

#endif
