/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/heap.h"

#include <assert.h>
#include <stdlib.h>

enum { ARITY = 4, FIRST_CAPACITY = 1024 };

static bool before(const struct heap_entry *x, const struct heap_entry *y)
{
    return x->when != y->when ? x->when < y->when : x->order < y->order;
}

static void place(struct heap *heap, uint32_t i, struct heap_entry entry)
{
    heap->entries[i] = entry;
    entry.ev->slot = i + 1;
}

static void sift_up(struct heap *heap, uint32_t i, struct heap_entry entry)
{
    while (i > 0) {
        uint32_t parent = (i - 1) / ARITY;
        if (!before(&entry, &heap->entries[parent]))
            break;
        place(heap, i, heap->entries[parent]);
        i = parent;
    }
    place(heap, i, entry);
}

static uint32_t first_child(const struct heap *heap, uint32_t i)
{
    uint32_t child = i * ARITY + 1;
    uint32_t end = child + ARITY < heap->count ? child + ARITY : heap->count;
    uint32_t best = child;
    for (child++; child < end; child++)
        if (before(&heap->entries[child], &heap->entries[best]))
            best = child;
    return best;
}

static void sift_down(struct heap *heap, uint32_t i, struct heap_entry entry)
{
    while (i * ARITY + 1 < heap->count) {
        uint32_t child = first_child(heap, i);
        if (!before(&heap->entries[child], &entry))
            break;
        place(heap, i, heap->entries[child]);
        i = child;
    }
    place(heap, i, entry);
}

static void grow(struct heap *heap)
{
    uint32_t capacity = heap->capacity ? heap->capacity * 2 : FIRST_CAPACITY;
    struct heap_entry *entries = realloc(heap->entries, capacity * sizeof(*entries));
    if (!entries)
        abort();
    heap->entries = entries;
    heap->capacity = capacity;
}

void heap_free(struct heap *heap)
{
    free(heap->entries);
    *heap = (struct heap){0};
}

static void remove_at(struct heap *heap, uint32_t i)
{
    struct heap_entry last = heap->entries[--heap->count];
    if (i == heap->count)
        return;
    if (i > 0 && before(&last, &heap->entries[(i - 1) / ARITY]))
        sift_up(heap, i, last);
    else
        sift_down(heap, i, last);
}

void heap_cancel(struct heap *heap, struct vd_event *ev)
{
    if (!ev->slot)
        return;
    assert(ev->slot <= heap->count && heap->entries[ev->slot - 1].ev == ev);
    remove_at(heap, ev->slot - 1);
    ev->slot = 0;
}

void heap_post(struct heap *heap, struct vd_event *ev, vd_time when)
{
    heap_cancel(heap, ev);
    if (heap->count == heap->capacity)
        grow(heap);
    ev->when = when;
    ev->order = heap->order++;
    sift_up(heap, heap->count++, (struct heap_entry){when, ev->order, ev});
}

struct vd_event *heap_pop(struct heap *heap)
{
    struct vd_event *ev = heap->entries[0].ev;
    remove_at(heap, 0);
    ev->slot = 0;
    return ev;
}
