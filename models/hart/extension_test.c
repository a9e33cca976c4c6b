/* SPDX-License-Identifier: BSD-2-Clause */
/* What the smaller unprivileged extensions do, rule by rule. */
#include "hart/exec_rig.h"
#include "hart/float.h"

#define MIN64 (UINT64_C(1) << 63)
#define ONES  UINT64_MAX

/* One instruction with rd x5, rs1 x6, rs2 x7; returns x5. */
static uint64_t result_of(enum insn_code code, uint64_t a, uint64_t b)
{
    struct rig *r = rig_new(NULL);
    rig_emit(r, rig_encode(code, 5, 6, 7, 0), 4);
    r->hart->st.x[5] = 0x5555;
    r->hart->st.x[6] = a;
    r->hart->st.x[7] = b;
    rig_step(r, 1);
    assert_int_equal(r->hart->st.traps, 0);
    uint64_t result = r->hart->st.x[5];
    rig_free(r);
    return result;
}

static void czero_op(void **state)
{
    (void)state;
    assert_int_equal(result_of(INSN_czero_eqz, 7, 0), 0);
    assert_int_equal(result_of(INSN_czero_eqz, 7, MIN64), 7);
    assert_int_equal(result_of(INSN_czero_nez, 7, 0), 7);
    assert_int_equal(result_of(INSN_czero_nez, 7, MIN64), 0);
}

/* Bit by bit, as the specification has it. */
static uint64_t carry_less(uint64_t a, uint64_t b, unsigned first)
{
    uint64_t result = 0;
    for (unsigned i = 0; i < 64; i++)
        for (unsigned j = 0; j < 64; j++)
            if (i + j >= first && i + j < first + 64)
                result ^= (a >> i & b >> j & 1) << (i + j - first);
    return result;
}

static void clmul_op(void **state)
{
    (void)state;
    static const uint64_t values[] = {0, 1, ONES, MIN64, UINT64_C(0x123456789abcdef1), 3};
    for (unsigned i = 0; i < 36; i++) {
        uint64_t a = values[i / 6], b = values[i % 6];
        assert_true(result_of(INSN_clmul, a, b) == carry_less(a, b, 0));
        assert_true(result_of(INSN_clmulr, a, b) == carry_less(a, b, 63));
        assert_true(result_of(INSN_clmulh, a, b) == carry_less(a, b, 64));
    }
}

static void Zimop_mop_op(void **state)
{
    (void)state;
    assert_int_equal(result_of(INSN_mop_r, 7, 0), 0);
    assert_int_equal(result_of(INSN_mop_rr, 7, 7), 0);
}

static void Zcmop_instr_write(void **state)
{
    (void)state;
    struct rig *r = rig_new(NULL);
    for (unsigned n = 1; n < 16; n += 2) {
        r->hart->st.x[n] = n;
        rig_emit(r, 0x6081 | (n - 1) << 7, 2);
    }
    rig_step(r, 8);
    for (unsigned n = 1; n < 16; n += 2)
        assert_int_equal(r->hart->st.x[n], n);
    assert_int_equal(r->hart->st.traps, 0);
    rig_free(r);
}

/* pause, ntl.p1 to ntl.all, prefetch.i, prefetch.r, prefetch.w of an address where nothing is. */
static void hints_do_nothing(void **state)
{
    (void)state;
    static const uint32_t hints[] = {0x0100000f, 0x00200033, 0x00300033, 0x00400033,
                                     0x00500033, 0x00036013, 0x00136013, 0x00336013};
    struct rig *r = rig_new(NULL);
    r->drain = 64 * NS; /* a pause does not wait for it */
    for (unsigned i = 0; i < 8; i++)
        rig_emit(r, hints[i], 4);
    r->hart->st.x[6] = 0x7fffffffffff000;
    rig_step(r, 8);
    assert_int_equal(r->hart->st.traps, 0);
    assert_int_equal(r->hart->st.cycles, 8);
    assert_int_equal(r->bench.num_reads, 0);
    rig_free(r);
}

/* --- Zawrs --- */

static struct rig *waiting(enum insn_code code)
{
    struct rig *r = rig_new(NULL);
    EMIT(r, lr_d, 5, 6, 0, 0);
    rig_emit(r, rig_encode(code, 0, 0, 0, 0), 4);
    EMIT(r, addi, 9, 9, 0, 1);
    r->hart->st.x[6] = DATA_AT;
    return r;
}

