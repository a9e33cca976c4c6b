/* SPDX-License-Identifier: BSD-2-Clause */
/* Races between a walk and software, order among requests, snapshots, failing accesses. */
#include "iommu/iommu_cache_bed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* A walk under way: the leaf PTE has been read. */
static void start_walk(struct cache_bed *s, uint64_t iova)
{
    s->t.b.latency = 10000;
    struct vd_txn txn = bench_write(iova, 4, 1);
    txn.requester = DEVICE;
    txn.attrs = VD_POSTED;
    bench_forget(&s->t.b);
    iommu_submit(s->t.m, &txn);
}

/* The invalidation of a page that is being walked keeps the walk's result out of the cache. */
static void invalidation_bars_the_fill(void **state)
{
    (void)state;
    for (unsigned barred = 0; barred < 2; barred++) {
        struct cache_bed s;
        cache_bed_open(&s);
        bed_read(&s.t, DEVICE, 0x1000); /* the context */
        start_walk(&s, IOVA);
        /* 12 reads: the last one takes effect at 120 ns. */
        bench_run(&s.t.b, 115000);
        s.t.b.latency = 0;
        bench_poke(&s.t.b, s.t.cq, 8, 1 | 1 << 7);
        if (barred)
            bed_set(&s.t, REG_OFFSET_CQT, 4, 1);
        bed_settle(&s.t);
        assert_int_equal(bed_where(&s.t), 0x80f00000);
        assert_int_equal(cache_bed_hits(&s, IOVA), !barred);
        bed_close(&s.t);
    }
}

/* IOFENCE.C does not end before a walk that may have seen the old table has ended. */
static void fence_waits_for_walks(void **state)
{
    (void)state;
    struct cache_bed s;
    cache_bed_open(&s);
    start_walk(&s, IOVA);
    bench_poke(&s.t.b, s.t.cq, 8, 2);
    bench_run(&s.t.b, 20000);
    bed_set(&s.t, REG_OFFSET_CQT, 4, 1);
    bench_run(&s.t.b, 50000);
    assert_int_equal(bed_get(&s.t, REG_OFFSET_CQH, 4), 0);
    bed_settle(&s.t);
    assert_int_equal(bed_get(&s.t, REG_OFFSET_CQH, 4), 1);
    assert_true(iommu_idle(s.t.m));
    bed_close(&s.t);
}

static struct vd_txn posted(uint32_t device, uint64_t iova, uint64_t value)
{
    struct vd_txn txn = bench_write(iova, 4, value);
    txn.requester = device;
    txn.attrs = VD_POSTED;
    return txn;
}

/* A posted write whose translation is cached does not pass an older one of its device that walks,
 * unless it is relaxed; another device's does. */
static void posted_write_order(void **state)
{
    (void)state;
    struct cache_bed s;
    const struct iommu_config config = {.outstanding = 4};
    cache_bed_open_with(&s, &config);
    bed_map(&s.t, s.first, 3, false, IOVA + 0x1000, 0x10000000, 0, RWXAD | U);
    bed_dc(&s.t, 2, &s.dc);
    bed_write(&s.t, DEVICE, IOVA);
    bed_write(&s.t, 2, IOVA);
    start_walk(&s, IOVA + 0x1000);
    struct vd_txn second = posted(DEVICE, IOVA, 2), third = posted(2, IOVA, 3);
    struct vd_txn fourth = posted(DEVICE, IOVA, 4);
    fourth.attrs |= VD_RELAXED;
    iommu_submit(s.t.m, &second);
    iommu_submit(s.t.m, &third);
    iommu_submit(s.t.m, &fourth);
    bed_settle(&s.t);
    static const uint64_t order[] = {3, 4, 1, 2};
    for (unsigned i = 0; i < 4; i++)
        assert_int_equal(s.t.b.writes[i].data[0], order[i]);
    bed_close(&s.t);
}

static void no_hit_under_miss(void **state)
{
    (void)state;
    struct cache_bed s;
    cache_bed_open(&s); /* outstanding: 1 */
    bed_map(&s.t, s.first, 3, false, IOVA + 0x1000, 0x10000000, 0, RWXAD | U);
    bed_dc(&s.t, 2, &s.dc);
    bed_write(&s.t, 2, IOVA);
    start_walk(&s, IOVA + 0x1000);
    struct vd_txn other = posted(2, IOVA, 3);
    iommu_submit(s.t.m, &other);
    bed_settle(&s.t);
    assert_int_equal(s.t.b.writes[0].data[0], 1);
    bed_close(&s.t);
}

