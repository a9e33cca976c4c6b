/* SPDX-License-Identifier: BSD-2-Clause */
/* Interrupt delivery directly by the APLIC [aia AdvPLIC-directMode]. */
#include "aplic/state.h"

static bool beats(uint32_t priority, uint32_t best)
{
    return best == 0 || priority < (best & 0xff);
}

static uint32_t better_of_word(const struct aplic *a, uint32_t w, uint32_t key, uint32_t best)
{
    uint32_t domain = key >> 16, hart = key & 0xffff;
    uint64_t candidates = a->state->ip[w] & a->state->ie[w];
    for (; candidates; candidates &= candidates - 1) {
        uint32_t i = w * 64 + (uint32_t)__builtin_ctzll(candidates);
        uint32_t target = a->state->source[i].target;
        if (a->state->source[i].owner == domain && aplic_target_hart(target) == hart &&
            beats(target & 0xff, best))
            best = i << 16 | (target & 0xff);
    }
    return best;
}

/* Ties go to the lowest source.  IE and idelivery have no part in it.
 * CHOICE: zero while the domain delivers MSIs, because the targets then hold no priorities. */
uint32_t aplic_topi(const struct aplic *a, uint32_t domain, uint32_t hart)
{
    uint32_t best = 0;
    uint32_t threshold = aplic_idc(a, domain, hart)->ithreshold;
    if (aplic_delivers_msis(a, domain))
        return 0;
    for (uint32_t w = 0; w < aplic_words(a); w++)
        best = better_of_word(a, w, domain << 16 | hart, best);
    return threshold && (best & 0xff) >= threshold ? 0 : best;
}

static bool signal_level(const struct aplic *a, uint32_t domain, uint32_t hart)
{
    const struct aplic_idc *idc = aplic_idc(a, domain, hart);
    uint32_t cfg = a->state->domain[domain].domaincfg;
    if (!(cfg & DOMAINCFG_IE) || cfg & DOMAINCFG_DM || !idc->idelivery)
        return false;
    return idc->iforce || aplic_topi(a, domain, hart) != 0;
}

static void drive(struct aplic *a, uint32_t domain, uint32_t hart)
{
    struct aplic_idc *idc = aplic_idc(a, domain, hart);
    bool level = signal_level(a, domain, hart);
    if (level == idc->line)
        return;
    idc->line = level;
    a->host.ops->wire(a->host.ctx, APLIC_LINE(domain, hart), level);
}

void aplic_line_due(void *ctx, uint32_t index)
{
    struct aplic *a = ctx;
    aplic_idcs(a->state)[index].line_at = VD_NEVER;
    drive(a, index / a->config.harts, index % a->config.harts);
}

/* An input pin goes through a synchronizer first. */
static uint32_t cycles_to_line(const struct aplic *a)
{
    return a->by_pin ? a->config.source_to_line_cycles : a->config.register_to_line_cycles;
}

void aplic_refresh_line(struct aplic *a, uint32_t domain, uint32_t hart)
{
    struct aplic_idc *idc = aplic_idc(a, domain, hart);
    uint32_t cycles = cycles_to_line(a);
    vd_time at = aplic_now(a) + cycles * a->config.cycle_ps;
    if (at >= idc->line_at || signal_level(a, domain, hart) == idc->line)
        return;
    struct vd_event *event = &a->line_event[domain * a->config.harts + hart];
    if (!cycles) {
        a->host.ops->cancel(a->host.ctx, event);
        aplic_line_due(a, event->arg);
        return;
    }
    idc->line_at = at;
    a->host.ops->post(a->host.ctx, event, at);
}

/* Reading claimi takes the top interrupt; a spurious one takes iforce back. */
uint32_t aplic_claimi(struct aplic *a, uint32_t domain, uint32_t hart)
{
    uint32_t topi = aplic_topi(a, domain, hart);
    if (topi)
        aplic_clear_pending(a, domain, topi >> 16);
    else
        aplic_idc(a, domain, hart)->iforce = 0;
    aplic_refresh_line(a, domain, hart);
    return topi;
}
