/* SPDX-License-Identifier: BSD-2-Clause */
/* A device's request on its way through: queued, translated, ordered, sent, answered. */
#include "iommu/model.h"

#include <string.h>

static uint32_t index_of(const struct iommu *m, const struct request *r)
{
    return (uint32_t)(r - m->st.slot);
}

static uint32_t timer_of(const struct iommu *m, const struct request *r)
{
    return TIMER_REQUEST + index_of(m, r);
}

static uint32_t first_free(const struct iommu *m)
{
    uint32_t i = 0;
    while (i < SLOTS && m->st.slot[i].state != REQUEST_FREE)
        i++;
    return i;
}

static void become(struct iommu *m, struct request *r, enum request_state state)
{
    m->st.in_state[r->state]--;
    m->st.in_state[state]++;
    r->state = (uint8_t)state;
}

static uint32_t translating(const struct iommu *m)
{
    return m->st.in_fifo - m->st.in_state[REQUEST_QUEUED] - m->st.in_state[REQUEST_OUT];
}

struct request *iommu_slot_take(struct iommu *m)
{
    uint32_t i = first_free(m);
    if (i == SLOTS)
        return NULL;
    struct request *r = &m->st.slot[i];
    memset(&r->logged, 0, offsetof(struct request, table) - offsetof(struct request, logged));
    r->seq = m->st.next_seq++;
    become(m, r, REQUEST_QUEUED);
    m->st.fifo[m->st.in_fifo++] = (uint8_t)i;
    return r;
}

static void leave_fifo(struct iommu *m, uint32_t slot)
{
    uint32_t i = 0;
    while (m->st.fifo[i] != slot)
        i++;
    m->st.in_fifo--;
    if (i < m->st.in_fifo)
        memmove(&m->st.fifo[i], &m->st.fifo[i + 1], m->st.in_fifo - i);
}

static void release(struct iommu *m, struct request *r)
{
    become(m, r, REQUEST_FREE);
    leave_fifo(m, index_of(m, r));
}

static bool is_msi(const struct request *r)
{
    return r->txn.serial != 0;
}

/* Frees the slot first, so that the device may send its next request from within. */
static void respond(struct iommu *m, struct request *r, enum vd_status status, const uint64_t *data,
                    unsigned bytes)
{
    if ((r->txn.attrs & VD_POSTED) || !m->port.respond) {
        release(m, r);
        return;
    }
    struct vd_txn txn;
    iommu_txn(&txn, (enum vd_cmd)r->txn.cmd, r->iova, r->txn.size);
    txn.serial = r->txn.serial;
    txn.requester = r->txn.requester;
    txn.process_id = r->txn.process_id;
    txn.attrs = r->txn.attrs;
    txn.tag = r->tag;
    txn.status = (uint8_t)status;
    txn.at = r->kind;
    if (bytes <= 8)
        txn.data[0] = data[0];
    else
        memcpy(txn.data, data, sizeof(txn.data));
    release(m, r);
    m->port.respond(m->port.ctx, &txn);
}

static void respond_status(struct iommu *m, struct request *r, enum vd_status status, uint64_t data)
{
    respond(m, r, status, &data, sizeof(data));
}

/* [iommu IOBR_FAULT_RESP]: a write vanishes, a read is answered with an error. */
static void fault_response(struct iommu *m, struct request *r)
{
    enum ats_answer answer = iommu_cause_ats(r->cause);
    if (r->kind == KIND_TRANSLATION_REQUEST && answer == ATS_OK)
        respond_status(m, r, VD_OK, iommu_ats_response(m, r));
    else if (r->kind == KIND_PAGE_REQUEST) {
        iommu_page_refused(m, r);
        release(m, r);
    } else if (r->kind == KIND_TRANSLATION_REQUEST)
        respond_status(m, r, answer == ATS_CA ? VD_ABORTED : VD_UNSUPPORTED, 0);
    else
        respond_status(m, r, VD_UNSUPPORTED, 0);
}

static void drop_msi(struct iommu *m, const struct request *r)
{
    if (!is_msi(r))
        return;
    uint64_t why = iommu_fault_reported(r) ? VD_DROP_iommu_fault : VD_DROP_iommu_fault_silent;
    iommu_emit(m, VD_REC_msi_drop, r->txn.serial, why, m->config.index, r->cause);
}

