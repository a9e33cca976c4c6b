/* SPDX-License-Identifier: BSD-2-Clause */
/* Integer semantics at their corners, and the run loop: budget, self-modifying code, atomics. */
#include "hart/exec_rig.h"

#define MIN64 (UINT64_C(1) << 63)
#define MIN32 UINT64_C(0xffffffff80000000)
#define ONES  UINT64_MAX

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
    struct rig *r = rig_new(NULL);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        rig_emit(r, rig_encode((enum insn_code)rows[i].code, 10 + (unsigned)i, 6, 0, -8), 4);
    EMIT(r, sb, 0, 6, 11, 0);
    bench_poke(&r->bench, DATA_AT, 8, UINT64_C(0xffeeddccbbaa9988));
    r->hart->st.x[6] = DATA_AT + 8;
    rig_step(r, 8);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_int_equal(r->hart->st.x[10 + i], rows[i].result);
    assert_int_equal(bench_peek(&r->bench, DATA_AT + 8, 8), 0x88);
    rig_free(r);
}

static void misaligned_accesses_work(void **state)
{
    (void)state;
    struct rig *r = rig_new(NULL);
    EMIT(r, sd, 0, 6, 7, 0);
    EMIT(r, ld, 8, 6, 0, 0);
    r->hart->st.x[6] = DATA_AT + 0xffd;
    r->hart->st.x[7] = UINT64_C(0x1122334455667788);
    rig_step(r, 2);
    assert_int_equal(r->hart->st.x[8], UINT64_C(0x1122334455667788));
    assert_int_equal(bench_peek(&r->bench, DATA_AT + 0x1000, 1), 0x55);
    rig_free(r);
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

/* --- programs with every kind of control flow --- */

/* A loop of loads, stores, divisions, branches both ways, calls and returns. */
static void emit_busy_program(struct rig *r)
{
    struct hart_state *st = &r->hart->st;
    st->x[8] = DATA_AT;
    st->x[9] = 40;
    EMIT(r, addi, 10, 10, 0, 3); /* loop */
    EMIT(r, ld, 11, 8, 0, 0);
    EMIT(r, add, 11, 11, 10, 0);
    EMIT(r, sd, 0, 8, 11, 0);
    EMIT(r, andi, 12, 11, 0, 1);
    EMIT(r, beq, 0, 12, 0, 12);
    EMIT(r, mul, 13, 11, 10, 0);
    EMIT(r, divu, 14, 13, 9, 0);
    EMIT(r, jal, 1, 0, 0, 28); /* call */
    EMIT(r, lui, 15, 0, 0, 0x12000);
    EMIT(r, addi, 15, 15, 0, 0x345);
    EMIT(r, addi, 8, 8, 0, 64);
    EMIT(r, addi, 9, 9, 0, -1);
    EMIT(r, bne, 0, 9, 0, -52);
    EMIT(r, jal, 0, 0, 0, 0);               /* for ever */
    EMIT(r, csrrs, 16, 0, 0, CSR_mscratch); /* function */
    EMIT(r, lw, 17, 8, 0, 4);
    EMIT(r, blt, 0, 17, 14, 8);
    EMIT(r, xor, 18, 18, 17, 0);
    EMIT(r, amoadd_d, 19, 8, 10, 0);
    EMIT(r, jalr, 0, 1, 0, 0);
}

static void assert_same_state(const struct hart_state *a, const struct hart_state *b, uint64_t at)
{
    if (a->pc != b->pc || a->cycles != b->cycles || a->instret != b->instret ||
        memcmp(a->x, b->x, sizeof(a->x)) != 0)
        fail_msg("limit %llu: pc %#llx %#llx cycles %llu %llu instret %llu %llu",
                 (unsigned long long)at, (unsigned long long)a->pc, (unsigned long long)b->pc,
                 (unsigned long long)a->cycles, (unsigned long long)b->cycles,
                 (unsigned long long)a->instret, (unsigned long long)b->instret);
}

/* Wherever a slice ends, the state is that of a hart that was stepped there one instruction at a
 * time, and no instruction begins at or after the limit. */
static void budget_is_exact(const struct hart_config *config, uint64_t most)
{
    struct rig *stepped = rig_new(config);
    emit_busy_program(stepped);
    uint64_t before = 0;
    for (uint64_t limit = 1; limit < most; limit++) {
        struct rig *whole = rig_new(config);
        emit_busy_program(whole);
        rig_run(whole, limit);
        if (stepped->hart->st.cycles < limit) {
            before = stepped->hart->st.cycles;
            rig_run(stepped, 1);
        }
        assert_true(before < limit);
        assert_same_state(&whole->hart->st, &stepped->hart->st, limit);
        rig_free(whole);
    }
    rig_free(stepped);
}

static void budget_is_exact_when_functional(void **state)
{
    (void)state;
    budget_is_exact(NULL, 900);
}

static void budget_is_exact_with_dynamic_costs(void **state)
{
    (void)state;
    struct hart_config config = {.timing = rig_inorder()};
    budget_is_exact(&config, 3000);
}

/* The same program in slices of every length up to 60. */
static void slice_up(bool loose)
{
    for (unsigned timing = 0; timing < 2; timing++) {
        struct hart_config config = {.cycle_ps = NS};
        if (timing)
            config.timing = rig_inorder();
        for (uint64_t slice = 1; slice < 60; slice++) {
            struct rig *a = rig_new(&config), *b = rig_new(&config);
            emit_busy_program(a);
            emit_busy_program(b);
            hart_runner(a->hart)->loose = loose;
            while (a->hart->st.cycles < 2500) {
                uint64_t start = a->hart->st.cycles;
                rig_run(a, slice);
                assert_true(a->hart->st.cycles > start);
            }
            rig_run(b, a->hart->st.cycles);
            assert_same_state(&a->hart->st, &b->hart->st, slice);
            rig_free(a);
            rig_free(b);
        }
    }
}

static void slices_do_not_matter(void **state)
{
    (void)state;
    slice_up(false);
}

/* A loose limit may be stopped short of, but every slice gets on, and nothing else changes. */
static void loose_slices_do_not_matter(void **state)
{
    (void)state;
    slice_up(true);
}

static void timing_changes_no_result(void **state)
{
    (void)state;
    struct hart_config config = {.timing = rig_inorder()};
    struct rig *a = rig_new(NULL), *b = rig_new(&config);
    emit_busy_program(a);
    emit_busy_program(b);
    rig_run(a, 2000);
    rig_run(b, 20000);
    assert_memory_equal(a->hart->st.x, b->hart->st.x, sizeof(a->hart->st.x));
    assert_int_equal(a->hart->st.pc, b->hart->st.pc);
    rig_free(a);
    rig_free(b);
}

static void save_and_restore_are_transparent(void **state)
{
    (void)state;
    struct hart_config config = {.timing = rig_inorder()};
    struct rig *a = rig_new(&config), *b = rig_new(&config);
    static uint8_t buffer[1 << 16];
    emit_busy_program(a);
    rig_run(a, 777);
    size_t size = hart_save(a->hart, buffer, sizeof(buffer));
    assert_true(size <= sizeof(buffer));
    memcpy(b->bench.ram, a->bench.ram, a->bench.ram_size);
    assert_true(hart_restore(b->hart, buffer, size));
    assert_false(hart_restore(b->hart, buffer, size - 1));
    rig_run(a, 1000);
    rig_run(b, 1000);
    assert_same_state(&a->hart->st, &b->hart->st, 0);
    rig_free(a);
    rig_free(b);
}

static void reset_equals_construction(void **state)
{
    (void)state;
    struct rig *a = rig_new(NULL), *b = rig_new(NULL);
    static uint8_t one[1 << 16], two[1 << 16];
    emit_busy_program(a);
    rig_run(a, 100);
    hart_reset(a->hart);
    hart_reset(b->hart);
    size_t size = hart_save(a->hart, one, sizeof(one));
    hart_save(b->hart, two, sizeof(two));
    assert_memory_equal(one, two, size);
    rig_free(a);
    rig_free(b);
}

/* --- self-modifying code --- */

static void a_store_into_the_running_block_takes_effect(void **state)
{
    (void)state;
    struct rig *r = rig_new(NULL);
    EMIT(r, sw, 0, 6, 7, 12);
    EMIT(r, addi, 5, 5, 0, 1);
    EMIT(r, addi, 5, 5, 0, 1);
    EMIT(r, addi, 5, 5, 0, 1); /* becomes addi 5, 5, 100 */
    EMIT(r, addi, 5, 5, 0, 1);
    EMIT(r, jal, 0, 0, 0, -20);
    r->hart->st.x[6] = RAM_AT;
    r->hart->st.x[7] = rig_encode(INSN_addi, 5, 5, 0, 100);
    rig_run(r, 5);
    assert_int_equal(r->hart->st.x[5], 103);
    r->hart->st.x[7] = rig_encode(INSN_addi, 5, 5, 0, 7);
    rig_run(r, 6);
    assert_int_equal(r->hart->st.x[5], 103 + 10);
    rig_free(r);
}

static void code_written_by_others_takes_effect(void **state)
{
    (void)state;
    struct rig *r = rig_new(NULL);
    EMIT(r, addi, 5, 5, 0, 1);
    EMIT(r, jal, 0, 0, 0, -4);
    rig_run(r, 20);
    assert_int_equal(r->hart->st.x[5], 10);
    struct vd_txn txn = bench_write(RAM_AT, 4, rig_encode(INSN_addi, 5, 5, 0, 100));
    r->bench.host.ops->access(r->bench.host.ctx, &txn);
    rig_run(r, 20);
    assert_int_equal(r->hart->st.x[5], 10 + 1000);
    rig_free(r);
}

/* Data beside code: the page stays slow, but the blocks live and the values are right. */
static void data_in_a_code_page(void **state)
{
    (void)state;
    struct rig *r = rig_new(NULL);
    EMIT(r, ld, 5, 6, 0, 0);
    EMIT(r, addi, 5, 5, 0, 1);
    EMIT(r, sd, 0, 6, 5, 0);
    EMIT(r, jal, 0, 0, 0, -12);
    r->hart->st.x[6] = RAM_AT + 0x800;
    rig_run(r, 400);
    assert_int_equal(bench_peek(&r->bench, RAM_AT + 0x800, 8), 100);
    rig_free(r);
}

static void an_instruction_may_straddle_pages(void **state)
{
    (void)state;
    struct rig *r = rig_new(NULL);
    r->end = RAM_AT + 0xffe;
    EMIT(r, addi, 5, 5, 0, 1);
    r->hart->st.pc = RAM_AT + 0xffe;
    EMIT(r, jal, 0, 0, 0, -4);
    rig_run(r, 10);
    assert_int_equal(r->hart->st.x[5], 5);
    struct vd_txn txn = bench_write(RAM_AT + 0x1000, 2, 0x0642);
    txn.data[0] = rig_encode(INSN_addi, 5, 5, 0, 100) >> 16;
    r->bench.host.ops->access(r->bench.host.ctx, &txn);
    rig_run(r, 10);
    assert_int_equal(r->hart->st.x[5], 505);
    rig_free(r);
}

/* --- traps of the execution core --- */

static void step_to_trap(struct rig *r, uint64_t cause, uint64_t tval, uint64_t epc)
{
    rig_step(r, 1);
    assert_int_equal(r->hart->st.csr.mcause, cause);
    assert_int_equal(r->hart->st.csr.mtval, tval);
    assert_int_equal(r->hart->st.csr.mepc, epc);
    assert_int_equal(r->hart->st.pc, TRAP_AT);
    assert_int_equal(r->hart->st.instret, 0);
}

static void illegal_instructions_tell_their_bits(void **state)
{
    (void)state;
    struct hart_config no_m = {.extensions = VD_BIT(HART_EXT_C) | VD_BIT(HART_EXT_Zicsr)};
    struct rig *r = rig_new(&no_m);
    uint32_t mul = rig_encode(INSN_mul, 1, 2, 3, 0);
    rig_emit(r, mul, 4);
    step_to_trap(r, CAUSE_ILLEGAL_INSTRUCTION, mul, RAM_AT);
    rig_free(r);
    r = rig_new(NULL);
    rig_emit(r, 0x8002, 2);
    step_to_trap(r, CAUSE_ILLEGAL_INSTRUCTION, 0x8002, RAM_AT);
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
        step_to_trap(r, CAUSE_FETCH_MISALIGNED, RAM_AT + 6, RAM_AT);
        assert_int_equal(r->hart->st.x[1], 0);
        rig_free(r);
    }
}

