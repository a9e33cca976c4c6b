/* SPDX-License-Identifier: BSD-2-Clause */
/* Debug triggers, rule by rule [debug Sdtrig]. */
#include "hart/exec_rig.h"
#include "hart/trigger.h"

#define TYPE(type) ((uint64_t)(type) << TDATA1_TYPE_LSB)
#define MCONTROL6  TYPE(TRIGGER_MCONTROL6)
#define ICOUNT     TYPE(TRIGGER_ICOUNT)
enum { ALL_MODES = 1 << 6 | 1 << 4 | 1 << 3 | 1 << 23 | 1 << 24 };

/* A hart in a mode with interrupts enabled there, all memory allowed. */
static struct rig *in_mode(const struct hart_config *config, enum vd_mode mode)
{
    struct rig *r = rig_new(config);
    csr_poke(r->hart, CSR_pmpaddr0, ~UINT64_C(0));
    csr_poke(r->hart, CSR_pmpcfg0, 0x1f);
    r->hart->st.csr.mstatus |= MSTATUS_MIE | MSTATUS_SIE;
    r->hart->st.csr.vsstatus |= MSTATUS_SIE;
    r->hart->st.priv = (uint8_t)(mode & 3);
    r->hart->st.virt = mode >= VD_MODE_VU;
    mmu_context(r->hart);
    bench_poke(&r->bench, TRAP_AT, 4, rig_encode(INSN_jal, 0, 0, 0, 0));
    return r;
}

static uint64_t tdata1(struct rig *r, unsigned i)
{
    uint64_t value;
    csr_poke(r->hart, CSR_tselect, i);
    assert_true(csr_peek(r->hart, CSR_tdata1, &value));
    return value;
}

static void Sdtrig_enumeration(void **state)
{
    (void)state;
    uint64_t value;
    struct rig *r = rig_new(NULL);
    for (unsigned i = 0; i < 8; i++) {
        csr_poke(r->hart, CSR_tselect, i);
        csr_peek(r->hart, CSR_tselect, &value);
        assert_int_equal(value, i < HART_TRIGGERS ? i : HART_TRIGGERS - 1);
        csr_peek(r->hart, CSR_tinfo, &value);
        assert_int_equal(value, 1 << 24 | 0x8078);
    }
    for (unsigned i = 0; i < HART_TRIGGERS; i++)
        assert_true(tdata1(r, i) == TYPE(TRIGGER_DISABLED));
    rig_free(r);
    struct hart_config without = {.extensions = VD_BIT(HART_EXT_Zicsr)};
    r = rig_new(&without);
    for (uint32_t n = CSR_tselect; n <= CSR_tinfo; n++)
        assert_false(csr_peek(r->hart, n, &value));
    rig_free(r);
}

static void Sdtrig_tdata_is_WARL(void **state)
{
    (void)state;
    static const struct {
        unsigned trigger;
        uint64_t written, read;
    } rows[] = {
        {0, 0, TYPE(15)},
        {0, TYPE(2) | 0x7f, TYPE(15)},
        {0, TYPE(7), TYPE(15)},
        {0, MCONTROL6 | 0x07ffffffffff0fff, MCONTROL6 | 0x3e0085f},
        {3, MCONTROL6 | MCONTROL6_CHAIN | 4, MCONTROL6 | 4},
        {0, MCONTROL6 | 5 << MCONTROL6_SIZE_LSB | 13 << 7, MCONTROL6 | 5 << 16 | 13 << 7},
        {0, MCONTROL6 | 4 << MCONTROL6_SIZE_LSB | 6 << 7, MCONTROL6},
        {0, ICOUNT | 0x0fffffffffffffff, ICOUNT | 0x7ffffc0},
        {0, TYPE(4) | 0x0fffffffffffffff, TYPE(4) | TRAP_HIT | 0x1ac0},
        {0, TYPE(5) | 0x0fffffffffffffff, TYPE(5) | TRAP_HIT | 0x1ac0},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct rig *r = rig_new(NULL);
        rig_trigger(r, rows[i].trigger, rows[i].written, ONES);
        uint64_t value;
        if (tdata1(r, rows[i].trigger) != rows[i].read)
            fail_msg("row %zu: %lx", i, tdata1(r, rows[i].trigger));
        csr_peek(r->hart, CSR_tdata2, &value);
        assert_true(value == ONES);
        csr_poke(r->hart, CSR_tdata3, UINT64_C(0xfffa01fffffffffd));
        csr_peek(r->hart, CSR_tdata3, &value);
        assert_true(value == UINT64_C(0xfffa01fffffffffd));
        rig_free(r);
    }
}

