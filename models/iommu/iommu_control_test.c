/* SPDX-License-Identifier: BSD-2-Clause */
/* What software sees of registers, queues and pending bits. */
#include "iommu/iommu_testbed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define BIT(n)  (UINT64_C(1) << (n))
#define MODE(n) ((uint64_t)(n) << 60)
#define BASE    (UINT64_C(0x10) | BIT(9) | BIT(17) | UINT64_C(56) << 32)
enum { CIP = 1, FIP = 2, PMIP = 4, PIP = 8 };
enum { MF = 1 << 8, OF = 1 << 9, CMD_ILL = 1 << 10, ON = 1 << 16 };
enum { EN_ATS = 2, EN_PRI = 4 };
enum { BE = 1, WSI = 2 };

static void open_caps(struct testbed *t, uint64_t caps)
{
    const struct iommu_config config = {.capabilities = caps};
    bed_open(t, &config);
}

static void open(struct testbed *t)
{
    open_caps(t, 0);
    bed_start(t, 2);
}

/* Device 2 has no context: cause 258. */
static void provoke(struct testbed *t)
{
    bed_read(t, 2, 0x1000);
}

static void page_request(struct testbed *t)
{
    const struct vd_txn txn = {.tag = 4, .requester = 1, .data = {0x1007}};
    iommu_message(t->m, &txn);
    bed_settle(t);
}

static void REG_1_little_endian_page(void **state)
{
    (void)state;
    struct testbed t;
    open(&t);
    bed_set(&t, REG_OFFSET_FCTL, 4, BE);
    assert_int_equal(bed_get(&t, REG_OFFSET_CAPABILITIES, 4) & 0xff, 0x10);
    bed_set(&t, REG_OFFSET_FQB, 8, 0x20000c05);
    assert_int_equal(bed_get(&t, REG_OFFSET_FQB, 4), 0x20000c05);
    assert_int_equal(bed_get(&t, REG_OFFSET_FQB + 4, 4), 0);
    /* The last word of the page is there, and reads 0. */
    struct vd_txn txn = bench_read(4092, 4);
    assert_int_equal(iommu_access(t.m, &txn), VD_OK);
    assert_int_equal(txn.data[0], 0);
    bed_close(&t);
}

/* A pair of 32-bit registers by 64 bits, a 64-bit register by halves. */
static void REG_2_pairs(void **state)
{
    (void)state;
    struct testbed t;
    open(&t);
    provoke(&t);
    provoke(&t);
    assert_int_equal(bed_get(&t, REG_OFFSET_FQH, 8), UINT64_C(2) << 32);
    bed_set(&t, REG_OFFSET_FQH, 8, UINT64_C(7) << 32 | 1);
    assert_int_equal(bed_get(&t, REG_OFFSET_FQH, 8), UINT64_C(2) << 32 | 1);
    bed_set(&t, REG_OFFSET_MSI_CFG + 4, 4, 0x12);
    assert_int_equal(bed_get(&t, REG_OFFSET_MSI_CFG, 8), UINT64_C(0x12) << 32 | OWN_MSI);
    bed_set(&t, REG_OFFSET_MSI_CFG + 8, 8, BIT(32) | 77);
    assert_int_equal(bed_get(&t, REG_OFFSET_MSI_CFG + 8, 4), 77);
    assert_int_equal(bed_get(&t, REG_OFFSET_MSI_CFG + 12, 4), 1);
    bed_close(&t);
}

static void CAP_2_every_mode(void **state)
{
    (void)state;
    struct testbed t;
    open_caps(&t, 0);
    uint64_t modes = 0xf00 | 0xf << 16, caps = bed_get(&t, REG_OFFSET_CAPABILITIES, 8);
    assert_int_equal(caps & modes, modes);
    bed_close(&t);
    open_caps(&t, BASE);
    assert_int_equal(bed_get(&t, REG_OFFSET_CAPABILITIES, 8), BASE);
    bed_set(&t, REG_OFFSET_CAPABILITIES, 8, 0);
    assert_int_equal(bed_get(&t, REG_OFFSET_CAPABILITIES, 8), BASE);
    bed_close(&t);
}

/* CHOICE: a change while queues are on counts from the next record on. */
static void FCTL_2_change_while_on(void **state)
{
    (void)state;
    struct testbed t;
    open(&t);
    provoke(&t);
    bed_set(&t, REG_OFFSET_FCTL, 4, BE);
    provoke(&t);
    assert_int_equal(bed_fault(&t, 0, 0) & 0xfff, 258);
    assert_int_equal(__builtin_bswap64(bed_fault(&t, 1, 0)) & 0xfff, 258);
    bed_close(&t);
}

