/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory-resident interrupt files [aia IOMMU-MSIPTE-MRIF]. */
#include "iommu/iommu_msi_bed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void to_mrif(struct msi_bed *s, unsigned nid)
{
    uint64_t dw1 = (uint64_t)(nid >> 10) << 60 | NOTICE >> 12 << 10 | (nid & 0x3ff);
    msi_bed_pte(s, 0, MRIF(s->mrif), dw1);
    bench_forget(&s->t.b);
}

static uint64_t pending(struct msi_bed *s, unsigned identity)
{
    return bench_peek(&s->t.b, s->mrif + identity / 64 * 16, 8);
}

static void MRIF_1_layout(void **state)
{
    (void)state;
    static const unsigned identities[] = {0, 1, 63, 64, 130, 2047};
    for (unsigned i = 0; i < sizeof(identities) / sizeof(identities[0]); i++) {
        struct msi_bed s;
        msi_bed_open(&s);
        to_mrif(&s, 0x5a5);
        bed_msi(&s.t, DEVICE, PAGE, identities[i]);
        assert_int_equal(pending(&s, identities[i]), UINT64_C(1) << identities[i] % 64);
        assert_int_equal(msi_bed_record(&s, VD_REC_mrif_store)->b, identities[i]);
        assert_int_equal(msi_bed_record(&s, VD_REC_mrif_store)->a, s.mrif);
        bed_close(&s.t);
    }
}

static void MRIF_1_little_endian(void **state)
{
    (void)state;
    struct msi_bed s;
    const struct iommu_config config = {.mrif_big_endian = true};
    bed_open(&s.t, &config);
    bed_set(&s.t, REG_OFFSET_FCTL, 4, 1);
    bed_start(&s.t, 2);
    s.table = bed_pages(&s.t, 1);
    s.root = bed_pages(&s.t, 4);
    s.mrif = bed_pages(&s.t, 1);
    s.dc = (struct bed_dc){.tc = 1,
                           .iohgatp = UINT64_C(8) << 60 | s.root >> 12,
                           .msiptp = UINT64_C(1) << 60 | s.table >> 12,
                           .pattern = PAGE >> 12};
    bed_dc(&s.t, 1, &s.dc);
    bench_poke(&s.t.b, s.table, 8, __builtin_bswap64(MRIF(s.mrif)));
    bench_poke(&s.t.b, s.table + 8, 8, __builtin_bswap64(NOTICE >> 12 << 10 | 0x12));
    bench_forget(&s.t.b);
    bed_msi(&s.t, 1, PAGE, 3);
    assert_int_equal(pending(&s, 3), 8);
    assert_int_equal(s.t.b.writes[1].addr, NOTICE);
    assert_int_equal(s.t.b.writes[1].data[0], 0x12);
    bed_close(&s.t);
}

static void MRIF_2_sizes(void **state)
{
    (void)state;
    static const struct {
        uint64_t offset;
        uint8_t size;
    } refused[] = {{0, 1}, {0, 2}, {0, 8}, {1, 4}, {2, 4}, {0, 64}};
    struct msi_bed s;
    msi_bed_open(&s);
    to_mrif(&s, 1);
    for (unsigned i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        struct vd_txn txn = bench_read(PAGE + refused[i].offset, refused[i].size);
        txn.requester = DEVICE;
        assert_int_equal(bed_request(&s.t, txn), VD_UNSUPPORTED);
        txn.cmd = VD_WRITE;
        assert_int_equal(bed_request(&s.t, txn), VD_UNSUPPORTED);
    }
    assert_int_equal(bed_read(&s.t, DEVICE, PAGE + 0x10), VD_OK);
    assert_int_equal(s.t.answers[s.t.num_answers - 1].data[0], 0);
    assert_int_equal(s.t.b.num_writes, 0);
    assert_int_equal(bed_faults(&s.t), 0);
    bed_close(&s.t);
}

