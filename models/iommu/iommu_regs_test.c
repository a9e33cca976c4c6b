/* SPDX-License-Identifier: BSD-2-Clause */
/* The register page, the performance monitor, the debug interface. */
#include "iommu/iommu_testbed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define BIT(n)  (UINT64_C(1) << (n))
#define MODE(n) ((uint64_t)(n) << 60)
enum { ATS = 25, END = 27, IGS = 28, HPM = 30, DBG = 31, QOSID = 41 };
#define BASE (UINT64_C(0x10) | BIT(9) | BIT(17) | BIT(22) | UINT64_C(56) << 32)

static void open_caps(struct testbed *t, uint64_t caps)
{
    const struct iommu_config config = {.capabilities = caps, .vector_bits = 4, .cycle_ps = 1000};
    bed_open(t, &config);
}

static void REG_2_access_sizes(void **state)
{
    (void)state;
    struct testbed t;
    open_caps(&t, 0);
    for (unsigned size = 1; size <= 64; size *= 2) {
        struct vd_txn txn = bench_read(0, size);
        assert_int_equal(iommu_access(t.m, &txn), size == 4 || size == 8 ? VD_OK : VD_DENIED);
    }
    struct vd_txn txn = bench_read(2, 4);
    assert_int_equal(iommu_access(t.m, &txn), VD_DENIED);
    txn = bench_read(4, 8);
    assert_int_equal(iommu_access(t.m, &txn), VD_DENIED);
    /* High half first, then low. */
    bed_set(&t, REG_OFFSET_CQB + 4, 4, 0x12);
    bed_set(&t, REG_OFFSET_CQB, 4, 0x345 << 10 | 7);
    assert_int_equal(bed_get(&t, REG_OFFSET_CQB, 8), UINT64_C(0x12) << 32 | 0x345 << 10 | 7);
    assert_int_equal(bed_get(&t, REG_OFFSET_CQB + 4, 4), 0x12);
    bed_close(&t);
}

/* Every row of the table: what may be written is what the fields say, the rest reads 0. */
static void REG_3_table_walk(void **state)
{
    (void)state;
    uint32_t count;
    const struct vd_reg *regs = iommu_regs(&count);
    for (uint32_t r = 0; r < count; r++) {
        for (uint32_t i = 0; i < regs[r].count; i++) {
            struct testbed t;
            open_caps(&t, 0);
            uint32_t at = regs[r].offset + i * regs[r].stride;
            uint64_t any = 0;
            for (uint32_t f = 0; f < regs[r].num_fields; f++)
                any |= (UINT64_MAX >> (64 - regs[r].fields[f].width)) << regs[r].fields[f].lsb;
            if (strcmp(regs[r].name, "tr_req_ctl") != 0)
                bed_set(&t, at, regs[r].size, UINT64_MAX);
            bed_settle(&t);
            uint64_t got = bed_get(&t, at, regs[r].size);
            if (regs[r].num_fields)
                assert_int_equal(got & ~any, 0);
            assert_int_equal(regs[r].size == 4 ? got >> 32 : 0, 0);
            bed_close(&t);
        }
    }
}

static void REG_4_offsets(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        uint32_t offset;
    } rows[] = {
        {"capabilities", 0},  {"fctl", 8},          {"ddtp", 16},        {"cqb", 24},
        {"cqh", 32},          {"cqt", 36},          {"fqb", 40},         {"fqh", 48},
        {"fqt", 52},          {"pqb", 56},          {"pqh", 64},         {"pqt", 68},
        {"cqcsr", 72},        {"fqcsr", 76},        {"pqcsr", 80},       {"ipsr", 84},
        {"iocountovf", 88},   {"iocountinh", 92},   {"iohpmcycles", 96}, {"iohpmctr", 104},
        {"iohpmevt", 352},    {"tr_req_iova", 600}, {"tr_req_ctl", 608}, {"tr_response", 616},
        {"iommu_qosid", 624}, {"icvec", 760},       {"msi_addr", 768},   {"msi_data", 776},
        {"msi_vec_ctl", 780}};
    uint32_t count;
    const struct vd_reg *regs = iommu_regs(&count);
    assert_int_equal(count, sizeof(rows) / sizeof(rows[0]));
    for (uint32_t i = 0; i < count; i++) {
        assert_string_equal(regs[i].name, rows[i].name);
        assert_int_equal(regs[i].offset, rows[i].offset);
    }
}

