/* SPDX-License-Identifier: BSD-2-Clause */
/* Allocation of zeroed pages out of one range of memory. */
#ifndef LIB_PAGES_H
#define LIB_PAGES_H

#include <stdint.h>

enum { PAGE_SIZE = 4096, PAGE_SHIFT = 12 };

void pages_init(uint64_t base, uint64_t size);
/* n pages, aligned to `align` bytes (a power of two >= PAGE_SIZE); zeroed; panics if none. */
void *pages_alloc(uint64_t n, uint64_t align);
void pages_free(void *addr, uint64_t n);

static inline void *page_alloc(void)
{
    return pages_alloc(1, PAGE_SIZE);
}

#endif
