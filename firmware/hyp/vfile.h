/* SPDX-License-Identifier: BSD-2-Clause */
/* Where a vCPU's interrupt file is: in a guest file of a hart, or in memory, and there within reach
 * of the IOMMU or not. */
#ifndef HYP_VFILE_H
#define HYP_VFILE_H

#include <stdbool.h>
#include <stdint.h>

struct hart;
struct vcpu;

/* Only who holds the lock moves the file or finds out where it is.  While one waits for it, the
 * hart serves the others, among them the holder. */
bool vfile_trylock(struct vcpu *vcpu);
void vfile_lock(struct vcpu *vcpu);
void vfile_unlock(struct vcpu *vcpu);
/* An MSI from software, wherever the file is; never waits.  host_identity as in swfile_inject(). */
void vfile_inject(struct vcpu *vcpu, uint32_t id, uint64_t host_identity);
/* Under the lock, on the vCPU's hart, the vCPU not running: */
/* To another guest file, of the same hart or another, to which the vCPU then belongs. */
bool vfile_move(struct vcpu *vcpu, struct hart *to);
/* From its guest file into memory. */
void vfile_evict(struct vcpu *vcpu);
/* From memory into a guest file of its hart; false if none is free. */
bool vfile_restore(struct vcpu *vcpu);
/* The interrupt that the vCPU has pending. */
bool vfile_deliverable(struct vcpu *vcpu);
/* Is there an MRIF for the IOMMU to store into, that a vCPU can run on? */
bool mrif_can_run(void);
bool mrif_exists(void);

#endif
