/* SPDX-License-Identifier: BSD-2-Clause */
/* Smaia and Ssaia: filtering, injection, guest files, WFI, timers. */
#include "hart/fixture.h"

static void MV_1_sip_and_sie_by_mideleg_and_mvien(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(3, true);
    fixture_set(f, CSR_mip, VD_BIT(1));
    fixture_set(f, CSR_mie, VD_BIT(1));
    assert_int_equal(fixture_csr(f, CSR_sip), 0);
    assert_int_equal(fixture_csr(f, CSR_sie), 0);
    fixture_set(f, CSR_sie, ~UINT64_C(0));
    fixture_set(f, CSR_sip, ~UINT64_C(0));
    assert_int_equal(fixture_csr(f, CSR_sip) | fixture_csr(f, CSR_sie), 0);
    fixture_set(f, CSR_mideleg, VD_BIT(1));
    assert_int_equal(fixture_csr(f, CSR_sip), 2);
    assert_int_equal(fixture_csr(f, CSR_sie), 2);
    fixture_set(f, CSR_sip, 0);
    fixture_set(f, CSR_sie, 0);
    assert_int_equal((fixture_csr(f, CSR_mip) | fixture_csr(f, CSR_mie)) & 2, 0);
    fixture_set(f, CSR_mideleg, 0);
    fixture_set(f, CSR_mvien, VD_BIT(20) | VD_BIT(1));
    fixture_set(f, CSR_mvip, VD_BIT(20) | VD_BIT(21));
    assert_int_equal(fixture_csr(f, CSR_sip), VD_BIT(20));
    fixture_set(f, CSR_sie, ~UINT64_C(0));
    assert_int_equal(fixture_csr(f, CSR_sie), VD_BIT(20) | VD_BIT(1));
    assert_int_equal(fixture_csr(f, CSR_mie) & 2, 0);
    fixture_set(f, CSR_sip, VD_BIT(1)); /* clears 20, sets 1: both live in mvip */
    assert_int_equal(fixture_csr(f, CSR_mvip), VD_BIT(21) | VD_BIT(1));
    assert_int_equal(fixture_csr(f, CSR_mip) & 2, 0);
    fixture_free(f);
}

static void MV_3_mvip_SSIP_becomes_separate(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(3, true);
    fixture_set(f, CSR_mvip, VD_BIT(1));
    assert_int_equal(fixture_csr(f, CSR_mip) & 2, 2);
    fixture_set(f, CSR_mvien, VD_BIT(1));
    assert_int_equal(fixture_csr(f, CSR_mvip) & 2, 2);
    fixture_set(f, CSR_mvip, 0);
    assert_int_equal(fixture_csr(f, CSR_mip) & 2, 2);
    assert_int_equal(fixture_csr(f, CSR_mvip) & 2, 0);
    fixture_free(f);
}

static void MV_4_mvip_STIP_is_an_alias_unless_STCE(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(3, true);
    fixture_set(f, CSR_mvip, VD_BIT(5));
    assert_int_equal(fixture_csr(f, CSR_mip) & VD_BIT(5), VD_BIT(5));
    fixture_set(f, CSR_stimecmp, ~UINT64_C(0));
    fixture_set(f, CSR_menvcfg, ENVCFG_STCE);
    assert_int_equal(fixture_csr(f, CSR_mip) & VD_BIT(5), 0);
    assert_int_equal(fixture_csr(f, CSR_mvip) & VD_BIT(5), 0);
    fixture_set(f, CSR_mip, VD_BIT(5));
    fixture_set(f, CSR_mvip, VD_BIT(5));
    assert_int_equal(fixture_csr(f, CSR_mip) & VD_BIT(5), 0);
    fixture_free(f);
}

