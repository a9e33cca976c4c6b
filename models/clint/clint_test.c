/* SPDX-License-Identifier: BSD-2-Clause */
#include "clint/clint.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/bench.h"

enum { HARTS = 4, MTIMECMP = 0x4000, MTIME = 0xbff8, TICK = 100000 };

static struct bench b;
static struct clint *c;
static uint32_t written;

static void build(uint64_t hz)
{
    struct clint_config config = {.harts = HARTS, .frequency_hz = hz};
    struct vd_error err;
    c = clint_create(&config, &b.host, &err);
    assert_non_null(c);
}

static int setup(void **state)
{
    (void)state;
    bench_init(&b);
    build(0);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    clint_destroy(c);
    assert_int_equal(b.num_events, 0);
    bench_done(&b);
    return 0;
}

static void put(uint64_t offset, unsigned size, uint64_t value)
{
    struct vd_txn txn = bench_write(offset, size, value);
    assert_int_equal(clint_access(c, &txn), VD_OK);
}

static uint64_t get(uint64_t offset, unsigned size)
{
    struct vd_txn txn = bench_read(offset, size);
    txn.data[0] = UINT64_MAX;
    assert_int_equal(clint_access(c, &txn), VD_OK);
    return txn.data[0];
}

static void msip_drives_its_line(void **state)
{
    (void)state;
    for (uint32_t hart = 0; hart < HARTS; hart++) {
        put(4 * hart, 4, 0xffffffff);
        assert_int_equal(get(4 * hart, 4), 1);
        for (uint32_t line = 0; line < 2 * HARTS; line++)
            assert_int_equal(b.lines[line], line == CLINT_LINE_MSIP(hart));
        put(4 * hart, 4, 0xfffffffe);
        assert_int_equal(get(4 * hart, 4), 0);
        assert_false(b.lines[CLINT_LINE_MSIP(hart)]);
    }
    put(4 * HARTS, 4, 1);
    assert_int_equal(get(4 * HARTS, 4), 0);
    assert_false(b.lines[2 * HARTS]);
}

static void mtime_counts_at_its_frequency(void **state)
{
    (void)state;
    assert_int_equal(get(MTIME, 8), 0);
    bench_run(&b, 100 * TICK - 1);
    assert_int_equal(get(MTIME, 8), 99);
    bench_run(&b, 1);
    assert_int_equal(get(MTIME, 8), 100);
    assert_int_equal(clint_mtime(c), 100);
    clint_destroy(c);
    build(32768);
    b.now = UINT64_C(1000000000000) * 3600;
    assert_int_equal(get(MTIME, 8), UINT64_C(32768) * 3600);
}

static void mtip_rises_when_mtime_reaches_mtimecmp(void **state)
{
    (void)state;
    assert_false(b.lines[CLINT_LINE_MTIP(2)]);
    assert_int_equal(clint_num_timers(c), 0);
    put(MTIMECMP + 16, 8, 10);
    assert_int_equal(clint_num_timers(c), 1);
    bench_run(&b, 10 * TICK - 1);
    assert_false(b.lines[CLINT_LINE_MTIP(2)]);
    bench_run(&b, 1);
    assert_int_equal(clint_num_timers(c), 0);
    assert_true(b.lines[CLINT_LINE_MTIP(2)]);
    assert_int_equal(b.wire_edges, 1);
    put(MTIMECMP + 16, 8, 11);
    assert_false(b.lines[CLINT_LINE_MTIP(2)]);
    put(MTIMECMP + 16, 8, 3);
    assert_true(b.lines[CLINT_LINE_MTIP(2)]);
}

static void mtip_at_an_uneven_frequency(void **state)
{
    (void)state;
    clint_destroy(c);
    build(32768);
    put(MTIMECMP, 8, 5);
    bench_settle(&b, 10);
    assert_true(b.lines[CLINT_LINE_MTIP(0)]);
    assert_int_equal(clint_mtime(c), 5);
    assert_int_equal(b.now, 152587891);
}

static void mtimecmp_by_halves(void **state)
{
    (void)state;
    assert_int_equal(get(MTIMECMP + 8, 8), UINT64_MAX);
    put(MTIMECMP + 8, 4, 0x11112222);
    put(MTIMECMP + 12, 4, 0x33334444);
    assert_int_equal(get(MTIMECMP + 8, 8), UINT64_C(0x3333444411112222));
    assert_int_equal(get(MTIMECMP + 8, 4), 0x11112222);
    assert_int_equal(get(MTIMECMP + 12, 4), 0x33334444);
    assert_int_equal(get(MTIMECMP, 8), UINT64_MAX);
}

static void note(void *ctx)
{
    (*(uint32_t *)ctx)++;
}

