/* SPDX-License-Identifier: BSD-2-Clause */
/* What other implementations are known to get wrong and no test of a rule holds by itself. */
#include "iommu/iommu_testbed.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { DEVICE = 0x101, STRANGER = 0x102, PAGE = 0x60000000, GUEST = 0x10000000 };
enum { EN_ATS = 1 << 1, T2GPA = 1 << 3, PDTV = 1 << 5, SXL = 1 << 11 };
enum { GO = 1, NW = 1 << 3, CIP = 1, FIP = 2, CMD_ILL = 1 << 10, GVMA = 1 | 1 << 7, AV = 1 << 10 };
#define FILE_PAGE   (IMSIC_WINDOW + 0x3000)
#define MODE(mode)  ((uint64_t)(mode) << 60)
#define BASIC(spa)  ((uint64_t)(spa) >> 12 << 10 | 3 << 1 | 1)
#define GSCID(id)   (UINT64_C(1) << 33 | (uint64_t)(id) << 44)
#define ADDR(gpa)   ((uint64_t)(gpa) >> 12 << 10)
#define PPN(spa)    ((uint64_t)(spa) >> 12 << 10)
#define BARE_STAGES (UINT64_C(0x10) | 1 << 17 | 1 << 22 | UINT64_C(1) << 31 | UINT64_C(56) << 32)

struct pitfall {
    struct testbed t;
    uint64_t table, root;
    struct bed_dc dc;
};

/* One interrupt file at PAGE, which the second stage does not map. */
static void open_with(struct pitfall *s, const struct iommu_config *config)
{
    bed_open(&s->t, config);
    bed_start(&s->t, 3);
    s->table = bed_pages(&s->t, 1);
    s->root = bed_pages(&s->t, 4);
    bed_map(&s->t, s->root, 3, true, GUEST, 0x80000000, 1, RWXAD | U);
    bench_poke(&s->t.b, s->table, 8, BASIC(FILE_PAGE));
    s->dc = (struct bed_dc){.tc = 1,
                            .iohgatp = MODE(8) | UINT64_C(7) << 44 | s->root >> 12,
                            .msiptp = MODE(1) | s->table >> 12,
                            .pattern = PAGE >> 12};
    bed_dc(&s->t, DEVICE, &s->dc);
}

static void open(struct pitfall *s, uint64_t capabilities)
{
    const struct iommu_config config = {.capabilities = capabilities};
    open_with(s, &config);
}

static uint64_t debug(struct pitfall *s, uint64_t iova, uint64_t ctl)
{
    bed_set(&s->t, REG_OFFSET_TR_REQ_IOVA, 8, iova);
    bed_set(&s->t, REG_OFFSET_TR_REQ_CTL, 8, (uint64_t)DEVICE << 40 | ctl | GO);
    bed_settle(&s->t);
    return bed_get(&s->t, REG_OFFSET_TR_RESPONSE, 8);
}

static void corner_6_reads_of_an_msi_page(void **state)
{
    (void)state;
    struct pitfall s;
    open(&s, 0);
    for (unsigned i = 0; i < 2; i++) /* walked, then cached */
        assert_int_equal(bed_read(&s.t, DEVICE, PAGE), VD_OK);
    assert_int_equal(bed_faults(&s.t), 0);
    bed_close(&s.t);
}

static void corner_8_debug_of_an_msi_page(void **state)
{
    (void)state;
    struct pitfall s;
    open(&s, 0);
    assert_int_equal(debug(&s, PAGE, 0), PPN(FILE_PAGE));
    assert_int_equal(debug(&s, PAGE, NW), PPN(FILE_PAGE));
    bed_close(&s.t);
}

/* What the command does not name stays: another page, another guest, another interrupt file. */
static void corner_13_gvma_removes_no_more(void **state)
{
    (void)state;
    static const struct {
        uint64_t dw0, dw1, reads;
    } shots[] = {
        {GVMA | GSCID(7) | AV, ADDR(0x40000000), 0},
        {GVMA | GSCID(8), 0, 0},
        {GVMA | GSCID(7) | AV, ADDR(GUEST), 2},
        {GVMA | GSCID(7) | AV, ADDR(PAGE), 1},
        {GVMA | GSCID(7), 0, 3},
    };
    for (unsigned i = 0; i < sizeof(shots) / sizeof(shots[0]); i++) {
        struct pitfall s;
        open(&s, 0);
        bed_write(&s.t, DEVICE, GUEST);
        bed_msi(&s.t, DEVICE, PAGE, 1);
        bed_command(&s.t, shots[i].dw0, shots[i].dw1);
        uint64_t before = s.t.b.num_reads;
        bed_write(&s.t, DEVICE, GUEST);
        bed_msi(&s.t, DEVICE, PAGE, 1);
        assert_int_equal(s.t.b.num_reads - before, shots[i].reads);
        bed_close(&s.t);
    }
}