static void emit_adds(struct rig *r, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        EMIT(r, addi, 5, 5, 0, 1);
    EMIT(r, jal, 0, 0, 0, 0);
}

/* The instruction does not execute; hit0 says so.  In both run loops, with blocks that exist. */
static void Sdtrig_execute_address(void **state)
{
    (void)state;
    for (unsigned timing = 0; timing < 2; timing++) {
        struct hart_config config = {.timing = timing ? rig_inorder() : (struct hart_timing){0}};
        struct rig *r = in_mode(&config, VD_MODE_S);
        emit_adds(r, 10);
        rig_run(r, 500);
        assert_int_equal(r->hart->st.x[5], 10);
        r->hart->st.pc = RAM_AT;
        rig_trigger(r, 2, MCONTROL6 | ALL_MODES | TRIGGER_EXECUTE, RAM_AT + 16);
        rig_run(r, 500);
        assert_int_equal(r->hart->st.x[5], 14);
        assert_int_equal(r->hart->st.csr.mcause, CAUSE_BREAKPOINT);
        assert_int_equal(r->hart->st.csr.mepc, RAM_AT + 16);
        assert_int_equal(r->hart->st.csr.mtval, RAM_AT + 16);
        assert_int_equal(tdata1(r, 2) & (MCONTROL6_HIT0 | MCONTROL6_HIT1), MCONTROL6_HIT0);
        rig_trigger(r, 2, 0, 0);
        r->hart->st.pc = RAM_AT;
        rig_run(r, 500);
        assert_int_equal(r->hart->st.x[5], 24);
        rig_free(r);
    }
}

static void Sdtrig_modes(void **state)
{
    (void)state;
    static const enum vd_mode modes[] = {VD_MODE_M, VD_MODE_S, VD_MODE_U, VD_MODE_VS, VD_MODE_VU};
    static const uint8_t bits[] = {6, 4, 3, 24, 23}, kinds[] = {4, 1, 2, 3};
    for (unsigned i = 0; i < 200; i++) {
        unsigned kind = kinds[i / 50], on = i / 5 % 5, store = i / 25 % 2;
        struct rig *r = in_mode(NULL, modes[i % 5]);
        rig_emit(r, rig_encode(store ? INSN_sw : INSN_lw, 5, 6, 7, 0), 4);
        r->hart->st.x[6] = DATA_AT;
        rig_trigger(r, 0, MCONTROL6 | kind | VD_BIT(bits[on]), kind == 4 ? RAM_AT : DATA_AT);
        rig_step(r, 1);
        assert_int_equal(r->hart->st.traps, (kind & (store ? 6 : 5)) && i % 5 == on);
        rig_free(r);
    }
}

/* A breakpoint that its own mode would take waits for its interrupt enable [debug nativetrigger],
 * unless triggers are reentrant. */
static void Sdtrig_no_reentrance(void **state)
{
    (void)state;
    static const struct {
        enum vd_mode mode;
        uint64_t mie, sie, vsie; /* enables that are off */
        uint64_t medeleg, hedeleg;
        bool fires;
    } rows[] = {
        {VD_MODE_M, MSTATUS_MIE, 0, 0, 0, 0, false}, {VD_MODE_M, 0, MSTATUS_SIE, 0, 8, 8, true},
        {VD_MODE_S, MSTATUS_MIE, 0, 0, 8, 0, true},  {VD_MODE_S, 0, MSTATUS_SIE, 0, 8, 0, false},
        {VD_MODE_S, 0, MSTATUS_SIE, 0, 0, 0, true},  {VD_MODE_VS, 0, 0, MSTATUS_SIE, 8, 8, false},
        {VD_MODE_VS, 0, 0, MSTATUS_SIE, 8, 0, true}, {VD_MODE_VS, 0, 0, MSTATUS_SIE, 0, 8, true},
        {VD_MODE_VU, 0, 0, MSTATUS_SIE, 8, 8, true}, {VD_MODE_U, 0, MSTATUS_SIE, 0, 8, 8, true},
    };
    enum { ROWS = sizeof(rows) / sizeof(rows[0]) };
    for (size_t n = 0; n < 2 * ROWS; n++) {
        const struct hart_config config = {.reentrant_triggers = n >= ROWS};
        size_t i = n % ROWS;
        bool fires = rows[i].fires || config.reentrant_triggers;
        struct rig *r = in_mode(&config, rows[i].mode);
        emit_adds(r, 2);
        r->hart->st.csr.mstatus &= ~(rows[i].mie | rows[i].sie);
        r->hart->st.csr.vsstatus &= ~rows[i].vsie;
        r->hart->st.csr.medeleg = rows[i].medeleg;
        r->hart->st.csr.hedeleg = rows[i].hedeleg;
        rig_trigger(r, 0, MCONTROL6 | ALL_MODES | TRIGGER_EXECUTE, RAM_AT + 4);
        rig_run(r, 2);
        if ((r->hart->st.traps != 0) != fires)
            fail_msg("row %zu", n);
        assert_int_equal((tdata1(r, 0) & MCONTROL6_HIT0) != 0, fires);
        rig_free(r);
    }
}

