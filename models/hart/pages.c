/* SPDX-License-Identifier: BSD-2-Clause */
#include "hart/pages.h"

static struct machine machine_of(struct fixture *f)
{
    fixture_set(f, CSR_pmpaddr0, ~UINT64_C(0));
    fixture_set(f, CSR_pmpcfg0, PMP_R | PMP_W | PMP_X | PMP_NAPOT << 3);
    return (struct machine){f, TABLES + KIB4, GTABLES + 4 * KIB4};
}

struct machine machine_new(uint32_t tlb_entries)
{
    struct fixture *f = fixture_new(3, true);
    if (tlb_entries) {
        mmu_destroy(&f->hart);
        f->hart.cfg.tlb_entries = tlb_entries;
        assert_true(mmu_create(&f->hart));
    }
    return machine_of(f);
}

uint64_t pte_of(uint64_t address, uint64_t bits)
{
    return (address >> 12) << 10 | bits;
}

/* Enters a leaf for va at a level (0: 4 KiB) of the table at root; returns where its PTE is.
 * top_bits are the index bits of the root. */
static uint64_t enter(struct bench *b, uint64_t root, uint64_t *next, unsigned levels,
                      unsigned top_bits, uint64_t va, unsigned level, uint64_t pte)
{
    uint64_t table = root;
    unsigned bits = top_bits;
    for (unsigned l = levels - 1;; l--, bits = 9) {
        uint64_t at = table + 8 * vd_get(va, 12 + 9 * l, bits);
        if (l == level) {
            bench_poke(b, at, 8, pte);
            return at;
        }
        uint64_t link = bench_peek(b, at, 8);
        if (!(link & PTE_V)) {
            link = pte_of(*next, PTE_V);
            bench_poke(b, at, 8, link);
            *next += KIB4;
        }
        table = link >> 10 << 12;
    }
}

uint64_t map(struct machine *m, unsigned mode, uint64_t va, unsigned level, uint64_t to,
             uint64_t bits)
{
    return enter(&m->f->bench, TABLES, &m->next_table, mode - 5, 9, va, level, pte_of(to, bits));
}

uint64_t gmap(struct machine *m, unsigned mode, uint64_t gpa, unsigned level, uint64_t to,
              uint64_t bits)
{
    return enter(&m->f->bench, GTABLES, &m->next_gtable, mode - 5, 11, gpa, level,
                 pte_of(to, bits));
}

uint64_t root(unsigned mode, uint64_t id, uint64_t table)
{
    return (uint64_t)mode << 60 | id << 44 | table >> 12;
}

static void set_guest_up(struct machine *m, unsigned mode, unsigned gmode)
{
    for (uint64_t i = 0; i < 16; i++)
        gmap(m, gmode, TABLES + i * KIB4, 0, TABLES + i * KIB4, RWXU_);
    for (uint64_t i = 0; i < 8; i++)
        gmap(m, gmode, GPA + i * KIB4, 0, DATA + i * KIB4, RWXU_);
    fixture_set(m->f, CSR_vsatp, mode ? root(mode, 1, TABLES) : 0);
    fixture_set(m->f, CSR_hgatp, root(gmode, 7, GTABLES));
    fixture_mode(m->f, VD_MODE_VS);
}

struct machine guest_new(unsigned mode, unsigned gmode)
{
    struct machine m = machine_new(0);
    set_guest_up(&m, mode, gmode);
    return m;
}

void guest_renew(struct machine *m, unsigned mode, unsigned gmode)
{
    fixture_renew(m->f);
    *m = machine_of(m->f);
    set_guest_up(m, mode, gmode);
}

void machine_free(struct machine *m)
{
    fixture_free(m->f);
}

uint64_t load(struct machine *m, uint64_t va, unsigned size)
{
    uint64_t value = 0;
    if (!mmu_load(&m->f->hart, va, size, 0, &value))
        fail_msg("load of %lx: cause %lu", va, m->f->hart.exc.cause);
    return value;
}

uint64_t cause_of(struct machine *m, enum mmu_access access, uint64_t va, unsigned flags)
{
    uint64_t value;
    const uint8_t *host;
    bool ok = access == MMU_LOAD    ? mmu_load(&m->f->hart, va, 8, flags, &value)
              : access == MMU_STORE ? mmu_store(&m->f->hart, va, 8, flags, 1)
                                    : mmu_fetch(&m->f->hart, va, &host, &value);
    return ok ? 0 : m->f->hart.exc.cause;
}
