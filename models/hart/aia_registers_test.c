/* SPDX-License-Identifier: BSD-2-Clause */
/* Which AIA CSRs and bits exist, how wide they are, and what a hart lacks without interrupt files.
 */
#include "hart/fixture.h"

static void GUEST_2_hgeie_has_a_bit_per_guest_file(void **state)
{
    (void)state;
    static const struct {
        uint32_t geilen;
        uint64_t writable;
    } rows[] = {{0, 0}, {1, 2}, {3, 0xe}, {62, UINT64_MAX >> 1 & ~UINT64_C(1)}, {63, ~UINT64_C(1)}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct fixture *f = fixture_new(rows[i].geilen, true);
        fixture_set(f, CSR_hgeie, ~UINT64_C(0));
        assert_true(fixture_csr(f, CSR_hgeie) == rows[i].writable);
        fixture_set(f, CSR_hgeie, 0);
        assert_int_equal(fixture_csr(f, CSR_hgeie), 0);
        for (uint32_t guest = 0; guest < 64; guest++)
            wire(f, VD_LINE_HGEIP + guest, true);
        assert_true(fixture_csr(f, CSR_hgeip) == rows[i].writable);
        fixture_free(f);
    }
}

static void CSR_2_indirect_registers_have_64_bits(void **state)
{
    (void)state;
    static const struct {
        uint32_t select, ireg, file;
    } rows[] = {{CSR_miselect, CSR_mireg, VD_IMSIC_FILE_M},
                {CSR_siselect, CSR_sireg, VD_IMSIC_FILE_S},
                {CSR_vsiselect, CSR_vsireg, VD_IMSIC_FILE_S + 2}};
    const uint64_t pattern = UINT64_C(0x8123456789abcdef);
    struct fixture *f = fixture_new(3, true);
    fixture_set(f, CSR_hstatus, UINT64_C(2) << HSTATUS_VGEIN_LSB);
    for (size_t i = 0; i < 3; i++) {
        fixture_set(f, rows[i].select, 0x82);
        fixture_set(f, rows[i].ireg, pattern);
        assert_true(f->file[rows[i].file][0x82] == pattern);
        assert_true(fixture_csr(f, rows[i].ireg) == pattern);
        /* The bit for custom selects would be 63: there are none. */
        fixture_set(f, rows[i].select, VD_BIT(63) | VD_BIT(31) | 0x82);
        assert_int_equal(fixture_csr(f, rows[i].select), 0x82);
    }
    fixture_free(f);
}

static void CSR_4_topi_needs_no_interrupt_files(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(3, false);
    assert_int_equal(fixture_try(f, VD_MODE_M, CSR_mtopei, false), CSR_ILLEGAL);
    assert_int_equal(fixture_try(f, VD_MODE_M, CSR_stopei, false), CSR_ILLEGAL);
    assert_int_equal(fixture_try(f, VD_MODE_M, CSR_vstopei, false), CSR_ILLEGAL);
    fixture_set(f, CSR_miselect, 0x70);
    fixture_set(f, CSR_siselect, 0x70);
    assert_int_equal(fixture_try(f, VD_MODE_M, CSR_mireg, false), CSR_ILLEGAL);
    assert_int_equal(fixture_try(f, VD_MODE_M, CSR_sireg, false), CSR_ILLEGAL);
    fixture_set(f, CSR_mie, ~UINT64_C(0));
    fixture_set(f, CSR_vsie, ~UINT64_C(0));
    wire(f, VD_LINE_MSIP, true);
    assert_int_equal(fixture_csr(f, CSR_mtopi), 3 << 16 | 255);
    wire(f, VD_LINE_MEIP, true);
    assert_int_equal(fixture_csr(f, CSR_mtopi), 11 << 16 | 255);
    fixture_set(f, CSR_mideleg, ~UINT64_C(0));
    wire(f, VD_LINE_SEIP, true);
    assert_int_equal(fixture_csr(f, CSR_stopi), 9 << 16 | 255);
    fixture_set(f, CSR_hideleg, ~UINT64_C(0));
    fixture_set(f, CSR_hvip, VD_BIT(6));
    assert_int_equal(fixture_csr(f, CSR_vstopi), 5 << 16 | 1);
    fixture_free(f);
}

