/* SPDX-License-Identifier: BSD-2-Clause */
/* One DMA at a time between the buffer and memory, and ATS translation requests. */
#include <string.h>

#include "pcie/endpoint_state.h"
#include "pcie/msix.h"
#include "viaduct/bits.h"

enum {
    DMA_WRITE = 1u << 1,
    DMA_PASID = 1u << 4,
    DMA_PRIVILEGED = 1u << 5,
    DMA_EXECUTE = 1u << 6,
    DMA_RELAXED = 1u << 7,
    DMA_DONE = 1u << 0,
    PAGE_MASK = 4095,
};

static void arm(struct endpoint *e, vd_time when)
{
    endpoint_arm(e, &e->dma_event, &e->state->dma.due, when);
}

static uint32_t address_type(const struct dma_state *d)
{
    uint32_t at = d->control >> 2 & 3;
    return at <= VD_AT_TRANSLATED ? at : VD_AT_UNTRANSLATED;
}

static uint32_t attributes(const struct dma_state *d)
{
    uint32_t attrs = 0;
    if (d->control & DMA_PASID)
        attrs |= VD_PROCESS_ID;
    if ((d->control & DMA_PASID) && (d->control & DMA_PRIVILEGED))
        attrs |= VD_PRIVILEGED;
    if ((d->control & DMA_EXECUTE) && !(d->control & DMA_WRITE))
        attrs |= VD_EXEC;
    if (d->control & DMA_RELAXED)
        attrs |= VD_RELAXED;
    return attrs;
}

static struct vd_txn request(const struct endpoint *e)
{
    const struct dma_state *d = &e->state->dma;
    return (struct vd_txn){
        .addr = e->state->reg[EP_DMA_ADDR] + d->offset,
        .attrs = attributes(d),
        .process_id = d->control & DMA_PASID ? d->control >> 12 : 0,
        .tag = d->tag,
        .at = (uint8_t)address_type(d),
    };
}

static struct vd_txn translation_request(const struct endpoint *e)
{
    struct vd_txn txn = request(e);
    txn.addr &= ~(uint64_t)PAGE_MASK;
    txn.size = 8;
    if (!(e->state->dma.control & DMA_WRITE))
        txn.attrs |= VD_NO_WRITE;
    return txn;
}

/* No transaction crosses a 64-byte boundary. */
static struct vd_txn data_request(const struct endpoint *e)
{
    const struct dma_state *d = &e->state->dma;
    struct vd_txn txn = request(e);
    uint32_t to_boundary = VD_TXN_BYTES - (uint32_t)(txn.addr % VD_TXN_BYTES);
    uint32_t left = d->length - d->offset;
    txn.size = (uint8_t)(left < to_boundary ? left : to_boundary);
    if (d->control & DMA_WRITE) {
        txn.cmd = VD_WRITE;
        txn.attrs |= VD_POSTED;
        memcpy(txn.data, e->state->buffer + d->offset, txn.size);
    }
    return txn;
}

static void finish(struct endpoint *e, enum vd_status status)
{
    uint64_t *reg = e->state->reg;
    bool relaxed = e->state->dma.control & DMA_RELAXED;
    endpoint_dma_stop(e);
    reg[EP_DMA_STATUS] = DMA_DONE | (uint64_t)status << 4;
    if (reg[EP_DMA_VECTOR] != EP_NO_VECTOR)
        msix_raise(&e->function, (uint32_t)reg[EP_DMA_VECTOR], relaxed ? VD_RELAXED : 0);
}

/* Takes the result of one transaction.  Returns false if the DMA is over. */
static bool advance(struct endpoint *e, const struct vd_txn *txn, enum vd_status status)
{
    struct dma_state *d = &e->state->dma;
    uint32_t left = d->length - d->offset;
    uint32_t size = txn->size < left ? txn->size : left;
    if (status == VD_OK && address_type(d) == VD_AT_TRANSLATION_REQUEST)
        e->state->reg[EP_ATS_RESPONSE] = txn->data[0];
    else if (status == VD_OK && txn->cmd == VD_READ)
        memcpy(e->state->buffer + d->offset, txn->data, size);
    d->offset += size;
    if (status == VD_OK && d->offset < d->length)
        return true;
    finish(e, status);
    return false;
}

static void trace_dma(struct endpoint *e, const struct vd_txn *txn)
{
    e->host.ops->trace(e->host.ctx, &(struct vd_record){.kind = VD_REC_dma,
                                                        .a = txn->addr,
                                                        .b = txn->size,
                                                        .c = txn->cmd == VD_WRITE});
}

/* Reads wait for their data one by one, which may come before the link returns; writes follow each
 * other as the link takes them. */
static void step(struct endpoint *e)
{
    struct dma_state *d = &e->state->dma;
    for (;;) {
        bool translation = address_type(d) == VD_AT_TRANSLATION_REQUEST;
        d->tag++;
        struct vd_txn txn = translation ? translation_request(e) : data_request(e);
        d->waiting = !(txn.attrs & VD_POSTED);
        enum vd_status status = pcie_send(&e->function, &txn);
        if (status == VD_RETRY) {
            d->waiting = 0;
            arm(e, endpoint_now(e) + txn.delay);
            return;
        }
        trace_dma(e, &txn);
        if (status == VD_PENDING && !(txn.attrs & VD_POSTED))
            return;
        d->waiting = 0;
        if (!advance(e, &txn, status == VD_PENDING ? VD_OK : status))
            return;
    }
}

void endpoint_dma_fire(void *ctx, uint32_t arg)
{
    struct endpoint *e = ctx;
    (void)arg;
    e->state->dma.due = VD_NEVER;
    step(e);
}

void endpoint_dma_complete(void *ctx, const struct vd_txn *txn)
{
    struct endpoint *e = ctx;
    struct dma_state *d = &e->state->dma;
    if (!d->waiting || txn->tag != d->tag)
        return;
    d->waiting = 0;
    if (advance(e, txn, txn->status))
        step(e);
}

void endpoint_dma_stop(struct endpoint *e)
{
    e->state->reg[EP_DMA_CONTROL] &= ~(uint64_t)EP_GO;
    e->state->dma.waiting = 0;
    arm(e, VD_NEVER);
}

static uint32_t legal_length(const struct dma_state *d, uint64_t length)
{
    if (address_type(d) == VD_AT_TRANSLATION_REQUEST)
        return 8;
    if (!length)
        return 1;
    return length < EP_BUFFER_SIZE ? (uint32_t)length : EP_BUFFER_SIZE;
}

void endpoint_dma_start(struct endpoint *e)
{
    struct dma_state *d = &e->state->dma;
    d->control = (uint32_t)e->state->reg[EP_DMA_CONTROL];
    d->length = legal_length(d, e->state->reg[EP_DMA_LENGTH]);
    d->offset = 0;
    d->waiting = 0;
    e->state->reg[EP_DMA_STATUS] = 0;
    arm(e, endpoint_now(e));
}
