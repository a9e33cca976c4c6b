/* SPDX-License-Identifier: BSD-2-Clause */
/* A device of a VM whose MSIs go through an MSI page table. */
#ifndef IOMMU_MSI_BED_H
#define IOMMU_MSI_BED_H

#include "iommu/iommu_testbed.h"

/* PAGE and OTHER are files 0 and 3 of mask 5. */
enum { DEVICE = 0x101, PAGE = 0x60000000, OTHER = 0x60005000 };
#define NOTICE      (IMSIC_WINDOW + 0x9000)
#define BASIC(spa)  ((uint64_t)(spa) >> 12 << 10 | 3 << 1 | 1)
#define MRIF(spa)   ((uint64_t)(spa) >> 9 << 7 | 1 << 1 | 1)
#define CAPS_NO_AMO (UINT64_C(0x10) | 1 << 17 | 3 << 22 | UINT64_C(1) << 31 | UINT64_C(56) << 32)

struct msi_bed {
    struct testbed t;
    uint64_t table, root, mrif;
    struct bed_dc dc;
};

/* With big-endian writes into MRIFs. */
void msi_bed_open(struct msi_bed *s);
void msi_bed_open_with(struct msi_bed *s, const struct iommu_config *config);
/* Writes an MSI PTE and invalidates it. */
void msi_bed_pte(struct msi_bed *s, unsigned index, uint64_t dw0, uint64_t dw1);
/* The first record of a kind; NULL: none. */
const struct vd_record *msi_bed_record(struct msi_bed *s, enum vd_record_kind kind);

#endif