static void REG_5_absent(void **state)
{
    (void)state;
    struct testbed t;
    open_caps(&t, BASE | UINT64_C(1) << IGS);
    static const uint32_t absent[] = {56,  64,  68,  80,  88,  92,  96,  104, 344,  352,  592,
                                      600, 608, 616, 624, 628, 752, 768, 776, 1016, 1024, 4088};
    for (unsigned i = 0; i < sizeof(absent) / sizeof(absent[0]); i++) {
        bed_set(&t, absent[i] & ~3u, 4, UINT32_MAX);
        assert_int_equal(bed_get(&t, absent[i] & ~3u, 4), 0);
    }
    assert_int_equal(bed_get(&t, REG_OFFSET_FCTL, 4), 2); /* IGS=WSI: FCTL-4 */
    bed_set(&t, REG_OFFSET_FCTL, 4, 0);
    assert_int_equal(bed_get(&t, REG_OFFSET_FCTL, 4), 2);
    bed_set(&t, REG_OFFSET_ICVEC, 8, UINT64_MAX);
    assert_int_equal(bed_get(&t, REG_OFFSET_ICVEC, 8), 0xff); /* no pmiv, no piv */
    bed_close(&t);
}

static void REG_6_reset(void **state)
{
    (void)state;
    struct testbed t;
    open_caps(&t, 0);
    bed_start(&t, 2);
    const struct bed_dc dc = {.tc = 1};
    bed_dc(&t, 1, &dc);
    bed_read(&t, 1, 0x80000000);
    bed_read(&t, 2, 0x80000000);
    bed_set(&t, REG_OFFSET_MSI_CFG + 12, 4, 1);
    iommu_reset(t.m);
    assert_int_equal(bed_get(&t, REG_OFFSET_CQCSR, 4), 0);
    assert_int_equal(bed_get(&t, REG_OFFSET_FQCSR, 4), 0);
    assert_int_equal(bed_get(&t, REG_OFFSET_PQCSR, 4), 0);
    assert_int_equal(bed_get(&t, REG_OFFSET_IPSR, 4), 0);
    assert_int_equal(bed_get(&t, REG_OFFSET_DDTP, 8), 0);
    /* No cache entry survives. */
    bench_poke(&t.b, t.ddt + 64, 8, 0);
    bed_set(&t, REG_OFFSET_DDTP, 8, t.ddt >> 12 << 10 | 2);
    assert_int_equal(bed_read(&t, 1, 0x80000000), VD_UNSUPPORTED);
    bed_close(&t);
    const struct iommu_config bare = {.reset_mode = 1};
    bed_open(&t, &bare);
    assert_int_equal(bed_get(&t, REG_OFFSET_DDTP, 8), 1);
    bed_close(&t);
}

static void FCTL_1_writable(void **state)
{
    (void)state;
    static const struct {
        uint64_t caps;
        uint32_t all, none;
    } cases[] = {
        {BASE, 0, 0},
        {BASE | BIT(END), 1, 0},
        {BASE | UINT64_C(2) << IGS, 2, 0},
        {BASE | BIT(16), 4, 0},
        {(BASE & ~(BIT(9) | BIT(17))) | BIT(8) | BIT(16), 4, 4},
    };
    for (unsigned i = 0; i < 5; i++) {
        struct testbed t;
        open_caps(&t, cases[i].caps);
        bed_set(&t, REG_OFFSET_FCTL, 4, UINT32_MAX);
        assert_int_equal(bed_get(&t, REG_OFFSET_FCTL, 4), cases[i].all);
        bed_set(&t, REG_OFFSET_FCTL, 4, 0);
        assert_int_equal(bed_get(&t, REG_OFFSET_FCTL, 4), cases[i].none);
        bed_close(&t);
    }
}

static void DDTP_1_modes(void **state)
{
    (void)state;
    for (unsigned max = 2; max <= 4; max++) {
        struct testbed t;
        const struct iommu_config config = {.max_mode = max};
        bed_open(&t, &config);
        for (unsigned mode = 0; mode < 16; mode++) {
            bed_set(&t, REG_OFFSET_DDTP, 8, 1);
            bed_set(&t, REG_OFFSET_DDTP, 8, mode);
            assert_int_equal(bed_get(&t, REG_OFFSET_DDTP, 8) & 0x1f, mode <= max ? mode : 1);
        }
        bed_set(&t, REG_OFFSET_DDTP, 8, UINT64_MAX & ~UINT64_C(15));
        assert_int_equal(bed_get(&t, REG_OFFSET_DDTP, 8) >> 10, UINT64_C(0xfffffffffff));
        bed_close(&t);
    }
}

