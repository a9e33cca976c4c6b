/* SPDX-License-Identifier: BSD-2-Clause */
/* Every cause, raised in a machine that has everything: what is recorded with and without DTF, and
 * how a translation request is answered [iommu FAULT_CAUSE], [iommu ATS_FAULTS]. */
#include "iommu/iommu_testbed.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define BIT(n)  (UINT64_C(1) << (n))
#define MODE(n) ((uint64_t)(n) << 60)
#define PPN(a)  ((uint64_t)(a) >> 12 << 10)
enum { DEVICE = 0x41, PROCESS = 0x105, GPA = 0x10000000, NOWHERE = 0x20000000 };
enum { MSI_GPA = 0x50000000, MRIF_GPA = 0x50001000 };
enum { EN_ATS = 2, DTF = 16, PDTV = 32, GADE = 128, SADE = 256 };
/* Two pages, an interrupt file and an MRIF, by IOVA. */
enum { PAGE = 0x40005000, DIRTY = 0x40008000, FILE_PAGE = 0x40006000, MRIF_PAGE = 0x40007000 };

struct bed {
    struct testbed t;
    uint64_t first, second, pdt, pdt_leaf, msi, mrif, leaf;
    struct bed_dc dc;
};

static bool (*bed_hook)(void *ctx, struct vd_txn *txn);
static bool swaps_fail;

static bool no_swaps(void *ctx, struct vd_txn *txn)
{
    if (!swaps_fail || txn->cmd != VD_CAS)
        return bed_hook(ctx, txn);
    txn->data[0] = ~txn->data[1];
    txn->status = VD_OK;
    return true;
}

static void put(struct bed *s, uint64_t at, uint64_t value)
{
    bench_poke(&s->t.b, at, 8, value);
}

static void build(struct bed *s, bool dtf)
{
    /* Everything but AMO_MRIF, so that an MRIF is read. */
    const struct iommu_config config = {.capabilities = UINT64_C(0xff8efefcf10) & ~BIT(21)};
    struct testbed *t = &s->t;
    bed_open(t, &config);
    bed_hook = t->b.hook;
    t->b.hook = no_swaps;
    swaps_fail = false;
    bed_start(t, 3);
    s->first = bed_pages(t, 1);
    s->second = bed_pages(t, 4);
    s->pdt = bed_pages(t, 1);
    s->pdt_leaf = bed_pages(t, 1);
    s->msi = bed_pages(t, 1);
    s->mrif = bed_pages(t, 1);
    bed_map(t, s->second, 3, true, 0x80000000, 0x80000000, 2, RWXAD | U);
    bed_map(t, s->second, 3, true, GPA, bed_pages(t, 1), 0, RWXAD | U);
    bed_map(t, s->second, 3, true, NOWHERE, 0x1000, 0, RWXAD | U);
    s->leaf = bed_map(t, s->first, 3, false, PAGE, GPA, 0, RWXAD | U);
    bed_map(t, s->first, 3, false, DIRTY, GPA, 0, V | R | W | X | U);
    bed_map(t, s->first, 3, false, FILE_PAGE, MSI_GPA, 0, RWXAD | U);
    bed_map(t, s->first, 3, false, MRIF_PAGE, MRIF_GPA, 0, RWXAD | U);
    put(s, s->msi, PPN(IMSIC_WINDOW) | 7);
    put(s, s->msi + 16, s->mrif >> 9 << 7 | 3);
    put(s, s->msi + 24, PPN(IMSIC_WINDOW));
    put(s, s->pdt + 8, PPN(s->pdt_leaf) | 1);
    put(s, s->pdt_leaf + 16 * 5, 1);
    put(s, s->pdt_leaf + 16 * 5 + 8, MODE(8) | s->first >> 12);
    s->dc = (struct bed_dc){.tc = 1 | EN_ATS | PDTV | GADE | SADE | (dtf ? DTF : 0),
                            .iohgatp = MODE(8) | s->second >> 12,
                            .fsc = MODE(2) | s->pdt >> 12,
                            .msiptp = MODE(1) | s->msi >> 12,
                            .mask = 1,
                            .pattern = MSI_GPA >> 12};
    bed_dc(t, DEVICE, &s->dc);
}

static uint64_t context_at(struct bed *s)
{
    return bed_dc(&s->t, DEVICE, &s->dc);
}

static void off(struct bed *s)
{
    bed_set(&s->t, REG_OFFSET_DDTP, 8, 0);
}

