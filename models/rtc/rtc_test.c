/* SPDX-License-Identifier: BSD-2-Clause */
#include "rtc/rtc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/bench.h"

enum { LOW = 0, HIGH = 4, ALARM_LOW = 8, ALARM_HIGH = 12, ENABLE = 16, CLEAR_ALARM = 20 };
enum { STATUS = 24, CLEAR_IRQ = 28, NS = 1000 };

static const uint64_t epoch = 1767225600;
static struct bench b;
static struct rtc *r;

static void build(void)
{
    struct rtc_config config = {.epoch = epoch};
    r = rtc_create(&config, &b.host, NULL);
    assert_non_null(r);
}

static int setup(void **state)
{
    (void)state;
    bench_init(&b);
    build();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    rtc_destroy(r);
    assert_int_equal(b.num_events, 0);
    bench_done(&b);
    return 0;
}

static void put(uint32_t offset, uint32_t value)
{
    struct vd_txn txn = bench_write(offset, 4, value);
    assert_int_equal(rtc_access(r, &txn), VD_OK);
}

static uint32_t get(uint32_t offset)
{
    struct vd_txn txn = bench_read(offset, 4);
    txn.data[0] = UINT64_MAX;
    assert_int_equal(rtc_access(r, &txn), VD_OK);
    return (uint32_t)txn.data[0];
}

static uint64_t time_now(void)
{
    uint64_t low = get(LOW);
    return (uint64_t)get(HIGH) << 32 | low;
}

static void set_alarm(uint64_t ns)
{
    put(ALARM_HIGH, (uint32_t)(ns >> 32));
    put(ALARM_LOW, (uint32_t)ns);
}

static void counts_nanoseconds_from_its_epoch(void **state)
{
    (void)state;
    assert_int_equal(time_now(), epoch * 1000000000);
    bench_run(&b, 12345 * NS + 999);
    assert_int_equal(time_now(), epoch * 1000000000 + 12345);
}

static void low_read_keeps_high(void **state)
{
    (void)state;
    put(HIGH, 7);
    put(LOW, 0xfffffffe);
    assert_int_equal(get(LOW), 0xfffffffe);
    bench_run(&b, 5 * NS);
    assert_int_equal(get(HIGH), 7);
    assert_int_equal(get(LOW), 3);
    assert_int_equal(get(HIGH), 8);
}

static void time_is_settable(void **state)
{
    (void)state;
    bench_run(&b, 50 * NS);
    put(HIGH, 0x11);
    put(LOW, 0x22);
    assert_int_equal(time_now(), UINT64_C(0x1100000022));
    bench_run(&b, 3 * NS);
    assert_int_equal(time_now(), UINT64_C(0x1100000025));
}

static void alarm_comes_at_its_time(void **state)
{
    (void)state;
    put(ENABLE, 1);
    assert_int_equal(get(ENABLE), 1);
    uint64_t alarm = time_now() + 1000;
    set_alarm(alarm);
    assert_int_equal(get(ALARM_LOW), (uint32_t)alarm);
    assert_int_equal(get(ALARM_HIGH), alarm >> 32);
    assert_int_equal(get(STATUS), 1);
    bench_run(&b, 1000 * NS - 1);
    assert_false(b.lines[0]);
    bench_run(&b, 1);
    assert_true(b.lines[0]);
    assert_int_equal(get(STATUS), 0);
    put(CLEAR_IRQ, 0);
    assert_false(b.lines[0]);
    put(ENABLE, 0);
    set_alarm(time_now());
    assert_false(b.lines[0]);
    put(ENABLE, 0xffffffff);
    assert_int_equal(get(ENABLE), 1);
    assert_true(b.lines[0]);
}

static void alarm_can_be_cleared(void **state)
{
    (void)state;
    put(ENABLE, 1);
    set_alarm(time_now() + 100);
    put(CLEAR_ALARM, 0);
    assert_int_equal(get(STATUS), 0);
    bench_run(&b, 1000 * NS);
    assert_int_equal(b.wire_edges, 0);
}

