/* SPDX-License-Identifier: BSD-2-Clause */
/* Invariants of interrupt files: what an IMSIC says about itself must fit together. */
#include <inttypes.h>

#include "core/ledger_state.h"

enum { WORDS = LEDGER_IDENTITIES / 64 };

static bool is_guest_file(const struct place *place)
{
    return place->kind == PLACE_FILE && VD_FILE_INDEX(place->id) > 1;
}

/* The identity that xtopei names, whatever eidelivery is; 0: none. */
static uint32_t top(const struct place *place)
{
    for (uint32_t w = 0; w < place->check.words; w++) {
        uint64_t bits = place->check.eip[w] & place->eie[w];
        if (!bits)
            continue;
        uint32_t identity = w * 64 + (uint32_t)__builtin_ctzll(bits);
        return place->eithreshold == 0 || identity < place->eithreshold ? identity : 0;
    }
    return 0;
}

static bool empty(const struct place *place)
{
    uint64_t any = place->eidelivery;
    for (uint32_t w = 0; w < WORDS; w++)
        any |= place->check.eip[w] | place->eie[w];
    return !any;
}

static void check_wire(struct ledger *l, const struct place *place)
{
    const struct file_check *c = &place->check;
    char name[64];
    if (c->level == c->wire || l->now <= c->changed + l->config.line || l->config.unspecified_reset)
        return;
    place_name(place, name, sizeof(name));
    finding_broken(l, LEDGER_I8, 0, "hgeip was %d for %" PRIu64 " ns while %s had %s to deliver",
                   c->wire, (l->now - c->changed) / 1000, name, c->level ? "something" : "nothing");
}

void check_state(struct ledger *l, struct place *place)
{
    struct file_check *c = &place->check;
    if (!is_guest_file(place))
        return;
    if (c->reused && !c->cleaned)
        c->cleaned = empty(place);
    bool level = place->eidelivery == 1 && top(place);
    if (level == c->level)
        return;
    check_wire(l, place);
    c->level = level;
    c->changed = l->now;
}

void check_hgeip(struct ledger *l, const struct vd_record *rec)
{
    struct ledger_hart *hart = rec->a < LEDGER_HARTS ? ledger_hart(l, (uint32_t)rec->a) : NULL;
    if (!hart)
        return;
    uint64_t changed = hart->hgeip ^ rec->b;
    hart->hgeip = rec->b;
    for (; changed; changed &= changed - 1) {
        uint32_t guest = (uint32_t)__builtin_ctzll(changed);
        struct place *place = guest ? place_file(l, VD_FILE(rec->a, 1 + guest)) : NULL;
        if (!place) {
            finding_broken(l, LEDGER_I8, 0, "bit 0 of hgeip of hart %u is set", (uint32_t)rec->a);
            continue;
        }
        check_wire(l, place);
        place->check.wire = rec->b >> guest & 1;
        place->check.changed = l->now;
    }
}

static uint32_t highest(const struct ledger *l, const struct place *place)
{
    return is_guest_file(place) ? l->config.guest_ids : l->config.ids;
}

void check_bit(struct ledger *l, struct place *place, uint32_t identity, bool set)
{
    uint64_t bit = UINT64_C(1) << identity % 64;
    uint32_t w = identity / 64;
    char name[64];
    if (set && (identity == 0 || identity > highest(l, place))) {
        place_name(place, name, sizeof(name));
        finding_broken(l, LEDGER_I23, 0, "identity %u became pending in %s", identity, name);
    }
    if (set && w >= place->check.words)
        place->check.words = w + 1;
    place->check.eip[w] = set ? place->check.eip[w] | bit : place->check.eip[w] & ~bit;
}

/* The MSI of this source that arrived here before, if it was sent later; else NULL.  A serial says
 * nothing about that: an MSI has one while it waits behind a mask. */
static const struct order *overtaken_by(struct orders *orders, const struct msi *msi)
{
    vd_time issue = msi->stamp[STAMP_ISSUE];
    for (uint32_t i = 0; i < orders->num_rows; i++) {
        struct order *row = &orders->rows[i];
        if (row->requester != msi->requester)
            continue;
        if (row->issue > issue)
            return row;
        row->issue = issue;
        row->serial = msi->serial;
        return NULL;
    }
    orders->rows = ledger_grow(orders->rows, orders->num_rows + 1, sizeof(*orders->rows));
    orders->rows[orders->num_rows++] = (struct order){msi->requester, issue, msi->serial};
    return NULL;
}

