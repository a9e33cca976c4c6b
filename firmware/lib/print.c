/* SPDX-License-Identifier: BSD-2-Clause */
#include "print.h"

#include <stdbool.h>
#include <stdint.h>

#include "spinlock.h"

enum { LINE_BYTES = 256 };

struct sink {
    char *text;
    size_t size, length; /* what does not fit is cut */
};

struct spec {
    bool left, zero, wide;
    unsigned width;
};

static struct spinlock console_lock;

static void put(struct sink *sink, char c)
{
    if (sink->length + 1 < sink->size)
        sink->text[sink->length++] = c;
}

static void put_padded(struct sink *sink, const struct spec *spec, const char *text, size_t length)
{
    char pad = spec->zero ? '0' : ' ';
    size_t padding = spec->width > length ? spec->width - length : 0;
    for (size_t i = 0; !spec->left && i < padding; i++)
        put(sink, pad);
    for (size_t i = 0; i < length; i++)
        put(sink, text[i]);
    for (size_t i = 0; spec->left && i < padding; i++)
        put(sink, ' ');
}

static void put_number(struct sink *sink, const struct spec *spec, uint64_t value, unsigned base,
                       bool negative)
{
    char digits[24];
    size_t at = sizeof digits;
    do
        digits[--at] = "0123456789abcdef"[value % base];
    while ((value /= base) != 0);
    if (negative)
        digits[--at] = '-';
    put_padded(sink, spec, digits + at, sizeof digits - at);
}

static const char *parse_spec(const char *format, struct spec *spec)
{
    *spec = (struct spec){0};
    for (;; format++) {
        if (*format == '-')
            spec->left = true;
        else if (*format == '0')
            spec->zero = true;
        else
            break;
    }
    for (; *format >= '0' && *format <= '9'; format++)
        spec->width = spec->width * 10 + (unsigned)(*format - '0');
    for (; *format == 'l'; format++)
        spec->wide = true;
    return format;
}

static void put_string(struct sink *sink, const struct spec *spec, const char *text)
{
    size_t length = 0;
    while (text[length])
        length++;
    put_padded(sink, spec, text, length);
}

static void format_into(struct sink *sink, const char *format, va_list args)
{
    for (; *format; format++) {
        struct spec spec;
        if (*format != '%') {
            put(sink, *format);
            continue;
        }
        format = parse_spec(format + 1, &spec);
        if (*format == 's') {
            put_string(sink, &spec, va_arg(args, const char *));
        } else if (*format == 'c') {
            put(sink, (char)va_arg(args, int));
        } else if (*format == 'd') {
            int64_t value = spec.wide ? va_arg(args, int64_t) : va_arg(args, int);
            put_number(sink, &spec, value < 0 ? -(uint64_t)value : (uint64_t)value, 10, value < 0);
        } else if (*format == 'u' || *format == 'x') {
            uint64_t value = spec.wide ? va_arg(args, uint64_t) : va_arg(args, unsigned);
            put_number(sink, &spec, value, *format == 'x' ? 16 : 10, false);
        } else if (*format == 'p') {
            put_number(sink, &spec, (uint64_t)va_arg(args, void *), 16, false);
        } else {
            put(sink, '%');
        }
    }
    sink->text[sink->length] = 0;
}

void print_list(const char *format, va_list args)
{
    char line[LINE_BYTES];
    struct sink sink = {line, sizeof line, 0};
    format_into(&sink, format, args);
    spin_lock(&console_lock);
    console_write(line, sink.length);
    spin_unlock(&console_lock);
}

void print(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    print_list(format, args);
    va_end(args);
}

size_t print_to(char *buffer, size_t size, const char *format, ...)
{
    struct sink sink = {buffer, size, 0};
    va_list args;
    va_start(args, format);
    format_into(&sink, format, args);
    va_end(args);
    return sink.length;
}
