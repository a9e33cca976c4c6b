/* SPDX-License-Identifier: BSD-2-Clause */
/* The address translation caches [iommu CACHING]: fully associative, never holding what was invalid
 * when it was read.  CHOICE: no policy looks for free entries; tree-PLRU, as open RTL does it: a
 * loop over one page more than there are entries misses every time. */
#include "iommu/model.h"

/* The bits of a tree point to the half that was used less recently; node 1 is the root. */
static void touch(struct plru *p, uint32_t entry)
{
    if (p->latest == entry + 1)
        return;
    p->latest = entry + 1;
    for (uint32_t node = 1, half = p->count / 2; half > 0; half /= 2) {
        bool right = entry & half;
        p->bits[node] = !right;
        node = 2 * node + right;
    }
}

/* Random replacement is a generator in the state: equal runs replace equally. */
static uint32_t victim(struct plru *p)
{
    if (p->policy == REPLACE_FIFO)
        return p->next++ & (p->count - 1);
    if (p->policy == REPLACE_RANDOM) {
        p->next = p->next * 1664525 + 1013904223;
        return p->next >> 16 & (p->count - 1);
    }
    uint32_t entry = 0;
    for (uint32_t node = 1, half = p->count / 2; half > 0; half /= 2) {
        bool right = p->bits[node];
        entry |= right ? half : 0;
        node = 2 * node + right;
    }
    return entry;
}

void iommu_caches_reset(struct iommu *m)
{
    const struct {
        struct plru *plru;
        uint32_t count;
    } caches[] = {{&m->st.ddt_plru, m->config.ddt_entries},
                  {&m->st.pdt_plru, m->config.pdt_entries},
                  {&m->st.tlb_plru, m->config.tlb_entries},
                  {&m->st.msi_plru, m->config.msi_entries},
                  {&m->st.nonleaf_plru[STAGE_FIRST], m->config.first_nonleaf},
                  {&m->st.nonleaf_plru[STAGE_SECOND], m->config.second_nonleaf}};
    for (unsigned i = 0; i < sizeof(caches) / sizeof(caches[0]); i++) {
        caches[i].plru->count = caches[i].count;
        caches[i].plru->policy = m->config.replacement;
    }
}

void iommu_flush(struct iommu *m)
{
    struct iommu_state *st = &m->st;
    for (uint32_t i = 0; i < st->ddt_plru.count; i++)
        st->ddt[i].valid = false;
    for (uint32_t i = 0; i < st->pdt_plru.count; i++)
        st->pdt[i].valid = false;
    for (uint32_t i = 0; i < st->tlb_plru.count; i++)
        st->tlb[i].valid = false;
    for (uint32_t i = 0; i < st->msi_plru.count; i++)
        st->msi[i].valid = false;
    for (uint32_t i = 0; i < MAX_CONTEXTS; i++)
        st->nonleaf[STAGE_FIRST][i].valid = st->nonleaf[STAGE_SECOND][i].valid = false;
}

static bool ddt_matches(const struct ddt_entry *e, uint32_t device_id)
{
    return e->valid && e->device_id == device_id;
}

struct ddt_entry *iommu_ddt_lookup(struct iommu *m, uint32_t device_id)
{
    struct iommu_state *st = &m->st;
    uint32_t i = st->ddt_hint;
    if (!ddt_matches(&st->ddt[i], device_id))
        for (i = 0; i < st->ddt_plru.count && !ddt_matches(&st->ddt[i], device_id); i++)
            ;
    if (i == st->ddt_plru.count)
        return NULL;
    st->ddt_hint = (uint16_t)i;
    touch(&st->ddt_plru, i);
    return &st->ddt[i];
}

void iommu_ddt_fill(struct iommu *m, uint32_t device_id, const struct device_context *dc)
{
    struct iommu_state *st = &m->st;
    struct ddt_entry *e = iommu_ddt_lookup(m, device_id);
    if (!e)
        e = &st->ddt[victim(&st->ddt_plru)];
    *e = (struct ddt_entry){.device_id = device_id, .valid = true, .dc = *dc};
    touch(&st->ddt_plru, (uint32_t)(e - st->ddt));
}

static bool pdt_matches(const struct pdt_entry *e, uint32_t device_id, uint32_t process_id)
{
    return e->valid && e->device_id == device_id && e->process_id == process_id;
}

struct pdt_entry *iommu_pdt_lookup(struct iommu *m, uint32_t device_id, uint32_t process_id)
{
    struct iommu_state *st = &m->st;
    uint32_t i = st->pdt_hint;
    if (!pdt_matches(&st->pdt[i], device_id, process_id))
        for (i = 0; i < st->pdt_plru.count && !pdt_matches(&st->pdt[i], device_id, process_id); i++)
            ;
    if (i == st->pdt_plru.count)
        return NULL;
    st->pdt_hint = (uint16_t)i;
    touch(&st->pdt_plru, i);
    return &st->pdt[i];
}

