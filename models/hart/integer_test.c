/* SPDX-License-Identifier: BSD-2-Clause */
/* Integer instructions: known answers, corners, memory of every width. */
#include "hart/exec_rig.h"

/* Both run loops: rows are compiled once for each. */
static struct rig *in_loop(unsigned timing)
{
    struct hart_config config = {.timing = timing ? rig_inorder() : (struct hart_timing){0}};
    return rig_new(&config);
}

static const struct vector {
    uint16_t code;
    uint64_t a, b;
    int32_t imm;
    uint64_t result;
} vectors[] = {
#define RR(name, a, b, result)   {INSN_##name, a, b, 0, result},
#define RI(name, a, imm, result) {INSN_##name, a, 0, imm, result},
#include "hart/integer_vectors.def"
#undef RR
#undef RI
};

enum { VECTORS = sizeof(vectors) / sizeof(vectors[0]) };

static void known_answers(void **state)
{
    (void)state;
    for (unsigned timing = 0; timing < 2; timing++) {
        struct rig *r = in_loop(timing);
        for (size_t i = 0; i < VECTORS; i++)
            rig_emit(r, rig_encode((enum insn_code)vectors[i].code, 5, 6, 7, vectors[i].imm), 4);
        for (size_t i = 0; i < VECTORS; i++) {
            const struct vector *v = &vectors[i];
            r->hart->st.x[6] = v->a;
            r->hart->st.x[7] = v->b;
            rig_step(r, 1);
            if (r->hart->st.x[5] != v->result)
                fail_msg("vector %zu: %s gives %#lx, not %#lx", i,
                         insn_format((enum insn_code)v->code).name, r->hart->st.x[5], v->result);
        }
        assert_int_equal(r->hart->st.traps, 0);
        rig_free(r);
    }
}

/* Each branch with operands in every order, and where it goes. */
static void branches(void **state)
{
    (void)state;
    static const struct {
        uint16_t code;
        bool less, equal, greater, unsigned_order;
    } rows[] = {
        {INSN_beq, false, true, false, false}, {INSN_bne, true, false, true, false},
        {INSN_blt, true, false, false, false}, {INSN_bge, false, true, true, false},
        {INSN_bltu, true, false, false, true}, {INSN_bgeu, false, true, true, true},
    };
    for (size_t i = 0; i < 2 * sizeof(rows) / sizeof(rows[0]); i++) {
        bool wide = rows[i / 2].unsigned_order;
        const uint64_t low = wide ? 1 : MIN64, high = wide ? MIN64 : 1;
        const struct {
            uint64_t a, b;
            bool taken;
        } cases[] = {{low, high, rows[i / 2].less},
                     {high, high, rows[i / 2].equal},
                     {high, low, rows[i / 2].greater}};
        for (unsigned k = 0; k < 3; k++) {
            struct rig *r = in_loop(i % 2);
            rig_emit(r, rig_encode((enum insn_code)rows[i / 2].code, 0, 6, 7, -2048), 4);
            r->hart->st.x[6] = cases[k].a;
            r->hart->st.x[7] = cases[k].b;
            rig_step(r, 1);
            assert_int_equal(r->hart->st.pc, RAM_AT + (cases[k].taken ? -2048 : 4));
            rig_free(r);
        }
    }
}

static void jumps_link(void **state)
{
    (void)state;
    for (unsigned timing = 0; timing < 2; timing++) {
        struct rig *r = in_loop(timing);
        EMIT(r, jal, 1, 0, 0, 0x40);
        r->end = RAM_AT + 0x40;
        EMIT(r, jalr, 1, 1, 0, 0x7d);
        r->end = RAM_AT + 0x80;
        EMIT(r, auipc, 5, 0, 0, 0x1000);
        EMIT(r, jalr, 0, 1, 0, 0);
        rig_step(r, 2);
        assert_int_equal(r->hart->st.x[1], RAM_AT + 0x44);
        assert_int_equal(r->hart->st.pc, RAM_AT + 0x80); /* bit 0 is cleared */
        rig_step(r, 2);
        assert_int_equal(r->hart->st.x[5], RAM_AT + 0x1080);
        assert_int_equal(r->hart->st.pc, RAM_AT + 0x44);
        rig_free(r);
    }
}

