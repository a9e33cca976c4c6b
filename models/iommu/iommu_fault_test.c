/* SPDX-License-Identifier: BSD-2-Clause */
/* The fault queue and interrupts. */
#include "iommu/iommu_testbed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { CMF = 1 << 8, CMD_TO = 1 << 9, CMD_ILL = 1 << 10, FENCE_W_IP = 1 << 11 };

static void open(struct testbed *t)
{
    const struct iommu_config config = {.vector_bits = 2};
    bed_open(t, &config);
    bed_start(t, 2);
}

/* A request of a device without a context: cause 258. */
static void provoke(struct testbed *t)
{
    bed_read(t, 1, 0x1000);
}

#define BIT(n) (UINT64_C(1) << (n))

static uint64_t ipsr(struct testbed *t)
{
    return bed_get(t, REG_OFFSET_IPSR, 4);
}

static void FQ_1_record(void **state)
{
    (void)state;
    struct testbed t;
    open(&t);
    struct vd_txn txn = bench_read(0x123456789abc, 4);
    txn.requester = 0x2a;
    txn.attrs = VD_PROCESS_ID | VD_PRIVILEGED | VD_EXEC;
    txn.process_id = 0x54321;
    bed_request(&t, txn);
    assert_int_equal(bed_fault(&t, 0, 0), 258 | UINT64_C(0x54321) << 12 | BIT(32) | BIT(33) |
                                              UINT64_C(1) << 34 | UINT64_C(0x2a) << 40);
    assert_int_equal(bed_fault(&t, 0, 1), 0);
    assert_int_equal(bed_fault(&t, 0, 2), 0x123456789abc);
    assert_int_equal(bed_fault(&t, 0, 3), 0);
    txn.attrs = VD_PRIVILEGED; /* no PID: PRIV is 0 */
    bed_request(&t, txn);
    assert_int_equal(bed_fault(&t, 1, 0), 258 | UINT64_C(2) << 34 | UINT64_C(0x2a) << 40);
    bed_write(&t, 0x2a, 0);
    assert_int_equal(bed_fault(&t, 2, 0) >> 34 & 0x3f, 3);
    txn.at = VD_AT_TRANSLATED;
    bed_request(&t, txn);
    assert_int_equal(bed_fault(&t, 3, 0) >> 34 & 0x3f, 6);
    txn.at = VD_AT_TRANSLATION_REQUEST;
    bed_request(&t, txn);
    assert_int_equal(bed_fault(&t, 4, 0) >> 34 & 0x3f, 8);
    bed_close(&t);
}

static void Q_3_and_Q_7_overflow(void **state)
{
    (void)state;
    struct testbed t;
    open(&t);
    bed_set(&t, REG_OFFSET_FQCSR, 4, 0);
    bed_set(&t, REG_OFFSET_FQB, 8, t.fq >> 12 << 10 | 1); /* 4 entries: 3 records */
    bed_set(&t, REG_OFFSET_FQCSR, 4, 1);
    for (unsigned i = 0; i < 3; i++)
        provoke(&t);
    assert_int_equal(bed_get(&t, REG_OFFSET_FQCSR, 4), 0x10001);
    assert_int_equal(bed_faults(&t), 3);
    provoke(&t);
    assert_int_equal(bed_get(&t, REG_OFFSET_FQCSR, 4), 0x10201);
    assert_int_equal(bed_faults(&t), 3);
    bed_set(&t, REG_OFFSET_FQH, 4, 3); /* room, but fqof still blocks */
    provoke(&t);
    assert_int_equal(bed_faults(&t), 3);
    bed_set(&t, REG_OFFSET_FQCSR, 4, 0x201);
    provoke(&t);
    assert_int_equal(bed_faults(&t), 0);
    bed_close(&t);
}

static void Q_7_memory_fault(void **state)
{
    (void)state;
    struct testbed t;
    open(&t);
    bed_set(&t, REG_OFFSET_FQCSR, 4, 0);
    bed_set(&t, REG_OFFSET_FQB, 8, 5);
    bed_set(&t, REG_OFFSET_FQCSR, 4, 3);
    provoke(&t);
    assert_int_equal(bed_get(&t, REG_OFFSET_FQCSR, 4), 0x10103);
    assert_int_equal(bed_faults(&t), 0);
    assert_int_equal(ipsr(&t), 2);
    bed_close(&t);
}

