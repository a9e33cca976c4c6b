/* SPDX-License-Identifier: BSD-2-Clause */
/* The command queue: fetch, decode, execute.  Fences are in fence.c. */
#include "iommu/model.h"

enum { ERRORS = 7 << 8 }; /* cqmf, cmd_to, cmd_ill */

/* Commands as the specification tabulates them: what may be set, per doubleword. */
struct command {
    uint8_t opcode, func3;
    uint64_t dw0, dw1;
};

static const struct command commands[] = {
#define COMMAND(name, opcode, func3, dw0, dw1, anchor)                                             \
    {opcode, func3, MASK(CMD_opcode) | MASK(CMD_func3) | (dw0), dw1},
#include "iommu/commands.def"
#undef COMMAND
};

static bool iodir_illegal(const struct iommu *m, uint64_t dw0)
{
    unsigned width = CAP(m, PD20) ? 20 : CAP(m, PD17) ? 17 : CAP(m, PD8) ? 8 : 0;
    uint64_t mode = GET(m->st.reg[REG_ddtp], ddtp_iommu_mode);
    bool process = GET(dw0, CMD_func3) == 1;
    if (process && (!GET(dw0, IODIR_DV) || GET(dw0, IODIR_PID) >> width))
        return true;
    return GET(dw0, IODIR_DV) && iommu_device_id_too_wide(m, mode, (uint32_t)GET(dw0, IODIR_DID));
}

static bool unsupported(const struct iommu *m, uint64_t dw0, uint64_t dw1)
{
    switch (GET(dw0, CMD_opcode)) {
    case OPCODE_IOTINVAL:
        return (GET(dw0, IOTINVAL_NL) && !CAP(m, NL)) || (GET(dw1, IOTINVAL_S) && !CAP(m, S));
    case OPCODE_IOFENCE:
        return GET(dw0, IOFENCE_WSI) && !GET(m->st.reg[REG_fctl], fctl_WSI);
    case OPCODE_IODIR:
        return iodir_illegal(m, dw0);
    default:
        return !CAP(m, ATS);
    }
}

bool iommu_command_illegal(const struct iommu *m, uint64_t dw0, uint64_t dw1)
{
    for (unsigned i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        const struct command *c = &commands[i];
        if (GET(dw0, CMD_opcode) == c->opcode && GET(dw0, CMD_func3) == c->func3)
            return (dw0 & ~c->dw0) || (dw1 & ~c->dw1) || unsupported(m, dw0, dw1);
    }
    return true;
}

static bool runnable(const struct iommu *m)
{
    uint64_t csr = m->st.reg[REG_cqcsr];
    return GET(csr, cqcsr_cqen) && GET(csr, cqcsr_cqon) && !(csr & ERRORS) &&
           m->st.reg[REG_cqh] != m->st.reg[REG_cqt];
}

static void turned_off(struct iommu *m)
{
    uint64_t *csr = &m->st.reg[REG_cqcsr];
    if (!GET(*csr, cqcsr_cqen))
        *csr &= ~(MASK(cqcsr_cqon) | MASK(cqcsr_busy));
}

static bool rest(struct iommu *m)
{
    m->st.cq.phase = ENGINE_IDLE;
    turned_off(m);
    return false;
}

/* True if the engine can go on at once. */
static bool wait(struct iommu *m, uint32_t cycles)
{
    if (cycles)
        iommu_after(m, TIMER_CQ, iommu_cycles(m, cycles));
    return !cycles || !m->config.cycle_ps;
}

static bool again_later(struct iommu *m, const struct vd_txn *txn)
{
    iommu_after(m, TIMER_CQ, txn->delay ? txn->delay : m->config.cycle_ps);
    return false;
}

/* Stops at cqh until software clears the bit; then the command is fetched again. */
static bool error(struct iommu *m, uint64_t bit)
{
    m->st.reg[REG_cqcsr] |= bit;
    rest(m);
    iommu_interrupt(m, SOURCE_CQ);
    return false;
}

static bool next_command(struct iommu *m)
{
    m->st.reg[REG_cqh] = iommu_queue_next(m, REG_cqb, m->st.reg[REG_cqh]);
    if (!runnable(m))
        return rest(m);
    m->st.cq.phase = ENGINE_START;
    return wait(m, m->config.timing.command);
}

