/* SPDX-License-Identifier: BSD-2-Clause */
/* A model small enough that every mutant of it is known. */
#ifndef EXAMPLE_H
#define EXAMPLE_H

#include <stdbool.h>
#include <stdint.h>

enum example_cause { EXAMPLE_NONE, EXAMPLE_NARROW, EXAMPLE_WIDE };

bool example_empty(uint32_t count, uint32_t limit);
bool example_inside(uint32_t value, uint32_t limit);
enum example_cause example_cause(uint32_t width);
uint32_t example_writable(uint32_t row, uint32_t value);
bool example_granted(bool present, bool user);
uint32_t example_cleared(uint32_t value);
uint32_t example_low(uint8_t value);
bool example_both(bool present);
uint32_t example_sum(uint32_t count);

#endif
