/* SPDX-License-Identifier: BSD-2-Clause */
/* Which QoS identifiers go with which access. */
#include "iommu/iommu_testbed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { DEVICE = 1, QOSID = 624, IOVA = 0x40000000, GPA = 0x10000000, MSI_GPA = 0x50000000 };
enum { OWN = 0x123 | 0x456 << 16, CONTEXT = 0xabc | 0xdef << 16, ACCESSES = 512 };
#define EN_ATS (UINT64_C(1) << 1)
#define EN_PRI (UINT64_C(1) << 2)
#define PDTV   (UINT64_C(1) << 5)
#define SADE   (UINT64_C(1) << 8)
#define PPN(a) ((uint64_t)(a) >> 12 << 10)

struct seen {
    uint64_t page;
    uint32_t ids, requester;
};

struct qos_bed {
    struct testbed t;
    bool (*hook)(void *ctx, struct vd_txn *txn);
    struct seen seen[ACCESSES];
    uint32_t num_seen;
    uint64_t mrif;
    struct bed_dc dc;
};

static bool look(void *ctx, struct vd_txn *txn)
{
    struct qos_bed *q = ctx;
    q->seen[q->num_seen++ % ACCESSES] =
        (struct seen){txn->addr >> 12 << 12, txn->rcid | (uint32_t)txn->mcid << 16, txn->requester};
    return q->hook(&q->t, txn);
}

/* Two stages behind a process directory; IOVA + 4K is an interrupt file in an MRIF. */
static void open(struct qos_bed *q, vd_time latency)
{
    const struct iommu_config config = {.cycle_ps = 1000};
    struct testbed *t = &q->t;
    bed_open(t, &config);
    t->b.latency = latency;
    bed_start(t, 2);
    uint64_t first = bed_pages(t, 1), second = bed_pages(t, 4), msi = bed_pages(t, 1);
    uint64_t pdt = bed_pages(t, 1);
    q->mrif = bed_pages(t, 1);
    for (uint64_t a = 0x80000000; a < 0x80400000; a += 0x200000)
        bed_map(t, second, 3, true, a, a, 1, RWXAD | U);
    bed_map(t, first, 3, false, IOVA, GPA, 0, V | R | W | U);
    bed_map(t, first, 3, false, IOVA + 0x1000, MSI_GPA, 0, RWXAD | U);
    bed_map(t, second, 3, true, GPA, 0x80f00000, 0, RWXAD | U);
    bench_poke(&t->b, msi, 8, q->mrif >> 9 << 7 | 3);
    bench_poke(&t->b, msi + 8, 8, PPN(IMSIC_WINDOW) | 5);
    bench_poke(&t->b, pdt + 16 * 7, 8, 1);
    bench_poke(&t->b, pdt + 16 * 7 + 8, 8, UINT64_C(8) << 60 | first >> 12);
    q->dc = (struct bed_dc){.tc = 1 | EN_ATS | EN_PRI | PDTV | SADE,
                            .iohgatp = UINT64_C(8) << 60 | second >> 12,
                            .ta = UINT64_C(0xabc) << 40 | UINT64_C(0xdef) << 52,
                            .fsc = UINT64_C(1) << 60 | pdt >> 12,
                            .msiptp = UINT64_C(1) << 60 | msi >> 12,
                            .pattern = MSI_GPA >> 12};
    bed_dc(t, DEVICE, &q->dc);
    bed_set(t, QOSID, 4, OWN);
    q->num_seen = 0;
    q->hook = t->b.hook;
    t->b.hook = look;
    t->b.hook_ctx = q;
}

static void request(struct qos_bed *q, uint64_t iova)
{
    struct vd_txn txn = bench_write(iova, 4, 9);
    txn.requester = DEVICE;
    txn.attrs = VD_PROCESS_ID;
    txn.process_id = 7;
    txn.rcid = txn.mcid = 0x777; /* no word of the device's */
    bed_request(&q->t, txn);
}

static bool is_own(const struct qos_bed *q, uint64_t page)
{
    const struct testbed *t = &q->t;
    return page == t->ddt || page == t->cq || page == t->fq || page == t->pq ||
           page == IMSIC_WINDOW || (page >= OWN_MSI && page < OWN_MSI + 0x4000);
}

/* Every access has the identifiers that belong to its page, and is in the trace with them. */
static uint32_t check(struct qos_bed *q)
{
    uint32_t of_contexts = 0;
    assert_in_range(q->num_seen, 1, ACCESSES);
    assert_int_equal(bench_count(&q->t.b, VD_REC_iommu_qos), q->num_seen);
    for (uint32_t i = 0; i < q->num_seen; i++) {
        const struct seen *s = &q->seen[i];
        bool own = is_own(q, s->page);
        assert_int_equal(s->ids, own ? OWN : CONTEXT);
        of_contexts += !own;
    }
    return of_contexts;
}

static void QOS_2_context_identifiers(void **state)
{
    (void)state;
    for (vd_time latency = 0; latency < 20000; latency += 10000) {
        static struct qos_bed q;
        open(&q, latency);
        bench_forget(&q.t.b);
        request(&q, IOVA);
        /* Context of the process 2 + 1, three tables 2 + 1 each, CAS, three for the page, and it.
         */
        assert_int_equal(check(&q), 3 + 9 + 1 + 3 + 1);
        assert_int_equal(q.seen[q.num_seen - 1].requester, DEVICE);
        bed_close(&q.t);
    }
}

static void QOS_1_and_QOS_2_by_structure(void **state)
{
    (void)state;
    static struct qos_bed q;
    open(&q, 10000);
    bench_forget(&q.t.b);
    request(&q, IOVA + 0x1000);                  /* MSI PTE, MRIF, notice */
    request(&q, 0);                              /* fault record and message */
    bed_command(&q.t, 2, 0);                     /* fetch */
    bed_command(&q.t, 2 | 1 << 10, q.t.pq >> 2); /* and a fence's write */
    struct vd_txn page = {.requester = DEVICE, .tag = 4, .data = {4}};
    iommu_message(q.t.m, &page);
    bed_settle(&q.t);
    assert_int_equal(bed_get(&q.t, REG_OFFSET_PQT, 4), 1);
    assert_in_range(check(&q), 10, 40);
    bed_close(&q.t);
}

static void QOS_1_bare(void **state)
{
    (void)state;
    static struct qos_bed q;
    open(&q, 0);
    bed_set(&q.t, REG_OFFSET_DDTP, 8, 0);
    bed_set(&q.t, REG_OFFSET_DDTP, 8, 1);
    q.num_seen = 0;
    bed_write(&q.t, DEVICE, 0x80f00000);
    assert_int_equal(q.num_seen, 1);
    assert_int_equal(q.seen[0].ids, OWN);
    assert_int_equal(q.seen[0].requester, DEVICE);
    bed_close(&q.t);
}

static void identifiers_of_nobody_are_not_recorded(void **state)
{
    (void)state;
    static struct qos_bed q;
    open(&q, 0);
    bed_set(&q.t, QOSID, 4, 0);
    q.dc.ta = 0;
    bed_dc(&q.t, DEVICE, &q.dc);
    request(&q, IOVA);
    assert_int_equal(q.seen[q.num_seen - 1].ids, 0);
    assert_int_equal(bench_count(&q.t.b, VD_REC_iommu_qos), 0);
    bed_close(&q.t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(QOS_2_context_identifiers),
        cmocka_unit_test(QOS_1_and_QOS_2_by_structure),
        cmocka_unit_test(QOS_1_bare),
        cmocka_unit_test(identifiers_of_nobody_are_not_recorded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
