/* SPDX-License-Identifier: BSD-2-Clause */
/* The few functions on bytes and words that a freestanding program must bring itself. */
#ifndef LIB_TEXT_H
#define LIB_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void *memcpy(void *to, const void *from, size_t size);
void *memset(void *to, int byte, size_t size);
void *memmove(void *to, const void *from, size_t size);
int memcmp(const void *a, const void *b, size_t size);
size_t strlen(const char *text);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t size);
/* Decimal or 0x hexadecimal, the whole of the text. */
bool parse_number(const char *text, uint64_t *value);

#endif
