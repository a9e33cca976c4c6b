/* SPDX-License-Identifier: BSD-2-Clause */
/* Named counters of a run, gathered at its end and written as one flat JSON object. */
#ifndef CORE_STATS_H
#define CORE_STATS_H

#include "viaduct/error.h"

#include <stdint.h>

struct stats;

struct stats *stats_create(void);
void stats_destroy(struct stats *stats);
/* Names as "hart0.instructions"; the same name again replaces the value. */
void stats_set(struct stats *stats, const char *name, uint64_t value);
void stats_add(struct stats *stats, const char *name, uint64_t value);
bool stats_get(const struct stats *stats, const char *name, uint64_t *value);
uint32_t stats_count(const struct stats *stats);
const char *stats_name(const struct stats *stats, uint32_t index);
uint64_t stats_value(const struct stats *stats, uint32_t index);
/* In order of first use. */
bool stats_write(const struct stats *stats, const char *path, struct vd_error *err);

#endif
