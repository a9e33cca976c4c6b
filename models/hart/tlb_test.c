/* SPDX-License-Identifier: BSD-2-Clause */
/* Fast entries, contexts, fences, and the size of the architectural TLB. */
#include "hart/pages.h"

static void fast_entries_follow_accesses(void **state)
{
    (void)state;
    struct machine m = machine_new(0);
    struct hart *h = &m.f->hart;
    load(&m, DATA, 8);
    assert_true(fast(h->data, DATA)->read_tag == DATA);
    assert_true(fast(h->data, DATA)->write_tag == HART_TLB_NONE);
    assert_true(mmu_store(h, DATA, 8, 0, 9));
    assert_true(fast(h->data, DATA)->write_tag == DATA);
    assert_int_equal(*(uint64_t *)(DATA + fast(h->data, DATA)->addend), 9);
    mmu_flush_page_writes(h, DATA);
    assert_true(fast(h->data, DATA)->write_tag == HART_TLB_NONE);
    assert_true(fast(h->data, DATA)->read_tag == DATA);
    m.f->bench.host.ops->watch(m.f->bench.host.ctx, DATA, true);
    assert_true(mmu_store(h, DATA, 8, 0, 10));
    assert_true(fast(h->data, DATA)->write_tag == HART_TLB_NONE);
    assert_int_equal(bench_peek(&m.f->bench, DATA, 8), 10);
    /* Another page with the same index takes the place of both tags. */
    uint64_t other = DATA - (uint64_t)HART_TLB_SIZE * KIB4 / 2;
    assert_true(mmu_store(h, other, 8, 0, 10));
    assert_true(fast(h->data, other)->write_tag == other);
    const uint8_t *host;
    uint64_t spa;
    assert_true(mmu_fetch(h, DATA, &host, &spa));
    assert_true(fast(h->fetch, DATA)->exec_tag == DATA && h->fetch != h->data);
    machine_free(&m);
}

static void a_flush_empties_the_contexts_in_use(void **state)
{
    (void)state;
    struct machine m = machine_new(0);
    struct hart *h = &m.f->hart;
    assert_int_equal(cause_of(&m, MMU_FETCH, DATA, 0), 0);
    load(&m, DATA, 8);
    uint64_t code = h->fetch_context;
    mmu_flush_fast(h);
    assert_true(fast(h->data, DATA)->read_tag == HART_TLB_NONE);
    assert_true(fast(h->fetch, DATA)->exec_tag == HART_TLB_NONE);
    assert_true(h->fetch_context != code);
    machine_free(&m);
}

static void modes_have_their_own_contexts(void **state)
{
    (void)state;
    struct machine m = guest_new(8, 8);
    struct hart *h = &m.f->hart;
    map(&m, 8, 0x1000, 0, GPA, RWX_);
    load(&m, 0x1000, 8);
    const struct hart_tlb_entry *guest = h->data;
    uint64_t code = h->fetch_context;
    fixture_mode(m.f, VD_MODE_S);
    assert_true(h->data != guest && h->fetch_context != code);
    load(&m, DATA, 8);
    fixture_mode(m.f, VD_MODE_VS);
    assert_true(h->data == guest && h->fetch_context == code);
    assert_true(fast(h->data, 0x1000)->read_tag == 0x1000);
    /* SUM changes what data may be touched, not what code is. */
    fixture_set(m.f, CSR_vsstatus, MSTATUS_SUM);
    assert_true(h->data != guest && h->fetch_context == code);
    machine_free(&m);
}

