/* SPDX-License-Identifier: BSD-2-Clause */
/* Updates of A and D, and what faults of implicit accesses say. */
#include "iommu/iommu_stage_bed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

struct racer {
    struct stage_bed *s;
    uint64_t at, value;
    unsigned times;
};

static void PT_5_update_first_stage(void **state)
{
    (void)state;
    static const struct {
        unsigned access;
        uint64_t before, after;
    } cases[] = {{0, 0, A}, {1, 0, A | D}, {2, 0, A}, {1, A, A | D}, {0, A, A}, {1, A | D, A | D}};
    for (unsigned second = 0; second < 2; second++) {
        for (unsigned i = 0; i < 6; i++) {
            struct stage_bed s;
            stage_bed_open(&s, 0);
            uint64_t at = bed_map(&s.t, s.root, 3, second, 0x1000, 0x80000000, 0,
                                  V | R | W | X | U | cases[i].before);
            uint64_t pte = bench_peek(&s.t.b, at, 8) & ~(uint64_t)(A | D);
            s.dc.tc |= second ? GADE : SADE;
            stage_bed_use(&s, second, 3);
            assert_int_equal(stage_bed_try(&s, cases[i].access, 0x1000), 0);
            assert_int_equal(bench_peek(&s.t.b, at, 8), pte | cases[i].after);
            bed_close(&s.t);
        }
    }
}

/* Software changes the entry between the read and the compare-and-swap. */
static bool race(void *ctx, struct vd_txn *txn)
{
    struct racer *r = ctx;
    if (txn->cmd == VD_CAS && txn->addr == r->at && r->times) {
        r->times--;
        r->value ^= BIT(8);
        bench_poke(&r->s->t.b, r->at, 8, r->value);
    }
    if (txn->requester < 0x80000000u) {
        txn->status = VD_OK;
        return true;
    }
    return false;
}

static void PT_5_compare_and_swap_fails(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 8; i++) {
        unsigned second = i & 1, times = 1 + 6 * (i / 2);
        struct stage_bed s;
        stage_bed_open(&s, 0);
        struct racer racer = {.s = &s, .times = times};
        racer.at = bed_map(&s.t, s.root, 3, second, 0x1000, 0x80000000, 0, V | R | W | U);
        racer.value = bench_peek(&s.t.b, racer.at, 8);
        s.dc.tc |= second ? GADE : SADE;
        stage_bed_use(&s, second, 3);
        s.t.b.hook = race;
        s.t.b.hook_ctx = &racer;
        bench_forget(&s.t.b);
        bed_write(&s.t, DEVICE, 0x1000);
        bool lost = times >= 8; /* bounded */
        assert_int_equal(bed_cause(&s.t, 0), lost ? 272 : 0);
        if (!lost)
            assert_int_equal(bench_peek(&s.t.b, racer.at, 8), racer.value | A | D);
        bed_close(&s.t);
    }
}

/* The update of a first-stage entry is a store: the second stage must allow it. */
static void XL_6_implicit_write(void **state)
{
    (void)state;
    static const struct {
        uint64_t page; /* rights of the page that holds the first-stage table */
        uint64_t tc;
        unsigned cause;
    } cases[] = {
        {V | R | W | U | A | D, SADE, 0},    {V | R | U | A, SADE | GADE, 15 + 8},
        {V | R | W | U | A, SADE, 15 + 8}, /* D=0 and no GADE */
        {V | R | W | U | A, SADE | GADE, 0}, {V | R | W | U, SADE | GADE, 0},
    };
    for (unsigned i = 0; i < 5; i++) {
        struct stage_bed s;
        stage_bed_open(&s, 0);
        uint64_t first = bed_pages(&s.t, 1);
        uint64_t pte = bed_map(&s.t, first, 3, false, 0x1000, 0x9000, 0, V | R | W | U);
        bed_map(&s.t, s.root, 3, true, 0x9000, 0x80000000, 0, RWXAD | U);
        for (uint64_t a = first; a < s.t.free_page; a += 0x1000)
            bed_map(&s.t, s.root, 3, true, a, a, 0, RWXAD | U);
        bed_map(&s.t, s.root, 3, true, pte & ~UINT64_C(0xfff), pte & ~UINT64_C(0xfff), 0,
                cases[i].page);
        s.dc.fsc = MODE(8) | first >> 12;
        s.dc.tc |= cases[i].tc;
        stage_bed_use(&s, true, 3);
        assert_int_equal(stage_bed_try(&s, 1, 0x1000), cases[i].cause);
        if (cases[i].cause)
            assert_int_equal(bed_fault(&s.t, 0, 3), pte | 3);
        else
            assert_int_equal(bench_peek(&s.t.b, pte, 8) & (A | D), A | D);
        bed_close(&s.t);
    }
}

/* An implicit read whose page lacks D is no store: with nothing to update it must pass. */
static void XL_6_no_update_no_fault(void **state)
{
    (void)state;
    struct stage_bed s;
    stage_bed_open(&s, 0);
    uint64_t first = bed_pages(&s.t, 1);
    bed_map(&s.t, first, 3, false, 0x1000, 0x9000, 0, RWXAD | U);
    bed_map(&s.t, s.root, 3, true, 0x9000, 0x80000000, 0, RWXAD | U);
    for (uint64_t a = first; a < s.t.free_page; a += 0x1000)
        bed_map(&s.t, s.root, 3, true, a, a, 0, V | R | W | U | A);
    s.dc.fsc = MODE(8) | first >> 12;
    s.dc.tc |= SADE;
    stage_bed_use(&s, true, 3);
    assert_int_equal(stage_bed_try(&s, 0, 0x1000), 0);
    bed_close(&s.t);
}

static void XL_6_iotval2(void **state)
{
    (void)state;
    struct stage_bed s;
    stage_bed_open(&s, 0);
    uint64_t first = bed_pages(&s.t, 1);
    bed_map(&s.t, first, 3, false, 0x1000, 0x9000, 0, RWXAD | U);
    s.dc.fsc = MODE(8) | first >> 12;
    stage_bed_use(&s, true, 3);
    assert_int_equal(stage_bed_try(&s, 1, 0x1234), 23); /* the table itself is not mapped */
    assert_int_equal(bed_fault(&s.t, 0, 2), 0x1234);
    assert_int_equal(bed_fault(&s.t, 0, 3), first | 1);
    bed_map(&s.t, s.root, 3, true, 0x80000000, 0x80000000, 2, RWXAD | U);
    stage_bed_put_dc(&s);
    assert_int_equal(stage_bed_try(&s, 1, 0x1234), 23); /* the GPA is not mapped */
    assert_int_equal(bed_fault(&s.t, 1, 3), 0x9234);
    bed_close(&s.t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(PT_5_update_first_stage),
        cmocka_unit_test(PT_5_compare_and_swap_fails),
        cmocka_unit_test(XL_6_implicit_write),
        cmocka_unit_test(XL_6_no_update_no_fault),
        cmocka_unit_test(XL_6_iotval2),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
