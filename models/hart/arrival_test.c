/* SPDX-License-Identifier: BSD-2-Clause */
/* An interrupt may arrive at any cycle of a program.  It is taken at the first instruction boundary
 * where it is pending and enabled, whatever blocks the program was made into and wherever slices
 * end. */
#include "hart/exec_rig.h"

enum { BOUNDARIES = 400, DEVICE = 0x10000000, HANDLER = TRAP_AT + 0x400 };

/* Where an instruction of the undisturbed program begins, or still waits to be fetched. */
struct boundary {
    uint64_t pc, cycles;
    bool open; /* mstatus.MIE */
};

/* Loops, calls, a page crossing, slow instructions, and stretches where interrupts are off. */
static void emit_program(struct rig *r)
{
    struct hart_state *st = &r->hart->st;
    st->csr.mtvec = HANDLER;
    st->csr.mie = VD_BIT(INT_MSI) | VD_BIT(INT_MEI);
    st->csr.mstatus |= MSTATUS_MIE;
    st->x[8] = DATA_AT;
    st->x[9] = 5;
    st->x[10] = 7;
    st->pc = RAM_AT + 0xfd0;
    r->end = st->pc;
    EMIT(r, addi, 10, 10, 0, 3); /* loop */
    EMIT(r, ld, 11, 8, 0, 0);
    EMIT(r, add, 11, 11, 10, 0);
    EMIT(r, sd, 0, 8, 11, 0);
    EMIT(r, csrrci, 0, 8, 0, CSR_mstatus); /* off */
    EMIT(r, divu, 14, 11, 9, 0);
    EMIT(r, andi, 12, 11, 0, 1);
    EMIT(r, beq, 0, 12, 0, 8);
    EMIT(r, mul, 13, 11, 10, 0);
    EMIT(r, csrrsi, 0, 8, 0, CSR_mstatus); /* on */
    EMIT(r, jal, 1, 0, 0, 24);             /* call, in the next page */
    EMIT(r, ld, 16, 8, 0, 5);              /* misaligned */
    EMIT(r, amoadd_d, 15, 8, 10, 0);
    EMIT(r, addi, 9, 9, 0, -1);
    EMIT(r, bne, 0, 9, 0, -56);
    EMIT(r, jal, 0, 0, 0, 0); /* for ever */
    EMIT(r, fence, 0, 0, 0, 0x0ff);
    EMIT(r, lw, 17, 8, 0, 4);
    EMIT(r, xor, 18, 18, 17, 0);
    EMIT(r, jalr, 0, 1, 0, 0);
    r->end = HANDLER;
    EMIT(r, jal, 0, 0, 0, 0);
}

static unsigned boundaries(const struct hart_config *config, struct boundary *list, uint64_t cycles)
{
    struct rig *r = rig_new(config);
    unsigned count = 0;
    emit_program(r);
    do {
        const struct hart_state *st = &r->hart->st;
        assert_true(count < BOUNDARIES);
        list[count++] = (struct boundary){st->pc, st->cycles, st->csr.mstatus & MSTATUS_MIE};
        rig_run(r, 1);
    } while (r->hart->st.cycles < cycles);
    rig_free(r);
    return count;
}

static const struct boundary *first_open(const struct boundary *list, unsigned count, uint64_t at)
{
    for (unsigned i = 0; i < count; i++)
        if (list[i].cycles >= at && list[i].open)
            return &list[i];
    return NULL;
}

/* Slices of at most `slice` cycles, none over the arrival. */
static void run_with_arrival(struct rig *r, uint64_t at, uint64_t slice, uint32_t line)
{
    struct vd_runner *runner = hart_runner(r->hart);
    bool arrived = false;
    while (r->hart->st.traps == 0) {
        if (!arrived && r->hart->st.cycles >= at) {
            bench_run(&r->bench, at * NS - r->bench.now);
            hart_wire(r->hart, line, true);
            arrived = true;
        }
        uint64_t next = r->hart->st.cycles + slice;
        uint64_t event = r->hart->st.unsettled;
        if (!arrived && next > at)
            next = at;
        if (arrived && event > r->hart->st.cycles && next > event)
            next = event; /* where the scheduler would end the slice */
        runner->limit = next * NS;
        runner->run(runner);
        if (arrived)
            bench_run(&r->bench, runner->time > r->bench.now ? runner->time - r->bench.now : 0);
    }
}

