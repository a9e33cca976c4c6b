/* SPDX-License-Identifier: BSD-2-Clause */
#include "pflash/pflash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/bench.h"

enum { SIZE = 4 * PFLASH_BLOCK, BLOCK = PFLASH_BLOCK, BUFFER = 4096, CYCLE = 1000 };
enum { ARRAY = 0x00ff00ff, STATUS = 0x00700070, CLEAR = 0x00500050, ID = 0x00900090 };
enum { QUERY = 0x00980098, PROGRAM = 0x00400040, BUFFERED = 0x00e800e8, ERASE = 0x00200020 };
enum { LOCK = 0x00600060, CONFIRM = 0x00d000d0, READY = 0x00800080 };

static struct bench b;
static struct pflash *f;
static uint8_t bytes[SIZE];
static bool broken, readable;
static uint32_t changes;
static struct vd_disk array;
static struct pflash_config config;

static bool disk_read(void *ctx, uint64_t offset, void *data, size_t size)
{
    (void)ctx;
    memcpy(data, bytes + offset, size);
    return true;
}

static bool disk_write(void *ctx, uint64_t offset, const void *data, size_t size)
{
    (void)ctx;
    if (!broken)
        memcpy(bytes + offset, data, size);
    return !broken;
}

static const struct vd_disk_ops ops = {.read = disk_read, .write = disk_write};

static void hear(void *ctx, bool is)
{
    assert_ptr_equal(ctx, &b);
    assert_int_not_equal(readable, is);
    readable = is;
    changes++;
}

static void build(void)
{
    f = pflash_create(&config, &array, &b.host, NULL);
    assert_non_null(f);
    pflash_connect(f, hear, &b);
    readable = true;
    changes = 0;
}

static int setup(void **state)
{
    (void)state;
    bench_init(&b);
    array = (struct vd_disk){.ops = &ops, .size = SIZE};
    config = (struct pflash_config){.cycle_ps = CYCLE};
    memset(bytes, 0xff, SIZE);
    broken = false;
    build();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    pflash_destroy(f);
    bench_done(&b);
    return 0;
}

static void put(uint64_t offset, unsigned size, uint64_t value)
{
    struct vd_txn txn = bench_write(offset, size, value);
    assert_int_equal(pflash_access(f, &txn), VD_OK);
}

static uint64_t get(uint64_t offset, unsigned size)
{
    struct vd_txn txn = bench_read(offset, size);
    txn.data[0] = UINT64_MAX;
    assert_int_equal(pflash_access(f, &txn), VD_OK);
    return txn.data[0];
}

static void program(uint64_t offset, uint32_t value)
{
    put(offset, 4, PROGRAM);
    put(offset, 4, value);
}

static void erase(uint64_t offset)
{
    put(offset, 4, ERASE);
    put(offset, 4, CONFIRM);
}

static void reads_the_array_after_reset(void **state)
{
    (void)state;
    memcpy(bytes + 16, "flashing", 8);
    assert_int_equal(get(18, 1), 'a');
    assert_int_equal(get(18, 2), 'a' | 's' << 8);
    assert_int_equal(get(20, 4), 0x676e6968);
    assert_int_equal(get(16, 8), UINT64_C(0x676e696873616c66));
    put(0, 4, QUERY);
    assert_false(readable);
    pflash_reset(f);
    assert_true(readable);
    assert_int_equal(get(16, 1), 'f');
}

static void query_is_the_table_of_both_chips(void **state)
{
    (void)state;
    static const uint8_t expected[][2] = {
        {0x10, 'Q'}, {0x11, 'R'}, {0x12, 'Y'}, {0x13, 1},   {0x14, 0},   {0x15, 0x31}, {0x16, 0},
        {0x27, 19},  {0x28, 1},   {0x2a, 11},  {0x2b, 0},   {0x2c, 1},   {0x2d, 3},    {0x2e, 0},
        {0x2f, 0},   {0x30, 2},   {0x31, 'P'}, {0x32, 'R'}, {0x33, 'I'}, {0x34, '1'},  {0x35, '0'},
        {0x36, 8},   {0x3f, 0},   {0x40, 0},   {0x0f, 0},
    };
    put(0x55 * 4, 4, QUERY);
    for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++)
        assert_int_equal(get(4u * expected[i][0], 4), expected[i][1] * 0x10001u);
    put(0, 4, ARRAY);
    assert_int_equal(get(0x40, 4), UINT32_MAX);
}

