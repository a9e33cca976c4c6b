/* SPDX-License-Identifier: BSD-2-Clause */
/* Invariants of the way through the IOMMU: MSI page table entries, what may still be cached of
 * them, and the commands that end that. */
#include <inttypes.h>

#include "core/ledger_state.h"
#include "viaduct/bits.h"

enum { CAUSE_MSI_PTE_INVALID = 262 };
enum { OPCODE_IOTINVAL = 1, OPCODE_IOFENCE = 2, OPCODE_IODIR = 3, FUNCTION_GVMA = 1 };
enum { PTE_VALID = 1 << 0, PTE_MODE = 3 << 1, PTE_BASIC = 3 << 1 };
static const uint64_t no_inval = UINT64_MAX;

struct ledger_iommu *route_iommu(struct ledger *l, uint16_t source)
{
    for (uint32_t i = 0; i < l->num_iommus; i++)
        if (l->iommus[i].source == source)
            return &l->iommus[i];
    l->iommus = ledger_grow(l->iommus, l->num_iommus + 1, sizeof(*l->iommus));
    l->iommus[l->num_iommus] = (struct ledger_iommu){.source = source};
    return &l->iommus[l->num_iommus++];
}

static struct ledger_pte *pte_at(struct ledger *l, uint64_t addr, uint16_t source)
{
    for (uint32_t i = 0; i < l->num_ptes; i++)
        if (l->ptes[i].addr == addr && l->ptes[i].iommu == source)
            return &l->ptes[i];
    return NULL;
}

static uint32_t hint_of(uint32_t requester, uint64_t page)
{
    return (uint32_t)(page ^ requester) % LEDGER_ROUTE_HINTS;
}

static struct ledger_route *route_of(struct ledger *l, uint32_t requester, uint64_t page)
{
    uint32_t *hint = &l->route_hints[hint_of(requester, page)];
    for (uint32_t n = 0; n < l->num_routes; n++) {
        uint32_t i = (*hint + n) % l->num_routes;
        if (l->routes[i].requester != requester || l->routes[i].page != page)
            continue;
        *hint = i;
        return &l->routes[i];
    }
    return NULL;
}

static struct ledger_pte *new_pte(struct ledger *l, const struct vd_record *rec)
{
    l->ptes = ledger_grow(l->ptes, l->num_ptes + 1, sizeof(*l->ptes));
    struct ledger_pte *pte = &l->ptes[l->num_ptes++];
    *pte = (struct ledger_pte){.iommu = rec->source,
                               .addr = rec->a,
                               .dw0 = rec->b,
                               .dw1 = rec->c,
                               .since = l->now,
                               .invalidated = no_inval};
    return pte;
}

/* An IOMMU reads a PTE for an MSI: this is the one that leads it.  What it says is known from then
 * on by its changes. */
void route_learn(struct ledger *l, const struct vd_record *rec)
{
    const struct msi *msi = msi_find(l, rec->serial);
    if (!msi || l->num_ptes == LEDGER_MAX_PLACES || l->num_routes == LEDGER_MAX_PLACES)
        return;
    struct ledger_pte *pte = pte_at(l, rec->a, rec->source);
    if (!pte)
        pte = new_pte(l, rec);
    pte->vm = msi->vm;
    pte->vcpu = msi->vcpu;
    struct ledger_route *route = route_of(l, msi->requester, msi->target >> 12);
    if (!route) {
        l->routes = ledger_grow(l->routes, l->num_routes + 1, sizeof(*l->routes));
        route = &l->routes[l->num_routes++];
    }
    *route = (struct ledger_route){
        .requester = msi->requester, .page = msi->target >> 12, .pte = (uint32_t)(pte - l->ptes)};
}

static void pte_changes(struct ledger *l, struct ledger_pte *pte, const struct vd_record *rec)
{
    pte->old[pte->num_old++ % PTE_VALUES] =
        (struct pte_value){.dw0 = pte->dw0, .dw1 = pte->dw1, .until = l->now};
    *(rec->a & 8 ? &pte->dw1 : &pte->dw0) = rec->c;
    if (rec->a & 8)
        return;
    pte->since = l->now;
    migration_stored(l, pte);
}

void route_word(struct ledger *l, const struct vd_record *rec)
{
    for (uint32_t i = 0; i < l->num_ptes; i++)
        if (l->ptes[i].addr == (rec->a & ~UINT64_C(15)))
            pte_changes(l, &l->ptes[i], rec);
}

struct ledger_pte *route_pte(struct ledger *l, const struct msi *msi)
{
    vd_time accept = msi->stamp[STAMP_ACCEPT];
    if (accept == SAMPLE_UNKNOWN)
        return NULL;
    const struct ledger_route *route = route_of(l, msi->requester, msi->target >> 12);
    return route ? &l->ptes[route->pte] : NULL;
}

/* A value that an invalidation has ended may lead MSIs that the IOMMU had accepted before the fence
 * behind it was over. */
bool route_said(const struct ledger_pte *pte, const struct msi *msi, uint64_t mask, uint64_t dw0)
{
    vd_time limit = msi->stamp[STAMP_ACCEPT] >= pte->fenced ? pte->settled : 0;
    if ((pte->dw0 & mask) == dw0)
        return true;
    uint64_t kept = pte->num_old < PTE_VALUES ? pte->num_old : PTE_VALUES;
    for (uint64_t i = 0; i < kept; i++) {
        const struct pte_value *old = &pte->old[i];
        if (old->until >= limit && (old->dw0 & mask) == dw0)
            return true;
    }
    const struct pte_value *oldest = &pte->old[pte->num_old % PTE_VALUES];
    return pte->num_old > PTE_VALUES && oldest->until >= limit;
}

