/* SPDX-License-Identifier: BSD-2-Clause */
/* MSI page tables and memory-resident interrupt files [iommu MSI_TRANS], [aia IOMMU-MSIPTE-MRIF].
 */
#include "iommu/iommu_msi_bed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void MSI_1_match_on_gpa(void **state)
{
    (void)state;
    struct msi_bed s;
    msi_bed_open(&s);
    msi_bed_pte(&s, 0, BASIC(IMSIC_WINDOW + 0x3000), UINT64_MAX);
    msi_bed_pte(&s, 3, BASIC(IMSIC_WINDOW + 0x7000), UINT64_MAX);
    /* The second stage maps a superpage over the interrupt files: the MSI page table wins. */
    bed_map(&s.t, s.root, 3, true, PAGE, 0x80000000, 1, RWXAD | U);
    bed_msi(&s.t, DEVICE, PAGE + 4, 1);
    assert_int_equal(bed_where(&s.t), IMSIC_WINDOW + 0x3004);
    bed_msi(&s.t, DEVICE, OTHER, 1);
    assert_int_equal(bed_where(&s.t), IMSIC_WINDOW + 0x7000);
    bed_write(&s.t, DEVICE, PAGE + 0x2000);
    assert_int_equal(bed_where(&s.t), 0x80002000);
    /* ... in either order of first use. */
    bed_msi(&s.t, DEVICE, PAGE, 1);
    assert_int_equal(bed_where(&s.t), IMSIC_WINDOW + 0x3000);
    /* Reads match too. */
    assert_int_equal(bed_read(&s.t, DEVICE, PAGE), VD_OK);
    assert_int_equal(bed_faults(&s.t), 0);
    bed_close(&s.t);
}

static void MSI_1_match_after_first_stage(void **state)
{
    (void)state;
    struct msi_bed s;
    msi_bed_open(&s);
    uint64_t first = bed_pages(&s.t, 1);
    for (uint64_t a = 0x80000000; a < 0x80200000; a += 0x200000)
        bed_map(&s.t, s.root, 3, true, a, a, 1, RWXAD | U);
    bed_map(&s.t, first, 3, false, 0x1000, PAGE, 0, RWXAD | U);
    s.dc.fsc = UINT64_C(8) << 60 | first >> 12;
    bed_dc(&s.t, DEVICE, &s.dc);
    msi_bed_pte(&s, 0, BASIC(IMSIC_WINDOW), 0);
    for (unsigned i = 0; i < 2; i++) { /* walked, then cached */
        bench_forget(&s.t.b);
        bed_msi(&s.t, DEVICE, 0x1008, 1);
        assert_int_equal(bed_where(&s.t), IMSIC_WINDOW + 8);
    }
    assert_int_equal(s.t.b.num_reads, 0);
    bed_close(&s.t);
}

static void MSI_2_reserved_mask_bits(void **state)
{
    (void)state;
    struct msi_bed s;
    msi_bed_open(&s);
    s.dc.mask = UINT64_C(1) << 47; /* Sv57x4: 59 - 12 */
    bed_dc(&s.t, DEVICE, &s.dc);
    bed_read(&s.t, DEVICE, PAGE);
    assert_int_equal(bed_cause(&s.t, 0), 259);
    s.dc.mask = UINT64_C(1) << 46;
    bed_dc(&s.t, DEVICE, &s.dc);
    bed_read(&s.t, DEVICE, PAGE);
    assert_int_equal(bed_cause(&s.t, 1), 262);
    bed_close(&s.t);
}

static void MSI_3_index_is_ored(void **state)
{
    (void)state;
    struct msi_bed s;
    msi_bed_open(&s);
    s.dc.mask = 0x1ff; /* 512 entries of 16 bytes in an 8-KiB table */
    s.dc.pattern = 0x60000;
    s.dc.msiptp = UINT64_C(1) << 60 | (bed_pages(&s.t, 2) + 0x1000) >> 12; /* misaligned */
    bed_dc(&s.t, DEVICE, &s.dc);
    uint64_t base = (s.dc.msiptp & 0xfffffffffff) << 12;
    bench_poke(&s.t.b, base, 8, BASIC(IMSIC_WINDOW + 0x5000));
    bed_msi(&s.t, DEVICE, 0x60100000, 1); /* index 256 * 16 = 0x1000 is ORed away */
    assert_int_equal(bed_where(&s.t), IMSIC_WINDOW + 0x5000);
    bed_close(&s.t);
}

