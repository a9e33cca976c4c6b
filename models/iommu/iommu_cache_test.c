/* SPDX-License-Identifier: BSD-2-Clause */
/* Caches and what removes entries from them. */
#include "iommu/iommu_cache_bed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void CA_1_stale_until_invalidated(void **state)
{
    (void)state;
    struct cache_bed s;
    cache_bed_open(&s);
    bed_write(&s.t, DEVICE, IOVA);
    assert_int_equal(bed_where(&s.t), 0x80f00000);
    bench_poke(&s.t.b, s.pte2, 8, 0x80e00000 >> 12 << 10 | RWXAD | U);
    bed_write(&s.t, DEVICE, IOVA + 8);
    assert_int_equal(bed_where(&s.t), 0x80f00008);
    bed_command(&s.t, 1 | 1 << 7 | 1 << 10 | BIT(33) | GSCID(7), (0x10000000 >> 12) << 10);
    bed_write(&s.t, DEVICE, IOVA);
    assert_int_equal(bed_where(&s.t), 0x80e00000);
    bed_close(&s.t);
}

struct shot {
    uint64_t dw0, dw1;
    bool removes;
};

static void shoot(const struct shot *shots, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        struct cache_bed s;
        cache_bed_open(&s);
        bed_write(&s.t, DEVICE, IOVA);
        assert_true(cache_bed_hits(&s, IOVA));
        bed_command(&s.t, shots[i].dw0, shots[i].dw1);
        assert_int_equal(cache_bed_hits(&s, IOVA), !shots[i].removes);
        bed_close(&s.t);
    }
}

#define ADDR(a)  (((uint64_t)(a) >> 12) << 10)
#define PSCID(n) ((uint64_t)(n) << 12 | BIT(32))
#define GV(n)    (BIT(33) | GSCID(n))

static void CMD_5_VMA(void **state)
{
    (void)state;
    static const struct shot shots[] = {
        {1, 0, false}, /* GV=0: host address spaces only */
        {1 | GV(7), 0, true},
        {1 | GV(6), 0, false},
        {1 | GV(7) | PSCID(3), 0, true},
        {1 | GV(7) | PSCID(4), 0, false},
        {1 | GV(7) | 1 << 10, ADDR(IOVA), true},
        {1 | GV(7) | 1 << 10, ADDR(IOVA + 0x1000), false},
        {1 | GV(7) | 1 << 10, ADDR(0x10000000), false},
        {1 | GV(7) | 1 << 10 | PSCID(3), ADDR(IOVA), true},
        {1 | GV(7) | 1 << 10 | PSCID(2), ADDR(IOVA), false},
        {1 | GV(7), ADDR(0x1000), true}, /* AV=0: ADDR ignored */
    };
    shoot(shots, sizeof(shots) / sizeof(shots[0]));
}

static void CMD_5_GVMA(void **state)
{
    (void)state;
    static const struct shot shots[] = {
        {1 | 1 << 7, 0, true},
        {1 | 1 << 7 | 1 << 10, ADDR(0x1000), true}, /* GV=0: AV ignored */
        {1 | 1 << 7 | GV(7), 0, true},
        {1 | 1 << 7 | GV(8), 0, false},
        {1 | 1 << 7 | GV(7) | 1 << 10, ADDR(0x10000000), true},
        {1 | 1 << 7 | GV(7) | 1 << 10, ADDR(IOVA), false}, /* the IOVA is no GPA */
    };
    shoot(shots, sizeof(shots) / sizeof(shots[0]));
}

