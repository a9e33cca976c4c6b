/* SPDX-License-Identifier: BSD-2-Clause */
/* Translation, permissions, faults, and where accesses go. */
#include "hart/pages.h"

static void every_mode_and_level_maps(void **state)
{
    (void)state;
    for (unsigned mode = 8; mode <= 10; mode++) {
        for (unsigned level = 0; level < 2; level++) {
            struct machine m = machine_new(0);
            unsigned width = 12 + 9 * (mode - 5);
            uint64_t low = UINT64_C(0x40000000);
            uint64_t high = ~UINT64_C(0) << (width - 1) | low; /* the upper half */
            uint64_t base = level ? RAM : DATA;
            bench_poke(&m.f->bench, DATA + 0x10, 8, 0x1122334455667788);
            map(&m, mode, low, level, base, RWX_);
            map(&m, mode, high, level, base, RWX_);
            fixture_set(m.f, CSR_satp, root(mode, 1, TABLES));
            fixture_mode(m.f, VD_MODE_S);
            uint64_t offset = DATA - base + 0x10;
            assert_true(load(&m, low + offset, 8) == 0x1122334455667788);
            assert_true(load(&m, high + offset, 8) == 0x1122334455667788);
            uint64_t hole = UINT64_C(1) << (width - 1);
            assert_int_equal(cause_of(&m, MMU_LOAD, hole, 0), CAUSE_LOAD_PAGE_FAULT);
            assert_true(m.f->hart.exc.tval == hole);
            machine_free(&m);
        }
    }
}

/* Page permissions: PTE bits, mode, mstatus; causes of load, store, fetch. */
static const struct {
    uint64_t bits;
    enum vd_mode mode;
    uint64_t mstatus;
    uint64_t causes[3];
} permissions[] = {
    {RWX_, VD_MODE_S, 0, {0, 0, 0}},
    {RWX_, VD_MODE_U, 0, {13, 15, 12}},
    {RWXU_, VD_MODE_U, 0, {0, 0, 0}},
    {RWXU_, VD_MODE_S, 0, {13, 15, 12}},
    {RWXU_, VD_MODE_S, MSTATUS_SUM, {0, 0, 12}},
    {RWX_ & ~PTE_W, VD_MODE_S, 0, {0, 15, 0}},
    {RWX_ & ~PTE_X, VD_MODE_S, 0, {0, 0, 12}},
    {RWX_ & ~(PTE_R | PTE_W), VD_MODE_S, 0, {13, 15, 0}},
    {RWX_ & ~(PTE_R | PTE_W), VD_MODE_S, MSTATUS_MXR, {0, 15, 0}},
    {RWX_ & ~PTE_A, VD_MODE_S, 0, {13, 15, 12}},
    {RWX_ & ~PTE_D, VD_MODE_S, 0, {0, 15, 0}},
    {RWX_ & ~PTE_V, VD_MODE_S, 0, {13, 15, 12}},
    {RWX_ & ~PTE_R, VD_MODE_S, 0, {13, 15, 12}},            /* W without R is reserved */
    {RWX_ | UINT64_C(1) << 63, VD_MODE_S, 0, {13, 15, 12}}, /* Svnapot is not there */
    {RWX_ | UINT64_C(1) << 61, VD_MODE_S, 0, {13, 15, 12}}, /* nor Svpbmt */
    {RWX_ | UINT64_C(1) << 54, VD_MODE_S, 0, {13, 15, 12}},
    {PTE_V, VD_MODE_S, 0, {13, 15, 12}}, /* a link at the last level */
};

static void page_permissions(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(permissions) / sizeof(permissions[0]); i++) {
        for (unsigned access = 0; access < 3; access++) {
            struct machine m = machine_new(0);
            map(&m, 8, GPA, 0, DATA, permissions[i].bits);
            fixture_set(m.f, CSR_satp, root(8, 1, TABLES));
            fixture_set(m.f, CSR_mstatus, permissions[i].mstatus);
            fixture_mode(m.f, permissions[i].mode);
            uint64_t cause = cause_of(&m, (enum mmu_access)access, GPA + 8, 0);
            if (cause != permissions[i].causes[access])
                fail_msg("row %zu access %u: cause %lu", i, access, cause);
            if (cause) {
                assert_int_equal(m.f->hart.exc.tval, GPA + 8);
                assert_false(m.f->hart.exc.gva);
            }
            machine_free(&m);
        }
    }
}

