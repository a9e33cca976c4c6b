/* SPDX-License-Identifier: BSD-2-Clause */
/* What firmware tells the ledger: docs/hints.md. */
#include <string.h>

#include "core/ledger_state.h"

enum hint_code {
    HINT_PHASE = 1,
    HINT_FILE_OWNER,
    HINT_DEVICE_OWNER,
    HINT_INJECT,
    HINT_SOFTWARE_CLAIM,
    HINT_SOFTWARE_ENABLE,
    HINT_MOVE,
    HINT_PATH,
    HINT_MRIF_OWNER,
    HINT_VCPU_STATE,
    HINT_COUNT,
    HINT_VCPU_PAGE,
};

struct hint {
    uint64_t code, x10, x11, x12, x13;
    uint32_t hart; /* that gave it, or NO_HART */
};

static void device_owner(struct ledger *l, const struct hint *h)
{
    int32_t vm = (int64_t)h->x11 < 0 ? 0 : (int32_t)h->x11;
    uint32_t i = 0;
    while (i < l->num_owners && l->owners[i].device_id != h->x10)
        i++;
    if (h->x10 > UINT32_MAX || i == LEDGER_MAX_PLACES)
        return;
    if (i == l->num_owners) {
        l->owners = ledger_grow(l->owners, l->num_owners + 1, sizeof(*l->owners));
        l->num_owners++;
    }
    l->owners[i] = (struct ledger_owner){.device_id = (uint32_t)h->x10, .vm = vm};
}

static void file_owner(struct ledger *l, const struct hint *h)
{
    if (h->x10 >= LEDGER_HARTS || h->x11 < 1 || h->x11 >= LEDGER_GUESTS)
        return;
    struct place *place = place_file(l, VD_FILE(h->x10, 1 + h->x11));
    if (!place)
        return;
    check_owner(l, place, (int64_t)h->x12, h->x13);
    place_owner(place, (int64_t)h->x12, h->x13);
    if (!place->free)
        vcpu_file(l, place);
}

/* The MSIs that the hypervisor has just claimed as `identity` on this hart. */
static struct msi *take_claimed(struct ledger *l, struct ledger_hart *hart, uint64_t identity)
{
    struct last_claim *claim = &hart->claim;
    if (!claim->valid || claim->identity != identity)
        return NULL;
    if (claim->used) {
        finding_of_nothing(l, VD_FILE_HART(claim->place->id), (uint32_t)identity,
                           "host identity %u was injected twice for one claim", (uint32_t)identity);
        return NULL;
    }
    struct slot *slot = place_slot(claim->place, identity);
    slot->injected = true;
    slot->inject_path = claim->path;
    claim->used = true;
    struct msi *first = claim->first;
    if (!first || first->state != MSI_CLAIMED)
        return NULL;
    for (struct msi *msi = first; msi; msi = msi->next) {
        msi_reopen(l, msi);
        msi->target = claim->place->id;
    }
    return first;
}

static const uint64_t of_trap = UINT64_MAX; /* in place of a host identity */

static void inject(struct ledger *l, const struct hint *h)
{
    if (h->x11 >= LEDGER_IDENTITIES || (h->x12 >= LEDGER_IDENTITIES && h->x12 != of_trap))
        return;
    struct ledger_hart *hart = h->hart == NO_HART ? NULL : ledger_hart(l, h->hart);
    struct place *place = place_find(l, PLACE_SOFTWARE, h->x10);
    struct slot *slot = place_slot(place, h->x11);
    struct msi *list = NULL;
    if (h->x12 == of_trap && l->num_software < LEDGER_MAX_SOFTWARE)
        list = msi_of_software(l, h->hart, (uint32_t)h->x11);
    else if (!h->x12)
        list = place_take_waiting(l, place, (uint32_t)h->x11);
    else if (hart)
        list = take_claimed(l, hart, h->x12);
    for (struct msi *msi = list; msi; msi = msi->next) {
        msi->identity = (uint32_t)h->x11;
        msi->state = MSI_PENDING;
        msi->seen = l->now;
        if (!h->x12)
            msi_count(l, msi, LEDGER_COUNTER(moved), 1);
    }
    if (list)
        slot_append(slot, place, list);
    else
        slot->software = true;
}

static void software_claim(struct ledger *l, const struct hint *h)
{
    if (h->x11 >= LEDGER_IDENTITIES)
        return;
    struct place *place = place_find(l, PLACE_SOFTWARE, h->x10);
    file_claim(l, place, (uint32_t)h->x11, h->hart);
    place_slot(place, h->x11)->claiming = true;
}

static void software_enable(struct ledger *l, const struct hint *h)
{
    struct place *place = place_find(l, PLACE_SOFTWARE, h->x10);
    if (h->x11 == UINT64_MAX)
        memset(place->eie, h->x12 ? 0xff : 0, sizeof(place->eie));
    if (h->x11 >= LEDGER_IDENTITIES)
        return;
    uint64_t *word = &place->eie[h->x11 / 64];
    uint64_t bit = UINT64_C(1) << (h->x11 % 64);
    *word = h->x12 ? *word | bit : *word & ~bit;
}