static void MV_5_one_software_SEIP(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(3, true);
    uint64_t seip = VD_BIT(9);
    wire(f, VD_LINE_SEIP, true);
    /* The controller's signal is read, but does not become software's bit. */
    assert_int_equal(fixture_rmw(f, CSR_mip, CSR_RS, VD_BIT(1)) & seip, seip);
    wire(f, VD_LINE_SEIP, false);
    assert_int_equal(fixture_csr(f, CSR_mip) & seip, 0);
    fixture_rmw(f, CSR_mip, CSR_RS, seip);
    assert_int_equal(fixture_csr(f, CSR_mvip) & seip, seip);
    assert_int_equal(fixture_csr(f, CSR_mip) & seip, seip);
    fixture_set(f, CSR_mvien, seip);
    assert_int_equal(fixture_csr(f, CSR_mip) & seip, 0);
    assert_int_equal(fixture_csr(f, CSR_mvip) & seip, seip);
    fixture_rmw(f, CSR_mip, CSR_RC, seip);
    assert_int_equal(fixture_csr(f, CSR_mvip) & seip, seip);
    fixture_set(f, CSR_mvien, 0);
    assert_int_equal(fixture_csr(f, CSR_mip) & seip, seip);
    fixture_rmw(f, CSR_mip, CSR_RC, seip);
    assert_int_equal(fixture_csr(f, CSR_mvip) & seip, 0);
    fixture_free(f);
}

static void MV_7_sip_SEIP_shows_mvip_and_is_read_only(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(3, true);
    uint64_t seip = VD_BIT(9);
    fixture_set(f, CSR_mvien, seip);
    fixture_set(f, CSR_mvip, seip);
    fixture_set(f, CSR_sie, seip);
    assert_int_equal(fixture_csr(f, CSR_sip), seip);
    assert_int_equal(fixture_csr(f, CSR_stopi) >> 16, 9);
    fixture_set(f, CSR_sip, 0);
    assert_int_equal(fixture_csr(f, CSR_sip), seip);
    fixture_free(f);
}

static void MV_8_hideleg_needs_mideleg_or_mvien(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(3, true);
    fixture_set(f, CSR_hideleg, ~UINT64_C(0));
    assert_int_equal(fixture_csr(f, CSR_hideleg), 0x444);
    fixture_set(f, CSR_mvien, VD_BIT(13) | VD_BIT(9));
    fixture_set(f, CSR_hideleg, ~UINT64_C(0));
    assert_int_equal(fixture_csr(f, CSR_hideleg), 0x444 | VD_BIT(13));
    fixture_set(f, CSR_mvien, 0);
    assert_int_equal(fixture_csr(f, CSR_hideleg), 0x444);
    fixture_free(f);
}

static void MV_9_sie_goes_on_with_mie(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(3, true);
    fixture_set(f, CSR_mie, VD_BIT(9));
    fixture_set(f, CSR_mvien, VD_BIT(9));
    assert_int_equal(fixture_csr(f, CSR_sie), VD_BIT(9));
    fixture_set(f, CSR_mie, 0);
    assert_int_equal(fixture_csr(f, CSR_sie), VD_BIT(9));
    fixture_free(f);
}

static void HV_1_vsip_and_vsie(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(3, true);
    fixture_set(f, CSR_hvip, VD_BIT(13) | 0x444);
    fixture_set(f, CSR_vsie, ~UINT64_C(0));
    assert_int_equal(fixture_csr(f, CSR_vsip) | fixture_csr(f, CSR_vsie), 0);
    fixture_set(f, CSR_hideleg, 0x444);
    fixture_set(f, CSR_hvien, VD_BIT(13));
    assert_int_equal(fixture_csr(f, CSR_vsip), VD_BIT(13) | 0x222);
    fixture_set(f, CSR_vsie, VD_BIT(13) | VD_BIT(14) | 0x222);
    assert_int_equal(fixture_csr(f, CSR_vsie), VD_BIT(13) | 0x222);
    assert_int_equal(fixture_csr(f, CSR_hie), 0x444);
    /* HV_2: nothing of it shows in hip and hie. */
    assert_int_equal(fixture_csr(f, CSR_hip), 0x444);
    fixture_set(f, CSR_vsip, 0);
    assert_int_equal(fixture_csr(f, CSR_vsip), 0x220);
    assert_int_equal(fixture_csr(f, CSR_hvip), 0x440);
    fixture_set(f, CSR_vsip, 2);
    assert_int_equal(fixture_csr(f, CSR_hvip), 0x444);
    /* Delegated: aliases of sip and sie. */
    fixture_set(f, CSR_mvien, VD_BIT(13));
    fixture_set(f, CSR_hideleg, 0x444 | VD_BIT(13));
    fixture_set(f, CSR_mvip, VD_BIT(13));
    fixture_set(f, CSR_vsie, VD_BIT(13));
    assert_int_equal(fixture_csr(f, CSR_vsip) & VD_BIT(13), VD_BIT(13));
    assert_int_equal(fixture_csr(f, CSR_sie), VD_BIT(13));
    fixture_set(f, CSR_vsip, 0);
    assert_int_equal(fixture_csr(f, CSR_mvip) & VD_BIT(13), 0);
    fixture_free(f);
}