static void FCTL_3_own_message_and_fence(void **state)
{
    (void)state;
    struct testbed t;
    open(&t);
    uint64_t word = bed_pages(&t, 1);
    bed_set(&t, REG_OFFSET_FCTL, 4, BE);
    bench_poke(&t.b, t.cq, 8, __builtin_bswap64(2 | BIT(10) | UINT64_C(0x12345678) << 32));
    bench_poke(&t.b, t.cq + 8, 8, __builtin_bswap64(word >> 2));
    bed_set(&t, REG_OFFSET_CQT, 4, 1);
    assert_int_equal(bench_peek(&t.b, word, 4), 0x78563412);
    bench_forget(&t.b);
    provoke(&t);
    assert_int_equal(t.b.writes[t.b.num_writes - 1].addr, OWN_MSI);
    assert_int_equal(t.b.writes[t.b.num_writes - 1].data[0], 0x01000000);
    bed_close(&t);
}

static void FCTL_4_fixed_by_IGS(void **state)
{
    static const struct {
        unsigned igs, written, read;
    } cases[] = {{0, WSI, 0}, {1, 0, WSI}, {2, WSI, WSI}, {2, 0, 0}};
    (void)state;
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct testbed t;
        open_caps(&t, BASE | (uint64_t)cases[i].igs << 28);
        bed_set(&t, REG_OFFSET_FCTL, 4, cases[i].written);
        assert_int_equal(bed_get(&t, REG_OFFSET_FCTL, 4) & WSI, cases[i].read);
        bed_close(&t);
    }
}

static void DDTP_2_busy(void **state)
{
    (void)state;
    struct testbed t;
    open(&t);
    const struct bed_dc dc = {.tc = 1};
    bed_dc(&t, 1, &dc);
    t.b.latency = 1000;
    struct vd_txn txn = bench_read(0x80000000, 4);
    txn.requester = 1;
    iommu_submit(t.m, &txn);
    bed_set(&t, REG_OFFSET_DDTP, 8, t.ddt >> 12 << 10 | 1);
    assert_int_equal(bed_get(&t, REG_OFFSET_DDTP, 8) & 0x1f, 0x11);
    bed_settle(&t);
    assert_int_equal(bed_get(&t, REG_OFFSET_DDTP, 8) & 0x1f, 1);
    bed_close(&t);
}

/* Both is allowed; here they are kept. */
static void DDTP_4_caches_stay(void **state)
{
    (void)state;
    struct testbed t;
    open(&t);
    const struct bed_dc dc = {.tc = 1}, none = {.tc = 0};
    bed_dc(&t, 1, &dc);
    assert_int_equal(bed_read(&t, 1, 0x80000000), VD_OK);
    bed_dc(&t, 1, &none);
    bed_set(&t, REG_OFFSET_DDTP, 8, t.ddt >> 12 << 10);
    assert_int_equal(bed_read(&t, 1, 0x80000000), VD_UNSUPPORTED);
    bed_set(&t, REG_OFFSET_DDTP, 8, t.ddt >> 12 << 10 | 2);
    assert_int_equal(bed_read(&t, 1, 0x80000000), VD_OK);
    iommu_flush(t.m);
    assert_int_equal(bed_read(&t, 1, 0x80000000), VD_UNSUPPORTED);
    bed_close(&t);
}

static void DDTP_5_physical_page_number(void **state)
{
    (void)state;
    struct testbed t;
    open_caps(&t, (BASE & ~(UINT64_C(0x3f) << 32)) | UINT64_C(40) << 32);
    bed_set(&t, REG_OFFSET_DDTP, 8, UINT64_MAX & ~UINT64_C(15));
    assert_int_equal(bed_get(&t, REG_OFFSET_DDTP, 8) >> 10, BIT(28) - 1);
    bed_set(&t, REG_OFFSET_CQB, 8, UINT64_MAX);
    assert_int_equal(bed_get(&t, REG_OFFSET_CQB, 8), (BIT(28) - 1) << 10 | 0x1f);
    bed_close(&t);
}

