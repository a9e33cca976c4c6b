/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "nvme/driver.h"

enum { FLUSH = 0, WRITE = 1, READ = 2, WRITE_ZEROES = 8, DSM = 9 };

static const struct nvme_config plain = {
    .queues = 3, .queue_entries = 64, .serial = "serial", .cycle_ps = 1000};

static int setup(void **state)
{
    struct driver *d = driver_new(&plain, false);
    driver_create_queue(d, 1);
    *state = d;
    return 0;
}

static int teardown(void **state)
{
    driver_free(*state);
    return 0;
}

static void check(struct driver *d, uint64_t addr, uint32_t offset, uint32_t size)
{
    for (uint32_t i = 0; i < size; i++)
        assert_int_equal(bench_peek(&d->bench, addr + i, 1), d->disks[0][offset + i]);
}

/* One page, two, a list; from the start of a page and from inside it; the largest. */
static void transfers(void **state)
{
    struct driver *d = *state;
    static const struct {
        uint32_t in_page, sectors;
    } rows[] = {{0, 1},   {0, 8},     {0, 16},  {0, 17},     {512, 7},  {512, 8},
                {512, 9}, {3584, 10}, {4, 8},   {4092, 16},  {0, 1024}, {512, 1016},
                {8, 129}, {0, 128},   {0, 127}, {4092, 1024}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint64_t addr = DRIVER_DATA + rows[i].in_page;
        uint32_t size = 512 * rows[i].sectors;
        bench_poke(&d->bench, addr + size, 8, 0x5a5a5a5a5a5a5a5a);
        assert_int_equal(driver_transfer(d, READ, addr, 0, rows[i].sectors), NVME_OK);
        check(d, addr, 0, size);
        assert_int_equal(bench_peek(&d->bench, addr + size, 8), 0x5a5a5a5a5a5a5a5a);
        bench_poke(&d->bench, addr + size / 2, 8, i);
        assert_int_equal(driver_transfer(d, WRITE, addr, 2048 - rows[i].sectors, rows[i].sectors),
                         NVME_OK);
        check(d, addr, (2048 - rows[i].sectors) * 512, size);
    }
}

/* A list that begins at the end of its page goes on where its last entry says. */
static void chained_lists(void **state)
{
    struct driver *d = *state;
    const struct command c = {
        .opcode = READ, .nsid = 1, .prp1 = DRIVER_DATA, .prp2 = DRIVER_LIST + 0xff0, .dw12 = 39};
    bench_poke(&d->bench, DRIVER_LIST + 0xff0, 8, DRIVER_DATA + 0x3000);
    bench_poke(&d->bench, DRIVER_LIST + 0xff8, 8, DRIVER_LIST + 0x1000);
    bench_poke(&d->bench, DRIVER_LIST + 0x1000, 8, DRIVER_DATA + 0x2000);
    bench_poke(&d->bench, DRIVER_LIST + 0x1008, 8, DRIVER_DATA + 0x1000);
    bench_poke(&d->bench, DRIVER_LIST + 0x1010, 8, DRIVER_DATA + 0x4000);
    assert_int_equal(driver_do(d, 1, &c, NULL), NVME_OK);
    check(d, DRIVER_DATA, 0, 4096);
    check(d, DRIVER_DATA + 0x3000, 4096, 4096);
    check(d, DRIVER_DATA + 0x2000, 8192, 4096);
    check(d, DRIVER_DATA + 0x1000, 12288, 4096);
    check(d, DRIVER_DATA + 0x4000, 16384, 4096);
    /* The last entry of a page that names the last page is no pointer. */
    const struct command exact = {
        .opcode = READ, .nsid = 1, .prp1 = DRIVER_DATA, .prp2 = DRIVER_LIST + 0xff0, .dw12 = 23};
    bench_poke(&d->bench, DRIVER_LIST + 0xff8, 8, DRIVER_DATA + 0x8000);
    assert_int_equal(driver_do(d, 1, &exact, NULL), NVME_OK);
    check(d, DRIVER_DATA + 0x8000, 8192, 4096);
}