static void superpages_must_be_aligned_and_links_clean(void **state)
{
    (void)state;
    struct machine m = machine_new(0);
    map(&m, 8, GPA, 1, RAM + KIB4, RWX_);
    uint64_t at = map(&m, 8, 2 * (uint64_t)GPA, 1, TABLES + 8 * KIB4, PTE_V | PTE_A);
    fixture_set(m.f, CSR_satp, root(8, 1, TABLES));
    fixture_mode(m.f, VD_MODE_S);
    assert_int_equal(cause_of(&m, MMU_LOAD, GPA, 0), 13);
    bench_poke(&m.f->bench, TABLES + 8 * KIB4, 8, pte_of(DATA, RWX_));
    assert_int_equal(cause_of(&m, MMU_LOAD, 2 * (uint64_t)GPA, 0), 13);
    bench_poke(&m.f->bench, at, 8, pte_of(TABLES + 8 * KIB4, PTE_V));
    assert_int_equal(cause_of(&m, MMU_LOAD, 2 * (uint64_t)GPA, 0), 0);
    machine_free(&m);
}

/* Faults of two-stage translation: what is wrong, and what the trap will report. */
enum wrong {
    NOTHING,
    VS_LEAF,    /* the VS-stage leaf */
    G_LEAF,     /* the G-stage leaf of the data */
    G_OF_TABLE, /* the G-stage leaf of the last VS-stage table */
    G_OF_ROOT,  /* and of the root table */
};

static const struct {
    enum wrong wrong;
    uint64_t bits; /* of that PTE */
    uint64_t vsstatus, mstatus;
    uint64_t causes[3];
    uint64_t tinst;
} stages[] = {
    {NOTHING, 0, 0, 0, {0, 0, 0}, 0},
    {VS_LEAF, 0, 0, 0, {13, 15, 12}, 0},
    {VS_LEAF, RWX_ & ~PTE_D, 0, 0, {0, 15, 0}, 0},
    {VS_LEAF, RWX_ & ~(PTE_R | PTE_W), MSTATUS_MXR, 0, {0, 15, 0}, 0},
    {VS_LEAF, RWX_ & ~(PTE_R | PTE_W), 0, MSTATUS_MXR, {0, 15, 0}, 0},
    {VS_LEAF, RWXU_, 0, MSTATUS_SUM, {13, 15, 12}, 0}, /* HS-level SUM has no say */
    {VS_LEAF, RWXU_, MSTATUS_SUM, 0, {0, 0, 12}, 0},
    {G_LEAF, 0, 0, 0, {21, 23, 20}, 0},
    {G_LEAF, RWX_, 0, 0, {21, 23, 20}, 0}, /* always as user */
    {G_LEAF, RWXU_ & ~PTE_A, 0, 0, {21, 23, 20}, 0},
    {G_LEAF, RWXU_ & ~PTE_D, 0, 0, {0, 23, 0}, 0},
    {G_LEAF, RWXU_ & ~PTE_X, 0, 0, {0, 0, 20}, 0},
    {G_LEAF, RWXU_ & ~(PTE_R | PTE_W), MSTATUS_MXR, 0, {21, 23, 0}, 0},
    {G_LEAF, RWXU_ & ~(PTE_R | PTE_W), 0, MSTATUS_MXR, {0, 23, 0}, 0},
    {G_OF_TABLE, 0, 0, 0, {21, 23, 20}, 0x3000},
    {G_OF_TABLE, RWX_, 0, 0, {21, 23, 20}, 0x3000},
    {G_OF_TABLE, RWXU_ & ~(PTE_R | PTE_W), 0, MSTATUS_MXR, {21, 23, 20}, 0x3000},
    {G_OF_TABLE, RWXU_ & ~(PTE_W | PTE_D | PTE_X), 0, 0, {0, 0, 0}, 0},
    {G_OF_ROOT, 0, 0, 0, {21, 23, 20}, 0x3000},
};

