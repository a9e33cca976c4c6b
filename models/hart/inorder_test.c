/* SPDX-License-Identifier: BSD-2-Clause */
/* The preset `inorder` against the core that it is calibrated on: openhwgroup/cva6 6cb2001, RTL
 * simulation.  Prints every case, expected and got; exact to one cycle, but where that core is
 * given as a range or as a measurement with a spread. */
#include <math.h>
#include <stdio.h>

#include "hart/exec_rig.h"
#include "hart/tlb.h"
#include "support/preset.h"

enum { L = 10, DEVICE = 0x10000000 };
/* Not the programs' place in the instruction cache. */
#define HANDLER_AT (TRAP_AT + 0x400)

/* The hart's and the bus's figures of the preset. */
struct preset {
    struct hart_config hart;
    uint32_t hart_write, ram_read;
};

static struct preset preset(void)
{
    uint32_t count;
    const struct vd_param *params = hart_params(&count);
    struct preset p = {.hart = {.cycle_ps = NS},
                       .hart_write = preset_figure("bus", "hart_write"),
                       .ram_read = preset_figure("bus", "ram_read")};
    preset_apply("hart", params, count, &p.hart);
    assert_int_equal(p.ram_read, L);
    return p;
}

/* A bus of which the test knows when the posted stores have arrived. */
static struct {
    uint32_t hart_write;
    uint64_t arrived; /* in cycles */
} bus;

static bool device(void *ctx, struct vd_txn *txn)
{
    struct rig *r = ctx;
    if (txn->addr < DEVICE || txn->addr >= DEVICE + 4096)
        return false;
    txn->status = VD_OK;
    if (txn->cmd == VD_WRITE)
        bus.arrived = r->hart->st.cycles + bus.hart_write;
    else
        txn->delay += (vd_time)L * NS;
    return true;
}

static vd_time until_arrived(void *ctx)
{
    struct rig *r = ((struct bench *)ctx)->snoop_ctx;
    vd_time arrived = bus.arrived * NS, now = hart_runner(r->hart)->time;
    return arrived > now ? arrived - now : 0;
}

static struct rig *rig(void)
{
    struct preset p = preset();
    struct rig *r = rig_new(&p.hart);
    bus.hart_write = p.hart_write;
    bus.arrived = 0;
    r->bench.hook = device;
    r->bench.hook_ctx = r;
    r->ops.drain = until_arrived;
    struct hart_state *st = &r->hart->st;
    st->csr.mtvec = HANDLER_AT;
    st->x[6] = DATA_AT;
    st->x[7] = DEVICE;
    st->x[8] = 7;
    st->x[9] = UINT64_MAX;
    st->x[10] = 1;
    bench_poke(&r->bench, DATA_AT, 8, DATA_AT);
    return r;
}

/* Cycles of the program between `start` and its end in its second round, when all is warm. */
static uint64_t second_round(struct rig *r, uint64_t start)
{
    uint64_t end = r->end, from = 0;
    EMIT(r, jal, 0, 0, 0, start - end);
    for (unsigned passed = 0;;) {
        uint64_t pc = r->hart->st.pc;
        passed += pc == start;
        if (pc == start && passed == 3)
            from = r->hart->st.cycles;
        if (pc == end && passed == 3)
            break;
        rig_step(r, 1);
        assert_int_equal(r->hart->st.traps, 0);
    }
    uint64_t cycles = r->hart->st.cycles - from;
    rig_free(r);
    return cycles;
}

static unsigned failures;

static void report(const char *name, double low, double high, double got)
{
    bool good = got >= low && got <= high;
    char expected[32];
    if (low == high)
        snprintf(expected, sizeof(expected), "%g", low);
    else
        snprintf(expected, sizeof(expected), "%g-%g", low, high);
    print_message("    %-58s %9s %7.4g%s\n", name, expected, got, good ? "" : "  WRONG");
    failures += !good;
}

static void within(const char *name, double expected, double tolerance, double got)
{
    bool good = fabs(got - expected) <= tolerance;
    print_message("    %-58s %9g %7.4g%s\n", name, expected, got, good ? "" : "  WRONG");
    failures += !good;
}