static void misaligned_atomics_trap(void **state)
{
    (void)state;
    static const struct {
        uint16_t code;
        uint64_t cause;
    } rows[] = {{INSN_lr_w, CAUSE_LOAD_MISALIGNED},
                {INSN_sc_d, CAUSE_STORE_MISALIGNED},
                {INSN_amoadd_w, CAUSE_STORE_MISALIGNED}};
    for (size_t i = 0; i < 3; i++) {
        struct rig *r = rig_new(NULL);
        rig_emit(r, rig_encode((enum insn_code)rows[i].code, 1, 6, 7, 0), 4);
        r->hart->st.x[6] = DATA_AT + 2;
        step_to_trap(r, rows[i].cause, DATA_AT + 2, RAM_AT);
        rig_free(r);
    }
}

static void atomics_outside_memory_fault(void **state)
{
    (void)state;
    struct rig *r = rig_new(NULL);
    EMIT(r, amoadd_w, 1, 6, 7, 0);
    r->hart->st.x[6] = 0x10000000;
    step_to_trap(r, CAUSE_STORE_ACCESS_FAULT, 0x10000000, RAM_AT);
    rig_free(r);
}

static void a_trap_loop_takes_time(void **state)
{
    (void)state;
    struct rig *r = rig_new(NULL);
    r->hart->st.csr.mtvec = 0;
    r->hart->st.pc = 0;
    rig_run(r, 100);
    assert_true(r->hart->st.traps >= 50 && r->hart->st.traps <= 100);
    rig_free(r);
}

