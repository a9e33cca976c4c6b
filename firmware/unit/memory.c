/* SPDX-License-Identifier: BSD-2-Clause */
/* Sv39 in S-mode. */
#include "mmio.h"
#include "pages.h"
#include "pagetable.h"
#include "unit.h"

enum { VA = 0x40000000 }; /* not mapped by the identity that keeps this code running */

static void faults(const struct pagetable *table)
{
    uint64_t *leaf = pagetable_leaf(table, VA);
    uint64_t pte = *leaf;
    struct trap_info t = EXPECT_TRAP((void)mmio_read64(VA + PAGE_SIZE));
    report(t.taken && t.cause == EXC_LOAD_PAGE && t.tval == VA + PAGE_SIZE, "unmapped page");
    *leaf = pte & ~PTE_W;
    sfence_vma_all();
    t = EXPECT_TRAP(mmio_write64(VA, 0));
    report(t.taken && t.cause == EXC_STORE_PAGE, "store to a page without W");
    *leaf = pte | PTE_U;
    sfence_vma_all();
    t = EXPECT_TRAP((void)mmio_read64(VA));
    report(t.taken && t.cause == EXC_LOAD_PAGE, "load from a user page without SUM");
    csr_set(CSR_SSTATUS, SSTATUS_SUM);
    t = EXPECT_TRAP((void)mmio_read64(VA));
    csr_clear(CSR_SSTATUS, SSTATUS_SUM);
    report(!t.taken, "load from a user page with SUM");
    *leaf = (pte & ~PTE_R) | PTE_W;
    sfence_vma_all();
    t = EXPECT_TRAP((void)mmio_read64(VA));
    report(t.taken && t.cause == EXC_LOAD_PAGE, "W without R is reserved");
    *leaf = pte;
    sfence_vma_all();
}

void check_memory(void)
{
    struct pagetable table;
    uint64_t *page = page_alloc();
    pagetable_create(&table, false);
    pagetable_map(&table, 0, 0, 1ul << 30, PTE_RW | PTE_HOST);
    pagetable_map(&table, board.ram, board.ram, 1ul << 30, PTE_RWX | PTE_HOST);
    pagetable_map(&table, VA, (uint64_t)page, PAGE_SIZE, PTE_RW | PTE_HOST);
    csr_write(CSR_SATP, pagetable_atp(&table));
    sfence_vma_all();
    mmio_write64(VA + 8, 0x1122334455667788);
    report(page[1] == 0x1122334455667788, "a mapped page is the page");
    faults(&table);
    csr_write(CSR_SATP, 0);
    sfence_vma_all();
    pagetable_destroy(&table);
    pages_free(page, 1);
}
