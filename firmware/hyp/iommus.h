/* SPDX-License-Identifier: BSD-2-Clause */
/* The machine's IOMMUs, all alike.  What changes in a VM's MSI page tables is told to every one
 * that may read them, one after the other. */
#ifndef HYP_IOMMUS_H
#define HYP_IOMMUS_H

#include <stdbool.h>
#include <stdint.h>

#include "iommu.h"

enum { HYP_IOMMUS = 4 };

extern struct iommu iommus[HYP_IOMMUS];
extern uint32_t num_iommus; /* that can be used */

void iommus_init(const uint64_t *bases, uint32_t count);
/* False if one has no such mode. */
bool iommus_set_mode(enum iommu_mode mode);
/* Do all have these bits of `capabilities`? */
bool iommus_have(uint64_t capabilities);
/* Posts to the first `count`; tickets for iommus_wait(). */
void iommus_post(struct iommu_command command, uint32_t count, uint32_t *tickets);
void iommus_wait(uint32_t count, const uint32_t *tickets);
void iommus_sync(void);
void iommus_flush_all(void);
bool iommus_next_fault(struct iommu_fault *fault);

#endif