static void CSR_5_no_software_interrupts_without_their_device(void **state)
{
    (void)state;
    for (unsigned absent = 0; absent < 2; absent++) {
        struct fixture *f = fixture_new(3, true);
        f->hart.cfg.no_msip = absent;
        uint64_t msi = absent ? 0 : VD_BIT(INT_MSI);
        fixture_set(f, CSR_mie, ~UINT64_C(0));
        assert_int_equal(fixture_csr(f, CSR_mie) & VD_BIT(INT_MSI), msi);
        fixture_set(f, CSR_mip, ~UINT64_C(0));
        assert_int_equal(fixture_csr(f, CSR_mip) & VD_BIT(INT_MSI), 0);
        fixture_set(f, CSR_mip, 0);
        wire(f, VD_LINE_MSIP, true);
        assert_int_equal(fixture_csr(f, CSR_mip) & VD_BIT(INT_MSI), msi);
        assert_int_equal(fixture_csr(f, CSR_mtopi) >> 16, absent ? 0 : INT_MSI);
        /* Its priority goes with it. */
        fixture_set(f, CSR_miselect, SELECT_IPRIO);
        fixture_set(f, CSR_mireg, ~UINT64_C(0));
        assert_int_equal(fixture_csr(f, CSR_mireg) >> 24 & 0xff, absent ? 0 : 0xff);
        fixture_free(f);
    }
}

static void IPRIO_3_arrays_are_zero_after_reset(void **state)
{
    (void)state;
    struct fixture *f = delegating();
    fixture_set(f, CSR_mvien, ~UINT64_C(0));
    for (unsigned reset = 0; reset < 2; reset++) {
        for (uint32_t select = SELECT_IPRIO; select <= SELECT_IPRIO_LAST; select += 2) {
            fixture_set(f, CSR_miselect, select);
            fixture_set(f, CSR_siselect, select);
            assert_int_equal(fixture_csr(f, CSR_mireg) | fixture_csr(f, CSR_sireg), 0);
            fixture_set(f, CSR_mireg, ~UINT64_C(0));
            fixture_set(f, CSR_sireg, ~UINT64_C(0));
            assert_true(fixture_csr(f, CSR_sireg) != 0);
        }
        csr_reset(&f->hart);
        fixture_set(f, CSR_mideleg, ~UINT64_C(0));
        fixture_set(f, CSR_mvien, ~UINT64_C(0));
    }
    fixture_free(f);
}

static void MV_2_writable_bits_of_mvien_and_mvip(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(3, true);
    for (unsigned i = 0; i < 64; i++) {
        bool filtered = i == INT_SSI || i == INT_SEI || i >= 13;
        fixture_set(f, CSR_mvien, VD_BIT(i));
        assert_true(fixture_csr(f, CSR_mvien) == (filtered ? VD_BIT(i) : 0));
        /* Whether mvien gives the interrupt to S or not. */
        for (unsigned given = 0; given < 2; given++) {
            fixture_set(f, CSR_mvien, given ? VD_BIT(i) : 0);
            fixture_set(f, CSR_mvip, VD_BIT(i));
            bool there = filtered || i == INT_STI;
            assert_true(fixture_csr(f, CSR_mvip) == (there ? VD_BIT(i) : 0));
            fixture_set(f, CSR_mvip, 0);
            assert_int_equal(fixture_csr(f, CSR_mvip), 0);
        }
    }
    fixture_free(f);
}

static void HV_2_hvien_and_hvip_leave_hip_and_hie_alone(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(3, true);
    fixture_set(f, CSR_hvien, ~UINT64_C(0));
    assert_true(fixture_csr(f, CSR_hvien) == LOCAL_INTERRUPTS);
    fixture_set(f, CSR_hvip, LOCAL_INTERRUPTS);
    fixture_set(f, CSR_vsie, ~UINT64_C(0));
    assert_true((fixture_csr(f, CSR_vsip) & fixture_csr(f, CSR_vsie)) == LOCAL_INTERRUPTS);
    assert_int_equal(fixture_csr(f, CSR_hip) | fixture_csr(f, CSR_hie), 0);
    assert_int_equal(fixture_csr(f, CSR_sip) | fixture_csr(f, CSR_sie), 0);
    assert_int_equal(fixture_csr(f, CSR_mip) | fixture_csr(f, CSR_mie), 0);
    fixture_set(f, CSR_hie, ~UINT64_C(0));
    assert_int_equal(fixture_csr(f, CSR_hie), 0x1444);
    assert_int_equal(fixture_csr(f, CSR_stopi), 0);
    fixture_free(f);
}

