/* SPDX-License-Identifier: BSD-2-Clause */
#include "iommu/iommu_stage_bed.h"

void stage_bed_open(struct stage_bed *s, uint64_t caps)
{
    const struct iommu_config config = {.capabilities = caps};
    bed_open(&s->t, &config);
    bed_start(&s->t, 2);
    s->root = bed_pages(&s->t, 4);
    s->dc = (struct bed_dc){.tc = 1};
}

void stage_bed_put_dc(struct stage_bed *s)
{
    bed_dc(&s->t, DEVICE, &s->dc);
    bed_command(&s->t, 3, 0);
    bed_command(&s->t, 1, 0);
    bed_command(&s->t, 1 | 1 << 7, 0);
}

void stage_bed_use(struct stage_bed *s, bool second, unsigned levels)
{
    uint64_t word = MODE(levels + 5) | s->root >> 12;
    if (second)
        s->dc.iohgatp = word;
    else
        s->dc.fsc = word;
    stage_bed_put_dc(s);
}

unsigned stage_bed_try(struct stage_bed *s, unsigned access, uint64_t iova)
{
    uint32_t before = bed_faults(&s->t);
    struct vd_txn txn = access == 1 ? bench_write(iova, 4, 0) : bench_read(iova, 4);
    txn.requester = DEVICE;
    txn.attrs = access == 2 ? VD_EXEC : 0;
    bench_forget(&s->t.b);
    bed_request(&s->t, txn);
    bed_set(&s->t, REG_OFFSET_FQH, 4, bed_faults(&s->t));
    return bed_faults(&s->t) == before ? 0 : bed_cause(&s->t, before);
}