/* One instruction, n times. */
static double repeated(enum insn_code code, unsigned rd, unsigned rs1, unsigned rs2, int32_t imm)
{
    enum { TIMES = 8 };
    struct rig *r = rig();
    for (unsigned i = 0; i < TIMES; i++)
        rig_emit(r, rig_encode(code, rd, rs1, rs2, imm), 4);
    return (double)second_round(r, RAM_AT) / TIMES;
}

static void instructions(void)
{
    within("add", 1, 0, repeated(INSN_add, 5, 6, 6, 0));
    within("load, its value not used", 1, 0, repeated(INSN_ld, 5, 6, 0, 0));
    within("mul", 2, 0, repeated(INSN_mul, 5, 6, 6, 0));
    within("div, small operands", 12, 1.2, repeated(INSN_div, 5, 8, 8, 0));
    within("div, 64-bit operands", 66, 6.6, repeated(INSN_divu, 5, 9, 10, 0));
    within("csrr", 2, 0, repeated(INSN_csrrs, 5, 0, 0, CSR_mscratch));
    within("csrw", 2, 0, repeated(INSN_csrrw, 0, 6, 0, CSR_mscratch));
    within("jump", 2, 1, repeated(INSN_jal, 0, 0, 0, 4));
    within("taken branch, predicted", 2, 1, repeated(INSN_beq, 0, 0, 0, 4));
    within("sfence.vma", 7, 0, repeated(INSN_sfence_vma, 0, 0, 0, 0));
    within("fence.i (275 + 1.5 L)", 275 + 1.5 * L, 29, repeated(INSN_fence_i, 0, 0, 0, 0));
    within("uncached load (L + 5)", L + 5, 0, repeated(INSN_ld, 5, 7, 0, 0));
    within("AMO (L + 12)", L + 12, 0, repeated(INSN_amoadd_d, 5, 6, 10, 0));
}

static void load_use(void)
{
    struct rig *r = rig();
    EMIT(r, ld, 6, 6, 0, 0);
    EMIT(r, ld, 6, 6, 0, 0);
    EMIT(r, add, 12, 6, 6, 0);
    within("load, its value used by the next (load-use)", 3, 0,
           (double)(second_round(r, RAM_AT) - 1) / 2);
    r = rig();
    EMIT(r, ld, 5, 6, 0, 0);
    EMIT(r, addi, 11, 10, 0, 1);
    EMIT(r, add, 12, 5, 5, 0);
    within("load, add, use", 4, 0, (double)second_round(r, RAM_AT));
}

/* A branch that is not taken after having been taken for long, and again when the counter says so.
 */
static void mispredict(void)
{
    struct rig *r = rig();
    uint64_t costs[2];
    EMIT(r, beq, 0, 11, 0, 4);
    EMIT(r, jal, 0, 0, 0, -4);
    for (unsigned i = 0; i < 20; i++)
        rig_step(r, 1);
    r->hart->st.x[11] = 1;
    for (unsigned i = 0; i < 8; i++) {
        while (r->hart->st.pc != RAM_AT)
            rig_step(r, 1);
        uint64_t from = r->hart->st.cycles;
        while (r->hart->st.pc != RAM_AT + 4)
            rig_step(r, 1);
        costs[i > 0] = r->hart->st.cycles - from;
    }
    within("mispredicted branch, more than a predicted one", 6, 1, (double)(costs[0] - costs[1]));
    rig_free(r);
}

static void four_stores_and_a_fence(void)
{
    struct rig *r = rig();
    for (unsigned i = 0; i < 4; i++)
        EMIT(r, sw, 0, 7, 8, 4 * i);
    EMIT(r, fence, 0, 0, 0, 0x0ff);
    within("4 uncached stores and a fence (2 L + 19)", 2 * L + 19, 1,
           (double)second_round(r, RAM_AT));
}

/* mepc is the ecall: mret goes back to it. */
static void trap_and_back(void)
{
    struct rig *r = rig();
    EMIT(r, ecall, 0, 0, 0, 0);
    r->end = HANDLER_AT;
    for (unsigned i = 0; i < 4; i++)
        EMIT(r, addi, 5, 5, 0, 1);
    EMIT(r, mret, 0, 0, 0, 0);
    r->hart->st.csr.mstatus |= MSTATUS_MPP;
    uint64_t from = 0;
    for (unsigned round = 0; round < 2; round++) { /* the first warms the caches */
        uint64_t instret = r->hart->st.instret;
        from = r->hart->st.cycles;
        while (r->hart->st.instret < instret + 5) {
            r->hart->st.csr.mstatus |= MSTATUS_MPP;
            rig_run(r, 1);
        }
    }
    within("ecall, a handler of 4 instructions, mret", 19, 0, (double)(r->hart->st.cycles - from));
    rig_free(r);
}

