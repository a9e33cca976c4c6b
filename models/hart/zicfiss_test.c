/* SPDX-License-Identifier: BSD-2-Clause */
/* Shadow stacks: where they are on, what their instructions do to ssp and memory, who may.  Every
 * rule in both run loops.  What pages allow is shadow_page_test's. */
#include "hart/cfi.h"
#include "hart/exec_rig.h"

#define TABLE_AT UINT64_C(0x80030000)
#define STACK    (UINT64_C(0xc0000000) + 0x10800) /* a shadow-stack page at DATA_AT */
#define STACK_AT (DATA_AT + 0x800)
#define NOWHERE  UINT64_C(0x50000000) /* a shadow-stack page of 0x10000000, no memory */
#define VALUE    UINT64_C(0x123456789abcdef0)
#define FOR_BOTH for (unsigned timed = 0; timed < 2; timed++)

enum { SSPUSH_X1 = 0xce104073, SSPUSH_X5 = 0xce504073, C_SSPUSH_X1 = 0x6081 };
enum { SSPOPCHK_X1 = 0xcdc0c073, SSPOPCHK_X5 = 0xcdc2c073, C_SSPOPCHK_X5 = 0x6281 };
enum { SSRDP_X8 = 0xcdc04473 };
enum { SSE_M = 1, SSE_H = 2, SSE_S = 4, ALL_ON = 7, COMBINATIONS = 8 };

static const enum vd_mode modes[] = {VD_MODE_M, VD_MODE_S, VD_MODE_U, VD_MODE_VS, VD_MODE_VU};
enum { MODES = 5 };

static void switches(struct rig *r, unsigned on)
{
    r->hart->st.csr.menvcfg = on & SSE_M ? ENVCFG_SSE : 0;
    r->hart->st.csr.henvcfg = on & SSE_H ? ENVCFG_SSE : 0;
    r->hart->st.csr.senvcfg = on & SSE_S ? ENVCFG_SSE : 0;
}

/* Gigapages: memory where it is, and its shadow-stack pages at 0xc0000000; those of nothing. */
static struct rig *new_rig(unsigned timed, enum vd_mode mode, unsigned on)
{
    struct rig *r = rig_complete(timed);
    uint64_t u = (mode & 3) == PRV_U ? 0x10 : 0, satp = UINT64_C(8) << 60 | TABLE_AT >> 12;
    bench_poke(&r->bench, TABLE_AT + 8, 8, 0xc5 | u);
    bench_poke(&r->bench, TABLE_AT + 16, 8, (RAM_AT >> 2) | 0xcf | u);
    bench_poke(&r->bench, TABLE_AT + 24, 8, (RAM_AT >> 2) | 0xc5 | u);
    csr_poke(r->hart, CSR_satp, satp);
    csr_poke(r->hart, CSR_vsatp, satp);
    switches(r, on);
    r->hart->st.csr.ssp = STACK;
    r->hart->st.x[1] = r->hart->st.x[5] = VALUE;
    bench_poke(&r->bench, STACK_AT, 8, VALUE);
    rig_enter(r, mode);
    return r;
}

static void expect_trap(struct rig *r, uint64_t cause, uint64_t tval)
{
    assert_int_equal(r->hart->st.traps, 1);
    assert_int_equal(r->hart->st.csr.mcause, cause);
    assert_int_equal(r->hart->st.csr.mtval, tval);
    assert_int_equal(r->hart->st.csr.ssp, STACK);
    assert_int_equal(r->hart->st.instret, 0);
}

/* --- where they are on --- */

static bool sse_on(enum vd_mode mode, unsigned on)
{
    switch (mode) {
    case VD_MODE_M:
        return false;
    case VD_MODE_S:
        return on & SSE_M;
    case VD_MODE_U:
        return (on & SSE_M) && (on & SSE_S);
    case VD_MODE_VS:
        return (on & SSE_M) && (on & SSE_H);
    default:
        return on == ALL_ON;
    }
}

