/* SPDX-License-Identifier: BSD-2-Clause */
/* Every address, identifier and number at its full width: the highest bit of each field counts. */
#include "iommu/iommu_testbed.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define BIT(n)    (UINT64_C(1) << (n))
#define MODE(n)   ((uint64_t)(n) << 60)
#define RAM       BIT(55)
#define PPN(addr) ((uint64_t)(addr) >> 12 << 10)
/* The last page of Sv57, the last guest page that a first stage can name. */
#define TOP     UINT64_C(0xfffffffffffff000)
#define TOP_GPA UINT64_C(0xfffffffffff000)
enum { DEVICE = 0xffffff, PROCESS = 0xfffff, GSCID = 0xffff, PSCID = 0xfffff };
enum { EN_ATS = 2, EN_PRI = 4, PDTV = 32, PRPR = 64 };

struct wide {
    struct testbed t;
    uint64_t first, second, page, leaf1, leaf2;
    struct bed_dc dc;
};

/* Sv57 over Sv57x4; the tables and queues are mapped as they are, the last page to `page`. */
static void open(struct wide *w, uint64_t tc)
{
    const struct iommu_config config = {.vector_bits = 2};
    bed_open_at(&w->t, &config, RAM, 16 << 20);
    bed_start(&w->t, 4);
    w->second = bed_pages(&w->t, 4);
    w->first = bed_pages(&w->t, 1);
    w->page = bed_pages(&w->t, 1);
    bed_map(&w->t, w->second, 5, true, RAM, RAM, 2, RWXAD | U);
    w->leaf2 = bed_map(&w->t, w->second, 5, true, TOP_GPA, w->page, 0, RWXAD | U);
    w->leaf1 = bed_map(&w->t, w->first, 5, false, TOP, TOP_GPA, 0, RWXAD | U);
    w->dc = (struct bed_dc){.tc = 1 | tc,
                            .iohgatp = MODE(10) | (uint64_t)GSCID << 44 | w->second >> 12,
                            .ta = (uint64_t)PSCID << 12,
                            .fsc = MODE(10) | w->first >> 12};
    bed_dc(&w->t, DEVICE, &w->dc);
}

static uint64_t where(struct wide *w, uint64_t iova)
{
    bench_forget(&w->t.b);
    bed_write(&w->t, DEVICE, iova);
    return bed_where(&w->t);
}

/* A directory of three levels with the last process. */
static void with_process(struct wide *w)
{
    uint64_t root = bed_pages(&w->t, 1), middle = bed_pages(&w->t, 1), leaf = bed_pages(&w->t, 1);
    bench_poke(&w->t.b, root + 8 * 7, 8, PPN(middle) | 1);
    bench_poke(&w->t.b, middle + 8 * 0x1ff, 8, PPN(leaf) | 1);
    bench_poke(&w->t.b, leaf + 16 * 0xff, 8, 1 | 2 | (uint64_t)PSCID << 12);
    bench_poke(&w->t.b, leaf + 16 * 0xff + 8, 8, MODE(10) | w->first >> 12);
    w->dc.tc |= PDTV;
    w->dc.fsc = MODE(3) | root >> 12;
    bed_dc(&w->t, DEVICE, &w->dc);
}

static struct vd_txn of_process(uint64_t iova)
{
    struct vd_txn txn = bench_write(iova, 4, 0);
    txn.requester = DEVICE;
    txn.process_id = PROCESS;
    txn.attrs = VD_PROCESS_ID;
    return txn;
}

static void PT_1_highest_addresses(void **state)
{
    (void)state;
    struct wide w;
    open(&w, 0);
    assert_int_equal(where(&w, TOP + 0xab8), w.page + 0xab8);
    assert_int_equal(where(&w, TOP + 0xffc), w.page + 0xffc);
    assert_int_equal(bed_faults(&w.t), 0);
    assert_int_equal(where(&w, TOP - 0x1000), UINT64_MAX);
    assert_int_equal(bed_fault(&w.t, 0, 0), 15 | UINT64_C(3) << 34 | (uint64_t)DEVICE << 40);
    assert_int_equal(bed_fault(&w.t, 0, 2), TOP - 0x1000);
    bed_map(&w.t, w.first, 5, false, TOP - 0x1000, TOP_GPA - 0x1000, 0, RWXAD | U);
    assert_int_equal(where(&w, TOP - 8), UINT64_MAX);
    assert_int_equal(bed_cause(&w.t, 1), 23);
    assert_int_equal(bed_fault(&w.t, 1, 2), TOP - 8);
    assert_int_equal(bed_fault(&w.t, 1, 3), TOP_GPA - 8);
    bed_close(&w.t);
}

