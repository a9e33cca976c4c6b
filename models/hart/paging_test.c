/* SPDX-License-Identifier: BSD-2-Clause */
/* Extensions of translation: A and D set by hardware, contiguous pages, memory types, pointer
 * masking. */
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

/* --- Ssnpm, Smnpm --- */

enum { PMM_7 = 2, PMM_16 = 3 };
#define PMM(n) ((uint64_t)(n) << ENVCFG_PMM_LSB)

static void pmlen_supported_values(void **state)
{
    (void)state;
    static const uint32_t numbers[] = {CSR_menvcfg, CSR_henvcfg, CSR_senvcfg};
    for (unsigned i = 0; i < 3; i++) {
        struct fixture *f = fixture_new(3, true);
        fixture_set(f, numbers[i], PMM(PMM_7));
        assert_true(fixture_csr(f, numbers[i]) == PMM(PMM_7));
        fixture_set(f, numbers[i], PMM(1)); /* pmlen_illegal_warl */
        assert_true(fixture_csr(f, numbers[i]) == PMM(PMM_7));
        fixture_free(f);
    }
    struct fixture *f = fixture_new(3, true);
    fixture_set(f, CSR_hstatus, UINT64_C(3) << HSTATUS_HUPMM_LSB);
    fixture_set(f, CSR_hstatus, UINT64_C(1) << HSTATUS_HUPMM_LSB);
    assert_int_equal(vd_get(fixture_csr(f, CSR_hstatus), HSTATUS_HUPMM_LSB, 2), 3);
    fixture_free(f);
    f = fixture_without(VD_BIT(HART_EXT_Ssnpm) | VD_BIT(HART_EXT_Smnpm));
    for (unsigned i = 0; i < 3; i++) {
        fixture_set(f, numbers[i], PMM(PMM_7));
        assert_int_equal(vd_get(fixture_csr(f, numbers[i]), ENVCFG_PMM_LSB, 2), 0);
    }
    fixture_free(f);
}

/* Virtual addresses are sign-extended from the bit below the mask. */
static void pm_ignore_va(void **state)
{
    (void)state;
    static const struct {
        unsigned pmm;
        uint64_t va, as;
    } rows[] = {
        {PMM_7, 0x5400000040000008, 0x40000008},          {PMM_7, 0xfe00000040000008, 0x40000008},
        {PMM_7, 0x01ffffffc0000008, 0xffffffffc0000008},  {PMM_16, 0x1234000040000008, 0x40000008},
        {PMM_16, 0x1234ffffc0000008, 0xffffffffc0000008}, {0, 0x40000008, 0x40000008},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct machine m = single(PMM(rows[i].pmm));
        map(&m, 8, rows[i].as & ~UINT64_C(0xfff), 0, DATA, RWX_);
        bench_poke(&m.f->bench, DATA + 8, 8, 42);
        assert_int_equal(load(&m, rows[i].va, 8), 42);
        assert_int_equal(cause_of(&m, MMU_STORE, rows[i].va, 0), 0);
        if (rows[i].va != rows[i].as) /* pm_not_apply_implicit */
            assert_int_equal(cause_of(&m, MMU_FETCH, rows[i].va, 0), 12);
        machine_free(&m);
    }
    struct machine m = single(0);
    assert_int_equal(cause_of(&m, MMU_LOAD, 0x5400000040000008, 0), 13);
    machine_free(&m);
}

/* Physical ones lose the upper bits. */
static void pm_ignore_pa(void **state)
{
    (void)state;
    struct machine m = machine_new(0);
    fixture_set(m.f, CSR_menvcfg, PMM(PMM_7));
    fixture_mode(m.f, VD_MODE_S);
    bench_poke(&m.f->bench, DATA, 8, 42);
    assert_int_equal(load(&m, DATA | UINT64_C(0xfe) << 56, 8), 42);
    fixture_mode(m.f, VD_MODE_M); /* Smmpm is not there */
    assert_int_equal(cause_of(&m, MMU_LOAD, DATA | UINT64_C(0xfe) << 56, 0), 5);
    machine_free(&m);
}

static void pm_csr_hw_apply(void **state)
{
    (void)state;
    struct machine m = single(PMM(PMM_16));
    assert_int_equal(cause_of(&m, MMU_LOAD, 0x1234000077777008, 0), 13);
    assert_int_equal(m.f->hart.exc.tval, 0x77777008);
    machine_free(&m);
}

static void pm_mxr_exception(void **state)
{
    (void)state;
    struct machine m = single(PMM(PMM_16));
    map(&m, 8, GPA, 0, DATA, RWX_);
    fixture_set(m.f, CSR_mstatus, MSTATUS_MXR);
    assert_int_equal(cause_of(&m, MMU_LOAD, GPA | UINT64_C(1) << 60, 0), 13);
    assert_int_equal(cause_of(&m, MMU_LOAD, GPA, 0), 0);
    machine_free(&m);
}

