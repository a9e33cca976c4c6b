/* SPDX-License-Identifier: BSD-2-Clause */
/* Command and fault queue, fences, interrupts. */
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

static uint64_t cqcsr(struct testbed *t)
{
    return bed_get(t, REG_OFFSET_CQCSR, 4);
}

/* A request of a device without a context: cause 258. */
static void provoke(struct testbed *t)
{
    bed_read(t, 1, 0x1000);
}

/* An illegal command is tried in a queue of its own. */
static bool illegal(struct testbed *t, uint64_t dw0, uint64_t dw1)
{
    bed_set(t, REG_OFFSET_CQCSR, 4, 0);
    bed_set(t, REG_OFFSET_CQT, 4, 0);
    bed_set(t, REG_OFFSET_CQCSR, 4, 1);
    bed_command(t, dw0, dw1);
    return cqcsr(t) & CMD_ILL;
}

#define BIT(n) (UINT64_C(1) << (n))

static void CMD_1_IOTINVAL(void **state)
{
    (void)state;
    struct testbed t;
    open(&t);
    static const uint8_t reserved0[] = {11, 35, 36, 43, 60, 63};
    static const uint8_t reserved1[] = {0, 8, 62, 63};
    for (unsigned func = 0; func < 2; func++) {
        uint64_t base = 1 | func << 7;
        assert_false(illegal(&t, base | 1 << 10 | BIT(33) | BIT(34), BIT(9)));
        for (unsigned i = 0; i < sizeof(reserved0); i++)
            assert_true(illegal(&t, base | BIT(reserved0[i]), 0));
        for (unsigned i = 0; i < sizeof(reserved1); i++)
            assert_true(illegal(&t, base, BIT(reserved1[i])));
    }
    assert_false(illegal(&t, 1 | BIT(32), 0));
    assert_true(illegal(&t, 1 | 1 << 7 | BIT(32), 0)); /* GVMA with PSCV */
    assert_true(illegal(&t, 1 | 2 << 7, 0));
    bed_close(&t);
}

static void CMD_1_capabilities(void **state)
{
    (void)state;
    struct testbed t;
    const struct iommu_config config = {.capabilities = 0x10 | BIT(17) | BIT(22) | BIT(28) |
                                                        UINT64_C(56) << 32};
    bed_open(&t, &config);
    bed_start(&t, 2);
    assert_true(illegal(&t, 1 | BIT(34), 0)); /* NL */
    assert_true(illegal(&t, 1, BIT(9)));      /* S */
    assert_true(illegal(&t, 4, 0));           /* ATS.INVAL */
    assert_true(illegal(&t, 4 | 1 << 7, 0));
    bed_close(&t);
}

static void CMD_2_IOFENCE(void **state)
{
    (void)state;
    struct testbed t;
    open(&t);
    assert_false(illegal(&t, 2 | 1 << 12 | 1 << 13, 0));
    for (unsigned bit = 14; bit < 32; bit++)
        assert_true(illegal(&t, 2 | BIT(bit), 0));
    assert_true(illegal(&t, 2, BIT(62)));
    assert_true(illegal(&t, 2, BIT(63)));
    assert_true(illegal(&t, 2 | 1 << 7, 0));
    assert_true(illegal(&t, 2 | 1 << 11, 0)); /* WSI=1 while fctl.WSI=0 */
    bed_close(&t);
}

static void CMD_3_IODIR(void **state)
{
    (void)state;
    struct testbed t;
    open(&t);
    static const uint8_t reserved[] = {10, 11, 32, 34, 39};
    for (unsigned i = 0; i < sizeof(reserved); i++) {
        assert_true(illegal(&t, 3 | BIT(reserved[i]), 0));
        assert_true(illegal(&t, 3 | 1 << 7 | BIT(33) | BIT(reserved[i]), 0));
    }
    assert_true(illegal(&t, 3, 1));
    assert_true(illegal(&t, 3 | 1 << 12, 0)); /* INVAL_DDT with a PID */
    assert_true(illegal(&t, 3 | 1 << 7, 0));  /* INVAL_PDT without DV */
    assert_false(illegal(&t, 3 | 1 << 7 | BIT(33), 0));
    assert_false(illegal(&t, 3 | BIT(33) | UINT64_C(0x3f) << 40, 0));
    assert_true(illegal(&t, 3 | BIT(33) | UINT64_C(0x40) << 40, 0)); /* 1LVL: 6 bits */
    assert_false(illegal(&t, 3 | UINT64_C(0x40) << 40, 0));          /* DV=0: ignored */
    bed_close(&t);
}