/* --- floating-point state --- */

static void floating_point_needs_fs(void **state)
{
    (void)state;
    struct rig *r = rig_new(NULL);
    uint32_t bits = rig_encode(INSN_fadd_d, 1, 2, 3, 0);
    rig_emit(r, bits, 4);
    r->hart->st.csr.mstatus &= ~MSTATUS_FS;
    step_to_trap(r, CAUSE_ILLEGAL_INSTRUCTION, bits, RAM_AT);
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
        step_to_trap(r, CAUSE_ILLEGAL_INSTRUCTION, bits, RAM_AT);
        rig_free(r);
    }
}

/* --- LR and SC --- */

static struct rig *reserved(void)
{
    struct rig *r = rig_new(NULL);
    EMIT(r, lr_d, 5, 6, 0, 0);
    EMIT(r, sc_d, 7, 6, 8, 0);
    EMIT(r, sc_d, 9, 6, 8, 0);
    r->hart->st.x[6] = DATA_AT;
    r->hart->st.x[8] = 42;
    return r;
}

static void sc_succeeds_once(void **state)
{
    (void)state;
    struct rig *r = reserved();
    rig_run(r, 3);
    assert_int_equal(r->hart->st.x[7], 0);
    assert_int_equal(r->hart->st.x[9], 1);
    assert_int_equal(bench_peek(&r->bench, DATA_AT, 8), 42);
    rig_free(r);
}