/* What the guest had enabled stays so when the interrupt becomes a virtual one. */
static void vsie_goes_on_when_hideleg_is_cleared(void **state)
{
    (void)state;
    for (unsigned bit = INT_LCOFI; bit < 64; bit += 50) {
        for (unsigned enabled = 0; enabled < 2; enabled++) {
            struct fixture *f = fixture_new(3, true);
            fixture_set(f, CSR_mvien, VD_BIT(bit));
            fixture_set(f, CSR_mideleg, ~UINT64_C(0));
            fixture_set(f, CSR_hideleg, ~UINT64_C(0));
            fixture_set(f, CSR_hvien, VD_BIT(bit));
            fixture_set(f, CSR_sie, enabled ? VD_BIT(bit) : 0);
            assert_true(fixture_csr(f, CSR_vsie) == (enabled ? VD_BIT(bit) : 0));
            fixture_set(f, CSR_hideleg, 0);
            assert_true(fixture_csr(f, CSR_vsie) == (enabled ? VD_BIT(bit) : 0));
            fixture_free(f);
        }
    }
}

static void HV_3_counter_overflow_of_a_guest(void **state)
{
    (void)state;
    uint64_t lcofi = VD_BIT(INT_LCOFI);
    struct fixture *f = fixture_new(3, true);
    fixture_set(f, CSR_hvien, lcofi);
    fixture_set(f, CSR_hvip, lcofi);
    fixture_mode(f, VD_MODE_VS);
    assert_int_equal(fixture_rmw(f, CSR_sip, CSR_RS, 0) & lcofi, lcofi);
    fixture_rmw(f, CSR_sie, CSR_RS, lcofi);
    assert_int_equal(fixture_csr(f, CSR_vstopi) >> 16, INT_LCOFI);
    /* Sticky: taking it does not clear it, software does. */
    fixture_set(f, CSR_vsstatus, MSTATUS_SIE);
    assert_true(trap_interrupt(&f->hart));
    assert_int_equal(fixture_csr(f, CSR_hvip) & lcofi, lcofi);
    fixture_rmw(f, CSR_sip, CSR_RC, lcofi);
    assert_int_equal(fixture_csr(f, CSR_hvip) & lcofi, 0);
    assert_int_equal(fixture_csr(f, CSR_mip) & lcofi, 0);
    fixture_free(f);
    /* Without AIA hvip has no such bits, and hideleg[13] is Shlcofideleg's. */
    for (unsigned delegable = 0; delegable < 2; delegable++) {
        uint64_t without = VD_BIT(HART_EXT_Smaia) | VD_BIT(HART_EXT_Ssaia);
        f = fixture_without(without | (delegable ? 0 : VD_BIT(HART_EXT_Shlcofideleg)));
        fixture_set(f, CSR_hvip, ~UINT64_C(0));
        assert_int_equal(fixture_csr(f, CSR_hvip), VS_INTERRUPTS);
        fixture_set(f, CSR_mideleg, ~UINT64_C(0));
        fixture_set(f, CSR_hideleg, ~UINT64_C(0));
        assert_int_equal(fixture_csr(f, CSR_hideleg), VS_INTERRUPTS | (delegable ? lcofi : 0));
        fixture_free(f);
    }
}

static void HVI_1_fields_of_hvictl(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(3, true);
    const uint64_t fields = HVICTL_VTI | HVICTL_DPR | HVICTL_IPRIOM | 0xff;
    for (uint64_t iid = 0; iid < 0x1000; iid++) {
        fixture_set(f, CSR_hvictl, iid << HVICTL_IID_LSB);
        assert_int_equal(fixture_csr(f, CSR_hvictl), iid << HVICTL_IID_LSB);
    }
    for (unsigned i = 0; i < 64; i++) {
        uint64_t bit = VD_BIT(i);
        bool in_iid = i >= HVICTL_IID_LSB && i < HVICTL_IID_LSB + HVICTL_IID_BITS;
        fixture_set(f, CSR_hvictl, bit);
        assert_true(fixture_csr(f, CSR_hvictl) == (in_iid || (fields & bit) ? bit : 0));
    }
    fixture_free(f);
}

static void SE_5_absent_interrupt_files_have_no_gate(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(3, false);
    fixture_set(f, CSR_mstateen0, ~UINT64_C(0));
    fixture_set(f, CSR_hstateen0, ~UINT64_C(0));
    assert_int_equal(fixture_csr(f, CSR_mstateen0) & STATEEN_IMSIC, 0);
    assert_int_equal(fixture_csr(f, CSR_hstateen0) & STATEEN_IMSIC, 0);
    fixture_set(f, CSR_hstatus, UINT64_C(1) << HSTATUS_VGEIN_LSB);
    fixture_set(f, CSR_vsiselect, 0x70);
    static const uint32_t numbers[] = {CSR_stopei, CSR_sireg};
    for (unsigned i = 0; i < 2; i++) {
        fixture_set(f, CSR_siselect, 0x70);
        assert_int_equal(fixture_try(f, VD_MODE_VS, numbers[i], false), CSR_VIRTUAL);
        assert_int_equal(fixture_try(f, VD_MODE_VU, numbers[i], false), CSR_VIRTUAL);
        assert_int_equal(fixture_try(f, VD_MODE_S, numbers[i], false), CSR_ILLEGAL);
    }
    fixture_free(f);
}

