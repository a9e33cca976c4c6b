/* SPDX-License-Identifier: BSD-2-Clause */
#include "iommu/model.h"

#include <stdlib.h>
#include <string.h>

vd_time iommu_now(const struct iommu *m)
{
    return m->host.ops->now(m->host.ctx);
}

void iommu_emit(struct iommu *m, enum vd_record_kind kind, uint64_t serial, uint64_t a, uint64_t b,
                uint64_t c)
{
    struct vd_record rec = {.serial = serial, .a = a, .b = b, .c = c, .kind = (uint16_t)kind};
    m->host.ops->trace(m->host.ctx, &rec);
}

/* The identifiers of iommu_qosid [iommu IOQOSID], for what is not done on a context's behalf. */
static void own_qos(const struct iommu *m, struct vd_txn *txn)
{
    txn->rcid = (uint16_t)GET(m->st.reg[REG_iommu_qosid], iommu_qosid_RCID);
    txn->mcid = (uint16_t)GET(m->st.reg[REG_iommu_qosid], iommu_qosid_MCID);
}

void iommu_context_qos(const struct iommu *m, const struct request *r, struct vd_txn *txn)
{
    if (!r->has_dc) {
        own_qos(m, txn);
        return;
    }
    txn->rcid = (uint16_t)GET(r->dc.ta, ta_RCID);
    txn->mcid = (uint16_t)GET(r->dc.ta, ta_MCID);
}

void iommu_record_qos(struct iommu *m, const struct vd_txn *txn)
{
    iommu_emit(m, VD_REC_iommu_qos, txn->serial, txn->addr, txn->rcid | (uint64_t)txn->mcid << 16,
               txn->requester);
}

static bool may_issue(const struct iommu *m)
{
    return !m->port.bus_master || m->port.bus_master(m->port.ctx);
}

static enum vd_status refuse(struct iommu *m, const struct vd_txn *txn)
{
    if (txn->serial)
        iommu_emit(m, VD_REC_msi_drop, txn->serial, VD_DROP_no_master, m->config.index, txn->addr);
    return VD_DENIED;
}

static enum vd_status put(struct iommu *m, struct vd_txn *txn, uint32_t tag)
{
    txn->tag = tag;
    if (!may_issue(m))
        return refuse(m, txn);
    enum vd_status status = m->host.ops->submit(m->host.ctx, txn);
    if (status != VD_RETRY)
        iommu_emit_qos(m, txn);
    return status;
}

enum vd_status iommu_bus(struct iommu *m, struct vd_txn *txn, uint32_t tag)
{
    own_qos(m, txn);
    txn->requester = VD_REQUESTER_IOMMU(m->config.index);
    return put(m, txn, tag);
}

enum vd_status iommu_bus_for(struct iommu *m, const struct request *r, struct vd_txn *txn)
{
    iommu_context_qos(m, r, txn);
    return put(m, txn, TAG_REQUEST + (uint32_t)(r - m->st.slot));
}

static void dispatch(struct iommu *m, uint32_t timer)
{
    if (timer >= TIMER_REQUEST)
        iommu_request_timer(m, &m->st.slot[timer - TIMER_REQUEST]);
    else if (timer == TIMER_PUMP)
        iommu_pump(m);
    else if (timer == TIMER_CQ)
        iommu_cq_timer(m);
    else if (timer == TIMER_FQ)
        iommu_fq_timer(m);
    else if (timer == TIMER_PQ)
        iommu_pq_timer(m);
    else if (timer == TIMER_MSI)
        iommu_msi_send(m);
    else if (timer == TIMER_ATS)
        iommu_ats_timer(m);
    else if (timer == TIMER_CYCLES)
        iommu_hpm_cycles_timer(m);
    else if (timer == TIMER_DDTP)
        iommu_ddtp_progress(m);
    else
        iommu_interrupt_timer(m, (enum source)(timer - TIMER_IRQ));
}

static void fired(void *ctx, uint32_t timer)
{
    struct iommu *m = ctx;
    m->st.timer[timer].when = VD_NEVER;
    dispatch(m, timer);
}

void iommu_after(struct iommu *m, uint32_t timer, vd_time duration)
{
    if (!duration) {
        iommu_stop(m, timer);
        dispatch(m, timer);
        return;
    }
    m->st.timer[timer].when = iommu_now(m) + duration;
    m->st.timer[timer].order = m->st.timer_order++;
    m->host.ops->post(m->host.ctx, &m->event[timer], m->st.timer[timer].when);
}

void iommu_stop(struct iommu *m, uint32_t timer)
{
    if (m->st.timer[timer].when == VD_NEVER)
        return;
    m->st.timer[timer].when = VD_NEVER;
    m->host.ops->cancel(m->host.ctx, &m->event[timer]);
}

static void stop_all(struct iommu *m)
{
    for (uint32_t i = 0; i < TIMERS; i++)
        iommu_stop(m, i);
}

