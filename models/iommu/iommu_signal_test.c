/* SPDX-License-Identifier: BSD-2-Clause */
/* Interrupts by vector, counters, registers by capability. */
#include "iommu/iommu_testbed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define BIT(n)  (UINT64_C(1) << (n))
#define MODE(n) ((uint64_t)(n) << 60)
#define BASE    (UINT64_C(0x10) | BIT(9) | BIT(17) | BIT(22) | UINT64_C(56) << 32)
enum { CYCLE = 1000, EN_ATS = 2, EN_PRI = 4, ON = 1 << 16 };
enum { CIP = 1, FIP = 2, PMIP = 4, PIP = 8 };
enum { HPM = 30, DBG = 31 };

static void open_with(struct testbed *t, const struct iommu_config *config, unsigned fctl)
{
    bed_open(t, config);
    bed_set(t, REG_OFFSET_FCTL, 4, fctl);
    bed_start(t, 2);
    const struct bed_dc dc = {.tc = 1 | EN_ATS | EN_PRI};
    bed_dc(t, 1, &dc);
    for (uint32_t v = 0; v < 16; v++) {
        bed_set(t, REG_OFFSET_MSI_CFG + 16 * v, 8, OWN_MSI + 0x1000 * v);
        bed_set(t, REG_OFFSET_MSI_CFG + 16 * v + 8, 4, v + 1);
    }
}

static void open(struct testbed *t, unsigned fctl)
{
    const struct iommu_config config = {.index = 5, .vector_bits = 4};
    open_with(t, &config, fctl);
}

static void open_vectors(struct testbed *t, unsigned fctl, uint64_t icvec)
{
    open(t, fctl);
    bed_set(t, REG_OFFSET_ICVEC, 8, icvec);
    bench_forget(&t->b);
}

static void raise(struct testbed *t, uint32_t source)
{
    struct vd_txn txn = {.tag = 4, .requester = 1, .data = {0x1007}};
    if (source == CIP)
        bed_command(t, 2 | 1 << 11, 0); /* wires only */
    else if (source == FIP)
        bed_read(t, 2, 0x1000);
    else if (source == PMIP)
        bed_set(t, REG_OFFSET_IOHPMCTR, 8, UINT64_MAX);
    else
        iommu_message(t->m, &txn);
    if (source == PMIP) {
        bed_set(t, REG_OFFSET_IOHPMEVT, 8, 1);
        bed_read(t, 1, 0x80000000);
    }
    bed_settle(t);
}

/* Every source by every vector, as a message: its address, its data, its serial. */
static void INT_4_messages_of_every_vector(void **state)
{
    (void)state;
    static const uint32_t sources[] = {FIP, PMIP, PIP};
    for (unsigned s = 0; s < 3; s++)
        for (unsigned v = 0; v < 16; v++) {
            struct testbed t;
            open_vectors(&t, 0, (uint64_t)v << (4 * (s + 1)));
            raise(&t, sources[s]);
            const struct vd_txn *w = &t.b.writes[t.b.num_writes - 1];
            assert_int_equal(w->addr, OWN_MSI + 0x1000 * v);
            assert_int_equal(w->data[0], v + 1);
            assert_int_equal(w->requester, VD_REQUESTER_IOMMU(5));
            const struct vd_record *issue = bench_record(&t.b, VD_REC_msi_issue, 0);
            assert_int_equal(issue->a, w->addr);
            assert_int_equal(issue->b, v + 1);
            assert_int_equal(issue->c, VD_REQUESTER_IOMMU(5));
            assert_int_equal(w->serial, issue->serial);
            assert_int_equal(bench_count(&t.b, VD_REC_msi_issue), 1);
            bed_close(&t);
        }
}

static void INT_4_wires_of_every_vector(void **state)
{
    (void)state;
    static const uint32_t sources[] = {CIP, FIP, PMIP, PIP};
    for (unsigned s = 0; s < 4; s++)
        for (unsigned v = 0; v < 16; v++) {
            struct testbed t;
            open_vectors(&t, 2, (uint64_t)v << (4 * s));
            raise(&t, sources[s]);
            for (unsigned line = 0; line < 32; line++)
                assert_int_equal(t.b.lines[line], line == v);
            assert_int_equal(bed_get(&t, REG_OFFSET_IPSR, 4), sources[s]);
            bed_set(&t, REG_OFFSET_ICVEC, 8, (uint64_t)(15 - v) << (4 * s));
            assert_true(t.b.lines[15 - v]);
            assert_false(t.b.lines[v]);
            iommu_reset(t.m);
            assert_false(t.b.lines[15 - v]);
            bed_close(&t);
        }
}

