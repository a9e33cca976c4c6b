/* SPDX-License-Identifier: BSD-2-Clause */
/* [iommu P2IOVA], phase by phase. */
#include "iommu/model.h"

static uint64_t iova_of(const struct request *r)
{
    return r->txn.addr;
}

static bool is_ats(const struct request *r)
{
    return r->kind == KIND_TRANSLATED || r->kind == KIND_TRANSLATION_REQUEST;
}

static void done_untranslated(struct request *r)
{
    r->spa = r->gpa = iova_of(r);
    r->first = r->second = (struct leaf){.pa = r->spa & ~UINT64_C(0xfff),
                                         .mask = 0xfff,
                                         .rights = RIGHT_R | RIGHT_W | RIGHT_X | RIGHT_U | RIGHT_D};
    iommu_checkpoint(r, PHASE_DONE);
}

static bool context_found(struct request *r)
{
    uint64_t tc = r->dc.tc;
    r->has_dc = true;
    if (r->kind == KIND_PAGE_REQUEST) {
        if (!GET(tc, tc_EN_ATS) || !GET(tc, tc_EN_PRI))
            return iommu_fault(r, CAUSE_type_disallowed);
        iommu_checkpoint(r, PHASE_DONE);
        return true;
    }
    if (is_ats(r) && !GET(tc, tc_EN_ATS))
        return iommu_fault(r, CAUSE_type_disallowed);
    if (r->process_valid && !GET(tc, tc_PDTV))
        return iommu_fault(r, CAUSE_type_disallowed);
    static const uint8_t widths[] = {20, 8, 17, 20};
    uint64_t mode = GET(r->dc.fsc, fsc_MODE);
    if (r->process_valid && mode < 4 && r->process_id >> widths[mode])
        return iommu_fault(r, CAUSE_type_disallowed);
    if (r->kind == KIND_TRANSLATED && !GET(tc, tc_T2GPA))
        done_untranslated(r);
    else
        iommu_checkpoint(r, PHASE_PROCESS);
    return true;
}

static void identify(const struct iommu *m, struct request *r)
{
    r->ddtp = m->st.reg[REG_ddtp];
    r->process_valid = r->txn.attrs & VD_PROCESS_ID;
    r->process_id = r->process_valid ? r->txn.process_id : 0;
    r->privileged = r->process_valid && (r->txn.attrs & VD_PRIVILEGED);
    r->level = UINT8_MAX;
}

static bool phase_context(struct iommu *m, struct request *r)
{
    if (!r->ddtp)
        identify(m, r);
    uint64_t mode = GET(r->ddtp, ddtp_iommu_mode);
    if (mode == MODE_OFF)
        return iommu_fault(r, CAUSE_all_disallowed);
    if (mode == MODE_BARE) {
        if (is_ats(r) || r->kind == KIND_PAGE_REQUEST)
            return iommu_fault(r, CAUSE_type_disallowed);
        done_untranslated(r);
        return true;
    }
    return iommu_locate_dc(m, r) && context_found(r);
}

static void first_stage_is(struct request *r, uint64_t fsc, uint32_t pscid)
{
    r->fsc = fsc;
    r->pscid = pscid;
    iommu_checkpoint(r, PHASE_CACHE);
}

static bool phase_process(struct iommu *m, struct request *r)
{
    uint64_t tc = r->dc.tc;
    uint64_t ta, fsc;
    if (r->kind == KIND_TRANSLATED) {
        first_stage_is(r, 0, 0);
        return true;
    }
    if (!GET(tc, tc_PDTV)) {
        first_stage_is(r, r->dc.fsc, (uint32_t)GET(r->dc.ta, ta_PSCID));
        return true;
    }
    bool no_process = !r->process_valid && !GET(tc, tc_DPE);
    if (no_process || GET(r->dc.fsc, fsc_MODE) == 0) {
        first_stage_is(r, 0, 0);
        return true;
    }
    if (!iommu_locate_pc(m, r, &ta, &fsc))
        return false;
    if (r->privileged && !GET(ta, PC_ta_ENS))
        return iommu_fault(r, CAUSE_type_disallowed);
    r->sum = GET(ta, PC_ta_SUM);
    first_stage_is(r, fsc, (uint32_t)GET(ta, PC_ta_PSCID));
    return true;
}

static uint64_t space_of(const struct request *r)
{
    return iommu_space(r, GET(r->fsc, fsc_MODE) != 0);
}

/* A cached translation serves a request only if no right is missing: what lacks one is walked, so
 * that faults and A/D updates come from memory. */
static bool entry_serves(const struct request *r, const struct tlb_entry *e)
{
    static const uint8_t needed[] = {RIGHT_R, RIGHT_W | RIGHT_D, RIGHT_X};
    /* An ATS answer is walked, for it reports every right. */
    if (r->kind == KIND_TRANSLATION_REQUEST)
        return false;
    uint8_t need = needed[r->access];
    if (e->space & MASK(space_PSCV)) {
        bool user_page = e->rights1 & RIGHT_U;
        if (r->privileged ? user_page && (!r->sum || r->access == ACCESS_EXEC) : !user_page)
            return false;
        if ((e->rights1 & need) != need)
            return false;
    }
    bool second = e->second && (e->space & MASK(space_GV));
    return !second || (e->rights2 & need) == need;
}

