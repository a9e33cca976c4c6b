/* SPDX-License-Identifier: BSD-2-Clause */
/* Extensions of translation: A and D set by hardware, contiguous pages, memory types, bits that are
 * software's. */
#include "hart/pages.h"

#define N_BIT   VD_BIT(63)
#define PBMT(n) ((uint64_t)(n) << 61)

static uint64_t peek(struct machine *m, uint64_t at)
{
    return bench_peek(&m->f->bench, at, 8);
}

static struct machine single(uint64_t menvcfg)
{
    struct machine m = machine_new(0);
    fixture_set(m.f, CSR_menvcfg, menvcfg);
    fixture_set(m.f, CSR_satp, root(8, 1, TABLES));
    fixture_mode(m.f, VD_MODE_S);
    return m;
}

/* --- Svadu --- */

static void Svadu_hw_update_a_d_bits(void **state)
{
    (void)state;
    static const uint64_t set[] = {PTE_A, PTE_A | PTE_D, PTE_A};
    for (unsigned access = 0; access < 3; access++) {
        struct machine m = single(ENVCFG_ADUE);
        uint64_t bits = RWX_ & ~(uint64_t)(PTE_A | PTE_D);
        uint64_t at = map(&m, 8, GPA, 0, DATA, bits);
        assert_int_equal(cause_of(&m, (enum mmu_access)access, GPA, 0), 0);
        assert_true(peek(&m, at) == pte_of(DATA, bits | set[access]));
        machine_free(&m);
    }
}

static void Svadu_disabled_hw_update_falls_back_to_svade(void **state)
{
    (void)state;
    static const uint64_t causes[] = {13, 15, 12};
    for (unsigned access = 0; access < 3; access++) {
        struct machine m = single(0);
        uint64_t bits = RWX_ & ~(uint64_t)(PTE_A | PTE_D);
        uint64_t at = map(&m, 8, GPA, 0, DATA, bits);
        assert_int_equal(cause_of(&m, (enum mmu_access)access, GPA, 0), causes[access]);
        assert_true(peek(&m, at) == pte_of(DATA, bits));
        machine_free(&m);
    }
}

static void Svadu_a_load_then_a_store_sets_D(void **state)
{
    (void)state;
    struct machine m = single(ENVCFG_ADUE);
    uint64_t bits = RWX_ & ~(uint64_t)(PTE_A | PTE_D);
    uint64_t at = map(&m, 8, GPA, 0, DATA, bits);
    load(&m, GPA, 8);
    assert_true(peek(&m, at) == pte_of(DATA, bits | PTE_A));
    assert_true(fast(m.f->hart.data, GPA)->write_tag == HART_TLB_NONE);
    assert_int_equal(cause_of(&m, MMU_STORE, GPA, 0), 0);
    assert_true(peek(&m, at) == pte_of(DATA, RWX_));
    machine_free(&m);
}

static void Svadu_no_update_without_permission(void **state)
{
    (void)state;
    struct machine m = single(ENVCFG_ADUE);
    uint64_t bits = (RWX_ & ~(uint64_t)(PTE_A | PTE_D)) & ~(uint64_t)PTE_W;
    uint64_t at = map(&m, 8, GPA, 0, DATA, bits);
    assert_int_equal(cause_of(&m, MMU_STORE, GPA, 0), 15);
    assert_true(peek(&m, at) == pte_of(DATA, bits));
    machine_free(&m);
}

static void Svadu_update_needs_pmp_write(void **state)
{
    (void)state;
    struct machine m = single(ENVCFG_ADUE);
    uint64_t bits = RWX_ & ~(uint64_t)PTE_A;
    uint64_t at = map(&m, 8, GPA, 0, DATA, bits);
    fixture_set(m.f, CSR_pmpaddr0, TABLES >> 2 | 0x1fff);
    fixture_set(m.f, CSR_pmpaddr0 + 1, ~UINT64_C(0));
    fixture_set(m.f, CSR_pmpcfg0, 0x1f19); /* tables: readable only */
    assert_int_equal(cause_of(&m, MMU_LOAD, GPA, 0), CAUSE_LOAD_ACCESS_FAULT);
    assert_true(peek(&m, at) == pte_of(DATA, bits));
    machine_free(&m);
}

/* A guest whose leaf and whose G-stage leaves of data and table lack A and D. */
struct two_stage {
    struct machine m;
    uint64_t leaf, gleaf, gtable; /* where the PTEs are */
    uint64_t table;               /* the guest's last-level table */
};

