/* SPDX-License-Identifier: BSD-2-Clause */
/* Trap entry, returns, WFI, and who may execute what. */
#include "hart/counter.h"
#include "hart/interrupt.h"
#include "hart/transform.h"
#include "hart/trigger.h"

#define CAUSE_INTERRUPT VD_BIT(63)

/* What a trap writes, whoever takes it. */
struct trap {
    uint64_t cause, tval, tval2, tinst;
    bool gva;
};

static enum vd_mode mode_now(const struct hart *h)
{
    if (h->st.priv == PRV_M)
        return VD_MODE_M;
    if (h->st.virt)
        return h->st.priv == PRV_S ? VD_MODE_VS : VD_MODE_VU;
    return h->st.priv == PRV_S ? VD_MODE_S : VD_MODE_U;
}

static void record(struct hart *h, enum vd_record_kind kind, uint64_t a, uint64_t b, uint64_t c)
{
    struct vd_record rec = {.kind = (uint16_t)kind, .a = a, .b = b, .c = c};
    hart_sync(h);
    h->host.ops->trace(h->host.ctx, &rec);
}

/* xPIE = xIE, xIE = 0. */
static uint64_t stack_interrupt_enable(uint64_t status, uint64_t ie, uint64_t pie)
{
    uint64_t stacked = status & ie ? status | pie : status & ~pie;
    return stacked & ~ie;
}

static uint64_t set_bit(uint64_t value, uint64_t bit, bool on)
{
    return on ? value | bit : value & ~bit;
}

/* [priv norm:tvec_mode]: vectored interrupts go to BASE + 4 * cause. */
static uint64_t vector(uint64_t tvec, uint64_t cause)
{
    uint64_t base = tvec & ~UINT64_C(3);
    bool vectored = (tvec & 1) && (cause & CAUSE_INTERRUPT);
    return vectored ? base + 4 * (cause & ~CAUSE_INTERRUPT) : base;
}

/* [priv norm:Zicfilp_pelp_trap] */
static uint64_t stack_landing_pad(struct hart *h, uint64_t status, uint64_t pelp)
{
    uint64_t stacked = set_bit(status, pelp, h->st.elp);
    h->st.elp = false;
    return stacked;
}

/* [priv norm:H_trap_m_csrwrites] */
static void enter_m(struct hart *h, const struct trap *trap)
{
    struct hart_csrs *csr = &h->st.csr;
    uint64_t status = stack_interrupt_enable(csr->mstatus, MSTATUS_MIE, MSTATUS_MPIE);
    status = vd_set(status, MSTATUS_MPP_LSB, 2, h->st.priv);
    status = set_bit(status, MSTATUS_MPV, h->st.virt);
    status = stack_landing_pad(h, status, MSTATUS_MPELP);
    csr->mstatus = set_bit(status, MSTATUS_GVA, trap->gva);
    csr->mepc = h->st.pc;
    csr->mcause = trap->cause;
    csr->mtval = trap->tval;
    csr->mtval2 = trap->tval2;
    csr->mtinst = trap->tinst;
    h->st.pc = vector(csr->mtvec, trap->cause);
    h->st.priv = PRV_M;
    h->st.virt = false;
}

/* [priv norm:H_trap_hs_csrwrites] */
static void enter_hs(struct hart *h, const struct trap *trap)
{
    struct hart_csrs *csr = &h->st.csr;
    bool supervisor = h->st.priv == PRV_S;
    uint64_t status = stack_interrupt_enable(csr->mstatus, MSTATUS_SIE, MSTATUS_SPIE);
    status = stack_landing_pad(h, status, MSTATUS_SPELP);
    csr->mstatus = set_bit(status, MSTATUS_SPP, supervisor);
    if (h->st.virt)
        csr->hstatus = set_bit(csr->hstatus, HSTATUS_SPVP, supervisor);
    csr->hstatus = set_bit(csr->hstatus, HSTATUS_SPV, h->st.virt);
    csr->hstatus = set_bit(csr->hstatus, HSTATUS_GVA, trap->gva);
    csr->sepc = h->st.pc;
    csr->scause = trap->cause;
    csr->stval = trap->tval;
    csr->htval = trap->tval2;
    csr->htinst = trap->tinst;
    h->st.pc = vector(csr->stvec, trap->cause);
    h->st.priv = PRV_S;
    h->st.virt = false;
}

