/* SPDX-License-Identifier: BSD-2-Clause */
/* Non-leaf PTEs in caches: what they save, what removes them, who is told that they are stale. */
#include "iommu/iommu_testbed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum {
    DEVICE = 1,
    IOVA = 0x40000000,
    NEXT = IOVA + 0x1000,
    FAR = IOVA + 0x200000,
    GPA = 0x10000000
};
enum { VMA = 1, GVMA = 1 | 1 << 7, WITH_NL = 1 << 10, PAGES = 8 };
#define BIT(n)   (UINT64_C(1) << (n))
#define GV(n)    (BIT(33) | (uint64_t)(n) << 44)
#define PSCID(n) ((uint64_t)(n) << 12 | BIT(32))
#define AV       (UINT64_C(1) << 10)
#define NL       BIT(34)
#define ADDR(a)  (((uint64_t)(a) >> 12) << 10)
#define PPN(a)   ((uint64_t)(a) >> 12 << 10)
#define HOST     UINT64_C(0x80f00000)

struct nonleaf_bed {
    struct testbed t;
    uint64_t first, second;
    uint64_t pointer1, pointer2; /* to the table of leaves, by stage */
    struct bed_dc dc;
};

/* IOVA + n pages -> GPA + n pages -> HOST + n pages, FAR -> GPA; tables are in 2-MiB pages. */
static void open_with(struct nonleaf_bed *s, const struct iommu_config *config)
{
    struct testbed *t = &s->t;
    bed_open(t, config);
    bed_start(t, 2);
    s->first = bed_pages(t, 1);
    s->second = bed_pages(t, 4);
    for (uint64_t a = 0x80000000; a < 0x80400000; a += 0x200000)
        bed_map(t, s->second, 3, true, a, a, 1, RWXAD | U);
    for (unsigned i = 0; i < PAGES; i++) {
        uint64_t offset = i * 0x1000u;
        bed_map(t, s->first, 3, false, IOVA + offset, GPA + offset, 0, RWXAD | U);
        bed_map(t, s->second, 3, true, GPA + offset, HOST + offset, 0, RWXAD | U);
    }
    bed_map(t, s->first, 3, false, FAR, GPA, 0, RWXAD | U);
    uint64_t middle1 = bench_peek(&t->b, s->first + 8 * (IOVA >> 30), 8) >> 10 << 12;
    uint64_t middle2 = bench_peek(&t->b, s->second, 8) >> 10 << 12;
    s->pointer1 = middle1;
    s->pointer2 = middle2 + 8 * (GPA >> 21);
    s->dc = (struct bed_dc){.tc = 1,
                            .iohgatp = UINT64_C(8) << 60 | UINT64_C(7) << 44 | s->second >> 12,
                            .ta = 3 << 12,
                            .fsc = UINT64_C(8) << 60 | s->first >> 12};
    bed_dc(t, DEVICE, &s->dc);
}

/* The reads of the check are counted as well. */
static void open(struct nonleaf_bed *s, bool stale_check)
{
    const struct iommu_config config = {
        .first_nonleaf = 8, .second_nonleaf = 8, .stale_check = stale_check};
    open_with(s, &config);
}

static uint64_t reads_of(struct nonleaf_bed *s, uint64_t iova)
{
    s->t.b.num_reads = 0;
    assert_int_equal(bed_write(&s->t, DEVICE, iova), VD_OK);
    return s->t.b.num_reads;
}

/* A pointer in the cache saves the reads down to its table, which is what the walk counts. */
static void nonleaf_entries_save_reads(void **state)
{
    (void)state;
    static const struct {
        uint32_t first, second;
        uint64_t cold, next, one_stage;
    } cases[] = {
        {0, 0, 1 + 12, 12, 3}, {8, 0, 1 + 12, 6, 1}, {0, 8, 1 + 10, 7, 3},
        {8, 8, 1 + 10, 3, 1},  {1, 1, 1 + 10, 6, 1},
    };
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct nonleaf_bed s;
        const struct iommu_config config = {.first_nonleaf = cases[i].first,
                                            .second_nonleaf = cases[i].second};
        open_with(&s, &config);
        assert_int_equal(reads_of(&s, IOVA), cases[i].cold);
        assert_int_equal(reads_of(&s, NEXT), cases[i].next);
        assert_int_equal(reads_of(&s, NEXT), 0);
        s.dc.iohgatp = 0;
        s.dc.ta = 4 << 12;
        bed_dc(&s.t, 2, &s.dc);
        bed_write(&s.t, 2, IOVA);
        s.t.b.num_reads = 0;
        bed_write(&s.t, 2, NEXT);
        assert_int_equal(s.t.b.num_reads, cases[i].one_stage);
        bed_close(&s.t);
    }
}