static uint64_t spoil(struct machine *m, enum wrong wrong, uint64_t bits, uint64_t va,
                      uint64_t leaf_at)
{
    switch (wrong) {
    case VS_LEAF:
        map(m, 8, va, 0, GPA, bits);
        return 0;
    case G_LEAF:
        gmap(m, 8, GPA, 0, DATA, bits);
        return GPA + 8;
    case G_OF_TABLE:
        gmap(m, 8, leaf_at, 0, leaf_at & ~UINT64_C(4095), bits);
        return leaf_at;
    case G_OF_ROOT:
        gmap(m, 8, TABLES, 0, TABLES, bits);
        return TABLES + 8 * vd_get(va, 30, 9);
    default:
        return 0;
    }
}

static void two_stage_faults(void **state)
{
    (void)state;
    uint64_t va = 0x7000203000;
    va = vd_sign_extend(va, 39);
    for (size_t i = 0; i < sizeof(stages) / sizeof(stages[0]); i++) {
        for (unsigned access = 0; access < 3; access++) {
            struct machine m = guest_new(8, 8);
            uint64_t leaf_at = map(&m, 8, va, 0, GPA, RWX_);
            uint64_t gpa = spoil(&m, stages[i].wrong, stages[i].bits, va, leaf_at);
            fixture_set(m.f, CSR_mstatus, stages[i].mstatus);
            fixture_set(m.f, CSR_vsstatus, stages[i].vsstatus);
            uint64_t cause = cause_of(&m, (enum mmu_access)access, va + 8, 0);
            if (cause != stages[i].causes[access])
                fail_msg("row %zu access %u: cause %lu", i, access, cause);
            if (!cause) {
                machine_free(&m);
                continue;
            }
            const struct hart_exception *exc = &m.f->hart.exc;
            assert_true(exc->tval == va + 8 && exc->gva);
            bool guest = cause >= 20;
            assert_true(exc->tval2 == (guest ? gpa >> 2 : 0));
            assert_true(exc->tinst == (guest ? stages[i].tinst : 0));
            machine_free(&m);
        }
    }
}

static void guest_addresses_are_two_bits_wider(void **state)
{
    (void)state;
    for (unsigned gmode = 8; gmode <= 10; gmode++) {
        struct machine m = guest_new(0, gmode);
        unsigned width = 12 + 9 * (gmode - 5) + 2;
        uint64_t top = UINT64_C(3) << (width - 2) | 0x5000;
        gmap(&m, gmode, top, 0, DATA, RWXU_);
        gmap(&m, gmode, 0x5000, 0, DATA, RWXU_);
        bench_poke(&m.f->bench, DATA + 8, 8, 42);
        assert_int_equal(load(&m, top + 8, 8), 42);
        uint64_t beyond = UINT64_C(1) << width | 0x5000;
        assert_int_equal(cause_of(&m, MMU_STORE, beyond, 0), CAUSE_STORE_GUEST_PAGE_FAULT);
        assert_true(m.f->hart.exc.tval2 == beyond >> 2);
        machine_free(&m);
    }
}

