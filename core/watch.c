/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/watch.h"

#include <stdlib.h>
#include <string.h>

#include "core/core.h"
#include "core/port_state.h"
#include "viaduct/bits.h"

enum { PTE_WORDS = 2, MRIF_WORDS = 64, MAX_RANGES = 16384 };

/* Ranges do not overlap and are kept in order. */
struct range {
    uint64_t base;
    uint32_t words;
    uint64_t *value; /* as last seen */
};

struct watch {
    struct core *core;
    struct range *ranges;
    uint32_t num_ranges;
};

/* The first range that ends behind addr. */
static uint32_t range_at(const struct watch *w, uint64_t addr)
{
    uint32_t low = 0, high = w->num_ranges;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (w->ranges[middle].base + 8 * (uint64_t)w->ranges[middle].words <= addr)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void add(struct watch *w, uint64_t base, uint32_t words)
{
    uint32_t at = range_at(w, base);
    if (w->num_ranges == MAX_RANGES || base % 8 ||
        (at < w->num_ranges && w->ranges[at].base < base + 8 * (uint64_t)words))
        return;
    uint64_t *value = calloc(words, sizeof(*value));
    struct range *ranges = realloc(w->ranges, (w->num_ranges + 1) * sizeof(*ranges));
    if (!value || !ranges)
        abort();
    w->ranges = ranges;
    if (!bus_peek(w->core->bus, base, value, 8 * (uint64_t)words)) {
        free(value);
        return;
    }
    memmove(&ranges[at + 1], &ranges[at], (w->num_ranges - at) * sizeof(*ranges));
    ranges[at] = (struct range){base, words, value};
    w->num_ranges++;
    bus_watch_words(w->core->bus, base);
}

/* [iommu MSI_TRANS]: M = 1 makes the entry one of an MRIF, whose address is in bits 53:7. */
static void take(void *ctx, const struct vd_record *rec)
{
    struct watch *w = ctx;
    if (rec->kind == VD_REC_mrif_store) {
        add(w, rec->a, MRIF_WORDS);
        return;
    }
    add(w, rec->a, PTE_WORDS);
    if (vd_get(rec->b, 0, 3) == (1 | 1 << 1))
        add(w, vd_get(rec->b, 7, 47) << 9, MRIF_WORDS);
}

void watch_wrote(struct watch *w, struct port *port, uint64_t addr, uint64_t size)
{
    for (uint32_t i = range_at(w, addr); i < w->num_ranges; i++) {
        struct range *r = &w->ranges[i];
        if (r->base >= addr + size)
            return;
        uint64_t first = addr > r->base ? (addr - r->base) / 8 : 0;
        uint64_t end = (addr + size - r->base + 7) / 8;
        for (uint64_t word = first; word < end && word < r->words; word++) {
            uint64_t at = r->base + 8 * word, old = r->value[word];
            bus_peek(w->core->bus, at, &r->value[word], 8);
            if (old != r->value[word] && port)
                port->host.ops->trace(port->host.ctx, &(struct vd_record){.kind = VD_REC_word,
                                                                          .a = at,
                                                                          .b = old,
                                                                          .c = r->value[word]});
        }
    }
}

struct watch *watch_create(struct core *core)
{
    struct watch *w = calloc(1, sizeof(*w));
    if (!w)
        abort();
    w->core = core;
    trace_add_sink(core->trace, UINT64_C(1) << VD_REC_msi_pte | UINT64_C(1) << VD_REC_mrif_store,
                   take, w);
    return w;
}

void watch_destroy(struct watch *w)
{
    for (uint32_t i = 0; w && i < w->num_ranges; i++)
        free(w->ranges[i].value);
    if (w)
        free(w->ranges);
    free(w);
}
