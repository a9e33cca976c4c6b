/* SPDX-License-Identifier: BSD-2-Clause */
/* Submission and completion queues: commands are fetched round robin over the queues, while those
 * before them wait for the disk. */
#include <string.h>

#include "nvme/state.h"

/* Error events of the asynchronous event type "error status". */
enum { EVENT_BAD_DOORBELL_REGISTER = 0, EVENT_BAD_DOORBELL_VALUE = 1 };

uint32_t nvme_command_opcode(const struct nvme *n)
{
    return n->st->command.dw[0] & 0xff;
}

uint32_t nvme_command_nsid(const struct nvme *n)
{
    return n->st->command.dw[1];
}

void nvme_command_end(struct nvme *n, uint32_t status)
{
    struct nvme_command *c = &n->st->command;
    c->status = status ? status | NVME_DNR : 0;
    c->answered = 1;
    n->st->phase = NVME_COMPLETE;
}

/* For all that is under way, and one more. */
static bool cq_has_room(const struct nvme *n, uint32_t queue)
{
    const struct nvme_cq *cq = &n->st->cqs[queue];
    uint32_t room = (cq->head + cq->size - cq->tail - 1) % cq->size;
    return room > nvme_flight_count(n, queue);
}

/* --- interrupts --- */

static bool cq_wants_interrupt(const struct nvme *n, const struct nvme_cq *cq)
{
    return cq->size && cq->interrupts && cq->head != cq->tail && !(n->st->intms & 1);
}

/* Without MSI-X all completion queues share vector 0, a level. */
void nvme_queue_update_pin(struct nvme *n)
{
    bool level = false;
    for (uint32_t q = 0; q < NVME_QUEUES && !pcie_msix_enabled(&n->function); q++)
        level |= cq_wants_interrupt(n, &n->st->cqs[q]);
    if (level != (n->st->function.intx != 0))
        pcie_intx(&n->function, level);
}

static void interrupt(struct nvme *n, const struct nvme_cq *cq)
{
    if (!cq->interrupts)
        return;
    if (pcie_msix_enabled(&n->function))
        pcie_msix_raise(&n->function, cq->vector);
    else
        nvme_queue_update_pin(n);
}

/* --- doorbells --- */

static bool ready(const struct nvme *n)
{
    return (n->st->csts & (CSTS_RDY | CSTS_CFS)) == CSTS_RDY;
}

void nvme_queue_sq_doorbell(struct nvme *n, uint32_t queue, uint32_t value)
{
    struct nvme_sq *sq = &n->st->sqs[queue];
    if (!ready(n))
        return;
    if (!sq->size) {
        nvme_admin_event(n, EVENT_BAD_DOORBELL_REGISTER);
    } else if (value >= sq->size) {
        nvme_admin_event(n, EVENT_BAD_DOORBELL_VALUE);
    } else {
        sq->tail = value;
    }
    nvme_queue_run(n);
}

static bool cq_value_legal(const struct nvme_cq *cq, uint32_t value)
{
    uint32_t filled = (cq->tail + cq->size - cq->head) % cq->size;
    return value < cq->size && (value + cq->size - cq->head) % cq->size <= filled;
}

/* Room in a completion queue lets its submission queues go on. */
void nvme_queue_cq_doorbell(struct nvme *n, uint32_t queue, uint32_t value)
{
    struct nvme_cq *cq = &n->st->cqs[queue];
    if (!ready(n))
        return;
    if (!cq->size) {
        nvme_admin_event(n, EVENT_BAD_DOORBELL_REGISTER);
    } else if (!cq_value_legal(cq, value)) {
        nvme_admin_event(n, EVENT_BAD_DOORBELL_VALUE);
    } else {
        cq->head = value;
        nvme_queue_update_pin(n);
    }
    nvme_queue_run(n);
}

/* --- the loop --- */

static void fetch(struct nvme *n, uint32_t queue)
{
    struct nvme_state *st = n->st;
    struct nvme_sq *sq = &st->sqs[queue];
    st->queue_next = (queue + 1) % NVME_QUEUES;
    memset(&st->command, 0, sizeof(st->command));
    st->command.sq = queue;
    st->phase = NVME_FETCHED;
    dma_move(&n->dma, VD_READ, sq->base + NVME_SQE * (uint64_t)sq->head, NVME_SQE);
}