/* Two entries of 16 bytes: the third command is where the first was. */
static void Q_1_sizes(void **state)
{
    (void)state;
    struct testbed t;
    open(&t);
    bed_set(&t, REG_OFFSET_CQCSR, 4, 0);
    bed_set(&t, REG_OFFSET_CQB, 8, t.cq >> 12 << 10);
    bed_set(&t, REG_OFFSET_CQCSR, 4, 1);
    bench_poke(&t.b, t.cq, 8, 3);
    bench_poke(&t.b, t.cq + 16, 8, 3);
    bed_set(&t, REG_OFFSET_CQT, 4, 1);
    assert_int_equal(bed_get(&t, REG_OFFSET_CQH, 4), 1);
    bed_set(&t, REG_OFFSET_CQT, 4, 0);
    assert_int_equal(bed_get(&t, REG_OFFSET_CQH, 4), 0);
    bench_poke(&t.b, t.cq, 8, 5);
    bed_set(&t, REG_OFFSET_CQT, 4, 1);
    assert_int_equal(bed_get(&t, REG_OFFSET_CQCSR, 4) & CMD_ILL, CMD_ILL);
    for (unsigned i = 0; i < 3; i++)
        provoke(&t);
    assert_int_equal(bed_fault(&t, 2, 0) & 0xfff, 258); /* 32 bytes each */
    bed_close(&t);
}

static void Q_6_fence_w_ip(void **state)
{
    (void)state;
    struct testbed t;
    open(&t);
    bed_command(&t, 2 | BIT(11), 0); /* illegal without wires */
    assert_int_equal(bed_get(&t, REG_OFFSET_CQCSR, 4), ON | CMD_ILL | 3);
    bed_close(&t);
    open(&t);
    bed_set(&t, REG_OFFSET_FCTL, 4, WSI);
    bed_command(&t, 2 | BIT(11), 0);
    bed_command(&t, 3, 0); /* the queue goes on */
    assert_int_equal(bed_get(&t, REG_OFFSET_CQH, 4), 2);
    assert_int_equal(bed_get(&t, REG_OFFSET_CQCSR, 4), ON | BIT(11) | 3);
    bed_set(&t, REG_OFFSET_CQCSR, 4, BIT(11) | 3);
    assert_int_equal(bed_get(&t, REG_OFFSET_CQCSR, 4), ON | 3);
    bed_close(&t);
}

static void open_page_queue(struct testbed *t)
{
    open(t);
    const struct bed_dc dc = {.tc = 1 | EN_ATS | EN_PRI};
    bed_dc(t, 1, &dc);
    bed_set(t, REG_OFFSET_PQCSR, 4, 0);
    bed_set(t, REG_OFFSET_PQB, 8, t->pq >> 12 << 10); /* two entries */
    bed_set(t, REG_OFFSET_PQCSR, 4, 3);
}

static unsigned response_code(const struct testbed *t)
{
    return (unsigned)(t->messages[t->num_messages - 1].payload[0] >> 44 & 0xf);
}

/* An overflow lasts until it is cleared, whatever room there is. */
static void Q_8_page_queue_overflow(void **state)
{
    (void)state;
    struct testbed t;
    open_page_queue(&t);
    page_request(&t);
    assert_int_equal(bed_get(&t, REG_OFFSET_PQT, 4), 1);
    assert_int_equal(t.num_messages, 0);
    page_request(&t);
    assert_int_equal(bed_get(&t, REG_OFFSET_PQCSR, 4), ON | OF | 3);
    assert_int_equal(response_code(&t), 0);
    bed_set(&t, REG_OFFSET_PQH, 4, 1);
    page_request(&t);
    assert_int_equal(t.num_messages, 2);
    assert_int_equal(bed_get(&t, REG_OFFSET_PQT, 4), 1);
    bed_set(&t, REG_OFFSET_PQCSR, 4, OF | 3);
    page_request(&t);
    assert_int_equal(bed_get(&t, REG_OFFSET_PQT, 4), 0);
    assert_int_equal(t.num_messages, 2);
    bed_close(&t);
}

static void Q_8_page_queue_memory_fault(void **state)
{
    (void)state;
    struct testbed t;
    open_page_queue(&t);
    bed_set(&t, REG_OFFSET_PQCSR, 4, 0);
    bed_set(&t, REG_OFFSET_PQB, 8, 0x1000);
    bed_set(&t, REG_OFFSET_PQCSR, 4, 3);
    page_request(&t);
    assert_int_equal(bed_get(&t, REG_OFFSET_PQCSR, 4), ON | MF | 3);
    assert_int_equal(response_code(&t), 15);
    bed_set(&t, REG_OFFSET_PQB, 8, t.pq >> 12 << 10);
    page_request(&t);
    assert_int_equal(response_code(&t), 15);
    assert_int_equal(bed_get(&t, REG_OFFSET_PQT, 4), 0);
    bed_close(&t);
}