/* Large pages of both stages, up to the largest, keep the offset. */
static void PT_2_largest_pages(void **state)
{
    (void)state;
    for (unsigned level = 1; level < 5; level++) {
        struct wide w;
        open(&w, 0);
        uint64_t mask = BIT(12 + 9 * level) - 1;
        uint64_t iova = UINT64_C(0xff80000000000000), offset = mask & 0x5a5a5a5a5a5a8;
        bed_map(&w.t, w.first, 5, false, iova, 0, level, RWXAD | U);
        bed_map(&w.t, w.second, 5, true, offset, w.page, 0, RWXAD | U);
        assert_int_equal(where(&w, iova | offset), w.page | (offset & 0xfff));
        bed_close(&w.t);
    }
}

static void PDT_1_highest_process(void **state)
{
    (void)state;
    struct wide w;
    open(&w, 0);
    with_process(&w);
    bench_forget(&w.t.b);
    assert_int_equal(bed_request(&w.t, of_process(TOP)), VD_OK);
    assert_int_equal(bed_where(&w.t), w.page);
    struct vd_txn txn = of_process(0x1000);
    txn.attrs |= VD_PRIVILEGED;
    bed_request(&w.t, txn);
    assert_int_equal(bed_fault(&w.t, 0, 0), 15 | (uint64_t)PROCESS << 12 | BIT(32) | BIT(33) |
                                                UINT64_C(3) << 34 | (uint64_t)DEVICE << 40);
    bed_close(&w.t);
}

static void pte(struct wide *w, uint64_t table, uint64_t dw0, uint64_t dw1)
{
    bench_poke(&w->t.b, table, 8, dw0);
    bench_poke(&w->t.b, table + 8, 8, dw1);
    bed_command(&w->t, 1 | 1 << 7, 0);
}

/* A Bare first stage reaches the last guest page of all; its file is in the last page that there
 * is. */
static void MSI_6_highest_addresses(void **state)
{
    (void)state;
    struct wide w;
    open(&w, 0);
    uint64_t gpa = UINT64_C(0x7fffffffffff000), table = bed_pages(&w.t, 1);
    uint64_t file = bed_pages(&w.t, 1), notice = bed_pages(&w.t, 1), mrif = bed_pages(&w.t, 1);
    w.dc.fsc = 0;
    w.dc.msiptp = MODE(1) | table >> 12;
    w.dc.pattern = gpa >> 12;
    bed_dc(&w.t, DEVICE, &w.dc);
    pte(&w, table, PPN(file) | 7, 0);
    assert_int_equal(where(&w, gpa), file);
    pte(&w, table, (mrif + 512 * 7) >> 9 << 7 | 3, PPN(notice) | BIT(60) | 0x3ff);
    bench_forget(&w.t.b);
    bed_msi(&w.t, DEVICE, gpa, 2047);
    assert_int_equal(bench_peek(&w.t.b, mrif + 512 * 7 + 31 * 16, 8), BIT(63));
    assert_int_equal(bench_record(&w.t.b, VD_REC_mrif_store, 0)->a, mrif + 512 * 7);
    assert_int_equal(bench_peek(&w.t.b, notice, 4), 0x7ff);
    bed_close(&w.t);
}

/* No bit of the guest page number is left out of the comparison. */
static void MSI_1_every_bit(void **state)
{
    (void)state;
    struct wide w;
    open(&w, 0);
    uint64_t gpa = UINT64_C(0x2a5a5a5a5a5a000), table = bed_pages(&w.t, 1);
    w.dc.fsc = 0;
    w.dc.msiptp = MODE(1) | table >> 12;
    w.dc.pattern = gpa >> 12;
    bed_dc(&w.t, DEVICE, &w.dc);
    pte(&w, table, PPN(w.page) | 7, 0);
    assert_int_equal(where(&w, gpa), w.page);
    for (unsigned bit = 12; bit < 64; bit++) {
        assert_int_equal(where(&w, gpa ^ BIT(bit)), UINT64_MAX);
        assert_int_equal(bed_cause(&w.t, bit - 12), 23);
        assert_int_equal(bed_fault(&w.t, bit - 12, 3), gpa ^ BIT(bit));
    }
    bed_close(&w.t);
}

static void invalidates(struct wide *w, uint64_t dw0, uint64_t dw1, uint64_t leaf)
{
    uint64_t other = bed_pages(&w->t, 1), pte = bench_peek(&w->t.b, leaf, 8);
    assert_int_equal(where(w, TOP), w->page);
    uint64_t target = leaf == w->leaf2 ? other : TOP_GPA - 0x1000;
    bed_map(&w->t, w->second, 5, true, TOP_GPA - 0x1000, other, 0, RWXAD | U);
    bench_poke(&w->t.b, leaf, 8, PPN(target) | RWXAD | U);
    assert_int_equal(where(w, TOP), w->page);
    bed_command(&w->t, dw0, dw1);
    assert_int_equal(where(w, TOP), other);
    bench_poke(&w->t.b, leaf, 8, pte);
    bed_command(&w->t, 1, 0);
    bed_command(&w->t, 1 | 1 << 7, 0);
}

