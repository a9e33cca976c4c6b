/* SPDX-License-Identifier: BSD-2-Clause */
/* Shadow-stack pages: every kind of access to every kind of leaf, with the order of checks of
 * [priv sv32algorithm] written down a second time. */
#include "hart/cfi.h"
#include "hart/pages.h"
#include "hart/translate.h"

enum { VA = 0x1000, GIGA = 0x40000000 };

enum kind { LOAD, LR, STORE, AMO, CBO, CBO_ZERO, FETCH, PUSH, POP, SWAP, KINDS };

struct setup {
    uint64_t leaf; /* low byte of the PTE */
    bool user, sum, mxr, sse;
    enum kind kind;
};

static bool is_shadow(enum kind kind)
{
    return kind == PUSH || kind == POP || kind == SWAP;
}

static bool only_loads(enum kind kind)
{
    return kind == LOAD || kind == LR;
}

static bool stores(enum kind kind)
{
    return kind == STORE || kind == AMO || kind == CBO_ZERO || kind == PUSH || kind == SWAP;
}

/* norm:ss_fault_exception_code */
static uint64_t page_fault(enum kind kind)
{
    return kind == FETCH ? 12 : only_loads(kind) ? 13 : 15;
}

static uint64_t access_fault(enum kind kind)
{
    return kind == FETCH ? 1 : only_loads(kind) ? 5 : 7;
}

static uint64_t guest_fault(enum kind kind)
{
    return kind == FETCH ? 20 : only_loads(kind) ? 21 : 23;
}

/* norm:ssmp_ss_page_access_fault and those beside it, norm:ssmp_ss_page_illegeal_access,
 * norm:ssmp_ss_read_only_page. */
static uint64_t by_shadow_rules(const struct setup *s)
{
    bool r = s->leaf & PTE_R, w = s->leaf & PTE_W, x = s->leaf & PTE_X;
    bool page = w && !r && !x;
    if (is_shadow(s->kind) && !page)
        return r && !w && !x ? page_fault(s->kind) : access_fault(s->kind);
    if (page && !is_shadow(s->kind) && !only_loads(s->kind))
        return access_fault(s->kind);
    return 0;
}

static uint64_t by_rights(const struct setup *s)
{
    bool r = s->leaf & PTE_R, w = s->leaf & PTE_W, x = s->leaf & PTE_X;
    bool page = w && !r && !x;
    bool may = page ? true : s->kind == FETCH ? x : stores(s->kind) ? w : r || (s->mxr && x);
    bool sound = (s->leaf & PTE_A) && (!stores(s->kind) || (s->leaf & PTE_D));
    return may && sound ? 0 : page_fault(s->kind);
}

static uint64_t expected(const struct setup *s)
{
    bool r = s->leaf & PTE_R, w = s->leaf & PTE_W, x = s->leaf & PTE_X, u = s->leaf & PTE_U;
    if ((!r && !w && !x) || (w && !r && (x || !s->sse)))
        return page_fault(s->kind);
    if (s->user ? !u : u && (!s->sum || s->kind == FETCH))
        return page_fault(s->kind);
    uint64_t cause = by_shadow_rules(s);
    return cause ? cause : by_rights(s);
}

static bool perform(struct hart *h, enum kind kind, uint64_t va)
{
    const uint8_t *byte;
    uint64_t value;
    void *host;
    switch (kind) {
    case LOAD:
        return mmu_load(h, va, 8, 0, &value);
    case LR:
        return mmu_atomic(h, va, 8, MMU_LOAD, 0, NULL, &host, &value);
    case STORE:
        return mmu_store(h, va, 8, 0, 1);
    case AMO:
        return mmu_atomic(h, va, 8, MMU_STORE, MMU_AMO, NULL, &host, &value);
    case CBO:
        return mmu_block(h, va, 64, false);
    case CBO_ZERO:
        return mmu_block(h, va, 64, true);
    case FETCH:
        return mmu_fetch(h, va, &byte, &value);
    case PUSH:
        return mmu_store(h, va, 8, MMU_SHADOW, 1);
    case POP:
        return mmu_load(h, va, 8, MMU_SHADOW, &value);
    default:
        return mmu_atomic(h, va, 8, MMU_STORE, MMU_AMO | MMU_SHADOW, NULL, &host, &value);
    }
}

static uint64_t outcome(struct hart *h, enum kind kind, uint64_t va)
{
    if (perform(h, kind, va))
        return 0;
    assert_int_equal(h->exc.tval, va);
    return h->exc.cause;
}

static void shadow_stacks(struct machine *m, bool on)
{
    fixture_set(m->f, CSR_menvcfg, on ? ENVCFG_SSE : 0);
}