static void execute(struct iommu *m, const uint64_t dw[2])
{
    bool second = GET(dw[0], CMD_func3);
    iommu_emit(m, VD_REC_iommu_command, 0, dw[0], dw[1], m->st.reg[REG_cqh]);
    if (GET(dw[0], CMD_opcode) == OPCODE_IOTINVAL)
        (second ? iommu_invalidate_gvma : iommu_invalidate_vma)(m, dw[0], dw[1]);
    else
        (second ? iommu_invalidate_pdt : iommu_invalidate_ddt)(m, dw[0]);
}

/* Switch commands_out_of_order: what is between two fences is executed last first. */
static void flush_window(struct iommu *m)
{
    struct command_queue *cq = &m->st.cq;
    while (cq->in_window)
        execute(m, cq->window[--cq->in_window]);
}

static void invalidate(struct iommu *m)
{
    struct command_queue *cq = &m->st.cq;
    if (!m->config.commands_out_of_order) {
        execute(m, cq->dw);
        return;
    }
    if (cq->in_window == WINDOW)
        flush_window(m);
    cq->window[cq->in_window][0] = cq->dw[0];
    cq->window[cq->in_window++][1] = cq->dw[1];
}

static bool decoded(struct iommu *m)
{
    struct command_queue *cq = &m->st.cq;
    if (iommu_command_illegal(m, cq->dw[0], cq->dw[1]))
        return error(m, MASK(cqcsr_cmd_ill));
    switch (GET(cq->dw[0], CMD_opcode)) {
    case OPCODE_IOFENCE:
        flush_window(m);
        cq->fence_seq = m->st.next_seq;
        cq->phase = ENGINE_FENCE;
        return true;
    case OPCODE_ATS:
        cq->phase = ENGINE_STALL;
        return true;
    default:
        invalidate(m);
        return next_command(m);
    }
}

static bool ats_command(struct iommu *m)
{
    const struct command_queue *cq = &m->st.cq;
    if (GET(cq->dw[0], CMD_func3) == 0 && !iommu_ats_invalidate(m, cq->dw[0], cq->dw[1]))
        return false;
    iommu_emit(m, VD_REC_iommu_command, 0, cq->dw[0], cq->dw[1], m->st.reg[REG_cqh]);
    if (GET(cq->dw[0], CMD_func3) == 1)
        iommu_ats_group_response(m, cq->dw[0], cq->dw[1]);
    return next_command(m);
}

static bool fetched(struct iommu *m, const struct vd_txn *txn)
{
    bool big = GET(m->st.reg[REG_fctl], fctl_BE);
    if (txn->status != VD_OK)
        return error(m, MASK(cqcsr_cqmf));
    m->st.cq.dw[0] = iommu_swap(txn->data[0], big);
    m->st.cq.dw[1] = iommu_swap(txn->data[1], big);
    return decoded(m);
}

static bool fetch(struct iommu *m)
{
    if (!runnable(m))
        return rest(m);
    struct vd_txn txn = {
        .addr = iommu_queue_entry(m, REG_cqb, m->st.reg[REG_cqh], 16), .cmd = VD_READ, .size = 16};
    m->st.cq.phase = ENGINE_FETCH;
    enum vd_status status = iommu_bus(m, &txn, TAG_CQ);
    if (status == VD_PENDING)
        return false;
    if (status == VD_RETRY) {
        m->st.cq.phase = ENGINE_START;
        return again_later(m, &txn);
    }
    txn.status = (uint8_t)status;
    return fetched(m, &txn);
}

/* [iommu CSR] fence_w_ip is set by the wire-signalled fence and does not stop the queue. */
static bool fence_done(struct iommu *m)
{
    const struct command_queue *cq = &m->st.cq;
    iommu_emit(m, VD_REC_iommu_command, 0, cq->dw[0], cq->dw[1], m->st.reg[REG_cqh]);
    if (GET(cq->dw[0], IOFENCE_WSI)) {
        m->st.reg[REG_cqcsr] |= MASK(cqcsr_fence_w_ip);
        iommu_interrupt(m, SOURCE_CQ);
    }
    return next_command(m);
}

