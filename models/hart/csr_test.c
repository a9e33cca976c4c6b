/* SPDX-License-Identifier: BSD-2-Clause */
/* Which CSRs exist, who may access them, and what they hold. */
#include "hart/fixture.h"

/* Which bit of a gate register refuses a CSR, and how. */
static void counter_gates(void **state)
{
    (void)state;
    static const struct {
        uint32_t number;
        unsigned bit;
    } counters[] = {
        {CSR_cycle, 0}, {CSR_time, 1}, {CSR_instret, 2}, {CSR_hpmcounter3, 3}, {0xc1f, 31}};
    for (size_t i = 0; i < 5; i++) {
        struct fixture *f = open_fixture(3, true);
        uint64_t off = ~VD_BIT(counters[i].bit);
        uint32_t n = counters[i].number;
        fixture_set(f, CSR_scounteren, ~UINT64_C(0));
        assert_int_equal(fixture_try(f, VD_MODE_VU, n, false), CSR_OK);
        assert_int_equal(fixture_try(f, VD_MODE_U, n, false), CSR_OK);
        fixture_set(f, CSR_scounteren, off);
        assert_int_equal(fixture_try(f, VD_MODE_VU, n, false), CSR_VIRTUAL);
        assert_int_equal(fixture_try(f, VD_MODE_U, n, false), CSR_ILLEGAL);
        assert_int_equal(fixture_try(f, VD_MODE_VS, n, false), CSR_OK);
        fixture_set(f, CSR_hcounteren, off);
        assert_int_equal(fixture_try(f, VD_MODE_VS, n, false), CSR_VIRTUAL);
        assert_int_equal(fixture_try(f, VD_MODE_S, n, false), CSR_OK);
        fixture_set(f, CSR_mcounteren, off);
        assert_int_equal(fixture_try(f, VD_MODE_VS, n, false), CSR_ILLEGAL);
        assert_int_equal(fixture_try(f, VD_MODE_S, n, false), CSR_ILLEGAL);
        assert_int_equal(fixture_try(f, VD_MODE_M, n, false), CSR_OK);
        assert_int_equal(fixture_try(f, VD_MODE_M, n, true), CSR_ILLEGAL);
        fixture_free(f);
    }
}

static void stimecmp_gates(void **state)
{
    (void)state;
    struct fixture *f = open_fixture(3, true);
    assert_int_equal(fixture_try(f, VD_MODE_VS, CSR_stimecmp, true), CSR_OK);
    assert_int_equal(fixture_try(f, VD_MODE_VS, CSR_vstimecmp, true), CSR_VIRTUAL);
    fixture_set(f, CSR_hcounteren, ~COUNTEREN_TM);
    assert_int_equal(fixture_try(f, VD_MODE_VS, CSR_stimecmp, true), CSR_VIRTUAL);
    fixture_set(f, CSR_hcounteren, ~UINT64_C(0));
    fixture_set(f, CSR_henvcfg, 0);
    assert_int_equal(fixture_try(f, VD_MODE_VS, CSR_stimecmp, false), CSR_VIRTUAL);
    fixture_set(f, CSR_hvictl, HVICTL_VTI);
    fixture_set(f, CSR_mcounteren, ~COUNTEREN_TM);
    assert_int_equal(fixture_try(f, VD_MODE_VS, CSR_stimecmp, true), CSR_ILLEGAL);
    assert_int_equal(fixture_try(f, VD_MODE_S, CSR_stimecmp, false), CSR_ILLEGAL);
    assert_int_equal(fixture_try(f, VD_MODE_S, CSR_vstimecmp, false), CSR_ILLEGAL);
    assert_int_equal(fixture_try(f, VD_MODE_M, CSR_stimecmp, true), CSR_OK);
    fixture_set(f, CSR_mcounteren, ~UINT64_C(0));
    fixture_set(f, CSR_menvcfg, ~ENVCFG_STCE);
    assert_int_equal(fixture_try(f, VD_MODE_S, CSR_stimecmp, false), CSR_ILLEGAL);
    assert_int_equal(fixture_try(f, VD_MODE_M, CSR_stimecmp, false), CSR_OK);
    fixture_free(f);
}

