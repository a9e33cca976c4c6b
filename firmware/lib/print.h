/* SPDX-License-Identifier: BSD-2-Clause */
/* Formatted text: %c %s %d %u %x %p %%, with width, leading zeros, `-` and the lengths l and ll. */
#ifndef LIB_PRINT_H
#define LIB_PRINT_H

#include <stdarg.h>
#include <stddef.h>

/* The image's: where text goes. */
void console_write(const char *text, size_t length);

void print(const char *format, ...) __attribute__((format(printf, 1, 2)));
void print_list(const char *format, va_list args);
/* Into a buffer, always terminated.  Returns the length. */
size_t print_to(char *buffer, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