static bool fence_written(struct iommu *m, const struct vd_txn *txn)
{
    return txn->status == VD_OK ? fence_done(m) : error(m, MASK(cqcsr_cqmf));
}

static bool fence_write(struct iommu *m)
{
    const uint64_t *dw = m->st.cq.dw;
    uint32_t data = (uint32_t)GET(dw[0], IOFENCE_DATA);
    if (!GET(dw[0], IOFENCE_AV))
        return fence_done(m);
    if (GET(m->st.reg[REG_fctl], fctl_BE))
        data = __builtin_bswap32(data);
    struct vd_txn txn = {
        .addr = GET(dw[1], IOFENCE_ADDR) << 2, .cmd = VD_WRITE, .size = 4, .data = {data}};
    m->st.cq.phase = ENGINE_WRITE;
    enum vd_status status = iommu_bus(m, &txn, TAG_CQ);
    if (status == VD_PENDING)
        return false;
    if (status == VD_RETRY) {
        m->st.cq.phase = ENGINE_DRAIN;
        return again_later(m, &txn);
    }
    txn.status = (uint8_t)status;
    return fence_written(m, &txn);
}

static bool fence(struct iommu *m)
{
    if (iommu_fence_waits(m))
        return false;
    if (m->st.ats_timed_out) {
        m->st.ats_timed_out = false;
        return error(m, MASK(cqcsr_cmd_to));
    }
    m->st.cq.phase = ENGINE_DRAIN;
    vd_time duration = iommu_fence_drains(m);
    if (duration)
        iommu_after(m, TIMER_CQ, duration);
    return !duration;
}

/* One move; false if the engine waits for a timer, the bus, a request or software. */
static bool advance(struct iommu *m)
{
    switch (m->st.cq.phase) {
    case ENGINE_IDLE:
        if (!runnable(m))
            return rest(m);
        m->st.cq.phase = ENGINE_START;
        return wait(m, m->config.timing.command_start);
    case ENGINE_START:
        return fetch(m);
    case ENGINE_FENCE:
        return fence(m);
    case ENGINE_DRAIN:
        return fence_write(m);
    case ENGINE_STALL:
        return ats_command(m);
    default:
        return false;
    }
}

static void run(struct iommu *m)
{
    if (m->cq_running)
        return;
    m->cq_running = true;
    while (advance(m))
        ;
    m->cq_running = false;
}

void iommu_cq_doorbell(struct iommu *m)
{
    if (m->st.cq.phase == ENGINE_IDLE)
        run(m);
}

void iommu_cq_timer(struct iommu *m)
{
    run(m);
}

void iommu_cq_complete(struct iommu *m, const struct vd_txn *txn)
{
    bool write = m->st.cq.phase == ENGINE_WRITE;
    if (!write && m->st.cq.phase != ENGINE_FETCH)
        return;
    if (write ? fence_written(m, txn) : fetched(m, txn))
        run(m);
}

void iommu_fence_progress(struct iommu *m)
{
    if (m->st.cq.phase == ENGINE_FENCE || m->st.cq.phase == ENGINE_STALL)
        run(m);
    if (GET(m->st.reg[REG_ddtp], ddtp_busy))
        iommu_ddtp_progress(m);
}

/* cqcsr has been written. */
void iommu_cq_written(struct iommu *m, uint64_t old)
{
    uint64_t *csr = &m->st.reg[REG_cqcsr];
    bool was = GET(old, cqcsr_cqen), is = GET(*csr, cqcsr_cqen);
    if (GET(old, cqcsr_busy)) /* CHOICE: cqen keeps its value while busy. */
        *csr = SET(*csr, cqcsr_cqen, was);
    else if (is && !was) {
        m->st.reg[REG_cqh] = 0;
        *csr &= ~((uint64_t)ERRORS | MASK(cqcsr_fence_w_ip));
        *csr |= MASK(cqcsr_cqon);
        m->st.cq.in_window = 0;
    } else if (!is && was) {
        if (m->st.cq.phase == ENGINE_IDLE)
            turned_off(m);
        else
            *csr |= MASK(cqcsr_busy);
    }
    iommu_interrupt_levels(m);
    iommu_cq_doorbell(m);
}