static void MRIF_2_discards(void **state)
{
    (void)state;
    static const struct {
        uint64_t offset;
        uint32_t data;
    } discarded[] = {{8, 1}, {0x800, 1}, {0xffc, 1}, {0, 2048}, {0, 0x80000001}, {4, 5}};
    struct msi_bed s;
    msi_bed_open(&s);
    to_mrif(&s, 1);
    for (unsigned i = 0; i < sizeof(discarded) / sizeof(discarded[0]); i++) {
        bed_msi(&s.t, DEVICE, PAGE + discarded[i].offset, discarded[i].data);
        const struct vd_record *drop = bench_record(&s.t.b, VD_REC_msi_drop, i);
        assert_non_null(drop);
        assert_int_equal(drop->a, VD_DROP_mrif_discard);
    }
    assert_int_equal(s.t.b.num_writes, 0);
    assert_int_equal(bed_faults(&s.t), 0);
    bed_close(&s.t);
}

static void MRIF_2_big_endian_port(void **state)
{
    (void)state;
    struct msi_bed s;
    msi_bed_open(&s);
    to_mrif(&s, 1);
    bed_msi(&s.t, DEVICE, PAGE + 4, __builtin_bswap32(77));
    assert_int_equal(pending(&s, 77), 1 << 13);
    bed_close(&s.t);
    const struct iommu_config config = {.index = 0};
    msi_bed_open_with(&s, &config);
    to_mrif(&s, 1);
    bed_msi(&s.t, DEVICE, PAGE + 4, __builtin_bswap32(77));
    assert_int_equal(pending(&s, 77), 0);
    assert_int_equal(s.t.b.num_writes, 0);
    bed_close(&s.t);
}

static void MRIF_3_update(void **state)
{
    (void)state;
    struct msi_bed s;
    msi_bed_open(&s);
    to_mrif(&s, 1);
    bed_msi(&s.t, DEVICE, PAGE, 9);
    assert_int_equal(s.t.b.writes[0].cmd, VD_OR);
    bed_close(&s.t);
    const struct iommu_config config = {.capabilities = CAPS_NO_AMO};
    msi_bed_open_with(&s, &config);
    to_mrif(&s, 1);
    bench_poke(&s.t.b, s.mrif, 8, 0x100);
    bed_msi(&s.t, DEVICE, PAGE, 9);
    assert_int_equal(s.t.b.writes[0].cmd, VD_WRITE);
    assert_int_equal(pending(&s, 9), 0x300);
    bed_close(&s.t);
}

/* The notice is sent whatever the enable bit and the pending bit say, after the store. */
static void MRIF_4_notice_always(void **state)
{
    (void)state;
    struct msi_bed s;
    msi_bed_open(&s);
    to_mrif(&s, 0x5a5);
    for (unsigned i = 0; i < 2; i++) {
        bench_forget(&s.t.b);
        bed_msi(&s.t, DEVICE, PAGE, 9);
        assert_int_equal(s.t.b.num_writes, 2);
        assert_int_equal(s.t.b.writes[0].addr, s.mrif);
        assert_int_equal(s.t.b.writes[1].addr, NOTICE);
        assert_int_equal(s.t.b.writes[1].data[0], 0x5a5);
        assert_int_equal(s.t.b.writes[1].size, 4);
        assert_int_equal(msi_bed_record(&s, VD_REC_mrif_store)->c, i);
        const struct vd_record *issue = msi_bed_record(&s, VD_REC_msi_issue);
        assert_int_equal(issue->serial, s.t.b.writes[1].serial);
        assert_int_not_equal(issue->serial, msi_bed_record(&s, VD_REC_mrif_store)->serial);
    }
    bed_close(&s.t);
}

static void MRIF_4_notice_if_enabled_switch(void **state)
{
    (void)state;
    struct msi_bed s;
    const struct iommu_config config = {.notice_if_enabled = true};
    msi_bed_open_with(&s, &config);
    to_mrif(&s, 1);
    bed_msi(&s.t, DEVICE, PAGE, 9);
    assert_int_equal(s.t.b.num_writes, 1);
    bench_poke(&s.t.b, s.mrif + 8, 8, 1 << 9);
    bench_forget(&s.t.b);
    bed_msi(&s.t, DEVICE, PAGE, 9);
    assert_int_equal(s.t.b.num_writes, 2);
    bed_close(&s.t);
}

