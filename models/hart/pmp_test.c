/* SPDX-License-Identifier: BSD-2-Clause */
/* Physical memory protection. */
#include "hart/pages.h"

/* One PMP entry over 0x80080000..: permissions and locks, in M and S. */
static const struct {
    uint8_t cfg;
    enum vd_mode mode;
    uint64_t causes[3];
} pmp_rows[] = {
    {PMP_NAPOT << 3 | PMP_R, VD_MODE_S, {0, 7, 1}},
    {PMP_NAPOT << 3 | PMP_R | PMP_W, VD_MODE_S, {0, 0, 1}},
    {PMP_NAPOT << 3 | PMP_X, VD_MODE_S, {5, 7, 0}},
    {PMP_NAPOT << 3, VD_MODE_S, {5, 7, 1}},
    {PMP_NAPOT << 3, VD_MODE_M, {0, 0, 0}},
    {PMP_NAPOT << 3 | PMP_L, VD_MODE_M, {5, 7, 1}},
    {PMP_NAPOT << 3 | PMP_L | PMP_R, VD_MODE_M, {0, 7, 1}},
    {PMP_NAPOT << 3 | PMP_W, VD_MODE_S, {5, 7, 1}}, /* reserved: as nothing */
};

static void pmp_permissions(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(pmp_rows) / sizeof(pmp_rows[0]); i++) {
        for (unsigned access = 0; access < 3; access++) {
            struct machine m = machine_new(0);
            fixture_set(m.f, CSR_pmpaddr0, DATA >> 2 | 0x1ff); /* 4 KiB */
            fixture_set(m.f, CSR_pmpcfg0, pmp_rows[i].cfg);
            fixture_mode(m.f, pmp_rows[i].mode);
            uint64_t cause = cause_of(&m, (enum mmu_access)access, DATA + 8, 0);
            if (cause != pmp_rows[i].causes[access])
                fail_msg("row %zu access %u: cause %lu", i, access, cause);
            bool elsewhere = cause_of(&m, MMU_LOAD, DATA + KIB4, 0) == 0;
            assert_int_equal(elsewhere, pmp_rows[i].mode == VD_MODE_M);
            machine_free(&m);
        }
    }
}

static void pmp_matches_TOR_NA4_and_in_order(void **state)
{
    (void)state;
    struct machine m = machine_new(0);
    struct fixture *f = m.f;
    fixture_set(f, CSR_pmpaddr0, (DATA + 0x10) >> 2);     /* base of the TOR */
    fixture_set(f, CSR_pmpaddr0 + 1, (DATA + 0x20) >> 2); /* its top */
    fixture_set(f, CSR_pmpaddr0 + 2, (DATA + 0x40) >> 2); /* NA4 */
    fixture_set(f, CSR_pmpaddr0 + 3, DATA >> 2 | 0x1ff);  /* the page around them */
    uint64_t r = PMP_R;
    fixture_set(f, CSR_pmpcfg0,
                (r | PMP_TOR << 3) << 8 | (uint64_t)(PMP_NA4 << 3) << 16 |
                    (uint64_t)(PMP_R | PMP_W | PMP_NAPOT << 3) << 24);
    fixture_mode(f, VD_MODE_S);
    assert_int_equal(cause_of(&m, MMU_STORE, DATA + 0x08, 0), 0);
    assert_int_equal(cause_of(&m, MMU_STORE, DATA + 0x10, 0), 7);
    assert_int_equal(cause_of(&m, MMU_LOAD, DATA + 0x18, 0), 0);
    assert_int_equal(cause_of(&m, MMU_LOAD, DATA + 0x0c, 0), 5); /* not all bytes match */
    assert_int_equal(cause_of(&m, MMU_LOAD, DATA + 0x40, 0), 5);
    assert_int_equal(cause_of(&m, MMU_LOAD, DATA + 0x48, 0), 0);
    /* A boundary inside the page: every access is checked. */
    assert_true(fast(f->hart.data, DATA)->read_tag == HART_TLB_NONE);
    assert_true(fast(f->hart.data, DATA)->write_tag == HART_TLB_NONE);
    machine_free(&m);
}

