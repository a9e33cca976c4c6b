/* SPDX-License-Identifier: BSD-2-Clause */
/* The run loop: budget, slices, snapshots, what waits and what sleeps. */
#include "hart/exec_rig.h"

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
    static uint8_t buffer[1 << 18];
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

static void emit_straight_program(struct rig *r)
{
    for (unsigned i = 0; i < 900; i++)
        EMIT(r, addi, 5, 5, 0, 1);
    EMIT(r, jal, 0, 0, 0, -3600);
}

/* Slices that may end early, as when several harts take turns: where they end, and everything else,
 * is after a restore what it would have been. */
static void restored_harts_end_their_slices_where_they_would(void **state)
{
    (void)state;
    static uint8_t buffer[1 << 18];
    for (unsigned i = 0; i < 4 * 60; i++) {
        struct hart_config config = {.timing = i & 1 ? rig_inorder() : (struct hart_timing){0}};
        struct rig *a = rig_new(&config), *b = rig_new(&config);
        if (i & 2)
            emit_busy_program(a);
        else
            emit_straight_program(a);
        hart_runner(a->hart)->loose = hart_runner(b->hart)->loose = true;
        for (unsigned slice = 0; slice < i / 4; slice++)
            rig_run(a, 25 + slice % 9);
        memcpy(b->bench.ram, a->bench.ram, a->bench.ram_size);
        assert_true(hart_restore(b->hart, buffer, hart_save(a->hart, buffer, sizeof(buffer))));
        for (unsigned slice = 0; slice < 100; slice++) {
            rig_run(a, 23 + slice % 11);
            rig_run(b, 23 + slice % 11);
            assert_same_state(&a->hart->st, &b->hart->st, i);
        }
        rig_free(a);
        rig_free(b);
    }
}

/* As a debugger, a device or another hart writes between two slices. */
static void write_code(struct rig *r, uint64_t at, uint32_t bits)
{
    memcpy(r->bench.ram + (at - RAM_AT), &bits, sizeof(bits));
    hart_snoop(r->hart, at, sizeof(bits));
}

/* A restored hart has no block of that page yet, the other's is dead: before, behind and at the
 * place where the slice ended. */
static void code_written_after_a_restore_is_noticed(void **state)
{
    (void)state;
    static uint8_t buffer[1 << 18];
    for (unsigned i = 0; i < 2 * 3 * 40; i++) {
        struct hart_config config = {.timing = i & 1 ? rig_inorder() : (struct hart_timing){0}};
        struct rig *a = rig_new(&config), *b = rig_new(&config);
        emit_straight_program(a);
        hart_runner(a->hart)->loose = hart_runner(b->hart)->loose = true;
        rig_run(a, 100 + 7 * (i / 6));
        memcpy(b->bench.ram, a->bench.ram, a->bench.ram_size);
        assert_true(hart_restore(b->hart, buffer, hart_save(a->hart, buffer, sizeof(buffer))));
        uint64_t at = a->hart->st.pc + 4 * (uint64_t)(i / 2 % 3) - 4;
        uint32_t bits = rig_encode(INSN_addi, 5, 5, 0, 1000);
        write_code(a, at, bits);
        write_code(b, at, bits);
        for (unsigned slice = 0; slice < 100; slice++) {
            rig_run(a, 23 + slice % 11);
            rig_run(b, 23 + slice % 11);
            assert_same_state(&a->hart->st, &b->hart->st, i);
        }
        rig_free(a);
        rig_free(b);
    }
}

/* What stands at the end of a line of the instruction cache, and whether it is empty, must not make
 * the next line's miss depend on where slices end. */
