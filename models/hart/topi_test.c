/* SPDX-License-Identifier: BSD-2-Clause */
/* Priorities and the top interrupt of each level. */
#include "hart/fixture.h"

enum { IPRIO0 = 0x30 };

static void set_iprio(struct fixture *f, uint32_t select, uint32_t ireg, unsigned interrupt,
                      uint8_t number)
{
    fixture_set(f, select, IPRIO0 + interrupt / 8 * 2);
    uint64_t value = fixture_csr(f, ireg);
    fixture_set(f, ireg, vd_set(value, interrupt % 8 * 8, 8, number));
}

static uint8_t get_iprio(struct fixture *f, uint32_t select, uint32_t ireg, unsigned interrupt)
{
    fixture_set(f, select, IPRIO0 + interrupt / 8 * 2);
    return (uint8_t)(fixture_csr(f, ireg) >> interrupt % 8 * 8);
}

static void set_m(struct fixture *f, unsigned interrupt, uint8_t number)
{
    set_iprio(f, CSR_miselect, CSR_mireg, interrupt, number);
}

static void set_s(struct fixture *f, unsigned interrupt, uint8_t number)
{
    set_iprio(f, CSR_siselect, CSR_sireg, interrupt, number);
}

static void IPRIO_1_odd_selects_do_not_exist(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(3, true);
    for (uint32_t select = 0x30; select <= 0x3f; select++) {
        enum csr_result expected = select & 1 ? CSR_ILLEGAL : CSR_OK;
        fixture_set(f, CSR_miselect, select);
        fixture_set(f, CSR_siselect, select);
        assert_int_equal(fixture_try(f, VD_MODE_M, CSR_mireg, true), expected);
        assert_int_equal(fixture_try(f, VD_MODE_M, CSR_sireg, true), expected);
    }
    fixture_free(f);
}

static void IPRIO_2_which_bytes_exist(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(3, true);
    for (unsigned i = 0; i < 64; i++) {
        set_m(f, i, 0xff);
        bool m = i == 1 || i == 3 || i == 5 || i == 7 || i == 9 || i == 13;
        assert_int_equal(get_iprio(f, CSR_miselect, CSR_mireg, i), m ? 0xff : 0);
        set_s(f, i, 0xff);
        bool s = i == 2 || i == 6 || i == 10 || i == 12;
        assert_int_equal(get_iprio(f, CSR_siselect, CSR_sireg, i), s ? 0xff : 0);
    }
    /* A byte of S appears when the interrupt can be enabled there. */
    fixture_set(f, CSR_mideleg, VD_BIT(1));
    fixture_set(f, CSR_mvien, VD_BIT(40) | VD_BIT(9));
    set_s(f, 1, 7);
    set_s(f, 40, 9);
    set_s(f, 9, 9);
    assert_int_equal(get_iprio(f, CSR_siselect, CSR_sireg, 1), 7);
    assert_int_equal(get_iprio(f, CSR_siselect, CSR_sireg, 40), 9);
    assert_int_equal(get_iprio(f, CSR_siselect, CSR_sireg, 9), 0);
    fixture_set(f, CSR_mvien, 0);
    assert_int_equal(get_iprio(f, CSR_siselect, CSR_sireg, 40), 0);
    fixture_free(f);
}

static void PRIO_default_order(void **state)
{
    (void)state;
    static const uint8_t order[] = {47, 23, 46, 45, 22, 44, 43, 21, 42, 41, 20, 40,
                                    11, 3,  7,  9,  1,  5,  12, 10, 2,  6,  13, 39,
                                    19, 38, 37, 18, 36, 35, 17, 34, 33, 16, 32};
    for (size_t i = 0; i + 1 < sizeof(order); i++)
        assert_true(priority_rank(order[i]) < priority_rank(order[i + 1]));
    bool used[64] = {false};
    for (unsigned i = 0; i < 64; i++) {
        assert_true(priority_rank(i) < 64 && !used[priority_rank(i)]);
        used[priority_rank(i)] = true;
    }
}