static void pmp_locks(void **state)
{
    (void)state;
    struct machine m = machine_new(0);
    struct fixture *f = m.f;
    fixture_set(f, CSR_pmpaddr0, 0x100);
    fixture_set(f, CSR_pmpaddr0 + 1, 0x200);
    fixture_set(f, CSR_pmpcfg0, (uint64_t)(PMP_L | PMP_TOR << 3) << 8);
    fixture_set(f, CSR_pmpcfg0, 0x1f1f);
    assert_int_equal(fixture_csr(f, CSR_pmpcfg0), (PMP_L | PMP_TOR << 3) << 8 | 0x1f);
    fixture_set(f, CSR_pmpaddr0, 1);
    fixture_set(f, CSR_pmpaddr0 + 1, 1);
    assert_int_equal(fixture_csr(f, CSR_pmpaddr0), 0x100);
    assert_int_equal(fixture_csr(f, CSR_pmpaddr0 + 1), 0x200);
    machine_free(&m);
}

static void pmp_guards_page_tables_and_takes_effect_at_once(void **state)
{
    (void)state;
    struct machine m = machine_new(0);
    map(&m, 8, 0x1000, 0, DATA, RWX_);
    fixture_set(m.f, CSR_satp, root(8, 1, TABLES));
    fixture_set(m.f, CSR_pmpaddr0 + 1, ~UINT64_C(0));
    fixture_set(m.f, CSR_pmpaddr0, TABLES >> 2 | 0x1ff);
    fixture_set(m.f, CSR_pmpcfg0, 0x1f18);
    fixture_mode(m.f, VD_MODE_S);
    assert_int_equal(cause_of(&m, MMU_STORE, 0x1000, 0), CAUSE_STORE_ACCESS_FAULT);
    fixture_set(m.f, CSR_pmpcfg0, 0x1f1f);
    load(&m, 0x1000, 8);
    fixture_set(m.f, CSR_pmpaddr0, DATA >> 2 | 0x1ff);
    fixture_set(m.f, CSR_pmpcfg0, 0x1f18);
    assert_int_equal(cause_of(&m, MMU_LOAD, 0x1000, 0), CAUSE_LOAD_ACCESS_FAULT);
    machine_free(&m);
}

static void without_pmp_entries_everything_is_allowed(void **state)
{
    (void)state;
    struct machine m = machine_new(0);
    m.f->hart.cfg.pmp_entries = 0;
    mmu_rebuild(&m.f->hart);
    fixture_mode(m.f, VD_MODE_U);
    load(&m, DATA, 8);
    m.f->hart.cfg.pmp_entries = 16;
    m.f->hart.st.csr.pmpcfg[0] = 0;
    mmu_rebuild(&m.f->hart);
    assert_int_equal(cause_of(&m, MMU_LOAD, DATA, 0), CAUSE_LOAD_ACCESS_FAULT);
    machine_free(&m);
}

/* --- Smepmp --- */

/* By LRWX: causes of load, store and fetch in M, and in S. */
static void mml_truth_table(void **state)
{
    (void)state;
    static const char *const rows[16][2] = {
        {"---", "---"}, {"---", "--x"}, {"rw-", "r--"}, {"rw-", "rw-"},
        {"---", "r--"}, {"---", "r-x"}, {"---", "rw-"}, {"---", "rwx"},
        {"---", "---"}, {"--x", "---"}, {"--x", "--x"}, {"r-x", "--x"},
        {"r--", "---"}, {"r-x", "---"}, {"rw-", "---"}, {"r--", "r--"},
    };
    static const uint64_t causes[] = {5, 7, 1};
    for (unsigned i = 0; i < 16; i++) {
        uint64_t cfg = PMP_NAPOT << 3 | (i & 8 ? PMP_L : 0) | (i & 4 ? PMP_R : 0) |
                       (i & 2 ? PMP_W : 0) | (i & 1 ? PMP_X : 0);
        for (unsigned n = 0; n < 6; n++) {
            struct machine m = machine_new(0);
            fixture_set(m.f, CSR_mseccfg, MSECCFG_RLB);
            fixture_set(m.f, CSR_mseccfg, MSECCFG_RLB | MSECCFG_MML);
            fixture_set(m.f, CSR_pmpaddr0, DATA >> 2 | 0x1ff);
            fixture_set(m.f, CSR_pmpcfg0, cfg);
            fixture_mode(m.f, n / 3 ? VD_MODE_S : VD_MODE_M);
            uint64_t expected = rows[i][n / 3][n % 3] == '-' ? causes[n % 3] : 0;
            uint64_t cause = cause_of(&m, (enum mmu_access)(n % 3), DATA + 8, 0);
            if (cause != expected)
                fail_msg("LRWX %u, access %u: cause %lu", i, n, cause);
            machine_free(&m);
        }
    }
}

