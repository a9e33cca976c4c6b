/* SPDX-License-Identifier: BSD-2-Clause */
/* A device and one page table, of either stage. */
#ifndef IOMMU_STAGE_BED_H
#define IOMMU_STAGE_BED_H

#include "iommu/iommu_testbed.h"

#define BIT(n)  (UINT64_C(1) << (n))
#define MODE(n) ((uint64_t)(n) << 60)
enum { DEVICE = 1, SADE = 1 << 8, GADE = 1 << 7, SBE = 1 << 10, SXL = 1 << 11 };
#define BASE (UINT64_C(0x10) | BIT(9) | BIT(17) | BIT(22) | UINT64_C(56) << 32)

struct stage_bed {
    struct testbed t;
    uint64_t root;
    struct bed_dc dc;
};

void stage_bed_open(struct stage_bed *s, uint64_t caps);
/* Writes the device context and invalidates it and all translations. */
void stage_bed_put_dc(struct stage_bed *s);
/* Makes `root` the table of a stage. */
void stage_bed_use(struct stage_bed *s, bool second, unsigned levels);
/* The cause that an access (0: read, 1: write, 2: execute) ends in, and forgets it; 0: none. */
unsigned stage_bed_try(struct stage_bed *s, unsigned access, uint64_t iova);

#endif
