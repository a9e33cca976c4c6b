/* SPDX-License-Identifier: BSD-2-Clause */
/* Delegation, what a trap and a return write, WFI, and who may execute what. */
#include "hart/fixture.h"
#include "hart/transform.h"

enum { INSN = 0x12345673 };

static void raise_cause(struct fixture *f, uint64_t cause)
{
    f->hart.exc = (struct hart_exception){.cause = cause, .tval = 0x1234};
    trap_exception(&f->hart);
}

static enum vd_mode mode_of(const struct fixture *f)
{
    const struct hart_state *st = &f->hart.st;
    return (enum vd_mode)(st->priv | (st->virt ? 4 : 0));
}

static struct fixture *with_vectors(void)
{
    struct fixture *f = fixture_new(3, true);
    fixture_set(f, CSR_mtvec, 0x1001);
    fixture_set(f, CSR_stvec, 0x2001);
    fixture_set(f, CSR_vstvec, 0x3001);
    f->hart.st.pc = 0x80001000;
    return f;
}

/* Where an exception goes: from M, S, U, VS, VU with nothing delegated, medeleg, both. */
static void delegation_of_exceptions(void **state)
{
    (void)state;
    static const enum vd_mode from[] = {VD_MODE_M, VD_MODE_S, VD_MODE_U, VD_MODE_VS, VD_MODE_VU};
    static const enum vd_mode to[3][5] = {
        {VD_MODE_M, VD_MODE_M, VD_MODE_M, VD_MODE_M, VD_MODE_M},
        {VD_MODE_M, VD_MODE_S, VD_MODE_S, VD_MODE_S, VD_MODE_S},
        {VD_MODE_M, VD_MODE_S, VD_MODE_S, VD_MODE_VS, VD_MODE_VS},
    };
    for (unsigned level = 0; level < 3; level++) {
        for (unsigned m = 0; m < 5; m++) {
            struct fixture *f = with_vectors();
            fixture_set(f, CSR_medeleg, level >= 1 ? VD_BIT(CAUSE_BREAKPOINT) : 0);
            fixture_set(f, CSR_hedeleg, level >= 2 ? VD_BIT(CAUSE_BREAKPOINT) : 0);
            fixture_mode(f, from[m]);
            raise_cause(f, CAUSE_BREAKPOINT);
            assert_int_equal(mode_of(f), to[level][m]);
            const struct vd_record *record = bench_record(&f->bench, VD_REC_trap, 0);
            assert_int_equal(record->a, CAUSE_BREAKPOINT);
            assert_int_equal(record->b, from[m] | to[level][m] << 8);
            assert_int_equal(record->c, 0x80001000);
            fixture_free(f);
        }
    }
}

static void guest_faults_never_reach_the_guest(void **state)
{
    (void)state;
    static const uint64_t causes[] = {10, 20, 21, 22, 23};
    for (unsigned i = 0; i < 5; i++) {
        struct fixture *f = with_vectors();
        fixture_set(f, CSR_medeleg, ~UINT64_C(0));
        fixture_set(f, CSR_hedeleg, ~UINT64_C(0));
        fixture_mode(f, VD_MODE_VS);
        raise_cause(f, causes[i]);
        assert_int_equal(mode_of(f), VD_MODE_S);
        fixture_free(f);
    }
}

static void entry_to_M_stacks(void **state)
{
    (void)state;
    struct fixture *f = with_vectors();
    fixture_set(f, CSR_mstatus, MSTATUS_MIE);
    fixture_mode(f, VD_MODE_VS);
    f->hart.exc = (struct hart_exception){
        .cause = CAUSE_LOAD_GUEST_PAGE_FAULT, .tval = 1, .tval2 = 2, .tinst = 0x3000, .gva = true};
    trap_exception(&f->hart);
    uint64_t status = fixture_csr(f, CSR_mstatus);
    assert_int_equal(status & (MSTATUS_MIE | MSTATUS_MPIE), MSTATUS_MPIE);
    assert_int_equal(vd_get(status, MSTATUS_MPP_LSB, 2), PRV_S);
    uint64_t others = XLEN_64 << 32 | XLEN_64 << 34 | PRV_S << MSTATUS_MPP_LSB;
    assert_true(f->hart.st.csr.mstatus == (others | MSTATUS_MPIE | MSTATUS_MPV | MSTATUS_GVA));
    assert_int_equal(fixture_csr(f, CSR_mepc), 0x80001000);
    assert_int_equal(fixture_csr(f, CSR_mcause), 21);
    assert_int_equal(fixture_csr(f, CSR_mtval), 1);
    assert_int_equal(fixture_csr(f, CSR_mtval2), 2);
    assert_int_equal(fixture_csr(f, CSR_mtinst), 0x3000);
    assert_int_equal(f->hart.st.pc, 0x1000); /* vectored only for interrupts */
    raise_cause(f, CAUSE_BREAKPOINT);
    status = fixture_csr(f, CSR_mstatus);
    assert_int_equal(vd_get(status, MSTATUS_MPP_LSB, 2), PRV_M);
    assert_false((status & MSTATUS_MPV) || (status & MSTATUS_GVA));
    assert_int_equal(fixture_csr(f, CSR_mtval2) | fixture_csr(f, CSR_mtinst), 0);
    fixture_free(f);
}