static void fault_recorded(struct iommu *m, struct request *r)
{
    iommu_hpm_commit(m, r);
    drop_msi(m, r);
    iommu_fault_report(m, r);
    if (r->kind == KIND_DEBUG) {
        iommu_debug_finish(m, r);
        release(m, r);
        return;
    }
    become(m, r, REQUEST_RESPOND);
    iommu_after(m, timer_of(m, r), iommu_cycles(m, m->config.timing.response));
}

static void faulted(struct iommu *m, struct request *r)
{
    become(m, r, REQUEST_FAULT);
    iommu_after(m, timer_of(m, r), iommu_cycles(m, m->config.timing.fault_record));
}

/* A posted write, or a store to an MRIF, that younger requests of the device must not pass. */
static bool holds_back(const struct request *older)
{
    return older->state != REQUEST_OUT && (older->txn.attrs & VD_POSTED) != 0;
}

static bool must_wait(const struct iommu *m, const struct request *r)
{
    bool relaxed = r->txn.attrs & VD_RELAXED;
    for (uint32_t i = 0; i < m->st.in_fifo; i++) {
        const struct request *older = &m->st.slot[m->st.fifo[i]];
        if (older == r)
            return false;
        if (!relaxed && older->txn.requester == r->txn.requester && holds_back(older))
            return true;
    }
    return false;
}

/* Without AMO_MRIF two read-modify-writes of one MRIF must not interleave. */
static bool mrif_occupied(const struct iommu *m, const struct request *r)
{
    if (!r->mrif || CAP(m, AMO_MRIF))
        return false;
    for (uint32_t i = 0; i < m->st.in_fifo; i++)
        if (m->st.slot[m->st.fifo[i]].state == REQUEST_MRIF)
            return true;
    return false;
}

/* The record comes first: what the write causes must not precede it in the trace. */
static void announce(struct iommu *m, struct request *r)
{
    if (r->announced)
        return;
    if (is_msi(r))
        iommu_emit(m, VD_REC_msi_translate, r->txn.serial, r->iova, r->spa, m->config.index);
    iommu_emit_qos(m, &r->txn);
    r->announced = true;
}

/* For the switches fence_ignores_io and fence_ignores_notices: when the last write that a fence is
 * still about will be over. */
static void note_write(struct iommu *m, const struct request *r)
{
    bool ignored = m->config.fence_ignores_io && is_msi(r);
    if (iommu_fence_is_partial(m) && !ignored && r->txn.cmd != VD_READ)
        m->st.cq.writes_drained = iommu_now(m) + m->host.ops->drain(m->host.ctx);
}

/* The request itself goes on, with another address; respond() gives it back its own. */
static void forward(struct iommu *m, struct request *r)
{
    r->txn.addr = r->spa;
    r->txn.tag = TAG_REQUEST + index_of(m, r);
    r->txn.at = VD_AT_UNTRANSLATED;
    r->txn.delay = 0;
    iommu_context_qos(m, r, &r->txn);
    become(m, r, REQUEST_OUT);
    announce(m, r);
    enum vd_status status = m->host.ops->submit(m->host.ctx, &r->txn);
    note_write(m, r);
    if (status == VD_RETRY) {
        become(m, r, REQUEST_HIT);
        iommu_after(m, timer_of(m, r), r->txn.delay ? r->txn.delay : m->config.cycle_ps);
    } else if (status != VD_PENDING || (r->txn.attrs & VD_POSTED)) {
        respond(m, r, status, r->txn.data, r->txn.size);
    }
}

static void unsupported_mrif_access(struct iommu *m, struct request *r)
{
    if (is_msi(r))
        iommu_emit(m, VD_REC_msi_drop, r->txn.serial, VD_DROP_size, m->config.index, r->txn.addr);
    respond_status(m, r, VD_UNSUPPORTED, 0);
}

static void discarded_mrif_write(struct iommu *m, struct request *r)
{
    if (is_msi(r))
        iommu_emit(m, VD_REC_msi_drop, r->txn.serial, VD_DROP_mrif_discard, m->config.index,
                   r->txn.data[0] & UINT32_MAX);
    respond_status(m, r, VD_OK, 0);
}