/* HLV, HLVX, HSV: as VS or VU, with the permissions of that mode. */
static const struct {
    uint64_t leaf, gleaf, hstatus, mstatus, vsstatus;
    unsigned flags;
    uint64_t load, store;
} guest_accesses[] = {
    {RWX_, RWXU_, HSTATUS_SPVP, 0, 0, 0, 0, 0},
    {RWX_, RWXU_, 0, 0, 0, 0, 13, 15},
    {RWXU_, RWXU_, 0, 0, 0, 0, 0, 0},
    {RWXU_, RWXU_, HSTATUS_SPVP, MSTATUS_SUM, 0, 0, 13, 15},
    {RWXU_, RWXU_, HSTATUS_SPVP, 0, MSTATUS_SUM, 0, 0, 0},
    {RWX_ & ~(PTE_R | PTE_W), RWXU_, HSTATUS_SPVP, 0, 0, 0, 13, 15},
    {RWX_ & ~(PTE_R | PTE_W), RWXU_, HSTATUS_SPVP, 0, 0, MMU_HLVX, 0, 0xff},
    {RWX_ & ~(PTE_R | PTE_W), RWXU_, HSTATUS_SPVP, 0, MSTATUS_MXR, 0, 0, 15},
    {RWX_, RWXU_ & ~(PTE_R | PTE_W), HSTATUS_SPVP, 0, MSTATUS_MXR, 0, 21, 23},
    {RWX_, RWXU_ & ~(PTE_R | PTE_W), HSTATUS_SPVP, MSTATUS_MXR, 0, 0, 0, 23},
    {RWX_ & ~PTE_X, RWXU_, HSTATUS_SPVP, 0, 0, MMU_HLVX, 13, 0xff},
    {RWXU_, RWXU_, HSTATUS_SPVP, 0, MSTATUS_SUM, MMU_HLVX, 0, 0xff},
    {RWXU_, RWXU_, HSTATUS_SPVP, 0, 0, MMU_HLVX, 13, 0xff},
    {RWX_, RWXU_ & ~PTE_X, HSTATUS_SPVP, 0, 0, MMU_HLVX, 21, 0xff},
};

static void hypervisor_loads_and_stores(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(guest_accesses) / sizeof(guest_accesses[0]); i++) {
        for (unsigned store = 0; store < 2; store++) {
            struct machine m = guest_new(8, 8);
            map(&m, 8, 0x1000, 0, GPA, guest_accesses[i].leaf);
            gmap(&m, 8, GPA, 0, DATA, guest_accesses[i].gleaf);
            fixture_set(m.f, CSR_hstatus, guest_accesses[i].hstatus);
            fixture_set(m.f, CSR_mstatus, guest_accesses[i].mstatus);
            fixture_set(m.f, CSR_vsstatus, guest_accesses[i].vsstatus);
            fixture_mode(m.f, VD_MODE_S);
            uint64_t expected = store ? guest_accesses[i].store : guest_accesses[i].load;
            uint64_t cause = cause_of(&m, store ? MMU_STORE : MMU_LOAD, 0x1008,
                                      MMU_GUEST | guest_accesses[i].flags);
            if (expected != 0xff && cause != expected)
                fail_msg("row %zu store %u: cause %lu", i, store, cause);
            if (cause)
                assert_true(m.f->hart.exc.gva);
            machine_free(&m);
        }
    }
}

static void HLVX_needs_execute_and_read_of_the_PMP(void **state)
{
    (void)state;
    struct machine m = guest_new(8, 8);
    map(&m, 8, 0x1000, 0, GPA, RWXU_);
    fixture_set(m.f, CSR_pmpaddr0 + 1, ~UINT64_C(0));
    fixture_set(m.f, CSR_pmpaddr0, DATA >> 2 | 0x1ff);
    fixture_mode(m.f, VD_MODE_S);
    for (uint64_t bits = 0; bits < 8; bits++) {
        fixture_set(m.f, CSR_pmpcfg0, 0x1f00 | PMP_NAPOT << 3 | bits);
        bool ok = (bits & (PMP_R | PMP_X)) == (PMP_R | PMP_X);
        assert_int_equal(cause_of(&m, MMU_LOAD, 0x1008, MMU_GUEST | MMU_HLVX),
                         ok ? 0 : CAUSE_LOAD_ACCESS_FAULT);
    }
    machine_free(&m);
}

static void MPRV_with_MPV_loads_as_the_guest(void **state)
{
    (void)state;
    struct machine m = guest_new(8, 8);
    map(&m, 8, 0x1000, 0, GPA, RWX_);
    bench_poke(&m.f->bench, DATA + 8, 8, 77);
    fixture_mode(m.f, VD_MODE_M);
    fixture_set(m.f, CSR_mstatus, MSTATUS_MPRV | MSTATUS_MPV | (uint64_t)PRV_S << 11);
    assert_int_equal(load(&m, 0x1008, 8), 77);
    assert_int_equal(cause_of(&m, MMU_FETCH, DATA, 0), 0); /* fetches are M-mode's */
    fixture_set(m.f, CSR_mstatus, MSTATUS_MPRV | MSTATUS_MPV | (uint64_t)PRV_M << 11);
    assert_int_equal(load(&m, DATA + 8, 8), 77);
    assert_int_equal(cause_of(&m, MMU_LOAD, 0x1008, 0), CAUSE_LOAD_ACCESS_FAULT);
    assert_false(m.f->hart.exc.gva);
    fixture_set(m.f, CSR_mstatus, MSTATUS_MPRV | MSTATUS_MPV);
    assert_int_equal(cause_of(&m, MMU_LOAD, 0x1008, 0), 13); /* VU, and U is clear */
    machine_free(&m);
}

