/* SPDX-License-Identifier: BSD-2-Clause */
/* Debug triggers on what is loaded, stored and executed, and in which contexts they are on [debug
 * Sdtrig]. */
#include "hart/exec_rig.h"
#include "hart/trigger.h"

#define TYPE(type) ((uint64_t)(type) << TDATA1_TYPE_LSB)
#define VALUE      (TYPE(TRIGGER_MCONTROL6) | MCONTROL6_SELECT)
#define SIZE(n)    ((uint64_t)(n) << MCONTROL6_SIZE_LSB)
#define MATCH(n)   ((uint64_t)(n) << MCONTROL6_MATCH_LSB)
enum { IN_M = 1 << 6, WORD = 0x8765 };

static uint64_t hit_of(const struct rig *r, unsigned i)
{
    return r->hart->st.csr.tdata1[i] & (MCONTROL6_HIT1 | MCONTROL6_HIT0);
}

/* In M-mode, where one instruction accesses DATA_AT; x7 and f7 are stored. */
static struct rig *accessing(enum insn_code code, uint64_t memory, uint64_t stored)
{
    struct rig *r = rig_new(NULL);
    r->hart->st.csr.mstatus |= MSTATUS_MIE;
    rig_emit(r, rig_encode(code, 5, 6, 7, 0), 4);
    EMIT(r, addi, 10, 10, 0, 1);
    r->hart->st.x[6] = DATA_AT;
    r->hart->st.x[7] = r->hart->st.f[7] = stored;
    bench_poke(&r->bench, DATA_AT, 8, memory);
    return r;
}

/* Before anything is stored; of narrow stores only what they store counts. */
static void Sdtrig_store_data(void **state)
{
    (void)state;
    static const struct {
        uint16_t code;
        uint64_t tdata2;
        bool fires;
    } rows[] = {
        {INSN_sb, 0xffff65, true},
        {INSN_sb, 0x64, false},
        {INSN_sh, 0x18765, true},
        {INSN_sw, 0x12348765, true},
        {INSN_sw, WORD, false},
        {INSN_fsw, 0x12348765, true},
        {INSN_sd, 0x12348765, true},
        {INSN_sd, WORD, false},
        {INSN_fsh, WORD, true},
        {INSN_sw_rl, 0x12348765, true},
        {INSN_sc_w, 0x12348765, true},
        {INSN_amoswap_w, 0x12348765, false},
        {INSN_amocas_w, 0x12348765, false},
        {INSN_cbo_zero, 0, false},
        {INSN_lw, 0x12348765, false},
    };
    for (size_t n = 0; n < 2 * sizeof(rows) / sizeof(rows[0]); n++) {
        size_t i = n / 2;
        struct rig *r = accessing((enum insn_code)rows[i].code, 0, 0x12348765);
        if (n & 1) /* it makes no difference that somebody watches */
            r->ops.watch(r->bench.host.ctx, DATA_AT, true);
        r->hart->st.reservation_valid = true;
        r->hart->st.reservation_spa = DATA_AT;
        r->hart->st.reservation_size = 4;
        rig_trigger(r, 0, VALUE | IN_M | TRIGGER_STORE, rows[i].tdata2);
        rig_step(r, 1);
        if (r->hart->st.traps != rows[i].fires)
            fail_msg("row %zu, watched: %zu", i, n & 1);
        if (rows[i].fires) {
            assert_int_equal(r->hart->st.csr.mcause, CAUSE_BREAKPOINT);
            assert_int_equal(r->hart->st.csr.mepc, RAM_AT);
            assert_int_equal(r->hart->st.csr.mtval, DATA_AT);
            assert_int_equal(hit_of(r, 0), MCONTROL6_HIT0);
            assert_int_equal(bench_peek(&r->bench, DATA_AT, 8), 0);
        }
        rig_free(r);
    }
}

