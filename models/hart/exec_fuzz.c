/* SPDX-License-Identifier: BSD-2-Clause */
/* Bytes become a program of random instructions, with random CSRs and page tables, that two harts
 * execute: one in slices, through a snapshot in the middle, one in single steps.  They must agree
 * in everything that software can see, and the state must make sense. */
#include <stdlib.h>
#include <string.h>

#include "hart/csr.h"
#include "hart/exec.h"
#include "support/bench.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { RAM_BYTES = 0x10000, OP_BYTES = 6, MOST_OPS = 96, CYCLES = 600 };
#define RAM_AT   UINT64_C(0x80000000)
#define TRAP_AT  (RAM_AT + 0x800)
#define TABLE_AT (RAM_AT + 0x4000) /* satp, vsatp; a gigapage leaf in every entry, and links */
#define GROOT_AT (RAM_AT + 0x8000) /* hgatp: 16 KiB */
#define DATA_AT  (RAM_AT + 0xf000)

/* One world: a hart and its memory. */
struct world {
    struct bench bench;
    struct vd_host_ops ops;
    struct hart *hart;
};

static struct world sliced, stepped;

static void demand(bool holds)
{
    if (!holds)
        abort();
}

static void snoop(void *ctx, uint64_t spa, uint64_t size)
{
    hart_snoop(((struct world *)ctx)->hart, spa, size);
}

static const struct vd_host_ops *bench_ops;

/* The bench does not take back grants, the bus does. */
static void watch(void *ctx, uint64_t spa, bool on)
{
    struct world *w = ((struct bench *)ctx)->snoop_ctx;
    bench_ops->watch(ctx, spa, on);
    if (on)
        hart_revoke(w->hart, spa);
}

static void build(struct world *w, const struct hart_config *config)
{
    struct vd_error err;
    bench_init_ram(&w->bench, RAM_AT, RAM_BYTES);
    bench_ops = w->bench.host.ops;
    w->ops = *bench_ops;
    w->ops.watch = watch;
    w->bench.host.ops = &w->ops;
    w->bench.snoop = snoop;
    w->bench.snoop_ctx = w;
    w->hart = hart_create(config, &w->bench.host, NULL, &err);
    demand(w->hart != NULL);
}

static void drop(struct world *w)
{
    hart_destroy(w->hart);
    bench_done(&w->bench);
}

/* --- programs --- */

static const uint16_t numbers[] = {
#define CSR(number, name, ...)            CSR_##name,
#define CSR_ARRAY(first, last, name, ...) CSR_##name, last,
#include "hart/csr.def"
#undef CSR
#undef CSR_ARRAY
};

/* What is worth being in a register: addresses and values of CSRs. */
static const uint64_t values[32] = {
    [5] = RAM_AT + 0x100,
    [6] = DATA_AT,
    [7] = DATA_AT + 0xffc, /* accesses leave the page, and memory */
    [8] = UINT64_C(8) << 60 | UINT64_C(1) << 44 | TABLE_AT >> 12,
    [9] = UINT64_C(8) << 60 | UINT64_C(1) << 44 | GROOT_AT >> 12,
    [10] = ~UINT64_C(0),
    [11] = VD_BIT(11) | VD_BIT(39) | MSTATUS_FS, /* MPP S, MPV */
    [12] = VD_BIT(17) | VD_BIT(18) | VD_BIT(19) | VD_BIT(11),
    [13] = TABLE_AT,
    [14] = TRAP_AT,
    [15] = 0xaaaaaa,
    [16] = UINT64_C(6) << 60 | 0x1f | VD_BIT(6) | VD_BIT(24), /* a trigger */
    [17] = UINT64_C(3) << 60 | 1 << 10 | VD_BIT(7) | VD_BIT(6),
    [18] = 0xf0b7ff,
    [19] = VD_BIT(63) | VD_BIT(61) | 0xf1,
    [20] = GROOT_AT,
    [21] = 1,
    [22] = 64,
    [23] = VD_BIT(62) | VD_BIT(5),
    [24] = RAM_AT,
    [25] = RAM_AT + 0x202,
    [26] = UINT64_C(0x7ff8000000000001),
    [27] = 0x222,
};

