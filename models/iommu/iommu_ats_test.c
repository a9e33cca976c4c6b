/* SPDX-License-Identifier: BSD-2-Clause */
/* Translation requests, translated requests, invalidations, page requests. */
#include "iommu/iommu_testbed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define BIT(n)  (UINT64_C(1) << (n))
#define MODE(n) ((uint64_t)(n) << 60)
enum { EN_ATS = 2, EN_PRI = 4, T2GPA = 8, DTF = 16, PRPR = 64, GADE = 128, SADE = 256 };
enum { R_BIT = 1, W_BIT = 2, U_BIT = 4, X_BIT = 8, PRIV = 16, GLOBAL = 32, CXL_IO = 64, S = 2048 };

struct ats_bed {
    struct testbed t;
    uint64_t first, second;
    struct bed_dc dc;
};

static void open(struct ats_bed *s, uint64_t tc)
{
    const struct iommu_config config = {.index = 0};
    bed_open(&s->t, &config);
    bed_start(&s->t, 2);
    s->first = bed_pages(&s->t, 1);
    s->second = bed_pages(&s->t, 4);
    bed_map(&s->t, s->second, 3, true, 0x80000000, 0x80000000, 2, RWXAD | U);
    s->dc = (struct bed_dc){.tc = 1 | EN_ATS | tc,
                            .iohgatp = MODE(8) | s->second >> 12,
                            .fsc = MODE(8) | s->first >> 12};
    bed_dc(&s->t, 1, &s->dc);
}

static void refresh(struct ats_bed *s)
{
    bed_dc(&s->t, 1, &s->dc);
    bed_command(&s->t, 3, 0);
}

/* The answer's data, or UINT64_MAX for an error status. */
static uint64_t ask(struct ats_bed *s, uint64_t iova, uint32_t attrs)
{
    struct vd_txn txn = bench_read(iova, 8);
    txn.requester = 1;
    txn.at = VD_AT_TRANSLATION_REQUEST;
    txn.attrs = attrs;
    if (bed_request(&s->t, txn) != VD_OK)
        return UINT64_MAX;
    return s->t.answers[s->t.num_answers - 1].data[0];
}

static enum vd_status status(struct ats_bed *s, uint64_t iova)
{
    ask(s, iova, 0);
    return s->t.answers[s->t.num_answers - 1].status;
}

static void ATS_1_answers(void **state)
{
    (void)state;
    struct ats_bed s;
    open(&s, 0);
    /* Page fault: success without rights and without a record. */
    assert_int_equal(ask(&s, 0x5000, 0), 0);
    assert_int_equal(bed_faults(&s.t), 0);
    bed_close(&s.t);
}

static void ATS_1_errors(void **state)
{
    (void)state;
    struct ats_bed s;
    open(&s, 0);
    s.dc.iohgatp = 0;
    s.dc.fsc = MODE(8) | 1;
    refresh(&s);
    assert_int_equal(status(&s, 0x5000), VD_ABORTED);
    assert_int_equal(bed_cause(&s.t, 0), 5);
    assert_int_equal(bed_fault(&s.t, 0, 0) >> 34 & 0x3f, 8);
    s.dc.tc = 1; /* EN_ATS=0 */
    refresh(&s);
    assert_int_equal(status(&s, 0x5000), VD_UNSUPPORTED);
    assert_int_equal(bed_cause(&s.t, 1), 260);
    s.dc.tc = 1 | DTF;
    refresh(&s);
    assert_int_equal(status(&s, 0x5000), VD_UNSUPPORTED);
    assert_int_equal(bed_faults(&s.t), 2);
    bed_close(&s.t);
}