static void mrif_progress(struct iommu *m, struct request *r)
{
    r->cursor = 0;
    if (!iommu_mrif_store(m, r)) {
        if (r->cause)
            faulted(m, r);
        return;
    }
    become(m, r, REQUEST_NOTICE);
    iommu_after(m, timer_of(m, r), iommu_cycles(m, m->config.timing.notice));
}

static void notice(struct iommu *m, struct request *r)
{
    vd_time retry;
    if (r->notify && iommu_mrif_notice(m, r, &retry) == VD_RETRY)
        iommu_after(m, timer_of(m, r), retry);
    else
        respond_status(m, r, VD_OK, 0);
}

/* [aia IOMMU-MSIPTE-MRIF]: "handled by the IOMMU instead of being passed through". */
static void leave_to_mrif(struct iommu *m, struct request *r)
{
    uint32_t identity;
    switch (iommu_mrif_classify(m, r, &identity)) {
    case MRIF_UNSUPPORTED:
        unsupported_mrif_access(m, r);
        break;
    case MRIF_READ:
        respond_status(m, r, VD_OK, 0);
        break;
    case MRIF_DISCARD:
        discarded_mrif_write(m, r);
        break;
    case MRIF_STORE:
        become(m, r, REQUEST_MRIF);
        iommu_checkpoint(r, PHASE_DONE);
        mrif_progress(m, r);
        break;
    }
}

static void leave(struct iommu *m, struct request *r)
{
    if (r->kind == KIND_TRANSLATION_REQUEST)
        respond_status(m, r, VD_OK, iommu_ats_response(m, r));
    else if (r->mrif)
        leave_to_mrif(m, r);
    else
        forward(m, r);
}

/* Without a latency it is ready at once; the pump that is running sends it. */
static void wait_to_leave(struct iommu *m, struct request *r)
{
    vd_time hit = iommu_cycles(m, m->config.timing.hit);
    become(m, r, hit ? REQUEST_HIT : REQUEST_ORDERED);
    if (hit)
        iommu_after(m, timer_of(m, r), hit);
}

static void translated(struct iommu *m, struct request *r)
{
    iommu_hpm_commit(m, r);
    if (r->kind == KIND_DEBUG) {
        iommu_debug_finish(m, r);
        release(m, r);
    } else if (r->kind == KIND_PAGE_REQUEST) {
        iommu_page_request(m, r);
        release(m, r);
    } else {
        wait_to_leave(m, r);
    }
}

void iommu_request_run(struct iommu *m, struct request *r)
{
    r->cursor = 0;
    if (iommu_translate(m, r))
        translated(m, r);
    else if (r->cause)
        faulted(m, r);
}

static bool may_leave(const struct iommu *m, const struct request *r)
{
    return !must_wait(m, r) && !mrif_occupied(m, r);
}

/* All that could leave has left, so that only this request may be next. */
static void start(struct iommu *m, struct request *r)
{
    become(m, r, REQUEST_WALKING);
    if (m->config.timing.request_interval)
        m->st.next_start = iommu_now(m) + iommu_cycles(m, m->config.timing.request_interval);
    iommu_request_run(m, r);
    if (r->state == REQUEST_ORDERED && may_leave(m, r))
        leave(m, r);
}

static struct request *oldest(struct iommu *m, enum request_state state)
{
    if (!m->st.in_state[state])
        return NULL;
    for (uint32_t i = 0; i < m->st.in_fifo; i++) {
        struct request *r = &m->st.slot[m->st.fifo[i]];
        if (r->state == state && (state != REQUEST_ORDERED || may_leave(m, r)))
            return r;
    }
    return NULL;
}

static bool start_next(struct iommu *m)
{
    if (translating(m) >= m->config.outstanding)
        return false;
    struct request *r = oldest(m, REQUEST_QUEUED);
    if (!r)
        return false;
    if (m->config.timing.request_interval) {
        vd_time now = iommu_now(m);
        if (now < m->st.next_start) {
            iommu_after(m, TIMER_PUMP, m->st.next_start - now);
            return false;
        }
    }
    start(m, r);
    return true;
}