void iommu_reset(struct iommu *m)
{
    stop_all(m);
    uint32_t levels = m->st.levels;
    memset(&m->st, 0, sizeof(m->st));
    for (uint32_t i = 0; i < TIMERS; i++)
        m->st.timer[i].when = VD_NEVER;
    iommu_regs_reset(m);
    iommu_caches_reset(m);
    m->st.next_seq = 1;
    m->st.in_state[REQUEST_FREE] = SLOTS;
    m->st.levels = levels;
    iommu_wires(m);
    iommu_hpm_cycles_plan(m);
}

/* Zero stands for the default wherever it is not a value of its own. */
static void fill_in(struct iommu_config *c)
{
    uint32_t count;
    const struct vd_param *params = iommu_params(&count);
    for (uint32_t i = 0; i < count; i++) {
        char *field = (char *)c + params[i].offset;
        uint32_t small;
        uint64_t wide;
        switch (params[i].type) {
        case VD_PARAM_U32:
            memcpy(&small, field, sizeof(small));
            if (small < params[i].min)
                small = (uint32_t)params[i].fallback;
            memcpy(field, &small, sizeof(small));
            break;
        case VD_PARAM_U64:
            memcpy(&wide, field, sizeof(wide));
            if (wide < params[i].min)
                wide = params[i].fallback;
            memcpy(field, &wide, sizeof(wide));
            break;
        default:
            break;
        }
    }
    if (!c->capabilities)
        c->capabilities = iommu_default_capabilities();
}

struct iommu *iommu_create(const struct iommu_config *config, const struct vd_host *host,
                           struct vd_error *err)
{
    struct iommu_config filled = *config;
    fill_in(&filled);
    if (!iommu_check(&filled, err))
        return NULL;
    struct iommu *m = calloc(1, sizeof(*m));
    if (!m) {
        vd_fail(err, "iommu: out of memory");
        return NULL;
    }
    m->config = filled;
    m->host = *host;
    m->pas_mask = vd_mask(0, (unsigned)GET(filled.capabilities, capabilities_PAS));
    for (uint32_t i = 0; i < TIMERS; i++) {
        m->event[i] = (struct vd_event){.fire = fired, .ctx = m, .arg = i};
        m->st.timer[i].when = VD_NEVER;
    }
    iommu_regs_configure(m);
    iommu_reset(m);
    return m;
}

void iommu_destroy(struct iommu *m)
{
    if (!m)
        return;
    stop_all(m);
    free(m);
}

void iommu_connect(struct iommu *m, const struct iommu_device_port *port)
{
    m->port = *port;
}

void iommu_complete(struct iommu *m, const struct vd_txn *txn)
{
    uint32_t tag = txn->tag;
    if (tag == TAG_CQ)
        iommu_cq_complete(m, txn);
    else if (tag == TAG_FQ)
        iommu_fq_complete(m, txn);
    else if (tag == TAG_PQ)
        iommu_pq_complete(m, txn);
    else if (tag >= TAG_MSI && tag < TAG_MSI + VECTORS)
        iommu_msi_complete(m, tag - TAG_MSI, txn);
    else if (tag >= TAG_REQUEST && tag < TAG_REQUEST + SLOTS)
        iommu_request_complete(m, &m->st.slot[tag - TAG_REQUEST], txn);
}

bool iommu_carries_write(const struct iommu *m, uint32_t device_id)
{
    for (uint32_t i = 0; i < m->st.in_fifo; i++) {
        const struct request *r = &m->st.slot[m->st.fifo[i]];
        if (r->txn.requester == device_id && r->txn.cmd == VD_WRITE && !r->txn.serial &&
            r->state != REQUEST_OUT)
            return true;
    }
    return false;
}

bool iommu_idle(const struct iommu *m)
{
    const struct iommu_state *st = &m->st;
    return !st->in_fifo && st->cq.phase == ENGINE_IDLE && st->fq_phase == ENGINE_IDLE &&
           st->pq_phase == ENGINE_IDLE && !st->msi_busy && !iommu_ats_outstanding(m);
}

size_t iommu_save(const struct iommu *m, void *buffer, size_t capacity)
{
    if (buffer && capacity >= sizeof(m->st))
        memcpy(buffer, &m->st, sizeof(m->st));
    return sizeof(m->st);
}

/* Events are posted again in the order in which they were posted, which decides among equals. */
static void repost(struct iommu *m)
{
    uint64_t last = 0;
    bool first = true;
    for (;;) {
        uint32_t next = TIMERS;
        for (uint32_t i = 0; i < TIMERS; i++) {
            const struct timer *t = &m->st.timer[i];
            bool later = first || t->order > last;
            if (t->when != VD_NEVER && later &&
                (next == TIMERS || t->order < m->st.timer[next].order))
                next = i;
        }
        if (next == TIMERS)
            return;
        m->host.ops->post(m->host.ctx, &m->event[next], m->st.timer[next].when);
        last = m->st.timer[next].order;
        first = false;
    }
}

bool iommu_restore(struct iommu *m, const void *buffer, size_t size)
{
    if (size != sizeof(m->st))
        return false;
    stop_all(m);
    memcpy(&m->st, buffer, size);
    repost(m);
    return true;
}
