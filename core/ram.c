/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/ram.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "viaduct/bits.h"

static void *reserve(uint64_t size)
{
    void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
                   -1, 0);
    return p == MAP_FAILED ? NULL : p;
}

static bool check(const char *name, uint64_t base, uint64_t size, struct vd_error *err)
{
    if (!size || size > RAM_MAX)
        return vd_fail(err, "%s: size 0x%" PRIx64 " is not within one page and 64 GiB", name, size);
    if (base % RAM_PAGE || size % RAM_PAGE)
        return vd_fail(err, "%s: base 0x%" PRIx64 " and size 0x%" PRIx64 " must be multiples of %d",
                       name, base, size, RAM_PAGE);
    if (base + size < base)
        return vd_fail(err, "%s: 0x%" PRIx64 " bytes at 0x%" PRIx64 " pass the end of addresses",
                       name, size, base);
    return true;
}

struct ram *ram_create(const char *name, uint64_t base, uint64_t size, uint32_t flags,
                       struct vd_error *err)
{
    if (!check(name, base, size, err))
        return NULL;
    struct ram *ram = calloc(1, sizeof(*ram));
    if (!ram)
        abort();
    ram->base = base;
    ram->size = size;
    ram->flags = flags;
    snprintf(ram->name, sizeof(ram->name), "%s", name);
    ram->bytes = reserve(size);
    ram->pages = reserve(size / RAM_PAGE * sizeof(struct ram_page));
    if (!ram->bytes || !ram->pages) {
        vd_fail(err, "%s: the host cannot reserve 0x%" PRIx64 " bytes: %s", name, size,
                strerror(errno));
        ram_destroy(ram);
        return NULL;
    }
    /* Huge pages would make a sparse guest cost 2 MiB per touched page. */
    madvise(ram->pages, size / RAM_PAGE * sizeof(struct ram_page), MADV_NOHUGEPAGE);
    return ram;
}

void ram_destroy(struct ram *ram)
{
    if (!ram)
        return;
    if (ram->bytes)
        munmap(ram->bytes, ram->size);
    if (ram->pages)
        munmap(ram->pages, ram->size / RAM_PAGE * sizeof(struct ram_page));
    free(ram);
}

void ram_clear(struct ram *ram, uint64_t addr, uint64_t size)
{
    assert(ram_holds(ram, addr, size));
    uint8_t *start = ram->bytes + (addr - ram->base), *end = start + size;
    uint8_t *inner = ram->bytes + (addr - ram->base + RAM_PAGE - 1) / RAM_PAGE * RAM_PAGE;
    uint8_t *outer = ram->bytes + (addr - ram->base + size) / RAM_PAGE * RAM_PAGE;
    if (inner >= outer || madvise(inner, (size_t)(outer - inner), MADV_DONTNEED)) {
        memset(start, 0, size);
        return;
    }
    memset(start, 0, (size_t)(inner - start));
    memset(outer, 0, (size_t)(end - outer));
}

/* Of one page, for the host's list of pages: it is in memory, or swapped out. */
static bool is_touched(uint64_t entry)
{
    return entry >> 62 != 0;
}

/* A host that does not tell has touched them all. */
static uint64_t run_of_pages(const struct ram *ram, FILE *list, uint64_t page, bool touched)
{
    uint64_t pages = ram->size / RAM_PAGE, entry, first = (uintptr_t)ram->bytes / RAM_PAGE;
    if (!list || fseeko(list, (off_t)((first + page) * sizeof(entry)), SEEK_SET) != 0)
        return touched ? pages : page;
    while (page < pages && fread(&entry, sizeof(entry), 1, list) == 1 &&
           is_touched(entry) == touched)
        page++;
    return page;
}

bool ram_touched(const struct ram *ram, uint64_t *start, uint64_t *end)
{
    FILE *list = fopen("/proc/self/pagemap", "rb");
    uint64_t first = run_of_pages(ram, list, *end / RAM_PAGE, false);
    *start = first * RAM_PAGE;
    *end = run_of_pages(ram, list, first, true) * RAM_PAGE;
    if (list)
        fclose(list);
    return *start < *end;
}

static void swap_if_equal(uint8_t *p, struct vd_txn *txn)
{
    uint64_t old = 0;
    memcpy(&old, p, txn->size);
    if (old == (txn->data[1] & vd_mask(0, 8u * txn->size)))
        memcpy(p, txn->data, txn->size);
    txn->data[0] = old;
}

static void set_bits(uint8_t *p, struct vd_txn *txn)
{
    uint64_t old = 0;
    memcpy(&old, p, txn->size);
    uint64_t word = old | txn->data[0];
    memcpy(p, &word, txn->size);
    txn->data[0] = old;
}

/* data[0] of a narrow read has zeros above the bytes read. */
void ram_perform(struct ram *ram, struct vd_txn *txn)
{
    uint8_t *p = ram->bytes + (txn->addr - ram->base);
    switch (txn->cmd) {
    case VD_WRITE:
        memcpy(p, txn->data, txn->size);
        break;
    case VD_CAS:
        swap_if_equal(p, txn);
        break;
    case VD_OR:
        set_bits(p, txn);
        break;
    default:
        if (txn->size < 8)
            txn->data[0] = 0;
        memcpy(txn->data, p, txn->size);
        break;
    }
}
