/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "viaduct/bits.h"
#include "virtio/guest.h"

enum { NEXT = 1, WRITE = 2, INDIRECT = 4, AVAIL = 0x80, USED = 0x8000 };
enum { SIZE = 7 }; /* packed queues are of any size */

static const struct virtio_config block = {
    .type = VIRTIO_BLOCK, .queue_size = 8, .packed = true, .cycle_ps = 1000};
static int setup(void **state)
{
    *state = guest_new(true, &guest_entropy, false, GUEST_PACKED | GUEST_INDIRECT, SIZE);
    return 0;
}

static int setup_event(void **state)
{
    *state = guest_new(true, &guest_entropy, false, GUEST_PACKED | GUEST_INDIRECT | GUEST_EVENT_IDX,
                       SIZE);
    return 0;
}

static void advance(struct guest *g, uint32_t count)
{
    g->used = (uint16_t)(g->used + count);
    if (g->used >= SIZE) {
        g->used = (uint16_t)(g->used - SIZE);
        g->used_wrap = !g->used_wrap;
    }
}

/* [virtio Driver and Device Ring Wrap Counters] Chains of two in a ring of seven end anywhere. */
static void wraps_around(void **state)
{
    struct guest *g = *state;
    uint32_t id, written, position = 0;
    for (uint32_t i = 0; i < 1000; i++) {
        const struct guest_desc descs[] = {{GUEST_DATA, 1 + i % 9, true}, {GUEST_DATA, 3, true}};
        bench_forget(&g->bench);
        guest_offer(g, descs, 2, false);
        guest_kick(g);
        assert_true(guest_take(g, &id, &written));
        assert_int_equal(id, position);
        assert_int_equal(written, 4 + i % 9);
        assert_int_equal(guest_interrupts(g), 1);
        advance(g, 2);
        position = (position + 2) % SIZE;
        assert_false(guest_take(g, &id, &written));
    }
}

static void a_full_queue_at_once(void **state)
{
    struct guest *g = *state;
    uint32_t id, written;
    for (uint32_t i = 0; i < SIZE; i++)
        guest_offer_data(g, 1 + i);
    guest_kick(g);
    for (uint32_t i = 0; i < SIZE; i++) {
        assert_true(guest_take(g, &id, &written));
        assert_int_equal(id, i);
        assert_int_equal(written, 1 + i);
        advance(g, 1);
    }
    assert_int_equal(guest_interrupts(g), SIZE);
}

/* A used descriptor that the device wrote nothing for has no WRITE flag. */
static void requests_of_every_shape(void **state)
{
    struct guest *g = guest_new(true, &block, false, GUEST_PACKED | GUEST_INDIRECT, SIZE);
    (void)state;
    for (uint32_t i = 0; i < 20; i++) {
        assert_int_equal(guest_request(g, 0, i, 1024, i & 1), 0);
        for (uint32_t b = 0; b < 1024; b++)
            assert_int_equal(bench_peek(&g->bench, GUEST_DATA + b, 1), g->disk[512 * i + b]);
        assert_int_equal(guest_request(g, 1, 100 + i, 1024, false), 0);
        assert_int_equal(bench_peek(&g->bench, GUEST_STATUS, 1), 0);
        assert_memory_equal(g->disk + 512 * i, g->disk + 512 * (100 + i), 1024);
    }
    guest_free(g);
}

/* [virtio Event Suppression Structure Format] */
static void flags_of_the_driver_area(void **state)
{
    struct guest *g = *state;
    bench_poke(&g->bench, GUEST_DRIVER + 2, 2, 1);
    guest_offer_data(g, 8);
    guest_kick(g);
    assert_int_equal(guest_interrupts(g), 0);
    bench_poke(&g->bench, GUEST_DRIVER + 2, 2, 0);
    guest_offer_data(g, 8);
    guest_kick(g);
    assert_int_equal(guest_interrupts(g), 1);
}

static void notify_at(struct guest *g, uint32_t position, bool wrap)
{
    bench_poke(&g->bench, GUEST_DRIVER, 2, position | (wrap ? 0x8000 : 0));
    bench_poke(&g->bench, GUEST_DRIVER + 2, 2, 2);
}

static void at_a_descriptor(void **state)
{
    struct guest *g = *state;
    notify_at(g, 3, true);
    for (uint32_t i = 0; i < SIZE; i++) {
        guest_offer_data(g, 8);
        guest_kick(g);
        assert_int_equal(guest_interrupts(g), i >= 3);
        advance(g, 1);
    }
    notify_at(g, 1, false);
    for (uint32_t i = 0; i < SIZE; i++) {
        guest_offer_data(g, 8);
        guest_kick(g);
        assert_int_equal(guest_interrupts(g), i >= 1 ? 2 : 1);
    }
}

/* A chain that goes across the end of the ring contains positions on both rounds. */
static void at_a_descriptor_across_the_end(void **state)
{
    struct guest *g = *state;
    const struct guest_desc descs[] = {
        {GUEST_DATA, 1, true}, {GUEST_DATA, 1, true}, {GUEST_DATA, 1, true}};
    notify_at(g, 6, true);
    for (uint32_t i = 0; i < 5; i++)
        guest_offer_data(g, 1);
    guest_kick(g);
    assert_int_equal(guest_interrupts(g), 0);
    guest_offer(g, descs, 3, false);
    guest_kick(g);
    assert_int_equal(guest_interrupts(g), 1);
    notify_at(g, 2, false);
    guest_offer_data(g, 1);
    guest_kick(g);
    assert_int_equal(guest_interrupts(g), 1);
    guest_offer_data(g, 1);
    guest_kick(g);
    assert_int_equal(guest_interrupts(g), 2);
}