static void MRIF_4_notice_after_visible(void **state)
{
    (void)state;
    struct msi_bed s;
    msi_bed_open(&s);
    to_mrif(&s, 1);
    s.t.b.latency = 5000;
    struct vd_txn txn = bench_write(PAGE, 4, 3);
    txn.requester = DEVICE;
    txn.attrs = VD_POSTED;
    iommu_submit(s.t.m, &txn);
    while (s.t.b.num_writes == 0)
        bench_run(&s.t.b, 1000);
    assert_int_equal(s.t.b.writes[0].cmd, VD_OR);
    vd_time visible = s.t.b.now;
    while (s.t.b.num_writes == 1)
        bench_run(&s.t.b, 1000);
    assert_true(s.t.b.now >= visible + 5000);
    bed_settle(&s.t);
    bed_close(&s.t);
}

static void MRIF_5_faults(void **state)
{
    (void)state;
    struct msi_bed s;
    const struct iommu_config config = {.capabilities = CAPS_NO_AMO};
    msi_bed_open_with(&s, &config);
    msi_bed_pte(&s, 0, MRIF(0x10000), NOTICE >> 12 << 10);
    bench_forget(&s.t.b);
    bed_msi(&s.t, DEVICE, PAGE, 9);
    assert_int_equal(bed_cause(&s.t, 0), 264);
    assert_int_equal(msi_bed_record(&s, VD_REC_msi_drop)->c, 264);
    to_mrif(&s, 1);
    s.t.poison = s.mrif;
    bed_msi(&s.t, DEVICE, PAGE, 9);
    assert_int_equal(bed_cause(&s.t, 1), 271);
    /* DTF hides both. */
    s.dc.tc |= 1 << 4;
    bed_dc(&s.t, DEVICE, &s.dc);
    bed_command(&s.t, 3, 0);
    bench_forget(&s.t.b);
    bed_msi(&s.t, DEVICE, PAGE, 9);
    assert_int_equal(bed_faults(&s.t), 2);
    assert_int_equal(msi_bed_record(&s, VD_REC_msi_drop)->a, VD_DROP_iommu_fault_silent);
    bed_close(&s.t);
}

/* TTYP 0 and the address, as for an MSI by msi_cfg_tbl.  The second record is that of the message
 * about the first. */
static void MRIF_5_report_notice_fault_switch(void **state)
{
    (void)state;
    for (unsigned reported = 0; reported < 2; reported++) {
        struct msi_bed s;
        const struct iommu_config config = {.report_notice_fault = reported};
        msi_bed_open_with(&s, &config);
        to_mrif(&s, 1);
        s.t.refuse_imsic = true;
        bed_msi(&s.t, DEVICE, PAGE, 9);
        assert_int_equal(bench_peek(&s.t.b, s.mrif, 8), 1 << 9);
        assert_int_equal(bed_faults(&s.t), 2 * reported);
        assert_int_equal(bed_fault(&s.t, 0, 0), reported ? 273 : 0);
        assert_int_equal(bed_fault(&s.t, 0, 2), reported ? NOTICE : 0);
        bed_close(&s.t);
    }
}