static void FQ_5_order(void **state)
{
    (void)state;
    struct testbed t;
    open(&t);
    t.b.latency = 10000;
    struct vd_txn txn = bench_read(0x1000, 4);
    txn.requester = 1;
    iommu_submit(t.m, &txn);
    while (t.b.num_writes == 0) {
        assert_int_equal(bed_faults(&t), 0);
        assert_int_equal(ipsr(&t), 0);
        bench_run(&t.b, 1000);
    }
    assert_int_equal(t.b.writes[0].addr, t.fq);
    assert_int_equal(bed_faults(&t), 1);
    assert_int_equal(ipsr(&t), 2);
    assert_int_equal(t.b.num_writes, 1);
    bed_settle(&t);
    assert_int_equal(t.b.writes[1].addr, OWN_MSI);
    bed_close(&t);
}

static void INT_2_write_one_to_clear(void **state)
{
    (void)state;
    struct testbed t;
    open(&t);
    provoke(&t);
    bed_command(&t, 0, 0);
    assert_int_equal(ipsr(&t), 3);
    bench_forget(&t.b);
    bed_set(&t, REG_OFFSET_IPSR, 4, 2);
    assert_int_equal(ipsr(&t), 1);
    assert_int_equal(t.b.num_writes, 0);
    bed_set(&t, REG_OFFSET_IPSR, 4, 1); /* cmd_ill still set: 0 -> 1 again, a new message */
    assert_int_equal(ipsr(&t), 1);
    assert_int_equal(t.b.num_writes, 1);
    bed_close(&t);
}

static void INT_3_enable_later(void **state)
{
    (void)state;
    struct testbed t;
    open(&t);
    bed_set(&t, REG_OFFSET_CQCSR, 4, 1);
    bed_set(&t, REG_OFFSET_FQCSR, 4, 1);
    bed_command(&t, 0, 0);
    provoke(&t);
    assert_int_equal(ipsr(&t), 0);
    bed_set(&t, REG_OFFSET_CQCSR, 4, 3); /* an error is a condition */
    bed_set(&t, REG_OFFSET_FQCSR, 4, 3); /* a record is an event */
    assert_int_equal(ipsr(&t), 1);
    bed_close(&t);
}

static void INT_4_wires(void **state)
{
    (void)state;
    struct testbed t;
    const struct iommu_config config = {.vector_bits = 2};
    bed_open(&t, &config);
    bed_set(&t, REG_OFFSET_FCTL, 4, 2);
    bed_start(&t, 2);
    bed_set(&t, REG_OFFSET_ICVEC, 8, 2 | 2 << 4);
    provoke(&t);
    bed_command(&t, 0, 0);
    assert_true(t.b.lines[2]);
    assert_int_equal(t.b.wire_edges, 1);
    bed_set(&t, REG_OFFSET_IPSR, 4, 2);
    assert_true(t.b.lines[2]); /* the other source holds the wire */
    bed_set(&t, REG_OFFSET_CQCSR, 4, 3 | CMD_ILL);
    bed_close(&t);
}

static void INT_5_icvec_width(void **state)
{
    (void)state;
    for (unsigned bits = 0; bits <= 4; bits++) {
        struct testbed t;
        const struct iommu_config config = {.vector_bits = bits};
        bed_open(&t, &config);
        bed_set(&t, REG_OFFSET_ICVEC, 8, UINT64_MAX);
        assert_int_equal(bed_get(&t, REG_OFFSET_ICVEC, 8), 0x1111 * ((1u << bits) - 1));
        /* High halves must leave low halves alone. */
        bed_set(&t, REG_OFFSET_ICVEC + 4, 4, 0);
        assert_int_equal(bed_get(&t, REG_OFFSET_ICVEC, 8), 0x1111 * ((1u << bits) - 1));
        for (unsigned v = 0; v < 16; v++) {
            uint32_t at = REG_OFFSET_MSI_CFG + 16 * v;
            bool there = v < 1u << bits;
            bed_set(&t, at, 8, UINT64_MAX);
            bed_set(&t, at + 8, 4, UINT32_MAX);
            bed_set(&t, at + 12, 4, UINT32_MAX);
            assert_int_equal(bed_get(&t, at, 8), there ? 0xfffffffffffffc : 0);
            assert_int_equal(bed_get(&t, at + 8, 4), there ? UINT32_MAX : 0);
            assert_int_equal(bed_get(&t, at + 12, 4), there);
        }
        bed_close(&t);
    }
}

