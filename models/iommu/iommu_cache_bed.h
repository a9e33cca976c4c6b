/* SPDX-License-Identifier: BSD-2-Clause */
/* A device with one mapped page, through both stages. */
#ifndef IOMMU_CACHE_BED_H
#define IOMMU_CACHE_BED_H

#include "iommu/iommu_testbed.h"

enum { DEVICE = 1, IOVA = 0x40000000 };
#define BIT(n)   (UINT64_C(1) << (n))
#define GSCID(n) ((uint64_t)(n) << 44)

struct cache_bed {
    struct testbed t;
    uint64_t first, second, pte1, pte2;
    struct bed_dc dc;
};

/* IOVA -> GPA 0x10000000 -> SPA 0x80f00000, PSCID 3, GSCID 7. */
void cache_bed_open(struct cache_bed *s);
void cache_bed_open_with(struct cache_bed *s, const struct iommu_config *config);
/* True if the next request reads no table. */
bool cache_bed_hits(struct cache_bed *s, uint64_t iova);

#endif