/* Pointers of all levels stay beside one another; the deepest serves. */
static void nonleaf_entries_of_every_level(void **state)
{
    (void)state;
    struct nonleaf_bed s;
    open(&s, false);
    reads_of(&s, IOVA);
    assert_int_equal(reads_of(&s, FAR), (1 + 1) + (1 + 1) + 1);
    assert_int_equal(bed_where(&s.t), HOST);
    assert_int_equal(reads_of(&s, NEXT), 3);
    bed_close(&s.t);
}

struct shot {
    uint64_t dw0, dw1, reads;
};

/* The reads of a page whose neighbour has filled the caches: 3, all pointers known; 7, the first
 * stage walks from its root; 6, the second does; 5 and 4, it does for the page, for the tables. */
static void shoot(const struct shot *shots, unsigned count, bool global)
{
    for (unsigned i = 0; i < count; i++) {
        struct nonleaf_bed s;
        open(&s, false);
        if (global)
            bench_poke(&s.t.b, s.pointer1, 8, bench_peek(&s.t.b, s.pointer1, 8) | G);
        reads_of(&s, IOVA);
        bed_command(&s.t, shots[i].dw0, shots[i].dw1);
        uint64_t reads = reads_of(&s, NEXT);
        if (reads != shots[i].reads)
            fail_msg("case %u: %u reads", i, (unsigned)reads);
        assert_int_equal(bed_where(&s.t), HOST + 0x1000);
        bed_close(&s.t);
    }
}

static void CMD_7_nonleaf_VMA(void **state)
{
    (void)state;
    static const struct shot shots[] = {
        {VMA, 0, 3}, /* GV=0: host address spaces only */
        {VMA | GV(7), 0, 7},
        {VMA | GV(6), 0, 3},
        {VMA | GV(7) | PSCID(3), 0, 7},
        {VMA | GV(7) | PSCID(4), 0, 3},
        {VMA | GV(7) | NL, ADDR(0x1000), 7}, /* AV=0: NL and ADDR ignored */
        {VMA | GV(7) | AV, ADDR(IOVA), 3},
        {VMA | GV(7) | AV, ADDR(NEXT), 3},
        {VMA | GV(7) | AV | NL, ADDR(IOVA), 7},
        {VMA | GV(7) | AV | NL, ADDR(NEXT), 7},
        {VMA | GV(7) | AV | NL, ADDR(IOVA + 0x200000), 3}, /* only the pointer above goes */
        {VMA | GV(7) | AV | NL, ADDR(IOVA + BIT(30)), 3},
        {VMA | GV(6) | AV | NL, ADDR(IOVA), 3},
        {VMA | AV | NL, ADDR(IOVA), 3},
        {VMA | GV(7) | PSCID(3) | AV | NL, ADDR(IOVA), 7},
        {VMA | GV(7) | PSCID(2) | AV | NL, ADDR(IOVA), 3},
        {VMA | GV(7) | AV | NL, ADDR(IOVA + 0x2ff000) | 1 << 9, 3}, /* 8 MiB from its own start */
        {VMA | GV(7) | AV | NL, (UINT64_MAX >> 13) << 10 | 1 << 9, 7},
        {VMA | GV(7) | AV | NL, ADDR(GPA), 3},
    };
    shoot(shots, 16, false);
    shoot(&shots[17], 2, false);
}

static void CMD_7_nonleaf_global(void **state)
{
    (void)state;
    static const struct shot shots[] = {
        {VMA | GV(7) | PSCID(3), 0, 3},
        {VMA | GV(7) | PSCID(3) | AV | NL, ADDR(IOVA), 3},
        {VMA | GV(7) | AV | NL, ADDR(IOVA), 7},
        {VMA | GV(7), 0, 7},
    };
    shoot(shots, 4, true);
}

/* A page that was found behind a global pointer is global, also if the pointer was cached. */
static void PT_3_global_by_a_cached_pointer(void **state)
{
    (void)state;
    struct nonleaf_bed s;
    open(&s, false);
    bench_poke(&s.t.b, s.pointer1, 8, bench_peek(&s.t.b, s.pointer1, 8) | G);
    reads_of(&s, IOVA);
    assert_int_equal(reads_of(&s, NEXT), 3);
    bed_command(&s.t, VMA | GV(7) | PSCID(3), 0);
    assert_int_equal(reads_of(&s, NEXT), 0);
    bed_close(&s.t);
}