/* busy holds until what was in flight has left and been seen. */
static void DDTP_3_off_waits(void **state)
{
    (void)state;
    struct testbed t;
    open_caps(&t, 0);
    bed_start(&t, 2);
    const struct bed_dc dc = {.tc = 1};
    bed_dc(&t, 1, &dc);
    t.b.latency = 10000;
    struct vd_txn txn = bench_write(0x80000000, 4, 0);
    txn.requester = 1;
    txn.attrs = VD_POSTED;
    bench_forget(&t.b);
    iommu_submit(t.m, &txn);
    bed_set(&t, REG_OFFSET_DDTP, 8, t.ddt >> 12 << 10);
    unsigned cycles = 0;
    while (bed_get(&t, REG_OFFSET_DDTP, 8) & 0x10) {
        bench_run(&t.b, 1000);
        assert_true(++cycles < 100);
    }
    assert_int_equal(t.b.num_writes, 1);
    assert_int_equal(t.b.now, 20000);
    assert_int_equal(bed_read(&t, 1, 0x80000000), VD_UNSUPPORTED);
    assert_int_equal(bed_cause(&t, 0), 256);
    bed_close(&t);
}

/* ... also at a moment when nothing of it is on the bus. */
static void DDTP_3_between_accesses(void **state)
{
    (void)state;
    struct testbed t;
    const struct iommu_config config = {.timing = inorder, .cycle_ps = 1000};
    bed_open(&t, &config);
    bed_start(&t, 2);
    const struct bed_dc dc = {.tc = 1};
    bed_dc(&t, 1, &dc);
    t.b.latency = 10000;
    struct vd_txn txn = bench_write(0x80000000, 4, 0);
    txn.requester = 1;
    txn.attrs = VD_POSTED;
    iommu_submit(t.m, &txn);
    bench_run(&t.b, 12000); /* the context has been read at 10, and is in at 19 */
    bed_set(&t, REG_OFFSET_DDTP, 8, t.ddt >> 12 << 10);
    assert_int_equal(bed_get(&t, REG_OFFSET_DDTP, 8) & 0x1f, 0x10);
    bench_run(&t.b, 18000);
    assert_int_equal(bed_get(&t, REG_OFFSET_DDTP, 8) & 0x1f, 0x10);
    bench_run(&t.b, 1000); /* 19 + 2, and 10 for the write to arrive */
    assert_int_equal(bed_get(&t, REG_OFFSET_DDTP, 8) & 0x1f, 0);
    bed_close(&t);
}

/* A machine with one device: Sv39 over Sv39x4, GSCID 7, PSCID 3. */
static void build(struct testbed *t)
{
    bed_start(t, 3);
    uint64_t second = bed_pages(t, 4), first = bed_pages(t, 1);
    bed_map(t, second, 3, true, 0x80000000, 0x80000000, 2, RWXAD | U);
    bed_map(t, first, 3, false, 0x1000, 0x80001000, 0, RWXAD | U);
    bed_map(t, first, 3, false, 0x200000, 0x80200000, 1, RWXAD | U);
    bed_map(t, first, 3, false, 0x10000, 0x80008000, 0, RWXAD | U | BIT(63) | BIT(61));
    const struct bed_dc dc = {.tc = 1,
                              .iohgatp = MODE(8) | UINT64_C(7) << 44 | second >> 12,
                              .ta = 3 << 12,
                              .fsc = MODE(8) | first >> 12};
    bed_dc(t, 1, &dc);
}

static void event(struct testbed *t, unsigned n, uint64_t value)
{
    bed_set(t, REG_OFFSET_IOHPMEVT + 8 * (n - 1), 8, value);
}

static uint64_t counter(struct testbed *t, unsigned n)
{
    return bed_get(t, REG_OFFSET_IOHPMCTR + 8 * (n - 1), 8);
}