static struct two_stage two_stage(uint64_t menvcfg, uint64_t henvcfg)
{
    struct two_stage t = {.m = guest_new(8, 8)};
    fixture_set(t.m.f, CSR_menvcfg, ENVCFG_ADUE); /* so that henvcfg can have it */
    fixture_set(t.m.f, CSR_henvcfg, henvcfg);
    fixture_set(t.m.f, CSR_menvcfg, menvcfg);
    t.leaf = map(&t.m, 8, 0x1000, 0, GPA, RWX_ & ~(uint64_t)(PTE_A | PTE_D));
    t.gleaf = gmap(&t.m, 8, GPA, 0, DATA, RWXU_ & ~(uint64_t)(PTE_A | PTE_D));
    t.table = t.leaf & ~UINT64_C(0xfff);
    t.gtable = gmap(&t.m, 8, t.table, 0, t.table, RWXU_ & ~(uint64_t)(PTE_A | PTE_D));
    return t;
}

static uint64_t ad(struct two_stage *t, uint64_t at)
{
    return peek(&t->m, at) & (PTE_A | PTE_D);
}

static void Svadu_both_stages(void **state)
{
    (void)state;
    static const struct {
        enum mmu_access access;
        uint64_t leaf, gleaf, gtable;
    } rows[] = {
        {MMU_LOAD, PTE_A, PTE_A, PTE_A | PTE_D}, /* the VS-stage PTE was written */
        {MMU_STORE, PTE_A | PTE_D, PTE_A | PTE_D, PTE_A | PTE_D},
        {MMU_FETCH, PTE_A, PTE_A, PTE_A | PTE_D},
    };
    for (unsigned i = 0; i < 3; i++) {
        struct two_stage t = two_stage(ENVCFG_ADUE, ENVCFG_ADUE);
        assert_int_equal(cause_of(&t.m, rows[i].access, 0x1008, 0), 0);
        assert_int_equal(ad(&t, t.leaf), rows[i].leaf);
        assert_int_equal(ad(&t, t.gleaf), rows[i].gleaf);
        assert_int_equal(ad(&t, t.gtable), rows[i].gtable);
        machine_free(&t.m);
    }
}

static void Svadu_hypervisor_adue(void **state)
{
    (void)state;
    /* henvcfg.ADUE is for the VS stage only. */
    struct two_stage t = two_stage(ENVCFG_ADUE, 0);
    assert_int_equal(cause_of(&t.m, MMU_LOAD, 0x1008, 0), 13);
    assert_int_equal(ad(&t, t.leaf), 0);
    assert_int_equal(ad(&t, t.gtable), PTE_A); /* it was read */
    machine_free(&t.m);
    t = two_stage(0, ENVCFG_ADUE); /* read-only zero */
    assert_int_equal(cause_of(&t.m, MMU_LOAD, 0x1008, 0), 21);
    bench_poke(&t.m.f->bench, t.gtable, 8, peek(&t.m, t.gtable) | PTE_A | PTE_D);
    assert_int_equal(cause_of(&t.m, MMU_LOAD, 0x1008, 0), 13);
    machine_free(&t.m);
}

/* The G stage lets the guest's table be read but not written. */
static void Svadu_a_write_that_the_G_stage_refuses(void **state)
{
    (void)state;
    struct two_stage t = two_stage(ENVCFG_ADUE, ENVCFG_ADUE);
    bench_poke(&t.m.f->bench, t.gtable, 8, pte_of(t.table, (RWXU_ & ~(uint64_t)PTE_W)));
    assert_int_equal(cause_of(&t.m, MMU_LOAD, 0x1008, 0), 21);
    const struct hart_exception *exc = &t.m.f->hart.exc;
    assert_int_equal(exc->tinst, 0x3020);
    assert_true(exc->tval2 == (t.leaf >> 2));
    assert_int_equal(exc->tval, 0x1008);
    assert_int_equal(ad(&t, t.leaf), 0);
    machine_free(&t.m);
}

/* --- Svnapot --- */

static void Svnapot_valid_encoding(void **state)
{
    (void)state;
    struct machine m = single(0);
    /* PPN ends in 1000; DATA is a multiple of 64 KiB. */
    for (uint64_t i = 0; i < 16; i++) {
        map(&m, 8, GPA + i * KIB4, 0, DATA + 0x8000, RWX_ | N_BIT);
        bench_poke(&m.f->bench, DATA + i * KIB4 + 8, 8, 100 + i);
    }
    for (uint64_t i = 0; i < 16; i++)
        assert_int_equal(load(&m, GPA + i * KIB4 + 8, 8), 100 + i);
    machine_free(&m);
}

