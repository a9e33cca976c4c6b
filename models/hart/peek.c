/* SPDX-License-Identifier: BSD-2-Clause */
/* What a debugger asks about what a hart is doing, without a trace of the question. */
#include <string.h>

#include "hart/csr.h"
#include "hart/exec.h"
#include "hart/interrupt.h"
#include "hart/tlb.h"

static bool read_memory(struct hart *h, uint64_t spa, uint8_t size, uint64_t *value)
{
    struct vd_txn txn = {.addr = spa,
                         .requester = VD_REQUESTER_HART(h->cfg.index),
                         .attrs = VD_DEBUG,
                         .cmd = VD_READ,
                         .size = size};
    bool ok = h->host.ops->access(h->host.ctx, &txn) == VD_OK;
    *value = txn.data[0];
    return ok;
}

static bool walk(struct hart *h, uint64_t va, uint64_t *spa)
{
    uint64_t satp = h->st.csr.satp;
    uint64_t table = vd_get(satp, 0, 44) << 12;
    for (unsigned level = (unsigned)(satp >> 60) - 5; level-- > 0;) {
        unsigned shift = 12 + 9 * level;
        uint64_t pte;
        if (!read_memory(h, table + 8 * vd_get(va, shift, 9), 8, &pte) || !(pte & PTE_V))
            return false;
        table = vd_get(pte, 10, 44) << 12;
        if (pte & (PTE_R | PTE_X)) {
            *spa = (table & ~vd_mask(0, shift)) | (va & vd_mask(0, shift));
            return true;
        }
    }
    return false;
}

static bool read_parcel(struct hart *h, uint64_t va, uint64_t *parcel)
{
    uint64_t spa = va;
    bool paged = h->st.priv != PRV_M && h->st.csr.satp >> 60;
    return (!paged || walk(h, va, &spa)) && read_memory(h, spa, 2, parcel);
}

bool hart_peek_insn(struct hart *h, uint64_t va, uint32_t *insn)
{
    uint64_t low, high = 0;
    if (h->st.virt || !read_parcel(h, va, &low))
        return false;
    if ((low & 3) == 3 && !read_parcel(h, va + 2, &high))
        return false;
    *insn = (uint32_t)(low | high << 16);
    return true;
}

bool hart_peek_load(struct hart *h, uint64_t *va)
{
    struct insn_operands insn;
    uint32_t bits;
    if (!hart_peek_insn(h, h->st.pc, &bits))
        return false;
    insn_decode(h->blocks->table, bits, &insn);
    if (insn.code == INSN_COUNT)
        return false;
    enum insn_class class = insn_class(insn.code);
    if (class != CLASS_LOAD && class != CLASS_FP_LOAD && class != CLASS_AMO)
        return false;
    *va = h->st.x[insn.rs1] + (class == CLASS_AMO ? 0 : (uint64_t)(int64_t)insn.imm);
    return true;
}

size_t hart_place(const struct hart *h, void *buffer, size_t capacity)
{
    struct hart_state *st = buffer;
    if (capacity < sizeof(*st))
        return sizeof(*st);
    memcpy(st, &h->st, sizeof(*st));
    st->x[0] = 0;
    st->cycles = st->instret = st->unsettled = st->stepped = 0;
    st->traps = st->interrupts = st->returns = 0;
    st->paused = false;
    st->paused_op = 0;
    st->paused_start = st->paused_pc = 0;
    memset(&st->repetition, 0, sizeof(st->repetition));
    memset(st->events, 0, sizeof(st->events));
    memset(st->csr.counter, 0, sizeof(st->csr.counter));
    memset(st->csr.counted, 0, sizeof(st->csr.counted));
    return sizeof(*st);
}

/* [priv norm:mstatus_xie_intr_en_dis]: a level's enable bit holds in its own mode alone. */
uint64_t hart_interruptible(const struct hart *h)
{
    const struct hart_csrs *csr = &h->st.csr;
    uint64_t machine = csr->mie & ~interrupt_mideleg(h);
    uint64_t supervisor = interrupt_sie(h) | interrupt_hie(h);
    if (h->st.asleep || h->st.virt || h->st.priv == PRV_U)
        return csr->mie | csr->sie_own | csr->vsie_own;
    if (h->st.priv == PRV_M)
        return csr->mstatus & MSTATUS_MIE ? machine : 0;
    return machine | (csr->mstatus & MSTATUS_SIE ? supervisor : 0);
}

bool hart_reserves(const struct hart *h)
{
    return h->st.reservation_valid;
}

uint32_t hart_num_timers(const struct hart *h)
{
    return (h->timer.slot ? 1u : 0u) + (h->vtimer.slot ? 1u : 0u);
}