static void TOPEI_claims(void **state)
{
    (void)state;
    static const struct {
        uint32_t number, file, vgein;
    } rows[] = {{CSR_mtopei, 0, 0}, {CSR_stopei, 1, 0}, {CSR_vstopei, 4, 3}};
    for (unsigned i = 0; i < 3; i++) {
        struct fixture *f = fixture_new(3, true);
        fixture_set(f, CSR_hstatus, (uint64_t)rows[i].vgein << HSTATUS_VGEIN_LSB);
        f->topei[rows[i].file] = 8 << 16 | 8;
        uint64_t old = 0;
        csr_execute(&f->hart, rows[i].number, CSR_RS, 0, true, false, &old);
        assert_int_equal(old, 8 << 16 | 8);
        assert_int_equal(f->claims[rows[i].file], 0); /* TOPEI_5 */
        f->hart.attention = false;
        old = 0;
        csr_execute(&f->hart, rows[i].number, CSR_RW, 0, true, true, &old);
        assert_int_equal(old, 8 << 16 | 8); /* TOPEI_4 */
        assert_int_equal(f->claims[rows[i].file], 1);
        assert_true(f->hart.attention);
        assert_int_equal(fixture_csr(f, rows[i].number), 0); /* TOPEI_6 */
        csr_execute(&f->hart, rows[i].number, CSR_RW, 123, false, true, &old);
        assert_int_equal(f->claims[rows[i].file], 2); /* blind */
        csr_execute(&f->hart, rows[i].number, CSR_RS, 0, true, true, &old);
        assert_int_equal(f->claims[rows[i].file], 3); /* rs1 is not x0, but holds 0 */
        fixture_free(f);
    }
}

static void GUEST_1_hgeip_is_the_lines(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(3, true);
    wire(f, VD_LINE_HGEIP + 1, true);
    wire(f, VD_LINE_HGEIP + 3, true);
    wire(f, VD_LINE_HGEIP + 4, true); /* there is no such file */
    wire(f, VD_LINE_HGEIP, true);
    assert_int_equal(fixture_csr(f, CSR_hgeip), 0xa);
    assert_int_equal(bench_count(&f->bench, VD_REC_hgeip), 2);
    wire(f, VD_LINE_HGEIP + 1, false);
    assert_int_equal(fixture_csr(f, CSR_hgeip), 8);
    fixture_free(f);
}

static void GUEST_3_SGEIP(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(3, true);
    wire(f, VD_LINE_HGEIP + 2, true);
    assert_int_equal(fixture_csr(f, CSR_hip), 0);
    fixture_set(f, CSR_hgeie, ~UINT64_C(0));
    assert_int_equal(fixture_csr(f, CSR_hip), VD_BIT(12));
    assert_int_equal(fixture_csr(f, CSR_mip), VD_BIT(12));
    fixture_set(f, CSR_hip, 0);
    assert_int_equal(fixture_csr(f, CSR_hip), VD_BIT(12));
    fixture_set(f, CSR_hideleg, VD_BIT(12));
    fixture_set(f, CSR_hie, VD_BIT(12));
    assert_int_equal(fixture_csr(f, CSR_stopi) >> 16, 12);
    fixture_free(f);
    f = fixture_new(0, true);
    assert_int_equal(fixture_csr(f, CSR_mideleg), 0x444);
    fixture_set(f, CSR_hstatus, ~UINT64_C(0));
    assert_int_equal(vd_get(fixture_csr(f, CSR_hstatus), HSTATUS_VGEIN_LSB, 6), 0);
    fixture_free(f);
}

