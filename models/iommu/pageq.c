/* SPDX-License-Identifier: BSD-2-Clause */
/* "Page Request" messages and their queue [iommu ATS_PRI], [iommu PRQ]. */
#include "iommu/model.h"

#include <string.h>

static void answer(struct iommu *m, const struct request *r, unsigned code, bool with_process)
{
    uint64_t payload = r->txn.data[0];
    bool stop_marker = !GET(payload, PRQ_R) && !GET(payload, PRQ_W);
    if (!GET(payload, PRQ_L) || stop_marker || !m->port.message)
        return;
    uint64_t words[2] = {0, 0};
    words[0] = SET(words[0], PRGR_PRGI, GET(payload, PRQ_PRGI));
    words[0] = SET(words[0], PRGR_code, code);
    words[0] = SET(words[0], PRGR_RID, r->txn.requester);
    if (with_process && (r->txn.attrs & VD_PROCESS_ID))
        words[1] = VD_BIT(20) | r->txn.process_id;
    m->port.message(m->port.ctx, r->txn.requester, MESSAGE_PAGE_RESPONSE, words);
}

static bool prpr(const struct request *r)
{
    return r->has_dc && GET(r->dc.tc, tc_PRPR);
}

void iommu_page_refused(struct iommu *m, const struct request *r)
{
    if (r->cause == CAUSE_type_disallowed)
        answer(m, r, PAGE_RESPONSE_INVALID, prpr(r));
    else
        answer(m, r, PAGE_RESPONSE_FAILURE, true);
}

static bool rest(struct iommu *m)
{
    uint64_t *csr = &m->st.reg[REG_pqcsr];
    m->st.pq_phase = ENGINE_IDLE;
    if (!GET(*csr, pqcsr_pqen))
        *csr &= ~(MASK(pqcsr_pqon) | MASK(pqcsr_busy));
    return false;
}

static void pop(struct iommu *m)
{
    m->st.pages_head = (m->st.pages_head + 1) % MESSAGES;
    m->st.pages_count--;
}

static void written(struct iommu *m, const struct vd_txn *txn)
{
    struct page_request *page = &m->st.pages[m->st.pages_head];
    m->st.pq_phase = ENGINE_IDLE;
    pop(m);
    if (txn->status == VD_OK) {
        m->st.reg[REG_pqt] = iommu_queue_next(m, REG_pqb, m->st.reg[REG_pqt]);
    } else {
        m->st.reg[REG_pqcsr] |= MASK(pqcsr_pqmf);
        struct request failed = {.txn = page->txn};
        answer(m, &failed, PAGE_RESPONSE_FAILURE, true);
    }
    iommu_interrupt(m, SOURCE_PQ);
}

static void record(const struct vd_txn *txn, uint64_t dw[2])
{
    dw[0] = SET(0, PQ_DID, txn->requester);
    dw[1] = txn->data[0];
    if (txn->attrs & VD_PROCESS_ID) {
        dw[0] = SET(dw[0], PQ_PV, 1);
        dw[0] = SET(dw[0], PQ_PID, txn->process_id);
        dw[0] = SET(dw[0], PQ_PRIV, (txn->attrs & VD_PRIVILEGED) != 0);
        dw[0] = SET(dw[0], PQ_EXEC, (txn->attrs & VD_EXEC) != 0);
    }
}

static bool write_record(struct iommu *m)
{
    bool big = GET(m->st.reg[REG_fctl], fctl_BE);
    uint64_t dw[2];
    struct vd_txn txn = {
        .addr = iommu_queue_entry(m, REG_pqb, m->st.reg[REG_pqt], 16), .cmd = VD_WRITE, .size = 16};
    record(&m->st.pages[m->st.pages_head].txn, dw);
    txn.data[0] = iommu_swap(dw[0], big);
    txn.data[1] = iommu_swap(dw[1], big);
    m->st.pq_phase = ENGINE_WRITE;
    enum vd_status status = iommu_bus(m, &txn, TAG_PQ);
    if (status == VD_PENDING)
        return false;
    if (status == VD_RETRY) {
        m->st.pq_phase = ENGINE_START;
        iommu_after(m, TIMER_PQ, txn.delay ? txn.delay : m->config.cycle_ps);
        return false;
    }
    txn.status = (uint8_t)status;
    written(m, &txn);
    return true;
}