/* Off and Bare have no directory that could be too small. */
static void CMD_3_without_a_directory(void **state)
{
    (void)state;
    struct testbed t;
    open(&t);
    for (unsigned mode = 0; mode < 2; mode++) {
        bed_set(&t, REG_OFFSET_DDTP, 8, 0);
        bed_set(&t, REG_OFFSET_DDTP, 8, mode);
        assert_false(illegal(&t, 3 | BIT(33) | UINT64_C(0xffffff) << 40, 0));
        assert_false(illegal(&t, 3 | 1 << 7 | BIT(33) | UINT64_C(0x8000) << 40, 0));
    }
    bed_close(&t);
}

static void CMD_opcodes(void **state)
{
    (void)state;
    struct testbed t;
    open(&t);
    assert_true(illegal(&t, 0, 0));
    for (unsigned opcode = 5; opcode < 128; opcode++)
        assert_true(illegal(&t, opcode, 0));
    bed_close(&t);
}

static void Q_2_index_bits(void **state)
{
    (void)state;
    struct testbed t;
    open(&t);
    bed_set(&t, REG_OFFSET_FQH, 4, UINT32_MAX);
    assert_int_equal(bed_get(&t, REG_OFFSET_FQH, 4), 63);
    bed_set(&t, REG_OFFSET_PQH, 4, UINT32_MAX);
    assert_int_equal(bed_get(&t, REG_OFFSET_PQH, 4), 63);
    bed_set(&t, REG_OFFSET_FQB, 8, 2);
    assert_int_equal(bed_get(&t, REG_OFFSET_FQH, 4), 7);
    bed_set(&t, REG_OFFSET_FQT, 4, 5);
    assert_int_equal(bed_get(&t, REG_OFFSET_FQT, 4), 0);
    bed_close(&t);
}

/* fqen must leave fqh, cqen must leave cqt. */
static void Q_4_enable(void **state)
{
    (void)state;
    struct testbed t;
    open(&t);
    bed_command(&t, 0, 0);
    provoke(&t);
    assert_true(cqcsr(&t) & CMD_ILL);
    bed_set(&t, REG_OFFSET_FQH, 4, 1);
    bed_set(&t, REG_OFFSET_CQCSR, 4, 0);
    bed_set(&t, REG_OFFSET_FQCSR, 4, 0);
    assert_int_equal(cqcsr(&t) & 0x30000, 0);
    bed_set(&t, REG_OFFSET_CQT, 4, 0);
    bed_set(&t, REG_OFFSET_CQCSR, 4, 1);
    bed_set(&t, REG_OFFSET_FQCSR, 4, 1);
    assert_int_equal(cqcsr(&t), 0x10001);
    assert_int_equal(bed_get(&t, REG_OFFSET_CQH, 4), 0);
    assert_int_equal(bed_get(&t, REG_OFFSET_FQT, 4), 0);
    assert_int_equal(bed_get(&t, REG_OFFSET_FQH, 4), 1);
    bed_close(&t);
}

static void Q_5_error_refetches(void **state)
{
    (void)state;
    struct testbed t;
    open(&t);
    bed_command(&t, 2, 0);
    bed_command(&t, 0, 0);
    assert_int_equal(bed_get(&t, REG_OFFSET_CQH, 4), 1);
    bed_command(&t, 2, 0);
    assert_int_equal(bed_get(&t, REG_OFFSET_CQH, 4), 1);
    bed_set(&t, REG_OFFSET_CQCSR, 4, 3 | CMD_ILL); /* still illegal */
    bed_settle(&t);
    assert_true(cqcsr(&t) & CMD_ILL);
    assert_int_equal(bed_get(&t, REG_OFFSET_CQH, 4), 1);
    bench_poke(&t.b, t.cq + 16, 8, 2);
    bed_set(&t, REG_OFFSET_CQCSR, 4, 3 | CMD_ILL);
    bed_settle(&t);
    assert_int_equal(bed_get(&t, REG_OFFSET_CQH, 4), 3);
    bed_close(&t);
}

static void Q_5_memory_fault(void **state)
{
    (void)state;
    struct testbed t;
    open(&t);
    bed_set(&t, REG_OFFSET_CQCSR, 4, 0);
    bed_set(&t, REG_OFFSET_CQB, 8, 5);
    bed_set(&t, REG_OFFSET_CQCSR, 4, 1);
    bed_set(&t, REG_OFFSET_CQT, 4, 1);
    assert_true(cqcsr(&t) & CMF);
    assert_int_equal(bed_get(&t, REG_OFFSET_CQH, 4), 0);
    bed_close(&t);
}