static void ddt_unmapped(struct bed *s)
{
    put(s, s->t.ddt + 8, PPN(0x1000) | 1);
}

static void ddt_not_valid(struct bed *s)
{
    s->dc.tc &= ~UINT64_C(1);
    context_at(s);
}

static void ddt_misconfigured(struct bed *s)
{
    s->dc.tc |= BIT(40);
    context_at(s);
}

static void ddt_corrupt(struct bed *s)
{
    s->t.poison = context_at(s);
}

static void no_processes(struct bed *s)
{
    s->dc.tc &= ~(uint64_t)PDTV;
    s->dc.fsc = 0;
    context_at(s);
}

static void msi_unmapped(struct bed *s)
{
    s->dc.msiptp = MODE(1) | 1;
    context_at(s);
}

static void msi_not_valid(struct bed *s)
{
    put(s, s->msi, PPN(IMSIC_WINDOW) | 6);
}

static void msi_misconfigured(struct bed *s)
{
    put(s, s->msi, PPN(IMSIC_WINDOW) | 5);
}

static void msi_corrupt(struct bed *s)
{
    s->t.poison = s->msi;
}

static void mrif_unmapped(struct bed *s)
{
    put(s, s->msi + 16, 0x1000 >> 9 << 7 | 3);
}

static void mrif_corrupt(struct bed *s)
{
    s->t.poison = s->mrif;
}

static void pdt_unmapped(struct bed *s)
{
    put(s, s->pdt + 8, PPN(NOWHERE) | 1);
}

static void pdt_not_valid(struct bed *s)
{
    put(s, s->pdt_leaf + 16 * 5, 0);
}

static void pdt_misconfigured(struct bed *s)
{
    put(s, s->pdt_leaf + 16 * 5, 1 | BIT(40));
}

static void pdt_corrupt(struct bed *s)
{
    s->t.poison = s->pdt_leaf + 16 * 5;
}

static void no_compare_and_swap(struct bed *s)
{
    (void)s;
    swaps_fail = true;
}

static void page_unmapped(struct bed *s)
{
    put(s, s->leaf, 0);
}

static void guest_page_unmapped(struct bed *s)
{
    put(s, s->leaf, PPN(GPA + 0x1000) | RWXAD | U);
}

static void table_unmapped(struct bed *s)
{
    put(s, s->first + 8, PPN(NOWHERE) | V);
}

static void table_corrupt(struct bed *s)
{
    s->t.poison = s->leaf;
}

enum kind { READ, WRITE, EXEC, ASK, KINDS };
enum answer { REFUSED = VD_UNSUPPORTED, ABORTED = VD_ABORTED, EMPTY = VD_OK, NEVER = 99 };

static const struct row {
    void (*spoil)(struct bed *s);
    uint32_t iova;
    unsigned cause[3]; /* by read, write, execution */
    bool despite_dtf;
    enum answer answer; /* of a translation request; NEVER: it does not meet with this */
} rows[] = {
    {off, PAGE, {256, 256, 256}, true, REFUSED},
    {ddt_unmapped, PAGE, {257, 257, 257}, true, REFUSED},
    {ddt_not_valid, PAGE, {258, 258, 258}, true, REFUSED},
    {ddt_misconfigured, PAGE, {259, 259, 259}, true, REFUSED},
    {no_processes, PAGE, {260, 260, 260}, false, REFUSED},
    {msi_unmapped, FILE_PAGE, {261, 261, 261}, false, ABORTED},
    {msi_not_valid, FILE_PAGE, {262, 262, 262}, false, EMPTY},
    {msi_misconfigured, FILE_PAGE, {263, 263, 263}, false, ABORTED},
    {mrif_unmapped, MRIF_PAGE, {0, 264, 1}, false, NEVER},
    {pdt_unmapped, PAGE, {265, 265, 265}, false, ABORTED},
    {pdt_not_valid, PAGE, {266, 266, 266}, false, EMPTY},
    {pdt_misconfigured, PAGE, {267, 267, 267}, false, ABORTED},
    {ddt_corrupt, PAGE, {268, 268, 268}, true, ABORTED},
    {pdt_corrupt, PAGE, {269, 269, 269}, false, ABORTED},
    {msi_corrupt, FILE_PAGE, {270, 270, 270}, false, ABORTED},
    {mrif_corrupt, MRIF_PAGE, {0, 271, 1}, false, NEVER},
    {no_compare_and_swap, DIRTY, {272, 272, 272}, true, ABORTED},
    {table_unmapped, PAGE, {5, 7, 1}, false, ABORTED},
    {table_corrupt, PAGE, {274, 274, 274}, false, ABORTED},
    {page_unmapped, PAGE, {13, 15, 12}, false, EMPTY},
    {guest_page_unmapped, PAGE, {21, 23, 20}, false, EMPTY},
};
enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

