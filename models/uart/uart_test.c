/* SPDX-License-Identifier: BSD-2-Clause */
#include "uart/uart.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/bench.h"
#include "uart/state.h"

enum { CYCLE = 1000, BYTE = 100 * CYCLE };

static struct bench b;
static struct uart *u;
static char sent[256];
static size_t num_sent;

static void on_output(void *ctx, uint8_t byte)
{
    (void)ctx;
    sent[num_sent++] = (char)byte;
}

static void build(uint32_t byte_cycles)
{
    struct uart_config config = {.byte_cycles = byte_cycles, .cycle_ps = CYCLE};
    u = uart_create(&config, &b.host, NULL);
    assert_non_null(u);
    uart_connect(u, on_output, NULL);
}

static int setup(void **state)
{
    (void)state;
    bench_init(&b);
    build(0);
    num_sent = 0;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    uart_destroy(u);
    assert_int_equal(b.num_events, 0);
    bench_done(&b);
    return 0;
}

static void slow(void)
{
    uart_destroy(u);
    build(100);
}

static void put(uint32_t reg, uint8_t value)
{
    struct vd_txn txn = bench_write(reg, 1, value);
    assert_int_equal(uart_access(u, &txn), VD_OK);
}

static uint8_t get(uint32_t reg)
{
    struct vd_txn txn = bench_read(reg, 1);
    txn.data[0] = UINT64_MAX;
    assert_int_equal(uart_access(u, &txn), VD_OK);
    assert_true(txn.data[0] <= 0xff);
    return (uint8_t)txn.data[0];
}

static void text_is_sent(void **state)
{
    (void)state;
    for (const char *p = "viaduct\n"; *p; p++) {
        assert_true(get(LSR) & LSR_THRE);
        put(RBR_THR_DLL, (uint8_t)*p);
    }
    assert_int_equal(num_sent, 8);
    assert_memory_equal(sent, "viaduct\n", 8);
    assert_int_equal(bench_count(&b, VD_REC_console), 8);
    assert_int_equal(bench_record(&b, VD_REC_console, 0)->a, 'v');
    uart_connect(u, NULL, NULL);
    put(RBR_THR_DLL, 'x');
    assert_int_equal(bench_count(&b, VD_REC_console), 9);
}

static void divisor_latch(void **state)
{
    (void)state;
    put(LCR, 0x83);
    put(RBR_THR_DLL, 0x12);
    put(IER_DLM, 0x34);
    assert_int_equal(get(RBR_THR_DLL), 0x12);
    assert_int_equal(get(IER_DLM), 0x34);
    put(LCR, 0x03);
    assert_int_equal(get(IER_DLM), 0);
    assert_int_equal(get(RBR_THR_DLL), 0);
    assert_int_equal(num_sent, 0);
    put(IER_DLM, 0xff);
    assert_int_equal(get(IER_DLM), 0x0f);
    put(SCR, 0xa5);
    assert_int_equal(get(SCR), 0xa5);
}

static void received_bytes_in_order(void **state)
{
    (void)state;
    put(IIR_FCR, FCR_ENABLE);
    assert_int_equal(uart_room(u), 16);
    assert_false(uart_listens(u));
    put(IER_DLM, IER_RDI);
    assert_true(uart_listens(u));
    put(IER_DLM, 0);
    for (uint8_t i = 0; i < 16; i++)
        assert_true(uart_receive(u, i));
    assert_int_equal(uart_room(u), 0);
    for (uint8_t i = 0; i < 16; i++) {
        assert_true(get(LSR) & LSR_DR);
        assert_int_equal(get(RBR_THR_DLL), i);
    }
    assert_false(get(LSR) & LSR_DR);
    assert_int_equal(get(RBR_THR_DLL), 0);
}

