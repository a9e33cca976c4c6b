/* SPDX-License-Identifier: BSD-2-Clause */
/* Fast translation contexts: one array of fast entries per regime, so that a change of mode picks
 * another array instead of flushing.  Data and fetch sides never share an array: they are two
 * architectural TLBs, and may disagree until software fences. */
#include <stdlib.h>
#include <string.h>

#include "hart/cfi.h"
#include "hart/translate.h"

static void clear(struct hart *h, uint32_t context)
{
    memset(h->contexts[context], 0xff, sizeof(h->contexts[context]));
}

/* keep: bits of contexts in use. */
static uint32_t claim(struct hart *h, const struct tlb_key *key, uint32_t keep)
{
    struct hart_vtlb *v = h->vtlb;
    uint32_t context;
    do {
        context = v->next_context;
        v->next_context = (context + 1) % HART_CONTEXTS;
    } while (keep >> context & 1);
    clear(h, context);
    v->keys[context] = *key;
    v->ids[context] = ++v->last_id;
    return context;
}

static bool same(const struct tlb_key *a, const struct tlb_key *b)
{
    return a->root == b->root && a->groot == b->groot && a->flags == b->flags;
}

static uint32_t context_of(struct hart *h, const struct regime *r, uint32_t current, uint32_t keep)
{
    struct tlb_key key = {
        .root = r->root,
        .groot = r->groot,
        .flags = 1u | (uint32_t)r->priv << 1 | (uint32_t)r->virt << 3 | (uint32_t)r->sum << 4 |
                 (uint32_t)r->mxr << 5 | (uint32_t)r->vmxr << 6 |
                 (uint32_t)(r->access == MMU_FETCH) << 7 | (uint32_t)r->masked << 8 |
                 (uint32_t)r->shadow << 16 | (uint32_t)r->shadow_pages << 17,
    };
    if (same(&h->vtlb->keys[current], &key))
        return current;
    for (uint32_t i = 0; i < HART_CONTEXTS; i++) {
        if (same(&h->vtlb->keys[i], &key))
            return i;
    }
    return claim(h, &key, keep);
}

void mmu_context(struct hart *h)
{
    struct hart_vtlb *v = h->vtlb;
    cfi_context(h);
    struct regime data = translate_regime(h, MMU_LOAD, 0);
    struct regime fetch = translate_regime(h, MMU_FETCH, 0);
    v->data = context_of(h, &data, v->data, 1u << v->fetch);
    v->fetch = context_of(h, &fetch, v->fetch, 1u << v->data);
    h->data = h->contexts[v->data];
    h->fetch = h->contexts[v->fetch];
    h->fetch_context = v->ids[v->fetch];
    h->shadow = NULL;
    if (!(h->cfi & CFI_SSE))
        return;
    data.shadow = true;
    v->shadow = context_of(h, &data, v->shadow, 1u << v->data | 1u << v->fetch);
    h->shadow = h->contexts[v->shadow];
}

static bool in_use(const struct hart *h, uint32_t context)
{
    const struct hart_vtlb *v = h->vtlb;
    return context == v->data || context == v->fetch || (h->shadow && context == v->shadow);
}

/* Links between blocks may rest on any translation that went away. */
static void renew(struct hart *h)
{
    struct hart_vtlb *v = h->vtlb;
    for (uint32_t i = 0; i < HART_CONTEXTS; i++)
        v->ids[i] = ++v->last_id;
    h->fetch_context = v->ids[v->fetch];
}

/* The contexts in use are emptied in place, so that pointers to them stay good. */
void mmu_flush_fast(struct hart *h)
{
    struct hart_vtlb *v = h->vtlb;
    for (uint32_t i = 0; i < HART_CONTEXTS; i++) {
        if (in_use(h, i))
            clear(h, i);
        else
            v->keys[i].flags = 0;
    }
    renew(h);
}

static void forget(struct hart_tlb_entry *entry)
{
    entry->read_tag = HART_TLB_NONE;
    entry->write_tag = HART_TLB_NONE;
    entry->exec_tag = HART_TLB_NONE;
}

static uint32_t index_of(uint64_t va)
{
    return (uint32_t)(va >> 12) % HART_TLB_SIZE;
}

