/* SPDX-License-Identifier: BSD-2-Clause */
/* The TLB by itself: its shape, which entry answers, which has to go, and what a snapshot keeps. */
#include "hart/fixture.h"

static void shapes(void **state)
{
    (void)state;
    static const struct {
        uint32_t entries, sets, ways;
    } rows[] = {{0, 256, 4},    {1, 1, 1},      {2, 1, 2},      {63, 1, 63},
                {64, 1, 64},    {65, 16, 4},    {127, 16, 4},   {128, 32, 4},
                {1023, 128, 4}, {1024, 256, 4}, {4096, 1024, 4}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct tlb tlb = {0};
        assert_true(tlb_create(&tlb, rows[i].entries));
        assert_int_equal(tlb.sets, rows[i].sets);
        assert_int_equal(tlb.ways, rows[i].ways);
        tlb_destroy(&tlb);
    }
}

static struct tlb_entry entry_at(uint64_t va, uint16_t asid)
{
    return (struct tlb_entry){.va = va,
                              .gpa = va + 0x100000,
                              .spa = va + 0x200000,
                              .space = {.mode = 8, .asid = asid},
                              .shift = 12,
                              .gshift = 21,
                              .leaf = PTE_V | PTE_R,
                              .gleaf = PTE_V | PTE_W,
                              .valid = true};
}

/* An entry of its own space is replaced, then an empty way, then one after the other. */
static void who_has_to_go(void **state)
{
    (void)state;
    struct tlb tlb = {0};
    struct tlb_entry evicted, e;
    assert_true(tlb_create(&tlb, 128));
    for (uint16_t asid = 1; asid <= 4; asid++) {
        e = entry_at(0x5000, asid);
        tlb_insert(&tlb, &e, &evicted);
        assert_false(evicted.valid);
    }
    e = entry_at(0x5000, 3);
    e.spa = 0x777000;
    tlb_insert(&tlb, &e, &evicted);
    assert_true(evicted.valid && evicted.space.asid == 3);
    assert_int_equal(tlb_find(&tlb, &e.space, 0x5fff)->spa, 0x777000);
    for (uint16_t asid = 5; asid <= 10; asid++) {
        e = entry_at(0x5000, asid);
        tlb_insert(&tlb, &e, &evicted);
        assert_true(evicted.valid && evicted.space.asid == asid - 4);
    }
    e = entry_at(0x6000, 1); /* another set */
    tlb_insert(&tlb, &e, &evicted);
    assert_false(evicted.valid);
    e = entry_at(0x25000, 1); /* the same one */
    tlb_insert(&tlb, &e, &evicted);
    assert_true(evicted.valid && evicted.va == 0x5000);
    tlb_destroy(&tlb);
}

static void who_answers(void **state)
{
    (void)state;
    static const struct {
        struct tlb_space own;
        uint8_t leaf;
        struct tlb_space asked;
        bool answers;
    } rows[] = {
        {{0, 8, 0, 1, 0}, 0, {0, 8, 0, 1, 0}, true},
        {{0, 8, 0, 1, 0}, 0, {0, 8, 0, 2, 0}, false},
        {{0, 8, 0, 1, 0}, PTE_G, {0, 8, 0, 2, 0}, true},
        {{0, 8, 0, 1, 0}, PTE_G, {0, 9, 0, 1, 0}, false},
        {{0, 0, 0, 1, 0}, 0, {0, 0, 0, 2, 0}, true},
        {{0, 8, 0, 1, 7}, 0, {0, 8, 0, 1, 8}, true}, /* no VMID without V=1 */
        {{1, 8, 8, 1, 7}, 0, {1, 8, 8, 1, 7}, true},
        {{1, 8, 8, 1, 7}, 0, {1, 8, 8, 1, 8}, false},
        {{1, 8, 8, 1, 7}, PTE_G, {1, 8, 8, 2, 7}, true},
        {{1, 8, 8, 1, 7}, PTE_G, {1, 8, 8, 2, 8}, false},
        {{1, 0, 8, 1, 7}, 0, {1, 0, 8, 2, 7}, true},
        {{1, 8, 8, 1, 7}, 0, {1, 8, 9, 1, 7}, false},
        {{1, 8, 0, 1, 7}, 0, {0, 8, 0, 1, 7}, false},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct tlb tlb = {0};
        struct tlb_entry e = entry_at(0x5000, 0), evicted;
        assert_true(tlb_create(&tlb, 4));
        e.space = rows[i].own;
        e.leaf = rows[i].leaf;
        tlb_insert(&tlb, &e, &evicted);
        assert_int_equal(tlb_find(&tlb, &rows[i].asked, 0x5000) != NULL, rows[i].answers);
        assert_null(tlb_find(&tlb, &rows[i].asked, 0x6000));
        tlb_destroy(&tlb);
    }
}