static void ATS_2_rights(void **state)
{
    (void)state;
    static const struct {
        uint64_t pte1, pte2;
        uint32_t attrs;
        uint64_t rights;
    } cases[] = {
        {RWXAD | U, RWXAD | U, 0, R_BIT | W_BIT},
        {RWXAD | U, RWXAD | U, VD_EXEC, R_BIT | W_BIT | X_BIT},
        {V | R | A | U, RWXAD | U, 0, R_BIT},
        {RWXAD | U, V | R | A | U, 0, R_BIT},
        {V | X | A | U, RWXAD | U, VD_EXEC, 0}, /* X only with R */
        {V | R | W | A | U, RWXAD | U, VD_NO_WRITE, R_BIT},
        {V | R | W | A | U, RWXAD | U, 0, 0}, /* D needed, not allowed to be set */
        {RWXAD | U, V | R | W | A | U, 0, 0},
        {V | R | W | U | D, RWXAD | U, VD_NO_WRITE, 0}, /* A needed */
        {RWXAD, RWXAD | U, 0, 0},                       /* not a user page */
    };
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct ats_bed s;
        open(&s, 0);
        bed_map(&s.t, s.first, 3, false, 0x5000, 0x9000, 0, cases[i].pte1);
        bed_map(&s.t, s.second, 3, true, 0x9000, 0x80077000, 0, cases[i].pte2);
        uint64_t rights = cases[i].rights;
        assert_int_equal(ask(&s, 0x5000, cases[i].attrs), rights ? 0x80077000 | rights : 0);
        assert_int_equal(bed_faults(&s.t), 0);
        bed_close(&s.t);
    }
}

static void ATS_2_updates_dirty(void **state)
{
    (void)state;
    struct ats_bed s;
    open(&s, SADE | GADE);
    uint64_t pte1 = bed_map(&s.t, s.first, 3, false, 0x5000, 0x9000, 0, V | R | W | U);
    uint64_t pte2 = bed_map(&s.t, s.second, 3, true, 0x9000, 0x80077000, 0, V | R | W | U);
    assert_int_equal(ask(&s, 0x5000, VD_NO_WRITE), 0x80077000 | R_BIT);
    assert_int_equal(bench_peek(&s.t.b, pte1, 8) & (A | D), A);
    assert_int_equal(bench_peek(&s.t.b, pte2, 8) & (A | D), A);
    assert_int_equal(ask(&s, 0x5000, 0), 0x80077000 | R_BIT | W_BIT);
    assert_int_equal(bench_peek(&s.t.b, pte1, 8) & (A | D), A | D);
    assert_int_equal(bench_peek(&s.t.b, pte2, 8) & (A | D), A | D);
    bed_close(&s.t);
}

/* T2GPA: the answer is the GPA, and neither comes from nor leaves an entry IOVA -> SPA. */
static void ATS_3_T2GPA(void **state)
{
    (void)state;
    struct ats_bed s;
    open(&s, T2GPA);
    bed_map(&s.t, s.first, 3, false, 0x5000, 0x9000, 0, RWXAD | U);
    bed_map(&s.t, s.second, 3, true, 0x9000, 0x80077000, 0, RWXAD | U);
    bed_write(&s.t, 1, 0x5000);
    assert_int_equal(bed_where(&s.t), 0x80077000);
    assert_int_equal(ask(&s, 0x5000, 0), 0x9000 | R_BIT | W_BIT);
    struct vd_txn txn = bench_write(0x9008, 4, 0);
    txn.requester = 1;
    txn.at = VD_AT_TRANSLATED;
    assert_int_equal(bed_request(&s.t, txn), VD_OK);
    assert_int_equal(bed_where(&s.t), 0x80077008);
    txn.addr = 0x5000;
    assert_int_equal(bed_request(&s.t, txn), VD_UNSUPPORTED);
    assert_int_equal(bed_cause(&s.t, 0), 23);
    s.dc.tc &= ~(uint64_t)T2GPA;
    refresh(&s);
    txn.addr = 0x80011000;
    assert_int_equal(bed_request(&s.t, txn), VD_OK); /* PA = IOVA */
    assert_int_equal(bed_where(&s.t), 0x80011000);
    bed_close(&s.t);
}

/* Execution needs X of the second stage and no R; answers to translation requests alone couple
 * them. */
