/* SPDX-License-Identifier: BSD-2-Clause */
/* Landing pads: where they are expected, what is one, what traps and returns do with ELP.  Every
 * rule in both run loops. */
#include "hart/cfi.h"
#include "hart/exec_rig.h"

#define TARGET   (RAM_AT + 0x200)
#define LPAD(l)  (0x017u | (uint32_t)(l) << 12)
#define MPELP    VD_BIT(41)
#define SPELP    VD_BIT(23)
#define FOR_BOTH for (unsigned timed = 0; timed < 2; timed++)

enum { NOP = 0x00000013, SWITCHES = 4 };

static struct rig *new_rig(unsigned timed)
{
    struct rig *r = rig_complete(timed);
    csr_poke(r->hart, CSR_stvec, TRAP_AT + 0x100);
    csr_poke(r->hart, CSR_vstvec, TRAP_AT + 0x200);
    r->hart->st.x[6] = TARGET;
    return r;
}

/* mseccfg.MLPE, menvcfg.LPE, henvcfg.LPE, senvcfg.LPE. */
static void switch_on(struct rig *r, unsigned which)
{
    static const uint16_t numbers[SWITCHES] = {CSR_mseccfg, CSR_menvcfg, CSR_henvcfg, CSR_senvcfg};
    for (unsigned i = 0; i < SWITCHES; i++)
        if (which >> i & 1)
            csr_poke(r->hart, numbers[i], i ? ENVCFG_LPE : MSECCFG_MLPE);
}

enum { ALL_ON = 15 };

/* A hart in M-mode about to jump through x6 to what is at TARGET. */
static struct rig *jumping(unsigned timed, uint32_t target)
{
    struct rig *r = new_rig(timed);
    switch_on(r, ALL_ON);
    EMIT(r, jalr, 0, 6, 0, 0);
    bench_poke(&r->bench, TARGET, 4, target);
    return r;
}

static void expect_fault(struct rig *r, uint64_t epc)
{
    assert_int_equal(r->hart->st.traps, 1);
    assert_int_equal(r->hart->st.csr.mcause, 18);
    assert_int_equal(r->hart->st.csr.mtval, LANDING_PAD_FAULT);
    assert_int_equal(r->hart->st.csr.mepc, epc);
    assert_true(r->hart->st.csr.mstatus & MPELP);
    assert_false(r->hart->st.elp);
}

/* Which of the switches makes a landing pad expected in each mode. */
static void FCFIACT(void **state)
{
    (void)state;
    static const struct {
        enum vd_mode mode;
        unsigned by;
    } rows[] = {{VD_MODE_M, 0}, {VD_MODE_S, 1}, {VD_MODE_VS, 2}, {VD_MODE_U, 3}, {VD_MODE_VU, 3}};
    FOR_BOTH for (unsigned i = 0; i < 5 * SWITCHES; i++)
    {
        struct rig *r = new_rig(timed);
        EMIT(r, jalr, 0, 6, 0, 0);
        bench_poke(&r->bench, TARGET, 4, NOP);
        switch_on(r, 1u << i % SWITCHES);
        rig_enter(r, rows[i / SWITCHES].mode);
        rig_step(r, 2);
        bool expected = rows[i / SWITCHES].by == i % SWITCHES;
        assert_int_equal(r->hart->st.traps, expected);
        assert_int_equal(r->hart->st.csr.mcause, expected ? 18 : 0);
        rig_free(r);
    }
}

/* Every register, as jalr with and without a link, and its 16-bit forms. */
static void IND_CALL_JMP(void **state)
{
    (void)state;
    FOR_BOTH for (unsigned i = 0; i < 5 * 32; i++)
    {
        struct rig *r = new_rig(timed);
        unsigned rs1 = i / 5, form = i % 5;
        switch_on(r, ALL_ON);
        if (form < 3)
            EMIT(r, jalr, form == 1 ? 1 : form == 2 ? 5 : 0, rs1, 0, rs1 ? 0 : 0x40);
        else if (rs1)
            rig_emit(r, (form == 3 ? 0x8002 : 0x9002) | rs1 << 7, 2);
        r->hart->st.x[rs1] = rs1 ? TARGET : 0;
        if (form < 3 || rs1)
            rig_step(r, 1);
        bool exempt = rs1 == 1 || rs1 == 5 || rs1 == 7 || (form >= 3 && !rs1);
        if (r->hart->st.elp == exempt)
            fail_msg("x%u, form %u: %d", rs1, form, r->hart->st.elp);
        assert_int_equal(r->hart->st.traps, 0);
        rig_free(r);
    }
}

