/* SPDX-License-Identifier: BSD-2-Clause */
/* The switch stale_check: which command was missing. */
#include "iommu/iommu_testbed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { DEVICE = 1, IOVA = 0x40000000, GPA = 0x10000000, MSI_GPA = 0x50000000, INDEX = 2 };
enum { VMA = 1, GVMA = 1 | 1 << 7, INVAL_DDT = 3, INVAL_PDT = 3 | 1 << 7 };
#define SADE   (UINT64_C(1) << 8)
#define PDTV   (UINT64_C(1) << 5)
#define PPN(a) ((uint64_t)(a) >> 12 << 10)

struct stale_bed {
    struct testbed t;
    struct bed_dc dc;
    uint64_t pte1, pte2, msi_pte, pdt;
};

/* IOVA -> GPA -> SPA 0x80f00000; MSI_GPA -> the interrupt file at 0x28000000. */
static void open_with(struct stale_bed *s, uint64_t tc, struct iommu_timing timing, bool check)
{
    const struct iommu_config config = {
        .index = INDEX, .stale_check = check, .timing = timing, .cycle_ps = 1000};
    bed_open(&s->t, &config);
    s->t.b.latency = timing.hit ? 5000 : 0;
    bed_start(&s->t, 2);
    uint64_t first = bed_pages(&s->t, 1), second = bed_pages(&s->t, 4);
    s->msi_pte = bed_pages(&s->t, 1);
    s->pdt = bed_pages(&s->t, 1);
    for (uint64_t a = 0x80000000; a < 0x80400000; a += 0x200000)
        bed_map(&s->t, second, 3, true, a, a, 1, RWXAD | U);
    s->pte1 = bed_map(&s->t, first, 3, false, IOVA, GPA, 0, RWXAD | U);
    bed_map(&s->t, first, 3, false, IOVA + 0x1000, MSI_GPA, 0, RWXAD | U);
    s->pte2 = bed_map(&s->t, second, 3, true, GPA, 0x80f00000, 0, RWXAD | U);
    bench_poke(&s->t.b, s->msi_pte, 8, PPN(IMSIC_WINDOW) | 7);
    s->dc = (struct bed_dc){.tc = 1 | tc,
                            .iohgatp = UINT64_C(8) << 60 | second >> 12,
                            .fsc = UINT64_C(8) << 60 | first >> 12,
                            .msiptp = UINT64_C(1) << 60 | s->msi_pte >> 12,
                            .pattern = MSI_GPA >> 12};
    if (tc & PDTV) {
        bench_poke(&s->t.b, s->pdt + 16 * 7, 8, 1);
        bench_poke(&s->t.b, s->pdt + 16 * 7 + 8, 8, s->dc.fsc);
        s->dc.fsc = UINT64_C(1) << 60 | s->pdt >> 12;
    }
    bed_dc(&s->t, DEVICE, &s->dc);
}

static void open(struct stale_bed *s, uint64_t tc)
{
    open_with(s, tc, (struct iommu_timing){.hit = 0}, true);
}

static void request(struct stale_bed *s, bool write, uint64_t iova)
{
    struct vd_txn txn = write ? bench_write(iova, 4, 0) : bench_read(iova, 4);
    txn.requester = DEVICE;
    if (s->dc.tc & PDTV) {
        txn.attrs = VD_PROCESS_ID;
        txn.process_id = 7;
    }
    bed_request(&s->t, txn);
}

/* The command that the last request lacked, 0: none; what was asked before is forgotten. */
static uint64_t missing(struct stale_bed *s, bool write, uint64_t iova)
{
    bench_forget(&s->t.b);
    request(s, write, iova);
    uint32_t n = bench_count(&s->t.b, VD_REC_iommu_stale);
    assert_in_range(n, 0, 1);
    if (!n)
        return 0;
    const struct vd_record *rec = bench_record(&s->t.b, VD_REC_iommu_stale, 0);
    assert_int_equal(rec->b, iova);
    assert_int_equal(rec->c, DEVICE);
    assert_int_equal(rec->a >> 16, INDEX);
    return rec->a & 0xffff;
}

static void nothing_changed(void **state)
{
    (void)state;
    for (unsigned processes = 0; processes < 2; processes++) {
        struct stale_bed s;
        open(&s, processes ? PDTV : 0);
        for (unsigned i = 0; i < 3; i++) {
            assert_int_equal(missing(&s, i & 1, IOVA), 0);
            assert_int_equal(missing(&s, true, IOVA + 0x1000), 0);
        }
        bed_close(&s.t);
    }
}

struct change {
    uint64_t value;
    bool write;
    uint64_t command;
};

static void first_stage_changes(void **state)
{
    (void)state;
    static const struct change changes[] = {
        {PPN(GPA + 0x1000) | RWXAD | U, false, VMA}, /* nothing is there in the second stage */
        {PPN(0x80100000) | RWXAD | U, false, VMA},
        {0, false, VMA},
        {PPN(GPA) | V | R | A | U, true, VMA},
        {PPN(GPA) | V | R | A | U, false, 0}, /* the right that is gone is not used */
        {PPN(GPA) | V | R | W | X | D | U, false, VMA},
    };
    for (unsigned i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        struct stale_bed s;
        open(&s, 0);
        request(&s, true, IOVA);
        bench_poke(&s.t.b, s.pte1, 8, changes[i].value);
        assert_int_equal(missing(&s, changes[i].write, IOVA), changes[i].command);
        bed_command(&s.t, VMA | UINT64_C(1) << 33, 0);
        assert_int_equal(missing(&s, changes[i].write, IOVA), 0);
        bed_close(&s.t);
    }
}

