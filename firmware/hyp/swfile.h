/* SPDX-License-Identifier: BSD-2-Clause */
/* The interrupt file of a vCPU without a guest file: an IMSIC file in memory, in the format of an
 * MRIF so that the IOMMU can store into it, whose CSRs are emulated and which is delivered through
 * hvip.VSEIP. */
#ifndef HYP_SWFILE_H
#define HYP_SWFILE_H

#include <stdbool.h>
#include <stdint.h>

#include "imsic.h"
#include "iommu.h"
#include "spinlock.h"

struct swfile {
    struct iommu_mrif mrif;
    uint64_t apart[IMSIC_WORDS]; /* pending bits that software must not store into the MRIF */
    struct iommu_mrif *others;   /* of the other IOMMUs, if each has one */
    uint32_t num_others;
    uint64_t eidelivery, eithreshold;
    uint64_t owner; /* VM << 16 | vCPU, for hints */
    uint32_t ids;
    bool keep_apart; /* an IOMMU that does not update atomically stores into the MRIF */
    struct spinlock lock;
};

void swfile_init(struct swfile *file, uint64_t owner, uint32_t ids);
/* Makes the identity pending; for the ledger, host_identity is what this hart has just claimed for
 * it, HINT_OF_TRAP if a vCPU's trap asks for it, or 0 if it was pending elsewhere. */
void swfile_inject(struct swfile *file, uint32_t id, uint64_t host_identity);
/* Value of stopei; with claim, what it tells is taken out in the same step: in two, an identity
 * that is injected in between would be claimed unseen. */
uint64_t swfile_topei(struct swfile *file, bool claim);
bool swfile_deliverable(struct swfile *file);
/* Anything, enabled or not. */
bool swfile_pending(const struct swfile *file);
/* A register behind sireg: its value before, and the bits of mask set to those of value, in one
 * step, whatever else is injected meanwhile.  False: there is no register of that number. */
bool swfile_access(struct swfile *file, uint32_t reg, uint64_t value, uint64_t mask, uint64_t *old);

/* What other IOMMUs have stored is put where the rest is looked for.  Their MRIFs are only read. */
void swfile_gather_others(struct swfile *file);
static inline void swfile_gather(struct swfile *file)
{
    if (file->num_others)
        swfile_gather_others(file);
}

static inline uint32_t swfile_words(const struct swfile *file)
{
    return file->ids / 64 + 1;
}

#endif
