/* SPDX-License-Identifier: BSD-2-Clause */
/* Reservations, waiting for them, and read-modify-writes. */
#include "hart/exec_rig.h"

static void misaligned_atomics_trap(void **state)
{
    (void)state;
    static const struct {
        uint16_t code;
        uint64_t cause;
    } rows[] = {{INSN_lr_w, CAUSE_LOAD_MISALIGNED},
                {INSN_sc_d, CAUSE_STORE_MISALIGNED},
                {INSN_amoadd_w, CAUSE_STORE_MISALIGNED}};
    struct hart_config config = {.extensions = VD_BIT(HART_EXT_A)};
    for (size_t i = 0; i < 3; i++) {
        struct rig *r = rig_new(&config);
        rig_emit(r, rig_encode((enum insn_code)rows[i].code, 1, 6, 7, 0), 4);
        r->hart->st.x[6] = DATA_AT + 2;
        rig_step_to_trap(r, rows[i].cause, DATA_AT + 2, RAM_AT);
        rig_free(r);
    }
}

static void atomics_outside_memory_fault(void **state)
{
    (void)state;
    struct rig *r = rig_new(NULL);
    EMIT(r, amoadd_w, 1, 6, 7, 0);
    r->hart->st.x[6] = 0x10000000;
    rig_step_to_trap(r, CAUSE_STORE_ACCESS_FAULT, 0x10000000, RAM_AT);
    rig_free(r);
}

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

/* Between LR and SC; the restored hart's reservation is guarded as well. */
/* [unpriv norm:sc_other_hart_store_fail]: others' stores end it.  CHOICE: its own do not, wherever
 * a slice ends and whether the page is watched. */
static void own_stores_leave_the_reservation(void **state)
{
    (void)state;
    for (unsigned slices = 0; slices < 8; slices++) {
        struct rig *r = rig_new(NULL);
        EMIT(r, lr_d, 5, 6, 0, 0);
        EMIT(r, sd, 0, 6, 6, 0);
        EMIT(r, cbo_zero, 0, 6, 0, 0);
        EMIT(r, sc_d, 7, 6, 8, 0);
        r->hart->st.csr.menvcfg = ~UINT64_C(0);
        r->hart->st.x[6] = slices & 4 ? RAM_AT + 0x100 : DATA_AT; /* among the code, or not */
        r->hart->st.x[7] = 9;
        rig_run(r, 1 + (slices & 1));
        rig_run(r, 1 + (slices >> 1 & 1));
        rig_run(r, 4);
        assert_int_equal(r->hart->st.x[7], 0);
        rig_free(r);
    }
}

static void a_reservation_survives_a_snapshot(void **state)
{
    (void)state;
    static uint8_t buffer[1 << 18];
    for (unsigned written = 0; written < 2; written++) {
        struct rig *a = reserved(), *b = reserved();
        rig_run(a, 1);
        size_t size = hart_save(a->hart, buffer, sizeof(buffer));
        assert_true(hart_restore(b->hart, buffer, size));
        struct vd_txn txn = bench_write(DATA_AT, 1, 1);
        if (written)
            b->bench.host.ops->access(b->bench.host.ctx, &txn);
        rig_run(b, 1);
        assert_int_equal(b->hart->st.x[7], written);
        rig_free(a);
        rig_free(b);
    }
}