static void direct_jumps_expect_nothing(void **state)
{
    (void)state;
    FOR_BOTH
    {
        struct rig *r = new_rig(timed);
        switch_on(r, ALL_ON);
        EMIT(r, jal, 1, 0, 0, 8);
        EMIT(r, ebreak, 0, 0, 0, 0);
        EMIT(r, beq, 0, 0, 0, 8);
        EMIT(r, ebreak, 0, 0, 0, 0);
        rig_emit(r, 0xa009, 2); /* c.j .+2 */
        EMIT(r, addi, 0, 0, 0, 0);
        rig_step(r, 4);
        assert_int_equal(r->hart->st.traps, 0);
        assert_false(r->hart->st.elp);
        rig_free(r);
    }
}

/* What is at the target, x7, and whether that is a landing pad. */
static void zicflip_elp_lpad_expected(void **state)
{
    (void)state;
    static const struct {
        uint32_t target;
        uint64_t x7;
        bool lands;
    } rows[] = {
        {LPAD(0), 0, true},
        {LPAD(0), 0x12345678, true},
        {LPAD(0x12345), 0x12345000, true},
        {LPAD(0x12345), UINT64_C(0xffffffff12345fff), true},
        {LPAD(0x12345), 0x12344000, false},
        {LPAD(0x12345), 0, false},
        {LPAD(0xfffff), UINT64_C(0xfffff000), true},
        {LPAD(0x80000), UINT64_C(0x80000000), true},
        {LPAD(0x80000), UINT64_C(0x8000000000000000), false},
        {0x00000097, 0, false}, /* auipc x1 */
        {0x00000037, 0, false}, /* lui x0 */
        {NOP, 0, false},
        {0x00010001, 0, false}, /* c.nop */
        {0x00000000, 0, false}, /* zicflip: illegal instruction comes after */
        {0xffffffff, 0, false},
        {0x30200073, 0, false}, /* mret */
        {0x10500073, 0, false}, /* wfi */
        {0x00000073, 0, false}, /* ecall */
        {0x00100073, 0, false}, /* ebreak */
        {0x00053507, 0, false}, /* fld */
    };
    FOR_BOTH for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
    {
        struct rig *r = jumping(timed, rows[i].target);
        r->hart->st.x[7] = rows[i].x7;
        rig_step(r, 2);
        if (rows[i].lands != (r->hart->st.instret == 2))
            fail_msg("%08x, x7 %#lx", rows[i].target, rows[i].x7);
        assert_false(r->hart->st.elp);
        if (rows[i].lands)
            assert_int_equal(r->hart->st.pc, TARGET + 4);
        else
            expect_fault(r, TARGET);
        rig_free(r);
    }
}

/* Even where it is a landing pad by its bits. */
static void zicflip_lpad_alignment_exception(void **state)
{
    (void)state;
    static const uint64_t places[] = {TARGET + 2, RAM_AT + 0xffe};
    FOR_BOTH for (unsigned i = 0; i < 2; i++)
    {
        struct rig *r = jumping(timed, 0);
        bench_poke(&r->bench, places[i], 4, LPAD(0));
        r->hart->st.x[6] = places[i];
        rig_step(r, 2);
        expect_fault(r, places[i]);
        rig_free(r);
    }
}

/* With landing pads off, or none expected, whatever its label and place. */
static void zicflip_lpad_enabled_instr_allowed(void **state)
{
    (void)state;
    FOR_BOTH for (unsigned on = 0; on < 2; on++)
    {
        struct rig *r = new_rig(timed);
        switch_on(r, on ? ALL_ON : 0);
        rig_emit(r, LPAD(0x55555), 4);
        rig_emit(r, 0x0001, 2);
        rig_emit(r, LPAD(0x55555), 4);
        EMIT(r, addi, 5, 0, 0, 1);
        rig_step(r, 4);
        assert_int_equal(r->hart->st.traps, 0);
        assert_int_equal(r->hart->st.x[5], 1);
        assert_int_equal(r->hart->st.x[0], 0);
        rig_free(r);
    }
}

