/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory that a run loop touches all the time.  Harts take turns on one host core, at a quantum of
 * 64 cycles ten million times a second: what they touch most fits into its first-level cache
 * together, but not if it lies at the same place of each hart's pages and so in the same sets. */
#ifndef HART_HOT_H
#define HART_HOT_H

#include "hart/hart.h"

/* Zeroed, at a cache line of the hart's own place in a page; NULL: out of memory. */
void *hot_create(const struct hart_config *cfg, size_t size);
void hot_destroy(void *memory);

#endif