static void misaligned_accesses_work_and_split(void **state)
{
    (void)state;
    struct machine m = machine_new(0);
    map(&m, 8, 0x1000, 0, DATA, RWX_);
    map(&m, 8, 0x2000, 0, DATA + 4 * KIB4, RWX_);
    map(&m, 8, 0x3000, 0, DATA, PTE_V | PTE_R | PTE_A);
    fixture_set(m.f, CSR_satp, root(8, 1, TABLES));
    fixture_mode(m.f, VD_MODE_S);
    struct hart *h = &m.f->hart;
    assert_true(mmu_store(h, 0x1ffb, 8, 0, 0x8877665544332211));
    assert_true(load(&m, 0x1ffb, 8) == 0x8877665544332211);
    assert_int_equal(bench_peek(&m.f->bench, DATA + 0xffb, 4), 0x44332211);
    assert_int_equal(bench_peek(&m.f->bench, DATA + 4 * KIB4, 1), 0x66);
    assert_int_equal(load(&m, 0x1ffd, 2), 0x4433);
    /* The second page faults: its first byte is reported, and nothing was written. */
    bench_poke(&m.f->bench, DATA + 4 * KIB4 + 0xffc, 4, 0);
    assert_false(mmu_store(h, 0x2ffd, 8, 0, ~UINT64_C(0)));
    assert_int_equal(h->exc.cause, CAUSE_STORE_PAGE_FAULT);
    assert_int_equal(h->exc.tval, 0x3000);
    assert_int_equal(h->exc.offset, 3);
    assert_int_equal(bench_peek(&m.f->bench, DATA + 4 * KIB4 + 0xffc, 4), 0);
    uint64_t value;
    assert_false(mmu_load(h, 0x3ffd, 8, 0, &value));
    assert_int_equal(h->exc.tval, 0x4000);
    assert_false(mmu_load(h, 0x100d, 4, MMU_ALIGNED, &value));
    assert_int_equal(h->exc.cause, CAUSE_LOAD_MISALIGNED);
    assert_false(mmu_store(h, 0x1009, 8, MMU_ALIGNED, 0));
    assert_int_equal(h->exc.cause, CAUSE_STORE_MISALIGNED);
    assert_true(mmu_load(h, 0x100c, 4, MMU_ALIGNED, &value));
    void *host;
    uint64_t spa;
    assert_false(mmu_atomic(h, 0x1001, 4, MMU_STORE, 0, NULL, &host, &spa));
    assert_int_equal(h->exc.cause, CAUSE_STORE_MISALIGNED);
    assert_true(mmu_atomic(h, 0x1008, 8, MMU_STORE, 0, NULL, &host, &spa));
    assert_true(host != NULL && spa == DATA + 8);
    assert_false(mmu_atomic(h, 0x3008, 8, MMU_STORE, 0, NULL, &host, &spa));
    assert_int_equal(h->exc.cause, CAUSE_STORE_PAGE_FAULT);
    machine_free(&m);
}

static bool device(void *ctx, struct vd_txn *txn)
{
    if (txn->addr >= RAM)
        return false;
    txn->status = VD_OK;
    if (txn->addr == 0x3000) {
        txn->status = VD_RETRY;
        txn->delay = 12345;
    }
    if (txn->addr >= 0x4000)
        txn->status = VD_DENIED;
    txn->data[0] = txn->cmd == VD_READ ? 0xabcd : txn->data[0];
    *(struct vd_txn *)ctx = *txn;
    return true;
}

