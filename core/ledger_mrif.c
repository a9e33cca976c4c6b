/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory-resident interrupt files: stores of the IOMMU, their notices, and what software does to
 * the words meanwhile [aia IOMMU-MSIPTE-MRIF]. */
#include <inttypes.h>

#include "core/ledger_state.h"
#include "viaduct/bits.h"

enum { MRIF_BYTES = 512, PTE_VALID_MRIF = 1 | 1 << 1 };

static struct ledger_mrif *mrif_at(const struct ledger *l, uint64_t addr)
{
    for (uint32_t i = 0; i < l->num_mrifs; i++)
        if (l->mrifs[i].addr == addr)
            return &l->mrifs[i];
    return NULL;
}

/* The MRIF is the vCPU's software file.  At the end it has been emptied into a guest file. */
void mrif_use(struct ledger *l, uint64_t who, uint64_t addr, bool use)
{
    struct place *place = place_find(l, PLACE_SOFTWARE, who);
    struct ledger_mrif *mrif = mrif_at(l, addr);
    if (!mrif && l->num_mrifs == LEDGER_MAX_PLACES)
        return;
    if (use && addr % MRIF_BYTES)
        finding_broken(l, LEDGER_I22, 0, "an MRIF is at 0x%" PRIx64 ", no multiple of 512", addr);
    if (!mrif) {
        l->mrifs = ledger_grow(l->mrifs, l->num_mrifs + 1, sizeof(*l->mrifs));
        mrif = &l->mrifs[l->num_mrifs++];
    }
    *mrif = (struct ledger_mrif){.addr = addr, .place = place, .in_use = use};
    if (!use)
        file_give_up(l, place, LEDGER_I28, "and then its MRIF was taken out of use");
}

static void owe_notice(struct ledger *l, const struct vd_record *rec, const struct ledger_pte *pte)
{
    struct ledger_iommu *iommu = route_iommu(l, rec->source);
    if (iommu->num_notices == LEDGER_NOTICES) {
        if (!l->config.notices_optional)
            finding_broken(l, LEDGER_I18, iommu->notices[0].serial,
                           "an IOMMU owes %d notices, the first for MSI %" PRIu64, LEDGER_NOTICES,
                           iommu->notices[0].serial);
        iommu->num_notices = 0;
    }
    iommu->notices[iommu->num_notices++] = (struct ledger_notice){
        .serial = rec->serial, .pte = pte ? (uint32_t)(pte - l->ptes) : NO_PTE, .stored = l->now};
}

static bool asks_for(uint64_t dw1, const struct vd_record *issue)
{
    uint64_t nid = vd_get(dw1, 60, 1) << 10 | vd_get(dw1, 0, 10);
    return issue->a == vd_get(dw1, 10, 44) << 12 && issue->b == nid;
}

/* dw1 may change while the IOMMU works on the store. */
static bool is_notice(const struct ledger_pte *pte, const struct vd_record *issue)
{
    uint64_t kept = pte->num_old < PTE_VALUES ? pte->num_old : PTE_VALUES;
    if (asks_for(pte->dw1, issue))
        return true;
    for (uint64_t i = 0; i < kept; i++)
        if (asks_for(pte->old[i].dw1, issue))
            return true;
    return false;
}

static bool notice_of_any(const struct ledger *l, const struct vd_record *issue)
{
    for (uint32_t i = 0; i < l->num_ptes; i++)
        if ((l->ptes[i].dw0 & 7) == PTE_VALID_MRIF && asks_for(l->ptes[i].dw1, issue))
            return true;
    return false;
}

/* An MSI of the IOMMU itself: a notice, or one of its own interrupts. */
void mrif_notice(struct ledger *l, const struct vd_record *rec)
{
    struct ledger_iommu *iommu = route_iommu(l, rec->source);
    for (uint32_t i = 0; i < iommu->num_notices; i++) {
        const struct ledger_notice *n = &iommu->notices[i];
        if (n->pte != NO_PTE && !is_notice(&l->ptes[n->pte], rec))
            continue;
        iommu->num_notices--;
        for (; i < iommu->num_notices; i++)
            iommu->notices[i] = iommu->notices[i + 1];
        return;
    }
    if (notice_of_any(l, rec))
        finding_broken(l, LEDGER_I18, rec->serial,
                       "a notice, MSI %" PRIu64 ", belongs to no store into an MRIF", rec->serial);
}

void mrif_finish(struct ledger *l)
{
    for (uint32_t i = 0; i < l->num_iommus && !l->config.notices_optional; i++)
        for (uint32_t n = 0; n < l->iommus[i].num_notices; n++) {
            const struct ledger_notice *notice = &l->iommus[i].notices[n];
            if (l->now > notice->stored + l->config.line)
                finding_broken(l, LEDGER_I18, notice->serial,
                               "no notice followed the store of MSI %" PRIu64 " into its MRIF",
                               notice->serial);
        }
}

static void check_store(struct ledger *l, const struct msi *msi, const struct ledger_pte *pte,
                        const struct vd_record *rec)
{
    const uint64_t mask = vd_mask(0, 3) | vd_mask(7, 47);
    if (msi->offset & 0xff8)
        finding_broken(l, LEDGER_I17, rec->serial,
                       "MSI %" PRIu64 " was stored into an MRIF from offset 0x%x", rec->serial,
                       msi->offset);
    if (pte && !route_said(pte, msi, mask, PTE_VALID_MRIF | rec->a >> 9 << 7))
        finding_broken(l, LEDGER_I17, rec->serial,
                       "MSI %" PRIu64 " was stored into the MRIF at 0x%" PRIx64
                       ", which its MSI PTE does not name",
                       rec->serial, rec->a);
    struct ledger_iommu *iommu = route_iommu(l, rec->source);
    if (iommu->mrif == rec->a && !rec->c && iommu->bit != rec->b)
        finding_broken(l, LEDGER_I22, rec->serial,
                       "MSI %" PRIu64 ", identity %u, set the bit of identity %u in the MRIF at "
                       "0x%" PRIx64,
                       rec->serial, (uint32_t)rec->b, iommu->bit, rec->a);
    iommu->mrif = 0;
}