static void entry_to_HS_stacks(void **state)
{
    (void)state;
    struct fixture *f = with_vectors();
    fixture_set(f, CSR_medeleg, ~UINT64_C(0));
    fixture_set(f, CSR_mstatus, MSTATUS_SIE);
    fixture_mode(f, VD_MODE_VS);
    f->hart.exc = (struct hart_exception){
        .cause = CAUSE_FETCH_GUEST_PAGE_FAULT, .tval = 1, .tval2 = 2, .tinst = 0x3000, .gva = true};
    trap_exception(&f->hart);
    assert_int_equal(fixture_csr(f, CSR_sstatus) & (MSTATUS_SIE | MSTATUS_SPIE | MSTATUS_SPP),
                     MSTATUS_SPIE | MSTATUS_SPP);
    assert_true(f->hart.st.csr.mstatus ==
                (XLEN_64 << 32 | XLEN_64 << 34 | MSTATUS_SPIE | MSTATUS_SPP));
    uint64_t all = HSTATUS_SPV | HSTATUS_SPVP | HSTATUS_GVA;
    assert_int_equal(fixture_csr(f, CSR_hstatus) & all, all);
    assert_int_equal(fixture_csr(f, CSR_sepc), 0x80001000);
    assert_int_equal(fixture_csr(f, CSR_scause), 20);
    assert_int_equal(fixture_csr(f, CSR_stval), 1);
    assert_int_equal(fixture_csr(f, CSR_htval), 2);
    assert_int_equal(fixture_csr(f, CSR_htinst), 0x3000);
    fixture_mode(f, VD_MODE_U);
    raise_cause(f, CAUSE_BREAKPOINT);
    /* SPVP stays when V was 0. */
    assert_int_equal(fixture_csr(f, CSR_hstatus) & all, HSTATUS_SPVP);
    assert_int_equal(fixture_csr(f, CSR_sstatus) & MSTATUS_SPP, 0);
    fixture_mode(f, VD_MODE_VU);
    raise_cause(f, CAUSE_BREAKPOINT);
    assert_int_equal(fixture_csr(f, CSR_hstatus) & all, HSTATUS_SPV);
    fixture_free(f);
}

static void entry_to_VS_leaves_HS_alone(void **state)
{
    (void)state;
    struct fixture *f = with_vectors();
    fixture_set(f, CSR_medeleg, ~UINT64_C(0));
    fixture_set(f, CSR_hedeleg, ~UINT64_C(0));
    fixture_set(f, CSR_vsstatus, MSTATUS_SIE);
    uint64_t hstatus = fixture_csr(f, CSR_hstatus);
    uint64_t mstatus = fixture_csr(f, CSR_mstatus);
    fixture_mode(f, VD_MODE_VS);
    raise_cause(f, CAUSE_LOAD_PAGE_FAULT);
    assert_int_equal(mode_of(f), VD_MODE_VS);
    assert_int_equal(fixture_csr(f, CSR_vsstatus) & (MSTATUS_SIE | MSTATUS_SPIE | MSTATUS_SPP),
                     MSTATUS_SPIE | MSTATUS_SPP);
    assert_int_equal(fixture_csr(f, CSR_vsepc), 0x80001000);
    assert_int_equal(fixture_csr(f, CSR_vscause), 13);
    assert_int_equal(fixture_csr(f, CSR_vstval), 0x1234);
    assert_int_equal(f->hart.st.pc, 0x3000);
    assert_true(fixture_csr(f, CSR_hstatus) == hstatus);
    assert_true(fixture_csr(f, CSR_mstatus) == mstatus);
    fixture_free(f);
}