/* xSSE: elsewhere they are may-be-operations, which write zero to rd and no more. */
static void zicfiss_smode_xsse(void **state)
{
    (void)state;
    FOR_BOTH for (unsigned i = 0; i < MODES * COMBINATIONS; i++)
    {
        enum vd_mode mode = modes[i / COMBINATIONS];
        bool on = sse_on(mode, i % COMBINATIONS);
        struct rig *r = new_rig(timed, mode, i % COMBINATIONS);
        struct hart_state *st = &r->hart->st;
        rig_emit(r, SSRDP_X8, 4);
        rig_emit(r, SSPUSH_X5, 4);
        rig_emit(r, C_SSPUSH_X1, 2);
        rig_emit(r, C_SSPOPCHK_X5, 2);
        st->x[8] = 1;
        st->x[5] = ~VALUE;
        rig_step(r, 3);
        assert_int_equal(st->traps, 0);
        assert_int_equal(st->x[8], on ? STACK : 0);
        assert_int_equal(st->csr.ssp, on ? STACK - 16 : STACK);
        assert_true(bench_peek(&r->bench, STACK_AT - 8, 8) == (on ? ~VALUE : 0));
        assert_true(bench_peek(&r->bench, STACK_AT - 16, 8) == (on ? VALUE : 0));
        rig_step(r, 1);
        assert_int_equal(st->traps, on); /* x5 is not what was pushed last */
        rig_free(r);
    }
}

/* The cause of an access to ssp, or of ssamoswap, by the rules' own order. */
static uint64_t refusal(enum vd_mode mode, unsigned on)
{
    if (mode == VD_MODE_M)
        return 0;
    if (!(on & SSE_M))
        return CAUSE_ILLEGAL_INSTRUCTION;
    if (mode == VD_MODE_U && !(on & SSE_S))
        return CAUSE_ILLEGAL_INSTRUCTION;
    if (mode == VD_MODE_VS && !(on & SSE_H))
        return CAUSE_VIRTUAL_INSTRUCTION;
    bool visible = (on & SSE_S) && (on & SSE_H); /* norm:henvcfg_sse_op */
    return mode == VD_MODE_VU && !visible ? CAUSE_VIRTUAL_INSTRUCTION : 0;
}

static void zicfiss_ssp_csr(void **state)
{
    (void)state;
    FOR_BOTH for (unsigned i = 0; i < MODES * COMBINATIONS; i++)
    {
        enum vd_mode mode = modes[i / COMBINATIONS];
        struct rig *r = new_rig(timed, mode, i % COMBINATIONS);
        uint64_t cause = refusal(mode, i % COMBINATIONS);
        EMIT(r, csrrw, 8, 5, 0, 0x011);
        r->hart->st.x[5] = ONES;
        rig_step(r, 1);
        assert_int_equal(r->hart->st.csr.mcause, cause);
        assert_true(r->hart->st.csr.ssp == (cause ? STACK : ONES - 7)); /* norm:ssp-field_1_0 */
        assert_int_equal(r->hart->st.x[8], cause ? 0 : STACK);
        rig_free(r);
    }
}

/* norm:menvcfg_sse_rdonly0, norm:henvcfg_sse_op; what is hidden is not lost, nor written. */
static void menvcfg_sse_rdonly0(void **state)
{
    (void)state;
    for (unsigned on = 0; on < COMBINATIONS; on++) {
        struct rig *r = new_rig(0, VD_MODE_M, on);
        struct hart *h = r->hart;
        uint64_t value = 0, seen = 0;
        bool above = on & SSE_M;
        csr_peek(h, CSR_henvcfg, &value);
        assert_int_equal(value, above && (on & SSE_H) ? ENVCFG_SSE : 0);
        csr_peek(h, CSR_senvcfg, &value);
        assert_int_equal(value, above && (on & SSE_S) ? ENVCFG_SSE : 0);
        csr_poke(h, CSR_mstateen0, ONES);
        csr_poke(h, CSR_hstateen0, ONES);
        rig_enter(r, VD_MODE_VS);
        assert_int_equal(csr_execute(h, CSR_senvcfg, CSR_RW, ENVCFG_SSE, true, true, &seen),
                         CSR_OK);
        assert_int_equal(seen, on == ALL_ON ? ENVCFG_SSE : 0);
        bool written = above && (on & SSE_H);
        assert_int_equal(h->st.csr.senvcfg, written || (on & SSE_S) ? ENVCFG_SSE : 0);
        rig_free(r);
    }
}