static void CMD_7_nonleaf_GVMA(void **state)
{
    (void)state;
    static const struct shot shots[] = {
        {GVMA, 0, 6},
        {GVMA | AV | NL, ADDR(0x1000), 6}, /* GV=0: AV and NL ignored */
        {GVMA | AV, ADDR(0x1000), 6},
        {GVMA | GV(7), 0, 6},
        {GVMA | GV(7) | NL, 0, 6},
        {GVMA | GV(8), 0, 3},
        {GVMA | GV(7) | AV, ADDR(GPA), 3},
        {GVMA | GV(7) | AV | NL, ADDR(GPA), 5},
        {GVMA | GV(7) | AV | NL, ADDR(GPA + 0x1ff000), 5},
        {GVMA | GV(7) | AV | NL, ADDR(0x80000000), 4},
        {GVMA | GV(7) | AV | NL, ADDR(IOVA), 3}, /* the IOVA is no GPA */
        {GVMA | GV(8) | AV | NL, ADDR(GPA), 3},
    };
    shoot(shots, sizeof(shots) / sizeof(shots[0]), false);
}

/* The directory commands are about other structures. */
static void CMD_6_nonleaf_entries_stay(void **state)
{
    (void)state;
    static const struct shot shots[] = {{3, 0, 1 + 3}, {3 | BIT(33) | BIT(40), 0, 1 + 3}};
    shoot(shots, 2, false);
}

/* The command that the last request lacked, 0: none. */
static uint64_t missing(struct nonleaf_bed *s, uint64_t iova)
{
    bench_forget(&s->t.b);
    bed_write(&s->t, DEVICE, iova);
    const struct vd_record *rec = bench_record(&s->t.b, VD_REC_iommu_stale, 0);
    return rec ? rec->a : 0;
}

/* Another table of leaves, all of them to the last page. */
static void move_table(struct nonleaf_bed *s, uint64_t pointer, uint64_t target)
{
    uint64_t table = bed_pages(&s->t, 1);
    for (unsigned i = 0; i < 512; i++)
        bench_poke(&s->t.b, table + 8 * i, 8, PPN(target) | RWXAD | U);
    bench_poke(&s->t.b, pointer, 8, PPN(table) | V);
}

static void CA_1_nonleaf_first_stage_is_stale(void **state)
{
    (void)state;
    struct nonleaf_bed s;
    open(&s, true);
    reads_of(&s, IOVA);
    move_table(&s, s.pointer1, GPA + 7 * 0x1000);
    assert_int_equal(missing(&s, NEXT), VMA | WITH_NL);
    assert_int_equal(bed_where(&s.t), HOST + 0x1000);
    assert_int_equal(missing(&s, NEXT), VMA | WITH_NL);
    bed_command(&s.t, GVMA, 0);
    bed_command(&s.t, VMA | GV(7) | AV, ADDR(NEXT));
    assert_int_equal(missing(&s, NEXT), VMA | WITH_NL);
    bed_command(&s.t, VMA | GV(7) | AV | NL, ADDR(NEXT));
    assert_int_equal(missing(&s, NEXT), 0);
    assert_int_equal(bed_where(&s.t), HOST + 7 * 0x1000);
    bed_close(&s.t);
}

static void CA_1_nonleaf_second_stage_is_stale(void **state)
{
    (void)state;
    struct nonleaf_bed s;
    open(&s, true);
    reads_of(&s, IOVA);
    move_table(&s, s.pointer2, HOST + 7 * 0x1000);
    assert_int_equal(missing(&s, NEXT), GVMA | WITH_NL);
    assert_int_equal(bed_where(&s.t), HOST + 0x1000);
    bed_command(&s.t, VMA | GV(7), 0);
    bed_command(&s.t, GVMA | GV(7) | AV, ADDR(GPA + 0x1000));
    assert_int_equal(missing(&s, NEXT), GVMA | WITH_NL);
    bed_command(&s.t, GVMA | GV(7) | AV | NL, ADDR(GPA + 0x1000));
    assert_int_equal(missing(&s, NEXT), 0);
    assert_int_equal(bed_where(&s.t), HOST + 7 * 0x1000);
    bed_close(&s.t);
}