static void alarm_follows_a_new_time(void **state)
{
    (void)state;
    put(ENABLE, 1);
    uint64_t alarm = time_now() + 1000;
    set_alarm(alarm);
    put(LOW, (uint32_t)alarm - 10);
    bench_run(&b, 10 * NS - 1);
    assert_false(b.lines[0]);
    bench_run(&b, 1);
    assert_true(b.lines[0]);
    put(CLEAR_IRQ, 1);
    set_alarm(time_now() + 500);
    put(LOW, get(LOW) + 500);
    assert_true(b.lines[0]);
    put(CLEAR_IRQ, 1);
    set_alarm(UINT64_MAX);
    assert_int_equal(b.num_events, 0);
    put(HIGH, 0);
    put(LOW, 0);
    assert_int_equal(b.num_events, 0);
}

static void refused_accesses(void **state)
{
    (void)state;
    static const unsigned sizes[] = {1, 2, 8};
    for (uint32_t i = 0; i < 3; i++) {
        struct vd_txn txn = bench_write(ENABLE, sizes[i], 1);
        assert_int_equal(rtc_access(r, &txn), VD_DENIED);
        txn = bench_read(LOW, sizes[i]);
        assert_int_equal(rtc_access(r, &txn), VD_DENIED);
    }
    struct vd_txn txn = bench_write(ENABLE, 4, 1);
    txn.attrs = VD_ATOMIC;
    assert_int_equal(rtc_access(r, &txn), VD_DENIED);
    txn.attrs = VD_DEBUG;
    assert_int_equal(rtc_access(r, &txn), VD_OK);
    assert_int_equal(get(ENABLE), 0);
    get(LOW);
    uint32_t high = get(HIGH);
    put(HIGH, 1);
    txn = bench_read(LOW, 4);
    txn.attrs = VD_DEBUG;
    assert_int_equal(rtc_access(r, &txn), VD_OK);
    assert_int_equal(get(HIGH), high);
    put(0x20, 1);
    assert_int_equal(get(0x20), 0);
}

static void reset_equals_construction(void **state)
{
    (void)state;
    char fresh[64], after[64];
    size_t size = rtc_save(r, fresh, sizeof(fresh));
    put(ENABLE, 1);
    put(HIGH, 3);
    get(LOW);
    set_alarm(0);
    assert_true(b.lines[0]);
    set_alarm(time_now() + 9);
    rtc_reset(r);
    assert_false(b.lines[0]);
    assert_int_equal(b.num_events, 0);
    assert_int_equal(rtc_save(r, after, sizeof(after)), size);
    assert_memory_equal(fresh, after, size);
}

static void snapshot_keeps_the_alarm(void **state)
{
    (void)state;
    char buffer[64];
    put(ENABLE, 1);
    set_alarm(time_now() + 70);
    size_t size = rtc_save(r, buffer, sizeof(buffer));
    rtc_destroy(r);
    build();
    assert_false(rtc_restore(r, buffer, size - 1));
    assert_true(rtc_restore(r, buffer, size));
    bench_run(&b, 70 * NS - 1);
    assert_false(b.lines[0]);
    bench_run(&b, 1);
    assert_true(b.lines[0]);
    memset(buffer, 0xff, sizeof(buffer));
    assert_false(rtc_restore(r, buffer, size));
}

static void tables(void **state)
{
    (void)state;
    uint32_t count;
    const struct vd_reg *regs = rtc_regs(&count);
    assert_int_equal(count, 8);
    put(HIGH, 0);
    put(LOW, 0);
    for (uint32_t i = 0; i < count; i++)
        assert_int_equal(get(regs[i].offset), regs[i].reset);
    assert_int_equal(rtc_params(&count)->fallback, epoch);
    struct rtc_config config = {.epoch = (UINT64_C(1) << 33) + 1};
    struct vd_error err;
    assert_null(rtc_create(&config, &b.host, &err));
    assert_non_null(strstr(err.text, "epoch"));
}

#define RULE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RULE(counts_nanoseconds_from_its_epoch),
        RULE(low_read_keeps_high),
        RULE(time_is_settable),
        RULE(alarm_comes_at_its_time),
        RULE(alarm_can_be_cleared),
        RULE(alarm_follows_a_new_time),
        RULE(refused_accesses),
        RULE(reset_equals_construction),
        RULE(snapshot_keeps_the_alarm),
        RULE(tables),
    };
    return cmocka_run_group_tests_name("rtc", tests, NULL, NULL);
}
