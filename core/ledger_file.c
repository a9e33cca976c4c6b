/* SPDX-License-Identifier: BSD-2-Clause */
/* What happens to MSIs at an interrupt file, or at a place like one. */
#include <inttypes.h>

#include "core/ledger_state.h"

/* Guest files only: what the host does with its own files is its business. */
static void check_owner(struct ledger *l, struct msi *msi, const struct place *place,
                        const char *verb)
{
    char name[64];
    if (msi->stray || !place->owner_known || place->kind != PLACE_FILE)
        return;
    place_name(place, name, sizeof(name));
    if (place->free)
        finding_add(l, LEDGER_STRAY, msi, "was %s in %s, which no VM owns", verb, name);
    else if (msi->vm != VM_UNKNOWN && msi->vm != place->vm)
        finding_add(l, LEDGER_STRAY, msi, "was %s in %s of VM %d, but its device belongs to %s %d",
                    verb, name, place->vm, msi->vm ? "VM" : "the host, VM", msi->vm);
}

static void check_identity(struct ledger *l, struct msi *msi, uint32_t identity)
{
    uint32_t asked = msi->identity;
    msi->identity = identity;
    if (asked != identity)
        finding_add(l, LEDGER_STRAY, msi, "was recorded as identity %u though its data said %u",
                    identity, asked);
}

/* The file said that the bit was clear, so what was pending in it is gone. */
static void forget(struct ledger *l, struct slot *slot)
{
    struct msi *list = slot_take(slot);
    slot->software = false;
    while (list) {
        struct msi *msi = list;
        list = msi->next;
        finding_lost(l, msi, "and then its pending bit vanished without a claim");
    }
}

static void enter(struct ledger *l, struct msi *msi, struct place *place, bool was_pending)
{
    struct slot *slot = place_slot(place, msi->identity);
    if (!was_pending)
        forget(l, slot);
    else if (!slot->first)
        slot->software = true;
    if (msi->state < MSI_PENDING)
        msi->stamp[STAMP_RECORD] = l->now;
    msi->state = MSI_PENDING;
    msi->seen = l->now;
    slot_append(slot, place, msi);
}

void file_record(struct ledger *l, const struct vd_record *rec)
{
    char name[64];
    struct msi *msi = msi_find(l, rec->serial);
    struct place *place = place_file(l, rec->a);
    if (!place || rec->b >= LEDGER_IDENTITIES)
        return;
    if (!msi) {
        place_slot(place, rec->b)->software = true;
        return;
    }
    if (msi->state >= MSI_PENDING) {
        place_name(place, name, sizeof(name));
        finding_add(l, LEDGER_DUPLICATE, msi, "was recorded once more, in %s", name);
        place_slot(place, rec->b)->software = true;
        return;
    }
    check_identity(l, msi, (uint32_t)rec->b);
    check_owner(l, msi, place, "recorded");
    if (VD_FILE_INDEX(place->id) < 2 && msi->requester >> 24 == VD_REQUESTER_HART(0) >> 24)
        msi_is_hosts(l, msi);
    enter(l, msi, place, rec->c != 0);
}

static const struct ledger_mrif *mrif_at(const struct ledger *l, uint64_t addr)
{
    for (uint32_t i = 0; i < l->num_mrifs; i++)
        if (l->mrifs[i].addr == addr)
            return &l->mrifs[i];
    return NULL;
}

void file_mrif_store(struct ledger *l, const struct vd_record *rec)
{
    struct msi *msi = msi_find(l, rec->serial);
    if (!msi || msi->state >= MSI_PENDING || rec->b >= LEDGER_IDENTITIES)
        return;
    check_identity(l, msi, (uint32_t)rec->b);
    const struct ledger_mrif *mrif = mrif_at(l, rec->a);
    if (mrif && mrif->in_use) {
        enter(l, msi, mrif->place, rec->c != 0);
        return;
    }
    struct place *place = place_find(l, PLACE_MRIF, rec->a);
    place->vm = msi->vm;
    if (mrif)
        finding_add(l, LEDGER_STRAY, msi,
                    "was recorded in the MRIF at 0x%" PRIx64 ", which is out of use", rec->a);
    /* Software ANDs and ORs this memory unseen: a clear bit proves nothing. */
    enter(l, msi, place, true);
}