static void mseccfg_mml_and_mmwp_are_sticky(void **state)
{
    (void)state;
    struct machine m = machine_new(0);
    fixture_set(m.f, CSR_mseccfg, ~UINT64_C(0));
    assert_int_equal(fixture_csr(m.f, CSR_mseccfg) & 7, 7);
    fixture_set(m.f, CSR_mseccfg, 0);
    assert_int_equal(fixture_csr(m.f, CSR_mseccfg), MSECCFG_MML | MSECCFG_MMWP);
    machine_free(&m);
}

static void mseccfg_rlb_op_warl(void **state)
{
    (void)state;
    struct machine m = machine_new(0);
    fixture_set(m.f, CSR_mseccfg, MSECCFG_RLB);
    fixture_set(m.f, CSR_pmpcfg0, PMP_L | PMP_R);
    fixture_set(m.f, CSR_pmpcfg0, PMP_L | PMP_R | PMP_W); /* a locked rule is modified */
    assert_int_equal(fixture_csr(m.f, CSR_pmpcfg0), PMP_L | PMP_R | PMP_W);
    fixture_set(m.f, CSR_pmpaddr0, 5);
    assert_int_equal(fixture_csr(m.f, CSR_pmpaddr0), 5);
    fixture_set(m.f, CSR_mseccfg, 0);
    fixture_set(m.f, CSR_mseccfg, MSECCFG_RLB); /* a rule is locked */
    assert_int_equal(fixture_csr(m.f, CSR_mseccfg), 0);
    fixture_set(m.f, CSR_pmpaddr0, 6);
    fixture_set(m.f, CSR_pmpcfg0, 0);
    assert_int_equal(fixture_csr(m.f, CSR_pmpaddr0), 5);
    assert_int_equal(fixture_csr(m.f, CSR_pmpcfg0), PMP_L | PMP_R | PMP_W);
    machine_free(&m);
}

static void mseccfg_mml_X_restrict(void **state)
{
    (void)state;
    struct machine m = machine_new(0);
    fixture_set(m.f, CSR_pmpcfg0, 0);
    fixture_set(m.f, CSR_mseccfg, MSECCFG_MML);
    static const uint8_t refused[] = {PMP_L | PMP_X, PMP_L | PMP_R | PMP_X, PMP_L | PMP_W,
                                      PMP_L | PMP_W | PMP_X};
    for (unsigned i = 0; i < 4; i++) {
        fixture_set(m.f, CSR_pmpcfg0, refused[i]);
        assert_int_equal(fixture_csr(m.f, CSR_pmpcfg0), 0);
    }
    fixture_set(m.f, CSR_pmpcfg0, PMP_W | PMP_X); /* shared data */
    assert_int_equal(fixture_csr(m.f, CSR_pmpcfg0), PMP_W | PMP_X);
    machine_free(&m);
}