static void tvm_and_vtvm(void **state)
{
    (void)state;
    struct fixture *f = open_fixture(3, true);
    fixture_set(f, CSR_mstatus, MSTATUS_TVM);
    assert_int_equal(fixture_try(f, VD_MODE_S, CSR_satp, false), CSR_ILLEGAL);
    assert_int_equal(fixture_try(f, VD_MODE_S, CSR_hgatp, false), CSR_ILLEGAL);
    assert_int_equal(fixture_try(f, VD_MODE_S, CSR_vsatp, false), CSR_OK);
    assert_int_equal(fixture_try(f, VD_MODE_VS, CSR_satp, false), CSR_OK);
    assert_int_equal(fixture_try(f, VD_MODE_VS, CSR_hgatp, false), CSR_VIRTUAL);
    assert_int_equal(fixture_try(f, VD_MODE_M, CSR_satp, false), CSR_OK);
    fixture_set(f, CSR_hstatus, HSTATUS_VTVM);
    assert_int_equal(fixture_try(f, VD_MODE_VS, CSR_satp, false), CSR_VIRTUAL);
    fixture_free(f);
}

static void fp_csrs_need_both_fs(void **state)
{
    (void)state;
    struct fixture *f = open_fixture(3, true);
    assert_int_equal(fixture_try(f, VD_MODE_M, CSR_fcsr, false), CSR_ILLEGAL);
    fixture_set(f, CSR_mstatus, VD_BIT(13));
    assert_int_equal(fixture_try(f, VD_MODE_U, CSR_fcsr, false), CSR_OK);
    assert_int_equal(fixture_try(f, VD_MODE_VU, CSR_fcsr, false), CSR_ILLEGAL);
    fixture_set(f, CSR_vsstatus, VD_BIT(13));
    assert_int_equal(fixture_try(f, VD_MODE_VS, CSR_frm, false), CSR_OK);
    assert_int_equal(fixture_csr(f, CSR_vsstatus) >> 63, 0);
    fixture_mode(f, VD_MODE_VS);
    fixture_rmw(f, CSR_fcsr, CSR_RW, 0xff);
    assert_int_equal(fixture_csr(f, CSR_fcsr), 0xff);
    assert_int_equal(fixture_csr(f, CSR_frm), 7);
    assert_int_equal(fixture_csr(f, CSR_fflags), 0x1f);
    assert_int_equal(fixture_csr(f, CSR_vsstatus) >> 63, 1);
    assert_int_equal(fixture_csr(f, CSR_mstatus) >> 63, 1);
    fixture_free(f);
}