static void Svnapot_reserved_encoding_fault(void **state)
{
    (void)state;
    for (uint64_t low = 0; low < 16; low++) {
        struct machine m = single(0);
        map(&m, 8, GPA, 0, DATA + low * KIB4, RWX_ | N_BIT);
        assert_int_equal(cause_of(&m, MMU_LOAD, GPA, 0), low == 8 ? 0 : 13);
        machine_free(&m);
    }
    struct machine m = single(0);
    map(&m, 8, GPA, 1, RAM, RWX_ | N_BIT);                              /* a superpage */
    map(&m, 8, 2 * (uint64_t)GPA, 1, TABLES + 8 * KIB4, PTE_V | N_BIT); /* a link */
    assert_int_equal(cause_of(&m, MMU_LOAD, GPA, 0), 13);
    assert_int_equal(cause_of(&m, MMU_LOAD, 2 * (uint64_t)GPA, 0), 13);
    machine_free(&m);
}

static void Svnapot_hyp_gstage(void **state)
{
    (void)state;
    struct machine m = guest_new(0, 8);
    gmap(&m, 8, 0x50003000, 0, DATA + 0x8000, RWXU_ | N_BIT);
    bench_poke(&m.f->bench, DATA + 0x3010, 8, 77);
    assert_int_equal(load(&m, 0x50003010, 8), 77);
    gmap(&m, 8, 0x50004000, 0, DATA + 0x4000, RWXU_ | N_BIT);
    assert_int_equal(cause_of(&m, MMU_LOAD, 0x50004010, 0), 21);
    machine_free(&m);
}

/* A fence with any address of the range reaches every piece of it. */
static void Svnapot_fence(void **state)
{
    (void)state;
    struct machine m = single(0);
    for (uint64_t i = 0; i < 16; i++)
        map(&m, 8, GPA + i * KIB4, 0, DATA + 0x8000, RWX_ | N_BIT);
    load(&m, GPA + 0x1000, 8);
    for (uint64_t i = 0; i < 16; i++)
        map(&m, 8, GPA + i * KIB4, 0, DATA, 0);
    assert_int_equal(cause_of(&m, MMU_LOAD, GPA + 0x1000, 0), 0);
    struct mmu_fence fence = {.kind = FENCE_VMA, .has_va = true, .va = GPA + 0xf000};
    mmu_fence(&m.f->hart, &fence);
    assert_int_equal(cause_of(&m, MMU_LOAD, GPA + 0x1000, 0), 13);
    machine_free(&m);
}

static void Svnapot_is_reserved_without_it(void **state)
{
    (void)state;
    struct machine m = single(0);
    m.f->hart.cfg.extensions &= ~VD_BIT(HART_EXT_Svnapot);
    map(&m, 8, GPA, 0, DATA + 0x8000, RWX_ | N_BIT);
    assert_int_equal(cause_of(&m, MMU_LOAD, GPA, 0), 13);
    machine_free(&m);
}

/* --- Svpbmt --- */

static void menvcfg_pbmte_op(void **state)
{
    (void)state;
    for (unsigned type = 0; type < 4; type++) {
        for (unsigned on = 0; on < 2; on++) {
            struct machine m = single(on ? ENVCFG_PBMTE : ~ENVCFG_PBMTE & ~ENVCFG_PMM);
            map(&m, 8, GPA, 0, DATA, RWX_ | PBMT(type));
            bool sound = type == 0 || (on && type != 3); /* Svpbmt_leaf_pte_pbmt_reserved_3_fault */
            assert_int_equal(cause_of(&m, MMU_LOAD, GPA, 0), sound ? 0 : 13);
            machine_free(&m);
        }
    }
}

static void Svpbmt_nonleaf_pte_pbmt_must_be_zero(void **state)
{
    (void)state;
    struct machine m = single(ENVCFG_PBMTE);
    bench_poke(&m.f->bench, TABLES + 8 * KIB4, 8, pte_of(DATA, RWX_));
    map(&m, 8, GPA, 1, TABLES + 8 * KIB4, PTE_V | PBMT(1));
    assert_int_equal(cause_of(&m, MMU_LOAD, GPA, 0), 13);
    machine_free(&m);
}

