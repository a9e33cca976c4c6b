/* SPDX-License-Identifier: BSD-2-Clause */
#include "htif/htif.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/bench.h"

enum { TOHOST = 0x80001080, FROMHOST = 0x800010c0, BUFFER = 0x80002000, TEXT = 0x80003000 };

static struct bench b;
static struct htif *h;
static char sent[4096];
static size_t num_sent;
static uint32_t exits, status;

static void on_output(void *ctx, uint8_t byte)
{
    (void)ctx;
    if (num_sent < sizeof(sent))
        sent[num_sent] = (char)byte;
    num_sent++;
}

static void on_end(void *ctx, uint32_t code)
{
    (void)ctx;
    exits++;
    status = code;
}

static void on_snoop(void *ctx, uint64_t spa, uint64_t size)
{
    (void)ctx;
    htif_snoop(h, spa, size);
}

static void build(void)
{
    struct htif_config config = {.tohost = TOHOST, .fromhost = FROMHOST};
    h = htif_create(&config, &b.host, NULL);
    assert_non_null(h);
    htif_connect(h, &(struct htif_port){.output = on_output, .exit = on_end});
}

static int setup(void **state)
{
    (void)state;
    bench_init(&b);
    b.snoop = on_snoop;
    build();
    num_sent = exits = status = 0;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    htif_destroy(h);
    assert_int_equal(b.num_watches, 0);
    bench_done(&b);
    return 0;
}

/* A store of the guest. */
static void store(uint64_t addr, unsigned size, uint64_t value)
{
    struct vd_txn txn = bench_write(addr, size, value);
    assert_int_equal(b.host.ops->access(b.host.ctx, &txn), VD_OK);
}

static void exit_codes(void **state)
{
    (void)state;
    static const uint64_t rows[][2] = {{1, 0}, {3, 1}, {2 * 1337 + 1, 1337}};
    for (uint32_t i = 0; i < 3; i++) {
        bench_forget(&b);
        store(TOHOST, 8, rows[i][0]);
        assert_int_equal(exits, i + 1);
        assert_int_equal(status, rows[i][1]);
        assert_int_equal(bench_record(&b, VD_REC_exit, 0)->a, rows[i][1]);
    }
}

/* riscv-tests store the lower half, then zero into the upper one. */
static void exit_by_halves(void **state)
{
    (void)state;
    store(TOHOST, 4, 7);
    store(TOHOST + 4, 4, 0);
    assert_int_equal(exits, 1);
    assert_int_equal(status, 3);
}

static void console_write(void **state)
{
    (void)state;
    for (const char *p = "hello"; *p; p++) {
        store(TOHOST, 8, UINT64_C(0x0101000000000000) | (uint8_t)*p);
        assert_int_equal(bench_peek(&b, TOHOST, 8), 0);
    }
    assert_int_equal(num_sent, 5);
    assert_memory_equal(sent, "hello", 5);
    assert_int_equal(bench_count(&b, VD_REC_console), 5);
    assert_int_equal(bench_peek(&b, FROMHOST, 8), 0);
}

static void console_read(void **state)
{
    (void)state;
    static const uint64_t read = UINT64_C(0x0100000000000000);
    assert_true(htif_receive(h, 'a'));
    assert_int_equal(bench_peek(&b, FROMHOST, 8), 0);
    store(TOHOST, 8, read);
    assert_int_equal(bench_peek(&b, FROMHOST, 8), read | 0x100 | 'a');
    store(TOHOST, 8, read);
    htif_receive(h, 'b');
    assert_int_equal(bench_peek(&b, FROMHOST, 8), read | 0x100 | 'a');
    store(FROMHOST, 8, 0);
    assert_int_equal(bench_peek(&b, FROMHOST, 8), read | 0x100 | 'b');
    store(FROMHOST, 8, 0);
    assert_int_equal(bench_peek(&b, FROMHOST, 8), 0);
    for (uint32_t i = 0; i < HTIF_ROOM; i++)
        assert_true(htif_receive(h, 'x'));
    assert_int_equal(htif_room(h), 0);
    assert_false(htif_receive(h, 'y'));
}

static void system_call(uint64_t number, uint64_t x, uint64_t y, uint64_t z)
{
    bench_poke(&b, BUFFER, 8, number);
    bench_poke(&b, BUFFER + 8, 8, x);
    bench_poke(&b, BUFFER + 16, 8, y);
    bench_poke(&b, BUFFER + 24, 8, z);
    store(TOHOST, 8, BUFFER);
}

static void syscall_write(void **state)
{
    (void)state;
    memcpy(b.ram + (TEXT - b.ram_base), "a text\n", 7);
    system_call(64, 1, TEXT, 7);
    assert_int_equal(num_sent, 7);
    assert_memory_equal(sent, "a text\n", 7);
    assert_int_equal(bench_peek(&b, BUFFER, 8), 7);
    assert_int_equal(bench_peek(&b, FROMHOST, 8), 1);
    assert_int_equal(bench_peek(&b, TOHOST, 8), 0);
}