/* Which accesses a load and a store trigger on 8 bytes of DATA_AT catch. */
static const struct {
    uint16_t code;
    int32_t offset;
    bool load, store;
} accesses[] = {
    {INSN_lb, 7, true, false},       {INSN_lb, 8, false, false},
    {INSN_ld, -7, true, false},      {INSN_ld, -8, false, false},
    {INSN_lhu, 6, true, false},      {INSN_flw, 4, true, false},
    {INSN_sb, 0, false, true},       {INSN_sd, -1, false, true},
    {INSN_fsd, 0, false, true},      {INSN_sw, -4, false, false},
    {INSN_lr_d, 0, true, false},     {INSN_amoadd_w, 0, true, true},
    {INSN_amocas_d, 0, true, true},  {INSN_amocas_q, 0, true, true},
    {INSN_cbo_zero, 0, false, true}, {INSN_cbo_clean, 0, false, true},
    {INSN_sc_d, 0, false, true},
};

static void Sdtrig_loads_and_stores(void **state)
{
    (void)state;
    for (size_t i = 0; i < 4 * sizeof(accesses) / sizeof(accesses[0]); i++) {
        bool store = i & 1, known = i & 2;
        struct rig *r = in_mode(NULL, VD_MODE_M);
        uint64_t base = DATA_AT + (uint64_t)(int64_t)accesses[i / 4].offset;
        EMIT(r, sd, 0, 8, 9, 0); /* the page may be known */
        rig_emit(r, rig_encode((enum insn_code)accesses[i / 4].code, 10, 6, 12, 0), 4);
        r->hart->st.x[6] = base;
        r->hart->st.x[8] = DATA_AT + 256;
        if (known)
            rig_step(r, 1);
        else
            r->hart->st.pc += 4;
        rig_trigger(r, 1,
                    MCONTROL6 | ALL_MODES | (store ? TRIGGER_STORE : TRIGGER_LOAD) |
                        MATCH_NAPOT << MCONTROL6_MATCH_LSB,
                    DATA_AT | 3);
        uint64_t before = r->hart->st.instret;
        rig_step(r, 1);
        bool caught = store ? accesses[i / 4].store : accesses[i / 4].load;
        if (r->hart->st.traps != caught || r->hart->st.instret != before + !caught)
            fail_msg("row %zu store %d known %d", i / 4, store, known);
        if (caught) {
            assert_int_equal(r->hart->st.csr.mcause, CAUSE_BREAKPOINT);
            assert_int_equal(r->hart->st.csr.mtval, base);
        }
        rig_free(r);
    }
}

