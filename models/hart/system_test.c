/* SPDX-License-Identifier: BSD-2-Clause */
/* Privileged instructions as the run loop executes them: who may, where they go on, what they cost.
 */
#include "hart/exec_rig.h"
#include "hart/tlb.h"

/* A hart in a mode, all of memory allowed; traps go to M. */
static struct rig *in_mode(enum vd_mode mode)
{
    struct rig *r = rig_new(NULL);
    csr_poke(r->hart, CSR_pmpaddr0, ~UINT64_C(0));
    csr_poke(r->hart, CSR_pmpcfg0, 0x1f);
    r->hart->st.priv = (uint8_t)(mode & 3);
    r->hart->st.virt = mode >= VD_MODE_VU;
    mmu_context(r->hart);
    return r;
}

static const enum vd_mode modes[] = {VD_MODE_M, VD_MODE_S, VD_MODE_U, VD_MODE_VS, VD_MODE_VU};

/* '.' executed, 'I' illegal, 'V' virtual instruction; by mode as above. */
static const struct {
    uint16_t code;
    uint64_t mstatus, hstatus;
    const char *expected;
} gates[] = {
    {INSN_sfence_vma, 0, 0, "..I.V"},
    {INSN_sfence_vma, MSTATUS_TVM, 0, ".II.V"},
    {INSN_sfence_vma, 0, HSTATUS_VTVM, "..IVV"},
    {INSN_sinval_vma, 0, 0, "..I.V"},
    {INSN_sinval_vma, MSTATUS_TVM, 0, ".II.V"},
    {INSN_sinval_vma, 0, HSTATUS_VTVM, "..IVV"},
    {INSN_sfence_w_inval, MSTATUS_TVM, HSTATUS_VTVM, "..I.V"},
    {INSN_sfence_inval_ir, MSTATUS_TVM, HSTATUS_VTVM, "..I.V"},
    {INSN_hfence_vvma, 0, 0, "..IVV"},
    {INSN_hfence_gvma, 0, 0, "..IVV"},
    {INSN_hfence_gvma, MSTATUS_TVM, 0, ".IIVV"},
    {INSN_hfence_vvma, MSTATUS_TVM, 0, "..IVV"},
    {INSN_hinval_vvma, 0, 0, "..IVV"},
    {INSN_hinval_gvma, MSTATUS_TVM, 0, ".IIVV"},
    {INSN_hlv_w, 0, 0, "..IVV"},
    {INSN_hlv_w, 0, HSTATUS_HU, "...VV"},
    {INSN_hlvx_hu, 0, HSTATUS_HU, "...VV"},
    {INSN_hsv_w, 0, 0, "..IVV"},
    {INSN_hsv_w, 0, HSTATUS_HU, "...VV"},
    {INSN_mret, 0, 0, ".IIII"},
    {INSN_sret, 0, 0, "..I.V"},
    {INSN_sret, MSTATUS_TSR, 0, ".II.V"},
    {INSN_sret, 0, HSTATUS_VTSR, "..IVV"},
    {INSN_wfi, 0, 0, "..I.V"},
    {INSN_wfi, MSTATUS_TW, 0, ".IIII"},
    {INSN_wfi, 0, HSTATUS_VTW, "..IVV"},
};

static void instructions_and_modes(void **state)
{
    (void)state;
    for (size_t i = 0; i < 5 * sizeof(gates) / sizeof(gates[0]); i++) {
        struct rig *r = in_mode(modes[i % 5]);
        uint32_t bits = rig_encode((enum insn_code)gates[i / 5].code, 0, 6, 7, 0);
        rig_emit(r, bits, 4);
        r->hart->st.x[6] = DATA_AT;
        r->hart->st.csr.mstatus |= gates[i / 5].mstatus;
        r->hart->st.csr.hstatus |= gates[i / 5].hstatus;
        rig_step(r, 1);
        uint64_t cause = r->hart->st.csr.mcause;
        char got = !r->hart->st.traps ? '.' : cause == CAUSE_VIRTUAL_INSTRUCTION ? 'V' : 'I';
        if (got != gates[i / 5].expected[i % 5] || (got != '.' && r->hart->st.csr.mtval != bits))
            fail_msg("row %zu, %s in mode %zu: %c, cause %lu", i / 5,
                     insn_format((enum insn_code)gates[i / 5].code).name, i % 5, got, cause);
        if (got == 'I')
            assert_int_equal(cause, CAUSE_ILLEGAL_INSTRUCTION);
        rig_free(r);
    }
}