static void overrun(void **state)
{
    (void)state;
    put(IER_DLM, IER_RLSI);
    assert_int_equal(uart_room(u), 1);
    assert_true(uart_receive(u, 'a'));
    assert_int_equal(uart_room(u), 0);
    assert_false(b.lines[0]);
    assert_false(uart_receive(u, 'b'));
    assert_true(b.lines[0]);
    assert_int_equal(get(IIR_FCR), IIR_LINE);
    assert_true(get(LSR) & LSR_OE);
    assert_false(b.lines[0]);
    assert_false(get(LSR) & LSR_OE);
    assert_int_equal(get(RBR_THR_DLL), 'a');
}

static void data_interrupt_at_trigger_level(void **state)
{
    (void)state;
    static const uint8_t levels[] = {1, 4, 8, 14};
    slow();
    put(IER_DLM, IER_RDI);
    for (uint32_t i = 0; i < 4; i++) {
        put(IIR_FCR, (uint8_t)(FCR_ENABLE | FCR_CLEAR_RX | i << 6));
        for (uint32_t n = 1; n < levels[i]; n++)
            uart_receive(u, 'x');
        assert_false(b.lines[0]);
        uart_receive(u, 'x');
        assert_true(b.lines[0]);
        assert_int_equal(get(IIR_FCR), IIR_FIFOS | IIR_DATA);
        get(RBR_THR_DLL);
        assert_false(b.lines[0]);
    }
}

static void character_timeout(void **state)
{
    (void)state;
    slow();
    put(IER_DLM, IER_RDI);
    put(IIR_FCR, FCR_ENABLE | 0x80);
    uart_receive(u, 'x');
    uart_receive(u, 'y');
    bench_run(&b, 4 * BYTE - 1);
    assert_false(b.lines[0]);
    bench_run(&b, 1);
    assert_true(b.lines[0]);
    assert_int_equal(get(IIR_FCR), IIR_FIFOS | IIR_TIMEOUT);
    get(RBR_THR_DLL);
    assert_false(b.lines[0]);
    bench_run(&b, 4 * BYTE);
    assert_true(b.lines[0]);
    get(RBR_THR_DLL);
    bench_run(&b, 5 * BYTE);
    assert_false(b.lines[0]);
}

static void timeout_without_latency_is_immediate(void **state)
{
    (void)state;
    put(IER_DLM, IER_RDI);
    put(IIR_FCR, FCR_ENABLE | 0xc0);
    uart_receive(u, 'x');
    assert_true(b.lines[0]);
    assert_int_equal(get(IIR_FCR), IIR_FIFOS | IIR_TIMEOUT);
    get(RBR_THR_DLL);
    assert_false(b.lines[0]);
}

static void transmitter_interrupt(void **state)
{
    (void)state;
    put(IER_DLM, IER_THRI);
    assert_true(b.lines[0]);
    assert_int_equal(get(IIR_FCR), IIR_THR_EMPTY);
    assert_false(b.lines[0]);
    assert_int_equal(get(IIR_FCR), IIR_NONE);
    put(RBR_THR_DLL, 'x');
    assert_true(b.lines[0]);
    put(IER_DLM, 0);
    assert_false(b.lines[0]);
}

static void transmitter_with_latency(void **state)
{
    (void)state;
    slow();
    put(IIR_FCR, FCR_ENABLE);
    put(IER_DLM, IER_THRI);
    get(IIR_FCR);
    for (uint8_t i = 0; i < 17; i++)
        put(RBR_THR_DLL, (uint8_t)('a' + i));
    assert_false(b.lines[0]);
    assert_int_equal(get(LSR), 0);
    bench_run(&b, BYTE - 1);
    assert_int_equal(num_sent, 0);
    bench_run(&b, 1);
    assert_int_equal(num_sent, 1);
    bench_run(&b, 15 * BYTE);
    assert_int_equal(num_sent, 16);
    assert_int_equal(get(LSR), LSR_THRE);
    assert_true(b.lines[0]);
    bench_run(&b, BYTE);
    assert_memory_equal(sent, "abcdefghijklmnopq", 17);
    assert_int_equal(get(LSR), LSR_THRE | LSR_TEMT);
}