static void sc_succeeds_over_a_slice(void **state)
{
    (void)state;
    struct rig *r = reserved();
    rig_run(r, 1);
    rig_run(r, 1);
    assert_int_equal(r->hart->st.x[7], 0);
    assert_int_equal(bench_peek(&r->bench, DATA_AT, 8), 42);
    assert_int_equal(r->bench.num_watches, 1); /* the code only */
    rig_free(r);
}

static void a_write_by_others_kills_the_reservation(void **state)
{
    (void)state;
    struct rig *r = reserved();
    rig_run(r, 1);
    struct vd_txn txn = bench_write(DATA_AT + 4, 1, 1);
    r->bench.host.ops->access(r->bench.host.ctx, &txn);
    rig_run(r, 1);
    assert_int_equal(r->hart->st.x[7], 1);
    assert_int_equal(bench_peek(&r->bench, DATA_AT, 1), 0);
    rig_free(r);
}

static void a_write_beside_the_reservation_does_not(void **state)
{
    (void)state;
    struct rig *r = reserved();
    rig_run(r, 1);
    struct vd_txn txn = bench_write(DATA_AT + 8, 1, 1);
    r->bench.host.ops->access(r->bench.host.ctx, &txn);
    rig_run(r, 1);
    assert_int_equal(r->hart->st.x[7], 0);
    rig_free(r);
}

static void sc_elsewhere_fails_and_ends_the_reservation(void **state)
{
    (void)state;
    struct rig *r = rig_new(NULL);
    EMIT(r, lr_d, 5, 6, 0, 0);
    EMIT(r, sc_d, 7, 8, 8, 0);
    EMIT(r, sc_d, 9, 6, 8, 0);
    r->hart->st.x[6] = DATA_AT;
    r->hart->st.x[8] = DATA_AT + 64;
    rig_run(r, 3);
    assert_int_equal(r->hart->st.x[7], 1);
    assert_int_equal(r->hart->st.x[9], 1);
    rig_free(r);
}