/* A wait ends with the slice, so it is the one instruction that may tell the two harts apart. */
static bool depends_on_slices(enum insn_code code)
{
    return code == INSN_wrs_nto || code == INSN_wrs_sto;
}

static uint32_t instruction(const uint8_t *op)
{
    enum insn_code code = (enum insn_code)((op[0] | op[1] << 8) % INSN_COUNT);
    struct insn_format f = insn_format(code);
    uint32_t bits = f.match;
    if (op[1] & 0x80) /* anything at all */
        return (uint32_t)op[2] | (uint32_t)op[3] << 8 | (uint32_t)op[4] << 16 |
               (uint32_t)op[5] << 24;
    if (depends_on_slices(code))
        code = INSN_addi, f = insn_format(code), bits = f.match;
    if (f.rd != INSN_NO_FIELD)
        bits |= (uint32_t)(op[2] & 31) << f.rd;
    if (f.rs1 != INSN_NO_FIELD)
        bits |= (uint32_t)(op[3] & 31) << f.rs1;
    if (f.rs2 != INSN_NO_FIELD)
        bits |= (uint32_t)(op[4] & 31) << f.rs2;
    int64_t imm = (int8_t)op[5];
    if (f.class == CLASS_CSR)
        imm = numbers[(op[4] | op[5] << 8) % (sizeof(numbers) / sizeof(numbers[0]))];
    else if (f.class == CLASS_BRANCH || f.class == CLASS_JUMP)
        imm = (op[5] & 0x3f) * 4 - 64;
    for (unsigned i = 0; i < f.num_pieces; i++)
        bits |= (uint32_t)vd_get((uint64_t)imm, f.pieces[i].to, f.pieces[i].width)
                << f.pieces[i].from;
    return bits;
}

static void poke32(uint8_t *ram, uint64_t at, uint32_t value)
{
    memcpy(ram + (at - RAM_AT), &value, sizeof(value));
}

/* M-mode's handler goes on behind what trapped, in the mode that it came from. */
static void put_handler(uint8_t *ram)
{
    static const uint32_t handler[] = {
        0x341022f3, /* csrr x5, mepc */
        0x00428293, /* addi x5, x5, 4 */
        0x34129073, /* csrw mepc, x5 */
        0x30200073, /* mret */
    };
    for (unsigned i = 0; i < sizeof(handler) / sizeof(handler[0]); i++)
        poke32(ram, TRAP_AT + 4 * i, handler[i]);
}

/* The root maps gigapages onto themselves with the rights that the input says, and addresses near
 * zero through a link; the G stage likewise. */
static void put_tables(uint8_t *ram, uint8_t first, uint8_t guest)
{
    const uint64_t gigapage = UINT64_C(1) << 30;
    for (unsigned i = 0; i < 4; i++) {
        uint64_t leaf = (i * gigapage >> 12) << 10 | 1 | (i == 2 ? first | 0xce : first);
        uint64_t gleaf = (i * gigapage >> 12) << 10 | 1 | (i == 2 ? guest | 0xde : guest);
        memcpy(ram + (TABLE_AT - RAM_AT) + 8 * i, &leaf, sizeof(leaf));
        memcpy(ram + (GROOT_AT - RAM_AT) + 8 * i, &gleaf, sizeof(gleaf));
    }
    uint64_t link = (TABLE_AT >> 12) << 10 | 1;
    memcpy(ram + (TABLE_AT - RAM_AT), &link, sizeof(link));
}