/* What ones and zeros leave behind. */
static const struct {
    uint32_t number;
    uint64_t ones, zeros;
} warl[] = {
    {CSR_mstatus, UINT64_C(0x800002ca00fe79aa), UINT64_C(0xa00000000)},
    {CSR_sstatus, UINT64_C(0x80000002008c6122), UINT64_C(0x200000000)},
    {CSR_vsstatus, UINT64_C(0x80000002008c6122), UINT64_C(0x200000000)},
    {CSR_hstatus, UINT64_C(0x300020073f3c0), UINT64_C(0x200000000)},
    {CSR_medeleg, 0xf4b7ff, 0},
    {CSR_hedeleg, 0x4b1ff, 0},
    {CSR_mideleg, 0x3666, 0x1444},
    {CSR_mie, 0x3eee, 0},
    {CSR_mvien, UINT64_C(0xffffffffffffe202), 0},
    {CSR_hvien, UINT64_C(0xffffffffffffe000), 0},
    {CSR_hvip, UINT64_C(0xffffffffffffe444), 0},
    {CSR_hgeie, 0xe, 0},
    {CSR_hvictl, 0x4fff03ff, 0},
    {CSR_hviprio1, UINT64_C(0xffffff00ff00ff00), 0},
    {0x647, ~UINT64_C(0), 0},
    {CSR_mtvec, ~UINT64_C(2), 0},
    {CSR_stvec, ~UINT64_C(2), 0},
    {CSR_vstvec, ~UINT64_C(2), 0},
    {CSR_mepc, ~UINT64_C(1), 0},
    {CSR_sepc, ~UINT64_C(1), 0},
    {CSR_vsepc, ~UINT64_C(1), 0},
    {CSR_mcause, UINT64_C(0x8000000000000fff), 0},
    {CSR_menvcfg, UINT64_C(0xe0000003000000fd), 0},
    {CSR_senvcfg, UINT64_C(0x3000000f5), 0},
    {CSR_henvcfg, UINT64_C(0x3000000f5), 0},
    {CSR_mcounteren, 0xffffffff, 0},
    {CSR_mcountinhibit, 0xfffffffd, 0},
    {CSR_mcyclecfg, UINT64_C(0x7c00000000000000), 0},
    {CSR_minstretcfg, UINT64_C(0x7c00000000000000), 0},
    {CSR_mstateen0, UINT64_C(0xde00000000000000), 0},
    {0x30d, VD_BIT(63), 0},
    {CSR_sstateen0, 0, 0},
    {CSR_miselect, 0xfff, 0},
    {CSR_mtval2, ~UINT64_C(0), 0},
    {CSR_htinst, ~UINT64_C(0), 0},
    {CSR_pmpaddr0, UINT64_C(0x3fffffffffffff), 0},
    {CSR_mhpmcounter3, ~UINT64_C(0), 0},
    {0xb1f, ~UINT64_C(0), 0},
    {CSR_mhpmevent3, UINT64_C(0xfc00000000000000), 0},
};

static void WARL(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(warl) / sizeof(warl[0]); i++) {
        struct fixture *f = fixture_new(3, true);
        fixture_set(f, warl[i].number, ~UINT64_C(0));
        uint64_t ones = fixture_csr(f, warl[i].number);
        fixture_set(f, warl[i].number, 0);
        uint64_t zeros = fixture_csr(f, warl[i].number);
        if (ones != warl[i].ones || zeros != warl[i].zeros)
            fail_msg("CSR %03x: ones %lx, zeros %lx", warl[i].number, ones, zeros);
        fixture_free(f);
    }
}

static void mstatus_mpp_keeps_its_value_for_the_reserved_mode(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(3, true);
    fixture_set(f, CSR_mstatus, VD_BIT(11));
    fixture_set(f, CSR_mstatus, VD_BIT(12));
    assert_int_equal(fixture_csr(f, CSR_mstatus) & MSTATUS_MPP, VD_BIT(11));
    fixture_free(f);
}

static void satp_ignores_unsupported_modes(void **state)
{
    (void)state;
    static const uint32_t roots[] = {CSR_satp, CSR_vsatp};
    for (unsigned i = 0; i < 2; i++) {
        struct fixture *f = fixture_new(3, true);
        f->hart.cfg.satp_mode = 9;
        fixture_set(f, roots[i], UINT64_C(8) << 60 | UINT64_C(0xffff) << 44 | 0x123);
        assert_true(fixture_csr(f, roots[i]) ==
                    (UINT64_C(8) << 60 | UINT64_C(0xffff) << 44 | 0x123));
        fixture_set(f, roots[i], UINT64_C(10) << 60 | 5);
        fixture_set(f, roots[i], UINT64_C(1) << 60 | 5);
        assert_true(fixture_csr(f, roots[i]) ==
                    (UINT64_C(8) << 60 | UINT64_C(0xffff) << 44 | 0x123));
        fixture_set(f, roots[i], UINT64_C(9) << 60 | 5);
        assert_true(fixture_csr(f, roots[i]) == (UINT64_C(9) << 60 | 5));
        fixture_free(f);
    }
}

