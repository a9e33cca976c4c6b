/* SPDX-License-Identifier: BSD-2-Clause */
/* Interrupt forwarding by MSIs: one way out for the sources of all domains and for genmsi. */
#include "aplic/state.h"

#include <assert.h>

/* A departure: a source, or the extempore MSI of a domain. */
struct departure {
    vd_time at;
    uint32_t source; /* 0: extempore */
    uint32_t domain;
};

static vd_time cycles(const struct aplic *a, uint32_t count)
{
    return count * a->config.cycle_ps;
}

/* An MSI may come back to a register of this APLIC and make the next one pending: that takes a
 * cycle at least, so that a loop of software's making passes time. */
static vd_time ready_time(const struct aplic *a)
{
    uint32_t count = a->config.source_to_msi_cycles;
    return aplic_now(a) + cycles(a, a->sending && !count ? 1 : count);
}

bool aplic_wants_msi(const struct aplic *a, uint32_t source)
{
    uint32_t owner = a->state->source[source].owner;
    uint32_t needed = DOMAINCFG_IE | DOMAINCFG_DM;
    return owner != APLIC_NO_DOMAIN && (a->state->domain[owner].domaincfg & needed) == needed &&
           aplic_bit(a->state->ip, source) && aplic_bit(a->state->ie, source);
}

/* The conditions must hold until the MSI leaves: a level that drops before takes it along. */
void aplic_refresh_msi(struct aplic *a, uint32_t source)
{
    bool wanted = aplic_wants_msi(a, source);
    if (wanted == aplic_bit(a->state->armed, source))
        return;
    aplic_put_bit(a->state->armed, source, wanted);
    a->state->source[source].ready_at = wanted ? ready_time(a) : 0;
}

/* CHOICE: first ready, first out; ties go to the lowest source, extempore MSIs last. */
static struct departure next_departure(const struct aplic *a)
{
    struct departure next = {.at = VD_NEVER};
    for (uint32_t w = 0; w < aplic_words(a); w++) {
        for (uint64_t bits = a->state->armed[w]; bits; bits &= bits - 1) {
            uint32_t i = w * 64 + (uint32_t)__builtin_ctzll(bits);
            if (a->state->source[i].ready_at < next.at)
                next =
                    (struct departure){a->state->source[i].ready_at, i, a->state->source[i].owner};
        }
    }
    for (uint32_t d = 0; d < a->config.num_domains; d++)
        if (a->state->domain[d].genmsi_at < next.at)
            next = (struct departure){a->state->domain[d].genmsi_at, 0, d};
    if (next.at != VD_NEVER && next.at < a->state->free_at)
        next.at = a->state->free_at;
    return next;
}

/* [aia AdvPLIC-MSIAddrs].  CHOICE: hart indices are the same in all domains. */
static uint64_t msi_address(const struct aplic *a, uint32_t domain, uint32_t hart, uint32_t guest)
{
    const struct aplic_state *s = a->state;
    bool machine = a->config.domains[domain].machine;
    uint64_t base = machine ? vd_set(s->mmsiaddrcfg, 32, 12, s->mmsiaddrcfgh)
                            : vd_set(s->smsiaddrcfg, 32, 12, s->smsiaddrcfgh);
    uint32_t lhxs = machine ? s->mmsiaddrcfgh >> 20 & 7 : s->smsiaddrcfgh >> 20 & 7;
    uint32_t hhxs = s->mmsiaddrcfgh >> 24 & 0x1f;
    uint32_t hhxw = s->mmsiaddrcfgh >> 16 & 7;
    uint32_t lhxw = s->mmsiaddrcfgh >> 12 & 0xf;
    uint64_t group = vd_get(hart, lhxw, hhxw);
    uint64_t low = vd_get(hart, 0, lhxw);
    return (base | group << (hhxs + 12) | low << lhxs | guest) << 12;
}

static void left(struct aplic *a, uint32_t extempore)
{
    if (extempore)
        a->state->domain[extempore - 1].genmsi &= ~(uint32_t)GENMSI_BUSY;
}

