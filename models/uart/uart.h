/* SPDX-License-Identifier: BSD-2-Clause */
/* A serial port with the registers of a National Semiconductor 16550A, one byte apart. */
#ifndef UART_H
#define UART_H

#include "viaduct/error.h"
#include "viaduct/host.h"
#include "viaduct/param.h"
#include "viaduct/reg.h"

/* Zero means the default of uart_params(). */
struct uart_config {
    uint32_t byte_cycles; /* a byte's time on the wire; 0: none */
    vd_time cycle_ps;
};

struct uart;

struct uart *uart_create(const struct uart_config *config, const struct vd_host *host,
                         struct vd_error *err);
void uart_destroy(struct uart *uart);
void uart_reset(struct uart *uart);
/* Where sent bytes go; NULL: only into the trace. */
void uart_connect(struct uart *uart, void (*output)(void *ctx, uint8_t byte), void *ctx);
/* Target port: txn->addr is the offset from the first register. */
enum vd_status uart_access(struct uart *uart, struct vd_txn *txn);
/* How many bytes uart_receive() takes now without losing one. */
uint32_t uart_room(const struct uart *uart);
/* Whether a byte that arrives can make an interrupt. */
bool uart_listens(const struct uart *uart);
/* A byte arrives.  False: it is lost, and LSR says so. */
bool uart_receive(struct uart *uart, uint8_t byte);
size_t uart_save(const struct uart *uart, void *buffer, size_t capacity);
bool uart_restore(struct uart *uart, const void *buffer, size_t size);
const struct vd_reg *uart_regs(uint32_t *count);
const struct vd_param *uart_params(uint32_t *count);

#endif