/* While a message is on its way, further edges of its vector become one more. */
static void INT_6_edges_while_busy(void **state)
{
    (void)state;
    for (unsigned v = 0; v < 16; v++) {
        struct testbed t;
        open_vectors(&t, 0, (uint64_t)v << 4 | (uint64_t)v << 12);
        raise(&t, FIP);
        bed_set(&t, REG_OFFSET_IPSR, 4, FIP);
        t.b.latency = 100 * CYCLE;
        bed_set(&t, REG_OFFSET_DDTP, 8, 0);
        for (unsigned i = 0; i < 3; i++) { /* a record every 100 cycles */
            struct vd_txn txn = bench_write(0x1000, 4, 0);
            txn.requester = 2;
            txn.attrs = VD_POSTED;
            iommu_submit(t.m, &txn);
        }
        bench_run(&t.b, 100 * CYCLE);
        bed_set(&t, REG_OFFSET_IPSR, 4, FIP);
        t.b.latency = CYCLE;
        bed_settle(&t);
        assert_int_equal(bench_count(&t.b, VD_REC_msi_issue), 3);
        bed_close(&t);
    }
}

static void INT_6_masked_while_others_go(void **state)
{
    (void)state;
    for (unsigned v = 0; v < 16; v++) {
        struct testbed t;
        open_vectors(&t, 0, (uint64_t)v << 4 | (uint64_t)(15 - v) << 12);
        bed_set(&t, REG_OFFSET_MSI_CFG + 16 * v + 12, 4, 1);
        bench_forget(&t.b);
        raise(&t, FIP);
        assert_int_equal(bench_count(&t.b, VD_REC_msi_issue), 0);
        raise(&t, PIP);
        assert_int_equal(bench_count(&t.b, VD_REC_msi_issue), 1);
        assert_int_equal(bench_record(&t.b, VD_REC_msi_issue, 0)->b, 16 - v);
        bed_set(&t, REG_OFFSET_MSI_CFG + 16 * v + 12, 4, 0);
        assert_int_equal(bench_count(&t.b, VD_REC_msi_issue), 2);
        assert_int_equal(bench_record(&t.b, VD_REC_msi_issue, 1)->b, v + 1);
        assert_true(iommu_idle(t.m));
        bed_close(&t);
    }
}

/* A refused message: the record has no requester and names the address. */
static void INT_7_refused_by_every_vector(void **state)
{
    (void)state;
    for (unsigned v = 0; v < 16; v++) {
        struct testbed t;
        open_vectors(&t, 0, (uint64_t)v << 12 | (v ^ 1) << 4);
        bed_set(&t, REG_OFFSET_MSI_CFG + 16 * v, 8, 0x1000 * v);
        bench_forget(&t.b);
        raise(&t, PIP);
        assert_int_equal(bed_faults(&t), 1);
        const uint64_t expected[] = {273, 0, 0x1000 * v, 0};
        for (unsigned dw = 0; dw < 4; dw++)
            assert_int_equal(bed_fault(&t, 0, dw), expected[dw]);
        const struct vd_record *fault = bench_record(&t.b, VD_REC_iommu_fault, 0);
        assert_int_equal(fault->a, 273);
        assert_int_equal(fault->b, 0);
        assert_int_equal(fault->c, 0x1000 * v);
        bed_close(&t);
    }
}

static uint32_t interrupted;

static void interrupt(void *ctx, uint32_t vector)
{
    (void)ctx;
    interrupted |= 1u << vector;
}

/* EMB: a PCIe function sends what is in its own MSI-X table. */
static void INT_4_left_to_the_port(void **state)
{
    (void)state;
    static const uint32_t sources[] = {FIP, PMIP, PIP};
    for (unsigned s = 0; s < 3; s++)
        for (unsigned v = 0; v < 16; v++) {
            struct testbed t;
            open(&t, 0);
            const struct iommu_device_port port = {.interrupt = interrupt};
            iommu_connect(t.m, &port);
            bed_set(&t, REG_OFFSET_ICVEC, 8, (uint64_t)v << (4 * (s + 1)));
            interrupted = 0;
            raise(&t, sources[s]);
            assert_int_equal(interrupted, 1u << v);
            assert_int_equal(bench_count(&t.b, VD_REC_msi_issue), 0);
            bed_close(&t);
        }
}

