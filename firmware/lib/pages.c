/* SPDX-License-Identifier: BSD-2-Clause */
#include "pages.h"

#include <stdbool.h>

#include "spinlock.h"
#include "text.h"
#include "trap.h"

enum { POOL_PAGES = 4096 };

static struct {
    struct spinlock lock;
    uint64_t base, pages;
    bool used[POOL_PAGES];
} pool;

void pages_init(uint64_t base, uint64_t size)
{
    pool.base = (base + PAGE_SIZE - 1) & ~(uint64_t)(PAGE_SIZE - 1);
    pool.pages = (base + size - pool.base) >> PAGE_SHIFT;
    if (pool.pages > POOL_PAGES)
        pool.pages = POOL_PAGES;
    memset(pool.used, 0, sizeof pool.used);
}

static bool range_is_free(uint64_t first, uint64_t n)
{
    for (uint64_t i = first; i < first + n; i++)
        if (pool.used[i])
            return false;
    return true;
}

static void *range_take(uint64_t first, uint64_t n)
{
    for (uint64_t i = first; i < first + n; i++)
        pool.used[i] = true;
    return (void *)(pool.base + (first << PAGE_SHIFT));
}

void *pages_alloc(uint64_t n, uint64_t align)
{
    void *found = 0;
    spin_lock(&pool.lock);
    for (uint64_t first = 0; !found && first + n <= pool.pages; first++)
        if (((pool.base + (first << PAGE_SHIFT)) & (align - 1)) == 0 && range_is_free(first, n))
            found = range_take(first, n);
    spin_unlock(&pool.lock);
    if (!found)
        panic("no %lu free pages", n);
    return memset(found, 0, n << PAGE_SHIFT);
}

void pages_free(void *addr, uint64_t n)
{
    uint64_t first = ((uint64_t)addr - pool.base) >> PAGE_SHIFT;
    spin_lock(&pool.lock);
    for (uint64_t i = first; i < first + n; i++)
        pool.used[i] = false;
    spin_unlock(&pool.lock);
}
