/* SPDX-License-Identifier: BSD-2-Clause */
/* Translation in its corners: encodings, sizes, rights in caches, attributes. */
#include "iommu/iommu_testbed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define BIT(n)  (UINT64_C(1) << (n))
#define MODE(n) ((uint64_t)(n) << 60)
#define PPN(a)  ((uint64_t)(a) >> 12 << 10)
enum { CYCLE = 1000, EN_ATS = 2, EN_PRI = 4, DTF = 16, PDTV = 32, GADE = 128, SADE = 256 };
enum { IOVA = 0x40000000, GPA = 0x10000000, MSI_GPA = 0x50000000, PROCESS = 5 };
enum { R_BIT = 1, W_BIT = 2, X_BIT = 8, PRIV = 16, GLOBAL = 32, CXL_IO = 64, S = 2048 };

struct bed {
    struct testbed t;
    uint64_t first, second, pdt, msi, page, pte1, pte2;
    struct bed_dc dc;
};

static void open_with(struct bed *s, const struct iommu_config *config, uint64_t tc)
{
    struct testbed *t = &s->t;
    bed_open(t, config);
    bed_start(t, 2);
    s->first = bed_pages(t, 1);
    s->second = bed_pages(t, 4);
    s->pdt = bed_pages(t, 1);
    s->msi = bed_pages(t, 1);
    s->page = bed_pages(t, 1);
    bed_map(t, s->second, 3, true, 0x80000000, 0x80000000, 2, RWXAD | U);
    s->pte2 = bed_map(t, s->second, 3, true, GPA, s->page, 0, RWXAD | U);
    s->pte1 = bed_map(t, s->first, 3, false, IOVA, GPA, 0, RWXAD | U);
    bench_poke(&t->b, s->msi, 8, PPN(IMSIC_WINDOW) | 7);
    bench_poke(&t->b, s->pdt + 16 * PROCESS, 8, 1 | 2);
    bench_poke(&t->b, s->pdt + 16 * PROCESS + 8, 8, MODE(8) | s->first >> 12);
    s->dc = (struct bed_dc){.tc = 1 | EN_ATS | EN_PRI | tc,
                            .iohgatp = MODE(8) | s->second >> 12,
                            .fsc = tc & PDTV ? MODE(1) | s->pdt >> 12 : MODE(8) | s->first >> 12,
                            .msiptp = MODE(1) | s->msi >> 12,
                            .pattern = MSI_GPA >> 12};
    for (uint32_t device = 1; device < 5; device++)
        bed_dc(t, device, &s->dc);
}

static void open(struct bed *s, uint64_t tc)
{
    const struct iommu_config config = {.index = 0};
    open_with(s, &config, tc);
}

static void refresh(struct bed *s)
{
    bed_dc(&s->t, 1, &s->dc);
    bed_command(&s->t, 3, 0);
    bed_command(&s->t, 1, 0);
    bed_command(&s->t, 1 | 1 << 7, 0);
}

static uint64_t ask(struct bed *s, uint64_t iova, uint32_t attrs)
{
    struct vd_txn txn = bench_read(iova, 8);
    txn.requester = 1;
    txn.process_id = PROCESS;
    txn.at = VD_AT_TRANSLATION_REQUEST;
    txn.attrs = attrs;
    assert_int_equal(bed_request(&s->t, txn), VD_OK);
    return s->t.answers[(s->t.num_answers - 1) % 256].data[0];
}

/* The reads that a request of device 1 takes. */
static uint64_t reads(struct bed *s, struct vd_txn txn)
{
    uint64_t before = s->t.b.num_reads;
    txn.requester = txn.requester ? txn.requester : 1;
    txn.process_id = PROCESS;
    bed_request(&s->t, txn);
    return s->t.b.num_reads - before;
}

