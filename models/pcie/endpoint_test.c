/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "pcie/rig.h"

static void registers_follow_their_table(void **state)
{
    struct rig *r = *state;
    uint32_t count;
    const struct vd_reg *regs = endpoint_regs(&count);
    for (uint32_t i = 0; i < count; i++) {
        uint64_t addr = RIG_BAR0 + regs[i].offset;
        uint64_t expected = regs[i].offset == 4 ? 8 : regs[i].reset;
        assert_int_equal(rig_read(r, addr, regs[i].size), expected);
        assert_int_equal(rig_status(r, VD_READ, addr, 1), VD_DENIED);
        assert_int_equal(rig_status(r, VD_WRITE, addr, 2), VD_DENIED);
        if (regs[i].size == 4 && regs[i].offset % 8 == 0)
            assert_int_equal(rig_status(r, VD_READ, addr, 8), VD_DENIED);
        if (regs[i].fields[0].access == VD_RO) {
            rig_write(r, addr, regs[i].size, UINT64_MAX);
            assert_int_equal(rig_read(r, addr, regs[i].size), expected);
        }
    }
    rig_write(r, GEN_PERIOD + 4, 4, 0x12345678);
    rig_write(r, GEN_PERIOD, 4, 0x9abcdef0);
    assert_int_equal(rig_read(r, GEN_PERIOD, 8), 0x123456789abcdef0);
    assert_int_equal(rig_read(r, GEN_PERIOD + 4, 4), 0x12345678);
    rig_write(r, RIG_BAR0 + 0x200, 4, 5);
    assert_int_equal(rig_read(r, RIG_BAR0 + 0x200, 4), 0);
}

static void generator_rate_burst_vectors(void **state)
{
    struct rig *r = *state;
    rig_write(r, GEN_FIRST, 4, 2);
    rig_write(r, GEN_VECTORS, 4, 3);
    rig_generate(r, 5, 2, 100, 0);
    assert_int_equal(rig_read(r, STATUS, 4), 1);
    assert_true(bench_settle(&r->bench, 100));
    assert_int_equal(rig_read(r, STATUS, 4), 0);
    assert_int_equal(rig_read(r, GEN_CONTROL, 4), 0);
    assert_int_equal(rig_read(r, GEN_SENT, 4), 5);
    const vd_time times[] = {0, 0, 100000, 100000, 200000};
    for (uint32_t i = 0; i < 5; i++) {
        assert_int_equal(rig_msi(r, i)->data[0], 102 + i % 3);
        assert_int_equal(bench_record(&r->bench, VD_REC_msi_issue, i)->time, times[i]);
    }
}

static void generator_stops(void **state)
{
    struct rig *r = *state;
    rig_generate(r, 0, 1, 100, 0);
    bench_run(&r->bench, 1000000);
    assert_int_equal(rig_msis(r), 11);
    assert_false(endpoint_idle(r->endpoint));
    rig_write(r, CONTROL, 4, 1);
    assert_true(endpoint_idle(r->endpoint));
    bench_run(&r->bench, 1000000);
    assert_int_equal(rig_msis(r), 11);
}

/* No setting makes time stand still: the endless generator at period 0 leaves the clock running. */
static void generator_at_period_zero(void **state)
{
    struct rig *r = *state;
    rig_generate(r, 0, 0, 0, 0);
    bench_run(&r->bench, 10000);
    assert_int_equal(rig_msis(r), 11);
    rig_generate(r, 0, UINT32_MAX, 0, 0);
    bench_run(&r->bench, 2000);
    assert_int_equal(rig_msis(r), 11 + 3 * 64);
}

static void generator_extreme_periods(void **state)
{
    struct rig *r = *state;
    rig_generate(r, 0, 1, UINT64_MAX, 2);
    bench_run(&r->bench, 1000000000);
    rig_generate(r, 0, 1, UINT64_MAX - 1, 2);
    bench_run(&r->bench, 1000000000);
    rig_generate(r, 0, 1, UINT64_MAX, 0);
    bench_run(&r->bench, 1000000000);
    assert_int_equal(rig_msis(r), 3);
}

