/* SPDX-License-Identifier: BSD-2-Clause */
/* Pointer masking: Ssnpm, Smnpm, Smmpm. */
#include "hart/pages.h"

static struct machine single(uint64_t menvcfg)
{
    struct machine m = machine_new(0);
    fixture_set(m.f, CSR_menvcfg, menvcfg);
    fixture_set(m.f, CSR_satp, root(8, 1, TABLES));
    fixture_mode(m.f, VD_MODE_S);
    return m;
}

enum { PMM_7 = 2, PMM_16 = 3 };
#define PMM(n) ((uint64_t)(n) << ENVCFG_PMM_LSB)

static void pmlen_supported_values(void **state)
{
    (void)state;
    static const uint32_t numbers[] = {CSR_menvcfg, CSR_henvcfg, CSR_senvcfg, CSR_mseccfg};
    for (unsigned i = 0; i < 4; i++) {
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
    f = fixture_without(VD_BIT(HART_EXT_Ssnpm) | VD_BIT(HART_EXT_Smnpm) | VD_BIT(HART_EXT_Smmpm));
    for (unsigned i = 0; i < 4; i++) {
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
    fixture_mode(m.f, VD_MODE_M);
    assert_int_equal(cause_of(&m, MMU_LOAD, DATA | UINT64_C(0xfe) << 56, 0), 5);
    fixture_set(m.f, CSR_mseccfg, PMM(PMM_16));
    assert_int_equal(load(&m, DATA | UINT64_C(0x81fe) << 48, 8), 42);
    assert_int_equal(load(&m, DATA, 8), 42);
    assert_int_equal(cause_of(&m, MMU_FETCH, DATA | UINT64_C(0xfe) << 56, 0), 1);
    fixture_set(m.f, CSR_mstatus, MSTATUS_MXR); /* is not for M-mode */
    assert_int_equal(load(&m, DATA | UINT64_C(0xfe) << 56, 8), 42);
    fixture_set(m.f, CSR_mseccfg, PMM(PMM_7));
    assert_int_equal(cause_of(&m, MMU_LOAD, DATA | UINT64_C(0x1fe) << 48, 0), 5);
    fixture_set(m.f, CSR_mseccfg, 0);
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
    enum { IN_MENVCFG = 1, IN_HENVCFG = 2, IN_SENVCFG = 4, IN_HUPMM = 8, IN_MSECCFG = 16 };
    static const struct {
        enum vd_mode mode;
        uint64_t mstatus, hstatus;
        unsigned flags, decides;
    } rows[] = {
        {VD_MODE_S, 0, 0, 0, IN_MENVCFG},
        {VD_MODE_U, 0, 0, 0, IN_SENVCFG},
        {VD_MODE_VS, 0, 0, 0, IN_HENVCFG},
        {VD_MODE_VU, 0, 0, 0, IN_SENVCFG},
        {VD_MODE_M, 0, 0, 0, IN_MSECCFG},
        {VD_MODE_M, MSTATUS_MPRV | MSTATUS_MPP, 0, 0, IN_MSECCFG},
        {VD_MODE_M, MSTATUS_MPRV | UINT64_C(1) << 11, 0, 0, IN_MENVCFG},
        {VD_MODE_M, MSTATUS_MPRV, 0, 0, IN_SENVCFG},
        {VD_MODE_M, MSTATUS_MPRV | MSTATUS_MPV | UINT64_C(1) << 11, 0, 0, IN_HENVCFG},
        {VD_MODE_S, 0, HSTATUS_SPVP, MMU_GUEST, IN_HENVCFG},
        {VD_MODE_S, 0, 0, MMU_GUEST, IN_SENVCFG},
        {VD_MODE_M, 0, 0, MMU_GUEST, IN_SENVCFG},
        {VD_MODE_U, 0, 0, MMU_GUEST, IN_HUPMM},
        {VD_MODE_U, 0, HSTATUS_SPVP, MMU_GUEST, IN_HENVCFG},
        {VD_MODE_S, 0, HSTATUS_SPVP, MMU_GUEST | MMU_HLVX, 0}, /* stands for a fetch */
        {VD_MODE_S, 0, 0, MMU_GUEST | MMU_HLVX, 0},
        {VD_MODE_U, 0, 0, MMU_GUEST | MMU_HLVX, 0},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        for (unsigned set = 1; set < 32; set <<= 1) {
            struct machine m = machine_new(0);
            uint64_t hupmm = set & IN_HUPMM ? (uint64_t)PMM_16 << HSTATUS_HUPMM_LSB : 0;
            fixture_set(m.f, CSR_menvcfg, set & IN_MENVCFG ? PMM(PMM_16) : 0);
            fixture_set(m.f, CSR_henvcfg, set & IN_HENVCFG ? PMM(PMM_16) : 0);
            fixture_set(m.f, CSR_senvcfg, set & IN_SENVCFG ? PMM(PMM_16) : 0);
            fixture_set(m.f, CSR_mseccfg, set & IN_MSECCFG ? PMM(PMM_16) : 0);
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
        cmocka_unit_test(pmlen_supported_values), cmocka_unit_test(pm_ignore_va),
        cmocka_unit_test(pm_ignore_pa),           cmocka_unit_test(pm_csr_hw_apply),
        cmocka_unit_test(pm_mxr_exception),       cmocka_unit_test(pm_misaligned_equivalence),
        cmocka_unit_test(pm_config_next_higher),  cmocka_unit_test(pm_changes_take_effect_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
