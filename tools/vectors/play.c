/* SPDX-License-Identifier: BSD-2-Clause */
#include "play.h"

#include "viaduct/bits.h"

enum {
    CQB = 24,
    CQH = 32,
    CQT = 36,
    FQB = 40,
    FQH = 48,
    FQT = 52,
    PQH = 64,
    PQT = 68,
    CQCSR = 72,
    PQCSR = 80,
    IPSR = 84,
    TR_REQ_IOVA = 600,
    TR_REQ_CTL = 608,
    TR_RESPONSE = 616,
};
enum { CAP_DBG = 31 };
enum { FAULT_RECORD = 32 };
enum { MESSAGE_PAGE_REQUEST = 4 };
/* What a device writes: no identity, so that an MRIF discards it. */
#define NO_IDENTITY UINT64_C(0xffffffff)

static uint64_t queue_base(struct world *w, uint32_t base)
{
    return vd_get(world_register(w, base, 8), 10, 44) << 12;
}

static uint64_t queue_mask(struct world *w, uint32_t base)
{
    return vd_mask(0, (unsigned)vd_get(world_register(w, base, 8), 0, 5) + 1);
}

static void tell_fault(struct world *w, uint64_t addr)
{
    uint64_t dw0 = world_read_entry(w, addr);
    struct line *line = world_answer(w, LINE_FLT);
    line_set(line, FLT_cause, vd_get(dw0, 0, 12));
    line_set(line, FLT_ttyp, vd_get(dw0, 34, 6));
    line_set(line, FLT_did, vd_get(dw0, 40, 24));
    line_set(line, FLT_pv, vd_get(dw0, 32, 1));
    line_set(line, FLT_pid, vd_get(dw0, 12, 20));
    line_set(line, FLT_priv, vd_get(dw0, 33, 1));
    line_set(line, FLT_iotval, world_read_entry(w, addr + 16));
    line_set(line, FLT_iotval2, world_read_entry(w, addr + 24));
}

/* What software does after every question. */
static void serve(struct world *w)
{
    uint64_t head = world_register(w, FQH, 4), tail = world_register(w, FQT, 4);
    uint64_t base = queue_base(w, FQB), mask = queue_mask(w, FQB);
    for (; head != tail; head = (head + 1) & mask)
        tell_fault(w, base + 32 * head);
    world_set_register(w, FQH, 4, tail);
    uint64_t pending = world_register(w, IPSR, 4);
    if (pending) {
        line_set(world_answer(w, LINE_IPSR), IPSR_v, pending);
        world_set_register(w, IPSR, 4, pending);
    }
}

static void restart(struct world *w)
{
    world_set_register(w, CQCSR, 4, 2);
    world_set_register(w, IPSR, 4, 1);
    world_set_register(w, CQT, 4, 0);
    world_set_register(w, CQCSR, 4, 3);
    world_answer(w, LINE_CQRESTART);
}

static void drain(struct world *w)
{
    world_set_register(w, PQH, 4, world_register(w, PQT, 4));
    world_answer(w, LINE_PQDRAIN);
}

/* Software's interventions are part of the question though they stand among the answers. */
static void intervene(struct world *w, const struct record *record)
{
    for (uint32_t i = 0; i < record->num_answers; i++) {
        if (record->answers[i].kind == LINE_CQRESTART)
            restart(w);
        else if (record->answers[i].kind == LINE_PQDRAIN)
            drain(w);
    }
}

static struct vd_txn request_of(const struct line *line)
{
    static const uint8_t at[] = {
        [AT_U] = VD_AT_UNTRANSLATED, [AT_A] = VD_AT_TRANSLATION_REQUEST, [AT_T] = VD_AT_TRANSLATED};
    const uint64_t *v = line->value;
    struct vd_txn txn = {
        .addr = v[REQ_iova],
        .requester = (uint32_t)v[REQ_did],
        .process_id = (uint32_t)v[REQ_pid],
        .cmd = v[REQ_rw] == RW_W ? VD_WRITE : VD_READ,
        .at = at[v[REQ_at]],
        .size = 4,
        .data = {v[REQ_rw] == RW_W ? NO_IDENTITY : 0},
    };
    txn.attrs = (v[REQ_pv] ? VD_PROCESS_ID : 0u) | (v[REQ_priv] ? VD_PRIVILEGED : 0u) |
                (v[REQ_x] ? VD_EXEC : 0u) | (v[REQ_nw] ? VD_NO_WRITE : 0u) |
                (v[REQ_cxl] ? VD_CXL : 0u);
    return txn;
}

