/* SPDX-License-Identifier: BSD-2-Clause */
/* The page tables of one case, as the harness has to write them. */
#ifndef LOCKSTEP_TABLES_H
#define LOCKSTEP_TABLES_H

#include "image.h"

#define PTE_V UINT64_C(0x01)
#define PTE_R UINT64_C(0x02)
#define PTE_W UINT64_C(0x04)
#define PTE_X UINT64_C(0x08)
#define PTE_U UINT64_C(0x10)
#define PTE_A UINT64_C(0x40)
#define PTE_D UINT64_C(0x80)
/* All that a leaf needs but U. */
#define PTE_GOOD (PTE_V | PTE_R | PTE_W | PTE_X | PTE_A | PTE_D)

enum { TABLES_MAX = 64, TABLES_DEPTH = 5 };

/* One translation: satp's, vsatp's or hgatp's. */
struct stage {
    uint64_t root;
    uint32_t levels; /* 0: Bare */
    bool guest;      /* the x4 formats */
};

struct tables {
    uint64_t address[TABLES_MAX], value[TABLES_MAX];
    uint32_t count, pages;
};

/* Where each level's entry for an address is, from the leaf's on. */
struct path {
    uint64_t entry[TABLES_DEPTH];
    uint32_t leaf_level, top_level;
};

struct stage tables_stage(uint32_t which, uint32_t levels);
/* The value for satp, vsatp or hgatp. */
uint64_t tables_register(const struct stage *stage);
uint64_t tables_new_page(struct tables *tables);
uint64_t tables_get(const struct tables *tables, uint64_t entry);
void tables_set(struct tables *tables, uint64_t entry, uint64_t value);
/* Maps the page of leaf_level around address to physical: flags of the leaf. */
struct path tables_map(struct tables *tables, const struct stage *stage, uint64_t address,
                       uint32_t leaf_level, uint64_t physical, uint64_t flags);
/* Whether a page mapped there would need an entry that is taken for something else. */
bool tables_taken(const struct tables *tables, const struct stage *stage, uint64_t address,
                  uint32_t leaf_level);
void tables_emit(const struct tables *tables, struct image *image);

#endif