static void hgatp_keeps_its_mode_for_unsupported_ones(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(3, true);
    f->hart.cfg.satp_mode = 8;
    fixture_set(f, CSR_hgatp, UINT64_C(8) << 60 | UINT64_C(0xffff) << 44 | 7);
    assert_true(fixture_csr(f, CSR_hgatp) == (UINT64_C(8) << 60 | UINT64_C(0x3fff) << 44 | 4));
    fixture_set(f, CSR_hgatp, UINT64_C(9) << 60 | 8);
    assert_true(fixture_csr(f, CSR_hgatp) == (UINT64_C(8) << 60 | 8));
    fixture_free(f);
}

static void extensions_take_their_CSRs_along(void **state)
{
    (void)state;
    static const struct {
        enum hart_extension extension;
        uint32_t number;
    } rows[] = {
        {HART_EXT_F, CSR_fcsr},
        {HART_EXT_Zicfiss, CSR_ssp},
        {HART_EXT_S, CSR_satp},
        {HART_EXT_S, CSR_medeleg},
        {HART_EXT_H, CSR_hstatus},
        {HART_EXT_H, CSR_vsatp},
        {HART_EXT_H, CSR_mtval2},
        {HART_EXT_Zicntr, CSR_time},
        {HART_EXT_Zihpm, CSR_mhpmcounter3},
        {HART_EXT_Sscofpmf, CSR_scountovf},
        {HART_EXT_Smcntrpmf, CSR_mcyclecfg},
        {HART_EXT_Sstc, CSR_stimecmp},
        {HART_EXT_Sstc, CSR_vstimecmp},
        {HART_EXT_Smstateen, CSR_mstateen0},
        {HART_EXT_Smstateen, CSR_sstateen0},
        {HART_EXT_Smaia, CSR_mtopi},
        {HART_EXT_Smaia, CSR_mvien},
        {HART_EXT_Ssaia, CSR_stopi},
        {HART_EXT_Ssaia, CSR_hvictl},
        {HART_EXT_Ssaia, CSR_vstopei},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct fixture *f = fixture_without(VD_BIT(rows[i].extension));
        if (fixture_try(f, VD_MODE_M, rows[i].number, false) != CSR_ILLEGAL)
            fail_msg("CSR %03x is there without its extension", rows[i].number);
        fixture_free(f);
    }
    struct fixture *f = fixture_without(VD_BIT(HART_EXT_Smcsrind));
    assert_int_equal(fixture_try(f, VD_MODE_M, CSR_miselect, false), CSR_OK);
    fixture_free(f);
    f = fixture_without(VD_BIT(HART_EXT_H));
    assert_int_equal(fixture_csr(f, CSR_mideleg), 0);
    fixture_set(f, CSR_mie, ~UINT64_C(0));
    assert_int_equal(fixture_csr(f, CSR_mie), 0x2aaa);
    fixture_set(f, CSR_medeleg, ~UINT64_C(0));
    assert_int_equal(fixture_csr(f, CSR_medeleg), 0x4b3ff);
    fixture_set(f, CSR_mideleg, ~UINT64_C(0));
    assert_int_equal(fixture_csr(f, CSR_mideleg), 0x2222);
    fixture_free(f);
}