/* The store takes 30 ns.  A fence is fetched at 10 ns. */
static uint64_t head_after_fence(const struct iommu_config *config, uint64_t fence, vd_time when)
{
    struct msi_bed s;
    msi_bed_open_with(&s, config);
    to_mrif(&s, 1);
    bed_msi(&s.t, DEVICE, PAGE, 9);
    uint64_t head = bed_get(&s.t, REG_OFFSET_CQH, 4);
    bench_poke(&s.t.b, s.t.cq + 16 * head, 8, fence);
    struct vd_txn txn = bench_write(PAGE, 4, 3);
    txn.requester = DEVICE;
    txn.attrs = VD_POSTED;
    s.t.b.latency = 30000;
    iommu_submit(s.t.m, &txn);
    s.t.b.latency = 10000;
    vd_time start = s.t.b.now;
    bed_set(&s.t, REG_OFFSET_CQT, 4, head + 1);
    bench_run(&s.t.b, start + when - s.t.b.now);
    uint64_t moved = bed_get(&s.t, REG_OFFSET_CQH, 4) - head;
    bed_settle(&s.t);
    assert_int_equal(bed_get(&s.t, REG_OFFSET_CQH, 4), head + 1);
    bed_close(&s.t);
    return moved;
}

static void mrif_posted_switch(void **state)
{
    (void)state;
    const struct iommu_config usual = {.outstanding = 1}, posted = {.mrif_posted = true};
    assert_int_equal(head_after_fence(&usual, 2, 29000), 0);
    assert_int_equal(head_after_fence(&posted, 2, 11000), 1);
    assert_int_equal(head_after_fence(&posted, 2 | 1 << 13, 29000), 0);
}

/* The notice, of 10 ns, leaves at 30 ns. */
static void fence_ignores_notices_switch(void **state)
{
    (void)state;
    const struct iommu_config usual = {.outstanding = 1}, ignores = {.fence_ignores_notices = true};
    assert_int_equal(head_after_fence(&usual, 2 | 1 << 13, 39000), 0);
    assert_int_equal(head_after_fence(&usual, 2 | 1 << 13, 41000), 1);
    assert_int_equal(head_after_fence(&ignores, 2 | 1 << 13, 29000), 0);
    assert_int_equal(head_after_fence(&ignores, 2 | 1 << 13, 31000), 1);
}

static void MRIF_6_uncached_switch(void **state)
{
    (void)state;
    for (unsigned uncached = 0; uncached < 2; uncached++) {
        struct msi_bed s;
        const struct iommu_config config = {.mrif_uncached = uncached};
        msi_bed_open_with(&s, &config);
        to_mrif(&s, 1);
        bed_msi(&s.t, DEVICE, PAGE, 9);
        bench_forget(&s.t.b);
        bed_msi(&s.t, DEVICE, PAGE, 9);
        assert_int_equal(s.t.b.num_reads, uncached);
        bed_close(&s.t);
    }
}

static void DBG_2_mrif_page(void **state)
{
    (void)state;
    struct msi_bed s;
    msi_bed_open(&s);
    to_mrif(&s, 1);
    bed_set(&s.t, REG_OFFSET_TR_REQ_IOVA, 8, PAGE);
    bed_set(&s.t, REG_OFFSET_TR_REQ_CTL, 8, (uint64_t)DEVICE << 40 | 1);
    bed_settle(&s.t);
    assert_int_equal(bed_get(&s.t, REG_OFFSET_TR_RESPONSE, 8) & 1, 1);
    assert_int_equal(bed_cause(&s.t, 0), 260);
    assert_int_equal(s.t.b.num_writes, 1 + 1); /* the record and its message */
    bed_close(&s.t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(MRIF_1_layout),
        cmocka_unit_test(MRIF_1_little_endian),
        cmocka_unit_test(MRIF_2_sizes),
        cmocka_unit_test(MRIF_2_discards),
        cmocka_unit_test(MRIF_2_big_endian_port),
        cmocka_unit_test(MRIF_3_update),
        cmocka_unit_test(MRIF_4_notice_always),
        cmocka_unit_test(MRIF_4_notice_if_enabled_switch),
        cmocka_unit_test(MRIF_4_notice_after_visible),
        cmocka_unit_test(MRIF_5_faults),
        cmocka_unit_test(MRIF_5_report_notice_fault_switch),
        cmocka_unit_test(MRIF_6_uncached_switch),
        cmocka_unit_test(mrif_posted_switch),
        cmocka_unit_test(fence_ignores_notices_switch),
        cmocka_unit_test(DBG_2_mrif_page),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