static void CMD_5_highest_identifiers(void **state)
{
    (void)state;
    enum { AV = 1 << 10 };
    uint64_t pscid = (uint64_t)PSCID << 12 | BIT(32), gscid = BIT(33) | (uint64_t)GSCID << 44;
    uint64_t page = TOP >> 12 << 10, guest_page = TOP_GPA >> 12 << 10;
    struct wide w;
    open(&w, 0);
    invalidates(&w, 1 | gscid, 0, w.leaf1);
    invalidates(&w, 1 | gscid | pscid, 0, w.leaf1);
    invalidates(&w, 1 | gscid | AV, page, w.leaf1);
    invalidates(&w, 1 | gscid | AV | pscid, page, w.leaf1);
    invalidates(&w, 1 | 1 << 7 | gscid, 0, w.leaf2);
    invalidates(&w, 1 | 1 << 7 | gscid | AV, guest_page, w.leaf2);
    bed_close(&w.t);
}

static void CMD_6_highest_identifiers(void **state)
{
    (void)state;
    struct wide w;
    open(&w, 0);
    with_process(&w);
    uint64_t context = (w.dc.fsc & 0xfffffffffff) << 12, at = context + 2 * 4096 + 16 * 0xff;
    assert_int_equal(bed_request(&w.t, of_process(TOP)), VD_OK);
    bench_poke(&w.t.b, at, 8, 0);
    assert_int_equal(bed_request(&w.t, of_process(TOP)), VD_OK);
    bed_command(&w.t, 3 | 1 << 7 | (uint64_t)PROCESS << 12 | BIT(33) | (uint64_t)DEVICE << 40, 0);
    assert_int_equal(bed_request(&w.t, of_process(TOP)), VD_UNSUPPORTED);
    assert_int_equal(bed_cause(&w.t, 0), 266);
    w.dc.tc = 0;
    bed_dc(&w.t, DEVICE, &w.dc);
    bed_request(&w.t, of_process(TOP));
    assert_int_equal(bed_cause(&w.t, 1), 266);
    bed_command(&w.t, 3 | BIT(33) | (uint64_t)DEVICE << 40, 0);
    bed_request(&w.t, of_process(TOP));
    assert_int_equal(bed_cause(&w.t, 2), 258);
    bed_close(&w.t);
}

static void CMD_8_highest_data(void **state)
{
    (void)state;
    struct wide w;
    open(&w, 0);
    uint64_t at = bed_pages(&w.t, 1) + 0xffc;
    bed_command(&w.t, 2 | 1 << 10 | UINT64_C(0xffffffff) << 32, at >> 2);
    assert_int_equal(bench_peek(&w.t.b, at, 4), UINT32_MAX);
    bed_close(&w.t);
}

static void CMD_9_highest_destination(void **state)
{
    (void)state;
    struct wide w;
    open(&w, 0);
    uint64_t dw0 = 4 | (uint64_t)PROCESS << 12 | BIT(32) | BIT(33) | UINT64_C(0xffffff) << 40;
    for (unsigned i = 0; i < 32; i++) { /* not settled: they would time out */
        bench_poke(&w.t.b, w.t.cq + 16 * i, 8, dw0);
        bench_poke(&w.t.b, w.t.cq + 16 * i + 8, 8, UINT64_MAX - i);
    }
    bed_set(&w.t, REG_OFFSET_CQT, 4, 32);
    assert_int_equal(w.t.num_messages, 32);
    for (unsigned i = 0; i < 32; i++) {
        assert_int_equal(w.t.messages[i].device_id, DEVICE);
        assert_int_equal(w.t.messages[i].code, 1);
        assert_int_equal(w.t.messages[i].payload[0], UINT64_MAX - i);
        assert_int_equal(w.t.messages[i].payload[1], PROCESS | BIT(20) | (uint64_t)i << 24);
    }
    assert_false(iommu_idle(w.t.m));
    struct vd_txn done = {.tag = 2, .requester = DEVICE, .data = {UINT32_MAX | BIT(32)}};
    iommu_message(w.t.m, &done);
    assert_true(iommu_idle(w.t.m));
    bed_close(&w.t);
}

