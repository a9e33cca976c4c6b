/* SPDX-License-Identifier: BSD-2-Clause */
/* Causes and the fault queue [iommu FAULT_QUEUE]. */
#include "iommu/model.h"

#include <string.h>

struct cause_row {
    uint16_t number;
    bool despite_dtf;
    uint8_t ats;
};

static const struct cause_row causes[] = {
#define CAUSE(number, name, dtf, ats, text) {number, dtf, ATS_##ats},
#include "iommu/causes.def"
#undef CAUSE
};

static const struct cause_row *row_of(unsigned cause)
{
    unsigned i = 0;
    while (causes[i].number != cause)
        i++;
    return &causes[i];
}

enum ats_answer iommu_cause_ats(unsigned cause)
{
    return (enum ats_answer)row_of(cause)->ats;
}

bool iommu_cause_despite_dtf(unsigned cause)
{
    return row_of(cause)->despite_dtf;
}

/* DTF counts as 0 where no device context was found. */
bool iommu_fault_reported(const struct request *r)
{
    if (r->kind == KIND_TRANSLATION_REQUEST && iommu_cause_ats(r->cause) == ATS_OK)
        return false;
    return !r->has_dc || !GET(r->dc.tc, tc_DTF) || iommu_cause_despite_dtf(r->cause);
}

static unsigned ttyp_of(const struct request *r)
{
    static const uint8_t offsets[] = {[ACCESS_EXEC] = 0, [ACCESS_READ] = 1, [ACCESS_WRITE] = 2};
    if (r->kind == KIND_TRANSLATION_REQUEST)
        return TTYP_TRANSLATION_REQUEST;
    if (r->kind == KIND_PAGE_REQUEST)
        return TTYP_MESSAGE;
    unsigned first = r->kind == KIND_TRANSLATED ? TTYP_TRANSLATED_EXEC : TTYP_UNTRANSLATED_EXEC;
    return first + offsets[r->access];
}

void iommu_fault_report(struct iommu *m, const struct request *r)
{
    bool pv = r->txn.attrs & VD_PROCESS_ID;
    uint64_t iotval = r->kind == KIND_PAGE_REQUEST ? MESSAGE_PAGE_REQUEST : r->txn.addr;
    if (!iommu_fault_reported(r))
        return;
    uint64_t dw[4] = {0, 0, iotval, r->iotval2};
    dw[0] = SET(dw[0], FQ_CAUSE, r->cause);
    dw[0] = SET(dw[0], FQ_TTYP, ttyp_of(r));
    dw[0] = SET(dw[0], FQ_DID, r->txn.requester);
    if (pv) {
        dw[0] = SET(dw[0], FQ_PV, 1);
        dw[0] = SET(dw[0], FQ_PID, r->txn.process_id);
        dw[0] = SET(dw[0], FQ_PRIV, (r->txn.attrs & VD_PRIVILEGED) != 0);
    }
    iommu_emit(m, VD_REC_iommu_fault, r->txn.serial, r->cause, r->txn.requester, iotval);
    iommu_fault_push(m, dw);
}

static bool on(const struct iommu *m)
{
    uint64_t csr = m->st.reg[REG_fqcsr];
    return GET(csr, fqcsr_fqen) && GET(csr, fqcsr_fqon) && !GET(csr, fqcsr_fqmf) &&
           !GET(csr, fqcsr_fqof);
}

static void pop(struct iommu *m)
{
    m->st.faults_head = (m->st.faults_head + 1) % FAULTS;
    m->st.faults_count--;
}

static bool rest(struct iommu *m)
{
    uint64_t *csr = &m->st.reg[REG_fqcsr];
    m->st.fq_phase = ENGINE_IDLE;
    if (!GET(*csr, fqcsr_fqen))
        *csr &= ~(MASK(fqcsr_fqon) | MASK(fqcsr_busy));
    return false;
}

static void written(struct iommu *m, const struct vd_txn *txn)
{
    m->st.fq_phase = ENGINE_IDLE;
    pop(m);
    if (txn->status != VD_OK)
        m->st.reg[REG_fqcsr] |= MASK(fqcsr_fqmf);
    else
        m->st.reg[REG_fqt] = iommu_queue_next(m, REG_fqb, m->st.reg[REG_fqt]);
    iommu_interrupt(m, SOURCE_FQ);
}

/* True if the write is over. */
static bool write_record(struct iommu *m)
{
    bool big = GET(m->st.reg[REG_fctl], fctl_BE);
    const uint64_t *dw = m->st.faults[m->st.faults_head].dw;
    struct vd_txn txn = {
        .addr = iommu_queue_entry(m, REG_fqb, m->st.reg[REG_fqt], 32), .cmd = VD_WRITE, .size = 32};
    for (unsigned i = 0; i < 4; i++)
        txn.data[i] = iommu_swap(dw[i], big);
    m->st.fq_phase = ENGINE_WRITE;
    enum vd_status status = iommu_bus(m, &txn, TAG_FQ);
    if (status == VD_PENDING)
        return false;
    if (status == VD_RETRY) {
        m->st.fq_phase = ENGINE_START;
        iommu_after(m, TIMER_FQ, txn.delay ? txn.delay : m->config.cycle_ps);
        return false;
    }
    txn.status = (uint8_t)status;
    written(m, &txn);
    return true;
}

static bool advance(struct iommu *m)
{
    if (m->st.fq_phase != ENGINE_IDLE)
        return false;
    if (!m->st.faults_count)
        return rest(m);
    if (!on(m)) {
        pop(m);
        return true;
    }
    if (iommu_queue_full(m, REG_fqb, REG_fqh, REG_fqt)) {
        m->st.reg[REG_fqcsr] |= MASK(fqcsr_fqof);
        pop(m);
        iommu_interrupt(m, SOURCE_FQ);
        return true;
    }
    return write_record(m);
}

void iommu_fq_run(struct iommu *m)
{
    if (m->fq_running)
        return;
    m->fq_running = true;
    while (advance(m))
        ;
    m->fq_running = false;
}

/* What cannot be recorded when it happens is not recorded later. */
void iommu_fault_push(struct iommu *m, const uint64_t dw[4])
{
    if (!on(m) || m->st.faults_count == FAULTS)
        return;
    uint32_t at = (m->st.faults_head + m->st.faults_count++) % FAULTS;
    memcpy(m->st.faults[at].dw, dw, sizeof(m->st.faults[at].dw));
    iommu_fq_run(m);
}

void iommu_fq_timer(struct iommu *m)
{
    m->st.fq_phase = ENGINE_IDLE;
    iommu_fq_run(m);
}

void iommu_fq_complete(struct iommu *m, const struct vd_txn *txn)
{
    if (m->st.fq_phase != ENGINE_WRITE)
        return;
    written(m, txn);
    iommu_fq_run(m);
}

void iommu_fq_written(struct iommu *m, uint64_t old)
{
    uint64_t *csr = &m->st.reg[REG_fqcsr];
    bool was = GET(old, fqcsr_fqen), is = GET(*csr, fqcsr_fqen);
    if (GET(old, fqcsr_busy)) {
        *csr = SET(*csr, fqcsr_fqen, was);
    } else if (is && !was) {
        m->st.reg[REG_fqt] = 0;
        *csr &= ~(MASK(fqcsr_fqmf) | MASK(fqcsr_fqof));
        *csr |= MASK(fqcsr_fqon);
    } else if (!is && was) {
        *csr |= MASK(fqcsr_busy);
        iommu_fq_run(m);
        if (m->st.fq_phase == ENGINE_IDLE)
            rest(m);
    }
    iommu_interrupt_levels(m);
}