/* hvictl injects like any interrupt: in VS-mode under vsstatus.SIE, in VU-mode always, never while
 * V=0. */
static void injection_respects_SIE_and_mode(void **state)
{
    (void)state;
    static const struct {
        enum vd_mode mode;
        bool sie, taken;
    } rows[] = {{VD_MODE_VS, false, false}, {VD_MODE_VS, true, true}, {VD_MODE_VU, false, true},
                {VD_MODE_S, true, false},   {VD_MODE_U, true, false}, {VD_MODE_M, true, false}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct fixture *f = delegating();
        fixture_set(f, CSR_hvictl, HVICTL_VTI | 13 << 16 | 1);
        fixture_set(f, CSR_vsstatus, rows[i].sie ? MSTATUS_SIE : 0);
        fixture_set(f, CSR_mstatus, MSTATUS_SIE | MSTATUS_MIE);
        fixture_mode(f, rows[i].mode);
        assert_int_equal(trap_interrupt(&f->hart), rows[i].taken);
        fixture_free(f);
    }
}

/* The comparator of Sstc reaches a guest through hideleg. */
static void VS_timer_is_delegated(void **state)
{
    (void)state;
    for (unsigned delegated = 0; delegated < 2; delegated++) {
        struct fixture *f = fixture_new(3, true);
        fixture_set(f, CSR_menvcfg, ENVCFG_STCE);
        fixture_set(f, CSR_henvcfg, ENVCFG_STCE);
        fixture_set(f, CSR_hideleg, delegated ? VD_BIT(INT_VSTI) : 0);
        fixture_set(f, CSR_hie, VD_BIT(INT_VSTI));
        fixture_set(f, CSR_vstimecmp, 5);
        fixture_mode(f, VD_MODE_VU);
        assert_false(trap_interrupt(&f->hart));
        bench_run(&f->bench, 5 * HART_MTIME_PS);
        assert_true(trap_interrupt(&f->hart));
        uint32_t cause = delegated ? CSR_vscause : CSR_scause;
        assert_true(fixture_csr(f, cause) == (VD_BIT(63) | (delegated ? INT_STI : INT_VSTI)));
        fixture_free(f);
    }
}

/* What the hypervisor had not delegated is not touched. */
static void vsie_of_a_virtual_interrupt_stays(void **state)
{
    (void)state;
    uint64_t bit = VD_BIT(40);
    for (unsigned enabled = 0; enabled < 2; enabled++) {
        struct fixture *f = fixture_new(3, true);
        fixture_set(f, CSR_mvien, bit);
        fixture_set(f, CSR_hvien, bit);
        fixture_set(f, CSR_vsie, enabled ? bit : 0);
        fixture_set(f, CSR_sie, enabled ? 0 : bit);
        fixture_set(f, CSR_hideleg, 0);
        fixture_set(f, CSR_hvien, bit);
        assert_true(fixture_csr(f, CSR_vsie) == (enabled ? bit : 0));
        assert_true(fixture_csr(f, CSR_sie) == (enabled ? 0 : bit));
        fixture_free(f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(GUEST_2_hgeie_has_a_bit_per_guest_file),
        cmocka_unit_test(CSR_2_indirect_registers_have_64_bits),
        cmocka_unit_test(CSR_4_topi_needs_no_interrupt_files),
        cmocka_unit_test(CSR_5_no_software_interrupts_without_their_device),
        cmocka_unit_test(IPRIO_3_arrays_are_zero_after_reset),
        cmocka_unit_test(MV_2_writable_bits_of_mvien_and_mvip),
        cmocka_unit_test(HV_2_hvien_and_hvip_leave_hip_and_hie_alone),
        cmocka_unit_test(vsie_goes_on_when_hideleg_is_cleared),
        cmocka_unit_test(HV_3_counter_overflow_of_a_guest),
        cmocka_unit_test(HVI_1_fields_of_hvictl),
        cmocka_unit_test(SE_5_absent_interrupt_files_have_no_gate),
        cmocka_unit_test(injection_respects_SIE_and_mode),
        cmocka_unit_test(VS_timer_is_delegated),
        cmocka_unit_test(vsie_of_a_virtual_interrupt_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