static void sweep(const struct hart_config *config, uint64_t cycles)
{
    static struct boundary list[BOUNDARIES];
    unsigned count = boundaries(config, list, cycles + 200);
    uint64_t sync = config->timing.interrupt_sync;
    for (uint64_t at = 0; at < cycles; at++) {
        const struct boundary *expected = first_open(list, count, at + sync);
        for (uint64_t slice = 1; slice < 2000; slice = slice * 5 + 1) {
            struct rig *r = rig_new(config);
            emit_program(r);
            run_with_arrival(r, at, slice, slice & 1 ? VD_LINE_MSIP : VD_LINE_MEIP);
            if (!expected || r->hart->st.csr.mepc != expected->pc)
                fail_msg("arrival at %lu, slices of %lu: taken at %#lx, not %#lx", at, slice,
                         r->hart->st.csr.mepc, expected ? expected->pc : 0);
            rig_free(r);
        }
    }
}

static void functional_every_cycle(void **state)
{
    (void)state;
    struct hart_config config = {.cycle_ps = NS};
    sweep(&config, 90);
}

static void inorder_every_cycle(void **state)
{
    (void)state;
    for (uint32_t sync = 0; sync < 4; sync += 3) {
        struct hart_config config = {.cycle_ps = NS, .timing = rig_inorder()};
        config.timing.load = 3;
        config.timing.interrupt_sync = sync;
        sweep(&config, 400);
    }
}

static void handler_waits(struct rig *r)
{
    bench_poke(&r->bench, TRAP_AT, 4, rig_encode(INSN_jal, 0, 0, 0, 0));
}

static bool doorbell(void *ctx, struct vd_txn *txn)
{
    struct rig *r = ctx;
    if (txn->addr != DEVICE || txn->cmd != VD_WRITE)
        return false;
    hart_wire(r->hart, VD_LINE_MSIP, true);
    txn->status = VD_OK;
    return true;
}

/* The hart's own store raises the line: the next instruction is the handler's. */
static void raised_by_the_hart_itself(void **state)
{
    (void)state;
    for (unsigned position = 0; position < 12; position++) {
        struct rig *r = rig_new(NULL);
        r->bench.hook = doorbell;
        r->bench.hook_ctx = r;
        for (unsigned i = 0; i < 14; i++)
            rig_emit(r,
                     i == position ? rig_encode(INSN_sw, 0, 6, 7, 0)
                                   : rig_encode(INSN_addi, 5, 5, 0, 1),
                     4);
        r->hart->st.x[6] = DEVICE;
        r->hart->st.csr.mie = VD_BIT(INT_MSI);
        r->hart->st.csr.mstatus |= MSTATUS_MIE;
        handler_waits(r);
        rig_run(r, position + 1);
        rig_run(r, 1);
        assert_int_equal(r->hart->st.csr.mepc, RAM_AT + 4 * position + 4);
        assert_int_equal(r->hart->st.x[5], position);
        rig_free(r);
    }
}

/* A CSR write that enables, or an mret: at the next boundary. */
static void enabled_by_the_program(void **state)
{
    (void)state;
    struct rig *r = rig_new(NULL);
    EMIT(r, addi, 5, 5, 0, 1);
    EMIT(r, csrrsi, 0, 8, 0, CSR_mstatus);
    EMIT(r, addi, 5, 5, 0, 1);
    r->hart->st.csr.mie = VD_BIT(INT_MSI);
    hart_wire(r->hart, VD_LINE_MSIP, true);
    handler_waits(r);
    rig_run(r, 20);
    assert_int_equal(r->hart->st.csr.mepc, RAM_AT + 8);
    assert_int_equal(r->hart->st.x[5], 1);
    rig_free(r);
}

