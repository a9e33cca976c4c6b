/* SPDX-License-Identifier: BSD-2-Clause */
/* What no other test would notice: single bits, switches together, the largest caches. */
#include "iommu/iommu_testbed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define BIT(n)  (UINT64_C(1) << (n))
#define MODE(n) ((uint64_t)(n) << 60)
#define PPN(a)  ((uint64_t)(a) >> 12 << 10)
#define BASE    (UINT64_C(0x10) | BIT(22) | UINT64_C(56) << 32)
enum { CYCLE = 1000, EN_ATS = 2, PDTV = 32, GADE = 128, SADE = 256, ON = 1 << 16 };
enum { IOVA = 0x40000000, MSI_GPA = 0x50000000, PROCESS = 5 };
enum { R_BIT = 1, W_BIT = 2, X_BIT = 8 };

struct bed {
    struct testbed t;
    uint64_t first, msi, pdt, page, pte;
    struct bed_dc dc;
};

/* A host's device: Sv39 alone; IOVA to `page`, IOVA + 4 KiB to the interrupt file. */
static void open_with(struct bed *s, const struct iommu_config *config, uint64_t tc)
{
    struct testbed *t = &s->t;
    bed_open(t, config);
    bed_start(t, 2);
    s->first = bed_pages(t, 1);
    s->msi = bed_pages(t, 1);
    s->pdt = bed_pages(t, 1);
    s->page = bed_pages(t, 1);
    s->pte = bed_map(t, s->first, 3, false, IOVA, s->page, 0, RWXAD | U | G);
    bed_map(t, s->first, 3, false, IOVA + 0x1000, MSI_GPA, 0, RWXAD | U);
    bench_poke(&t->b, s->msi, 8, PPN(IMSIC_WINDOW) | 7);
    s->dc =
        (struct bed_dc){.tc = 1 | tc, .fsc = MODE(8) | s->first >> 12, .pattern = MSI_GPA >> 12};
    if (config->rules_1_0)
        s->dc.msiptp = MODE(1) | s->msi >> 12;
    bed_dc(t, 1, &s->dc);
}

static uint64_t ask(struct bed *s, uint64_t iova, uint32_t attrs)
{
    struct vd_txn txn = bench_read(iova, 8);
    txn.requester = 1;
    txn.at = VD_AT_TRANSLATION_REQUEST;
    txn.attrs = attrs;
    assert_int_equal(bed_request(&s->t, txn), VD_OK);
    return s->t.answers[(s->t.num_answers - 1) % 256].data[0];
}

/* Without a process Global is 0, whatever else is set. */
static void ATS_4_global_of_processes_only(void **state)
{
    (void)state;
    struct bed s;
    const struct iommu_config config = {.index = 0};
    open_with(&s, &config, EN_ATS);
    for (uint32_t attrs = 0; attrs < 512; attrs += 2)
        if (!(attrs & VD_PROCESS_ID))
            assert_int_equal(ask(&s, IOVA, attrs) & ~(uint64_t)(X_BIT | 0x40),
                             s.page | R_BIT | W_BIT);
    bed_close(&s.t);
}

/* Rules 1.0: an interrupt file under a Bare second stage is not executable either. */
static void MSI_5_execute_by_rules_1_0(void **state)
{
    (void)state;
    struct bed s;
    const struct iommu_config config = {.rules_1_0 = true};
    open_with(&s, &config, EN_ATS);
    assert_int_equal(ask(&s, IOVA + 0x1000, VD_EXEC), IMSIC_WINDOW | R_BIT | W_BIT);
    assert_int_equal(ask(&s, IOVA, VD_EXEC), s.page | R_BIT | W_BIT | X_BIT);
    bed_close(&s.t);
}

/* GV=0 names the host's entries; what GSCID says is nothing. */
static void CMD_5_GSCID_without_GV(void **state)
{
    (void)state;
    struct bed s;
    const struct iommu_config config = {.first_nonleaf = 4};
    open_with(&s, &config, 0);
    bed_write(&s.t, 1, IOVA);
    bench_poke(&s.t.b, s.pte, 8, PPN(s.pdt) | RWXAD | U);
    bed_command(&s.t, 1 | UINT64_C(5) << 44, 0);
    s.t.b.num_reads = 0;
    bed_write(&s.t, 1, IOVA);
    assert_int_equal(bed_where(&s.t), s.pdt);
    assert_int_equal(s.t.b.num_reads, 3); /* the pointers are gone as well */
    bed_close(&s.t);
}

