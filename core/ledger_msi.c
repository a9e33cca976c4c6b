/* SPDX-License-Identifier: BSD-2-Clause */
/* The life of one MSI: found by its serial, counted, ended, sampled. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/ledger_state.h"

static bool claim_needs(const struct ledger *l, uint64_t index)
{
    for (uint32_t i = 0; i < l->num_harts; i++) {
        const struct last_claim *claim = &l->harts[i]->claim;
        if (!claim->valid || claim->used)
            continue;
        for (const struct msi *m = claim->first; m; m = m->next)
            if (m->serial / LEDGER_CHUNK == index)
                return true;
    }
    return false;
}

/* Frees the MSIs of a chunk if all of them are claimed or dropped: a run may have millions. */
static void reclaim(struct ledger *l, uint64_t index)
{
    struct chunk *chunk = l->chunks[index];
    if (!chunk || index == 0)
        return;
    for (uint32_t i = 0; i < LEDGER_CHUNK; i++)
        if (chunk->msis[i].state != MSI_CLAIMED && chunk->msis[i].state != MSI_DROPPED)
            return;
    if (claim_needs(l, index))
        return;
    free(chunk);
    l->chunks[index] = NULL;
}

/* Twice, for those that wait longer than most. */
enum { RECLAIM_SOON = 16, RECLAIM_LATE = 1024 };

static struct chunk *new_chunk(void)
{
    struct chunk *chunk = calloc(1, sizeof(*chunk));
    if (!chunk)
        abort();
    return chunk;
}

static void add_chunk(struct ledger *l)
{
    uint32_t index = l->num_chunks++;
    l->chunks = ledger_grow(l->chunks, l->num_chunks, sizeof(struct chunk *));
    l->chunks[index] = new_chunk();
    if (index >= RECLAIM_SOON)
        reclaim(l, index - RECLAIM_SOON);
    if (index >= RECLAIM_LATE)
        reclaim(l, index - RECLAIM_LATE);
}

/* Serials count up from 1, so a table by serial is dense. */
static struct msi *entry(struct ledger *l, uint64_t serial)
{
    uint64_t index = serial / LEDGER_CHUNK;
    if (index >= l->num_chunks || !l->chunks[index])
        return NULL;
    return &l->chunks[index]->msis[serial % LEDGER_CHUNK];
}

struct msi *msi_find(struct ledger *l, uint64_t serial)
{
    struct msi *msi = serial ? entry(l, serial) : NULL;
    return msi && msi->state != MSI_UNBORN ? msi : NULL;
}

struct path_counts *msi_path(struct ledger *l, uint32_t path)
{
    for (uint32_t i = 0; i < l->num_paths; i++)
        if (l->paths[i].path == path)
            return &l->paths[i];
    l->paths = ledger_grow(l->paths, l->num_paths + 1, sizeof(*l->paths));
    l->paths[l->num_paths] = (struct path_counts){.path = path};
    return &l->paths[l->num_paths++];
}

static void add(struct ledger_counts *counts, size_t counter, int64_t n)
{
    uint64_t *value = (void *)((char *)counts + counter);
    *value += (uint64_t)n;
}

/* Of the host's own only what went wrong is counted. */
static bool counts_for_host(size_t counter)
{
    return counter == LEDGER_COUNTER(host) || counter == LEDGER_COUNTER(lost) ||
           counter == LEDGER_COUNTER(stray) || counter == LEDGER_COUNTER(duplicate) ||
           counter == LEDGER_COUNTER(dropped) || counter == LEDGER_COUNTER(notices) ||
           counter == LEDGER_COUNTER(junk) || counter >= LEDGER_COUNTER(drops);
}

void msi_count(struct ledger *l, const struct msi *msi, size_t counter, int64_t n)
{
    if (msi->host && !counts_for_host(counter))
        return;
    add(&l->all, counter, n);
    if (msi->phase == PHASE_MEASURED)
        add(&msi_path(l, msi->path)->counts, counter, n);
}