/* Each error by itself sets its pending bit when its enable comes. */
static void INT_3_every_condition(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 7; i++) {
        struct testbed t;
        open(&t, 2);
        static const uint32_t csrs[] = {REG_OFFSET_CQCSR, REG_OFFSET_CQCSR, REG_OFFSET_CQCSR,
                                        REG_OFFSET_FQCSR, REG_OFFSET_FQCSR, REG_OFFSET_PQCSR,
                                        REG_OFFSET_PQCSR};
        static const uint32_t bits[] = {1 << 8, 1 << 10, 1 << 11, 1 << 8, 1 << 9, 1 << 8, 1 << 9};
        static const uint32_t pending[] = {CIP, CIP, CIP, FIP, FIP, PIP, PIP};
        uint32_t base = csrs[i] == REG_OFFSET_FQCSR ? REG_OFFSET_FQB : REG_OFFSET_PQB;
        bed_set(&t, csrs[i], 4, 0);
        if (i == 0)
            bed_set(&t, REG_OFFSET_CQB, 8, 5);
        if (i == 3 || i == 5)
            bed_set(&t, base, 8, 5);
        if (i == 4 || i == 6)
            bed_set(&t, base, 8, t.fq >> 12 << 10);
        bed_set(&t, csrs[i], 4, 1);
        for (unsigned n = 0; n < 3; n++) {
            if (i < 3)
                bed_command(&t, i == 2 ? 2 | 1 << 11 : 0, 0);
            else
                raise(&t, i < 5 ? FIP : PIP);
        }
        assert_int_equal(bed_get(&t, csrs[i], 4), 1 | ON | bits[i]);
        assert_int_equal(bed_get(&t, REG_OFFSET_IPSR, 4), 0);
        bed_set(&t, csrs[i], 4, 3);
        assert_int_equal(bed_get(&t, REG_OFFSET_IPSR, 4), pending[i]);
        bed_set(&t, REG_OFFSET_IPSR, 4, pending[i]); /* the condition holds */
        assert_int_equal(bed_get(&t, REG_OFFSET_IPSR, 4), pending[i]);
        bed_set(&t, csrs[i], 4, 3 | bits[i]);
        bed_set(&t, REG_OFFSET_IPSR, 4, 15);
        if (i > 1) /* else the same command is fetched again */
            assert_int_equal(bed_get(&t, REG_OFFSET_IPSR, 4), 0);
        bed_close(&t);
    }
}

/* An overflow of the page-request queue is an interrupt of its own. */
static void INT_1_overflow_of_page_requests(void **state)
{
    (void)state;
    struct testbed t;
    open(&t, 2);
    bed_set(&t, REG_OFFSET_PQCSR, 4, 0);
    bed_set(&t, REG_OFFSET_PQB, 8, t.pq >> 12 << 10);
    bed_set(&t, REG_OFFSET_PQCSR, 4, 3);
    raise(&t, PIP);
    bed_set(&t, REG_OFFSET_IPSR, 4, PIP);
    assert_int_equal(bed_get(&t, REG_OFFSET_IPSR, 4), 0);
    raise(&t, PIP);
    assert_int_equal(bed_get(&t, REG_OFFSET_PQCSR, 4), 3 | ON | 1 << 9);
    assert_int_equal(bed_get(&t, REG_OFFSET_IPSR, 4), PIP);
    bed_close(&t);
}

/* iohpmcycles stops and goes on in the very cycle of the write. */
static void HPM_1_inhibited_in_time(void **state)
{
    (void)state;
    struct testbed t;
    open(&t, 2);
    bed_set(&t, REG_OFFSET_IOHPMCYCLES, 8, 0);
    bench_run(&t.b, 100 * CYCLE + 1);
    bed_set(&t, REG_OFFSET_IOCOUNTINH, 4, 1);
    bench_run(&t.b, 50 * CYCLE);
    assert_int_equal(bed_get(&t, REG_OFFSET_IOHPMCYCLES, 8), 100);
    bed_set(&t, REG_OFFSET_IOCOUNTINH, 4, ~1u);
    bench_run(&t.b, 7 * CYCLE - 1);
    assert_int_equal(bed_get(&t, REG_OFFSET_IOHPMCYCLES, 8), 106);
    bed_set(&t, REG_OFFSET_IOHPMCYCLES, 8, BIT(63) - 10);
    bench_run(&t.b, 4 * CYCLE);
    bed_set(&t, REG_OFFSET_IOCOUNTINH, 4, 1);
    assert_int_equal(t.b.num_events, 0);
    bench_run(&t.b, 100 * CYCLE);
    assert_int_equal(bed_get(&t, REG_OFFSET_IPSR, 4), 0);
    bed_set(&t, REG_OFFSET_IOCOUNTINH, 4, 0);
    bench_run(&t.b, 6 * CYCLE - 1);
    assert_int_equal(bed_get(&t, REG_OFFSET_IPSR, 4), 0);
    bench_run(&t.b, 1);
    assert_int_equal(bed_get(&t, REG_OFFSET_IPSR, 4), PMIP);
    assert_int_equal(bed_get(&t, REG_OFFSET_IOHPMCYCLES, 8), BIT(63));
    assert_int_equal(bed_get(&t, REG_OFFSET_IOCOUNTOVF, 4), 1);
    bed_close(&t);
}