static void check(struct machine *m, const struct setup *s, uint64_t at)
{
    struct hart *h = &m->f->hart;
    bench_poke(&m->f->bench, at, 8, pte_of(DATA, s->leaf | PTE_V));
    fixture_set(m->f, CSR_mstatus, (s->sum ? MSTATUS_SUM : 0) | (s->mxr ? MSTATUS_MXR : 0));
    shadow_stacks(m, s->sse);
    fixture_mode(m->f, s->user ? VD_MODE_U : VD_MODE_S);
    mmu_fence(h, &(struct mmu_fence){.kind = FENCE_VMA});
    for (unsigned again = 0; again < 2; again++) { /* by a walk, and from the TLB */
        uint64_t cause = outcome(h, s->kind, VA + 0x40);
        if (cause != expected(s))
            fail_msg("kind %d, leaf %lx, user %d, SUM %d, MXR %d, SSE %d: cause %lu, not %lu",
                     s->kind, s->leaf, s->user, s->sum, s->mxr, s->sse, cause, expected(s));
    }
}

static void SSMP(void **state)
{
    (void)state;
    struct machine m = machine_new(8);
    uint64_t at = map(&m, 8, VA, 0, DATA, 0);
    fixture_set(m.f, CSR_satp, root(8, 0, TABLES));
    for (unsigned i = 0; i < 1 << 10; i++) {
        struct setup s = {.leaf = (uint64_t)(i & 15) << 1 | (uint64_t)(i >> 4 & 3) << 6,
                          .user = i >> 6 & 1,
                          .sum = i >> 7 & 1,
                          .mxr = i >> 8 & 1,
                          .sse = i >> 9 & 1};
        for (s.kind = 0; s.kind < KINDS; s.kind++)
            check(&m, &s, at);
    }
    machine_free(&m);
}

/* What was translated while shadow stacks were on is reserved as soon as they are off, and the
 * other way round, without a fence. */
static void changes_of_SSE_take_effect_immediately(void **state)
{
    (void)state;
    static const enum kind kinds[] = {LOAD, PUSH, POP, SWAP};
    for (unsigned i = 0; i < 4; i++) {
        struct machine m = machine_new(0);
        map(&m, 8, VA, 0, DATA, PTE_V | PTE_W | PTE_A | PTE_D);
        fixture_set(m.f, CSR_satp, root(8, 0, TABLES));
        fixture_mode(m.f, VD_MODE_S);
        for (unsigned turn = 0; turn < 6; turn++) {
            shadow_stacks(&m, turn % 2);
            uint64_t cause = outcome(&m.f->hart, kinds[i], VA);
            assert_int_equal(cause, turn % 2 ? 0 : page_fault(kinds[i]));
            bool known = fast(m.f->hart.data, VA)->read_tag == VA;
            assert_int_equal(known, turn % 2 && kinds[i] == LOAD);
        }
        machine_free(&m);
    }
}

/* The fast entries of ordinary stores and of shadow-stack instructions do not answer each other. */
static void fast_entries_are_kept_apart(void **state)
{
    (void)state;
    struct machine m = machine_new(0);
    struct hart *h = &m.f->hart;
    map(&m, 8, VA, 0, DATA, PTE_V | PTE_W | PTE_A | PTE_D);
    map(&m, 8, VA + KIB4, 0, DATA + KIB4, PTE_V | PTE_R | PTE_W | PTE_A | PTE_D);
    fixture_set(m.f, CSR_satp, root(8, 0, TABLES));
    shadow_stacks(&m, true);
    fixture_mode(m.f, VD_MODE_S);
    assert_non_null(h->shadow);
    assert_true(perform(h, PUSH, VA) && perform(h, LOAD, VA));
    assert_true(perform(h, STORE, VA + KIB4) && perform(h, LOAD, VA + KIB4));
    assert_int_equal(fast(h->shadow, VA)->write_tag, VA);
    assert_int_equal(fast(h->shadow, VA)->read_tag, VA);
    assert_int_equal(fast(h->data, VA)->read_tag, VA);
    assert_true(fast(h->data, VA)->write_tag == HART_TLB_NONE);
    assert_true(fast(h->shadow, VA + KIB4)->write_tag == HART_TLB_NONE);
    assert_true(fast(h->shadow, VA + KIB4)->read_tag == HART_TLB_NONE);
    hart_revoke(h, DATA);
    assert_true(fast(h->shadow, VA)->write_tag == HART_TLB_NONE);
    mmu_fence(h, &(struct mmu_fence){.kind = FENCE_VMA, .has_va = true, .va = VA});
    assert_true(fast(h->shadow, VA)->read_tag == HART_TLB_NONE);
    assert_true(perform(h, PUSH, VA));
    mmu_fence(h, &(struct mmu_fence){.kind = FENCE_VMA});
    assert_true(fast(h->shadow, VA)->write_tag == HART_TLB_NONE);
    fixture_mode(m.f, VD_MODE_M);
    assert_null(h->shadow);
    machine_free(&m);
}