/* Both chips take a command of any width, and data is for the bytes that it has. */
static void narrow_writes(void **state)
{
    (void)state;
    put(2, 2, 0x90);
    assert_false(readable);
    assert_int_equal(get(0, 4), 0x00890089);
    assert_int_equal(get(4, 4), 0x00180018);
    assert_int_equal(get(6, 2), 0x0018);
    assert_int_equal(get(4, 1), 0x18);
    put(1, 1, 0xff);
    assert_true(readable);
    assert_int_equal(changes, 2);
    put(BLOCK + 12, 2, 0x10);
    put(BLOCK + 12, 2, 0xabcd);
    put(BLOCK + 15, 1, 0x40);
    put(BLOCK + 15, 1, 0x12);
    put(BLOCK + 32, 2, 0xe8);
    put(BLOCK + 32, 2, 3);
    for (uint32_t i = 0; i < 4; i++)
        put(BLOCK + 32 + 2 * i, 2, 0x1110 + i);
    put(BLOCK + 32, 2, 0xd0);
    assert_int_equal(get(0, 2), 0x80);
    put(0, 4, ARRAY);
    assert_int_equal(get(BLOCK + 12, 4), 0x12ffabcd);
    assert_int_equal(get(BLOCK + 32, 8), UINT64_C(0x1113111211111110));
    assert_int_equal(get(BLOCK + 40, 4), UINT32_MAX);
}

static void a_write_of_8_bytes_is_two(void **state)
{
    (void)state;
    put(8, 8, UINT64_C(0x1234567800400040));
    put(0, 4, ARRAY);
    assert_int_equal(get(8, 8), UINT64_C(0x12345678ffffffff));
}

static void programming_clears_bits_only(void **state)
{
    (void)state;
    program(BLOCK + 8, 0x12345678);
    assert_int_equal(get(0, 4), READY);
    program(BLOCK + 8, 0xf0f0ffff);
    put(0, 4, ARRAY);
    assert_int_equal(get(BLOCK + 8, 4), 0x10305678);
    assert_int_equal(get(BLOCK + 4, 4), UINT32_MAX);
}

static void erasing_sets_the_block(void **state)
{
    (void)state;
    memset(bytes, 0, SIZE);
    erase(BLOCK + 64);
    assert_int_equal(get(0, 4), READY);
    put(0, 4, ARRAY);
    assert_int_equal(get(BLOCK - 4, 4), 0);
    assert_int_equal(get(BLOCK, 4), UINT32_MAX);
    assert_int_equal(get(2 * BLOCK - 4, 4), UINT32_MAX);
    assert_int_equal(get(2 * BLOCK, 4), 0);
}

static void unconfirmed_is_a_sequence_error(void **state)
{
    (void)state;
    memset(bytes, 0, SIZE);
    put(0, 4, ERASE);
    put(0, 4, ARRAY);
    assert_int_equal(get(0, 4), 0x00b000b0);
    put(0, 4, LOCK);
    put(0, 4, 0x00030003);
    put(0, 4, CLEAR);
    assert_int_equal(get(0, 4), READY);
    put(0, 4, ARRAY);
    assert_int_equal(get(0, 4), 0);
}

/* Sends a buffered program of `count` words from offset on. */
static void buffered(uint64_t offset, uint32_t count, uint32_t confirm)
{
    put(offset, 4, BUFFERED);
    assert_int_equal(get(offset, 4), READY);
    put(offset, 4, (count - 1) * 0x10001u);
    for (uint32_t i = 0; i < count; i++)
        put(offset + UINT64_C(4) * i, 4, 0x1000 + i);
    put(offset, 4, confirm);
}

