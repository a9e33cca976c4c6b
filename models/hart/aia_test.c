/* SPDX-License-Identifier: BSD-2-Clause */
/* Smaia and Ssaia: filtering, injection, priorities, top interrupts. */
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

static void wire(struct fixture *f, uint32_t line, bool level)
{
    interrupt_wire(&f->hart, line, level);
}

/* A hart whose S-level interrupts are delegated and enabled, VS-level ones delegated on. */
static struct fixture *delegating(void)
{
    struct fixture *f = fixture_new(3, true);
    fixture_set(f, CSR_mideleg, ~UINT64_C(0));
    fixture_set(f, CSR_hideleg, ~UINT64_C(0));
    fixture_set(f, CSR_mie, ~UINT64_C(0));
    return f;
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
        bool m = i == 1 || i == 3 || i == 5 || i == 7 || i == 9;
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
        cmocka_unit_test(IPRIO_1_odd_selects_do_not_exist),
        cmocka_unit_test(IPRIO_2_which_bytes_exist),
        cmocka_unit_test(PRIO_default_order),
        cmocka_unit_test(PRIO_machine_level),
        cmocka_unit_test(PRIO_above_the_external_interrupt),
        cmocka_unit_test(PRIO_1_software_SEI_has_number_256),
        cmocka_unit_test(MV_1_sip_and_sie_by_mideleg_and_mvien),
        cmocka_unit_test(MV_3_mvip_SSIP_becomes_separate),
        cmocka_unit_test(MV_4_mvip_STIP_is_an_alias_unless_STCE),
        cmocka_unit_test(MV_5_one_software_SEIP),
        cmocka_unit_test(MV_7_sip_SEIP_shows_mvip_and_is_read_only),
        cmocka_unit_test(MV_8_hideleg_needs_mideleg_or_mvien),
        cmocka_unit_test(MV_9_sie_goes_on_with_mie),
        cmocka_unit_test(HV_1_vsip_and_vsie),
        cmocka_unit_test(HVI_2_hviprio_orders_VS_interrupts),
        cmocka_unit_test(HVI_4_hvictl_touches_only_vstopi),
        cmocka_unit_test(TOPI_1_mtopi_ignores_MIE_and_mode),
        cmocka_unit_test(TOPI_2_stopi_leaves_out_hideleg),
        cmocka_unit_test(TOPI_3_candidates_of_vstopi),
        cmocka_unit_test(TOPI_4_zero_vstopi_is_no_interrupt),
        cmocka_unit_test(TOPI_5_vscause_is_IID),
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