static unsigned pending(struct testbed *t)
{
    unsigned bits = (unsigned)bed_get(t, REG_OFFSET_IPSR, 4);
    bed_set(t, REG_OFFSET_IPSR, 4, bits);
    return bits;
}

static void overflow_a_counter(struct testbed *t)
{
    bed_set(t, REG_OFFSET_IOHPMEVT, 8, 1);
    bed_set(t, REG_OFFSET_IOHPMCTR, 8, UINT64_MAX);
    bed_read(t, 1, 0x80000000);
}

static void INT_1_sources(void **state)
{
    (void)state;
    struct testbed t;
    open(&t);
    const struct bed_dc dc = {.tc = 1 | EN_ATS | EN_PRI};
    bed_dc(&t, 1, &dc);
    assert_int_equal(pending(&t), 0);
    provoke(&t);
    assert_int_equal(pending(&t), FIP);
    assert_int_equal(pending(&t), 0); /* an event, no condition */
    page_request(&t);
    assert_int_equal(pending(&t), PIP);
    overflow_a_counter(&t);
    assert_int_equal(pending(&t), PMIP);
    assert_int_equal(pending(&t), 0);
    bed_command(&t, 5, 0);
    assert_int_equal(pending(&t), CIP);
    assert_int_equal(pending(&t), CIP); /* the condition holds */
    bed_set(&t, REG_OFFSET_CQCSR, 4, CMD_ILL | 2);
    assert_int_equal(pending(&t), CIP);
    assert_int_equal(pending(&t), 0);
    bed_close(&t);
}

/* The selector's fields are kept, and a change of the event keeps the count. */
static void HPM_3_selector(void **state)
{
    (void)state;
    struct testbed t;
    open(&t);
    const struct bed_dc dc = {.tc = 1};
    bed_dc(&t, 1, &dc);
    bed_set(&t, REG_OFFSET_IOHPMEVT + 8 * 30, 8, UINT64_MAX);
    assert_int_equal(bed_get(&t, REG_OFFSET_IOHPMEVT + 8 * 30, 8), UINT64_MAX);
    bed_set(&t, REG_OFFSET_IOHPMEVT, 8, 1);
    bed_read(&t, 1, 0x80000000);
    bed_read(&t, 1, 0x80000000);
    assert_int_equal(bed_get(&t, REG_OFFSET_IOHPMCTR, 8), 2);
    bed_set(&t, REG_OFFSET_IOHPMEVT, 8, 2);
    bed_read(&t, 1, 0x80000000);
    assert_int_equal(bed_get(&t, REG_OFFSET_IOHPMCTR, 8), 2);
    bed_close(&t);
}

/* Priv, Exe, NW, PID, PV and DID of a request; Go is 0 when it is over. */
static void DBG_1_request(void **state)
{
    (void)state;
    struct testbed t;
    open(&t);
    uint64_t pdt = bed_pages(&t, 1), root = bed_pages(&t, 1);
    const struct bed_dc dc = {.tc = 1 | 1 << 5, .fsc = MODE(1) | pdt >> 12};
    bed_dc(&t, 1, &dc);
    bench_poke(&t.b, pdt + 16 * 7, 8, 3);
    bench_poke(&t.b, pdt + 16 * 7 + 8, 8, MODE(8) | root >> 12);
    bed_map(&t, root, 3, false, 0x5000, 0x80005000, 0, V | R | X | A | D);
    const struct {
        uint64_t ctl;
        unsigned cause;
    } cases[] = {
        {1 | 1 << 1 | 1 << 3 | 7 << 12 | BIT(32) | BIT(40), 0},             /* read */
        {1 | 1 << 1 | 7 << 12 | BIT(32) | BIT(40), 15},                     /* write */
        {1 | 1 << 1 | 1 << 2 | 1 << 3 | 7 << 12 | BIT(32) | BIT(40), 0},    /* execute */
        {1 | 1 << 3 | 7 << 12 | BIT(32) | BIT(40), 13},                     /* user */
        {1 | 1 << 1 | 1 << 3 | 8 << 12 | BIT(32) | BIT(40), 266},           /* process 8 */
        {1 | 1 << 1 | 1 << 3 | 7 << 12 | BIT(32) | UINT64_C(2) << 40, 258}, /* device 2 */
    };
    for (uint32_t i = 0, faults = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        bed_set(&t, REG_OFFSET_TR_REQ_IOVA, 8, 0x5fff);
        assert_int_equal(bed_get(&t, REG_OFFSET_TR_REQ_IOVA, 8), 0x5000);
        bed_set(&t, REG_OFFSET_TR_REQ_CTL, 8, cases[i].ctl);
        assert_int_equal(bed_get(&t, REG_OFFSET_TR_REQ_CTL, 8), cases[i].ctl & ~UINT64_C(1));
        assert_int_equal(bed_get(&t, REG_OFFSET_TR_RESPONSE, 8) & 1, cases[i].cause != 0);
        if (cases[i].cause)
            assert_int_equal(bed_cause(&t, faults++), cases[i].cause);
    }
    bed_close(&t);
}