/* A leaf that has changed under a pointer that has not wants no NL. */
static void stale_leaf_under_good_pointer(void **state)
{
    (void)state;
    struct nonleaf_bed s;
    open(&s, true);
    reads_of(&s, IOVA);
    bed_map(&s.t, s.first, 3, false, IOVA, GPA + 0x2000, 0, RWXAD | U);
    assert_int_equal(missing(&s, IOVA), VMA);
    bed_command(&s.t, VMA | GV(7) | AV, ADDR(IOVA));
    assert_int_equal(missing(&s, IOVA), 0);
    bed_map(&s.t, s.second, 3, true, GPA + 0x2000, HOST, 0, RWXAD | U);
    assert_int_equal(missing(&s, IOVA), GVMA);
    bed_command(&s.t, GVMA | GV(7) | AV, ADDR(GPA + 0x2000));
    assert_int_equal(missing(&s, IOVA), 0);
    bed_close(&s.t);
}

static void CMD_10_no_invalid_pointer(void **state)
{
    (void)state;
    struct nonleaf_bed s;
    open(&s, true);
    const uint64_t pointers[] = {s.pointer1, s.pointer2};
    for (unsigned stage = 0; stage < 2; stage++) {
        uint64_t valid = bench_peek(&s.t.b, pointers[stage], 8);
        const uint64_t broken[] = {valid & ~(uint64_t)V, valid | BIT(54), valid | A};
        for (unsigned i = 0; i < 3; i++) {
            bench_poke(&s.t.b, pointers[stage], 8, broken[i]);
            assert_int_equal(bed_write(&s.t, DEVICE, IOVA), VD_UNSUPPORTED);
        }
        bench_poke(&s.t.b, pointers[stage], 8, valid);
        assert_int_equal(bed_write(&s.t, DEVICE, IOVA), VD_OK);
        bed_command(&s.t, GVMA, 0);
        bed_command(&s.t, VMA | GV(7), 0);
    }
    assert_int_equal(bench_count(&s.t.b, VD_REC_iommu_stale), 0);
    bed_close(&s.t);
}

static void CA_1_nonleaf_tags(void **state)
{
    (void)state;
    struct nonleaf_bed s;
    open(&s, false);
    reads_of(&s, IOVA);
    struct bed_dc other = s.dc;
    other.ta = 4 << 12; /* another PSCID: the second stage is shared */
    bed_dc(&s.t, 2, &other);
    other.ta = 3 << 12;
    other.iohgatp += UINT64_C(1) << 44; /* another GSCID */
    bed_dc(&s.t, 3, &other);
    other.fsc +=
        UINT64_C(1) << 60; /* Sv48, whose root is the Sv39 table: its leaves are too deep */
    other.iohgatp = s.dc.iohgatp;
    bed_dc(&s.t, 4, &other);
    static const uint64_t reads[] = {1 + 7, 1 + 10};
    for (uint32_t device = 2; device < 4; device++) {
        s.t.b.num_reads = 0;
        assert_int_equal(bed_write(&s.t, device, NEXT), VD_OK);
        assert_int_equal(s.t.b.num_reads, reads[device - 2]);
    }
    assert_int_equal(bed_write(&s.t, 4, NEXT + 0x1000), VD_UNSUPPORTED);
    other = s.dc;
    other.iohgatp = UINT64_C(8) << 60 | s.second >> 12; /* GSCID 0 is not the host */
    bed_dc(&s.t, 5, &other);
    assert_int_equal(bed_write(&s.t, 5, NEXT), VD_OK);
    other.iohgatp = 0;
    bed_dc(&s.t, 6, &other);
    s.t.b.num_reads = 0;
    assert_int_equal(bed_write(&s.t, 6, IOVA), VD_OK);
    assert_int_equal(s.t.b.num_reads, 1 + 3);
    iommu_flush(s.t.m);
    assert_int_equal(reads_of(&s, NEXT), 10 + 1);
    bed_close(&s.t);
}

static void submit(struct nonleaf_bed *s, uint64_t iova, uint64_t value)
{
    struct vd_txn txn = bench_write(iova, 4, value);
    txn.requester = DEVICE;
    txn.attrs = VD_POSTED;
    assert_int_equal(iommu_submit(s->t.m, &txn), VD_PENDING);
}

