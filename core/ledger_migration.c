/* SPDX-License-Identifier: BSD-2-Clause */
/* Moves of virtual interrupt files, for the report: how long each took, and where MSIs landed. */
#include "core/ledger_state.h"

static uint64_t name_of(const struct place *place)
{
    return place && place->kind == PLACE_FILE ? place->id : MIGRATION_MEMORY;
}

void migration_begins(struct ledger *l, struct ledger_move *move)
{
    move->migration = NO_MIGRATION;
    if (l->phase != PHASE_MEASURED || l->num_migrations == LEDGER_MAX_MIGRATIONS)
        return;
    move->migration = l->num_migrations++;
    l->migrations = ledger_grow(l->migrations, l->num_migrations, sizeof(*l->migrations));
    l->migrations[move->migration] =
        (struct migration){.path = l->path,
                           .vm = (int32_t)(move->who >> 16 & UINT16_MAX),
                           .vcpu = (int32_t)(move->who & UINT16_MAX),
                           .from = name_of(move->from),
                           .to = name_of(move->to),
                           .begun = l->now};
}

/* Without a PTE, as for a wire, all of the move is the blackout. */
void migration_ends(struct ledger *l, const struct ledger_move *move)
{
    if (move->migration == NO_MIGRATION)
        return;
    struct migration *m = &l->migrations[move->migration];
    m->ended = l->now;
    if (!m->store)
        m->store = m->begun;
    if (!m->restored)
        m->restored = m->ended;
}

void migration_stored(struct ledger *l, const struct ledger_pte *pte)
{
    for (uint32_t i = 0; i < l->num_moves; i++) {
        uint32_t index = l->moves[i].migration;
        struct migration *m = index == NO_MIGRATION ? NULL : &l->migrations[index];
        if (m && m->vm == pte->vm && m->vcpu == pte->vcpu && !m->store)
            m->store = l->now;
    }
}

void migration_restored(struct ledger *l, const struct place *place)
{
    for (uint32_t i = 0; i < l->num_moves; i++)
        if (l->moves[i].to == place && l->moves[i].migration != NO_MIGRATION)
            l->migrations[l->moves[i].migration].restored = l->now;
}

static void land(struct ledger *l, const struct msi *msi, uint32_t index, enum landing_place place)
{
    struct migration *m = &l->migrations[index];
    *(place == LANDED_NEW ? &m->landed_new : &m->landed_old) += 1;
    if (l->num_landings == LEDGER_MAX_LANDINGS)
        return;
    l->landings = ledger_grow(l->landings, l->num_landings + 1, sizeof(*l->landings));
    l->landings[l->num_landings++] = (struct landing){.serial = msi->serial,
                                                      .when = l->now,
                                                      .migration = index,
                                                      .identity = msi->identity,
                                                      .place = (uint8_t)place};
}

void migration_landed(struct ledger *l, const struct msi *msi, const struct place *place)
{
    for (uint32_t i = 0; i < l->num_moves && !msi->host; i++) {
        const struct ledger_move *move = &l->moves[i];
        if (move->migration != NO_MIGRATION && (move->from == place || move->to == place))
            land(l, msi, move->migration, move->to == place ? LANDED_NEW : LANDED_OLD);
    }
}

static void note_end(struct ledger *l, const struct msi *msi, uint32_t index, enum landing_end end)
{
    struct migration *m = &l->migrations[index];
    *(end == LANDING_MERGED ? &m->merged : &m->moved) += 1;
    for (uint32_t i = l->num_landings; i-- > 0 && l->landings[i].when >= m->begun;)
        if (l->landings[i].serial == msi->serial && l->landings[i].migration == index)
            l->landings[i].end = (uint8_t)end;
}

void migration_moved(struct ledger *l, const struct msi *msi, const struct place *place,
                     bool merges)
{
    for (uint32_t i = 0; i < l->num_moves && !msi->host; i++)
        if (l->moves[i].to == place && l->moves[i].migration != NO_MIGRATION)
            note_end(l, msi, l->moves[i].migration, merges ? LANDING_MERGED : LANDING_MOVED);
}

uint32_t ledger_num_migrations(const struct ledger *l)
{
    return l->num_migrations;
}

const struct migration *ledger_migrations(const struct ledger *l)
{
    return l->migrations;
}

uint32_t ledger_num_landings(const struct ledger *l)
{
    return l->num_landings;
}

const struct landing *ledger_landings(const struct ledger *l)
{
    return l->landings;
}
