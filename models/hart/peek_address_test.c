/* SPDX-License-Identifier: BSD-2-Clause */
/* Where a hart would find an address, by the same page tables as the access itself. */
#include "hart/pages.h"

static uint64_t peeked(struct machine *m, uint64_t va)
{
    uint64_t spa = 0;
    assert_true(hart_peek_address(&m->f->hart, va, &spa));
    return spa;
}

static bool hidden(struct machine *m, uint64_t va)
{
    uint64_t spa;
    return !hart_peek_address(&m->f->hart, va, &spa);
}

/* A leaf at every level of every mode, at an address of which all index bits matter. */
static void one_stage(void **state)
{
    (void)state;
    for (unsigned mode = 8; mode <= 10; mode++) {
        for (unsigned level = 0; level < mode - 5; level++) {
            struct machine m = machine_new(0);
            unsigned shift = 12 + 9 * level, width = 12 + 9 * (mode - 5);
            uint64_t va = UINT64_C(0x0123456789abcdef) & vd_mask(0, width - 1);
            uint64_t to = UINT64_C(0x00fedcba98765000) & vd_mask(shift, 56 - shift);
            map(&m, mode, va, level, to, level ? RWX_ & ~(PTE_R | PTE_W) : RWX_ & ~PTE_X);
            fixture_set(m.f, CSR_satp, root(mode, 1, TABLES));
            assert_true(peeked(&m, va) == va); /* M-mode */
            fixture_mode(m.f, VD_MODE_S);
            assert_true(peeked(&m, va) == (to | (va & vd_mask(0, shift))));
            assert_true(hidden(&m, va ^ VD_BIT(width - 2)));
            fixture_set(m.f, CSR_satp, 0);
            assert_true(peeked(&m, va) == va);
            machine_free(&m);
        }
    }
}

/* The wider root of the second stage, behind tables of the first. */
static void two_stages(void **state)
{
    (void)state;
    for (unsigned mode = 8; mode <= 10; mode++) {
        for (uint64_t top = 0; top < 4; top++) {
            struct machine m = guest_new(mode, mode);
            uint64_t gpa = GPA | top << (12 + 9 * (mode - 5)), va = 0x12345000;
            gmap(&m, mode, gpa + 0x3000, 0, DATA + 0x5000, RWXU_);
            if (mode < 10) { /* Sv57x4 has more bits than a PTE of the first stage */
                map(&m, mode, va, 0, gpa + 0x3000, RWX_);
                assert_true(peeked(&m, va + 0x678) == DATA + 0x5678);
            }
            fixture_set(m.f, CSR_vsatp, 0);
            assert_true(peeked(&m, gpa + 0x3abc) == DATA + 0x5abc);
            assert_true(hidden(&m, gpa + 0x200000));
            machine_free(&m);
        }
    }
}

/* 64 KiB [priv ptenapot]: the low bits of the PPN are no address. */
static void napot(void **state)
{
    (void)state;
    struct machine m = machine_new(0);
    map(&m, 8, GPA + 0x6000, 0, DATA + 0x8000, RWX_ | VD_BIT(63));
    fixture_set(m.f, CSR_satp, root(8, 1, TABLES));
    fixture_mode(m.f, VD_MODE_S);
    assert_true(peeked(&m, GPA + 0x6789) == DATA + 0x6789);
    machine_free(&m);
}

/* [priv norm:ss_page_enc]: a leaf that is neither readable nor executable. */
static void shadow_stack_pages(void **state)
{
    (void)state;
    struct machine m = machine_new(0);
    map(&m, 8, 0x1000, 0, DATA, PTE_V | PTE_W | PTE_A | PTE_D);
    fixture_set(m.f, CSR_satp, root(8, 1, TABLES));
    fixture_mode(m.f, VD_MODE_S);
    assert_int_equal(peeked(&m, 0x1234), DATA + 0x234);
    machine_free(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_stage),
        cmocka_unit_test(shadow_stack_pages),
        cmocka_unit_test(two_stages),
        cmocka_unit_test(napot),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