/* Which interrupt of three levels is taken in which mode with which enables. */
static void interrupts_by_mode(void **state)
{
    (void)state;
    static const struct {
        enum vd_mode mode;
        bool mie, sie, vsie;
        uint64_t cause; /* 0: none */
    } rows[] = {
        {VD_MODE_M, false, true, true, 0},
        {VD_MODE_M, true, false, false, 3},
        {VD_MODE_S, false, false, false, 3},
        {VD_MODE_VU, false, false, false, 3},
    };
    static const struct {
        enum vd_mode mode;
        bool sie, vsie;
        uint64_t cause;
    } lower[] = {
        {VD_MODE_M, true, true, 0},   {VD_MODE_S, false, true, 0},  {VD_MODE_S, true, false, 1},
        {VD_MODE_U, false, false, 1}, {VD_MODE_VS, false, true, 1}, {VD_MODE_VU, false, false, 1},
    };
    static const struct {
        enum vd_mode mode;
        bool vsie;
        uint64_t cause;
    } lowest[] = {{VD_MODE_M, true, 0},   {VD_MODE_S, true, 0},  {VD_MODE_U, true, 0},
                  {VD_MODE_VS, false, 0}, {VD_MODE_VS, true, 5}, {VD_MODE_VU, false, 5}};
    for (unsigned level = 0; level < 3; level++) {
        unsigned count = level == 0 ? 4 : 6;
        for (unsigned i = 0; i < count; i++) {
            struct fixture *f = with_vectors();
            fixture_set(f, CSR_mideleg, ~UINT64_C(0));
            fixture_set(f, CSR_hideleg, ~UINT64_C(0));
            fixture_set(f, CSR_mie, ~UINT64_C(0));
            fixture_set(f, CSR_hvip, VD_BIT(6));
            if (level < 2)
                fixture_set(f, CSR_mip, VD_BIT(1));
            if (level < 1)
                interrupt_wire(&f->hart, VD_LINE_MSIP, true);
            bool mie = level == 0 && rows[i].mie;
            bool sie = level == 0 ? rows[i].sie : level == 1 ? lower[i].sie : true;
            bool vsie = level == 0 ? rows[i].vsie : level == 1 ? lower[i].vsie : lowest[i].vsie;
            uint64_t cause = level == 0   ? rows[i].cause
                             : level == 1 ? lower[i].cause
                                          : lowest[i].cause;
            fixture_set(f, CSR_mstatus, (mie ? MSTATUS_MIE : 0) | (sie ? MSTATUS_SIE : 0));
            fixture_set(f, CSR_vsstatus, vsie ? MSTATUS_SIE : 0);
            fixture_mode(f, level == 0   ? rows[i].mode
                            : level == 1 ? lower[i].mode
                                         : lowest[i].mode);
            f->hart.attention = true;
            bool taken = trap_interrupt(&f->hart);
            if (taken != (cause != 0))
                fail_msg("level %u row %u: taken %d", level, i, taken);
            assert_true(taken || !f->hart.attention);
            if (taken) {
                const struct vd_record *record = bench_record(&f->bench, VD_REC_trap, 0);
                assert_true(record->a == (VD_BIT(63) | cause));
                assert_int_equal(f->hart.st.pc, 0x1000 * (level + 1) + 4 * cause);
                assert_int_equal(f->hart.st.interrupts, 1);
            }
            fixture_free(f);
        }
    }
}

static void entry_and_exit_cost_their_cycles(void **state)
{
    (void)state;
    struct fixture *f = with_vectors();
    f->hart.cfg.timing.trap_entry = 5;
    f->hart.cfg.timing.trap_exit = 3;
    raise_cause(f, CAUSE_BREAKPOINT);
    assert_int_equal(f->hart.st.cycles, 5);
    assert_int_equal(bench_record(&f->bench, VD_REC_trap, 0)->b >> 16, 5);
    assert_true(trap_mret(&f->hart, INSN));
    assert_int_equal(f->hart.st.cycles, 8);
    assert_int_equal(bench_record(&f->bench, VD_REC_xret, 0)->a, 0x80001000);
    fixture_free(f);
}