static void lines_are_looked_up_whatever_the_slices(void **state)
{
    (void)state;
    static const struct {
        uint16_t code;
        unsigned rd;
    } rows[] = {{INSN_addi, 5}, {INSN_ld, 0}, {INSN_amoadd_w, 0}, {INSN_fence_i, 0}, {INSN_div, 0}};
    struct hart_config config = {.timing = {.icache_lines = 4, .icache_miss = 9}};
    for (size_t i = 0; i < 17 * sizeof(rows) / sizeof(rows[0]); i++) {
        struct rig *whole = rig_new(&config), *stepped = rig_new(&config);
        for (unsigned both = 0; both < 2; both++) {
            struct rig *r = both ? whole : stepped;
            for (unsigned k = 0; k < 40; k++) {
                enum insn_code code = (enum insn_code)(k == i % 17 ? rows[i / 17].code : INSN_addi);
                rig_emit(r, rig_encode(code, k == i % 17 ? rows[i / 17].rd : 5, 6, 7, 0), 4);
            }
            r->hart->st.x[6] = DATA_AT;
        }
        while (stepped->hart->st.instret < 40)
            rig_run(stepped, 1);
        rig_run(whole, stepped->hart->st.cycles);
        assert_same_state(&whole->hart->st, &stepped->hart->st, i);
        rig_free(whole);
        rig_free(stepped);
    }
}

static void reset_equals_construction(void **state)
{
    (void)state;
    struct rig *a = rig_new(NULL), *b = rig_new(NULL);
    static uint8_t one[1 << 18], two[1 << 18];
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
    r = rig_new(NULL);
    EMIT(r, slti, 0, 10, 0, 0x560);
    EMIT(r, slti, 0, 10, 0, 0x580);
    EMIT(r, slti, 0, 11, 0, 0x564);
    EMIT(r, slti, 9, 10, 0, 0x564);
    EMIT(r, addi, 0, 10, 0, 0x564);
    rig_step(r, 5);
    assert_int_equal(r->bench.num_records, 0);
    assert_int_equal(r->hart->st.cycles, 5);
    rig_free(r);
    r = rig_new(NULL);
    EMIT(r, slti, 0, 10, 0, 0x561); /* the first and the last of them */
    EMIT(r, slti, 0, 10, 0, 0x57f);
    rig_step(r, 2);
    assert_int_equal(bench_record(&r->bench, VD_REC_hint, 0)->a, 1);
    assert_int_equal(bench_record(&r->bench, VD_REC_hint, 1)->a, 0x1f);
    rig_free(r);
}

