/* SPDX-License-Identifier: BSD-2-Clause */
/* The inside of an edu function. */
#ifndef EDU_STATE_H
#define EDU_STATE_H

#include "dma/dma.h"
#include "edu/edu.h"

enum { EDU_BUFFER = 0x40000, EDU_BUFFER_SIZE = 4096 };

/* Offsets in BAR0. */
enum {
    EDU_ID = 0x00,
    EDU_LIVENESS = 0x04,
    EDU_FACTORIAL = 0x08,
    EDU_STATUS = 0x20,
    EDU_INTERRUPT_STATUS = 0x24,
    EDU_INTERRUPT_RAISE = 0x60,
    EDU_INTERRUPT_ACKNOWLEDGE = 0x64,
    EDU_WIDE = 0x80, /* from here on registers have 64 bits */
    EDU_DMA_SOURCE = 0x80,
    EDU_DMA_DESTINATION = 0x88,
    EDU_DMA_COUNT = 0x90,
    EDU_DMA_COMMAND = 0x98,
};

enum { EDU_STATUS_COMPUTING = 1u << 0, EDU_STATUS_INTERRUPT = 1u << 7 };
enum { EDU_DMA_RUN = 1u << 0, EDU_DMA_TO_RAM = 1u << 1, EDU_DMA_INTERRUPT = 1u << 2 };
enum { EDU_RAISED_BY_FACTORIAL = 1u << 0, EDU_RAISED_BY_DMA = 1u << 8 };

enum edu_phase { EDU_IDLE, EDU_WAIT, EDU_MOVE, EDU_PHASES };

struct edu_state {
    uint32_t size;
    uint32_t liveness, factorial, status, interrupts;
    uint32_t phase; /* enum edu_phase, of the DMA */
    vd_time factorial_due;
    uint64_t source, destination, count, command;
    uint8_t buffer[EDU_BUFFER_SIZE];
    struct pcie_function_state function;
    struct dma_state dma;
};

struct edu {
    struct edu_config config;
    struct vd_host host;
    struct pcie_function function;
    struct dma dma;
    struct vd_event factorial;
    struct edu_state *st;
};

/* registers.c */
enum vd_status edu_registers_access(struct edu *edu, struct vd_txn *txn);

/* edu.c */
void edu_raise(struct edu *edu, uint32_t what);
void edu_acknowledge(struct edu *edu, uint32_t what);
void edu_compute(struct edu *edu, uint32_t number);
void edu_start_dma(struct edu *edu, uint64_t command);

#endif