static void syscall_write_of_anything(void **state)
{
    (void)state;
    system_call(64, 1, 0x1000, 7);
    assert_int_equal((int64_t)bench_peek(&b, BUFFER, 8), -14);
    store(FROMHOST, 8, 0);
    system_call(64, 1, b.ram_base + b.ram_size - 3, UINT64_MAX);
    assert_int_equal(bench_peek(&b, BUFFER, 8), 3);
    store(FROMHOST, 8, 0);
    num_sent = 0;
    system_call(64, 1, b.ram_base, UINT64_MAX);
    assert_int_equal(bench_peek(&b, BUFFER, 8), 1 << 20);
    assert_int_equal(num_sent, 1 << 20);
}

static void syscall_exit_and_unknown(void **state)
{
    (void)state;
    system_call(93, 42, 0, 0);
    assert_int_equal(exits, 1);
    assert_int_equal(status, 42);
    system_call(1234, 0, 0, 0);
    assert_int_equal((int64_t)bench_peek(&b, BUFFER, 8), -38);
    assert_int_equal(bench_peek(&b, FROMHOST, 8), 1);
    store(FROMHOST, 8, 0);
    store(TOHOST, 8, 0x10);
    store(TOHOST, 8, UINT64_C(0x00fefffffffffff0));
    store(TOHOST, 8, UINT64_C(0x7700000000000001));
    assert_int_equal(exits, 1);
}

static void identify(void **state)
{
    (void)state;
    static const struct {
        uint64_t device, what;
        const char *name;
    } rows[] = {{0, 0xff, "syscall_proxy"},
                {0, 0, "syscall"},
                {1, 0xff, "bcd"},
                {1, 0, "read"},
                {1, 1, "write"},
                {1, 2, ""},
                {2, 0xff, ""}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        memset(b.ram + (TEXT - b.ram_base), 'x', 64);
        store(TOHOST, 8,
              rows[i].device << 56 | UINT64_C(0xff) << 48 | (uint64_t)TEXT << 8 | rows[i].what);
        assert_string_equal(b.ram + (TEXT - b.ram_base), rows[i].name);
        assert_int_equal(bench_peek(&b, TEXT + 63, 1), 0);
        assert_int_equal(bench_peek(&b, FROMHOST, 8),
                         rows[i].device << 56 | UINT64_C(0xff) << 48 | 1);
        store(FROMHOST, 8, 0);
    }
}

static void other_words_of_the_page(void **state)
{
    (void)state;
    store(TOHOST - 8, 8, 1);
    store(TOHOST + 8, 8, 1);
    store(TOHOST, 8, 0);
    assert_int_equal(exits, 0);
    struct vd_txn wide = bench_write(TOHOST, 64, 1);
    assert_int_equal(b.host.ops->access(b.host.ctx, &wide), VD_OK);
    assert_int_equal(exits, 1);
    wide = bench_write(TOHOST - 8, 16, 0);
    wide.data[1] = 1;
    assert_int_equal(b.host.ops->access(b.host.ctx, &wide), VD_OK);
    assert_int_equal(exits, 2);
}

static void nobody_is_connected(void **state)
{
    (void)state;
    htif_connect(h, &(struct htif_port){0});
    store(TOHOST, 8, UINT64_C(0x0101000000000041));
    store(TOHOST, 8, 1);
    assert_int_equal(bench_count(&b, VD_REC_exit), 1);
    assert_int_equal(bench_count(&b, VD_REC_console), 1);
}

static void reset_and_snapshot(void **state)
{
    (void)state;
    char fresh[256], buffer[256], after[256];
    size_t size = htif_save(h, fresh, sizeof(fresh));
    htif_receive(h, 'q');
    htif_receive(h, 'r');
    htif_save(h, buffer, sizeof(buffer));
    htif_reset(h);
    assert_int_equal(htif_save(h, after, sizeof(after)), size);
    assert_memory_equal(fresh, after, size);
    assert_false(htif_restore(h, buffer, size - 1));
    assert_true(htif_restore(h, buffer, size));
    store(TOHOST, 8, UINT64_C(0x0100000000000000));
    assert_int_equal(bench_peek(&b, FROMHOST, 1), 'q');
    memset(buffer, 0xff, sizeof(buffer));
    assert_false(htif_restore(h, buffer, size));
}

static void configurations(void **state)
{
    (void)state;
    struct htif_config config = {.tohost = TOHOST + 4, .fromhost = FROMHOST};
    struct vd_error err;
    assert_null(htif_create(&config, &b.host, &err));
    assert_non_null(strstr(err.text, "multiples of 8"));
    htif_destroy(h);
    assert_int_equal(b.num_watches, 0);
    config = (struct htif_config){.tohost = TOHOST, .fromhost = TOHOST + 0x1000};
    struct htif *other = htif_create(&config, &b.host, &err);
    assert_int_equal(b.num_watches, 2);
    htif_destroy(other);
    build();
    uint32_t count;
    assert_null(htif_regs(&count));
    assert_null(htif_params(&count));
}

#define RULE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RULE(exit_codes),
        RULE(exit_by_halves),
        RULE(console_write),
        RULE(console_read),
        RULE(syscall_write),
        RULE(syscall_write_of_anything),
        RULE(syscall_exit_and_unknown),
        RULE(identify),
        RULE(other_words_of_the_page),
        RULE(nobody_is_connected),
        RULE(reset_and_snapshot),
        RULE(configurations),
    };
    return cmocka_run_group_tests_name("htif", tests, NULL, NULL);
}
