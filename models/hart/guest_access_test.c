/* SPDX-License-Identifier: BSD-2-Clause */
/* HLV, HLVX and HSV against the rules of page permissions, every combination of them. */
#include "hart/pages.h"
#include "hart/transform.h"

enum { LOAD, EXECUTE, STORE, KINDS };

struct setup {
    uint64_t leaf, gleaf; /* R, W, X, U of the VS-stage leaf; R, W, X of the G-stage leaf */
    bool spvp, sum, mxr, hs_mxr;
    unsigned kind;
};

/* [priv norm:hlsv_sstatus_mxr], [priv norm:hlsv_vsstatus_mxr], [priv norm:hstatus_spvp_op]: which
 * exception, or 0. */
static uint64_t expected(const struct setup *s)
{
    bool readable = (s->leaf & PTE_R) || ((s->mxr || s->hs_mxr) && (s->leaf & PTE_X));
    bool greadable = (s->gleaf & PTE_R) || (s->hs_mxr && (s->gleaf & PTE_X));
    bool may = s->kind == LOAD      ? readable
               : s->kind == EXECUTE ? (s->leaf & PTE_X) != 0
                                    : (s->leaf & PTE_W) != 0;
    bool gmay = s->kind == LOAD      ? greadable
                : s->kind == EXECUTE ? (s->gleaf & PTE_X) != 0
                                     : (s->gleaf & PTE_W) != 0;
    bool mode = s->spvp ? !(s->leaf & PTE_U) || s->sum : (s->leaf & PTE_U) != 0;
    if (!may || !mode)
        return s->kind == STORE ? CAUSE_STORE_PAGE_FAULT : CAUSE_LOAD_PAGE_FAULT;
    if (!gmay)
        return s->kind == STORE ? CAUSE_STORE_GUEST_PAGE_FAULT : CAUSE_LOAD_GUEST_PAGE_FAULT;
    return 0;
}

static bool access(struct machine *m, unsigned kind, uint64_t va)
{
    struct hart *h = &m->f->hart;
    uint64_t value;
    if (kind == STORE)
        return mmu_store(h, va, 4, MMU_GUEST, 1);
    return mmu_load(h, va, 4, MMU_GUEST | (kind == EXECUTE ? MMU_HLVX : 0), &value);
}

static void check(struct machine *m, const struct setup *s)
{
    struct hart *h = &m->f->hart;
    fixture_set(m->f, CSR_hstatus, s->spvp ? HSTATUS_SPVP : 0);
    fixture_set(m->f, CSR_mstatus, s->hs_mxr ? MSTATUS_MXR : 0);
    fixture_set(m->f, CSR_vsstatus, (s->sum ? MSTATUS_SUM : 0) | (s->mxr ? MSTATUS_MXR : 0));
    fixture_mode(m->f, VD_MODE_S);
    uint64_t cause = access(m, s->kind, 0x1008) ? 0 : h->exc.cause;
    if (cause != expected(s))
        fail_msg("kind %u leaf %lx gleaf %lx SPVP %d SUM %d MXR %d HS MXR %d: cause %lu, not %lu",
                 s->kind, s->leaf, s->gleaf, s->spvp, s->sum, s->mxr, s->hs_mxr, cause,
                 expected(s));
    if (!cause)
        return;
    bool guest = cause >= CAUSE_FETCH_GUEST_PAGE_FAULT;
    assert_true(h->exc.gva);
    assert_int_equal(h->exc.tval, 0x1008);
    assert_int_equal(h->exc.tval2, guest ? (GPA + 8) >> 2 : 0);
    assert_int_equal(h->exc.tinst, 0);
}

/* W without R is reserved in both stages, and is not tried. */
static const uint64_t rights[] = {PTE_R, PTE_R | PTE_W, PTE_X, PTE_R | PTE_X,
                                  PTE_R | PTE_W | PTE_X};