/* A pointer where only leaves are left is no entry of a table: nothing is read behind it. */
static void PT_2_pointer_at_the_last_level(void **state)
{
    (void)state;
    for (unsigned stage = 1; stage <= 2; stage++) {
        struct bed s;
        open(&s, 0);
        const uint64_t ptes[] = {0, PPN(s.first) | V};
        uint64_t taken[2];
        for (unsigned i = 0; i < 2; i++) {
            bench_poke(&s.t.b, stage == 1 ? s.pte1 : s.pte2, 8, ptes[i]);
            iommu_flush(s.t.m);
            taken[i] = reads(&s, bench_read(IOVA, 4));
            assert_int_equal(s.t.answers[i].status, VD_UNSUPPORTED);
            assert_int_equal(bed_cause(&s.t, i), stage == 1 ? 13 : 21);
        }
        assert_int_equal(taken[1], taken[0]);
        bed_close(&s.t);
    }
}

/* Of the sixteen NAPOT encodings one is defined, and that at the last level only. */
static void PT_2_every_napot(void **state)
{
    (void)state;
    for (unsigned stage = 1; stage <= 2; stage++)
        for (unsigned low = 0; low < 16; low++) {
            struct bed s;
            open(&s, 0);
            uint64_t base = stage == 1 ? 0x80010000 : bed_pages(&s.t, 16);
            bench_poke(&s.t.b, stage == 1 ? s.pte1 : s.pte2, 8,
                       PPN(base + 0x1000 * low) | RWXAD | U | BIT(63));
            assert_int_equal(bed_write(&s.t, 1, IOVA + 0x18), low == 8 ? VD_OK : VD_UNSUPPORTED);
            if (low == 8)
                assert_int_equal(bed_where(&s.t), base + 0x18);
            bed_close(&s.t);
        }
}

/* Every combination of R, W, X, G against every access, uncached and cached. */
static void XL_4_every_right(void **state)
{
    (void)state;
    for (unsigned stage = 1; stage <= 2; stage++)
        for (uint64_t bits = 0; bits < 16; bits++)
            for (unsigned kind = 0; kind < 3; kind++) {
                struct bed s;
                open(&s, 0);
                uint64_t rights = (bits & 7) << 1 | (bits & 8 ? G : 0);
                bool valid = (bits & 3) != 2 && bits & 7;
                bench_poke(&s.t.b, stage == 1 ? s.pte1 : s.pte2, 8,
                           PPN(stage == 1 ? GPA : s.page) | rights | V | A | D | U);
                struct vd_txn txn = kind == 1 ? bench_write(IOVA, 4, 0) : bench_read(IOVA, 4);
                txn.requester = 1;
                txn.attrs = kind == 2 ? VD_EXEC : 0;
                bool granted = valid && bits >> kind & 1;
                for (unsigned again = 0; again < 2; again++)
                    assert_int_equal(bed_request(&s.t, txn), granted ? VD_OK : VD_UNSUPPORTED);
                static const unsigned causes[3][3] = {{0}, {13, 15, 12}, {21, 23, 20}};
                assert_int_equal(bed_cause(&s.t, 0), granted ? 0 : causes[stage][kind]);
                bed_close(&s.t);
            }
}

/* What the cache answers, and what it must not, by privilege. */
static void CA_1_privilege_of_entries(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 16; i++) {
        bool user = i & 1, super = i & 2, sum = i & 4, exec = i & 8;
        struct bed s;
        open(&s, PDTV);
        bench_poke(&s.t.b, s.pdt + 16 * PROCESS, 8, 1 | 2 | (sum ? 4 : 0));
        bench_poke(&s.t.b, s.pte1, 8, PPN(GPA) | RWXAD | (user ? U : 0));
        struct vd_txn fill = bench_read(IOVA, 4), txn = fill;
        fill.attrs = VD_PROCESS_ID | (user ? 0 : VD_PRIVILEGED);
        txn.attrs = VD_PROCESS_ID | (super ? VD_PRIVILEGED : 0) | (exec ? VD_EXEC : 0);
        reads(&s, fill);
        assert_int_equal(bed_faults(&s.t), 0);
        bool granted = super ? !user || (sum && !exec) : user;
        assert_int_equal(reads(&s, txn) == 1, granted); /* its own, or the walk's */
        assert_int_equal(bed_faults(&s.t), !granted);
        bed_close(&s.t);
    }
}

