/* SPDX-License-Identifier: BSD-2-Clause */
/* Queues, interrupts, counters and the register page in their corners. */
#include "iommu/iommu_testbed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define BIT(n)  (UINT64_C(1) << (n))
#define MODE(n) ((uint64_t)(n) << 60)
#define BASE    (UINT64_C(0x10) | BIT(9) | BIT(17) | BIT(22) | UINT64_C(56) << 32)
enum { CYCLE = 1000, EN_ATS = 2, EN_PRI = 4, ON = 1 << 16, BUSY = 1 << 17 };
enum { MF = 1 << 8, OF = 1 << 9, CMD_TO = 1 << 9, CMD_ILL = 1 << 10, FENCE_W_IP = 1 << 11 };

static void open_with(struct testbed *t, const struct iommu_config *config)
{
    bed_open(t, config);
    bed_start(t, 2);
    const struct bed_dc dc = {.tc = 1 | EN_ATS | EN_PRI};
    bed_dc(t, 1, &dc);
    bed_read(t, 1, 0x80000000); /* the context is cached */
    bench_forget(&t->b);
}

static void open(struct testbed *t)
{
    const struct iommu_config config = {.vector_bits = 4};
    open_with(t, &config);
}

static void page_request(struct testbed *t, uint64_t payload)
{
    const struct vd_txn txn = {.tag = 4, .requester = 1, .data = {payload}};
    iommu_message(t->m, &txn);
}

/* Posted, so that it is gone when its record is on the way; device 2 has no context. */
static void provoke(struct testbed *t)
{
    struct vd_txn txn = bench_write(0x1000, 4, 0);
    txn.requester = 2;
    txn.attrs = VD_POSTED;
    iommu_submit(t->m, &txn);
}

static void command(struct testbed *t, uint64_t dw0, uint64_t dw1)
{
    uint64_t tail = bed_get(t, REG_OFFSET_CQT, 4);
    bench_poke(&t->b, t->cq + tail * 16, 8, dw0);
    bench_poke(&t->b, t->cq + tail * 16 + 8, 8, dw1);
    bed_set(t, REG_OFFSET_CQT, 4, (tail + 1) & 63);
}

/* Idle means that nothing at all is under way, each kind of thing by itself. */
static void idle_of_every_part(void **state)
{
    (void)state;
    for (unsigned part = 0; part < 4; part++) {
        struct testbed t;
        open(&t);
        assert_true(iommu_idle(t.m));
        struct vd_txn txn = bench_read(0x80000000, 4);
        txn.requester = 1;
        t.b.latency = 10 * CYCLE;
        if (part == 0)
            iommu_submit(t.m, &txn);
        else if (part == 1)
            page_request(&t, 0x1007);
        else
            command(&t, part == 2 ? 1 : 4 | BIT(40), 0);
        if (part == 3) /* its completion is outstanding */
            bench_run(&t.b, 20 * CYCLE);
        assert_false(iommu_idle(t.m));
        bed_settle(&t);
        assert_true(iommu_idle(t.m));
        bed_close(&t);
    }
}

static void idle_after_records_and_messages(void **state)
{
    (void)state;
    struct testbed t;
    open(&t);
    struct vd_txn txn = bench_write(0x1000, 4, 0);
    txn.requester = 2;
    txn.attrs = VD_POSTED;
    bed_read(&t, 2, 0x1000);
    bed_set(&t, REG_OFFSET_IPSR, 4, 2);
    bench_forget(&t.b);
    iommu_submit(t.m, &txn); /* no latency: all is over */
    assert_true(iommu_idle(t.m));
    bed_set(&t, REG_OFFSET_IPSR, 4, 2);
    /* The context is read at once, the record is not written at once. */
    bed_set(&t, REG_OFFSET_DDTP, 8, 0);
    t.b.latency = 10 * CYCLE;
    iommu_submit(t.m, &txn);
    assert_int_equal(bed_get(&t, REG_OFFSET_FQT, 4), 2);
    assert_false(iommu_idle(t.m)); /* the record */
    bench_run(&t.b, 10 * CYCLE);
    assert_int_equal(bed_get(&t, REG_OFFSET_FQT, 4), 3);
    assert_int_equal(t.b.num_writes, 3);
    assert_false(iommu_idle(t.m)); /* its message */
    bench_run(&t.b, 10 * CYCLE);
    assert_int_equal(t.b.num_writes, 4);
    assert_true(iommu_idle(t.m));
    bed_close(&t);
}

