/* SPDX-License-Identifier: BSD-2-Clause */
/* Exceptions that instructions raise, and the state of the floating-point unit. */
#include "hart/exec_rig.h"

static void illegal_instructions_tell_their_bits(void **state)
{
    (void)state;
    struct hart_config no_m = {.extensions = VD_BIT(HART_EXT_C) | VD_BIT(HART_EXT_Zicsr)};
    struct rig *r = rig_new(&no_m);
    uint32_t mul = rig_encode(INSN_mul, 1, 2, 3, 0);
    rig_emit(r, mul, 4);
    rig_step_to_trap(r, CAUSE_ILLEGAL_INSTRUCTION, mul, RAM_AT);
    rig_free(r);
    r = rig_new(NULL);
    rig_emit(r, 0x8002, 2);
    rig_step_to_trap(r, CAUSE_ILLEGAL_INSTRUCTION, 0x8002, RAM_AT);
    rig_free(r);
}

static void misaligned_jumps_trap_without_c(void **state)
{
    (void)state;
    static const uint16_t codes[] = {INSN_jal, INSN_jalr, INSN_beq};
    struct hart_config config = {.extensions = VD_BIT(HART_EXT_M)};
    for (size_t i = 0; i < 3; i++) {
        struct rig *r = rig_new(&config);
        rig_emit(r, rig_encode((enum insn_code)codes[i], 1, 6, 6, 6), 4);
        r->hart->st.x[6] = RAM_AT;
        rig_step_to_trap(r, CAUSE_FETCH_MISALIGNED, RAM_AT + 6, RAM_AT);
        assert_int_equal(r->hart->st.x[1], 0);
        rig_free(r);
    }
}

static void floating_point_needs_fs(void **state)
{
    (void)state;
    struct rig *r = rig_new(NULL);
    uint32_t bits = rig_encode(INSN_fadd_d, 1, 2, 3, 0);
    rig_emit(r, bits, 4);
    r->hart->st.csr.mstatus &= ~MSTATUS_FS;
    rig_step_to_trap(r, CAUSE_ILLEGAL_INSTRUCTION, bits, RAM_AT);
    rig_free(r);
}

static void floating_point_makes_fs_dirty(void **state)
{
    (void)state;
    struct rig *r = rig_new(NULL);
    EMIT(r, fsd, 0, 6, 1, 0);
    EMIT(r, fmv_x_d, 5, 1, 0, 0);
    EMIT(r, fadd_d, 1, 2, 3, 0);
    r->hart->st.x[6] = DATA_AT;
    r->hart->st.csr.mstatus ^= UINT64_C(2) << 13; /* Initial */
    rig_run(r, 2);
    assert_int_equal(r->hart->st.csr.mstatus >> 13 & 3, 1);
    rig_run(r, 1);
    assert_int_equal(r->hart->st.csr.mstatus >> 13 & 3, 3);
    assert_int_equal(r->hart->st.instret, 3);
    assert_int_equal(r->hart->st.cycles, 3);
    rig_free(r);
}

static void reserved_rounding_modes_are_illegal(void **state)
{
    (void)state;
    for (unsigned dynamic = 0; dynamic < 2; dynamic++) {
        struct rig *r = rig_new(NULL);
        uint32_t bits = rig_encode(INSN_fadd_s, 1, 2, 3, 0) | (dynamic ? 7u : 5u) << 12;
        rig_emit(r, bits, 4);
        r->hart->st.csr.frm = 5;
        rig_step_to_trap(r, CAUSE_ILLEGAL_INSTRUCTION, bits, RAM_AT);
        rig_free(r);
    }
}

static void jumps_that_trap_take_their_time(void **state)
{
    (void)state;
    struct hart_config config = {
        .extensions = vd_mask(0, HART_EXT_COUNT) &
                      ~(VD_BIT(HART_EXT_C) | VD_BIT(HART_EXT_Zcb) | VD_BIT(HART_EXT_Zcmop)),
        .timing = {.jump = 7},
    };
    struct rig *r = rig_new(&config);
    EMIT(r, addi, 5, 5, 0, 1);
    EMIT(r, jal, 0, 0, 0, 6);
    rig_step(r, 2);
    assert_int_equal(r->hart->st.csr.mcause, CAUSE_FETCH_MISALIGNED);
    assert_int_equal(r->hart->st.instret, 1);
    assert_int_equal(r->hart->st.cycles, 1 + 7);
    rig_free(r);
}

/* Without Zicclsm and Zama16b, on a page whose translation is at hand. */
static void known_pages_are_not_misaligned_either(void **state)
{
    (void)state;
    struct hart_config config = {.extensions =
                                     vd_mask(0, HART_EXT_COUNT) &
                                     ~(VD_BIT(HART_EXT_Zicclsm) | VD_BIT(HART_EXT_Zama16b))};
    for (unsigned store = 0; store < 2; store++) {
        struct rig *r = rig_new(&config);
        EMIT(r, sd, 0, 6, 5, 0);
        EMIT(r, ld, 5, 6, 0, 0);
        if (store)
            EMIT(r, sw, 0, 6, 5, 2);
        else
            EMIT(r, lw, 5, 6, 0, 2);
        r->hart->st.x[6] = DATA_AT;
        rig_step(r, 3);
        assert_int_equal(r->hart->st.csr.mcause,
                         store ? CAUSE_STORE_MISALIGNED : CAUSE_LOAD_MISALIGNED);
        assert_int_equal(r->hart->st.csr.mtval, DATA_AT + 2);
        rig_free(r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(illegal_instructions_tell_their_bits),
        cmocka_unit_test(misaligned_jumps_trap_without_c),
        cmocka_unit_test(floating_point_needs_fs),
        cmocka_unit_test(floating_point_makes_fs_dirty),
        cmocka_unit_test(reserved_rounding_modes_are_illegal),
        cmocka_unit_test(jumps_that_trap_take_their_time),
        cmocka_unit_test(known_pages_are_not_misaligned_either),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