static void Sdtrig_match_and_size(void **state)
{
    (void)state;
    static const struct {
        uint64_t match, tdata2, size;
        int32_t offset;
        bool caught;
    } rows[] = {
        {0, DATA_AT + 4, 0, 4, true},
        {0, DATA_AT + 4, 0, 1, true},
        {0, DATA_AT + 4, 0, 0, false},
        {0, DATA_AT + 4, 3, 4, true},
        {0, DATA_AT + 4, 2, 4, false},
        {0, DATA_AT + 4, 5, 4, false},
        {1, (DATA_AT & ~UINT64_C(0xff)) | 0x7f, 0, 0xfc, true},
        {1, (DATA_AT & ~UINT64_C(0xff)) | 0x7f, 0, 0x100, false},
        {2, DATA_AT + 8, 0, 8, true},
        {2, DATA_AT + 8, 0, 4, false},
        {2, DATA_AT + 8, 0, 5, true},
        {3, DATA_AT + 8, 0, 7, true},
        {3, DATA_AT + 8, 0, 8, false},
        {4, UINT64_C(0xf0) << 32 | 0x40, 0, 0x40, true},
        {4, UINT64_C(0xf0) << 32 | 0x40, 0, 0x50, false},
        {5, UINT64_C(0xffffffff) << 32 | 0, 0, 0, true},
        {5, UINT64_C(0xffffffff) << 32 | 1, 0, 0, false},
        {8, DATA_AT + 4, 0, 4, false},
        {8, DATA_AT + 4, 0, 8, true},
        {9, (DATA_AT & ~UINT64_C(0xff)) | 0x7f, 0, 0xfc, false},
        {9, (DATA_AT & ~UINT64_C(0xff)) | 0x7f, 0, 0x100, true},
        {12, UINT64_C(0xf0) << 32 | 0x40, 0, 0x50, true},
        {13, UINT64_C(0xffffffff) << 32 | 0, 0, 0, false},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct rig *r = in_mode(NULL, VD_MODE_S);
        EMIT(r, lw, 5, 6, 0, rows[i].offset);
        r->hart->st.x[6] = DATA_AT;
        rig_trigger(r, 0,
                    MCONTROL6 | ALL_MODES | TRIGGER_LOAD | rows[i].match << 7 |
                        rows[i].size << MCONTROL6_SIZE_LSB,
                    rows[i].tdata2);
        rig_step(r, 1);
        if (r->hart->st.traps != rows[i].caught)
            fail_msg("row %zu", i);
        rig_free(r);
    }
}

static void Sdtrig_size_of_instructions(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        struct rig *r = in_mode(NULL, VD_MODE_M);
        if (i & 1)
            rig_emit(r, 0x0285, 2); /* c.addi x5, 1 */
        else
            EMIT(r, addi, 5, 5, 0, 1);
        rig_trigger(r, 0,
                    MCONTROL6 | ALL_MODES | TRIGGER_EXECUTE |
                        (i & 2 ? UINT64_C(2) : UINT64_C(3)) << MCONTROL6_SIZE_LSB,
                    RAM_AT);
        rig_step(r, 1);
        assert_int_equal(r->hart->st.traps, (i & 1) == i >> 1);
        rig_free(r);
    }
}

/* A range by two triggers; and an instruction that accesses an address. */
static void Sdtrig_chains(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        struct rig *r = in_mode(NULL, VD_MODE_M);
        EMIT(r, lw, 5, 6, 0, 0);
        EMIT(r, lw, 5, 6, 0, 0);
        r->hart->st.x[6] = DATA_AT + (i & 1 ? 0x40 : 0x20);
        rig_trigger(r, 1, MCONTROL6 | ALL_MODES | TRIGGER_LOAD | MCONTROL6_CHAIN | MATCH_GE << 7,
                    DATA_AT + 0x10);
        rig_trigger(r, 2, MCONTROL6 | ALL_MODES | TRIGGER_LOAD | MATCH_LT << 7, DATA_AT + 0x30);
        if (i & 2) {
            rig_trigger(r, 1, MCONTROL6 | ALL_MODES | TRIGGER_EXECUTE | MCONTROL6_CHAIN,
                        RAM_AT + 4);
            rig_trigger(r, 2, MCONTROL6 | ALL_MODES | TRIGGER_LOAD, DATA_AT + 0x20);
        }
        rig_step(r, 1);
        assert_int_equal(r->hart->st.traps, i == 0);
        rig_step(r, i != 0);
        assert_int_equal(r->hart->st.traps, !(i & 1));
        assert_int_equal((tdata1(r, 1) & MCONTROL6_HIT0) != 0, !(i & 1));
        assert_int_equal((tdata1(r, 2) & MCONTROL6_HIT0) != 0, !(i & 1));
        rig_free(r);
    }
}