static void back_pressure(void **state)
{
    (void)state;
    struct cache_bed s;
    cache_bed_open(&s);
    s.t.b.latency = 10000;
    unsigned taken = 0;
    struct vd_txn txn = posted(DEVICE, IOVA, 0);
    while (iommu_submit(s.t.m, &txn) == VD_PENDING)
        taken++;
    assert_int_equal(taken, 64);
    bed_settle(&s.t);
    assert_int_equal(s.t.b.num_writes, 64);
    assert_int_equal(iommu_submit(s.t.m, &txn), VD_PENDING);
    bed_settle(&s.t);
    bed_close(&s.t);
}

/* The walk reads while software edits: what it has read it does not read again. */
static void walk_sees_each_word_once(void **state)
{
    (void)state;
    for (unsigned cycles = 0; cycles < 140; cycles += 5) {
        struct cache_bed s;
        cache_bed_open(&s);
        bed_read(&s.t, DEVICE, 0x1000);
        start_walk(&s, IOVA);
        bench_run(&s.t.b, cycles * 1000);
        bench_poke(&s.t.b, s.pte2, 8, 0x80e00000 >> 12 << 10 | RWXAD | U);
        bed_settle(&s.t);
        /* The leaf of the second stage is the last of 12 reads, at 120 ns. */
        assert_int_equal(bed_where(&s.t), cycles < 120 ? 0x80e00000 : 0x80f00000);
        bed_close(&s.t);
    }
}

/* What the IOMMU does on the bus, seen before it is done. */
struct watched {
    struct cache_bed s;
    bool (*hook)(void *ctx, struct vd_txn *txn);
    bool held; /* the device's write is asked to come again */
    uint32_t reads, torn, refused;
};

static bool watch(void *ctx, struct vd_txn *txn)
{
    struct watched *w = ctx;
    if (txn->requester == DEVICE && w->held) {
        w->refused++;
        txn->status = VD_RETRY;
        txn->delay = 1000;
        return true;
    }
    if (txn->requester != DEVICE && txn->cmd == VD_READ) {
        w->reads++;
        w->torn += txn->size % 8 != 0 || txn->addr % 8 != 0;
    }
    return w->hook(&w->s.t, txn);
}

static void watch_open(struct watched *w, const struct iommu_config *config)
{
    *w = (struct watched){.held = false};
    cache_bed_open_with(&w->s, config);
    w->hook = w->s.t.b.hook;
    w->s.t.b.hook = watch;
    w->s.t.b.hook_ctx = w;
}

/* Entries of 16 and 64 bytes may come in pieces, each doubleword comes whole. */
static void I36_no_doubleword_is_torn(void **state)
{
    (void)state;
    static struct watched w;
    for (uint32_t fetch = 0; fetch < 3; fetch++) {
        const struct iommu_config config = {.pte_fetch = fetch};
        watch_open(&w, &config);
        uint64_t table = bed_pages(&w.s.t, 1);
        bench_poke(&w.s.t.b, table, 8, IMSIC_WINDOW >> 12 << 10 | 7);
        w.s.dc.msiptp = UINT64_C(1) << 60 | table >> 12;
        w.s.dc.pattern = 0x10000000 >> 12;
        bed_dc(&w.s.t, DEVICE, &w.s.dc);
        bed_write(&w.s.t, DEVICE, IOVA);
        assert_int_equal(bed_where(&w.s.t), IMSIC_WINDOW);
        assert_in_range(w.reads, 5, 20);
        assert_int_equal(w.torn, 0);
        bed_close(&w.s.t);
    }
}

