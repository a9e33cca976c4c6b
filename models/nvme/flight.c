/* SPDX-License-Identifier: BSD-2-Clause */
/* Commands that wait for the disk, while the controller works on others. */
#include <assert.h>
#include <string.h>

#include "nvme/state.h"

static vd_time now(const struct nvme *n)
{
    return n->host.ops->now(n->host.ctx);
}

static bool is_used(const struct nvme_flight *f)
{
    return f->phase != NVME_IDLE;
}

/* For the first that is due at `from` or later. */
static void arm_from(struct nvme *n, vd_time from)
{
    vd_time next = VD_NEVER;
    for (uint32_t i = 0; i < NVME_FLIGHTS; i++) {
        const struct nvme_flight *f = &n->st->flights[i];
        if (is_used(f) && f->due >= from && f->due < next)
            next = f->due;
    }
    if (next == VD_NEVER)
        n->host.ops->cancel(n->host.ctx, &n->due);
    else
        n->host.ops->post(n->host.ctx, &n->due, next);
}

/* Those that are due already are taken when the controller is free. */
static void arm(struct nvme *n)
{
    arm_from(n, now(n) + 1);
}

static void fire(void *ctx, uint32_t arg)
{
    struct nvme *n = ctx;
    (void)arg;
    arm(n);
    nvme_queue_run(n);
}

void nvme_flight_init(struct nvme *n)
{
    n->due = (struct vd_event){.fire = fire, .ctx = n};
}

void nvme_flight_reset(struct nvme *n)
{
    memset(n->st->flights, 0, sizeof(n->st->flights));
    n->st->flights_begun = 0;
    n->st->num_flights = 0;
    arm(n);
}

/* The event of what is due now may have been waiting still. */
void nvme_flight_resume(struct nvme *n)
{
    arm_from(n, now(n));
}

uint32_t nvme_flight_count(const struct nvme *n, uint32_t cq)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < NVME_FLIGHTS && n->st->num_flights; i++) {
        const struct nvme_flight *f = &n->st->flights[i];
        count += is_used(f) && n->st->sqs[f->command.sq].cq == cq;
    }
    return count;
}

static struct nvme_flight *free_flight(struct nvme *n)
{
    uint32_t i = 0;
    while (is_used(&n->st->flights[i]))
        i++;
    assert(i < NVME_FLIGHTS);
    return &n->st->flights[i];
}

/* The command of the controller goes, with the places of its data. */
static void depart(struct nvme *n, vd_time due)
{
    struct nvme_state *st = n->st;
    struct nvme_flight *f = free_flight(n);
    assert(st->dma.count <= NVME_SEGMENTS);
    f->due = due;
    f->order = st->flights_begun++;
    st->num_flights++;
    f->phase = st->phase;
    f->segments = st->dma.count;
    f->command = st->command;
    memcpy(f->list, st->dma.list, sizeof(f->list[0]) * f->segments);
    st->phase = NVME_IDLE;
}

void nvme_flight_wait(struct nvme *n, uint64_t cycles)
{
    if (!cycles)
        return;
    depart(n, now(n) + cycles * n->config.cycle_ps);
    arm(n);
}

void nvme_flight_stand_back(struct nvme *n)
{
    depart(n, now(n));
}

static bool goes_first(const struct nvme_flight *f, const struct nvme_flight *other)
{
    return f->due != other->due ? f->due < other->due : f->order < other->order;
}

bool nvme_flight_next(struct nvme *n)
{
    struct nvme_state *st = n->st;
    struct nvme_flight *first = NULL;
    for (uint32_t i = 0; i < NVME_FLIGHTS && st->num_flights; i++) {
        struct nvme_flight *f = &st->flights[i];
        if (is_used(f) && f->due <= now(n) && (!first || goes_first(f, first)))
            first = f;
    }
    if (!first)
        return false;
    st->phase = first->phase;
    st->command = first->command;
    st->dma.count = first->segments;
    memcpy(st->dma.list, first->list, sizeof(first->list[0]) * first->segments);
    memset(first, 0, sizeof(*first));
    st->num_flights--;
    return true;
}

bool nvme_flight_abort(struct nvme *n, uint32_t sq, int cid, uint32_t status)
{
    bool found = false;
    for (uint32_t i = 0; i < NVME_FLIGHTS; i++) {
        struct nvme_flight *f = &n->st->flights[i];
        bool wanted = f->command.sq == sq && (cid < 0 || f->command.dw[0] >> 16 == (uint32_t)cid);
        if (!is_used(f) || !wanted)
            continue;
        found |= f->phase != NVME_COMPLETE || cid < 0;
        if (f->phase == NVME_COMPLETE)
            continue;
        f->command.status = status;
        f->command.answered = 1;
        f->phase = NVME_COMPLETE;
        f->due = now(n);
    }
    return found;
}

static bool is_valid(const struct nvme *n, const struct nvme_state *st, const struct nvme_flight *f)
{
    const struct nvme_command *c = &f->command;
    uint64_t listed = 0;
    if (f->phase > NVME_COMPLETE || f->segments > NVME_SEGMENTS || f->order >= st->flights_begun ||
        c->sq >= NVME_QUEUES || !st->sqs[c->sq].size)
        return false;
    for (uint32_t i = 0; i < f->segments; i++)
        listed += f->list[i].size;
    if (c->done > c->data || c->chunk > DMA_BUFFER || listed > UINT32_MAX)
        return false;
    return f->phase != NVME_EXECUTE ||
           (listed >= c->data && (!c->sq || nvme_io_command_valid(n, c)));
}

bool nvme_flight_valid(const struct nvme *n, const struct nvme_state *st)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < NVME_FLIGHTS; i++) {
        if (!is_used(&st->flights[i]))
            continue;
        count++;
        if (!is_valid(n, st, &st->flights[i]))
            return false;
    }
    return count == st->num_flights && count <= n->config.commands;
}
