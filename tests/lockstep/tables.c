/* SPDX-License-Identifier: BSD-2-Clause */
#include "tables.h"

#include <assert.h>

struct stage tables_stage(uint32_t which, uint32_t levels)
{
    return (struct stage){PROGRAM_TABLES + which * UINT64_C(0x4000), levels, which == 2};
}

uint64_t tables_register(const struct stage *stage)
{
    return stage->levels ? (uint64_t)(stage->levels + 5) << 60 | stage->root >> 12 : 0;
}

uint64_t tables_new_page(struct tables *tables)
{
    return PROGRAM_TABLES + 0x10000 + 0x1000 * (uint64_t)tables->pages++;
}

uint64_t tables_get(const struct tables *tables, uint64_t entry)
{
    for (uint32_t i = 0; i < tables->count; i++)
        if (tables->address[i] == entry)
            return tables->value[i];
    return 0;
}

void tables_set(struct tables *tables, uint64_t entry, uint64_t value)
{
    uint32_t i = 0;
    while (i < tables->count && tables->address[i] != entry)
        i++;
    assert(i < TABLES_MAX);
    tables->address[i] = entry;
    tables->value[i] = value;
    if (i == tables->count)
        tables->count++;
}

static uint64_t entry_of(const struct stage *stage, uint64_t table, uint64_t address,
                         uint32_t level)
{
    uint64_t index_mask = stage->guest && level == stage->levels - 1 ? 0x7ff : 0x1ff;
    return table + 8 * (address >> (12 + 9 * level) & index_mask);
}

static uint64_t table_of(uint64_t pointer)
{
    return (pointer & ~UINT64_C(0x3ff)) << 2;
}

bool tables_taken(const struct tables *tables, const struct stage *stage, uint64_t address,
                  uint32_t leaf_level)
{
    uint64_t table = stage->root;
    for (uint32_t level = stage->levels - 1;; level--) {
        uint64_t value = tables_get(tables, entry_of(stage, table, address, level));
        uint64_t next = table_of(value);
        if (!value || level == leaf_level)
            return value;
        if ((value & 0xff) != PTE_V || next < PROGRAM_TABLES || next >= PROGRAM_TABLES + 0x100000)
            return true;
        table = next;
    }
}

struct path tables_map(struct tables *tables, const struct stage *stage, uint64_t address,
                       uint32_t leaf_level, uint64_t physical, uint64_t flags)
{
    struct path path = {.leaf_level = leaf_level, .top_level = stage->levels - 1};
    uint64_t table = stage->root;
    for (uint32_t level = path.top_level;; level--) {
        uint64_t entry = entry_of(stage, table, address, level);
        path.entry[level] = entry;
        if (level == leaf_level)
            break;
        if (!tables_get(tables, entry))
            tables_set(tables, entry, tables_new_page(tables) >> 2 | PTE_V);
        table = table_of(tables_get(tables, entry));
    }
    uint64_t page = physical >> (12 + 9 * leaf_level) << (12 + 9 * leaf_level);
    tables_set(tables, path.entry[leaf_level], page >> 2 | flags);
    return path;
}

void tables_emit(const struct tables *tables, struct image *image)
{
    for (uint32_t i = 0; i < tables->count; i++)
        image_step(image, PROGRAM_OP_POKE, 0, tables->address[i], tables->value[i]);
}
