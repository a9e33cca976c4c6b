/* SPDX-License-Identifier: BSD-2-Clause */
/* What the smaller unprivileged extensions do, rule by rule. */
#include "hart/exec_rig.h"
#include "hart/float.h"

static void Zimop_mop_op(void **state)
{
    (void)state;
    assert_int_equal(rig_result(INSN_mop_r, 7, 0), 0);
    assert_int_equal(rig_result(INSN_mop_rr, 7, 7), 0);
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
        cmocka_unit_test(Zimop_mop_op),
        cmocka_unit_test(Zcmop_instr_write),
        cmocka_unit_test(hints_do_nothing),
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