/* The size of an answer is that of the smaller page, whichever stage it is of. */
static void ATS_4_and_DBG_3_sizes(void **state)
{
    (void)state;
    for (unsigned first = 0; first < 4; first++)
        for (unsigned second = 0; second < 4; second++) {
            struct bed s;
            open(&s, 0);
            uint64_t root1 = bed_pages(&s.t, 1), root2 = bed_pages(&s.t, 4);
            uint64_t gpa = second ? 0x40000000 : 0x80000000, iova = first ? 0xc0000000 : gpa;
            bed_map(&s.t, root2, 3, true, 0x80000000, 0x80000000, 2, RWXAD | U);
            if (first)
                bed_map(&s.t, root1, 3, false, iova, gpa, first - 1, RWXAD | U);
            if (second)
                bed_map(&s.t, root2, 3, true, gpa, 0x80000000, second - 1, RWXAD | U);
            s.dc.fsc = first ? MODE(8) | root1 >> 12 : 0;
            s.dc.iohgatp = second ? MODE(8) | root2 >> 12 : 0;
            s.dc.msiptp = 0;
            refresh(&s);
            unsigned level = !first ? second : !second ? first : first < second ? first : second;
            level = level ? level - 1 : 0;
            uint64_t mask = (UINT64_C(0x1000) << (9 * level)) - 1;
            uint64_t page = 0x80000000 | (mask >> 1 & ~UINT64_C(0xfff));
            assert_int_equal(ask(&s, iova, 0), page | (level ? S : 0) | R_BIT | W_BIT);
            bed_set(&s.t, REG_OFFSET_TR_REQ_IOVA, 8, iova);
            bed_set(&s.t, REG_OFFSET_TR_REQ_CTL, 8, 1 | UINT64_C(1) << 40);
            assert_int_equal(bed_get(&s.t, REG_OFFSET_TR_RESPONSE, 8),
                             PPN(page) | (level ? 1 << 9 : 0));
            bed_close(&s.t);
        }
}

/* No bit of the attributes is taken for another, in records and answers. */
static void FQ_2_and_PRI_1_every_attribute(void **state)
{
    (void)state;
    struct bed s;
    open(&s, PDTV);
    uint64_t faults = bed_pages(&s.t, 4);
    bed_set(&s.t, REG_OFFSET_FQCSR, 4, 0);
    bed_set(&s.t, REG_OFFSET_FQB, 8, PPN(faults) | 8);
    bed_set(&s.t, REG_OFFSET_FQCSR, 4, 1);
    uint32_t pages = 0;
    for (uint32_t attrs = 0; attrs < 256; attrs++) {
        bool pv = attrs & VD_PROCESS_ID, priv = attrs & VD_PRIVILEGED, exec = attrs & VD_EXEC;
        uint64_t id = pv ? (uint64_t)PROCESS << 12 | BIT(32) | (priv ? BIT(33) : 0) : 0;
        struct vd_txn txn = bench_read(0x1000, 4);
        txn.requester = 0x3f;
        txn.process_id = PROCESS;
        txn.attrs = attrs;
        bed_request(&s.t, txn);
        assert_int_equal(bench_peek(&s.t.b, faults + 32 * attrs, 8),
                         258 | UINT64_C(0x3f) << 40 | id | (uint64_t)(exec ? 1 : 2) << 34);
        txn = (struct vd_txn){
            .tag = 4, .requester = 1, .process_id = PROCESS, .attrs = attrs, .data = {7}};
        bed_set(&s.t, REG_OFFSET_PQH, 4, pages);
        iommu_message(s.t.m, &txn);
        assert_int_equal(bench_peek(&s.t.b, s.t.pq + 16 * pages, 8),
                         BIT(40) | id | (pv && exec ? BIT(34) : 0));
        pages = (pages + 1) & 63;
    }
    bed_close(&s.t);
}

