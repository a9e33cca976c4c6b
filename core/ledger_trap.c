/* SPDX-License-Identifier: BSD-2-Clause */
/* Traps: which one brought a hart to its claim, and how many went to firmware and hypervisor. */
#include "core/ledger_state.h"
#include "viaduct/bits.h"
#include "viaduct/imsic_port.h"

static const uint64_t interrupt = VD_BIT(63);
enum { CAUSE_SEI = 9, CAUSE_VSEI = 10, CAUSE_MEI = 11, CAUSE_SGEI = 12 };

/* Which files an external interrupt trap can be from; -1: none.  A VS-level external interrupt is
 * cause 9 as the guest sees it and 10 as the hypervisor delegates it [priv]. */
static int target_of(uint64_t cause, uint64_t to)
{
    if (!(cause & interrupt))
        return -1;
    switch (cause & ~interrupt) {
    case CAUSE_MEI:
        return to == VD_MODE_M ? TRAP_M : -1;
    case CAUSE_SEI:
        return to == VD_MODE_S ? TRAP_S : to == VD_MODE_VS ? TRAP_VS : -1;
    case CAUSE_VSEI:
        return to == VD_MODE_VS ? TRAP_VS : -1;
    default:
        return -1;
    }
}

void trap_take(struct ledger *l, const struct vd_record *rec)
{
    uint32_t index = ledger_source_hart(l, rec->source);
    if (index == NO_HART)
        return;
    struct ledger_hart *hart = ledger_hart(l, index);
    uint64_t to = rec->b >> 8 & 0xff;
    if (to == VD_MODE_M || to == VD_MODE_S) {
        struct trap_ring *ring = &hart->traps[to == VD_MODE_M ? TRAP_M : TRAP_S];
        ring->times[ring->count++ % LEDGER_TRAPS] = rec->time;
    }
    if (rec->a == (interrupt | CAUSE_SGEI))
        vcpu_sgei(l, index);
    int target = target_of(rec->a, to);
    if (target >= 0)
        hart->last[target] =
            (struct trap_stamp){rec->time, rec->time + (rec->b >> 16) * l->config.cycle_ps};
}

vd_time trap_of_hypervisor(struct ledger *l, uint32_t hart)
{
    const struct ledger_hart *h = hart == NO_HART ? NULL : ledger_hart(l, hart);
    const struct trap_ring *ring = h ? &h->traps[TRAP_S] : NULL;
    return ring && ring->count ? ring->times[(ring->count - 1) % LEDGER_TRAPS] : l->now;
}

static uint32_t count_since(const struct trap_ring *ring, vd_time since)
{
    uint32_t count = 0;
    while (count < ring->count && count < LEDGER_TRAPS &&
           ring->times[(ring->count - 1 - count) % LEDGER_TRAPS] >= since)
        count++;
    return count;
}

static enum trap_target target_of_place(const struct place *place)
{
    uint32_t index = VD_FILE_INDEX(place->id);
    if (place->kind == PLACE_SOFTWARE)
        return TRAP_S;
    return index == 0 ? TRAP_M : index == 1 ? TRAP_S : TRAP_VS;
}

/* The last external interrupt trap led to the claim, if it came after the record; else the hart
 * polled or was in its handler already.  What is claimed by the host costs no trap into a
 * hypervisor but those into the firmware below it. */
void trap_stamp(struct ledger *l, struct msi *msi, const struct place *place, uint32_t hart)
{
    const struct ledger_hart *h = hart == NO_HART ? NULL : ledger_hart(l, hart);
    if (!h)
        return;
    enum trap_target target = target_of_place(place);
    const struct trap_stamp *last = &h->last[target];
    bool keep = place->kind == PLACE_SOFTWARE && msi->stamp[STAMP_TRAP] != SAMPLE_UNKNOWN;
    if (!keep && last->entry && last->trap >= msi->stamp[STAMP_RECORD]) {
        msi->stamp[STAMP_TRAP] = last->trap;
        msi->stamp[STAMP_ENTRY] = last->entry < l->now ? last->entry : l->now;
    }
    vd_time since = msi->stamp[STAMP_ISSUE];
    msi->traps = 0;
    if (target != TRAP_M)
        msi->traps += count_since(&h->traps[TRAP_M], since);
    if (target == TRAP_VS || place->kind == PLACE_SOFTWARE)
        msi->traps += count_since(&h->traps[TRAP_S], since);
}
