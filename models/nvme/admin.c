/* SPDX-License-Identifier: BSD-2-Clause */
/* Admin commands: queues, logs, asynchronous events. */
#include <string.h>

#include "nvme/state.h"

enum { LOG_ERROR = 1, LOG_SMART = 2, LOG_FIRMWARE = 3 };
enum { EVENT_TYPE_ERROR = 0 };

static uint64_t prp1(const struct nvme *n)
{
    const uint32_t *dw = n->st->command.dw;
    return (uint64_t)dw[7] << 32 | dw[6];
}

/* --- queues --- */

static uint32_t granted(const struct nvme *n, bool cq)
{
    return (uint32_t)vd_get(n->st->features[FEATURE_QUEUES], cq ? 16 : 0, 16) + 1;
}

/* What creating either kind of queue has in common.  CHOICE: queues must be contiguous (CAP.CQR).
 */
static uint32_t creation_status(const struct nvme *n, bool cq, bool taken)
{
    const uint32_t *dw = n->st->command.dw;
    bool entries_set = cq ? vd_get(n->st->cc, 20, 4) == 4 : vd_get(n->st->cc, 16, 4) == 6;
    uint32_t id = dw[10] & 0xffff, last = dw[10] >> 16;
    if (!id || id > granted(n, cq) || taken)
        return NVME_INVALID_QUEUE_ID;
    if (!entries_set || !last || last >= n->config.queue_entries)
        return NVME_INVALID_QUEUE_SIZE;
    if (!(dw[11] & 1))
        return NVME_INVALID_FIELD;
    return prp1(n) % NVME_PAGE ? NVME_INVALID_PRP_OFFSET : NVME_OK;
}

static void create_cq(struct nvme *n)
{
    struct nvme_state *st = n->st;
    const uint32_t *dw = st->command.dw;
    uint32_t id = dw[10] & 0xffff, vector = dw[11] >> 16;
    bool taken = id < NVME_QUEUES && st->cqs[id].size;
    uint32_t status = creation_status(n, true, taken);
    if (!status && vector > n->config.queues)
        status = NVME_INVALID_VECTOR;
    if (!status) {
        st->queues_set = 1;
        st->cqs[id] = (struct nvme_cq){.base = prp1(n),
                                       .size = (dw[10] >> 16) + 1,
                                       .phase = 1,
                                       .vector = vector,
                                       .interrupts = dw[11] >> 1 & 1};
    }
    nvme_command_end(n, status);
}

static void create_sq(struct nvme *n)
{
    struct nvme_state *st = n->st;
    const uint32_t *dw = st->command.dw;
    uint32_t id = dw[10] & 0xffff, cq = dw[11] >> 16;
    bool taken = id < NVME_QUEUES && st->sqs[id].size;
    uint32_t status = creation_status(n, false, taken);
    if (!status && (!cq || cq > granted(n, true)))
        status = NVME_INVALID_QUEUE_ID;
    if (!status && !st->cqs[cq].size)
        status = NVME_CQ_INVALID;
    if (!status) {
        st->queues_set = 1;
        st->sqs[id] = (struct nvme_sq){.base = prp1(n), .size = (dw[10] >> 16) + 1, .cq = cq};
    }
    nvme_command_end(n, status);
}

/* Commands that were not fetched are gone with their queue; those that wait are ended before. */
static void delete_sq(struct nvme *n)
{
    uint32_t id = n->st->command.dw[10] & 0xffff;
    if (!id || id >= NVME_QUEUES || !n->st->sqs[id].size) {
        nvme_command_end(n, NVME_INVALID_QUEUE_ID);
        return;
    }
    if (nvme_flight_abort(n, id, -1, NVME_ABORTED_WITH_QUEUE)) {
        nvme_flight_stand_back(n);
        return;
    }
    memset(&n->st->sqs[id], 0, sizeof(n->st->sqs[id]));
    nvme_command_end(n, NVME_OK);
}

static void delete_cq(struct nvme *n)
{
    struct nvme_state *st = n->st;
    uint32_t id = st->command.dw[10] & 0xffff;
    if (!id || id >= NVME_QUEUES || !st->cqs[id].size) {
        nvme_command_end(n, NVME_INVALID_QUEUE_ID);
        return;
    }
    for (uint32_t q = 1; q < NVME_QUEUES; q++) {
        if (st->sqs[q].size && st->sqs[q].cq == id) {
            nvme_command_end(n, NVME_INVALID_QUEUE_DELETION);
            return;
        }
    }
    memset(&st->cqs[id], 0, sizeof(st->cqs[id]));
    nvme_queue_update_pin(n);
    nvme_command_end(n, NVME_OK);
}

/* The completion of what is aborted comes first. */
static void abort_command(struct nvme *n)
{
    uint32_t sq = n->st->command.dw[10] & 0xffff, cid = n->st->command.dw[10] >> 16;
    bool aborted = nvme_flight_abort(n, sq, (int)cid, NVME_ABORTED);
    n->st->command.result = !aborted;
    nvme_command_end(n, NVME_OK);
    if (aborted)
        nvme_flight_stand_back(n);
}

/* --- asynchronous events --- */

static void event_request(struct nvme *n)
{
    struct nvme_state *st = n->st;
    if (st->num_event_requests == NVME_EVENT_REQUESTS) {
        nvme_command_end(n, NVME_AER_LIMIT);
        return;
    }
    st->event_requests[st->num_event_requests++] = (uint16_t)(st->command.dw[0] >> 16);
    st->phase = NVME_COMPLETE; /* unanswered */
}

void nvme_admin_event(struct nvme *n, uint32_t event)
{
    n->st->events |= 1u << event;
}