/* SSAMOSWAP of M-mode for U, which S may not do. */
static void MPRV_leaves_no_fast_entries(void **state)
{
    (void)state;
    struct machine m = machine_new(0);
    struct hart *h = &m.f->hart;
    map(&m, 8, VA, 0, DATA, PTE_V | PTE_W | PTE_U | PTE_A | PTE_D);
    fixture_set(m.f, CSR_satp, root(8, 0, TABLES));
    shadow_stacks(&m, true);
    fixture_mode(m.f, VD_MODE_S);
    assert_non_null(h->shadow);
    fixture_mode(m.f, VD_MODE_M);
    fixture_set(m.f, CSR_mstatus, MSTATUS_MPRV);
    assert_true(perform(h, SWAP, VA));
    fixture_set(m.f, CSR_mstatus, 0);
    fixture_mode(m.f, VD_MODE_S);
    assert_true(fast(h->shadow, VA)->write_tag == HART_TLB_NONE);
    assert_int_equal(outcome(h, PUSH, VA), CAUSE_STORE_PAGE_FAULT);
    machine_free(&m);
}

/* Svadu: a pop sets A, a push D as well. */
static void A_and_D_of_a_shadow_page(void **state)
{
    (void)state;
    static const struct {
        enum kind kind;
        uint64_t bits;
    } rows[] = {{POP, PTE_A}, {LOAD, PTE_A}, {PUSH, PTE_A | PTE_D}, {SWAP, PTE_A | PTE_D}};
    for (unsigned i = 0; i < 4; i++) {
        struct machine m = machine_new(0);
        uint64_t at = map(&m, 8, VA, 0, DATA, PTE_V | PTE_W);
        fixture_set(m.f, CSR_satp, root(8, 0, TABLES));
        fixture_set(m.f, CSR_menvcfg, ENVCFG_SSE | ENVCFG_ADUE);
        fixture_mode(m.f, VD_MODE_S);
        assert_true(perform(&m.f->hart, rows[i].kind, VA));
        assert_int_equal(bench_peek(&m.f->bench, at, 8) & 0xff, PTE_V | PTE_W | rows[i].bits);
        machine_free(&m);
    }
}

/* Larger leaves, Svnapot and Svpbmt. */
static void shadow_pages_of_other_sizes(void **state)
{
    (void)state;
    const uint64_t bits = PTE_V | PTE_W | PTE_A | PTE_D;
    for (unsigned how = 0; how < 4; how++) {
        struct machine m = machine_new(0);
        uint64_t to = how == 2 ? DATA | UINT64_C(1) << 15 : how == 3 ? DATA : RAM;
        uint64_t more = how == 2 ? VD_BIT(63) : how == 3 ? UINT64_C(1) << 61 : 0;
        map(&m, 8, GIGA, how < 2 ? 2 - how : 0, to, bits | more);
        fixture_set(m.f, CSR_satp, root(8, 0, TABLES));
        fixture_set(m.f, CSR_menvcfg, ENVCFG_SSE | ENVCFG_PBMTE);
        fixture_mode(m.f, VD_MODE_S);
        uint64_t va = GIGA + (how < 2 ? 0x80000 : 0), value;
        assert_true(mmu_store(&m.f->hart, va + 8, 8, MMU_SHADOW, 0x77));
        assert_int_equal(bench_peek(&m.f->bench, DATA + 8, 8), 0x77);
        assert_true(mmu_load(&m.f->hart, va + 8, 8, MMU_SHADOW, &value));
        assert_int_equal(outcome(&m.f->hart, STORE, va), CAUSE_STORE_ACCESS_FAULT);
        machine_free(&m);
    }
}

/* Pointer masking is that of any access. */
static void shadow_accesses_are_masked(void **state)
{
    (void)state;
    struct machine m = machine_new(0);
    map(&m, 8, VA, 0, DATA, PTE_V | PTE_W | PTE_A | PTE_D);
    fixture_set(m.f, CSR_satp, root(8, 0, TABLES));
    fixture_set(m.f, CSR_menvcfg, ENVCFG_SSE | UINT64_C(2) << 32);
    fixture_mode(m.f, VD_MODE_S);
    assert_true(perform(&m.f->hart, PUSH, VA | UINT64_C(0x55) << 57));
    machine_free(&m);
}

/* --- two stages --- */