static void step_19_translated_execute_only(void **state)
{
    (void)state;
    struct ats_bed s;
    open(&s, T2GPA);
    bed_map(&s.t, s.second, 3, true, 0x9000, 0x80077000, 0, V | X | A | U);
    struct vd_txn txn = bench_read(0x9008, 4);
    txn.requester = 1;
    txn.at = VD_AT_TRANSLATED;
    txn.attrs = VD_EXEC;
    assert_int_equal(bed_request(&s.t, txn), VD_OK);
    txn.attrs = 0;
    assert_int_equal(bed_request(&s.t, txn), VD_UNSUPPORTED);
    assert_int_equal(bed_cause(&s.t, 0), 21);
    bed_close(&s.t);
}

static void ATS_4_fields(void **state)
{
    (void)state;
    struct ats_bed s;
    open(&s, 0);
    bed_map(&s.t, s.first, 3, false, 0x200000, 0x80200000, 1, RWXAD | U | G);
    bed_map(&s.t, s.first, 3, false, 0x5000, 0x80005000, 0, RWXAD | U | BIT(61));
    bed_map(&s.t, s.first, 3, false, 0x6000, 0x60000000, 0, RWXAD | U);
    /* 2 MiB: S and ones in 19:12 below the size. */
    assert_int_equal(ask(&s, 0x233000, 0), 0x802ff000 | S | R_BIT | W_BIT);
    assert_int_equal(ask(&s, 0x5000, 0), 0x80005000 | R_BIT | W_BIT);
    assert_int_equal(ask(&s, 0x5000, VD_CXL), 0x80005000 | CXL_IO | R_BIT | W_BIT);
    uint64_t table = bed_pages(&s.t, 1);
    s.dc.msiptp = MODE(1) | table >> 12;
    s.dc.pattern = 0x60000;
    refresh(&s);
    bench_poke(&s.t.b, table, 8, IMSIC_WINDOW >> 12 << 10 | 7);
    assert_int_equal(ask(&s, 0x6000, VD_CXL), IMSIC_WINDOW | CXL_IO | R_BIT | W_BIT);
    bed_command(&s.t, 1 | 1 << 7, 0);
    bench_poke(&s.t.b, table, 8, 3); /* MRIF: untranslated access only */
    assert_int_equal(ask(&s, 0x6000, 0) & 0xfff, U_BIT | R_BIT | W_BIT);
    bed_command(&s.t, 1 | 1 << 7, 0);
    bench_poke(&s.t.b, table, 8, 0);
    assert_int_equal(ask(&s, 0x6000, 0), 0);
    assert_int_equal(bed_faults(&s.t), 0);
    bed_close(&s.t);
}

static void ATS_4_process(void **state)
{
    (void)state;
    struct ats_bed s;
    open(&s, 1 << 5);
    uint64_t pdt = bed_pages(&s.t, 1);
    bench_poke(&s.t.b, pdt, 8, 3);
    bench_poke(&s.t.b, pdt + 8, 8, s.dc.fsc);
    s.dc.fsc = MODE(1) | pdt >> 12;
    refresh(&s);
    bed_map(&s.t, s.first, 3, false, 0x5000, 0x80005000, 0, RWXAD | G);
    bed_map(&s.t, s.first, 3, false, 0x6000, 0x80006000, 0, RWXAD | U | G);
    uint32_t pasid = VD_PROCESS_ID, super = VD_PROCESS_ID | VD_PRIVILEGED;
    assert_int_equal(ask(&s, 0x5000, super), 0x80005000 | GLOBAL | PRIV | R_BIT | W_BIT);
    assert_int_equal(ask(&s, 0x5000, pasid), 0);
    assert_int_equal(ask(&s, 0x6000, pasid), 0x80006000 | GLOBAL | R_BIT | W_BIT);
    assert_int_equal(ask(&s, 0x6000, super), PRIV); /* SUM=0 */
    bed_close(&s.t);
}