static void second_stage_changes(void **state)
{
    (void)state;
    static const struct change changes[] = {
        {PPN(0x80e00000) | RWXAD | U, false, GVMA},
        {0, false, GVMA},
        {PPN(0x80f00000) | V | R | A | U, true, GVMA},
        {PPN(0x80f00000) | V | R | A | U, false, 0},
    };
    for (unsigned i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        struct stale_bed s;
        open(&s, 0);
        request(&s, true, IOVA);
        bench_poke(&s.t.b, s.pte2, 8, changes[i].value);
        assert_int_equal(missing(&s, changes[i].write, IOVA), changes[i].command);
        bed_command(&s.t, GVMA, 0);
        assert_int_equal(missing(&s, changes[i].write, IOVA), 0);
        bed_close(&s.t);
    }
}

static void msi_pte_changes(void **state)
{
    (void)state;
    struct stale_bed s;
    open(&s, 0);
    request(&s, true, IOVA + 0x1000);
    bench_poke(&s.t.b, s.msi_pte, 8, PPN(IMSIC_WINDOW + 0x1000) | 7);
    assert_int_equal(missing(&s, true, IOVA + 0x1000), GVMA);
    assert_int_equal(bed_where(&s.t), IMSIC_WINDOW);
    bench_poke(&s.t.b, s.msi_pte, 8, 0);
    assert_int_equal(missing(&s, true, IOVA + 0x1000), GVMA);
    bed_command(&s.t, GVMA, 0);
    assert_int_equal(missing(&s, true, IOVA + 0x1000), 0);
    bed_close(&s.t);
}

static void notice_of_an_mrif_changes(void **state)
{
    (void)state;
    struct stale_bed s;
    open(&s, 0);
    uint64_t mrif = bed_pages(&s.t, 1);
    bench_poke(&s.t.b, s.msi_pte, 8, mrif >> 9 << 7 | 3);
    bench_poke(&s.t.b, s.msi_pte + 8, 8, PPN(IMSIC_WINDOW) | 5);
    request(&s, true, IOVA + 0x1000);
    assert_int_equal(missing(&s, true, IOVA + 0x1000), 0);
    bench_poke(&s.t.b, s.msi_pte + 8, 8, PPN(IMSIC_WINDOW) | 6);
    assert_int_equal(missing(&s, true, IOVA + 0x1000), GVMA);
    bed_close(&s.t);
}

static void device_context_changes(void **state)
{
    (void)state;
    struct stale_bed s;
    open(&s, 0);
    request(&s, false, IOVA);
    struct bed_dc changed = s.dc;
    changed.ta = 9 << 12;
    bed_dc(&s.t, DEVICE, &changed);
    assert_int_equal(missing(&s, false, IOVA), INVAL_DDT);
    changed.tc = 0;
    bed_dc(&s.t, DEVICE, &changed);
    assert_int_equal(missing(&s, false, IOVA), INVAL_DDT);
    bed_command(&s.t, INVAL_DDT, 0);
    assert_int_equal(missing(&s, false, IOVA), 0);
    bed_close(&s.t);
}

static void process_context_changes(void **state)
{
    (void)state;
    struct stale_bed s;
    open(&s, PDTV);
    request(&s, false, IOVA);
    bench_poke(&s.t.b, s.pdt + 16 * 7, 8, 1 | 9 << 12);
    assert_int_equal(missing(&s, false, IOVA), INVAL_PDT);
    bench_poke(&s.t.b, s.pdt + 16 * 7, 8, 0);
    assert_int_equal(missing(&s, false, IOVA), INVAL_PDT);
    bed_command(&s.t, INVAL_PDT | UINT64_C(1) << 33 | (uint64_t)DEVICE << 40 | 7 << 12, 0);
    assert_int_equal(missing(&s, false, IOVA), 0);
    bed_close(&s.t);
}

/* Software may clear A where hardware sets it again: the walk for the check does not set it. */
static void check_changes_nothing(void **state)
{
    (void)state;
    struct stale_bed s;
    open(&s, SADE);
    request(&s, true, IOVA);
    bench_poke(&s.t.b, s.pte1, 8, PPN(GPA) | V | R | W | X | D | U);
    assert_int_equal(missing(&s, true, IOVA), 0);
    assert_int_equal(bench_peek(&s.t.b, s.pte1, 8), PPN(GPA) | V | R | W | X | D | U);
    assert_int_equal(bench_count(&s.t.b, VD_REC_iommu_access), 0);
    assert_int_equal(bed_faults(&s.t), 0);
    bed_close(&s.t);
}

static vd_time time_of_ten(bool check, uint32_t *records)
{
    struct stale_bed s;
    open_with(&s, 0, inorder, check);
    request(&s, false, IOVA);
    bench_poke(&s.t.b, s.pte2, 8, PPN(0x80e00000) | RWXAD | U);
    bench_forget(&s.t.b);
    for (unsigned i = 0; i < 10; i++)
        request(&s, false, IOVA);
    *records = bench_count(&s.t.b, VD_REC_iommu_stale);
    vd_time now = s.t.b.now;
    bed_close(&s.t);
    return now;
}

static void check_takes_no_time_and_can_be_off(void **state)
{
    uint32_t with, without;
    (void)state;
    assert_int_equal(time_of_ten(true, &with), time_of_ten(false, &without));
    assert_int_equal(with, 10);
    assert_int_equal(without, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_changed),
        cmocka_unit_test(first_stage_changes),
        cmocka_unit_test(second_stage_changes),
        cmocka_unit_test(msi_pte_changes),
        cmocka_unit_test(notice_of_an_mrif_changes),
        cmocka_unit_test(device_context_changes),
        cmocka_unit_test(process_context_changes),
        cmocka_unit_test(check_changes_nothing),
        cmocka_unit_test(check_takes_no_time_and_can_be_off),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
