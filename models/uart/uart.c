/* SPDX-License-Identifier: BSD-2-Clause */
#include "uart/uart.h"

#include <stdlib.h>
#include <string.h>

#include "uart/state.h"

static vd_time byte_time(const struct uart *u)
{
    return u->config.byte_cycles * u->config.cycle_ps;
}

static vd_time now(const struct uart *u)
{
    return u->host.ops->now(u->host.ctx);
}

static uint32_t fifo_size(const struct uart_state *s)
{
    return s->fcr & FCR_ENABLE ? UART_FIFO : 1;
}

static void push(struct uart_fifo *fifo, uint8_t byte)
{
    fifo->byte[(fifo->first + fifo->count) % UART_FIFO] = byte;
    fifo->count++;
}

static uint8_t pop(struct uart_fifo *fifo)
{
    uint8_t byte = fifo->byte[fifo->first];
    fifo->first = (fifo->first + 1) % UART_FIFO;
    fifo->count--;
    return byte;
}

static void arm(struct uart *u, struct vd_event *ev, vd_time *at, vd_time when)
{
    *at = when;
    if (when == VD_NEVER)
        u->host.ops->cancel(u->host.ctx, ev);
    else
        u->host.ops->post(u->host.ctx, ev, when);
}

/* Bytes below the trigger level have waited for four bytes' time. */
void uart_restart_timeout(struct uart *u)
{
    struct uart_state *s = &u->state;
    bool waiting = s->rx.count && s->fcr & FCR_ENABLE;
    s->timed_out = waiting && byte_time(u) == 0;
    arm(u, &u->timeout_event, &s->timeout_at,
        waiting && byte_time(u) ? now(u) + 4 * byte_time(u) : VD_NEVER);
}

static void timeout_due(void *ctx, uint32_t arg)
{
    struct uart *u = ctx;
    (void)arg;
    u->state.timeout_at = VD_NEVER;
    u->state.timed_out = 1;
    uart_drive_line(u);
}

bool uart_take(struct uart *u, uint8_t byte)
{
    struct uart_state *s = &u->state;
    bool room = s->rx.count < fifo_size(s);
    if (room)
        push(&s->rx, byte);
    else
        s->errors |= LSR_OE;
    uart_restart_timeout(u);
    return room;
}

static void put_on_wire(struct uart *u, uint8_t byte)
{
    if (u->state.mcr & MCR_LOOP) {
        uart_take(u, byte);
        return;
    }
    struct vd_record rec = {.kind = VD_REC_console, .a = byte};
    u->host.ops->trace(u->host.ctx, &rec);
    if (u->output)
        u->output(u->output_ctx, byte);
}

static void shift_next(struct uart *u)
{
    struct uart_state *s = &u->state;
    if (!s->tx.count)
        return;
    s->shift = pop(&s->tx);
    if (!s->tx.count)
        s->thr_empty = 1;
    arm(u, &u->tx_event, &s->tx_at, now(u) + byte_time(u));
}

static void tx_due(void *ctx, uint32_t arg)
{
    struct uart *u = ctx;
    (void)arg;
    u->state.tx_at = VD_NEVER;
    put_on_wire(u, u->state.shift);
    shift_next(u);
    uart_drive_line(u);
}

void uart_transmit(struct uart *u, uint8_t byte)
{
    struct uart_state *s = &u->state;
    if (byte_time(u) == 0) {
        put_on_wire(u, byte);
        s->thr_empty = 1;
        return;
    }
    s->thr_empty = 0;
    if (s->tx.count < fifo_size(s))
        push(&s->tx, byte);
    else
        s->tx.byte[(s->tx.first + s->tx.count - 1) % UART_FIFO] = byte;
    if (s->tx_at == VD_NEVER)
        shift_next(u);
}

void uart_flush_rx(struct uart *u)
{
    u->state.rx = (struct uart_fifo){0};
    uart_restart_timeout(u);
}

void uart_flush_tx(struct uart *u)
{
    if (u->state.tx.count)
        u->state.thr_empty = 1;
    u->state.tx = (struct uart_fifo){0};
}

