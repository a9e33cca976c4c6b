/* SPDX-License-Identifier: BSD-2-Clause */
/* The rate at which the files of a hart take in MSIs.  Writes may be delayed, but keep their order
 * [aia IMSIC-memRegion]. */
#include <string.h>

#include "imsic/state.h"

static vd_time now(const struct imsic *m)
{
    return m->host.ops->now(m->host.ctx);
}

static void take_in(struct imsic *m, const struct imsic_msi *msi)
{
    m->state->free_at = now(m) + m->config.msi_interval_cycles * m->config.cycle_ps;
    imsic_record(m, msi);
}

static struct imsic_msi leave_queue(struct imsic_state *s)
{
    struct imsic_msi msi = s->queue[s->first];
    s->first = (s->first + 1) % IMSIC_MAX_WAITING;
    s->waiting--;
    return msi;
}

static void expect_next(struct imsic *m)
{
    m->host.ops->post(m->host.ctx, &m->msi_event, m->state->free_at);
}

void imsic_msi_due(void *ctx, uint32_t arg)
{
    struct imsic *m = ctx;
    (void)arg;
    struct imsic_msi msi = leave_queue(m->state);
    take_in(m, &msi);
    if (m->state->waiting)
        expect_next(m);
}

/* CHOICE: when the queue is full the oldest goes in at once, so that no MSI is lost. */
static vd_time wait_in_queue(struct imsic *m, const struct imsic_msi *msi)
{
    struct imsic_state *s = m->state;
    if (s->waiting == IMSIC_MAX_WAITING) {
        struct imsic_msi oldest = leave_queue(s);
        imsic_record(m, &oldest);
    }
    s->queue[(s->first + s->waiting) % IMSIC_MAX_WAITING] = *msi;
    if (s->waiting++ == 0)
        expect_next(m);
    vd_time interval = m->config.msi_interval_cycles * m->config.cycle_ps;
    return s->free_at + (s->waiting - 1) * interval - now(m);
}

vd_time imsic_arrive(struct imsic *m, const struct imsic_msi *msi)
{
    const struct imsic_state *s = m->state;
    if (m->config.msi_interval_cycles && (s->waiting || s->free_at > now(m)))
        return wait_in_queue(m, msi);
    if (m->config.msi_interval_cycles)
        take_in(m, msi);
    else
        imsic_record(m, msi);
    return 0;
}

void imsic_forget_arrivals(struct imsic *m)
{
    m->host.ops->cancel(m->host.ctx, &m->msi_event);
    m->state->free_at = 0;
    m->state->first = m->state->waiting = 0;
    memset(m->state->queue, 0, sizeof(m->state->queue));
}

void imsic_repost_arrivals(struct imsic *m)
{
    m->host.ops->cancel(m->host.ctx, &m->msi_event);
    if (m->state->waiting)
        expect_next(m);
}