/* --- what they do --- */

/* Fast and, the first time or to memory that is watched, slowly. */
static void ss_push(void **state)
{
    (void)state;
    static const uint32_t codes[] = {SSPUSH_X1, SSPUSH_X5, C_SSPUSH_X1};
    FOR_BOTH for (unsigned i = 0; i < 6; i++)
    {
        struct rig *r = new_rig(timed, VD_MODE_S, ALL_ON);
        uint64_t at = i < 3 ? STACK_AT : RAM_AT + 0x800, ssp = STACK - STACK_AT + at;
        for (unsigned k = 0; k < 4; k++)
            rig_emit(r, codes[i % 3], codes[i % 3] > 0xffff ? 4 : 2);
        r->hart->st.x[1] = 0x1111;
        r->hart->st.x[5] = 0x5555;
        r->hart->st.csr.ssp = ssp;
        rig_step(r, 4);
        assert_int_equal(r->hart->st.traps, 0);
        assert_int_equal(r->hart->st.csr.ssp, ssp - 32);
        for (unsigned k = 1; k <= 4; k++)
            assert_int_equal(bench_peek(&r->bench, at - 8 * k, 8), i % 3 == 1 ? 0x5555 : 0x1111);
        rig_free(r);
    }
}

static void ss_pop(void **state)
{
    (void)state;
    static const uint32_t codes[] = {SSPOPCHK_X1, SSPOPCHK_X5, C_SSPOPCHK_X5};
    FOR_BOTH for (unsigned i = 0; i < 6; i++)
    {
        struct rig *r = new_rig(timed, VD_MODE_S, ALL_ON);
        uint64_t at = i < 3 ? STACK_AT : RAM_AT + 0x800, ssp = STACK - STACK_AT + at;
        for (unsigned k = 0; k < 4; k++) {
            rig_emit(r, codes[i % 3], codes[i % 3] > 0xffff ? 4 : 2);
            bench_poke(&r->bench, at + 8 * k, 8, VALUE);
        }
        r->hart->st.x[1] = i % 3 == 0 ? VALUE : 0;
        r->hart->st.x[5] = i % 3 == 0 ? 0 : VALUE;
        r->hart->st.csr.ssp = ssp;
        rig_step(r, 4);
        assert_int_equal(r->hart->st.traps, 0);
        assert_int_equal(r->hart->st.csr.ssp, ssp + 32);
        rig_free(r);
    }
}

/* Whichever bit differs; the first time, and when the page is known already. */
static void sspop_exception(void **state)
{
    (void)state;
    FOR_BOTH for (unsigned i = 0; i < 128; i++)
    {
        struct rig *r = new_rig(timed, VD_MODE_S, ALL_ON);
        bool known = i >= 64;
        if (known)
            rig_emit(r, SSPOPCHK_X5, 4);
        rig_emit(r, SSPOPCHK_X1, 4);
        r->hart->st.csr.ssp = STACK - 8 * known;
        r->hart->st.x[5] = 0;
        r->hart->st.x[1] = VALUE ^ VD_BIT(i % 64);
        rig_step(r, known ? 1 : 0);
        r->hart->st.instret = 0;
        rig_step(r, 1);
        assert_int_equal(r->hart->st.csr.mcause, 18);
        assert_int_equal(r->hart->st.csr.mtval, SHADOW_STACK_FAULT);
        assert_int_equal(r->hart->st.csr.mepc, RAM_AT + 4 * known);
        assert_int_equal(r->hart->st.csr.ssp, STACK); /* norm:sspop_increment */
        rig_free(r);
    }
}