/* [priv norm:H_trap_vs_csrwrites] */
static void enter_vs(struct hart *h, const struct trap *trap)
{
    struct hart_csrs *csr = &h->st.csr;
    uint64_t status = stack_interrupt_enable(csr->vsstatus, MSTATUS_SIE, MSTATUS_SPIE);
    status = stack_landing_pad(h, status, MSTATUS_SPELP);
    csr->vsstatus = set_bit(status, MSTATUS_SPP, h->st.priv == PRV_S);
    csr->vsepc = h->st.pc;
    csr->vscause = trap->cause;
    csr->vstval = trap->tval;
    h->st.pc = vector(csr->vstvec, trap->cause);
    h->st.priv = PRV_S;
}

/* A handler that traps into itself does so near its start. */
enum { HANDLER_BYTES = 4096 };

static void enter(struct hart *h, enum vd_mode to, const struct trap *trap)
{
    uint64_t cycles = h->cfg.timing.trap_entry;
    uint64_t modes = (uint64_t)mode_now(h) | (uint64_t)to << 8 | cycles << 16;
    record(h, VD_REC_trap, trap->cause, modes, h->st.pc);
    counter_leave_mode(h);
    trigger_leaving(h);
    if (to == VD_MODE_M)
        enter_m(h, trap);
    else if (to == VD_MODE_S)
        enter_hs(h, trap);
    else
        enter_vs(h, trap);
    counter_enter_mode(h);
    h->st.cycles += cycles;
    h->st.traps++;
    mmu_context(h);
}

static uint64_t handler_of(const struct hart *h, enum vd_mode to)
{
    return (to == VD_MODE_M ? h->st.csr.mtvec : h->st.csr.stvec) & ~UINT64_C(3);
}

/* Whether traps lead nowhere is for the run to judge: here they are counted, before st.pc leaves
 * for the handler.  What a guest or a user does to itself does not stop the machine. */
static void count_repetition(struct hart *h, enum vd_mode to, uint64_t cause)
{
    struct hart_repetition *r = &h->st.repetition;
    bool own = !h->st.virt && h->st.priv != PRV_U;
    bool same = h->st.pc == r->pc && cause == r->cause;
    bool at_once = h->st.instret == r->arrived;
    bool nested = h->st.returns == r->returns && h->st.pc - handler_of(h, to) < HANDLER_BYTES;
    r->count = own && same && (at_once || nested) ? r->count + 1 : 0;
    r->pc = h->st.pc;
    r->cause = cause;
    r->returns = h->st.returns;
}

/* [priv norm:H_trap_deleg] */
static enum vd_mode target_of(const struct hart *h, uint64_t cause)
{
    const struct hart_csrs *csr = &h->st.csr;
    if (h->st.priv == PRV_M || !(csr->medeleg >> cause & 1))
        return VD_MODE_M;
    return h->st.virt && (csr->hedeleg >> cause & 1) ? VD_MODE_VS : VD_MODE_S;
}

/* CHOICE: the transformed instruction is given for guest-page faults of explicit accesses only,
 * where hypervisors look for it; zero elsewhere [priv norm:H_trap_xtinst_val]. */
static uint64_t tinst_of(struct hart *h, uint64_t pc)
{
    const struct hart_exception *exc = &h->exc;
    bool explicit_access =
        exc->cause == CAUSE_LOAD_GUEST_PAGE_FAULT || exc->cause == CAUSE_STORE_GUEST_PAGE_FAULT;
    if (exc->tinst || !explicit_access)
        return exc->tinst;
    return transform_instruction_at(h, pc, exc->offset);
}

static void enter_exception(struct hart *h)
{
    uint64_t tinst = tinst_of(h, h->st.pc);
    struct trap trap = {
        .cause = h->exc.cause,
        .tval = h->exc.tval,
        .tval2 = h->exc.tval2,
        .tinst = tinst,
        .gva = h->exc.gva,
    };
    enum vd_mode to = target_of(h, trap.cause);
    count_repetition(h, to, trap.cause);
    enter(h, to, &trap);
}

void trap_exception(struct hart *h)
{
    enum vd_mode from = mode_now(h);
    enter_exception(h);
    if (trigger_trapped(h, from, h->exc.cause))
        enter_exception(h);
}

/* Interrupts of a level are taken in lower modes always, in its own mode if its IE is set. */
static bool m_open(const struct hart *h)
{
    return h->st.priv != PRV_M || (h->st.csr.mstatus & MSTATUS_MIE);
}