/* Pieces of larger leaves are counted by size, wherever they are; after the last is gone, none. */
static void pieces_are_counted(void **state)
{
    (void)state;
    static const uint8_t shifts[] = {12, 13, 21, 30, 39, 48, 64};
    struct tlb tlb = {0};
    struct tlb_entry evicted, small = entry_at(0x5000, 0);
    assert_true(tlb_create(&tlb, 1));
    for (unsigned i = 0; i < sizeof(shifts); i++) {
        struct tlb_entry e = entry_at(0x40005000, 0);
        uint32_t sum = 0;
        e.shift = shifts[i];
        tlb_insert(&tlb, &e, &evicted);
        assert_int_equal(tlb.of_size[shifts[i]], shifts[i] > 12);
        assert_int_equal(tlb.pieces[0], shifts[i] > 12);
        assert_int_equal(tlb.valid[0], 1);
        tlb_insert(&tlb, &small, &evicted);
        assert_int_equal(tlb.pieces[0], 0);
        assert_int_equal(tlb.of_size[shifts[i]], 0);
        for (unsigned n = 0; n < 1 << 12; n++)
            sum += tlb.leaves[n];
        assert_int_equal(sum, 0);
    }
    tlb_destroy(&tlb);
}

static void a_snapshot_keeps_everything(void **state)
{
    (void)state;
    static uint8_t first[1 << 16], second[1 << 16];
    struct tlb a = {0}, b = {0};
    struct tlb_entry evicted;
    assert_true(tlb_create(&a, 128) && tlb_create(&b, 128));
    for (uint64_t i = 0; i < 150; i++) {
        struct tlb_entry e = entry_at(i * 0x1000, (uint16_t)i);
        e.space = (struct tlb_space){1, 8, 9, (uint16_t)(i + 1), (uint16_t)(i + 2)};
        e.shift = i & 1 ? 21 : 12;
        tlb_insert(&a, &e, &evicted);
    }
    size_t size = tlb_save(&a, NULL);
    assert_true(size <= sizeof(first) && tlb_save(&a, first) == size);
    tlb_load(&b, first);
    assert_int_equal(tlb_save(&b, second), size);
    assert_memory_equal(first, second, size);
    assert_memory_equal(a.of_size, b.of_size, sizeof(a.of_size));
    assert_memory_equal(a.leaves, b.leaves, sizeof(a.leaves[0]) << 12);
    for (unsigned word = 0; word < 2; word++)
        assert_true(a.valid[word] == b.valid[word] && a.pieces[word] == b.pieces[word]);
    for (uint64_t i = 0; i < 150; i++) {
        struct tlb_space space = {1, 8, 9, (uint16_t)(i + 1), (uint16_t)(i + 2)};
        const struct tlb_entry *x = tlb_find(&a, &space, i * 0x1000);
        const struct tlb_entry *y = tlb_find(&b, &space, i * 0x1000);
        assert_int_equal(x != NULL, y != NULL);
        if (x)
            assert_true(x->gpa == y->gpa && x->spa == y->spa && x->shift == y->shift &&
                        x->gshift == y->gshift && x->leaf == y->leaf && x->gleaf == y->gleaf);
    }
    tlb_clear(&b);
    tlb_save(&b, second);
    for (size_t i = 0; i < size; i++)
        assert_int_equal(second[i], 0);
    assert_int_equal(b.of_size[21], 0);
    tlb_destroy(&a);
    tlb_destroy(&b);
}

/* One by one, and all of them; every second is a piece of a larger leaf. */
static void a_fence_finds_every_entry(void **state)
{
    (void)state;
    enum { ENTRIES = 1024 };
    struct fixture *f = fixture_new(3, true);
    struct tlb *tlb = &f->hart.vtlb->side[TLB_DATA];
    struct tlb_space space = entry_at(0, 1).space;
    for (unsigned whole = 0; whole < 2; whole++) {
        struct tlb_entry evicted;
        for (uint64_t i = 0; i < ENTRIES; i++) {
            struct tlb_entry e = entry_at(i << 12, 1);
            e.shift = i & 1 ? 13 : 12;
            tlb_insert(tlb, &e, &evicted);
            assert_false(evicted.valid);
        }
        struct mmu_fence other = {.kind = FENCE_VMA, .has_id = true, .id = 2};
        assert_false(tlb_fence(tlb, &f->hart, &other, false, 0));
        for (uint64_t i = 0; i < (whole ? 2 : ENTRIES);
             i += 2) { /* an entry, and a piece beside it */
            struct mmu_fence fence = {.kind = FENCE_VMA, .has_va = !whole, .va = i << 12};
            assert_non_null(tlb_find(tlb, &space, i << 12));
            assert_non_null(tlb_find(tlb, &space, (i + 1) << 12));
            assert_true(tlb_fence(tlb, &f->hart, &fence, false, 0));
        }
        for (uint64_t i = 0; i < ENTRIES; i++)
            assert_null(tlb_find(tlb, &space, i << 12));
        for (unsigned word = 0; word < ENTRIES / 64; word++)
            assert_true(tlb->valid[word] == 0 && tlb->pieces[word] == 0);
        assert_int_equal(tlb->of_size[13], 0);
    }
    fixture_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shapes),
        cmocka_unit_test(who_has_to_go),
        cmocka_unit_test(who_answers),
        cmocka_unit_test(pieces_are_counted),
        cmocka_unit_test(a_snapshot_keeps_everything),
        cmocka_unit_test(a_fence_finds_every_entry),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