static void devices_are_reached_by_the_bus(void **state)
{
    (void)state;
    struct machine m = machine_new(0);
    struct hart *h = &m.f->hart;
    struct vd_txn last = {0};
    m.f->bench.hook = device;
    m.f->bench.hook_ctx = &last;
    m.f->bench.latency = 2500;
    h->cfg.timing.uncached = 2;
    assert_int_equal(load(&m, 0x1000, 4), 0xabcd);
    assert_int_equal(h->st.cycles, 5); /* 2.5 cycles, and 2 */
    assert_int_equal(last.requester, VD_REQUESTER_HART(2));
    assert_true(mmu_store(h, 0x1000, 4, 0, 55));
    assert_int_equal(m.f->bench.num_writes, 0); /* posted: later */
    assert_int_equal(h->st.cycles, 7);
    bench_run(&m.f->bench, 2500);
    assert_int_equal(m.f->bench.num_writes, 1);
    assert_true(last.attrs & VD_POSTED && last.data[0] == 55);
    uint64_t value;
    assert_false(mmu_load(h, 0x3000, 4, 0, &value));
    assert_true(h->exc.cause == HART_RETRY && h->exc.wait >= 12345);
    assert_int_equal(cause_of(&m, MMU_LOAD, 0x4000, 0), CAUSE_LOAD_ACCESS_FAULT);
    assert_int_equal(cause_of(&m, MMU_LOAD, 0x1004, 0), CAUSE_LOAD_ACCESS_FAULT); /* misaligned */
    assert_int_equal(cause_of(&m, MMU_LOAD, 0x2ffd, 0), CAUSE_LOAD_ACCESS_FAULT); /* three bytes */
    assert_int_equal(h->exc.offset, 0);
    assert_int_equal(cause_of(&m, MMU_FETCH, 0x1000, 0), CAUSE_FETCH_ACCESS_FAULT);
    m.f->bench.host.ops->watch(m.f->bench.host.ctx, DATA, true);
    uint64_t cycles = h->st.cycles;
    assert_true(mmu_store(h, DATA, 8, 0, 1));
    assert_int_equal(h->st.cycles, cycles); /* memory, though by the bus */
    m.f->bench.latency = 0;
    assert_int_equal(cause_of(&m, MMU_STORE, 0x4000, 0), CAUSE_STORE_ACCESS_FAULT);
    machine_free(&m);
}

/* Whatever a cache-block operation was checked for, and wherever in the block the fault is. */
static void cache_blocks_fault_as_stores(void **state)
{
    (void)state;
    for (unsigned guest = 0; guest < 2; guest++) {
        struct machine m = guest ? guest_new(8, 8) : machine_new(0);
        struct hart *h = &m.f->hart;
        if (guest) {
            map(&m, 8, 0x1000, 0, GPA, RWX_);
            gmap(&m, 8, GPA, 0, 0, 0);
        } else {
            fixture_set(m.f, CSR_satp, root(8, 1, TABLES));
            fixture_mode(m.f, VD_MODE_S);
        }
        for (unsigned zero = 0; zero < 2; zero++) {
            assert_false(mmu_block(h, 0x1064, 64, zero));
            assert_int_equal(h->exc.cause,
                             guest ? CAUSE_STORE_GUEST_PAGE_FAULT : CAUSE_STORE_PAGE_FAULT);
            assert_int_equal(h->exc.tval, 0x1064);
            assert_int_equal(h->exc.tval2, guest ? (GPA + 0x64) >> 2 : 0);
        }
        machine_free(&m);
    }
}

/* Every VS-stage PTE is at a guest physical address; superpages, a NAPOT page, any mode of either.
 */
