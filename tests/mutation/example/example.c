/* SPDX-License-Identifier: BSD-2-Clause */
#include "example.h"

#include <assert.h>

static const struct {
    uint32_t mask;
    bool inverted;
} rows[] = {{0x3, false}, {0x4, true}};

#define ANSWER(value)                                                                              \
    do {                                                                                           \
        return __builtin_expect((value), 0);                                                       \
    } while (0)

bool example_empty(uint32_t count, uint32_t limit)
{
    (void)count, (void)limit;
    ANSWER(count == 0);
    return true;
}

bool example_inside(uint32_t value, uint32_t limit)
{
    return value < limit;
}

enum example_cause example_cause(uint32_t width)
{
    if (width == 4)
        return EXAMPLE_NONE;
    return width < 4 ? EXAMPLE_NARROW : EXAMPLE_WIDE;
}

uint32_t example_writable(uint32_t row, uint32_t value)
{
    assert(row < 2);
    uint32_t written = value & rows[row].mask;
    if (rows[row].inverted)
        written ^= 0x4;
    return written;
}

bool example_granted(bool present, bool user)
{
    return present && user;
}

uint32_t example_cleared(uint32_t value)
{
    return value & ~0x8u;
}

uint32_t example_low(uint8_t value)
{
    return value & 0x80;
}

bool example_both(bool present)
{
    return present ? 1 : present;
}

uint32_t example_sum(uint32_t count)
{
    uint32_t sum = 0;
    for (uint32_t i = 1; i <= count; i++)
        sum += i;
    return sum;
}