static void HPM_4_events(void **state)
{
    (void)state;
    struct testbed t;
    open_caps(&t, 0);
    build(&t);
    for (unsigned n = 1; n <= 8; n++)
        event(&t, n, n);
    for (unsigned n = 9; n <= 31; n++)
        event(&t, n, 9 + n);
    bed_read(&t, 1, 0x1000);
    bed_read(&t, 1, 0x1000);
    /* 2 directory reads, 3 of the first stage, 1 of the second for each of those and the page. */
    static const uint64_t expected[] = {2, 0, 0, 1, 2, 0, 3, 4};
    for (unsigned n = 1; n <= 31; n++)
        assert_int_equal(counter(&t, n), n <= 8 ? expected[n - 1] : 0);
    struct vd_txn txn = bench_read(0x1000, 4);
    txn.requester = 1;
    txn.at = VD_AT_TRANSLATED;
    bed_request(&t, txn);
    txn.at = VD_AT_TRANSLATION_REQUEST;
    bed_request(&t, txn);
    assert_int_equal(counter(&t, 2), 1);
    assert_int_equal(counter(&t, 3), 1);
    bed_close(&t);
}

static void HPM_2_inhibit(void **state)
{
    (void)state;
    struct testbed t;
    open_caps(&t, 0);
    build(&t);
    event(&t, 1, 1);
    event(&t, 2, 1);
    event(&t, 31, 1);
    bed_set(&t, REG_OFFSET_IOCOUNTINH, 4, BIT(1) | BIT(31));
    bed_read(&t, 1, 0x1000);
    assert_int_equal(counter(&t, 1), 0);
    assert_int_equal(counter(&t, 2), 1);
    assert_int_equal(counter(&t, 31), 0);
    bed_close(&t);
}

static void HPM_5_and_6_filters(void **state)
{
    (void)state;
    enum { PV = 60, DV = 61, IDT = 62 };
    static const struct {
        uint64_t evt;
        uint64_t counted;
    } cases[] = {
        {1 | BIT(DV) | UINT64_C(1) << 36, 1},
        {1 | BIT(DV) | UINT64_C(2) << 36, 0},
        {1 | BIT(DV) | BIT(15) | UINT64_C(3) << 36, 1}, /* DMASK: 0..7 */
        {1 | BIT(DV) | BIT(15) | UINT64_C(8) << 36, 0},
        {1 | BIT(PV), 0},  /* no process_id */
        {1 | BIT(IDT), 0}, /* IDT not supported */
        {4 | BIT(IDT), 1},
        {4 | BIT(IDT) | BIT(DV) | UINT64_C(7) << 36, 1},
        {4 | BIT(IDT) | BIT(DV) | UINT64_C(6) << 36, 0},
        {4 | BIT(IDT) | BIT(PV) | 3 << 16, 1},
        {4 | BIT(IDT) | BIT(PV) | 4 << 16, 0},
        {5 | BIT(IDT), 0},
        {7 | BIT(IDT), 3},
        {8 | BIT(IDT), 4},
    };
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct testbed t;
        open_caps(&t, 0);
        build(&t);
        event(&t, 1, cases[i].evt);
        bed_read(&t, 1, 0x1000);
        assert_int_equal(counter(&t, 1), cases[i].counted);
        bed_close(&t);
    }
}

static void HPM_7_overflow(void **state)
{
    (void)state;
    struct testbed t;
    open_caps(&t, 0);
    build(&t);
    event(&t, 3, 1 | BIT(63)); /* software setting OF is no interrupt */
    event(&t, 4, 1);
    assert_int_equal(bed_get(&t, REG_OFFSET_IPSR, 4), 0);
    bed_set(&t, REG_OFFSET_IOHPMCTR + 16, 8, UINT64_MAX);
    bed_read(&t, 1, 0x1000);
    assert_int_equal(counter(&t, 3), 0);
    assert_int_equal(bed_get(&t, REG_OFFSET_IPSR, 4), 0);
    bed_set(&t, REG_OFFSET_IOHPMCTR + 24, 8, UINT64_MAX);
    bed_read(&t, 1, 0x1000);
    assert_int_equal(bed_get(&t, REG_OFFSET_IPSR, 4), 4);
    assert_int_equal(bed_get(&t, REG_OFFSET_IOCOUNTOVF, 4), BIT(3) | BIT(4));
    bed_set(&t, REG_OFFSET_IPSR, 4, 4);
    assert_int_equal(bed_get(&t, REG_OFFSET_IPSR, 4), 0);
    bed_close(&t);
}

