/* SPDX-License-Identifier: BSD-2-Clause */
/* The log of a request.  A phase runs from its start again and again; a step that is in the log is
 * answered from it, the first that is not is performed, each in its own time.  So a phase is plain
 * sequential code, and what it has seen cannot change under it. */
#include "iommu/model.h"

#include <string.h>

static const struct {
    uint16_t access, corrupt;
} errors[TABLES] = {
    [TABLE_DDT] = {CAUSE_ddt_access_fault, CAUSE_ddt_corruption},
    [TABLE_PDT] = {CAUSE_pdt_access_fault, CAUSE_pdt_corruption},
    [TABLE_FIRST] = {0, CAUSE_pt_corruption}, /* 0: by the original access */
    [TABLE_SECOND] = {0, CAUSE_pt_corruption},
    [TABLE_MSI] = {CAUSE_msi_access_fault, CAUSE_msi_corruption},
    [TABLE_MRIF] = {CAUSE_mrif_access_fault, CAUSE_mrif_corruption},
};

static const uint16_t access_faults[] = {
    [ACCESS_READ] = CAUSE_read_access_fault,
    [ACCESS_WRITE] = CAUSE_write_access_fault,
    [ACCESS_EXEC] = CAUSE_instruction_access_fault,
};

bool iommu_fault(struct request *r, enum cause cause)
{
    r->cause = (uint16_t)cause;
    return false;
}

static uint32_t timer_of(const struct iommu *m, const struct request *r)
{
    return TIMER_REQUEST + (uint32_t)(r - m->st.slot);
}

/* The step outlives this call: it is kept in the request. */
static void keep(struct request *r, const struct step *step, bool sent)
{
    if (step != &r->pending)
        r->pending = *step;
    r->busy = true;
    r->sent = sent;
    r->done = false;
}

/* True if the step is over; else its answer is in the log already, but not yet to be seen. */
static bool land(struct iommu *m, struct request *r, const struct step *s, const struct vd_txn *txn)
{
    r->log[r->logged] = (struct logged){txn->data[0], txn->status};
    if (s->size > 8)
        memcpy(r->wide, txn->data, s->size);
    if (s->trail && m->config.cycle_ps) {
        keep(r, s, true);
        r->done = true;
        iommu_after(m, timer_of(m, r), iommu_cycles(m, s->trail));
        return false;
    }
    r->busy = false;
    r->logged++;
    return true;
}

/* A posted store into an MRIF stands for the device's write: nothing of the IOMMU's own waits
 * behind it. */
static uint32_t requester_of(const struct iommu *m, const struct request *r, const struct step *s)
{
    bool posted = m->config.mrif_posted && s->table == TABLE_MRIF;
    return posted ? r->txn.requester : VD_REQUESTER_IOMMU(m->config.index);
}

static bool send(struct iommu *m, struct request *r, const struct step *s)
{
    struct vd_txn txn;
    iommu_txn(&txn, (enum vd_cmd)s->cmd, s->spa, s->size);
    txn.data[0] = s->data[0];
    txn.data[1] = s->data[1];
    txn.requester = requester_of(m, r, s);
    enum vd_status status = iommu_bus_for(m, r, &txn);
    if (status == VD_RETRY) {
        keep(r, s, false);
        iommu_after(m, timer_of(m, r), txn.delay ? txn.delay : m->config.cycle_ps);
        return false;
    }
    uint64_t kind = s->reads | (s->cmd == VD_READ ? 0u : STEP_WRITES);
    iommu_emit(m, VD_REC_iommu_access, r->txn.serial, s->spa, kind, r->seq);
    if (status == VD_PENDING) {
        keep(r, s, true);
        return false;
    }
    txn.status = (uint8_t)status;
    return land(m, r, s, &txn);
}

/* What a debugger sees.  Swaps are not done: they succeed. */
static bool look(struct iommu *m, struct request *r, const struct step *s)
{
    struct vd_txn txn;
    iommu_txn(&txn, VD_READ, s->spa, s->size);
    txn.requester = VD_REQUESTER_IOMMU(m->config.index);
    txn.attrs = VD_DEBUG;
    enum vd_status status = m->host.ops->access(m->host.ctx, &txn);
    uint64_t value = s->cmd == VD_CAS ? s->data[1] : txn.data[0];
    r->log[r->logged++] = (struct logged){value, (uint8_t)status};
    if (s->size > 8)
        memcpy(r->wide, txn.data, s->size);
    return true;
}

static bool begin(struct iommu *m, struct request *r, const struct step *step)
{
    if (r->oracle)
        return look(m, r, step);
    if (!step->lead || !m->config.cycle_ps)
        return send(m, r, step);
    keep(r, step, false);
    iommu_after(m, timer_of(m, r), iommu_cycles(m, step->lead));
    return false;
}