static void GUEST_4_VSEIP(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(3, true);
    wire(f, VD_LINE_HGEIP + 2, true);
    assert_int_equal(fixture_csr(f, CSR_hip), 0);
    f->hart.attention = false;
    fixture_set(f, CSR_hstatus, UINT64_C(2) << HSTATUS_VGEIN_LSB); /* GUEST_6: at once */
    assert_true(f->hart.attention);
    assert_int_equal(fixture_csr(f, CSR_hip), VD_BIT(10));
    fixture_set(f, CSR_hvip, VD_BIT(10));
    fixture_set(f, CSR_hstatus, UINT64_C(1) << HSTATUS_VGEIN_LSB);
    assert_int_equal(fixture_csr(f, CSR_hip), VD_BIT(10));
    fixture_set(f, CSR_hvip, 0);
    assert_int_equal(fixture_csr(f, CSR_hip), 0);
    fixture_free(f);
}

static void GUEST_5_VGEIN_beyond_GEILEN_selects_nothing(void **state)
{
    (void)state;
    struct fixture *f = delegating();
    f->hart.st.hgeip = ~UINT64_C(0);
    fixture_set(f, CSR_hstatus, UINT64_C(63) << HSTATUS_VGEIN_LSB);
    assert_int_equal(fixture_csr(f, CSR_hip), 0);
    assert_int_equal(fixture_csr(f, CSR_vstopi), 0);
    fixture_free(f);
}

static void GUEST_6_VGEIN_chooses_the_file(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(3, true);
    fixture_set(f, CSR_mstateen0, ~UINT64_C(0));
    fixture_set(f, CSR_hstateen0, ~UINT64_C(0));
    fixture_set(f, CSR_vsiselect, 0xc0);
    for (uint32_t guest = 1; guest <= 3; guest++) {
        fixture_set(f, CSR_hstatus, (uint64_t)guest << HSTATUS_VGEIN_LSB);
        fixture_set(f, CSR_vsireg, 100 + guest);
        assert_int_equal(f->file[1 + guest][0xc0], 100 + guest);
        fixture_mode(f, VD_MODE_VS);
        assert_int_equal(fixture_rmw(f, CSR_sireg, CSR_RS, 0x1000), 100 + guest);
        assert_int_equal(f->last_file, 1 + guest);
        f->topei[1 + guest] = guest << 16 | guest;
        assert_int_equal(fixture_rmw(f, CSR_stopei, CSR_RS, 0), guest << 16 | guest);
        assert_int_equal(f->claims[1 + guest], 1);
        fixture_mode(f, VD_MODE_M);
    }
    fixture_free(f);
}

static void WFI_resumes_for_any_level(void **state)
{
    (void)state;
    static const struct {
        const char *id;
        uint32_t number;
        uint64_t value;
        bool resumes;
    } rows[] = {
        {"VTI alone", CSR_hvictl, HVICTL_VTI | 13 << 16 | 1, true},
        {"VTI with IID=9", CSR_hvictl, HVICTL_VTI | 9 << 16, false},
        {"hvip", CSR_hvip, VD_BIT(6), true},
        {"hvien", CSR_hvip, VD_BIT(20), true},
        {"mvip", CSR_mvip, VD_BIT(20), true},
        {"SSIP", CSR_mip, VD_BIT(1), true},
        {"not enabled", CSR_mvip, VD_BIT(21), false},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct fixture *f = delegating();
        fixture_set(f, CSR_mvien, VD_BIT(20) | VD_BIT(21));
        fixture_set(f, CSR_sie, VD_BIT(20) | 0x222);
        fixture_set(f, CSR_hvien, VD_BIT(20));
        fixture_set(f, CSR_vsie, VD_BIT(20) | 0x222);
        assert_false(interrupt_resumes_wfi(&f->hart));
        fixture_set(f, rows[i].number, rows[i].value);
        if (interrupt_resumes_wfi(&f->hart) != rows[i].resumes)
            fail_msg("%s", rows[i].id);
        fixture_free(f);
    }
}

static void lines_wake_a_sleeping_hart(void **state)
{
    (void)state;
    struct fixture *f = delegating();
    fixture_set(f, CSR_hstatus, UINT64_C(1) << HSTATUS_VGEIN_LSB);
    fixture_mode(f, VD_MODE_VS);
    assert_true(trap_wfi(&f->hart, 0x10500073));
    assert_true(f->hart.st.asleep);
    wire(f, VD_LINE_HGEIP + 2, true);
    assert_true(f->hart.st.asleep);
    wire(f, VD_LINE_HGEIP + 1, true);
    assert_false(f->hart.st.asleep);
    assert_int_equal(bench_record(&f->bench, VD_REC_wfi, 0)->b, 1);
    assert_int_equal(bench_record(&f->bench, VD_REC_wfi, 1)->b, 0);
    fixture_free(f);
}