/* A global leaf is spared by PSCV=1, and by nothing else; so are pointers marked global. */
static void CMD_5_global_spared(void **state)
{
    (void)state;
    static const uint64_t pscv = BIT(32);
    for (unsigned i = 0; i < 4; i++) {
        bool global = i & 1, by_pscid = i & 2;
        struct bed s;
        const struct iommu_config config = {.first_nonleaf = 4};
        open_with(&s, &config, 0);
        uint64_t root = s.first + (IOVA >> 30) * 8;
        bench_poke(&s.t.b, root, 8, bench_peek(&s.t.b, root, 8) | (global ? G : 0));
        bench_poke(&s.t.b, s.pte, 8, PPN(s.page) | RWXAD | U);
        bed_write(&s.t, 1, IOVA);
        bed_command(&s.t, 1 | (by_pscid ? pscv : 0), 0);
        s.t.b.num_reads = 0;
        bed_write(&s.t, 1, IOVA);
        assert_int_equal(s.t.b.num_reads == 0, global && by_pscid);
        bed_close(&s.t);
    }
}

/* A queue that is off records nothing, now or later; nor does what waited when it was turned off.
 */
static void Q_4_off_records_nothing(void **state)
{
    (void)state;
    struct bed s;
    const struct iommu_config config = {.index = 0};
    open_with(&s, &config, 0);
    struct vd_txn txn = bench_write(0x1000, 4, 0);
    txn.requester = 2;
    txn.attrs = VD_POSTED;
    bed_set(&s.t, REG_OFFSET_FQCSR, 4, 0);
    bench_forget(&s.t.b);
    bed_request(&s.t, txn);
    assert_int_equal(s.t.b.num_writes, 0);
    bed_set(&s.t, REG_OFFSET_FQCSR, 4, 1);
    assert_int_equal(bed_faults(&s.t), 0);
    bed_set(&s.t, REG_OFFSET_DDTP, 8, 0);
    s.t.b.latency = 10 * CYCLE;
    for (unsigned i = 0; i < 3; i++)
        iommu_submit(s.t.m, &txn);
    bed_set(&s.t, REG_OFFSET_FQCSR, 4, 0);
    bed_settle(&s.t);
    assert_int_equal(bed_get(&s.t, REG_OFFSET_FQCSR, 4), 0);
    assert_int_equal(s.t.b.num_writes, 1);
    bed_set(&s.t, REG_OFFSET_FQCSR, 4, 1);
    bed_settle(&s.t);
    assert_int_equal(bed_faults(&s.t), 0);
    assert_int_equal(s.t.b.num_writes, 1);
    bed_close(&s.t);
}

/* Caches as large as they can be: all is reached, and nothing beyond. */
static void CA_1_largest_caches(void **state)
{
    (void)state;
    struct bed s;
    const struct iommu_config config = {.ddt_entries = 256,
                                        .pdt_entries = 256,
                                        .tlb_entries = 1024,
                                        .msi_entries = 256,
                                        .first_nonleaf = 256,
                                        .second_nonleaf = 256,
                                        .rules_1_0 = true};
    open_with(&s, &config, 0);
    static const uint64_t commands[] = {1, 1 | 1 << 7, 3, 3 | 1 << 7 | BIT(33) | BIT(40)};
    for (unsigned i = 0; i < 5; i++) {
        for (unsigned page = 0; page < 2; page++) {
            assert_int_equal(bed_write(&s.t, 1, IOVA + 0x1000 * page), VD_OK);
            s.t.b.num_reads = 0;
            assert_int_equal(bed_write(&s.t, 1, IOVA + 0x1000 * page), VD_OK);
            assert_int_equal(s.t.b.num_reads, 0);
        }
        if (i < 4)
            bed_command(&s.t, commands[i], 0);
        else
            iommu_flush(s.t.m);
    }
    bed_close(&s.t);
}

/* Every bit of an MSI PTE arrives, however it is fetched. */
static void MSI_6_all_bits_by_halves(void **state)
{
    (void)state;
    for (uint32_t fetch = 0; fetch < 3; fetch++) {
        struct bed s;
        const struct iommu_config config = {.pte_fetch = fetch, .rules_1_0 = true};
        open_with(&s, &config, 0);
        uint64_t mrif = bed_pages(&s.t, 1);
        bench_poke(&s.t.b, s.msi, 8, mrif >> 9 << 7 | 3);
        bench_poke(&s.t.b, s.msi + 8, 8, PPN(IMSIC_WINDOW) | BIT(60) | 0x3ff);
        bench_forget(&s.t.b);
        bed_msi(&s.t, 1, IOVA + 0x1000, 9);
        assert_int_equal(bench_peek(&s.t.b, mrif, 8), BIT(9));
        assert_int_equal(s.t.b.writes[s.t.b.num_writes - 1].data[0], 0x7ff);
        bench_poke(&s.t.b, s.msi, 8, PPN(IMSIC_WINDOW) | 7 | BIT(63)); /* custom */
        bed_command(&s.t, 1 | 1 << 7, 0);
        bed_msi(&s.t, 1, IOVA + 0x1000, 9);
        assert_int_equal(bed_cause(&s.t, 0), 263);
        bed_close(&s.t);
    }
}