static void a_write_beside_the_reservation_does_not(void **state)
{
    (void)state;
    static const struct {
        int offset;
        unsigned size;
        bool kills;
    } rows[] = {{8, 1, false}, {7, 1, true},   {0, 1, true},   {-1, 1, false},
                {-1, 2, true}, {-8, 8, false}, {-2, 2, false}, {8, 8, false}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct rig *r = reserved();
        rig_run(r, 1);
        uint64_t at = DATA_AT + (uint64_t)(int64_t)rows[i].offset;
        struct vd_txn txn = bench_write(at, rows[i].size, 1);
        r->bench.host.ops->access(r->bench.host.ctx, &txn);
        hart_snoop(r->hart, at, rows[i].size); /* also of a page that is not watched */
        rig_run(r, 1);
        assert_int_equal(r->hart->st.x[7], rows[i].kills);
        rig_free(r);
    }
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

/* The upper half of memory and of the operand must not matter to words. */
static const struct {
    uint16_t code;
    uint64_t stored;
} rmw[] = {
    {INSN_amoswap_w, 0x1111111100000005}, {INSN_amoadd_w, 0x1111111180000006},
    {INSN_amoxor_w, 0x1111111180000004},  {INSN_amoand_w, 0x1111111100000001},
    {INSN_amoor_w, 0x1111111180000005},   {INSN_amomin_w, 0x1111111180000001},
    {INSN_amomax_w, 0x1111111100000005},  {INSN_amominu_w, 0x1111111100000005},
    {INSN_amomaxu_w, 0x1111111180000001}, {INSN_amoswap_d, 0x7eadbeef00000005},
    {INSN_amoadd_d, 0x8fbed00080000006},  {INSN_amoxor_d, 0x6fbcaffe80000004},
    {INSN_amoand_d, 0x1001100100000001},  {INSN_amoor_d, 0x7fbdbfff80000005},
    {INSN_amomin_d, 0x1111111180000001},  {INSN_amomax_d, 0x7eadbeef00000005},
    {INSN_amominu_d, 0x1111111180000001}, {INSN_amomaxu_d, 0x7eadbeef00000005},
};

/* On a page that nobody watches, on one that is known, and on that of the code. */
static void read_modify_writes(void **state)
{
    (void)state;
    static const uint64_t places[] = {DATA_AT, DATA_AT, RAM_AT + 0x800};
    for (size_t i = 0; i < 3 * sizeof(rmw) / sizeof(rmw[0]); i++) {
        struct rig *r = rig_new(NULL);
        enum insn_code code = (enum insn_code)rmw[i / 3].code;
        bool word = i / 3 < 9;
        if (i % 3 == 1)
            EMIT(r, sd, 0, 6, 8, 64);
        rig_emit(r, rig_encode(code, 5, 6, 7, 0), 4);
        EMIT(r, addi, 9, 5, 0, 0);
        bench_poke(&r->bench, places[i % 3], 8, UINT64_C(0x1111111180000001));
        r->hart->st.x[6] = places[i % 3];
        r->hart->st.x[7] = UINT64_C(0x7eadbeef00000005);
        rig_step(r, i % 3 == 1 ? 3 : 2);
        uint64_t stored = bench_peek(&r->bench, places[i % 3], 8);
        if (stored != rmw[i / 3].stored)
            fail_msg("%s stores %#lx", insn_format(code).name, stored);
        assert_true(r->hart->st.x[9] ==
                    (word ? UINT64_C(0xffffffff80000001) : UINT64_C(0x1111111180000001)));
        rig_free(r);
    }
}

/* The address after masking; GVA is that of the mode that the access is made for. */
static void pm_csr_hw_apply(void **state)
{
    (void)state;
    static const uint16_t codes[] = {INSN_lr_w, INSN_sc_w, INSN_amoadd_w, INSN_amocas_q};
    const uint64_t tag = UINT64_C(0x1234) << 48, guest = MSTATUS_MPRV | MSTATUS_MPV | 1 << 11;
    for (size_t i = 0; i < 2 * sizeof(codes) / sizeof(codes[0]); i++) {
        bool virt = i & 1;
        struct rig *r = rig_complete(false);
        csr_poke(r->hart, virt ? CSR_henvcfg : CSR_mseccfg, UINT64_C(3) << ENVCFG_PMM_LSB);
        csr_poke(r->hart, CSR_mstatus, virt ? guest : 0);
        rig_emit(r, rig_encode((enum insn_code)codes[i / 2], 8, 6, 10, 0), 4);
        r->hart->st.x[6] = tag | 0x10000000;
        rig_step_to_trap(r, i / 2 ? CAUSE_STORE_ACCESS_FAULT : CAUSE_LOAD_ACCESS_FAULT, 0x10000000,
                         RAM_AT);
        assert_int_equal((r->hart->st.csr.mstatus & MSTATUS_GVA) != 0, virt);
        rig_free(r);
    }
}

/* A page without translation, and a watched page whose write the bus refuses. */
static void atomics_that_fault_change_nothing(void **state)
{
    (void)state;
    static const uint16_t codes[] = {INSN_lr_w,     INSN_sc_w,     INSN_amoadd_w,
                                     INSN_amocas_w, INSN_amocas_q, INSN_amoswap_d};
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        struct rig *r = rig_new(NULL);
        rig_emit(r, rig_encode((enum insn_code)codes[i], 8, 6, 10, 0), 4);
        r->hart->st.x[6] = 0x1000;
        r->hart->st.x[8] = 5;
        rig_step_to_trap(r, i ? CAUSE_STORE_ACCESS_FAULT : CAUSE_LOAD_ACCESS_FAULT, 0x1000, RAM_AT);
        assert_int_equal(r->hart->st.x[8], 5);
        rig_free(r);
    }
    for (size_t i = 2; i < sizeof(codes) / sizeof(codes[0]); i++) {
        struct rig *r = rig_new(NULL);
        rig_emit(r, rig_encode((enum insn_code)codes[i], 8, 6, 10, 0), 4);
        EMIT(r, jal, 0, 0, 0, 0);
        r->hart->st.x[6] = RAM_AT + 0x800;
        r->bench.fail_in = 1;
        r->bench.fail_with = VD_DENIED;
        rig_step_to_trap(r, CAUSE_STORE_ACCESS_FAULT, RAM_AT + 0x800, RAM_AT);
        assert_int_equal(bench_peek(&r->bench, RAM_AT + 0x800, 8), 0);
        rig_free(r);
    }
}

static struct rig *waiting(enum insn_code code)
{
    struct rig *r = rig_new(NULL);
    EMIT(r, lr_d, 5, 6, 0, 0);
    rig_emit(r, rig_encode(code, 0, 0, 0, 0), 4);
    EMIT(r, addi, 9, 9, 0, 1);
    r->hart->st.x[6] = DATA_AT;
    return r;
}

