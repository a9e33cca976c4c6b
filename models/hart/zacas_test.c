/* SPDX-License-Identifier: BSD-2-Clause */
/* Atomic compare-and-swap, rule by rule. */
#include "hart/exec_rig.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(Zacas_amocas_op),
        cmocka_unit_test(Zacas_rv64_amocas_q_op),
        cmocka_unit_test(Zacas_rv64_amocas_q_rd_frst_reg_x0),
        cmocka_unit_test(Zacas_rv64_amocas_q_frst_pair_entry_reg_even),
        cmocka_unit_test(Zacas_amocas_w_permission),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