static void transmitter_overflow_replaces_last(void **state)
{
    (void)state;
    slow();
    put(RBR_THR_DLL, 'a');
    put(RBR_THR_DLL, 'b');
    put(RBR_THR_DLL, 'c');
    bench_run(&b, 10 * BYTE);
    assert_int_equal(num_sent, 2);
    assert_memory_equal(sent, "ac", 2);
}

static void interrupt_priorities(void **state)
{
    (void)state;
    put(IER_DLM, 0x0f);
    put(MCR, MCR_LOOP);
    put(RBR_THR_DLL, 1);
    put(RBR_THR_DLL, 2);
    assert_int_equal(get(IIR_FCR), IIR_LINE);
    get(LSR);
    assert_int_equal(get(IIR_FCR), IIR_DATA);
    get(RBR_THR_DLL);
    assert_int_equal(get(IIR_FCR), IIR_THR_EMPTY);
    assert_int_equal(get(IIR_FCR), IIR_MODEM);
    get(MSR);
    assert_int_equal(get(IIR_FCR), IIR_NONE);
    assert_false(b.lines[0]);
}

static void loopback(void **state)
{
    (void)state;
    assert_int_equal(get(MSR), MSR_CTS | MSR_DSR | MSR_DCD);
    static const uint8_t rows[][2] = {
        {MCR_RTS, MSR_CTS}, {MCR_DTR, MSR_DSR}, {MCR_OUT1, MSR_RI}, {MCR_OUT2, MSR_DCD}};
    for (uint32_t i = 0; i < 4; i++) {
        put(MCR, MCR_LOOP | rows[i][0]);
        assert_int_equal(get(MSR) & 0xf0, rows[i][1]);
    }
    put(MCR, MCR_LOOP);
    get(MSR);
    put(MCR, MCR_LOOP | MCR_OUT1);
    assert_int_equal(get(MSR), MSR_RI);
    put(MCR, MCR_LOOP);
    assert_int_equal(get(MSR), MSR_TERI);
    assert_int_equal(get(MSR), 0);
    put(RBR_THR_DLL, 0x5a);
    assert_int_equal(num_sent, 0);
    assert_int_equal(get(RBR_THR_DLL), 0x5a);
    assert_int_equal(uart_room(u), 0);
    assert_false(uart_receive(u, 1));
    assert_false(get(LSR) & LSR_DR);
}

static void fifo_control(void **state)
{
    (void)state;
    assert_int_equal(get(IIR_FCR), IIR_NONE);
    put(IIR_FCR, FCR_ENABLE);
    assert_int_equal(get(IIR_FCR), IIR_FIFOS | IIR_NONE);
    uart_receive(u, 1);
    put(IIR_FCR, FCR_ENABLE | FCR_CLEAR_TX);
    assert_true(get(LSR) & LSR_DR);
    put(IIR_FCR, FCR_ENABLE | FCR_CLEAR_RX);
    assert_false(get(LSR) & LSR_DR);
    uart_receive(u, 1);
    put(IIR_FCR, 0xc0);
    assert_int_equal(get(IIR_FCR), IIR_NONE);
    assert_false(get(LSR) & LSR_DR);
    slow();
    put(IIR_FCR, FCR_ENABLE);
    put(RBR_THR_DLL, 'a');
    put(RBR_THR_DLL, 'b');
    put(IIR_FCR, FCR_ENABLE | FCR_CLEAR_TX);
    bench_run(&b, 5 * BYTE);
    assert_int_equal(num_sent, 1);
}

static void refused_accesses(void **state)
{
    (void)state;
    static const unsigned sizes[] = {2, 4, 8};
    for (uint32_t i = 0; i < 3; i++) {
        struct vd_txn txn = bench_write(0, sizes[i], 'x');
        assert_int_equal(uart_access(u, &txn), VD_DENIED);
        txn = bench_read(0, sizes[i]);
        assert_int_equal(uart_access(u, &txn), VD_DENIED);
    }
    put(8, 1);
    assert_int_equal(get(8), 0);
    put(LSR, 0);
    put(MSR, 0);
    assert_int_equal(get(LSR), LSR_THRE | LSR_TEMT);
    assert_int_equal(get(MSR), 0xb0);
    assert_int_equal(num_sent, 0);
}