/* A snapshot between a line's change and its effect changes nothing. */
static void a_snapshot_in_between(void **state)
{
    (void)state;
    struct hart_config config = {.cycle_ps = NS, .timing = rig_inorder()};
    config.timing.interrupt_sync = 3;
    static uint8_t buffer[1 << 18];
    struct rig *a = rig_new(&config), *b = rig_new(&config);
    emit_program(a);
    rig_run(a, 60);
    bench_run(&a->bench, hart_runner(a->hart)->time);
    hart_wire(a->hart, VD_LINE_MSIP, true);
    size_t size = hart_save(a->hart, buffer, sizeof(buffer));
    memcpy(b->bench.ram, a->bench.ram, a->bench.ram_size);
    bench_run(&b->bench, a->bench.now);
    assert_true(hart_restore(b->hart, buffer, size));
    struct rig *both[] = {a, b};
    for (unsigned i = 0; i < 2; i++) {
        struct vd_runner *runner = hart_runner(both[i]->hart);
        while (both[i]->hart->st.traps == 0) {
            runner->limit = (both[i]->hart->st.cycles + 1) * NS;
            runner->run(runner);
            bench_run(&both[i]->bench, runner->time - both[i]->bench.now);
        }
    }
    assert_int_equal(a->hart->st.csr.mepc, b->hart->st.csr.mepc);
    assert_int_equal(a->hart->st.cycles, b->hart->st.cycles);
    rig_free(a);
    rig_free(b);
}

/* VS-mode waits for its code at `at`, where HS-mode's handler begins as well. */
static struct rig *at_the_handler(uint64_t at)
{
    struct hart_config config = {
        .cycle_ps = NS,
        .timing = {.icache_lines = 4, .icache_miss = 9, .tlb_walk = 4, .trap_entry = 6}};
    struct rig *r = rig_new(&config);
    struct hart_state *st = &r->hart->st;
    for (unsigned i = 0; i < 20; i++)
        EMIT(r, addi, 5, 5, 0, 1);
    bench_poke(&r->bench, DATA_AT + 16, 8, (at >> 30 << 28) | 0xcf); /* a gigapage: V R W X A D */
    csr_poke(r->hart, CSR_pmpaddr0, ~UINT64_C(0));
    csr_poke(r->hart, CSR_pmpcfg0, 0x1f);
    csr_poke(r->hart, CSR_satp, UINT64_C(8) << 60 | DATA_AT >> 12);
    st->csr.stvec = at;
    st->csr.mideleg = st->csr.mie = VD_BIT(INT_SEI);
    st->priv = PRV_S;
    st->virt = true;
    mmu_context(r->hart);
    rig_run(r, 1);
    assert_int_equal(st->pc, at);
    assert_int_equal(st->cycles, 9);
    return r;
}

static void through_snapshot(struct rig *r)
{
    static uint8_t buffer[1 << 18];
    size_t size = hart_save(r->hart, buffer, sizeof(buffer));
    assert_true(hart_restore(r->hart, buffer, size));
}

/* The slice ended where an interrupt leads to, in another mode: the code there is not at hand. */
static void snapshots_before_an_interrupt_to_the_same_place(void **state)
{
    (void)state;
    uint64_t cycles[3];
    for (unsigned snapshots = 0; snapshots < 3; snapshots++) {
        struct rig *r = at_the_handler(RAM_AT);
        if (snapshots > 0)
            through_snapshot(r);
        hart_wire(r->hart, VD_LINE_SEIP, true);
        rig_run(r, 1);
        assert_int_equal(r->hart->st.interrupts, 1);
        if (snapshots > 1)
            through_snapshot(r);
        rig_step(r, 3);
        cycles[snapshots] = r->hart->st.cycles;
        rig_free(r);
    }
    assert_int_equal(cycles[1], cycles[0]);
    assert_int_equal(cycles[2], cycles[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(functional_every_cycle),
        cmocka_unit_test(inorder_every_cycle),
        cmocka_unit_test(raised_by_the_hart_itself),
        cmocka_unit_test(enabled_by_the_program),
        cmocka_unit_test(a_snapshot_in_between),
        cmocka_unit_test(snapshots_before_an_interrupt_to_the_same_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
