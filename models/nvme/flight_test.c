/* SPDX-License-Identifier: BSD-2-Clause */
/* Several commands at a time: what waits for the disk does not keep others waiting. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "nvme/driver.h"
#include "nvme/state.h"

enum { FLUSH = 0, WRITE = 1, READ = 2, COMPARE = 5, DELETE_SQ = 0, ABORT = 8 };
enum { DISK_PS = 2000000, NEVER_MET = 1000000 };

static struct driver *driver_that_takes(uint32_t commands, uint32_t command_cycles)
{
    const struct nvme_config config = {.queues = 3,
                                       .queue_entries = 64,
                                       .commands = commands,
                                       .command_cycles = command_cycles,
                                       .read_cycles = DISK_PS / 1000,
                                       .write_cycles = DISK_PS / 1000,
                                       .flush_cycles = 100 * DISK_PS / 1000,
                                       .cycle_ps = 1000};
    struct driver *d = driver_new(&config, false);
    for (uint32_t queue = 1; queue <= 3; queue++)
        driver_create_queue(d, queue);
    bench_forget(&d->bench);
    return d;
}

/* Commands take no time but at the disk. */
static struct driver *driver_with(uint32_t commands)
{
    return driver_that_takes(commands, 0);
}

static struct command read_of(uint32_t sector)
{
    return (struct command){
        .opcode = READ, .nsid = 1, .prp1 = DRIVER_DATA + 512 * (uint64_t)sector, .dw10 = sector};
}

static void put_reads(struct driver *d, uint32_t queue, uint32_t first, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        const struct command c = read_of(first + i);
        driver_put(d, queue, &c);
    }
}

/* Tells the controller, and lets no time go by. */
static void ring_only(struct driver *d, uint32_t queue)
{
    driver_write(d, 0x1000 + 8 * queue, 4, d->queues[queue].tail);
}

static vd_time settle(struct driver *d)
{
    vd_time start = d->bench.now;
    assert_true(bench_settle(&d->bench, NEVER_MET));
    assert_true(nvme_idle(d->nvme));
    return d->bench.now - start;
}

static void check_reads(struct driver *d, uint32_t count)
{
    for (uint32_t i = 0; i < 512 * count; i++)
        assert_int_equal(bench_peek(&d->bench, DRIVER_DATA + i, 1), d->disks[0][i]);
}

/* Six commands take as long as the disk needs for one, or as many rounds as fit into its depth. */
static void the_disk_works_on_several(void **state)
{
    (void)state;
    static const struct {
        uint32_t commands, rounds;
    } rows[] = {{1, 6}, {2, 3}, {4, 2}, {5, 2}, {6, 1}, {0, 1}, {64, 1}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct driver *d = driver_with(rows[i].commands);
        struct completion c;
        put_reads(d, 1, 0, 6);
        ring_only(d, 1);
        assert_false(nvme_idle(d->nvme));
        assert_int_equal(settle(d), (vd_time)rows[i].rounds * DISK_PS);
        check_reads(d, 6);
        for (uint32_t cid = 0; cid < 6; cid++) {
            assert_true(driver_take(d, 1, &c));
            assert_int_equal(c.status, NVME_OK);
        }
        driver_free(d);
    }
}

/* A short command passes a long one, of the same queue even. */
static void what_is_ready_first_completes_first(void **state)
{
    (void)state;
    struct driver *d = driver_with(0);
    struct completion c;
    const struct command flush = {.opcode = FLUSH, .nsid = 1}, read = read_of(3);
    uint16_t slow = driver_put(d, 1, &flush), fast = driver_put(d, 1, &read);
    driver_ring(d, 1);
    assert_true(driver_take(d, 1, &c));
    assert_int_equal(c.cid, fast);
    assert_int_equal(c.sq_head, 2);
    assert_true(driver_take(d, 1, &c));
    assert_int_equal(c.cid, slow);
    driver_free(d);
}

/* While the controller fetches, others become ready; they go on in the order in which they did. */
static void the_first_that_was_ready_goes_on_first(void **state)
{
    (void)state;
    struct driver *d = driver_with(0);
    const struct command flush = {.opcode = FLUSH, .nsid = 1}, read = read_of(3);
    uint16_t cids[] = {driver_put(d, 1, &flush), driver_put(d, 1, &read), driver_put(d, 2, &flush)};
    struct completion c;
    ring_only(d, 1);
    d->bench.latency = 200 * DISK_PS;
    ring_only(d, 2);
    settle(d);
    assert_true(driver_take(d, 1, &c));
    assert_int_equal(c.cid, cids[1]);
    assert_true(driver_take(d, 1, &c));
    assert_int_equal(c.cid, cids[0]);
    assert_true(driver_take(d, 2, &c));
    assert_int_equal(c.cid, cids[2]);
    driver_free(d);
}

