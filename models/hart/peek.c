/* SPDX-License-Identifier: BSD-2-Clause */
/* What a debugger asks about what a hart is doing, without a trace of the question. */
#include <string.h>

#include "hart/cfi.h"
#include "hart/csr.h"
#include "hart/exec.h"
#include "hart/interrupt.h"
#include "hart/translate.h"

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

/* One stage: satp's, vsatp's or, with a root that is four times as wide, hgatp's.  Its tables are
 * behind the stage `outer`, which is 0 if there is none. */
static bool walk(struct hart *h, uint64_t root, unsigned wider, uint64_t outer, uint64_t *address)
{
    uint64_t va = *address, table = vd_get(root, 0, 44) << 12;
    if (!(root >> 60))
        return true;
    for (unsigned level = (unsigned)(root >> 60) - 5; level-- > 0; wider = 0) {
        unsigned shift = 12 + 9 * level;
        uint64_t at = table + 8 * vd_get(va, shift, 9 + wider), pte;
        if (!walk(h, outer, 2, 0, &at) || !read_memory(h, at, 8, &pte) || !(pte & PTE_V))
            return false;
        table = vd_get(pte, 10, 44) << 12;
        if (pte & (PTE_R | PTE_W | PTE_X)) {
            unsigned same = pte >> 63 ? 16 : shift; /* [priv ptenapot] */
            *address = (table & ~vd_mask(0, same)) | (va & vd_mask(0, same));
            return true;
        }
    }
    return false;
}

bool hart_peek_address(struct hart *h, uint64_t va, uint64_t *spa)
{
    const struct hart_csrs *csr = &h->st.csr;
    *spa = va;
    if (h->st.priv == PRV_M)
        return true;
    if (!h->st.virt)
        return walk(h, csr->satp, 0, 0, spa);
    return walk(h, csr->vsatp, 0, csr->hgatp, spa) && walk(h, csr->hgatp, 2, 0, spa);
}

static bool read_parcel(struct hart *h, uint64_t va, uint64_t *parcel)
{
    uint64_t spa;
    return hart_peek_address(h, va, &spa) && read_memory(h, spa, 2, parcel);
}

static bool read_insn(struct hart *h, uint64_t va, uint32_t *insn)
{
    uint64_t low, high = 0;
    if (!read_parcel(h, va, &low))
        return false;
    if ((low & 3) == 3 && !read_parcel(h, va + 2, &high))
        return false;
    *insn = (uint32_t)(low | high << 16);
    return true;
}

bool hart_peek_insn(struct hart *h, uint64_t va, uint32_t *insn)
{
    return !h->st.virt && read_insn(h, va, insn);
}

enum { BLOCK_BYTES = 64 };

/* By the bits that its row has in common with all of its encodings. */
static uint32_t bytes_of(enum insn_code code, enum insn_class class)
{
    uint32_t match = insn_format(code).match, width = (uint32_t)vd_get(match, 12, 3);
    if (code == INSN_cbo_zero)
        return BLOCK_BYTES;
    if (class == CLASS_HLV || class == CLASS_HSV)
        return UINT32_C(1) << vd_get(match, 26, 2);
    return UINT32_C(1) << (class == CLASS_LOAD ? width & 3 : width);
}

static bool peek_stack(const struct hart *h, bool push, struct hart_access *access)
{
    enum { ENTRY = 8 };
    *access = (struct hart_access){
        .va = h->st.csr.ssp - (push ? ENTRY : 0), .size = ENTRY, .reads = !push, .writes = push};
    return true;
}

/* What the instruction accesses, before pointer masking. */
static bool foresee(struct hart *h, struct hart_access *access, unsigned *flags)
{
    enum { FUNCT5_LR = 2, FUNCT5_SC = 3 };
    struct insn_operands insn;
    uint32_t bits;
    if (!read_insn(h, h->st.pc, &bits))
        return false;
    insn_decode(h->blocks->table, bits, &insn);
    if (insn.code == INSN_COUNT)
        return false;
    uint16_t code = cfi_code(cfi_now(h), &insn, h->st.pc);
    if (code == PSEUDO_sspush || code == PSEUDO_sspopchk)
        return peek_stack(h, code == PSEUDO_sspush, access);
    if (code == PSEUDO_no_lpad)
        return false;
    enum insn_class class = insn_class(insn.code);
    unsigned funct5 = bits >> 27;
    bool amo = class == CLASS_AMO, block = insn_format(insn.code).match % 128 == 0x0f;
    access->guest = class == CLASS_HLV || class == CLASS_HSV;
    if (access->guest)
        *flags = insn.code == INSN_hlvx_hu || insn.code == INSN_hlvx_wu ? MMU_GUEST | MMU_HLVX
                                                                        : MMU_GUEST;
    access->reads = class == CLASS_LOAD || class == CLASS_FP_LOAD || class == CLASS_HLV ||
                    (amo && funct5 != FUNCT5_SC);
    access->writes = (class == CLASS_STORE && (!block || insn.code == INSN_cbo_zero)) ||
                     class == CLASS_FP_STORE || class == CLASS_HSV || (amo && funct5 != FUNCT5_LR);
    access->va =
        h->st.x[insn.rs1] + (amo || block || access->guest ? 0 : (uint64_t)(int64_t)insn.imm);
    access->size = bytes_of(insn.code, class);
    if (block)
        access->va &= ~(uint64_t)(BLOCK_BYTES - 1);
    return access->reads || access->writes;
}

bool hart_peek_access(struct hart *h, struct hart_access *access)
{
    unsigned flags = 0;
    if (!foresee(h, access, &flags))
        return false;
    struct regime r = translate_regime(h, MMU_LOAD, flags);
    access->va = translate_mask(&r, access->va);
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