static void fences_wait_for_posted_stores(void **state)
{
    (void)state;
    static const struct {
        int32_t fence;
        uint32_t weak;
        uint64_t cycles;
    } rows[] = {{0x0f0 | 0x00f, 0, 1 + 64}, {0x110, 0, 1 + 64}, {0x410, 0, 1 + 64}, {0x220, 0, 1},
                {0x0f0 | 0x00f, 1, 1 + 64}, {0x110, 1, 1},      {0x440, 1, 1 + 64}, {0x330, 1, 1}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct hart_config config = {.weak_stores = rows[i].weak};
        struct rig *r = rig_new(&config);
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

static bool busy_twice(void *ctx, struct vd_txn *txn)
{
    unsigned *asked = ctx;
    if (txn->addr >= RAM_AT)
        return false;
    txn->status = ++*asked < 3 ? VD_RETRY : VD_OK;
    txn->delay = *asked == 1 ? 0 : 7 * NS;
    txn->data[0] = 42;
    return true;
}

/* A device that cannot answer yet is asked again, and meanwhile time goes on. */
static void a_busy_device_is_asked_again(void **state)
{
    (void)state;
    struct rig *r = rig_new(NULL);
    unsigned asked = 0;
    r->bench.hook = busy_twice;
    r->bench.hook_ctx = &asked;
    EMIT(r, ld, 5, 6, 0, 0);
    r->hart->st.x[6] = 0x10000000;
    rig_step(r, 1);
    assert_int_equal(r->hart->st.x[5], 42);
    assert_int_equal(asked, 3);
    assert_int_equal(r->hart->st.traps, 0);
    assert_int_equal(r->hart->st.instret, 1);
    assert_true(r->hart->st.cycles >= 1 + 7 + 1);
    rig_free(r);
}

/* The scheduler puts the clock of a sleeping hart forward; what would have woken it does so when
 * it is asked again. */
static bool ends_the_slice(void *ctx, struct vd_txn *txn)
{
    struct rig *r = ctx;
    if (txn->addr != 0x10000000)
        return false;
    hart_runner(r->hart)->limit = (r->hart->st.cycles + 4) * NS;
    txn->status = VD_OK;
    return true;
}

/* An event that the hart's own access posts ends its slice, whatever was left of it. */
static void an_access_can_end_the_slice(void **state)
{
    (void)state;
    for (unsigned store = 0; store < 2; store++) {
        struct rig *r = rig_new(NULL);
        r->bench.hook = ends_the_slice;
        r->bench.hook_ctx = r;
        rig_emit(r, rig_encode(store ? INSN_sd : INSN_ld, 7, 6, 7, 0), 4);
        for (unsigned i = 0; i < 20; i++)
            EMIT(r, addi, 5, 5, 0, 1);
        r->hart->st.x[6] = 0x10000000;
        rig_run(r, 15);
        assert_int_equal(r->hart->st.cycles, 4);
        assert_int_equal(r->hart->st.x[5], 3);
        rig_free(r);
    }
}

/* Times are not taken apart cycle by cycle, however short these are. */
static void a_cycle_of_one_picosecond(void **state)
{
    (void)state;
    struct hart_config config = {.cycle_ps = 1};
    struct rig *r = rig_new(&config);
    for (unsigned i = 0; i < 10; i++)
        EMIT(r, addi, 5, 5, 0, 1);
    EMIT(r, wfi, 0, 0, 0, 0);
    rig_run(r, 7);
    assert_int_equal(r->hart->st.x[5], 7);
    rig_run(r, UINT64_C(1) << 50);
    assert_int_equal(r->hart->st.x[5], 10);
    assert_true(r->hart->st.asleep);
    assert_true(exec_cycles(r->hart, VD_NEVER) == VD_NEVER);
    rig_free(r);
}

static void a_sleeping_hart_catches_up(void **state)
{
    (void)state;
    struct rig *r = rig_new(NULL);
    EMIT(r, wfi, 0, 0, 0, 0);
    EMIT(r, addi, 5, 0, 0, 1);
    hart_wire(r->hart, VD_LINE_MSIP, true);
    rig_run(r, 10);
    assert_true(hart_runner(r->hart)->asleep);
    csr_poke(r->hart, CSR_mie, VD_BIT(INT_MSI)); /* a debugger enables it */
    hart_runner(r->hart)->time = 500 * NS;
    rig_run(r, 502);
    assert_false(hart_runner(r->hart)->asleep);
    assert_int_equal(r->hart->st.x[5], 1);
    assert_true(r->hart->st.cycles >= 501);
    rig_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(budget_is_exact_when_functional),
        cmocka_unit_test(budget_is_exact_with_dynamic_costs),
        cmocka_unit_test(slices_do_not_matter),
        cmocka_unit_test(loose_slices_do_not_matter),
        cmocka_unit_test(timing_changes_no_result),
        cmocka_unit_test(save_and_restore_are_transparent),
        cmocka_unit_test(restored_harts_end_their_slices_where_they_would),
        cmocka_unit_test(code_written_after_a_restore_is_noticed),
        cmocka_unit_test(lines_are_looked_up_whatever_the_slices),
        cmocka_unit_test(reset_equals_construction),
        cmocka_unit_test(a_trap_loop_takes_time),
        cmocka_unit_test(hints_are_recorded_and_free),
        cmocka_unit_test(fences_wait_for_posted_stores),
        cmocka_unit_test(wfi_ends_the_slice),
        cmocka_unit_test(counters_are_exact),
        cmocka_unit_test(a_busy_device_is_asked_again),
        cmocka_unit_test(an_access_can_end_the_slice),
        cmocka_unit_test(a_cycle_of_one_picosecond),
        cmocka_unit_test(a_sleeping_hart_catches_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
