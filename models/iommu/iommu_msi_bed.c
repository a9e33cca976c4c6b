/* SPDX-License-Identifier: BSD-2-Clause */
#include "iommu/iommu_msi_bed.h"

void msi_bed_open_with(struct msi_bed *s, const struct iommu_config *config)
{
    bed_open(&s->t, config);
    bed_start(&s->t, 3);
    s->table = bed_pages(&s->t, 1);
    s->root = bed_pages(&s->t, 4);
    s->mrif = bed_pages(&s->t, 1);
    s->dc = (struct bed_dc){.tc = 1,
                            .iohgatp = UINT64_C(8) << 60 | UINT64_C(7) << 44 | s->root >> 12,
                            .msiptp = UINT64_C(1) << 60 | s->table >> 12,
                            .mask = 5,
                            .pattern = PAGE >> 12};
    bed_dc(&s->t, DEVICE, &s->dc);
}

void msi_bed_open(struct msi_bed *s)
{
    const struct iommu_config config = {.mrif_big_endian = true};
    msi_bed_open_with(s, &config);
}

void msi_bed_pte(struct msi_bed *s, unsigned index, uint64_t dw0, uint64_t dw1)
{
    bench_poke(&s->t.b, s->table + 16 * index, 8, dw0);
    bench_poke(&s->t.b, s->table + 16 * index + 8, 8, dw1);
    bed_command(&s->t, 1 | 1 << 7, 0);
}

const struct vd_record *msi_bed_record(struct msi_bed *s, enum vd_record_kind kind)
{
    return bench_record(&s->t.b, kind, 0);
}
