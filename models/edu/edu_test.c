/* SPDX-License-Identifier: BSD-2-Clause */
#include "edu/edu.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "pcie/root.h"
#include "support/bench.h"

enum { DEVFN = 0x08, BAR0 = 0x40000000, MSI_PAGE = 0x28000000, CYCLE = 1000 };
enum { ID = 0x00, LIVE = 0x04, FACTORIAL = 0x08, STATUS = 0x20, IRQS = 0x24, RAISE = 0x60 };
enum { ACK = 0x64, SOURCE = 0x80, DESTINATION = 0x88, COUNT = 0x90, COMMAND = 0x98 };
enum { RUN = 1, TO_RAM = 2, INTERRUPT = 4, BUFFER = 0x40000, LINE = 1 };

static const uint64_t ram = 0x80000000;
static struct bench b;
static struct pcie_root *root;
static struct edu *e;
static struct edu_config config;

static bool msi_target(void *ctx, struct vd_txn *txn)
{
    (void)ctx;
    txn->status = VD_OK;
    return txn->cmd == VD_WRITE && txn->addr == MSI_PAGE;
}

static void complete(void *ctx, const struct vd_txn *txn)
{
    (void)ctx;
    pcie_complete(root, txn);
}

static void configure(uint32_t offset, unsigned size, uint32_t value)
{
    struct vd_txn txn = bench_write(DEVFN << 12 | offset, size, value);
    assert_int_equal(pcie_ecam(root, &txn), VD_OK);
}

static uint32_t configuration(uint32_t offset, unsigned size)
{
    struct vd_txn txn = bench_read(DEVFN << 12 | offset, size);
    assert_int_equal(pcie_ecam(root, &txn), VD_OK);
    return (uint32_t)txn.data[0];
}

static void build(void)
{
    static const struct pcie_config link = {
        .mmio32_base = BAR0, .mmio32_size = 0x40000000, .cycle_ps = CYCLE};
    root = pcie_create(&link, &b.host, NULL);
    e = edu_create(&config, &b.host, NULL);
    assert_non_null(root);
    assert_non_null(e);
    assert_true(pcie_plug(root, DEVFN, edu_function(e), NULL));
    configure(0x10, 4, BAR0);
    configure(0x04, 2, 0x0006);
}

static void demolish(void)
{
    pcie_destroy(root);
    edu_destroy(e);
}

static int setup(void **state)
{
    (void)state;
    bench_init(&b);
    b.hook = msi_target;
    b.complete = complete;
    config = (struct edu_config){.dma_mask = UINT32_MAX, .cycle_ps = CYCLE};
    build();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    demolish();
    assert_int_equal(b.num_events, 0);
    bench_done(&b);
    return 0;
}

static void put(uint32_t offset, unsigned size, uint64_t value)
{
    struct vd_txn txn = bench_write(BAR0 + offset, size, value);
    assert_int_equal(pcie_mmio(root, &txn), VD_OK);
}

static uint64_t get(uint32_t offset, unsigned size)
{
    struct vd_txn txn = bench_read(BAR0 + offset, size);
    assert_int_equal(pcie_mmio(root, &txn), VD_OK);
    return txn.data[0];
}

static void dma(uint64_t source, uint64_t destination, uint64_t count, uint64_t command)
{
    put(SOURCE, 8, source);
    put(DESTINATION, 8, destination);
    put(COUNT, 8, count);
    put(COMMAND, 8, command);
}

static void enable_msi(void)
{
    configure(0x94, 4, MSI_PAGE);
    configure(0x98, 4, 0);
    configure(0x9c, 2, 77);
    configure(0x92, 2, 1);
}

static void identification_and_liveness(void **state)
{
    (void)state;
    assert_int_equal(configuration(0, 4), 0x11e81234);
    assert_int_equal(configuration(8, 4), 0x00ff0010);
    assert_int_equal(configuration(0x3d, 1), 1);
    assert_int_equal(get(ID, 4), 0x010000ed);
    put(LIVE, 4, 0x12345678);
    assert_int_equal(get(LIVE, 4), 0xedcba987);
    configure(0x10, 4, 0xffffffff);
    assert_int_equal(configuration(0x10, 4), 0xfff00000);
}

static void factorial_at_once(void **state)
{
    (void)state;
    static const uint32_t expected[][2] = {
        {0, 1}, {1, 1}, {5, 120}, {12, 479001600}, {13, 1932053504}, {34, 0}, {UINT32_MAX, 0}};
    for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
        put(FACTORIAL, 4, expected[i][0]);
        assert_int_equal(get(FACTORIAL, 4), expected[i][1]);
    }
    assert_int_equal(get(IRQS, 4), 0);
}