/* norm:active_g_stage_pte: R and W for shadow-stack instructions, of which a pop needs no D. */
static uint64_t by_gstage(enum kind kind, uint64_t gleaf)
{
    bool r = gleaf & PTE_R, w = gleaf & PTE_W, x = gleaf & PTE_X;
    bool may = is_shadow(kind) ? r && w : kind == FETCH ? x : stores(kind) ? w : r;
    bool sound = (gleaf & PTE_U) && (gleaf & PTE_A) && (!stores(kind) || (gleaf & PTE_D));
    bool reserved = (w && !r) || (!r && !w && !x); /* a shadow-stack page too */
    return may && sound && !reserved ? 0 : guest_fault(kind);
}

static void active_g_stage_pte(void **state)
{
    (void)state;
    static const enum kind kinds[] = {LOAD, PUSH, POP, SWAP};
    struct machine m = guest_new(8, 8);
    struct hart *h = &m.f->hart;
    map(&m, 8, VA, 0, GPA, PTE_V | PTE_W | PTE_A | PTE_D);
    fixture_set(m.f, CSR_menvcfg, ENVCFG_SSE);
    fixture_set(m.f, CSR_henvcfg, ENVCFG_SSE);
    for (unsigned i = 0; i < 64; i++) {
        uint64_t gleaf = (uint64_t)(i & 15) << 1 | (uint64_t)(i >> 4) << 6;
        gmap(&m, 8, GPA, 0, DATA, gleaf | PTE_V);
        for (unsigned k = 0; k < 4; k++) {
            mmu_fence(h, &(struct mmu_fence){.kind = FENCE_GVMA});
            for (unsigned again = 0; again < 2; again++) {
                uint64_t cause = outcome(h, kinds[k], VA + 8);
                if (cause != by_gstage(kinds[k], gleaf))
                    fail_msg("kind %d, gleaf %lx: cause %lu", kinds[k], gleaf, cause);
                assert_int_equal(cause ? h->exc.tval2 : 0, cause ? (GPA + 8) >> 2 : 0);
                assert_true(!cause || h->exc.gva);
            }
        }
    }
    machine_free(&m);
}

/* norm:ssmp_henvcfg_sse: menvcfg.SSE, henvcfg.SSE; the first stage decides first. */
static void ssmp_henvcfg_sse(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        struct machine m = guest_new(8, 8);
        map(&m, 8, VA, 0, GPA, PTE_V | PTE_W | PTE_A | PTE_D);
        map(&m, 8, VA + KIB4, 0, GIGA * UINT64_C(3), PTE_V | PTE_W | PTE_A | PTE_D);
        fixture_set(m.f, CSR_menvcfg, i & 1 ? ENVCFG_SSE : 0);
        m.f->hart.st.csr.henvcfg = i & 2 ? ENVCFG_SSE : 0;
        fixture_mode(m.f, VD_MODE_VS);
        assert_int_equal(outcome(&m.f->hart, POP, VA), i == 3 ? 0 : CAUSE_STORE_PAGE_FAULT);
        assert_int_equal(outcome(&m.f->hart, STORE, VA + KIB4),
                         i == 3 ? CAUSE_STORE_ACCESS_FAULT : CAUSE_STORE_PAGE_FAULT);
        fixture_set(m.f, CSR_hstatus, HSTATUS_SPVP); /* HLV reads it, HSV does not write it */
        fixture_mode(m.f, VD_MODE_S);
        uint64_t value;
        bool read = mmu_load(&m.f->hart, VA, 8, MMU_GUEST, &value);
        assert_int_equal(read, i == 3);
        assert_false(mmu_store(&m.f->hart, VA, 8, MMU_GUEST, 1));
        assert_int_equal(m.f->hart.exc.cause,
                         i == 3 ? CAUSE_STORE_ACCESS_FAULT : CAUSE_STORE_PAGE_FAULT);
        assert_false(mmu_load(&m.f->hart, VA, 4, MMU_GUEST | MMU_HLVX, &value));
        assert_int_equal(m.f->hart.exc.cause, CAUSE_LOAD_PAGE_FAULT);
        machine_free(&m);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(SSMP),
        cmocka_unit_test(changes_of_SSE_take_effect_immediately),
        cmocka_unit_test(fast_entries_are_kept_apart),
        cmocka_unit_test(MPRV_leaves_no_fast_entries),
        cmocka_unit_test(A_and_D_of_a_shadow_page),
        cmocka_unit_test(shadow_pages_of_other_sizes),
        cmocka_unit_test(shadow_accesses_are_masked),
        cmocka_unit_test(active_g_stage_pte),
        cmocka_unit_test(ssmp_henvcfg_sse),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