/* Two stores into one MRIF do not interleave, whoever is older than both. */
static void MRIF_3_behind_a_walk(void **state)
{
    (void)state;
    struct bed s;
    const struct iommu_config config = {
        .capabilities = UINT64_C(0xff8efefcf10) & ~BIT(21), .outstanding = 4, .rules_1_0 = true};
    open_with(&s, &config, 0);
    uint64_t mrif = bed_pages(&s.t, 1);
    bench_poke(&s.t.b, s.msi, 8, mrif >> 9 << 7 | 3);
    bench_poke(&s.t.b, s.msi + 8, 8, PPN(IMSIC_WINDOW));
    bed_msi(&s.t, 1, IOVA + 0x1000, 1);
    struct vd_txn walk = bench_read(0x1000, 4);
    walk.requester = 3;
    s.t.b.latency = 100 * CYCLE;
    iommu_submit(s.t.m, &walk);
    s.t.b.latency = 10 * CYCLE;
    for (unsigned identity = 5; identity < 7; identity++) {
        struct vd_txn txn = bench_write(IOVA + 0x1000, 4, identity);
        txn.requester = 1;
        txn.attrs = VD_POSTED | VD_RELAXED;
        iommu_submit(s.t.m, &txn);
    }
    bed_settle(&s.t);
    assert_int_equal(bench_peek(&s.t.b, mrif, 8), BIT(1) | BIT(5) | BIT(6));
    bed_close(&s.t);
}

/* Switch report_notice_fault: what was refused is recorded, with its address, and nothing else is.
 */
static void report_notice_fault_switch(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        bool report = i & 1, refused = i & 2;
        struct bed s;
        const struct iommu_config config = {.report_notice_fault = report, .rules_1_0 = true};
        open_with(&s, &config, 0);
        uint64_t notice = refused ? 0x1000 : IMSIC_WINDOW;
        bench_poke(&s.t.b, s.msi, 8, bed_pages(&s.t, 1) >> 9 << 7 | 3);
        bench_poke(&s.t.b, s.msi + 8, 8, PPN(notice));
        bed_msi(&s.t, 1, IOVA + 0x1000, 9);
        assert_int_equal(bed_faults(&s.t), report && refused);
        assert_int_equal(bed_cause(&s.t, 0), report && refused ? 273 : 0);
        if (report && refused)
            assert_int_equal(bed_fault(&s.t, 0, 2), 0x1000);
        bed_close(&s.t);
    }
}

/* The capability of a process's first stage is that of Sv39, not of Sv39x4. */
static void PDT_3_and_DC_4_10_capability_of_the_stage(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 16; i++)
        for (unsigned mode = 0; mode < 3; mode++) {
            struct bed s;
            uint64_t smaller = ((UINT64_C(1) << mode) - 1) << 9, own = BIT(9 + mode);
            uint64_t first = i & 1 ? own | smaller : 0;
            uint64_t second = i & 2 ? UINT64_C(1) << (17 + mode) : 0;
            bool process = i & 4, other = i & 8;
            uint64_t all = first ? UINT64_C(7) << 9 : smaller;
            const struct iommu_config config = {.capabilities = BASE | first | second |
                                                                (other ? all : 0) | BIT(38)};
            open_with(&s, &config, process ? PDTV : 0);
            bench_poke(&s.t.b, s.pdt, 8, 1);
            bench_poke(&s.t.b, s.pdt + 8, 8, MODE(8 + mode) | s.first >> 12);
            s.dc.fsc = process ? MODE(1) | s.pdt >> 12 : MODE(8 + mode) | s.first >> 12;
            bed_dc(&s.t, 1, &s.dc);
            struct vd_txn txn = bench_write(0x7000000000, 4, 0);
            txn.requester = 1;
            txn.attrs = process ? VD_PROCESS_ID : 0;
            bed_request(&s.t, txn);
            assert_int_equal(bed_cause(&s.t, 0), first ? 15 : process ? 267 : 259);
            bed_close(&s.t);
        }
}