/* SFENCE.VMA: which of two translations a fence takes away. */
static void fences_are_selective(void **state)
{
    (void)state;
    static const struct {
        struct mmu_fence fence;
        bool first, second, global; /* gone */
    } rows[] = {
        {{FENCE_VMA, false, false, 0, 0}, true, true, true},
        {{FENCE_VMA, false, true, 0, 1}, true, true, false},
        {{FENCE_VMA, false, true, 0, 2}, false, false, false},
        {{FENCE_VMA, true, false, 0x1000, 0}, true, false, false},
        {{FENCE_VMA, true, false, 0x3000, 0}, false, false, true},
        {{FENCE_VMA, true, true, 0x2008, 1}, false, true, false},
        {{FENCE_VMA, true, true, 0x1000, 2}, false, false, false},
        {{FENCE_VMA, true, true, 0x3000, 1}, false, false, false},
        {{FENCE_VVMA, false, false, 0, 0}, false, false, false},
        {{FENCE_GVMA, false, false, 0, 0}, false, false, false},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct machine m = machine_new(0);
        fixture_set(m.f, CSR_satp, root(8, 1, TABLES));
        fixture_mode(m.f, VD_MODE_S);
        bool gone[3];
        for (unsigned j = 0; j < 3; j++)
            map(&m, 8, 0x1000 * (j + 1), 0, DATA, RWX_ | (j == 2 ? PTE_G : 0));
        for (unsigned j = 0; j < 3; j++)
            load(&m, 0x1000 * (j + 1), 8);
        for (unsigned j = 0; j < 3; j++)
            map(&m, 8, 0x1000 * (j + 1), 0, 0, 0);
        load(&m, 0x1000, 8); /* stale until fenced */
        mmu_fence(&m.f->hart, &rows[i].fence);
        for (unsigned j = 0; j < 3; j++) {
            uint64_t va = 0x1000 * (j + 1);
            gone[j] = cause_of(&m, MMU_LOAD, va, 0) != 0;
            assert_int_equal(fast(m.f->hart.data, va)->read_tag == va, !gone[j]);
        }
        if (gone[0] != rows[i].first || gone[1] != rows[i].second || gone[2] != rows[i].global)
            fail_msg("row %zu: %d %d %d", i, gone[0], gone[1], gone[2]);
        machine_free(&m);
    }
}

static void guest_fences_are_selective(void **state)
{
    (void)state;
    static const struct {
        enum vd_mode mode;
        struct mmu_fence fence;
        bool gone;
    } rows[] = {
        {VD_MODE_VS, {FENCE_VMA, false, false, 0, 0}, true},
        {VD_MODE_VS, {FENCE_VMA, true, true, 0x1000, 1}, true},
        {VD_MODE_VS, {FENCE_VMA, true, true, 0x1000, 2}, false},
        {VD_MODE_S, {FENCE_VMA, false, false, 0, 0}, false},
        {VD_MODE_S, {FENCE_VVMA, false, false, 0, 0}, true},
        {VD_MODE_S, {FENCE_VVMA, false, true, 0, 3}, false},
        {VD_MODE_S, {FENCE_GVMA, false, false, 0, 0}, true},
        {VD_MODE_S, {FENCE_GVMA, false, true, 0, 7}, true},
        {VD_MODE_S, {FENCE_GVMA, false, true, 0, 8}, false},
        {VD_MODE_S, {FENCE_GVMA, true, true, GPA >> 2, 7}, true},
        {VD_MODE_S, {FENCE_GVMA, true, false, (GPA + KIB4) >> 2, 0}, false},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct machine m = guest_new(8, 8);
        map(&m, 8, 0x1000, 0, GPA, RWX_);
        load(&m, 0x1000, 8);
        map(&m, 8, 0x1000, 0, 0, 0);
        gmap(&m, 8, GPA, 0, 0, 0);
        fixture_mode(m.f, rows[i].mode);
        mmu_fence(&m.f->hart, &rows[i].fence);
        fixture_mode(m.f, VD_MODE_VS);
        bool gone = cause_of(&m, MMU_LOAD, 0x1000, 0) != 0;
        if (gone != rows[i].gone)
            fail_msg("row %zu: %d", i, gone);
        machine_free(&m);
    }
}

static void a_VVMA_of_another_VMID_does_nothing(void **state)
{
    (void)state;
    struct machine m = guest_new(8, 8);
    map(&m, 8, 0x1000, 0, GPA, RWX_);
    load(&m, 0x1000, 8);
    map(&m, 8, 0x1000, 0, 0, 0);
    fixture_set(m.f, CSR_hgatp, root(8, 9, GTABLES));
    mmu_fence(&m.f->hart, &(struct mmu_fence){.kind = FENCE_VVMA});
    fixture_set(m.f, CSR_hgatp, root(8, 7, GTABLES));
    load(&m, 0x1000, 8);
    machine_free(&m);
}

static void a_fence_reaches_every_piece_of_a_superpage(void **state)
{
    (void)state;
    struct machine m = machine_new(0);
    map(&m, 8, GPA, 1, RAM, RWX_);
    fixture_set(m.f, CSR_satp, root(8, 1, TABLES));
    fixture_mode(m.f, VD_MODE_S);
    load(&m, GPA, 8);
    load(&m, GPA + 5 * KIB4, 8);
    map(&m, 8, GPA, 1, 0, 0);
    load(&m, GPA + 5 * KIB4, 8);
    uint64_t code = m.f->hart.fetch_context;
    struct mmu_fence fence = {.kind = FENCE_VMA, .has_va = true, .va = GPA + 8};
    mmu_fence(&m.f->hart, &fence);
    assert_int_equal(cause_of(&m, MMU_LOAD, GPA + 5 * KIB4, 0), 13);
    assert_true(m.f->hart.fetch_context == code);
    machine_free(&m);
}