static void MSI_4_order_of_checks(void **state)
{
    (void)state;
    static const struct {
        uint64_t dw0, dw1;
        unsigned cause; /* 0: translated */
    } cases[] = {
        {UINT64_MAX - 1, 0, 262},               /* V=0 frees all other bits */
        {BASIC(IMSIC_WINDOW), UINT64_MAX, 0},   /* second doubleword ignored */
        {BASIC(IMSIC_WINDOW) | 1 << 3, 0, 263}, /* reserved 9:3 */
        {BASIC(IMSIC_WINDOW) | 1 << 9, 0, 263},
        {BASIC(IMSIC_WINDOW) | UINT64_C(1) << 54, 0, 263}, /* reserved 62:54 */
        {BASIC(IMSIC_WINDOW) | UINT64_C(1) << 62, 0, 263},
        {BASIC(IMSIC_WINDOW) | UINT64_C(1) << 63, 0, 263}, /* C=1: a choice */
        {1, 0, 263},                                       /* M=0 */
        {1 | 2 << 1, 0, 263},                              /* M=2 */
        {MRIF(0x80000000) | 1 << 3, 0, 263},               /* reserved 6:3 */
        {MRIF(0x80000000) | 1 << 6, 0, 263},
        {MRIF(0x80000000) | UINT64_C(1) << 54, 0, 263},
        {MRIF(0x80000000), UINT64_C(1) << 54, 263}, /* reserved 59:54 */
        {MRIF(0x80000000), UINT64_C(1) << 59, 263},
        {MRIF(0x80000000), UINT64_C(1) << 61, 263}, /* reserved 63:61 */
        {MRIF(0x80000000), UINT64_C(1) << 63, 263},
    };
    struct msi_bed s;
    msi_bed_open(&s);
    unsigned faults = 0;
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        msi_bed_pte(&s, 0, cases[i].dw0, cases[i].dw1);
        bed_msi(&s.t, DEVICE, PAGE, 1);
        assert_int_equal(bed_faults(&s.t), faults + (cases[i].cause != 0));
        if (cases[i].cause)
            assert_int_equal(bed_cause(&s.t, faults++), cases[i].cause);
    }
    /* The IOVA is reported. */
    assert_int_equal(bed_fault(&s.t, 0, 2), PAGE);
    bed_close(&s.t);
}

static void MSI_4_access_and_poison(void **state)
{
    (void)state;
    struct msi_bed s;
    msi_bed_open(&s);
    s.t.poison = s.table;
    bed_msi(&s.t, DEVICE, PAGE, 1);
    assert_int_equal(bed_cause(&s.t, 0), 270);
    s.t.poison = 0;
    s.dc.msiptp = UINT64_C(1) << 60 | 0x10;
    bed_dc(&s.t, DEVICE, &s.dc);
    bed_command(&s.t, 3, 0);
    bed_msi(&s.t, DEVICE, PAGE, 1);
    assert_int_equal(bed_cause(&s.t, 1), 261);
    bed_close(&s.t);
}

static void MSI_5_execute(void **state)
{
    (void)state;
    struct msi_bed s;
    msi_bed_open(&s);
    msi_bed_pte(&s, 0, BASIC(IMSIC_WINDOW), 0);
    struct vd_txn txn = bench_read(PAGE, 4);
    txn.requester = DEVICE;
    txn.attrs = VD_EXEC;
    assert_int_equal(bed_request(&s.t, txn), VD_UNSUPPORTED);
    assert_int_equal(bed_cause(&s.t, 0), 1);
    bed_close(&s.t);
}

/* Every stamp of an MSI's way through. */
static void ledger_records(void **state)
{
    (void)state;
    struct msi_bed s;
    msi_bed_open(&s);
    msi_bed_pte(&s, 0, BASIC(IMSIC_WINDOW), 0);
    bench_forget(&s.t.b);
    bed_msi(&s.t, DEVICE, PAGE, 1);
    const struct vd_record *accept = msi_bed_record(&s, VD_REC_msi_accept);
    const struct vd_record *translate = msi_bed_record(&s, VD_REC_msi_translate);
    assert_int_equal(accept->a, DEVICE);
    assert_int_equal(accept->b, PAGE);
    assert_int_equal(translate->a, PAGE);
    assert_int_equal(translate->b, IMSIC_WINDOW);
    assert_int_equal(translate->serial, accept->serial);
    assert_int_equal(bench_count(&s.t.b, VD_REC_msi_drop), 0);
    bed_close(&s.t);
}

static void pte_fetch_switch(void **state)
{
    (void)state;
    for (unsigned fetch = 0; fetch < 3; fetch++) {
        struct msi_bed s;
        const struct iommu_config config = {.pte_fetch = fetch};
        msi_bed_open_with(&s, &config);
        msi_bed_pte(&s, 0, BASIC(IMSIC_WINDOW), 0);
        bed_msi(&s.t, DEVICE, PAGE + 0x1000, 1);
        bench_forget(&s.t.b);
        bed_msi(&s.t, DEVICE, PAGE, 1);
        assert_int_equal(s.t.b.num_reads, fetch ? 2 : 1);
        uint64_t low = s.table, high = s.table + 8;
        assert_int_equal(msi_bed_record(&s, VD_REC_iommu_access)->a, fetch == 2 ? high : low);
        if (fetch)
            assert_int_equal(bench_record(&s.t.b, VD_REC_iommu_access, 1)->a,
                             fetch == 2 ? low : high);
        bed_close(&s.t);
    }
}

static void rules_1_0_switch(void **state)
{
    (void)state;
    for (unsigned old = 0; old < 2; old++) {
        struct msi_bed s;
        const struct iommu_config config = {.rules_1_0 = old};
        msi_bed_open_with(&s, &config);
        s.dc.iohgatp = 0;
        bed_dc(&s.t, DEVICE, &s.dc);
        msi_bed_pte(&s, 0, BASIC(IMSIC_WINDOW), 0);
        bed_msi(&s.t, DEVICE, PAGE, 1);
        assert_int_equal(bed_cause(&s.t, 0), old ? 0 : 259);
        bed_close(&s.t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(MSI_1_match_on_gpa),
        cmocka_unit_test(MSI_1_match_after_first_stage),
        cmocka_unit_test(MSI_2_reserved_mask_bits),
        cmocka_unit_test(MSI_3_index_is_ored),
        cmocka_unit_test(MSI_4_order_of_checks),
        cmocka_unit_test(MSI_4_access_and_poison),
        cmocka_unit_test(MSI_5_execute),
        cmocka_unit_test(ledger_records),
        cmocka_unit_test(pte_fetch_switch),
        cmocka_unit_test(rules_1_0_switch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
