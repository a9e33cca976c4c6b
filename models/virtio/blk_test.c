/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "virtio/guest.h"

enum { IN = 0, OUT = 1, FLUSH = 4, GET_ID = 8, DISCARD = 11, WRITE_ZEROES = 13 };
enum { OK, IOERR, UNSUPP };

static const struct virtio_config block = {.type = VIRTIO_BLOCK,
                                           .queue_size = 16,
                                           .packed = true,
                                           .serial = "serial-0123456789ab",
                                           .cycle_ps = 1000};

static int setup(void **state)
{
    *state = guest_new(true, &block, false, GUEST_EVENT_IDX | GUEST_INDIRECT, 16);
    return 0;
}

static int teardown(void **state)
{
    guest_free(*state);
    return 0;
}

static void check_memory(struct guest *g, uint64_t offset, uint32_t size)
{
    for (uint32_t i = 0; i < size; i++)
        assert_int_equal(bench_peek(&g->bench, GUEST_DATA + i, 1), g->disk[offset + i]);
}

static void in_and_out(void **state)
{
    struct guest *g = *state;
    assert_int_equal(guest_request(g, IN, 7, 4096, false), OK);
    check_memory(g, 7 * 512, 4096);
    for (uint32_t i = 0; i < 8192; i++)
        bench_poke(&g->bench, GUEST_DATA + i, 1, i % 251);
    assert_int_equal(guest_request(g, OUT, 20, 8192, true), OK);
    check_memory(g, 20 * 512, 8192);
    assert_int_equal(g->flushes, 0);
    assert_int_equal(guest_request(g, FLUSH, 0, 0, false), OK);
    assert_int_equal(g->flushes, 1);
    assert_memory_equal(g->durable + 20 * 512, g->disk + 20 * 512, 8192);
}

/* Longer than the device's buffer, at both ends of the disk. */
static void long_requests(void **state)
{
    struct guest *g = *state;
    assert_int_equal(guest_request(g, IN, 0, 200 * 1024, true), OK);
    check_memory(g, 0, 200 * 1024);
    assert_int_equal(guest_request(g, OUT, (GUEST_DISK - 200 * 1024) / 512, 200 * 1024, false), OK);
    assert_memory_equal(g->disk, g->disk + GUEST_DISK - 200 * 1024, 200 * 1024);
    assert_int_equal(guest_request(g, IN, GUEST_DISK / 512 - 1, 512, false), OK);
    check_memory(g, GUEST_DISK - 512, 512);
}

static void ranges_off_the_disk_fail(void **state)
{
    struct guest *g = *state;
    static const struct {
        uint64_t sector;
        uint32_t size;
    } rows[] = {{GUEST_DISK / 512, 512},
                {GUEST_DISK / 512 - 1, 1024},
                {UINT64_MAX, 512},
                {UINT64_MAX / 512, 512},
                {1, 513},
                {0, 100},
                {UINT64_C(1) << 55, 1024}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(guest_request(g, IN, rows[i].sector, rows[i].size, false), IOERR);
        assert_int_equal(guest_request(g, OUT, rows[i].sector, rows[i].size, false), IOERR);
    }
    assert_int_equal(guest_status(g), 15);
}

static void identifies_itself(void **state)
{
    struct guest *g = *state;
    assert_int_equal(guest_request(g, GET_ID, 0, 20, false), OK);
    for (uint32_t i = 0; i < 20; i++)
        assert_int_equal(bench_peek(&g->bench, GUEST_DATA + i, 1), (uint8_t)block.serial[i]);
    assert_int_equal(guest_request(g, 99, 0, 20, false), UNSUPP);
    assert_int_equal(guest_read(g, GUEST_CONFIG, 8), GUEST_DISK / 512);
    assert_int_equal(guest_read(g, GUEST_CONFIG + 12, 4), 14);
    assert_int_equal(guest_read(g, GUEST_CONFIG + 20, 4), 512);
    assert_int_equal(guest_read(g, GUEST_CONFIG + 0x800, 4), 0);
}

static void range(struct guest *g, uint32_t index, uint64_t sector, uint32_t sectors,
                  uint32_t flags)
{
    uint64_t at = GUEST_DATA + 16 * (uint64_t)index;
    bench_poke(&g->bench, at, 8, sector);
    bench_poke(&g->bench, at + 8, 4, sectors);
    bench_poke(&g->bench, at + 12, 4, flags);
}