static uint64_t cycles_until_next(struct rig *r)
{
    uint64_t before = r->hart->st.cycles;
    rig_run(r, 5000);
    return r->hart->st.cycles - before;
}

static void Zawrs_stall_ends_with_the_slice_or_the_timeout(void **state)
{
    (void)state;
    for (unsigned to = 0; to < 2; to++) {
        struct rig *r = waiting(to ? INSN_wrs_sto : INSN_wrs_nto);
        rig_run(r, 1);
        rig_run(r, 40); /* the slice is shorter than either timeout */
        assert_int_equal(r->hart->st.cycles, 41);
        assert_int_equal(r->hart->st.pc, RAM_AT + 8);
        assert_int_equal(r->hart->st.instret, 2);
        rig_free(r);
        r = waiting(to ? INSN_wrs_sto : INSN_wrs_nto);
        EMIT(r, wfi, 0, 0, 0, 0);
        assert_int_equal(cycles_until_next(r), 1 + 1 + (to ? 100 : 1000) + 1 + 1);
        rig_free(r);
    }
}

static void Zawrs_does_not_stall_without_reservation(void **state)
{
    (void)state;
    struct rig *r = waiting(INSN_wrs_nto);
    EMIT(r, wfi, 0, 0, 0, 0);
    rig_run(r, 1);
    struct vd_txn txn = bench_write(DATA_AT, 8, 1);
    r->bench.host.ops->access(r->bench.host.ctx, &txn);
    assert_int_equal(cycles_until_next(r), 3);
    rig_free(r);
}

static void Zawrs_exec_resume_rules(void **state)
{
    (void)state;
    struct rig *r = waiting(INSN_wrs_nto);
    EMIT(r, wfi, 0, 0, 0, 0);
    r->hart->st.csr.mie = VD_BIT(INT_MSI); /* enabled locally, mstatus.MIE is clear */
    hart_wire(r->hart, VD_LINE_MSIP, true);
    rig_run(r, 4);
    assert_int_equal(r->hart->st.x[9], 1);
    assert_int_equal(r->hart->st.instret, 4);
    rig_free(r);
}

/* --- Zabha, Zacas --- */

static void Zabha_rd_sign_extension(void **state)
{
    (void)state;
    static const struct {
        uint16_t code;
        uint64_t memory, operand, old, stored;
    } rows[] = {
        {INSN_amoswap_b, 0x80, 0x1234, ONES - 0x7f, 0x34},
        {INSN_amoadd_b, 0x11ff, 0xff02, ONES, 0x1101},
        {INSN_amoadd_h, 0xffff, 0xff02, ONES, 0xff01},
        {INSN_amoxor_h, 0x8001, 0x70001, ONES - 0x7ffe, 0x8000},
        {INSN_amoand_b, 0x70ff, 0x0f, ONES, 0x700f},
        {INSN_amoor_b, 0x7000, 0x10f, 0, 0x700f},
        {INSN_amomin_b, 0x7f, 0x80, 0x7f, 0x80},
        {INSN_amomax_b, 0x7f, 0x80, 0x7f, 0x7f},
        {INSN_amominu_h, 0x7fff, 0x18000, 0x7fff, 0x7fff},
        {INSN_amomaxu_h, 0x7fff, 0x18000, 0x7fff, 0x8000},
        {INSN_amomin_h, 0x7fff, 0x18000, 0x7fff, 0x8000},
        {INSN_amomax_h, 0x8000, 1, ONES - 0x7fff, 1},
        {INSN_amominu_b, 0x80, 1, ONES - 0x7f, 1},
        {INSN_amomaxu_b, 0x80, 1, ONES - 0x7f, 0x80},
        {INSN_amoswap_h, 0x1234, 0x8765, 0x1234, 0x8765},
        {INSN_amoxor_b, 0x1ff, 0xff, ONES, 0x100},
        {INSN_amoand_h, 0xffff, 0x8000, ONES, 0x8000},
        {INSN_amoor_h, 0x1, 0x8000, 1, 0x8001},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct rig *r = rig_new(NULL);
        rig_emit(r, rig_encode((enum insn_code)rows[i].code, 5, 6, 7, 0), 4);
        r->hart->st.x[6] = DATA_AT;
        r->hart->st.x[7] = rows[i].operand;
        bench_poke(&r->bench, DATA_AT, 2, rows[i].memory);
        rig_step(r, 1);
        if (r->hart->st.x[5] != rows[i].old || bench_peek(&r->bench, DATA_AT, 2) != rows[i].stored)
            fail_msg("row %zu: old %#lx, stored %#lx", i, r->hart->st.x[5],
                     bench_peek(&r->bench, DATA_AT, 2));
        rig_free(r);
    }
}

