/* SPDX-License-Identifier: BSD-2-Clause */
#include "pagetable.h"

#include "csr.h"
#include "pages.h"

enum { LEVELS = 3, ENTRIES = 512, X4_PAGES = 4 };

static unsigned level_shift(unsigned level)
{
    return PAGE_SHIFT + 9 * level;
}

static uint64_t level_index(const struct pagetable *table, uint64_t va, unsigned level)
{
    uint64_t mask = table->x4 && level == LEVELS - 1 ? ENTRIES * X4_PAGES - 1 : ENTRIES - 1;
    return va >> level_shift(level) & mask;
}

void pagetable_create(struct pagetable *table, bool x4)
{
    table->x4 = x4;
    table->root = x4 ? pages_alloc(X4_PAGES, X4_PAGES * PAGE_SIZE) : page_alloc();
}

static uint64_t *pte_table(uint64_t pte)
{
    return (uint64_t *)((pte & PTE_PPN) >> PTE_PPN_SHIFT << PAGE_SHIFT);
}

static bool pte_is_leaf(uint64_t pte)
{
    return (pte & PTE_RWX) != 0;
}

static uint64_t *entry_at(struct pagetable *table, uint64_t va, unsigned level)
{
    uint64_t *entries = table->root;
    for (unsigned l = LEVELS - 1; l > level; l--) {
        uint64_t *pte = &entries[level_index(table, va, l)];
        if (!(*pte & PTE_V))
            *pte = pte_leaf((uint64_t)page_alloc(), 0);
        entries = pte_table(*pte);
    }
    return &entries[level_index(table, va, level)];
}

static unsigned largest_level(uint64_t va, uint64_t pa, uint64_t size)
{
    for (unsigned level = LEVELS - 1; level > 0; level--) {
        uint64_t bytes = 1ul << level_shift(level);
        if (((va | pa) & (bytes - 1)) == 0 && size >= bytes)
            return level;
    }
    return 0;
}

void pagetable_map(struct pagetable *table, uint64_t va, uint64_t pa, uint64_t size, uint64_t flags)
{
    while (size) {
        unsigned level = largest_level(va, pa, size);
        uint64_t bytes = 1ul << level_shift(level);
        *entry_at(table, va, level) = pte_leaf(pa, flags);
        va += bytes;
        pa += bytes;
        size -= bytes;
    }
}

uint64_t *pagetable_leaf(const struct pagetable *table, uint64_t va)
{
    uint64_t *entries = table->root;
    for (unsigned level = LEVELS - 1; level > 0; level--) {
        uint64_t pte = entries[level_index(table, va, level)];
        if (!(pte & PTE_V) || pte_is_leaf(pte))
            return 0;
        entries = pte_table(pte);
    }
    return &entries[level_index(table, va, 0)];
}

static void table_free(uint64_t *entries, unsigned count, unsigned level)
{
    for (unsigned i = 0; level && i < count; i++)
        if ((entries[i] & PTE_V) && !pte_is_leaf(entries[i]))
            table_free(pte_table(entries[i]), ENTRIES, level - 1);
    pages_free(entries, count / ENTRIES);
}

void pagetable_destroy(struct pagetable *table)
{
    table_free(table->root, table->x4 ? ENTRIES * X4_PAGES : ENTRIES, LEVELS - 1);
    table->root = 0;
}

uint64_t pagetable_atp(const struct pagetable *table)
{
    return SATP_MODE_SV39 | (uint64_t)table->root >> PAGE_SHIFT;
}