/* Long reads have their disk's latency per piece, and take turns. */
static void pieces_take_turns(void **state)
{
    (void)state;
    struct driver *d = driver_with(0);
    struct command c = {.opcode = READ, .nsid = 1, .prp1 = DRIVER_DATA, .prp2 = DRIVER_LIST};
    c.dw12 = 2 * 65536 / 512 - 1;
    for (uint64_t i = 0; i < 31; i++)
        bench_poke(&d->bench, DRIVER_LIST + 8 * i, 8, DRIVER_DATA + 4096 * (i + 1));
    driver_put(d, 1, &c);
    driver_put(d, 2, &c);
    ring_only(d, 1);
    ring_only(d, 2);
    assert_int_equal(settle(d), 2 * DISK_PS);
    check_reads(d, 256);
    driver_free(d);
}

/* What waits has its place in the completion queue. */
static void completions_in_flight_have_places(void **state)
{
    (void)state;
    struct driver *d = driver_with(0);
    struct completion c;
    put_reads(d, 1, 0, 4);
    ring_only(d, 1);
    put_reads(d, 1, 4, 6); /* those before have been fetched */
    ring_only(d, 1);
    assert_int_equal(settle(d), DISK_PS); /* seven completions fill the queue */
    for (uint32_t i = 0; i < 7; i++)
        assert_true(driver_take(d, 1, &c));
    settle(d);
    for (uint32_t i = 0; i < 3; i++)
        assert_true(driver_take(d, 1, &c) && c.status == NVME_OK);
    assert_false(driver_take(d, 1, &c));
    check_reads(d, 10);
    driver_free(d);
}

static uint16_t abort_of(struct driver *d, uint32_t queue, uint16_t cid)
{
    const struct command c = {.opcode = ABORT, .dw10 = (uint32_t)cid << 16 | queue};
    uint16_t own = driver_put(d, 0, &c);
    ring_only(d, 0);
    return own;
}

/* Completions for queue 1 in front of the first one for the admin queue. */
static uint32_t completions_before_admin(const struct driver *d)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < d->bench.num_writes; i++) {
        if (d->bench.writes[i].addr / 4096 == DRIVER_ACQ / 4096)
            break;
        count += d->bench.writes[i].addr / 4096 == DRIVER_CQ / 4096;
    }
    return count;
}

static void an_abort_ends_what_waits(void **state)
{
    (void)state;
    struct driver *d = driver_with(0);
    struct completion c;
    const struct command flush = {.opcode = FLUSH, .nsid = 1}, read = read_of(0);
    uint16_t doomed = driver_put(d, 1, &flush), other = driver_put(d, 1, &read);
    ring_only(d, 1);
    bench_run(&d->bench, DISK_PS / 2);
    abort_of(d, 2, doomed); /* of another queue */
    assert_true(driver_take(d, 0, &c) && c.dw0 == 1);
    bench_forget(&d->bench);
    uint16_t abort = abort_of(d, 1, doomed);
    assert_int_equal(completions_before_admin(d), 1);
    assert_true(driver_take(d, 1, &c));
    assert_int_equal(c.cid, doomed);
    assert_int_equal(c.status, NVME_ABORTED);
    assert_false(c.dnr);
    assert_true(driver_take(d, 0, &c));
    assert_int_equal(c.cid, abort);
    assert_int_equal(c.dw0, 0);
    assert_int_equal(settle(d), DISK_PS / 2);
    assert_true(driver_take(d, 1, &c));
    assert_int_equal(c.cid, other);
    assert_int_equal(c.status, NVME_OK);
    assert_int_equal(d->flushes, 0);
    abort_of(d, 1, doomed); /* too late */
    assert_true(driver_take(d, 0, &c) && c.status == NVME_OK && c.dw0 == 1);
    driver_free(d);
}

