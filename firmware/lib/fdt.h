/* SPDX-License-Identifier: BSD-2-Clause */
/* A reader of flattened devicetrees.  A node is the offset of its FDT_BEGIN_NODE token in the
 * structure block. */
#ifndef LIB_FDT_H
#define LIB_FDT_H

#include <stdbool.h>
#include <stdint.h>

struct fdt {
    const uint8_t *structure, *strings;
    uint32_t structure_size, total_size;
};

typedef uint32_t fdt_node;
#define FDT_NONE UINT32_MAX

/* A property's value; cells are big-endian. */
struct fdt_prop {
    const uint8_t *data;
    uint32_t size;
};

bool fdt_open(struct fdt *fdt, const void *blob);
/* All nodes in order; starts with FDT_NONE, ends with FDT_NONE. */
fdt_node fdt_next(const struct fdt *fdt, fdt_node node);
fdt_node fdt_parent(const struct fdt *fdt, fdt_node node);
const char *fdt_name(const struct fdt *fdt, fdt_node node);
bool fdt_prop(const struct fdt *fdt, fdt_node node, const char *name, struct fdt_prop *prop);
/* The n-th cell (32 bits) of a property, or fallback. */
uint32_t fdt_cell(const struct fdt *fdt, fdt_node node, const char *name, uint32_t n,
                  uint32_t fallback);
const char *fdt_text(const struct fdt *fdt, fdt_node node, const char *name);
bool fdt_is(const struct fdt *fdt, fdt_node node, const char *compatible);
fdt_node fdt_find(const struct fdt *fdt, fdt_node after, const char *compatible);
fdt_node fdt_by_phandle(const struct fdt *fdt, uint32_t phandle);
/* The n-th pair of `reg`, by the parent's #address-cells and #size-cells. */
bool fdt_reg(const struct fdt *fdt, fdt_node node, uint32_t n, uint64_t *addr, uint64_t *size);
uint32_t fdt_prop_cell(const struct fdt_prop *prop, uint32_t n);
uint64_t fdt_prop_cells(const struct fdt_prop *prop, uint32_t n, uint32_t count);

#endif
