/* SPDX-License-Identifier: BSD-2-Clause */
/* Random CSR instructions, traps, returns, accesses, fences and lines.  Whatever happens, the mode
 * is one that exists, mtopi and its relatives agree with what is taken, and a fast entry says what
 * the slow path says. */
#include "hart/pages.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
    const uint8_t *data;
    size_t left;
};

static uint64_t take(struct input *in, unsigned bytes)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < bytes && in->left; i++, in->left--)
        value = value << 8 | *in->data++;
    return value;
}

static void demand(bool holds)
{
    if (!holds)
        abort();
}

/* Page tables and addresses that have a chance to work. */
static uint64_t interesting(struct input *in)
{
    static const uint64_t values[] = {
        0,
        ~UINT64_C(0),
        0x1000,
        GPA,
        DATA,
        RWX_,
        UINT64_C(8) << 60 | TABLES >> 12,
        UINT64_C(8) << 60 | GTABLES >> 12,
        TABLES,
        0x1f,
        ENVCFG_STCE,
        0xaaaaaa,
        0x1800,
    };
    uint64_t choice = take(in, 1);
    if (choice < sizeof(values) / sizeof(values[0]))
        return values[choice];
    return choice & 1 ? VD_BIT(choice >> 1 & 63) : take(in, 8);
}

enum { BASES = 7 };
static const uint64_t bases[BASES] = {0x1000, 0x2000, GPA, DATA, TABLES, 0, ~UINT64_C(0xfff)};

static uint64_t address(struct input *in)
{
    uint64_t choice = take(in, 1);
    return bases[choice % BASES] + (choice & 0x80 ? take(in, 2) & 0x1fff : choice & 0x78);
}

static const uint16_t numbers[] = {
#define CSR(number, name, ...)            CSR_##name,
#define CSR_ARRAY(first, last, name, ...) CSR_##name, last,
#include "hart/csr.def"
#undef CSR
#undef CSR_ARRAY
};

static void csr(struct hart *h, struct input *in)
{
    uint32_t number = (uint32_t)take(in, 2);
    if (number & 0x8000)
        number = numbers[number % (sizeof(numbers) / sizeof(numbers[0]))];
    enum csr_op op = (enum csr_op)(take(in, 1) % 3);
    uint64_t old = 0;
    csr_execute(h, number, op, interesting(in), true, true, &old);
}

static void trapped(struct hart *h, bool ok)
{
    if (!ok && h->exc.cause != HART_RETRY)
        trap_exception(h);
}

static void memory(struct hart *h, struct input *in)
{
    static const unsigned sizes[] = {1, 2, 4, 8};
    uint64_t va = address(in), value = 0;
    unsigned how = (unsigned)take(in, 1), length = sizes[how & 3];
    unsigned flags = how & 4 ? MMU_GUEST | (how & 8 ? MMU_HLVX : 0) : 0;
    const uint8_t *host;
    bool done;
    if (how & 16)
        done = mmu_store(h, va, length, flags & ~(unsigned)MMU_HLVX, interesting(in));
    else if (how & 32)
        done = mmu_fetch(h, va & ~UINT64_C(1), &host, &value);
    else
        done = mmu_load(h, va, length, flags, &value);
    trapped(h, done || !(how & 64));
}

static void fence(struct hart *h, struct input *in)
{
    unsigned how = (unsigned)take(in, 1);
    struct mmu_fence f = {
        .kind = how % 3,
        .has_va = how & 4,
        .has_id = how & 8,
        .va = address(in),
        .id = how >> 4,
    };
    mmu_fence(h, &f);
}

static void open_pmp(struct hart *h)
{
    struct hart_csrs *csr = &h->st.csr;
    if (csr->pmpcfg[0] == (PMP_R | PMP_W | PMP_X | PMP_NAPOT << 3))
        return;
    csr->pmpcfg[0] = PMP_R | PMP_W | PMP_X | PMP_NAPOT << 3;
    csr->pmpaddr[0] = vd_mask(0, 54);
    mmu_rebuild(h);
}

