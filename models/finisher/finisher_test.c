/* SPDX-License-Identifier: BSD-2-Clause */
#include "finisher/finisher.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "support/bench.h"

static struct bench b;
static struct finisher *f;
static uint32_t exits, resets, last_status;

static void on_exit_request(void *ctx, uint32_t status)
{
    (void)ctx;
    exits++;
    last_status = status;
}

static void on_reset_request(void *ctx)
{
    (void)ctx;
    resets++;
}

static int setup(void **state)
{
    (void)state;
    bench_init(&b);
    struct finisher_config config = {0};
    struct finisher_port port = {.exit = on_exit_request, .reset = on_reset_request};
    f = finisher_create(&config, &b.host, NULL);
    assert_non_null(f);
    finisher_connect(f, &port);
    exits = resets = 0;
    last_status = 999;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    finisher_destroy(f);
    bench_done(&b);
    return 0;
}

static enum vd_status put(uint64_t offset, unsigned size, uint64_t value)
{
    struct vd_txn txn = bench_write(offset, size, value);
    return finisher_access(f, &txn);
}

static void requests(void **state)
{
    (void)state;
    static const struct {
        unsigned size;
        uint32_t value, exits, resets, status;
    } rows[] = {
        {4, 0x5555, 1, 0, 0},     {2, 0x5555, 1, 0, 0},
        {4, 0x00073333, 1, 0, 7}, {4, 0xffff3333, 1, 0, 0xffff},
        {4, 0x3333, 1, 0, 1},     {2, 0x3333, 1, 0, 1},
        {2, 0x00073333, 1, 0, 1}, {4, 0x7777, 0, 1, 999},
        {4, 0x1234, 0, 0, 999},   {4, 0, 0, 0, 999},
    };
    for (uint32_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        exits = resets = 0;
        last_status = 999;
        bench_forget(&b);
        assert_int_equal(put(0, rows[i].size, rows[i].value), VD_OK);
        assert_int_equal(exits, rows[i].exits);
        assert_int_equal(resets, rows[i].resets);
        assert_int_equal(last_status, rows[i].status);
        assert_int_equal(bench_count(&b, VD_REC_exit), rows[i].exits);
        if (rows[i].exits)
            assert_int_equal(bench_record(&b, VD_REC_exit, 0)->a, rows[i].status);
    }
}

static void ignored_and_refused(void **state)
{
    (void)state;
    assert_int_equal(put(4, 4, 0x5555), VD_OK);
    assert_int_equal(put(0, 1, 0x55), VD_DENIED);
    assert_int_equal(put(0, 8, 0x5555), VD_DENIED);
    assert_int_equal(put(2, 4, 0x5555), VD_DENIED);
    struct vd_txn txn = bench_write(0, 4, 0x5555);
    txn.attrs = VD_ATOMIC;
    assert_int_equal(finisher_access(f, &txn), VD_DENIED);
    txn.attrs = VD_DEBUG;
    assert_int_equal(finisher_access(f, &txn), VD_OK);
    txn = bench_read(0, 4);
    txn.data[0] = 1;
    assert_int_equal(finisher_access(f, &txn), VD_OK);
    assert_int_equal(txn.data[0], 0);
    assert_int_equal(exits + resets + b.num_records, 0);
}

static void works_unconnected(void **state)
{
    (void)state;
    struct finisher_port nobody = {0};
    finisher_connect(f, &nobody);
    assert_int_equal(put(0, 4, 0x7777), VD_OK);
    assert_int_equal(put(0, 4, 0x5555), VD_OK);
    assert_int_equal(bench_count(&b, VD_REC_exit), 1);
    finisher_reset(f);
    assert_int_equal(finisher_save(f, NULL, 0), 0);
    assert_true(finisher_restore(f, NULL, 0));
    assert_false(finisher_restore(f, &b, 4));
}

#define RULE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RULE(requests),
        RULE(ignored_and_refused),
        RULE(works_unconnected),
    };
    return cmocka_run_group_tests_name("finisher", tests, NULL, NULL);
}