static void mseccfg_mmwp_op_warl(void **state)
{
    (void)state;
    static const struct {
        uint64_t mseccfg, load, fetch;
    } rows[] = {{0, 0, 0}, {MSECCFG_RLB, 0, 0}, {MSECCFG_MML, 0, 1}, {MSECCFG_MMWP, 5, 1}};
    for (unsigned i = 0; i < 4; i++) {
        struct machine m = machine_new(0);
        fixture_set(m.f, CSR_pmpcfg0, 0);
        fixture_set(m.f, CSR_mseccfg, rows[i].mseccfg);
        assert_int_equal(cause_of(&m, MMU_LOAD, DATA, 0), rows[i].load);
        assert_int_equal(cause_of(&m, MMU_FETCH, DATA, 0), rows[i].fetch);
        machine_free(&m);
    }
}

/* A TOR entry whose addresses are equal or in the wrong order matches nothing. */
static void pmp_empty_regions(void **state)
{
    (void)state;
    for (uint64_t back = 0; back < 3; back++) {
        struct fixture *f = fixture_new(3, true);
        fixture_set(f, CSR_pmpaddr0, (DATA + 4) >> 2);
        fixture_set(f, CSR_pmpaddr0 + 1, ((DATA + 4) >> 2) - back);
        fixture_set(f, CSR_pmpaddr0 + 2, ~UINT64_C(0));
        fixture_set(f, CSR_pmpcfg0, PMP_TOR << 3 << 8 | (PMP_NAPOT << 3 | PMP_R) << 16);
        assert_true(pmp_allows(&f->hart, DATA, 8, PMP_R, PRV_S));
        assert_true(pmp_allows(&f->hart, DATA, 4, PMP_R, PRV_S));
        assert_true(pmp_allows(&f->hart, DATA + 4, 4, PMP_R, PRV_S));
        assert_false(pmp_allows(&f->hart, DATA, 8, PMP_W, PRV_S));
        fixture_free(f);
    }
}

/* Regions of every kind: their first and last byte. */
static const struct shape {
    uint64_t below, addr; /* pmpaddr0, of TOR the base, and pmpaddr1 */
    uint8_t matching;
    uint64_t first, last;
} shapes[] = {
    {(DATA + 0x10) >> 2, (DATA + 0x20) >> 2, PMP_TOR, DATA + 0x10, DATA + 0x1f},
    {(DATA + 0x10) >> 2, (DATA + 0x14) >> 2, PMP_TOR, DATA + 0x10, DATA + 0x13},
    {0, (DATA + 0x18) >> 2, PMP_NA4, DATA + 0x18, DATA + 0x1b},
    {0, (DATA + 0x10) >> 2 | 0, PMP_NAPOT, DATA + 0x10, DATA + 0x17},
    {0, (DATA + 0x20) >> 2 | 1, PMP_NAPOT, DATA + 0x20, DATA + 0x2f},
};

static bool allows(const struct fixture *f, uint64_t at, uint64_t size, uint8_t need, uint8_t priv)
{
    return pmp_allows(&f->hart, at, size, need, priv);
}

/* [priv norm:pmp_entry_priority]: an access matches with all of its bytes, or fails, or with none.
 */
static void pmp_every_byte(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
        const struct shape *shape = &shapes[i];
        struct machine m = machine_new(0);
        fixture_set(m.f, CSR_pmpaddr0, shape->below);
        fixture_set(m.f, CSR_pmpaddr0 + 1, shape->addr);
        fixture_set(m.f, CSR_pmpcfg0, (uint64_t)(PMP_L | PMP_R | shape->matching << 3) << 8);
        for (uint64_t at = DATA; at < DATA + 0x40; at++)
            for (uint64_t size = 1; size <= 16; size *= 2) {
                bool none = at + size <= shape->first || at > shape->last;
                bool all = at >= shape->first && at + size - 1 <= shape->last;
                assert_int_equal(allows(m.f, at, size, PMP_R, PRV_M), none || all);
                assert_int_equal(allows(m.f, at, size, PMP_W, PRV_M), none);
                assert_int_equal(allows(m.f, at, size, PMP_R | PMP_X, PRV_M), none);
                assert_int_equal(allows(m.f, at, size, PMP_R, PRV_S), all);
                assert_false(allows(m.f, at, size, PMP_R | PMP_W, PRV_U));
            }
        machine_free(&m);
    }
}