static void Zabha_rs1_align_addr(void **state)
{
    (void)state;
    static const struct {
        uint16_t code;
        unsigned offset;
        uint64_t cause;
    } rows[] = {{INSN_amoadd_b, 3, 0},
                {INSN_amoadd_h, 1, CAUSE_STORE_MISALIGNED},
                {INSN_amoadd_h, 2, 0},
                {INSN_amocas_h, 1, CAUSE_STORE_MISALIGNED},
                {INSN_amocas_w, 2, CAUSE_STORE_MISALIGNED},
                {INSN_amocas_d, 4, CAUSE_STORE_MISALIGNED},
                {INSN_amocas_q, 8, CAUSE_STORE_MISALIGNED},
                {INSN_amocas_q, 16, 0}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct rig *r = rig_new(NULL);
        rig_emit(r, rig_encode((enum insn_code)rows[i].code, 8, 6, 10, 0), 4);
        r->hart->st.x[6] = DATA_AT + rows[i].offset;
        rig_step(r, 1);
        assert_int_equal(r->hart->st.traps, rows[i].cause != 0);
        assert_int_equal(r->hart->st.csr.mcause, rows[i].cause);
        rig_free(r);
    }
}

static void Zacas_amocas_op(void **state)
{
    (void)state;
    static const struct {
        uint16_t code;
        uint64_t compare, memory, old, stored;
    } rows[] = {
        {INSN_amocas_w, 0x180000000, 0xabcd80000000, ONES - 0x7fffffff, 0xabcd22222222},
        {INSN_amocas_w, 0x80000001, 0x80000000, ONES - 0x7fffffff, 0x80000000},
        {INSN_amocas_d, MIN64, MIN64, MIN64, 0x1111111122222222},
        {INSN_amocas_d, 0, MIN64, MIN64, MIN64},
        {INSN_amocas_b, 0x7ff, 0x12ff, ONES, 0x1222},
        {INSN_amocas_b, 0x7fe, 0x12ff, ONES, 0x12ff},
        {INSN_amocas_h, 0x78000, 0x128000, ONES - 0x7fff, 0x122222},
    };
    for (unsigned watched = 0; watched < 2; watched++) {
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
            struct rig *r = rig_new(NULL);
            uint64_t at = watched ? RAM_AT + 0x800 : DATA_AT; /* the page of the code */
            rig_emit(r, rig_encode((enum insn_code)rows[i].code, 5, 6, 7, 0), 4);
            r->hart->st.x[5] = rows[i].compare;
            r->hart->st.x[6] = at;
            r->hart->st.x[7] = 0x1111111122222222;
            bench_poke(&r->bench, at, 8, rows[i].memory);
            rig_step(r, 1);
            assert_true(r->hart->st.x[5] == rows[i].old);
            assert_true(bench_peek(&r->bench, at, 8) == rows[i].stored);
            rig_free(r);
        }
    }
}

static struct rig *pair_rig(unsigned rd, unsigned rs2, uint64_t at)
{
    struct rig *r = rig_new(NULL);
    EMIT(r, amocas_q, rd, 6, rs2, 0);
    r->hart->st.x[6] = at;
    for (unsigned i = 8; i < 12; i++)
        r->hart->st.x[i] = i;
    return r;
}

