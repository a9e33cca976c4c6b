/* SPDX-License-Identifier: BSD-2-Clause */
/* Allocation of the guest interrupt files of a hart to vCPUs. */
#ifndef HYP_GFILE_H
#define HYP_GFILE_H

#include <stdbool.h>
#include <stdint.h>

struct hart;
struct vcpu;

/* A free guest file of that hart, now the vCPU's; 0 if all are taken.  Its state is undefined:
 * gfile_clear() before anything is directed to it. */
uint32_t gfile_alloc(struct hart *hart, struct vcpu *vcpu);
void gfile_free(struct hart *hart, uint32_t guest);
/* Delivery off, nothing pending, nothing enabled; done on that hart. */
void gfile_clear(struct hart *hart, uint32_t guest);
uint64_t gfile_page(const struct hart *hart, uint32_t guest);

#endif