static bool zero(const struct guest *g, uint32_t sector, uint32_t sectors)
{
    for (uint32_t i = 0; i < 512 * sectors; i++)
        if (g->disk[512 * sector + i])
            return false;
    return true;
}

static void discard_and_write_zeroes(void **state)
{
    struct guest *g = *state;
    range(g, 0, 10, 2, 1);
    range(g, 1, 30, 3, 0);
    assert_int_equal(guest_request(g, WRITE_ZEROES, 0, 32, false), OK);
    assert_true(zero(g, 10, 2) && zero(g, 30, 3) && !zero(g, 12, 1) && !zero(g, 33, 1));
    range(g, 0, 50, 4, 0);
    assert_int_equal(guest_request(g, DISCARD, 0, 16, false), OK);
    assert_true(zero(g, 50, 4) && !zero(g, 54, 1));
    range(g, 0, 60, 4, 1);
    assert_int_equal(guest_request(g, DISCARD, 0, 16, false), UNSUPP);
    range(g, 0, 60, 4, 2);
    assert_int_equal(guest_request(g, WRITE_ZEROES, 0, 16, false), UNSUPP);
    range(g, 0, 60, 1, 0);
    range(g, 1, GUEST_DISK / 512, 1, 0);
    assert_int_equal(guest_request(g, WRITE_ZEROES, 0, 32, false), IOERR);
    assert_int_equal(guest_request(g, WRITE_ZEROES, 0, 24, false), IOERR);
    assert_false(zero(g, 60, 1));
}

static void a_failing_disk(void **state)
{
    struct guest *g = *state;
    g->disk_fails = true;
    assert_int_equal(guest_request(g, IN, 0, 512, false), IOERR);
    assert_int_equal(guest_request(g, OUT, 0, 512, false), IOERR);
    assert_int_equal(guest_request(g, FLUSH, 0, 0, false), IOERR);
    assert_int_equal(guest_request(g, DISCARD, 0, 16, false), OK + IOERR);
    g->disk_fails = false;
    assert_int_equal(guest_request(g, IN, 0, 512, false), OK);
}

static void read_only_disk(void **state)
{
    struct guest *g = guest_new(true, &block, true, 0, 16);
    (void)state;
    assert_int_equal(g->features >> 5 & 1, 1);
    assert_int_equal(g->features >> 11 & 1, 0);
    assert_int_equal(guest_request(g, IN, 0, 512, false), OK);
    memcpy(g->durable, g->disk, GUEST_DISK);
    assert_int_equal(guest_request(g, OUT, 0, 512, false), IOERR);
    assert_int_equal(guest_request(g, WRITE_ZEROES, 0, 16, false), IOERR);
    assert_memory_equal(g->durable, g->disk, GUEST_DISK);
    guest_free(g);
}

/* [virtio Block Device / Device Operation] A driver that knows no cache must not meet one. */
static void write_through(void **state)
{
    struct guest *g = *state;
    guest_start(g, UINT64_C(1) << 34 | 1 << 9 | 1 << 11, 16);
    assert_int_equal(guest_request(g, OUT, 5, 512, false), OK);
    assert_int_equal(g->flushes, 1);
    guest_start(g, UINT64_C(1) << 34, 16);
    assert_int_equal(guest_read(g, GUEST_CONFIG + 32, 1), 1);
    assert_int_equal(guest_request(g, OUT, 5, 512, false), OK);
    assert_int_equal(g->flushes, 1);
    guest_write(g, GUEST_CONFIG + 32, 1, 0);
    assert_int_equal(guest_read(g, GUEST_CONFIG + 32, 1), 0);
    assert_int_equal(guest_request(g, OUT, 5, 512, false), OK);
    assert_int_equal(g->flushes, 2);
}

/* Neither the sizes nor the number of descriptors say where the parts of a request are. */
static void any_framing(void **state)
{
    struct guest *g = *state;
    const struct guest_desc descs[] = {
        {GUEST_HEADER, 3, false},    {GUEST_HEADER + 3, 13, false}, {GUEST_DATA, 1, true},
        {GUEST_DATA + 1, 500, true}, {GUEST_DATA + 501, 0, true},   {GUEST_DATA + 501, 12, true},
    };
    uint32_t id, written;
    bench_poke(&g->bench, GUEST_HEADER, 4, IN);
    bench_poke(&g->bench, GUEST_HEADER + 8, 8, 9);
    guest_offer(g, descs, 6, false);
    guest_kick(g);
    assert_true(guest_take(g, &id, &written));
    assert_int_equal(written, 513);
    check_memory(g, 9 * 512, 512);
    assert_int_equal(bench_peek(&g->bench, GUEST_DATA + 512, 1), OK);
}

