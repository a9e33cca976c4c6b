/* SPDX-License-Identifier: BSD-2-Clause */
/* Causes on level-sensitive wires: the APLIC clears the pending bit as the MSI leaves and ignores
 * the level until it has been away, so a second cause is seen only by software that looks [aia
 * AdvPLIC-MSIDeliveryMode]. */
#include <inttypes.h>

#include "core/ledger_state.h"

static struct ledger_level *level_of(struct ledger *l, const struct vd_record *rec)
{
    uint32_t i = 0;
    while (i < l->num_levels &&
           (l->levels[i].aplic != rec->source || l->levels[i].source != rec->a))
        i++;
    if (i == LEDGER_MAX_PLACES)
        return NULL;
    if (i == l->num_levels) {
        l->levels = ledger_grow(l->levels, l->num_levels + 1, sizeof(*l->levels));
        l->levels[l->num_levels++] =
            (struct ledger_level){.aplic = rec->source, .source = (uint32_t)rec->a};
    }
    return &l->levels[i];
}

void level_take(struct ledger *l, const struct vd_record *rec)
{
    struct ledger_level *level = level_of(l, rec);
    if (!level)
        return;
    if (rec->b && !level->asserted)
        level->since = l->now;
    level->asserted = rec->b != 0;
}

void level_take_pending(struct ledger *l, const struct vd_record *rec)
{
    struct ledger_level *level = level_of(l, rec);
    if (!level)
        return;
    level->pending = rec->b != 0;
    if (!level->pending)
        level->left = l->now;
}

void level_check(struct ledger *l)
{
    for (uint32_t i = 0; i < l->num_levels; i++) {
        const struct ledger_level *level = &l->levels[i];
        if (level->asserted && !level->pending && level->left >= level->since)
            finding_unseen(l,
                           "The level of APLIC source %u has been asserted since %" PRIu64
                           ".%03u ns; its MSI left at %" PRIu64
                           ".%03u ns, and nothing has looked at the level again",
                           level->source, level->since / 1000, (unsigned)(level->since % 1000),
                           level->left / 1000, (unsigned)(level->left % 1000));
    }
}