static void stimecmp_raises_STIP_at_its_time(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(3, true);
    fixture_set(f, CSR_menvcfg, ENVCFG_STCE);
    fixture_set(f, CSR_stimecmp, 50);
    assert_int_equal(fixture_csr(f, CSR_mip), 0);
    bench_run(&f->bench, 50 * HART_MTIME_PS - 1);
    assert_int_equal(fixture_csr(f, CSR_mip), 0);
    f->hart.attention = false;
    bench_run(&f->bench, 1);
    assert_int_equal(fixture_csr(f, CSR_mip), VD_BIT(5));
    assert_true(f->hart.attention);
    fixture_set(f, CSR_stimecmp, 51);
    assert_int_equal(fixture_csr(f, CSR_mip), 0);
    fixture_set(f, CSR_stimecmp, ~UINT64_C(0));
    assert_int_equal(f->bench.num_events, 0);
    fixture_set(f, CSR_stimecmp, 0);
    fixture_set(f, CSR_menvcfg, 0);
    assert_int_equal(fixture_csr(f, CSR_mip), 0);
    fixture_free(f);
}

static void vstimecmp_compares_with_htimedelta(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(3, true);
    bench_run(&f->bench, 1000 * HART_MTIME_PS);
    fixture_set(f, CSR_menvcfg, ENVCFG_STCE);
    fixture_set(f, CSR_henvcfg, ENVCFG_STCE);
    fixture_set(f, CSR_htimedelta, UINT64_C(0) - 1000);
    fixture_set(f, CSR_vstimecmp, 10);
    assert_int_equal(fixture_csr(f, CSR_hip), 0);
    bench_run(&f->bench, 10 * HART_MTIME_PS);
    assert_int_equal(fixture_csr(f, CSR_hip), VD_BIT(6));
    fixture_set(f, CSR_htimedelta, UINT64_C(0) - 1001);
    assert_int_equal(fixture_csr(f, CSR_hip), 0);
    fixture_set(f, CSR_hvip, VD_BIT(6));
    assert_int_equal(fixture_csr(f, CSR_hip), VD_BIT(6));
    fixture_set(f, CSR_hvip, 0);
    bench_run(&f->bench, HART_MTIME_PS);
    assert_int_equal(fixture_csr(f, CSR_hip), VD_BIT(6));
    fixture_set(f, CSR_henvcfg, 0);
    assert_int_equal(fixture_csr(f, CSR_hip), 0);
    fixture_set(f, CSR_henvcfg, ENVCFG_STCE);
    fixture_set(f, CSR_menvcfg, 0);
    assert_int_equal(fixture_csr(f, CSR_hip), 0);
    assert_int_equal(fixture_csr(f, CSR_henvcfg), 0);
    fixture_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(MV_1_sip_and_sie_by_mideleg_and_mvien),
        cmocka_unit_test(MV_3_mvip_SSIP_becomes_separate),
        cmocka_unit_test(MV_4_mvip_STIP_is_an_alias_unless_STCE),
        cmocka_unit_test(MV_5_one_software_SEIP),
        cmocka_unit_test(MV_7_sip_SEIP_shows_mvip_and_is_read_only),
        cmocka_unit_test(MV_8_hideleg_needs_mideleg_or_mvien),
        cmocka_unit_test(MV_9_sie_goes_on_with_mie),
        cmocka_unit_test(HV_1_vsip_and_vsie),
        cmocka_unit_test(TOPEI_claims),
        cmocka_unit_test(GUEST_1_hgeip_is_the_lines),
        cmocka_unit_test(GUEST_3_SGEIP),
        cmocka_unit_test(GUEST_4_VSEIP),
        cmocka_unit_test(GUEST_5_VGEIN_beyond_GEILEN_selects_nothing),
        cmocka_unit_test(GUEST_6_VGEIN_chooses_the_file),
        cmocka_unit_test(WFI_resumes_for_any_level),
        cmocka_unit_test(lines_wake_a_sleeping_hart),
        cmocka_unit_test(stimecmp_raises_STIP_at_its_time),
        cmocka_unit_test(vstimecmp_compares_with_htimedelta),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