/* Faults of the access come after the breakpoint, fetch faults too. */
static void Sdtrig_priority(void **state)
{
    (void)state;
    struct rig *r = in_mode(NULL, VD_MODE_S);
    EMIT(r, ld, 5, 6, 0, 0);
    r->hart->st.x[6] = 0x1001; /* nothing is there, and it is misaligned */
    rig_trigger(r, 0, MCONTROL6 | ALL_MODES | TRIGGER_LOAD, 0x1001);
    rig_step_to_trap(r, CAUSE_BREAKPOINT, 0x1001, RAM_AT);
    rig_free(r);
    r = in_mode(NULL, VD_MODE_S);
    r->hart->st.pc = 0x1000;
    rig_trigger(r, 0, MCONTROL6 | ALL_MODES | TRIGGER_EXECUTE, 0x1000);
    rig_step_to_trap(r, CAUSE_BREAKPOINT, 0x1000, 0x1000);
    rig_free(r);
}

enum { ICOUNT_S = 1 << 7, ICOUNT_U = 1 << 6 };

static void Sdtrig_icount(void **state)
{
    (void)state;
    for (unsigned count = 1; count < 6; count++) {
        struct rig *r = in_mode(NULL, VD_MODE_S);
        emit_adds(r, 10);
        rig_trigger(r, 0, ICOUNT | ICOUNT_S | count << ICOUNT_COUNT_LSB, 0);
        rig_run(r, 20);
        assert_int_equal(r->hart->st.x[5], count);
        assert_int_equal(r->hart->st.csr.mcause, CAUSE_BREAKPOINT);
        assert_int_equal(r->hart->st.csr.mepc, RAM_AT + 4 * count);
        assert_int_equal(r->hart->st.csr.mtval, 0);
        assert_true(tdata1(r, 0) == (ICOUNT | ICOUNT_S | ICOUNT_HIT));
        rig_free(r);
    }
}

/* An instruction that traps counts as well; the trigger waits for its mode to come back. */
static void Sdtrig_icount_over_a_trap(void **state)
{
    (void)state;
    struct rig *r = in_mode(NULL, VD_MODE_U);
    EMIT(r, ecall, 0, 0, 0, 0);
    emit_adds(r, 4);
    r->end = TRAP_AT;
    EMIT(r, addi, 7, 7, 0, 1);
    EMIT(r, csrrw, 0, 8, 0, CSR_mepc);
    EMIT(r, mret, 0, 0, 0, 0);
    r->hart->st.x[8] = RAM_AT + 4;
    rig_trigger(r, 3, ICOUNT | ICOUNT_U | 1 << ICOUNT_COUNT_LSB, 0);
    rig_run(r, 1);
    assert_int_equal(r->hart->st.csr.mcause, CAUSE_ECALL_U);
    assert_true(tdata1(r, 3) & ICOUNT_PENDING);
    rig_run(r, 3);
    assert_int_equal(r->hart->st.x[7], 1);
    rig_run(r, 1);
    assert_int_equal(r->hart->st.csr.mcause, CAUSE_BREAKPOINT);
    assert_int_equal(r->hart->st.csr.mepc, RAM_AT + 4);
    assert_int_equal(r->hart->st.x[5], 0);
    assert_false(tdata1(r, 3) & ICOUNT_PENDING);
    rig_free(r);
}

/* Wherever slices end, and whatever is saved and restored between them. */
static void Sdtrig_icount_survives_snapshots(void **state)
{
    (void)state;
    static uint8_t buffer[1 << 18];
    for (unsigned slice = 1; slice < 8; slice++) {
        struct rig *r = in_mode(NULL, VD_MODE_S), *s = in_mode(NULL, VD_MODE_S);
        emit_adds(r, 10);
        emit_adds(s, 10);
        rig_trigger(r, 0, ICOUNT | ICOUNT_S | 5 << ICOUNT_COUNT_LSB, 0);
        rig_run(r, slice);
        assert_true(hart_restore(s->hart, buffer, hart_save(r->hart, buffer, sizeof(buffer))));
        rig_run(s, 20);
        assert_int_equal(s->hart->st.x[5], 5);
        rig_free(r);
        rig_free(s);
    }
}