/* Every counter by itself: inhibit, event, overflow. */
static void HPM_2_every_counter(void **state)
{
    (void)state;
    struct testbed t;
    open(&t, 2);
    for (unsigned i = 0; i < 31; i++) {
        bed_set(&t, REG_OFFSET_IOHPMEVT + 8 * i, 8, 1);
        bed_set(&t, REG_OFFSET_IOHPMCTR + 8 * i, 8, UINT64_MAX);
        bed_set(&t, REG_OFFSET_IOCOUNTINH, 4, BIT(i + 1));
        bed_read(&t, 1, 0x80000000);
        assert_int_equal(bed_get(&t, REG_OFFSET_IOHPMCTR + 8 * i, 8), UINT64_MAX);
        assert_int_equal(bed_get(&t, REG_OFFSET_IPSR, 4), 0);
        bed_set(&t, REG_OFFSET_IOCOUNTINH, 4, ~BIT(i + 1));
        bed_read(&t, 1, 0x80000000);
        assert_int_equal(bed_get(&t, REG_OFFSET_IOHPMCTR + 8 * i, 8), 0);
        assert_int_equal(bed_get(&t, REG_OFFSET_IPSR, 4), PMIP);
        assert_int_equal(bed_get(&t, REG_OFFSET_IOCOUNTOVF, 4), BIT(i + 1));
        bed_set(&t, REG_OFFSET_IOHPMEVT + 8 * i, 8, 0);
        assert_int_equal(bed_get(&t, REG_OFFSET_IOCOUNTOVF, 4), 0);
        bed_set(&t, REG_OFFSET_IPSR, 4, PMIP);
    }
    bed_close(&t);
}

/* Which vectors there are, and which sources have one. */
static void INT_5_vectors_by_number(void **state)
{
    (void)state;
    for (uint32_t bits = 0; bits <= 4; bits++)
        for (unsigned igs = 0; igs < 3; igs++) {
            struct testbed t;
            const struct iommu_config config = {.capabilities =
                                                    BASE | BIT(25) | BIT(HPM) | (uint64_t)igs << 28,
                                                .vector_bits = bits};
            bed_open(&t, &config);
            uint64_t each = BIT(bits ? bits : 2) - 1; /* 0 is the default */
            bed_set(&t, REG_OFFSET_ICVEC, 8, UINT64_MAX);
            assert_int_equal(bed_get(&t, REG_OFFSET_ICVEC, 8), bits ? each * 0x1111 : 0);
            for (uint32_t v = 0; v < 16; v++) {
                uint32_t at = REG_OFFSET_MSI_CFG + 16 * v;
                bed_set(&t, at, 8, UINT64_MAX);
                bed_set(&t, at + 8, 8, UINT64_MAX);
                bool there = v < BIT(bits) && igs != 1;
                assert_int_equal(bed_get(&t, at, 8), there ? 0xfffffffffffffc : 0);
                assert_int_equal(bed_get(&t, at + 8, 8), there ? BIT(32) | UINT32_MAX : 0);
            }
            bed_close(&t);
        }
}

static void REG_2_other_commands_and_holes(void **state)
{
    (void)state;
    struct testbed t;
    open(&t, 2);
    for (uint32_t cmd = VD_CAS; cmd <= VD_OR; cmd++) {
        struct vd_txn txn = bench_write(REG_OFFSET_ICVEC, 8, 3);
        txn.cmd = (uint8_t)cmd;
        assert_int_equal(iommu_access(t.m, &txn), VD_DENIED);
    }
    static const uint32_t holes[] = {632, 640, 752, 1024, 4088};
    for (unsigned i = 0; i < 5; i++) {
        bed_set(&t, holes[i], 8, UINT64_MAX);
        assert_int_equal(bed_get(&t, holes[i], 8), 0);
    }
    bed_close(&t);
}

#define FIRST_STAGE                                                                                \
    "iommu.capabilities: Sv48 needs Sv39, and Sv57 needs both; accepted are sv39, sv48 and sv57 "  \
    "from the first on"

