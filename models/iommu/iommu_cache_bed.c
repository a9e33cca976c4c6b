/* SPDX-License-Identifier: BSD-2-Clause */
#include "iommu/iommu_cache_bed.h"

void cache_bed_open_with(struct cache_bed *s, const struct iommu_config *config)
{
    bed_open(&s->t, config);
    bed_start(&s->t, 2);
    s->first = bed_pages(&s->t, 1);
    s->second = bed_pages(&s->t, 4);
    for (uint64_t a = 0x80000000; a < 0x80400000; a += 0x200000)
        bed_map(&s->t, s->second, 3, true, a, a, 1, RWXAD | U);
    s->pte1 = bed_map(&s->t, s->first, 3, false, IOVA, 0x10000000, 0, RWXAD | U);
    s->pte2 = bed_map(&s->t, s->second, 3, true, 0x10000000, 0x80f00000, 0, RWXAD | U);
    s->dc = (struct bed_dc){.tc = 1,
                            .iohgatp = UINT64_C(8) << 60 | GSCID(7) | s->second >> 12,
                            .ta = 3 << 12,
                            .fsc = UINT64_C(8) << 60 | s->first >> 12};
    bed_dc(&s->t, DEVICE, &s->dc);
}

void cache_bed_open(struct cache_bed *s)
{
    const struct iommu_config config = {.index = 0};
    cache_bed_open_with(s, &config);
}

bool cache_bed_hits(struct cache_bed *s, uint64_t iova)
{
    s->t.b.num_reads = 0;
    bed_write(&s->t, DEVICE, iova);
    return s->t.b.num_reads == 0;
}
