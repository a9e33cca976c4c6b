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
    .type = VIRTIO_BLOCK, .queue_size = 16, .packed = true, .cycle_ps = 1000};

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

/* Where the n-th vendor-specific capability is. */
static uint32_t capability(struct guest *g, uint32_t n)
{
    uint32_t at = guest_config_read(g, 0x34, 1);
    while (at) {
        if (guest_config_read(g, at, 1) == 0x09 && n-- == 0)
            return at;
        at = guest_config_read(g, at + 1, 1);
    }
    return 0;
}

/* [virtio PCI Device Discovery] [virtio Virtio Structure PCI Capabilities] */
static void capabilities(void **state)
{
    struct guest *g = *state;
    static const uint32_t rows[][4] = {
        {16, 1, 0x0000, 64}, {20, 2, 0x3000, 4}, {16, 3, 0x1000, 1},
        {16, 4, 0x2000, 64}, {20, 5, 0, 0},
    };
    assert_int_equal(guest_config_read(g, 0, 4), 0x10421af4);
    assert_int_equal(guest_config_read(g, 8, 4), 0x01000001);
    for (uint32_t i = 0; i < 5; i++) {
        uint32_t at = capability(g, i);
        assert_true(at >= 0x40 && at % 4 == 0);
        assert_int_equal(guest_config_read(g, at + 2, 1), rows[i][0]);
        assert_int_equal(guest_config_read(g, at + 3, 1), rows[i][1]);
        assert_int_equal(guest_config_read(g, at + 4, 1), i < 4 ? 4 : 0);
        assert_int_equal(guest_config_read(g, at + 8, 4), rows[i][2]);
        assert_int_equal(guest_config_read(g, at + 12, 4), rows[i][3]);
    }
    assert_int_equal(guest_config_read(g, capability(g, 1) + 16, 4), 4);
    assert_int_equal(capability(g, 5), 0);
    uint32_t common = capability(g, 0);
    guest_config_write(g, common + 8, 4, UINT32_MAX);
    assert_int_equal(guest_config_read(g, common + 8, 4), 0);
}

/* [virtio PCI configuration access capability] */
static void configuration_access(void **state)
{
    struct guest *g = *state;
    uint32_t at = capability(g, 4);
    guest_config_write(g, at + 4, 1, 4);
    guest_config_write(g, at + 12, 4, 1);
    guest_config_write(g, at + 8, 4, 20);
    assert_int_equal(guest_config_read(g, at + 16, 1), 15);
    guest_config_write(g, at + 16, 1, 0);
    assert_int_equal(guest_status(g), 0);
    guest_config_write(g, at + 8, 4, 0x2000);
    guest_config_write(g, at + 12, 4, 4);
    assert_int_equal(guest_config_read(g, at + 16, 4), GUEST_DISK / 512);
    /* Nothing is read where no region is. */
    guest_config_write(g, at + 8, 4, 0x4000);
    guest_config_write(g, at + 16, 4, 0x1234);
    assert_int_equal(guest_config_read(g, at + 16, 4), 0x1234);
}

/* [virtio Feature Bits] */
static void features(void **state)
{
    struct guest *g = *state;
    guest_set_status(g, 0);
    guest_set_status(g, 3);
    guest_write(g, 0, 4, 1);
    assert_int_equal(guest_read(g, 4, 4), 7); /* VERSION_1, ACCESS_PLATFORM, RING_PACKED */
    guest_write(g, 0, 4, 2);
    assert_int_equal(guest_read(g, 4, 4), 0);
    guest_set_status(g, 11); /* without VERSION_1 */
    assert_int_equal(guest_status(g), 3);
    guest_write(g, 8, 4, 1);
    guest_write(g, 12, 4, 0x81); /* a bit that is not offered */
    guest_set_status(g, 11);
    assert_int_equal(guest_status(g), 3);
    guest_write(g, 12, 4, 1);
    guest_set_status(g, 11);
    assert_int_equal(guest_status(g), 11);
    guest_write(g, 12, 4, 3); /* too late */
    assert_int_equal(guest_read(g, 12, 4), 1);
}

static void common_configuration(void **state)
{
    struct guest *g = *state;
    assert_int_equal(guest_read(g, 18, 2), 1);
    assert_int_equal(guest_read(g, 24, 2), 16);
    assert_int_equal(guest_read(g, 32, 8), GUEST_DESC);
    assert_int_equal(guest_read(g, 36, 4), 0);
    guest_write(g, 32, 8, 0); /* while the queue is enabled */
    guest_write(g, 24, 2, 4);
    assert_int_equal(guest_read(g, 32, 8), GUEST_DESC);
    assert_int_equal(guest_read(g, 24, 2), 16);
    guest_write(g, 22, 2, 1);
    assert_int_equal(guest_read(g, 24, 2), 0);
    assert_int_equal(guest_read(g, 26, 2), 0xffff);
    guest_write(g, 28, 2, 1);
    assert_int_equal(guest_read(g, 28, 2), 0);
    guest_set_status(g, 0);
    assert_int_equal(guest_read(g, 22, 2), 0);
    assert_int_equal(guest_read(g, 28, 2), 0);
    assert_int_equal(guest_read(g, 24, 2), 16);
    assert_int_equal(guest_read(g, 26, 2), 0xffff);
    assert_int_equal(guest_read(g, 16, 2), 0xffff);
    /* Another width than the field's. */
    assert_int_equal(guest_read(g, 24, 1), 0);
    assert_int_equal(guest_access(g, VD_READ, 1, 4), VD_DENIED);
}