static void bad_pages(void **state)
{
    struct driver *d = *state;
    static const struct {
        uint64_t prp1, prp2, entry;
        uint32_t sectors, status;
    } rows[] = {
        {DRIVER_DATA + 2, 0, 0, 1, NVME_INVALID_PRP_OFFSET},
        {DRIVER_DATA, DRIVER_DATA + 512, 0, 16, NVME_INVALID_PRP_OFFSET},
        {DRIVER_DATA, DRIVER_LIST + 4, 0, 24, NVME_INVALID_PRP_OFFSET},
        {DRIVER_DATA, DRIVER_LIST, DRIVER_DATA + 8, 24, NVME_INVALID_PRP_OFFSET},
        {DRIVER_DATA, 0x1000, 0, 24, NVME_DATA_TRANSFER_ERROR},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct completion done;
        const struct command c = {.opcode = WRITE,
                                  .nsid = 1,
                                  .prp1 = rows[i].prp1,
                                  .prp2 = rows[i].prp2,
                                  .dw12 = rows[i].sectors - 1};
        bench_poke(&d->bench, DRIVER_LIST, 8, rows[i].entry);
        memcpy(d->durable, d->disks[0], DRIVER_DISK);
        assert_int_equal(driver_do(d, 1, &c, &done), rows[i].status);
        assert_true(done.dnr);
        assert_memory_equal(d->durable, d->disks[0], DRIVER_DISK);
    }
    const struct command nowhere = {.opcode = WRITE, .nsid = 1, .prp1 = 0x1000, .dw12 = 0};
    assert_int_equal(driver_do(d, 1, &nowhere, NULL), NVME_DATA_TRANSFER_ERROR);
}

static void bad_commands(void **state)
{
    struct driver *d = *state;
    static const struct {
        struct command c;
        uint32_t status;
    } rows[] = {
        {{.opcode = 0x7f, .nsid = 1}, NVME_INVALID_OPCODE},
        {{.opcode = READ, .nsid = 0}, NVME_INVALID_NAMESPACE},
        {{.opcode = READ, .nsid = 3}, NVME_INVALID_NAMESPACE},
        {{.opcode = READ, .nsid = UINT32_MAX}, NVME_INVALID_NAMESPACE},
        {{.opcode = FLUSH, .nsid = 3}, NVME_INVALID_NAMESPACE},
        {{.opcode = READ, .nsid = 1, .dw10 = 2048}, NVME_LBA_OUT_OF_RANGE},
        {{.opcode = WRITE, .nsid = 1, .dw10 = 2047, .dw12 = 1}, NVME_LBA_OUT_OF_RANGE},
        {{.opcode = READ, .nsid = 1, .dw10 = UINT32_MAX, .dw11 = UINT32_MAX},
         NVME_LBA_OUT_OF_RANGE},
        {{.opcode = WRITE_ZEROES, .nsid = 1, .dw10 = 2048}, NVME_LBA_OUT_OF_RANGE},
        {{.opcode = READ | 0x100, .nsid = 1}, NVME_INVALID_FIELD},  /* fused */
        {{.opcode = READ | 0x4000, .nsid = 1}, NVME_INVALID_FIELD}, /* SGL */
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct completion done;
        assert_int_equal(driver_do(d, 1, &rows[i].c, &done), rows[i].status);
        assert_true(done.dnr);
        assert_int_equal(done.sq, 1);
    }
}

static void beyond_the_largest_transfer(void **state)
{
    struct driver *d = *state;
    const struct command c = {.opcode = READ, .nsid = 1, .prp1 = DRIVER_DATA, .dw12 = 1024};
    assert_int_equal(driver_do(d, 1, &c, NULL), NVME_INVALID_FIELD);
}

