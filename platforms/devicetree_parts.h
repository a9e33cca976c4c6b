/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files that write the devicetree share: phandles, and the properties of every node. */
#ifndef PLATFORMS_DEVICETREE_PARTS_H
#define PLATFORMS_DEVICETREE_PARTS_H

#include "platforms/tree.h"
#include "platforms/virt_map.h"

enum {
    PHANDLE_IMSIC_M = 1,
    PHANDLE_IMSIC_S,
    PHANDLE_APLIC_M,
    PHANDLE_APLIC_S,
    PHANDLE_IOMMU,
    PHANDLE_TEST,
    PHANDLE_CPU0 = 16, /* cpu n: PHANDLE_CPU0 + 2 n, its interrupt controller the next */
    PHANDLE_IOMMUS = PHANDLE_CPU0 + 2 * VIRT_MAX_HARTS, /* from the second on */
};

enum { IRQ_LEVEL_HIGH = 4 };

/* reg of a region; its address; interrupts of wired sources of the APLIC. */
void node_reg(struct tree *t, enum virt_region region);
uint64_t node_base_of(const struct tree *t, enum virt_region region);
void node_wired(struct tree *t, uint32_t source, uint32_t count);

/* --- devicetree_pci.c --- */
void devicetree_iommu(struct tree *t, uint32_t index);
void devicetree_pcie(struct tree *t);

#endif
