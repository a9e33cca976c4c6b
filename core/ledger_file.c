/* SPDX-License-Identifier: BSD-2-Clause */
/* What happens to MSIs at an interrupt file, or at a place like one. */
#include <inttypes.h>

#include "core/ledger_state.h"

/* What a VM's device sends to a vCPU's page is for that vCPU's file. */
static void check_addressee(struct ledger *l, struct msi *msi, const struct place *place,
                            const char *verb)
{
    char name[64];
    place_name(place, name, sizeof(name));
    if (place->kind == PLACE_FILE && VD_FILE_INDEX(place->id) < 2)
        finding_add(l, LEDGER_STRAY, LEDGER_I15, msi, "was %s in %s, but was sent to VM %d vCPU %d",
                    verb, name, msi->vm, msi->vcpu);
    else if (place->vm == msi->vm && place->vcpu >= 0 && place->vcpu != msi->vcpu)
        finding_add(l, LEDGER_STRAY, LEDGER_I3, msi,
                    "was %s in %s of vCPU %d, but was sent to vCPU %d", verb, name, place->vcpu,
                    msi->vcpu);
}

/* Of files whose owner is known; what the host does with its own files is its business. */
void file_check_owner(struct ledger *l, struct msi *msi, const struct place *place,
                      const char *verb)
{
    char name[64];
    bool known = place->owner_known && place->kind == PLACE_FILE;
    if (msi->stray)
        return;
    if (known && place->free) {
        place_name(place, name, sizeof(name));
        finding_add(l, LEDGER_STRAY, LEDGER_I3, msi, "was %s in %s, which no VM owns", verb, name);
    } else if (known && msi->vm != VM_UNKNOWN && msi->vm != place->vm) {
        place_name(place, name, sizeof(name));
        finding_add(l, LEDGER_STRAY, LEDGER_I15, msi,
                    "was %s in %s of VM %d, but its device belongs to %s %d", verb, name, place->vm,
                    msi->vm ? "VM" : "the host, VM", msi->vm);
    } else if (msi->vcpu >= 0) {
        check_addressee(l, msi, place, verb);
    }
}

void file_check_identity(struct ledger *l, struct msi *msi, uint32_t identity,
                         enum ledger_invariant invariant)
{
    uint32_t asked = msi->identity;
    msi->identity = identity;
    if (asked != identity)
        finding_add(l, LEDGER_STRAY, invariant, msi,
                    "was recorded as identity %u though its data said %u", identity, asked);
}

/* The file said that the bit was clear, so what was pending in it is gone. */
static void forget(struct ledger *l, struct slot *slot, enum touch touch)
{
    static const enum ledger_invariant blame[] = {
        [TOUCH_NONE] = LEDGER_I1, [TOUCH_CLAIM] = LEDGER_I25, [TOUCH_WRITE] = LEDGER_I24};
    struct msi *list = slot_take(slot);
    slot->software = false;
    while (list) {
        struct msi *msi = list;
        list = msi->next;
        finding_lost(l, msi, blame[touch], "and then its pending bit vanished without a claim");
    }
}

void file_enter(struct ledger *l, struct msi *msi, struct place *place, bool was_pending)
{
    struct slot *slot = place_slot(place, msi->identity);
    if (!was_pending)
        slot->claiming = false;
    if (!was_pending)
        forget(l, slot, place->check.touch);
    else if (!slot->first)
        slot->software = true;
    if (msi->state < MSI_PENDING)
        msi->stamp[STAMP_RECORD] = l->now;
    msi->state = MSI_PENDING;
    msi->seen = l->now;
    slot_append(slot, place, msi);
    if (place->check.moves)
        migration_landed(l, msi, place);
}

void file_record(struct ledger *l, const struct vd_record *rec)
{
    char name[64];
    struct msi *msi = msi_find(l, rec->serial);
    struct place *place = place_file(l, rec->a);
    if (!place || rec->b >= LEDGER_IDENTITIES)
        return;
    check_record(l, place, msi, rec);
    if (!msi) {
        place_slot(place, rec->b)->software = true;
        return;
    }
    if (msi->state >= MSI_PENDING) {
        place_name(place, name, sizeof(name));
        finding_add(l, LEDGER_DUPLICATE, LEDGER_I2, msi, "was recorded once more, in %s", name);
        place_slot(place, rec->b)->software = true;
        return;
    }
    route_recorded(l, msi);
    file_check_identity(l, msi, (uint32_t)rec->b, LEDGER_I13);
    file_check_owner(l, msi, place, "recorded");
    if (VD_FILE_INDEX(place->id) < 2 && msi->requester >> 24 == VD_REQUESTER_HART(0) >> 24)
        msi_is_hosts(l, msi);
    file_enter(l, msi, place, rec->c != 0);
}