/* hgatp and vsatp Bare: what width, what sign. */
static void guest_accesses_have_their_width(void **state)
{
    (void)state;
    static const struct {
        uint16_t code;
        uint64_t result;
    } loads[] = {
        {INSN_hlv_b, UINT64_C(0xffffffffffffff88)},
        {INSN_hlv_bu, 0x88},
        {INSN_hlv_h, UINT64_C(0xffffffffffff9988)},
        {INSN_hlv_hu, 0x9988},
        {INSN_hlvx_hu, 0x9988},
        {INSN_hlv_w, UINT64_C(0xffffffffbbaa9988)},
        {INSN_hlv_wu, 0xbbaa9988},
        {INSN_hlvx_wu, 0xbbaa9988},
        {INSN_hlv_d, UINT64_C(0xffeeddccbbaa9988)},
    };
    static const uint16_t stores[] = {INSN_hsv_b, INSN_hsv_h, INSN_hsv_w, INSN_hsv_d};
    struct rig *r = in_mode(VD_MODE_S);
    for (unsigned i = 0; i < 9; i++)
        rig_emit(r, rig_encode((enum insn_code)loads[i].code, 10 + i, 6, 0, 0), 4);
    for (unsigned i = 0; i < 4; i++) {
        EMIT(r, addi, 6, 6, 0, 8);
        rig_emit(r, rig_encode((enum insn_code)stores[i], 0, 6, 18, 0), 4);
    }
    bench_poke(&r->bench, DATA_AT, 8, UINT64_C(0xffeeddccbbaa9988));
    r->hart->st.x[6] = DATA_AT;
    rig_step(r, 17);
    assert_int_equal(r->hart->st.traps, 0);
    for (unsigned i = 0; i < 9; i++)
        assert_true(r->hart->st.x[10 + i] == loads[i].result);
    for (unsigned i = 0; i < 4; i++) {
        uint64_t mask = i == 3 ? ONES : VD_BIT(8u << i) - 1;
        assert_true(bench_peek(&r->bench, DATA_AT + 8 * (i + 1), 8) ==
                    (UINT64_C(0xffeeddccbbaa9988) & mask));
    }
    rig_free(r);
}

/* At the end of memory an access that was one byte wider would not be there. */
static void guest_accesses_are_not_wider(void **state)
{
    (void)state;
    static const struct {
        uint16_t code;
        unsigned size;
    } rows[] = {{INSN_hlv_b, 1},   {INSN_hlv_bu, 1}, {INSN_hlv_h, 2},  {INSN_hlv_hu, 2},
                {INSN_hlvx_hu, 2}, {INSN_hlv_w, 4},  {INSN_hlv_wu, 4}, {INSN_hlvx_wu, 4},
                {INSN_hlv_d, 8},   {INSN_hsv_b, 1},  {INSN_hsv_h, 2},  {INSN_hsv_w, 4},
                {INSN_hsv_d, 8}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        for (unsigned over = 0; over < 2; over++) {
            struct rig *r = in_mode(VD_MODE_S);
            uint64_t end = RAM_AT + r->bench.ram_size;
            rig_emit(r, rig_encode((enum insn_code)rows[i].code, 5, 6, 7, 0), 4);
            r->hart->st.x[6] = end - rows[i].size + over;
            rig_step(r, 1);
            assert_int_equal(r->hart->st.traps, over);
            rig_free(r);
        }
}

static void refused_returns_do_not_retire(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        struct rig *r = in_mode(VD_MODE_U);
        uint32_t bits = rig_encode(i ? INSN_sret : INSN_mret, 0, 0, 0, 0);
        rig_emit(r, bits, 4);
        rig_step_to_trap(r, CAUSE_ILLEGAL_INSTRUCTION, bits, RAM_AT);
        rig_free(r);
    }
}

static void guest_accesses_fault_as_what_they_are(void **state)
{
    (void)state;
    for (unsigned store = 0; store < 2; store++) {
        struct rig *r = in_mode(VD_MODE_S);
        rig_emit(r, rig_encode(store ? INSN_hsv_d : INSN_hlv_d, 5, 6, 7, 0), 4);
        r->hart->st.x[6] = 0x1000;
        rig_step_to_trap(r, store ? CAUSE_STORE_ACCESS_FAULT : CAUSE_LOAD_ACCESS_FAULT, 0x1000,
                         RAM_AT);
        assert_true(r->hart->st.csr.mstatus & MSTATUS_GVA);
        rig_free(r);
    }
}

static void ebreak_tells_its_address(void **state)
{
    (void)state;
    for (unsigned guest = 0; guest < 2; guest++) {
        struct rig *r = in_mode(guest ? VD_MODE_VS : VD_MODE_S);
        EMIT(r, addi, 5, 5, 0, 1);
        EMIT(r, ebreak, 0, 0, 0, 0);
        rig_step(r, 1);
        rig_step(r, 1);
        assert_int_equal(r->hart->st.csr.mcause, CAUSE_BREAKPOINT);
        assert_int_equal(r->hart->st.csr.mepc, RAM_AT + 4);
        assert_int_equal(r->hart->st.csr.mtval, RAM_AT + 4);
        assert_int_equal((r->hart->st.csr.mstatus & MSTATUS_GVA) != 0, guest);
        assert_int_equal(r->hart->st.instret, 1);
        rig_free(r);
    }
}