static void Zacas_rv64_amocas_q_op(void **state)
{
    (void)state;
    static const uint64_t places[] = {DATA_AT, RAM_AT + 0x800};
    for (unsigned i = 0; i < 2; i++) {
        for (unsigned differ = 0; differ < 3; differ++) {
            struct rig *r = pair_rig(8, 10, places[i]);
            bench_poke(&r->bench, places[i], 8, 8 + (differ == 1));
            bench_poke(&r->bench, places[i] + 8, 8, 9 + (differ == 2));
            rig_step(r, 1);
            assert_int_equal(r->hart->st.x[8], 8 + (differ == 1));
            assert_int_equal(r->hart->st.x[9], 9 + (differ == 2));
            assert_int_equal(bench_peek(&r->bench, places[i], 8), differ ? 8 + (differ == 1) : 10);
            assert_int_equal(bench_peek(&r->bench, places[i] + 8, 8),
                             differ ? 9 + (differ == 2) : 11);
            rig_free(r);
        }
    }
}

static void Zacas_rv64_amocas_q_rd_frst_reg_x0(void **state)
{
    (void)state;
    struct rig *r = pair_rig(0, 0, DATA_AT);
    r->hart->st.x[1] = 77; /* the compare value is zero nevertheless */
    rig_step(r, 1);
    assert_int_equal(r->hart->st.x[1], 77);
    assert_int_equal(bench_peek(&r->bench, DATA_AT + 8, 8), 0);
    rig_free(r);
    r = pair_rig(0, 10, DATA_AT);
    rig_step(r, 1);
    assert_int_equal(bench_peek(&r->bench, DATA_AT, 8), 10);
    assert_int_equal(bench_peek(&r->bench, DATA_AT + 8, 8), 11);
    assert_int_equal(r->hart->st.x[1], 0);
    rig_free(r);
}

static void Zacas_rv64_amocas_q_frst_pair_entry_reg_even(void **state)
{
    (void)state;
    static const uint8_t odd[][2] = {{9, 10}, {8, 11}};
    for (unsigned i = 0; i < 2; i++) {
        struct rig *r = pair_rig(odd[i][0], odd[i][1], DATA_AT);
        rig_step(r, 1);
        assert_int_equal(r->hart->st.csr.mcause, CAUSE_ILLEGAL_INSTRUCTION);
        rig_free(r);
    }
}

static void Zacas_amocas_w_permission(void **state)
{
    (void)state;
    struct rig *r = pair_rig(8, 10, DATA_AT); /* it would not be equal */
    struct hart_csrs *csr = &r->hart->st.csr;
    bench_poke(&r->bench, DATA_AT, 8, 1);
    csr_poke(r->hart, CSR_pmpaddr0, DATA_AT >> 2 | 0x1ff);
    csr_poke(r->hart, CSR_pmpcfg0, 0x99); /* locked, NAPOT, readable */
    rig_step(r, 1);
    assert_int_equal(csr->mcause, CAUSE_STORE_ACCESS_FAULT);
    rig_free(r);
}

/* --- Zicbom, Zicboz --- */

enum { ILLEGAL = 2, VIRTUAL = 22 };

static uint64_t cause_in(enum vd_mode mode, enum insn_code code, uint64_t menvcfg, uint64_t henvcfg,
                         uint64_t senvcfg)
{
    struct rig *r = rig_new(NULL);
    rig_emit(r, rig_encode(code, 0, 6, 0, 0), 4);
    r->hart->st.x[6] = DATA_AT;
    csr_poke(r->hart, CSR_pmpaddr0, ~UINT64_C(0));
    csr_poke(r->hart, CSR_pmpcfg0, 0x1f);
    csr_poke(r->hart, CSR_menvcfg, menvcfg);
    csr_poke(r->hart, CSR_henvcfg, henvcfg);
    csr_poke(r->hart, CSR_senvcfg, senvcfg);
    r->hart->st.priv = (uint8_t)(mode & 3);
    r->hart->st.virt = mode >= VD_MODE_VU;
    mmu_context(r->hart);
    rig_step(r, 1);
    uint64_t cause = r->hart->st.traps ? r->hart->st.csr.mcause : 0;
    rig_free(r);
    return cause;
}