/* A success without rights: Priv, CXL.io and U are as they are with them. */
static void ATS_4_without_rights(void **state)
{
    (void)state;
    struct ats_bed s;
    open(&s, T2GPA);
    uint64_t table = bed_pages(&s.t, 1);
    assert_int_equal(ask(&s, 0x5000, VD_CXL), CXL_IO); /* T2GPA */
    assert_int_equal(ask(&s, 0x5000, 0), 0);
    s.dc.tc &= ~(uint64_t)T2GPA;
    s.dc.msiptp = MODE(1) | table >> 12;
    s.dc.pattern = 0x60000;
    refresh(&s);
    assert_int_equal(ask(&s, 0x5000, VD_CXL), 0);
    bed_map(&s.t, s.first, 3, false, 0x6000, 0x60000000, 0, RWXAD | U);
    bed_map(&s.t, s.first, 3, false, 0x7000, 0x60000000, 0, V | X | A | U);
    assert_int_equal(ask(&s, 0x6000, VD_CXL), CXL_IO); /* an MSI address, its PTE not valid */
    bench_poke(&s.t.b, table, 8, 3);
    assert_int_equal(ask(&s, 0x7000, VD_NO_WRITE), U_BIT);
    assert_int_equal(bed_faults(&s.t), 0);
    bed_close(&s.t);
}

static void complete(struct ats_bed *s, uint32_t device, uint32_t tags, unsigned count)
{
    struct vd_txn txn = {
        .tag = 2, .requester = device, .data = {tags | (uint64_t)(count & 7) << 32}};
    iommu_message(s->t.m, &txn);
}

static void CMD_9_invalidation(void **state)
{
    (void)state;
    struct ats_bed s;
    open(&s, 0);
    uint64_t payload = UINT64_C(0x123456789000) | 1;
    bench_poke(&s.t.b, s.t.cq, 8, 4 | 0x33 << 12 | BIT(32) | UINT64_C(1) << 40);
    bench_poke(&s.t.b, s.t.cq + 8, 8, payload);
    bed_set(&s.t, REG_OFFSET_CQT, 4, 1); /* not settled: that would run into the timeout */
    assert_int_equal(s.t.messages[0].code, 1);
    assert_int_equal(s.t.messages[0].device_id, 1);
    assert_int_equal(s.t.messages[0].payload[0], payload);
    assert_int_equal(s.t.messages[0].payload[1], BIT(20) | 0x33);
    assert_int_equal(bed_get(&s.t, REG_OFFSET_CQH, 4), 1);
    bench_poke(&s.t.b, s.t.cq + 16, 8, 2);
    bed_set(&s.t, REG_OFFSET_CQT, 4, 2);
    assert_int_equal(bed_get(&s.t, REG_OFFSET_CQH, 4), 1);
    complete(&s, 2, 1, 1); /* another device's */
    complete(&s, 1, 1, 2); /* one of two */
    assert_int_equal(bed_get(&s.t, REG_OFFSET_CQH, 4), 1);
    complete(&s, 1, 1, 2);
    assert_int_equal(bed_get(&s.t, REG_OFFSET_CQH, 4), 2);
    /* A completion count of 0 means eight. */
    bench_poke(&s.t.b, s.t.cq + 32, 8, 4 | UINT64_C(1) << 40);
    bench_poke(&s.t.b, s.t.cq + 48, 8, 2);
    bed_set(&s.t, REG_OFFSET_CQT, 4, 4);
    for (unsigned i = 0; i < 8; i++) {
        assert_int_equal(bed_get(&s.t, REG_OFFSET_CQH, 4), 3);
        complete(&s, 1, 1, 8);
    }
    assert_int_equal(bed_get(&s.t, REG_OFFSET_CQH, 4), 4);
    bed_close(&s.t);
}

static void CMD_9_timeout(void **state)
{
    (void)state;
    struct ats_bed s;
    open(&s, 0);
    uint64_t page = bed_pages(&s.t, 1);
    bed_set(&s.t, REG_OFFSET_CQT, 4, 0);
    bench_poke(&s.t.b, s.t.cq, 8, 4 | UINT64_C(1) << 40);
    bench_poke(&s.t.b, s.t.cq + 16, 8, 2 | 1 << 10 | BIT(32));
    bench_poke(&s.t.b, s.t.cq + 24, 8, page >> 2);
    bed_set(&s.t, REG_OFFSET_CQT, 4, 2);
    bed_settle(&s.t);
    assert_int_equal(bed_get(&s.t, REG_OFFSET_CQH, 4), 1);
    assert_int_equal(bed_get(&s.t, REG_OFFSET_CQCSR, 4), 0x10203);
    assert_int_equal(bench_peek(&s.t.b, page, 4), 0);
    bed_set(&s.t, REG_OFFSET_CQCSR, 4, 0x203);
    assert_int_equal(bed_get(&s.t, REG_OFFSET_CQH, 4), 2);
    assert_int_equal(bench_peek(&s.t.b, page, 4), 1);
    bed_close(&s.t);
}

