/* SPDX-License-Identifier: BSD-2-Clause */
#include "dma/dma.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/bench.h"

enum { RAM = 0x80000000u };

struct world {
    struct bench bench;
    struct dma dma;
    struct dma_state state;
    uint32_t done, in_flight, most_in_flight, refuse;
    bool answer_within; /* the answer comes before send() returns VD_PENDING */
};

static enum vd_status send(void *ctx, struct vd_txn *txn)
{
    struct world *w = ctx;
    assert_true(txn->addr / VD_TXN_BYTES == (txn->addr + txn->size - 1) / VD_TXN_BYTES);
    if (w->refuse) {
        w->refuse--;
        txn->delay = 700;
        return VD_RETRY;
    }
    enum vd_status status = w->bench.host.ops->submit(w->bench.host.ctx, txn);
    if (w->answer_within && status == VD_OK) {
        txn->status = VD_OK;
        dma_complete(&w->dma, txn);
        return VD_PENDING;
    }
    if (status == VD_PENDING && txn->cmd == VD_READ && ++w->in_flight > w->most_in_flight)
        w->most_in_flight = w->in_flight;
    return status;
}

static void complete(void *ctx, const struct vd_txn *txn)
{
    struct world *w = ctx;
    w->in_flight--;
    dma_complete(&w->dma, txn);
}

static void done(void *ctx)
{
    ((struct world *)ctx)->done++;
}

static int setup(void **state)
{
    struct world *w = calloc(1, sizeof(*w));
    bench_init(&w->bench);
    w->bench.complete = complete;
    w->bench.complete_ctx = w;
    w->dma = (struct dma){.st = &w->state,
                          .host = w->bench.host,
                          .cycle_ps = 1000,
                          .send = send,
                          .done = done,
                          .ctx = w};
    dma_init(&w->dma);
    dma_reset(&w->dma);
    for (uint32_t i = 0; i < 8192; i++)
        bench_poke(&w->bench, RAM + i, 1, (i * 7 + (i >> 8)) & 0xff);
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;
    dma_done(&w->dma);
    bench_done(&w->bench);
    free(w);
    return 0;
}

static void check(struct world *w, uint32_t at, uint64_t addr, uint32_t size)
{
    for (uint32_t i = 0; i < size; i++)
        assert_int_equal(w->state.buffer[at + i], bench_peek(&w->bench, addr + i, 1));
}

static void moves_without_latency(void **state)
{
    struct world *w = *state;
    dma_move(&w->dma, VD_READ, RAM + 61, 200);
    assert_false(dma_busy(&w->dma));
    assert_int_equal(w->done, 0);
    check(w, 0, RAM + 61, 200);
    dma_move(&w->dma, VD_WRITE, RAM + 0x10001, 130);
    check(w, 0, RAM + 0x10001, 130);
    dma_move(&w->dma, VD_READ, RAM, 0);
    assert_false(dma_busy(&w->dma));
}

static void many_reads_are_in_flight(void **state)
{
    struct world *w = *state;
    w->bench.latency = 100000;
    dma_move(&w->dma, VD_READ, RAM, 4096);
    assert_true(dma_busy(&w->dma));
    assert_true(bench_settle(&w->bench, 1000));
    assert_false(dma_busy(&w->dma));
    assert_int_equal(w->done, 1);
    assert_int_equal(w->most_in_flight, DMA_FLIGHTS);
    assert_int_equal(w->bench.now, 200000);
    check(w, 0, RAM, 4096);
}

static void a_list_from_any_position(void **state)
{
    struct world *w = *state;
    dma_add(&w->dma, RAM + 4000, 3);
    dma_add(&w->dma, RAM + 100, 0);
    dma_add(&w->dma, RAM + 130, 70);
    dma_add(&w->dma, RAM, 1);
    dma_move_list(&w->dma, VD_READ, 0, 2, 72);
    check(w, 0, RAM + 4002, 1);
    check(w, 1, RAM + 130, 70);
    check(w, 71, RAM, 1);
    dma_move_list(&w->dma, VD_READ, 2, 69, 2);
    check(w, 0, RAM + 199, 1);
    check(w, 1, RAM, 1);
    assert_false(dma_add(&w->dma, UINT64_MAX, 2));
    while (w->state.count < DMA_SEGMENTS)
        assert_true(dma_add(&w->dma, RAM, 1));
    assert_false(dma_add(&w->dma, RAM, 1));
}

