/* SPDX-License-Identifier: BSD-2-Clause */
/* What the IOMMU makes of accesses to a page in MRIF mode.  There is no guest: the hypervisor has
 * the device do what no driver would, and looks at the MRIF, its notices and the fault queue. */
#ifndef HYP_PROBE_H
#define HYP_PROBE_H

struct plan;

/* Accesses that are no MSIs, or hardly: every one is dropped, or leaves a bit and a notice. */
void probe_malformed(struct plan *plan);
/* MSIs whose MRIF or notice cannot be written. */
void probe_faults(struct plan *plan);

#endif