/* Sscsrind alone: the registers are there, but no select is. */
static void indirect_registers_without_AIA(void **state)
{
    (void)state;
    static const uint32_t numbers[] = {CSR_mireg, CSR_sireg, CSR_vsireg, 0x352, CSR_sireg2};
    struct fixture *f = fixture_without(VD_BIT(HART_EXT_Smaia) | VD_BIT(HART_EXT_Ssaia));
    fixture_set(f, CSR_mstateen0, ~UINT64_C(0));
    fixture_set(f, CSR_hstateen0, ~UINT64_C(0));
    fixture_set(f, CSR_hstatus, UINT64_C(1) << HSTATUS_VGEIN_LSB);
    for (uint32_t select = 0; select < 0x100; select += 0x10) {
        fixture_set(f, CSR_miselect, select);
        fixture_set(f, CSR_siselect, select);
        fixture_set(f, CSR_vsiselect, select);
        for (unsigned i = 0; i < 5; i++)
            assert_int_equal(fixture_try(f, VD_MODE_M, numbers[i], false), CSR_ILLEGAL);
        assert_int_equal(fixture_try(f, VD_MODE_VS, CSR_sireg, false), CSR_ILLEGAL);
    }
    /* Smcsrind's registers are there, so the hypervisor can keep its guest from them. */
    fixture_set(f, CSR_hstateen0, ~STATEEN_CSRIND);
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(fixture_try(f, VD_MODE_VS, CSR_siselect + i, false), CSR_VIRTUAL);
        assert_int_equal(fixture_try(f, VD_MODE_VS, CSR_vsiselect + i, false), CSR_VIRTUAL);
        assert_int_equal(fixture_try(f, VD_MODE_VS, CSR_sireg2 + i, false), CSR_VIRTUAL);
    }
    fixture_free(f);
}

/* M and U, or M alone: nothing is delegated, nothing pends below. */
static void a_hart_without_supervisors(void **state)
{
    (void)state;
    struct fixture *f = fixture_without(VD_BIT(HART_EXT_S) | VD_BIT(HART_EXT_H));
    fixture_set(f, CSR_mie, ~UINT64_C(0));
    assert_int_equal(fixture_csr(f, CSR_mie), 0x2888); /* LCOFI has a source of its own */
    wire(f, VD_LINE_SEIP, true);
    wire(f, VD_LINE_MTIP, true);
    assert_int_equal(fixture_csr(f, CSR_mtopi) >> 16, INT_MTI);
    assert_int_equal(interrupt_stopi(&f->hart), 0);
    assert_int_equal(interrupt_vstopi(&f->hart), 0);
    assert_true(trap_wfi(&f->hart, 0x10500073));
    assert_false(f->hart.st.asleep);
    assert_int_equal(fixture_csr(f, CSR_mstatus) & (MSTATUS_UXL | MSTATUS_SXL), 0);
    fixture_free(f);
}

static void misa_tells_the_extensions(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(3, true);
    assert_true(fixture_csr(f, CSR_misa) == UINT64_C(0x80000000001411af));
    fixture_set(f, CSR_misa, 0);
    assert_true(fixture_csr(f, CSR_misa) == UINT64_C(0x80000000001411af));
    assert_int_equal(fixture_csr(f, CSR_mhartid), 5);
    fixture_free(f);
}

static void counters_count_and_can_be_written(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(3, true);
    struct hart *h = &f->hart;
    h->st.cycles = 1000;
    h->st.instret = 500;
    assert_int_equal(fixture_csr(f, CSR_mcycle), 1000);
    fixture_set(f, CSR_minstret, 7);
    h->st.instret++; /* the instruction that wrote */
    assert_int_equal(fixture_csr(f, CSR_instret), 7);
    fixture_set(f, CSR_mcountinhibit, 5);
    h->st.cycles += 50;
    h->st.instret += 50;
    assert_int_equal(fixture_csr(f, CSR_mcycle), 1000);
    assert_int_equal(fixture_csr(f, CSR_minstret), 7);
    fixture_set(f, CSR_mcycle, 3);
    fixture_set(f, CSR_mcountinhibit, 0);
    h->st.cycles += 4;
    assert_int_equal(fixture_csr(f, CSR_cycle), 7);
    fixture_free(f);
}

static void time_adds_htimedelta_for_guests(void **state)
{
    (void)state;
    struct fixture *f = open_fixture(3, true);
    bench_run(&f->bench, 100 * HART_MTIME_PS);
    uint64_t time = fixture_csr(f, CSR_time);
    fixture_set(f, CSR_htimedelta, UINT64_C(0) - 30);
    fixture_mode(f, VD_MODE_VS);
    uint64_t seen = 0;
    csr_execute(&f->hart, CSR_time, CSR_RS, 0, true, false, &seen);
    assert_int_equal(seen, time - 30);
    fixture_free(f);
}