static bool leave_next(struct iommu *m)
{
    struct request *r = oldest(m, REQUEST_ORDERED);
    if (!r)
        return false;
    leave(m, r);
    return true;
}

/* Lets everything happen that can happen now.  Requests sent from within a response or a step wait
 * for the outermost call. */
void iommu_pump(struct iommu *m)
{
    if (m->pumping) {
        m->pump_again = true;
        return;
    }
    m->pumping = true;
    do {
        m->pump_again = false;
        while (leave_next(m) || start_next(m))
            ;
    } while (m->pump_again);
    m->pumping = false;
    if (m->st.cq.phase != ENGINE_IDLE || GET(m->st.reg[REG_ddtp], ddtp_busy))
        iommu_fence_progress(m);
    if (GET(m->st.reg[REG_tr_req_ctl], tr_req_ctl_Go))
        iommu_debug_start(m); /* it may have waited for a slot */
}

void iommu_request_timer(struct iommu *m, struct request *r)
{
    switch (r->state) {
    case REQUEST_WALKING:
    case REQUEST_MRIF:
        iommu_step_timer(m, r);
        if (!r->busy && r->state == REQUEST_MRIF)
            mrif_progress(m, r);
        else if (!r->busy)
            iommu_request_run(m, r);
        break;
    case REQUEST_HIT:
        become(m, r, REQUEST_ORDERED);
        break;
    case REQUEST_NOTICE:
        notice(m, r);
        break;
    case REQUEST_FAULT:
        fault_recorded(m, r);
        break;
    case REQUEST_RESPOND:
        fault_response(m, r);
        break;
    default:
        break;
    }
    iommu_pump(m);
}

void iommu_request_complete(struct iommu *m, struct request *r, const struct vd_txn *txn)
{
    if (r->state == REQUEST_OUT) {
        respond(m, r, (enum vd_status)txn->status, txn->data, r->txn.size);
    } else if (r->busy && r->sent) {
        iommu_step_complete(m, r, txn);
        if (!r->busy && r->state == REQUEST_MRIF)
            mrif_progress(m, r);
        else if (!r->busy)
            iommu_request_run(m, r);
    }
    iommu_pump(m);
}

static bool skipped(const struct request *r, unsigned skip)
{
    if ((skip & SKIP_MSIS) && is_msi(r) && r->state != REQUEST_WALKING)
        return true;
    switch (r->state) {
    case REQUEST_QUEUED:
        return true;
    case REQUEST_OUT:
        return (skip & SKIP_READS) || r->txn.cmd != VD_READ;
    case REQUEST_MRIF:
        return skip & SKIP_MRIF_STORES;
    case REQUEST_NOTICE:
        return skip & (SKIP_MRIF_STORES | SKIP_NOTICES);
    default:
        return false;
    }
}

bool iommu_requests_before(const struct iommu *m, uint64_t seq, unsigned skip)
{
    for (uint32_t i = 0; i < m->st.in_fifo; i++) {
        const struct request *r = &m->st.slot[m->st.fifo[i]];
        if (r->seq < seq && !skipped(r, skip))
            return true;
    }
    return false;
}

static bool room(const struct iommu *m)
{
    return m->st.in_fifo < SLOTS && m->st.in_fifo + m->st.faults_count < FAULTS - VECTORS;
}

static enum access access_of(const struct vd_txn *txn)
{
    if (txn->at == VD_AT_TRANSLATION_REQUEST)
        return (txn->attrs & VD_EXEC) ? ACCESS_EXEC : ACCESS_READ;
    if (txn->cmd != VD_READ)
        return ACCESS_WRITE;
    return (txn->attrs & VD_EXEC) ? ACCESS_EXEC : ACCESS_READ;
}

enum vd_status iommu_submit(struct iommu *m, const struct vd_txn *txn)
{
    if (!room(m))
        return VD_RETRY;
    struct request *r = iommu_slot_take(m);
    r->txn = *txn;
    r->iova = txn->addr;
    r->tag = txn->tag;
    r->kind = txn->at;
    r->access = (uint8_t)access_of(txn);
    if (txn->serial)
        iommu_emit(m, VD_REC_msi_accept, txn->serial, txn->requester, txn->addr, m->config.index);
    iommu_pump(m);
    return VD_PENDING;
}