static void buffer_programs_up_to_its_size(void **state)
{
    (void)state;
    buffered(BLOCK, BUFFER / 4, CONFIRM);
    assert_int_equal(get(0, 4), READY);
    buffered(3 * BLOCK + 20, 3, CONFIRM);
    put(0, 4, ARRAY);
    for (uint32_t i = 0; i < BUFFER / 4; i++)
        assert_int_equal(get(BLOCK + UINT64_C(4) * i, 4), 0x1000 + i);
    assert_int_equal(get(BLOCK + BUFFER, 4), UINT32_MAX);
    assert_int_equal(get(3 * BLOCK + 16, 4), UINT32_MAX);
    assert_int_equal(get(3 * BLOCK + 20, 4), 0x1000);
    assert_int_equal(get(3 * BLOCK + 28, 4), 0x1002);
    assert_int_equal(get(3 * BLOCK + 32, 4), UINT32_MAX);
}

static void bad_buffers_change_nothing(void **state)
{
    (void)state;
    buffered(BLOCK + BUFFER - 8, 4, CONFIRM);
    assert_int_equal(get(0, 4), 0x00b000b0);
    put(0, 4, CLEAR);
    buffered(BLOCK, 2, ARRAY);
    assert_int_equal(get(0, 4), 0x00b000b0);
    put(0, 4, CLEAR);
    put(0, 4, BUFFERED);
    put(0, 4, 0x10001000);
    put(0, 4, CONFIRM);
    assert_int_equal(get(0, 4), 0x00b000b0);
    for (uint32_t i = 0; i < SIZE; i++)
        assert_int_equal(bytes[i], 0xff);
}

static void locked_blocks_stay(void **state)
{
    (void)state;
    memset(bytes, 0x55, SIZE);
    put(BLOCK, 4, LOCK);
    put(BLOCK, 4, 0x00010001);
    put(BLOCK, 4, ID);
    assert_int_equal(get(BLOCK + 8, 4), 0x00010001);
    assert_int_equal(get(8, 4), 0);
    program(BLOCK, 0);
    assert_int_equal(get(0, 4), 0x00920092);
    put(0, 4, CLEAR);
    erase(BLOCK);
    assert_int_equal(get(0, 4), 0x00a200a2);
    put(0, 4, CLEAR);
    buffered(BLOCK, 1, CONFIRM);
    assert_int_equal(get(0, 4), 0x00920092);
    assert_int_equal(bytes[BLOCK], 0x55);
    put(BLOCK, 4, LOCK);
    put(BLOCK, 4, CONFIRM);
    put(0, 4, CLEAR);
    program(BLOCK, 0);
    assert_int_equal(get(0, 4), READY);
    assert_int_equal(bytes[BLOCK], 0);
}

static void reset_unlocks(void **state)
{
    (void)state;
    put(0, 4, LOCK);
    put(0, 4, 0x002f002f);
    pflash_reset(f);
    program(0, 0);
    assert_int_equal(bytes[0], 0);
}

static void a_file_that_cannot_be_written_is_an_error(void **state)
{
    (void)state;
    broken = true;
    program(0, 0);
    assert_int_equal(get(0, 4), 0x00900090);
    put(0, 4, CLEAR);
    erase(0);
    assert_int_equal(get(0, 4), 0x00a000a0);
    broken = false;
    pflash_destroy(f);
    array.read_only = true;
    build();
    program(0, 0);
    assert_int_equal(get(0, 4), 0x00920092);
    assert_int_equal(bytes[0], 0xff);
}

static void busy_for_as_long_as_configured(void **state)
{
    (void)state;
    pflash_destroy(f);
    config.program_cycles = 10;
    config.erase_cycles = 100;
    build();
    program(0, 0);
    assert_int_equal(get(0, 4), 0);
    put(0, 4, ARRAY);
    assert_false(readable);
    bench_run(&b, 10 * CYCLE - 1);
    assert_int_equal(get(0, 4), 0);
    bench_run(&b, 1);
    assert_int_equal(get(0, 4), READY);
    erase(0);
    bench_run(&b, 100 * CYCLE - 1);
    assert_int_equal(get(0, 4), 0);
    bench_run(&b, 1);
    assert_int_equal(get(0, 4), READY);
}