bool nvme_admin_event_ready(const struct nvme *n)
{
    return n->st->num_event_requests && n->st->events && !n->st->events_masked;
}

/* Events of a type are masked until the host has read the log that belongs to it. */
void nvme_admin_take_event(struct nvme *n)
{
    struct nvme_state *st = n->st;
    uint32_t event = (uint32_t)__builtin_ctz(st->events);
    memset(&st->command, 0, sizeof(st->command));
    st->command.dw[0] = (uint32_t)st->event_requests[--st->num_event_requests] << 16;
    st->command.result = (uint64_t)LOG_ERROR << 16 | event << 8 | EVENT_TYPE_ERROR;
    st->events &= ~(1u << event);
    st->events_masked = 1;
    nvme_command_end(n, NVME_OK);
}

/* --- logs --- */

static void put(struct nvme *n, uint32_t offset, unsigned size, uint64_t value)
{
    memcpy(n->st->dma.buffer + offset, &value, size);
}

static void error_log(struct nvme *n)
{
    enum { ENTRY = 64 };
    for (uint32_t i = 0; i < NVME_ERRORS; i++) {
        const struct nvme_error *e = &n->st->errors[i];
        put(n, ENTRY * i, 8, e->count);
        put(n, ENTRY * i + 8, 2, e->sq);
        put(n, ENTRY * i + 10, 2, e->cid);
        put(n, ENTRY * i + 12, 2, e->status << 1);
        put(n, ENTRY * i + 14, 2, e->count ? 0xffff : 0); /* no single parameter is to blame */
        put(n, ENTRY * i + 16, 8, e->lba);
        put(n, ENTRY * i + 24, 4, e->nsid);
    }
}

/* Data units are thousands of sectors, rounded up. */
static void smart_log(struct nvme *n)
{
    const struct nvme_state *st = n->st;
    put(n, 0, 1, nvme_features_temperature_critical(n) ? 2 : 0);
    put(n, 1, 2, NVME_KELVIN);
    put(n, 3, 1, 100); /* available spare and its threshold, per cent */
    put(n, 4, 1, 10);
    put(n, 32, 8, (st->sectors_read + 999) / 1000);
    put(n, 48, 8, (st->sectors_written + 999) / 1000);
    put(n, 64, 8, st->reads);
    put(n, 80, 8, st->writes);
    put(n, 176, 8, st->error_count);
}

static void firmware_log(struct nvme *n)
{
    put(n, 0, 1, 1);
    memcpy(n->st->dma.buffer + 8, "1       ", 8);
}

static uint64_t log_bytes(const struct nvme *n)
{
    const uint32_t *dw = n->st->command.dw;
    return 4 * (((uint64_t)(dw[11] & 0xffff) << 16 | dw[10] >> 16) + 1);
}

static void begin_log(struct nvme *n)
{
    const uint32_t *dw = n->st->command.dw;
    uint32_t page = dw[10] & 0xff, nsid = nvme_command_nsid(n);
    if (page < LOG_ERROR || page > LOG_FIRMWARE)
        nvme_command_end(n, NVME_INVALID_LOG_PAGE);
    else if (nsid && nsid != (uint32_t)NVME_BROADCAST)
        nvme_command_end(n, NVME_INVALID_FIELD); /* no log is of one namespace */
    else if (dw[12] || dw[13] || log_bytes(n) > NVME_PAGE)
        nvme_command_end(n, NVME_INVALID_FIELD); /* offsets are optional, pages are short */
    else
        nvme_prp_start(n, (uint32_t)log_bytes(n));
}

static void fill_log(struct nvme *n)
{
    uint32_t dw10 = n->st->command.dw[10];
    bool retain = dw10 >> 15 & 1;
    memset(n->st->dma.buffer, 0, NVME_PAGE);
    switch (dw10 & 0xff) {
    case LOG_ERROR:
        error_log(n);
        if (!retain)
            n->st->events_masked = 0;
        break;
    case LOG_SMART:
        smart_log(n);
        break;
    default:
        firmware_log(n);
    }
}

/* --- what a command needs, and its steps --- */

void nvme_admin_begin(struct nvme *n)
{
    switch (nvme_command_opcode(n)) {
    case ADMIN_DELETE_SQ:
        delete_sq(n);
        break;
    case ADMIN_CREATE_SQ:
        create_sq(n);
        break;
    case ADMIN_GET_LOG_PAGE:
        begin_log(n);
        break;
    case ADMIN_DELETE_CQ:
        delete_cq(n);
        break;
    case ADMIN_CREATE_CQ:
        create_cq(n);
        break;
    case ADMIN_IDENTIFY:
        nvme_prp_start(n, NVME_PAGE);
        break;
    case ADMIN_ABORT:
        abort_command(n);
        break;
    case ADMIN_SET_FEATURES:
        nvme_features_set(n);
        break;
    case ADMIN_GET_FEATURES:
        nvme_features_get(n);
        break;
    case ADMIN_EVENT_REQUEST:
        event_request(n);
        break;
    default:
        nvme_command_end(n, NVME_INVALID_OPCODE);
    }
}

/* Identify and logs: a page to memory. */
void nvme_admin_execute(struct nvme *n)
{
    struct nvme_command *c = &n->st->command;
    if (c->step) {
        nvme_command_end(n, NVME_OK);
        return;
    }
    c->step = 1;
    if (nvme_command_opcode(n) == ADMIN_IDENTIFY)
        nvme_identify(n);
    else
        fill_log(n);
    if (n->st->phase == NVME_EXECUTE)
        dma_move_list(&n->dma, VD_WRITE, 0, 0, c->data);
}