static void peeking_goes_through_both_stages(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 9; i++) {
        struct machine m = guest_new(8 + i % 3, 8 + i / 3);
        struct hart *h = &m.f->hart;
        uint64_t spa;
        map(&m, 8 + i % 3, 0x40000000, 0, GPA + 0x3000, RWX_);
        map(&m, 8 + i % 3, 0x80000000, 1, GPA & ~UINT64_C(0x1fffff), RWX_);
        assert_true(hart_peek_address(h, 0x40000123, &spa) && spa == DATA + 0x3123);
        uint64_t inside = GPA & 0x1fffff;
        assert_true(hart_peek_address(h, 0x80000456 + inside, &spa) && spa == DATA + 0x456);
        assert_false(hart_peek_address(h, 0x40001000, &spa));
        assert_false(hart_peek_address(h, 0x80000000 + inside + 8 * 0x1000, &spa));
        fixture_set(m.f, CSR_vsatp, 0);
        assert_true(hart_peek_address(h, GPA + 0x1789, &spa) && spa == DATA + 0x1789);
        fixture_mode(m.f, VD_MODE_M);
        assert_true(hart_peek_address(h, GPA, &spa) && spa == GPA);
        machine_free(&m);
    }
}

static bool see(void *ctx, struct vd_txn *txn)
{
    *(struct vd_txn *)ctx = *txn;
    return false;
}

static void peeking_finds_code_and_changes_nothing(void **state)
{
    (void)state;
    enum { NOP = 0x13, C_NOP = 1 };
    for (unsigned mode = 8; mode <= 10; mode++) {
        struct machine m = machine_new(0);
        struct hart *h = &m.f->hart;
        uint32_t insn = 0;
        bench_poke(&m.f->bench, DATA + 0x10, 4, NOP);
        bench_poke(&m.f->bench, DATA + 0xffe, 2, NOP);
        bench_poke(&m.f->bench, DATA + 0x2000, 2, C_NOP);
        bench_poke(&m.f->bench, DATA + 0x20, 4, 0xfedcba93);
        struct vd_txn seen = {0};
        m.f->bench.hook = see;
        m.f->bench.hook_ctx = &seen;
        assert_true(hart_peek_insn(h, DATA + 0x10, &insn) && insn == NOP); /* M-mode */
        assert_int_equal(seen.requester, VD_REQUESTER_HART(2));
        assert_int_equal(seen.attrs, VD_DEBUG);
        assert_int_equal(seen.size, 2);
        map(&m, mode, 0x40000000, 0, DATA, RWX_);
        map(&m, mode, 0x40001000, 0, DATA + 0x2000, RWX_);
        fixture_set(m.f, CSR_satp, root(mode, 1, TABLES));
        fixture_mode(m.f, VD_MODE_S);
        uint64_t cycles = h->st.cycles;
        assert_true(hart_peek_insn(h, 0x40000010, &insn) && insn == NOP);
        assert_true(hart_peek_insn(h, 0x40000ffe, &insn) && insn == (NOP | C_NOP << 16));
        assert_true(hart_peek_insn(h, 0x40001000, &insn) && insn == C_NOP);
        assert_true(hart_peek_insn(h, 0x40000020, &insn) && insn == 0xfedcba93);
        assert_false(hart_peek_insn(h, 0x40002000, &insn));
        map(&m, mode, 0x40003000, 0, DATA, RWX_ & ~PTE_V);
        assert_false(hart_peek_insn(h, 0x40003000, &insn));
        assert_int_equal(h->st.cycles, cycles);
        assert_true(fast(h->fetch, 0x40000010)->exec_tag == HART_TLB_NONE);
        fixture_mode(m.f, VD_MODE_VS);
        assert_false(hart_peek_insn(h, 0x40000010, &insn)); /* vsatp and hgatp are Bare */
        machine_free(&m);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_mode_and_level_maps),
        cmocka_unit_test(page_permissions),
        cmocka_unit_test(superpages_must_be_aligned_and_links_clean),
        cmocka_unit_test(two_stage_faults),
        cmocka_unit_test(guest_addresses_are_two_bits_wider),
        cmocka_unit_test(hypervisor_loads_and_stores),
        cmocka_unit_test(HLVX_needs_execute_and_read_of_the_PMP),
        cmocka_unit_test(MPRV_with_MPV_loads_as_the_guest),
        cmocka_unit_test(misaligned_accesses_work_and_split),
        cmocka_unit_test(cache_blocks_fault_as_stores),
        cmocka_unit_test(devices_are_reached_by_the_bus),
        cmocka_unit_test(peeking_finds_code_and_changes_nothing),
        cmocka_unit_test(peeking_goes_through_both_stages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