/* A completion that nobody waits for changes nothing. */
static void stray_completions(void **state)
{
    (void)state;
    struct testbed t;
    open(&t);
    t.b.latency = 10 * CYCLE;
    struct vd_txn txn = bench_read(0x80000000, 4);
    txn.requester = 1;
    iommu_submit(t.m, &txn);
    for (uint32_t tag = 0; tag < 0x400; tag++)
        if (tag != 0x100 && tag >> 4 != 0x20) { /* its own, and messages */
            const struct vd_txn stray = {.tag = tag, .status = VD_POISON, .data = {99}};
            iommu_complete(t.m, &stray);
        }
    assert_int_equal(t.num_answers, 1); /* of open() */
    bed_settle(&t);
    assert_int_equal(t.num_answers, 2);
    assert_int_equal(t.answers[1].status, VD_OK);
    assert_true(iommu_idle(t.m));
    assert_int_equal(bed_get(&t, REG_OFFSET_IPSR, 4), 0);
    bed_close(&t);
}

/* Both rings of waiting records wrap around, and all arrive in order. */
static void Q_1_more_records_than_are_held(void **state)
{
    (void)state;
    struct testbed t;
    open(&t);
    uint64_t fq = bed_pages(&t, 4), pq = bed_pages(&t, 4);
    bed_set(&t, REG_OFFSET_FQCSR, 4, 0);
    bed_set(&t, REG_OFFSET_PQCSR, 4, 0);
    bed_set(&t, REG_OFFSET_FQB, 8, fq >> 12 << 10 | 8);
    bed_set(&t, REG_OFFSET_PQB, 8, pq >> 12 << 10 | 8);
    bed_set(&t, REG_OFFSET_FQCSR, 4, 1);
    bed_set(&t, REG_OFFSET_PQCSR, 4, 1);
    bed_set(&t, REG_OFFSET_DDTP, 8, 0);
    t.b.latency = 10 * CYCLE;
    for (unsigned i = 0; i < 300; i++) {
        struct vd_txn txn = bench_read(i << 12, 4);
        txn.requester = 3;
        while (iommu_submit(t.m, &txn) == VD_RETRY)
            bench_run(&t.b, CYCLE);
    }
    bed_settle(&t);
    assert_int_equal(bed_get(&t, REG_OFFSET_FQT, 4), 300);
    for (unsigned i = 0; i < 300; i++)
        assert_int_equal(bench_peek(&t.b, fq + 32 * i + 16, 8), i << 12);
    bed_set(&t, REG_OFFSET_DDTP, 8, t.ddt >> 12 << 10 | 2);
    bed_settle(&t);
    for (unsigned i = 0; i < 300; i++) {
        page_request(&t, i << 12 | 7);
        if (i % 30 == 29)
            bed_settle(&t);
    }
    assert_int_equal(bed_get(&t, REG_OFFSET_PQT, 4), 300);
    for (unsigned i = 0; i < 300; i++)
        assert_int_equal(bench_peek(&t.b, pq + 16 * i + 8, 8), i << 12 | 7);
    bed_close(&t);
}

/* A message that comes while the queue is being turned off finds it off. */
static void Q_4_page_request_while_turning_off(void **state)
{
    (void)state;
    struct testbed t;
    open(&t);
    t.b.latency = 10 * CYCLE;
    page_request(&t, 0x1007);
    bed_set(&t, REG_OFFSET_PQCSR, 4, 0);
    assert_int_equal(bed_get(&t, REG_OFFSET_PQCSR, 4), ON | BUSY);
    page_request(&t, 0x200f);
    bed_settle(&t);
    assert_int_equal(bed_get(&t, REG_OFFSET_PQCSR, 4), 0);
    assert_int_equal(bed_get(&t, REG_OFFSET_PQT, 4), 1);
    assert_int_equal(t.num_messages, 1);
    assert_int_equal(t.messages[0].payload[0], UINT64_C(1) << 32 | UINT64_C(15) << 44 | BIT(48));
    bed_close(&t);
}