/* Once a page is in the fast TLB, atomics do without the world. */
static void atomics_are_the_same_on_a_known_page(void **state)
{
    (void)state;
    struct rig *r = rig_new(NULL);
    EMIT(r, sd, 0, 6, 8, 0);
    EMIT(r, lr_d, 5, 6, 0, 0);
    EMIT(r, sc_d, 7, 6, 9, 0);
    EMIT(r, sc_d, 10, 6, 8, 0);
    EMIT(r, amoadd_w, 11, 6, 9, 0);
    EMIT(r, lr_w, 12, 6, 0, 0);
    EMIT(r, sc_w, 13, 14, 9, 0);
    EMIT(r, sc_w, 15, 6, 9, 0);
    EMIT(r, lr_w, 16, 6, 0, 0);
    EMIT(r, sc_d, 17, 6, 9, 0);
    r->hart->st.x[6] = DATA_AT;
    r->hart->st.x[14] = DATA_AT + 8;
    r->hart->st.x[8] = 42;
    r->hart->st.x[9] = UINT64_C(0xffffffff);
    rig_run(r, 10);
    static const uint64_t expected[] = {[5] = 42,
                                        [7] = 0,
                                        [10] = 1,
                                        [11] = UINT64_MAX,
                                        [12] = UINT64_C(0xfffffffffffffffe),
                                        [13] = 1,
                                        [15] = 1,
                                        [16] = UINT64_C(0xfffffffffffffffe),
                                        [17] = 1};
    for (unsigned i = 0; i < sizeof(expected) / sizeof(expected[0]); i++)
        if (i != 6 && i != 8 && i != 9 && i != 14 && i > 4)
            assert_int_equal(r->hart->st.x[i], expected[i]);
    assert_int_equal(bench_peek(&r->bench, DATA_AT, 8), UINT64_C(0xfffffffe));
    rig_free(r);
}

static void a_reservation_on_a_known_page_is_guarded_between_slices(void **state)
{
    (void)state;
    struct rig *r = rig_new(NULL);
    EMIT(r, sd, 0, 6, 8, 0);
    EMIT(r, lr_d, 5, 6, 0, 0);
    EMIT(r, sc_d, 7, 6, 8, 0);
    r->hart->st.x[6] = DATA_AT;
    rig_run(r, 2);
    struct vd_txn txn = bench_write(DATA_AT + 4, 1, 1);
    r->bench.host.ops->access(r->bench.host.ctx, &txn);
    rig_run(r, 1);
    assert_int_equal(r->hart->st.x[7], 1);
    rig_free(r);
}

static void amo_on_a_watched_page_is_told(void **state)
{
    (void)state;
    struct rig *r = rig_new(NULL);
    EMIT(r, amoadd_w, 5, 6, 7, 0);
    EMIT(r, jal, 0, 0, 0, -4);
    EMIT(r, addi, 0, 0, 0, 0);
    r->hart->st.x[6] = RAM_AT + 8; /* in the code's page, and in its granule */
    r->hart->st.x[7] = 1;
    rig_run(r, 4);
    assert_int_equal(bench_peek(&r->bench, RAM_AT + 8, 4), rig_encode(INSN_addi, 0, 0, 0, 0) + 2);
    assert_int_equal(r->bench.num_writes, 2);
    rig_free(r);
}

/* --- hints, fences, sleep --- */

static void hints_are_recorded_and_free(void **state)
{
    (void)state;
    struct rig *r = rig_new(NULL);
    EMIT(r, slti, 0, 10, 0, 0x560 + 4);
    EMIT(r, addi, 5, 5, 0, 1);
    for (unsigned i = 10; i < 14; i++)
        r->hart->st.x[i] = i;
    rig_run(r, 1);
    assert_int_equal(r->hart->st.x[5], 1);
    assert_int_equal(r->hart->st.cycles, 1);
    assert_int_equal(r->hart->st.instret, 2);
    const struct vd_record *hint = bench_record(&r->bench, VD_REC_hint, 0);
    const struct vd_record *more = bench_record(&r->bench, VD_REC_hint_more, 0);
    assert_true(hint->a == 4 && hint->b == 10 && hint->c == 11);
    assert_true(more->a == 4 && more->b == 12 && more->c == 13);
    rig_free(r);
}