/* Every CSR instruction, with and without its read and its write. */
static void csr_instructions(void **state)
{
    (void)state;
    struct rig *r = rig_new(NULL);
    EMIT(r, csrrw, 5, 6, 0, CSR_mscratch);
    EMIT(r, csrrs, 7, 8, 0, CSR_mscratch);
    EMIT(r, csrrc, 9, 10, 0, CSR_mscratch);
    EMIT(r, csrrwi, 11, 21, 0, CSR_mscratch);
    EMIT(r, csrrsi, 12, 10, 0, CSR_mscratch);
    EMIT(r, csrrci, 13, 1, 0, CSR_mscratch);
    EMIT(r, csrrc, 14, 0, 0, CSR_mscratch);
    EMIT(r, csrrw, 0, 0, 0, CSR_mscratch);
    r->hart->st.csr.mscratch = 3;
    r->hart->st.x[6] = 0xf0;
    r->hart->st.x[8] = 0x0f;
    r->hart->st.x[10] = 0x3c;
    rig_step(r, 7);
    static const uint64_t old[] = {
        [5] = 3, [7] = 0xf0, [9] = 0xff, [11] = 0xc3, [12] = 21, [13] = 31, [14] = 30};
    for (unsigned i = 5; i < 15; i++)
        if (old[i])
            assert_int_equal(r->hart->st.x[i], old[i]);
    assert_int_equal(r->hart->st.csr.mscratch, 30);
    rig_step(r, 1);
    assert_int_equal(r->hart->st.csr.mscratch, 0);
    rig_free(r);
}

static void refused_CSRs_tell_the_instruction(void **state)
{
    (void)state;
    for (unsigned guest = 0; guest < 2; guest++) {
        struct rig *r = in_mode(guest ? VD_MODE_VS : VD_MODE_U);
        uint32_t bits = rig_encode(INSN_csrrs, 5, 0, 0, CSR_hstatus);
        rig_emit(r, bits, 4);
        rig_step_to_trap(r, guest ? CAUSE_VIRTUAL_INSTRUCTION : CAUSE_ILLEGAL_INSTRUCTION, bits,
                         RAM_AT);
        rig_free(r);
    }
}

static void sret_goes_on_where_it_says(void **state)
{
    (void)state;
    struct rig *r = in_mode(VD_MODE_S);
    EMIT(r, sret, 0, 0, 0, 0);
    r->end = RAM_AT + 0x100;
    EMIT(r, addi, 5, 5, 0, 1);
    r->hart->st.csr.sepc = RAM_AT + 0x100;
    rig_step(r, 2);
    assert_int_equal(r->hart->st.x[5], 1);
    assert_int_equal(r->hart->st.priv, PRV_U);
    assert_int_equal(r->hart->st.instret, 2);
    rig_free(r);
}

/* A guest's first floating-point result makes both levels Dirty. */
static void guests_make_both_FS_dirty(void **state)
{
    (void)state;
    struct rig *r = in_mode(VD_MODE_VS);
    EMIT(r, fadd_d, 1, 2, 3, 0);
    r->hart->st.csr.mstatus = (r->hart->st.csr.mstatus & ~MSTATUS_FS) | VD_BIT(13);
    r->hart->st.csr.vsstatus |= VD_BIT(13);
    mmu_context(r->hart);
    rig_step(r, 1);
    assert_int_equal(r->hart->st.traps, 0);
    assert_true((r->hart->st.csr.vsstatus & MSTATUS_FS) == MSTATUS_FS);
    assert_true((r->hart->st.csr.mstatus & MSTATUS_FS) == MSTATUS_FS);
    rig_free(r);
}

/* The register that is next to the one that means no write, or no read. */
static void csr_instructions_with_x1(void **state)
{
    (void)state;
    static const struct {
        uint16_t code;
        uint8_t rd, rs1;
        uint64_t written;
    } rows[] = {
        {INSN_csrrw, 1, 6, 0xf0}, {INSN_csrrs, 5, 1, 0x37},  {INSN_csrrc, 5, 1, 0x32},
        {INSN_csrrwi, 1, 6, 6},   {INSN_csrrsi, 1, 1, 0x33}, {INSN_csrrci, 1, 1, 0x32},
        {INSN_csrrwi, 5, 0, 0},   {INSN_csrrw, 5, 0, 0},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct rig *r = rig_new(NULL);
        enum insn_code code = (enum insn_code)rows[i].code;
        rig_emit(r, rig_encode(code, rows[i].rd, rows[i].rs1, 0, CSR_mscratch), 4);
        r->hart->st.csr.mscratch = 0x33;
        r->hart->st.x[1] = 5;
        r->hart->st.x[6] = 0xf0;
        rig_step(r, 1);
        assert_int_equal(r->hart->st.x[rows[i].rd], 0x33);
        assert_int_equal(r->hart->st.csr.mscratch, rows[i].written);
        rig_free(r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(instructions_and_modes),
        cmocka_unit_test(guest_accesses_have_their_width),
        cmocka_unit_test(guest_accesses_are_not_wider),
        cmocka_unit_test(refused_returns_do_not_retire),
        cmocka_unit_test(guest_accesses_fault_as_what_they_are),
        cmocka_unit_test(ebreak_tells_its_address),
        cmocka_unit_test(csr_instructions),
        cmocka_unit_test(refused_CSRs_tell_the_instruction),
        cmocka_unit_test(sret_goes_on_where_it_says),
        cmocka_unit_test(guests_make_both_FS_dirty),
        cmocka_unit_test(csr_instructions_with_x1),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