static void INT_6_mask(void **state)
{
    (void)state;
    struct testbed t;
    open(&t);
    bed_set(&t, REG_OFFSET_ICVEC, 8, 1 << 4);
    bed_set(&t, REG_OFFSET_MSI_CFG + 16 + 12, 4, 1);
    provoke(&t);
    bed_set(&t, REG_OFFSET_IPSR, 4, 2);
    provoke(&t);
    bench_forget(&t.b);
    bed_set(&t, REG_OFFSET_MSI_CFG + 16 + 12, 4, 0);
    assert_int_equal(t.b.num_writes, 1);
    assert_int_equal(t.b.writes[0].addr, OWN_MSI + 0x1000);
    assert_int_equal(t.b.writes[0].data[0], 2);
    assert_int_not_equal(t.b.writes[0].serial, 0);
    assert_int_equal(bench_record(&t.b, VD_REC_msi_issue, 0)->serial, t.b.writes[0].serial);
    bed_set(&t, REG_OFFSET_MSI_CFG + 16 + 12, 4, 1);
    bed_set(&t, REG_OFFSET_MSI_CFG + 16 + 12, 4, 0);
    assert_int_equal(t.b.num_writes, 1);
    bed_close(&t);
}

static void INT_7_write_fault(void **state)
{
    (void)state;
    struct testbed t;
    open(&t);
    bed_set(&t, REG_OFFSET_ICVEC, 8, 1);
    bed_set(&t, REG_OFFSET_MSI_CFG + 16, 8, 0x1000);
    bed_command(&t, 0, 0);
    assert_int_equal(bed_faults(&t), 1);
    assert_int_equal(bed_fault(&t, 0, 0), 273);
    assert_int_equal(bed_fault(&t, 0, 2), 0x1000);
    /* The fault queue's own vector: one record, no avalanche. */
    bed_set(&t, REG_OFFSET_IPSR, 4, 2);
    bed_set(&t, REG_OFFSET_MSI_CFG, 8, 0x2000);
    provoke(&t);
    assert_int_equal(bed_faults(&t), 3);
    assert_int_equal(bed_fault(&t, 2, 2), 0x2000);
    bed_close(&t);
}

static void big_endian_queues(void **state)
{
    (void)state;
    struct testbed t;
    const struct iommu_config config = {.vector_bits = 2};
    bed_open(&t, &config);
    bed_set(&t, REG_OFFSET_FCTL, 4, 1);
    bed_start(&t, 2);
    uint64_t page = bed_pages(&t, 1);
    bed_command(&t, __builtin_bswap64(2 | 1 << 10 | UINT64_C(0x12345678) << 32),
                __builtin_bswap64(page >> 2));
    assert_int_equal(bench_peek(&t.b, page, 4), 0x78563412);
    bench_forget(&t.b);
    provoke(&t);
    assert_int_equal(__builtin_bswap64(bed_fault(&t, 0, 0)) & 0xfff, 258);
    assert_int_equal(t.b.writes[1].data[0], 0x01000000);
    bed_close(&t);
}

/* DTF hides what the table says, and nothing else. */
static void FQ_3_DTF(void **state)
{
    (void)state;
    struct testbed t;
    open(&t);
    struct bed_dc dc = {.tc = 1 | 1 << 4, .fsc = UINT64_C(8) << 60 | 0x10};
    bed_dc(&t, 1, &dc);
    assert_int_equal(bed_read(&t, 1, 0x1000), VD_UNSUPPORTED); /* cause 5 */
    assert_int_equal(bed_faults(&t), 0);
    dc.tc |= UINT64_C(1) << 40;
    bed_dc(&t, 2, &dc);
    bed_read(&t, 2, 0x1000);
    assert_int_equal(bed_cause(&t, 0), 259);
    bed_close(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(Q_3_and_Q_7_overflow), cmocka_unit_test(Q_7_memory_fault),
        cmocka_unit_test(FQ_1_record),          cmocka_unit_test(FQ_3_DTF),
        cmocka_unit_test(FQ_5_order),           cmocka_unit_test(INT_2_write_one_to_clear),
        cmocka_unit_test(INT_3_enable_later),   cmocka_unit_test(INT_4_wires),
        cmocka_unit_test(INT_5_icvec_width),    cmocka_unit_test(INT_6_mask),
        cmocka_unit_test(INT_7_write_fault),    cmocka_unit_test(big_endian_queues),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
