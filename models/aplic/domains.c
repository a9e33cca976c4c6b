/* SPDX-License-Identifier: BSD-2-Clause */
/* The tree of interrupt domains: delegation, source modes, targets. */
#include "aplic/state.h"

uint32_t aplic_num_children(const struct aplic *a, uint32_t domain)
{
    uint32_t children = 0;
    for (uint32_t d = 1; d < a->config.num_domains; d++)
        children += a->config.domains[d].parent == domain;
    return children;
}

/* Children are numbered in the order of their domain indices. */
static uint32_t child_of(const struct aplic *a, uint32_t domain, uint32_t child)
{
    for (uint32_t d = 1; d < a->config.num_domains; d++)
        if (a->config.domains[d].parent == domain && child-- == 0)
            return d;
    return APLIC_NO_DOMAIN;
}

static bool delegates(const struct aplic *a, uint32_t from, uint32_t to, uint32_t source)
{
    uint32_t cfg = a->state->source[source].sourcecfg[from];
    return cfg & SOURCECFG_D && child_of(a, from, cfg & SOURCECFG_CHILD) == to;
}

bool aplic_visible(const struct aplic *a, uint32_t domain, uint32_t source)
{
    if (source < 1 || source > a->config.sources)
        return false;
    for (uint32_t d = domain; d != APLIC_ROOT; d = a->config.domains[d].parent)
        if (!delegates(a, a->config.domains[d].parent, d, source))
            return false;
    return true;
}

uint32_t aplic_find_owner(const struct aplic *a, uint32_t source)
{
    uint32_t d = APLIC_ROOT;
    while (a->state->source[source].sourcecfg[d] & SOURCECFG_D)
        d = child_of(a, d, a->state->source[source].sourcecfg[d] & SOURCECFG_CHILD);
    return a->state->source[source].sourcecfg[d] ? d : APLIC_NO_DOMAIN;
}

/* CHOICE: a reserved source mode and a child that does not exist become Inactive. */
uint32_t aplic_legal_sourcecfg(const struct aplic *a, uint32_t domain, uint32_t value)
{
    if (value & SOURCECFG_D) {
        uint32_t child = value & SOURCECFG_CHILD;
        return child < aplic_num_children(a, domain) ? SOURCECFG_D | child : 0;
    }
    uint32_t mode = value & SOURCECFG_SM;
    return mode == 2 || mode == 3 ? SM_INACTIVE : mode;
}

static bool is_below(const struct aplic *a, uint32_t domain, uint32_t ancestor)
{
    while (domain != APLIC_ROOT) {
        domain = a->config.domains[domain].parent;
        if (domain == ancestor)
            return true;
    }
    return false;
}

/* A source that is withdrawn from a domain appears there as not implemented, and stays zero when
 * it is delegated again [aia AdvPLIC-reg-sourcecfg]. */
static void withdraw_below(struct aplic *a, uint32_t domain, uint32_t source)
{
    for (uint32_t d = 1; d < a->config.num_domains; d++)
        if (is_below(a, d, domain))
            a->state->source[source].sourcecfg[d] = 0;
}

/* CHOICE: UNSPECIFIED target fields are hart 0 and priority 1 or identity 0. */
static uint32_t default_target(const struct aplic *a, uint32_t owner)
{
    return owner != APLIC_NO_DOMAIN && !aplic_delivers_msis(a, owner);
}

static void change_owner(struct aplic *a, uint32_t source, uint32_t owner)
{
    aplic_put_pending(a, source, false);
    aplic_put_bit(a->state->ie, source, false);
    a->state->source[source].owner = (uint8_t)owner;
    a->state->source[source].target = default_target(a, owner);
    aplic_refresh_source(a, source);
}

void aplic_write_sourcecfg(struct aplic *a, uint32_t domain, uint32_t source, uint32_t value)
{
    if (!aplic_visible(a, domain, source))
        return;
    uint16_t *cfg = &a->state->source[source].sourcecfg[domain];
    value = aplic_legal_sourcecfg(a, domain, value);
    if (*cfg & SOURCECFG_D && value != *cfg)
        withdraw_below(a, domain, source);
    *cfg = (uint16_t)value;
    uint32_t owner = aplic_find_owner(a, source);
    if (owner != a->state->source[source].owner)
        change_owner(a, source, owner);
    aplic_level_rule(a, source, owner == domain);
}

uint32_t aplic_legal_domaincfg(const struct aplic *a, uint32_t value)
{
    value &= DOMAINCFG_IE | DOMAINCFG_BE | DOMAINCFG_DM;
    if (!a->config.msi)
        value &= ~(uint32_t)DOMAINCFG_DM;
    return a->config.direct ? value : value | DOMAINCFG_DM;
}

/* CHOICE: level sources that were pending by MSI rules become copies of their input, and stay what
 * they are in the other direction. */
static void change_delivery_mode(struct aplic *a, uint32_t domain)
{
    for (uint32_t i = 1; i <= a->config.sources; i++) {
        if (!aplic_active(a, domain, i))
            continue;
        a->state->source[i].target = default_target(a, domain);
        if (!aplic_delivers_msis(a, domain))
            aplic_level_rule(a, i, false);
    }
}

void aplic_write_domaincfg(struct aplic *a, uint32_t domain, uint32_t value)
{
    uint32_t *cfg = &a->state->domain[domain].domaincfg;
    uint32_t changed = *cfg ^ aplic_legal_domaincfg(a, value);
    *cfg ^= changed;
    if (changed & DOMAINCFG_DM)
        change_delivery_mode(a, domain);
    for (uint32_t i = 1; i <= a->config.sources; i++)
        if (aplic_active(a, domain, i))
            aplic_refresh_msi(a, i);
    for (uint32_t hart = 0; hart < a->config.harts; hart++)
        aplic_refresh_line(a, domain, hart);
}

/* CHOICE: a hart or guest index that does not exist leaves that field as it is. */
static uint32_t legal_index(uint32_t value, uint32_t old, uint32_t limit)
{
    return value < limit ? value : old;
}

static uint32_t legal_guest(const struct aplic *a, uint32_t domain, uint32_t value, uint32_t old)
{
    if (a->config.domains[domain].machine)
        return 0;
    return legal_index(value, old, a->config.guests + 1);
}

/* [aia AdvPLIC-reg-target] */
uint32_t aplic_legal_target(const struct aplic *a, uint32_t domain, uint32_t value, uint32_t old)
{
    uint32_t hart = legal_index(aplic_target_hart(value), aplic_target_hart(old), a->config.harts);
    if (!aplic_delivers_msis(a, domain)) {
        uint32_t iprio = value & (uint32_t)vd_mask(0, a->config.iprio_bits);
        return hart << TARGET_HART_LSB | (iprio ? iprio : 1);
    }
    uint32_t guest =
        legal_guest(a, domain, value >> TARGET_GUEST_LSB & 0x3f, old >> TARGET_GUEST_LSB & 0x3f);
    return hart << TARGET_HART_LSB | guest << TARGET_GUEST_LSB | (value & TARGET_EIID);
}

void aplic_write_target(struct aplic *a, uint32_t source, uint32_t value)
{
    uint32_t owner = a->state->source[source].owner;
    uint32_t old = a->state->source[source].target;
    a->state->source[source].target = aplic_legal_target(a, owner, value, old);
    aplic_refresh_line(a, owner, aplic_target_hart(old));
    aplic_refresh_line(a, owner, aplic_target_hart(a->state->source[source].target));
}