/* Before the first instruction of the handler, which breakpoints must not lead to themselves. */
static void Sdtrig_traps(void **state)
{
    (void)state;
    static const struct {
        bool interrupt;
        uint64_t medeleg, tdata2;
        bool fires;
    } rows[] = {
        {false, 1 << 8, 1 << 8, true},      /* taken by S, the breakpoint by M */
        {false, 1 << 8, 1 << 9, false},     /* another cause */
        {false, 0, 1 << 8, false},          /* taken by M with MIE clear */
        {false, 1 << 8 | 8, 1 << 8, false}, /* S would take the breakpoint itself */
        {true, 0, 1 << 1, true},
        {true, 0, 1 << 5, false},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct rig *r = in_mode(NULL, VD_MODE_U);
        EMIT(r, ecall, 0, 0, 0, 0);
        bench_poke(&r->bench, RAM_AT + 0x100, 4, rig_encode(INSN_jal, 0, 0, 0, 0));
        r->hart->st.csr.medeleg = rows[i].medeleg;
        r->hart->st.csr.stvec = RAM_AT + 0x100;
        rig_trigger(r, 0, TYPE(rows[i].interrupt ? TRIGGER_ITRIGGER : TRIGGER_ETRIGGER) | ICOUNT_U,
                    rows[i].tdata2);
        if (rows[i].interrupt) {
            csr_poke(r->hart, CSR_mideleg, 2);
            csr_poke(r->hart, CSR_mie, 2);
            csr_poke(r->hart, CSR_mip, 2);
        }
        rig_step(r, 1);
        bool fired = r->hart->st.traps == 2;
        if (fired != rows[i].fires || fired != ((tdata1(r, 0) & TRAP_HIT) != 0))
            fail_msg("row %zu: %lu traps", i, r->hart->st.traps);
        if (fired) {
            assert_int_equal(r->hart->st.csr.mcause, CAUSE_BREAKPOINT);
            assert_int_equal(r->hart->st.csr.mepc, RAM_AT + 0x100);
            assert_int_equal(r->hart->st.csr.mtval, 0);
            assert_int_equal(r->hart->st.csr.sepc, RAM_AT);
        }
        rig_free(r);
    }
}

/* Blocks and fast translations are back once the last trigger is gone; arming and disarming leave
 * the cycles of a program as they are. */
static void Sdtrig_costs_no_time(void **state)
{
    (void)state;
    for (unsigned timing = 0; timing < 2; timing++) {
        struct hart_config config = {.timing = timing ? rig_inorder() : (struct hart_timing){0}};
        uint64_t cycles[3];
        for (unsigned armed = 0; armed < 3; armed++) {
            struct rig *r = in_mode(&config, VD_MODE_M);
            EMIT(r, ld, 7, 6, 0, 0);
            EMIT(r, add, 8, 7, 8, 0);
            EMIT(r, sd, 0, 6, 8, 8);
            EMIT(r, addi, 5, 5, 0, -1);
            EMIT(r, bne, 0, 5, 0, -16);
            EMIT(r, wfi, 0, 0, 0, 0);
            r->hart->st.x[5] = 50;
            r->hart->st.x[6] = DATA_AT;
            if (armed)
                rig_trigger(r, 0, MCONTROL6 | ALL_MODES | 7, 8);
            if (armed == 2)
                rig_trigger(r, 0, 0, 0);
            rig_run(r, 100000);
            assert_int_equal(r->hart->st.traps, 0);
            assert_int_equal(r->hart->armed != 0, armed == 1);
            cycles[armed] = r->hart->st.cycles;
            rig_free(r);
        }
        assert_int_equal(cycles[0], cycles[1]);
        assert_int_equal(cycles[0], cycles[2]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(Sdtrig_enumeration),
        cmocka_unit_test(Sdtrig_tdata_is_WARL),
        cmocka_unit_test(Sdtrig_execute_address),
        cmocka_unit_test(Sdtrig_modes),
        cmocka_unit_test(Sdtrig_no_reentrance),
        cmocka_unit_test(Sdtrig_loads_and_stores),
        cmocka_unit_test(Sdtrig_match_and_size),
        cmocka_unit_test(Sdtrig_size_of_instructions),
        cmocka_unit_test(Sdtrig_chains),
        cmocka_unit_test(Sdtrig_priority),
        cmocka_unit_test(Sdtrig_icount),
        cmocka_unit_test(Sdtrig_icount_over_a_trap),
        cmocka_unit_test(Sdtrig_icount_survives_snapshots),
        cmocka_unit_test(Sdtrig_traps),
        cmocka_unit_test(Sdtrig_costs_no_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
