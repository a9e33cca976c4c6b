/* SPDX-License-Identifier: BSD-2-Clause */
/* A devicetree being written, in the order of its text.  The first error stays. */
#ifndef PLATFORMS_TREE_H
#define PLATFORMS_TREE_H

#include <libfdt.h>

#include "viaduct/error.h"

struct virt_config;

struct tree {
    const struct virt_config *config;
    void *blob;
    int error;
};

/* A property of several cells. */
enum { CELLS_MAX = 1024 };
struct cells {
    fdt32_t value[CELLS_MAX];
    uint32_t count;
};

bool tree_open(struct tree *t, const struct virt_config *config);
/* The blob, to free(); NULL: err says why. */
void *tree_close(struct tree *t, size_t *size, struct vd_error *err);

void tree_begin(struct tree *t, const char *name);
void tree_begin_at(struct tree *t, const char *name, uint64_t address);
void tree_end(struct tree *t);
void tree_empty(struct tree *t, const char *name);
void tree_text(struct tree *t, const char *name, const char *value);
void tree_bytes(struct tree *t, const char *name, const void *bytes, size_t size);
void tree_cell(struct tree *t, const char *name, uint32_t value);
void tree_cell64(struct tree *t, const char *name, uint64_t value);
void cells_add(struct cells *c, uint32_t value);
void cells_add64(struct cells *c, uint64_t value);
void tree_put(struct tree *t, const char *name, const struct cells *c);
#define TREE_STRINGS(t, name, literal) tree_bytes(t, name, literal, sizeof(literal))

#endif
