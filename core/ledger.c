/* SPDX-License-Identifier: BSD-2-Clause */
#include <inttypes.h>
#include <stdlib.h>

#include "core/ledger_state.h"

void *ledger_grow(void *array, uint64_t count, size_t size)
{
    void *grown = realloc(array, count * size);
    if (!grown)
        abort();
    return grown;
}

static const vd_time default_wakeup = 1000000000, default_line = 10000000;

struct ledger *ledger_create(const struct ledger_config *config)
{
    struct ledger *l = calloc(1, sizeof(*l));
    if (!l)
        abort();
    l->config = *config;
    if (!l->config.cycle_ps)
        l->config.cycle_ps = 1000;
    if (!l->config.wakeup)
        l->config.wakeup = default_wakeup;
    if (!l->config.line)
        l->config.line = default_line;
    if (!l->config.ids)
        l->config.ids = LEDGER_IDENTITIES - 1;
    if (!l->config.guest_ids)
        l->config.guest_ids = l->config.ids;
    return l;
}

static void free_place(struct place *place)
{
    if (place) {
        free(place->slots);
        free(place->check.orders.rows);
    }
    free(place);
}

static void free_hart(struct ledger_hart *hart)
{
    for (uint32_t i = 0; hart && i < LEDGER_FILES; i++)
        free_place(hart->files[i]);
    if (hart)
        free(hart->aplic.rows);
    free(hart);
}

void ledger_destroy(struct ledger *l)
{
    if (!l)
        return;
    for (uint32_t i = 0; i < l->num_chunks; i++)
        free(l->chunks[i]);
    for (uint32_t i = 0; i < l->num_software; i += LEDGER_CHUNK)
        free(l->software[i / LEDGER_CHUNK]);
    for (uint32_t i = 0; i < l->num_harts; i++)
        free_hart(l->harts[i]);
    for (uint32_t i = 0; i < l->num_places; i++)
        free_place(l->places[i]);
    free(l->chunks);
    free(l->software);
    free(l->harts);
    free(l->places);
    free(l->sources);
    free(l->owners);
    free(l->moves);
    free(l->mrifs);
    free(l->stales);
    free(l->contexts);
    free(l->levels);
    free(l->pages);
    free(l->ptes);
    free(l->routes);
    free(l->iommus);
    free(l->paths);
    free(l->findings);
    free(l->samples);
    free(l->migrations);
    free(l->landings);
    free(l);
}

struct ledger_hart *ledger_hart(struct ledger *l, uint32_t hart)
{
    if (hart >= LEDGER_HARTS)
        return NULL;
    while (hart >= l->num_harts) {
        l->harts = ledger_grow(l->harts, l->num_harts + 1, sizeof(struct ledger_hart *));
        l->harts[l->num_harts] = calloc(1, sizeof(struct ledger_hart));
        if (!l->harts[l->num_harts++])
            abort();
    }
    return l->harts[hart];
}

void ledger_set_hart(struct ledger *l, uint16_t source, uint32_t hart)
{
    while (source >= l->num_sources) {
        l->sources = ledger_grow(l->sources, l->num_sources + 1, sizeof(*l->sources));
        l->sources[l->num_sources++] = (struct ledger_source){.hart = NO_HART};
    }
    l->sources[source].hart = hart;
    ledger_hart(l, hart);
}

uint32_t ledger_source_hart(const struct ledger *l, uint16_t source)
{
    return source < l->num_sources ? l->sources[source].hart : NO_HART;
}

static void accepted(struct ledger *l, const struct vd_record *rec)
{
    struct msi *msi = msi_find(l, rec->serial);
    if (!msi)
        return;
    msi->stamp[STAMP_ACCEPT] = msi->seen = rec->time;
    msi->target = rec->b;
    msi->offset = rec->b & 0xfff;
    msi->iommu = rec->source;
    route_iommu(l, rec->source);
    vcpu_addressed(l, msi, rec->b);
    if (msi->state == MSI_ISSUED)
        msi->state = MSI_ACCEPTED;
}

static void translated(struct ledger *l, const struct vd_record *rec)
{
    struct msi *msi = msi_find(l, rec->serial);
    if (!msi)
        return;
    route_translated(l, msi, rec);
    msi->stamp[STAMP_TRANSLATE] = msi->seen = rec->time;
    msi->target = rec->b;
    if (msi->state < MSI_TRANSLATED)
        msi->state = MSI_TRANSLATED;
}

static void word_changed(struct ledger *l, const struct vd_record *rec)
{
    route_word(l, rec);
    mrif_word(l, rec);
}

static void commanded(struct ledger *l, const struct vd_record *rec)
{
    stale_command_done(l, rec);
    context_command(l, rec);
    route_command(l, rec);
}