/* With the enable of one register missing, the cause in each mode. */
static void cbo_gates(enum insn_code code, uint64_t on)
{
    assert_int_equal(cause_in(VD_MODE_M, code, 0, 0, 0), 0);
    assert_int_equal(cause_in(VD_MODE_S, code, 0, on, on), ILLEGAL);
    assert_int_equal(cause_in(VD_MODE_S, code, on, 0, 0), 0);
    assert_int_equal(cause_in(VD_MODE_U, code, 0, on, on), ILLEGAL);
    assert_int_equal(cause_in(VD_MODE_U, code, on, 0, 0), ILLEGAL);
    assert_int_equal(cause_in(VD_MODE_U, code, on, 0, on), 0);
    assert_int_equal(cause_in(VD_MODE_VS, code, 0, on, on), ILLEGAL);
    assert_int_equal(cause_in(VD_MODE_VS, code, on, 0, on), VIRTUAL);
    assert_int_equal(cause_in(VD_MODE_VS, code, on, on, 0), 0);
    assert_int_equal(cause_in(VD_MODE_VU, code, 0, on, on), ILLEGAL);
    assert_int_equal(cause_in(VD_MODE_VU, code, on, 0, on), VIRTUAL);
    assert_int_equal(cause_in(VD_MODE_VU, code, on, on, 0), VIRTUAL);
    assert_int_equal(cause_in(VD_MODE_VU, code, on, on, on), 0);
}

static void cbo_inval_gates(void **state)
{
    (void)state;
    cbo_gates(INSN_cbo_inval, UINT64_C(1) << 4);
    cbo_gates(INSN_cbo_inval, UINT64_C(3) << 4);
    assert_int_equal(cause_in(VD_MODE_S, INSN_cbo_inval, ENVCFG_CBCFE | ENVCFG_CBZE, 0, 0),
                     ILLEGAL);
}

static void cbo_clean_cbo_flush_gates(void **state)
{
    (void)state;
    cbo_gates(INSN_cbo_clean, ENVCFG_CBCFE);
    cbo_gates(INSN_cbo_flush, ENVCFG_CBCFE);
    assert_int_equal(cause_in(VD_MODE_S, INSN_cbo_flush, ENVCFG_CBIE | ENVCFG_CBZE, 0, 0), ILLEGAL);
}

static void cbo_zero_basedon_xenvcfg_CBZE(void **state)
{
    (void)state;
    cbo_gates(INSN_cbo_zero, ENVCFG_CBZE);
    assert_int_equal(cause_in(VD_MODE_S, INSN_cbo_zero, ENVCFG_CBIE | ENVCFG_CBCFE, 0, 0), ILLEGAL);
}

static void cbo_zero_specified_block(void **state)
{
    (void)state;
    static const uint64_t places[] = {DATA_AT, RAM_AT + 0x800};
    for (unsigned i = 0; i < 2; i++) {
        struct rig *r = rig_new(NULL);
        EMIT(r, cbo_zero, 0, 6, 0, 0);
        r->hart->st.x[6] = places[i] + 64 + 17;
        for (unsigned k = 0; k < 24; k++)
            bench_poke(&r->bench, places[i] + 8 * k, 8, ONES);
        rig_step(r, 1);
        assert_int_equal(r->hart->st.traps, 0);
        for (unsigned k = 0; k < 24; k++)
            assert_true(bench_peek(&r->bench, places[i] + 8 * k, 8) == (k / 8 == 1 ? 0 : ONES));
        rig_free(r);
    }
}

/* PMP: R, W of the block; cause of zero, and of flush. */
static void cbm_access(void **state)
{
    (void)state;
    static const struct {
        uint8_t cfg;
        uint64_t zero, manage;
    } rows[] = {{0x9b, 0, 0}, {0x99, 7, 0}, {0x9c, 7, 7}, {0x98, 7, 7}};
    static const uint16_t codes[] = {INSN_cbo_zero, INSN_cbo_flush, INSN_cbo_inval, INSN_cbo_clean};
    for (size_t i = 0; i < 16; i++) {
        struct rig *r = rig_new(NULL);
        rig_emit(r, rig_encode((enum insn_code)codes[i / 4], 0, 6, 0, 0), 4);
        r->hart->st.x[6] = DATA_AT + 100;
        csr_poke(r->hart, CSR_pmpaddr0, DATA_AT >> 2 | 0x1ff);
        csr_poke(r->hart, CSR_pmpcfg0, rows[i % 4].cfg);
        rig_step(r, 1);
        uint64_t cause = i / 4 ? rows[i % 4].manage : rows[i % 4].zero;
        assert_int_equal(r->hart->st.csr.mcause, cause);
        assert_int_equal(r->hart->st.csr.mtval, cause ? DATA_AT + 100 : 0); /* fault_excep_csr */
        rig_free(r);
    }
}