/* Another mode, and what a hypervisor would have set up for it. */
static void enter(struct hart *h, struct input *in)
{
    static const uint8_t modes[] = {PRV_M, PRV_S, PRV_U, PRV_S | 4, PRV_U | 4};
    uint64_t choice = take(in, 1);
    uint8_t mode = modes[choice % 5];
    h->st.priv = mode & 3;
    h->st.virt = mode & 4;
    if (choice & 0xc0) {
        open_pmp(h);
        csr_poke(h, CSR_vsatp, root(8, choice >> 4 & 1, TABLES));
        csr_poke(h, CSR_hgatp, root(8, choice >> 5 & 1, GTABLES));
        csr_poke(h, CSR_satp, root(8, choice >> 4 & 1, TABLES));
    }
    mmu_context(h);
}

static void control(struct hart *h, struct input *in)
{
    switch (take(in, 1) % 5) {
    case 0:
        trapped(h, trap_mret(h, 0));
        break;
    case 1:
        trapped(h, trap_sret(h, 0));
        break;
    case 2:
        trapped(h, trap_wfi(h, 0));
        h->st.asleep = false;
        break;
    case 3:
        trapped(h, trap_ecall(h));
        break;
    default:
        interrupt_wire(h, (uint32_t)take(in, 1), take(in, 1) & 1);
    }
}
/* [aia mtopi], [aia VSLevel]: what is taken is what the register of its level shows. */
static void interrupts(struct hart *h)
{
    uint64_t tops[] = {interrupt_mtopi(h) >> 16, interrupt_stopi(h) >> 16,
                       interrupt_vstopi(h) >> 16};
    if (!trap_interrupt(h)) {
        demand(!h->attention);
        return;
    }
    unsigned to = h->st.priv == PRV_M ? 0 : h->st.virt ? 2 : 1;
    const uint64_t causes[] = {h->st.csr.mcause, h->st.csr.scause, h->st.csr.vscause};
    demand(causes[to] == (VD_BIT(63) | tops[to]));
}

/* A fast entry is what the slow path would find. */
static void fast_agrees(struct hart *h, uint64_t va)
{
    const struct hart_tlb_entry *entry = fast(h->data, va);
    if (entry->read_tag != (va & ~UINT64_C(0xfff)))
        return;
    struct hart_exception exc = h->exc;
    va &= ~UINT64_C(7);
    uint64_t slow, quick = *(const uint64_t *)(entry->addend + (uintptr_t)va);
    demand(mmu_load(h, va, 8, 0, &slow));
    demand(slow == quick);
    h->exc = exc;
}

static void check(struct hart *h)
{
    demand(h->st.priv != PRV_HS_RESERVED && h->st.priv <= PRV_M);
    demand(!(h->st.virt && h->st.priv == PRV_M));
    for (unsigned i = 0; i < BASES; i++)
        fast_agrees(h, bases[i]);
}

/* Software edits a page table, and may forget to fence. */
static void remap(struct machine *m, uint64_t pte, struct input *in)
{
    uint64_t choice = take(in, 1);
    if (choice & 1)
        bench_poke(&m->f->bench, pte, 8,
                   pte_of(GPA + (choice >> 1 & 1) * KIB4, choice & 4 ? RWXU_ : RWX_));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = {data, size};
    static struct machine m;
    if (!m.f)
        m = guest_new(8, 8);
    else
        guest_renew(&m, 8, 8);
    struct hart *h = &m.f->hart;
    uint64_t pte = map(&m, 8, 0x1000, 0, GPA, RWXU_);
    map(&m, 8, GPA, 1, RAM, RWX_);
    bench_poke(&m.f->bench, DATA, 8, 1);
    bench_poke(&m.f->bench, DATA + KIB4, 8, 2);
    fixture_mode(m.f, VD_MODE_M);
    while (in.left) {
        switch (take(&in, 1) % 8) {
        case 0:
            csr(h, &in);
            break;
        case 1:
            enter(h, &in);
            break;
        case 2:
        case 3:
        case 4:
            memory(h, &in);
            break;
        case 5:
            fence(h, &in);
            break;
        case 6:
            remap(&m, pte, &in);
            control(h, &in);
            break;
        default:
            bench_run(&m.f->bench, take(&in, 1) * HART_MTIME_PS);
            interrupts(h);
        }
        m.f->bench.num_records = 0;
        check(h);
    }
    return 0;
}
