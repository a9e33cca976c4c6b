/* SPDX-License-Identifier: BSD-2-Clause */
/* The event queue: a 4-ary heap ordered by (time, order of posting).  Keys are kept beside the
 * pointers so that sifting touches no event but the ones that move. */
#ifndef CORE_HEAP_H
#define CORE_HEAP_H

#include "viaduct/host.h"

struct heap_entry {
    vd_time when;
    uint64_t order;
    struct vd_event *ev;
};

struct heap {
    struct heap_entry *entries;
    uint32_t count, capacity;
    uint64_t order;
};

void heap_free(struct heap *heap);
/* An armed event is moved and counts as posted anew. */
void heap_post(struct heap *heap, struct vd_event *ev, vd_time when);
void heap_cancel(struct heap *heap, struct vd_event *ev);
/* Takes out the first; the heap is not empty. */
struct vd_event *heap_pop(struct heap *heap);

static inline vd_time heap_first(const struct heap *heap)
{
    return heap->count ? heap->entries[0].when : VD_NEVER;
}

#endif