static void mrif_owner(struct ledger *l, const struct hint *h)
{
    mrif_use(l, h->x10, h->x11, h->x12 != 0);
}

static void state(struct ledger *l, const struct hint *h)
{
    vcpu_state(l, h->x10, h->x11);
}

static void page(struct ledger *l, const struct hint *h)
{
    vcpu_page(l, h->x10, h->x11);
}

static struct place *end_of_move(struct ledger *l, uint64_t who, uint64_t file)
{
    return (int64_t)file < 0 ? place_find(l, PLACE_SOFTWARE, who) : place_file(l, file);
}

/* No record tells what software keeps in memory. */
static void registers_follow(const struct place *from, struct place *to)
{
    to->eidelivery = from->eidelivery;
    to->eithreshold = from->eithreshold;
    memcpy(to->eie, from->eie, sizeof(to->eie));
}

static void move(struct ledger *l, const struct hint *h)
{
    uint32_t i = 0;
    while (i < l->num_moves && l->moves[i].who != h->x10)
        i++;
    if (h->x13) {
        if (i == l->num_moves)
            return;
        move_ends(l, &l->moves[i]);
        l->moves[i] = l->moves[--l->num_moves];
        return;
    }
    if (i < l->num_moves) {
        move_stops(&l->moves[i]);
    } else {
        l->moves = ledger_grow(l->moves, l->num_moves + 1, sizeof(*l->moves));
        l->num_moves++;
    }
    struct ledger_move *m = &l->moves[i];
    *m = (struct ledger_move){.who = h->x10,
                              .begun = l->now,
                              .from = end_of_move(l, h->x10, h->x11),
                              .to = end_of_move(l, h->x10, h->x12)};
    if (m->from && m->from->kind == PLACE_FILE && m->to && m->to->kind == PLACE_SOFTWARE)
        registers_follow(m->from, m->to);
    move_begins(l, m);
}

static void phase(struct ledger *l, const struct hint *h)
{
    if (h->x10 == PHASE_QUIET)
        level_check(l);
    l->phase = (uint32_t)h->x10;
}

static void path(struct ledger *l, const struct hint *h)
{
    l->path = (uint32_t)h->x10;
}

static void count(struct ledger *l, const struct hint *h)
{
    if (h->x10 < LEDGER_COUNTERS && l->num_paths < LEDGER_MAX_PLACES)
        msi_path(l, l->path)->counted[h->x10] = h->x11;
}

static const struct {
    void (*take)(struct ledger *l, const struct hint *h);
    bool whole; /* it has arguments in x12 and x13 */
    bool vcpu;  /* x10 is a vCPU */
} hints[] = {
    [HINT_PHASE] = {phase, false, false},
    [HINT_FILE_OWNER] = {file_owner, true, false},
    [HINT_DEVICE_OWNER] = {device_owner, false, false},
    [HINT_INJECT] = {inject, true, true},
    [HINT_SOFTWARE_CLAIM] = {software_claim, false, true},
    [HINT_SOFTWARE_ENABLE] = {software_enable, true, true},
    [HINT_MOVE] = {move, true, true},
    [HINT_PATH] = {path, false, false},
    [HINT_MRIF_OWNER] = {mrif_owner, true, true},
    [HINT_COUNT] = {count, false, false},
    [HINT_VCPU_STATE] = {state, false, true},
    [HINT_VCPU_PAGE] = {page, false, false},
};

/* Acts on a hint as soon as all its arguments are known.  Whatever executes may give hints, so that
 * one which asks for more memory than any machine has vCPUs is no hint. */
static void act(struct ledger *l, const struct hint *h, bool whole)
{
    if (h->code >= sizeof(hints) / sizeof(hints[0]) || !hints[h->code].take ||
        hints[h->code].whole != whole)
        return;
    if (hints[h->code].vcpu && !place_fits(l, PLACE_SOFTWARE, h->x10))
        return;
    hints[h->code].take(l, h);
}

void hint_take(struct ledger *l, const struct vd_record *rec)
{
    if (rec->source >= l->num_sources)
        ledger_set_hart(l, rec->source, NO_HART);
    struct ledger_source *source = &l->sources[rec->source];
    source->code = rec->a;
    source->x10 = rec->b;
    source->x11 = rec->c;
    act(l, &(struct hint){.code = rec->a, .x10 = rec->b, .x11 = rec->c, .hart = source->hart},
        false);
}

void hint_take_more(struct ledger *l, const struct vd_record *rec)
{
    if (rec->source >= l->num_sources || l->sources[rec->source].code != rec->a)
        return;
    const struct ledger_source *s = &l->sources[rec->source];
    act(l,
        &(struct hint){.code = s->code,
                       .x10 = s->x10,
                       .x11 = s->x11,
                       .x12 = rec->b,
                       .x13 = rec->c,
                       .hart = s->hart},
        true);
}