static void generator_random_period(void **state)
{
    struct rig *r = *state;
    struct rig *twin = rig_of_eight(&rig_plain);
    rig_generate(r, 200, 1, 100, 2);
    rig_generate(twin, 200, 1, 100, 2);
    assert_true(bench_settle(&r->bench, 1000));
    assert_true(bench_settle(&twin->bench, 1000));
    vd_time low = VD_NEVER, high = 0;
    for (uint32_t i = 1; i < 200; i++) {
        vd_time at = bench_record(&r->bench, VD_REC_msi_issue, i)->time;
        vd_time gap = at - bench_record(&r->bench, VD_REC_msi_issue, i - 1)->time;
        assert_in_range(gap, 50000, 150000);
        low = gap < low ? gap : low;
        high = gap > high ? gap : high;
        assert_int_equal(at, bench_record(&twin->bench, VD_REC_msi_issue, i)->time);
    }
    assert_true(low < 65000 && high > 135000);
    rig_free(twin);
}

/* The handler of an MSI must find the data that was written before it. */
static void generator_data_before_msi(void **state)
{
    (void)state;
    struct rig *r = rig_of_eight(&rig_timed);
    r->refusals = 7;
    rig_write(r, GEN_DATA, 8, RIG_RAM + 0x100);
    rig_write(r, GEN_VECTORS, 4, 2);
    rig_generate(r, 40, 40, 0, 4);
    assert_true(bench_settle(&r->bench, 10000));
    assert_int_equal(r->bench.num_writes, 80);
    for (uint32_t i = 0; i < 40; i++) {
        const struct vd_txn *data = &r->bench.writes[2 * i], *msi = &r->bench.writes[2 * i + 1];
        assert_int_equal(data->serial, 0);
        assert_int_equal(data->addr, RIG_RAM + 0x100 + 8 * (i % 2));
        assert_int_equal(data->data[0], i + 1);
        assert_int_equal(data->size, 8);
        assert_int_equal(data->attrs, VD_POSTED);
        assert_int_equal(msi->data[0], 100 + i % 2);
        assert_int_equal(msi->attrs, VD_POSTED);
    }
    rig_free(r);
}

static void generator_relaxed(void **state)
{
    struct rig *r = *state;
    rig_write(r, GEN_DATA, 8, RIG_RAM);
    rig_generate(r, 1, 1, 0, 0xc);
    assert_true(bench_settle(&r->bench, 10));
    assert_int_equal(r->bench.writes[0].attrs, VD_POSTED | VD_RELAXED);
    assert_int_equal(r->bench.writes[1].attrs, VD_POSTED | VD_RELAXED);
}

static void generator_waits_for_ack(void **state)
{
    struct rig *r = *state;
    rig_generate(r, 3, 1, 50, 0x10);
    bench_run(&r->bench, 1000000);
    assert_int_equal(rig_msis(r), 1);
    rig_write(r, GEN_ACK, 4, 0);
    rig_write(r, GEN_ACK, 4, 0);
    bench_run(&r->bench, 49999);
    assert_int_equal(rig_msis(r), 1);
    bench_run(&r->bench, 1);
    assert_int_equal(rig_msis(r), 2);
    bench_run(&r->bench, 1000000);
    assert_int_equal(rig_msis(r), 2);
    rig_write(r, GEN_ACK, 4, 0);
    assert_true(bench_settle(&r->bench, 10));
    assert_int_equal(rig_msis(r), 3);
    assert_true(endpoint_idle(r->endpoint));
}

static void generator_ack_within_the_burst(void **state)
{
    struct rig *r = *state;
    rig_generate(r, 200, 100, 50, 0x10);
    bench_run(&r->bench, 500);
    assert_int_equal(rig_msis(r), 64);
    rig_write(r, GEN_ACK, 4, 0);
    bench_run(&r->bench, 500);
    assert_int_equal(rig_msis(r), 100);
    bench_run(&r->bench, 50000);
    assert_int_equal(rig_msis(r), 164);
}

static void dma(struct rig *r, uint64_t addr, uint32_t length, uint32_t control)
{
    rig_write(r, DMA_ADDR, 8, addr);
    rig_write(r, DMA_LENGTH, 4, length);
    rig_write(r, DMA_CONTROL, 4, control | 1);
}

static void fill_buffer(struct rig *r)
{
    for (uint32_t i = 0; i < 4096; i++)
        rig_write(r, BUFFER + i, 1, (i * 7 + (i >> 8)) & 0xff);
}