static void a_fence_cuts_links_only_where_code_was_fetched(void **state)
{
    const uint8_t *host;
    uint64_t spa;
    (void)state;
    struct machine m = machine_new(0);
    map(&m, 8, GPA, 1, RAM, RWX_);
    fixture_set(m.f, CSR_satp, root(8, 1, TABLES));
    fixture_mode(m.f, VD_MODE_S);
    assert_true(mmu_fetch(&m.f->hart, GPA + 5 * KIB4, &host, &spa));
    uint64_t code = m.f->hart.fetch_context;
    struct mmu_fence fence = {.kind = FENCE_VMA, .has_va = true, .va = GPA - 8};
    mmu_fence(&m.f->hart, &fence);
    assert_true(m.f->hart.fetch_context == code);
    fence.va = GPA + 8;
    mmu_fence(&m.f->hart, &fence);
    assert_true(m.f->hart.fetch_context != code);
    machine_free(&m);
}

static void ASIDs_keep_translations_apart(void **state)
{
    (void)state;
    struct machine m = machine_new(0);
    map(&m, 8, 0x1000, 0, DATA, RWX_);
    map(&m, 8, 0x2000, 0, DATA, RWX_ | PTE_G);
    fixture_set(m.f, CSR_satp, root(8, 1, TABLES));
    fixture_mode(m.f, VD_MODE_S);
    load(&m, 0x1000, 8);
    load(&m, 0x2000, 8);
    map(&m, 8, 0x1000, 0, 0, 0);
    map(&m, 8, 0x2000, 0, 0, 0);
    fixture_set(m.f, CSR_satp, root(8, 2, TABLES));
    assert_int_equal(cause_of(&m, MMU_LOAD, 0x1000, 0), 13);
    load(&m, 0x2000, 8);
    fixture_set(m.f, CSR_satp, root(8, 1, TABLES));
    load(&m, 0x1000, 8);
    machine_free(&m);
}

static void VMIDs_keep_translations_apart(void **state)
{
    (void)state;
    struct machine m = guest_new(8, 8);
    map(&m, 8, 0x1000, 0, GPA, RWX_);
    load(&m, 0x1000, 8);
    gmap(&m, 8, GPA, 0, 0, 0);
    fixture_set(m.f, CSR_hgatp, root(8, 9, GTABLES));
    assert_int_equal(cause_of(&m, MMU_LOAD, 0x1000, 0), CAUSE_LOAD_GUEST_PAGE_FAULT);
    fixture_set(m.f, CSR_hgatp, root(8, 7, GTABLES));
    load(&m, 0x1000, 8);
    machine_free(&m);
}

static void a_bare_G_stage_is_fenced_whatever_its_VMID(void **state)
{
    (void)state;
    struct machine m = guest_new(8, 8);
    fixture_set(m.f, CSR_hgatp, UINT64_C(7) << 44);
    map(&m, 8, 0x1000, 0, DATA, RWX_);
    load(&m, 0x1000, 8);
    map(&m, 8, 0x1000, 0, 0, 0);
    mmu_fence(&m.f->hart, &(struct mmu_fence){.kind = FENCE_VMA});
    assert_int_equal(cause_of(&m, MMU_LOAD, 0x1000, 0), CAUSE_LOAD_PAGE_FAULT);
    machine_free(&m);
}

static void a_small_TLB_forgets(void **state)
{
    (void)state;
    struct machine m = machine_new(2);
    m.f->hart.cfg.timing.tlb_read = 1;
    for (uint64_t i = 0; i < 3; i++)
        map(&m, 8, 0x1000 * (i + 1), 0, DATA, RWX_);
    fixture_set(m.f, CSR_satp, root(8, 1, TABLES));
    fixture_mode(m.f, VD_MODE_S);
    uint64_t va[] = {0x1000, 0x2000, 0x1000, 0x3000, 0x2000, 0x1000};
    uint64_t walks[] = {1, 1, 0, 1, 0, 1};
    for (unsigned i = 0; i < 6; i++) {
        uint64_t before = m.f->hart.st.cycles;
        load(&m, va[i], 8);
        assert_int_equal(m.f->hart.st.cycles - before, 3 * walks[i]);
    }
    assert_true(fast(m.f->hart.data, 0x2000)->read_tag != 0x2000); /* 0x1000 took its place */
    machine_free(&m);
}

