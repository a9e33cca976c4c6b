/* SPDX-License-Identifier: BSD-2-Clause */
/* An ns16550a, polled. */
#ifndef LIB_UART_H
#define LIB_UART_H

#include <stddef.h>
#include <stdint.h>

#include "mmio.h"

enum { UART_THR = 0, UART_LSR = 5, UART_LSR_THRE = 1 << 5 };

static inline void uart_put(uint64_t base, char c)
{
    while (!(mmio_read8(base + UART_LSR) & UART_LSR_THRE))
        ;
    mmio_write8(base + UART_THR, (uint8_t)c);
}

static inline void uart_write(uint64_t base, const char *text, size_t length)
{
    for (; length; text++, length--)
        uart_put(base, *text);
}

#endif