static bool hs_open(const struct hart *h)
{
    if (h->st.priv == PRV_M)
        return false;
    return h->st.virt || h->st.priv == PRV_U || (h->st.csr.mstatus & MSTATUS_SIE);
}

static bool vs_open(const struct hart *h)
{
    return h->st.virt && (h->st.priv == PRV_U || (h->st.csr.vsstatus & MSTATUS_SIE));
}

static bool take(struct hart *h, enum vd_mode to, uint32_t top)
{
    if (!top)
        return false;
    struct trap trap = {.cause = CAUSE_INTERRUPT | top >> 16};
    enum vd_mode from = mode_now(h);
    enter(h, to, &trap);
    h->st.interrupts++;
    if (trigger_trapped(h, from, trap.cause))
        enter_exception(h);
    return true;
}

/* [aia VSLevel], [priv norm:H_trap_deleg]: what traps to a more privileged mode comes first. */
bool trap_interrupt(struct hart *h)
{
    if (interrupt_unsettled(h)) {
        h->attention = false;
        return false;
    }
    if (m_open(h) && take(h, VD_MODE_M, interrupt_mtopi(h)))
        return true;
    if (hs_open(h) && take(h, VD_MODE_S, interrupt_stopi(h)))
        return true;
    if (vs_open(h) && take(h, VD_MODE_VS, interrupt_vstopi(h)))
        return true;
    h->attention = false;
    return false;
}

static bool refuse(struct hart *h, uint64_t cause, uint32_t instruction)
{
    h->exc = (struct hart_exception){.cause = cause, .tval = instruction};
    return false;
}

bool trap_illegal(struct hart *h, uint32_t instruction)
{
    return refuse(h, CAUSE_ILLEGAL_INSTRUCTION, instruction);
}

bool trap_virtual(struct hart *h, uint32_t instruction)
{
    return refuse(h, CAUSE_VIRTUAL_INSTRUCTION, instruction);
}

/* pelp: whether a landing pad is expected there, if landing pads are on there (mmu_context)
 * [priv norm:Zicfilp_pelp_trap_return]. */
static void go_back(struct hart *h, uint8_t priv, bool virt, uint64_t epc, bool pelp)
{
    enum vd_mode from = mode_now(h);
    counter_leave_mode(h);
    h->st.priv = priv;
    h->st.virt = virt;
    h->st.elp = pelp;
    counter_enter_mode(h);
    h->st.pc = epc;
    h->st.returns++;
    h->st.repetition.arrived = h->st.instret;
    if (priv != PRV_M)
        h->st.csr.mstatus &= ~MSTATUS_MPRV;
    record(h, VD_REC_xret, h->st.pc, (uint64_t)from | (uint64_t)mode_now(h) << 8, 0);
    h->st.cycles += h->cfg.timing.trap_exit;
    mmu_context(h);
    h->attention = true;
}

/* xIE = xPIE, xPIE = 1. */
static uint64_t unstack_interrupt_enable(uint64_t status, uint64_t ie, uint64_t pie)
{
    return set_bit(status, ie, status & pie) | pie;
}

/* [priv norm:mret_h] */
bool trap_mret(struct hart *h, uint32_t instruction)
{
    struct hart_csrs *csr = &h->st.csr;
    if (h->st.priv != PRV_M)
        return trap_illegal(h, instruction);
    uint8_t priv = (uint8_t)vd_get(csr->mstatus, MSTATUS_MPP_LSB, 2);
    bool virt = priv != PRV_M && (csr->mstatus & MSTATUS_MPV);
    uint64_t least = hart_has(h, HART_EXT_S) ? PRV_U : PRV_M;
    bool pelp = csr->mstatus & MSTATUS_MPELP;
    uint64_t status = unstack_interrupt_enable(csr->mstatus, MSTATUS_MIE, MSTATUS_MPIE);
    csr->mstatus = vd_set(status, MSTATUS_MPP_LSB, 2, least) & ~(MSTATUS_MPV | MSTATUS_MPELP);
    go_back(h, priv, virt, csr->mepc, pelp);
    return true;
}

