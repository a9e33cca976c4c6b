/* SPDX-License-Identifier: BSD-2-Clause */
#include "fdt.h"

#include "text.h"

enum fdt_token {
    FDT_BEGIN_NODE = 1,
    FDT_END_NODE = 2,
    FDT_PROP = 3,
    FDT_NOP = 4,
    FDT_END = 9,
};

enum { FDT_MAGIC = 0xd00dfeed };

static uint32_t be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static uint32_t align4(uint32_t value)
{
    return (value + 3) & ~3u;
}

bool fdt_open(struct fdt *fdt, const void *blob)
{
    const uint8_t *header = blob;
    if (!blob || ((uintptr_t)blob & 3) || be32(header) != FDT_MAGIC)
        return false;
    fdt->total_size = be32(header + 4);
    fdt->structure = header + be32(header + 8);
    fdt->strings = header + be32(header + 12);
    fdt->structure_size = be32(header + 36);
    return true;
}

static uint32_t token_at(const struct fdt *fdt, uint32_t at)
{
    return at + 4 <= fdt->structure_size ? be32(fdt->structure + at) : FDT_END;
}

/* The offset of the token behind the one at `at`. */
static uint32_t token_skip(const struct fdt *fdt, uint32_t at)
{
    switch (token_at(fdt, at)) {
    case FDT_BEGIN_NODE:
        return at + 4 + align4((uint32_t)strlen((const char *)fdt->structure + at + 4) + 1);
    case FDT_PROP:
        return at + 12 + align4(be32(fdt->structure + at + 4));
    default:
        return at + 4;
    }
}

fdt_node fdt_next(const struct fdt *fdt, fdt_node node)
{
    uint32_t at = node == FDT_NONE ? 0 : token_skip(fdt, node);
    for (;; at = token_skip(fdt, at)) {
        uint32_t token = token_at(fdt, at);
        if (token == FDT_BEGIN_NODE)
            return at;
        if (token == FDT_END)
            return FDT_NONE;
    }
}

/* Walks from the root, keeping the path; trees are small. */
fdt_node fdt_parent(const struct fdt *fdt, fdt_node node)
{
    fdt_node path[16];
    uint32_t depth = 0;
    for (uint32_t at = 0; token_at(fdt, at) != FDT_END; at = token_skip(fdt, at)) {
        if (at == node)
            return depth ? path[depth - 1] : FDT_NONE;
        uint32_t token = token_at(fdt, at);
        if (token == FDT_BEGIN_NODE && depth < 16)
            path[depth++] = at;
        else if (token == FDT_END_NODE && depth)
            depth--;
    }
    return FDT_NONE;
}

const char *fdt_name(const struct fdt *fdt, fdt_node node)
{
    return (const char *)fdt->structure + node + 4;
}

bool fdt_prop(const struct fdt *fdt, fdt_node node, const char *name, struct fdt_prop *prop)
{
    for (uint32_t at = token_skip(fdt, node);; at = token_skip(fdt, at)) {
        uint32_t token = token_at(fdt, at);
        if (token == FDT_NOP)
            continue;
        if (token != FDT_PROP)
            return false;
        const uint8_t *p = fdt->structure + at;
        if (!strcmp((const char *)fdt->strings + be32(p + 8), name)) {
            *prop = (struct fdt_prop){p + 12, be32(p + 4)};
            return true;
        }
    }
}

uint32_t fdt_prop_cell(const struct fdt_prop *prop, uint32_t n)
{
    return (n + 1) * 4 <= prop->size ? be32(prop->data + 4 * n) : 0;
}

uint64_t fdt_prop_cells(const struct fdt_prop *prop, uint32_t n, uint32_t count)
{
    uint64_t value = 0;
    while (count--)
        value = value << 32 | fdt_prop_cell(prop, n++);
    return value;
}

uint32_t fdt_cell(const struct fdt *fdt, fdt_node node, const char *name, uint32_t n,
                  uint32_t fallback)
{
    struct fdt_prop prop;
    if (!fdt_prop(fdt, node, name, &prop) || (n + 1) * 4 > prop.size)
        return fallback;
    return fdt_prop_cell(&prop, n);
}

const char *fdt_text(const struct fdt *fdt, fdt_node node, const char *name)
{
    struct fdt_prop prop;
    return fdt_prop(fdt, node, name, &prop) && prop.size ? (const char *)prop.data : 0;
}

bool fdt_is(const struct fdt *fdt, fdt_node node, const char *compatible)
{
    struct fdt_prop prop;
    if (!fdt_prop(fdt, node, "compatible", &prop))
        return false;
    for (uint32_t at = 0; at < prop.size; at += (uint32_t)strlen((char *)prop.data + at) + 1)
        if (!strcmp((const char *)prop.data + at, compatible))
            return true;
    return false;
}

fdt_node fdt_find(const struct fdt *fdt, fdt_node after, const char *compatible)
{
    fdt_node node = after;
    while ((node = fdt_next(fdt, node)) != FDT_NONE)
        if (fdt_is(fdt, node, compatible))
            return node;
    return FDT_NONE;
}

fdt_node fdt_by_phandle(const struct fdt *fdt, uint32_t phandle)
{
    fdt_node node = FDT_NONE;
    while ((node = fdt_next(fdt, node)) != FDT_NONE)
        if (phandle && fdt_cell(fdt, node, "phandle", 0, 0) == phandle)
            return node;
    return FDT_NONE;
}

bool fdt_reg(const struct fdt *fdt, fdt_node node, uint32_t n, uint64_t *addr, uint64_t *size)
{
    fdt_node parent = fdt_parent(fdt, node);
    struct fdt_prop prop;
    if (parent == FDT_NONE || !fdt_prop(fdt, node, "reg", &prop))
        return false;
    uint32_t addr_cells = fdt_cell(fdt, parent, "#address-cells", 0, 2);
    uint32_t size_cells = fdt_cell(fdt, parent, "#size-cells", 0, 1);
    uint32_t pair = addr_cells + size_cells;
    if ((n + 1) * pair * 4 > prop.size)
        return false;
    *addr = fdt_prop_cells(&prop, n * pair, addr_cells);
    *size = fdt_prop_cells(&prop, n * pair + addr_cells, size_cells);
    return true;
}
