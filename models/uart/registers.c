/* SPDX-License-Identifier: BSD-2-Clause */
#include "uart/state.h"

static uint32_t trigger_level(const struct uart_state *s)
{
    static const uint8_t levels[] = {1, 4, 8, 14};
    return s->fcr & FCR_ENABLE ? levels[s->fcr >> 6] : 1;
}

/* The highest pending and enabled cause. */
static uint8_t interrupt_cause(const struct uart_state *s)
{
    if (s->ier & IER_RLSI && s->errors)
        return IIR_LINE;
    if (s->ier & IER_RDI && s->rx.count >= trigger_level(s))
        return IIR_DATA;
    if (s->ier & IER_RDI && s->timed_out)
        return IIR_TIMEOUT;
    if (s->ier & IER_THRI && s->thr_empty)
        return IIR_THR_EMPTY;
    if (s->ier & IER_MSI && s->msr & MSR_DELTAS)
        return IIR_MODEM;
    return IIR_NONE;
}

void uart_drive_line(struct uart *u)
{
    bool level = interrupt_cause(&u->state) != IIR_NONE;
    if (level == u->state.line)
        return;
    u->state.line = level;
    u->host.ops->wire(u->host.ctx, 0, level);
}

static uint8_t read_rbr(struct uart *u, bool quiet)
{
    struct uart_fifo *rx = &u->state.rx;
    uint8_t byte = rx->count ? rx->byte[rx->first] : 0;
    if (!quiet && rx->count) {
        rx->first = (rx->first + 1) % UART_FIFO;
        rx->count--;
        uart_restart_timeout(u);
    }
    return byte;
}

static uint8_t read_iir(struct uart *u, bool quiet)
{
    struct uart_state *s = &u->state;
    uint8_t cause = interrupt_cause(s);
    if (cause == IIR_THR_EMPTY && !quiet)
        s->thr_empty = 0;
    return (uint8_t)(cause | (s->fcr & FCR_ENABLE ? IIR_FIFOS : 0));
}

static uint8_t read_lsr(struct uart *u, bool quiet)
{
    struct uart_state *s = &u->state;
    uint8_t value = s->errors;
    if (s->rx.count)
        value |= LSR_DR;
    if (!s->tx.count)
        value |= LSR_THRE;
    if (!s->tx.count && s->tx_at == VD_NEVER)
        value |= LSR_TEMT;
    if (!quiet)
        s->errors = 0;
    return value;
}

/* In loopback the modem inputs are the modem outputs. */
static uint8_t modem_inputs(const struct uart_state *s)
{
    if (!(s->mcr & MCR_LOOP))
        return MSR_CTS | MSR_DSR | MSR_DCD;
    return (uint8_t)((s->mcr & MCR_RTS ? MSR_CTS : 0) | (s->mcr & MCR_DTR ? MSR_DSR : 0) |
                     (s->mcr & MCR_OUT1 ? MSR_RI : 0) | (s->mcr & MCR_OUT2 ? MSR_DCD : 0));
}

static void refresh_msr(struct uart_state *s)
{
    uint8_t inputs = modem_inputs(s);
    uint8_t changed = (uint8_t)((s->msr ^ inputs) >> 4);
    /* The ring indicator counts when it ends. */
    if (inputs & MSR_RI)
        changed &= (uint8_t)~MSR_TERI;
    s->msr = (uint8_t)(inputs | (s->msr & MSR_DELTAS) | changed);
}

static uint8_t read_msr(struct uart *u, bool quiet)
{
    uint8_t value = u->state.msr;
    if (!quiet)
        u->state.msr &= (uint8_t)~MSR_DELTAS;
    return value;
}

uint8_t uart_read_register(struct uart *u, uint32_t reg, bool quiet)
{
    const struct uart_state *s = &u->state;
    bool dlab = s->lcr & LCR_DLAB;
    switch (reg) {
    case RBR_THR_DLL:
        return dlab ? s->dll : read_rbr(u, quiet);
    case IER_DLM:
        return dlab ? s->dlm : s->ier;
    case IIR_FCR:
        return read_iir(u, quiet);
    case LCR:
        return s->lcr;
    case MCR:
        return s->mcr;
    case LSR:
        return read_lsr(u, quiet);
    case MSR:
        return read_msr(u, quiet);
    default:
        return s->scr;
    }
}