/* The same code, reached through x5 and so guarded, and through x6 with labels right and wrong. */
static void code_is_keyed_by_ELP(void **state)
{
    (void)state;
    FOR_BOTH
    {
        struct rig *r = jumping(timed, LPAD(0x12345));
        bench_poke(&r->bench, TARGET + 4, 4, 0x00008067); /* ret */
        r->end = RAM_AT;
        EMIT(r, jalr, 1, 5, 0, 0);
        EMIT(r, jalr, 1, 6, 0, 0);
        EMIT(r, addi, 7, 0, 0, 0);
        EMIT(r, jalr, 1, 5, 0, 0);
        EMIT(r, jalr, 1, 6, 0, 0);
        r->hart->st.x[5] = TARGET;
        r->hart->st.x[7] = 0x12345000;
        bench_poke(&r->bench, TRAP_AT, 4, 0x0000006f); /* j . */
        rig_run(r, 1000);                              /* from block to block, in one slice */
        expect_fault(r, TARGET);
        assert_int_equal(r->hart->st.x[1], RAM_AT + 20);
        rig_free(r);
    }
}

static void misaligned_jump_leaves_ELP(void **state)
{
    (void)state;
    FOR_BOTH for (unsigned rd = 0; rd < 2; rd++)
    {
        struct hart_config config = {
            .extensions = vd_mask(0, HART_EXT_COUNT) &
                          ~(VD_BIT(HART_EXT_C) | VD_BIT(HART_EXT_Zcb) | VD_BIT(HART_EXT_Zcmop))};
        if (timed)
            config.timing = rig_inorder();
        struct rig *r = rig_new(&config);
        switch_on(r, ALL_ON);
        EMIT(r, jalr, rd, 6, 0, 0);
        r->hart->st.x[6] = TARGET + 2;
        rig_step_to_trap(r, CAUSE_FETCH_MISALIGNED, TARGET + 2, RAM_AT);
        assert_false(r->hart->st.csr.mstatus & MPELP);
        assert_false(r->hart->st.elp);
        rig_free(r);
    }
}

/* A fetch that faults, in either half, and a breakpoint there come first, and keep ELP. */
static void Zicfilp_exception_priority(void **state)
{
    (void)state;
    FOR_BOTH for (unsigned i = 0; i < 3; i++)
    {
        struct rig *r = jumping(timed, NOP);
        uint64_t where = i == 0 ? UINT64_C(0x40000000) : TARGET;
        if (i == 1) { /* its second half is nowhere */
            where = r->bench.ram_base + r->bench.ram_size - 2;
            bench_poke(&r->bench, where, 2, 0x0017);
        } else if (i == 2) {
            csr_poke(r->hart, CSR_tdata2, TARGET);
            csr_poke(r->hart, CSR_tdata1, UINT64_C(6) << 60 | VD_BIT(6) | VD_BIT(2));
        }
        r->hart->st.x[6] = where;
        r->hart->st.csr.mstatus |= MSTATUS_MIE; /* or M-mode has no breakpoint */
        rig_step(r, 2);
        assert_int_equal(r->hart->st.csr.mcause,
                         i == 2 ? CAUSE_BREAKPOINT : CAUSE_FETCH_ACCESS_FAULT);
        assert_int_equal(r->hart->st.csr.mepc, where);
        assert_true(r->hart->st.csr.mstatus & MPELP);
        rig_free(r);
    }
}

static const struct {
    enum vd_mode from, to;
} traps[] = {{VD_MODE_M, VD_MODE_M},   {VD_MODE_S, VD_MODE_M},  {VD_MODE_U, VD_MODE_M},
             {VD_MODE_VS, VD_MODE_M},  {VD_MODE_VU, VD_MODE_M}, {VD_MODE_S, VD_MODE_S},
             {VD_MODE_U, VD_MODE_S},   {VD_MODE_VS, VD_MODE_S}, {VD_MODE_VU, VD_MODE_S},
             {VD_MODE_VS, VD_MODE_VS}, {VD_MODE_VU, VD_MODE_VS}};
enum { TRAPS = sizeof(traps) / sizeof(traps[0]) };

/* The delegation by which a software check of `from` goes to `to`. */
static void delegate(struct rig *r, enum vd_mode to)
{
    csr_poke(r->hart, CSR_medeleg, to == VD_MODE_M ? 0 : VD_BIT(18));
    csr_poke(r->hart, CSR_hedeleg, to == VD_MODE_VS ? VD_BIT(18) : 0);
}

static uint64_t previous(const struct hart *h)
{
    return (h->st.csr.mstatus & MPELP ? 1 : 0) | (h->st.csr.mstatus & SPELP ? 2 : 0) |
           (h->st.csr.vsstatus & SPELP ? 4 : 0);
}

static uint64_t place_of(enum vd_mode to)
{
    return to == VD_MODE_M ? 1 : to == VD_MODE_S ? 2 : 4;
}

