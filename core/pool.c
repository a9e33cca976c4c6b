/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/pool.h"

#include <assert.h>
#include <stdlib.h>

enum { CHUNK_OBJECTS = 64 };

/* The first pointer of a free object, or of a chunk, leads to the next one. */
struct link {
    struct link *next;
};

enum { HEADER = 16 }; /* keeps the objects of a chunk aligned */

void pool_init(struct pool *pool, size_t size)
{
    assert(size >= sizeof(struct link));
    *pool = (struct pool){.size = (size + HEADER - 1) / HEADER * HEADER};
}

void pool_done(struct pool *pool)
{
    struct link *next;
    for (struct link *chunk = pool->chunks; chunk; chunk = next) {
        next = chunk->next;
        free(chunk);
    }
    *pool = (struct pool){0};
}

static void add_chunk(struct pool *pool)
{
    uint8_t *bytes = calloc(1, HEADER + pool->size * CHUNK_OBJECTS);
    if (!bytes)
        abort();
    struct link *chunk = (void *)bytes;
    chunk->next = pool->chunks;
    pool->chunks = chunk;
    for (size_t i = CHUNK_OBJECTS; i-- > 0;) {
        struct link *object = (void *)(bytes + HEADER + i * pool->size);
        object->next = pool->free_list;
        pool->free_list = object;
    }
}

void *pool_take(struct pool *pool)
{
    if (!pool->free_list)
        add_chunk(pool);
    struct link *object = pool->free_list;
    pool->free_list = object->next;
    pool->used++;
    return object;
}

void pool_give(struct pool *pool, void *object)
{
    struct link *link = object;
    link->next = pool->free_list;
    pool->free_list = link;
    pool->used--;
}