void iommu_step_timer(struct iommu *m, struct request *r)
{
    if (r->done) {
        r->busy = false;
        r->logged++;
    } else {
        send(m, r, &r->pending);
    }
}

void iommu_step_complete(struct iommu *m, struct request *r, const struct vd_txn *txn)
{
    land(m, r, &r->pending, txn);
}

static bool step_fault(struct request *r, unsigned table, enum vd_status status)
{
    if (status == VD_POISON)
        return iommu_fault(r, errors[table].corrupt);
    uint16_t cause = errors[table].access;
    return iommu_fault(r, cause ? cause : access_faults[r->access]);
}

bool iommu_access_step(struct iommu *m, struct request *r, const struct step *step, uint64_t *old)
{
    if (step->spa & ~m->pas_mask)
        return step_fault(r, step->table, VD_UNMAPPED);
    if (r->cursor == LOG_STEPS)
        return iommu_fault(r, CAUSE_internal_error);
    if (iommu_step_is_new(r) && !begin(m, r, step))
        return false;
    const struct logged *answer = &r->log[r->cursor++];
    if (answer->status != VD_OK)
        return step_fault(r, step->table, answer->status);
    *old = answer->value;
    return true;
}

bool iommu_remember(struct request *r, uint64_t *said)
{
    if (r->cursor == LOG_STEPS)
        return false;
    if (iommu_step_is_new(r))
        r->log[r->logged++] = (struct logged){*said, VD_OK};
    *said = r->log[r->cursor++].value;
    return true;
}

uint64_t iommu_swap(uint64_t value, bool big)
{
    return big ? __builtin_bswap64(value) : value;
}

/* What the first read of a page table, or of an MSI page table alone, costs on top. */
static uint32_t start_cycles(const struct iommu *m, struct request *r, enum table reads)
{
    if (r->walked || reads == TABLE_DDT || reads == TABLE_PDT || reads == TABLE_MRIF)
        return 0;
    return reads == TABLE_MSI ? m->config.timing.msi_start : m->config.timing.walk_start;
}

static void count_read(struct request *r, enum table reads)
{
    r->counts[reads]++;
    if (reads == TABLE_FIRST || reads == TABLE_SECOND || reads == TABLE_MSI)
        r->walked = true;
}

bool iommu_read(struct iommu *m, struct request *r, enum table table, enum table reads,
                uint64_t spa, bool big, unsigned size, uint64_t *value)
{
    struct step s = {.spa = spa, .cmd = VD_READ, .size = (uint8_t)size, .table = (uint8_t)table};
    s.reads = (uint8_t)reads;
    if (iommu_step_is_new(r)) {
        s.lead = start_cycles(m, r, reads) + m->config.timing.step;
        count_read(r, reads);
    }
    if (!iommu_access_step(m, r, &s, value))
        return false;
    *value = size == 4 ? (big ? __builtin_bswap32((uint32_t)*value) : (uint32_t)*value)
                       : iommu_swap(*value, big);
    return true;
}

static uint32_t beats(const struct iommu *m, enum table table)
{
    const struct iommu_timing *t = &m->config.timing;
    return table == TABLE_DDT ? t->context_beats : table == TABLE_PDT ? t->process_beats : 0;
}

bool iommu_read_wide(struct iommu *m, struct request *r, enum table table, uint64_t spa, bool big,
                     unsigned size, uint64_t *words)
{
    struct step s = {.spa = spa, .cmd = VD_READ, .size = (uint8_t)size, .table = (uint8_t)table};
    uint64_t unused;
    s.reads = (uint8_t)table;
    s.trail = beats(m, table);
    if (iommu_step_is_new(r)) {
        s.lead = table == TABLE_MSI ? start_cycles(m, r, table) + m->config.timing.step : 0;
        count_read(r, table);
    }
    if (!iommu_access_step(m, r, &s, &unused))
        return false;
    for (unsigned i = 0; i < size / 8; i++)
        words[i] = iommu_swap(r->wide[i], big);
    return true;
}

static uint64_t in_memory(const struct pte_swap *swap, uint64_t pte)
{
    if (swap->size == 4)
        return swap->big ? __builtin_bswap32((uint32_t)pte) : (uint32_t)pte;
    return iommu_swap(pte, swap->big);
}

bool iommu_swap_pte(struct iommu *m, struct request *r, const struct pte_swap *swap, bool *matched)
{
    struct step s = {
        .spa = swap->spa,
        .cmd = VD_CAS,
        .size = swap->size,
        .table = swap->table,
        .reads = swap->table,
        .lead = m->config.timing.step,
        .data = {in_memory(swap, swap->desired), in_memory(swap, swap->expected)},
    };
    uint64_t old;
    if (!iommu_access_step(m, r, &s, &old))
        return false;
    *matched = (swap->size == 4 ? (uint32_t)old : old) == s.data[1];
    return true;
}
