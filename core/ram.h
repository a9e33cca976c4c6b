/* SPDX-License-Identifier: BSD-2-Clause */
/* Sparse RAM: costs the host only the pages that are touched. */
#ifndef CORE_RAM_H
#define CORE_RAM_H

#include "viaduct/error.h"
#include "viaduct/host.h"

/* The last client is the watch (core/watch.h), which has no port. */
enum { RAM_PAGE = 4096, RAM_CLIENTS = 128, RAM_WATCH = RAM_CLIENTS - 1 };
#define RAM_MAX (UINT64_C(64) << 30)

enum {
    RAM_READ_ONLY = 1u << 0,
    RAM_POISONED = 1u << 1, /* whatever is read is corrupt */
    RAM_FLASH = 1u << 2,    /* a target at the same addresses takes the writes */
    RAM_COVERED = 1u << 3,  /* ... and for now the reads */
};

/* Who watches a page and who holds a write grant of it, one bit per client. */
struct ram_page {
    uint64_t watchers[RAM_CLIENTS / 64];
    uint64_t writers[RAM_CLIENTS / 64];
};

struct ram {
    char name[32];
    uint64_t base, size; /* multiples of a page */
    uint32_t flags;
    uint8_t *bytes;
    struct ram_page *pages;
};

struct ram *ram_create(const char *name, uint64_t base, uint64_t size, uint32_t flags,
                       struct vd_error *err);
void ram_destroy(struct ram *ram);

static inline bool ram_holds(const struct ram *ram, uint64_t addr, uint64_t size)
{
    return addr >= ram->base && size <= ram->size && addr - ram->base <= ram->size - size;
}

static inline struct ram_page *ram_page(const struct ram *ram, uint64_t addr)
{
    return &ram->pages[(addr - ram->base) / RAM_PAGE];
}

static inline bool ram_watched(const struct ram_page *page)
{
    return (page->watchers[0] | page->watchers[1]) != 0;
}

/* Zeroes a range inside; its whole pages go back to the host. */
void ram_clear(struct ram *ram, uint64_t addr, uint64_t size);
/* The next pages at or after *end that have ever been touched, as offsets: [*start, *end).  All
 * others are zero.  False: there are no more. */
bool ram_touched(const struct ram *ram, uint64_t *start, uint64_t *end);
/* Performs a read, write, compare-and-swap or OR of at most VD_TXN_BYTES; the caller has checked
 * ram_holds() and permission. */
void ram_perform(struct ram *ram, struct vd_txn *txn);

#endif