/* Software that mends the command without clearing the error waits. */
static void Q_5_each_error_stops(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        struct testbed t;
        open(&t);
        if (i == 0) {
            command(&t, 0, 0);
            bench_poke(&t.b, t.cq, 8, 1);
        } else if (i == 1) {
            t.b.fail_in = 1;
            t.b.fail_with = VD_UNMAPPED;
            command(&t, 1, 0);
        } else {
            command(&t, 4 | BIT(40), 0);
            command(&t, 2, 0);
            bed_settle(&t); /* a minute */
        }
        static const uint32_t bits[] = {CMD_ILL, MF, CMD_TO};
        uint64_t head = i == 2;
        assert_int_equal(bed_get(&t, REG_OFFSET_CQCSR, 4), 3 | ON | bits[i]);
        assert_int_equal(bed_get(&t, REG_OFFSET_CQH, 4), head);
        command(&t, 1, 0);
        assert_int_equal(bed_get(&t, REG_OFFSET_CQH, 4), head);
        bed_set(&t, REG_OFFSET_CQCSR, 4, 3 | (0x700 & ~bits[i])); /* another's */
        assert_int_equal(bed_get(&t, REG_OFFSET_CQH, 4), head);
        bed_set(&t, REG_OFFSET_CQCSR, 4, 3 | bits[i]);
        assert_int_equal(bed_get(&t, REG_OFFSET_CQH, 4), head + 2);
        assert_int_equal(bed_get(&t, REG_OFFSET_CQCSR, 4), 3 | ON);
        bed_close(&t);
    }
}

/* Enabling zeroes the index and the errors, and nothing else does. */
static void Q_4_enable_clears_errors(void **state)
{
    (void)state;
    struct testbed t;
    open(&t);
    bed_set(&t, REG_OFFSET_PQB, 8, 5); /* nothing is at 0 */
    bed_set(&t, REG_OFFSET_FQB, 8, 5);
    page_request(&t, 0x1007);
    provoke(&t);
    command(&t, 0, 0);
    static const uint32_t csrs[] = {REG_OFFSET_CQCSR, REG_OFFSET_FQCSR, REG_OFFSET_PQCSR};
    static const uint32_t errors[] = {CMD_ILL, MF, MF};
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(bed_get(&t, csrs[i], 4), 3 | ON | errors[i]);
        bed_set(&t, csrs[i], 4, 3);
        assert_int_equal(bed_get(&t, csrs[i], 4), 3 | ON | errors[i]);
        bed_set(&t, csrs[i], 4, 0);
        assert_int_equal(bed_get(&t, csrs[i], 4), errors[i]);
        bed_set(&t, csrs[i], 4, 0);
        assert_int_equal(bed_get(&t, csrs[i], 4), errors[i]);
        bed_set(&t, csrs[i], 4, 1);
        assert_int_equal(bed_get(&t, csrs[i], 4), i ? 1 | ON : 1 | ON | CMD_ILL);
        bed_set(&t, csrs[i], 4, 0);
    }
    bed_close(&t);
}

/* The command engine is turned off at whatever it does: busy until that is over. */
static void Q_4_off_at_every_cycle(void **state)
{
    (void)state;
    for (unsigned cycle = 0; cycle < 50; cycle++) {
        struct testbed t;
        const struct iommu_config config = {.timing = inorder, .cycle_ps = CYCLE};
        open_with(&t, &config);
        t.b.latency = 10 * CYCLE;
        uint64_t page = bed_pages(&t, 1);
        for (unsigned i = 0; i < 2; i++) {
            bench_poke(&t.b, t.cq + 16 * i, 8, i ? 2 | 1 << 10 | 7ull << 32 : 1);
            bench_poke(&t.b, t.cq + 16 * i + 8, 8, i ? page >> 2 : 0);
        }
        bed_set(&t, REG_OFFSET_CQT, 4, 2);
        bench_run(&t.b, cycle * CYCLE);
        bed_set(&t, REG_OFFSET_CQCSR, 4, 0);
        /* Command at 3..13, 4 more, fetch to 27, write to 37. */
        bool over = cycle >= 37;
        assert_int_equal(bed_get(&t, REG_OFFSET_CQCSR, 4), over ? 0 : ON | BUSY);
        bed_settle(&t);
        assert_int_equal(bed_get(&t, REG_OFFSET_CQCSR, 4), 0);
        unsigned done = cycle >= 17 ? 2 : cycle >= 3;
        assert_int_equal(bed_get(&t, REG_OFFSET_CQH, 4), done);
        assert_int_equal(bench_peek(&t.b, page, 4), done == 2 ? 7 : 0);
        bed_close(&t);
    }
}

/* A fence without PR does not wait for answers to reads; one with PW alone does not either. */
static void CMD_8_fence_and_reads(void **state)
{
    (void)state;
    static const uint64_t bits[] = {0, BIT(12), BIT(13), BIT(12) | BIT(13)};
    for (unsigned i = 0; i < 4; i++) {
        struct testbed t;
        open(&t);
        t.b.latency = 50 * CYCLE;
        struct vd_txn txn = bench_read(0x80000000, 4);
        txn.requester = 1;
        txn.attrs = VD_EXEC;
        iommu_submit(t.m, &txn);
        t.b.latency = 10 * CYCLE;
        command(&t, 2 | bits[i], 0);
        bench_run(&t.b, 10 * CYCLE);
        uint64_t head = bed_get(&t, REG_OFFSET_CQH, 4);
        assert_int_equal(head, bits[i] == 0);
        assert_int_equal(t.num_answers, 1); /* of open() */
        bed_settle(&t);
        assert_int_equal(bed_get(&t, REG_OFFSET_CQH, 4), 1);
        assert_int_equal(t.num_answers, 2);
        bed_close(&t);
    }
}