static void register_corners(void **state)
{
    (void)state;
    static const struct {
        uint16_t code;
        uint64_t a, b, result;
    } rows[] = {
        {INSN_div, 7, 0, ONES},
        {INSN_div, MIN64, ONES, MIN64},
        {INSN_div, (uint64_t)-7, 2, (uint64_t)-3},
        {INSN_rem, 7, 0, 7},
        {INSN_rem, MIN64, ONES, 0},
        {INSN_rem, (uint64_t)-7, 2, ONES},
        {INSN_divu, 7, 0, ONES},
        {INSN_remu, 7, 0, 7},
        {INSN_divw, 0x180000000, 0xffffffff, MIN32},
        {INSN_divw, 5, UINT64_C(0x100000000), ONES},
        {INSN_remw, MIN32, ONES, 0},
        {INSN_remw, 0x1fffffff7, UINT64_C(0x100000000), (uint64_t)-9},
        {INSN_divuw, 0xffffffff, 1, ONES},
        {INSN_remuw, 0x80000000, 0, MIN32},
        {INSN_mulh, ONES, ONES, 0},
        {INSN_mulhu, ONES, ONES, ONES - 1},
        {INSN_mulhsu, ONES, ONES, ONES},
        {INSN_mulhsu, MIN64, 2, ONES},
        {INSN_mulw, 0x80000000, 1, MIN32},
        {INSN_sll, 1, 64 + 63, MIN64},
        {INSN_srl, MIN64, 64 + 63, 1},
        {INSN_sra, MIN64, 63, ONES},
        {INSN_sllw, 1, 32 + 31, MIN32},
        {INSN_srlw, ONES, 32 + 1, 0x7fffffff},
        {INSN_sraw, 0x80000000, 31, ONES},
        {INSN_addw, 0x7fffffff, 1, MIN32},
        {INSN_subw, 0, 1, ONES},
        {INSN_slt, MIN64, 0, 1},
        {INSN_sltu, MIN64, 0, 0},
        {INSN_add_uw, ONES, 1, UINT64_C(0x100000000)},
        {INSN_sh3add, UINT64_C(1) << 61, 5, 5},
        {INSN_sh1add_uw, ONES, 0, UINT64_C(0x1fffffffe)},
        {INSN_rol, MIN64, 1, 1},
        {INSN_rol, 5, 0, 5},
        {INSN_ror, 1, 65, MIN64},
        {INSN_rolw, 0x80000000, 1, 1},
        {INSN_rorw, 1, 1, MIN32},
        {INSN_min, MIN64, 1, MIN64},
        {INSN_minu, MIN64, 1, 1},
        {INSN_max, ONES, 0, 0},
        {INSN_maxu, ONES, 0, ONES},
        {INSN_clz, 0, 0, 64},
        {INSN_ctz, 0, 0, 64},
        {INSN_clzw, UINT64_C(0x100000000), 0, 32},
        {INSN_ctzw, MIN64, 0, 32},
        {INSN_cpopw, ONES, 0, 32},
        {INSN_orc_b, UINT64_C(0x8000010000400000), 0, UINT64_C(0xff00ff0000ff0000)},
        {INSN_rev8, 1, 0, UINT64_C(1) << 56},
        {INSN_sext_b, 0x80, 0, UINT64_C(0xffffffffffffff80)},
        {INSN_zext_h, ONES, 0, 0xffff},
        {INSN_bclr, ONES, 64, ONES - 1},
        {INSN_bext, MIN64, 127, 1},
        {INSN_binv, 0, 63, MIN64},
        {INSN_bset, 0, 63, MIN64},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct rig *r = rig_new(NULL);
        rig_emit(r, rig_encode((enum insn_code)rows[i].code, 5, 6, 7, 0), 4);
        r->hart->st.x[6] = rows[i].a;
        r->hart->st.x[7] = rows[i].b;
        rig_step(r, 1);
        if (r->hart->st.x[5] != rows[i].result)
            fail_msg("row %zu: %s gives %#llx", i, insn_format((enum insn_code)rows[i].code).name,
                     (unsigned long long)r->hart->st.x[5]);
        rig_free(r);
    }
}

