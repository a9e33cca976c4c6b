/* SPDX-License-Identifier: BSD-2-Clause */
/* Objects of one size that never move and are reused: no heap churn while the simulation runs. */
#ifndef CORE_POOL_H
#define CORE_POOL_H

#include <stddef.h>
#include <stdint.h>

struct pool {
    size_t size;
    void *free_list;
    void *chunks;
    uint32_t used;
};

/* size: at least that of a pointer. */
void pool_init(struct pool *pool, size_t size);
void pool_done(struct pool *pool);
/* The contents are undefined. */
void *pool_take(struct pool *pool);
void pool_give(struct pool *pool, void *object);

#endif