/* Out of ITags the queue stalls; nothing is dropped. */
static void CMD_9_out_of_tags(void **state)
{
    (void)state;
    struct ats_bed s;
    open(&s, 0);
    for (unsigned i = 0; i < 40; i++)
        bench_poke(&s.t.b, s.t.cq + 16 * i, 8, 4 | UINT64_C(1) << 40);
    bed_set(&s.t, REG_OFFSET_CQT, 4, 40);
    assert_int_equal(s.t.num_messages, 32);
    assert_int_equal(bed_get(&s.t, REG_OFFSET_CQH, 4), 32);
    complete(&s, 1, 0x3, 1);
    assert_int_equal(s.t.num_messages, 34);
    complete(&s, 1, UINT32_MAX, 1);
    assert_int_equal(s.t.num_messages, 40);
    complete(&s, 1, UINT32_MAX, 1);
    assert_true(iommu_idle(s.t.m));
    bed_close(&s.t);
}

static void CMD_4_group_response(void **state)
{
    (void)state;
    struct ats_bed s;
    open(&s, 0);
    bed_command(&s.t, 4 | 1 << 7 | BIT(33) | UINT64_C(0x1234) << 40 | UINT64_C(0x56) << 56, 77);
    assert_int_equal(s.t.messages[0].code, 5);
    assert_int_equal(s.t.messages[0].device_id, 0x561234);
    assert_int_equal(s.t.messages[0].payload[0], 77);
    assert_int_equal(s.t.messages[0].payload[1], 0);
    bed_close(&s.t);
}

enum { PRQ_R = 1, PRQ_W = 2, PRQ_L = 4 };

static void page_request(struct ats_bed *s, uint32_t device, uint32_t attrs, uint64_t payload)
{
    struct vd_txn txn = {.tag = 4,
                         .requester = device,
                         .attrs = attrs,
                         .process_id = attrs & VD_PROCESS_ID ? 0x77 : 0,
                         .data = {payload}};
    s->t.num_messages = 0;
    iommu_message(s->t.m, &txn);
    bed_settle(&s->t);
}

static void answered(struct ats_bed *s, unsigned code, bool pasid)
{
    assert_int_equal(s->t.num_messages, 1);
    assert_int_equal(s->t.messages[0].code, 5);
    assert_int_equal(s->t.messages[0].payload[0] >> 44 & 0xf, code);
    assert_int_equal(s->t.messages[0].payload[0] >> 32 & 0x1ff, 0x15);
    assert_int_equal(s->t.messages[0].payload[1], pasid ? BIT(20) | 0x77 : 0);
}

#define LAST (PRQ_R | PRQ_L | 0x15 << 3)

static void PRI_1_record(void **state)
{
    (void)state;
    struct ats_bed s;
    open(&s, EN_PRI);
    page_request(&s, 1, VD_PROCESS_ID | VD_PRIVILEGED | VD_EXEC, 0x5000 | LAST);
    assert_int_equal(bench_peek(&s.t.b, s.t.pq, 8),
                     0x77 << 12 | BIT(32) | BIT(33) | BIT(34) | BIT(40));
    assert_int_equal(bench_peek(&s.t.b, s.t.pq + 8, 8), 0x5000 | LAST);
    page_request(&s, 1, VD_PRIVILEGED | VD_EXEC, LAST); /* without PASID: all zero */
    assert_int_equal(bench_peek(&s.t.b, s.t.pq + 16, 8), BIT(40));
    assert_int_equal(bed_get(&s.t, REG_OFFSET_PQT, 4), 2);
    assert_int_equal(bed_get(&s.t, REG_OFFSET_IPSR, 4), 8);
    assert_int_equal(s.t.num_messages, 0);
    bed_close(&s.t);
}