/* Any fence waits for an MSI that has not left yet. */
static void CMD_8_fence_and_msis(void **state)
{
    (void)state;
    for (unsigned ignores = 0; ignores < 2; ignores++) {
        struct testbed t;
        const struct iommu_config config = {
            .timing = {.hit = 40}, .cycle_ps = CYCLE, .fence_ignores_io = ignores};
        open_with(&t, &config);
        t.b.latency = 10 * CYCLE;
        struct vd_txn txn = bench_write(0x80000000, 4, 7);
        txn.requester = 1;
        txn.attrs = VD_POSTED;
        txn.serial = 9;
        iommu_submit(t.m, &txn);
        command(&t, 2, 0);
        bench_run(&t.b, 20 * CYCLE);
        assert_int_equal(bed_get(&t, REG_OFFSET_CQH, 4), ignores);
        bed_settle(&t);
        assert_int_equal(bed_get(&t, REG_OFFSET_CQH, 4), 1);
        bed_close(&t);
    }
}

static void CMD_8_fence_and_walking_msis(void **state)
{
    (void)state;
    struct testbed t;
    const struct iommu_config config = {.fence_ignores_io = true};
    open_with(&t, &config);
    t.b.latency = 10 * CYCLE;
    struct vd_txn txn = bench_write(0x80000000, 4, 7);
    txn.requester = 3; /* its context is read */
    txn.attrs = VD_POSTED;
    txn.serial = 9;
    t.b.latency = 100 * CYCLE;
    iommu_submit(t.m, &txn);
    t.b.latency = 10 * CYCLE;
    command(&t, 2, 0);
    bench_run(&t.b, 90 * CYCLE);
    assert_int_equal(bed_get(&t, REG_OFFSET_CQH, 4), 0);
    bed_settle(&t);
    assert_int_equal(bed_get(&t, REG_OFFSET_CQH, 4), 1);
    bed_close(&t);
}

/* CMD_3: the widest process_id by the process directories on offer. */
static void CMD_3_width_by_capability(void **state)
{
    (void)state;
    for (unsigned mask = 0; mask < 16; mask++) {
        struct testbed t;
        const struct iommu_config config = {.capabilities = BASE | (uint64_t)mask << 38};
        bed_open(&t, &config);
        bed_start(&t, 2);
        unsigned width = mask & 4 ? 20 : mask & 2 ? 17 : mask & 1 ? 8 : 0;
        for (unsigned bit = 0; bit <= 20; bit++) {
            uint64_t pid = bit == 20 ? 0 : BIT(bit);
            bed_command(&t, 3 | 1 << 7 | BIT(33) | pid << 12, 0);
            bool legal = bit == 20 || bit < width;
            assert_int_equal(bed_get(&t, REG_OFFSET_CQCSR, 4), 3 | ON | (legal ? 0 : CMD_ILL));
            if (!legal) { /* it is replaced */
                bench_poke(&t.b, t.cq + 16 * bed_get(&t, REG_OFFSET_CQH, 4), 8, 1);
                bed_set(&t, REG_OFFSET_CQCSR, 4, 3 | CMD_ILL);
                bed_settle(&t);
            }
        }
        bed_command(&t, 3 | 1 << 7, 0); /* DV=0 */
        assert_int_equal(bed_get(&t, REG_OFFSET_CQCSR, 4), 3 | ON | CMD_ILL);
        bed_close(&t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(idle_of_every_part),
        cmocka_unit_test(idle_after_records_and_messages),
        cmocka_unit_test(stray_completions),
        cmocka_unit_test(Q_1_more_records_than_are_held),
        cmocka_unit_test(Q_4_page_request_while_turning_off),
        cmocka_unit_test(Q_5_each_error_stops),
        cmocka_unit_test(Q_4_enable_clears_errors),
        cmocka_unit_test(Q_4_off_at_every_cycle),
        cmocka_unit_test(CMD_8_fence_and_reads),
        cmocka_unit_test(CMD_8_fence_and_msis),
        cmocka_unit_test(CMD_8_fence_and_walking_msis),
        cmocka_unit_test(CMD_3_width_by_capability),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