static void PRIO_machine_level(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(3, true);
    fixture_set(f, CSR_mie, ~UINT64_C(0));
    wire(f, VD_LINE_MTIP, true);
    assert_int_equal(fixture_csr(f, CSR_mtopi), 7 << 16 | 255);
    wire(f, VD_LINE_MSIP, true);
    assert_int_equal(fixture_csr(f, CSR_mtopi), 3 << 16 | 255);
    f->topei[0] = 20 << 16 | 20;
    wire(f, VD_LINE_MEIP, true);
    assert_int_equal(fixture_csr(f, CSR_mtopi), 11 << 16 | 20);
    set_m(f, 7, 20); /* a tie: the default order decides */
    assert_int_equal(fixture_csr(f, CSR_mtopi), 11 << 16 | 20);
    set_m(f, 7, 19);
    assert_int_equal(fixture_csr(f, CSR_mtopi), 7 << 16 | 19);
    f->topei[0] = 300 << 16 | 300;
    set_m(f, 7, 255);
    assert_int_equal(fixture_csr(f, CSR_mtopi), 7 << 16 | 255);
    set_m(f, 7, 0);
    assert_int_equal(fixture_csr(f, CSR_mtopi), 11 << 16 | 255);
    fixture_free(f);
}

static void PRIO_above_the_external_interrupt(void **state)
{
    (void)state;
    struct fixture *f = delegating();
    fixture_set(f, CSR_mvien, VD_BIT(47) | VD_BIT(35));
    fixture_set(f, CSR_sie, ~UINT64_C(0));
    f->topei[1] = 1 << 16 | 1;
    wire(f, VD_LINE_SEIP, true);
    fixture_set(f, CSR_mvip, VD_BIT(35));
    assert_int_equal(fixture_csr(f, CSR_stopi), 9 << 16 | 1);
    fixture_set(f, CSR_mvip, VD_BIT(47));
    assert_int_equal(fixture_csr(f, CSR_stopi), 47 << 16 | 0);
    set_s(f, 47, 2); /* a number lowers what is first by default */
    assert_int_equal(fixture_csr(f, CSR_stopi), 9 << 16 | 1);
    set_s(f, 47, 1);
    assert_int_equal(fixture_csr(f, CSR_stopi), 47 << 16 | 1);
    fixture_free(f);
}

static void PRIO_1_software_SEI_has_number_256(void **state)
{
    (void)state;
    struct fixture *f = delegating();
    f->topei[1] = 3 << 16 | 3; /* enabled in the file, but eidelivery holds it back */
    fixture_set(f, CSR_mip, VD_BIT(9) | VD_BIT(1));
    assert_int_equal(fixture_csr(f, CSR_stopi), 9 << 16 | 255);
    set_s(f, 1, 255);
    assert_int_equal(fixture_csr(f, CSR_stopi), 1 << 16 | 255);
    wire(f, VD_LINE_SEIP, true);
    assert_int_equal(fixture_csr(f, CSR_stopi), 9 << 16 | 3);
    fixture_free(f);
}

static void HVI_2_hviprio_orders_VS_interrupts(void **state)
{
    (void)state;
    static const struct {
        uint32_t number;
        unsigned byte, interrupt;
    } rows[] = {{CSR_hviprio1, 1, 1},  {CSR_hviprio1, 3, 5},  {CSR_hviprio1, 5, 13},
                {CSR_hviprio1, 6, 14}, {CSR_hviprio1, 7, 15}, {0x647, 0, 16},
                {0x647, 4, 20},        {0x647, 7, 23}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct fixture *f = delegating();
        fixture_set(f, CSR_hideleg, VS_INTERRUPTS); /* not 13, which hvip is to inject */
        fixture_set(f, CSR_hvien, ~UINT64_C(0));
        fixture_set(f, CSR_vsie, ~UINT64_C(0));
        fixture_set(f, CSR_hvictl, HVICTL_IPRIOM);
        unsigned n = rows[i].interrupt;
        fixture_set(f, CSR_hvip, n < 13 ? VD_BIT(n + 1) : VD_BIT(n));
        fixture_set(f, rows[i].number, UINT64_C(200) << 8 * rows[i].byte);
        assert_int_equal(fixture_csr(f, CSR_vstopi), n << 16 | 200);
        fixture_free(f);
    }
}

