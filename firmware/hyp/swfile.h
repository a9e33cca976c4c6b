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
/* Value of stopei. */
uint64_t swfile_topei(struct swfile *file);
/* Takes the identity that topei shows out. */
void swfile_claim(struct swfile *file);
bool swfile_deliverable(struct swfile *file);
/* Registers behind sireg.  False: there is none of that number. */
bool swfile_read(struct swfile *file, uint32_t reg, uint64_t *value);
/* Sets the bits of mask to those of value: one step, whatever else is injected meanwhile. */
void swfile_write(struct swfile *file, uint32_t reg, uint64_t value, uint64_t mask);

#endif