static void loads_extend_and_stores_truncate(void **state)
{
    (void)state;
    static const struct {
        uint16_t code;
        uint64_t result;
    } rows[] = {
        {INSN_lb, UINT64_C(0xffffffffffffff88)}, {INSN_lbu, 0x88},
        {INSN_lh, UINT64_C(0xffffffffffff9988)}, {INSN_lhu, 0x9988},
        {INSN_lw, UINT64_C(0xffffffffbbaa9988)}, {INSN_lwu, 0xbbaa9988},
        {INSN_ld, UINT64_C(0xffeeddccbbaa9988)},
    };
    static const uint16_t stores[] = {INSN_sb, INSN_sh, INSN_sw, INSN_sd};
    for (unsigned timing = 0; timing < 2; timing++) {
        struct rig *r = in_loop(timing);
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
            rig_emit(r, rig_encode((enum insn_code)rows[i].code, 10 + (unsigned)i, 6, 0, -8), 4);
        for (int i = 0; i < 4; i++)
            rig_emit(r, rig_encode((enum insn_code)stores[i], 0, 6, 16, 8 * i), 4);
        bench_poke(&r->bench, DATA_AT, 8, UINT64_C(0xffeeddccbbaa9988));
        r->hart->st.x[6] = DATA_AT + 8;
        rig_step(r, 11);
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
            assert_int_equal(r->hart->st.x[10 + i], rows[i].result);
        assert_int_equal(bench_peek(&r->bench, DATA_AT + 8, 8), 0x88);
        assert_int_equal(bench_peek(&r->bench, DATA_AT + 16, 8), 0x9988);
        assert_int_equal(bench_peek(&r->bench, DATA_AT + 24, 8), 0xbbaa9988);
        assert_int_equal(bench_peek(&r->bench, DATA_AT + 32, 8), UINT64_C(0xffeeddccbbaa9988));
        rig_free(r);
    }
}

static void misaligned_accesses_work(void **state)
{
    (void)state;
    for (unsigned at = 0xff0; at < 0x1008; at++) {
        struct rig *r = rig_new(NULL);
        for (unsigned again = 0; again < 2; again++) { /* the pages become known */
            EMIT(r, sd, 0, 6, 7, 0);
            EMIT(r, ld, 8, 6, 0, 0);
            EMIT(r, lh, 9, 6, 0, 1);
        }
        r->hart->st.x[6] = DATA_AT + at;
        r->hart->st.x[7] = UINT64_C(0x1122334455a67788);
        rig_step(r, 6);
        assert_int_equal(r->hart->st.x[8], UINT64_C(0x1122334455a67788));
        assert_int_equal(r->hart->st.x[9], UINT64_C(0xffffffffffffa677));
        assert_int_equal(bench_peek(&r->bench, DATA_AT + at, 8), UINT64_C(0x1122334455a67788));
        rig_free(r);
    }
}

static void x0_stays_zero(void **state)
{
    (void)state;
    struct rig *r = rig_new(NULL);
    bench_poke(&r->bench, DATA_AT, 8, ONES);
    EMIT(r, ld, 0, 6, 0, 0);
    EMIT(r, add, 7, 0, 0, 0);
    EMIT(r, amoadd_d, 0, 6, 0, 0);
    EMIT(r, add, 8, 0, 0, 0);
    EMIT(r, csrrs, 0, 0, 0, CSR_misa);
    EMIT(r, add, 9, 0, 0, 0);
    EMIT(r, mul, 0, 6, 6, 0);
    EMIT(r, add, 10, 0, 0, 0);
    EMIT(r, jalr, 0, 6, 0, 0);
    r->hart->st.x[6] = DATA_AT;
    for (unsigned i = 7; i <= 10; i++)
        r->hart->st.x[i] = 1;
    rig_run(r, 9);
    for (unsigned i = 7; i <= 10; i++)
        assert_int_equal(r->hart->st.x[i], 0);
    assert_int_equal(r->hart->st.x[0], 0);
    assert_int_equal(r->hart->st.pc, DATA_AT);
    rig_free(r);
}

static void czero_op(void **state)
{
    (void)state;
    assert_int_equal(rig_result(INSN_czero_eqz, 7, 0), 0);
    assert_int_equal(rig_result(INSN_czero_eqz, 7, MIN64), 7);
    assert_int_equal(rig_result(INSN_czero_nez, 7, 0), 7);
    assert_int_equal(rig_result(INSN_czero_nez, 7, MIN64), 0);
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
        assert_true(rig_result(INSN_clmul, a, b) == carry_less(a, b, 0));
        assert_true(rig_result(INSN_clmulr, a, b) == carry_less(a, b, 63));
        assert_true(rig_result(INSN_clmulh, a, b) == carry_less(a, b, 64));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_answers),
        cmocka_unit_test(branches),
        cmocka_unit_test(jumps_link),
        cmocka_unit_test(register_corners),
        cmocka_unit_test(loads_extend_and_stores_truncate),
        cmocka_unit_test(misaligned_accesses_work),
        cmocka_unit_test(x0_stays_zero),
        cmocka_unit_test(czero_op),
        cmocka_unit_test(clmul_op),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