/* From each mode to each: the one bit is set, then by a trap without an expectation cleared. */
static void Zicfilp_pelp_trap(void **state)
{
    (void)state;
    FOR_BOTH for (unsigned i = 0; i < 2 * TRAPS; i++)
    {
        struct rig *r = jumping(timed, NOP);
        uint64_t place = place_of(traps[i / 2].to);
        delegate(r, traps[i / 2].to);
        rig_enter(r, traps[i / 2].from);
        if (i % 2) { /* an exception that has not landed anything */
            csr_poke(r->hart, CSR_medeleg, traps[i / 2].to == VD_MODE_M ? 0 : ~UINT64_C(0));
            csr_poke(r->hart, CSR_hedeleg, traps[i / 2].to == VD_MODE_VS ? ~UINT64_C(0) : 0);
            bench_poke(&r->bench, RAM_AT, 4, 0xffffffff);
            r->hart->st.csr.mstatus |= MPELP | SPELP;
            r->hart->st.csr.vsstatus |= SPELP;
        }
        rig_step(r, 2);
        assert_int_equal(r->hart->st.traps, 1);
        assert_int_equal(hart_mode(r->hart), traps[i / 2].to);
        assert_int_equal(previous(r->hart), i % 2 ? 7 & ~place : place);
        assert_false(r->hart->st.elp);
        rig_free(r);
    }
}

/* Where each return finds its bit, and which switch the mode that it goes to has. */
static const struct {
    enum vd_mode in, to;
    uint8_t by;
} returns[] = {{VD_MODE_M, VD_MODE_M, 0},   {VD_MODE_M, VD_MODE_S, 1},  {VD_MODE_M, VD_MODE_U, 3},
               {VD_MODE_M, VD_MODE_VS, 2},  {VD_MODE_M, VD_MODE_VU, 3}, {VD_MODE_S, VD_MODE_S, 1},
               {VD_MODE_S, VD_MODE_U, 3},   {VD_MODE_S, VD_MODE_VS, 2}, {VD_MODE_S, VD_MODE_VU, 3},
               {VD_MODE_VS, VD_MODE_VU, 3}, {VD_MODE_VS, VD_MODE_VS, 2}};
enum { RETURNS = sizeof(returns) / sizeof(returns[0]) };

static void prepare_return(struct rig *r, enum vd_mode in, enum vd_mode to)
{
    struct hart_csrs *csr = &r->hart->st.csr;
    csr->mepc = csr->sepc = csr->vsepc = TARGET;
    csr->mstatus = vd_set(csr->mstatus, MSTATUS_MPP_LSB, 2, to & 3) & ~(MSTATUS_MPV | MSTATUS_SPP);
    csr->vsstatus &= ~MSTATUS_SPP;
    if (to >= VD_MODE_VU)
        csr->mstatus |= MSTATUS_MPV, csr->hstatus |= HSTATUS_SPV;
    if ((to & 3) == PRV_S)
        csr->mstatus |= MSTATUS_SPP, csr->vsstatus |= MSTATUS_SPP;
    csr->mstatus |= MPELP | SPELP;
    csr->vsstatus |= SPELP;
    rig_enter(r, in);
}

/* With the switch of the new mode alone, with all others, and with a bit that is clear. */
static void Zicfilp_pelp_trap_return(void **state)
{
    (void)state;
    FOR_BOTH for (unsigned i = 0; i < 3 * RETURNS; i++)
    {
        struct rig *r = new_rig(timed);
        enum vd_mode in = returns[i / 3].in;
        unsigned own = 1u << returns[i / 3].by;
        switch_on(r, i % 3 == 1 ? ALL_ON & ~own : own);
        if (in == VD_MODE_M)
            EMIT(r, mret, 0, 0, 0, 0);
        else
            EMIT(r, sret, 0, 0, 0, 0);
        prepare_return(r, in, returns[i / 3].to);
        if (i % 3 == 2)
            r->hart->st.csr.mstatus &= in == VD_MODE_M ? ~MPELP : in == VD_MODE_S ? ~SPELP : ~0ull;
        if (i % 3 == 2 && in == VD_MODE_VS)
            r->hart->st.csr.vsstatus &= ~SPELP;
        rig_step(r, 1);
        assert_int_equal(r->hart->st.traps, 0);
        assert_int_equal(hart_mode(r->hart), returns[i / 3].to);
        assert_int_equal(r->hart->st.elp, i % 3 == 0);
        assert_int_equal(previous(r->hart), 7 & ~place_of(in));
        rig_free(r);
    }
}