static void ssamoswap(void **state)
{
    (void)state;
    static const struct {
        uint16_t code;
        uint64_t at, old, stored;
    } rows[] = {
        {INSN_ssamoswap_d, STACK, VALUE, 0x1111111122222222},
        {INSN_ssamoswap_w, STACK, 0xffffffff9abcdef0, 0x1234567822222222},
        {INSN_ssamoswap_w, STACK + 4, 0x12345678, 0x222222229abcdef0},
    };
    FOR_BOTH for (size_t i = 0; i < 6; i++)
    {
        struct rig *r = new_rig(timed, VD_MODE_S, ALL_ON);
        uint64_t at = i < 3 ? STACK_AT : RAM_AT + 0x800; /* the second is watched */
        EMIT(r, addi, 0, 0, 0, 0);
        rig_emit(r, rig_encode((enum insn_code)rows[i % 3].code, 8, 6, 7, 0), 4);
        r->hart->st.x[6] = rows[i % 3].at - STACK_AT + at;
        r->hart->st.x[7] = 0x1111111122222222;
        bench_poke(&r->bench, at, 8, VALUE);
        rig_step(r, 2);
        assert_int_equal(r->hart->st.traps, 0);
        assert_true(r->hart->st.x[8] == rows[i % 3].old);
        assert_true(bench_peek(&r->bench, at, 8) == rows[i % 3].stored);
        rig_free(r);
    }
}

static void ssamoswap_address(void **state)
{
    (void)state;
    static const uint64_t misaligned[][2] = {{INSN_ssamoswap_d, 4}, {INSN_ssamoswap_w, 2}};
    FOR_BOTH for (unsigned i = 0; i < 2; i++)
    {
        struct rig *r = new_rig(timed, VD_MODE_S, ALL_ON);
        rig_emit(r, rig_encode((enum insn_code)misaligned[i][0], 8, 6, 7, 0), 4);
        r->hart->st.x[6] = STACK + misaligned[i][1];
        rig_step(r, 1);
        expect_trap(r, CAUSE_STORE_MISALIGNED, STACK + misaligned[i][1]);
        rig_free(r);
    }
}

/* In M-mode nothing refuses it, but its access; that of MPRV is another mode's. */
static void SSAMOSWAP(void **state)
{
    (void)state;
    FOR_BOTH for (unsigned i = 0; i < MODES * COMBINATIONS; i++)
    {
        enum vd_mode mode = modes[i / COMBINATIONS];
        struct rig *r = new_rig(timed, mode, i % COMBINATIONS);
        uint64_t cause =
            mode == VD_MODE_M ? CAUSE_STORE_ACCESS_FAULT : refusal(mode, i % COMBINATIONS);
        EMIT(r, ssamoswap_d, 8, 6, 7, 0);
        r->hart->st.x[6] = mode == VD_MODE_M ? STACK_AT : STACK;
        rig_step(r, 1);
        assert_int_equal(r->hart->st.csr.mcause, cause);
        assert_true(r->hart->st.x[8] == (cause ? 0 : VALUE));
        rig_free(r);
        r = new_rig(timed, VD_MODE_S, i % COMBINATIONS); /* as if for S, or VS */
        bool guest = i >= COMBINATIONS;
        bool pages = guest ? (i & SSE_M) && (i & SSE_H) : i & SSE_M;
        csr_poke(r->hart, CSR_mstatus,
                 VD_BIT(11) | VD_BIT(17) | (guest ? MSTATUS_MPV : 0)); /* MPP, MPRV */
        rig_enter(r, VD_MODE_M);
        EMIT(r, ssamoswap_d, 8, 6, 7, 0);
        r->hart->st.x[6] = STACK;
        rig_step(r, 1);
        assert_int_equal(r->hart->st.csr.mcause, pages ? 0 : CAUSE_STORE_PAGE_FAULT);
        rig_free(r);
    }
}

