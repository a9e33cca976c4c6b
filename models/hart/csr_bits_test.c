/* SPDX-License-Identifier: BSD-2-Clause */
/* CSRs whose bits depend on what else there is, and which of them make the hart look again. */
#include "hart/counter.h"
#include "hart/fixture.h"

/* [priv norm:stateen_unimplemented_state_roz] */
static void mstateen_has_the_bits_of_what_there_is(void **state)
{
    (void)state;
    const uint64_t all = STATEEN_SE | STATEEN_ENVCFG | STATEEN_CSRIND | STATEEN_AIA |
                         STATEEN_IMSIC | STATEEN_CONTEXT;
    const struct {
        uint64_t without, mask;
    } rows[] = {
        {0, all},
        {VD_BIT(HART_EXT_Smcsrind), all},
        {VD_BIT(HART_EXT_Sdtrig), all & ~STATEEN_CONTEXT},
        {VD_BIT(HART_EXT_Ssaia), STATEEN_SE | STATEEN_ENVCFG | STATEEN_CSRIND | STATEEN_CONTEXT},
        {VD_BIT(HART_EXT_Ssaia) | VD_BIT(HART_EXT_Smcsrind),
         STATEEN_SE | STATEEN_ENVCFG | STATEEN_CONTEXT},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct fixture *f = fixture_without(rows[i].without);
        for (uint32_t n = 0; n < 4; n++) {
            fixture_set(f, CSR_mstateen0 + n, ~UINT64_C(0));
            assert_true(fixture_csr(f, CSR_mstateen0 + n) == (n ? STATEEN_SE : rows[i].mask));
        }
        fixture_free(f);
    }
}

static void counteren_has_the_bits_of_what_there_is(void **state)
{
    (void)state;
    static const struct {
        uint64_t without, mask;
    } rows[] = {
        {0, UINT32_MAX},
        {VD_BIT(HART_EXT_Zihpm), 7},
        {VD_BIT(HART_EXT_Zicntr), UINT32_MAX - 5}, /* TM gates stimecmp too */
        {VD_BIT(HART_EXT_Zicntr) | VD_BIT(HART_EXT_Sstc), UINT32_MAX - 7},
    };
    static const uint32_t numbers[] = {CSR_scounteren, CSR_hcounteren, CSR_mcounteren};
    for (size_t i = 0; i < 3 * sizeof(rows) / sizeof(rows[0]); i++) {
        struct fixture *f = fixture_without(rows[i / 3].without);
        fixture_set(f, numbers[i % 3], ~UINT64_C(0));
        assert_true(fixture_csr(f, numbers[i % 3]) == rows[i / 3].mask);
        fixture_free(f);
    }
}

/* [priv norm:mip_stip_stimecmp_acc]: writable until stimecmp drives it. */
static void STIP_is_the_timers_with_STCE(void **state)
{
    (void)state;
    for (unsigned timer = 0; timer < 2; timer++) {
        struct fixture *f = fixture_new(3, true);
        fixture_set(f, CSR_stimecmp, ~UINT64_C(0));
        fixture_set(f, CSR_menvcfg, timer ? ENVCFG_STCE : 0);
        fixture_set(f, CSR_mip, VD_BIT(INT_STI));
        assert_int_equal(fixture_csr(f, CSR_mip), timer ? 0 : VD_BIT(INT_STI));
        fixture_set(f, CSR_mip, 0);
        assert_int_equal(fixture_csr(f, CSR_mip), 0);
        fixture_set(f, CSR_mvip, VD_BIT(INT_STI));
        assert_int_equal(fixture_csr(f, CSR_mip), timer ? 0 : VD_BIT(INT_STI));
        fixture_free(f);
    }
}

