/* SPDX-License-Identifier: BSD-2-Clause */
/* The software interrupt file of a vCPU without a guest file: an IMSIC file in memory, whose CSRs
 * are emulated and which is delivered through hvip.VSEIP. */
#ifndef HYP_SWFILE_H
#define HYP_SWFILE_H

#include <stdbool.h>
#include <stdint.h>

#include "imsic.h"
#include "spinlock.h"

struct swfile {
    struct spinlock lock;
    uint64_t owner; /* VM << 16 | vCPU, for hints */
    uint32_t ids;
    struct imsic_state state;
};

void swfile_init(struct swfile *file, uint64_t owner, uint32_t ids);
/* Makes the identity pending; host_identity is what this hart has just claimed for it, or 0. */
void swfile_inject(struct swfile *file, uint32_t id, uint32_t host_identity);
/* Value of stopei; with claim, what it tells is taken out in the same step: in two, an identity
 * that is injected in between would be claimed unseen. */
uint64_t swfile_topei(struct swfile *file, bool claim);
bool swfile_deliverable(struct swfile *file);
/* A register behind sireg: its value before, and the bits of mask set to those of value, in one
 * step, whatever else is injected meanwhile.  False: there is no register of that number. */
bool swfile_access(struct swfile *file, uint32_t reg, uint64_t value, uint64_t mask, uint64_t *old);

#endif
