/* SPDX-License-Identifier: BSD-2-Clause */
/* Device registers, and the fences that order them. */
#ifndef LIB_MMIO_H
#define LIB_MMIO_H

#include <stdint.h>

static inline uint8_t mmio_read8(uint64_t addr)
{
    return *(volatile uint8_t *)addr;
}

static inline uint16_t mmio_read16(uint64_t addr)
{
    return *(volatile uint16_t *)addr;
}

static inline uint32_t mmio_read32(uint64_t addr)
{
    return *(volatile uint32_t *)addr;
}

static inline uint64_t mmio_read64(uint64_t addr)
{
    return *(volatile uint64_t *)addr;
}

static inline void mmio_write8(uint64_t addr, uint8_t value)
{
    *(volatile uint8_t *)addr = value;
}

static inline void mmio_write16(uint64_t addr, uint16_t value)
{
    *(volatile uint16_t *)addr = value;
}

static inline void mmio_write32(uint64_t addr, uint32_t value)
{
    *(volatile uint32_t *)addr = value;
}

static inline void mmio_write64(uint64_t addr, uint64_t value)
{
    *(volatile uint64_t *)addr = value;
}

/* Memory written before is visible to devices before the next register write. */
static inline void fence_memory_to_io(void)
{
    asm volatile("fence w, o" ::: "memory");
}

/* A register read before is done before memory is read. */
static inline void fence_io_to_memory(void)
{
    asm volatile("fence i, r" ::: "memory");
}

static inline void fence_all(void)
{
    asm volatile("fence iorw, iorw" ::: "memory");
}

#endif
