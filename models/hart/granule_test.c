/* SPDX-License-Identifier: BSD-2-Clause */
/* Zama16b: misaligned accesses inside the 16 bytes of an atomicity granule. */
#include "hart/exec_rig.h"

/* [priv norm:pma_mag_op_within], [priv norm:pma_mag_op_amo]: AMOs at every place of 16 bytes, in
 * memory that someone watches too. */
static void zama16b_atomic_ops(void **state)
{
    (void)state;
    static const struct {
        uint16_t code;
        uint8_t size;
    } rows[] = {{INSN_amoadd_h, 2}, {INSN_amoadd_w, 4}, {INSN_amoadd_d, 8}, {INSN_amocas_d, 8}};
    for (unsigned i = 0; i < 4 * 16 * 2; i++) {
        struct rig *r = rig_new(NULL);
        unsigned row = i % 4, offset = i / 4 % 16, size = rows[row].size;
        uint64_t at = (i & 64 ? RAM_AT + 0x800 : DATA_AT) + offset;
        rig_emit(r, rig_encode((enum insn_code)rows[row].code, 5, 6, 7, 0), 4);
        bench_poke(&r->bench, at, size, 0x30);
        r->hart->st.x[5] = 0x30;
        r->hart->st.x[6] = at;
        r->hart->st.x[7] = 0x12;
        if (offset % size && offset + size > 16) {
            rig_step_to_trap(r, CAUSE_STORE_MISALIGNED, at, RAM_AT);
        } else {
            rig_step(r, 1);
            assert_int_equal(r->hart->st.x[5], 0x30);
            assert_int_equal(bench_peek(&r->bench, at, size), row == 3 ? 0x12 : 0x42);
        }
        rig_free(r);
    }
}

/* [priv norm:pma_mag_insts]: ordinary loads and stores without Zicclsm; not LR, SC and HLV. */
static void pma_mag_insts(void **state)
{
    (void)state;
    static const struct {
        uint16_t code;
        uint64_t inside; /* the cause */
    } rows[] = {{INSN_lw, 0},
                {INSN_sw, 0},
                {INSN_flw, 0},
                {INSN_fsw, 0},
                {INSN_lw_aq, 0},
                {INSN_sw_rl, 0},
                {INSN_lr_w, CAUSE_LOAD_MISALIGNED},
                {INSN_sc_w, CAUSE_STORE_MISALIGNED},
                {INSN_hlv_w, CAUSE_LOAD_MISALIGNED},
                {INSN_hsv_w, CAUSE_STORE_MISALIGNED}};
    struct hart_config config = {.extensions =
                                     vd_mask(0, HART_EXT_COUNT) & ~VD_BIT(HART_EXT_Zicclsm)};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        for (unsigned across = 0; across < 2; across++) {
            struct rig *r = rig_new(&config);
            uint64_t at = DATA_AT + (across ? 13 : 12 - 1);
            bool store = i % 2;
            uint64_t cause =
                across ? store ? CAUSE_STORE_MISALIGNED : CAUSE_LOAD_MISALIGNED : rows[i].inside;
            rig_emit(r, rig_encode((enum insn_code)rows[i].code, 5, 6, 7, 0), 4);
            r->hart->st.x[6] = at;
            rig_step(r, 1);
            assert_int_equal(r->hart->st.traps, cause != 0);
            assert_int_equal(r->hart->st.csr.mcause, cause);
            rig_free(r);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(zama16b_atomic_ops),
        cmocka_unit_test(pma_mag_insts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
