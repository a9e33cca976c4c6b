/* SPDX-License-Identifier: BSD-2-Clause */
/* Instructions that change, and instructions on two pages. */
#include "hart/exec_rig.h"

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

/* The stop behind the store has changed the label in front of it as well. */
static void a_store_over_itself_before_a_slice_ends(void **state)
{
    (void)state;
    struct rig *r = rig_new(NULL);
    EMIT(r, sw, 0, 6, 7, 0); /* becomes addi 5, 5, 100 */
    EMIT(r, addi, 5, 5, 0, 1);
    EMIT(r, beq, 0, 0, 0, -8);
    r->hart->st.x[6] = RAM_AT;
    r->hart->st.x[7] = rig_encode(INSN_addi, 5, 5, 0, 100);
    rig_run(r, 1);
    rig_run(r, 4);
    assert_int_equal(r->hart->st.x[5], 102);
    rig_free(r);
}

/* The block in which it ends is not the one that dies. */
static void a_store_over_another_block_before_a_slice_ends(void **state)
{
    (void)state;
    struct rig *r = rig_new(NULL);
    EMIT(r, addi, 5, 5, 0, 1);
    EMIT(r, sw, 0, 6, 7, 0);
    EMIT(r, addi, 5, 5, 0, 1);
    EMIT(r, beq, 0, 0, 0, -12);
    r->hart->st.pc = r->hart->st.x[6] = RAM_AT + 0x1000;
    bench_poke(&r->bench, RAM_AT + 0x1000, 4, rig_encode(INSN_jal, 0, 0, 0, -0x1000));
    rig_run(r, 3);
    assert_int_equal(r->hart->st.x[5], 1);
    rig_run(r, 6);
    assert_int_equal(r->hart->st.x[5], 4);
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

/* Data beside code: the page stays slow, but the blocks live and the values are right.  The code
 * fills 64 bytes, which is as exactly as they are known. */
static void data_in_a_code_page(void **state)
{
    (void)state;
    static const uint64_t offsets[] = {0x1038, 0x1080, 0x1800, 0x1ff8};
    for (unsigned i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++) {
        struct rig *r = rig_new(NULL);
        uint64_t data = RAM_AT + offsets[i];
        r->end = RAM_AT + 0x1040;
        EMIT(r, ld, 5, 6, 0, 0);
        for (unsigned k = 0; k < 12; k++)
            EMIT(r, addi, 7, 7, 0, 1);
        EMIT(r, addi, 5, 5, 0, 1);
        EMIT(r, sd, 0, 6, 5, 0);
        EMIT(r, jal, 0, 0, 0, -60);
        r->hart->st.x[6] = data;
        hart_set(r->hart, HART_REG_PC, RAM_AT + 0x1040);
        rig_run(r, 800);
        size_t made = r->hart->blocks->arena_used;
        rig_run(r, 800);
        assert_int_equal(bench_peek(&r->bench, data, 8), 100);
        assert_int_equal(r->hart->blocks->arena_used, made);
        rig_free(r);
    }
}

static void *(*granted)(void *ctx, uint64_t spa, bool write);

static void *all_but_data(void *ctx, uint64_t spa, bool write)
{
    return spa >> 12 == DATA_AT >> 12 ? NULL : granted(ctx, spa, write);
}

static bool answer_42(void *ctx, struct vd_txn *txn)
{
    (void)ctx;
    txn->data[0] = 42;
    txn->status = VD_OK;
    return txn->addr == DATA_AT;
}

/* As a flash bank does it when a command covers its memory. */
static void a_page_that_is_taken_back_is_read_by_the_bus(void **state)
{
    (void)state;
    struct rig *r = rig_new(NULL);
    EMIT(r, ld, 5, 6, 0, 0);
    EMIT(r, jal, 0, 0, 0, -4);
    r->hart->st.x[6] = DATA_AT;
    bench_poke(&r->bench, DATA_AT, 8, 7);
    rig_run(r, 20);
    assert_int_equal(r->hart->st.x[5], 7);
    granted = r->ops.grant;
    r->ops.grant = all_but_data;
    r->bench.hook = answer_42;
    hart_revoke(r->hart, VD_NEVER);
    rig_run(r, 20);
    assert_int_equal(r->hart->st.x[5], 42);
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

/* A jump to another page is no jump within the block's page. */
static void a_jump_into_another_page_sees_its_changes(void **state)
{
    (void)state;
    static const uint64_t targets[] = {0x2000, 0x2ff4, 0xffc, 0x0, 0x1ff4, 0x1ffc, 0x1000};
    for (unsigned i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
        struct rig *r = rig_new(NULL);
        uint64_t jump = RAM_AT + 0x1800, target = RAM_AT + targets[i];
        r->end = target;
        EMIT(r, addi, 5, 5, 0, 1);
        EMIT(r, jal, 0, 0, 0, jump - target - 4);
        r->end = jump;
        EMIT(r, jal, 0, 0, 0, target - jump);
        hart_set(r->hart, HART_REG_PC, jump);
        rig_step(r, 6);
        assert_int_equal(r->hart->st.x[5], 2);
        struct vd_txn txn = bench_write(target, 4, rig_encode(INSN_addi, 5, 5, 0, 100));
        r->bench.host.ops->access(r->bench.host.ctx, &txn);
        rig_step(r, 3);
        assert_int_equal(r->hart->st.x[5], 102);
        rig_free(r);
    }
}

/* Of an instruction that begins one granule and ends in the next either half can change. */
static void halves_of_an_instruction(void **state)
{
    (void)state;
    for (unsigned half = 0; half < 2; half++) {
        struct rig *r = rig_new(NULL);
        uint32_t after =
            half ? rig_encode(INSN_addi, 5, 5, 0, 100) : rig_encode(INSN_addi, 7, 5, 0, 1);
        r->end = RAM_AT + 0x13e;
        EMIT(r, addi, 5, 5, 0, 1);
        bench_poke(&r->bench, RAM_AT + 0x142, 4, rig_encode(INSN_jal, 0, 0, 0, 0x200 - 0x142));
        bench_poke(&r->bench, RAM_AT + 0x200, 4, rig_encode(INSN_jal, 0, 0, 0, 0x13e - 0x200));
        hart_set(r->hart, HART_REG_PC, RAM_AT + 0x200);
        rig_step(r, 6);
        assert_int_equal(r->hart->st.x[5], 2);
        struct vd_txn txn = bench_write(RAM_AT + 0x13e + 2 * half, 2, after >> 16 * half & 0xffff);
        r->bench.host.ops->access(r->bench.host.ctx, &txn);
        rig_step(r, 3);
        assert_int_equal(r->hart->st.x[half ? 5 : 7], half ? 102 : 3);
        rig_free(r);
    }
}

/* Two tables that differ in the page behind the code's. */
static void map_code(struct rig *r, uint64_t tables, uint64_t second)
{
    const uint64_t link = 1, leaf = 0xcf;
    bench_poke(&r->bench, tables + 8 * (RAM_AT >> 30), 8, (tables + 0x1000) >> 12 << 10 | link);
    bench_poke(&r->bench, tables + 0x1000, 8, (tables + 0x2000) >> 12 << 10 | link);
    bench_poke(&r->bench, tables + 0x2000, 8, RAM_AT >> 12 << 10 | leaf);
    bench_poke(&r->bench, tables + 0x2008, 8, second >> 12 << 10 | leaf);
}

/* The block before an instruction on two pages is the same in both address spaces; the instruction
 * is not. */
static void an_instruction_on_two_pages_is_not_linked_to(void **state)
{
    (void)state;
    struct rig *r = rig_new(NULL);
    uint64_t tables = RAM_AT + 0x40000;
    map_code(r, tables, RAM_AT + 0x1000);
    map_code(r, tables + 0x4000, RAM_AT + 0x2000);
    uint32_t one = rig_encode(INSN_addi, 5, 5, 0, 1), hundred = rig_encode(INSN_addi, 5, 5, 0, 100);
    bench_poke(&r->bench, RAM_AT + 0xffe, 2, one & 0xffff);
    bench_poke(&r->bench, RAM_AT + 0x1000, 2, one >> 16);
    bench_poke(&r->bench, RAM_AT + 0x2000, 2, hundred >> 16);
    for (unsigned i = 1; i < 3; i++) { /* back to the start, which jumps to the instruction */
        r->end = RAM_AT + 0x1000 * i + 2;
        EMIT(r, jal, 0, 0, 0, -0x1002);
    }
    bench_poke(&r->bench, RAM_AT, 4, rig_encode(INSN_jal, 0, 0, 0, 0xffe));
    csr_poke(r->hart, CSR_pmpaddr0, ~UINT64_C(0));
    csr_poke(r->hart, CSR_pmpcfg0, 0x1f);
    uint64_t sum = 0;
    for (unsigned i = 0; i < 6; i++) {
        csr_poke(r->hart, CSR_satp,
                 UINT64_C(8) << 60 | (uint64_t)(i & 1) << 44 | ((tables >> 12) + 4 * (i & 1)));
        r->hart->st.priv = PRV_S;
        mmu_context(r->hart);
        rig_step(r, 9);
        sum += 3 * (i & 1 ? 100 : 1);
        assert_int_equal(r->hart->st.traps, 0);
        assert_int_equal(r->hart->st.x[5], sum);
    }
    rig_free(r);
}

/* Only the last byte of a write is code, or only the first. */
static void one_byte_of_a_longer_write(void **state)
{
    (void)state;
    for (unsigned first = 0; first < 2; first++) {
        struct rig *r = rig_new(NULL);
        uint32_t before = rig_encode(INSN_addi, 5, 5, 0, 1);
        uint64_t at = RAM_AT + (first ? 0x7c : 0x80);
        r->end = at;
        EMIT(r, addi, 5, 5, 0, 1);
        bench_poke(&r->bench, at + 4, 4, rig_encode(INSN_jal, 0, 0, 0, -4));
        hart_set(r->hart, HART_REG_PC, at);
        if (first) /* no more than the instruction, or the granule behind would be code as well */
            rig_step(r, 1);
        else
            rig_step(r, 4);
        struct vd_txn txn = bench_write(first ? at + 3 : at - 7, 8, 0);
        if (first)
            txn.data[0] = (rig_encode(INSN_addi, 5, 5, 0, 0x101) >> 24) |
                          (uint64_t)rig_encode(INSN_jal, 0, 0, 0, -4) << 8;
        else
            txn.data[0] = (uint64_t)(rig_encode(INSN_addi, 4, 5, 0, 1) & 0xff) << 56;
        assert_int_equal(before & 0xff000000, 0);
        r->bench.host.ops->access(r->bench.host.ctx, &txn);
        uint64_t was = r->hart->st.x[5];
        hart_set(r->hart, HART_REG_PC, at);
        rig_step(r, 1);
        assert_int_equal(r->hart->st.x[first ? 5 : 4], was + (first ? 0x101 : 1));
        rig_free(r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_store_into_the_running_block_takes_effect),
        cmocka_unit_test(a_store_over_itself_before_a_slice_ends),
        cmocka_unit_test(a_store_over_another_block_before_a_slice_ends),
        cmocka_unit_test(code_written_by_others_takes_effect),
        cmocka_unit_test(data_in_a_code_page),
        cmocka_unit_test(a_page_that_is_taken_back_is_read_by_the_bus),
        cmocka_unit_test(an_instruction_may_straddle_pages),
        cmocka_unit_test(a_jump_into_another_page_sees_its_changes),
        cmocka_unit_test(halves_of_an_instruction),
        cmocka_unit_test(an_instruction_on_two_pages_is_not_linked_to),
        cmocka_unit_test(one_byte_of_a_longer_write),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
