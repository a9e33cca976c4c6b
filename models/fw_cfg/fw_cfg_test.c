/* SPDX-License-Identifier: BSD-2-Clause */
#include "fw_cfg/fw_cfg.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/bench.h"

enum { DATA = 0, SELECTOR = 8, DMA = 16, DMA_LOW = 20 };
enum { ERROR = 1, READ = 2, SKIP = 4, SELECT = 8, WRITE = 16 };

static const uint64_t ram = 0x80000000, control = 0x80000030; /* across 64 bytes */
static struct bench b;
static struct fw_cfg *fw;

static void build(bool dma)
{
    fw = fw_cfg_create(&(struct fw_cfg_config){.dma = dma, .index = 7}, &b.host, NULL);
    assert_non_null(fw);
}

static int setup(void **state)
{
    (void)state;
    bench_init(&b);
    build(true);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    fw_cfg_destroy(fw);
    bench_done(&b);
    return 0;
}

static void put(uint64_t offset, unsigned size, uint64_t value)
{
    struct vd_txn txn = bench_write(offset, size, value);
    assert_int_equal(fw_cfg_access(fw, &txn), VD_OK);
}

static uint64_t get(uint64_t offset, unsigned size)
{
    struct vd_txn txn = bench_read(offset, size);
    txn.data[0] = UINT64_MAX;
    assert_int_equal(fw_cfg_access(fw, &txn), VD_OK);
    return txn.data[0];
}

static void select_key(uint16_t key)
{
    put(SELECTOR, 2, __builtin_bswap16(key));
}

static uint32_t swapped(uint32_t value)
{
    return __builtin_bswap32(value);
}

static uint32_t run_dma(uint32_t command, uint32_t length, uint64_t addr)
{
    bench_poke(&b, control, 4, swapped(command));
    bench_poke(&b, control + 4, 4, swapped(length));
    bench_poke(&b, control + 8, 8, __builtin_bswap64(addr));
    put(DMA, 8, __builtin_bswap64(control));
    return swapped((uint32_t)bench_peek(&b, control, 4));
}

static void signature_and_id(void **state)
{
    (void)state;
    select_key(FW_CFG_SIGNATURE);
    assert_int_equal(get(DATA, 4), 'Q' | 'E' << 8 | 'M' << 16 | 'U' << 24);
    select_key(FW_CFG_ID);
    assert_int_equal(get(DATA, 4), 3);
    assert_int_equal(get(DMA, 8), UINT64_C(0x47464320554d4551));
    assert_int_equal(get(DMA_LOW, 4), 0x47464320);
}

static void without_dma(void **state)
{
    (void)state;
    fw_cfg_destroy(fw);
    build(false);
    select_key(FW_CFG_ID);
    assert_int_equal(get(DATA, 4), 1);
    assert_int_equal(get(DMA, 4), 0);
    bench_poke(&b, control, 4, swapped(WRITE));
    put(DMA, 4, 0);
    put(DMA_LOW, 4, swapped((uint32_t)control));
    assert_int_equal(bench_peek(&b, control, 4), swapped(WRITE));
}

static void data_comes_in_memory_order(void **state)
{
    (void)state;
    fw_cfg_put(fw, 0x8003, "abcdefghijk", 11, NULL);
    select_key(0x8003);
    assert_int_equal(get(DATA, 1), 'a');
    assert_int_equal(get(DATA, 2), 'b' | 'c' << 8);
    assert_int_equal(get(DATA, 8), UINT64_C(0x6b6a696867666564));
    assert_int_equal(get(DATA, 8), 0);
    select_key(0x8003);
    put(DATA, 1, 'x');
    assert_int_equal(get(DATA, 1), 'a');
    select_key(0x1234);
    assert_int_equal(get(DATA, 8), 0);
}

static void numbers_are_little_endian(void **state)
{
    (void)state;
    fw_cfg_put_number(fw, FW_CFG_RAM_SIZE, 0x8000000, 8, NULL);
    fw_cfg_put_number(fw, FW_CFG_NB_CPUS, 5, 2, NULL);
    fw_cfg_put_number(fw, FW_CFG_NB_CPUS, 6, 2, NULL);
    select_key(FW_CFG_RAM_SIZE);
    assert_int_equal(get(DATA, 8), 0x8000000);
    select_key(FW_CFG_NB_CPUS);
    assert_int_equal(get(DATA, 4), 6);
}