static void a_full_way_is_asked_again(void **state)
{
    struct world *w = *state;
    w->refuse = 2;
    dma_move(&w->dma, VD_READ, RAM, 128);
    assert_true(dma_busy(&w->dma));
    assert_true(bench_settle(&w->bench, 10));
    assert_int_equal(w->bench.now, 1400);
    assert_int_equal(w->done, 1);
    check(w, 0, RAM, 128);
}

/* As an IOMMU without latency does. */
static void answers_from_within_the_call(void **state)
{
    struct world *w = *state;
    w->answer_within = true;
    dma_move(&w->dma, VD_READ, RAM + 5, 4096);
    assert_false(dma_busy(&w->dma));
    assert_int_equal(w->done, 0);
    check(w, 0, RAM + 5, 4096);
}

static void the_first_failure_is_the_status(void **state)
{
    struct world *w = *state;
    w->bench.latency = 1000;
    w->bench.fail_in = 2;
    w->bench.fail_with = VD_UNSUPPORTED;
    dma_move(&w->dma, VD_READ, RAM, 4096);
    assert_true(bench_settle(&w->bench, 1000));
    assert_int_equal(dma_status(&w->dma), VD_UNSUPPORTED);
    assert_int_equal(w->done, 1);
    dma_move(&w->dma, VD_READ, RAM, 64);
    assert_true(bench_settle(&w->bench, 1000));
    assert_int_equal(dma_status(&w->dma), VD_OK);
}

static void waits_and_forgets(void **state)
{
    struct world *w = *state;
    dma_wait(&w->dma, 0);
    assert_false(dma_busy(&w->dma));
    dma_wait(&w->dma, 5);
    assert_true(dma_busy(&w->dma));
    assert_true(bench_settle(&w->bench, 10));
    assert_int_equal(w->bench.now, 5000);
    assert_int_equal(w->done, 1);
    w->bench.latency = 1000;
    dma_move(&w->dma, VD_READ, RAM, 64);
    dma_reset(&w->dma);
    w->state.buffer[0] = 0xee;
    assert_true(bench_settle(&w->bench, 10));
    assert_int_equal(w->done, 1);
    assert_int_equal(w->state.buffer[0], 0xee);
}

static void a_snapshot_goes_on(void **state)
{
    struct world *w = *state;
    static struct dma_state copy;
    w->bench.latency = 100000;
    dma_move(&w->dma, VD_READ, RAM, 4096);
    copy = w->state;
    assert_true(dma_state_valid(&copy, w->bench.now));
    copy.flights[3].offset = DMA_BUFFER;
    assert_false(dma_state_valid(&copy, w->bench.now));
    copy = w->state;
    copy.outstanding++;
    assert_false(dma_state_valid(&copy, w->bench.now));
    dma_reset(&w->dma);
    copy = w->state;
    dma_wait(&w->dma, 9);
    copy = w->state;
    dma_reset(&w->dma);
    w->state = copy;
    dma_resume(&w->dma);
    assert_true(bench_settle(&w->bench, 1000));
    assert_int_equal(w->done, 1);
}

#define RULE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RULE(moves_without_latency),
        RULE(many_reads_are_in_flight),
        RULE(a_list_from_any_position),
        RULE(a_full_way_is_asked_again),
        RULE(the_first_failure_is_the_status),
        RULE(waits_and_forgets),
        RULE(a_snapshot_goes_on),
        RULE(answers_from_within_the_call),
    };
    return cmocka_run_group_tests_name("dma", tests, NULL, NULL);
}
