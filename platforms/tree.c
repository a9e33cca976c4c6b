/* SPDX-License-Identifier: BSD-2-Clause */
#include "platforms/tree.h"

#include <stdlib.h>

enum { BLOB_SIZE = 256 * 1024 };

static void check(struct tree *t, int result)
{
    if (t->error == 0)
        t->error = result;
}

void tree_begin(struct tree *t, const char *name)
{
    check(t, fdt_begin_node(t->blob, name));
}

void tree_begin_at(struct tree *t, const char *name, uint64_t address)
{
    char text[64];
    snprintf(text, sizeof(text), "%s@%llx", name, (unsigned long long)address);
    tree_begin(t, text);
}

void tree_end(struct tree *t)
{
    check(t, fdt_end_node(t->blob));
}

void tree_empty(struct tree *t, const char *name)
{
    check(t, fdt_property(t->blob, name, NULL, 0));
}

void tree_text(struct tree *t, const char *name, const char *value)
{
    check(t, fdt_property_string(t->blob, name, value));
}

void tree_bytes(struct tree *t, const char *name, const void *bytes, size_t size)
{
    check(t, fdt_property(t->blob, name, bytes, (int)size));
}

void tree_cell(struct tree *t, const char *name, uint32_t value)
{
    check(t, fdt_property_u32(t->blob, name, value));
}

void tree_cell64(struct tree *t, const char *name, uint64_t value)
{
    check(t, fdt_property_u64(t->blob, name, value));
}

void cells_add(struct cells *c, uint32_t value)
{
    if (c->count < CELLS_MAX)
        c->value[c->count++] = cpu_to_fdt32(value);
}

void cells_add64(struct cells *c, uint64_t value)
{
    cells_add(c, (uint32_t)(value >> 32));
    cells_add(c, (uint32_t)value);
}

void tree_put(struct tree *t, const char *name, const struct cells *c)
{
    check(t, fdt_property(t->blob, name, c->value, (int)(c->count * sizeof(c->value[0]))));
}

bool tree_open(struct tree *t, const struct virt_config *config)
{
    *t = (struct tree){.config = config, .blob = calloc(1, BLOB_SIZE)};
    if (!t->blob)
        return false;
    check(t, fdt_create(t->blob, BLOB_SIZE));
    check(t, fdt_finish_reservemap(t->blob));
    return true;
}

void *tree_close(struct tree *t, size_t *size, struct vd_error *err)
{
    check(t, fdt_finish(t->blob));
    if (t->error) {
        vd_fail(err, "the devicetree cannot be built: %s", fdt_strerror(t->error));
        free(t->blob);
        return NULL;
    }
    *size = fdt_totalsize(t->blob);
    return t->blob;
}