/* A translation that software has not fenced is as stale after a restore as before. */
static void a_snapshot_keeps_stale_translations(void **state)
{
    (void)state;
    struct machine m = guest_new(8, 8);
    map(&m, 8, 0x1000, 0, GPA, RWX_);
    map(&m, 8, 0x200000, 1, GPA & ~UINT64_C(0x1fffff), RWX_);
    load(&m, 0x1000, 8);
    load(&m, 0x200000, 8);
    map(&m, 8, 0x1000, 0, 0, 0);
    size_t size = mmu_save_tlb(&m.f->hart, NULL);
    uint8_t *one = malloc(size), *two = malloc(size);
    mmu_save_tlb(&m.f->hart, one);
    mmu_rebuild(&m.f->hart);
    assert_int_equal(cause_of(&m, MMU_LOAD, 0x1000, 0), CAUSE_LOAD_PAGE_FAULT);
    mmu_rebuild(&m.f->hart);
    mmu_load_tlb(&m.f->hart, one);
    mmu_save_tlb(&m.f->hart, two);
    assert_memory_equal(one, two, size);
    load(&m, 0x1000, 8);
    map(&m, 8, 0x200000, 1, 0, 0);
    load(&m, 0x200000, 8);
    mmu_fence(&m.f->hart, &(struct mmu_fence){.kind = FENCE_VMA, .has_va = true, .va = 0x201000});
    assert_int_equal(cause_of(&m, MMU_LOAD, 0x200000, 0), CAUSE_LOAD_PAGE_FAULT);
    load(&m, 0x1000, 8);
    free(one);
    free(two);
    machine_free(&m);
}

/* An entry of one mode of the second stage is none of another's, whose VMID is the same. */
static void the_mode_of_the_G_stage_tells_entries_apart(void **state)
{
    (void)state;
    struct machine m = guest_new(8, 8);
    map(&m, 8, 0x1000, 0, GPA, RWX_);
    load(&m, 0x1000, 8);
    fixture_set(m.f, CSR_hgatp, UINT64_C(7) << 44);
    assert_int_equal(cause_of(&m, MMU_LOAD, 0x1000, 0), CAUSE_LOAD_ACCESS_FAULT);
    fixture_set(m.f, CSR_hgatp, root(9, 7, DATA + 0x10000)); /* an empty table */
    assert_int_equal(cause_of(&m, MMU_LOAD, 0x1000, 0), CAUSE_LOAD_GUEST_PAGE_FAULT);
    fixture_set(m.f, CSR_hgatp, root(8, 7, GTABLES));
    load(&m, 0x1000, 8);
    machine_free(&m);
}

static uint32_t context_flags(struct machine *m, unsigned setting)
{
    struct hart *h = &m->f->hart;
    uint64_t sum = setting & 1 ? MSTATUS_SUM : 0, mxr = setting & 2 ? MSTATUS_MXR : 0;
    bool virt = setting & 4;
    h->st.csr.mstatus = (h->st.csr.mstatus & ~(MSTATUS_SUM | MSTATUS_MXR)) | mxr | (virt ? 0 : sum);
    h->st.csr.vsstatus = (virt ? sum : 0) | (virt && (setting & 8) ? MSTATUS_MXR : 0);
    uint64_t pmm = (uint64_t)(setting >> 4) << ENVCFG_PMM_LSB;
    h->st.csr.senvcfg = h->st.csr.menvcfg = h->st.csr.henvcfg = pmm;
    fixture_mode(m->f, virt ? VD_MODE_VS : VD_MODE_S);
    return h->vtlb->keys[h->vtlb->data].flags;
}

/* Whatever an access depends on tells contexts apart. */
static void contexts_are_told_apart(void **state)
{
    (void)state;
    struct machine m = guest_new(8, 8);
    uint32_t seen[64];
    unsigned count = 0;
    for (unsigned setting = 0; setting < 64; setting++) {
        bool masked = setting >> 4, readable = setting & 10;
        if (setting >> 4 == 1 || (!(setting & 4) && (setting & 8)) || (masked && readable))
            continue; /* reserved, without a meaning, without an effect */
        seen[count] = context_flags(&m, setting);
        assert_int_equal(context_flags(&m, setting), seen[count]);
        for (unsigned i = 0; i < count; i++)
            assert_int_not_equal(seen[i], seen[count]);
        count++;
    }
    assert_int_equal(count, 20);
    machine_free(&m);
}

