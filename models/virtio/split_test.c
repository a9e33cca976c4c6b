/* SPDX-License-Identifier: BSD-2-Clause */
/* Both kinds of virtqueues share most tests: split_test.c runs them on split queues, packed_test.c
 * adds what only packed ones have. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "viaduct/bits.h"
#include "virtio/guest.h"

enum { NEXT = 1, WRITE = 2, INDIRECT = 4 };

static int setup(void **state)
{
    *state = guest_new(true, &guest_entropy, false, GUEST_INDIRECT, 8);
    return 0;
}

static int setup_event(void **state)
{
    *state = guest_new(true, &guest_entropy, false, GUEST_INDIRECT | GUEST_EVENT_IDX, 8);
    return 0;
}

static void wraps_around(void **state)
{
    struct guest *g = *state;
    uint32_t id, written;
    for (uint32_t i = 0; i < 70000; i++) {
        bench_forget(&g->bench);
        guest_offer_data(g, 8 + i % 8);
        guest_kick(g);
        assert_true(guest_take(g, &id, &written));
        assert_int_equal(id, i % 8);
        assert_int_equal(written, 8 + i % 8);
        assert_int_equal(guest_interrupts(g), 1);
    }
    assert_false(guest_take(g, &id, &written));
}

static void a_full_queue_at_once(void **state)
{
    struct guest *g = *state;
    uint32_t id, written;
    for (uint32_t i = 0; i < 8; i++)
        guest_offer_data(g, 1 + i);
    guest_kick(g);
    for (uint32_t i = 0; i < 8; i++) {
        assert_true(guest_take(g, &id, &written));
        assert_int_equal(id, i);
        assert_int_equal(written, 1 + i);
    }
    assert_int_equal(guest_interrupts(g), 8);
}

static void no_interrupt_flag(void **state)
{
    struct guest *g = *state;
    bench_poke(&g->bench, GUEST_DRIVER, 2, 1);
    guest_offer_data(g, 8);
    guest_kick(g);
    assert_int_equal(guest_interrupts(g), 0);
    bench_poke(&g->bench, GUEST_DRIVER, 2, 0);
    guest_offer_data(g, 8);
    guest_kick(g);
    assert_int_equal(guest_interrupts(g), 1);
}

/* [virtio Used Buffer Notification Suppression] */
static void used_event(void **state)
{
    struct guest *g = *state;
    bench_poke(&g->bench, GUEST_DRIVER + 4 + 2 * 8, 2, 2);
    bench_poke(&g->bench, GUEST_DRIVER, 2, 1); /* flags do not count */
    for (uint32_t i = 0; i < 5; i++) {
        guest_offer_data(g, 8);
        guest_kick(g);
        assert_int_equal(guest_interrupts(g), i >= 2);
    }
}

/* [virtio Available Buffer Notification Suppression] */
static void avail_event(void **state)
{
    struct guest *g = *state;
    guest_offer_data(g, 8);
    guest_offer_data(g, 8);
    guest_kick(g);
    assert_int_equal(bench_peek(&g->bench, GUEST_DEVICE + 4 + 8 * 8, 2), 2);
    guest_offer_data(g, 8);
    guest_kick(g);
    assert_int_equal(bench_peek(&g->bench, GUEST_DEVICE + 4 + 8 * 8, 2), 3);
    assert_int_equal(bench_peek(&g->bench, GUEST_DEVICE, 2), 0);
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
    while (g->bench.num_reads < reads + 5) /* the last one finds nothing */
        bench_run(&g->bench, 1000);
    guest_offer_data(g, 8);
    assert_true(bench_settle(&g->bench, 1000));
    assert_true(guest_take(g, &id, &written));
    assert_true(guest_take(g, &id, &written));
    assert_int_equal(bench_peek(&g->bench, GUEST_DEVICE + 4 + 8 * 8, 2), 2);
}

static void indirect_tables(void **state)
{
    struct guest *g = *state;
    const struct guest_desc descs[] = {
        {GUEST_DATA, 10, true}, {GUEST_DATA + 100, 20, true}, {GUEST_DATA + 200, 30, true}};
    uint32_t id, written;
    guest_offer(g, descs, 3, true);
    guest_kick(g);
    assert_true(guest_take(g, &id, &written));
    assert_int_equal(written, 60);
    assert_int_equal(bench_peek(&g->bench, GUEST_DATA + 10, 8), 0);
    assert_int_not_equal(bench_peek(&g->bench, GUEST_DATA + 200, 8), 0);
}