static void PRI_2_refused(void **state)
{
    (void)state;
    for (unsigned prpr = 0; prpr < 2; prpr++) {
        struct ats_bed s;
        open(&s, EN_PRI | (prpr ? PRPR : 0));
        uint32_t pasid = VD_PROCESS_ID;
        page_request(&s, 2, pasid, LAST); /* no context: Response Failure, as requested */
        answered(&s, 15, true);
        assert_int_equal(bed_fault(&s.t, 0, 0) & 0xfff, 258);
        assert_int_equal(bed_fault(&s.t, 0, 0) >> 34 & 0x3f, 9);
        assert_int_equal(bed_fault(&s.t, 0, 2), 4);
        page_request(&s, 0x40, pasid, LAST); /* too wide: Invalid Request */
        answered(&s, 1, false);
        page_request(&s, 2, pasid, LAST & ~(uint64_t)PRQ_L);
        assert_int_equal(s.t.num_messages, 0);
        page_request(&s, 2, pasid, PRQ_L); /* Stop Marker */
        assert_int_equal(s.t.num_messages, 0);
        uint32_t faults = bed_faults(&s.t);
        bed_set(&s.t, REG_OFFSET_PQCSR, 4, 0);
        page_request(&s, 1, pasid, LAST);
        answered(&s, 15, true);
        bed_set(&s.t, REG_OFFSET_PQB, 8, s.t.pq >> 12 << 10); /* two entries: one record */
        bed_set(&s.t, REG_OFFSET_PQCSR, 4, 1);
        bed_set(&s.t, REG_OFFSET_PQH, 4, 0);
        page_request(&s, 1, pasid, LAST);
        assert_int_equal(s.t.num_messages, 0);
        for (unsigned i = 0; i < 2; i++) {
            page_request(&s, 1, pasid, LAST); /* overflow: Success */
            answered(&s, 0, prpr);
        }
        assert_int_equal(bed_get(&s.t, REG_OFFSET_PQCSR, 4), 0x10201);
        assert_int_equal(bed_faults(&s.t), faults);
        s.dc.tc = 1 | EN_ATS;
        refresh(&s);
        page_request(&s, 1, pasid, LAST);
        answered(&s, 1, false);
        assert_int_equal(bed_cause(&s.t, faults), 260);
        bed_close(&s.t);
    }
}

static void PRI_2_modes(void **state)
{
    (void)state;
    struct ats_bed s;
    open(&s, EN_PRI);
    bed_set(&s.t, REG_OFFSET_DDTP, 8, 0);
    page_request(&s, 1, VD_PROCESS_ID, LAST);
    answered(&s, 15, true);
    bed_set(&s.t, REG_OFFSET_DDTP, 8, 1);
    page_request(&s, 1, VD_PROCESS_ID, LAST);
    answered(&s, 1, false);
    assert_int_equal(bed_cause(&s.t, 0), 256);
    assert_int_equal(bed_cause(&s.t, 1), 260);
    bed_close(&s.t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ATS_1_answers),
        cmocka_unit_test(ATS_1_errors),
        cmocka_unit_test(ATS_2_rights),
        cmocka_unit_test(ATS_2_updates_dirty),
        cmocka_unit_test(step_19_translated_execute_only),
        cmocka_unit_test(ATS_3_T2GPA),
        cmocka_unit_test(ATS_4_fields),
        cmocka_unit_test(ATS_4_process),
        cmocka_unit_test(ATS_4_without_rights),
        cmocka_unit_test(CMD_9_invalidation),
        cmocka_unit_test(CMD_9_timeout),
        cmocka_unit_test(CMD_9_out_of_tags),
        cmocka_unit_test(CMD_4_group_response),
        cmocka_unit_test(PRI_1_record),
        cmocka_unit_test(PRI_2_refused),
        cmocka_unit_test(PRI_2_modes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