/* --- TLB misses --- */

enum { TABLES = RAM_AT + 0x40000, GTABLES = RAM_AT + 0x50000, VA = 0x40000000 };

static void enter(struct rig *r, uint64_t table, uint64_t *next, unsigned top, uint64_t va,
                  unsigned level, uint64_t to, uint64_t bits)
{
    unsigned width = top;
    for (unsigned l = 2; l > level; l--, width = 9) {
        uint64_t at = table + 8 * vd_get(va, 12 + 9 * l, width);
        uint64_t link = bench_peek(&r->bench, at, 8);
        if (!(link & PTE_V)) {
            link = (*next >> 12) << 10 | PTE_V;
            bench_poke(&r->bench, at, 8, link);
            *next += 4096;
        }
        table = link >> 10 << 12;
    }
    uint64_t at = table + 8 * vd_get(va, 12 + 9 * level, level == 2 ? top : 9);
    bench_poke(&r->bench, at, 8, (to >> 12) << 10 | bits | PTE_V | PTE_A | PTE_D | PTE_R | PTE_W);
}

/* Loads by M-mode with MPRV: what the first one costs more than the second. */
static double tlb_miss(bool guest, unsigned glevel)
{
    struct rig *r = rig();
    uint64_t next = TABLES + 4096, gnext = GTABLES + 0x4000;
    enter(r, TABLES, &next, 9, VA, 0, DATA_AT, guest ? 0 : PTE_U);
    for (uint64_t page = 0; guest && page < 0x100; page++)
        if (glevel == 0)
            enter(r, GTABLES, &gnext, 11, RAM_AT + page * 4096, 0, RAM_AT + page * 4096, PTE_U);
    if (guest && glevel == 1)
        enter(r, GTABLES, &gnext, 11, RAM_AT, 1, RAM_AT, PTE_U);
    uint64_t root = UINT64_C(8) << 60 | (uint64_t)TABLES >> 12;
    csr_poke(r->hart, CSR_pmpaddr0, ~UINT64_C(0));
    csr_poke(r->hart, CSR_pmpcfg0, 0x1f);
    csr_poke(r->hart, guest ? CSR_vsatp : CSR_satp, root);
    if (guest)
        csr_poke(r->hart, CSR_hgatp, UINT64_C(8) << 60 | (uint64_t)GTABLES >> 12);
    uint64_t mpp = guest ? MSTATUS_MPV | UINT64_C(1) << 11 : 0;
    csr_poke(r->hart, CSR_mstatus, MSTATUS_MPRV | mpp);
    EMIT(r, ld, 5, 6, 0, 0);
    EMIT(r, ld, 5, 6, 0, 0);
    r->hart->st.x[6] = VA;
    uint64_t cost[2];
    for (unsigned round = 0; round < 2; round++) { /* the first warms the caches */
        struct mmu_fence fence = {.kind = guest ? FENCE_GVMA : FENCE_VMA};
        mmu_fence(r->hart, &fence);
        r->hart->st.pc = RAM_AT;
        for (unsigned i = 0; i < 2; i++) {
            uint64_t from = r->hart->st.cycles;
            rig_step(r, 1);
            cost[i] = r->hart->st.cycles - from;
        }
        assert_int_equal(r->hart->st.traps, 0);
    }
    rig_free(r);
    return (double)cost[0] - (double)cost[1];
}

static void tlb_misses(void)
{
    within("TLB miss, Sv39", 11, 1, tlb_miss(false, 0));
    within("TLB miss, two stages, 4 KiB and 4 KiB", 47, 1, tlb_miss(true, 0));
    within("TLB miss, two stages, 2-MiB pages in the G stage", 35, 1, tlb_miss(true, 1));
}

/* --- interrupts --- */