static void pm_misaligned_equivalence(void **state)
{
    (void)state;
    struct machine m = single(PMM(PMM_16));
    map(&m, 8, GPA, 0, DATA, RWX_);
    map(&m, 8, GPA + KIB4, 0, DATA + 2 * KIB4, RWX_);
    bench_poke(&m.f->bench, DATA + 0xffc, 4, 0x11111111);
    bench_poke(&m.f->bench, DATA + 2 * KIB4, 4, 0x22222222);
    assert_true(load(&m, (GPA + 0xffc) | UINT64_C(1) << 60, 8) == UINT64_C(0x2222222211111111));
    machine_free(&m);
}

/* Whose register decides: one of them is set, the access is made for a mode. */
static void pm_config_next_higher(void **state)
{
    (void)state;
    enum { IN_MENVCFG = 1, IN_HENVCFG = 2, IN_SENVCFG = 4, IN_HUPMM = 8 };
    static const struct {
        enum vd_mode mode;
        uint64_t mstatus, hstatus;
        unsigned flags, decides;
    } rows[] = {
        {VD_MODE_S, 0, 0, 0, IN_MENVCFG},
        {VD_MODE_U, 0, 0, 0, IN_SENVCFG},
        {VD_MODE_VS, 0, 0, 0, IN_HENVCFG},
        {VD_MODE_VU, 0, 0, 0, IN_SENVCFG},
        {VD_MODE_M, 0, 0, 0, 0},
        {VD_MODE_M, MSTATUS_MPRV | UINT64_C(1) << 11, 0, 0, IN_MENVCFG},
        {VD_MODE_M, MSTATUS_MPRV, 0, 0, IN_SENVCFG},
        {VD_MODE_M, MSTATUS_MPRV | MSTATUS_MPV | UINT64_C(1) << 11, 0, 0, IN_HENVCFG},
        {VD_MODE_S, 0, HSTATUS_SPVP, MMU_GUEST, IN_HENVCFG},
        {VD_MODE_S, 0, 0, MMU_GUEST, IN_SENVCFG},
        {VD_MODE_M, 0, 0, MMU_GUEST, IN_SENVCFG},
        {VD_MODE_U, 0, 0, MMU_GUEST, IN_HUPMM},
        {VD_MODE_U, 0, HSTATUS_SPVP, MMU_GUEST, IN_HENVCFG},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        for (unsigned set = 1; set < 16; set <<= 1) {
            struct machine m = machine_new(0);
            uint64_t hupmm = set & IN_HUPMM ? (uint64_t)PMM_16 << HSTATUS_HUPMM_LSB : 0;
            fixture_set(m.f, CSR_menvcfg, set & IN_MENVCFG ? PMM(PMM_16) : 0);
            fixture_set(m.f, CSR_henvcfg, set & IN_HENVCFG ? PMM(PMM_16) : 0);
            fixture_set(m.f, CSR_senvcfg, set & IN_SENVCFG ? PMM(PMM_16) : 0);
            fixture_set(m.f, CSR_hstatus, rows[i].hstatus | hupmm);
            fixture_set(m.f, CSR_mstatus, rows[i].mstatus);
            fixture_mode(m.f, rows[i].mode);
            uint64_t cause = cause_of(&m, MMU_LOAD, DATA | UINT64_C(1) << 60, rows[i].flags);
            if (cause != (set == rows[i].decides ? 0 : 5))
                fail_msg("row %zu, set %u: cause %lu", i, set, cause);
            machine_free(&m);
        }
    }
}

/* What is fast in one setting must not be in another. */
static void pm_changes_take_effect_at_once(void **state)
{
    (void)state;
    struct machine m = machine_new(0);
    fixture_set(m.f, CSR_satp, root(10, 1, TABLES));
    fixture_mode(m.f, VD_MODE_S);
    uint64_t high = UINT64_C(0x0012000040000000); /* Sv57: bits 56:48 mean something */
    map(&m, 10, high, 0, DATA, RWX_);
    map(&m, 10, 0x40000000, 0, DATA + KIB4, RWX_);
    bench_poke(&m.f->bench, DATA, 8, 1);
    bench_poke(&m.f->bench, DATA + KIB4, 8, 2);
    assert_int_equal(load(&m, high, 8), 1);
    assert_true(fast(m.f->hart.data, high)->read_tag == high);
    fixture_set(m.f, CSR_menvcfg, PMM(PMM_16));
    assert_true(fast(m.f->hart.data, high)->read_tag != high);
    assert_int_equal(load(&m, high, 8), 2);
    assert_true(fast(m.f->hart.data, high)->read_tag != high);
    fixture_set(m.f, CSR_menvcfg, 0);
    assert_int_equal(load(&m, high, 8), 1);
    machine_free(&m);
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
        cmocka_unit_test(pmlen_supported_values),
        cmocka_unit_test(pm_ignore_va),
        cmocka_unit_test(pm_ignore_pa),
        cmocka_unit_test(pm_csr_hw_apply),
        cmocka_unit_test(pm_mxr_exception),
        cmocka_unit_test(pm_misaligned_equivalence),
        cmocka_unit_test(pm_config_next_higher),
        cmocka_unit_test(pm_changes_take_effect_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