/* GV=0 names the host's address spaces: those without a second stage. */
static void CMD_5_VMA_host(void **state)
{
    (void)state;
    static const struct shot shots[] = {
        {1, 0, true},
        {1 | PSCID(3), 0, true},
        {1 | PSCID(4), 0, false},
        {1 | 1 << 10, ADDR(IOVA), true},
        {1 | 1 << 10, ADDR(IOVA + 0x1000), false},
        {1 | GV(7), 0, false},
        {1 | 1 << 7, 0, false}, /* GVMA */
    };
    for (unsigned i = 0; i < sizeof(shots) / sizeof(shots[0]); i++) {
        struct cache_bed s;
        cache_bed_open(&s);
        s.dc.iohgatp = GSCID(7);
        bed_dc(&s.t, DEVICE, &s.dc);
        bed_write(&s.t, DEVICE, IOVA);
        assert_true(cache_bed_hits(&s, IOVA));
        bed_command(&s.t, shots[i].dw0, shots[i].dw1);
        assert_int_equal(cache_bed_hits(&s, IOVA), !shots[i].removes);
        bed_close(&s.t);
    }
}

static void CMD_6_directories_apart(void **state)
{
    (void)state;
    struct cache_bed s;
    cache_bed_open(&s);
    bed_write(&s.t, DEVICE, IOVA);
    bed_command(&s.t, 1 | 1 << 7, 0); /* IOTINVAL leaves the context: 15 reads, none of the DDT */
    s.t.b.num_reads = 0;
    bed_write(&s.t, DEVICE, IOVA);
    assert_int_equal(s.t.b.num_reads, 3 * 3 + 3);
    bed_command(&s.t, 3 | BIT(33) | (uint64_t)DEVICE << 40, 0);
    s.t.b.num_reads = 0;
    bed_write(&s.t, DEVICE, IOVA);
    assert_int_equal(s.t.b.num_reads, 1);
    bed_command(&s.t, 3 | BIT(33) | UINT64_C(2) << 40, 0);
    assert_true(cache_bed_hits(&s, IOVA));
    bed_close(&s.t);
}

/* IODIR.INVAL_DDT of a device takes its process contexts along. */
static void CMD_6_process_contexts(void **state)
{
    (void)state;
    struct cache_bed s;
    cache_bed_open(&s);
    uint64_t pdt = bed_pages(&s.t, 1);
    s.dc.tc |= 1 << 5 | 1 << 9; /* PDTV, DPE */
    s.dc.iohgatp = 0;
    s.dc.fsc = UINT64_C(1) << 60 | pdt >> 12;
    bed_dc(&s.t, DEVICE, &s.dc);
    bench_poke(&s.t.b, pdt, 8, 1);
    static const struct {
        uint64_t command;
        unsigned reads;
    } cases[] = {
        {2, 0},
        {3 | 1 << 7 | BIT(33) | (uint64_t)DEVICE << 40, 1},           /* PID 0 */
        {3 | 1 << 7 | BIT(33) | (uint64_t)DEVICE << 40 | 1 << 12, 0}, /* PID 1 */
        {3 | BIT(33) | (uint64_t)DEVICE << 40, 2},
        {3 | BIT(33) | (uint64_t)(DEVICE + 1) << 40, 0},
        {3, 2},
    };
    bed_write(&s.t, DEVICE, 0x80000000);
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        bed_command(&s.t, cases[i].command, 0);
        s.t.b.num_reads = 0;
        bed_write(&s.t, DEVICE, 0x80000000);
        assert_int_equal(s.t.b.num_reads, cases[i].reads);
    }
    bed_close(&s.t);
}

static void CMD_7_ranges(void **state)
{
    (void)state;
    /* 64 KiB around IOVA: ADDR bits 0..2 are ones, bit 3 is zero. */
    static const struct shot shots[] = {
        {1 | GV(7) | 1 << 10, ADDR(IOVA + 0x7000) | 1 << 9, true},
        {1 | GV(7) | 1 << 10, ADDR(IOVA + 0x17000) | 1 << 9, false},
        {1 | GV(7) | 1 << 10, ADDR(IOVA + 0x1000) | 1 << 9, true},
        {1 | GV(7) | 1 << 10, ADDR(IOVA + 0x2000) | 1 << 9, false},
        {1 | GV(7) | 1 << 10, (UINT64_MAX >> 13) << 10 | 1 << 9, true},
        {1 | 1 << 7 | GV(7) | 1 << 10, ADDR(0x10007000) | 1 << 9, true},
    };
    shoot(shots, 5);
    shoot(&shots[5], 1);
}

