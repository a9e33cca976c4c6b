/* SPDX-License-Identifier: BSD-2-Clause */
/* Sv39 and Sv39x4 page tables.  Sv39x4's root is four pages, its address two bits wider. */
#ifndef LIB_PAGETABLE_H
#define LIB_PAGETABLE_H

#include <stdbool.h>
#include <stdint.h>

#define PTE_V         (1ul << 0)
#define PTE_R         (1ul << 1)
#define PTE_W         (1ul << 2)
#define PTE_X         (1ul << 3)
#define PTE_U         (1ul << 4)
#define PTE_G         (1ul << 5)
#define PTE_A         (1ul << 6)
#define PTE_D         (1ul << 7)
#define PTE_PPN_SHIFT 10
#define PTE_PPN       (0xffffffffffful << PTE_PPN_SHIFT)

#define PTE_RWX (PTE_R | PTE_W | PTE_X)
#define PTE_RW  (PTE_R | PTE_W)
/* Accesses through the G-stage count as U-mode's; A and D are set as nobody sets them for us. */
#define PTE_GUEST (PTE_U | PTE_A | PTE_D)
#define PTE_HOST  (PTE_A | PTE_D)

struct pagetable {
    uint64_t *root;
    bool x4;
};

static inline uint64_t pte_leaf(uint64_t pa, uint64_t flags)
{
    return (pa >> 12) << PTE_PPN_SHIFT | flags | PTE_V;
}

void pagetable_create(struct pagetable *table, bool x4);
/* Maps size bytes with the largest pages that fit; addresses and size are multiples of 4 KiB. */
void pagetable_map(struct pagetable *table, uint64_t va, uint64_t pa, uint64_t size,
                   uint64_t flags);
/* The leaf PTE of a mapped 4-KiB page, NULL if there is none. */
uint64_t *pagetable_leaf(const struct pagetable *table, uint64_t va);
void pagetable_destroy(struct pagetable *table);
/* The value of satp, hgatp or iohgatp: mode and root; the caller adds ASID, VMID or GSCID. */
uint64_t pagetable_atp(const struct pagetable *table);

#endif