void msi_is_hosts(struct ledger *l, struct msi *msi)
{
    if (msi->host)
        return;
    msi_count(l, msi, LEDGER_COUNTER(issued), -1);
    msi->host = true;
    msi_count(l, msi, LEDGER_COUNTER(host), 1);
}

static bool from_hart(const struct msi *msi)
{
    return msi->requester >> 24 == VD_REQUESTER_HART(0) >> 24;
}

static bool from_iommu(const struct msi *msi)
{
    return msi->requester >> 24 == VD_REQUESTER_IOMMU(0) >> 24;
}

static int32_t vm_of_requester(const struct ledger *l, uint32_t requester)
{
    for (uint32_t i = 0; i < l->num_owners; i++)
        if (l->owners[i].device_id == requester)
            return l->owners[i].vm;
    return VM_UNKNOWN;
}

/* The identity that the data asks for; seteipnum_be takes it in the other byte order
 * [aia IMSIC]. */
static uint32_t identity_of(uint64_t addr, uint64_t data)
{
    return (addr & 0xfff) == 4 ? __builtin_bswap32((uint32_t)data) : (uint32_t)data;
}

struct msi *msi_of_software(struct ledger *l, uint32_t hart, uint32_t identity)
{
    uint32_t n = l->num_software++, index = n / LEDGER_CHUNK;
    if (n % LEDGER_CHUNK == 0) {
        l->software = ledger_grow(l->software, index + 1, sizeof(struct chunk *));
        l->software[index] = new_chunk();
    }
    struct msi *msi = &l->software[index]->msis[n % LEDGER_CHUNK];
    *msi = (struct msi){
        .serial = LEDGER_SOFTWARE_SERIAL + n,
        .seen = l->now,
        .target = VD_FILE(hart, 1),
        .identity = identity,
        .requester = VD_REQUESTER_HART(hart),
        .path = l->path,
        .phase = l->phase,
        .vm = VM_UNKNOWN,
        .vcpu = -1,
        .iommu = NO_SOURCE,
        .state = MSI_ISSUED,
    };
    for (int i = 0; i < STAMP_COUNT; i++)
        msi->stamp[i] = SAMPLE_UNKNOWN;
    msi->stamp[STAMP_ISSUE] = trap_of_hypervisor(l, hart);
    msi->stamp[STAMP_RECORD] = l->now;
    l->open++;
    msi_count(l, msi, LEDGER_COUNTER(issued), 1);
    return msi;
}

void msi_issue(struct ledger *l, const struct vd_record *rec)
{
    if (!rec->serial || rec->serial / LEDGER_CHUNK >= UINT32_MAX)
        return;
    while (rec->serial / LEDGER_CHUNK >= l->num_chunks)
        add_chunk(l);
    struct msi *msi = entry(l, rec->serial);
    if (!msi || msi->state != MSI_UNBORN)
        return;
    *msi = (struct msi){
        .serial = rec->serial,
        .seen = rec->time,
        .target = rec->a,
        .identity = identity_of(rec->a, rec->b),
        .requester = (uint32_t)rec->c,
        .path = l->path,
        .phase = l->phase,
        .vm = vm_of_requester(l, (uint32_t)rec->c),
        .vcpu = -1,
        .iommu = NO_SOURCE,
        .state = MSI_ISSUED,
    };
    for (int i = 0; i < STAMP_COUNT; i++)
        msi->stamp[i] = SAMPLE_UNKNOWN;
    msi->stamp[STAMP_ISSUE] = rec->time;
    l->open++;
    msi_count(l, msi, LEDGER_COUNTER(issued), 1);
    if (from_hart(msi))
        move_resent(l, msi->requester - VD_REQUESTER_HART(0), msi->serial);
    if (!from_iommu(msi))
        return;
    msi_is_hosts(l, msi);
    msi_count(l, msi, LEDGER_COUNTER(notices), 1);
    mrif_notice(l, rec);
}

void msi_end(struct ledger *l, struct msi *msi, enum msi_state state)
{
    if (msi->state < MSI_CLAIMED)
        l->open--;
    msi->state = (uint8_t)state;
    msi->seen = l->now;
}