/* The permissions of a page, of which a region covers nothing, a part, all, or more. */
static void pmp_whole_pages(void **state)
{
    (void)state;
    static const struct {
        uint64_t first, end;
        bool whole;
    } rows[] = {
        {DATA, DATA + 0x1000, true},          {DATA, DATA + 0xffc, false},
        {DATA + 4, DATA + 0x1000, false},     {DATA - 4, DATA + 0x1004, true},
        {DATA + 0x1000, DATA + 0x2000, true}, {DATA - 0x1000, DATA, true},
        {DATA + 0xffc, DATA + 0x2000, false}, {DATA - 0x1000, DATA + 4, false},
        {DATA + 0x800, DATA + 0x804, false},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        for (uint64_t offset = 0; offset < 0x1000; offset += 0xfff) {
            struct machine m = machine_new(0);
            fixture_set(m.f, CSR_pmpaddr0, rows[i].first >> 2);
            fixture_set(m.f, CSR_pmpaddr0 + 1, rows[i].end >> 2);
            fixture_set(m.f, CSR_pmpcfg0, (uint64_t)(PMP_L | PMP_R | PMP_TOR << 3) << 8);
            assert_int_equal(pmp_one_verdict(&m.f->hart, DATA + offset), rows[i].whole);
            machine_free(&m);
        }
}

/* All entries decide, the lowest that matches first; the last is as good as the first. */
static void pmp_every_entry(void **state)
{
    (void)state;
    struct machine m = machine_new(0);
    uint32_t entries = m.f->hart.cfg.pmp_entries;
    fixture_set(m.f, CSR_pmpcfg0, 0);
    for (uint32_t i = entries; i-- > 0;) {
        uint32_t cfg = CSR_pmpcfg0 + i / 8 * 2;
        uint64_t at = DATA + 0x100 * i, rights = i % 2 ? PMP_R : PMP_R | PMP_X;
        fixture_set(m.f, CSR_pmpaddr0 + i, at >> 2 | 7); /* 64 bytes */
        fixture_set(m.f, cfg, fixture_csr(m.f, cfg) | (rights | PMP_NAPOT << 3) << (8 * (i % 8)));
        assert_true(allows(m.f, at + 0x38, 8, (uint8_t)rights, PRV_S));
        assert_false(allows(m.f, at + 0x38, 8, PMP_R | PMP_W, PRV_S));
        assert_false(allows(m.f, at + 0x40, 8, PMP_R, PRV_S));
    }
    for (uint32_t i = 0; i < entries; i++) {
        assert_true(allows(m.f, DATA + 0x100 * i, 8, PMP_R, PRV_U));
        assert_int_equal(allows(m.f, DATA + 0x100 * i, 8, PMP_X, PRV_U), i % 2 == 0);
    }
    fixture_set(m.f, CSR_pmpaddr0, DATA >> 2 | 0x1fff); /* above all others: 64 KiB */
    fixture_set(m.f, CSR_pmpcfg0, PMP_W | PMP_R | PMP_NAPOT << 3);
    for (uint32_t i = 0; i < entries; i++)
        assert_true(allows(m.f, DATA + 0x100 * i, 8, PMP_R | PMP_W, PRV_S));
    machine_free(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pmp_permissions),
        cmocka_unit_test(pmp_matches_TOR_NA4_and_in_order),
        cmocka_unit_test(pmp_every_byte),
        cmocka_unit_test(pmp_whole_pages),
        cmocka_unit_test(pmp_every_entry),
        cmocka_unit_test(pmp_locks),
        cmocka_unit_test(pmp_guards_page_tables_and_takes_effect_at_once),
        cmocka_unit_test(without_pmp_entries_everything_is_allowed),
        cmocka_unit_test(mml_truth_table),
        cmocka_unit_test(mseccfg_mml_and_mmwp_are_sticky),
        cmocka_unit_test(mseccfg_rlb_op_warl),
        cmocka_unit_test(mseccfg_mml_X_restrict),
        cmocka_unit_test(pmp_empty_regions),
        cmocka_unit_test(mseccfg_mmwp_op_warl),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
