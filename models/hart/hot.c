/* SPDX-License-Identifier: BSD-2-Clause */
#include "hart/hot.h"

#include <stdlib.h>

enum { LINE_BYTES = 64, PAGE_BYTES = 4096, PAGE_LINES = PAGE_BYTES / LINE_BYTES };

/* Neighbours are about a quarter of a page apart, and the first 64 harts each in another line. */
static size_t place_in_page(const struct hart_config *cfg)
{
    return cfg->index * 17 % PAGE_LINES * LINE_BYTES;
}

void *hot_create(const struct hart_config *cfg, size_t size)
{
    char *start = calloc(1, size + 2 * PAGE_BYTES);
    if (!start)
        return NULL;
    uintptr_t page =
        ((uintptr_t)start + sizeof(start) + PAGE_BYTES - 1) & ~(uintptr_t)(PAGE_BYTES - 1);
    char *memory = start + (page - (uintptr_t)start) + place_in_page(cfg);
    ((char **)(void *)memory)[-1] = start;
    return memory;
}

void hot_destroy(void *memory)
{
    if (memory)
        free(((char **)memory)[-1]);
}