static void henvcfg_pbmte_op(void **state)
{
    (void)state;
    static const struct {
        uint64_t menvcfg, henvcfg;
        unsigned type, gtype;
        uint64_t cause;
    } rows[] = {
        {ENVCFG_PBMTE, ENVCFG_PBMTE, 1, 0, 0},
        {ENVCFG_PBMTE, ENVCFG_PBMTE, 2, 1, 0},
        {ENVCFG_PBMTE, ENVCFG_PBMTE, 3, 0, 13},
        {ENVCFG_PBMTE, ENVCFG_PBMTE, 0, 3, 21},
        {ENVCFG_PBMTE, 0, 1, 0, 13},
        {ENVCFG_PBMTE, 0, 0, 1, 0},
        {0, ENVCFG_PBMTE, 1, 0, 13},
        {0, ENVCFG_PBMTE, 0, 1, 21},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct machine m = guest_new(8, 8);
        fixture_set(m.f, CSR_menvcfg, ENVCFG_PBMTE);
        fixture_set(m.f, CSR_henvcfg, rows[i].henvcfg);
        fixture_set(m.f, CSR_menvcfg, rows[i].menvcfg);
        map(&m, 8, 0x1000, 0, GPA, RWX_ | PBMT(rows[i].type));
        gmap(&m, 8, GPA, 0, DATA, RWXU_ | PBMT(rows[i].gtype));
        fixture_mode(m.f, VD_MODE_VS);
        assert_int_equal(cause_of(&m, MMU_LOAD, 0x1000, 0), rows[i].cause);
        machine_free(&m);
    }
}

/* --- Svrsw60t59b --- */

/* In leaves and in pointers to tables. */
static void Svrsw60t59b_reserved_bits_60_59(void **state)
{
    (void)state;
    for (unsigned bit = 54; bit < 61; bit++) {
        for (unsigned i = 0; i < 4; i++) {
            struct machine m = single(0);
            uint64_t leaf = i & 1 ? 0 : VD_BIT(bit), pointer = i & 1 ? VD_BIT(bit) : 0;
            if (i & 2)
                m.f->hart.cfg.extensions &= ~VD_BIT(HART_EXT_Svrsw60t59b);
            bench_poke(&m.f->bench, TABLES + 8 * KIB4, 8, pte_of(DATA, RWX_) | leaf);
            map(&m, 8, GPA, 1, TABLES + 8 * KIB4, PTE_V | pointer);
            assert_int_equal(cause_of(&m, MMU_LOAD, GPA, 0), bit < 59 || i & 2 ? 13 : 0);
            machine_free(&m);
        }
    }
}

static void Svrsw60t59b_h_g_stage_reserved_bits(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        struct machine m = guest_new(8, 8);
        uint64_t bit = VD_BIT(59 + i % 2);
        if (i & 2)
            m.f->hart.cfg.extensions &= ~VD_BIT(HART_EXT_Svrsw60t59b);
        map(&m, 8, 0x1000, 0, GPA, RWX_);
        gmap(&m, 8, GPA, 0, DATA, RWXU_ | bit);
        fixture_mode(m.f, VD_MODE_VS);
        assert_int_equal(cause_of(&m, MMU_LOAD, 0x1000, 0), i & 2 ? 21 : 0);
        machine_free(&m);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(Svadu_hw_update_a_d_bits),
        cmocka_unit_test(Svadu_disabled_hw_update_falls_back_to_svade),
        cmocka_unit_test(Svadu_a_load_then_a_store_sets_D),
        cmocka_unit_test(Svadu_no_update_without_permission),
        cmocka_unit_test(Svadu_update_needs_pmp_write),
        cmocka_unit_test(Svadu_both_stages),
        cmocka_unit_test(Svadu_hypervisor_adue),
        cmocka_unit_test(Svadu_a_write_that_the_G_stage_refuses),
        cmocka_unit_test(Svnapot_valid_encoding),
        cmocka_unit_test(Svnapot_reserved_encoding_fault),
        cmocka_unit_test(Svnapot_hyp_gstage),
        cmocka_unit_test(Svnapot_fence),
        cmocka_unit_test(Svnapot_is_reserved_without_it),
        cmocka_unit_test(menvcfg_pbmte_op),
        cmocka_unit_test(Svpbmt_nonleaf_pte_pbmt_must_be_zero),
        cmocka_unit_test(henvcfg_pbmte_op),
        cmocka_unit_test(Svrsw60t59b_reserved_bits_60_59),
        cmocka_unit_test(Svrsw60t59b_h_g_stage_reserved_bits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