static void HVI_4_hvictl_touches_only_vstopi(void **state)
{
    (void)state;
    struct fixture *f = delegating();
    uint64_t before = fixture_csr(f, CSR_hip) | fixture_csr(f, CSR_mip) | fixture_csr(f, CSR_vsip);
    fixture_set(f, CSR_hvictl, HVICTL_VTI | 5 << 16 | 1);
    assert_int_equal(before,
                     fixture_csr(f, CSR_hip) | fixture_csr(f, CSR_mip) | fixture_csr(f, CSR_vsip));
    assert_int_equal(fixture_csr(f, CSR_vstopi), 5 << 16 | 1);
    fixture_free(f);
}

static void TOPI_1_mtopi_ignores_MIE_and_mode(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(3, true);
    wire(f, VD_LINE_MSIP, true);
    assert_int_equal(fixture_csr(f, CSR_mtopi), 0);
    fixture_set(f, CSR_mie, VD_BIT(3));
    assert_int_equal(fixture_csr(f, CSR_mtopi) >> 16, 3);
    fixture_mode(f, VD_MODE_VU);
    assert_int_equal(fixture_csr(f, CSR_mtopi) >> 16, 3);
    assert_true(trap_interrupt(&f->hart));
    assert_int_equal(fixture_csr(f, CSR_mtopi) >> 16, 3);
    fixture_free(f);
}

static void TOPI_2_stopi_leaves_out_hideleg(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(3, true);
    fixture_set(f, CSR_mie, ~UINT64_C(0));
    fixture_set(f, CSR_hvip, VD_BIT(6));
    assert_int_equal(fixture_csr(f, CSR_stopi), 6 << 16 | 255);
    assert_int_equal(fixture_csr(f, CSR_mtopi), 0);
    fixture_set(f, CSR_hideleg, VD_BIT(6));
    assert_int_equal(fixture_csr(f, CSR_stopi), 0);
    assert_int_equal(fixture_csr(f, CSR_vstopi) >> 16, 5);
    fixture_free(f);
}