/* [virtio Indirect Descriptors] Normal descriptors may come before the table. */
static void table_at_the_end_of_a_chain(void **state)
{
    struct guest *g = *state;
    const struct guest_desc descs[] = {{GUEST_DATA, 10, true}, {GUEST_TABLE, 16, false}};
    uint32_t id, written;
    bench_poke(&g->bench, GUEST_TABLE, 8, GUEST_DATA + 100);
    bench_poke(&g->bench, GUEST_TABLE + 8, 8, UINT64_C(2) << 32 | 20);
    guest_offer(g, descs, 2, false);
    guest_kick(g);
    assert_true(guest_take(g, &id, &written));
    assert_int_equal(written, 30);
}

static void poke_desc(struct guest *g, uint64_t table, uint32_t index, uint64_t addr, uint32_t size,
                      uint32_t flags, uint32_t next)
{
    bench_poke(&g->bench, table + 16 * index, 8, addr);
    bench_poke(&g->bench, table + 16 * index + 8, 4, size);
    bench_poke(&g->bench, table + 16 * index + 12, 2, flags);
    bench_poke(&g->bench, table + 16 * index + 14, 2, next);
}

static void offer_head(struct guest *g, uint32_t head)
{
    bench_poke(&g->bench, GUEST_DRIVER + 4, 2, head);
    bench_poke(&g->bench, GUEST_DRIVER + 2, 2, 1);
}

/* What a driver may not do: the device stops, says so, and works again after a reset. */
static void broken_chains_need_a_reset(void **state)
{
    struct guest *g = *state;
    static const struct {
        uint32_t head;
        struct {
            uint64_t addr;
            uint32_t size, flags, next;
        } ring[2], table[2];
    } rows[] = {
        {8, {{0, 0, 0, 0}}, {{0, 0, 0, 0}}},                     /* head off the table */
        {0, {{GUEST_DATA, 1, WRITE | NEXT, 8}}, {{0, 0, 0, 0}}}, /* next off the table */
        {0, {{GUEST_DATA, 1, WRITE | NEXT, 0}}, {{0, 0, 0, 0}}}, /* a loop */
        {0, {{GUEST_DATA, 1, WRITE | NEXT, 1}, {GUEST_DATA, 1, 0, 0}}, {{0, 0, 0, 0}}}, /* order */
        {0, {{UINT64_MAX, 2, WRITE, 0}}, {{0, 0, 0, 0}}}, /* wraps around */
        {0, {{GUEST_TABLE, 16, INDIRECT | NEXT, 1}}, {{GUEST_DATA, 1, WRITE, 0}}},
        {0, {{GUEST_TABLE, 17, INDIRECT, 0}}, {{GUEST_DATA, 1, WRITE, 0}}},
        {0, {{GUEST_TABLE, 0, INDIRECT, 0}}, {{GUEST_DATA, 1, WRITE, 0}}},
        {0, {{GUEST_TABLE, 16 * 9, INDIRECT, 0}}, {{GUEST_DATA, 1, WRITE, 0}}},
        {0, {{GUEST_TABLE, 16, INDIRECT, 0}}, {{GUEST_TABLE, 16, INDIRECT, 0}}},
        {0, {{GUEST_TABLE, 16, INDIRECT, 0}}, {{GUEST_DATA, 1, WRITE | NEXT, 1}}},
        {0, {{GUEST_TABLE, 32, INDIRECT, 0}}, {{GUEST_DATA, 1, WRITE | NEXT, 0}}},
        {0, {{0x1000, 16, INDIRECT, 0}}, {{0, 0, 0, 0}}}, /* a table where no memory is */
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        guest_start(g, VD_BIT(34) | VD_BIT(29), 8);
        bench_forget(&g->bench);
        for (uint32_t d = 0; d < 2; d++) {
            poke_desc(g, GUEST_DESC, d, rows[i].ring[d].addr, rows[i].ring[d].size,
                      rows[i].ring[d].flags, rows[i].ring[d].next);
            poke_desc(g, GUEST_TABLE, d, rows[i].table[d].addr, rows[i].table[d].size,
                      rows[i].table[d].flags, rows[i].table[d].next);
        }
        offer_head(g, rows[i].head);
        guest_kick(g);
        assert_int_equal(guest_status(g), 15 | 64);
        assert_int_equal(bench_peek(&g->bench, GUEST_DEVICE + 2, 2), 0);
        assert_int_equal(guest_interrupts(g), 1);
        assert_int_equal(bench_record(&g->bench, VD_REC_msi_issue, 0)->b, 100);
        guest_kick(g);
        assert_int_equal(guest_interrupts(g), 1);
    }
    guest_start(g, VD_BIT(34) | VD_BIT(29), 8);
    guest_offer_data(g, 8);
    guest_kick(g);
    assert_int_equal(guest_status(g), 15);
    assert_int_equal(guest_interrupts(g), 2);
}