enum vd_status uart_access(struct uart *uart, struct vd_txn *txn)
{
    bool quiet = txn->attrs & VD_DEBUG;
    if (txn->size != 1 || (txn->cmd != VD_READ && txn->cmd != VD_WRITE) || txn->attrs & VD_ATOMIC) {
        txn->status = VD_DENIED;
        return VD_DENIED;
    }
    txn->status = VD_OK;
    if (txn->addr >= UART_REGISTERS)
        txn->data[0] = txn->cmd == VD_READ ? 0 : txn->data[0];
    else if (txn->cmd == VD_READ)
        txn->data[0] = uart_read_register(uart, (uint32_t)txn->addr, quiet);
    else if (!quiet)
        uart_write_register(uart, (uint32_t)txn->addr, (uint8_t)txn->data[0]);
    uart_drive_line(uart);
    return VD_OK;
}

uint32_t uart_room(const struct uart *uart)
{
    const struct uart_state *s = &uart->state;
    return s->mcr & MCR_LOOP || s->rx.count >= fifo_size(s) ? 0 : fifo_size(s) - s->rx.count;
}

bool uart_listens(const struct uart *uart)
{
    return uart->state.ier & (IER_RDI | IER_RLSI);
}

bool uart_receive(struct uart *uart, uint8_t byte)
{
    /* In loopback the receiver is disconnected from the wire. */
    if (uart->state.mcr & MCR_LOOP)
        return false;
    bool taken = uart_take(uart, byte);
    uart_drive_line(uart);
    return taken;
}

void uart_connect(struct uart *uart, void (*output)(void *ctx, uint8_t byte), void *ctx)
{
    uart->output = output;
    uart->output_ctx = ctx;
}

void uart_reset(struct uart *uart)
{
    uint8_t line = uart->state.line;
    uart->host.ops->cancel(uart->host.ctx, &uart->tx_event);
    uart->host.ops->cancel(uart->host.ctx, &uart->timeout_event);
    memset(&uart->state, 0, sizeof(uart->state));
    uart->state.tx_at = VD_NEVER;
    uart->state.timeout_at = VD_NEVER;
    uart->state.msr = MSR_CTS | MSR_DSR | MSR_DCD;
    uart->state.line = line;
    uart_drive_line(uart);
}

struct uart *uart_create(const struct uart_config *config, const struct vd_host *host,
                         struct vd_error *err)
{
    struct uart *uart = calloc(1, sizeof(*uart));
    if (!uart) {
        vd_fail(err, "uart: out of memory");
        return NULL;
    }
    uart->config = *config;
    uart->config.cycle_ps = config->cycle_ps ? config->cycle_ps : 1000;
    uart->host = *host;
    uart->tx_event = (struct vd_event){.fire = tx_due, .ctx = uart};
    uart->timeout_event = (struct vd_event){.fire = timeout_due, .ctx = uart};
    uart_reset(uart);
    return uart;
}

void uart_destroy(struct uart *uart)
{
    if (!uart)
        return;
    uart->host.ops->cancel(uart->host.ctx, &uart->tx_event);
    uart->host.ops->cancel(uart->host.ctx, &uart->timeout_event);
    free(uart);
}

size_t uart_save(const struct uart *uart, void *buffer, size_t capacity)
{
    if (capacity >= sizeof(uart->state))
        memcpy(buffer, &uart->state, sizeof(uart->state));
    return sizeof(uart->state);
}

static bool fifo_valid(const struct uart_fifo *fifo)
{
    return fifo->first < UART_FIFO && fifo->count <= UART_FIFO;
}

bool uart_restore(struct uart *uart, const void *buffer, size_t size)
{
    struct uart_state s;
    if (size != sizeof(s))
        return false;
    memcpy(&s, buffer, size);
    if (!fifo_valid(&s.rx) || !fifo_valid(&s.tx) || s.tx_at < now(uart) ||
        s.timeout_at < now(uart) || s.line > 1)
        return false;
    uart->state = s;
    arm(uart, &uart->tx_event, &uart->state.tx_at, s.tx_at);
    arm(uart, &uart->timeout_event, &uart->state.timeout_at, s.timeout_at);
    return true;
}

static const struct vd_param params[] = {
    {"byte_cycles", VD_PARAM_U32, offsetof(struct uart_config, byte_cycles), 0, 0, 100000000, NULL,
     "cycles", "a byte's time on the wire; 0: none, as in most simulators"},
};

const struct vd_param *uart_params(uint32_t *count)
{
    *count = sizeof(params) / sizeof(params[0]);
    return params;
}