static void ATS_4_every_attribute(void **state)
{
    (void)state;
    struct bed s;
    open(&s, PDTV);
    bench_poke(&s.t.b, s.pdt + 16 * PROCESS, 8, 1 | 2 | 4);
    uint64_t dc = bed_dc(&s.t, 1, &s.dc);
    bench_poke(&s.t.b, s.pte1, 8, PPN(GPA) | RWXAD | U | G | BIT(61));
    for (uint32_t attrs = 0; attrs < 512; attrs += 2) { /* it is never posted */
        bool pv = attrs & VD_PROCESS_ID, priv = attrs & VD_PRIVILEGED, exec = attrs & VD_EXEC;
        uint64_t cxl = attrs & VD_CXL ? CXL_IO : 0;
        if (pv) { /* SUM=1: a supervisor may use but not execute it */
            uint64_t more = GLOBAL | (priv ? PRIV : 0) | (exec && !priv ? X_BIT : 0);
            assert_int_equal(ask(&s, IOVA, attrs), s.page | R_BIT | W_BIT | cxl | more);
        } else { /* no process: the first stage is Bare */
            assert_int_equal(ask(&s, GPA, attrs), s.page | R_BIT | W_BIT | (exec ? X_BIT : 0));
        }
    }
    assert_int_equal(bench_peek(&s.t.b, dc, 8), s.dc.tc);
    assert_int_equal(bed_faults(&s.t), 0);
    bed_close(&s.t);
}

/* A translation request that cannot have W leaves D of the second stage alone. */
static void ATS_2_and_PT_5_no_needless_dirty(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 8; i++) {
        bool w1 = i & 1, w2 = i & 2, wanted = i & 4;
        struct bed s;
        open(&s, SADE | GADE);
        bench_poke(&s.t.b, s.pte1, 8, PPN(GPA) | V | R | U | A | (w1 ? W : 0));
        bench_poke(&s.t.b, s.pte2, 8, PPN(s.page) | V | R | U | A | (w2 ? W : 0));
        uint64_t got = ask(&s, IOVA, wanted ? 0 : VD_NO_WRITE);
        bool dirty1 = w1 && wanted, dirty2 = w1 && w2 && wanted;
        assert_int_equal(got, s.page | R_BIT | (dirty2 ? W_BIT : 0));
        assert_int_equal((bench_peek(&s.t.b, s.pte1, 8) & D) != 0, dirty1);
        assert_int_equal((bench_peek(&s.t.b, s.pte2, 8) & D) != 0, dirty2);
        bed_close(&s.t);
    }
}

/* The walk of the first stage reads its table: D of that page is set where it is writable. */
static void PT_5_dirty_of_table_pages(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 8; i++) {
        bool writable = i & 1, gade = i & 2, sade = i & 4;
        struct bed s;
        open(&s, (gade ? GADE : 0) | (sade ? SADE : 0));
        uint64_t leaf = s.pte1 & ~UINT64_C(0xfff);
        uint64_t table = bed_map(&s.t, s.second, 3, true, 0x20000000, leaf, 0,
                                 V | R | U | A | (writable ? W : 0));
        uint64_t pointer = bed_map(&s.t, s.first, 3, false, 0x7fe00000, 0, 1, 0);
        bench_poke(&s.t.b, pointer, 8, PPN(0x20000000) | V);
        bench_forget(&s.t.b);
        bed_read(&s.t, 1, 0x7fe00000 | (IOVA & 0x1ff000));
        assert_int_equal(bed_faults(&s.t), 0);
        bool dirty = bench_peek(&s.t.b, table, 8) & D;
        assert_int_equal(dirty, writable && gade && sade);
        bed_close(&s.t);
    }
}