static void too_many_buffers(void **state)
{
    struct guest *g = *state;
    bench_poke(&g->bench, GUEST_DRIVER + 2, 2, 9);
    guest_kick(g);
    assert_int_equal(guest_status(g), 15 | 64);
}

static void tables_need_their_feature(void **state)
{
    struct guest *g = *state;
    const struct guest_desc desc = {GUEST_DATA, 8, true};
    guest_start(g, VD_BIT(34) | VD_BIT(28), 8);
    guest_offer(g, &desc, 1, true);
    guest_kick(g);
    assert_int_equal(guest_status(g), 15 | 64);
}

/* A ring that memory does not answer for. */
static void lost_rings(void **state)
{
    struct guest *g = *state;
    for (uint32_t i = 1; i <= 4; i++) {
        guest_start(g, VD_BIT(34) | VD_BIT(29), 8);
        guest_offer_data(g, 8);
        g->bench.fail_in = i == 4 ? 7 : i;
        g->bench.fail_with = VD_UNSUPPORTED;
        guest_kick(g);
        g->bench.fail_in = 0;
        assert_int_equal(guest_status(g), 15 | 64);
    }
}

/* The device works the same when memory takes its time, and a notification never overtakes what it
 * is about. */
static void with_latency(void **state)
{
    struct guest *g = *state;
    uint32_t id, written;
    g->bench.latency = 50000;
    for (uint32_t i = 0; i < 20; i++) {
        guest_offer_data(g, 3000);
        guest_offer_data(g, 3000);
        guest_kick(g);
        assert_true(guest_take(g, &id, &written));
        assert_int_equal(written, 3000);
        assert_true(guest_take(g, &id, &written));
    }
    uint32_t index = 0, interrupts = 0;
    for (uint32_t i = 0; i < g->bench.num_writes; i++) {
        const struct vd_txn *txn = &g->bench.writes[i];
        index += txn->addr == GUEST_DEVICE + 2;
        interrupts += txn->serial != 0;
        assert_true(interrupts <= index);
    }
    assert_true(interrupts > 0);
}

static void a_reset_abandons_what_is_under_way(void **state)
{
    struct guest *g = *state;
    g->bench.latency = 50000;
    guest_offer_data(g, 3000);
    guest_write(g, GUEST_NOTIFY, 2, 0);
    bench_run(&g->bench, 175000);
    assert_false(virtio_pci_idle(g->pci));
    guest_set_status(g, 0);
    assert_true(virtio_pci_idle(g->pci));
    bench_settle(&g->bench, 10000);
    assert_int_equal(guest_interrupts(g), 0);
    assert_int_equal(guest_status(g), 0);
}

static void snapshots_go_on(void **state)
{
    struct guest *g = *state;
    size_t size = virtio_pci_save(g->pci, NULL, 0);
    void *early = malloc(size), *late = malloc(size), *again = malloc(size);
    g->bench.latency = 50000;
    guest_offer_data(g, 3000);
    virtio_pci_save(g->pci, early, size);
    guest_kick(g);
    virtio_pci_save(g->pci, late, size);
    assert_true(virtio_pci_restore(g->pci, early, size));
    assert_false(virtio_pci_restore(g->pci, early, size - 1));
    guest_kick(g);
    virtio_pci_save(g->pci, again, size);
    struct guest *other = guest_new(true, &guest_entropy, false, GUEST_INDIRECT, 8);
    assert_true(virtio_pci_restore(other->pci, late, size));
    assert_int_equal(guest_status(other), 15);
    guest_free(other);
    free(early);
    free(late);
    free(again);
}

#define RULE(name)  cmocka_unit_test_setup_teardown(name, setup, guest_teardown)
#define EVENT(name) cmocka_unit_test_setup_teardown(name, setup_event, guest_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RULE(wraps_around),
        RULE(a_full_queue_at_once),
        RULE(no_interrupt_flag),
        EVENT(used_event),
        EVENT(avail_event),
        EVENT(a_buffer_in_the_last_moment),
        RULE(indirect_tables),
        RULE(table_at_the_end_of_a_chain),
        RULE(broken_chains_need_a_reset),
        RULE(too_many_buffers),
        RULE(tables_need_their_feature),
        RULE(lost_rings),
        RULE(with_latency),
        RULE(a_reset_abandons_what_is_under_way),
        RULE(snapshots_go_on),
    };
    return cmocka_run_group_tests_name("virtio-split", tests, NULL, NULL);
}