static bool sret_from_vs(struct hart *h)
{
    struct hart_csrs *csr = &h->st.csr;
    uint8_t priv = csr->vsstatus & MSTATUS_SPP ? PRV_S : PRV_U;
    bool pelp = csr->vsstatus & MSTATUS_SPELP;
    uint64_t status = unstack_interrupt_enable(csr->vsstatus, MSTATUS_SIE, MSTATUS_SPIE);
    csr->vsstatus = status & ~(MSTATUS_SPP | MSTATUS_SPELP);
    go_back(h, priv, true, csr->vsepc, pelp);
    return true;
}

/* [priv norm:sret_v0], [priv norm:sret_v1] */
bool trap_sret(struct hart *h, uint32_t instruction)
{
    struct hart_csrs *csr = &h->st.csr;
    if (h->st.virt) {
        if (h->st.priv == PRV_U || (csr->hstatus & HSTATUS_VTSR))
            return trap_virtual(h, instruction);
        return sret_from_vs(h);
    }
    if (h->st.priv == PRV_U || (h->st.priv == PRV_S && (csr->mstatus & MSTATUS_TSR)))
        return trap_illegal(h, instruction);
    uint8_t priv = csr->mstatus & MSTATUS_SPP ? PRV_S : PRV_U;
    bool virt = csr->hstatus & HSTATUS_SPV;
    bool pelp = csr->mstatus & MSTATUS_SPELP;
    uint64_t status = unstack_interrupt_enable(csr->mstatus, MSTATUS_SIE, MSTATUS_SPIE);
    csr->mstatus = status & ~(MSTATUS_SPP | MSTATUS_SPELP);
    csr->hstatus &= ~HSTATUS_SPV;
    go_back(h, priv, virt, csr->sepc, pelp);
    return true;
}

/* CHOICE: the time limit is none: what TW, VTW or U-mode would make trap traps, also with an
 * interrupt pending [priv norm:mstatus_tw_always_illegal] [priv norm:vtw_virtinstr]. */
static enum csr_result wfi_allowed(const struct hart *h)
{
    bool user = h->st.priv == PRV_U;
    if (h->st.priv == PRV_M)
        return CSR_OK;
    if (h->st.csr.mstatus & MSTATUS_TW)
        return CSR_ILLEGAL;
    if (h->st.virt && (user || (h->st.csr.hstatus & HSTATUS_VTW)))
        return CSR_VIRTUAL;
    return user ? CSR_ILLEGAL : CSR_OK;
}

bool trap_verdict(struct hart *h, enum csr_result result, uint32_t instruction)
{
    if (result == CSR_OK)
        return true;
    return result == CSR_VIRTUAL ? trap_virtual(h, instruction) : trap_illegal(h, instruction);
}

bool trap_wfi(struct hart *h, uint32_t instruction)
{
    if (!trap_verdict(h, wfi_allowed(h), instruction))
        return false;
    if (interrupt_resumes_wfi(h))
        return true;
    h->st.asleep = true;
    record(h, VD_REC_wfi, h->st.pc, 1, 0);
    return true;
}

bool trap_ecall(struct hart *h)
{
    static const uint8_t causes[] = {CAUSE_ECALL_U, CAUSE_ECALL_S, 0, CAUSE_ECALL_M};
    bool vs = h->st.virt && h->st.priv == PRV_S;
    h->exc = (struct hart_exception){.cause = vs ? CAUSE_ECALL_VS : causes[h->st.priv]};
    return false;
}

static enum csr_result fence_allowed(const struct hart *h, unsigned kind, bool svinval_part)
{
    const struct hart_csrs *csr = &h->st.csr;
    if (h->st.priv == PRV_U)
        return h->st.virt ? CSR_VIRTUAL : CSR_ILLEGAL;
    if (h->st.priv == PRV_M || svinval_part)
        return CSR_OK;
    if (h->st.virt) {
        bool trapped = kind != FENCE_VMA || (csr->hstatus & HSTATUS_VTVM);
        return trapped ? CSR_VIRTUAL : CSR_OK;
    }
    bool trapped = kind != FENCE_VVMA && (csr->mstatus & MSTATUS_TVM);
    return trapped ? CSR_ILLEGAL : CSR_OK;
}

/* [priv norm:hfence-vvma_hfence-gvma_exceptions], [priv norm:Svinval_illegal_instruction_tvm] */
bool trap_fence_allowed(struct hart *h, uint32_t instruction, unsigned kind, bool svinval_part)
{
    return trap_verdict(h, fence_allowed(h, kind, svinval_part), instruction);
}