static void set_bit(struct ledger_mrif *mrif, uint32_t identity, bool on)
{
    uint64_t bit = VD_BIT(identity % 64), *word = &mrif->bits[identity / 64];
    *word = on ? *word | bit : *word & ~bit;
}

/* In the vCPU's file, but not here: in the MRIF of another IOMMU, or kept apart by a hypervisor
 * that may not write into one. */
static bool pending_elsewhere(const struct ledger_mrif *mrif, uint32_t identity)
{
    return place_slot(mrif->place, identity)->first &&
           !(mrif->bits[identity / 64] >> identity % 64 & 1);
}

/* Of hinted MRIFs the owner is known. */
void mrif_store(struct ledger *l, const struct vd_record *rec)
{
    struct msi *msi = msi_find(l, rec->serial);
    if (!msi || msi->state >= MSI_PENDING || rec->b >= LEDGER_IDENTITIES)
        return;
    const struct ledger_pte *pte = route_pte(l, msi);
    check_store(l, msi, pte, rec);
    owe_notice(l, rec, pte);
    file_check_identity(l, msi, (uint32_t)rec->b, LEDGER_I17);
    struct ledger_mrif *mrif = mrif_at(l, rec->a);
    if (mrif && mrif->in_use) {
        file_check_owner(l, msi, mrif->place, "stored");
        file_enter(l, msi, mrif->place, rec->c || pending_elsewhere(mrif, (uint32_t)rec->b));
        set_bit(mrif, (uint32_t)rec->b, true);
        return;
    }
    struct place *place = place_find(l, PLACE_MRIF, rec->a);
    place->vm = msi->vm;
    if (mrif)
        finding_add(l, LEDGER_STRAY, LEDGER_I21, msi,
                    "was recorded in the MRIF at 0x%" PRIx64 ", which is out of use", rec->a);
    /* Nobody has said whose it is, so software may take what it finds. */
    file_enter(l, msi, place, true);
}

/* The hint of a claim comes right before the AMO; an MSI may have come in between. */
static void cleared(struct ledger *l, struct place *place, uint32_t identity)
{
    struct slot *slot = place_slot(place, identity);
    bool claimed = slot->claiming;
    slot->claiming = false;
    if (!slot->first)
        slot->software = false;
    else if (claimed)
        file_claim(l, place, identity, NO_HART);
    else
        move_hold(l, place, identity);
}

static void set(struct ledger *l, struct place *place, uint32_t identity)
{
    const struct slot *slot = place_slot(place, identity);
    if (!slot->first && !slot->software)
        move_set(l, place, identity);
}

static void by_software(struct ledger *l, struct ledger_mrif *mrif, const struct vd_record *rec)
{
    uint32_t word = (uint32_t)(rec->a % MRIF_BYTES / 16);
    if (rec->a & 8) {
        mrif->place->eie[word] = rec->c;
        return;
    }
    for (uint64_t left = rec->b ^ rec->c; left; left &= left - 1) {
        uint32_t bit = (uint32_t)__builtin_ctzll(left);
        bool on = rec->c >> bit & 1;
        (on ? set : cleared)(l, mrif->place, 64 * word + bit);
        set_bit(mrif, 64 * word + bit, on);
    }
}

static void by_iommu(struct ledger *l, struct ledger_iommu *iommu, const struct vd_record *rec)
{
    uint64_t changed = rec->b ^ rec->c;
    bool one = !(changed & (changed - 1)) && !(changed & rec->b);
    if (rec->a & 8)
        finding_broken(l, LEDGER_I19, 0,
                       "an IOMMU wrote the enable bits at 0x%" PRIx64 " of an MRIF", rec->a);
    else if (!one)
        finding_broken(l, LEDGER_I20, 0,
                       "an IOMMU changed pending bits of an MRIF at 0x%" PRIx64 " from 0x%" PRIx64
                       " to 0x%" PRIx64,
                       rec->a, rec->b, rec->c);
    iommu->mrif = one ? rec->a & ~UINT64_C(511) : 0;
    iommu->bit = (uint32_t)(rec->a % MRIF_BYTES / 16 * 64 + (uint64_t)__builtin_ctzll(changed));
}

static bool is_pte(const struct ledger *l, uint64_t addr)
{
    for (uint32_t i = 0; i < l->num_ptes; i++)
        if (l->ptes[i].addr == (addr & ~UINT64_C(15)))
            return true;
    return false;
}

void mrif_word(struct ledger *l, const struct vd_record *rec)
{
    if (rec->b == rec->c || is_pte(l, rec->a))
        return;
    for (uint32_t i = 0; i < l->num_iommus; i++)
        if (l->iommus[i].source == rec->source) {
            by_iommu(l, &l->iommus[i], rec);
            return;
        }
    struct ledger_mrif *mrif = mrif_at(l, rec->a & ~UINT64_C(511));
    if (mrif && mrif->in_use)
        by_software(l, mrif, rec);
}