static void mret_returns(void **state)
{
    (void)state;
    for (unsigned mpp = 0; mpp < 4; mpp++) {
        for (unsigned mpv = 0; mpv < 2 && mpp != 2; mpv++) {
            struct fixture *f = with_vectors();
            fixture_set(f, CSR_mepc, 0x4000);
            fixture_set(f, CSR_mstatus,
                        (uint64_t)mpp << 11 | (mpv ? MSTATUS_MPV : 0) | MSTATUS_MPIE |
                            MSTATUS_MPRV);
            assert_true(trap_mret(&f->hart, INSN));
            bool virt = mpv && mpp != PRV_M;
            assert_int_equal(mode_of(f), mpp | (virt ? 4 : 0));
            uint64_t status = fixture_csr(f, CSR_mstatus);
            assert_int_equal(f->hart.st.pc, 0x4000);
            assert_true((status & MSTATUS_MIE) && (status & MSTATUS_MPIE));
            assert_int_equal(status & (MSTATUS_MPP | MSTATUS_MPV), 0);
            assert_int_equal(status & MSTATUS_MPRV, mpp == PRV_M ? MSTATUS_MPRV : 0);
            assert_true(f->hart.attention);
            fixture_free(f);
        }
    }
}

static void sret_returns(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        struct fixture *f = with_vectors();
        fixture_set(f, CSR_sepc, 0x5000);
        fixture_set(f, CSR_mstatus, (i & 1 ? MSTATUS_SPP : 0) | MSTATUS_SPIE);
        fixture_set(f, CSR_hstatus, i & 2 ? HSTATUS_SPV | HSTATUS_SPVP : 0);
        fixture_mode(f, VD_MODE_S);
        assert_true(trap_sret(&f->hart, INSN));
        assert_int_equal(mode_of(f), (i & 1) | (i & 2 ? 4 : 0));
        assert_int_equal(fixture_csr(f, CSR_sstatus) & (MSTATUS_SPP | MSTATUS_SIE), MSTATUS_SIE);
        assert_int_equal(fixture_csr(f, CSR_hstatus) & (HSTATUS_SPV | HSTATUS_SPVP),
                         i & 2 ? HSTATUS_SPVP : 0);
        assert_int_equal(f->hart.st.pc, 0x5000);
        fixture_free(f);
    }
}

static void sret_in_VS_uses_vsstatus(void **state)
{
    (void)state;
    struct fixture *f = with_vectors();
    fixture_set(f, CSR_vsepc, 0x6001);
    fixture_set(f, CSR_vsstatus, MSTATUS_SPIE);
    fixture_set(f, CSR_mstatus, MSTATUS_SPP | MSTATUS_TSR);
    fixture_mode(f, VD_MODE_VS);
    assert_true(trap_sret(&f->hart, INSN));
    assert_int_equal(mode_of(f), VD_MODE_VU);
    assert_int_equal(f->hart.st.pc, 0x6000);
    assert_true(fixture_csr(f, CSR_vsstatus) & MSTATUS_SIE);
    assert_true(fixture_csr(f, CSR_mstatus) & MSTATUS_SPP);
    fixture_free(f);
}

enum what { MRET, SRET, WFI, SFENCE, HFENCE_VVMA, HFENCE_GVMA, SFENCE_W_INVAL };

/* Who may execute what: in M, S, U, VS, VU. */
static const struct {
    enum what what;
    uint64_t mstatus, hstatus;
    const char *expected;
} privileged[] = {
    {MRET, 0, 0, ".IIII"},
    {SRET, 0, 0, "..I.V"},
    {SRET, MSTATUS_TSR, 0, ".II.V"},
    {SRET, 0, HSTATUS_VTSR, "..IVV"},
    {WFI, 0, 0, "..I.V"},
    {WFI, MSTATUS_TW, 0, ".IIII"},
    {WFI, 0, HSTATUS_VTW, "..IVV"},
    {WFI, MSTATUS_TW, HSTATUS_VTW, ".IIII"},
    {SFENCE, 0, 0, "..I.V"},
    {SFENCE, MSTATUS_TVM, 0, ".II.V"},
    {SFENCE, 0, HSTATUS_VTVM, "..IVV"},
    {HFENCE_VVMA, 0, 0, "..IVV"},
    {HFENCE_VVMA, MSTATUS_TVM, HSTATUS_VTVM, "..IVV"},
    {HFENCE_GVMA, 0, 0, "..IVV"},
    {HFENCE_GVMA, MSTATUS_TVM, 0, ".IIVV"},
    {SFENCE_W_INVAL, MSTATUS_TVM, HSTATUS_VTVM, "..I.V"},
};