/* A large page over an interrupt file: the pages beside it are still memory. */
static void MSI_5_neighbours_in_a_large_page(void **state)
{
    (void)state;
    struct bed s;
    open(&s, 0);
    uint64_t iova = 0x60000000;
    bed_map(&s.t, s.first, 3, false, iova, MSI_GPA, 1, RWXAD | U);
    bed_map(&s.t, s.second, 3, true, MSI_GPA, 0x80400000, 1, RWXAD | U);
    assert_int_equal(bed_write(&s.t, 1, iova), VD_OK);
    assert_int_equal(bed_where(&s.t), IMSIC_WINDOW);
    struct vd_txn txn = bench_write(iova + 0x1008, 4, 0);
    assert_int_equal(reads(&s, txn), 6); /* the file's entry is a page: 2 * (1 + 1) + 2 */
    assert_int_equal(bed_where(&s.t), 0x80401008);
    assert_int_equal(reads(&s, txn), 0);
    assert_int_equal(bed_write(&s.t, 1, iova + 8), VD_OK);
    assert_int_equal(bed_where(&s.t), IMSIC_WINDOW + 8);
    bed_close(&s.t);
}

/* Both stages cached for the MSI: execution is refused without a walk. */
static void MSI_5_execute_from_the_cache(void **state)
{
    (void)state;
    struct bed s;
    open(&s, 0);
    bed_map(&s.t, s.first, 3, false, 0x60000000, MSI_GPA, 0, RWXAD | U);
    bed_write(&s.t, 1, 0x60000000);
    struct vd_txn txn = bench_read(0x60000000, 4);
    txn.attrs = VD_EXEC;
    assert_int_equal(reads(&s, txn), 0);
    assert_int_equal(bed_cause(&s.t, 0), 1);
    bed_close(&s.t);
}

/* All entries of every cache are found again, in whatever order. */
static void CA_1_every_entry(void **state)
{
    (void)state;
    struct bed s;
    const struct iommu_config config = {
        .ddt_entries = 4, .pdt_entries = 4, .tlb_entries = 16, .msi_entries = 4};
    open_with(&s, &config, PDTV);
    s.dc.mask = 3;
    for (uint32_t device = 1; device < 5; device++)
        bed_dc(&s.t, device, &s.dc);
    for (unsigned i = 1; i < 4; i++)
        bench_poke(&s.t.b, s.msi + 16 * i, 8, PPN(IMSIC_WINDOW + 0x1000 * i) | 7);
    for (unsigned i = 0; i < 4; i++) {
        bed_map(&s.t, s.first, 3, false, IOVA + 0x1000 * i, GPA, 0, RWXAD | U);
        bed_map(&s.t, s.first, 3, false, 0x60000000 + 0x1000 * i, MSI_GPA + 0x1000 * i, 0,
                RWXAD | U);
    }
    for (unsigned round = 0; round < 3; round++)
        for (unsigned i = 0; i < 4; i++)
            for (unsigned file = 0; file < 2; file++) {
                unsigned n = round == 2 ? 3 - i : i;
                struct vd_txn txn = bench_write((file ? 0x60000000 : IOVA) + 0x1000 * n, 4, 0);
                txn.requester = n + 1;
                txn.attrs = VD_PROCESS_ID;
                assert_int_equal(reads(&s, txn) == 0, round > 0);
            }
    iommu_flush(s.t.m);
    struct vd_txn txn = bench_write(0x60000000, 4, 0);
    txn.attrs = VD_PROCESS_ID;
    /* Device context, process context under the second stage, and all of the walk. */
    assert_int_equal(reads(&s, txn), 1 + 2 + 6 + 1);
    bed_close(&s.t);
}