static void QOS_1_register(void **state)
{
    enum { QOSID = 624 };
    (void)state;
    struct testbed t;
    open(&t);
    bed_set(&t, QOSID, 4, UINT32_MAX);
    assert_int_equal(bed_get(&t, QOSID, 4), 0x0fff0fff);
    iommu_reset(t.m);
    assert_int_equal(bed_get(&t, QOSID, 4), 0);
    bed_close(&t);
}

/* A message that is pended when the reset comes is not sent afterwards. */
static void REG_6_reset_empties(void **state)
{
    (void)state;
    struct testbed t;
    open(&t);
    for (uint32_t v = 0; v < 4; v++)
        bed_set(&t, REG_OFFSET_MSI_CFG + 16 * v + 12, 4, 1);
    provoke(&t);
    bench_forget(&t.b);
    iommu_reset(t.m);
    assert_int_equal(bed_get(&t, REG_OFFSET_FQT, 4), 0);
    for (uint32_t v = 0; v < 4; v++)
        bed_set(&t, REG_OFFSET_MSI_CFG + 16 * v + 12, 4, 0);
    bed_settle(&t);
    assert_int_equal(t.b.num_writes, 0);
    assert_true(iommu_idle(t.m));
    bed_close(&t);
}

/* Each masked vector keeps its own message, once. */
static void INT_6_masked_vectors(void **state)
{
    (void)state;
    struct testbed t;
    const struct iommu_config config = {.vector_bits = 1};
    bed_open(&t, &config);
    bed_start(&t, 2);
    bed_set(&t, REG_OFFSET_ICVEC, 8, 1 << 4); /* the fault queue has vector 1 */
    for (uint32_t v = 0; v < 2; v++)
        bed_set(&t, REG_OFFSET_MSI_CFG + 16 * v + 12, 4, 1);
    bench_forget(&t.b);
    for (unsigned i = 0; i < 2; i++) {
        bed_command(&t, 5, 0);
        provoke(&t);
        pending(&t);
    }
    for (uint32_t v = 0; v < 2; v++)
        bed_set(&t, REG_OFFSET_MSI_CFG + 16 * v + 12, 4, 0);
    unsigned sent[2] = {0};
    for (uint32_t i = 0; i < t.b.num_writes; i++)
        for (uint32_t v = 0; v < 2; v++)
            sent[v] += t.b.writes[i].addr == OWN_MSI + 0x1000 * v;
    assert_int_equal(sent[0], 1);
    assert_int_equal(sent[1], 1);
    bed_close(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(REG_1_little_endian_page),
        cmocka_unit_test(REG_6_reset_empties),
        cmocka_unit_test(REG_2_pairs),
        cmocka_unit_test(CAP_2_every_mode),
        cmocka_unit_test(FCTL_2_change_while_on),
        cmocka_unit_test(FCTL_3_own_message_and_fence),
        cmocka_unit_test(FCTL_4_fixed_by_IGS),
        cmocka_unit_test(DDTP_2_busy),
        cmocka_unit_test(DDTP_4_caches_stay),
        cmocka_unit_test(DDTP_5_physical_page_number),
        cmocka_unit_test(Q_1_sizes),
        cmocka_unit_test(Q_6_fence_w_ip),
        cmocka_unit_test(Q_8_page_queue_overflow),
        cmocka_unit_test(Q_8_page_queue_memory_fault),
        cmocka_unit_test(INT_1_sources),
        cmocka_unit_test(INT_6_masked_vectors),
        cmocka_unit_test(HPM_3_selector),
        cmocka_unit_test(DBG_1_request),
        cmocka_unit_test(QOS_1_register),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
