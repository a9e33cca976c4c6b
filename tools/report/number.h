/* SPDX-License-Identifier: BSD-2-Clause */
/* Times and ratios as text, without floating point. */
#ifndef REPORT_NUMBER_H
#define REPORT_NUMBER_H

#include "viaduct/host.h"

struct number {
    char text[32];
};

/* ps / unit_ps with up to `digits` (0..3) decimals, rounded, without trailing zeros. */
struct number number_of(vd_time ps, vd_time unit_ps, unsigned digits);
struct number number_ns(vd_time ps);
/* numerator / denominator with two decimals; "-" if the denominator is 0. */
struct number number_ratio(uint64_t numerator, uint64_t denominator);
/* What a requester is: "device", "hart", "iommu" or "aplic", and which one. */
const char *requester_kind(uint32_t requester);
uint32_t requester_index(uint32_t requester);
/* An interrupt file: "h1.M", "h1.S", "h1.g3". */
struct number file_name(uint32_t file);

#endif