/* A command is taken only if its completion has a place. */
static bool choose(struct nvme *n)
{
    struct nvme_state *st = n->st;
    if (!ready(n))
        return false;
    if (nvme_admin_event_ready(n) && cq_has_room(n, 0)) {
        nvme_admin_take_event(n);
        return true;
    }
    for (uint32_t i = 0; i < NVME_QUEUES && st->num_flights < n->config.commands; i++) {
        uint32_t queue = (st->queue_next + i) % NVME_QUEUES;
        const struct nvme_sq *sq = &st->sqs[queue];
        if (sq->size && sq->head != sq->tail && cq_has_room(n, sq->cq)) {
            fetch(n, queue);
            return true;
        }
    }
    return false;
}

static void fetched(struct nvme *n)
{
    struct nvme_state *st = n->st;
    struct nvme_sq *sq = &st->sqs[st->command.sq];
    if (dma_status(&n->dma) != VD_OK) {
        nvme_controller_fatal(n);
        return;
    }
    memcpy(st->command.dw, st->dma.buffer, NVME_SQE);
    sq->head = (sq->head + 1) % sq->size;
    st->phase = NVME_START;
    st->dma.count = 0;
    nvme_flight_wait(n, n->config.command_cycles);
}

/* Neither fused commands nor SGLs are supported. */
static void begin(struct nvme *n)
{
    if (n->st->command.dw[0] & 0xc300)
        nvme_command_end(n, NVME_INVALID_FIELD);
    else if (n->st->command.sq)
        nvme_io_begin(n);
    else
        nvme_admin_begin(n);
}

static void execute(struct nvme *n)
{
    if (n->st->command.sq)
        nvme_io_execute(n);
    else
        nvme_admin_execute(n);
}

static void note_error(struct nvme *n)
{
    struct nvme_state *st = n->st;
    const struct nvme_command *c = &st->command;
    memmove(st->errors + 1, st->errors, (NVME_ERRORS - 1) * sizeof(st->errors[0]));
    st->errors[0] = (struct nvme_error){.count = ++st->error_count,
                                        .sq = c->sq,
                                        .cid = c->dw[0] >> 16,
                                        .status = c->status,
                                        .nsid = c->dw[1],
                                        .lba = c->sq ? (uint64_t)c->dw[11] << 32 | c->dw[10] : 0};
}

/* One write of all 16 bytes: the phase bit is never there before the rest. */
static void complete(struct nvme *n)
{
    struct nvme_state *st = n->st;
    const struct nvme_command *c = &st->command;
    const struct nvme_sq *sq = &st->sqs[c->sq];
    struct nvme_cq *cq = &st->cqs[sq->cq];
    if (!c->answered) {
        st->phase = NVME_IDLE;
        return;
    }
    if (c->status)
        note_error(n);
    const uint32_t entry[] = {(uint32_t)c->result, (uint32_t)(c->result >> 32),
                              c->sq << 16 | sq->head,
                              c->status << 17 | cq->phase << 16 | c->dw[0] >> 16};
    memcpy(st->dma.buffer, entry, NVME_CQE);
    uint64_t place = cq->base + NVME_CQE * (uint64_t)cq->tail;
    cq->tail = (cq->tail + 1) % cq->size;
    cq->phase ^= !cq->tail;
    st->phase = NVME_NOTIFY;
    dma_move(&n->dma, VD_WRITE, place, NVME_CQE);
}

static void notify(struct nvme *n)
{
    struct nvme_state *st = n->st;
    st->phase = NVME_IDLE;
    interrupt(n, &st->cqs[st->sqs[st->command.sq].cq]);
}

static void step(struct nvme *n)
{
    switch (n->st->phase) {
    case NVME_FETCHED:
        fetched(n);
        break;
    case NVME_START:
        begin(n);
        break;
    case NVME_PRP:
        nvme_prp_step(n);
        break;
    case NVME_EXECUTE:
        execute(n);
        break;
    case NVME_COMPLETE:
        complete(n);
        break;
    default:
        notify(n);
    }
}

void nvme_queue_run(void *ctx)
{
    struct nvme *n = ctx;
    if (n->running)
        return;
    n->running = true;
    while (!dma_busy(&n->dma)) {
        if (n->st->phase == NVME_IDLE && !nvme_flight_next(n) && !choose(n))
            break;
        if (!dma_busy(&n->dma))
            step(n);
    }
    n->running = false;
}