/* First the completions of its commands, then that of the deletion. */
static void a_queue_is_deleted_with_what_waits(void **state)
{
    (void)state;
    struct driver *d = driver_with(0);
    struct completion c;
    const struct command delete = {.opcode = DELETE_SQ, .dw10 = 1};
    put_reads(d, 1, 0, 3);
    put_reads(d, 2, 3, 1);
    ring_only(d, 1);
    ring_only(d, 2);
    bench_forget(&d->bench);
    driver_put(d, 0, &delete);
    ring_only(d, 0);
    assert_int_equal(completions_before_admin(d), 3);
    for (uint32_t i = 0; i < 3; i++)
        assert_true(driver_take(d, 1, &c) && c.status == NVME_ABORTED_WITH_QUEUE);
    assert_true(driver_take(d, 0, &c));
    assert_int_equal(c.status, NVME_OK);
    settle(d);
    assert_false(driver_take(d, 1, &c));
    assert_true(driver_take(d, 2, &c));
    assert_int_equal(c.status, NVME_OK);
    driver_free(d);
}

/* A command that was aborted completes in its own queue, also if a deletion is ready before that.
 */
static void a_queue_is_deleted_behind_an_abort(void **state)
{
    (void)state;
    struct driver *d = driver_that_takes(0, 1000);
    struct completion c;
    const struct command flush = {.opcode = FLUSH, .nsid = 1};
    const struct command delete = {.opcode = DELETE_SQ, .dw10 = 1};
    uint16_t doomed = driver_put(d, 1, &flush);
    const struct command abort = {.opcode = ABORT, .dw10 = (uint32_t)doomed << 16 | 1};
    const uint16_t cids[] = {driver_put(d, 0, &abort), driver_put(d, 0, &delete),
                             driver_put(d, 0, &delete)};
    ring_only(d, 1);
    ring_only(d, 0);
    settle(d);
    assert_true(driver_take(d, 1, &c));
    assert_int_equal(c.cid, doomed);
    assert_int_equal(c.status, NVME_ABORTED);
    assert_false(driver_take(d, 1, &c));
    for (uint32_t i = 0; i < 3; i++) {
        assert_true(driver_take(d, 0, &c));
        assert_int_equal(c.sq, 0);
        assert_int_equal(c.status, c.cid == cids[2] ? NVME_INVALID_QUEUE_ID : NVME_OK);
    }
    assert_false(driver_take(d, 0, &c));
    driver_free(d);
}

static void disabling_abandons_what_waits(void **state)
{
    (void)state;
    struct driver *d = driver_with(0);
    struct completion c;
    put_reads(d, 1, 0, 3);
    ring_only(d, 1);
    driver_write(d, CC, 4, 0);
    assert_true(nvme_idle(d->nvme));
    assert_int_equal(d->bench.num_events, 0);
    driver_enable(d);
    driver_create_queue(d, 1);
    put_reads(d, 1, 0, 1);
    driver_ring(d, 1);
    assert_true(driver_take(d, 1, &c) && c.status == NVME_OK);
    assert_false(driver_take(d, 1, &c));
    driver_free(d);
}

static void comparing(void **state)
{
    (void)state;
    struct driver *d = driver_with(0);
    enum { SECTORS = 200 }; /* more than a piece */
    assert_int_equal(driver_transfer(d, READ, DRIVER_DATA, 5, SECTORS), NVME_OK);
    vd_time start = d->bench.now;
    assert_int_equal(driver_transfer(d, COMPARE, DRIVER_DATA, 5, SECTORS), NVME_OK);
    assert_int_equal(d->bench.now - start, 2 * DISK_PS);
    assert_int_equal(driver_transfer(d, COMPARE, DRIVER_DATA, 4, SECTORS), NVME_COMPARE_FAILURE);
    bench_poke(&d->bench, DRIVER_DATA + 512 * SECTORS - 1, 1,
               ~bench_peek(&d->bench, DRIVER_DATA + 512 * SECTORS - 1, 1) & 0xff);
    assert_int_equal(driver_transfer(d, COMPARE, DRIVER_DATA, 5, SECTORS), NVME_COMPARE_FAILURE);
    assert_int_equal(driver_transfer(d, COMPARE, DRIVER_DATA, 5, SECTORS - 1), NVME_OK);
    assert_int_equal(driver_transfer(d, COMPARE, 0x1000, 5, 1), NVME_DATA_TRANSFER_ERROR);
    d->disk_fails = true;
    assert_int_equal(driver_transfer(d, COMPARE, DRIVER_DATA, 5, 1), NVME_UNRECOVERED_READ);
    driver_free(d);
}