/* Runs to cycle `at`, raises MSIP there, and returns the cycle at which the handler's first
 * instruction has retired, all relative to `at`; *taken is the trap's. */
static uint64_t interrupt(struct rig *r, uint64_t at, uint64_t *taken)
{
    struct hart *h = r->hart;
    while (h->st.cycles < at && !h->st.asleep) {
        hart_runner(h)->limit = at * NS;
        exec_run(&h->runner);
    }
    bench_run(&r->bench, at * NS - r->bench.now);
    if (h->runner.time < r->bench.now && h->st.asleep)
        h->runner.time = r->bench.now; /* as wake() does */
    hart_wire(h, VD_LINE_MSIP, true);
    while (h->st.x[5] == 0) {
        rig_run(r, 1);
        if (h->runner.time > r->bench.now)
            bench_run(&r->bench, h->runner.time - r->bench.now);
    }
    *taken = bench_record(&r->bench, VD_REC_trap, 0)->b >> 16;
    return h->st.cycles - at;
}

static struct rig *interruptible(void)
{
    struct rig *r = rig();
    r->end = HANDLER_AT;
    EMIT(r, addi, 5, 0, 0, 1);
    EMIT(r, jal, 0, 0, 0, 0);
    r->end = RAM_AT;
    r->hart->st.csr.mie = VD_BIT(INT_MSI);
    r->hart->st.csr.mstatus |= MSTATUS_MIE;
    /* The handler is warm. */
    r->hart->st.pc = HANDLER_AT;
    rig_step(r, 1);
    r->hart->st.x[5] = 0;
    r->hart->st.pc = RAM_AT;
    return r;
}

static void interrupt_on_alu_code(void)
{
    uint64_t least = UINT64_MAX, most = 0, entry = 0;
    for (uint64_t at = 200; at < 240; at++) {
        struct rig *r = interruptible();
        for (unsigned i = 0; i < 4; i++)
            EMIT(r, addi, 11, 11, 0, 1);
        EMIT(r, jal, 0, 0, 0, -16);
        uint64_t cycles = interrupt(r, at, &entry);
        least = cycles < least ? cycles : least;
        most = cycles > most ? cycles : most;
        rig_free(r);
    }
    report("interrupt line to the handler's first commit: earliest", 10, 13, (double)least);
    report("                                              latest", 10, 13, (double)most);
    within("trap taken to the handler's first commit", 7, 1, (double)entry + 1);
}

static void interrupt_out_of_wfi(void)
{
    uint64_t entry;
    struct rig *r = interruptible();
    EMIT(r, wfi, 0, 0, 0, 0);
    EMIT(r, jal, 0, 0, 0, -4);
    report("interrupt line to the handler's first commit, out of wfi", 14, 15,
           (double)interrupt(r, 300, &entry));
    rig_free(r);
}

/* What was begun is finished first: a division, a load from a device. */
static void interrupt_behind(const char *name, enum insn_code code, unsigned rs1, unsigned rs2,
                             unsigned longest)
{
    uint64_t least = UINT64_MAX, most = 0, entry;
    for (uint64_t at = 400; at < 400 + 2 * longest; at++) {
        struct rig *r = interruptible();
        rig_emit(r, rig_encode(code, 12, rs1, rs2, 0), 4);
        EMIT(r, jal, 0, 0, 0, -4);
        uint64_t cycles = interrupt(r, at, &entry);
        least = cycles < least ? cycles : least;
        most = cycles > most ? cycles : most;
        rig_free(r);
    }
    report(name, 10, 13, (double)least);
    report("                                       latest", longest + 7, longest + 13,
           (double)most);
}

static void inorder_is_calibrated(void **state)
{
    (void)state;
    print_message("    %-58s %9s %7s\n", "case (L = 10)", "expected", "got");
    instructions();
    load_use();
    mispredict();
    four_stores_and_a_fence();
    trap_and_back();
    tlb_misses();
    interrupt_on_alu_code();
    interrupt_out_of_wfi();
    interrupt_behind("interrupt while dividing 64 bits: earliest", INSN_divu, 9, 10, 66);
    interrupt_behind("interrupt while loading from a device: earliest", INSN_ld, 7, 0, L + 5);
    assert_int_equal(failures, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(inorder_is_calibrated)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
