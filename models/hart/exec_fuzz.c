/* SPDX-License-Identifier: BSD-2-Clause */
/* Bytes become a program of random instructions, with random CSRs and page tables, and what happens
 * around it: timers, lines, MSIs, DMA.  Two harts execute it, one in slices and through snapshots
 * into other harts, one in single steps.  They must agree in everything that software can see, and
 * the state must make sense. */
#include "hart/exec_world.h"

#include <stdlib.h>
#include <string.h>

#include "hart/cfi.h"
#include "hart/csr.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { OP_BYTES = 6, MOST_OPS = 96, CYCLES = 300, MOST_SWAPS = 8 };
#define TRAP_AT   (WORLD_RAM_AT + 0x800)
#define S_TRAP_AT (WORLD_RAM_AT + 0x840)
#define TABLE_AT  (WORLD_RAM_AT + 0x4000) /* satp, vsatp; a gigapage leaf in every entry, a link */
#define GROOT_AT  (WORLD_RAM_AT + 0x8000) /* hgatp: 16 KiB */
#define DATA_AT   (WORLD_RAM_AT + 0xf000)
#define STACK_AT                                                                                   \
    (UINT64_C(0xc0000000) + 0xf800) /* a shadow-stack page: memory, by the tables' last leaf */

/* How an input begins. */
enum {
    IN_MODE, /* of the hart, and which translations and interrupts are on */
    IN_LEAF,
    IN_GUEST_LEAF,
    IN_MODEL,    /* and IN_PADS, IN_STACKS */
    IN_INTERVAL, /* between two comparisons */
    IN_SWAPS,    /* a snapshot after so many of them; 0: none */
    IN_QUANTUM,  /* of the sliced hart */
    IN_TIMERS,
    HEADER_BYTES,
};

/* Bits of IN_MODEL: landing pads and shadow stacks are on, where there are such. */
enum { IN_PADS = 0x10, IN_STACKS = 0x20 };

static struct world sliced, stepped;

static void demand(bool holds)
{
    if (!holds)
        abort();
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
    [5] = WORLD_RAM_AT + 0x100,
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
    [24] = WORLD_RAM_AT,
    [25] = WORLD_RAM_AT + 0x202,
    [26] = UINT64_C(0x7ff8000000000001),
    [27] = 0x222,
    [28] = WORLD_RAM_AT + 0x2ffd, /* accesses cross into another page */
    [29] = WORLD_RAM_AT + 0xffe,
    [30] = WORLD_DEVICE + 0x1000,
    [31] = WORLD_DEVICE + 0x20c0,
};

/* A wait ends with the slice, so it is the one instruction that may tell the two harts apart. */
static bool depends_on_slices(enum insn_code code)
{
    return code == INSN_wrs_nto || code == INSN_wrs_sto;
}

/* Rows that most of a program's adventures begin with. */
static const uint16_t adventures[] = {
    INSN_wfi,  INSN_ecall, INSN_mret, INSN_sret, INSN_csrrw,      INSN_ld,    INSN_sd,   INSN_sw,
    INSN_lr_d, INSN_sc_d,  INSN_jalr, INSN_beq,  INSN_sfence_vma, INSN_hlv_w, INSN_mop_r};

/* sspush, sspopchk, ssrdp x8, ssamoswap.d x8, x7, (x2); the others stay rare. */
static uint32_t stack_instruction(const uint8_t *op)
{
    static const uint32_t all[] = {0xce104073, 0xce504073, 0xcdc0c073, 0xcdc2c073,
                                   0xcdc04473, 0x4871342f, 0x62816081, 0x60816281};
    return all[op[2] % (sizeof(all) / sizeof(all[0]))];
}