static void check_order(struct ledger *l, struct place *place, const struct msi *msi)
{
    const struct order *other = overtaken_by(&place->check.orders, msi);
    char name[64];
    if (other) {
        place_name(place, name, sizeof(name));
        finding_broken(l, LEDGER_I30, msi->serial,
                       "MSI %" PRIu64 " arrived in %s behind MSI %" PRIu64
                       " of the same source, which was sent after it",
                       msi->serial, name, other->serial);
    }
    if (msi->requester >> 24 != VD_REQUESTER_APLIC(0) >> 24)
        return;
    uint32_t hart = VD_FILE_HART(place->id);
    other = overtaken_by(&ledger_hart(l, hart)->aplic, msi);
    if (other)
        finding_broken(l, LEDGER_I34, msi->serial,
                       "MSI %" PRIu64 " of an APLIC arrived at hart %u behind MSI %" PRIu64
                       ", which was sent after it",
                       msi->serial, hart, other->serial);
}

void check_record(struct ledger *l, struct place *place, const struct msi *msi,
                  const struct vd_record *rec)
{
    uint32_t identity = (uint32_t)rec->b;
    bool pending = place->check.eip[identity / 64] >> identity % 64 & 1;
    char name[64];
    if (rec->c && !pending && !l->config.unspecified_reset) {
        place_name(place, name, sizeof(name));
        finding_broken(l, LEDGER_I5, rec->serial,
                       "an MSI was merged into identity %u of %s, which was not pending", identity,
                       name);
    }
    check_bit(l, place, identity, true);
    if (msi)
        check_order(l, place, msi);
    check_state(l, place);
}

/* The hardware does not have what it passes over: once it is said, the books follow. */
static void check_top(struct ledger *l, struct place *place, uint32_t identity)
{
    bool pending = place->check.eip[identity / 64] >> identity % 64 & 1;
    uint32_t expected = top(place);
    char name[64];
    if (!pending || expected == identity || l->config.unspecified_reset)
        return;
    place_name(place, name, sizeof(name));
    finding_broken(l, LEDGER_I25, 0, "identity %u was claimed in %s, but the top one was %u",
                   identity, name, expected);
    if (expected && expected < identity)
        check_bit(l, place, expected, false);
}

void check_claim(struct ledger *l, struct place *place, uint32_t identity)
{
    char name[64];
    check_top(l, place, identity);
    if (place->check.moves) {
        place_name(place, name, sizeof(name));
        finding_broken(l, LEDGER_I29, 0, "identity %u was claimed in %s while the file moves",
                       identity, name);
    }
    check_bit(l, place, identity, false);
    place->check.touch = TOUCH_CLAIM;
    check_state(l, place);
}

void check_owner(struct ledger *l, struct place *place, int64_t vm, uint64_t vcpu)
{
    bool owned = place->owner_known && !place->free;
    char name[64];
    if (vm < 0 || (owned && place->vm == vm && place->vcpu == (int32_t)vcpu))
        return;
    if (owned) {
        place_name(place, name, sizeof(name));
        finding_broken(l, LEDGER_I27, 0, "%s belongs to VM %d vCPU %d and to VM %d vCPU %d", name,
                       place->vm, place->vcpu, (int32_t)vm, (int32_t)vcpu);
    }
    place->check.reused = true;
    place->check.cleaned = empty(place) || l->config.unspecified_reset;
}

void check_delivery(struct ledger *l, struct place *place)
{
    struct file_check *c = &place->check;
    char name[64];
    if (!c->reused || place->eidelivery != 1)
        return;
    c->reused = false;
    if (c->cleaned)
        return;
    place_name(place, name, sizeof(name));
    finding_broken(l, LEDGER_I27, 0,
                   "%s delivers to VM %d vCPU %d and was never empty since its last owner", name,
                   place->vm, place->vcpu);
}

void check_finish(struct ledger *l)
{
    for (uint32_t i = 0; i < l->num_harts; i++)
        for (uint32_t j = 2; j < LEDGER_FILES; j++)
            if (l->harts[i]->files[j])
                check_wire(l, l->harts[i]->files[j]);
    if (l->fault_due)
        finding_broken(l, LEDGER_I4, l->fault_due,
                       "MSI %" PRIu64 " was dropped by an IOMMU that recorded no fault",
                       l->fault_due);
    l->fault_due = 0;
}
