/* SPDX-License-Identifier: BSD-2-Clause */
/* Load-acquire and store-release, rule by rule. */
#include "hart/exec_rig.h"

static const struct {
    uint16_t load[2], store[2];
    unsigned size;
    uint64_t loaded; /* of 0xf1f2f3f4f5f6f7f8 */
} rows[] = {
    {{INSN_lb_aq, INSN_lb_aqrl}, {INSN_sb_rl, INSN_sb_aqrl}, 1, ONES - 7},
    {{INSN_lh_aq, INSN_lh_aqrl}, {INSN_sh_rl, INSN_sh_aqrl}, 2, ONES - 0x807},
    {{INSN_lw_aq, INSN_lw_aqrl}, {INSN_sw_rl, INSN_sw_aqrl}, 4, ONES - 0xa090807},
    {{INSN_ld_aq, INSN_ld_aqrl}, {INSN_sd_rl, INSN_sd_aqrl}, 8, 0xf1f2f3f4f5f6f7f8},
};

/* In pages that are known and not, watched (that of the code) and not, in both run loops. */
static void zalasr_signext_rd(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 4 * 2 * 2 * 2; i++) {
        struct hart_config config = {.timing = i & 1 ? rig_inorder() : (struct hart_timing){0}};
        struct rig *r = rig_new(&config);
        uint64_t at = i & 2 ? RAM_AT + 0x800 : DATA_AT;
        unsigned row = i / 8, load = rows[row].load[i >> 2 & 1],
                 store = rows[row].store[i >> 2 & 1];
        for (unsigned again = 0; again < 2; again++) {
            rig_emit(r, rig_encode((enum insn_code)load, 5 + 2 * again, 6, 0, 0), 4);
            rig_emit(r, rig_encode((enum insn_code)store, 0, 8, 9, 0), 4);
        }
        r->hart->st.x[6] = at;
        r->hart->st.x[8] = at + 8;
        r->hart->st.x[9] = UINT64_C(0x1112131415161718);
        bench_poke(&r->bench, at, 8, 0xf1f2f3f4f5f6f7f8);
        rig_step(r, 4);
        assert_true(r->hart->st.x[5] == rows[row].loaded && r->hart->st.x[7] == rows[row].loaded);
        assert_int_equal(bench_peek(&r->bench, at + 8, 8),
                         r->hart->st.x[9] & vd_mask(0, 8 * rows[row].size));
        rig_free(r);
    }
}

static uint64_t cause_of(unsigned code, uint64_t at, uint64_t without)
{
    struct hart_config config = {.extensions = vd_mask(0, HART_EXT_COUNT) & ~without};
    struct rig *r = rig_new(&config);
    rig_emit(r, rig_encode((enum insn_code)code, 5, 6, 7, 0), 4);
    r->hart->st.x[6] = at;
    rig_step(r, 1);
    uint64_t cause = r->hart->st.traps ? r->hart->st.csr.mcause : 0;
    rig_free(r);
    return cause;
}

/* Zicclsm is not for these. */
static void zalasr_misaligned_exception(void **state)
{
    (void)state;
    const uint64_t zama16b = VD_BIT(HART_EXT_Zama16b);
    for (unsigned row = 1; row < 4; row++)
        for (unsigned offset = 0; offset < 16; offset++) {
            uint64_t at = DATA_AT + offset;
            bool misaligned = offset % rows[row].size, out = offset + rows[row].size > 16;
            assert_int_equal(cause_of(rows[row].load[0], at, zama16b),
                             misaligned ? CAUSE_LOAD_MISALIGNED : 0);
            assert_int_equal(cause_of(rows[row].store[1], at, zama16b),
                             misaligned ? CAUSE_STORE_MISALIGNED : 0);
            assert_int_equal(cause_of(rows[row].load[1], at, 0),
                             misaligned && out ? CAUSE_LOAD_MISALIGNED : 0);
            assert_int_equal(cause_of(rows[row].store[0], at, 0),
                             misaligned && out ? CAUSE_STORE_MISALIGNED : 0);
        }
    assert_int_equal(cause_of(INSN_lw_aq, 0x1000, 0), CAUSE_LOAD_ACCESS_FAULT);
    assert_int_equal(cause_of(INSN_sw_rl, 0x1000, 0), CAUSE_STORE_ACCESS_FAULT);
}

/* [unpriv norm:ldaq_no_aq_reserved], [unpriv norm:sdrl_no_rl_reserved]; rs2 and rd are zero. */
static void reserved_forms(void **state)
{
    (void)state;
    static const uint32_t forms[] = {0x30032003, 0x32032003, 0x34132003,
                                     0x38732003, 0x3c732003, 0x3a732083};
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        struct rig *r = rig_new(NULL);
        uint32_t bits = forms[i] | 0x2c; /* the opcode is AMO */
        rig_emit(r, bits, 4);
        r->hart->st.x[6] = DATA_AT;
        rig_step_to_trap(r, CAUSE_ILLEGAL_INSTRUCTION, bits, RAM_AT);
        rig_free(r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(zalasr_signext_rd),
        cmocka_unit_test(zalasr_misaligned_exception),
        cmocka_unit_test(reserved_forms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