static void durability(void **state)
{
    struct driver *d = *state;
    const struct command flush = {.opcode = FLUSH, .nsid = 1};
    const struct command flush_all = {.opcode = FLUSH, .nsid = UINT32_MAX};
    const struct command fua = {.opcode = WRITE, .nsid = 1, .prp1 = DRIVER_DATA, .dw12 = 1u << 30};
    const struct command cache_off = {.opcode = 9, .dw10 = 6, .dw11 = 0};
    assert_int_equal(driver_transfer(d, WRITE, DRIVER_DATA, 0, 1), NVME_OK);
    assert_int_equal(d->flushes, 0);
    assert_int_equal(driver_do(d, 1, &flush, NULL), NVME_OK);
    assert_int_equal(d->flushes, 1);
    assert_memory_equal(d->durable, d->disks[0], DRIVER_DISK);
    assert_int_equal(driver_do(d, 1, &flush_all, NULL), NVME_OK);
    assert_int_equal(d->flushes, 3);
    assert_int_equal(driver_do(d, 1, &fua, NULL), NVME_OK);
    assert_int_equal(d->flushes, 4);
    assert_int_equal(driver_do(d, 0, &cache_off, NULL), NVME_OK);
    assert_int_equal(d->flushes, 6);
    assert_int_equal(driver_transfer(d, WRITE, DRIVER_DATA, 0, 1), NVME_OK);
    assert_int_equal(d->flushes, 7);
    driver_write(d, CC, 4, 0x00464001); /* normal shutdown */
    assert_int_equal(d->flushes, 9);
    assert_int_equal(driver_read(d, CSTS, 4), 0x9);
}

static bool zero(const struct driver *d, uint32_t sector, uint32_t sectors)
{
    for (uint32_t i = 0; i < 512 * sectors; i++)
        if (d->disks[0][512 * sector + i])
            return false;
    return true;
}

static void zeroes_and_ranges(void **state)
{
    struct driver *d = *state;
    const struct command zeroes = {.opcode = WRITE_ZEROES, .nsid = 1, .dw10 = 10, .dw12 = 4};
    struct command ranges = {.opcode = DSM, .nsid = 1, .prp1 = DRIVER_DATA, .dw10 = 1, .dw11 = 4};
    assert_int_equal(driver_do(d, 1, &zeroes, NULL), NVME_OK);
    assert_true(zero(d, 10, 5) && !zero(d, 9, 1) && !zero(d, 15, 1));
    bench_poke(&d->bench, DRIVER_DATA, 8, UINT64_C(3) << 32);
    bench_poke(&d->bench, DRIVER_DATA + 8, 8, 30);
    bench_poke(&d->bench, DRIVER_DATA + 16, 8, UINT64_C(2) << 32);
    bench_poke(&d->bench, DRIVER_DATA + 24, 8, 2047);
    assert_int_equal(driver_do(d, 1, &ranges, NULL), NVME_LBA_OUT_OF_RANGE);
    assert_false(zero(d, 30, 1));
    bench_poke(&d->bench, DRIVER_DATA + 24, 8, 2046);
    ranges.dw11 = 1; /* a hint only */
    assert_int_equal(driver_do(d, 1, &ranges, NULL), NVME_OK);
    assert_false(zero(d, 30, 1));
    ranges.dw11 = 4;
    assert_int_equal(driver_do(d, 1, &ranges, NULL), NVME_OK);
    assert_true(zero(d, 30, 3) && zero(d, 2046, 2) && !zero(d, 33, 1));
}

static void a_failing_disk(void **state)
{
    struct driver *d = *state;
    const struct command flush = {.opcode = FLUSH, .nsid = 1};
    d->disk_fails = true;
    assert_int_equal(driver_transfer(d, READ, DRIVER_DATA, 0, 1), NVME_UNRECOVERED_READ);
    assert_int_equal(driver_transfer(d, WRITE, DRIVER_DATA, 0, 1), NVME_WRITE_FAULT);
    assert_int_equal(driver_do(d, 1, &flush, NULL), NVME_WRITE_FAULT);
}

static void read_only_namespace(void **state)
{
    struct driver *d = driver_new(&plain, true);
    (void)state;
    const struct command zeroes = {.opcode = WRITE_ZEROES, .nsid = 1};
    driver_create_queue(d, 1);
    assert_int_equal(driver_transfer(d, READ, DRIVER_DATA, 0, 1), NVME_OK);
    memcpy(d->durable, d->disks[0], DRIVER_DISK);
    assert_int_equal(driver_transfer(d, WRITE, DRIVER_DATA, 5, 1), NVME_READ_ONLY_RANGE);
    assert_int_equal(driver_do(d, 1, &zeroes, NULL), NVME_READ_ONLY_RANGE);
    assert_memory_equal(d->durable, d->disks[0], DRIVER_DISK);
    driver_free(d);
}