static void CMD_5_global_mappings(void **state)
{
    (void)state;
    struct cache_bed s;
    cache_bed_open(&s);
    bench_poke(&s.t.b, s.pte1, 8, bench_peek(&s.t.b, s.pte1, 8) | G);
    bed_write(&s.t, DEVICE, IOVA);
    bed_command(&s.t, 1 | GV(7) | PSCID(3), 0);
    assert_true(cache_bed_hits(&s, IOVA));
    bed_command(&s.t, 1 | GV(7), 0);
    assert_false(cache_bed_hits(&s, IOVA));
    bed_close(&s.t);
}

static void CMD_10_nothing_invalid(void **state)
{
    (void)state;
    struct cache_bed s;
    cache_bed_open(&s);
    uint64_t valid = bench_peek(&s.t.b, s.pte1, 8);
    bench_poke(&s.t.b, s.pte1, 8, valid & ~(uint64_t)V);
    assert_int_equal(bed_write(&s.t, DEVICE, IOVA), VD_UNSUPPORTED);
    bench_poke(&s.t.b, s.pte1, 8, valid);
    assert_int_equal(bed_write(&s.t, DEVICE, IOVA), VD_OK);
    s.dc.tc = 0;
    bed_dc(&s.t, 2, &s.dc);
    assert_int_equal(bed_write(&s.t, 2, IOVA), VD_UNSUPPORTED);
    s.dc.tc = 1;
    bed_dc(&s.t, 2, &s.dc);
    assert_int_equal(bed_write(&s.t, 2, IOVA), VD_OK);
    bed_close(&s.t);
}

/* A write to a page whose D is clear is walked, though reads of it are cached. */
static void dirty_bit_is_not_skipped(void **state)
{
    (void)state;
    struct cache_bed s;
    cache_bed_open(&s);
    s.dc.tc |= 1 << 7 | 1 << 8;
    bed_dc(&s.t, DEVICE, &s.dc);
    bench_poke(&s.t.b, s.pte1, 8, bench_peek(&s.t.b, s.pte1, 8) & ~(uint64_t)D);
    bed_read(&s.t, DEVICE, IOVA);
    assert_int_equal(bench_peek(&s.t.b, s.pte1, 8) & D, 0);
    bed_write(&s.t, DEVICE, IOVA);
    assert_int_equal(bench_peek(&s.t.b, s.pte1, 8) & D, D);
    assert_true(cache_bed_hits(&s, IOVA));
    bed_close(&s.t);
}

static void plru_cyclic(void **state)
{
    (void)state;
    struct cache_bed s;
    cache_bed_open(&s);
    s.dc.iohgatp = 0;
    bed_dc(&s.t, DEVICE, &s.dc);
    for (unsigned i = 0; i < 17; i++)
        bed_map(&s.t, s.first, 3, false, IOVA + i * 0x1000, 0x80000000, 0, RWXAD | U);
    for (unsigned pages = 16; pages <= 17; pages++) {
        for (unsigned i = 0; i < 5 * pages; i++) {
            bool hit = cache_bed_hits(&s, IOVA + i % pages * 0x1000);
            if (i >= 3 * pages)
                assert_int_equal(hit, pages == 16);
        }
    }
    bed_close(&s.t);
}

/* Four pages fill the cache, the first is used again, a fifth comes: is the first still there? */
static bool survives(uint32_t replacement, bool used_again)
{
    struct cache_bed s;
    const struct iommu_config config = {.tlb_entries = 4, .replacement = replacement};
    cache_bed_open_with(&s, &config);
    for (unsigned i = 0; i < 5; i++)
        bed_map(&s.t, s.first, 3, false, IOVA + i * 0x1000, 0x10000000, 0, RWXAD | U);
    for (unsigned i = 0; i < 4; i++)
        bed_write(&s.t, DEVICE, IOVA + i * 0x1000);
    if (used_again)
        assert_true(cache_bed_hits(&s, IOVA));
    assert_false(cache_bed_hits(&s, IOVA + 4 * 0x1000));
    bool there = cache_bed_hits(&s, IOVA);
    bed_close(&s.t);
    return there;
}