/* [aia indcsrs-m]: with XLEN 64 an odd select is of no 64-bit array. */
static void mireg_at_every_select(void **state)
{
    (void)state;
    for (unsigned imsic = 0; imsic < 2; imsic++) {
        struct fixture *f = fixture_new(3, imsic);
        for (uint32_t select = 0; select < 0x200; select++) {
            bool iprio = select >= 0x30 && select <= 0x3f && select % 2 == 0;
            bool file =
                imsic && select >= 0x70 && select <= 0xff && (select < 0x80 || select % 2 == 0);
            fixture_set(f, CSR_miselect, select);
            assert_int_equal(fixture_try(f, VD_MODE_M, CSR_mireg, false),
                             iprio || file ? CSR_OK : CSR_ILLEGAL);
        }
        fixture_free(f);
    }
}

/* Whatever can make an interrupt pending, enabled or its mode's is looked at before the next
 * instruction. */
static void writes_to_interrupts_are_looked_at(void **state)
{
    (void)state;
    static const uint32_t numbers[] = {
        CSR_mip,  CSR_mie,  CSR_mideleg, CSR_mvien,   CSR_mvip,     CSR_sip,     CSR_sie,
        CSR_hip,  CSR_hie,  CSR_hideleg, CSR_hvip,    CSR_hvien,    CSR_hvictl,  CSR_hgeie,
        CSR_vsip, CSR_vsie, CSR_mstatus, CSR_sstatus, CSR_vsstatus, CSR_hstatus, CSR_hviprio1};
    struct fixture *f = open_fixture(3, true);
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        f->hart.attention = false;
        fixture_set(f, numbers[i], 0);
        if (!f->hart.attention)
            fail_msg("nobody looks after CSR %03x was written", numbers[i]);
    }
    fixture_free(f);
}

/* The priority number of an interrupt that is not there any more is not seen, beside one that is.
 */
static void mhpmevent_has_the_modes_that_there_are(void **state)
{
    (void)state;
    const uint64_t of = VD_BIT(63), m = VD_BIT(62), s = VD_BIT(61) | VD_BIT(60);
    const uint64_t vs = VD_BIT(59) | VD_BIT(58), event = COUNTER_EVENTS - 1;
    const struct {
        uint64_t without, mask;
    } rows[] = {
        {0, of | m | s | vs | event},
        {VD_BIT(HART_EXT_H), of | m | s | event},
        {VD_BIT(HART_EXT_H) | VD_BIT(HART_EXT_S), of | m | event},
        {VD_BIT(HART_EXT_Sscofpmf), event},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct fixture *f = fixture_without(rows[i].without);
        fixture_set(f, CSR_mhpmevent3, vd_mask(8, 56) | event);
        assert_true(fixture_csr(f, CSR_mhpmevent3) == rows[i].mask);
        fixture_set(f, CSR_mcyclecfg, ~UINT64_C(0));
        assert_true(fixture_csr(f, CSR_mcyclecfg) == (rows[i].mask | m | s | vs) - of - event ||
                    rows[i].without);
        fixture_free(f);
    }
}

static void priorities_of_interrupts_that_come_and_go(void **state)
{
    (void)state;
    struct fixture *f = open_fixture(3, true);
    fixture_set(f, CSR_mvien, VD_BIT(20) | VD_BIT(21) | VD_BIT(22));
    fixture_set(f, CSR_siselect, SELECT_IPRIO + 4);
    fixture_set(f, CSR_sireg, UINT64_C(0x0707070707070707));
    assert_true(fixture_csr(f, CSR_sireg) == UINT64_C(0x0007070700000000));
    fixture_set(f, CSR_mvien, VD_BIT(21));
    assert_true(fixture_csr(f, CSR_sireg) == UINT64_C(0x0000070000000000));
    fixture_free(f);
}