struct probe {
    bool mrif, pbmt;
    uint64_t mrif_address, nid, nppn;
    uint64_t pbmt_value;
};

/* The MRIF behind a page shows when identity 0 is written to it: where bit 0 is set, and the notice
 * that follows. */
static void probe_mrif(struct world *w, const struct line *line, struct probe *probe)
{
    struct vd_txn txn = request_of(line);
    world_rehearse(w);
    txn.cmd = VD_WRITE;
    txn.addr &= ~UINT64_C(0xfff);
    txn.attrs &= ~(uint32_t)VD_EXEC;
    txn.data[0] = 0;
    iommu_flush(w->iommu);
    iommu_submit(w->iommu, &txn);
    for (uint32_t i = 0; i + 1 < w->seen.num_answers; i++) {
        const struct line *store = &w->seen.answers[i], *notice = &w->seen.answers[i + 1];
        if (store->kind != LINE_MW || store->value[MW_size] == FAULT_RECORD ||
            notice->kind != LINE_MSI || w->seen.num_answers != i + 2)
            continue;
        probe->mrif = true;
        probe->mrif_address = store->value[MW_addr];
        probe->nid = notice->value[MSI_data];
        probe->nppn = notice->value[MSI_addr] >> 12;
    }
    world_forget(w);
}

/* Transactions carry no memory type; the debug interface tells the one of the same access. */
static void probe_pbmt(struct world *w, const struct line *line, struct probe *probe)
{
    const uint64_t *v = line->value;
    if (!(w->capabilities >> CAP_DBG & 1) || v[REQ_at] != AT_U)
        return;
    world_rehearse(w);
    iommu_flush(w->iommu);
    world_set_register(w, TR_REQ_IOVA, 8, v[REQ_iova] & ~UINT64_C(0xfff));
    world_set_register(w, TR_REQ_CTL, 8,
                       1 | v[REQ_priv] << 1 | v[REQ_x] << 2 | (uint64_t)(v[REQ_rw] == RW_R) << 3 |
                           v[REQ_pid] << 12 | v[REQ_pv] << 32 | v[REQ_did] << 40);
    uint64_t response = world_register(w, TR_RESPONSE, 8);
    probe->pbmt = !(response & 1);
    probe->pbmt_value = vd_get(response, 7, 2);
    world_forget(w);
}

static void tell_ats(struct line *line, const struct vd_txn *rsp)
{
    uint64_t data = rsp->data[0];
    static const struct {
        uint8_t field, bit;
    } bits[] = {{RSP_R, 0},  {RSP_W, 1}, {RSP_U, 2}, {RSP_X, 3},
                {RSP_Pr, 4}, {RSP_G, 5}, {RSP_IO, 6}};
    for (unsigned i = 0; i < sizeof(bits) / sizeof(bits[0]); i++)
        line_set(line, bits[i].field, data >> bits[i].bit & 1);
    if (!(data & 3)) /* "The translated address returned with such completions is UNSPECIFIED" */
        return;
    line_set(line, RSP_ppn, data >> 12);
    line_set(line, RSP_s, data >> 11 & 1);
    line_set(line, RSP_mrif, data >> 2 & 1);
}

static void tell_translated(struct world *w, struct line *line, bool mrif,
                            const struct probe *probe)
{
    line_set(line, RSP_mrif, mrif);
    if (w->seen.was_forwarded) {
        line_set(line, RSP_ppn, w->seen.forwarded.addr >> 12);
        line_set(line, RSP_s, 0);
    }
    if (probe->pbmt)
        line_set(line, RSP_pbmt, probe->pbmt_value);
    if (probe->mrif) {
        line_set(line, RSP_mrifaddr, probe->mrif_address);
        line_set(line, RSP_nid, probe->nid);
        line_set(line, RSP_nppn, probe->nppn);
    }
}

static void tell_response(struct world *w, struct line *line, bool ats, const struct probe *probe)
{
    static const uint8_t statuses[] = {[VD_OK] = ST_S, [VD_ABORTED] = ST_CA};
    bool good = w->seen.responded && w->seen.response.status == VD_OK;
    line_set(line, RSP_st,
             good || w->seen.response.status == VD_ABORTED ? statuses[w->seen.response.status]
                                                           : ST_UR);
    if (!good)
        return;
    line_set(line, RSP_msi, w->seen.reads[TABLE_MSI] != 0);
    if (ats)
        tell_ats(line, &w->seen.response);
    else
        tell_translated(w, line, !w->seen.was_forwarded, probe);
}