static void take_entry(struct request *r, const struct tlb_entry *e)
{
    uint64_t offset = iova_of(r) & e->mask;
    r->hits |= BAR_TLB;
    r->gpa = e->gpa | offset;
    r->first = (struct leaf){e->gpa, e->mask, e->rights1, e->pbmt1};
    r->second_done = e->second;
    if (e->second) {
        r->second = (struct leaf){e->spa, e->mask, e->rights2, e->pbmt2};
        r->spa = e->spa | offset;
    }
}

static bool phase_cache(struct iommu *m, struct request *r)
{
    uint64_t space = space_of(r);
    if (!space) {
        iommu_checkpoint(r, PHASE_FIRST);
        return true;
    }
    /* With no first stage an MSI is known as such before any lookup. */
    if (!(space & MASK(space_PSCV)) && iommu_msi_match(m, &r->dc, iova_of(r))) {
        iommu_checkpoint(r, PHASE_FIRST);
        return true;
    }
    const struct tlb_entry *e = iommu_may_hit(r) ? iommu_tlb_lookup(m, space, iova_of(r)) : NULL;
    if (e && entry_serves(r, e)) {
        take_entry(r, e);
        iommu_checkpoint(r, PHASE_MSI);
        return true;
    }
    r->missed = true;
    iommu_checkpoint(r, PHASE_FIRST);
    return true;
}

static bool phase_first(struct iommu *m, struct request *r)
{
    if (GET(r->fsc, fsc_MODE) == 0) {
        r->gpa = iova_of(r);
        r->first = (struct leaf){.pa = r->gpa & ~UINT64_C(0xfff),
                                 .mask = UINT64_MAX,
                                 .rights = RIGHT_R | RIGHT_W | RIGHT_X | RIGHT_U | RIGHT_D};
    } else if (!iommu_first_stage(m, r)) {
        return false;
    }
    iommu_checkpoint(r, PHASE_MSI);
    return true;
}

static bool phase_msi(struct iommu *m, struct request *r)
{
    enum phase next = r->second_done ? PHASE_DONE : PHASE_SECOND;
    if (iommu_msi_match(m, &r->dc, r->gpa)) {
        r->msi = true;
        if (!iommu_msi_translate(m, r))
            return false;
        r->second_done = false;
        next = PHASE_DONE;
    }
    iommu_checkpoint(r, next);
    return true;
}

static void fill(struct iommu *m, const struct request *r)
{
    if (!r->missed || (r->bars & BAR_TLB) || r->kind == KIND_TRANSLATION_REQUEST)
        return;
    struct tlb_entry e = {.space = space_of(r), .iova = iova_of(r) & ~UINT64_C(0xfff)};
    bool first = e.space & MASK(space_PSCV);
    e.second = !r->msi;
    e.mask = e.second ? r->first.mask & r->second.mask : r->first.mask & 0xfff;
    if (!first)
        e.mask = r->second.mask;
    e.gpa = r->gpa & ~e.mask;
    e.spa = r->spa & ~e.mask;
    e.rights1 = r->first.rights;
    e.rights2 = r->second.rights;
    e.pbmt1 = r->first.pbmt;
    e.pbmt2 = r->second.pbmt;
    e.valid = true;
    if (first || e.second)
        iommu_tlb_fill(m, &e);
}

static bool phase_second(struct iommu *m, struct request *r)
{
    if (GET(r->dc.iohgatp, iohgatp_MODE) == 0) {
        r->second = (struct leaf){.pa = r->gpa & ~UINT64_C(0xfff),
                                  .mask = UINT64_MAX,
                                  .rights = RIGHT_R | RIGHT_W | RIGHT_X | RIGHT_U | RIGHT_D};
        r->spa = r->gpa;
    } else {
        r->missed = true;
        if (!iommu_second_stage(m, r, r->gpa, EXPLICIT, TABLE_SECOND, &r->second))
            return false;
        r->spa = r->second.pa | (r->gpa & r->second.mask);
    }
    iommu_checkpoint(r, PHASE_DONE);
    return true;
}

/* A phase may skip others, but none goes back. */
static bool run_phases(struct iommu *m, struct request *r)
{
    return (r->phase != PHASE_CONTEXT || phase_context(m, r)) &&
           (r->phase != PHASE_PROCESS || phase_process(m, r)) &&
           (r->phase != PHASE_CACHE || phase_cache(m, r)) &&
           (r->phase != PHASE_FIRST || phase_first(m, r)) &&
           (r->phase != PHASE_MSI || phase_msi(m, r)) &&
           (r->phase != PHASE_SECOND || phase_second(m, r));
}

bool iommu_translate(struct iommu *m, struct request *r)
{
    bool done = run_phases(m, r);
    if (done || r->cause)
        iommu_stale_check(m, r);
    if (!done)
        return false;
    if (r->has_dc)
        fill(m, r);
    return true;
}
