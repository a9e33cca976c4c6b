/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "viaduct/bits.h"
#include "virtio/guest.h"

static const struct virtio_config block = {
    .type = VIRTIO_BLOCK, .queue_size = 16, .packed = true, .index = 3, .cycle_ps = 1000};
static const struct virtio_config entropy = {
    .type = VIRTIO_ENTROPY, .queue_size = 16, .packed = true, .seed = 5, .cycle_ps = 1000};

static int setup(void **state)
{
    *state = guest_new(false, &block, false, 0, 16);
    return 0;
}

static int teardown(void **state)
{
    guest_free(*state);
    return 0;
}

/* [virtio MMIO Device Register Layout] */
static void registers_follow_their_table(void **state)
{
    struct guest *g = *state;
    uint32_t count;
    const struct vd_reg *regs = virtio_mmio_regs(&count);
    for (uint32_t i = 0; i < count; i++) {
        assert_int_equal(guest_access(g, VD_READ, regs[i].offset, 1), VD_DENIED);
        assert_int_equal(guest_access(g, VD_READ, regs[i].offset, 2), VD_DENIED);
        if (regs[i].fields[0].access == VD_WO)
            assert_int_equal(guest_read(g, regs[i].offset, 4), 0);
        if (regs[i].fields[0].access == VD_RO) {
            uint64_t before = guest_read(g, regs[i].offset, 4);
            guest_write(g, regs[i].offset, 4, ~before);
            assert_int_equal(guest_read(g, regs[i].offset, 4), before);
        }
    }
    assert_int_equal(guest_read(g, 0, 4), 0x74726976);
    assert_int_equal(guest_read(g, 4, 4), 2);
    assert_int_equal(guest_read(g, 8, 4), VIRTIO_BLOCK);
    assert_int_equal(guest_read(g, 0x34, 4), 16);
    assert_int_equal(guest_read(g, 0xb0, 4), UINT32_MAX);
    assert_int_equal(guest_read(g, 0xf0, 4), 0);
    assert_int_equal(guest_read(g, 0x100, 4), GUEST_DISK / 512);
    assert_int_equal(guest_read(g, 0x101, 1), GUEST_DISK / 512 >> 8);
    assert_int_equal(guest_access(g, VD_READ, VIRTIO_MMIO_SIZE, 4), VD_DENIED);
    guest_write(g, 0x30, 4, 1);
    assert_int_equal(guest_read(g, 0x34, 4), 0);
    guest_write(g, 0x14, 4, 1);
    assert_int_equal(guest_read(g, 0x10, 4), 5); /* memory is reached directly */
}

static void requests_and_interrupts(void **state)
{
    struct guest *g = *state;
    assert_int_equal(guest_request(g, 0, 3, 1024, false), 0);
    for (uint32_t i = 0; i < 1024; i++)
        assert_int_equal(bench_peek(&g->bench, GUEST_DATA + i, 1), g->disk[3 * 512 + i]);
    assert_true(g->bench.lines[0]);
    assert_int_equal(guest_read(g, 0x60, 4), 1);
    guest_write(g, 0x64, 4, 2);
    assert_true(g->bench.lines[0]);
    guest_write(g, 0x64, 4, 1);
    assert_false(g->bench.lines[0]);
    assert_int_equal(g->bench.writes[0].requester, VD_REQUESTER_BOARD(3));
    bench_poke(&g->bench, GUEST_DRIVER + 2, 2, 500);
    guest_kick(g);
    assert_int_equal(guest_read(g, 0x60, 4), 2);
    guest_set_status(g, 0);
    assert_false(g->bench.lines[0]);
    assert_int_equal(guest_read(g, 0x44, 4), 0);
}

/* The device does not touch a queue that is not ready, even in the middle of its work. */
static void queue_ready_stops(void **state)
{
    struct guest *g = *state;
    const struct guest_desc descs[] = {{GUEST_HEADER, 16, false}, {GUEST_DATA, 513, true}};
    g->bench.latency = 50000;
    guest_offer(g, descs, 2, false);
    guest_write(g, 0x50, 4, 0);
    bench_run(&g->bench, 120000);
    assert_false(virtio_mmio_idle(g->mmio));
    guest_write(g, 0x44, 4, 0);
    assert_int_equal(guest_read(g, 0x44, 4), 0);
    uint64_t reads = g->bench.num_reads;
    bench_settle(&g->bench, 1000);
    assert_in_range(g->bench.num_reads, reads, reads + 1); /* what was on its way */
    assert_int_equal(bench_peek(&g->bench, GUEST_DEVICE + 2, 2), 0);
    assert_true(virtio_mmio_idle(g->mmio));
    g->bench.latency = 0;
    guest_start(g, VD_BIT(34), 16);
    assert_int_equal(guest_request(g, 0, 3, 512, false), 0);
}

/* [virtio Entropy Device] The same seed gives the same bytes; another run of the driver others. */
static void entropy_from_the_seed(void **state)
{
    struct virtio_config other = entropy;
    (void)state;
    other.seed = 6;
    const struct virtio_config *configs[] = {&entropy, &entropy, &other};
    uint64_t words[3][2];
    for (uint32_t i = 0; i < 3; i++) {
        struct guest *g = guest_new(false, configs[i], false, 0, 16);
        const struct guest_desc desc = {GUEST_DATA, 64, true};
        for (uint32_t r = 0; r < 2; r++) {
            guest_offer(g, &desc, 1, false);
            guest_kick(g);
            words[i][r] = bench_peek(&g->bench, GUEST_DATA, 8);
            guest_start(g, VD_BIT(34), 16);
        }
        virtio_mmio_reset(g->mmio);
        guest_start(g, VD_BIT(34) | VD_BIT(29), 16);
        guest_offer(g, &desc, 1, false);
        guest_kick(g);
        assert_int_equal(bench_peek(&g->bench, GUEST_DATA, 8), words[i][0]);
        guest_free(g);
    }
    assert_int_equal(words[0][0], words[1][0]);
    assert_int_equal(words[0][1], words[1][1]);
    assert_int_not_equal(words[0][0], words[0][1]);
    assert_int_not_equal(words[0][0], words[2][0]);
}

static void nothing_for_entropy_to_read(void **state)
{
    struct guest *g = guest_new(false, &entropy, false, 0, 16);
    const struct guest_desc descs[] = {{GUEST_DATA, 8, false}, {GUEST_DATA, 8, true}};
    (void)state;
    guest_offer(g, descs, 2, false);
    guest_kick(g);
    assert_int_equal(guest_status(g), 15 | 64);
    guest_free(g);
}

static void snapshot(void **state)
{
    struct guest *g = *state;
    size_t size = virtio_mmio_save(g->mmio, NULL, 0);
    void *copy = malloc(size);
    guest_request(g, 4, 0, 0, false);
    virtio_mmio_save(g->mmio, copy, size);
    virtio_mmio_reset(g->mmio);
    assert_int_equal(guest_status(g), 0);
    assert_true(virtio_mmio_restore(g->mmio, copy, size));
    assert_int_equal(guest_status(g), 15);
    assert_int_equal(guest_read(g, 0x60, 4), 1);
    memset(copy, 0xff, 64);
    assert_false(virtio_mmio_restore(g->mmio, copy, size));
    free(copy);
}

#define RULE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RULE(registers_follow_their_table),
        RULE(requests_and_interrupts),
        RULE(queue_ready_stops),
        cmocka_unit_test(entropy_from_the_seed),
        cmocka_unit_test(nothing_for_entropy_to_read),
        RULE(snapshot),
    };
    return cmocka_run_group_tests_name("virtio-mmio", tests, NULL, NULL);
}