void file_give_up(struct ledger *l, struct place *place, const char *why)
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
                finding_lost(l, msi, why);
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
    finding_lost(l, msi, "the hypervisor claimed it and did not inject it");
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
        check_owner(l, msi, place, "claimed");
        msi_claim(l, msi, place, hart);
    }
}

static void set_again(struct ledger *l, struct place *place, uint32_t identity, struct msi *list)
{
    struct slot *slot = place_slot(place, identity);
    for (struct msi *msi = list; msi; msi = msi->next) {
        msi->state = MSI_PENDING;
        msi->seen = l->now;
        msi->moved = true;
        msi_count(l, msi, LEDGER_COUNTER(moved), 1);
    }
    slot_append(slot, place, list);
}

void file_eip_set(struct ledger *l, const struct vd_record *rec)
{
    struct place *place = place_file(l, rec->a);
    if (!place || rec->b >= LEDGER_IDENTITIES)
        return;
    struct msi *list = place_take_waiting(l, place, (uint32_t)rec->b);
    if (list)
        set_again(l, place, (uint32_t)rec->b, list);
    else
        place_slot(place, rec->b)->software = true;
}

/* Per vCPU: what is taken out of one's file may be set again in one's own only. */
static struct place *held_of(struct ledger *l, const struct place *place)
{
    uint64_t owner = (uint64_t)(int64_t)place->vm << 16 | (uint16_t)place->vcpu;
    struct place *held = place_find(l, PLACE_HELD, owner);
    held->vm = place->vm;
    held->vcpu = place->vcpu;
    return held;
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

void file_eip_clear(struct ledger *l, const struct vd_record *rec)
{
    struct place *place = place_file(l, rec->a);
    if (!place || rec->b >= LEDGER_IDENTITIES)
        return;
    struct slot *slot = place_slot(place, rec->b);
    struct msi *list = slot_take(slot);
    slot->software = false;
    if (!list)
        return;
    if (VD_FILE_INDEX(place->id) < 2 && list->requester >> 24 == VD_REQUESTER_APLIC(0) >> 24) {
        synchronized(l, list);
        return;
    }
    struct place *held = held_of(l, place);
    for (struct msi *msi = list; msi; msi = msi->next) {
        msi->state = MSI_HELD;
        msi->seen = l->now;
        msi->target = place->id;
        msi_count(l, msi, LEDGER_COUNTER(held), 1);
    }
    slot_append(place_slot(held, rec->b), held, list);
}

/* Splits what this move has taken out of its old file off a list of held MSIs. */
static struct msi *take_moved(struct slot *held, struct place *place,
                              const struct ledger_move *move)
{
    struct msi *taken = NULL, **end = &taken;
    struct msi *list = slot_take(held);
    while (list) {
        struct msi *msi = list;
        list = msi->next;
        msi->next = NULL;
        if (msi->target == move->from->id && msi->seen >= move->begun) {
            *end = msi;
            end = &msi->next;
        } else {
            slot_append(held, place, msi);
        }
    }
    return taken;
}

/* Where the new file's bit was set already, setting it changed nothing and left no record: from now
 * on it stands for the old file's bit too. */
void file_move_ends(struct ledger *l, const struct ledger_move *move)
{
    if (!move->from || !move->to)
        return;
    bool software = move->from->kind == PLACE_SOFTWARE;
    struct place *old = software ? move->from : held_of(l, move->from);
    for (uint32_t identity = 0; identity < old->num_slots; identity++) {
        const struct slot *to = place_peek(move->to, identity);
        if (!to || (!to->first && !to->software))
            continue;
        struct slot *slot = &old->slots[identity];
        struct msi *list = software ? slot_take(slot) : take_moved(slot, old, move);
        if (list)
            set_again(l, move->to, identity, list);
    }
}

enum { EIDELIVERY = 0x70, EITHRESHOLD = 0x72, EIE0 = 0xc0, EIE63 = 0xff };

void file_state(struct ledger *l, const struct vd_record *rec)
{
    struct place *place = place_file(l, rec->a);
    if (!place)
        return;
    if (rec->b == EIDELIVERY)
        place->eidelivery = rec->c;
    else if (rec->b == EITHRESHOLD)
        place->eithreshold = rec->c;
    else if (rec->b >= EIE0 && rec->b <= EIE63)
        place->eie[(rec->b - EIE0) / 2] = rec->c;
}