/* GXL is fixed at 1 with nothing but narrow addresses, of either stage. */
static void FCTL_1_narrow_only(void **state)
{
    (void)state;
    static const uint64_t caps[] = {BIT(8),          BIT(16), BIT(8) | BIT(16), 0,
                                    BIT(9),          BIT(19), BIT(8) | BIT(9),  BIT(16) | BIT(18),
                                    BIT(8) | BIT(17)};
    for (unsigned i = 0; i < 9; i++) {
        struct testbed t;
        const struct iommu_config config = {.capabilities = BASE | caps[i]};
        bed_open(&t, &config);
        assert_int_equal(bed_get(&t, REG_OFFSET_FCTL, 4), i < 3 ? 4 : 0);
        bed_set(&t, REG_OFFSET_FCTL, 4, 4);
        assert_int_equal(bed_get(&t, REG_OFFSET_FCTL, 4), i < 3 || i > 5 ? 4 : 0);
        bed_set(&t, REG_OFFSET_FCTL, 4, 0);
        assert_int_equal(bed_get(&t, REG_OFFSET_FCTL, 4), i < 3 ? 4 : 0);
        bed_close(&t);
    }
}

static uint32_t looks;

static bool (*bed_hook)(void *ctx, struct vd_txn *txn);

static bool count_looks(void *ctx, struct vd_txn *txn)
{
    if (txn->attrs & VD_DEBUG) {
        looks++;
        assert_int_equal(txn->requester, VD_REQUESTER_IOMMU(2));
        assert_int_equal(txn->cmd, VD_READ);
    }
    return bed_hook(ctx, txn);
}

/* The detector's walk is a debugger's: it swaps nothing, and tells of no MSI PTE. */
static void stale_check_only_looks(void **state)
{
    (void)state;
    struct bed s;
    const struct iommu_config config = {.index = 2, .stale_check = true, .rules_1_0 = true};
    open_with(&s, &config, SADE);
    bed_hook = s.t.b.hook;
    s.t.b.hook = count_looks;
    bed_write(&s.t, 1, IOVA);
    bed_write(&s.t, 1, IOVA + 0x1000);
    uint64_t clean = PPN(s.page) | V | R | W | X | U | G;
    bench_poke(&s.t.b, s.pte, 8, clean); /* A and D would be set */
    bench_forget(&s.t.b);
    looks = 0;
    bed_write(&s.t, 1, IOVA);
    assert_int_equal(looks, 1 + 3 + 1); /* the last in place of the swap */
    assert_int_equal(bench_peek(&s.t.b, s.pte, 8), clean);
    assert_int_equal(bench_count(&s.t.b, VD_REC_iommu_stale), 0);
    bed_write(&s.t, 1, IOVA + 0x1000);
    assert_int_equal(looks, 5 + 1 + 3 + 1);
    assert_int_equal(bench_count(&s.t.b, VD_REC_msi_pte), 0);
    assert_int_equal(bench_count(&s.t.b, VD_REC_iommu_access), 0);
    bed_close(&s.t);
}

static bool master;

static bool bus_master(void *ctx)
{
    (void)ctx;
    return master;
}

/* A function without Bus Master Enable sends nothing: no walk, no record, no message. */
static void EMB_bus_master(void **state)
{
    (void)state;
    struct bed s;
    const struct iommu_config config = {.index = 0};
    open_with(&s, &config, 0);
    const struct iommu_device_port port = {.bus_master = bus_master};
    iommu_connect(s.t.m, &port);
    for (unsigned i = 0; i < 2; i++) {
        master = i;
        bench_forget(&s.t.b);
        s.t.b.num_reads = 0;
        bed_write(&s.t, 1, IOVA);
        assert_int_equal(s.t.b.num_reads, master ? 1 + 3 : 0);
        assert_int_equal(bed_where(&s.t), master ? s.page : UINT64_MAX);
        bed_command(&s.t, 3, 0);
    }
    bed_close(&s.t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ATS_4_global_of_processes_only),
        cmocka_unit_test(MSI_5_execute_by_rules_1_0),
        cmocka_unit_test(CMD_5_GSCID_without_GV),
        cmocka_unit_test(CMD_5_global_spared),
        cmocka_unit_test(Q_4_off_records_nothing),
        cmocka_unit_test(CA_1_largest_caches),
        cmocka_unit_test(MSI_6_all_bits_by_halves),
        cmocka_unit_test(MRIF_3_behind_a_walk),
        cmocka_unit_test(report_notice_fault_switch),
        cmocka_unit_test(PDT_3_and_DC_4_10_capability_of_the_stage),
        cmocka_unit_test(FCTL_1_narrow_only),
        cmocka_unit_test(stale_check_only_looks),
        cmocka_unit_test(EMB_bus_master),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
