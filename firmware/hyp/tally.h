/* SPDX-License-Identifier: BSD-2-Clause */
/* What the hypervisor has counted of a path. */
#ifndef HYP_TALLY_H
#define HYP_TALLY_H

#include "hint.h"

struct vm;

struct tally {
    uint64_t n[COUNTERS];
};

/* Of the harts, and of a VM's vCPUs if there is one. */
struct tally tally_of(const struct vm *vm);
struct tally tally_since(const struct vm *vm, const struct tally *before);
/* To the ledger, and what is not zero to the console. */
void tally_tell(const struct tally *tally, const char *path);

#endif