static void load_program(struct world *w, const uint8_t *data, size_t size)
{
    uint8_t *ram = w->bench.ram;
    struct hart_state *st = &w->hart->st;
    put_handler(ram);
    put_tables(ram, data[1], data[2]);
    for (size_t i = 0; i < MOST_OPS && 6 + (i + 1) * OP_BYTES <= size; i++)
        poke32(ram, RAM_AT + 4 * i, instruction(data + 6 + i * OP_BYTES));
    memcpy(st->x, values, sizeof(values));
    memcpy(st->f, values, sizeof(values));
    st->csr.mtvec = st->csr.stvec = st->csr.vstvec = TRAP_AT;
    st->csr.mstatus |= MSTATUS_FS;
    st->csr.vsstatus |= MSTATUS_FS;
    st->csr.mcounteren = st->csr.hcounteren = st->csr.scounteren = UINT32_MAX;
    csr_poke(w->hart, CSR_pmpaddr0, ~UINT64_C(0));
    csr_poke(w->hart, CSR_pmpcfg0, 0x1f);
    csr_poke(w->hart, CSR_mstateen0, ~UINT64_C(0));
    csr_poke(w->hart, CSR_menvcfg, UINT64_C(0xe0000000000000f1));
    static const uint8_t modes[] = {PRV_M, PRV_S, PRV_U, PRV_S | 4, PRV_U | 4, PRV_M, PRV_S, PRV_M};
    st->priv = modes[data[0] & 7] & 3;
    st->virt = modes[data[0] & 7] & 4;
    mmu_context(w->hart);
}

/* --- execution --- */

static void run(struct world *w, uint64_t cycles)
{
    struct vd_runner *runner = hart_runner(w->hart);
    if (runner->asleep)
        return;
    runner->limit = (w->hart->st.cycles + cycles) * w->hart->cfg.cycle_ps;
    runner->run(runner->ctx);
    w->bench.num_records = w->bench.num_writes = 0;
}

static void check(const struct hart *h)
{
    const struct hart_state *st = &h->st;
    demand(st->priv != PRV_HS_RESERVED && !(st->virt && st->priv == PRV_M));
    demand(st->x[0] == 0 && (st->pc & 1) == 0 && st->instret <= st->cycles);
}

static void compare(const struct world *a, const struct world *b)
{
    const struct hart_state *x = &a->hart->st, *y = &b->hart->st;
    demand(x->pc == y->pc && x->cycles == y->cycles && x->instret == y->instret);
    demand(x->priv == y->priv && x->virt == y->virt && x->asleep == y->asleep);
    demand(!memcmp(x->x, y->x, sizeof(x->x)) && !memcmp(x->f, y->f, sizeof(x->f)));
    demand(!memcmp(&x->csr, &y->csr, sizeof(x->csr)));
    demand(!memcmp(a->bench.ram, b->bench.ram, RAM_BYTES));
}

static void through_snapshot(struct hart *h)
{
    static uint8_t buffer[1 << 18];
    size_t size = hart_save(h, buffer, sizeof(buffer));
    demand(size <= sizeof(buffer) && hart_restore(h, buffer, size));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 6 + OP_BYTES)
        return 0;
    struct hart_config config = {.reset_pc = RAM_AT, .tlb_entries = data[3] & 1 ? 8 : 0};
    if (data[3] & 2)
        config.timing = (struct hart_timing){.load = 3,
                                             .mul = 2,
                                             .mispredict = 5,
                                             .icache_lines = 4,
                                             .icache_miss = 9,
                                             .dcache_lines = 4,
                                             .dcache_miss = 7,
                                             .predictor_entries = 16,
                                             .tlb_walk = 4};
    build(&sliced, &config);
    build(&stepped, &config);
    load_program(&sliced, data, size);
    load_program(&stepped, data, size);
    for (uint64_t slice = 1u + data[4] % 64; sliced.hart->st.cycles < CYCLES;) {
        uint64_t before = sliced.hart->st.cycles;
        run(&sliced, slice);
        while (stepped.hart->st.cycles < sliced.hart->st.cycles && !stepped.hart->runner.asleep)
            run(&stepped, 1);
        check(sliced.hart);
        compare(&sliced, &stepped);
        if (sliced.hart->runner.asleep)
            break;
        demand(sliced.hart->st.cycles > before);
        if (data[5] & 1)
            through_snapshot(sliced.hart);
    }
    drop(&sliced);
    drop(&stepped);
    return 0;
}
