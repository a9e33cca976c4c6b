/* SPDX-License-Identifier: BSD-2-Clause */
/* What traps and returns leave of mstatus, hstatus and vsstatus, every bit of them. */
#include "hart/fixture.h"

static const enum vd_mode modes[] = {VD_MODE_M, VD_MODE_S, VD_MODE_U, VD_MODE_VS, VD_MODE_VU};
enum { MODES = sizeof(modes) / sizeof(modes[0]) };

struct status {
    uint64_t mstatus, hstatus, vsstatus;
};

static uint64_t with(uint64_t value, uint64_t bit, bool on)
{
    return on ? value | bit : value & ~bit;
}

/* A hart in a mode, all bits of its status registers clear or set but for `odd`, which are not. */
static struct fixture *hart_in(enum vd_mode mode, bool ones, const struct status *odd,
                               struct status *before)
{
    struct fixture *f = fixture_new(3, true);
    struct hart_csrs *csr = &f->hart.st.csr;
    uint64_t all = ones ? ~UINT64_C(0) : 0;
    fixture_set(f, CSR_mstatus, all);
    fixture_set(f, CSR_hstatus, all);
    fixture_set(f, CSR_vsstatus, all);
    csr->mstatus ^= odd->mstatus;
    csr->hstatus ^= odd->hstatus;
    csr->vsstatus ^= odd->vsstatus;
    *before = (struct status){csr->mstatus, csr->hstatus, csr->vsstatus};
    fixture_mode(f, mode);
    return f;
}

static void expect(const struct fixture *f, const struct status *after)
{
    const struct hart_csrs *csr = &f->hart.st.csr;
    assert_true(csr->mstatus == after->mstatus);
    assert_true(csr->hstatus == after->hstatus);
    assert_true(csr->vsstatus == after->vsstatus);
}

static uint64_t stacked(uint64_t status, uint64_t ie, uint64_t pie)
{
    return with(with(status, pie, status & ie), ie, false);
}

static uint64_t unstacked(uint64_t status, uint64_t ie, uint64_t pie)
{
    return with(with(status, ie, status & pie), pie, true);
}

/* [priv norm:H_trap_m_csrwrites], [priv norm:H_trap_hs_csrwrites], [priv
 * norm:H_trap_vs_csrwrites]; nothing expects a landing pad. */
static struct status entered(struct status s, enum vd_mode from, enum vd_mode to, bool gva)
{
    bool supervisor = (from & 3) == PRV_S, guest = from >= VD_MODE_VU;
    if (to == VD_MODE_M) {
        s.mstatus = stacked(s.mstatus, MSTATUS_MIE, MSTATUS_MPIE);
        s.mstatus = (s.mstatus & ~MSTATUS_MPP) | (uint64_t)(from & 3) << MSTATUS_MPP_LSB;
        s.mstatus = with(with(s.mstatus, MSTATUS_MPV, guest), MSTATUS_GVA, gva);
        s.mstatus = with(s.mstatus, MSTATUS_MPELP, false);
    } else if (to == VD_MODE_S) {
        s.mstatus = with(stacked(s.mstatus, MSTATUS_SIE, MSTATUS_SPIE), MSTATUS_SPP, supervisor);
        s.mstatus = with(s.mstatus, MSTATUS_SPELP, false);
        s.hstatus = with(with(s.hstatus, HSTATUS_SPV, guest), HSTATUS_GVA, gva);
        if (guest)
            s.hstatus = with(s.hstatus, HSTATUS_SPVP, supervisor);
    } else {
        s.vsstatus = with(stacked(s.vsstatus, MSTATUS_SIE, MSTATUS_SPIE), MSTATUS_SPP, supervisor);
        s.vsstatus = with(s.vsstatus, MSTATUS_SPELP, false);
    }
    return s;
}

