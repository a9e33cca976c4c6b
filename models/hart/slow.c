/* SPDX-License-Identifier: BSD-2-Clause */
/* Instructions that leave the run loop: whatever the world or another part of the hart may see. */
#include <assert.h>

#include "hart/cause.h"
#include "hart/cfi.h"
#include "hart/mem.h"

static enum go finish(const struct hart_op *op, struct hart *h, struct hart_block *b, bool done)
{
    return done ? exec_retire(h, op, b) : exec_fault(h, op, b);
}

static uint32_t bits_of(const struct hart_block *b, const struct hart_op *op)
{
    return block_mark(b, op)->bits;
}

static uint64_t extend(uint64_t value, unsigned bits)
{
    return bits == 64 ? value : vd_sign_extend(value, bits);
}

/* A misaligned access misses by the low bits of its address; inside one page the entry is good. */
static void *fast_host(const struct hart *h, const struct hart_tlb_entry *e, uint64_t tag,
                       uint64_t va, unsigned size)
{
    enum { PAGE = 4096 };
    if (tag != tlb_tag(va, 1) || va % PAGE > PAGE - size || !hart_has(h, HART_EXT_Zicclsm))
        return NULL;
    return (void *)(uintptr_t)(va + e->addend);
}

enum go slow_load(AT_PARAMS, uint64_t va, unsigned size, unsigned bits)
{
    const struct hart_tlb_entry *e = tlb_entry(h, va);
    const void *host = fast_host(h, e, e->read_tag, va, size);
    uint64_t value = 0;
    if (host) {
        memcpy(&value, host, size);
        h->st.x[op->rd] = extend(value, bits);
        return h->timing_on && timing_load_line(h, va) ? GO_STALL : GO_NEXT;
    }
    exec_arrive(AT);
    if (!mmu_load(h, va, size, 0, &value))
        return exec_fault(h, op, b);
    h->st.x[op->rd] = extend(value, bits);
    return exec_retire(h, op, b);
}

enum go slow_fp_load(AT_PARAMS, uint64_t va, unsigned size)
{
    uint64_t value;
    exec_arrive(AT);
    if (!mmu_load(h, va, size, 0, &value))
        return exec_fault(h, op, b);
    h->st.f[op->rd] = size == 8 ? value : value | UINT64_MAX << 8 * size;
    return exec_retire(h, op, b);
}

enum go slow_store(AT_PARAMS, uint64_t va, unsigned size, uint64_t value)
{
    const struct hart_tlb_entry *e = tlb_entry(h, va);
    void *host = fast_host(h, e, e->write_tag, va, size);
    if (host) {
        memcpy(host, &value, size);
        return GO_NEXT;
    }
    exec_arrive(AT);
    if (!mmu_store(h, va, size, 0, value))
        return exec_fault(h, op, b);
    return exec_retire(h, op, b);
}

/* HLV, HLVX and HSV: virtual instruction in VS and VU, illegal in U unless hstatus.HU. */
static bool guest_access_allowed(struct hart *h, uint32_t bits)
{
    enum { HSTATUS_HU = 9 };
    if (h->st.virt)
        return trap_virtual(h, bits);
    if (h->st.priv == PRV_U && !(h->st.csr.hstatus >> HSTATUS_HU & 1))
        return trap_illegal(h, bits);
    return true;
}

enum go guest_load(AT_PARAMS, unsigned size, unsigned flags, unsigned bits)
{
    uint64_t va = h->st.x[op->rs1], value;
    exec_arrive(AT);
    if (!guest_access_allowed(h, bits_of(b, op)))
        return exec_fault(h, op, b);
    if (!mmu_load(h, va, size, flags, &value))
        return exec_fault(h, op, b);
    h->st.x[op->rd] = extend(value, bits);
    return exec_retire(h, op, b);
}

enum go guest_store(AT_PARAMS, unsigned size)
{
    uint64_t va = h->st.x[op->rs1];
    exec_arrive(AT);
    if (!guest_access_allowed(h, bits_of(b, op)))
        return exec_fault(h, op, b);
    if (!mmu_store(h, va, size, MMU_GUEST, h->st.x[op->rs2]))
        return exec_fault(h, op, b);
    return exec_retire(h, op, b);
}

enum go slow_csr(AT_PARAMS, enum csr_op what, uint64_t operand, bool read, bool write)
{
    uint64_t old = 0;
    exec_arrive(AT);
    enum csr_result result = csr_execute(h, (uint32_t)op->imm, what, operand, read, write, &old);
    if (result == CSR_OK) {
        if (op->rd)
            h->st.x[op->rd] = old;
        return exec_retire(h, op, b);
    }
    if (result == CSR_ILLEGAL)
        trap_illegal(h, bits_of(b, op));
    else
        trap_virtual(h, bits_of(b, op));
    return exec_fault(h, op, b);
}

/* Posted stores are outputs to devices.  CHOICE: a fence of memory writes waits for them too, which
 * is more than it must. */
enum go slow_fence(AT_PARAMS)
{
    enum { PRED_O = 1 << 6, PRED_W = 1 << 4 };
    exec_arrive(AT);
    h->st.cycles += h->cfg.timing.fence;
    if (op->imm & (h->cfg.weak_stores ? PRED_O : PRED_O | PRED_W))
        h->st.cycles += exec_cycles(h, h->host.ops->drain(h->host.ctx));
    return exec_retire(h, op, b);
}

enum go slow_illegal(AT_PARAMS)
{
    exec_arrive(AT);
    trap_illegal(h, bits_of(b, op));
    return exec_fault(h, op, b);
}