/* What was read before an invalidation is not kept after it. */
static void invalidation_bars_pointers(void **state)
{
    (void)state;
    static const struct {
        uint64_t command, reads;
    } cases[] = {{2, 3}, {VMA | GV(7), 7}, {GVMA, 6}};
    for (unsigned i = 0; i < 3; i++) {
        struct nonleaf_bed s;
        open(&s, false);
        bed_write(&s.t, DEVICE, 0x1000); /* the context */
        iommu_flush(s.t.m);
        bed_command(&s.t, 2, 0);
        s.t.b.latency = 10000;
        submit(&s, IOVA, 0);
        bench_poke(&s.t.b, s.t.cq + 16, 8, cases[i].command);
        bed_set(&s.t, REG_OFFSET_CQT, 4, 2); /* its fetch ends with the walk's first read */
        bed_settle(&s.t);
        s.t.b.latency = 0;
        assert_int_equal(reads_of(&s, NEXT), cases[i].reads);
        bed_close(&s.t);
    }
}

/* Under `inorder` a walk that starts at a known table pays for the reads that remain. */
static void walk_from_a_pointer_takes_its_reads(void **state)
{
    (void)state;
    const struct iommu_config config = {
        .first_nonleaf = 8, .second_nonleaf = 8, .timing = inorder, .cycle_ps = 1000};
    struct nonleaf_bed s;
    open_with(&s, &config);
    bed_write(&s.t, DEVICE, IOVA);
    s.t.b.latency = 10000;
    vd_time start = s.t.b.now += 100000;
    submit(&s, NEXT, 0);
    bed_settle(&s.t);
    assert_int_equal(s.t.b.now - start, (2 + 1 + 3 * 11 + 10) * 1000);
    bed_close(&s.t);
}

/* Small caches and many walks at once, with invalidations: always what memory says. */
static void walks_side_by_side_agree_with_memory(void **state)
{
    (void)state;
    struct iommu_config config = {.first_nonleaf = 2,
                                  .second_nonleaf = 2,
                                  .tlb_entries = 2,
                                  .outstanding = 8,
                                  .stale_check = true,
                                  .cycle_ps = 1000};
    uint32_t seed = 1;
    struct nonleaf_bed s;
    open_with(&s, &config);
    for (unsigned i = 0; i < 400; i++) {
        s.t.b.latency = (seed >> 8 & 3) * 7000;
        bench_forget(&s.t.b);
        for (unsigned k = 0; k < 6; k++) {
            seed = seed * 1664525 + 1013904223;
            unsigned page = seed >> 20 & (PAGES - 1);
            submit(&s, IOVA + page * 0x1000u, page);
            bench_run(&s.t.b, seed >> 28);
        }
        bed_command(&s.t, seed >> 16 & 1 ? GVMA : (uint64_t)VMA | GV(7), 0);
        uint32_t seen = 0;
        for (unsigned k = 0; k < s.t.b.num_writes; k++)
            if (s.t.b.writes[k].requester == DEVICE) {
                assert_int_equal(s.t.b.writes[k].addr, HOST + s.t.b.writes[k].data[0] * 0x1000);
                seen++;
            }
        assert_int_equal(seen, 6);
        assert_int_equal(bench_count(&s.t.b, VD_REC_iommu_stale), 0);
    }
    bed_close(&s.t);
}

static void sizes(void **state)
{
    (void)state;
    struct vd_error err;
    struct bench b;
    bench_init(&b);
    const uint32_t bad[] = {3, 257, 512};
    for (unsigned i = 0; i < 6; i++) {
        struct iommu_config config = {.index = 0};
        *(i & 1 ? &config.first_nonleaf : &config.second_nonleaf) = bad[i / 2];
        assert_null(iommu_create(&config, &b.host, &err));
        assert_non_null(strstr(err.text, i & 1 ? "first_nonleaf" : "second_nonleaf"));
    }
    bench_done(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nonleaf_entries_save_reads),
        cmocka_unit_test(nonleaf_entries_of_every_level),
        cmocka_unit_test(CMD_7_nonleaf_VMA),
        cmocka_unit_test(CMD_7_nonleaf_global),
        cmocka_unit_test(PT_3_global_by_a_cached_pointer),
        cmocka_unit_test(CMD_7_nonleaf_GVMA),
        cmocka_unit_test(CMD_6_nonleaf_entries_stay),
        cmocka_unit_test(CMD_10_no_invalid_pointer),
        cmocka_unit_test(CA_1_nonleaf_tags),
        cmocka_unit_test(CA_1_nonleaf_first_stage_is_stale),
        cmocka_unit_test(CA_1_nonleaf_second_stage_is_stale),
        cmocka_unit_test(stale_leaf_under_good_pointer),
        cmocka_unit_test(invalidation_bars_pointers),
        cmocka_unit_test(walk_from_a_pointer_takes_its_reads),
        cmocka_unit_test(walks_side_by_side_agree_with_memory),
        cmocka_unit_test(sizes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