static void queues_wrap(void **state)
{
    struct driver *d = *state;
    struct completion c;
    const struct command flush = {.opcode = FLUSH, .nsid = 1};
    for (uint32_t i = 0; i < 3000; i++) {
        bench_forget(&d->bench);
        assert_int_equal(driver_do(d, 1, &flush, &c), NVME_OK);
        assert_int_equal(c.sq_head, (i + 1) % DRIVER_ENTRIES);
        assert_int_equal(driver_msis(d, 1), 1);
    }
    assert_false(driver_take(d, 1, &c));
}

/* A completion queue that is full stops its submission queues and nothing else. */
static void full_completion_queue(void **state)
{
    struct driver *d = *state;
    struct completion c;
    const struct command flush = {.opcode = FLUSH, .nsid = 1};
    driver_create_queue(d, 2);
    for (uint32_t i = 0; i < 5; i++)
        driver_put(d, 1, &flush);
    driver_ring(d, 1);
    for (uint32_t i = 0; i < 5; i++)
        driver_put(d, 1, &flush);
    driver_ring(d, 1);
    assert_int_equal(d->flushes, 7);
    assert_int_equal(driver_do(d, 2, &flush, NULL), NVME_OK);
    for (uint32_t i = 0; i < 10; i++)
        assert_true(driver_take(d, 1, &c));
    assert_int_equal(d->flushes, 11);
    assert_false(driver_take(d, 1, &c));
}

/* Every completion queue has its vector; with several queues each command meets its own. */
static void vectors(void **state)
{
    struct driver *d = *state;
    struct completion c;
    const struct command flush = {.opcode = FLUSH, .nsid = 1};
    driver_create_queue(d, 2);
    driver_create_queue(d, 3);
    bench_forget(&d->bench);
    for (uint32_t q = 1; q <= 3; q++)
        for (uint32_t i = 0; i < q; i++)
            driver_put(d, q, &flush);
    for (uint32_t q = 1; q <= 3; q++)
        driver_ring(d, q);
    for (uint32_t q = 1; q <= 3; q++) {
        assert_int_equal(driver_msis(d, q), q);
        for (uint32_t i = 0; i < q; i++) {
            assert_true(driver_take(d, q, &c));
            assert_int_equal(c.sq, q);
        }
    }
    assert_int_equal(driver_msis(d, 0), 0);
}

/* Queues take turns, command by command. */
static void round_robin(void **state)
{
    struct driver *d = *state;
    const struct command flush = {.opcode = FLUSH, .nsid = 1};
    uint32_t last = 0, turns = 0;
    driver_create_queue(d, 2);
    for (uint32_t i = 0; i < 4; i++) {
        driver_put(d, 1, &flush);
        driver_put(d, 2, &flush);
    }
    d->bench.latency = 100000;
    bench_forget(&d->bench);
    driver_write(d, 0x1008, 4, d->queues[1].tail);
    driver_write(d, 0x1010, 4, d->queues[2].tail);
    assert_true(bench_settle(&d->bench, 1000));
    for (uint32_t i = 0; i < d->bench.num_writes; i++) {
        uint32_t queue = (uint32_t)(d->bench.writes[i].addr - DRIVER_CQ) / 0x1000 + 1;
        if (queue != 1 && queue != 2)
            continue;
        assert_int_not_equal(queue, last);
        last = queue;
        turns++;
    }
    assert_int_equal(turns, 8);
}

/* Without MSI-X: a level until the host has taken every completion. */
static void interrupt_pin(void **state)
{
    struct driver *d = *state;
    struct completion c;
    const struct command flush = {.opcode = FLUSH, .nsid = 1};
    driver_config_write(d, 0x92, 2, 0);
    driver_put(d, 1, &flush);
    driver_put(d, 1, &flush);
    driver_ring(d, 1);
    assert_true(d->bench.lines[1]);
    driver_write(d, INTMS, 4, 1);
    assert_false(d->bench.lines[1]);
    driver_write(d, INTMC, 4, 1);
    assert_true(d->bench.lines[1]);
    assert_true(driver_take(d, 1, &c));
    assert_true(d->bench.lines[1]);
    assert_true(driver_take(d, 1, &c));
    assert_false(d->bench.lines[1]);
}