/* Without S-mode there is ssp, and no more. */
static void SSAMOSWAP_needs_S(void **state)
{
    (void)state;
    FOR_BOTH
    {
        struct hart_config config = {.extensions = VD_BIT(HART_EXT_A) | VD_BIT(HART_EXT_Zicsr) |
                                                   VD_BIT(HART_EXT_Zimop) |
                                                   VD_BIT(HART_EXT_Zicfiss)};
        if (timed)
            config.timing = rig_inorder();
        struct rig *r = rig_new(&config);
        EMIT(r, csrrw, 8, 6, 0, 0x011);
        rig_emit(r, SSPUSH_X1, 4);
        EMIT(r, ssamoswap_d, 8, 6, 7, 0);
        r->hart->st.x[6] = DATA_AT;
        rig_step(r, 3);
        assert_int_equal(r->hart->st.csr.mcause, CAUSE_ILLEGAL_INSTRUCTION);
        assert_int_equal(r->hart->st.csr.mepc, RAM_AT + 8);
        assert_int_equal(r->hart->st.csr.ssp, DATA_AT);
        rig_free(r);
    }
}

/* --- what faults, and as what --- */

static const uint32_t accesses[] = {SSPUSH_X1, SSPOPCHK_X1,
                                    0x4873342f /* ssamoswap.d x8, x7, (x6) */};
enum { ACCESSES = 3 };

static uint64_t address_of(unsigned access, uint64_t ssp)
{
    return access == 0 ? ssp - 8 : ssp;
}

static void satp_mode_bare(void **state)
{
    (void)state;
    FOR_BOTH for (unsigned i = 0; i < 4 * ACCESSES; i++)
    {
        struct rig *r = new_rig(timed, modes[1 + i % 4], ALL_ON);
        csr_poke(r->hart, modes[1 + i % 4] >= VD_MODE_VU ? CSR_vsatp : CSR_satp, 0);
        r->hart->st.x[6] = r->hart->st.csr.ssp = STACK_AT;
        rig_emit(r, accesses[i / 4], 4);
        rig_step(r, 1);
        r->hart->st.csr.ssp += STACK - STACK_AT;
        expect_trap(r, CAUSE_STORE_ACCESS_FAULT, address_of(i / 4, STACK_AT));
        rig_free(r);
    }
}

/* A device that takes everything. */
static bool device(void *ctx, struct vd_txn *txn)
{
    ++*(unsigned *)ctx;
    txn->status = VD_OK;
    return true;
}

static void ssmp_ss_idempotent_memory(void **state)
{
    (void)state;
    FOR_BOTH for (unsigned i = 0; i < ACCESSES; i++)
    {
        struct rig *r = new_rig(timed, VD_MODE_S, ALL_ON);
        unsigned seen = 0;
        r->bench.hook = device;
        r->bench.hook_ctx = &seen;
        r->hart->st.x[6] = r->hart->st.csr.ssp = NOWHERE;
        rig_emit(r, accesses[i], 4);
        rig_step(r, 1);
        assert_int_equal(r->hart->st.csr.ssp, NOWHERE);
        assert_int_equal(r->hart->st.csr.mcause, CAUSE_STORE_ACCESS_FAULT);
        assert_int_equal(r->hart->st.csr.mtval, address_of(i, NOWHERE));
        assert_int_equal(seen, 0);
        rig_free(r);
    }
}

/* PMP must allow reading and writing, of the page or a part of it. */
static void SSMP_pmp(void **state)
{
    (void)state;
    FOR_BOTH for (unsigned i = 0; i < 4 * 2 * ACCESSES; i++)
    {
        struct rig *r = new_rig(timed, VD_MODE_S, ALL_ON);
        unsigned rights = i % 4, access = i / 8; /* W alone reads back as none */
        uint64_t part = i / 4 % 2 ? 0x1ff : 0x1;
        csr_poke(r->hart, CSR_pmpaddr0 + 1, ~UINT64_C(0));
        csr_poke(r->hart, CSR_pmpaddr0, ((STACK_AT - 8) & ~(part << 3 | 7)) >> 2 | part);
        csr_poke(r->hart, CSR_pmpcfg0, 0x1f18 | rights);
        r->hart->st.x[6] = STACK;
        rig_emit(r, accesses[access], 4);
        rig_emit(r, accesses[access], 4);
        rig_step(r, 1);
        bool inside = address_of(access, STACK) < STACK || i / 4 % 2;
        if (rights == 3 || !inside)
            assert_int_equal(r->hart->st.traps, 0);
        else
            expect_trap(r, CAUSE_STORE_ACCESS_FAULT, address_of(access, STACK));
        rig_free(r);
    }
}