static void cbo_zero_outside_memory_faults(void **state)
{
    (void)state;
    struct rig *r = rig_new(NULL);
    EMIT(r, cbo_zero, 0, 6, 0, 0);
    r->hart->st.x[6] = 0x10000004;
    rig_step(r, 1);
    assert_int_equal(r->hart->st.csr.mcause, CAUSE_STORE_ACCESS_FAULT);
    assert_int_equal(r->hart->st.csr.mtval, 0x10000004);
    rig_free(r);
}

static void cbo_flush_empties_the_modelled_line(void **state)
{
    (void)state;
    static const struct {
        uint16_t code;
        uint64_t cycles;
    } rows[] = {{INSN_cbo_flush, 11}, {INSN_cbo_inval, 11}, {INSN_cbo_clean, 0}};
    for (unsigned i = 0; i < 3; i++) {
        struct hart_config config = {.timing = {.dcache_lines = 8, .dcache_miss = 11}};
        struct rig *r = rig_new(&config);
        EMIT(r, ld, 5, 6, 0, 0);
        EMIT(r, ld, 5, 6, 0, 0);
        rig_emit(r, rig_encode((enum insn_code)rows[i].code, 0, 6, 0, 0), 4);
        EMIT(r, ld, 5, 6, 0, 0);
        r->hart->st.x[6] = DATA_AT;
        rig_step(r, 3);
        uint64_t before = r->hart->st.cycles;
        rig_step(r, 1);
        assert_int_equal(r->hart->st.cycles - before, 1 + rows[i].cycles);
        rig_free(r);
    }
}

static void Zicclsm_can_be_left_out(void **state)
{
    (void)state;
    static const struct {
        uint16_t code;
        uint64_t cause;
    } rows[] = {{INSN_lh, CAUSE_LOAD_MISALIGNED},
                {INSN_fld, CAUSE_LOAD_MISALIGNED},
                {INSN_sw, CAUSE_STORE_MISALIGNED},
                {INSN_lb, 0}};
    for (unsigned i = 0; i < 4; i++) {
        struct hart_config config = {.extensions = VD_BIT(HART_EXT_F) | VD_BIT(HART_EXT_D) |
                                                   VD_BIT(HART_EXT_Zicsr)};
        struct rig *r = rig_new(&config);
        EMIT(r, ld, 8, 6, 0, 7); /* the page is in the fast TLB now, for both */
        EMIT(r, sd, 0, 6, 8, 7);
        rig_emit(r, rig_encode((enum insn_code)rows[i].code, 5, 6, 5, 0), 4);
        r->hart->st.x[6] = DATA_AT + 1;
        rig_step(r, 3);
        assert_int_equal(r->hart->st.traps, rows[i].cause != 0);
        assert_int_equal(r->hart->st.csr.mcause, rows[i].cause);
        assert_int_equal(r->hart->st.csr.mtval, rows[i].cause ? DATA_AT + 1 : 0);
        rig_free(r);
    }
}

/* --- Zfhmin, Zfa: that the rows do what float_test knows --- */