static void refused_accesses(void **state)
{
    (void)state;
    struct vd_txn txn = bench_write(2, 4, ERASE);
    assert_int_equal(pflash_access(f, &txn), VD_DENIED);
    txn = bench_read(SIZE, 4);
    assert_int_equal(pflash_access(f, &txn), VD_DENIED);
    txn = bench_write(0, 4, ERASE);
    txn.cmd = VD_OR;
    assert_int_equal(pflash_access(f, &txn), VD_DENIED);
    txn = bench_write(0, 4, ERASE);
    txn.attrs = VD_ATOMIC;
    assert_int_equal(pflash_access(f, &txn), VD_DENIED);
    txn.attrs = VD_DEBUG;
    assert_int_equal(pflash_access(f, &txn), VD_OK);
    assert_true(readable);
}

static void sizes_that_no_bank_has(void **state)
{
    (void)state;
    static const uint64_t sizes[] = {0, BLOCK / 2, 3 * BLOCK, UINT64_C(512) * BLOCK};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        struct vd_disk disk = {.ops = &ops, .size = sizes[i]};
        struct vd_error err;
        assert_null(pflash_create(&config, &disk, &b.host, &err));
        assert_non_null(strstr(err.text, "powers of two"));
    }
}

/* In the middle of a buffer, with a lock set. */
static void snapshot_changes_nothing(void **state)
{
    (void)state;
    put(BLOCK, 4, LOCK);
    put(BLOCK, 4, 0x00010001);
    put(0, 4, BUFFERED);
    put(0, 4, 0x00010001);
    put(0, 4, 7);
    size_t size = pflash_save(f, NULL, 0);
    uint8_t *saved = malloc(size);
    assert_int_equal(pflash_save(f, saved, size), size);
    pflash_destroy(f);
    build();
    assert_false(pflash_restore(f, saved, size - 1));
    assert_true(pflash_restore(f, saved, size));
    assert_false(readable);
    put(4, 4, 8);
    put(0, 4, CONFIRM);
    assert_int_equal(get(0, 4), READY);
    put(0, 4, ID);
    assert_int_equal(get(BLOCK + 8, 4), 0x00010001);
    assert_int_equal(bytes[0] | bytes[4] << 8, 0x0807);
    memset(saved + 4, 0xff, size - 4);
    assert_false(pflash_restore(f, saved, size));
    free(saved);
}

static void tables(void **state)
{
    (void)state;
    uint32_t count;
    assert_string_equal(pflash_regs(&count)->name, "status");
    assert_int_equal(count, 1);
    put(0, 4, STATUS);
    assert_int_equal(get(0, 2), pflash_regs(&count)->reset);
    assert_string_equal(pflash_params(&count)[1].name, "erase_cycles");
    assert_int_equal(count, 3);
}

#define RULE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RULE(reads_the_array_after_reset),
        RULE(query_is_the_table_of_both_chips),
        RULE(narrow_writes),
        RULE(a_write_of_8_bytes_is_two),
        RULE(programming_clears_bits_only),
        RULE(erasing_sets_the_block),
        RULE(unconfirmed_is_a_sequence_error),
        RULE(buffer_programs_up_to_its_size),
        RULE(bad_buffers_change_nothing),
        RULE(locked_blocks_stay),
        RULE(reset_unlocks),
        RULE(a_file_that_cannot_be_written_is_an_error),
        RULE(busy_for_as_long_as_configured),
        RULE(refused_accesses),
        RULE(sizes_that_no_bank_has),
        RULE(snapshot_changes_nothing),
        RULE(tables),
    };
    return cmocka_run_group_tests_name("pflash", tests, NULL, NULL);
}
