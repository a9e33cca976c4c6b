/* SPDX-License-Identifier: BSD-2-Clause */
/* When a pending bit is set and cleared [aia AdvPLIC-pendingBits]. */
#include "aplic/state.h"

static uint32_t source_mode(const struct aplic *a, uint32_t source)
{
    uint32_t owner = a->state->source[source].owner;
    return owner == APLIC_NO_DOMAIN ? SM_INACTIVE : a->state->source[source].sourcecfg[owner];
}

static bool is_level(uint32_t mode)
{
    return mode == SM_LEVEL1 || mode == SM_LEVEL0;
}

/* Zero for a source that is inactive or Detached [aia AdvPLIC-reg-sourcecfg]. */
bool aplic_rectified(const struct aplic *a, uint32_t source)
{
    uint32_t mode = source_mode(a, source);
    if (mode < SM_EDGE1)
        return false;
    bool inverted = mode == SM_EDGE0 || mode == SM_LEVEL0;
    return aplic_bit(a->state->wire, source) != inverted;
}

void aplic_put_pending(struct aplic *a, uint32_t source, bool value)
{
    if (aplic_bit(a->state->ip, source) == value)
        return;
    aplic_put_bit(a->state->ip, source, value);
    struct vd_record rec = {.kind = VD_REC_aplic_pend, .a = source, .b = value};
    a->host.ops->trace(a->host.ctx, &rec);
    aplic_refresh_source(a, source);
}

/* In direct delivery mode the pending bit of a level source is a copy of the rectified input. */
static bool copies_input(const struct aplic *a, uint32_t source)
{
    return is_level(source_mode(a, source)) &&
           !aplic_delivers_msis(a, a->state->source[source].owner);
}

/* A relevant write to setip or setipnum: no level source is made pending while its input is low. */
void aplic_set_pending(struct aplic *a, uint32_t domain, uint32_t source)
{
    if (!aplic_active(a, domain, source))
        return;
    if (is_level(source_mode(a, source)) && !aplic_rectified(a, source))
        return;
    aplic_put_pending(a, source, true);
}

/* A claim, or a relevant write to in_clrip or clripnum. */
void aplic_clear_pending(struct aplic *a, uint32_t domain, uint32_t source)
{
    if (aplic_active(a, domain, source) && !copies_input(a, source))
        aplic_put_pending(a, source, false);
}

void aplic_put_enable(struct aplic *a, uint32_t domain, uint32_t source, bool value)
{
    if (!aplic_active(a, domain, source) || aplic_bit(a->state->ie, source) == value)
        return;
    aplic_put_bit(a->state->ie, source, value);
    aplic_refresh_source(a, source);
}

/* For the ledger: what a level source asserts while its MSI has left already is seen by nobody. */
static void level_tell(const struct aplic *a, uint32_t source, bool asserted)
{
    struct vd_record rec = {.kind = VD_REC_aplic_level, .a = source, .b = asserted};
    a->host.ops->trace(a->host.ctx, &rec);
}

/* The input of a level source has changed, or its mode was written (configured).
 * CHOICE: that write sets the pending bit of a level source whose rectified input is high, and
 * never that of an edge source. */
void aplic_level_rule(struct aplic *a, uint32_t source, bool configured)
{
    bool level = is_level(source_mode(a, source));
    if (level || configured)
        level_tell(a, source, level && !copies_input(a, source) && aplic_rectified(a, source));
    if (!level)
        return;
    bool rectified = aplic_rectified(a, source);
    if (!rectified || configured || copies_input(a, source))
        aplic_put_pending(a, source, rectified);
}

void aplic_wire(struct aplic *aplic, uint32_t source, bool level)
{
    if (source < 1 || source > aplic->config.sources ||
        aplic_bit(aplic->state->wire, source) == level)
        return;
    aplic_put_bit(aplic->state->wire, source, level);
    aplic->by_pin = true;
    if (aplic_rectified(aplic, source))
        aplic_put_pending(aplic, source, true);
    aplic_level_rule(aplic, source, false);
    aplic->by_pin = false;
    aplic_pump(aplic);
}