static uint32_t file_of(const struct msi *msi, const struct place *place)
{
    if (!place)
        return SAMPLE_NO_FILE;
    return place->kind == PLACE_FILE ? (uint32_t)place->id : (uint32_t)msi->target;
}

static void add_sample(struct ledger *l, const struct msi *msi, const struct place *place,
                       enum sample_fate fate)
{
    if (msi->phase != PHASE_MEASURED || msi->host)
        return;
    if (l->num_samples == l->max_samples) {
        l->max_samples = l->max_samples ? l->max_samples * 2 : 1024;
        l->samples = ledger_grow(l->samples, l->max_samples, sizeof(*l->samples));
    }
    struct sample *s = &l->samples[l->num_samples++];
    memset(s, 0, sizeof(*s));
    memcpy(s->stamp, msi->stamp, sizeof(s->stamp));
    s->serial = msi->serial;
    s->coalesced_into = msi->coalesced_into;
    s->path = msi->path;
    s->requester = msi->requester;
    s->file = file_of(msi, place);
    s->identity = msi->identity;
    s->vm = place ? place->vm : msi->vm;
    s->vcpu = place ? place->vcpu : msi->vcpu;
    s->traps = msi->traps;
    s->inexact = msi->inexact;
    s->fate = (uint8_t)fate;
}

/* Where it was last seen in an interrupt file. */
void msi_sample(struct ledger *l, const struct msi *msi, enum sample_fate fate)
{
    const struct place *place = msi->state == MSI_HELD ? msi->held_from : msi->place;
    add_sample(l, msi, place && place->kind == PLACE_FILE ? place : NULL, fate);
}

void msi_drop(struct ledger *l, const struct vd_record *rec)
{
    struct msi *msi = msi_find(l, rec->serial);
    uint32_t drop = rec->a < VD_DROP_COUNT ? (uint32_t)rec->a : VD_DROP_none;
    if (!msi || msi->state >= MSI_PENDING)
        return;
    route_dropped(l, msi, rec);
    if (drop == VD_DROP_none)
        finding_broken(l, LEDGER_I4, msi->serial, "MSI %" PRIu64 " was dropped for no cause",
                       msi->serial);
    if (drop == VD_DROP_iommu_fault)
        l->fault_due = msi->serial;
    msi_end(l, msi, MSI_DROPPED);
    msi_sample(l, msi, SAMPLE_DROPPED);
    msi_count(l, msi, LEDGER_COUNTER(dropped), 1);
    msi_count(l, msi, LEDGER_COUNTER(drops) + drop * sizeof(uint64_t), 1);
    msi_count(l, msi, LEDGER_COUNTER(junk), from_iommu(msi));
    finding_dropped(l, msi, drop, rec->c);
}

static size_t claim_counter(const struct msi *msi)
{
    return msi->coalesced_into ? LEDGER_COUNTER(coalesced) : LEDGER_COUNTER(claimed);
}

void msi_claim(struct ledger *l, struct msi *msi, const struct place *place, uint32_t hart)
{
    msi->stamp[STAMP_CLAIM] = l->now;
    trap_stamp(l, msi, place, hart);
    msi_end(l, msi, MSI_CLAIMED);
    msi_count(l, msi, claim_counter(msi), 1);
    msi_count(l, msi, LEDGER_COUNTER(traps), msi->coalesced_into ? 0 : msi->traps);
    add_sample(l, msi, place, msi->stray ? SAMPLE_STRAY : SAMPLE_CLAIMED);
}

/* The claim of a hypervisor that injects is not the end: its sample is taken back. */
void msi_reopen(struct ledger *l, struct msi *msi)
{
    msi_count(l, msi, claim_counter(msi), -1);
    msi_count(l, msi, LEDGER_COUNTER(traps), msi->coalesced_into ? 0 : -(int64_t)msi->traps);
    msi->state = MSI_PENDING;
    msi->seen = l->now;
    l->open++;
    for (uint32_t i = l->num_samples; i-- > 0;)
        if (l->samples[i].serial == msi->serial) {
            l->num_samples--;
            memmove(&l->samples[i], &l->samples[i + 1],
                    (l->num_samples - i) * sizeof(struct sample));
            break;
        }
}
