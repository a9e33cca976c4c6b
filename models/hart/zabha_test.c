/* SPDX-License-Identifier: BSD-2-Clause */
/* Atomics of bytes and halfwords [unpriv Zabha]. */
#include "hart/exec_rig.h"

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
        {INSN_amomax_h, 1, 0x8000, 1, 1},
        {INSN_amomax_h, 1, 2, 1, 2},
        {INSN_amomax_b, 0x80, 1, ONES - 0x7f, 1},
        {INSN_amomax_b, 1, 2, 1, 2},
        {INSN_amomin_h, 2, 1, 2, 1},
        {INSN_amomin_b, 1, 2, 1, 1},
        {INSN_amomin_b, 2, 1, 2, 1},
        {INSN_amominu_h, 0x8000, 1, ONES - 0x7fff, 1},
        {INSN_amomaxu_h, 0x8000, 1, ONES - 0x7fff, 0x8000},
        {INSN_amominu_b, 1, 0x80, 1, 1},
        {INSN_amomaxu_b, 1, 0x80, 1, 0x80},
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
    struct hart_config config = {.extensions = VD_BIT(HART_EXT_A) | VD_BIT(HART_EXT_Zabha) |
                                               VD_BIT(HART_EXT_Zacas)};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct rig *r = rig_new(&config);
        rig_emit(r, rig_encode((enum insn_code)rows[i].code, 8, 6, 10, 0), 4);
        r->hart->st.x[6] = DATA_AT + rows[i].offset;
        rig_step(r, 1);
        assert_int_equal(r->hart->st.traps, rows[i].cause != 0);
        assert_int_equal(r->hart->st.csr.mcause, rows[i].cause);
        rig_free(r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(Zabha_rd_sign_extension),
        cmocka_unit_test(Zabha_rs1_align_addr),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
