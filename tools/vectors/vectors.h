/* SPDX-License-Identifier: BSD-2-Clause */
/* Replays vector files (docs/vectors.md) on the IOMMU model and reports what differs. */
#ifndef VECTORS_VECTORS_H
#define VECTORS_VECTORS_H

#include <stdio.h>

#include "viaduct/error.h"

#include <stdint.h>

struct vectors_options {
    uint32_t first;    /* so many differing records of a file are printed */
    int64_t world;     /* replay this world only; -1: all */
    const char *class; /* print records of classes that contain this; NULL: all */
};

struct vectors_result {
    uint64_t passed, failed, excepted;
};

/* False if the file is wrong; differences are counted in *result, and printed to out. */
bool vectors_replay(const char *path, const struct vectors_options *options, FILE *out,
                    struct vectors_result *result, struct vd_error *err);
/* The exceptions, as a table. */
void vectors_list(FILE *out);

#endif