static uint64_t cycles_until_next(struct rig *r)
{
    uint64_t before = r->hart->st.cycles;
    rig_run(r, 5000);
    return r->hart->st.cycles - before;
}

static void Zawrs_stall_ends_with_the_slice_or_the_timeout(void **state)
{
    (void)state;
    for (unsigned to = 0; to < 2; to++) {
        struct rig *r = waiting(to ? INSN_wrs_sto : INSN_wrs_nto);
        rig_run(r, 1);
        rig_run(r, 40); /* the slice is shorter than either timeout */
        assert_int_equal(r->hart->st.cycles, 41);
        assert_int_equal(r->hart->st.pc, RAM_AT + 8);
        assert_int_equal(r->hart->st.instret, 2);
        rig_free(r);
        r = waiting(to ? INSN_wrs_sto : INSN_wrs_nto);
        EMIT(r, wfi, 0, 0, 0, 0);
        assert_int_equal(cycles_until_next(r), 1 + 1 + (to ? 100 : 1000) + 1 + 1);
        rig_free(r);
    }
}

static void Zawrs_does_not_stall_without_reservation(void **state)
{
    (void)state;
    struct rig *r = waiting(INSN_wrs_nto);
    EMIT(r, wfi, 0, 0, 0, 0);
    rig_run(r, 1);
    struct vd_txn txn = bench_write(DATA_AT, 8, 1);
    r->bench.host.ops->access(r->bench.host.ctx, &txn);
    assert_int_equal(cycles_until_next(r), 3);
    rig_free(r);
}

static void Zawrs_exec_resume_rules(void **state)
{
    (void)state;
    struct rig *r = waiting(INSN_wrs_nto);
    EMIT(r, wfi, 0, 0, 0, 0);
    r->hart->st.csr.mie = VD_BIT(INT_MSI); /* enabled locally, mstatus.MIE is clear */
    hart_wire(r->hart, VD_LINE_MSIP, true);
    rig_run(r, 4);
    assert_int_equal(r->hart->st.x[9], 1);
    assert_int_equal(r->hart->st.instret, 4);
    rig_free(r);
}

/* A round of AMO, store and load; the last with what others see of the data page, if it is watched.
 */
static uint64_t cycles_of_accesses(bool watch, unsigned instructions)
{
    struct hart_config config = {.timing = rig_inorder()};
    config.timing.uncached = 40;
    struct rig *r = rig_new(&config);
    if (watch)
        r->ops.watch(&r->bench, DATA_AT, true);
    EMIT(r, amoadd_d, 5, 6, 7, 0);
    EMIT(r, sd, 0, 6, 7, 8);
    EMIT(r, ld, 5, 6, 0, 64);
    EMIT(r, ld, 5, 6, 0, 8);
    EMIT(r, jal, 0, 0, 0, -16);
    r->hart->st.x[6] = DATA_AT;
    r->hart->st.x[7] = 1;
    rig_step(r, instructions);
    uint64_t cycles = r->hart->st.cycles;
    assert_int_equal(bench_peek(&r->bench, DATA_AT, 8), (instructions + 4) / 5);
    assert_int_equal(r->bench.num_writes != 0, watch);
    rig_free(r);
    return cycles;
}

static void being_watched_costs_no_time(void **state)
{
    (void)state;
    for (unsigned n = 1; n < 40; n++)
        assert_int_equal(cycles_of_accesses(true, n), cycles_of_accesses(false, n));
}

/* One cycle is left of the slice behind the instruction itself. */
static void Zawrs_stall_of_one_cycle(void **state)
{
    (void)state;
    struct rig *r = waiting(INSN_wrs_nto);
    rig_run(r, 3);
    assert_int_equal(r->hart->st.instret, 2);
    assert_int_equal(r->hart->st.cycles, 3);
    rig_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(misaligned_atomics_trap),
        cmocka_unit_test(atomics_outside_memory_fault),
        cmocka_unit_test(sc_succeeds_once),
        cmocka_unit_test(sc_succeeds_over_a_slice),
        cmocka_unit_test(own_stores_leave_the_reservation),
        cmocka_unit_test(a_write_by_others_kills_the_reservation),
        cmocka_unit_test(a_reservation_survives_a_snapshot),
        cmocka_unit_test(a_write_beside_the_reservation_does_not),
        cmocka_unit_test(sc_elsewhere_fails_and_ends_the_reservation),
        cmocka_unit_test(atomics_are_the_same_on_a_known_page),
        cmocka_unit_test(a_reservation_on_a_known_page_is_guarded_between_slices),
        cmocka_unit_test(amo_on_a_watched_page_is_told),
        cmocka_unit_test(being_watched_costs_no_time),
        cmocka_unit_test(read_modify_writes),
        cmocka_unit_test(pm_csr_hw_apply),
        cmocka_unit_test(atomics_that_fault_change_nothing),
        cmocka_unit_test(Zawrs_stall_ends_with_the_slice_or_the_timeout),
        cmocka_unit_test(Zawrs_does_not_stall_without_reservation),
        cmocka_unit_test(Zawrs_exec_resume_rules),
        cmocka_unit_test(Zawrs_stall_of_one_cycle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
