/* SPDX-License-Identifier: BSD-2-Clause */
/* The performance monitor [iommu CYC], [iommu EVT], [iommu Event_list]. */
#include "iommu/model.h"

enum event {
    EVENT_UNTRANSLATED = 1,
    EVENT_TRANSLATED,
    EVENT_TRANSLATION_REQUEST,
    EVENT_TLB_MISS,
    EVENT_DDT_WALK,
    EVENT_PDT_WALK,
    EVENT_FIRST_WALK,
    EVENT_SECOND_WALK,
};

static uint32_t occurrences(const struct request *r, unsigned event)
{
    switch (event) {
    case EVENT_UNTRANSLATED:
        return r->kind == KIND_UNTRANSLATED || r->kind == KIND_DEBUG;
    case EVENT_TRANSLATED:
        return r->kind == KIND_TRANSLATED;
    case EVENT_TRANSLATION_REQUEST:
        return r->kind == KIND_TRANSLATION_REQUEST;
    case EVENT_TLB_MISS:
        return r->missed;
    case EVENT_DDT_WALK:
        return r->counts[TABLE_DDT];
    case EVENT_PDT_WALK:
        return r->counts[TABLE_PDT];
    case EVENT_FIRST_WALK:
        return r->counts[TABLE_FIRST];
    case EVENT_SECOND_WALK:
        return r->counts[TABLE_SECOND];
    default:
        return 0;
    }
}

static bool idt_supported(unsigned event)
{
    return event == EVENT_TLB_MISS || event == EVENT_FIRST_WALK || event == EVENT_SECOND_WALK;
}

/* DMASK: "the lower bits all the way to the first low order 0 bit, including that" are masked. */
static bool ids_match(uint64_t evt, uint64_t id)
{
    uint64_t wanted = GET(evt, iohpmevt_DID_GSCID);
    uint64_t mask = GET(evt, iohpmevt_DMASK) ? wanted ^ (wanted + 1) : 0;
    return ((wanted ^ id) & ~mask) == 0;
}

static bool passes(const struct request *r, uint64_t evt)
{
    bool by_context = GET(evt, iohpmevt_IDT);
    bool second = r->has_dc && GET(r->dc.iohgatp, iohgatp_MODE) != 0;
    bool first = r->has_dc && GET(r->fsc, fsc_MODE) != 0;
    uint64_t wide = by_context ? GET(r->dc.iohgatp, iohgatp_GSCID) : r->txn.requester;
    uint64_t narrow = by_context ? r->pscid : r->txn.process_id;
    bool wide_valid = !by_context || second;
    bool narrow_valid = by_context ? first : (r->txn.attrs & VD_PROCESS_ID) != 0;
    if (GET(evt, iohpmevt_DV_GSCV) && !(wide_valid && ids_match(evt, wide)))
        return false;
    return !GET(evt, iohpmevt_PV_PSCV) || (narrow_valid && narrow == GET(evt, iohpmevt_PID_PSCID));
}

/* OF is sticky and disables the interrupt; software setting it raises none. */
static void overflow(struct iommu *m, uint64_t *word, uint64_t of)
{
    if (*word & of)
        return;
    *word |= of;
    iommu_interrupt(m, SOURCE_PM);
}

static void count(struct iommu *m, const struct request *r, unsigned i)
{
    uint64_t *evt = &m->st.reg[REG_iohpmevt + i];
    uint64_t *ctr = &m->st.reg[REG_iohpmctr + i];
    unsigned event = (unsigned)GET(*evt, iohpmevt_eventID);
    uint32_t n = occurrences(r, event);
    if (!n || (GET(*evt, iohpmevt_IDT) && !idt_supported(event)) || !passes(r, *evt))
        return;
    *ctr += n;
    if (*ctr < n)
        overflow(m, evt, MASK(iohpmevt_OF));
}

void iommu_hpm_count(struct iommu *m, const struct request *r)
{
    uint64_t inhibited = m->st.reg[REG_iocountinh];
    for (unsigned i = 0; i < COUNTERS; i++)
        if (!(inhibited >> (i + 1) & 1))
            count(m, r, i);
}

static bool running(const struct iommu *m)
{
    return CAP(m, HPM) && m->config.cycle_ps && !(m->st.reg[REG_iocountinh] & 1);
}

/* Brings iohpmcycles up to now.  Must precede every change of what it depends on. */
void iommu_hpm_cycles_sync(struct iommu *m)
{
    uint64_t *reg = &m->st.reg[REG_iohpmcycles];
    vd_time now = iommu_now(m);
    if (!running(m)) {
        m->st.cycles_since = now;
        return;
    }
    uint64_t passed = (now - m->st.cycles_since) / m->config.cycle_ps;
    uint64_t value = GET(*reg, iohpmcycles_counter) + passed;
    m->st.cycles_since += passed * m->config.cycle_ps;
    *reg = SET(*reg, iohpmcycles_counter, value);
    if (value & MASK(iohpmcycles_OF))
        overflow(m, reg, MASK(iohpmcycles_OF));
}

/* An event at the overflow, if that is within the time that can be told. */
void iommu_hpm_cycles_plan(struct iommu *m)
{
    iommu_stop(m, TIMER_CYCLES);
    if (!running(m))
        return;
    uint64_t left = VD_BIT(63) - GET(m->st.reg[REG_iohpmcycles], iohpmcycles_counter);
    if (left < VD_BIT(62) / m->config.cycle_ps)
        iommu_after(m, TIMER_CYCLES,
                    left * m->config.cycle_ps - (iommu_now(m) - m->st.cycles_since));
}

void iommu_hpm_cycles_timer(struct iommu *m)
{
    iommu_hpm_cycles_sync(m);
    iommu_hpm_cycles_plan(m);
}

uint64_t iommu_hpm_overflows(const struct iommu *m)
{
    uint64_t bits = GET(m->st.reg[REG_iohpmcycles], iohpmcycles_OF);
    for (unsigned i = 0; i < COUNTERS; i++)
        bits |= GET(m->st.reg[REG_iohpmevt + i], iohpmevt_OF) << (i + 1);
    return bits;
}