static bool attempt(struct hart *h, enum what what)
{
    switch (what) {
    case MRET:
        return trap_mret(h, INSN);
    case SRET:
        return trap_sret(h, INSN);
    case WFI:
        return trap_wfi(h, INSN);
    case SFENCE:
        return trap_fence_allowed(h, INSN, FENCE_VMA, false);
    case HFENCE_VVMA:
        return trap_fence_allowed(h, INSN, FENCE_VVMA, false);
    case HFENCE_GVMA:
        return trap_fence_allowed(h, INSN, FENCE_GVMA, false);
    default:
        return trap_fence_allowed(h, INSN, FENCE_VMA, true);
    }
}

static void privileged_instructions(void **state)
{
    (void)state;
    static const enum vd_mode modes[] = {VD_MODE_M, VD_MODE_S, VD_MODE_U, VD_MODE_VS, VD_MODE_VU};
    for (size_t i = 0; i < sizeof(privileged) / sizeof(privileged[0]); i++) {
        for (unsigned m = 0; m < 5; m++) {
            struct fixture *f = with_vectors();
            fixture_set(f, CSR_mstatus, privileged[i].mstatus);
            fixture_set(f, CSR_hstatus, privileged[i].hstatus);
            fixture_mode(f, modes[m]);
            bool ok = attempt(&f->hart, privileged[i].what);
            char got = ok ? '.' : f->hart.exc.cause == CAUSE_VIRTUAL_INSTRUCTION ? 'V' : 'I';
            if (got != privileged[i].expected[m])
                fail_msg("row %zu mode %u: got %c", i, m, got);
            if (!ok)
                assert_int_equal(f->hart.exc.tval, INSN);
            fixture_free(f);
        }
    }
}

static void wfi_traps_with_something_pending_too(void **state)
{
    (void)state;
    static const struct {
        uint64_t mstatus, hstatus;
        char expected[6];
    } rows[] = {
        {0, 0, "..I.V"},
        {MSTATUS_TW, 0, ".IIII"},
        {0, HSTATUS_VTW, "..IVV"},
    };
    static const enum vd_mode modes[] = {VD_MODE_M, VD_MODE_S, VD_MODE_U, VD_MODE_VS, VD_MODE_VU};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        for (unsigned m = 0; m < 5; m++) {
            struct fixture *f = with_vectors();
            fixture_set(f, CSR_mie, VD_BIT(3));
            interrupt_wire(&f->hart, VD_LINE_MSIP, true);
            fixture_set(f, CSR_mstatus, rows[i].mstatus);
            fixture_set(f, CSR_hstatus, rows[i].hstatus);
            fixture_mode(f, modes[m]);
            bool ok = trap_wfi(&f->hart, INSN);
            char got = ok ? '.' : f->hart.exc.cause == CAUSE_VIRTUAL_INSTRUCTION ? 'V' : 'I';
            if (got != rows[i].expected[m])
                fail_msg("row %zu mode %u: got %c", i, m, got);
            assert_false(f->hart.st.asleep);
            fixture_free(f);
        }
    }
}

static void ecall_causes(void **state)
{
    (void)state;
    static const struct {
        enum vd_mode mode;
        uint64_t cause;
    } rows[] = {{VD_MODE_U, 8}, {VD_MODE_VU, 8}, {VD_MODE_S, 9}, {VD_MODE_VS, 10}, {VD_MODE_M, 11}};
    struct fixture *f = with_vectors();
    for (unsigned i = 0; i < 5; i++) {
        fixture_mode(f, rows[i].mode);
        assert_false(trap_ecall(&f->hart));
        assert_int_equal(f->hart.exc.cause, rows[i].cause);
        assert_int_equal(f->hart.exc.tval, 0);
    }
    fixture_free(f);
}