/* What failed has not been written, so len does not cover it. */
static void used_length(void **state)
{
    struct guest *g = *state;
    const struct guest_desc descs[] = {{GUEST_HEADER, 16, false}, {GUEST_DATA, 513, true}};
    uint32_t id, written;
    bench_poke(&g->bench, GUEST_HEADER, 4, IN);
    bench_poke(&g->bench, GUEST_HEADER + 8, 8, GUEST_DISK / 512);
    guest_offer(g, descs, 2, false);
    guest_kick(g);
    assert_true(guest_take(g, &id, &written));
    assert_int_equal(written, 0);
    assert_int_equal(bench_peek(&g->bench, GUEST_DATA + 512, 1), IOERR);
}

static void no_room_for_an_answer(void **state)
{
    struct guest *g = *state;
    const struct guest_desc header[] = {{GUEST_HEADER, 15, false}, {GUEST_STATUS, 1, true}};
    const struct guest_desc status[] = {{GUEST_HEADER, 16, false}};
    guest_offer(g, header, 2, false);
    guest_kick(g);
    assert_int_equal(guest_status(g), 15 | 64);
    guest_start(g, UINT64_C(1) << 34, 16);
    guest_offer(g, status, 1, false);
    guest_kick(g);
    assert_int_equal(guest_status(g), 15 | 64);
    guest_start(g, UINT64_C(1) << 34, 16);
    assert_int_equal(guest_request(g, IN, 0, 512, false), OK);
}

/* Requests that memory does not answer end with an error, not with stale data. */
static void data_that_cannot_be_read(void **state)
{
    struct guest *g = *state;
    const struct guest_desc descs[] = {
        {GUEST_HEADER, 16, false}, {0x1000, 512, false}, {GUEST_STATUS, 1, true}};
    memcpy(g->durable, g->disk, GUEST_DISK);
    bench_poke(&g->bench, GUEST_HEADER, 4, OUT);
    bench_poke(&g->bench, GUEST_HEADER + 8, 8, 0);
    guest_offer(g, descs, 3, false);
    guest_kick(g);
    assert_int_equal(bench_peek(&g->bench, GUEST_STATUS, 1), IOERR);
    assert_memory_equal(g->durable, g->disk, GUEST_DISK);
}

static void latencies(void **state)
{
    struct virtio_config slow = block;
    (void)state;
    slow.request_cycles = 10;
    slow.read_cycles = 200;
    slow.write_cycles = 3000;
    slow.flush_cycles = 40000;
    struct guest *g = guest_new(true, &slow, false, 0, 16);
    vd_time start = g->bench.now;
    guest_request(g, IN, 0, 512, false);
    assert_int_equal(g->bench.now - start, 210000);
    start = g->bench.now;
    guest_request(g, OUT, 0, 512, false);
    assert_int_equal(g->bench.now - start, 3010000);
    start = g->bench.now; /* four pieces */
    guest_request(g, IN, 0, 200 * 1024, false);
    assert_int_equal(g->bench.now - start, 10000 + 4 * 200000);
    start = g->bench.now;
    guest_request(g, OUT, 0, 200 * 1024, false);
    assert_int_equal(g->bench.now - start, 10000 + 4 * 3000000);
    start = g->bench.now;
    guest_request(g, FLUSH, 0, 0, false);
    assert_int_equal(g->bench.now - start, 40010000);
    guest_free(g);
}

#define RULE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RULE(in_and_out),
        RULE(long_requests),
        RULE(identifies_itself),
        RULE(ranges_off_the_disk_fail),
        RULE(a_failing_disk),
        RULE(discard_and_write_zeroes),
        RULE(write_through),
        cmocka_unit_test(read_only_disk),
        RULE(any_framing),
        RULE(used_length),
        cmocka_unit_test(latencies),
        RULE(no_room_for_an_answer),
        RULE(data_that_cannot_be_read),
    };
    return cmocka_run_group_tests_name("virtio-blk", tests, NULL, NULL);
}