/* Immediately after the load, whose result is there. */
static void Sdtrig_load_data(void **state)
{
    (void)state;
    static const struct {
        uint16_t code;
        uint64_t tdata2;
        bool fires;
    } rows[] = {
        {INSN_lb, 0xf8, true},
        {INSN_lbu, 0xf8, true},
        {INSN_lh, 0xf7f8, true},
        {INSN_lhu, 0xf7f9, false},
        {INSN_lw, 0xf5f6f7f8, true},
        {INSN_lwu, 0xf5f6f7f8, true},
        {INSN_ld, 0xf1f2f3f4f5f6f7f8, true},
        {INSN_ld, 0xf5f6f7f8, false},
        {INSN_flw, 0xf5f6f7f8, true},
        {INSN_flh, 0xf7f8, true},
        {INSN_lw_aq, 0xf5f6f7f8, true},
        {INSN_lr_w, 0xf5f6f7f8, true},
        {INSN_hlv_w, 0xf5f6f7f8, true},
        {INSN_amoswap_w, 0xf5f6f7f8, false},
        {INSN_sw, 0xf5f6f7f8, false},
    };
    for (size_t n = 0; n < 2 * sizeof(rows) / sizeof(rows[0]); n++) {
        size_t i = n / 2;
        struct rig *r = accessing((enum insn_code)rows[i].code, 0xf1f2f3f4f5f6f7f8, 0xf5f6f7f8);
        if (n & 1) { /* [priv norm:pm_csr_hw_apply] */
            csr_poke(r->hart, CSR_mseccfg, UINT64_C(3) << MSECCFG_PMM_LSB);
            csr_poke(r->hart, CSR_senvcfg, UINT64_C(3) << ENVCFG_PMM_LSB);
            r->hart->st.x[6] |= UINT64_C(0x1234) << 48;
        }
        rig_trigger(r, 1, VALUE | IN_M | 1 << 3 | 1 << 23 | TRIGGER_LOAD, rows[i].tdata2);
        csr_poke(r->hart, CSR_pmpaddr0, ~UINT64_C(0));
        csr_poke(r->hart, CSR_pmpcfg0, 0x1f);
        rig_step(r, 1);
        uint64_t loaded = r->hart->st.x[5] | r->hart->st.f[5];
        if (r->hart->st.traps != rows[i].fires)
            fail_msg("row %zu", i);
        assert_int_equal(r->hart->st.x[10], 0);
        if (rows[i].fires) {
            assert_int_equal(r->hart->st.csr.mcause, CAUSE_BREAKPOINT);
            assert_int_equal(r->hart->st.csr.mepc, RAM_AT + 4);
            assert_int_equal(r->hart->st.csr.mtval, DATA_AT);
            assert_true(hit_of(r, 1) == (MCONTROL6_HIT1 | MCONTROL6_HIT0));
            assert_int_equal(loaded & 0xff, 0xf8);
        }
        rig_free(r);
    }
}

/* [debug csr-mcontrol6]: a value of `bits` bits, in as many of tdata2. */
static void Sdtrig_values_match(void **state)
{
    (void)state;
    static const struct {
        uint16_t code;
        uint64_t match, size, tdata2;
        bool fires;
    } rows[] = {
        {INSN_sw, 0, 3, WORD, true},
        {INSN_sw, 0, 2, WORD, false},
        {INSN_sh, 0, 2, WORD, true},
        {INSN_sd, 0, 5, WORD, true},
        {INSN_sw, 1, 0, 0x877f, true},
        {INSN_sw, 1, 0, 0x84ff, false},
        {INSN_sw, 2, 0, WORD, true},
        {INSN_sw, 2, 0, WORD + 1, false},
        {INSN_sh, 2, 0, 0x10000 + WORD, true},
        {INSN_sw, 3, 0, WORD, false},
        {INSN_sw, 3, 0, WORD + 1, true},
        {INSN_sh, 3, 0, 0x10000, false},
        {INSN_sw, 4, 0, UINT64_C(0xff00) << 32 | 0x8700, true},
        {INSN_sw, 4, 0, UINT64_C(0xff00) << 32 | 0x8765, false},
        {INSN_sd, 5, 0, UINT64_C(0xff) << 32, true},
        {INSN_sd, 5, 0, UINT64_C(0xff) << 32 | 1, false},
        {INSN_sw, 8, 0, WORD, false},
        {INSN_sw, 8, 0, WORD + 1, true},
        {INSN_sw, 9, 0, 0x877f, false},
        {INSN_sw, 12, 0, UINT64_C(0xff00) << 32 | 0x8765, true},
        {INSN_sd, 13, 0, UINT64_C(0xff) << 32, false},
        {INSN_sw, 5, 0, UINT64_C(0xff) << 32 | 1, true}, /* no bits to compare */
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct rig *r = accessing((enum insn_code)rows[i].code, 0, WORD);
        rig_trigger(r, 0, VALUE | IN_M | TRIGGER_STORE | MATCH(rows[i].match) | SIZE(rows[i].size),
                    rows[i].tdata2);
        rig_step(r, 1);
        if (r->hart->st.traps != rows[i].fires)
            fail_msg("row %zu", i);
        rig_free(r);
    }
}