static void CMD_8_fence_data(void **state)
{
    (void)state;
    struct testbed t;
    open(&t);
    uint64_t page = bed_pages(&t, 1);
    bed_command(&t, 2 | 1 << 10 | UINT64_C(0x12345678) << 32, (page + 4) >> 2);
    assert_int_equal(bench_peek(&t.b, page + 4, 4), 0x12345678);
    assert_int_equal(bench_peek(&t.b, page, 4), 0);
    bed_command(&t, 2 | 1 << 10, 0x1000); /* nothing is there */
    assert_true(cqcsr(&t) & CMF);
    assert_int_equal(bed_get(&t, REG_OFFSET_CQH, 4), 1);
    bed_close(&t);
}

static void CMD_8_fence_wsi(void **state)
{
    (void)state;
    struct testbed t;
    const struct iommu_config config = {.vector_bits = 2};
    bed_open(&t, &config);
    bed_set(&t, REG_OFFSET_FCTL, 4, 2);
    bed_set(&t, REG_OFFSET_ICVEC, 8, 3);
    bed_start(&t, 2);
    bed_command(&t, 2 | 1 << 11, 0);
    assert_true(cqcsr(&t) & FENCE_W_IP);
    assert_true(t.b.lines[3]);
    assert_int_equal(bed_get(&t, REG_OFFSET_CQH, 4), 1);
    bed_command(&t, 2, 0); /* does not stop the queue */
    assert_int_equal(bed_get(&t, REG_OFFSET_CQH, 4), 2);
    bed_set(&t, REG_OFFSET_IPSR, 4, 1); /* condition holds: pends again */
    assert_true(t.b.lines[3]);
    bed_set(&t, REG_OFFSET_CQCSR, 4, 3 | FENCE_W_IP);
    bed_set(&t, REG_OFFSET_IPSR, 4, 1);
    assert_false(t.b.lines[3]);
    bed_close(&t);
}

/* PW covers MSIs: the fence waits until the interrupt file has been written. */
static void CMD_8_fence_covers_writes(void **state)
{
    (void)state;
    for (unsigned wrong = 0; wrong < 2; wrong++) {
        struct testbed t;
        const struct iommu_config config = {.fence_ignores_io = wrong};
        bed_open(&t, &config);
        bed_start(&t, 1);
        t.b.latency = 100000;
        uint64_t page = bed_pages(&t, 1);
        bench_poke(&t.b, t.cq, 8, 2 | 1 << 10 | 1 << 13);
        bench_poke(&t.b, t.cq + 8, 8, page >> 2);
        /* The command is in hand when the MSI leaves, just before its fetch completes. */
        bed_set(&t, REG_OFFSET_CQT, 4, 1);
        bench_run(&t.b, 99000);
        struct vd_txn txn = bench_write(IMSIC_WINDOW, 4, 1);
        txn.requester = 9;
        txn.attrs = VD_POSTED;
        txn.serial = 1;
        iommu_submit(t.m, &txn);
        bed_settle(&t);
        assert_int_equal(t.b.num_writes, 2);
        assert_int_equal(t.b.now, wrong ? 200000 : 99000 + 100000 + 100000);
        bed_close(&t);
    }
}

static void commands_out_of_order_switch(void **state)
{
    (void)state;
    struct testbed t;
    const struct iommu_config config = {.commands_out_of_order = true};
    bed_open(&t, &config);
    bed_start(&t, 2);
    bed_command(&t, 1, 0);
    bed_command(&t, 3, 0);
    assert_int_equal(bed_get(&t, REG_OFFSET_CQH, 4), 2);
    assert_int_equal(bench_count(&t.b, VD_REC_iommu_command), 0);
    bed_command(&t, 2, 0);
    assert_int_equal(bench_record(&t.b, VD_REC_iommu_command, 0)->a, 3);
    assert_int_equal(bench_record(&t.b, VD_REC_iommu_command, 1)->a, 1);
    assert_int_equal(bench_record(&t.b, VD_REC_iommu_command, 2)->a, 2);
    bed_close(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(CMD_1_IOTINVAL),
        cmocka_unit_test(CMD_1_capabilities),
        cmocka_unit_test(CMD_2_IOFENCE),
        cmocka_unit_test(CMD_3_IODIR),
        cmocka_unit_test(CMD_3_without_a_directory),
        cmocka_unit_test(CMD_opcodes),
        cmocka_unit_test(CMD_8_fence_data),
        cmocka_unit_test(CMD_8_fence_wsi),
        cmocka_unit_test(CMD_8_fence_covers_writes),
        cmocka_unit_test(commands_out_of_order_switch),
        cmocka_unit_test(Q_2_index_bits),
        cmocka_unit_test(Q_4_enable),
        cmocka_unit_test(Q_5_error_refetches),
        cmocka_unit_test(Q_5_memory_fault),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