static void HPM_1_cycles(void **state)
{
    (void)state;
    struct testbed t;
    open_caps(&t, 0);
    bench_run(&t.b, 5500);
    assert_int_equal(bed_get(&t, REG_OFFSET_IOHPMCYCLES, 8), 5);
    bench_run(&t.b, 500);
    assert_int_equal(bed_get(&t, REG_OFFSET_IOHPMCYCLES, 8), 6);
    bed_set(&t, REG_OFFSET_IOCOUNTINH, 4, 1);
    bench_run(&t.b, 10000);
    assert_int_equal(bed_get(&t, REG_OFFSET_IOHPMCYCLES, 8), 6);
    bed_set(&t, REG_OFFSET_IOHPMCYCLES, 8, BIT(63) - 10);
    bed_set(&t, REG_OFFSET_IOCOUNTINH, 4, 0);
    bench_run(&t.b, 9000);
    assert_int_equal(bed_get(&t, REG_OFFSET_IPSR, 4), 0);
    bench_run(&t.b, 1000);
    assert_int_equal(bed_get(&t, REG_OFFSET_IPSR, 4), 4);
    assert_int_equal(bed_get(&t, REG_OFFSET_IOHPMCYCLES, 8), BIT(63));
    assert_int_equal(bed_get(&t, REG_OFFSET_IOCOUNTOVF, 4), 1);
    bed_close(&t);
}

static uint64_t debug(struct testbed *t, uint64_t iova, uint64_t ctl)
{
    bed_set(t, REG_OFFSET_TR_REQ_IOVA, 8, iova);
    bed_set(t, REG_OFFSET_TR_REQ_CTL, 8, ctl | UINT64_C(1) << 40 | 1);
    bed_settle(t);
    assert_int_equal(bed_get(t, REG_OFFSET_TR_REQ_CTL, 8) & 1, 0);
    return bed_get(t, REG_OFFSET_TR_RESPONSE, 8);
}

static void DBG_3_response(void **state)
{
    (void)state;
    struct testbed t;
    open_caps(&t, 0);
    build(&t);
    assert_int_equal(debug(&t, 0x1000, 0), 0x80001 << 10);
    /* 2 MiB in the first stage: S=1 and ones below the size. */
    assert_int_equal(debug(&t, 0x234000, 0), UINT64_C(0x802ff) << 10 | BIT(9));
    /* 64 KiB, PBMT 1. */
    assert_int_equal(debug(&t, 0x10000, 0), UINT64_C(0x80007) << 10 | BIT(9) | 1 << 7);
    assert_int_equal(bed_faults(&t), 0);
    assert_int_equal(t.num_answers, 0);
    assert_int_equal(debug(&t, 0x5000, 1 << 3), 1);
    assert_int_equal(bed_fault(&t, 0, 0), 13 | UINT64_C(2) << 34 | UINT64_C(1) << 40);
    debug(&t, 0x5000, 0);
    debug(&t, 0x5000, 1 << 3 | 1 << 2);
    assert_int_equal(bed_cause(&t, 1), 15);
    assert_int_equal(bed_cause(&t, 2), 12);
    bed_close(&t);
}

static void bad_configuration(void **state)
{
    (void)state;
    struct vd_error err;
    struct bench b;
    bench_init(&b);
    const struct iommu_config bad[] = {
        {.tlb_entries = 3},
        {.tlb_entries = 2048},
        {.vector_bits = 5},
        {.max_mode = 5},
        {.outstanding = 65},
        {.capabilities = BIT(50) | BASE},
        {.capabilities = UINT64_C(3) << IGS | BASE},
        {.capabilities = 0x10},
        {.pte_fetch = 3},
    };
    for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        err.text[0] = 0;
        assert_null(iommu_create(&bad[i], &b.host, &err));
        assert_non_null(strstr(err.text, "iommu."));
    }
    bench_done(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(REG_2_access_sizes),
        cmocka_unit_test(REG_3_table_walk),
        cmocka_unit_test(REG_4_offsets),
        cmocka_unit_test(REG_5_absent),
        cmocka_unit_test(REG_6_reset),
        cmocka_unit_test(FCTL_1_writable),
        cmocka_unit_test(DDTP_1_modes),
        cmocka_unit_test(DDTP_3_off_waits),
        cmocka_unit_test(DDTP_3_between_accesses),
        cmocka_unit_test(HPM_1_cycles),
        cmocka_unit_test(HPM_2_inhibit),
        cmocka_unit_test(HPM_4_events),
        cmocka_unit_test(HPM_5_and_6_filters),
        cmocka_unit_test(HPM_7_overflow),
        cmocka_unit_test(DBG_3_response),
        cmocka_unit_test(bad_configuration),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
