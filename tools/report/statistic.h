/* SPDX-License-Identifier: BSD-2-Clause */
/* What many durations are summed up to. */
#ifndef REPORT_STATISTIC_H
#define REPORT_STATISTIC_H

#include <stddef.h>

#include "viaduct/host.h"

struct statistic {
    vd_time p50, p90, p99, max; /* nearest rank: each is a measured value */
    vd_time mean;               /* rounded down */
};

/* Reorders values while it reads the statistic off them; all zero if count is 0. */
struct statistic statistic_of(vd_time *values, size_t count);

#endif