static const struct {
    uint32_t instruction;
    unsigned offset;
    uint32_t expected;
} transforms[] = {
    {0x00c5a503, 0, 0x00002503}, /* lw a0, 12(a1) */
    {0xff85b503, 0, 0x00003503}, /* ld a0, -8(a1) */
    {0x00c5b507, 4, 0x00023507}, /* fld fa0, 12(a1), split */
    {0x00a5a623, 0, 0x00a02023}, /* sw a0, 12(a1) */
    {0xfea5bc23, 2, 0x00a13023}, /* sd a0, -8(a1), split */
    {0x00a5b52f, 0, 0x00a0352f}, /* amoadd.d a0, a0, (a1) */
    {0x1005a52f, 0, 0x1000252f}, /* lr.w a0, (a1) */
    {0x6805c573, 0, 0x68004573}, /* hlv.w a0, (a1) */
    {0x6aa5c073, 0, 0x6aa04073}, /* hsv.w a0, (a1) */
    {0x4188, 0, 0x00002501},     /* c.lw a0, 0(a1) */
    {0x6188, 0, 0x00003501},     /* c.ld a0, 0(a1) */
    {0xc188, 0, 0x00a02021},     /* c.sw a0, 0(a1) */
    {0xe188, 1, 0x00a0b021},     /* c.sd a0, 0(a1), split */
    {0x4502, 0, 0x00002501},     /* c.lwsp a0, 0(sp) */
    {0xe02a, 0, 0x00a03021},     /* c.sdsp a0, 0(sp) */
    {0x8180, 0, 0x00004401},     /* c.lbu s0, 0(a1) */
    {0x8580, 0, 0x00005401},     /* c.lhu s0, 0(a1) */
    {0x85c0, 1, 0x00009401},     /* c.lh s0, 0(a1), split */
    {0x8980, 0, 0x00800021},     /* c.sb s0, 0(a1) */
    {0x8d80, 0, 0x00801021},     /* c.sh s0, 0(a1) */
    {0x0045a00f, 0, 0x0040200f}, /* cbo.zero (a1) */
    {0x0000100f, 0, 0},          /* fence.i */
    {0x852e, 0, 0},              /* c.mv */
    {0x00000013, 0, 0},          /* nop */
    {0x30002573, 0, 0},          /* csrr */
};

static void transformed_instructions(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(transforms) / sizeof(transforms[0]); i++)
        assert_int_equal(transform_instruction(transforms[i].instruction, transforms[i].offset),
                         transforms[i].expected);
}

static void htinst_of_a_guest_page_fault(void **state)
{
    (void)state;
    struct fixture *f = with_vectors();
    fixture_set(f, CSR_medeleg, ~UINT64_C(0));
    fixture_set(f, CSR_pmpaddr0, ~UINT64_C(0));
    fixture_set(f, CSR_pmpcfg0, 0x1f);
    bench_poke(&f->bench, 0x80001000, 4, 0x00c5a503);
    fixture_mode(f, VD_MODE_VS);
    raise_cause(f, CAUSE_LOAD_GUEST_PAGE_FAULT);
    assert_int_equal(fixture_csr(f, CSR_htinst), 0x2503);
    f->hart.st.pc = 0x80001000;
    fixture_mode(f, VD_MODE_VS);
    raise_cause(f, CAUSE_LOAD_PAGE_FAULT);
    assert_int_equal(fixture_csr(f, CSR_htinst), 0);
    f->hart.st.pc = 0x1000; /* where nothing can be fetched any more */
    fixture_set(f, CSR_htinst, ~UINT64_C(0));
    fixture_mode(f, VD_MODE_VS);
    raise_cause(f, CAUSE_LOAD_GUEST_PAGE_FAULT);
    assert_int_equal(fixture_csr(f, CSR_htinst), 0);
    fixture_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(delegation_of_exceptions),
        cmocka_unit_test(guest_faults_never_reach_the_guest),
        cmocka_unit_test(entry_to_M_stacks),
        cmocka_unit_test(entry_to_HS_stacks),
        cmocka_unit_test(entry_to_VS_leaves_HS_alone),
        cmocka_unit_test(interrupts_by_mode),
        cmocka_unit_test(entry_and_exit_cost_their_cycles),
        cmocka_unit_test(mret_returns),
        cmocka_unit_test(sret_returns),
        cmocka_unit_test(sret_in_VS_uses_vsstatus),
        cmocka_unit_test(privileged_instructions),
        cmocka_unit_test(wfi_traps_with_something_pending_too),
        cmocka_unit_test(ecall_causes),
        cmocka_unit_test(transformed_instructions),
        cmocka_unit_test(htinst_of_a_guest_page_fault),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