static void illegal_queues_stay_off(void **state)
{
    struct guest *g = *state;
    static const struct {
        uint32_t size;
        uint64_t desc, driver, device;
    } rows[] = {{0, 0, 0, 0}, {12, 0, 0, 0}, {32, 0, 0, 0},
                {8, 8, 0, 0}, {8, 0, 1, 0},  {8, 0, 0, 2}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        guest_set_status(g, 0);
        guest_write(g, 24, 2, rows[i].size);
        guest_write(g, 32, 8, rows[i].desc);
        guest_write(g, 40, 8, rows[i].driver);
        guest_write(g, 48, 8, rows[i].device);
        guest_write(g, 28, 2, 1);
        assert_int_equal(guest_read(g, 28, 2), 0);
    }
}

/* [virtio MSI-X Vector Configuration] */
static void vectors(void **state)
{
    struct guest *g = *state;
    guest_write(g, 26, 2, 2);
    assert_int_equal(guest_read(g, 26, 2), 0xffff);
    guest_request(g, 4, 0, 0, false);
    assert_int_equal(guest_interrupts(g), 0);
    guest_write(g, 26, 2, 0);
    assert_int_equal(guest_read(g, 26, 2), 0);
    guest_start(g, VD_BIT(34) | VD_BIT(29), 16);
    guest_request(g, 4, 0, 0, false);
    assert_int_equal(guest_interrupts(g), 1);
    assert_int_equal(bench_record(&g->bench, VD_REC_msi_issue, 0)->b, 101);
    assert_int_equal(guest_read(g, GUEST_ISR, 1), 0);
}

/* [virtio ISR status capability] Without MSI-X: a level that reading takes back. */
static void interrupt_pin(void **state)
{
    struct guest *g = *state;
    guest_start(g, VD_BIT(34) | VD_BIT(29), 16);
    guest_config_write(g, 0x92, 2, 0);
    guest_request(g, 4, 0, 0, false);
    assert_int_equal(guest_interrupts(g), 0);
    assert_true(g->bench.lines[1]);
    assert_int_equal(guest_read(g, GUEST_ISR, 1), 1);
    assert_false(g->bench.lines[1]);
    assert_int_equal(guest_read(g, GUEST_ISR, 1), 0);
    bench_poke(&g->bench, GUEST_DRIVER + 2, 2, 500);
    guest_kick(g);
    assert_int_equal(guest_read(g, GUEST_ISR, 1), 2);
}

/* Buffers are not looked at before DRIVER_OK. */
static void nothing_before_driver_ok(void **state)
{
    struct guest *g = *state;
    const struct guest_desc desc = {GUEST_DATA, 8, true};
    uint64_t reads;
    guest_set_status(g, 0);
    guest_write(g, 32, 8, GUEST_DESC);
    guest_write(g, 40, 8, GUEST_DRIVER);
    guest_write(g, 48, 8, GUEST_DEVICE);
    guest_write(g, 28, 2, 1);
    assert_int_equal(guest_read(g, 28, 2), 1);
    guest_offer(g, &desc, 1, false);
    reads = g->bench.num_reads;
    guest_kick(g);
    guest_write(g, GUEST_NOTIFY + 4, 2, 1);
    assert_int_equal(g->bench.num_reads, reads);
}

/* DMA needs bus mastering: without it the device cannot even read its ring. */
static void bus_mastering_off(void **state)
{
    struct guest *g = *state;
    guest_config_write(g, 0x04, 2, 0x0002);
    guest_kick(g);
    assert_int_equal(guest_status(g), 15 | 64);
}

static void function_level_reset(void **state)
{
    struct guest *g = *state;
    guest_config_write(g, 0x58, 2, 0x8000);
    guest_config_write(g, 0x20, 4, GUEST_BAR4);
    guest_config_write(g, 0x04, 2, 0x0006);
    assert_int_equal(guest_status(g), 0);
}

static void create_refuses(void **state)
{
    struct guest *g = *state;
    struct vd_error err;
    struct virtio_config config = block;
    config.queue_size = 12;
    assert_null(virtio_pci_create(&config, NULL, &g->bench.host, &err));
    config = block;
    assert_null(virtio_pci_create(&config, NULL, &g->bench.host, &err));
    assert_non_null(strstr(err.text, "needs a disk"));
    config.type = 9;
    assert_null(virtio_pci_create(&config, NULL, &g->bench.host, &err));
}

#define RULE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RULE(capabilities),         RULE(configuration_access),     RULE(features),
        RULE(common_configuration), RULE(illegal_queues_stay_off),  RULE(vectors),
        RULE(interrupt_pin),        RULE(nothing_before_driver_ok), RULE(bus_mastering_off),
        RULE(function_level_reset), RULE(create_refuses),
    };
    return cmocka_run_group_tests_name("virtio-pci", tests, NULL, NULL);
}