/* Between a jump and its landing pad: an interrupt, and the handler's mret. */
static void Zicfilp_forward_trap_async_interrupt(void **state)
{
    (void)state;
    FOR_BOTH
    {
        struct rig *r = jumping(timed, LPAD(0));
        r->hart->st.csr.mie = VD_BIT(3);
        r->hart->st.csr.mstatus |= MSTATUS_MIE;
        bench_poke(&r->bench, TRAP_AT, 8, UINT64_C(0x30200073) << 32 | NOP); /* mret */
        rig_step(r, 1);
        assert_true(r->hart->st.elp);
        hart_wire(r->hart, VD_LINE_MSIP, true);
        while (r->hart->st.traps == 0)
            rig_run(r, 1);
        assert_int_equal(r->hart->st.csr.mepc, TARGET);
        assert_true(r->hart->st.csr.mstatus & MPELP);
        hart_wire(r->hart, VD_LINE_MSIP, false);
        while (r->hart->st.returns == 0)
            rig_run(r, 1);
        assert_int_equal(r->hart->st.pc, TARGET);
        assert_true(r->hart->st.elp);
        rig_step(r, 1);
        assert_false(r->hart->st.elp);
        assert_int_equal(r->hart->st.traps, 1);
        rig_free(r);
    }
}

static void snapshot_keeps_ELP(void **state)
{
    (void)state;
    static uint8_t buffer[1 << 20];
    FOR_BOTH
    {
        struct rig *r = jumping(timed, NOP), *other = jumping(timed, NOP);
        rig_step(r, 1);
        size_t size = hart_save(r->hart, buffer, sizeof(buffer));
        assert_true(hart_restore(other->hart, buffer, size));
        rig_step(other, 1);
        expect_fault(other, TARGET);
        hart_reset(r->hart);
        assert_false(r->hart->st.elp);
        rig_free(r);
        rig_free(other);
    }
}

/* What is switched on by an instruction holds for the next one. */
static void mseccfg_mlpe(void **state)
{
    (void)state;
    FOR_BOTH for (unsigned on = 0; on < 2; on++)
    {
        struct rig *r = new_rig(timed);
        r->hart->st.x[8] = MSECCFG_MLPE;
        if (!on)
            switch_on(r, 1);
        rig_emit(r, rig_encode(on ? INSN_csrrs : INSN_csrrc, 0, 8, 0, CSR_mseccfg), 4);
        EMIT(r, jalr, 0, 6, 0, 0);
        rig_step(r, 2);
        assert_int_equal(r->hart->st.elp, on);
        hart_reset(r->hart); /* norm:mseccfg_mlpe_rst */
        assert_int_equal(r->hart->st.csr.mseccfg, 0);
        rig_free(r);
    }
}

static void without_the_extension_there_is_nothing(void **state)
{
    (void)state;
    FOR_BOTH
    {
        struct hart_config config = {.timing = timed ? rig_inorder() : (struct hart_timing){0}};
        struct rig *r = rig_new(&config);
        switch_on(r, ALL_ON);
        csr_poke(r->hart, CSR_mstatus, ~UINT64_C(0));
        csr_poke(r->hart, CSR_medeleg, ~UINT64_C(0));
        assert_int_equal(r->hart->st.csr.mstatus & (MPELP | SPELP), 0);
        assert_int_equal(r->hart->st.csr.medeleg >> 18 & 1, 0);
        EMIT(r, jalr, 0, 6, 0, 0);
        r->hart->st.x[6] = TARGET;
        bench_poke(&r->bench, TARGET, 4, NOP);
        rig_step(r, 2);
        assert_int_equal(r->hart->st.traps, 0);
        rig_free(r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(FCFIACT),
        cmocka_unit_test(IND_CALL_JMP),
        cmocka_unit_test(direct_jumps_expect_nothing),
        cmocka_unit_test(zicflip_elp_lpad_expected),
        cmocka_unit_test(zicflip_lpad_alignment_exception),
        cmocka_unit_test(zicflip_lpad_enabled_instr_allowed),
        cmocka_unit_test(code_is_keyed_by_ELP),
        cmocka_unit_test(misaligned_jump_leaves_ELP),
        cmocka_unit_test(Zicfilp_exception_priority),
        cmocka_unit_test(Zicfilp_pelp_trap),
        cmocka_unit_test(Zicfilp_pelp_trap_return),
        cmocka_unit_test(Zicfilp_forward_trap_async_interrupt),
        cmocka_unit_test(snapshot_keeps_ELP),
        cmocka_unit_test(mseccfg_mlpe),
        cmocka_unit_test(without_the_extension_there_is_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
