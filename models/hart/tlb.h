/* SPDX-License-Identifier: BSD-2-Clause */
/* The architectural TLB: what the hart may go on using until software fences.  Entries are 4-KiB
 * pieces of leaf mappings; the size of the leaf is remembered because a fence with an address
 * reaches every piece of its leaf. */
#ifndef HART_TLB_H
#define HART_TLB_H

#include "hart/pmp.h"
#include "hart/state.h"

/* PTE bits [priv norm:sv39_pte]. */
enum {
    PTE_V = 1,
    PTE_R = 2,
    PTE_W = 4,
    PTE_X = 8,
    PTE_U = 16,
    PTE_G = 32,
    PTE_A = 64,
    PTE_D = 128,
};

/* A shadow-stack page, where there are such [priv norm:ss_page_enc]. */
static inline bool pte_is_shadow(uint64_t pte)
{
    return (pte & (PTE_R | PTE_W | PTE_X)) == PTE_W;
}

/* Which translations an entry belongs to. */
struct tlb_space {
    uint8_t virt;        /* two-stage */
    uint8_t mode, gmode; /* satp or vsatp MODE, hgatp MODE */
    uint16_t asid, vmid;
};

struct tlb_entry {
    uint64_t va, gpa, spa; /* of the 4-KiB page */
    struct tlb_space space;
    uint8_t shift, gshift; /* log2 of the bytes that the leaf of each stage maps */
    uint8_t leaf, gleaf;   /* PTE permission bits of each stage */
    bool valid;
};

enum { TLB_DATA, TLB_FETCH, TLB_SIDES };

struct tlb {
    struct tlb_entry *entries;
    uint8_t *next; /* per set: the way to replace */
    /* Bit per entry: valid; valid and a piece of a first-stage leaf above 4 KiB.  Fences look at
     * nothing else. */
    uint64_t *valid, *pieces;
    uint32_t *leaves;     /* per bucket of large leaves: how many pieces there are */
    uint32_t of_size[65]; /* per shift: how many pieces there are */
    uint32_t sets, ways;
};

/* What a fast context translates.  root and groot are the whole satp or vsatp, and hgatp. */
struct tlb_key {
    uint64_t root, groot;
    uint32_t flags; /* 0: the context is free */
};

struct hart_vtlb {
    struct tlb side[TLB_SIDES];
    struct tlb_key keys[HART_CONTEXTS];
    uint64_t ids[HART_CONTEXTS]; /* values of fetch_context */
    uint64_t last_id;
    uint32_t next_context;
    uint32_t data, fetch, shadow; /* contexts in use; the last only while hart.shadow is not NULL */
    uint64_t spa[HART_CONTEXTS][HART_TLB_SIZE];
    struct pmp pmp;
};

bool tlb_create(struct tlb *tlb, uint32_t entries);
void tlb_destroy(struct tlb *tlb);
void tlb_clear(struct tlb *tlb);
const struct tlb_entry *tlb_find(const struct tlb *tlb, const struct tlb_space *space, uint64_t va);
/* Stores *entry; *evicted is what had to go (valid says whether anything had). */
void tlb_insert(struct tlb *tlb, const struct tlb_entry *entry, struct tlb_entry *evicted);
/* Everything, for a snapshot; buffer NULL: the size.  tlb_load() after tlb_clear(). */
size_t tlb_save(const struct tlb *tlb, void *buffer);
void tlb_load(struct tlb *tlb, const void *buffer);
/* Removes what the fence reaches, from the fast contexts too if the fence has an address (else all
 * of these must go anyway); says whether anything was removed.  virt and vmid: the machine that
 * SFENCE.VMA or HFENCE.VVMA means. */
bool tlb_fence(struct tlb *tlb, struct hart *h, const struct mmu_fence *fence, bool virt,
               uint16_t vmid);

#endif