static void tells_the_driver_when_to_notify(void **state)
{
    struct guest *g = *state;
    for (uint32_t i = 0; i < 3; i++)
        guest_offer_data(g, 1);
    guest_kick(g);
    assert_int_equal(bench_peek(&g->bench, GUEST_DEVICE, 4), 2u << 16 | 0x8000 | 3);
    for (uint32_t i = 0; i < 5; i++)
        guest_offer_data(g, 1);
    guest_kick(g);
    assert_int_equal(bench_peek(&g->bench, GUEST_DEVICE, 4), 2u << 16 | 1);
}

/* A buffer that comes after the device has found nothing, but before the driver can know from which
 * buffer on to notify: it is served, and the next one is asked for again. */
static void a_buffer_in_the_last_moment(void **state)
{
    struct guest *g = *state;
    uint32_t id, written;
    uint64_t reads = g->bench.num_reads;
    g->bench.latency = 50000;
    guest_offer_data(g, 8);
    guest_write(g, GUEST_NOTIFY, 2, 0);
    while (g->bench.num_reads < reads + 3) /* the last one finds nothing */
        bench_run(&g->bench, 1000);
    guest_offer_data(g, 8);
    assert_true(bench_settle(&g->bench, 1000));
    assert_true(guest_take(g, &id, &written));
    advance(g, 1);
    assert_true(guest_take(g, &id, &written));
    assert_int_equal(bench_peek(&g->bench, GUEST_DEVICE, 2), 0x8000 | 2);
}

static void poke_desc(struct guest *g, uint64_t at, uint64_t addr, uint32_t size, uint32_t flags)
{
    bench_poke(&g->bench, at, 8, addr);
    bench_poke(&g->bench, at + 8, 4, size);
    bench_poke(&g->bench, at + 14, 2, flags);
}

static void broken_chains_need_a_reset(void **state)
{
    struct guest *g = *state;
    static const struct {
        uint64_t addr;
        uint32_t size, first, others, table;
    } rows[] = {
        {GUEST_DATA, 1, NEXT | WRITE, NEXT | WRITE, 0}, /* no end */
        {GUEST_DATA, 1, NEXT | WRITE, 0, 0},            /* order */
        {GUEST_TABLE, 16, INDIRECT | NEXT, WRITE, WRITE},
        {GUEST_TABLE, 16, NEXT | WRITE, INDIRECT, WRITE}, /* a table inside a chain */
        {GUEST_TABLE, 15, INDIRECT, 0, WRITE},
        {GUEST_TABLE, 0, INDIRECT, 0, WRITE},
        {GUEST_TABLE, 128, INDIRECT, 0, WRITE}, /* more than the ring has */
        {GUEST_TABLE, 16, INDIRECT, 0, INDIRECT},
        {UINT64_MAX, 2, WRITE, 0, 0},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        guest_start(g, VD_BIT(29), SIZE);
        bench_forget(&g->bench);
        for (uint32_t d = SIZE; d-- > 0;)
            poke_desc(g, GUEST_DESC + 16 * d, rows[i].addr, rows[i].size,
                      AVAIL | (d ? rows[i].others : rows[i].first));
        poke_desc(g, GUEST_TABLE, GUEST_DATA, 1, rows[i].table);
        guest_kick(g);
        assert_int_equal(guest_status(g), 15 | 64);
        assert_int_equal(guest_interrupts(g), 1);
    }
    guest_start(g, VD_BIT(29), SIZE);
    guest_offer_data(g, 8);
    guest_kick(g);
    assert_int_equal(guest_status(g), 15);
}

/* One write makes a descriptor used: its flags are never there before its length. */
static void a_used_descriptor_is_one_write(void **state)
{
    struct guest *g = *state;
    uint32_t ring_writes = 0;
    bench_forget(&g->bench);
    guest_offer_data(g, 8);
    guest_kick(g);
    for (uint32_t i = 0; i < g->bench.num_writes; i++) {
        const struct vd_txn *txn = &g->bench.writes[i];
        ring_writes += txn->addr >= GUEST_DESC && txn->addr < GUEST_DRIVER;
    }
    assert_int_equal(ring_writes, 1);
    assert_int_equal(bench_peek(&g->bench, GUEST_DESC + 14, 2), AVAIL | USED | WRITE);
}

static void with_latency(void **state)
{
    struct guest *g = *state;
    uint32_t id, written;
    g->bench.latency = 50000;
    for (uint32_t i = 0; i < 30; i++) {
        guest_offer_data(g, 700);
        guest_kick(g);
        assert_true(guest_take(g, &id, &written));
        assert_int_equal(written, 700);
        advance(g, 1);
    }
}

#define RULE(name)  cmocka_unit_test_setup_teardown(name, setup, guest_teardown)
#define EVENT(name) cmocka_unit_test_setup_teardown(name, setup_event, guest_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RULE(wraps_around),
        RULE(a_full_queue_at_once),
        cmocka_unit_test(requests_of_every_shape),
        RULE(flags_of_the_driver_area),
        EVENT(at_a_descriptor),
        EVENT(at_a_descriptor_across_the_end),
        EVENT(tells_the_driver_when_to_notify),
        EVENT(a_buffer_in_the_last_moment),
        RULE(broken_chains_need_a_reset),
        RULE(a_used_descriptor_is_one_write),
        RULE(with_latency),
        EVENT(with_latency),
    };
    return cmocka_run_group_tests_name("virtio-packed", tests, NULL, NULL);
}