/* Software learns of lost messages by pqof, the device is told to try again. */
static int overflow(struct iommu *m)
{
    m->st.reg[REG_pqcsr] |= MASK(pqcsr_pqof);
    iommu_interrupt(m, SOURCE_PQ);
    return PAGE_RESPONSE_SUCCESS;
}

/* Why a message cannot be queued, as a response code; -1: it can. */
static int refusal(struct iommu *m)
{
    const uint64_t *csr = &m->st.reg[REG_pqcsr];
    if (!GET(*csr, pqcsr_pqen) || !GET(*csr, pqcsr_pqon) || GET(*csr, pqcsr_pqmf))
        return PAGE_RESPONSE_FAILURE;
    if (GET(*csr, pqcsr_pqof))
        return PAGE_RESPONSE_SUCCESS;
    if (!iommu_queue_full(m, REG_pqb, REG_pqh, REG_pqt))
        return -1;
    return overflow(m);
}

static bool advance(struct iommu *m)
{
    if (m->st.pq_phase != ENGINE_IDLE)
        return false;
    if (!m->st.pages_count)
        return rest(m);
    struct page_request *page = &m->st.pages[m->st.pages_head];
    int code = refusal(m);
    if (code < 0)
        return write_record(m);
    struct request refused = {.txn = page->txn};
    pop(m);
    answer(m, &refused, (unsigned)code, code == PAGE_RESPONSE_FAILURE || page->prpr);
    return true;
}

static void run(struct iommu *m)
{
    if (m->pq_running)
        return;
    m->pq_running = true;
    while (advance(m))
        ;
    m->pq_running = false;
}

/* The context allows it: into the queue, or answered.  CHOICE: more messages than the model can
 * hold count as an overflow of the queue. */
void iommu_page_request(struct iommu *m, const struct request *r)
{
    if (m->st.pages_count == MESSAGES) {
        answer(m, r, (unsigned)overflow(m), prpr(r));
        return;
    }
    uint32_t at = (m->st.pages_head + m->st.pages_count++) % MESSAGES;
    m->st.pages[at] = (struct page_request){.txn = r->txn, .prpr = prpr(r)};
    run(m);
}

void iommu_pq_timer(struct iommu *m)
{
    m->st.pq_phase = ENGINE_IDLE;
    run(m);
}

void iommu_pq_complete(struct iommu *m, const struct vd_txn *txn)
{
    if (m->st.pq_phase != ENGINE_WRITE)
        return;
    written(m, txn);
    run(m);
}

void iommu_pq_written(struct iommu *m, uint64_t old)
{
    uint64_t *csr = &m->st.reg[REG_pqcsr];
    bool was = GET(old, pqcsr_pqen), is = GET(*csr, pqcsr_pqen);
    if (GET(old, pqcsr_busy)) {
        *csr = SET(*csr, pqcsr_pqen, was);
    } else if (is && !was) {
        m->st.reg[REG_pqt] = 0;
        *csr &= ~(MASK(pqcsr_pqmf) | MASK(pqcsr_pqof));
        *csr |= MASK(pqcsr_pqon);
    } else if (!is && was) {
        *csr |= MASK(pqcsr_busy);
        run(m);
        if (m->st.pq_phase == ENGINE_IDLE)
            rest(m);
    }
    iommu_interrupt_levels(m);
}

/* A message that finds no slot is treated like one that finds no room in the queue. */
void iommu_message(struct iommu *m, const struct vd_txn *txn)
{
    if (txn->tag == MESSAGE_INVALIDATE_COMPLETION) {
        iommu_ats_completion(m, txn);
        return;
    }
    struct request *r = iommu_slot_take(m);
    if (!r) {
        struct request lost = {.txn = *txn};
        int code = refusal(m);
        answer(m, &lost, (unsigned)(code < 0 ? overflow(m) : code), false);
        return;
    }
    r->txn = *txn;
    r->kind = KIND_PAGE_REQUEST;
    r->access = ACCESS_READ;
    iommu_pump(m);
}