/* norm:sspop_exception: an access that faults before a comparison that fails. */
static void sspopchk_faults_before_it_checks(void **state)
{
    (void)state;
    struct rig *r = new_rig(0, VD_MODE_S, ALL_ON);
    bench_poke(&r->bench, TABLE_AT + 24, 8, 0);
    r->hart->st.x[1] = 0;
    rig_emit(r, SSPOPCHK_X1, 4);
    rig_step(r, 1);
    expect_trap(r, CAUSE_STORE_PAGE_FAULT, STACK);
    rig_free(r);
}

/* The G stage does not let it be written: no transformed instruction, but of an AMO. */
static void tinst_of_shadow_accesses(void **state)
{
    (void)state;
    FOR_BOTH for (unsigned i = 0; i < ACCESSES; i++)
    {
        struct rig *r = new_rig(timed, VD_MODE_VS, ALL_ON);
        uint64_t gtable = TABLE_AT + 0x4000;
        bench_poke(&r->bench, gtable + 16, 8, (RAM_AT >> 2) | 0xdf);
        bench_poke(&r->bench, TABLE_AT + 24, 8, (UINT64_C(0xc0000000) >> 2) | 0xc5);
        bench_poke(&r->bench, gtable + 24, 8, (RAM_AT >> 2) | 0xd3); /* R */
        csr_poke(r->hart, CSR_hgatp, UINT64_C(8) << 60 | gtable >> 12);
        rig_emit(r, accesses[i], 4);
        r->hart->st.x[6] = STACK;
        rig_step(r, 1);
        expect_trap(r, CAUSE_STORE_GUEST_PAGE_FAULT, address_of(i, STACK));
        assert_int_equal(r->hart->st.csr.mtval2, address_of(i, STACK) >> 2);
        assert_int_equal(r->hart->st.csr.mtinst, i == 2 ? accesses[i] & 0xfff07fff : 0);
        rig_free(r);
    }
}

static void snapshot_keeps_ssp(void **state)
{
    (void)state;
    static uint8_t buffer[1 << 20];
    struct rig *r = new_rig(0, VD_MODE_S, ALL_ON), *other = new_rig(0, VD_MODE_M, 0);
    rig_emit(r, SSPUSH_X1, 4);
    rig_step(r, 1);
    size_t size = hart_save(r->hart, buffer, sizeof(buffer));
    assert_true(hart_restore(other->hart, buffer, size));
    rig_emit(other, SSPUSH_X1, 4);
    rig_emit(other, SSPUSH_X1, 4);
    rig_step(other, 1);
    assert_int_equal(other->hart->st.csr.ssp, STACK - 16);
    assert_true(bench_peek(&other->bench, STACK_AT - 16, 8) == VALUE);
    rig_free(r);
    rig_free(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(zicfiss_smode_xsse),
        cmocka_unit_test(zicfiss_ssp_csr),
        cmocka_unit_test(menvcfg_sse_rdonly0),
        cmocka_unit_test(ss_push),
        cmocka_unit_test(ss_pop),
        cmocka_unit_test(sspop_exception),
        cmocka_unit_test(ssamoswap),
        cmocka_unit_test(ssamoswap_address),
        cmocka_unit_test(SSAMOSWAP),
        cmocka_unit_test(SSAMOSWAP_needs_S),
        cmocka_unit_test(satp_mode_bare),
        cmocka_unit_test(ssmp_ss_idempotent_memory),
        cmocka_unit_test(SSMP_pmp),
        cmocka_unit_test(sspopchk_faults_before_it_checks),
        cmocka_unit_test(tinst_of_shadow_accesses),
        cmocka_unit_test(snapshot_keeps_ssp),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
