/* SPDX-License-Identifier: BSD-2-Clause */
/* vCPUs: at which page their files are found, whether they sleep, and what wakes them. */
#include <inttypes.h>

#include "core/ledger_state.h"

static bool is_page(const struct ledger_page *p, int32_t vm, uint64_t page)
{
    return p->vm == vm && p->page == page;
}

void vcpu_page(struct ledger *l, uint64_t who, uint64_t gpa)
{
    int32_t vm = (int32_t)(who >> 16 & UINT16_MAX), vcpu = (int32_t)(who & UINT16_MAX);
    uint32_t i = 0;
    while (i < l->num_pages && !is_page(&l->pages[i], vm, gpa >> 12))
        i++;
    if (i == LEDGER_MAX_PLACES)
        return;
    if (i == l->num_pages) {
        l->pages = ledger_grow(l->pages, l->num_pages + 1, sizeof(*l->pages));
        l->num_pages++;
    }
    l->pages[i] = (struct ledger_page){.page = gpa >> 12, .vm = vm, .vcpu = vcpu};
}

/* Most MSIs go where the one before them went. */
void vcpu_addressed(struct ledger *l, struct msi *msi, uint64_t iova)
{
    if (msi->vm <= 0 || !l->num_pages)
        return;
    for (uint32_t n = 0; n < l->num_pages; n++) {
        uint32_t i = (l->last_page + n) % l->num_pages;
        if (!is_page(&l->pages[i], msi->vm, iova >> 12))
            continue;
        l->last_page = i;
        msi->vcpu = l->pages[i].vcpu;
        return;
    }
}

enum { VCPU_STOPPED, VCPU_READY, VCPU_BLOCKED, VCPU_MASKED };

static bool belongs(const struct place *place, uint64_t who)
{
    return place && place->owner_known && !place->free &&
           ((uint64_t)place->vm << 16 | (uint16_t)place->vcpu) == who;
}

static void give_up_files(struct ledger *l, uint64_t who, bool blocked)
{
    static const char slept[] = "its vCPU was blocked and never woken";
    static const char ran[] = "enabled and deliverable, but never claimed";
    const char *why = blocked ? slept : ran;
    enum ledger_invariant invariant = blocked ? LEDGER_I6 : LEDGER_I1;
    file_give_up(l, place_find(l, PLACE_SOFTWARE, who), invariant, why);
    for (uint32_t i = 0; blocked && i < l->num_harts; i++)
        for (uint32_t j = 0; j < LEDGER_FILES; j++)
            if (belongs(l->harts[i]->files[j], who)) {
                l->harts[i]->files[j]->blocked = true;
                file_give_up(l, l->harts[i]->files[j], invariant, why);
                l->harts[i]->files[j]->blocked = false;
            }
}

/* Since when something in the software file could have woken the vCPU. */
static vd_time software_since(const struct place *place)
{
    vd_time since = VD_NEVER;
    for (uint32_t i = 0; i < place->num_slots; i++) {
        const struct msi *msi = place->slots[i].first;
        if (msi && msi->seen < since && place_enables(place, i))
            since = msi->seen;
    }
    return since;
}

static vd_time deliverable_since(const struct place *place)
{
    const struct place *file = place->file;
    uint64_t who = (uint64_t)place->vm << 16 | (uint16_t)place->vcpu;
    if (belongs(file, who))
        return file->check.level ? file->check.changed : VD_NEVER;
    return software_since(place);
}

static void check_wakeup(struct ledger *l, const struct place *place)
{
    vd_time since = deliverable_since(place);
    if (since == VD_NEVER || place->masked)
        return;
    if (since < place->since)
        since = place->since;
    if (l->now > since + l->config.wakeup)
        finding_broken(l, LEDGER_I6, 0,
                       "VM %d vCPU %d slept for %" PRIu64 " ns with something deliverable in its "
                       "file",
                       place->vm, place->vcpu, (l->now - since) / 1000);
}

void vcpu_state(struct ledger *l, uint64_t who, uint64_t state)
{
    struct place *place = place_find(l, PLACE_SOFTWARE, who);
    if (place->blocked && state == VCPU_READY)
        check_wakeup(l, place);
    if (state == VCPU_STOPPED)
        give_up_files(l, who, place->blocked && !place->masked);
    place->blocked = state == VCPU_BLOCKED || state == VCPU_MASKED;
    place->masked = state == VCPU_MASKED;
    place->since = l->now;
}

void vcpu_file(struct ledger *l, struct place *file)
{
    uint64_t who = (uint64_t)file->vm << 16 | (uint16_t)file->vcpu;
    if (place_fits(l, PLACE_SOFTWARE, who))
        place_find(l, PLACE_SOFTWARE, who)->file = file;
}

void vcpu_hgeie(struct ledger *l, const struct vd_record *rec)
{
    struct ledger_hart *hart = rec->a < LEDGER_HARTS ? ledger_hart(l, (uint32_t)rec->a) : NULL;
    if (hart)
        hart->hgeie = rec->b;
}

void vcpu_sgei(struct ledger *l, uint32_t hart)
{
    const struct ledger_hart *h = ledger_hart(l, hart);
    if (!(h->hgeip & h->hgeie))
        finding_broken(l, LEDGER_I7, 0,
                       "hart %u took a guest external interrupt with hgeip 0x%" PRIx64
                       " and hgeie 0x%" PRIx64,
                       hart, h->hgeip, h->hgeie);
}