static void replacement_policies(void **state)
{
    (void)state;
    assert_true(survives(0, true));
    assert_false(survives(0, false));
    assert_false(survives(1, true));
    assert_false(survives(1, false));
}

static uint32_t hits_in_a_loop(uint32_t replacement)
{
    struct cache_bed s;
    const struct iommu_config config = {.tlb_entries = 8, .replacement = replacement};
    uint32_t count = 0;
    cache_bed_open_with(&s, &config);
    for (unsigned i = 0; i < 9; i++)
        bed_map(&s.t, s.first, 3, false, IOVA + i * 0x1000, 0x10000000, 0, RWXAD | U);
    for (unsigned i = 0; i < 900; i++)
        count += cache_bed_hits(&s, IOVA + i % 9 * 0x1000);
    bed_close(&s.t);
    return count;
}

/* A loop over one page more than there are entries: only chance hits, and equally in every run. */
static void random_replacement(void **state)
{
    (void)state;
    assert_int_equal(hits_in_a_loop(0), 0);
    assert_int_equal(hits_in_a_loop(1), 0);
    assert_in_range(hits_in_a_loop(2), 300, 880);
    assert_int_equal(hits_in_a_loop(2), hits_in_a_loop(2));
}

/* A context that is read, not a cached one, is told to the ledger: its second stage as it is, and
 * one number for all that says how MSIs are translated. */
static void I14_contexts_are_told(void **state)
{
    (void)state;
    struct cache_bed s;
    cache_bed_open(&s);
    struct bed_dc *dc = &s.dc;
    uint64_t *const fields[] = {NULL, &dc->msiptp, &dc->mask, &dc->pattern, &dc->ta, &dc->iohgatp};
    for (uint32_t i = 0; i < 6; i++) {
        if (fields[i])
            *fields[i] = i == 1 ? UINT64_C(1) << 60 | 1 : i == 5 ? 0 : 1 << 12;
        if (i == 5)
            dc->msiptp = dc->mask = dc->pattern = 0;
        bed_dc(&s.t, DEVICE + 1 + i, dc);
        bed_write(&s.t, DEVICE + 1 + i, IOVA);
        bed_write(&s.t, DEVICE + 1 + i, IOVA);
    }
    uint64_t digest[5];
    assert_int_equal(bench_count(&s.t.b, VD_REC_iommu_context), 5); /* the last has no second */
    for (uint32_t i = 0; i < 5; i++) {
        const struct vd_record *rec = bench_record(&s.t.b, VD_REC_iommu_context, i);
        assert_int_equal(rec->a, DEVICE + 1 + i);
        assert_int_equal(rec->b, UINT64_C(8) << 60 | GSCID(7) | s.second >> 12);
        digest[i] = rec->c;
        for (uint32_t j = 0; j < i; j++)
            assert_int_equal(digest[i] == digest[j], i == 4 && j == 3); /* ta is no part of it */
    }
    bed_close(&s.t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(I14_contexts_are_told),
        cmocka_unit_test(CA_1_stale_until_invalidated),
        cmocka_unit_test(CMD_5_VMA),
        cmocka_unit_test(CMD_5_VMA_host),
        cmocka_unit_test(CMD_5_GVMA),
        cmocka_unit_test(CMD_5_global_mappings),
        cmocka_unit_test(CMD_6_directories_apart),
        cmocka_unit_test(CMD_6_process_contexts),
        cmocka_unit_test(CMD_7_ranges),
        cmocka_unit_test(CMD_10_nothing_invalid),
        cmocka_unit_test(dirty_bit_is_not_skipped),
        cmocka_unit_test(plru_cyclic),
        cmocka_unit_test(replacement_policies),
        cmocka_unit_test(random_replacement),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
