/* SPDX-License-Identifier: BSD-2-Clause */
/* A sequence diagram as SVG: lanes from left to right, time from top to bottom. */
#ifndef REPORT_SEQUENCE_H
#define REPORT_SEQUENCE_H

#include <stdio.h>

#include "viaduct/host.h"

enum sequence_lane {
    LANE_DEVICE,
    LANE_APLIC,
    LANE_IOMMU,
    LANE_MEMORY,
    LANE_FILE,
    LANE_HYPERVISOR,
    LANE_GUEST,
    LANES
};

struct sequence;

struct sequence *sequence_create(void);
void sequence_destroy(struct sequence *sequence);
/* An arrow, or with from == to a note on the lane.  Of equal neighbours one is drawn, with their
 * number. */
__attribute__((format(printf, 5, 6))) void sequence_add(struct sequence *sequence, vd_time time,
                                                        enum sequence_lane from,
                                                        enum sequence_lane to, const char *format,
                                                        ...);
uint32_t sequence_rows(const struct sequence *sequence);
void sequence_write(FILE *out, const struct sequence *sequence, const char *title);

#endif