static void files_are_in_the_directory(void **state)
{
    (void)state;
    select_key(FW_CFG_FILE_DIR);
    assert_int_equal(get(DATA, 4), 0);
    fw_cfg_put_file(fw, "opt/one", "1", 1, NULL);
    fw_cfg_put_file(fw, "opt/two", "22", 2, NULL);
    fw_cfg_put_file(fw, "opt/one", "333", 3, NULL);
    select_key(FW_CFG_FILE_DIR);
    assert_int_equal(get(DATA, 4), swapped(2));
    assert_int_equal(get(DATA, 4), swapped(3));
    assert_int_equal(get(DATA, 4), 0x2000);
    char name[FW_CFG_NAME_SIZE];
    for (size_t i = 0; i < sizeof(name); i++)
        name[i] = (char)get(DATA, 1);
    assert_string_equal(name, "opt/one");
    assert_int_equal(get(DATA, 8), UINT64_C(0x0000210002000000));
    select_key(0x20);
    assert_int_equal(get(DATA, 8), '3' | '3' << 8 | '3' << 16);
    select_key(0x21);
    assert_int_equal(get(DATA, 8), '2' | '2' << 8);
}

static void dma_reads_an_item(void **state)
{
    (void)state;
    uint8_t bytes[300];
    for (uint32_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)(i ^ 0x5a);
    fw_cfg_put_file(fw, "etc/file", bytes, sizeof(bytes), NULL);
    memset(b.ram + 0x1000, 0xee, 0x1000);
    assert_int_equal(run_dma(0x20 << 16 | SELECT | READ, 310, ram + 0x1003), 0);
    assert_memory_equal(b.ram + 0x1003, bytes, 300);
    assert_int_equal(bench_peek(&b, ram + 0x1003 + 300, 8), 0);
    assert_int_equal(bench_peek(&b, ram + 0x1003 + 308, 8), 0xeeeeeeeeeeee0000);
    assert_int_equal(bench_peek(&b, ram + 0x1002, 1), 0xee);
    assert_int_equal(b.writes[b.num_writes - 1].requester, VD_REQUESTER_BOARD(7));
}

static void dma_goes_on_where_it_stopped(void **state)
{
    (void)state;
    fw_cfg_put(fw, 0x30, "0123456789", 10, NULL);
    assert_int_equal(run_dma(0x30 << 16 | SELECT, 0, 0), 0);
    assert_int_equal(run_dma(SKIP, 3, 0), 0);
    assert_int_equal(run_dma(READ, 2, ram + 0x100), 0);
    assert_int_equal(bench_peek(&b, ram + 0x100, 2), '3' | '4' << 8);
    assert_int_equal(get(DATA, 1), '5');
    assert_int_equal(run_dma(SKIP, UINT32_MAX, 0), 0);
    assert_int_equal(get(DATA, 1), 0);
    assert_int_equal(run_dma(0x77 << 16 | SELECT | SKIP, 5, 0), 0);
}

static void dma_in_halves_starts_at_the_lower(void **state)
{
    (void)state;
    fw_cfg_put(fw, 0x30, "01", 2, NULL);
    bench_poke(&b, control, 4, swapped(0x30 << 16 | SELECT | READ));
    bench_poke(&b, control + 4, 4, swapped(2));
    bench_poke(&b, control + 8, 8, __builtin_bswap64(ram));
    put(DMA, 4, 0);
    assert_int_equal(bench_peek(&b, ram, 2), 0);
    put(DMA_LOW, 4, swapped((uint32_t)control));
    assert_int_equal(bench_peek(&b, ram, 2), '0' | '1' << 8);
    assert_int_equal(bench_peek(&b, control, 4), 0);
}