static void PRI_1_all_ones(void **state)
{
    (void)state;
    struct wide w;
    open(&w, EN_ATS | EN_PRI | PRPR);
    struct vd_txn txn = {.tag = 4,
                         .requester = DEVICE,
                         .process_id = PROCESS,
                         .attrs = VD_PROCESS_ID | VD_PRIVILEGED | VD_EXEC,
                         .data = {UINT64_MAX}};
    iommu_message(w.t.m, &txn);
    assert_int_equal(bench_peek(&w.t.b, w.t.pq, 8),
                     (uint64_t)PROCESS << 12 | UINT64_C(7) << 32 | (uint64_t)DEVICE << 40);
    assert_int_equal(bench_peek(&w.t.b, w.t.pq + 8, 8), UINT64_MAX);
    txn.attrs = 0;
    iommu_message(w.t.m, &txn);
    assert_int_equal(bench_peek(&w.t.b, w.t.pq + 16, 8), (uint64_t)DEVICE << 40);
    /* Answered by the IOMMU, with the queue off. */
    bed_set(&w.t, REG_OFFSET_PQCSR, 4, 0);
    txn.attrs = VD_PROCESS_ID;
    iommu_message(w.t.m, &txn);
    assert_int_equal(w.t.num_messages, 1);
    assert_int_equal(w.t.messages[0].device_id, DEVICE);
    assert_int_equal(w.t.messages[0].code, 5);
    assert_int_equal(w.t.messages[0].payload[0],
                     UINT64_C(0x1ff) << 32 | UINT64_C(0xf) << 44 | UINT64_C(0xffff) << 48);
    assert_int_equal(w.t.messages[0].payload[1], PROCESS | BIT(20));
    bed_close(&w.t);
}

static void DBG_1_highest_fields(void **state)
{
    (void)state;
    struct wide w;
    open(&w, 0);
    with_process(&w);
    uint64_t ctl = 1 | (uint64_t)PROCESS << 12 | BIT(32) | (uint64_t)DEVICE << 40;
    bed_set(&w.t, REG_OFFSET_TR_REQ_IOVA, 8, TOP);
    bed_set(&w.t, REG_OFFSET_TR_REQ_CTL, 8, ctl);
    bed_settle(&w.t);
    assert_int_equal(bed_get(&w.t, REG_OFFSET_TR_REQ_CTL, 8), ctl & ~UINT64_C(1));
    assert_int_equal(bed_get(&w.t, REG_OFFSET_TR_RESPONSE, 8), PPN(w.page));
    bed_set(&w.t, REG_OFFSET_TR_REQ_IOVA, 8, TOP - 0x1000);
    bed_set(&w.t, REG_OFFSET_TR_REQ_CTL, 8, ctl | 2 | 4 | 8);
    assert_int_equal(bed_get(&w.t, REG_OFFSET_TR_RESPONSE, 8), 1);
    assert_int_equal(bed_fault(&w.t, 0, 0), 12 | (uint64_t)PROCESS << 12 | BIT(32) | BIT(33) |
                                                UINT64_C(1) << 34 | (uint64_t)DEVICE << 40);
    assert_int_equal(bed_fault(&w.t, 0, 2), TOP - 0x1000);
    bed_close(&w.t);
}

static void HPM_6_highest_identifiers(void **state)
{
    (void)state;
    struct wide w;
    open(&w, 0);
    with_process(&w);
    uint64_t process = (uint64_t)PROCESS << 16 | BIT(60), device = (uint64_t)DEVICE << 36 | BIT(61);
    uint64_t space = (uint64_t)GSCID << 36 | BIT(61) | BIT(62);
    const uint64_t events[] = {1 | process | device,
                               4 | process | space,
                               1 | (device ^ BIT(59)),
                               1 | (process ^ BIT(35)),
                               4 | (space ^ BIT(51)),
                               4 | BIT(62) | (process ^ BIT(35)),
                               1 | BIT(15) | (device ^ BIT(59))};
    for (unsigned i = 0; i < 7; i++)
        bed_set(&w.t, REG_OFFSET_IOHPMEVT + 8 * i, 8, events[i]);
    bed_request(&w.t, of_process(TOP));
    for (unsigned i = 0; i < 7; i++)
        assert_int_equal(bed_get(&w.t, REG_OFFSET_IOHPMCTR + 8 * i, 8), i < 2 || i == 6);
    bed_close(&w.t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(PT_1_highest_addresses),    cmocka_unit_test(PT_2_largest_pages),
        cmocka_unit_test(PDT_1_highest_process),     cmocka_unit_test(MSI_6_highest_addresses),
        cmocka_unit_test(MSI_1_every_bit),           cmocka_unit_test(CMD_5_highest_identifiers),
        cmocka_unit_test(CMD_6_highest_identifiers), cmocka_unit_test(CMD_8_highest_data),
        cmocka_unit_test(CMD_9_highest_destination), cmocka_unit_test(PRI_1_all_ones),
        cmocka_unit_test(DBG_1_highest_fields),      cmocka_unit_test(HPM_6_highest_identifiers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