/* [priv norm:vsstatus_fs_op]: from Initial as from Clean. */
static void a_write_of_flags_makes_FS_dirty(void **state)
{
    (void)state;
    static const uint32_t numbers[] = {CSR_fflags, CSR_frm, CSR_fcsr};
    for (unsigned i = 0; i < 3 * 3 * 2; i++) {
        struct fixture *f = fixture_new(3, true);
        uint64_t fs = (uint64_t)(i % 3 + 1) << 13, old;
        f->hart.st.csr.mstatus |= fs;
        f->hart.st.csr.vsstatus |= fs;
        fixture_mode(f, i >= 9 ? VD_MODE_VS : VD_MODE_S);
        assert_int_equal(csr_execute(&f->hart, numbers[i / 3 % 3], CSR_RW, 0, true, true, &old), 0);
        assert_int_equal(f->hart.st.csr.mstatus & MSTATUS_FS, MSTATUS_FS);
        assert_int_equal(f->hart.st.csr.vsstatus & MSTATUS_FS, i >= 9 ? MSTATUS_FS : fs);
        fixture_free(f);
    }
}

/* Four of each level, and each its own. */
static void every_stateen_is_a_register(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(3, true);
    for (unsigned pattern = 0; pattern < 16; pattern++) {
        for (uint32_t n = 0; n < 4; n++) {
            fixture_set(f, CSR_mstateen0 + n, STATEEN_SE);
            fixture_set(f, CSR_hstateen0 + n, pattern >> n & 1 ? STATEEN_SE : 0);
        }
        for (uint32_t n = 0; n < 4; n++)
            assert_true(fixture_csr(f, CSR_hstateen0 + n) == (pattern >> n & 1 ? STATEEN_SE : 0));
        for (uint32_t n = 0; n < 4; n++)
            fixture_set(f, CSR_mstateen0 + n, pattern >> n & 1 ? STATEEN_SE : 0);
        for (uint32_t n = 0; n < 4; n++)
            assert_true(fixture_csr(f, CSR_mstateen0 + n) == (pattern >> n & 1 ? STATEEN_SE : 0));
    }
    fixture_free(f);
}

static void envcfg_has_the_fields_of_what_there_is(void **state)
{
    (void)state;
    static const struct {
        unsigned extension;
        uint64_t field;
    } rows[] = {
        {HART_EXT_Zicfilp, ENVCFG_LPE},  {HART_EXT_Zicfiss, ENVCFG_SSE},
        {HART_EXT_Zicbom, ENVCFG_CBCFE}, {HART_EXT_Zicboz, ENVCFG_CBZE},
        {HART_EXT_Svadu, ENVCFG_ADUE},   {HART_EXT_Svpbmt, ENVCFG_PBMTE},
        {HART_EXT_Sstc, ENVCFG_STCE},
    };
    enum { ROWS = sizeof(rows) / sizeof(rows[0]) };
    for (unsigned ext = 0; ext < HART_EXT_COUNT; ext++) {
        struct fixture *f = fixture_without(VD_BIT(ext));
        uint64_t value = 0;
        bool there = csr_poke(&f->hart, CSR_menvcfg, ~UINT64_C(0) & ~ENVCFG_PMM);
        assert_int_equal(csr_peek(&f->hart, CSR_menvcfg, &value), there);
        for (unsigned i = 0; i < ROWS && there; i++)
            if (((value & rows[i].field) != 0) == (ext == rows[i].extension))
                fail_msg("field %#lx without extension %u", rows[i].field, ext);
        fixture_free(f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_write_of_flags_makes_FS_dirty),
        cmocka_unit_test(priorities_of_interrupts_that_come_and_go),
        cmocka_unit_test(mstateen_has_the_bits_of_what_there_is),
        cmocka_unit_test(counteren_has_the_bits_of_what_there_is),
        cmocka_unit_test(STIP_is_the_timers_with_STCE),
        cmocka_unit_test(mireg_at_every_select),
        cmocka_unit_test(mhpmevent_has_the_modes_that_there_are),
        cmocka_unit_test(writes_to_interrupts_are_looked_at),
        cmocka_unit_test(every_stateen_is_a_register),
        cmocka_unit_test(envcfg_has_the_fields_of_what_there_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
