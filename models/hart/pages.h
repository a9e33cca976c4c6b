/* SPDX-License-Identifier: BSD-2-Clause */
/* Page tables in the RAM of a test. */
#ifndef HART_PAGES_H
#define HART_PAGES_H

#include "hart/fixture.h"

enum {
    KIB4 = 4096,
    TABLES = RAM + 0x10000,  /* where page tables are made */
    GTABLES = RAM + 0x20000, /* 16-KiB aligned */
    DATA = RAM + 0x80000,
    GPA = 0x40000000, /* guest RAM, mapped to DATA */
};

#define RWX_  (PTE_V | PTE_R | PTE_W | PTE_X | PTE_A | PTE_D)
#define RWXU_ (RWX_ | PTE_U)

struct machine {
    struct fixture *f;
    uint64_t next_table, next_gtable;
};

struct machine machine_new(uint32_t tlb_entries);
uint64_t pte_of(uint64_t address, uint64_t bits);
uint64_t map(struct machine *m, unsigned mode, uint64_t va, unsigned level, uint64_t to,
             uint64_t bits);
uint64_t gmap(struct machine *m, unsigned mode, uint64_t gpa, unsigned level, uint64_t to,
              uint64_t bits);
uint64_t root(unsigned mode, uint64_t id, uint64_t table);
/* Two stages: guest tables at gpa == spa of TABLES, guest RAM at GPA. */
struct machine guest_new(unsigned mode, unsigned gmode);
/* As guest_new() made it, at less cost. */
void guest_renew(struct machine *m, unsigned mode, unsigned gmode);
void machine_free(struct machine *m);
uint64_t load(struct machine *m, uint64_t va, unsigned size);
uint64_t cause_of(struct machine *m, enum mmu_access access, uint64_t va, unsigned flags);

static inline const struct hart_tlb_entry *fast(const struct hart_tlb_entry *entries, uint64_t va)
{
    return &entries[va >> 12 & (HART_TLB_SIZE - 1)];
}

#endif
