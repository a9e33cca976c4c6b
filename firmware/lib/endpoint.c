/* SPDX-License-Identifier: BSD-2-Clause */
#include "endpoint.h"

#include "mmio.h"

bool endpoint_present(uint64_t bar0)
{
    return mmio_read32(bar0 + EP_ID) == ENDPOINT_ID;
}

void endpoint_generate(uint64_t bar0, const struct endpoint_pattern *pattern)
{
    mmio_write32(bar0 + EP_GEN_COUNT, pattern->count);
    mmio_write32(bar0 + EP_GEN_BURST, pattern->burst);
    mmio_write64(bar0 + EP_GEN_PERIOD, pattern->period);
    mmio_write32(bar0 + EP_GEN_FIRST, pattern->first);
    mmio_write32(bar0 + EP_GEN_VECTORS, pattern->vectors);
    fence_all();
    mmio_write32(bar0 + EP_GEN_CONTROL, EP_GEN_GO | pattern->flags);
}

uint32_t endpoint_sent(uint64_t bar0)
{
    return mmio_read32(bar0 + EP_GEN_SENT);
}

bool endpoint_busy(uint64_t bar0)
{
    return mmio_read32(bar0 + EP_STATUS) != 0;
}

void endpoint_stop(uint64_t bar0)
{
    mmio_write32(bar0 + EP_CONTROL, 1);
}

void endpoint_script(uint64_t bar0, uint32_t n, enum endpoint_op op, uint32_t arg, uint64_t value)
{
    uint64_t entry = bar0 + EP_SCRIPT + 16 * n;
    mmio_write32(entry, (uint32_t)op);
    mmio_write32(entry + 4, arg);
    mmio_write64(entry + 8, value);
}

void endpoint_script_run(uint64_t bar0)
{
    fence_all();
    mmio_write32(bar0 + EP_SCRIPT_CONTROL, 1);
}

/* Field size of forge_control: 0 is 4 bytes, 7 one byte, n 2^n bytes. */
static uint32_t forge_size(uint32_t size)
{
    uint32_t field = 0;
    while (2u << field <= size)
        field++;
    return size == 1 ? 7 : field;
}

void endpoint_forge(uint64_t bar0, uint64_t iova, uint32_t data, uint32_t size)
{
    mmio_write64(bar0 + EP_FORGE_ADDR, iova);
    mmio_write32(bar0 + EP_FORGE_DATA, data);
    fence_all();
    mmio_write32(bar0 + EP_FORGE_CONTROL, 1 | forge_size(size) << 4);
}

bool endpoint_read(uint64_t bar0, uint64_t iova, uint32_t size, uint64_t *value)
{
    mmio_write64(bar0 + EP_BUFFER, UINT64_MAX);
    mmio_write64(bar0 + EP_DMA_ADDR, iova);
    mmio_write32(bar0 + EP_DMA_LENGTH, size);
    fence_all();
    mmio_write32(bar0 + EP_DMA_CONTROL, 1);
    while (endpoint_busy(bar0))
        ;
    *value = mmio_read64(bar0 + EP_BUFFER) << (64 - 8 * size) >> (64 - 8 * size);
    return mmio_read32(bar0 + EP_DMA_STATUS) == 1;
}