static void hlv_hlvx_hsv_under_SPVP_SUM_MXR(void **state)
{
    (void)state;
    enum { AD = PTE_V | PTE_A | PTE_D };
    for (unsigned i = 0; i < 5 * 2 * 5; i++) {
        struct machine m = guest_new(8, 8);
        struct setup s = {.leaf = rights[i % 5] | (i / 5 % 2 ? PTE_U : 0), .gleaf = rights[i / 10]};
        map(&m, 8, 0x1000, 0, GPA, s.leaf | AD);
        gmap(&m, 8, GPA, 0, DATA, s.gleaf | AD | PTE_U);
        for (unsigned bits = 0; bits < 16 * KINDS; bits++) {
            s.spvp = bits & 1;
            s.sum = bits & 2;
            s.mxr = bits & 4;
            s.hs_mxr = bits & 8;
            s.kind = bits / 16;
            check(&m, &s);
        }
        machine_free(&m);
    }
}

/* The mode that executes them does not matter, MPRV neither: U with hstatus.HU, HS, M. */
static void the_mode_of_the_hart_does_not_matter(void **state)
{
    (void)state;
    static const enum vd_mode modes[] = {VD_MODE_U, VD_MODE_S, VD_MODE_M};
    for (unsigned i = 0; i < 3 * 2 * 2; i++) {
        struct machine m = guest_new(8, 8);
        map(&m, 8, 0x1000, 0, GPA, RWX_);
        bool spvp = i / 3 % 2, mprv = i / 6;
        fixture_set(m.f, CSR_hstatus, HSTATUS_HU | (spvp ? HSTATUS_SPVP : 0));
        fixture_set(m.f, CSR_mstatus, mprv ? MSTATUS_MPRV | (uint64_t)PRV_M << 11 : 0);
        fixture_mode(m.f, modes[i % 3]);
        assert_int_equal(access(&m, LOAD, 0x1008), spvp);
        machine_free(&m);
    }
}

/* Pointer masking: from U-mode hstatus.HUPMM decides, else the mode that the access is made for. */
static void masking_of_guest_accesses(void **state)
{
    (void)state;
    static const struct {
        enum vd_mode mode;
        bool spvp;
        uint32_t envcfg; /* whose PMM is 7 bits */
        bool masked;
    } rows[] = {
        {VD_MODE_U, false, CSR_hstatus, true}, {VD_MODE_U, false, CSR_senvcfg, false},
        {VD_MODE_S, false, CSR_senvcfg, true}, {VD_MODE_S, false, CSR_hstatus, false},
        {VD_MODE_S, true, CSR_henvcfg, true},  {VD_MODE_S, true, CSR_senvcfg, false},
        {VD_MODE_S, true, CSR_menvcfg, false}, {VD_MODE_M, true, CSR_henvcfg, true},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct machine m = guest_new(8, 8);
        map(&m, 8, 0x1000, 0, GPA, RWX_ | (rows[i].spvp ? 0 : PTE_U));
        uint64_t hstatus = HSTATUS_HU | (rows[i].spvp ? HSTATUS_SPVP : 0);
        if (rows[i].envcfg == CSR_hstatus)
            hstatus |= UINT64_C(2) << HSTATUS_HUPMM_LSB;
        else
            fixture_set(m.f, rows[i].envcfg, UINT64_C(2) << ENVCFG_PMM_LSB);
        fixture_set(m.f, CSR_hstatus, hstatus);
        fixture_mode(m.f, rows[i].mode);
        assert_true(access(&m, LOAD, 0x1008));
        if (access(&m, LOAD, UINT64_C(0x7f) << 57 | 0x1008) != rows[i].masked)
            fail_msg("row %zu", i);
        machine_free(&m);
    }
}

/* htinst needs the instruction, whose page may have left the TLB. */
static void a_second_look_at_the_instruction_takes_no_time(void **state)
{
    (void)state;
    struct machine m = guest_new(8, 8);
    map(&m, 8, 0x1000, 0, GPA, RWX_);
    bench_poke(&m.f->bench, DATA, 4, 0x00c5a503);
    m.f->hart.cfg.timing.tlb_walk = 100;
    uint64_t before = m.f->hart.st.cycles;
    assert_int_equal(transform_instruction_at(&m.f->hart, 0x1000, 0), 0x2503);
    assert_int_equal(m.f->hart.st.cycles, before);
    machine_free(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hlv_hlvx_hsv_under_SPVP_SUM_MXR),
        cmocka_unit_test(the_mode_of_the_hart_does_not_matter),
        cmocka_unit_test(masking_of_guest_accesses),
        cmocka_unit_test(a_second_look_at_the_instruction_takes_no_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
