/* SPDX-License-Identifier: BSD-2-Clause */
/* What the test endpoint keeps, and how its engines reach each other. */
#ifndef PCIE_ENDPOINT_STATE_H
#define PCIE_ENDPOINT_STATE_H

#include "pcie/endpoint.h"

/* In the order of the register table. */
enum endpoint_reg {
    EP_ID,
    EP_VECTORS,
    EP_STATUS,
    EP_CONTROL,
    EP_RAISE,
    EP_INTX,
    EP_GEN_COUNT,
    EP_GEN_BURST,
    EP_GEN_PERIOD,
    EP_GEN_FIRST,
    EP_GEN_VECTORS,
    EP_GEN_CONTROL,
    EP_GEN_SENT,
    EP_GEN_DATA,
    EP_GEN_ACK,
    EP_DMA_ADDR,
    EP_DMA_LENGTH,
    EP_DMA_CONTROL,
    EP_DMA_STATUS,
    EP_DMA_VECTOR,
    EP_ATS_RESPONSE,
    EP_FORGE_ADDR,
    EP_FORGE_DATA,
    EP_FORGE_CONTROL,
    EP_SCRIPT_CONTROL,
    EP_SCRIPT_ENTRY,
    EP_REGS
};

enum {
    EP_GO = 1u << 0, /* of every control register but `control` */
    EP_BUFFER_SIZE = 4096,
    EP_SCRIPT_ENTRIES = 256,
    EP_NO_VECTOR = 0xffffffff,

    GEN_RANDOM = 1u << 1,
    GEN_DATA = 1u << 2,
    GEN_RELAXED = 1u << 3,
    GEN_ACK = 1u << 4,
};

struct generator_state {
    vd_time due; /* of the next step, VD_NEVER: none */
    uint32_t burst_left;
    uint32_t acked;   /* 1: gen_ack has been written since the burst began */
    uint32_t waiting; /* 1: for gen_ack */
    uint32_t pad;
};

struct dma_state {
    vd_time due;
    uint32_t offset, length; /* of the buffer: done so far, all */
    uint32_t tag;            /* of the read in flight; grows for life, so that late answers of a
                                stopped DMA are known */
    uint32_t waiting;        /* 1: for that read */
    uint32_t control;        /* dma_control when GO was written */
    uint32_t pad;
};

struct forge_state {
    vd_time due;
    uint64_t addr;
    uint32_t data, control;
};

struct script_entry {
    uint32_t op, arg;
    uint64_t value;
};

struct script_state {
    vd_time due;
    uint32_t entry;
    uint32_t acked;                    /* 1: gen_ack has been written since the last wait for it */
    uint32_t waiting;                  /* 1: for gen_ack */
    uint32_t raised;                   /* vectors of the present entry already raised */
    uint64_t jumps[EP_SCRIPT_ENTRIES]; /* taken so far by each `go to` */
    struct script_entry entries[EP_SCRIPT_ENTRIES];
};

struct endpoint_state {
    uint32_t size;
    uint32_t pad;
    uint64_t random;
    uint64_t reg[EP_REGS];
    struct generator_state generator;
    struct dma_state dma;
    struct forge_state forge;
    struct script_state script;
    uint8_t buffer[EP_BUFFER_SIZE];
    struct pcie_function_state function;
};

struct endpoint {
    struct endpoint_config config;
    struct vd_host host;
    struct pcie_function function;
    struct vd_event generator_event, dma_event, forge_event, script_event;
    struct endpoint_state *state;
};

/* endpoint.c */
vd_time endpoint_now(const struct endpoint *e);
vd_time endpoint_after(const struct endpoint *e, uint64_t cycles);
/* Sets *due and arms ev there; VD_NEVER disarms it. */
void endpoint_arm(struct endpoint *e, struct vd_event *ev, vd_time *due, vd_time when);
uint64_t endpoint_random(struct endpoint *e);
uint32_t endpoint_room(const struct endpoint *e);
vd_time endpoint_backoff(const struct endpoint *e);
/* A posted write that counts as an MSI.  VD_RETRY: the link is full, nothing happened. */
enum vd_status endpoint_forge(struct endpoint *e, uint64_t addr, uint32_t data, uint32_t control);

/* registers.c */
enum vd_status registers_access(struct endpoint *e, struct vd_txn *txn);

/* generator.c, dma.c, script.c */
void generator_start(struct endpoint *e);
void generator_stop(struct endpoint *e);
void generator_ack(struct endpoint *e);
void generator_fire(void *ctx, uint32_t arg);
void endpoint_dma_start(struct endpoint *e);
void endpoint_dma_stop(struct endpoint *e);
void endpoint_dma_fire(void *ctx, uint32_t arg);
void endpoint_dma_complete(void *ctx, const struct vd_txn *txn);
void forge_start(struct endpoint *e);
void forge_fire(void *ctx, uint32_t arg);
void script_start(struct endpoint *e);
void script_stop(struct endpoint *e);
void script_ack(struct endpoint *e);
void script_fire(void *ctx, uint32_t arg);

#endif
