/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>
#include <string.h>

#include "hart/translate.h"

enum { LEAF_BITS = 12, BARE_SHIFT = 64 };
enum { LARGE = 1024, FULLY_ASSOCIATIVE = 64, WAYS = 4, PAGE_SHIFT = 12 };

static size_t words(const struct tlb *tlb)
{
    return ((size_t)tlb->sets * tlb->ways + 63) / 64;
}

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
    tlb->valid = calloc(words(tlb), sizeof(*tlb->valid));
    tlb->pieces = calloc(words(tlb), sizeof(*tlb->pieces));
    tlb->leaves = calloc((size_t)1 << LEAF_BITS, sizeof(*tlb->leaves));
    return tlb->entries && tlb->next && tlb->valid && tlb->pieces && tlb->leaves;
}

void tlb_destroy(struct tlb *tlb)
{
    free(tlb->entries);
    free(tlb->next);
    free(tlb->valid);
    free(tlb->pieces);
    free(tlb->leaves);
}

void tlb_clear(struct tlb *tlb)
{
    memset(tlb->entries, 0, (size_t)tlb->sets * tlb->ways * sizeof(*tlb->entries));
    memset(tlb->next, 0, tlb->sets * sizeof(*tlb->next));
    memset(tlb->valid, 0, words(tlb) * sizeof(*tlb->valid));
    memset(tlb->pieces, 0, words(tlb) * sizeof(*tlb->pieces));
    memset(tlb->leaves, 0, sizeof(*tlb->leaves) << LEAF_BITS);
    memset(tlb->of_size, 0, sizeof(tlb->of_size));
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

static void mark(uint64_t *bits, size_t index, bool on)
{
    uint64_t *word = &bits[index / 64], bit = VD_BIT(index % 64);
    *word = on ? *word | bit : *word & ~bit;
}

/* The leaves of all sizes and spaces share the buckets: a count says what is not there. */
static uint32_t *leaf_bucket(const struct tlb *tlb, uint64_t va, unsigned shift)
{
    uint64_t number = shift < BARE_SHIFT ? va >> shift : 0;
    uint64_t hash = (number + ((uint64_t)shift << 56)) * UINT64_C(0x9e3779b97f4a7c15);
    return &tlb->leaves[hash >> (64 - LEAF_BITS)];
}

static void set_piece(struct tlb *tlb, const struct tlb_entry *entry, bool on)
{
    unsigned shift = entry->shift < BARE_SHIFT ? entry->shift : BARE_SHIFT;
    if (shift <= PAGE_SHIFT)
        return;
    uint32_t *leaves = leaf_bucket(tlb, entry->va, shift);
    mark(tlb->pieces, (size_t)(entry - tlb->entries), on);
    *leaves = on ? *leaves + 1 : *leaves - 1;
    tlb->of_size[shift] = on ? tlb->of_size[shift] + 1 : tlb->of_size[shift] - 1;
}

/* False if no leaf above 4 KiB maps the address; kernels fence single pages in long runs. */
static bool has_pieces(const struct tlb *tlb, uint64_t va)
{
    for (unsigned shift = PAGE_SHIFT + 1; shift <= BARE_SHIFT; shift++) {
        if (tlb->of_size[shift] && *leaf_bucket(tlb, va, shift))
            return true;
    }
    return false;
}

void tlb_insert(struct tlb *tlb, const struct tlb_entry *entry, struct tlb_entry *evicted)
{
    struct tlb_entry *slot = victim(tlb, entry);
    *evicted = *slot;
    if (slot->valid)
        set_piece(tlb, slot, false);
    *slot = *entry;
    mark(tlb->valid, (size_t)(slot - tlb->entries), true);
    set_piece(tlb, slot, true);
}

static size_t entry_bytes(const struct tlb *tlb)
{
    return (size_t)tlb->sets * tlb->ways * sizeof(*tlb->entries);
}

/* What an invalid entry was, or what lies between fields, is no state. */
static void copy_entry(struct tlb_entry *to, const struct tlb_entry *from)
{
    memset(to, 0, sizeof(*to));
    if (!from->valid)
        return;
    to->va = from->va;
    to->gpa = from->gpa;
    to->spa = from->spa;
    to->space.virt = from->space.virt;
    to->space.mode = from->space.mode;
    to->space.gmode = from->space.gmode;
    to->space.asid = from->space.asid;
    to->space.vmid = from->space.vmid;
    to->shift = from->shift;
    to->gshift = from->gshift;
    to->leaf = from->leaf;
    to->gleaf = from->gleaf;
    to->valid = true;
}

size_t tlb_save(const struct tlb *tlb, void *buffer)
{
    uint8_t *to = buffer;
    for (size_t i = 0; buffer && i < (size_t)tlb->sets * tlb->ways; i++) {
        struct tlb_entry entry;
        copy_entry(&entry, &tlb->entries[i]);
        memcpy(to + i * sizeof(entry), &entry, sizeof(entry));
    }
    if (buffer)
        memcpy(to + entry_bytes(tlb), tlb->next, tlb->sets * sizeof(*tlb->next));
    return entry_bytes(tlb) + tlb->sets * sizeof(*tlb->next);
}

void tlb_load(struct tlb *tlb, const void *buffer)
{
    const uint8_t *from = buffer;
    memcpy(tlb->entries, from, entry_bytes(tlb));
    memcpy(tlb->next, from + entry_bytes(tlb), tlb->sets * sizeof(*tlb->next));
    for (size_t i = 0; i < (size_t)tlb->sets * tlb->ways; i++) {
        if (!tlb->entries[i].valid)
            continue;
        mark(tlb->valid, i, true);
        set_piece(tlb, &tlb->entries[i], true);
    }
}

static bool same_leaf(uint64_t a, uint64_t b, uint8_t shift)
{
    return shift >= 64 || a >> shift == b >> shift;
}

/* [priv norm:sfence.vma], [priv norm:hfence-vvma_hfence-gvma_op]: which entries depend on the
 * structures that the fence orders. */
static bool reaches(const struct mmu_fence *fence, const struct tlb_entry *entry, bool virt,
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

static void remove_entry(struct tlb *tlb, struct hart *h, size_t index, bool from_contexts)
{
    tlb->entries[index].valid = false;
    mark(tlb->valid, index, false);
    set_piece(tlb, &tlb->entries[index], false);
    if (from_contexts)
        context_drop(h, tlb->entries[index].va, false);
}

/* The entry of the very page; other pieces of a larger leaf are found among the pieces. */
static bool fence_page(struct tlb *tlb, struct hart *h, const struct mmu_fence *fence, bool virt,
                       uint16_t vmid)
{
    size_t first = (size_t)set_of(tlb, fence->va) * tlb->ways;
    bool any = false;
    for (size_t i = first; i < first + tlb->ways; i++) {
        if (tlb->entries[i].valid && reaches(fence, &tlb->entries[i], virt, vmid)) {
            remove_entry(tlb, h, i, true);
            any = true;
        }
    }
    return any;
}

bool tlb_fence(struct tlb *tlb, struct hart *h, const struct mmu_fence *fence, bool virt,
               uint16_t vmid)
{
    bool page = fence->has_va && fence->kind != FENCE_GVMA;
    bool any = page && fence_page(tlb, h, fence, virt, vmid);
    const uint64_t *bits = page ? tlb->pieces : tlb->valid;
    if (page && !has_pieces(tlb, fence->va))
        return any;
    for (size_t word = 0; word < words(tlb); word++) {
        for (uint64_t left = bits[word]; left; left &= left - 1) {
            size_t i = word * 64 + (size_t)__builtin_ctzll(left);
            if (!reaches(fence, &tlb->entries[i], virt, vmid))
                continue;
            remove_entry(tlb, h, i, fence->has_va);
            any = true;
        }
    }
    return any;
}