static void factorial_takes_its_time(void **state)
{
    (void)state;
    demolish();
    config.factorial_cycles = 20;
    build();
    put(STATUS, 4, 0xff);
    assert_int_equal(get(STATUS, 4), 0x80);
    put(FACTORIAL, 4, 4);
    assert_int_equal(get(STATUS, 4), 0x81);
    put(FACTORIAL, 4, 5);
    assert_false(edu_idle(e));
    bench_run(&b, 20 * CYCLE - 1);
    assert_int_equal(get(STATUS, 4), 0x81);
    assert_false(b.lines[LINE]);
    bench_run(&b, 1);
    assert_int_equal(get(STATUS, 4), 0x80);
    assert_int_equal(get(FACTORIAL, 4), 24);
    assert_int_equal(get(IRQS, 4), 1);
    assert_true(b.lines[LINE]);
    assert_true(edu_idle(e));
}

static void intx_follows_the_interrupt_status(void **state)
{
    (void)state;
    put(RAISE, 4, 0x30);
    assert_true(b.lines[LINE]);
    put(RAISE, 4, 0x01);
    assert_int_equal(get(IRQS, 4), 0x31);
    put(ACK, 4, 0x11);
    assert_int_equal(get(IRQS, 4), 0x20);
    assert_true(b.lines[LINE]);
    put(ACK, 4, 0x20);
    assert_false(b.lines[LINE]);
    assert_int_equal(b.wire_edges, 2);
}

static void msi_is_one_per_raise(void **state)
{
    (void)state;
    enable_msi();
    put(RAISE, 4, 1);
    put(RAISE, 4, 1);
    assert_int_equal(bench_count(&b, VD_REC_msi_issue), 2);
    assert_int_equal(b.num_writes, 2);
    assert_int_equal(b.writes[1].addr, MSI_PAGE);
    assert_int_equal(b.writes[1].data[0], 77);
    assert_int_equal(b.writes[1].requester, DEVFN);
    assert_int_not_equal(b.writes[1].serial, 0);
    assert_false(b.lines[LINE]);
    put(ACK, 4, 1);
    put(RAISE, 4, 0);
    assert_int_equal(b.num_writes, 2);
}

static void dma_from_memory_and_back(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 1000; i++)
        bench_poke(&b, ram + 3 + i, 1, i * 7);
    dma(ram + 3, BUFFER + 5, 1000, RUN);
    assert_int_equal(get(COMMAND, 8), 0);
    dma(BUFFER + 5, ram + 0x2001, 1000, RUN | TO_RAM);
    assert_memory_equal(b.ram + 3, b.ram + 0x2001, 1000);
    assert_int_equal(get(IRQS, 4), 0);
    assert_int_equal(bench_peek(&b, ram + 0x2001 + 1000, 1), 0);
    assert_int_equal(b.writes[b.num_writes - 1].requester, DEVFN);
}

static void dma_takes_its_time_and_interrupts_behind_the_data(void **state)
{
    (void)state;
    demolish();
    config.dma_cycles = 50;
    build();
    enable_msi();
    b.latency = 10 * CYCLE;
    dma(BUFFER, ram, 4096, RUN | TO_RAM | INTERRUPT);
    assert_int_equal(get(COMMAND, 8), 7);
    put(SOURCE, 8, 0);
    put(COMMAND, 8, RUN);
    assert_int_equal(get(SOURCE, 8), BUFFER);
    bench_run(&b, 50 * CYCLE - 1);
    assert_int_equal(b.num_writes, 0);
    assert_false(edu_idle(e));
    bench_settle(&b, 1000);
    assert_int_equal(get(COMMAND, 8), 6);
    assert_int_equal(get(IRQS, 4), 0x100);
    assert_int_equal(b.num_writes, 4096 / 64 + 1);
    assert_int_equal(b.writes[b.num_writes - 1].addr, MSI_PAGE);
}

static void addresses_have_28_bits_unless_told(void **state)
{
    (void)state;
    demolish();
    config.dma_mask = 0;
    build();
    bench_done(&b);
    bench_init_ram(&b, 0x1000000, 0x2000);
    b.complete = complete;
    dma(BUFFER, 0xf1000000, 8, RUN | TO_RAM);
    assert_int_equal(b.num_writes, 1);
    assert_int_equal(b.writes[0].addr, 0x1000000);
}

static void transfers_outside_of_the_buffer_do_nothing(void **state)
{
    (void)state;
    static const uint64_t rows[][2] = {
        {BUFFER - 1, 2},      {BUFFER, 4097}, {BUFFER + 4096, 1},
        {BUFFER, UINT64_MAX}, {0, 8},         {UINT64_MAX, 2},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        dma(rows[i][0], ram, rows[i][1], RUN | TO_RAM | INTERRUPT);
        dma(ram, rows[i][0], rows[i][1], RUN);
        assert_int_equal(get(COMMAND, 8), 0);
        assert_int_equal(get(IRQS, 4), 0x100);
    }
    dma(BUFFER + 4096, ram, 0, RUN | TO_RAM);
    assert_int_equal(b.num_writes, 0);
    assert_int_equal(b.num_reads, 0);
}

