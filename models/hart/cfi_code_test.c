/* SPDX-License-Identifier: BSD-2-Clause */
/* What control-flow integrity makes of encodings, for blocks, for the cost of loads before them and
 * for debuggers. */
#include "hart/cfi.h"
#include "hart/exec_rig.h"

enum { SSPUSH_X1 = 0xce104073, SSPUSH_X5 = 0xce504073, C_SSPUSH_X1 = 0x6081 };
enum { SSPOPCHK_X1 = 0xcdc0c073, SSPOPCHK_X5 = 0xcdc2c073, C_SSPOPCHK_X5 = 0x6281 };

static uint16_t made_of(const struct insn_table *t, uint32_t bits, unsigned on)
{
    struct insn_operands o;
    insn_decode(t, bits, &o);
    return cfi_code(on, &o, 0);
}

/* All may-be-operations of both kinds; the five that are not what they were. */
static void zicfiss_enc(void **state)
{
    (void)state;
    struct hart_config config = {.extensions = vd_mask(0, HART_EXT_COUNT)};
    struct insn_table *t = insn_table_create(&config);
    unsigned found = 0;
    for (uint32_t fields = 0; fields < 1 << 18; fields++) {
        uint32_t n = fields & 7, rd = fields >> 3 & 31, rs1 = fields >> 8 & 31, rs2 = fields >> 13;
        uint32_t bits =
            0x82004073 | (n >> 2) << 30 | (n & 3) << 26 | rd << 7 | rs1 << 15 | rs2 << 20;
        uint16_t code = made_of(t, bits, CFI_SSE);
        bool push = bits == SSPUSH_X1 || bits == SSPUSH_X5;
        assert_int_equal(code, push ? PSEUDO_sspush : INSN_mop_rr);
        assert_int_equal(made_of(t, bits, CFI_LPE), INSN_mop_rr);
        found += push;
    }
    for (uint32_t fields = 0; fields < 1 << 15; fields++) {
        uint32_t n = fields & 31, rd = fields >> 5 & 31, rs1 = fields >> 10;
        uint32_t bits =
            0x81c04073 | (n >> 4) << 30 | (n >> 2 & 3) << 26 | (n & 3) << 20 | rd << 7 | rs1 << 15;
        bool pop = bits == SSPOPCHK_X1 || bits == SSPOPCHK_X5;
        bool read = n == 28 && rs1 == 0 && rd != 0;
        uint16_t code = made_of(t, bits, CFI_SSE);
        assert_int_equal(code, pop ? PSEUDO_sspopchk : read ? PSEUDO_ssrdp : INSN_mop_r);
        assert_int_equal(made_of(t, bits, CFI_LPE), INSN_mop_r);
        found += pop;
    }
    assert_int_equal(found, 4);
    insn_table_destroy(t);
}

/* All 16-bit encodings, with Zcmop and without. */
static void zicfiss_c_enc(void **state)
{
    (void)state;
    for (unsigned zcmop = 0; zcmop < 2; zcmop++) {
        struct hart_config config = {.extensions = vd_mask(0, HART_EXT_COUNT)};
        if (!zcmop)
            config.extensions &= ~VD_BIT(HART_EXT_Zcmop);
        struct insn_table *t = insn_table_create(&config);
        for (uint32_t bits = 0; bits < 0x10000; bits++) {
            struct insn_operands o;
            if ((bits & 3) == 3)
                continue;
            insn_decode(t, bits, &o);
            uint16_t plain = o.code, code = cfi_code(CFI_SSE, &o, 0);
            bool push = zcmop && bits == C_SSPUSH_X1, pop = zcmop && bits == C_SSPOPCHK_X5;
            assert_int_equal(code, push ? PSEUDO_sspush : pop ? PSEUDO_sspopchk : plain);
            assert_true(!push || o.rs2 == 1);
            assert_true(!pop || o.rs1 == 5);
        }
        insn_table_destroy(t);
    }
}

/* What was once a wrong target is ordinary code behind a landing pad. */
static void code_behind_a_pad(void **state)
{
    (void)state;
    const uint64_t target = RAM_AT + 0x200, again = RAM_AT + 0x40;
    struct hart_config config = {.extensions = vd_mask(0, HART_EXT_COUNT)};
    struct rig *r = rig_new(&config);
    csr_poke(r->hart, CSR_mseccfg, MSECCFG_MLPE);
    EMIT(r, jalr, 0, 10, 0, 0); /* to the instruction behind */
    r->end = again;
    EMIT(r, jalr, 0, 6, 0, 0);
    r->end = target;
    rig_emit(r, 0x00000017, 4);
    EMIT(r, addi, 5, 5, 0, 1);
    EMIT(r, jal, 0, 0, 0, 0);
    r->end = TRAP_AT; /* on to the other jump */
    EMIT(r, csrrw, 0, 8, 0, CSR_mepc);
    EMIT(r, csrrc, 0, 9, 0, CSR_mstatus);
    EMIT(r, mret, 0, 0, 0, 0);
    r->hart->st.x[6] = target;
    r->hart->st.x[8] = again;
    r->hart->st.x[9] = MSTATUS_MPELP;
    r->hart->st.x[10] = target + 4;
    rig_run(r, 100);
    assert_int_equal(r->hart->st.traps, 1);
    assert_int_equal(r->hart->st.x[5], 1);
    rig_free(r);
}