/* The candidates of vstopi, one row per situation. */
static const struct {
    const char *id;
    uint64_t hvip, hvictl, hviprio1;
    uint32_t vgein, topei;
    bool line;
    uint32_t expected;
} vstopi_rows[] = {
    {"nothing", 0, 0, 0, 0, 0, false, 0},
    {"a: guest file", 0, HVICTL_IPRIOM, 0, 2, 40 << 16 | 40, true, 9 << 16 | 40},
    {"a: IPRIOM=0", 0, 0, 0, 2, 40 << 16 | 40, true, 9 << 16 | 1},
    {"a: DPR is for what is injected", 0, HVICTL_DPR, 0, 2, 40 << 16 | 40, true, 9 << 16 | 1},
    {"a: above 255", 0, HVICTL_IPRIOM, 0, 2, 256 << 16 | 256, true, 9 << 16 | 255},
    {"a: hvip with empty topei is c", 1 << 10, HVICTL_IPRIOM, 0, 2, 0, false, 9 << 16 | 255},
    {"b: hvictl IID=9", 1 << 10, HVICTL_IPRIOM | 9 << 16 | 33, 0, 0, 0, false, 9 << 16 | 33},
    {"b: VTI does not matter", 1 << 10, HVICTL_VTI | HVICTL_IPRIOM | 9 << 16 | 33, 0, 0, 0, false,
     9 << 16 | 33},
    {"b: not without VSEIP", 0, HVICTL_VTI | HVICTL_IPRIOM | 9 << 16 | 33, 0, 0, 0, false, 0},
    {"c: IPRIO=0", 1 << 10, HVICTL_IPRIOM | 9 << 16, 0, 0, 0, false, 9 << 16 | 255},
    {"c: VGEIN invalid is not b", 1 << 10, HVICTL_IPRIOM | 9 << 16 | 33, 0, 4, 0, false,
     9 << 16 | 255},
    {"d: timer alone", 1 << 6, HVICTL_IPRIOM, 0, 0, 0, false, 5 << 16 | 255},
    {"d: timer before file", 1 << 6, HVICTL_IPRIOM, UINT64_C(39) << 24, 2, 40 << 16 | 40, true,
     5 << 16 | 39},
    {"d: tie goes to the file", 1 << 6, HVICTL_IPRIOM, UINT64_C(40) << 24, 2, 40 << 16 | 40, true,
     9 << 16 | 40},
    {"d: 255 is a number", 1 << 6, HVICTL_IPRIOM, UINT64_C(255) << 24, 2, 255 << 16 | 255, true,
     9 << 16 | 255},
    {"d: 256 is none", 1 << 6, HVICTL_IPRIOM, UINT64_C(255) << 24, 2, 256 << 16 | 256, true,
     5 << 16 | 255},
    {"d: software before timer", 0x44, HVICTL_IPRIOM, 0, 0, 0, false, 1 << 16 | 255},
    {"d: timer by number", 0x44, HVICTL_IPRIOM, UINT64_C(5) << 24, 0, 0, false, 5 << 16 | 5},
    {"e: replaces d", 1 << 6, HVICTL_VTI | HVICTL_IPRIOM | 13 << 16 | 7, 0, 0, 0, false,
     13 << 16 | 7},
    {"e: IID=9 hides d", 1 << 6, HVICTL_VTI | 9 << 16, 0, 0, 0, false, 0},
    {"e: any IID, even MEI", 0, HVICTL_VTI | HVICTL_IPRIOM | 11 << 16 | 1, 0, 0, 0, false,
     11 << 16 | 1},
    {"e: 12 bits", 0, HVICTL_VTI | HVICTL_IPRIOM | 0xabc << 16 | 1, 0, 0, 0, false,
     0xabcu << 16 | 1},
    {"e: tie, DPR=0", 1 << 10, HVICTL_VTI | HVICTL_IPRIOM | 13 << 16 | 40, 0, 2, 40 << 16 | 40,
     true, 13 << 16 | 40},
    {"e: tie, DPR=1", 1 << 10, HVICTL_VTI | HVICTL_IPRIOM | HVICTL_DPR | 13 << 16 | 40, 0, 2,
     40 << 16 | 40, true, 9 << 16 | 40},
    {"e: number 0, DPR=0 is first", 0, HVICTL_VTI | HVICTL_IPRIOM | 13 << 16, 0, 2, 1 << 16 | 1,
     true, 13 << 16},
    {"e: number 0, DPR=1 is last", 1 << 10, HVICTL_VTI | HVICTL_IPRIOM | HVICTL_DPR | 13 << 16, 0,
     0, 0, false, 9 << 16 | 255},
    {"e: alone, DPR=1", 0, HVICTL_VTI | HVICTL_IPRIOM | HVICTL_DPR | 13 << 16, 0, 0, 0, false,
     13 << 16 | 255},
    {"TOPI_4: wins and is zero", 1 << 10, HVICTL_VTI | HVICTL_IPRIOM, 0, 2, 5 << 16 | 5, true, 0},
    {"TOPI_4: IPRIOM=0", 1 << 10, HVICTL_VTI, 0, 2, 5 << 16 | 5, true, 1},
};

static void TOPI_3_candidates_of_vstopi(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(vstopi_rows) / sizeof(vstopi_rows[0]); i++) {
        struct fixture *f = delegating();
        fixture_set(f, CSR_hvip, vstopi_rows[i].hvip);
        fixture_set(f, CSR_hvictl, vstopi_rows[i].hvictl);
        fixture_set(f, CSR_hviprio1, vstopi_rows[i].hviprio1);
        fixture_set(f, CSR_hstatus, (uint64_t)vstopi_rows[i].vgein << HSTATUS_VGEIN_LSB);
        f->topei[VD_IMSIC_FILE_S + vstopi_rows[i].vgein] = vstopi_rows[i].topei;
        wire(f, VD_LINE_HGEIP + vstopi_rows[i].vgein, vstopi_rows[i].line);
        uint64_t got = fixture_csr(f, CSR_vstopi);
        if (got != vstopi_rows[i].expected)
            fail_msg("%s: expected %x, got %lx", vstopi_rows[i].id, vstopi_rows[i].expected, got);
        fixture_free(f);
    }
}