/* A write that finds no way out holds up neither the walk for the one behind it nor a command. */
static void I37_walks_do_not_wait_for_writes(void **state)
{
    (void)state;
    static struct watched w;
    const struct iommu_config config = {.outstanding = 4};
    watch_open(&w, &config);
    bed_map(&w.s.t, w.s.first, 3, false, IOVA + 0x1000, 0x10000000, 0, RWXAD | U);
    w.held = true;
    struct vd_txn first = posted(DEVICE, IOVA, 1), second = posted(DEVICE, IOVA + 0x1000, 2);
    iommu_submit(w.s.t.m, &first);
    bench_run(&w.s.t.b, 1000000);
    assert_in_range(w.refused, 900, 1100);
    uint32_t before = w.reads;
    iommu_submit(w.s.t.m, &second);
    bench_poke(&w.s.t.b, w.s.t.cq, 8, 1);
    bed_set(&w.s.t, REG_OFFSET_CQT, 4, 1);
    bench_run(&w.s.t.b, 1000000);
    assert_in_range(w.reads - before, 4, 20); /* the walk's, and the command */
    assert_int_equal(bed_get(&w.s.t, REG_OFFSET_CQH, 4), 1);
    w.held = false;
    bench_forget(&w.s.t.b);
    bed_settle(&w.s.t);
    assert_int_equal(w.s.t.b.writes[0].data[0], 1);
    assert_int_equal(w.s.t.b.writes[1].data[0], 2);
    bed_close(&w.s.t);
}

static void snapshot_in_a_walk(void **state)
{
    (void)state;
    static uint8_t buffer[1 << 20];
    for (unsigned cycles = 0; cycles < 140; cycles += 7) {
        struct cache_bed s;
        const struct iommu_config config = {.timing = inorder, .cycle_ps = 1000};
        cache_bed_open_with(&s, &config);
        start_walk(&s, IOVA);
        bench_run(&s.t.b, cycles * 1000);
        size_t size = iommu_save(s.t.m, buffer, sizeof(buffer));
        assert_true(size <= sizeof(buffer));
        iommu_destroy(s.t.m);
        s.t.m = iommu_create(&config, &s.t.b.host, NULL);
        assert_true(iommu_restore(s.t.m, buffer, size));
        bed_settle(&s.t);
        assert_int_equal(bed_where(&s.t), 0x80f00000);
        /* 2 + (L+9) + 1 + 12(L+1), and L for the write to arrive. */
        assert_int_equal(s.t.b.now, (2 + 19 + 1 + 12 * 11 + 10) * 1000);
        assert_false(iommu_restore(s.t.m, buffer, size - 1));
        bed_close(&s.t);
    }
}

/* Two walks in step with one another keep their order through a snapshot. */
static void snapshot_keeps_order(void **state)
{
    (void)state;
    static uint8_t buffer[1 << 20];
    struct iommu_config config = {.timing = inorder, .cycle_ps = 1000, .outstanding = 2};
    config.timing.request_interval = 0;
    struct cache_bed s;
    cache_bed_open_with(&s, &config);
    bed_dc(&s.t, 2, &s.dc);
    start_walk(&s, IOVA);
    struct vd_txn other = posted(2, IOVA, 2);
    iommu_submit(s.t.m, &other);
    for (unsigned i = 0; i < 150; i++) {
        bench_run(&s.t.b, 1000);
        size_t size = iommu_save(s.t.m, buffer, sizeof(buffer));
        iommu_destroy(s.t.m);
        s.t.m = iommu_create(&config, &s.t.b.host, NULL);
        assert_true(iommu_restore(s.t.m, buffer, size));
    }
    bed_settle(&s.t);
    assert_int_equal(s.t.b.num_writes, 2);
    assert_int_equal(s.t.b.writes[0].requester, DEVICE);
    assert_int_equal(s.t.b.writes[1].requester, 2);
    bed_close(&s.t);
}

static struct iommu_config small_caches(void)
{
    return (struct iommu_config){.first_nonleaf = 2,
                                 .second_nonleaf = 2,
                                 .tlb_entries = 2,
                                 .outstanding = 2,
                                 .timing = inorder,
                                 .cycle_ps = 1000};
}

static void open_small(struct cache_bed *s)
{
    const struct iommu_config config = small_caches();
    cache_bed_open_with(s, &config);
    for (unsigned i = 1; i < 4; i++)
        bed_map(&s->t, s->first, 3, false, IOVA + i * 0x1000, 0x10000000, 0, RWXAD | U);
    bed_write(&s->t, DEVICE, IOVA);
}

static void submit_four(struct cache_bed *s, unsigned first)
{
    start_walk(s, IOVA + first * 0x1000);
    for (unsigned i = 1; i < 4; i++) {
        struct vd_txn txn = posted(DEVICE, IOVA + (first + i) % 4 * 0x1000, i);
        iommu_submit(s->t.m, &txn);
    }
}