/* A load's value is waited for by what pushes or compares it, in all forms. */
static void loads_are_waited_for(void **state)
{
    (void)state;
    static const struct {
        uint32_t bits;
        unsigned reg;
    } rows[] = {{SSPUSH_X1, 1},   {SSPUSH_X5, 5},   {C_SSPUSH_X1, 1},
                {SSPOPCHK_X1, 1}, {SSPOPCHK_X5, 5}, {C_SSPOPCHK_X5, 5}};
    for (unsigned i = 0; i < 12; i++) {
        struct hart_config config = {.extensions = vd_mask(0, HART_EXT_COUNT),
                                     .timing = {.load = 3}};
        struct rig *r = rig_new(&config);
        unsigned reg = i % 2 ? 6 - rows[i / 2].reg : rows[i / 2].reg;
        csr_poke(r->hart, CSR_pmpaddr0, ~UINT64_C(0));
        csr_poke(r->hart, CSR_pmpcfg0, 0x1f);
        csr_poke(r->hart, CSR_menvcfg, ENVCFG_SSE);
        EMIT(r, ld, reg, 6, 0, 0);
        rig_emit(r, rows[i / 2].bits, rows[i / 2].bits > 0xffff ? 4 : 2);
        r->hart->st.x[6] = DATA_AT;
        rig_enter(r, VD_MODE_S);
        rig_step(r, 1);
        assert_int_equal(r->hart->st.cycles, i % 2 ? 1 : 3);
        rig_free(r);
    }
}

/* The data cache is looked up by a pop whether its page is known or not. */
static void pops_miss_the_data_cache(void **state)
{
    (void)state;
    enum { MISS = 11, POPS = 3 };
    static const uint64_t expected[POPS] = {1 + MISS, 1, 1 + MISS};
    const uint64_t table = RAM_AT + 0x30000;
    struct hart_config config = {.extensions = vd_mask(0, HART_EXT_COUNT),
                                 .timing = {.dcache_lines = 8, .dcache_miss = MISS}};
    struct rig *r = rig_new(&config);
    csr_poke(r->hart, CSR_pmpaddr0, ~UINT64_C(0));
    csr_poke(r->hart, CSR_pmpcfg0, 0x1f);
    csr_poke(r->hart, CSR_menvcfg, ENVCFG_SSE);
    bench_poke(&r->bench, table + 16, 8, (RAM_AT >> 2) | 0xcf);
    bench_poke(&r->bench, table + 24, 8, (RAM_AT >> 2) | 0xc5); /* shadow-stack pages */
    csr_poke(r->hart, CSR_satp, UINT64_C(8) << 60 | table >> 12);
    r->hart->st.csr.ssp = UINT64_C(0xc0010800) - 16;
    for (unsigned i = 0; i < POPS; i++)
        rig_emit(r, SSPOPCHK_X1, 4);
    rig_enter(r, VD_MODE_S);
    for (unsigned i = 0; i < POPS; i++) {
        uint64_t before = r->hart->st.cycles;
        rig_step(r, 1);
        assert_int_equal(r->hart->st.cycles - before, expected[i]);
    }
    rig_free(r);
}

static bool peek(uint32_t bits, bool on, bool expected, struct hart_access *access)
{
    struct hart_config config = {.extensions = vd_mask(0, HART_EXT_COUNT)};
    struct rig *r = rig_new(&config);
    csr_poke(r->hart, CSR_menvcfg,
             on ? ENVCFG_SSE | ENVCFG_LPE | UINT64_C(3) << ENVCFG_PMM_LSB : 0);
    r->hart->st.csr.ssp = DATA_AT | UINT64_C(0x1234) << 48;
    r->hart->st.x[6] = DATA_AT + 0x100;
    rig_emit(r, bits, bits > 0xffff ? 4 : 2);
    rig_enter(r, VD_MODE_S);
    r->hart->st.elp = expected;
    bool is = hart_peek_access(r->hart, access);
    rig_free(r);
    return is;
}

static void debuggers_see_shadow_accesses(void **state)
{
    (void)state;
    static const struct {
        uint32_t bits;
        uint64_t va;
        bool reads, writes;
    } rows[] = {{SSPUSH_X1, DATA_AT - 8, false, true},
                {C_SSPUSH_X1, DATA_AT - 8, false, true},
                {SSPOPCHK_X5, DATA_AT, true, false},
                {C_SSPOPCHK_X5, DATA_AT, true, false},
                {0x4873342f, DATA_AT + 0x100, true, true}}; /* ssamoswap.d x8, x7, (x6) */
    struct hart_access access;
    for (unsigned i = 0; i < 5; i++) {
        assert_true(peek(rows[i].bits, true, false, &access));
        assert_int_equal(access.va, rows[i].va);
        assert_int_equal(access.size, 8);
        assert_true(access.reads == rows[i].reads && access.writes == rows[i].writes);
        assert_false(access.guest);
        assert_false(peek(rows[i].bits, true, true, &access)); /* it is no landing pad */
        assert_int_equal(peek(rows[i].bits, false, false, &access), i == 4);
    }
    assert_false(peek(0xcdc04473, true, false, &access)); /* ssrdp */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(zicfiss_enc),
        cmocka_unit_test(zicfiss_c_enc),
        cmocka_unit_test(code_behind_a_pad),
        cmocka_unit_test(loads_are_waited_for),
        cmocka_unit_test(pops_miss_the_data_cache),
        cmocka_unit_test(debuggers_see_shadow_accesses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