static void offer(struct aplic *a)
{
    struct aplic_stalled *msi = &a->state->stalled;
    uint32_t extempore = msi->extempore;
    struct vd_txn txn = {.cmd = VD_WRITE,
                         .addr = msi->addr,
                         .size = 4,
                         .data = {msi->data},
                         .serial = msi->serial,
                         .requester = VD_REQUESTER_APLIC(a->config.index),
                         .attrs = VD_POSTED};
    msi->at = VD_NEVER;
    a->sending = true;
    enum vd_status status = a->host.ops->submit(a->host.ctx, &txn);
    a->sending = false;
    if (status == VD_RETRY) {
        vd_time wait = txn.delay ? txn.delay : a->config.cycle_ps;
        a->state->stalled.at = aplic_now(a) + wait;
        return;
    }
    left(a, extempore);
}

static void issue(struct aplic *a, uint64_t addr, uint32_t data, uint32_t extempore)
{
    struct aplic_stalled *msi = &a->state->stalled;
    *msi = (struct aplic_stalled){.addr = addr,
                                  .data = data,
                                  .extempore = extempore,
                                  .serial = a->host.ops->serial(a->host.ctx)};
    struct vd_record rec = {.kind = VD_REC_msi_issue,
                            .serial = msi->serial,
                            .a = addr,
                            .b = data,
                            .c = VD_REQUESTER_APLIC(a->config.index)};
    a->host.ops->trace(a->host.ctx, &rec);
    a->state->free_at = aplic_now(a) + cycles(a, a->config.msi_interval_cycles);
    offer(a);
}

static void depart(struct aplic *a, struct departure d)
{
    uint32_t target =
        d.source ? a->state->source[d.source].target : a->state->domain[d.domain].genmsi;
    uint32_t guest = d.source ? target >> TARGET_GUEST_LSB & 0x3f : 0;
    uint64_t addr = msi_address(a, d.domain, aplic_target_hart(target), guest);
    if (d.source)
        aplic_put_pending(a, d.source, false);
    else
        a->state->domain[d.domain].genmsi_at = VD_NEVER;
    issue(a, addr, target & TARGET_EIID, d.source ? 0 : d.domain + 1);
}

static void arm_event(struct aplic *a, vd_time when)
{
    vd_time now = aplic_now(a);
    if (when == VD_NEVER)
        a->host.ops->cancel(a->host.ctx, &a->msi_event);
    else if (!a->msi_event.slot || a->msi_event.when != when)
        a->host.ops->post(a->host.ctx, &a->msi_event, when > now ? when : now);
}

static vd_time next_time(const struct aplic *a)
{
    if (a->state->stalled.at != VD_NEVER)
        return a->state->stalled.at;
    return next_departure(a).at;
}

/* Lets the event come for what is due, at once or later. */
void aplic_schedule(struct aplic *a)
{
    arm_event(a, next_time(a));
}

/* Sends what is due now and arms the event for what is due later. */
void aplic_pump(struct aplic *a)
{
    while (!a->sending && next_time(a) <= aplic_now(a)) {
        if (a->state->stalled.at != VD_NEVER)
            offer(a);
        else
            depart(a, next_departure(a));
    }
    if (!a->sending)
        aplic_schedule(a);
}

/* [aia AdvPLIC-reg-genmsi] */
void aplic_write_genmsi(struct aplic *a, uint32_t domain, uint32_t value)
{
    struct aplic_domain *d = &a->state->domain[domain];
    if (!aplic_delivers_msis(a, domain) || d->genmsi & GENMSI_BUSY)
        return;
    uint32_t hart = aplic_target_hart(value);
    if (hart >= a->config.harts)
        hart = aplic_target_hart(d->genmsi);
    d->genmsi = hart << TARGET_HART_LSB | GENMSI_BUSY | (value & TARGET_EIID);
    d->genmsi_at = ready_time(a);
}

void aplic_complete(struct aplic *aplic, const struct vd_txn *txn)
{
    /* Posted writes have no completion. */
    (void)aplic;
    (void)txn;
    assert(txn->attrs & VD_POSTED);
}