static void dma_round_trip(const struct pcie_config *config, vd_time memory_latency)
{
    struct rig *r = rig_of_eight(config);
    r->bench.latency = memory_latency;
    fill_buffer(r);
    dma(r, RIG_RAM + 0x1035, 4096, 2);
    assert_int_equal(rig_read(r, STATUS, 4), 2);
    assert_true(bench_settle(&r->bench, 10000));
    assert_int_equal(rig_read(r, DMA_STATUS, 4), 1);
    for (uint32_t i = 0; i < r->bench.num_writes; i++)
        assert_true(r->bench.writes[i].addr % 64 + r->bench.writes[i].size <= 64);
    for (uint32_t i = 0; i < 4096; i++)
        assert_int_equal(bench_peek(&r->bench, RIG_RAM + 0x1035 + i, 1), (i * 7 + (i >> 8)) & 0xff);
    for (uint32_t i = 0; i < 4096; i += 8)
        rig_write(r, BUFFER + i, 8, 0);
    dma(r, RIG_RAM + 0x1036, 4095, 0);
    assert_true(bench_settle(&r->bench, 10000));
    assert_int_equal(rig_read(r, DMA_STATUS, 4), 1);
    for (uint32_t i = 0; i < 4095; i++)
        assert_int_equal(rig_read(r, BUFFER + i, 1) & 0xff, ((i + 1) * 7 + ((i + 1) >> 8)) & 0xff);
    assert_int_equal(rig_read(r, BUFFER + 4095, 1) & 0xff, 0);
    rig_free(r);
}

static void dma_moves_bytes(void **state)
{
    (void)state;
    dma_round_trip(&rig_plain, 0);
    dma_round_trip(&rig_timed, 0);
    dma_round_trip(&rig_plain, 3000);
    dma_round_trip(&rig_timed, 3000);
}

static void dma_before_its_msi(void **state)
{
    (void)state;
    struct rig *r = rig_of_eight(&rig_timed);
    fill_buffer(r);
    rig_write(r, DMA_VECTOR, 4, 6);
    dma(r, RIG_RAM, 256, 2);
    assert_true(bench_settle(&r->bench, 1000));
    assert_int_equal(r->bench.num_writes, 5);
    for (uint32_t i = 0; i < 4; i++)
        assert_int_equal(r->bench.writes[i].addr, RIG_RAM + 64 * i);
    assert_int_equal(r->bench.writes[4].data[0], 106);
    rig_free(r);
}

static void dma_attributes(void **state)
{
    struct rig *r = *state;
    dma(r, RIG_RAM, 4, 2 | 2 << 2 | 1 << 4 | 1 << 5 | 1 << 7 | 0xabcdeu << 12);
    assert_true(bench_settle(&r->bench, 10));
    const struct vd_txn *txn = &r->bench.writes[0];
    assert_int_equal(txn->at, VD_AT_TRANSLATED);
    assert_int_equal(txn->process_id, 0xabcde);
    assert_int_equal(txn->attrs, VD_POSTED | VD_PROCESS_ID | VD_PRIVILEGED | VD_RELAXED);
    dma(r, RIG_RAM, 4, 2 | 1 << 5 | 0xabcdeu << 12);
    assert_true(bench_settle(&r->bench, 10));
    assert_int_equal(r->bench.writes[1].attrs, VD_POSTED);
    assert_int_equal(r->bench.writes[1].process_id, 0);
}

struct ats {
    struct vd_txn seen;
    enum vd_status answer;
};

static bool answer_ats(void *ctx, struct vd_txn *txn)
{
    struct ats *ats = ctx;
    ats->seen = *txn;
    txn->data[0] = 0x80000803;
    txn->status = (uint8_t)ats->answer;
    return true;
}