void context_drop(struct hart *h, uint64_t va, bool fetch)
{
    uint64_t page = va & ~UINT64_C(0xfff);
    for (uint32_t i = 0; i < HART_CONTEXTS; i++) {
        struct hart_tlb_entry *entry = &h->contexts[i][index_of(va)];
        if (entry->read_tag == page || entry->write_tag == page || entry->exec_tag == page)
            forget(entry);
    }
    if (fetch)
        renew(h);
}

void context_fill(struct hart *h, const struct regime *r, uint64_t va, uint64_t spa,
                  const uint8_t *host)
{
    struct hart_vtlb *v = h->vtlb;
    uint32_t context = r->access == MMU_FETCH ? v->fetch : r->shadow ? v->shadow : v->data;
    struct hart_tlb_entry *entry = &h->contexts[context][index_of(va)];
    uint64_t page = va & ~UINT64_C(0xfff);
    uintptr_t addend = (uintptr_t)host - (uintptr_t)va;
    if (entry->addend != addend || (entry->read_tag != page && entry->write_tag != page))
        forget(entry);
    entry->addend = addend;
    v->spa[context][index_of(va)] = spa & ~UINT64_C(0xfff);
    if (r->access == MMU_FETCH)
        entry->exec_tag = page;
    else /* nothing may be written that may not be read */
        entry->read_tag = page;
    if (r->access == MMU_STORE)
        entry->write_tag = page;
}

void mmu_flush_page_writes(struct hart *h, uint64_t spa)
{
    for (uint32_t i = 0; i < HART_CONTEXTS; i++) {
        for (uint32_t j = 0; j < HART_TLB_SIZE; j++) {
            if (spa == VD_NEVER || h->vtlb->spa[i][j] == (spa & ~UINT64_C(0xfff)))
                h->contexts[i][j].write_tag = HART_TLB_NONE;
        }
    }
}

void mmu_fence(struct hart *h, const struct mmu_fence *fence)
{
    bool virt = fence->kind == FENCE_VVMA || (fence->kind == FENCE_VMA && h->st.virt);
    /* As entries are tagged. */
    uint16_t vmid = (uint16_t)vd_get(translate_root(h->st.csr.hgatp), 44, 14);
    bool data = tlb_fence(&h->vtlb->side[TLB_DATA], h, fence, virt, vmid);
    bool fetch = tlb_fence(&h->vtlb->side[TLB_FETCH], h, fence, virt, vmid);
    if (!fence->has_va && (data || fetch))
        mmu_flush_fast(h);
    else if (fetch)
        renew(h);
}

bool mmu_create(struct hart *h)
{
    struct hart_vtlb *v = calloc(1, sizeof(*v));
    h->vtlb = v;
    if (!v || !tlb_create(&v->side[TLB_DATA], h->cfg.tlb_entries) ||
        !tlb_create(&v->side[TLB_FETCH], h->cfg.tlb_entries))
        return false;
    mmu_rebuild(h);
    return true;
}

void mmu_destroy(struct hart *h)
{
    if (!h->vtlb)
        return;
    for (unsigned side = 0; side < TLB_SIDES; side++)
        tlb_destroy(&h->vtlb->side[side]);
    free(h->vtlb);
    h->vtlb = NULL;
}

void mmu_rebuild(struct hart *h)
{
    struct hart_vtlb *v = h->vtlb;
    for (unsigned side = 0; side < TLB_SIDES; side++)
        tlb_clear(&v->side[side]);
    memset(v->keys, 0, sizeof(v->keys));
    memset(v->spa, 0xff, sizeof(v->spa));
    pmp_rebuild(h);
    mmu_context(h);
    mmu_flush_fast(h);
}

size_t mmu_save_tlb(const struct hart *h, void *buffer)
{
    size_t size = 0;
    for (unsigned side = 0; side < TLB_SIDES; side++)
        size += tlb_save(&h->vtlb->side[side], buffer ? (uint8_t *)buffer + size : NULL);
    return size;
}

void mmu_load_tlb(struct hart *h, const void *buffer)
{
    size_t size = 0;
    for (unsigned side = 0; side < TLB_SIDES; side++) {
        tlb_load(&h->vtlb->side[side], (const uint8_t *)buffer + size);
        size += tlb_save(&h->vtlb->side[side], NULL);
    }
}