void iommu_pdt_fill(struct iommu *m, uint32_t device_id, uint32_t process_id, uint64_t ta,
                    uint64_t fsc)
{
    struct iommu_state *st = &m->st;
    struct pdt_entry *e = iommu_pdt_lookup(m, device_id, process_id);
    if (!e)
        e = &st->pdt[victim(&st->pdt_plru)];
    *e = (struct pdt_entry){device_id, process_id, true, ta, fsc};
    touch(&st->pdt_plru, (uint32_t)(e - st->pdt));
}

/* CHOICE: a global mapping serves its own PSCID only; being global shields it from IOTINVAL.VMA
 * with PSCV=1 and nothing else. */
static bool tlb_matches(const struct tlb_entry *e, uint64_t space, uint64_t iova)
{
    return e->valid && e->space == space && ((e->iova ^ iova) & ~e->mask) == 0;
}

static uint16_t *tlb_hint(struct iommu *m, uint64_t space, uint64_t iova)
{
    uint64_t hash = iova >> 12 ^ space ^ space >> space_GSCID_lsb;
    return &m->st.tlb_hint[(hash ^ hash >> 8) % HINTS];
}

struct tlb_entry *iommu_tlb_lookup(struct iommu *m, uint64_t space, uint64_t iova)
{
    struct iommu_state *st = &m->st;
    uint16_t *hint = tlb_hint(m, space, iova);
    uint32_t i = *hint;
    if (!tlb_matches(&st->tlb[i], space, iova))
        for (i = 0; i < st->tlb_plru.count && !tlb_matches(&st->tlb[i], space, iova); i++)
            ;
    if (i == st->tlb_plru.count)
        return NULL;
    *hint = (uint16_t)i;
    touch(&st->tlb_plru, i);
    return &st->tlb[i];
}

void iommu_tlb_fill(struct iommu *m, const struct tlb_entry *entry)
{
    struct iommu_state *st = &m->st;
    struct tlb_entry *e = iommu_tlb_lookup(m, entry->space, entry->iova);
    if (!e)
        e = &st->tlb[victim(&st->tlb_plru)];
    *e = *entry;
    touch(&st->tlb_plru, (uint32_t)(e - st->tlb));
}

static bool msi_matches(const struct iommu *m, const struct msi_entry *e, uint32_t device_id,
                        uint16_t gscid, uint64_t gpa)
{
    return e->valid && ((e->gpa ^ gpa) >> 12) == 0 && e->gscid == gscid &&
           (!m->config.tag_device || e->device_id == device_id);
}

struct msi_entry *iommu_msi_lookup(struct iommu *m, uint32_t device_id, uint16_t gscid,
                                   uint64_t gpa)
{
    struct iommu_state *st = &m->st;
    uint32_t i = st->msi_hint;
    if (!msi_matches(m, &st->msi[i], device_id, gscid, gpa))
        for (i = 0; i < st->msi_plru.count && !msi_matches(m, &st->msi[i], device_id, gscid, gpa);
             i++)
            ;
    if (i == st->msi_plru.count)
        return NULL;
    st->msi_hint = (uint16_t)i;
    touch(&st->msi_plru, i);
    return &st->msi[i];
}

void iommu_msi_fill(struct iommu *m, uint32_t device_id, uint16_t gscid, uint64_t gpa,
                    const uint64_t pte[2])
{
    struct iommu_state *st = &m->st;
    struct msi_entry *e = iommu_msi_lookup(m, device_id, gscid, gpa);
    if (!e)
        e = &st->msi[victim(&st->msi_plru)];
    *e = (struct msi_entry){gpa, {pte[0], pte[1]}, device_id, gscid, true};
    touch(&st->msi_plru, (uint32_t)(e - st->msi));
}

static bool nonleaf_matches(const struct nonleaf_entry *e, const struct nonleaf_entry *key)
{
    return e->valid && ((e->address ^ key->address) & ~e->mask) == 0 && e->bits == key->bits &&
           e->space == key->space;
}

/* The table next to the leaf, of those that are known for the key's address. */
const struct nonleaf_entry *iommu_nonleaf_lookup(struct iommu *m, const struct request *r,
                                                 enum stage stage, const struct nonleaf_entry *key)
{
    struct plru *plru = &m->st.nonleaf_plru[stage];
    const struct nonleaf_entry *all = m->st.nonleaf[stage], *found = NULL;
    if (r->oracle && !(r->peeks & BAR_FIRST << stage))
        return NULL;
    for (const struct nonleaf_entry *e = all; e < all + plru->count; e++)
        if (nonleaf_matches(e, key) && (!found || e->level < found->level))
            found = e;
    if (found && !r->oracle)
        touch(plru, (uint32_t)(found - all));
    return found;
}

void iommu_nonleaf_fill(struct iommu *m, enum stage stage, const struct nonleaf_entry *entry)
{
    struct plru *plru = &m->st.nonleaf_plru[stage];
    struct nonleaf_entry *all = m->st.nonleaf[stage];
    uint32_t i = 0;
    if (!plru->count)
        return;
    while (i < plru->count && !(nonleaf_matches(&all[i], entry) && all[i].level == entry->level))
        i++;
    if (i == plru->count)
        i = victim(plru);
    all[i] = *entry;
    touch(plru, i);
}