void file_give_up(struct ledger *l, struct place *place, enum ledger_invariant invariant,
                  const char *why)
{
    for (uint32_t i = 0; i < place->num_slots; i++) {
        struct slot *slot = &place->slots[i];
        struct msi *list = slot_take(slot);
        slot->software = false;
        while (list) {
            struct msi *msi = list;
            list = msi->next;
            if (place_enables(place, i) && place->blocked)
                msi_count(l, msi, LEDGER_COUNTER(wakeups), 1);
            if (place_enables(place, i)) {
                finding_lost(l, msi, invariant, why);
            } else {
                finding_pending(l, msi);
                msi_end(l, msi, MSI_DROPPED);
            }
        }
    }
}

void file_check_injected(struct ledger *l, struct ledger_hart *hart)
{
    struct last_claim *claim = &hart->claim;
    struct msi *msi = claim->valid && !claim->used ? claim->first : NULL;
    claim->valid = false;
    if (!msi || msi->state != MSI_CLAIMED)
        return;
    const struct slot *slot = place_peek(claim->place, claim->identity);
    if (!slot || !slot->injected || slot->inject_path != claim->path)
        return;
    msi_reopen(l, msi);
    finding_lost(l, msi, LEDGER_I28, "the hypervisor claimed it and did not inject it");
}

static void remember_claim(struct ledger *l, struct place *place, uint32_t identity, uint32_t hart,
                           struct msi *first)
{
    struct ledger_hart *h = ledger_hart(l, hart);
    if (!h || place->kind != PLACE_FILE || VD_FILE_INDEX(place->id) > 1)
        return;
    file_check_injected(l, h);
    h->claim = (struct last_claim){.valid = true,
                                   .identity = identity,
                                   .path = first ? first->path : l->path,
                                   .first = first,
                                   .place = place};
}

void file_claim(struct ledger *l, struct place *place, uint32_t identity, uint32_t hart)
{
    char name[64];
    struct slot *slot = place_slot(place, identity);
    struct msi *first = slot_take(slot);
    if (!first && !slot->software) {
        place_name(place, name, sizeof(name));
        finding_of_nothing(l, hart, identity,
                           "identity %u was claimed in %s though nothing was pending", identity,
                           name);
    }
    slot->software = false;
    remember_claim(l, place, identity, hart, first);
    for (struct msi *msi = first; msi; msi = msi->next) {
        file_check_owner(l, msi, place, "claimed");
        msi_claim(l, msi, place, hart);
    }
}

void file_claimed(struct ledger *l, const struct vd_record *rec)
{
    struct place *place = place_file(l, rec->a);
    if (!place || rec->b >= LEDGER_IDENTITIES)
        return;
    check_claim(l, place, (uint32_t)rec->b);
    file_claim(l, place, (uint32_t)rec->b, VD_FILE_HART(rec->a));
}

void file_eip_set(struct ledger *l, const struct vd_record *rec)
{
    struct place *place = place_file(l, rec->a);
    if (!place || rec->b >= LEDGER_IDENTITIES)
        return;
    place->check.touch = TOUCH_WRITE;
    check_bit(l, place, (uint32_t)rec->b, true);
    move_set(l, place, (uint32_t)rec->b);
    check_state(l, place);
}

/* An MSI of genmsi, which the host has sent to itself and looks for in eip [aia AdvPLIC-MSISync].
 */
static void synchronized(struct ledger *l, struct msi *list)
{
    for (struct msi *msi = list; msi; msi = msi->next) {
        msi_is_hosts(l, msi);
        msi_end(l, msi, MSI_CLAIMED);
    }
}

static bool synchronizes(const struct place *place, const struct slot *slot)
{
    return slot && slot->first && VD_FILE_INDEX(place->id) < 2 &&
           slot->first->requester >> 24 == VD_REQUESTER_APLIC(0) >> 24;
}

void file_eip_clear(struct ledger *l, const struct vd_record *rec)
{
    struct place *place = place_file(l, rec->a);
    if (!place || rec->b >= LEDGER_IDENTITIES)
        return;
    struct slot *slot = place_peek(place, rec->b);
    place->check.touch = TOUCH_WRITE;
    check_bit(l, place, (uint32_t)rec->b, false);
    if (synchronizes(place, slot)) {
        slot->software = false;
        synchronized(l, slot_take(slot));
    } else {
        move_hold(l, place, (uint32_t)rec->b);
    }
    check_state(l, place);
}

enum { EIDELIVERY = 0x70, EITHRESHOLD = 0x72, EIE0 = 0xc0, EIE63 = 0xff };

static void deliver(struct ledger *l, struct place *place, uint64_t eidelivery)
{
    place->eidelivery = eidelivery;
    if (eidelivery == 1 && place->check.moves)
        migration_restored(l, place);
    check_delivery(l, place);
}

void file_state(struct ledger *l, const struct vd_record *rec)
{
    struct place *place = place_file(l, rec->a);
    if (!place)
        return;
    if (rec->b == EIDELIVERY)
        deliver(l, place, rec->c);
    else if (rec->b == EITHRESHOLD)
        place->eithreshold = rec->c;
    else if (rec->b >= EIE0 && rec->b <= EIE63)
        place->eie[(rec->b - EIE0) / 2] = rec->c;
    check_state(l, place);
}
