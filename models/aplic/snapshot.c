/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>
#include <string.h>

#include "aplic/state.h"

size_t aplic_save(const struct aplic *aplic, void *buffer, size_t capacity)
{
    size_t size = aplic->state->size;
    if (capacity >= size)
        memcpy(buffer, aplic->state, size);
    return size;
}

/* A snapshot comes out of a file: what the rest of the model relies on is checked here, with the
 * state in its place and no event armed. */

static bool configuration_valid(const struct aplic *a, uint32_t i)
{
    for (uint32_t d = 0; d < APLIC_MAX_DOMAINS; d++) {
        uint32_t cfg = a->state->source[i].sourcecfg[d];
        if (cfg && (d >= a->config.num_domains || !aplic_visible(a, d, i) ||
                    aplic_legal_sourcecfg(a, d, cfg) != cfg))
            return false;
    }
    return a->state->source[i].owner == aplic_find_owner(a, i);
}

static bool source_valid(const struct aplic *a, uint32_t i)
{
    if (!configuration_valid(a, i) || aplic_bit(a->state->armed, i) != aplic_wants_msi(a, i))
        return false;
    uint32_t owner = a->state->source[i].owner, target = a->state->source[i].target;
    if (owner == APLIC_NO_DOMAIN)
        return target == 0 && !aplic_bit(a->state->ip, i) && !aplic_bit(a->state->ie, i);
    return aplic_legal_target(a, owner, target, 0) == target;
}

/* The bits of word w that no source has. */
static uint64_t spare_bits(const struct aplic *a, uint32_t w)
{
    uint32_t last = a->config.sources / 64;
    if (w != last)
        return w < last ? 0 : ~UINT64_C(0);
    return ~UINT64_C(0) << a->config.sources % 64 << 1;
}

static bool bits_valid(const struct aplic *a)
{
    const struct aplic_state *s = a->state;
    for (uint32_t w = 0; w < APLIC_WORDS; w++)
        if ((s->ip[w] | s->ie[w] | s->armed[w]) & spare_bits(a, w))
            return false;
    return true;
}

static bool domain_valid(const struct aplic *a, uint32_t d)
{
    const struct aplic_domain *domain = &a->state->domain[d];
    return aplic_legal_domaincfg(a, domain->domaincfg) == domain->domaincfg &&
           aplic_target_hart(domain->genmsi) < a->config.harts &&
           (d < a->config.num_domains || domain->genmsi_at == VD_NEVER);
}

static bool idc_valid(const struct aplic *a, const struct aplic_idc *idc)
{
    return idc->idelivery <= 1 && idc->iforce <= 1 && idc->line <= 1 &&
           idc->ithreshold <= vd_mask(0, a->config.iprio_bits) && idc->line_at >= aplic_now(a);
}

static bool state_valid(const struct aplic *a, uint64_t size)
{
    const struct aplic_state *s = a->state;
    if (s->size != size || s->sources != a->config.sources ||
        s->stalled.extempore > a->config.num_domains || !bits_valid(a))
        return false;
    for (uint32_t d = 0; d < APLIC_MAX_DOMAINS; d++)
        if (!domain_valid(a, d))
            return false;
    for (uint32_t i = 0; i <= a->config.sources; i++)
        if (!source_valid(a, i))
            return false;
    for (uint32_t i = 0; i < a->num_idcs; i++)
        if (!idc_valid(a, &aplic_idcs(a->state)[i]))
            return false;
    return true;
}

static void repost(struct aplic *a)
{
    a->host.ops->cancel(a->host.ctx, &a->msi_event);
    aplic_schedule(a);
    for (uint32_t i = 0; i < a->num_idcs; i++) {
        a->host.ops->cancel(a->host.ctx, &a->line_event[i]);
        if (aplic_idcs(a->state)[i].line_at != VD_NEVER)
            a->host.ops->post(a->host.ctx, &a->line_event[i], aplic_idcs(a->state)[i].line_at);
    }
}

bool aplic_restore(struct aplic *aplic, const void *buffer, size_t size)
{
    struct aplic_state *old = aplic->state;
    if (size != old->size)
        return false;
    struct aplic_state *state = malloc(size);
    if (!state)
        return false;
    memcpy(state, buffer, size);
    aplic->state = state;
    if (!state_valid(aplic, size)) {
        aplic->state = old;
        free(state);
        return false;
    }
    free(old);
    repost(aplic);
    return true;
}