static void fences_wait_for_posted_stores(void **state)
{
    (void)state;
    static const struct {
        int32_t fence;
        uint64_t cycles;
    } rows[] = {{0x0f0 | 0x00f, 1 + 64}, {0x110, 1 + 64}, {0x410, 1 + 64}, {0x220, 1}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct rig *r = rig_new(NULL);
        EMIT(r, fence, 0, 0, 0, rows[i].fence);
        r->drain = 64 * NS;
        rig_run(r, 1);
        assert_int_equal(r->hart->st.cycles, rows[i].cycles);
        rig_free(r);
    }
}

static void wfi_ends_the_slice(void **state)
{
    (void)state;
    struct rig *r = rig_new(NULL);
    EMIT(r, wfi, 0, 0, 0, 0);
    EMIT(r, addi, 5, 0, 0, 1);
    r->hart->st.csr.mie = VD_BIT(INT_MSI);
    rig_run(r, 100);
    assert_true(hart_runner(r->hart)->asleep);
    assert_int_equal(r->hart->st.cycles, 1);
    assert_int_equal(r->hart->st.pc, RAM_AT + 4);
    hart_wire(r->hart, VD_LINE_MSIP, true);
    rig_run(r, 1);
    assert_int_equal(r->hart->st.x[5], 1);
    assert_false(hart_runner(r->hart)->asleep);
    rig_free(r);
}

static void counters_are_exact(void **state)
{
    (void)state;
    struct rig *r = rig_new(NULL);
    EMIT(r, addi, 0, 0, 0, 0);
    EMIT(r, csrrs, 5, 0, 0, CSR_minstret);
    EMIT(r, csrrs, 6, 0, 0, CSR_mcycle);
    EMIT(r, csrrs, 7, 0, 0, CSR_minstret);
    rig_run(r, 4);
    assert_int_equal(r->hart->st.x[5], 1);
    assert_int_equal(r->hart->st.x[6], 2);
    assert_int_equal(r->hart->st.x[7], 3);
    rig_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(register_corners),
        cmocka_unit_test(loads_extend_and_stores_truncate),
        cmocka_unit_test(misaligned_accesses_work),
        cmocka_unit_test(x0_stays_zero),
        cmocka_unit_test(budget_is_exact_when_functional),
        cmocka_unit_test(budget_is_exact_with_dynamic_costs),
        cmocka_unit_test(slices_do_not_matter),
        cmocka_unit_test(loose_slices_do_not_matter),
        cmocka_unit_test(timing_changes_no_result),
        cmocka_unit_test(save_and_restore_are_transparent),
        cmocka_unit_test(reset_equals_construction),
        cmocka_unit_test(a_store_into_the_running_block_takes_effect),
        cmocka_unit_test(code_written_by_others_takes_effect),
        cmocka_unit_test(data_in_a_code_page),
        cmocka_unit_test(an_instruction_may_straddle_pages),
        cmocka_unit_test(illegal_instructions_tell_their_bits),
        cmocka_unit_test(misaligned_jumps_trap_without_c),
        cmocka_unit_test(misaligned_atomics_trap),
        cmocka_unit_test(atomics_outside_memory_fault),
        cmocka_unit_test(a_trap_loop_takes_time),
        cmocka_unit_test(floating_point_needs_fs),
        cmocka_unit_test(floating_point_makes_fs_dirty),
        cmocka_unit_test(reserved_rounding_modes_are_illegal),
        cmocka_unit_test(sc_succeeds_once),
        cmocka_unit_test(sc_succeeds_over_a_slice),
        cmocka_unit_test(a_write_by_others_kills_the_reservation),
        cmocka_unit_test(a_write_beside_the_reservation_does_not),
        cmocka_unit_test(sc_elsewhere_fails_and_ends_the_reservation),
        cmocka_unit_test(atomics_are_the_same_on_a_known_page),
        cmocka_unit_test(a_reservation_on_a_known_page_is_guarded_between_slices),
        cmocka_unit_test(amo_on_a_watched_page_is_told),
        cmocka_unit_test(hints_are_recorded_and_free),
        cmocka_unit_test(fences_wait_for_posted_stores),
        cmocka_unit_test(wfi_ends_the_slice),
        cmocka_unit_test(counters_are_exact),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