/* What VTI injects is a candidate whatever is delegated and enabled. */
static void TOPI_3_injection_asks_no_delegation(void **state)
{
    (void)state;
    static const uint32_t closed[] = {CSR_hideleg, CSR_hvien, CSR_vsie,
                                      CSR_hie,     CSR_mie,   CSR_mideleg};
    struct fixture *f = delegating();
    fixture_set(f, CSR_hvictl, HVICTL_VTI | HVICTL_IPRIOM | 13 << 16 | 7);
    for (size_t i = 0; i < sizeof(closed) / sizeof(closed[0]); i++) {
        fixture_set(f, closed[i], 0);
        assert_int_equal(fixture_csr(f, CSR_vstopi), 13 << 16 | 7);
    }
    fixture_mode(f, VD_MODE_VU);
    assert_true(trap_interrupt(&f->hart));
    assert_true(fixture_csr(f, CSR_vscause) == (VD_BIT(63) | 13));
    fixture_free(f);
}

static void TOPI_5_vscause_is_IID(void **state)
{
    (void)state;
    struct fixture *f = delegating();
    fixture_set(f, CSR_mie, ~UINT64_C(0));
    fixture_set(f, CSR_hvip, VD_BIT(10));
    fixture_set(f, CSR_vstvec, 0x1001);
    fixture_mode(f, VD_MODE_VU);
    assert_true(trap_interrupt(&f->hart));
    assert_true(fixture_csr(f, CSR_vscause) == (VD_BIT(63) | 9));
    assert_int_equal(f->hart.st.pc, 0x1000 + 4 * 9);
    fixture_set(f, CSR_hvip, 0);
    fixture_set(f, CSR_hvictl, HVICTL_VTI | UINT64_C(0xfff) << 16 | 1);
    fixture_mode(f, VD_MODE_VU);
    assert_true(trap_interrupt(&f->hart));
    assert_true(fixture_csr(f, CSR_vscause) == (VD_BIT(63) | 0xfff));
    fixture_free(f);
}

static void TOPI_4_zero_vstopi_is_no_interrupt(void **state)
{
    (void)state;
    struct fixture *f = delegating();
    fixture_set(f, CSR_hvip, VD_BIT(10));
    fixture_set(f, CSR_hvictl, HVICTL_VTI | HVICTL_IPRIOM);
    fixture_mode(f, VD_MODE_VU);
    assert_false(trap_interrupt(&f->hart));
    fixture_set(f, CSR_hvictl, HVICTL_VTI);
    assert_true(trap_interrupt(&f->hart));
    assert_true(fixture_csr(f, CSR_vscause) == VD_BIT(63));
    fixture_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(IPRIO_1_odd_selects_do_not_exist),
        cmocka_unit_test(IPRIO_2_which_bytes_exist),
        cmocka_unit_test(PRIO_default_order),
        cmocka_unit_test(PRIO_machine_level),
        cmocka_unit_test(PRIO_above_the_external_interrupt),
        cmocka_unit_test(PRIO_1_software_SEI_has_number_256),
        cmocka_unit_test(HVI_2_hviprio_orders_VS_interrupts),
        cmocka_unit_test(HVI_4_hvictl_touches_only_vstopi),
        cmocka_unit_test(TOPI_1_mtopi_ignores_MIE_and_mode),
        cmocka_unit_test(TOPI_2_stopi_leaves_out_hideleg),
        cmocka_unit_test(TOPI_3_candidates_of_vstopi),
        cmocka_unit_test(TOPI_3_injection_asks_no_delegation),
        cmocka_unit_test(TOPI_5_vscause_is_IID),
        cmocka_unit_test(TOPI_4_zero_vstopi_is_no_interrupt),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
