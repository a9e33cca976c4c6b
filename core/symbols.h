/* SPDX-License-Identifier: BSD-2-Clause */
/* Names of addresses, from the symbol tables of ELF files. */
#ifndef CORE_SYMBOLS_H
#define CORE_SYMBOLS_H

#include <stddef.h>
#include <stdint.h>

struct symbols;

struct symbols *symbols_create(void);
void symbols_destroy(struct symbols *symbols);
/* Adds what the file has; one that is no ELF, or has no symbols, adds nothing. */
void symbols_add(struct symbols *symbols, const char *path);
/* Writes "name+0xoffset" of the closest symbol at or below addr, or an empty text. */
void symbols_name(struct symbols *symbols, uint64_t addr, char *text, size_t size);

#endif