static void CAP_configurations(void **state)
{
    (void)state;
    static const struct {
        struct iommu_config config;
        const char *text; /* NULL: it is good */
    } rows[] = {
        {{.capabilities = BASE}, NULL},
        {{.capabilities = (BASE & ~(UINT64_C(63) << 32)) | UINT64_C(57) << 32},
         "iommu.capabilities: PAS 57 is not in 32..56"},
        {{.capabilities = (BASE & ~(UINT64_C(63) << 32)) | UINT64_C(31) << 32},
         "iommu.capabilities: PAS 31 is not in 32..56"},
        {{.capabilities = (BASE & ~(UINT64_C(63) << 32)) | UINT64_C(32) << 32}, NULL},
        {{.capabilities = BASE | UINT64_C(3) << 28},
         "iommu.capabilities: IGS 3 is reserved; accepted are 0 to 2"},
        {{.capabilities = BASE | BIT(10) | BIT(11)}, NULL}, /* BASE has Sv39 and Sv39x4 */
        {{.capabilities = (BASE & ~BIT(9)) | BIT(10)}, FIRST_STAGE},
        {{.capabilities = BASE | BIT(11)}, FIRST_STAGE},
        {{.capabilities = (BASE & ~BIT(9)) | BIT(10) | BIT(11)}, FIRST_STAGE},
        {{.capabilities = BASE & ~BIT(9)}, NULL},
        {{.capabilities = (BASE & ~BIT(17)) | BIT(18)}, NULL},
        {{.capabilities = BASE | BIT(19)}, NULL},
        {{.capabilities = BASE | BIT(12)}, "iommu.capabilities: bits 0x1000 are reserved"},
        {{.capabilities = BASE | BIT(20)}, "iommu.capabilities: bits 0x100000 are reserved"},
        {{.capabilities = BASE | BIT(44)}, "iommu.capabilities: bits 0x100000000000 are reserved"},
        {{.capabilities = BASE | BIT(63)},
         "iommu.capabilities: bits 0x8000000000000000 are reserved"},
        {{.ddt_entries = 3}, "iommu.ddt_entries: 3 is not a power of two"},
        {{.pdt_entries = 5}, "iommu.pdt_entries: 5 is not a power of two"},
        {{.tlb_entries = 1023}, "iommu.tlb_entries: 1023 is not a power of two"},
        {{.msi_entries = 6}, "iommu.msi_entries: 6 is not a power of two"},
        {{.first_nonleaf = 12}, "iommu.first_nonleaf: 12 is not a power of two"},
        {{.second_nonleaf = 7}, "iommu.second_nonleaf: 7 is not a power of two"},
        {{.ddt_entries = 256, .tlb_entries = 1024}, NULL},
        {{.ddt_entries = 512}, "iommu.ddt_entries: 512 is not in 1..256"},
        {{.max_mode = 5}, "iommu.max_mode: 5 is not in 2..4"},
        {{.vector_bits = 5}, "iommu.vector_bits: 5 is not in 0..4"},
        {{.outstanding = 65}, "iommu.outstanding: 65 is not in 1..64"},
        {{.outstanding = 64}, NULL},
        {{.pte_fetch = 3}, "iommu.pte_fetch: 3 is not in 0..2"},
        {{.pte_fetch = 2}, NULL},
    };
    struct bench b;
    bench_init(&b);
    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct vd_error err = {.text = ""};
        struct iommu *made = iommu_create(&rows[i].config, &b.host, &err);
        assert_string_equal(err.text, rows[i].text ? rows[i].text : "");
        assert_int_equal(made != NULL, rows[i].text == NULL);
        iommu_destroy(made);
    }
    bench_done(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(INT_4_messages_of_every_vector),
        cmocka_unit_test(INT_4_wires_of_every_vector),
        cmocka_unit_test(INT_6_edges_while_busy),
        cmocka_unit_test(INT_6_masked_while_others_go),
        cmocka_unit_test(INT_7_refused_by_every_vector),
        cmocka_unit_test(INT_4_left_to_the_port),
        cmocka_unit_test(INT_3_every_condition),
        cmocka_unit_test(INT_1_overflow_of_page_requests),
        cmocka_unit_test(HPM_1_inhibited_in_time),
        cmocka_unit_test(HPM_2_every_counter),
        cmocka_unit_test(INT_5_vectors_by_number),
        cmocka_unit_test(REG_2_other_commands_and_holes),
        cmocka_unit_test(CAP_configurations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