/* Enabling the interrupt while THR is empty raises it. */
static void write_ier(struct uart *u, uint8_t value)
{
    struct uart_state *s = &u->state;
    bool enabled = !(s->ier & IER_THRI) && value & IER_THRI;
    s->ier = value & 0x0f;
    if (enabled && !s->tx.count)
        s->thr_empty = 1;
}

static void write_fcr(struct uart *u, uint8_t value)
{
    struct uart_state *s = &u->state;
    bool toggled = (value ^ s->fcr) & FCR_ENABLE;
    if (toggled || value & FCR_CLEAR_RX)
        uart_flush_rx(u);
    if (toggled || value & FCR_CLEAR_TX)
        uart_flush_tx(u);
    /* The other bits can be programmed only together with bit 0. */
    s->fcr = value & FCR_ENABLE ? value & (FCR_ENABLE | FCR_DMA | FCR_TRIGGER) : 0;
}

void uart_write_register(struct uart *u, uint32_t reg, uint8_t value)
{
    struct uart_state *s = &u->state;
    bool dlab = s->lcr & LCR_DLAB;
    switch (reg) {
    case RBR_THR_DLL:
        if (dlab)
            s->dll = value;
        else
            uart_transmit(u, value);
        break;
    case IER_DLM:
        if (dlab)
            s->dlm = value;
        else
            write_ier(u, value);
        break;
    case IIR_FCR:
        write_fcr(u, value);
        break;
    case LCR:
        s->lcr = value;
        break;
    case MCR:
        s->mcr = value & 0x1f;
        refresh_msr(s);
        break;
    case SCR:
        s->scr = value;
        break;
    default:
        break;
    }
}

static const struct vd_field byte_fields[] = {{"byte", 0, 8, VD_RW}};
static const struct vd_field ier_fields[] = {
    {"ERBFI", 0, 1, VD_RW}, {"ETBEI", 1, 1, VD_RW}, {"ELSI", 2, 1, VD_RW}, {"EDSSI", 3, 1, VD_RW}};
static const struct vd_field iir_fields[] = {
    {"no_interrupt", 0, 1, VD_RO}, {"cause", 1, 3, VD_RO}, {"fifos", 6, 2, VD_RO}};
static const struct vd_field lcr_fields[] = {{"format", 0, 7, VD_RW}, {"DLAB", 7, 1, VD_RW}};
static const struct vd_field mcr_fields[] = {{"DTR", 0, 1, VD_RW},
                                             {"RTS", 1, 1, VD_RW},
                                             {"OUT1", 2, 1, VD_RW},
                                             {"OUT2", 3, 1, VD_RW},
                                             {"LOOP", 4, 1, VD_RW}};
static const struct vd_field lsr_fields[] = {
    {"DR", 0, 1, VD_RO}, {"OE", 1, 1, VD_RO},   {"PE", 2, 1, VD_RO},   {"FE", 3, 1, VD_RO},
    {"BI", 4, 1, VD_RO}, {"THRE", 5, 1, VD_RO}, {"TEMT", 6, 1, VD_RO}, {"fifo_error", 7, 1, VD_RO}};
static const struct vd_field msr_fields[] = {
    {"DCTS", 0, 1, VD_RO}, {"DDSR", 1, 1, VD_RO}, {"TERI", 2, 1, VD_RO}, {"DDCD", 3, 1, VD_RO},
    {"CTS", 4, 1, VD_RO},  {"DSR", 5, 1, VD_RO},  {"RI", 6, 1, VD_RO},   {"DCD", 7, 1, VD_RO}};

static const struct vd_reg regs[] = {
    {"RBR_THR_DLL", 0, 1, 1, 1, 0x00, "", byte_fields, 1},
    {"IER_DLM", 1, 1, 1, 1, 0x00, "", ier_fields, 4},
    {"IIR_FCR", 2, 1, 1, 1, 0x01, "", iir_fields, 3},
    {"LCR", 3, 1, 1, 1, 0x00, "", lcr_fields, 2},
    {"MCR", 4, 1, 1, 1, 0x00, "", mcr_fields, 5},
    {"LSR", 5, 1, 1, 1, 0x60, "", lsr_fields, 8},
    {"MSR", 6, 1, 1, 1, 0xb0, "", msr_fields, 8},
    {"SCR", 7, 1, 1, 1, 0x00, "", byte_fields, 1},
};

const struct vd_reg *uart_regs(uint32_t *count)
{
    *count = sizeof(regs) / sizeof(regs[0]);
    return regs;
}