static void dma_ats_request(void **state)
{
    struct rig *r = *state;
    struct ats ats = {.answer = VD_OK};
    r->bench.hook = answer_ats;
    r->bench.hook_ctx = &ats;
    dma(r, 0x123456, 4096, 1 << 2 | 1 << 4 | 1 << 6 | 5u << 12);
    assert_true(bench_settle(&r->bench, 10));
    assert_int_equal(ats.seen.at, VD_AT_TRANSLATION_REQUEST);
    assert_int_equal(ats.seen.cmd, VD_READ);
    assert_int_equal(ats.seen.addr, 0x123000);
    assert_int_equal(ats.seen.size, 8);
    assert_int_equal(ats.seen.attrs, VD_PROCESS_ID | VD_EXEC | VD_NO_WRITE);
    assert_int_equal(rig_read(r, ATS_RESPONSE, 8), 0x80000803);
    assert_int_equal(rig_read(r, DMA_STATUS, 4), 1);
    ats.answer = VD_UNSUPPORTED;
    dma(r, 0x123456, 8, 1 << 2 | 2);
    assert_true(bench_settle(&r->bench, 10));
    assert_int_equal(ats.seen.attrs, 0);
    assert_int_equal(rig_read(r, DMA_STATUS, 4), 1 | VD_UNSUPPORTED << 4);
}

static void dma_failure_ends_it(void **state)
{
    struct rig *r = *state;
    r->bench.latency = 2000;
    rig_write(r, DMA_VECTOR, 4, 1);
    dma(r, RIG_RAM + 0xfffc0, 128, 0);
    assert_true(bench_settle(&r->bench, 100));
    assert_int_equal(rig_read(r, DMA_STATUS, 4), 1 | VD_UNMAPPED << 4);
    assert_int_equal(rig_msis(r), 1);
    dma(r, UINT64_MAX, 64, 0);
    assert_true(bench_settle(&r->bench, 100));
    assert_int_equal(rig_read(r, DMA_STATUS, 4), 1 | VD_UNMAPPED << 4);
    rig_config_write(r, 0x04, 2, 0x0002);
    dma(r, RIG_RAM, 64, 2);
    assert_true(bench_settle(&r->bench, 100));
    assert_int_equal(rig_read(r, DMA_STATUS, 4), 1 | VD_DENIED << 4);
}

static void dma_stopped_ignores_late_answer(void **state)
{
    struct rig *r = *state;
    r->bench.latency = 5000;
    bench_poke(&r->bench, RIG_RAM, 8, 0x1111);
    bench_poke(&r->bench, RIG_RAM + 64, 8, 0x2222);
    dma(r, RIG_RAM, 8, 0);
    bench_run(&r->bench, 1000);
    dma(r, RIG_RAM + 64, 8, 0);
    assert_int_equal(rig_read(r, DMA_CONTROL, 4), 1);
    rig_write(r, CONTROL, 4, 1);
    dma(r, RIG_RAM + 64, 8, 0);
    bench_run(&r->bench, 4500);
    assert_int_equal(rig_read(r, DMA_STATUS, 4), 0);
    assert_int_equal(rig_read(r, BUFFER, 8), 0);
    assert_true(bench_settle(&r->bench, 10));
    assert_int_equal(rig_read(r, BUFFER, 8), 0x2222);
}

static void dma_ignores_go_in_flight(void **state)
{
    struct rig *r = *state;
    r->bench.latency = 5000;
    bench_poke(&r->bench, RIG_RAM, 8, 0x1111);
    dma(r, RIG_RAM, 8, 0);
    bench_run(&r->bench, 1000);
    rig_write(r, DMA_CONTROL, 4, 3);
    assert_int_equal(rig_read(r, DMA_CONTROL, 4), 1);
    assert_true(bench_settle(&r->bench, 10));
    assert_int_equal(r->bench.num_reads, 1);
    assert_int_equal(r->bench.num_writes, 0);
    assert_int_equal(rig_read(r, BUFFER, 8), 0x1111);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, rig_setup, rig_teardown)
    const struct CMUnitTest tests[] = {
        TEST(registers_follow_their_table),
        TEST(generator_rate_burst_vectors),
        TEST(generator_stops),
        TEST(generator_at_period_zero),
        TEST(generator_extreme_periods),
        TEST(generator_random_period),
        TEST(generator_data_before_msi),
        TEST(generator_relaxed),
        TEST(generator_waits_for_ack),
        TEST(generator_ack_within_the_burst),
        TEST(dma_moves_bytes),
        TEST(dma_before_its_msi),
        TEST(dma_attributes),
        TEST(dma_ats_request),
        TEST(dma_failure_ends_it),
        TEST(dma_stopped_ignores_late_answer),
        TEST(dma_ignores_go_in_flight),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