/* MSI entries are of the second stage, and of a device with the switch alone. */
static void CA_1_msi_entries_of_devices(void **state)
{
    (void)state;
    for (unsigned tagged = 0; tagged < 2; tagged++) {
        struct bed s;
        const struct iommu_config config = {.tag_device = tagged};
        open_with(&s, &config, 0);
        s.dc.fsc = 0;
        for (uint32_t device = 1; device < 4; device++) {
            s.dc.iohgatp |= device == 3 ? UINT64_C(9) << 44 : 0;
            bed_dc(&s.t, device, &s.dc);
        }
        struct vd_txn txn = bench_write(MSI_GPA, 4, 1);
        static const uint64_t expected[2][6] = {{2, 1, 2, 0, 0, 0}, {2, 2, 2, 0, 0, 0}};
        for (uint32_t i = 0; i < 6; i++) {
            txn.requester = 1 + i % 3;
            assert_int_equal(reads(&s, txn), expected[tagged][i]);
        }
        bed_close(&s.t);
    }
}

/* The second half of an MSI PTE costs a read, and no new start. */
static void MSI_4_time_of_two_halves(void **state)
{
    (void)state;
    for (uint32_t fetch = 0; fetch < 3; fetch++) {
        struct bed s;
        const struct iommu_config config = {
            .pte_fetch = fetch, .timing = {.hit = 2, .step = 1, .msi_start = 7}, .cycle_ps = CYCLE};
        open_with(&s, &config, 0);
        s.dc.fsc = 0;
        refresh(&s);
        bed_read(&s.t, 1, 0x80000000);
        s.t.b.latency = 10 * CYCLE;
        bench_forget(&s.t.b);
        vd_time start = s.t.b.now;
        bed_write(&s.t, 1, MSI_GPA);
        assert_int_equal((s.t.b.now - start) / CYCLE, 8 + 10 + (fetch ? 11 : 0) + 2 + 10);
        uint64_t at = bench_record(&s.t.b, VD_REC_iommu_access, 0)->a;
        assert_int_equal(at, s.msi + (fetch == 2 ? 8 : 0));
        assert_int_equal(bench_count(&s.t.b, VD_REC_iommu_access), fetch ? 2 : 1);
        bed_close(&s.t);
    }
}

/* What the MRIF does not take is recorded with the data, and answered with nothing. */
static void MRIF_2_discarded_data(void **state)
{
    (void)state;
    struct bed s;
    open(&s, 0);
    s.dc.fsc = 0;
    refresh(&s);
    bench_poke(&s.t.b, s.msi, 8, bed_pages(&s.t, 1) >> 9 << 7 | 3);
    struct vd_txn txn = bench_write(MSI_GPA, 4, UINT64_C(0xa5a5a5a500000800));
    txn.requester = 1;
    txn.serial = 5;
    assert_int_equal(bed_request(&s.t, txn), VD_OK);
    assert_int_equal(s.t.answers[s.t.num_answers - 1].data[0], 0);
    const struct vd_record *drop = bench_record(&s.t.b, VD_REC_msi_drop, 0);
    assert_int_equal(drop->a, VD_DROP_mrif_discard);
    assert_int_equal(drop->c, 0x800);
    bed_close(&s.t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(PT_2_pointer_at_the_last_level),
        cmocka_unit_test(PT_2_every_napot),
        cmocka_unit_test(XL_4_every_right),
        cmocka_unit_test(CA_1_privilege_of_entries),
        cmocka_unit_test(ATS_4_and_DBG_3_sizes),
        cmocka_unit_test(FQ_2_and_PRI_1_every_attribute),
        cmocka_unit_test(ATS_4_every_attribute),
        cmocka_unit_test(ATS_2_and_PT_5_no_needless_dirty),
        cmocka_unit_test(PT_5_dirty_of_table_pages),
        cmocka_unit_test(MSI_5_neighbours_in_a_large_page),
        cmocka_unit_test(MSI_5_execute_from_the_cache),
        cmocka_unit_test(CA_1_every_entry),
        cmocka_unit_test(CA_1_msi_entries_of_devices),
        cmocka_unit_test(MSI_4_time_of_two_halves),
        cmocka_unit_test(MRIF_2_discarded_data),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
