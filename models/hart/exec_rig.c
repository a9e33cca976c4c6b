/* SPDX-License-Identifier: BSD-2-Clause */
#include "hart/exec_rig.h"

static void snoop(void *ctx, uint64_t spa, uint64_t size)
{
    hart_snoop(((struct rig *)ctx)->hart, spa, size);
}

static const struct vd_host_ops *bench_ops;

/* The bench does not take back grants, the bus does. */
static void watch(void *ctx, uint64_t spa, bool on)
{
    struct rig *r = ((struct bench *)ctx)->snoop_ctx;
    bench_ops->watch(ctx, spa, on);
    if (on)
        hart_revoke(r->hart, spa);
}

static vd_time drain(void *ctx)
{
    return ((struct rig *)((struct bench *)ctx)->snoop_ctx)->drain;
}

struct rig *rig_new(const struct hart_config *config)
{
    static const struct hart_config defaults;
    struct rig *r = calloc(1, sizeof(*r));
    struct hart_config c = config ? *config : defaults;
    struct vd_error err;
    bench_init(&r->bench);
    bench_ops = r->bench.host.ops;
    r->ops = *bench_ops;
    r->ops.watch = watch;
    r->ops.drain = drain;
    r->bench.host.ops = &r->ops;
    r->bench.snoop = snoop;
    r->bench.snoop_ctx = r;
    c.reset_pc = RAM_AT;
    r->hart = hart_create(&c, &r->bench.host, NULL, &err);
    assert_non_null(r->hart);
    r->hart->st.csr.mtvec = TRAP_AT;
    r->hart->st.csr.mstatus |= MSTATUS_FS;
    r->end = RAM_AT;
    return r;
}

void rig_free(struct rig *r)
{
    hart_destroy(r->hart);
    bench_done(&r->bench);
    free(r);
}

struct rig *rig_complete(bool timed)
{
    struct hart_config config = {.extensions = vd_mask(0, HART_EXT_COUNT)};
    if (timed)
        config.timing = rig_inorder();
    struct rig *r = rig_new(&config);
    csr_poke(r->hart, CSR_pmpaddr0, ~UINT64_C(0));
    csr_poke(r->hart, CSR_pmpcfg0, 0x1f);
    return r;
}

void rig_enter(struct rig *r, enum vd_mode mode)
{
    r->hart->st.priv = (uint8_t)(mode & 3);
    r->hart->st.virt = mode >= VD_MODE_VU;
    mmu_context(r->hart);
}

uint32_t rig_encode(enum insn_code code, unsigned rd, unsigned rs1, unsigned rs2, int32_t imm)
{
    struct insn_format f = insn_format(code);
    uint32_t bits = f.match;
    if (f.rd != INSN_NO_FIELD)
        bits |= rd << f.rd;
    if (f.rs1 != INSN_NO_FIELD)
        bits |= rs1 << f.rs1;
    if (f.rs2 != INSN_NO_FIELD)
        bits |= rs2 << f.rs2;
    for (unsigned i = 0; i < f.num_pieces; i++)
        bits |= (uint32_t)vd_get((uint64_t)(int64_t)imm, f.pieces[i].to, f.pieces[i].width)
                << f.pieces[i].from;
    return bits;
}

void rig_emit(struct rig *r, uint32_t bits, unsigned size)
{
    bench_poke(&r->bench, r->end, size, bits);
    r->end += size;
}

void rig_run(struct rig *r, uint64_t cycles)
{
    struct vd_runner *runner = hart_runner(r->hart);
    runner->limit = (r->hart->st.cycles + cycles) * r->hart->cfg.cycle_ps;
    runner->run(runner);
}

void rig_step(struct rig *r, unsigned instructions)
{
    uint64_t until = r->hart->st.instret + instructions, traps = r->hart->st.traps;
    while (r->hart->st.instret < until && r->hart->st.traps == traps)
        rig_run(r, 1);
}

struct hart_timing rig_inorder(void)
{
    return (struct hart_timing){.alu = 1,
                                .load = 2,
                                .store = 1,
                                .mul = 2,
                                .div_base = 12,
                                .div_bit = 1,
                                .fp = 3,
                                .fp_div = 20,
                                .csr = 2,
                                .jump = 2,
                                .branch_taken = 1,
                                .mispredict = 5,
                                .amo = 12,
                                .icache_lines = 16,
                                .icache_miss = 9,
                                .dcache_lines = 8,
                                .dcache_miss = 11,
                                .predictor_entries = 64};
}

void rig_step_to_trap(struct rig *r, uint64_t cause, uint64_t tval, uint64_t epc)
{
    rig_step(r, 1);
    assert_int_equal(r->hart->st.csr.mcause, cause);
    assert_int_equal(r->hart->st.csr.mtval, tval);
    assert_int_equal(r->hart->st.csr.mepc, epc);
    assert_int_equal(r->hart->st.pc, TRAP_AT);
    assert_int_equal(r->hart->st.instret, 0);
}

uint64_t rig_result(enum insn_code code, uint64_t a, uint64_t b)
{
    struct rig *r = rig_new(NULL);
    rig_emit(r, rig_encode(code, 5, 6, 7, 0), 4);
    r->hart->st.x[5] = 0x5555;
    r->hart->st.x[6] = a;
    r->hart->st.x[7] = b;
    rig_step(r, 1);
    assert_int_equal(r->hart->st.traps, 0);
    uint64_t result = r->hart->st.x[5];
    rig_free(r);
    return result;
}

void rig_trigger(struct rig *r, unsigned i, uint64_t tdata1, uint64_t tdata2)
{
    csr_poke(r->hart, CSR_tselect, i);
    csr_poke(r->hart, CSR_tdata1, 0);
    csr_poke(r->hart, CSR_tdata2, tdata2);
    csr_poke(r->hart, CSR_tdata1, tdata1);
}