/* Tags are whole addresses: an address that is not canonical is none of another's. */
static void tags_have_the_highest_bit(void **state)
{
    (void)state;
    struct machine m = machine_new(0);
    uint64_t va = UINT64_C(0xffffffffc0001000), spa;
    const uint8_t *host;
    map(&m, 8, va, 0, DATA, RWX_);
    fixture_set(m.f, CSR_satp, root(8, 1, TABLES));
    fixture_mode(m.f, VD_MODE_S);
    load(&m, va + 8, 8);
    assert_true(fast(m.f->hart.data, va)->read_tag == va);
    assert_true(mmu_store(&m.f->hart, va + 8, 8, 0, 1));
    assert_true(fast(m.f->hart.data, va)->write_tag == va);
    assert_true(mmu_fetch(&m.f->hart, va + 8, &host, &spa));
    assert_true(fast(m.f->hart.fetch, va)->exec_tag == va);
    assert_true(m.f->hart.vtlb->spa[m.f->hart.vtlb->data][va >> 12 & (HART_TLB_SIZE - 1)] == DATA);
    machine_free(&m);
}

/* A Bare first stage is one leaf, whatever the address of the fence. */
static void a_bare_first_stage_is_fenced_at_any_address(void **state)
{
    (void)state;
    for (uint64_t va = 0x1000; va; va <<= 1) {
        struct machine m = guest_new(0, 8);
        struct mmu_fence fence = {FENCE_VVMA, true, false, va, 0};
        load(&m, GPA, 8);
        gmap(&m, 8, GPA, 0, 0, 0);
        assert_int_equal(cause_of(&m, MMU_LOAD, GPA, 0), 0);
        mmu_fence(&m.f->hart, &fence);
        assert_int_equal(cause_of(&m, MMU_LOAD, GPA, 0), CAUSE_LOAD_GUEST_PAGE_FAULT);
        machine_free(&m);
    }
}

/* Bare whatever the ASID, and without pointer masking no bit of an address is ignored. */
static void bare_translation(void **state)
{
    (void)state;
    struct machine m = machine_new(0);
    fixture_mode(m.f, VD_MODE_S);
    for (unsigned bit = 44; bit < 60; bit++) {
        m.f->hart.st.csr.satp = VD_BIT(bit);
        assert_int_equal(cause_of(&m, MMU_LOAD, DATA, 0), 0);
    }
    for (unsigned bit = 56; bit < 64; bit++)
        assert_int_equal(cause_of(&m, MMU_LOAD, VD_BIT(bit) | DATA, 0), CAUSE_LOAD_ACCESS_FAULT);
    map(&m, 8, 0x1000, 0, DATA, RWX_);
    fixture_set(m.f, CSR_satp, root(8, 1, TABLES));
    for (unsigned bit = 39; bit < 64; bit++)
        assert_int_equal(cause_of(&m, MMU_LOAD, VD_BIT(bit) | 0x1000, 0), CAUSE_LOAD_PAGE_FAULT);
    machine_free(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bare_translation),
        cmocka_unit_test(fast_entries_follow_accesses),
        cmocka_unit_test(a_flush_empties_the_contexts_in_use),
        cmocka_unit_test(modes_have_their_own_contexts),
        cmocka_unit_test(fences_are_selective),
        cmocka_unit_test(guest_fences_are_selective),
        cmocka_unit_test(a_VVMA_of_another_VMID_does_nothing),
        cmocka_unit_test(a_fence_reaches_every_piece_of_a_superpage),
        cmocka_unit_test(a_fence_cuts_links_only_where_code_was_fetched),
        cmocka_unit_test(ASIDs_keep_translations_apart),
        cmocka_unit_test(VMIDs_keep_translations_apart),
        cmocka_unit_test(a_bare_G_stage_is_fenced_whatever_its_VMID),
        cmocka_unit_test(contexts_are_told_apart),
        cmocka_unit_test(tags_have_the_highest_bit),
        cmocka_unit_test(a_bare_first_stage_is_fenced_at_any_address),
        cmocka_unit_test(the_mode_of_the_G_stage_tells_entries_apart),
        cmocka_unit_test(a_small_TLB_forgets),
        cmocka_unit_test(a_snapshot_keeps_stale_translations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