/* What it is about has been noted: see ledger_record(). */
static void faulted(struct ledger *l, const struct vd_record *rec)
{
    if (l->fault_due == rec->serial)
        l->fault_due = 0;
}

static void (*const takers[VD_REC_COUNT])(struct ledger *l, const struct vd_record *rec) = {
    [VD_REC_msi_issue] = msi_issue,
    [VD_REC_msi_accept] = accepted,
    [VD_REC_msi_translate] = translated,
    [VD_REC_msi_record] = file_record,
    [VD_REC_msi_drop] = msi_drop,
    [VD_REC_msi_claim] = file_claimed,
    [VD_REC_msi_pte] = route_learn,
    [VD_REC_mrif_store] = mrif_store,
    [VD_REC_word] = word_changed,
    [VD_REC_eip_set] = file_eip_set,
    [VD_REC_eip_clear] = file_eip_clear,
    [VD_REC_file_state] = file_state,
    [VD_REC_hgeip] = check_hgeip,
    [VD_REC_hgeie] = vcpu_hgeie,
    [VD_REC_trap] = trap_take,
    [VD_REC_hint] = hint_take,
    [VD_REC_hint_more] = hint_take_more,
    [VD_REC_iommu_stale] = stale_take,
    [VD_REC_aplic_level] = level_take,
    [VD_REC_aplic_pend] = level_take_pending,
    [VD_REC_iommu_command] = commanded,
    [VD_REC_iommu_fault] = faulted,
    [VD_REC_iommu_context] = context_take,
};

uint64_t ledger_kinds(void)
{
    uint64_t kinds = 0;
    for (uint32_t i = 0; i < VD_REC_COUNT; i++)
        if (takers[i])
            kinds |= UINT64_C(1) << i;
    return kinds;
}

/* The record of the fault comes right behind that of the drop. */
static void check_fault(struct ledger *l, const struct vd_record *rec)
{
    if (rec->kind == VD_REC_iommu_fault && rec->serial == l->fault_due)
        return;
    finding_broken(l, LEDGER_I4, l->fault_due,
                   "MSI %" PRIu64 " was dropped by an IOMMU that "
                   "recorded no fault",
                   l->fault_due);
    l->fault_due = 0;
}

void ledger_record(void *ledger, const struct vd_record *rec)
{
    struct ledger *l = ledger;
    if (!takers[rec->kind])
        return;
    l->now = rec->time;
    if (l->fault_due)
        check_fault(l, rec);
    takers[rec->kind](l, rec);
}

static void mark_inexact(struct ledger *l, struct place *place)
{
    for (uint32_t i = 0; place && i < place->num_slots; i++)
        for (struct msi *msi = place->slots[i].first; msi; msi = msi->next) {
            if (!msi->inexact)
                msi_count(l, msi, LEDGER_COUNTER(inexact), 1);
            msi->inexact = true;
        }
}

void ledger_inexact(struct ledger *l, uint32_t hart)
{
    struct ledger_hart *h = ledger_hart(l, hart);
    for (uint32_t i = 0; h && i < LEDGER_FILES; i++)
        mark_inexact(l, h->files[i]);
}

uint64_t ledger_open(const struct ledger *l)
{
    return l->open;
}

uint32_t ledger_num_paths(const struct ledger *l)
{
    return l->num_paths;
}

uint32_t ledger_nth_path(const struct ledger *l, uint32_t index)
{
    return l->paths[index].path;
}

const struct ledger_counts *ledger_counts(const struct ledger *l, uint32_t path)
{
    if (path == LEDGER_ALL)
        return &l->all;
    for (uint32_t i = 0; i < l->num_paths; i++)
        if (l->paths[i].path == path)
            return &l->paths[i].counts;
    return NULL;
}

uint64_t ledger_counted(const struct ledger *l, uint32_t path, uint32_t counter)
{
    for (uint32_t i = 0; counter < LEDGER_COUNTERS && i < l->num_paths; i++)
        if (l->paths[i].path == path)
            return l->paths[i].counted[counter];
    return 0;
}

uint32_t ledger_num_findings(const struct ledger *l)
{
    return l->num_findings;
}

const struct ledger_finding *ledger_finding(const struct ledger *l, uint32_t index)
{
    return index < l->num_findings ? &l->findings[index] : NULL;
}

uint64_t ledger_num_violations(const struct ledger *l)
{
    return l->violations;
}

uint32_t ledger_num_samples(const struct ledger *l)
{
    return l->num_samples;
}

const struct sample *ledger_samples(const struct ledger *l)
{
    return l->samples;
}

uint32_t ledger_phase(const struct ledger *l)
{
    return l->phase;
}

uint32_t ledger_path(const struct ledger *l)
{
    return l->path;
}