static void play_request(struct world *w, const struct line *line)
{
    struct vd_txn txn = request_of(line);
    bool ats = line->value[REQ_at] == AT_A;
    struct probe probe = {0};
    iommu_flush(w->iommu);
    iommu_submit(w->iommu, &txn);
    bool good = w->seen.responded && w->seen.response.status == VD_OK;
    if (good && !ats && !w->seen.was_forwarded)
        probe_mrif(w, line, &probe);
    else if (good && !ats)
        probe_pbmt(w, line, &probe);
    tell_response(w, world_answer(w, LINE_RSP), ats, &probe);
}

static void play_command(struct world *w, const struct line *line)
{
    uint64_t tail = world_register(w, CQT, 4);
    uint64_t addr = queue_base(w, CQB) + 16 * tail;
    world_write_entry(w, addr, line->value[CMD_lo]);
    world_write_entry(w, addr + 8, line->value[CMD_hi]);
    world_set_register(w, CQT, 4, (tail + 1) & queue_mask(w, CQB));
    world_complete(w);
    struct line *state = world_answer(w, LINE_STATE);
    line_set(state, STATE_cqh, world_register(w, CQH, 4));
    line_set(state, STATE_cqcsr, world_register(w, CQCSR, 4));
    line_set(state, STATE_ipsr, world_register(w, IPSR, 4));
}

static void play_page_request(struct world *w, const struct line *line)
{
    const uint64_t *v = line->value;
    const struct vd_txn txn = {
        .tag = MESSAGE_PAGE_REQUEST,
        .requester = (uint32_t)(v[PREQ_rid] | (v[PREQ_dsv] ? v[PREQ_dseg] << 16 : 0)),
        .process_id = (uint32_t)v[PREQ_pid],
        .attrs = (v[PREQ_pv] ? VD_PROCESS_ID : 0u) | (v[PREQ_priv] ? VD_PRIVILEGED : 0u) |
                 (v[PREQ_x] ? VD_EXEC : 0u),
        .data = {v[PREQ_payload]},
    };
    iommu_flush(w->iommu);
    iommu_message(w->iommu, &txn);
    struct line *state = world_answer(w, LINE_STATE);
    line_set(state, STATE_pqt, world_register(w, PQT, 4));
    line_set(state, STATE_pqcsr, world_register(w, PQCSR, 4));
    line_set(state, STATE_ipsr, world_register(w, IPSR, 4));
}

static void play_debug(struct world *w, const struct line *line)
{
    iommu_flush(w->iommu);
    world_set_register(w, TR_REQ_IOVA, 8, line->value[DBG_iova]);
    world_set_register(w, TR_REQ_CTL, 8, line->value[DBG_ctl]);
    line_set(world_answer(w, LINE_STATE), STATE_rsp, world_register(w, TR_RESPONSE, 8));
}

bool play_asks(const struct record *record)
{
    unsigned kind = record->head.kind;
    return kind == LINE_REQ || kind == LINE_CMD || kind == LINE_PREQ || kind == LINE_DBG;
}

static void ask(struct world *w, const struct record *record)
{
    static void (*const plays[LINE_KINDS])(struct world *, const struct line *) = {
        [LINE_REQ] = play_request,
        [LINE_CMD] = play_command,
        [LINE_PREQ] = play_page_request,
        [LINE_DBG] = play_debug,
    };
    world_listen(w);
    plays[record->head.kind](w, &record->head);
    intervene(w, record);
    serve(w);
}

bool play_record(struct world *w, const struct record *record, struct vd_error *err)
{
    const uint64_t *v = record->head.value;
    if (record->head.kind == LINE_WORLD) {
        world_close(w);
        return world_open(w, &record->head, err);
    }
    if (record->head.kind == LINE_END)
        return true;
    if (!w->iommu)
        return vd_fail(err, "%s before any WORLD", line_name(record->head.kind));
    if (record->head.kind == LINE_MEM)
        world_write(w, v[MEM_addr], v[MEM_value]);
    else if (record->head.kind == LINE_POISON)
        return world_poison(w, v[0], err);
    else if (record->head.kind == LINE_REGW)
        world_set_register(w, (uint32_t)v[REGW_off], (unsigned)v[REGW_size], v[REGW_data]);
    else
        ask(w, record);
    return true;
}