static uint32_t instruction(const uint8_t *op)
{
    enum insn_code code = (enum insn_code)((op[0] | op[1] << 8) % INSN_COUNT);
    if ((op[1] & 0xe0) == 0x60)
        code = (enum insn_code)adventures[op[0] % (sizeof(adventures) / sizeof(adventures[0]))];
    struct insn_format f = insn_format(code);
    uint32_t bits = f.match;
    if (op[1] & 0x80) /* anything at all */
        return (uint32_t)op[2] | (uint32_t)op[3] << 8 | (uint32_t)op[4] << 16 |
               (uint32_t)op[5] << 24;
    if (code == INSN_mop_r)
        return stack_instruction(op);
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

/* What trapped is skipped, in the mode that it came from; what interrupted is silenced. */
static void put_handlers(uint8_t *ram, bool files)
{
    const uint32_t nop = 0x00000013;
    const uint32_t machine[] = {
        files ? 0x35c01073 : nop, /* csrw mtopei, x0 */
        0x14d51073,               /* csrw stimecmp, x10 */
        0x24d51073,               /* csrw vstimecmp, x10 */
        0x341022f3,               /* csrr x5, mepc */
        0x00428293,               /* addi x5, x5, 4 */
        0x34129073,               /* csrw mepc, x5 */
        0x30200073,               /* mret */
    };
    const uint32_t supervisor[] = {
        files ? 0x15c01073 : nop, /* csrw stopei, x0 */
        0x14d51073,               /* csrw stimecmp, x10 */
        0x141022f3,               /* csrr x5, sepc */
        0x00428293,               /* addi x5, x5, 4 */
        0x14129073,               /* csrw sepc, x5 */
        0x10200073,               /* sret */
    };
    memcpy(ram + (TRAP_AT - WORLD_RAM_AT), machine, sizeof(machine));
    memcpy(ram + (S_TRAP_AT - WORLD_RAM_AT), supervisor, sizeof(supervisor));
}

/* The root maps gigapages onto themselves with the rights that the input says, and addresses near
 * zero through a link; the G stage likewise. */
static void put_tables(uint8_t *ram, uint8_t first, uint8_t guest, bool stacks)
{
    const uint64_t gigapage = UINT64_C(1) << 30;
    const uint64_t stack = (WORLD_RAM_AT >> 12) << 10 | (first & 0x10) | 0xc5;
    for (unsigned i = 0; i < 4; i++) {
        uint64_t leaf = (i * gigapage >> 12) << 10 | 1 | (i == 2 ? first | 0xce : first);
        if (i == 3 && stacks)
            leaf = stack;
        uint64_t gleaf = (i * gigapage >> 12) << 10 | 1 | (i == 2 ? guest | 0xde : guest);
        memcpy(ram + (TABLE_AT - WORLD_RAM_AT) + 8 * i, &leaf, sizeof(leaf));
        memcpy(ram + (GROOT_AT - WORLD_RAM_AT) + 8 * i, &gleaf, sizeof(gleaf));
    }
    uint64_t link = (TABLE_AT >> 12) << 10 | 1;
    memcpy(ram + (TABLE_AT - WORLD_RAM_AT), &link, sizeof(link));
}

/* Something happens outside instead of an instruction. */
static bool is_disturbance(const uint8_t *op)
{
    return (op[1] & 0xe0) == 0x40;
}

static struct world_disturbance disturbance(const uint8_t *op, bool files)
{
    static const uint32_t lines[] = {VD_LINE_MSIP,  VD_LINE_MTIP,      VD_LINE_MEIP,
                                     VD_LINE_SEIP,  VD_LINE_HGEIP + 1, VD_LINE_HGEIP + 3,
                                     VD_LINE_HGEIP, VD_LINE_MSIP};
    struct world_disturbance what = {.kind = op[1] % WORLD_KINDS,
                                     .at = (op[0] | (op[2] & 1u) << 8) * (vd_time)WORLD_CYCLE};
    switch (what.kind) {
    case WORLD_LINE: /* with an IMSIC, the others are its own */
        what.where = lines[files ? op[3] & 1 : op[3] & 7];
        what.value = 1;
        break;
    case WORLD_MSI:
        what.where = op[3] % WORLD_FILES;
        what.value = op[4] & 63;
        break;
    default:
        what.where = (op[3] | (uint32_t)op[4] << 8) & (WORLD_RAM - 4);
        what.value = op[5] & 1 ? (uint32_t)op[2] << 2 | 0x13u : op[5];
    }
    return what;
}

static void load_program(struct world *w, const uint8_t *data, size_t size)
{
    uint8_t *ram = w->bench.ram;
    uint32_t words = 0;
    put_handlers(ram, w->files);
    put_tables(ram, data[IN_LEAF], data[IN_GUEST_LEAF], data[IN_MODEL] & IN_STACKS);
    for (size_t i = HEADER_BYTES; i + OP_BYTES <= size && words < MOST_OPS; i += OP_BYTES) {
        if (!is_disturbance(data + i)) {
            bool pad = (data[IN_MODEL] & IN_PADS) && words % 4 == 3;
            uint32_t bits = pad ? 0x00000017 | (data[i + 5] & 1u) << 12 : instruction(data + i);
            memcpy(ram + 4 * words++, &bits, sizeof(bits));
        } else if (w->disturbances < WORLD_DISTURBANCES) {
            world_disturb(w, disturbance(data + i, w->files));
        }
    }
}

static void open_interrupts(struct hart_csrs *csr, uint8_t how)
{
    csr->mie = ~UINT64_C(0);
    csr->mstatus |= VD_BIT(3) | VD_BIT(1); /* MIE, SIE */
    csr->vsstatus |= VD_BIT(1);
    csr->hgeie = 0xe;
    csr->hstatus |= VD_BIT(HSTATUS_VGEIN_LSB);
    if (!(how & 0x80))
        return;
    csr->mideleg = csr->medeleg = ~UINT64_C(0);
    csr->hideleg = csr->hedeleg = ~UINT64_C(0);
}

static void open_integrity(struct hart *h, uint8_t how)
{
    uint64_t fields = (how & IN_PADS ? ENVCFG_LPE : 0) | (how & IN_STACKS ? ENVCFG_SSE : 0);
    csr_poke(h, CSR_menvcfg, UINT64_C(0xe0000000000000f1) | fields);
    csr_poke(h, CSR_henvcfg, UINT64_C(0xe0000000000000f1) | fields);
    csr_poke(h, CSR_senvcfg, fields);
    csr_poke(h, CSR_mseccfg, how & IN_PADS ? MSECCFG_MLPE : 0);
    csr_poke(h, CSR_ssp, STACK_AT);
    h->st.x[2] = STACK_AT;
}

/* Only what a write leaves of them is in the state. */
static void settle_csrs(struct hart *h)
{
    static const uint16_t legal[] = {CSR_mie,     CSR_mideleg, CSR_medeleg, CSR_hideleg,
                                     CSR_hedeleg, CSR_hgeie,   CSR_mstatus, CSR_hstatus};
    for (unsigned i = 0; i < sizeof(legal) / sizeof(legal[0]); i++) {
        uint64_t value;
        demand(csr_peek(h, legal[i], &value));
        csr_poke(h, legal[i], value);
    }
}

static void set_up(struct world *w, const uint8_t *data)
{
    static const uint8_t modes[] = {PRV_M, PRV_S, PRV_U, PRV_S | 4, PRV_U | 4, PRV_M, PRV_S, PRV_M};
    struct hart *h = w->hart;
    struct hart_state *st = &h->st;
    uint8_t how = data[IN_MODE];
    memcpy(st->x, values, sizeof(values));
    memcpy(st->f, values, sizeof(values));
    st->csr.mtvec = TRAP_AT;
    st->csr.stvec = st->csr.vstvec = S_TRAP_AT;
    st->csr.mstatus |= MSTATUS_FS;
    st->csr.vsstatus |= MSTATUS_FS;
    st->csr.mcounteren = st->csr.hcounteren = st->csr.scounteren = UINT32_MAX;
    csr_poke(h, CSR_pmpaddr0, ~UINT64_C(0));
    csr_poke(h, CSR_pmpcfg0, 0x1f);
    csr_poke(h, CSR_mstateen0, ~UINT64_C(0));
    csr_poke(h, CSR_hstateen0, ~UINT64_C(0));
    open_integrity(h, data[IN_MODEL]);
    if (how & 0x40)
        open_interrupts(&st->csr, how);
    settle_csrs(h);
    csr_poke(h, CSR_satp, how & 8 ? values[8] : 0);
    csr_poke(h, CSR_vsatp, how & 16 ? values[8] : 0);
    csr_poke(h, CSR_hgatp, how & 32 ? values[9] : 0);
    csr_poke(h, CSR_stimecmp, data[IN_TIMERS] & 15 ? data[IN_TIMERS] & 15 : ~UINT64_C(0));
    csr_poke(h, CSR_vstimecmp, data[IN_TIMERS] >> 4 ? data[IN_TIMERS] >> 3 : ~UINT64_C(0));
    for (unsigned i = 0; i < WORLD_FILES; i++)
        w->file[i] = (struct world_file){.eie = ~UINT64_C(1), .eidelivery = 1};
    st->priv = modes[how & 7] & 3;
    st->virt = modes[how & 7] & 4;
    mmu_context(h);
}

static struct hart_config model_of(uint32_t model)
{
    struct hart_config config = {.reset_pc = WORLD_RAM_AT,
                                 .geilen = WORLD_FILES - 2,
                                 .tlb_entries = model & 1 ? 8 : 64,
                                 .cycle_ps = WORLD_CYCLE};
    uint32_t count;
    const struct vd_param *params = hart_params(&count);
    for (uint32_t i = 0; i < count && model & 8; i++)
        if (params[i].offset == offsetof(struct hart_config, extensions)) /* Svadu as well */
            config.extensions |= VD_BIT(params[i].min);
    if (model & 2)
        config.timing = (struct hart_timing){.load = 3,
                                             .mul = 2,
                                             .mispredict = 5,
                                             .icache_lines = 4,
                                             .icache_miss = 9,
                                             .dcache_lines = 4,
                                             .dcache_miss = 7,
                                             .predictor_entries = 16,
                                             .tlb_walk = 4,
                                             .interrupt_sync = 3,
                                             .trap_entry = 6,
                                             .trap_exit = 7,
                                             .wfi_wake = 7,
                                             .uncached = 4};
    return config;
}

static void start(struct world *w, const uint8_t *data, size_t size)
{
    uint32_t model = data[IN_MODEL] % WORLD_MODELS;
    struct hart_config config = model_of(model);
    world_start(w, &config, model, model & 4);
    load_program(w, data, size);
    set_up(w, data);
}

/* --- comparison --- */

static void check(const struct hart *h)
{
    const struct hart_state *st = &h->st;
    demand(st->priv != PRV_HS_RESERVED && !(st->virt && st->priv == PRV_M));
    demand(st->x[0] == 0 && (st->pc & 1) == 0 && st->instret <= st->cycles);
    demand(!st->elp || (h->cfi & CFI_LPE));
}

static void compare(const struct world *a, const struct world *b)
{
    const struct hart_state *x = &a->hart->st, *y = &b->hart->st;
    demand(x->pc == y->pc && x->cycles == y->cycles && x->instret == y->instret);
    demand(x->priv == y->priv && x->virt == y->virt && x->asleep == y->asleep && x->elp == y->elp);
    demand(x->lines == y->lines && x->hgeip == y->hgeip && x->unsettled == y->unsettled);
    demand(x->traps == y->traps && x->interrupts == y->interrupts && x->returns == y->returns);
    demand(x->reservation_valid == y->reservation_valid);
    demand(!memcmp(x->x, y->x, sizeof(x->x)) && !memcmp(x->f, y->f, sizeof(x->f)));
    demand(!memcmp(&x->csr, &y->csr, sizeof(x->csr)));
    demand(!memcmp(a->file, b->file, sizeof(a->file)));
}

/* Memory, and behind the state what a snapshot holds of TLB, caches and predictor. */
static void compare_rest(const struct world *a, const struct world *b)
{
    static uint8_t snapshots[2][1 << 18];
    size_t size = hart_save(a->hart, snapshots[0], sizeof(snapshots[0])), st = sizeof(a->hart->st);
    demand(size == hart_save(b->hart, snapshots[1], sizeof(snapshots[1])));
    demand(size <= sizeof(snapshots[0]));
    demand(!memcmp(snapshots[0] + st, snapshots[1] + st, size - st));
    demand(!memcmp(a->bench.ram, b->bench.ram, WORLD_RAM));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < HEADER_BYTES + OP_BYTES)
        return 0;
    start(&sliced, data, size);
    start(&stepped, data, size);
    vd_time interval = (1u + data[IN_INTERVAL] % 128) * (vd_time)WORLD_CYCLE, end = 0;
    vd_time quantum = data[IN_QUANTUM] ? data[IN_QUANTUM] * (vd_time)WORLD_CYCLE : VD_NEVER / 2;
    unsigned swaps = MOST_SWAPS;
    for (unsigned i = 1; end < CYCLES * (vd_time)WORLD_CYCLE; i++) {
        end += interval;
        world_run(&sliced, end, quantum, data[IN_QUANTUM] & 1);
        world_run(&stepped, end, WORLD_CYCLE, false);
        check(sliced.hart);
        compare(&sliced, &stepped);
        if (swaps && data[IN_SWAPS] & 7 && i % (data[IN_SWAPS] & 7) == 0) {
            world_swap(&sliced);
            swaps--;
        }
    }
    compare_rest(&sliced, &stepped);
    world_end(&sliced);
    world_end(&stepped);
    return 0;
}
