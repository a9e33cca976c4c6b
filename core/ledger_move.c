/* SPDX-License-Identifier: BSD-2-Clause */
/* What software takes out of one place and sets in another. */
#include "core/ledger_state.h"

/* One by one: appending unlinks them. */
static void append(struct ledger *l, struct slot *slot, struct place *place, struct msi *list)
{
    bool merges = slot->first != NULL;
    while (list) {
        struct msi *msi = list;
        list = msi->next;
        msi->next = NULL;
        slot_append(slot, place, msi);
        migration_moved(l, msi, place, merges);
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
    append(l, slot, place, list);
}

/* Takes what waits for it elsewhere along. */
void move_set(struct ledger *l, struct place *place, uint32_t identity)
{
    struct msi *list = place_take_waiting(l, place, identity);
    if (list)
        set_again(l, place, identity, list);
    else
        place_slot(place, identity)->software = true;
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

enum { S_FILE = 1 };

static bool is_own_s_file(const struct place *place)
{
    return place->kind == PLACE_FILE && VD_FILE_INDEX(place->id) == S_FILE && place->vm <= 0;
}

/* An operating system that moves an interrupt of its own to another hart, where it may be another
 * identity, clears the old bit and sends what was pending there by itself. */
void move_resent(struct ledger *l, uint32_t hart, uint64_t serial)
{
    struct ledger_hart *h = ledger_hart(l, hart);
    struct slot *slot = h && h->held ? place_peek(h->held, h->held_identity) : NULL;
    struct msi *list = slot ? slot_take(slot) : NULL;
    while (list) {
        struct msi *msi = list;
        list = msi->next;
        msi->coalesced_into = serial;
        msi_end(l, msi, MSI_CLAIMED);
        msi_count(l, msi, LEDGER_COUNTER(coalesced), 1);
    }
    if (h)
        h->held = NULL;
}

void move_hold(struct ledger *l, struct place *place, uint32_t identity)
{
    struct slot *slot = place_slot(place, identity);
    struct msi *list = slot_take(slot);
    slot->software = false;
    if (!list)
        return;
    struct place *held = held_of(l, place);
    for (struct msi *msi = list; msi; msi = msi->next) {
        msi->state = MSI_HELD;
        msi->seen = l->now;
        msi->held_from = place;
        msi_count(l, msi, LEDGER_COUNTER(held), 1);
    }
    slot_append(place_slot(held, identity), held, list);
    struct ledger_hart *h = is_own_s_file(place) ? ledger_hart(l, VD_FILE_HART(place->id)) : NULL;
    if (!h)
        return;
    h->held = held;
    h->held_identity = identity;
}

/* The vCPU may not run meanwhile: I29. */
void move_begins(struct ledger *l, struct ledger_move *move)
{
    migration_begins(l, move);
    if (move->from)
        move->from->check.moves++;
    if (move->to)
        move->to->check.moves++;
}

void move_stops(const struct ledger_move *move)
{
    if (move->from)
        move->from->check.moves--;
    if (move->to)
        move->to->check.moves--;
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
        if (msi->held_from == move->from && msi->seen >= move->begun) {
            *end = msi;
            end = &msi->next;
        } else {
            slot_append(held, place, msi);
        }
    }
    return taken;
}

static void coalesce(struct ledger *l, const struct ledger_move *move, uint32_t identity)
{
    struct place *held = held_of(l, move->from);
    struct slot *slot = place_peek(held, identity), *left = place_peek(move->from, identity);
    struct msi *list = slot ? take_moved(slot, held, move) : NULL;
    if (list)
        set_again(l, move->to, identity, list);
    if (left && move->from->kind == PLACE_SOFTWARE && left->first)
        set_again(l, move->to, identity, slot_take(left));
}

/* Where the new file's bit was set already, setting it changed nothing and left no record: from now
 * on it stands for the old file's bit too. */
void move_ends(struct ledger *l, const struct ledger_move *move)
{
    move_stops(move);
    uint32_t slots = move->from && move->to ? move->to->num_slots : 0;
    for (uint32_t identity = 0; identity < slots; identity++) {
        const struct slot *to = place_peek(move->to, identity);
        if (to->first || to->software)
            coalesce(l, move, identity);
    }
    migration_ends(l, move);
}