static void a_trap_changes_no_other_bit(void **state)
{
    (void)state;
    const struct status ies = {MSTATUS_MIE | MSTATUS_SIE, 0, MSTATUS_SIE}, none = {0, 0, 0};
    for (unsigned m = 0; m < MODES; m++)
        for (unsigned level = 0; level < 3; level++)
            for (unsigned i = 0; i < 8; i++) {
                struct status before, after;
                bool gva = i & 4;
                struct fixture *f = hart_in(modes[m], i & 1, i & 2 ? &ies : &none, &before);
                struct hart *h = &f->hart;
                h->st.csr.medeleg = level >= 1 ? VD_BIT(CAUSE_BREAKPOINT) : 0;
                h->st.csr.hedeleg = level >= 2 ? VD_BIT(CAUSE_BREAKPOINT) : 0;
                h->exc = (struct hart_exception){.cause = CAUSE_BREAKPOINT, .gva = gva};
                trap_exception(h);
                enum vd_mode to = level == 0 || modes[m] == VD_MODE_M    ? VD_MODE_M
                                  : level == 2 && modes[m] >= VD_MODE_VU ? VD_MODE_VS
                                                                         : VD_MODE_S;
                assert_int_equal(hart_mode(h), to);
                after = entered(before, modes[m], to, gva);
                expect(f, &after);
                fixture_free(f);
            }
}

/* [priv norm:mret_h] */
static void mret_changes_no_other_bit(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 16; i++) {
        struct status before, odd = {i & 2 ? MSTATUS_MPIE | MSTATUS_MIE : 0, 0, 0};
        odd.mstatus ^= i & 4 ? MSTATUS_MPP & ~(MSTATUS_MPP << 1) : 0;
        odd.mstatus ^= i & 8 ? MSTATUS_MPV : 0;
        struct fixture *f = hart_in(VD_MODE_M, i & 1, &odd, &before);
        unsigned to = (unsigned)(before.mstatus >> MSTATUS_MPP_LSB) & 3;
        if (to != PRV_HS_RESERVED) {
            struct status after = before;
            after.mstatus = unstacked(after.mstatus, MSTATUS_MIE, MSTATUS_MPIE);
            after.mstatus &= ~(MSTATUS_MPP | MSTATUS_MPV | MSTATUS_MPELP);
            after.mstatus &= to == PRV_M ? ~UINT64_C(0) : ~MSTATUS_MPRV;
            assert_true(trap_mret(&f->hart, 0));
            assert_int_equal(f->hart.st.priv, to);
            expect(f, &after);
        }
        fixture_free(f);
    }
}

/* [priv norm:sret_v0], [priv norm:sret_v1] */
static void sret_changes_no_other_bit(void **state)
{
    (void)state;
    static const enum vd_mode from[] = {VD_MODE_M, VD_MODE_S, VD_MODE_VS};
    for (unsigned i = 0; i < 48; i++) {
        uint64_t flipped = (i & 2 ? MSTATUS_SPIE | MSTATUS_SIE : 0) | (i & 4 ? MSTATUS_SPP : 0);
        struct status before, odd = {flipped, i & 8 ? HSTATUS_SPV : 0, flipped};
        struct fixture *f = hart_in(from[i / 16], i & 1, &odd, &before);
        struct hart_csrs *csr = &f->hart.st.csr;
        csr->mstatus &= ~MSTATUS_TSR;
        csr->hstatus &= ~HSTATUS_VTSR;
        struct status after = {csr->mstatus & ~MSTATUS_MPRV, csr->hstatus, csr->vsstatus};
        bool guest = from[i / 16] == VD_MODE_VS;
        uint64_t *status = guest ? &after.vsstatus : &after.mstatus;
        *status = unstacked(*status, MSTATUS_SIE, MSTATUS_SPIE) & ~(MSTATUS_SPP | MSTATUS_SPELP);
        after.hstatus &= guest ? ~UINT64_C(0) : ~HSTATUS_SPV;
        assert_true(trap_sret(&f->hart, 0));
        expect(f, &after);
        fixture_free(f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_trap_changes_no_other_bit),
        cmocka_unit_test(mret_changes_no_other_bit),
        cmocka_unit_test(sret_changes_no_other_bit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