static void dma_says_what_went_wrong(void **state)
{
    (void)state;
    assert_int_equal(run_dma(READ, 8, 0x1000), ERROR);
    assert_int_equal(run_dma(0x20 << 16 | SELECT | WRITE, 1, ram), ERROR);
    uint32_t writes = b.num_writes;
    put(DMA, 8, __builtin_bswap64(0x1000));
    assert_int_equal(b.num_writes, writes);
}

static void refused_accesses(void **state)
{
    (void)state;
    static const struct {
        uint64_t offset;
        unsigned size;
    } rows[] = {{SELECTOR, 1}, {SELECTOR, 4}, {DMA, 2}, {DMA + 1, 1}, {4, 4}, {10, 2}, {24, 8}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct vd_txn txn = bench_read(rows[i].offset, rows[i].size);
        assert_int_equal(fw_cfg_access(fw, &txn), VD_DENIED);
    }
    struct vd_txn txn = bench_write(SELECTOR, 2, 0x100);
    txn.cmd = VD_OR;
    assert_int_equal(fw_cfg_access(fw, &txn), VD_DENIED);
    txn.cmd = VD_WRITE;
    txn.attrs = VD_DEBUG;
    assert_int_equal(fw_cfg_access(fw, &txn), VD_OK);
    txn = bench_read(DATA, 1);
    txn.attrs = VD_DEBUG;
    assert_int_equal(fw_cfg_access(fw, &txn), VD_OK);
    assert_int_equal(txn.data[0], 'Q');
    assert_int_equal(get(DATA, 1), 'Q');
}

static void bad_items_are_refused(void **state)
{
    (void)state;
    struct vd_error err;
    char name[80];
    memset(name, 'n', sizeof(name));
    name[FW_CFG_NAME_SIZE] = '\0';
    assert_false(fw_cfg_put_file(fw, name, "", 0, &err));
    assert_non_null(strstr(err.text, "55 characters"));
    assert_false(fw_cfg_put_file(fw, "", "", 0, &err));
    uint16_t key = 0x100;
    while (fw_cfg_put(fw, key, "", 0, &err))
        key++;
    assert_int_equal(key, 0x100 + FW_CFG_ITEMS - 3);
    assert_non_null(strstr(err.text, "no room"));
}

static void reset_equals_construction(void **state)
{
    (void)state;
    char fresh[64], after[64];
    size_t size = fw_cfg_save(fw, fresh, sizeof(fresh));
    select_key(FW_CFG_ID);
    get(DATA, 1);
    put(DMA, 4, 1);
    fw_cfg_reset(fw);
    assert_int_equal(fw_cfg_save(fw, after, sizeof(after)), size);
    assert_memory_equal(fresh, after, size);
}

static void snapshot_keeps_the_place(void **state)
{
    (void)state;
    char saved[64];
    get(DATA, 2);
    size_t size = fw_cfg_save(fw, saved, sizeof(saved));
    fw_cfg_destroy(fw);
    build(true);
    assert_false(fw_cfg_restore(fw, saved, size - 1));
    assert_true(fw_cfg_restore(fw, saved, size));
    assert_int_equal(get(DATA, 1), 'M');
    memset(saved, 0xff, sizeof(saved));
    assert_false(fw_cfg_restore(fw, saved, size));
}

static void tables(void **state)
{
    (void)state;
    uint32_t count;
    assert_string_equal(fw_cfg_regs(&count)[1].name, "selector");
    assert_int_equal(count, 3);
    assert_string_equal(fw_cfg_params(&count)->name, "dma");
    assert_int_equal(count, 1);
}

#define RULE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RULE(signature_and_id),
        RULE(without_dma),
        RULE(data_comes_in_memory_order),
        RULE(numbers_are_little_endian),
        RULE(files_are_in_the_directory),
        RULE(dma_reads_an_item),
        RULE(dma_goes_on_where_it_stopped),
        RULE(dma_in_halves_starts_at_the_lower),
        RULE(dma_says_what_went_wrong),
        RULE(refused_accesses),
        RULE(bad_items_are_refused),
        RULE(reset_equals_construction),
        RULE(snapshot_keeps_the_place),
        RULE(tables),
    };
    return cmocka_run_group_tests_name("fw_cfg", tests, NULL, NULL);
}