/* Another instance goes on where this one is. */
static void replace(struct cache_bed *s, const struct iommu_config *config)
{
    static uint8_t buffer[1 << 20];
    size_t size = iommu_save(s->t.m, buffer, sizeof(buffer));
    assert_true(size <= sizeof(buffer));
    iommu_destroy(s->t.m);
    s->t.m = iommu_create(config, &s->t.b.host, NULL);
    assert_true(iommu_restore(s->t.m, buffer, size));
}

static void assert_same_story(const struct bench *x, const struct bench *y)
{
    assert_int_equal(x->now, y->now);
    assert_int_equal(x->num_records, y->num_records);
    assert_memory_equal(x->records, y->records, x->num_records * sizeof(x->records[0]));
    assert_int_equal(x->num_writes, y->num_writes);
    for (uint32_t i = 0; i < x->num_writes; i++)
        assert_int_equal(x->writes[i].addr, y->writes[i].addr);
}

/* Two instances side by side, each with two walks under way and small non-leaf caches: both go on
 * after a snapshot, at whatever cycle, as the undisturbed ones do. */
static void snapshot_of_two_instances(void **state)
{
    (void)state;
    static struct cache_bed calm[2], torn[2];
    for (unsigned cycles = 0; cycles < 160; cycles += 3) {
        for (unsigned i = 0; i < 2; i++) {
            struct cache_bed *beds[] = {&calm[i], &torn[i]};
            for (unsigned k = 0; k < 2; k++) {
                open_small(beds[k]);
                submit_four(beds[k], 1 + i);
            }
        }
        for (unsigned i = 0; i < 2; i++) {
            bench_run(&torn[i].t.b, cycles * 1000);
            bench_run(&calm[i].t.b, cycles * 1000);
        }
        const struct iommu_config config = small_caches();
        replace(&torn[0], &config);
        replace(&torn[1], &config);
        for (unsigned i = 0; i < 2; i++) {
            bed_settle(&calm[i].t);
            bed_settle(&torn[i].t);
            assert_int_equal(calm[i].t.b.num_writes, 4);
            assert_same_story(&calm[i].t.b, &torn[i].t.b);
            bed_close(&calm[i].t);
            bed_close(&torn[i].t);
        }
    }
}

static void two_instances(void **state)
{
    (void)state;
    struct cache_bed a, b;
    cache_bed_open(&a);
    cache_bed_open(&b);
    bench_poke(&b.t.b, b.pte2, 8, 0x80e00000 >> 12 << 10 | RWXAD | U);
    bed_write(&a.t, DEVICE, IOVA);
    bed_write(&b.t, DEVICE, IOVA);
    assert_int_equal(bed_where(&a.t), 0x80f00000);
    assert_int_equal(bed_where(&b.t), 0x80e00000);
    bed_close(&a.t);
    bed_close(&b.t);
}

/* The n-th access fails, for all n: something is reported, nothing hangs. */
static void error_at_every_access(void **state)
{
    (void)state;
    for (unsigned kind = 0; kind < 2; kind++) {
        for (unsigned n = 1; n <= 13; n++) {
            struct cache_bed s;
            cache_bed_open(&s);
            s.t.b.fail_in = n;
            s.t.b.fail_with = kind ? VD_POISON : VD_UNMAPPED;
            assert_int_equal(bed_write(&s.t, DEVICE, IOVA), VD_UNSUPPORTED);
            unsigned ddt = kind ? 268 : 257, table = kind ? 274 : 7;
            assert_int_equal(bed_cause(&s.t, 0), n == 1 ? ddt : table);
            assert_true(iommu_idle(s.t.m));
            assert_int_equal(bed_write(&s.t, DEVICE, IOVA), VD_OK);
            bed_close(&s.t);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(invalidation_bars_the_fill),
        cmocka_unit_test(fence_waits_for_walks),
        cmocka_unit_test(posted_write_order),
        cmocka_unit_test(no_hit_under_miss),
        cmocka_unit_test(back_pressure),
        cmocka_unit_test(walk_sees_each_word_once),
        cmocka_unit_test(I36_no_doubleword_is_torn),
        cmocka_unit_test(I37_walks_do_not_wait_for_writes),
        cmocka_unit_test(snapshot_in_a_walk),
        cmocka_unit_test(snapshot_keeps_order),
        cmocka_unit_test(snapshot_of_two_instances),
        cmocka_unit_test(two_instances),
        cmocka_unit_test(error_at_every_access),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