static void snapshots_hold_what_waits(void **state)
{
    (void)state;
    struct driver *d = driver_with(0);
    size_t size = nvme_save(d->nvme, NULL, 0);
    uint8_t *early = malloc(size), *end = malloc(size), *again = malloc(size);
    put_reads(d, 1, 0, 3);
    put_reads(d, 2, 3, 2);
    ring_only(d, 1);
    bench_run(&d->bench, DISK_PS / 4);
    ring_only(d, 2);
    nvme_save(d->nvme, early, size);
    vd_time now = d->bench.now;
    assert_int_equal(settle(d), DISK_PS);
    nvme_save(d->nvme, end, size);
    for (uint32_t i = 0; i < 512 * 5; i += 8)
        bench_poke(&d->bench, DRIVER_DATA + i, 8, 0);
    d->bench.now = now;
    assert_true(nvme_restore(d->nvme, early, size));
    assert_false(nvme_idle(d->nvme));
    assert_int_equal(settle(d), DISK_PS);
    nvme_save(d->nvme, again, size);
    assert_memory_equal(end, again, size);
    check_reads(d, 5);
    free(early);
    free(end);
    free(again);
    driver_free(d);
}

/* The time to go on has come, and the event of it has not. */
static void snapshots_hold_what_is_due(void **state)
{
    (void)state;
    struct driver *d = driver_with(0);
    size_t size = nvme_save(d->nvme, NULL, 0);
    uint8_t *due = malloc(size);
    struct completion c;
    put_reads(d, 1, 0, 1);
    ring_only(d, 1);
    d->bench.now += DISK_PS;
    nvme_save(d->nvme, due, size);
    nvme_reset(d->nvme);
    assert_true(nvme_restore(d->nvme, due, size));
    assert_int_equal(settle(d), 0);
    assert_true(driver_take(d, 1, &c) && c.status == NVME_OK);
    free(due);
    driver_free(d);
}

static struct nvme_flight *only_flight(struct nvme_state *st)
{
    struct nvme_flight *f = st->flights;
    while (f->phase == NVME_IDLE)
        f++;
    return f;
}

/* A snapshot comes out of a file: no count in it is trusted. */
static void snapshots_of_what_waits_are_checked(void **state)
{
    (void)state;
    struct driver *d = driver_with(0);
    size_t size = nvme_save(d->nvme, NULL, 0);
    struct nvme_state *good = malloc(size), *bad = malloc(size);
    put_reads(d, 1, 0, 1);
    ring_only(d, 1);
    nvme_save(d->nvme, good, size);
    const struct nvme_flight f = *only_flight(good);
    struct nvme_flight wrong[] = {f, f, f, f, f, f};
    wrong[0].segments = NVME_SEGMENTS + 1;
    wrong[1].segments = UINT32_MAX;
    wrong[2].phase = NVME_COMPLETE + 1;
    wrong[3].order = good->flights_begun;
    wrong[4].command.sq = NVME_QUEUES;
    wrong[5].command.done = f.command.data + 1;
    for (unsigned i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        memcpy(bad, good, size);
        *only_flight(bad) = wrong[i];
        if (nvme_restore(d->nvme, bad, size))
            fail_msg("wrong %u is taken", i);
    }
    memcpy(bad, good, size);
    bad->num_flights++;
    assert_false(nvme_restore(d->nvme, bad, size));
    assert_true(nvme_restore(d->nvme, good, size));
    settle(d);
    free(good);
    free(bad);
    driver_free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_disk_works_on_several),
        cmocka_unit_test(what_is_ready_first_completes_first),
        cmocka_unit_test(the_first_that_was_ready_goes_on_first),
        cmocka_unit_test(pieces_take_turns),
        cmocka_unit_test(completions_in_flight_have_places),
        cmocka_unit_test(an_abort_ends_what_waits),
        cmocka_unit_test(a_queue_is_deleted_with_what_waits),
        cmocka_unit_test(a_queue_is_deleted_behind_an_abort),
        cmocka_unit_test(disabling_abandons_what_waits),
        cmocka_unit_test(comparing),
        cmocka_unit_test(snapshots_hold_what_waits),
        cmocka_unit_test(snapshots_hold_what_is_due),
        cmocka_unit_test(snapshots_of_what_waits_are_checked),
    };
    return cmocka_run_group_tests_name("nvme-flight", tests, NULL, NULL);
}
