/* SPDX-License-Identifier: BSD-2-Clause */
/* The test endpoint (models/pcie/README.md), reached through its two BARs. */
#ifndef LIB_ENDPOINT_H
#define LIB_ENDPOINT_H

#include <stdbool.h>
#include <stdint.h>

enum { ENDPOINT_VENDOR = 0x1af0, ENDPOINT_DEVICE = 0x0001, ENDPOINT_ID = 0x31444956 };
enum { ENDPOINT_BAR0_BYTES = 0x4000, ENDPOINT_BAR2_BYTES = 0x10000 };

enum endpoint_register {
    EP_ID = 0x000,
    EP_VECTORS = 0x004,
    EP_STATUS = 0x008,
    EP_CONTROL = 0x00c,
    EP_RAISE = 0x010,
    EP_INTX = 0x018,
    EP_GEN_COUNT = 0x020,
    EP_GEN_BURST = 0x024,
    EP_GEN_PERIOD = 0x028,
    EP_GEN_FIRST = 0x030,
    EP_GEN_VECTORS = 0x034,
    EP_GEN_CONTROL = 0x038,
    EP_GEN_SENT = 0x03c,
    EP_GEN_DATA = 0x040,
    EP_GEN_ACK = 0x048,
    EP_DMA_ADDR = 0x080,
    EP_DMA_LENGTH = 0x088,
    EP_DMA_CONTROL = 0x08c,
    EP_DMA_STATUS = 0x090,
    EP_FORGE_ADDR = 0x0c0,
    EP_FORGE_DATA = 0x0c8,
    EP_FORGE_CONTROL = 0x0cc,
    EP_SCRIPT_CONTROL = 0x100,
    EP_BUFFER = 0x1000,
    EP_SCRIPT = 0x2000,
};

enum { EP_STATUS_GENERATOR = 1 << 0, EP_STATUS_DMA = 1 << 1, EP_STATUS_SCRIPT = 1 << 2 };

enum endpoint_generator_flag {
    EP_GEN_GO = 1 << 0,
    EP_GEN_RANDOM = 1 << 1,
    EP_GEN_DATA_WRITE = 1 << 2,
    EP_GEN_RELAXED = 1 << 3,
    EP_GEN_WAIT_ACK = 1 << 4,
};

enum endpoint_op {
    EP_OP_END,
    EP_OP_WAIT,
    EP_OP_RAISE,
    EP_OP_WRITE,
    EP_OP_FORGE,
    EP_OP_INTX,
    EP_OP_GOTO,
    EP_OP_WAIT_ACK,
    EP_OP_BURST,
};

/* A pattern of MSIs. */
struct endpoint_pattern {
    uint32_t count, burst, first, vectors;
    uint64_t period; /* cycles */
    uint32_t flags;  /* EP_GEN_RANDOM, ... */
};

bool endpoint_present(uint64_t bar0);
void endpoint_generate(uint64_t bar0, const struct endpoint_pattern *pattern);
uint32_t endpoint_sent(uint64_t bar0);
bool endpoint_busy(uint64_t bar0);
void endpoint_stop(uint64_t bar0);
/* The script's entry n. */
void endpoint_script(uint64_t bar0, uint32_t n, enum endpoint_op op, uint32_t arg, uint64_t value);
void endpoint_script_run(uint64_t bar0);
/* One posted write of 1, 2, 4, ... 64 bytes that counts as an MSI. */
void endpoint_forge(uint64_t bar0, uint64_t iova, uint32_t data, uint32_t size);
/* One read of at most 8 bytes.  False: it was refused. */
bool endpoint_read(uint64_t bar0, uint64_t iova, uint32_t size, uint64_t *value);

#endif
