/* SPDX-License-Identifier: BSD-2-Clause */
#include "support/memory.h"

#include <stdbool.h>
#include <stddef.h>

uint32_t memory_fails_in;

/* The names that the linker's --wrap gives and asks for. */
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);

static bool fails(void)
{
    return memory_fails_in && --memory_fails_in == 0;
}

void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fails() ? NULL : __real_calloc(count, size);
}