static void SE_1_hstateen_follows_mstateen(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(3, true);
    assert_int_equal(fixture_csr(f, CSR_mstateen0), 0);
    fixture_set(f, CSR_hstateen0, ~UINT64_C(0));
    fixture_set(f, CSR_mstateen0, STATEEN_AIA);
    assert_int_equal(fixture_csr(f, CSR_hstateen0), 0);
    fixture_set(f, CSR_hstateen0, ~UINT64_C(0));
    assert_true(fixture_csr(f, CSR_hstateen0) == STATEEN_AIA);
    fixture_set(f, CSR_mstateen0, 0);
    assert_int_equal(fixture_csr(f, CSR_hstateen0), 0);
    fixture_free(f);
    f = fixture_new(0, false);
    fixture_set(f, CSR_mstateen0, ~UINT64_C(0));
    assert_int_equal(fixture_csr(f, CSR_mstateen0) & STATEEN_IMSIC, 0);
    fixture_free(f);
}

static void CSR_3_select_widths(void **state)
{
    (void)state;
    struct fixture *f = fixture_without(VD_BIT(HART_EXT_Smcsrind));
    fixture_set(f, CSR_miselect, ~UINT64_C(0));
    fixture_set(f, CSR_siselect, ~UINT64_C(0));
    fixture_set(f, CSR_vsiselect, ~UINT64_C(0));
    assert_int_equal(fixture_csr(f, CSR_miselect), 0xff);
    assert_int_equal(fixture_csr(f, CSR_siselect), 0x1ff);
    assert_int_equal(fixture_csr(f, CSR_vsiselect), 0x1ff);
    fixture_free(f);
}

static void pmp_CSRs_exist_as_configured(void **state)
{
    (void)state;
    static const struct {
        uint32_t entries, last_cfg;
    } rows[] = {{0, 0}, {16, 0x3a2}, {64, 0x3ae}};
    for (unsigned i = 0; i < 3; i++) {
        struct fixture *f = fixture_new(3, true);
        f->hart.cfg.pmp_entries = rows[i].entries;
        for (uint32_t n = 0; n < 16; n++) {
            bool there = rows[i].entries && n % 2 == 0 && 0x3a0 + n <= rows[i].last_cfg;
            assert_int_equal(fixture_try(f, VD_MODE_M, 0x3a0 + n, false),
                             there ? CSR_OK : CSR_ILLEGAL);
        }
        for (uint32_t n = 0; n < 64; n++)
            assert_int_equal(fixture_try(f, VD_MODE_M, 0x3b0 + n, false),
                             n < rows[i].entries ? CSR_OK : CSR_ILLEGAL);
        fixture_free(f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counter_gates),
        cmocka_unit_test(stimecmp_gates),
        cmocka_unit_test(tvm_and_vtvm),
        cmocka_unit_test(fp_csrs_need_both_fs),
        cmocka_unit_test(WARL),
        cmocka_unit_test(mstatus_mpp_keeps_its_value_for_the_reserved_mode),
        cmocka_unit_test(satp_ignores_unsupported_modes),
        cmocka_unit_test(hgatp_keeps_its_mode_for_unsupported_ones),
        cmocka_unit_test(extensions_take_their_CSRs_along),
        cmocka_unit_test(indirect_registers_without_AIA),
        cmocka_unit_test(a_hart_without_supervisors),
        cmocka_unit_test(misa_tells_the_extensions),
        cmocka_unit_test(counters_count_and_can_be_written),
        cmocka_unit_test(time_adds_htimedelta_for_guests),
        cmocka_unit_test(SE_1_hstateen_follows_mstateen),
        cmocka_unit_test(CSR_3_select_widths),
        cmocka_unit_test(pmp_CSRs_exist_as_configured),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