void route_translated(struct ledger *l, const struct msi *msi, const struct vd_record *rec)
{
    const uint64_t mask = PTE_VALID | PTE_MODE | vd_mask(10, 44);
    const struct ledger_pte *pte = route_pte(l, msi);
    uint64_t page = rec->b >> 12;
    if ((rec->a ^ rec->b) & 0xfff)
        finding_broken(l, LEDGER_I13, msi->serial,
                       "MSI %" PRIu64 " entered an IOMMU with address 0x%" PRIx64
                       " and left it with 0x%" PRIx64,
                       msi->serial, rec->a, rec->b);
    if (pte && !route_said(pte, msi, mask, PTE_VALID | PTE_BASIC | page << 10))
        finding_broken(l, LEDGER_I9, msi->serial,
                       "MSI %" PRIu64 " was led to page 0x%" PRIx64
                       ", which its MSI PTE has not named since it was invalidated",
                       msi->serial, page << 12);
}

void route_dropped(struct ledger *l, const struct msi *msi, const struct vd_record *rec)
{
    bool fault = rec->a == VD_DROP_iommu_fault || rec->a == VD_DROP_iommu_fault_silent;
    if (!fault || rec->c != CAUSE_MSI_PTE_INVALID)
        return;
    const struct ledger_pte *pte = route_pte(l, msi);
    if (pte && pte->dw0 & PTE_VALID && pte->since <= msi->stamp[STAMP_ACCEPT])
        finding_broken(l, LEDGER_I11, msi->serial,
                       "MSI %" PRIu64 " met an invalid MSI PTE, but the one at 0x%" PRIx64
                       " was valid all the time",
                       msi->serial, pte->addr);
}

void route_recorded(struct ledger *l, const struct msi *msi)
{
    vd_time left = msi->stamp[STAMP_TRANSLATE];
    if (left == SAMPLE_UNKNOWN || msi->iommu == NO_SOURCE)
        return;
    const struct ledger_iommu *iommu = route_iommu(l, msi->iommu);
    if (left < iommu->fence_before)
        finding_broken(l, LEDGER_I10, msi->serial,
                       "MSI %" PRIu64 " left the IOMMU at %" PRIu64
                       " ns and arrived behind an IOFENCE.C with PW that had ended at %" PRIu64
                       " ns",
                       msi->serial, left / 1000, iommu->fence_done / 1000);
}

/* IOTINVAL.GVMA with AV names one page; without, all.  Other VMs' are taken for one's own, which
 * only forgives. */
static bool invalidates(const struct ledger_route *route, const struct vd_record *rec)
{
    uint64_t opcode = rec->a & 0x7f, function = rec->a >> 7 & 7;
    if (opcode == OPCODE_IODIR)
        return true;
    if (opcode != OPCODE_IOTINVAL || function != FUNCTION_GVMA)
        return false;
    bool one_page = rec->a >> 10 & 1;
    return !one_page || (rec->b >> 10) == route->page;
}

/* What it invalidates counts only from the next fence on. */
static void invalidated(struct ledger *l, const struct vd_record *rec)
{
    for (uint32_t i = 0; i < l->num_routes; i++) {
        struct ledger_pte *pte = &l->ptes[l->routes[i].pte];
        if (pte->iommu == rec->source && invalidates(&l->routes[i], rec))
            pte->invalidated = l->now;
    }
    if ((rec->a & 0x7f) == OPCODE_IODIR)
        l->num_routes = 0;
}

static void fenced(struct ledger *l, uint16_t source)
{
    for (uint32_t i = 0; i < l->num_ptes; i++) {
        struct ledger_pte *pte = &l->ptes[i];
        if (pte->iommu != source || pte->invalidated == no_inval)
            continue;
        pte->settled = pte->invalidated;
        pte->fenced = l->now;
        pte->invalidated = no_inval;
    }
}

/* A queue that has wrapped or was reset is left out: its size is not known. */
static void check_commands(struct ledger *l, struct ledger_iommu *iommu, uint64_t cqh)
{
    if (iommu->fence_known && cqh > iommu->fence_cqh + 1 + iommu->commands)
        finding_broken(l, LEDGER_I32, 0,
                       "an IOFENCE.C at cqh %" PRIu64 " ended after %" PRIu64 " of %" PRIu64
                       " commands in front of it",
                       cqh, iommu->commands, cqh - iommu->fence_cqh - 1);
    iommu->fence_known = true;
    iommu->fence_cqh = cqh;
    iommu->commands = 0;
}

void route_command(struct ledger *l, const struct vd_record *rec)
{
    const uint64_t pw = VD_BIT(13);
    struct ledger_iommu *iommu = route_iommu(l, rec->source);
    if ((rec->a & 0x7f) != OPCODE_IOFENCE) {
        invalidated(l, rec);
        iommu->commands++;
        iommu->last_command = l->now;
        return;
    }
    check_commands(l, iommu, rec->c);
    fenced(l, rec->source);
    if (rec->a & pw) {
        iommu->fence_before = iommu->last_command;
        iommu->fence_done = l->now;
    }
    iommu->last_command = l->now;
}