static void Zfhmin_rows(void **state)
{
    (void)state;
    struct rig *r = rig_new(NULL);
    EMIT(r, flh, 1, 6, 0, 2);
    EMIT(r, fsh, 0, 6, 1, 5); /* misaligned */
    EMIT(r, fmv_x_h, 5, 1, 0, 0);
    EMIT(r, fmv_h_x, 2, 7, 0, 0);
    EMIT(r, fcvt_s_h, 3, 1, 0, 0);
    EMIT(r, fcvt_d_h, 4, 1, 0, 0);
    EMIT(r, fcvt_h_s, 8, 3, 0, 0);
    EMIT(r, fcvt_h_d, 9, 4, 0, 0);
    EMIT(r, flh, 10, 6, 0, 5);
    EMIT(r, fcvt_s_h, 11, 12, 0, 0); /* not boxed */
    r->hart->st.x[6] = DATA_AT;
    r->hart->st.x[7] = 0x123456789;
    r->hart->st.f[12] = 0x3c00;
    bench_poke(&r->bench, DATA_AT + 2, 2, 0xc000); /* -2 */
    rig_step(r, 10);
    const uint64_t *f = r->hart->st.f;
    assert_int_equal(r->hart->st.traps, 0);
    assert_true(f[1] == UINT64_C(0xffffffffffffc000));
    assert_int_equal(bench_peek(&r->bench, DATA_AT + 5, 2), 0xc000);
    assert_true(r->hart->st.x[5] == UINT64_C(0xffffffffffffc000));
    assert_true(f[2] == UINT64_C(0xffffffffffff6789));
    assert_true(f[3] == UINT64_C(0xffffffffc0000000));
    assert_true(f[4] == UINT64_C(0xc000000000000000));
    assert_true(f[8] == f[1] && f[9] == f[1] && f[10] == f[1]);
    assert_true(f[11] == box(F32_NAN));
    rig_free(r);
}

static void Zfa_rows(void **state)
{
    (void)state;
    struct rig *r = rig_new(NULL);
    EMIT(r, fli_s, 1, 22, 0, 0); /* 3 */
    EMIT(r, fli_d, 2, 19, 0, 0); /* 1.75 */
    EMIT(r, fli_d, 3, 31, 0, 0); /* NaN */
    EMIT(r, fround_d, 4, 2, 0, 0);
    EMIT(r, fminm_d, 5, 2, 3, 0);
    EMIT(r, fmaxm_d, 6, 2, 4, 0);
    EMIT(r, fltq_d, 5, 2, 4, 0);
    EMIT(r, fleq_d, 6, 4, 3, 0);
    EMIT(r, fcvtmod_w_d, 7, 2, 0, 0);
    EMIT(r, froundnx_d, 8, 2, 0, 0);
    EMIT(r, fminm_s, 9, 1, 1, 0);
    EMIT(r, fleq_s, 8, 1, 1, 0);
    rig_step(r, 12);
    const uint64_t *f = r->hart->st.f, *x = r->hart->st.x;
    const uint64_t two = UINT64_C(0x4000000000000000);
    assert_true(f[1] == box(0x40400000) && f[2] == UINT64_C(0x3ffc000000000000));
    assert_true(f[3] == F64_NAN && f[4] == two && f[5] == F64_NAN && f[6] == two && f[8] == two);
    assert_true(f[9] == f[1]);
    assert_true(x[5] == 1 && x[6] == 0 && x[7] == 1 && x[8] == 1);
    assert_int_equal(r->hart->st.csr.fflags, FLOAT_NX);
    rig_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(czero_op),
        cmocka_unit_test(clmul_op),
        cmocka_unit_test(Zimop_mop_op),
        cmocka_unit_test(Zcmop_instr_write),
        cmocka_unit_test(hints_do_nothing),
        cmocka_unit_test(Zawrs_stall_ends_with_the_slice_or_the_timeout),
        cmocka_unit_test(Zawrs_does_not_stall_without_reservation),
        cmocka_unit_test(Zawrs_exec_resume_rules),
        cmocka_unit_test(Zabha_rd_sign_extension),
        cmocka_unit_test(Zabha_rs1_align_addr),
        cmocka_unit_test(Zacas_amocas_op),
        cmocka_unit_test(Zacas_rv64_amocas_q_op),
        cmocka_unit_test(Zacas_rv64_amocas_q_rd_frst_reg_x0),
        cmocka_unit_test(Zacas_rv64_amocas_q_frst_pair_entry_reg_even),
        cmocka_unit_test(Zacas_amocas_w_permission),
        cmocka_unit_test(cbo_inval_gates),
        cmocka_unit_test(cbo_clean_cbo_flush_gates),
        cmocka_unit_test(cbo_zero_basedon_xenvcfg_CBZE),
        cmocka_unit_test(cbo_zero_specified_block),
        cmocka_unit_test(cbm_access),
        cmocka_unit_test(cbo_zero_outside_memory_faults),
        cmocka_unit_test(cbo_flush_empties_the_modelled_line),
        cmocka_unit_test(Zicclsm_can_be_left_out),
        cmocka_unit_test(Zfhmin_rows),
        cmocka_unit_test(Zfa_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
