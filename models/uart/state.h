/* SPDX-License-Identifier: BSD-2-Clause */
/* State of the serial port and the names of its register bits. */
#ifndef UART_STATE_H
#define UART_STATE_H

#include "uart/uart.h"

enum { UART_FIFO = 16 };

enum uart_register { RBR_THR_DLL, IER_DLM, IIR_FCR, LCR, MCR, LSR, MSR, SCR, UART_REGISTERS };

enum {
    IER_RDI = 0x01, /* received data, and character timeout */
    IER_THRI = 0x02,
    IER_RLSI = 0x04,
    IER_MSI = 0x08,
    IIR_MODEM = 0x00,
    IIR_NONE = 0x01,
    IIR_THR_EMPTY = 0x02,
    IIR_DATA = 0x04,
    IIR_LINE = 0x06,
    IIR_TIMEOUT = 0x0c,
    IIR_FIFOS = 0xc0,
    FCR_ENABLE = 0x01,
    FCR_CLEAR_RX = 0x02,
    FCR_CLEAR_TX = 0x04,
    FCR_DMA = 0x08,
    FCR_TRIGGER = 0xc0,
    LCR_DLAB = 0x80,
    MCR_DTR = 0x01,
    MCR_RTS = 0x02,
    MCR_OUT1 = 0x04,
    MCR_OUT2 = 0x08,
    MCR_LOOP = 0x10,
    LSR_DR = 0x01,
    LSR_OE = 0x02,
    LSR_ERRORS = 0x1e,
    LSR_THRE = 0x20,
    LSR_TEMT = 0x40,
    MSR_DELTAS = 0x0f,
    MSR_TERI = 0x04,
    MSR_CTS = 0x10,
    MSR_DSR = 0x20,
    MSR_RI = 0x40,
    MSR_DCD = 0x80,
};

struct uart_fifo {
    uint8_t byte[UART_FIFO];
    uint32_t first, count;
};

struct uart_state {
    struct uart_fifo rx, tx;
    vd_time tx_at;      /* when the byte in the shift register has left, or VD_NEVER */
    vd_time timeout_at; /* when received bytes have waited too long, or VD_NEVER */
    uint8_t shift;      /* the byte that is leaving */
    uint8_t ier, fcr, lcr, mcr, msr, scr, dll, dlm;
    uint8_t errors;    /* LSR_ERRORS that were not read yet */
    uint8_t thr_empty; /* the interrupt that THR became empty is pending */
    uint8_t timed_out; /* the character timeout is pending */
    uint8_t line;
    uint8_t pad[3];
};

struct uart {
    struct uart_config config;
    struct vd_host host;
    struct vd_event tx_event, timeout_event;
    void (*output)(void *ctx, uint8_t byte);
    void *output_ctx;
    struct uart_state state;
};

/* Register side effects, called by uart_access(). */
uint8_t uart_read_register(struct uart *u, uint32_t reg, bool quiet);
void uart_write_register(struct uart *u, uint32_t reg, uint8_t value);
/* Line side, called by the registers. */
void uart_transmit(struct uart *u, uint8_t byte);
bool uart_take(struct uart *u, uint8_t byte);
void uart_flush_rx(struct uart *u);
void uart_flush_tx(struct uart *u);
void uart_restart_timeout(struct uart *u);
void uart_drive_line(struct uart *u);

#endif