static void what_cannot_be_read_leaves_the_buffer(void **state)
{
    (void)state;
    bench_poke(&b, ram, 8, 0x1122334455667788);
    dma(ram, BUFFER, 8, RUN);
    dma(0x1000, BUFFER, 8, RUN | INTERRUPT);
    assert_int_equal(get(IRQS, 4), 0x100);
    dma(BUFFER, ram + 64, 8, RUN | TO_RAM);
    assert_int_equal(bench_peek(&b, ram + 64, 8), 0x1122334455667788);
}

static void accesses_of_4_bytes_and_of_8_from_0x80_on(void **state)
{
    (void)state;
    put(LIVE, 8, 1);
    assert_int_equal(get(LIVE, 4), 0);
    assert_int_equal(get(ID, 8), UINT64_MAX);
    put(SOURCE, 8, 0x1122334455667788);
    assert_int_equal(get(SOURCE, 4), 0x55667788);
    put(SOURCE, 4, 5);
    assert_int_equal(get(SOURCE, 8), 5);
    assert_int_equal(get(0x84, 4), UINT32_MAX);
    assert_int_equal(get(RAISE, 4), UINT32_MAX);
    assert_int_equal(get(BUFFER, 8), UINT64_MAX);
    put(COMMAND, 8, TO_RAM);
    assert_int_equal(get(COMMAND, 8), 0);
    struct vd_txn txn = bench_read(BAR0 + ID, 2);
    assert_int_equal(pcie_mmio(root, &txn), VD_DENIED);
    txn = bench_write(BAR0 + RAISE, 4, 1);
    txn.attrs = VD_DEBUG;
    assert_int_equal(pcie_mmio(root, &txn), VD_OK);
    assert_int_equal(get(IRQS, 4), 0);
}

static void reset_equals_construction(void **state)
{
    (void)state;
    demolish();
    config.factorial_cycles = 5;
    config.dma_cycles = 5;
    build();
    put(LIVE, 4, 1);
    put(STATUS, 4, 0x80);
    put(FACTORIAL, 4, 3);
    put(RAISE, 4, 3);
    dma(BUFFER, ram, 8, RUN | TO_RAM);
    edu_reset(e);
    assert_true(edu_idle(e));
    assert_int_equal(b.num_events, 0);
    assert_false(b.lines[LINE]);
    configure(0x10, 4, BAR0);
    configure(0x04, 2, 0x0006);
    uint32_t count;
    const struct vd_reg *regs = edu_regs(&count);
    assert_int_equal(count, 11);
    for (uint32_t i = 0; i < count; i++)
        if (regs[i].fields[0].access != VD_WO)
            assert_int_equal(get(regs[i].offset, regs[i].size), regs[i].reset);
}

static void snapshot_in_the_middle(void **state)
{
    (void)state;
    demolish();
    config.factorial_cycles = 5;
    config.dma_cycles = 9;
    build();
    bench_poke(&b, ram, 8, 42);
    put(FACTORIAL, 4, 3);
    dma(ram, BUFFER + 8, 8, RUN | INTERRUPT);
    size_t size = edu_save(e, NULL, 0);
    uint8_t *saved = malloc(size);
    assert_int_equal(edu_save(e, saved, size), size);
    demolish();
    build();
    assert_false(edu_restore(e, saved, size - 1));
    assert_true(edu_restore(e, saved, size));
    bench_run(&b, 5 * CYCLE);
    assert_int_equal(get(FACTORIAL, 4), 6);
    bench_run(&b, 4 * CYCLE);
    assert_int_equal(get(IRQS, 4), 0x100);
    dma(BUFFER + 8, ram + 64, 8, RUN | TO_RAM);
    bench_settle(&b, 100);
    assert_int_equal(bench_peek(&b, ram + 64, 8), 42);
    memset(saved + 4, 0xff, 60);
    assert_false(edu_restore(e, saved, size));
    free(saved);
}

#define RULE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RULE(identification_and_liveness),
        RULE(factorial_at_once),
        RULE(factorial_takes_its_time),
        RULE(intx_follows_the_interrupt_status),
        RULE(msi_is_one_per_raise),
        RULE(dma_from_memory_and_back),
        RULE(dma_takes_its_time_and_interrupts_behind_the_data),
        RULE(addresses_have_28_bits_unless_told),
        RULE(transfers_outside_of_the_buffer_do_nothing),
        RULE(what_cannot_be_read_leaves_the_buffer),
        RULE(accesses_of_4_bytes_and_of_8_from_0x80_on),
        RULE(reset_equals_construction),
        RULE(snapshot_in_the_middle),
    };
    return cmocka_run_group_tests_name("edu", tests, NULL, NULL);
}
