/* SPDX-License-Identifier: BSD-2-Clause */
/* What the boot arguments ask for (README.md). */
#ifndef HYP_OPTIONS_H
#define HYP_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "vm.h"

struct options {
    uint64_t experiments; /* bit i: row i of the experiments' table */
    uint64_t count, warmup, period, burst, vectors, seed, ddt, moves, vcpus, slice;
    uint32_t protocol; /* how a path's number tells it */
    bool edge;
    enum vm_mode mode;
    enum policy policy;
};

/* Ends the run with a sentence if the text is wrong. */
void options_parse(struct options *options, const char *bootargs);

#endif
