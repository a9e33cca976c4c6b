/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>
#include <string.h>

#include "hart/tlb.h"

enum { LARGE = 1024, FULLY_ASSOCIATIVE = 64, WAYS = 4 };

bool tlb_create(struct tlb *tlb, uint32_t entries)
{
    if (entries == 0)
        entries = LARGE;
    tlb->sets = 1;
    tlb->ways = entries;
    if (entries > FULLY_ASSOCIATIVE) {
        tlb->ways = WAYS;
        while (tlb->sets * 2 * WAYS <= entries)
            tlb->sets *= 2;
    }
    tlb->entries = calloc((size_t)tlb->sets * tlb->ways, sizeof(*tlb->entries));
    tlb->next = calloc(tlb->sets, sizeof(*tlb->next));
    return tlb->entries && tlb->next;
}

void tlb_destroy(struct tlb *tlb)
{
    free(tlb->entries);
    free(tlb->next);
}

void tlb_clear(struct tlb *tlb)
{
    memset(tlb->entries, 0, (size_t)tlb->sets * tlb->ways * sizeof(*tlb->entries));
    memset(tlb->next, 0, tlb->sets * sizeof(*tlb->next));
}

static uint32_t set_of(const struct tlb *tlb, uint64_t va)
{
    return (uint32_t)(va >> 12) & (tlb->sets - 1);
}

/* A global leaf answers for every ASID of its machine; without a first stage there is no ASID. */
static bool same_space(const struct tlb_entry *entry, const struct tlb_space *space)
{
    const struct tlb_space *own = &entry->space;
    if (own->virt != space->virt || own->mode != space->mode || own->gmode != space->gmode)
        return false;
    if (own->virt && own->vmid != space->vmid)
        return false;
    return own->mode == 0 || (entry->leaf & PTE_G) || own->asid == space->asid;
}

const struct tlb_entry *tlb_find(const struct tlb *tlb, const struct tlb_space *space, uint64_t va)
{
    uint64_t page = va & ~UINT64_C(0xfff);
    const struct tlb_entry *entry = &tlb->entries[(size_t)set_of(tlb, va) * tlb->ways];
    for (uint32_t way = 0; way < tlb->ways; way++, entry++) {
        if (entry->valid && entry->va == page && same_space(entry, space))
            return entry;
    }
    return NULL;
}

static struct tlb_entry *victim(struct tlb *tlb, const struct tlb_entry *entry)
{
    uint32_t set = set_of(tlb, entry->va);
    struct tlb_entry *ways = &tlb->entries[(size_t)set * tlb->ways];
    for (uint32_t way = 0; way < tlb->ways; way++) {
        if (ways[way].valid && ways[way].va == entry->va && same_space(&ways[way], &entry->space))
            return &ways[way];
    }
    for (uint32_t way = 0; way < tlb->ways; way++) {
        if (!ways[way].valid)
            return &ways[way];
    }
    uint32_t way = tlb->next[set];
    tlb->next[set] = (uint8_t)((way + 1) % tlb->ways);
    return &ways[way];
}

void tlb_insert(struct tlb *tlb, const struct tlb_entry *entry, struct tlb_entry *evicted)
{
    struct tlb_entry *slot = victim(tlb, entry);
    *evicted = *slot;
    *slot = *entry;
}

static bool same_leaf(uint64_t a, uint64_t b, uint8_t shift)
{
    return shift >= 64 || a >> shift == b >> shift;
}

/* [priv norm:sfence.vma], [priv norm:hfence-vvma_hfence-gvma_op]: which entries depend on the
 * structures that the fence orders. */
bool tlb_fence_hits(const struct tlb_entry *entry, const struct mmu_fence *fence, bool virt,
                    uint16_t vmid)
{
    const struct tlb_space *space = &entry->space;
    if (fence->kind == FENCE_GVMA) {
        if (!space->virt || (fence->has_id && space->vmid != (fence->id & 0x3fff)))
            return false;
        return !fence->has_va || same_leaf(entry->gpa, fence->va << 2, entry->gshift);
    }
    if (space->virt != virt || (virt && space->vmid != vmid))
        return false;
    if (fence->has_id && ((entry->leaf & PTE_G) || space->asid != (fence->id & 0xffff)))
        return false;
    return !fence->has_va || same_leaf(entry->va, fence->va, entry->shift);
}
