/* SPDX-License-Identifier: BSD-2-Clause */
/* Where MSIs are pending: interrupt files, software files, MRIFs, and in the hands of a hypervisor
 * that moves them. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/ledger_state.h"

static struct place *new_place(enum place_kind kind, uint64_t id)
{
    struct place *place = calloc(1, sizeof(*place));
    if (!place)
        abort();
    place->kind = kind;
    place->id = id;
    place->vm = VM_UNKNOWN;
    place->vcpu = -1;
    return place;
}

struct place *place_file(struct ledger *l, uint64_t file)
{
    struct ledger_hart *hart = ledger_hart(l, VD_FILE_HART(file));
    uint32_t index = VD_FILE_INDEX(file);
    if (!hart || index >= LEDGER_FILES)
        return NULL;
    if (!hart->files[index]) {
        hart->files[index] = new_place(PLACE_FILE, file);
        if (index < 2)
            hart->files[index]->vm = 0;
    }
    return hart->files[index];
}

static struct place *existing(const struct ledger *l, enum place_kind kind, uint64_t id)
{
    for (uint32_t i = 0; i < l->num_places; i++)
        if (l->places[i]->kind == kind && l->places[i]->id == id)
            return l->places[i];
    return NULL;
}

struct place *place_find(struct ledger *l, enum place_kind kind, uint64_t id)
{
    struct place *place = existing(l, kind, id);
    if (place)
        return place;
    place = new_place(kind, id);
    if (kind == PLACE_SOFTWARE) {
        place->vm = (int32_t)(id >> 16 & UINT16_MAX);
        place->vcpu = (int32_t)(id & UINT16_MAX);
        place->eidelivery = 1;
        memset(place->eie, 0xff, sizeof(place->eie));
    }
    l->places = ledger_grow(l->places, l->num_places + 1, sizeof(struct place *));
    l->places[l->num_places++] = place;
    return place;
}

bool place_fits(const struct ledger *l, enum place_kind kind, uint64_t id)
{
    return l->num_places < LEDGER_MAX_PLACES || existing(l, kind, id);
}

struct slot *place_peek(const struct place *place, uint64_t identity)
{
    return identity < place->num_slots ? &place->slots[identity] : NULL;
}

struct slot *place_slot(struct place *place, uint64_t identity)
{
    if (identity >= place->num_slots) {
        uint32_t count = (uint32_t)identity + 1;
        place->slots = ledger_grow(place->slots, count, sizeof(struct slot));
        memset(place->slots + place->num_slots, 0,
               (count - place->num_slots) * sizeof(struct slot));
        place->num_slots = count;
    }
    return &place->slots[identity];
}

/* The first MSI of a slot is the one that its bit stands for; the others are coalesced into it. */
void slot_append(struct slot *slot, struct place *place, struct msi *list)
{
    while (list) {
        struct msi *msi = list;
        list = msi->next;
        msi->next = NULL;
        msi->place = place;
        msi->coalesced_into = slot->first ? slot->first->serial : 0;
        if (slot->first)
            slot->last->next = msi;
        else
            slot->first = msi;
        slot->last = msi;
    }
}

struct msi *slot_take(struct slot *slot)
{
    struct msi *list = slot->first;
    slot->first = slot->last = NULL;
    return list;
}

/* A freed file keeps its VM: what is still in it was meant for that one. */
void place_owner(struct place *place, int64_t vm, uint64_t vcpu)
{
    place->owner_known = true;
    place->free = vm < 0;
    if (place->free)
        return;
    place->vm = (int32_t)vm;
    place->vcpu = (int32_t)vcpu;
}

bool place_enables(const struct place *place, uint32_t identity)
{
    if (place->eidelivery != 1 || !(place->eie[identity / 64] >> (identity % 64) & 1))
        return false;
    return place->eithreshold == 0 || identity < place->eithreshold;
}

static struct msi *take(const struct place *place, uint32_t identity)
{
    struct slot *slot = place_peek(place, identity);
    return slot ? slot_take(slot) : NULL;
}

/* Whose VM is unknown, as under a stock hypervisor, is matched by the identity alone. */
static bool may_move(const struct place *from, const struct place *to)
{
    if (from->vm == VM_UNKNOWN || to->vm == VM_UNKNOWN)
        return true;
    return from->vm == to->vm && (from->vcpu == to->vcpu || from->vcpu < 0 || to->vcpu < 0);
}

static struct msi *take_under_move(const struct ledger *l, const struct place *to,
                                   uint32_t identity)
{
    for (uint32_t i = 0; i < l->num_moves; i++) {
        struct msi *list = NULL;
        if (l->moves[i].to == to && l->moves[i].from)
            list = take(l->moves[i].from, identity);
        if (list)
            return list;
    }
    return NULL;
}

/* Those that were taken out of their file at `begun` or later; the others stay. */
static struct msi *take_since(struct place *place, uint32_t identity, vd_time begun)
{
    struct msi *taken = NULL, **end = &taken, *list = take(place, identity);
    while (list) {
        struct msi *msi = list;
        list = msi->next;
        msi->next = NULL;
        if (msi->seen >= begun) {
            *end = msi;
            end = &msi->next;
        } else {
            slot_append(place_slot(place, identity), place, msi);
        }
    }
    return taken;
}

/* What was held before a move began is not revived by it. */
static vd_time move_begun(const struct ledger *l, const struct place *to)
{
    for (uint32_t i = 0; i < l->num_moves; i++)
        if (l->moves[i].to == to)
            return l->moves[i].begun;
    return 0;
}

struct msi *place_take_waiting(struct ledger *l, struct place *to, uint32_t identity)
{
    vd_time begun = move_begun(l, to);
    for (uint32_t i = 0; i < l->num_places; i++) {
        struct place *p = l->places[i];
        struct msi *list = NULL;
        bool waits = p->kind == PLACE_HELD || p->kind == PLACE_MRIF;
        if (waits && may_move(p, to))
            list = p->kind == PLACE_HELD ? take_since(p, identity, begun) : take(p, identity);
        if (list)
            return list;
    }
    return take_under_move(l, to, identity);
}

void place_name(const struct place *place, char *text, size_t size)
{
    uint32_t hart = VD_FILE_HART(place->id), index = VD_FILE_INDEX(place->id);
    switch (place->kind) {
    case PLACE_FILE:
        if (index < 2)
            snprintf(text, size, "the %c file of hart %u", index ? 'S' : 'M', hart);
        else
            snprintf(text, size, "guest file %u of hart %u", index - 1, hart);
        break;
    case PLACE_SOFTWARE:
        snprintf(text, size, "the software file of VM %d vCPU %d", place->vm, place->vcpu);
        break;
    case PLACE_MRIF:
        snprintf(text, size, "the MRIF at 0x%" PRIx64, place->id);
        break;
    default:
        snprintf(text, size, "no file");
        break;
    }
}