static void debugger_has_no_effect(void **state)
{
    (void)state;
    put(IER_DLM, IER_THRI);
    uart_receive(u, 'a');
    for (uint32_t reg = 0; reg < 8; reg++) {
        struct vd_txn txn = bench_read(reg, 1);
        txn.attrs = VD_DEBUG;
        uart_access(u, &txn);
        txn = bench_write(reg, 1, 0xff);
        txn.attrs = VD_DEBUG;
        uart_access(u, &txn);
    }
    assert_int_equal(get(IIR_FCR), IIR_THR_EMPTY);
    assert_int_equal(get(RBR_THR_DLL), 'a');
    assert_int_equal(get(IER_DLM), IER_THRI);
    assert_int_equal(num_sent, 0);
}

static void reset_equals_construction(void **state)
{
    (void)state;
    struct uart_state fresh, after;
    slow();
    uart_save(u, &fresh, sizeof(fresh));
    put(IER_DLM, 0x0f);
    put(IIR_FCR, FCR_ENABLE);
    put(MCR, MCR_LOOP);
    put(SCR, 1);
    put(LCR, 3);
    put(RBR_THR_DLL, 'x');
    put(RBR_THR_DLL, 'y');
    bench_run(&b, BYTE);
    assert_true(b.lines[0]);
    uart_reset(u);
    assert_false(b.lines[0]);
    assert_int_equal(b.num_events, 0);
    uart_save(u, &after, sizeof(after));
    assert_memory_equal(&fresh, &after, sizeof(fresh));
}

static void snapshot_in_the_middle_of_a_byte(void **state)
{
    (void)state;
    struct uart_state s;
    slow();
    put(IIR_FCR, FCR_ENABLE);
    put(IER_DLM, IER_RDI);
    put(RBR_THR_DLL, 'x');
    put(RBR_THR_DLL, 'y');
    uart_receive(u, 'r');
    get(RBR_THR_DLL);
    uart_receive(u, 's');
    bench_run(&b, BYTE / 2);
    assert_int_equal(uart_save(u, &s, sizeof(s)), sizeof(s));
    slow();
    assert_false(uart_restore(u, &s, sizeof(s) - 1));
    assert_true(uart_restore(u, &s, sizeof(s)));
    bench_run(&b, BYTE / 2);
    assert_int_equal(num_sent, 1);
    bench_run(&b, 5 * BYTE);
    assert_memory_equal(sent, "xy", 2);
    assert_int_equal(get(RBR_THR_DLL), 's');
    s.rx.first = 16;
    assert_false(uart_restore(u, &s, sizeof(s)));
    s.rx.first = 0;
    assert_false(uart_restore(u, &s, sizeof(s)));
}

static void register_table(void **state)
{
    (void)state;
    uint32_t count;
    const struct vd_reg *regs = uart_regs(&count);
    assert_int_equal(count, 8);
    for (uint32_t i = 0; i < count; i++)
        assert_int_equal(get(regs[i].offset), regs[i].reset);
    assert_int_equal(uart_params(&count)->fallback, 0);
}

#define RULE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RULE(text_is_sent),
        RULE(divisor_latch),
        RULE(received_bytes_in_order),
        RULE(overrun),
        RULE(data_interrupt_at_trigger_level),
        RULE(character_timeout),
        RULE(timeout_without_latency_is_immediate),
        RULE(transmitter_interrupt),
        RULE(transmitter_with_latency),
        RULE(transmitter_overflow_replaces_last),
        RULE(interrupt_priorities),
        RULE(loopback),
        RULE(fifo_control),
        RULE(refused_accesses),
        RULE(debugger_has_no_effect),
        RULE(reset_equals_construction),
        RULE(snapshot_in_the_middle_of_a_byte),
        RULE(register_table),
    };
    return cmocka_run_group_tests_name("uart", tests, NULL, NULL);
}