static void mtime_is_writable(void **state)
{
    (void)state;
    clint_connect(c, note, &written);
    written = 0;
    put(MTIMECMP, 8, 1000);
    put(MTIME, 8, 990);
    assert_int_equal(written, 1);
    assert_int_equal(get(MTIME, 8), 990);
    bench_run(&b, 10 * TICK);
    assert_true(b.lines[CLINT_LINE_MTIP(0)]);
    put(MTIME, 4, 5);
    assert_int_equal(get(MTIME, 8), 5);
    assert_false(b.lines[CLINT_LINE_MTIP(0)]);
    put(MTIME + 4, 4, 1);
    assert_int_equal(get(MTIME, 8), (UINT64_C(1) << 32) + 5);
    assert_true(b.lines[CLINT_LINE_MTIP(0)]);
    assert_int_equal(get(MTIME + 4, 4), 1);
    assert_int_equal(written, 3);
}

static void when_answers_for_others(void **state)
{
    (void)state;
    assert_int_equal(clint_when(c, 7), 7 * TICK);
    assert_int_equal(clint_when(c, UINT64_MAX), VD_NEVER);
    bench_run(&b, 8 * TICK + 3);
    assert_int_equal(clint_when(c, 7), b.now);
    assert_int_equal(clint_when(c, 8), b.now);
    put(MTIME, 8, 100);
    assert_int_equal(clint_when(c, 101), 9 * TICK);
}

static void refused_accesses(void **state)
{
    (void)state;
    static const struct {
        uint64_t offset;
        unsigned size;
    } bad[] = {{0, 1}, {0, 2}, {0, 8}, {2, 4}, {MTIMECMP, 2}, {MTIMECMP + 4, 8}, {MTIME, 16}};
    for (uint32_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct vd_txn txn = bench_write(bad[i].offset, bad[i].size, 1);
        assert_int_equal(clint_access(c, &txn), VD_DENIED);
        txn = bench_read(bad[i].offset, bad[i].size);
        assert_int_equal(clint_access(c, &txn), VD_DENIED);
    }
    assert_int_equal(b.wire_edges, 0);
    put(0xc000, 4, 1);
    assert_int_equal(get(0xc000, 4), 0);
}

static void debugger_has_no_effect(void **state)
{
    (void)state;
    static const uint64_t offsets[] = {0, MTIMECMP, MTIME};
    for (uint32_t i = 0; i < 3; i++) {
        struct vd_txn txn = bench_write(offsets[i], 4, 1);
        txn.attrs = VD_DEBUG;
        assert_int_equal(clint_access(c, &txn), VD_OK);
    }
    assert_int_equal(b.wire_edges, 0);
    assert_int_equal(get(MTIMECMP, 8), UINT64_MAX);
    assert_int_equal(get(MTIME, 8), 0);
}

static void reset_equals_construction(void **state)
{
    (void)state;
    char fresh[1024], after[1024];
    size_t size = clint_save(c, fresh, sizeof(fresh));
    put(0, 4, 1);
    put(MTIMECMP, 8, 0);
    put(MTIMECMP + 8, 8, 99);
    put(MTIME, 8, 50);
    clint_reset(c);
    assert_int_equal(clint_save(c, after, sizeof(after)), size);
    assert_memory_equal(fresh, after, size);
    assert_int_equal(b.num_events, 0);
    for (uint32_t line = 0; line < 2 * HARTS; line++)
        assert_false(b.lines[line]);
}

static void snapshot_keeps_timers(void **state)
{
    (void)state;
    char buffer[1024];
    put(MTIMECMP, 8, 10);
    put(MTIMECMP + 8, 8, 0);
    size_t size = clint_save(c, buffer, sizeof(buffer));
    clint_destroy(c);
    build(0);
    assert_false(clint_restore(c, buffer, size - 1));
    assert_true(clint_restore(c, buffer, size));
    assert_int_equal(b.num_events, 1);
    bench_run(&b, 10 * TICK);
    assert_true(b.lines[CLINT_LINE_MTIP(0)]);
    assert_int_equal(b.wire_edges, 2);
}

static void bad_configurations(void **state)
{
    (void)state;
    struct vd_error err;
    struct clint_config config = {.harts = 65};
    assert_null(clint_create(&config, &b.host, &err));
    assert_non_null(strstr(err.text, "64"));
    config = (struct clint_config){.frequency_hz = 2000000000};
    assert_null(clint_create(&config, &b.host, &err));
    assert_non_null(strstr(err.text, "Hz"));
}

static void register_table(void **state)
{
    (void)state;
    uint32_t count;
    const struct vd_reg *regs = clint_regs(&count);
    for (uint32_t i = 0; i < count; i++)
        assert_int_equal(get(regs[i].offset, regs[i].size), regs[i].reset);
    assert_int_equal(clint_params(&count)->fallback, 10000000);
    assert_int_equal(count, 1);
}

#define RULE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RULE(msip_drives_its_line),
        RULE(mtime_counts_at_its_frequency),
        RULE(mtip_rises_when_mtime_reaches_mtimecmp),
        RULE(mtip_at_an_uneven_frequency),
        RULE(mtimecmp_by_halves),
        RULE(mtime_is_writable),
        RULE(when_answers_for_others),
        RULE(refused_accesses),
        RULE(debugger_has_no_effect),
        RULE(reset_equals_construction),
        RULE(snapshot_keeps_timers),
        RULE(bad_configurations),
        RULE(register_table),
    };
    return cmocka_run_group_tests_name("clint", tests, NULL, NULL);
}