/* The upper half of a value, of which the mask leaves something. */
static void Sdtrig_upper_halves(void **state)
{
    (void)state;
    for (uint64_t wanted = 0; wanted < 4; wanted++) {
        struct rig *r = accessing(INSN_sd, 0, UINT64_C(0x12) << 32 | WORD);
        rig_trigger(r, 0, VALUE | IN_M | TRIGGER_STORE | MATCH(MATCH_MASK_HIGH),
                    UINT64_C(3) << 32 | wanted);
        rig_step(r, 1);
        assert_int_equal(r->hart->st.traps, wanted == 2);
        rig_free(r);
    }
}

/* Before the instruction, and before it is illegal. */
static void Sdtrig_opcodes(void **state)
{
    (void)state;
    static const struct {
        uint32_t insn, tdata2, size;
        bool fires;
    } rows[] = {
        {0x00128293, 0x00128293, 0, true},  {0x00128293, 0x00128293, 3, true},
        {0x00128293, 0x00128293, 2, false}, {0x00128293, 0x00128297, 0, false},
        {0x0285, 0x10285, 0, true},         {0x0285, 0x0285, 2, true},
        {0x0285, 0x0285, 3, false},         {0xffffffff, 0xffffffff, 0, true},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct rig *r = rig_new(NULL);
        r->hart->st.csr.mstatus |= MSTATUS_MIE;
        EMIT(r, addi, 10, 10, 0, 1);
        rig_emit(r, rows[i].insn, (rows[i].insn & 3) == 3 ? 4 : 2);
        rig_trigger(r, 2, VALUE | IN_M | TRIGGER_EXECUTE | SIZE(rows[i].size), rows[i].tdata2);
        rig_step(r, 2);
        if (r->hart->st.traps != rows[i].fires || r->hart->st.x[5] != (rows[i].fires ? 0 : 1))
            fail_msg("row %zu", i);
        if (rows[i].fires) {
            assert_int_equal(r->hart->st.csr.mcause, CAUSE_BREAKPOINT);
            assert_int_equal(r->hart->st.csr.mepc, RAM_AT + 4);
            assert_int_equal(r->hart->st.csr.mtval, RAM_AT + 4);
            assert_int_equal(hit_of(r, 2), MCONTROL6_HIT0);
        }
        rig_free(r);
    }
}

/* An instruction or an address, and a value: all by the same instruction, at the later time. */
static void Sdtrig_chains_with_values(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 8; i++) {
        bool load = i & 1, by_insn = i & 2, wrong = i & 4;
        struct rig *r = accessing(load ? INSN_lw : INSN_sw, WORD, WORD);
        unsigned kind = load ? TRIGGER_LOAD : TRIGGER_STORE;
        rig_trigger(r, 0,
                    TYPE(TRIGGER_MCONTROL6) | IN_M | MCONTROL6_CHAIN |
                        (by_insn ? (unsigned)TRIGGER_EXECUTE : kind),
                    (by_insn ? RAM_AT : DATA_AT) + (wrong ? 4 : 0));
        rig_trigger(r, 1, VALUE | IN_M | kind, WORD);
        rig_step(r, 2);
        assert_int_equal(r->hart->st.traps, !wrong);
        rig_free(r);
    }
}

/* Behind the load, before an interrupt and before the next instruction; not if it has trapped. */
static void Sdtrig_comes_before_interrupts(void **state)
{
    (void)state;
    for (unsigned trapped = 0; trapped < 2; trapped++) {
        struct rig *r = accessing(INSN_lw, WORD, 0);
        rig_trigger(r, 0, VALUE | IN_M | TRIGGER_LOAD, WORD);
        bench_poke(&r->bench, TRAP_AT, 4, rig_encode(INSN_jal, 0, 0, 0, 0));
        csr_poke(r->hart, CSR_mie, 1 << INT_MSI);
        hart_wire(r->hart, VD_LINE_MSIP, true);
        trigger_on_loaded(r->hart, DATA_AT, 4, false, WORD);
        if (trapped)
            trigger_leaving(r->hart);
        rig_step(r, 1);
        assert_int_equal(r->hart->st.csr.mepc, RAM_AT);
        assert_int_equal(r->hart->st.csr.mcause & 0xff, 3); /* of both */
        assert_int_equal(r->hart->st.csr.mcause >> 63, trapped);
        rig_free(r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(Sdtrig_store_data),
        cmocka_unit_test(Sdtrig_load_data),
        cmocka_unit_test(Sdtrig_values_match),
        cmocka_unit_test(Sdtrig_opcodes),
        cmocka_unit_test(Sdtrig_chains_with_values),
        cmocka_unit_test(Sdtrig_comes_before_interrupts),
        cmocka_unit_test(Sdtrig_upper_halves),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