static void corner_14_T2GPA_of_an_msi_page(void **state)
{
    (void)state;
    struct pitfall s;
    open(&s, 0);
    s.dc.tc |= EN_ATS | T2GPA;
    bed_dc(&s.t, DEVICE, &s.dc);
    bed_msi(&s.t, DEVICE, PAGE, 1);
    struct vd_txn txn = bench_read(PAGE, 8);
    txn.requester = DEVICE;
    txn.at = VD_AT_TRANSLATION_REQUEST;
    assert_int_equal(bed_request(&s.t, txn), VD_OK);
    assert_int_equal(s.t.answers[s.t.num_answers - 1].data[0] & ~UINT64_C(0xfff), PAGE);
    bed_close(&s.t);
}

static void corner_19_process_id_too_wide(void **state)
{
    (void)state;
    static const uint32_t limits[] = {0, 1 << 8, 1 << 17};
    for (unsigned mode = 1; mode < 3; mode++) {
        struct pitfall s;
        open(&s, 0);
        s.dc.tc |= PDTV;
        s.dc.fsc = MODE(mode) | (GUEST + 0x1000) >> 12;
        bed_dc(&s.t, DEVICE, &s.dc);
        struct vd_txn txn = bench_read(GUEST, 4);
        txn.requester = DEVICE;
        txn.attrs = VD_PROCESS_ID;
        txn.process_id = limits[mode];
        bed_request(&s.t, txn);
        assert_int_equal(bed_cause(&s.t, 0), 260);
        txn.process_id--;
        bed_request(&s.t, txn);
        assert_int_not_equal(bed_cause(&s.t, 1), 260);
        bed_close(&s.t);
    }
}

static void corner_22_narrow_stage_wide_address(void **state)
{
    (void)state;
    struct pitfall s;
    open(&s, 0);
    s.dc.tc |= SXL;
    s.dc.fsc = MODE(8) | (GUEST + 0x1000) >> 12;
    bed_dc(&s.t, DEVICE, &s.dc);
    struct vd_txn txn = bench_read(UINT64_C(1) << 32, 4);
    txn.requester = DEVICE;
    txn.attrs = VD_PROCESS_ID;
    bed_read(&s.t, DEVICE, UINT64_C(1) << 32);
    assert_int_equal(bed_cause(&s.t, 0), 13);
    bed_write(&s.t, DEVICE, UINT64_C(1) << 32);
    assert_int_equal(bed_cause(&s.t, 1), 15);
    txn.attrs = VD_EXEC;
    bed_request(&s.t, txn);
    assert_int_equal(bed_cause(&s.t, 2), 12);
    bed_close(&s.t);
}

/* cip and fip are both pending: clearing one leaves the other. */
static void corner_26_one_bit_at_a_time(void **state)
{
    (void)state;
    for (uint32_t bit = CIP; bit <= FIP; bit <<= 1) {
        struct pitfall s;
        open(&s, 0);
        bed_read(&s.t, STRANGER, PAGE);
        bed_command(&s.t, 0x7f, 0);
        assert_int_equal(bed_get(&s.t, REG_OFFSET_IPSR, 4), CIP | FIP);
        bed_set(&s.t, REG_OFFSET_CQCSR, 4, CMD_ILL | 1); /* cie off: cip is not set again */
        bed_set(&s.t, REG_OFFSET_IPSR, 4, bit);
        assert_int_equal(bed_get(&s.t, REG_OFFSET_IPSR, 4), (CIP | FIP) & ~bit);
        bed_close(&s.t);
    }
}

static void corner_40_bare_first_stage_without_schemes(void **state)
{
    (void)state;
    struct pitfall s;
    open(&s, BARE_STAGES);
    uint64_t half = UINT64_C(0x100000), two_megabytes = 1 << 9;
    assert_int_equal(debug(&s, GUEST + 0x5000, NW),
                     PPN(0x80000000 | (half - 0x1000)) | two_megabytes);
    s.dc.iohgatp = s.dc.msiptp = s.dc.pattern = 0;
    bed_dc(&s.t, DEVICE, &s.dc);
    bed_command(&s.t, 3, 0);
    assert_int_equal(debug(&s, 0x80005000, NW), PPN(0x80005000));
    bed_close(&s.t);
}

/* Reads of a write and an MSI by process 1. */
static uint64_t reads_of_both(struct pitfall *s)
{
    uint64_t before = s->t.b.num_reads;
    for (uint64_t iova = 0x5000; iova <= 0x6000; iova += 0x1000) {
        struct vd_txn txn = bench_write(iova, 4, 1);
        txn.requester = DEVICE;
        txn.attrs = VD_PROCESS_ID;
        txn.process_id = 1;
        assert_int_equal(bed_request(&s->t, txn), VD_OK);
    }
    return s->t.b.num_reads - before;
}