enum go slow_ebreak(AT_PARAMS)
{
    exec_arrive(AT);
    h->exc =
        (struct hart_exception){.cause = CAUSE_BREAKPOINT, .tval = h->st.pc, .gva = h->st.virt};
    return exec_fault(h, op, b);
}

enum go slow_ecall(AT_PARAMS)
{
    exec_arrive(AT);
    trap_ecall(h);
    return exec_fault(h, op, b);
}

enum go slow_no_landing_pad(AT_PARAMS)
{
    exec_arrive(AT);
    cfi_software_check(h, LANDING_PAD_FAULT);
    return exec_fault(h, op, b);
}

enum go slow_jump_misaligned(AT_PARAMS, uint64_t target)
{
    exec_arrive(AT);
    h->exc =
        (struct hart_exception){.cause = CAUSE_FETCH_MISALIGNED, .tval = target, .gva = h->st.virt};
    return exec_fault(h, op, b);
}

/* st.pc is already where the xRET goes.  It has retired already, in the mode where it was executed
 * [priv norm:instret_xret]. */
static enum go returned(struct hart *h, const struct hart_op *op, struct hart_block *b, bool done)
{
    const struct hart_mark *m = block_mark(b, op), *next = m + 1;
    if (!done) {
        h->st.instret -= 1;
        return exec_fault(h, op, b);
    }
    h->st.cycles += (uint64_t)(next->cost - m->cost);
    h->leave = true;
    return GO_SLOW;
}

enum go slow_mret(AT_PARAMS)
{
    exec_arrive(AT);
    h->st.instret += 1;
    return returned(h, op, b, trap_mret(h, bits_of(b, op)));
}

enum go slow_sret(AT_PARAMS)
{
    exec_arrive(AT);
    h->st.instret += 1;
    return returned(h, op, b, trap_sret(h, bits_of(b, op)));
}

/* The last op of a block without an exit: whatever follows is fetched again. */
static enum go finish_block(const struct hart_op *op, struct hart *h, struct hart_block *b,
                            bool done)
{
    enum go go = finish(op, h, b, done);
    if (done && !h->leave) {
        h->leave = true;
        h->st.pc += block_mark(b, op)->length;
    }
    return go;
}

/* Decoded instructions always agree with memory; only the modelled cache has to be emptied.  What
 * follows is fetched again, whether the slice ends here or not. */
enum go slow_fence_i(AT_PARAMS)
{
    exec_arrive(AT);
    timing_flush_icache(h);
    h->st.cycles += h->cfg.timing.fence_i + exec_cycles(h, h->host.ops->drain(h->host.ctx));
    return finish_block(op, h, b, true);
}

enum go slow_wfi(AT_PARAMS)
{
    exec_arrive(AT);
    return finish_block(op, h, b, trap_wfi(h, bits_of(b, op)));
}

/* CHOICE: a stall ends, at the latest, after this many cycles, or with the slice, whichever is
 * sooner: nothing can happen within a slice that would have to end it [unpriv
 * norm:Zawrs_stall_terminate].  So WRS.NTO is never refused by TW or VTW. */
enum go slow_wrs(AT_PARAMS, enum wrs what)
{
    static const uint32_t longest[] = {[WRS_NO_TIMEOUT] = 1000, [WRS_SHORT_TIMEOUT] = 100};
    exec_arrive(AT);
    uint32_t own = (uint32_t)(block_mark(b, op)[1].cost - block_mark(b, op)->cost);
    int64_t rest = h->limit - (int64_t)(h->st.cycles + own);
    if (h->st.reservation_valid && rest > 0 && !interrupt_resumes_wfi(h))
        h->st.cycles += (uint64_t)(rest < longest[what] ? rest : longest[what]);
    return exec_retire(h, op, b);
}

enum go slow_sfence(AT_PARAMS, unsigned kind)
{
    exec_arrive(AT);
    if (!trap_fence_allowed(h, bits_of(b, op), kind, false))
        return exec_fault(h, op, b);
    struct mmu_fence fence = {
        .kind = kind,
        .has_va = op->rs1 != 0,
        .has_id = op->rs2 != 0,
        .va = h->st.x[op->rs1],
        .id = h->st.x[op->rs2],
    };
    mmu_fence(h, &fence);
    h->st.cycles += h->cfg.timing.sfence;
    return finish_block(op, h, b, true);
}

/* SFENCE.W.INVAL and SFENCE.INVAL.IR only order, and here everything is in order. */
enum go slow_svinval_order(AT_PARAMS)
{
    exec_arrive(AT);
    return finish_block(op, h, b, trap_fence_allowed(h, bits_of(b, op), FENCE_VMA, true));
}

enum go slow_hint(AT_PARAMS)
{
    const uint64_t *x = h->st.x;
    exec_arrive(AT);
    struct vd_record first = {.kind = VD_REC_hint, .a = (uint64_t)op->imm, .b = x[10], .c = x[11]};
    struct vd_record more = {
        .kind = VD_REC_hint_more, .a = (uint64_t)op->imm, .b = x[12], .c = x[13]};
    h->host.ops->trace(h->host.ctx, &first);
    h->host.ops->trace(h->host.ctx, &more);
    return exec_retire(h, op, b);
}

/* The first instruction that writes floating-point state since FS was Clean or Initial; it is
 * decoded again, for FS Dirty. */
enum go slow_fp_dirty(AT_PARAMS)
{
    const uint64_t dirty = UINT64_C(3) << 13;
    exec_arrive(AT);
    h->st.csr.mstatus |= dirty;
    if (h->st.virt)
        h->st.csr.vsstatus |= dirty;
    h->leave = true;
    return GO_SLOW;
}