static struct vd_txn request(enum kind kind, uint64_t iova)
{
    struct vd_txn txn = kind == WRITE ? bench_write(iova, 4, 3) : bench_read(iova, 4);
    txn.requester = DEVICE;
    txn.process_id = PROCESS;
    txn.attrs = VD_PROCESS_ID | (kind == EXEC ? VD_EXEC : 0);
    txn.at = kind == ASK ? VD_AT_TRANSLATION_REQUEST : VD_AT_UNTRANSLATED;
    return txn;
}

static void nothing_is_wrong(void **state)
{
    (void)state;
    static const uint32_t pages[] = {PAGE, DIRTY, FILE_PAGE, MRIF_PAGE};
    struct bed s;
    build(&s, false);
    for (unsigned i = 0; i < 4; i++)
        for (enum kind kind = READ; kind < KINDS; kind++) {
            bool allowed = kind != EXEC || i < 2;
            if (pages[i] == FILE_PAGE && kind == READ)
                continue; /* the window answers writes only */
            assert_int_equal(bed_request(&s.t, request(kind, pages[i])),
                             allowed ? VD_OK : VD_UNSUPPORTED);
        }
    bed_close(&s.t);
}

static void FQ_3_every_cause(void **state)
{
    (void)state;
    for (unsigned i = 0; i < ROWS; i++)
        for (enum kind kind = READ; kind < ASK; kind++)
            for (unsigned dtf = 0; dtf < 2 && rows[i].cause[kind]; dtf++) {
                struct bed s;
                build(&s, dtf);
                rows[i].spoil(&s);
                enum vd_status status = bed_request(&s.t, request(kind, rows[i].iova));
                bool told = !dtf || rows[i].despite_dtf;
                assert_int_equal(bed_cause(&s.t, 0), told ? rows[i].cause[kind] : 0);
                assert_int_equal(bed_faults(&s.t), told);
                assert_int_equal(bench_count(&s.t.b, VD_REC_iommu_fault), told);
                assert_int_equal(status, VD_UNSUPPORTED);
                bed_close(&s.t);
            }
}

static void ATS_1_every_cause(void **state)
{
    (void)state;
    for (unsigned i = 0; i < ROWS; i++)
        for (unsigned dtf = 0; dtf < 2 && rows[i].answer != NEVER; dtf++) {
            struct bed s;
            build(&s, dtf);
            rows[i].spoil(&s);
            assert_int_equal(bed_request(&s.t, request(ASK, rows[i].iova)), rows[i].answer);
            assert_int_equal(s.t.answers[0].data[0], 0);
            bool told = rows[i].answer != EMPTY && (!dtf || rows[i].despite_dtf);
            assert_int_equal(bed_cause(&s.t, 0), told ? rows[i].cause[READ] : 0);
            if (told)
                assert_int_equal(bed_fault(&s.t, 0, 0) >> 34 & 0x3f, 8);
            bed_close(&s.t);
        }
}

/* An MSI that ends in a fault is accounted for, as told or as silent. */
static void MSI_4_drops(void **state)
{
    (void)state;
    for (unsigned i = 0; i < ROWS; i++)
        for (unsigned dtf = 0; dtf < 2; dtf++) {
            struct bed s;
            build(&s, dtf);
            rows[i].spoil(&s);
            struct vd_txn txn = request(WRITE, rows[i].iova);
            txn.serial = 77;
            txn.attrs |= VD_POSTED;
            bed_request(&s.t, txn);
            bool told = !dtf || rows[i].despite_dtf;
            const struct vd_record *drop = bench_record(&s.t.b, VD_REC_msi_drop, 0);
            assert_int_equal(drop->serial, 77);
            assert_int_equal(drop->a, told ? VD_DROP_iommu_fault : VD_DROP_iommu_fault_silent);
            assert_int_equal(drop->c, rows[i].cause[WRITE]);
            assert_int_equal(bench_count(&s.t.b, VD_REC_msi_drop), 1);
            assert_int_equal(s.t.num_answers, 0);
            bed_close(&s.t);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_wrong),
        cmocka_unit_test(FQ_3_every_cause),
        cmocka_unit_test(ATS_1_every_cause),
        cmocka_unit_test(MSI_4_drops),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