/* With latency everywhere: nothing is lost, and no interrupt overtakes its completion. */
static void with_latency(void **state)
{
    struct nvme_config slow = plain;
    (void)state;
    slow.command_cycles = 10;
    slow.read_cycles = 2000;
    slow.write_cycles = 30000;
    slow.flush_cycles = 400000;
    struct driver *d = driver_new(&slow, false);
    driver_create_queue(d, 1);
    d->bench.latency = 100000;
    bench_forget(&d->bench);
    vd_time start = d->bench.now;
    assert_int_equal(driver_transfer(d, READ, DRIVER_DATA, 0, 8), NVME_OK);
    /* Fetch, command, disk; the writes are posted. */
    assert_int_equal(d->bench.now - start, 100000 + 10000 + 2000000 + 100000);
    check(d, DRIVER_DATA, 0, 4096);
    uint32_t completions = 0, interrupts = 0;
    for (uint32_t i = 0; i < d->bench.num_writes; i++) {
        completions += d->bench.writes[i].addr == DRIVER_CQ;
        interrupts += d->bench.writes[i].serial != 0;
        assert_true(interrupts <= completions);
    }
    assert_int_equal(interrupts, 1);
    start = d->bench.now;
    assert_int_equal(driver_transfer(d, WRITE, DRIVER_DATA, 0, 1), NVME_OK);
    assert_int_equal(d->bench.now - start, 100000 + 10000 + 100000 + 30000000 + 100000);
    driver_free(d);
}

static void disabling_abandons_what_is_under_way(void **state)
{
    struct driver *d = *state;
    const struct command c = {.opcode = READ, .nsid = 1, .prp1 = DRIVER_DATA, .dw12 = 7};
    d->bench.latency = 100000;
    bench_forget(&d->bench);
    driver_put(d, 1, &c);
    driver_write(d, 0x1008, 4, d->queues[1].tail);
    bench_run(&d->bench, 50000);
    assert_false(nvme_idle(d->nvme));
    driver_write(d, CC, 4, 0);
    assert_true(nvme_idle(d->nvme));
    bench_settle(&d->bench, 1000);
    assert_int_equal(driver_msis(d, 1), 0);
    d->bench.latency = 0;
    driver_enable(d);
    driver_create_queue(d, 1);
    assert_int_equal(driver_do(d, 1, &c, NULL), NVME_OK);
}

static void snapshots_go_on(void **state)
{
    struct driver *d = *state;
    const struct command c = {.opcode = READ, .nsid = 1, .prp1 = DRIVER_DATA, .dw12 = 63};
    size_t size = nvme_save(d->nvme, NULL, 0);
    uint8_t *early = malloc(size), *end = malloc(size), *again = malloc(size);
    driver_put(d, 1, &c);
    nvme_save(d->nvme, early, size);
    driver_ring(d, 1);
    nvme_save(d->nvme, end, size);
    assert_true(nvme_restore(d->nvme, early, size));
    driver_ring(d, 1);
    nvme_save(d->nvme, again, size);
    assert_memory_equal(end, again, size);
    assert_false(nvme_restore(d->nvme, early, size - 1));
    memset(early + 4, 0xff, 4096);
    assert_false(nvme_restore(d->nvme, early, size));
    free(early);
    free(end);
    free(again);
}

#define RULE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RULE(transfers),
        RULE(chained_lists),
        RULE(bad_pages),
        RULE(bad_commands),
        RULE(beyond_the_largest_transfer),
        RULE(durability),
        RULE(zeroes_and_ranges),
        RULE(a_failing_disk),
        cmocka_unit_test(read_only_namespace),
        RULE(queues_wrap),
        RULE(full_completion_queue),
        RULE(vectors),
        RULE(round_robin),
        RULE(interrupt_pin),
        cmocka_unit_test(with_latency),
        RULE(disabling_abandons_what_is_under_way),
        RULE(snapshots_go_on),
    };
    return cmocka_run_group_tests_name("nvme-io", tests, NULL, NULL);
}