/* Every cache has entries of which a reset leaves none. */
static void corner_41_reset_empties_caches(void **state)
{
    (void)state;
    struct pitfall s;
    const struct iommu_config config = {.first_nonleaf = 8, .second_nonleaf = 8};
    open_with(&s, &config);
    uint64_t first = bed_pages(&s.t, 1), process = bed_pages(&s.t, 1);
    bed_map(&s.t, s.root, 3, true, 0x80000000, 0x80000000, 1, RWXAD | U);
    bed_map(&s.t, first, 3, false, 0x5000, PAGE, 0, RWXAD | U);
    bed_map(&s.t, first, 3, false, 0x6000, GUEST + 0x100000, 0, RWXAD | U);
    bench_poke(&s.t.b, process + 16, 8, 1);
    bench_poke(&s.t.b, process + 24, 8, MODE(8) | first >> 12);
    s.dc.tc |= PDTV;
    s.dc.fsc = MODE(1) | process >> 12;
    bed_dc(&s.t, DEVICE, &s.dc);
    uint64_t cold = reads_of_both(&s);
    assert_int_equal(reads_of_both(&s), 0);
    for (unsigned i = 0; i < 2; i++) {
        iommu_reset(s.t.m);
        bed_set(&s.t, REG_OFFSET_DDTP, 8, PPN(s.t.ddt) | 3);
        bed_settle(&s.t);
        assert_int_equal(reads_of_both(&s), cold);
    }
    bed_close(&s.t);
}

static void corner_41_reset_forgets_messages(void **state)
{
    (void)state;
    struct pitfall s;
    open(&s, 0);
    for (uint32_t v = 0; v < 4; v++)
        bed_set(&s.t, REG_OFFSET_MSI_CFG + 16 * v + 12, 4, 1);
    bed_read(&s.t, STRANGER, PAGE);
    iommu_reset(s.t.m);
    bench_forget(&s.t.b);
    for (uint32_t v = 0; v < 4; v++) {
        bed_set(&s.t, REG_OFFSET_MSI_CFG + 16 * v, 8, OWN_MSI);
        bed_set(&s.t, REG_OFFSET_MSI_CFG + 16 * v + 12, 4, 1);
        bed_set(&s.t, REG_OFFSET_MSI_CFG + 16 * v + 12, 4, 0);
    }
    bed_settle(&s.t);
    assert_int_equal(s.t.b.num_writes, 0);
    bed_close(&s.t);
}

/* fip tells of new records and not of those that wait: software clears it before it looks. */
static void corner_43_clear_before_draining(void **state)
{
    (void)state;
    struct pitfall s;
    open(&s, 0);
    bed_read(&s.t, STRANGER, PAGE);
    bed_set(&s.t, REG_OFFSET_FQH, 4, bed_get(&s.t, REG_OFFSET_FQT, 4));
    bed_read(&s.t, STRANGER, PAGE); /* between draining and clearing */
    bed_set(&s.t, REG_OFFSET_IPSR, 4, FIP);
    assert_int_equal(bed_get(&s.t, REG_OFFSET_IPSR, 4), 0);
    assert_int_not_equal(bed_get(&s.t, REG_OFFSET_FQH, 4), bed_get(&s.t, REG_OFFSET_FQT, 4));
    bed_read(&s.t, STRANGER, PAGE); /* between clearing and draining */
    assert_int_equal(bed_get(&s.t, REG_OFFSET_IPSR, 4), FIP);
    bed_close(&s.t);
}

/* The data of an MSI is the device's; an interrupt file protects itself by its page alone. */
static void corner_44_data_is_not_remapped(void **state)
{
    (void)state;
    static const uint32_t data[] = {0, 1, 2047, 2048, UINT32_MAX};
    struct pitfall s;
    open(&s, 0);
    for (unsigned i = 0; i < sizeof(data) / sizeof(data[0]); i++) {
        bench_forget(&s.t.b);
        bed_msi(&s.t, DEVICE, PAGE, data[i]);
        assert_int_equal(s.t.b.num_writes, 1);
        assert_int_equal(s.t.b.writes[0].addr, FILE_PAGE);
        assert_int_equal(s.t.b.writes[0].data[0], data[i]);
    }
    bed_close(&s.t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(corner_6_reads_of_an_msi_page),
        cmocka_unit_test(corner_8_debug_of_an_msi_page),
        cmocka_unit_test(corner_13_gvma_removes_no_more),
        cmocka_unit_test(corner_14_T2GPA_of_an_msi_page),
        cmocka_unit_test(corner_19_process_id_too_wide),
        cmocka_unit_test(corner_22_narrow_stage_wide_address),
        cmocka_unit_test(corner_26_one_bit_at_a_time),
        cmocka_unit_test(corner_40_bare_first_stage_without_schemes),
        cmocka_unit_test(corner_41_reset_empties_caches),
        cmocka_unit_test(corner_41_reset_forgets_messages),
        cmocka_unit_test(corner_43_clear_before_draining),
        cmocka_unit_test(corner_44_data_is_not_remapped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
