/* SPDX-License-Identifier: BSD-2-Clause */
#include "hart/cfi.h"
#include "hart/cause.h"
#include "hart/csr.h"

/* [priv FCFIACT] */
static bool landing_pads(const struct hart *h)
{
    const struct hart_csrs *csr = &h->st.csr;
    if (h->st.priv == PRV_M)
        return csr->mseccfg & MSECCFG_MLPE;
    uint64_t envcfg = h->st.priv == PRV_U ? csr->senvcfg : h->st.virt ? csr->henvcfg : csr->menvcfg;
    return envcfg & ENVCFG_LPE;
}

/* xSSE: never in M-mode. */
static bool shadow_stacks(const struct hart *h)
{
    uint8_t priv = h->st.priv;
    return priv != PRV_M && csr_envcfg(h, priv, h->st.virt, ENVCFG_SSE) == CSR_OK;
}

/* [priv norm:mseccfg_mlpe_clr_op_list], [priv norm:menvcfg_lpe_op_list]: ELP is LP_EXPECTED only
 * where landing pads are on. */
void cfi_context(struct hart *h)
{
    if (!hart_has(h, HART_EXT_Zicfilp) && !hart_has(h, HART_EXT_Zicfiss))
        return;
    bool pads = landing_pads(h);
    h->cfi = (uint8_t)((pads ? CFI_LPE : 0) | (shadow_stacks(h) ? CFI_SSE : 0));
    h->st.elp = h->st.elp && pads;
}

void cfi_software_check(struct hart *h, enum software_check what)
{
    h->exc = (struct hart_exception){.cause = CAUSE_SOFTWARE_CHECK, .tval = what};
}

static bool is_link(unsigned reg)
{
    return reg == 1 || reg == 5;
}

/* [unpriv norm:zicflip_lpad_enc], [unpriv norm:zicflip_lpad_alignment_exception] */
static bool is_landing_pad(const struct insn_operands *o, uint64_t pc)
{
    return o->code == INSN_auipc && o->rd == 0 && pc % 4 == 0;
}

/* [unpriv IND_CALL_JMP]: x7 is for branches that software guards. */
static uint16_t jump_code(const struct insn_operands *o)
{
    if (is_link(o->rs1) || o->rs1 == 7)
        return o->code;
    return o->rd ? PSEUDO_call_expecting : PSEUDO_jump_expecting;
}

/* [unpriv norm:zicfiss_c-sspush_enc], [unpriv norm:zicfiss_c-sspopchk_enc] */
static void widen(struct insn_operands *o)
{
    enum { C_MOP_1 = 0x6081, C_MOP_5 = 0x6281 };
    if (o->bits == C_MOP_1) {
        o->code = INSN_mop_rr;
        o->rs2 = 1;
        o->imm = 7;
    } else if (o->bits == C_MOP_5) {
        o->code = INSN_mop_r;
        o->rs1 = 5;
        o->imm = 28;
    }
}

/* [unpriv norm:zicfiss_sspush_enc], [unpriv norm:zicfiss_sspopchk_enc],
 * [unpriv norm:zicfiss_ssrdp_enc]: other encodings stay may-be-operations. */
static uint16_t shadow_code(struct insn_operands *o)
{
    if (o->length == 2 && o->code != INSN_COUNT)
        widen(o);
    if (o->code == INSN_mop_rr && o->imm == 7 && o->rd == 0 && o->rs1 == 0 && is_link(o->rs2))
        return PSEUDO_sspush;
    if (o->code == INSN_mop_r && o->imm == 28 && o->rd == 0 && is_link(o->rs1))
        return PSEUDO_sspopchk;
    if (o->code == INSN_mop_r && o->imm == 28 && o->rd != 0 && o->rs1 == 0)
        return PSEUDO_ssrdp;
    return o->code;
}

uint16_t cfi_code(unsigned on, struct insn_operands *o, uint64_t pc)
{
    if (on & CFI_ELP)
        return is_landing_pad(o, pc) ? PSEUDO_lpad : PSEUDO_no_lpad;
    if ((on & CFI_LPE) && o->code == INSN_jalr)
        return jump_code(o);
    return on & CFI_SSE ? shadow_code(o) : o->code;
}
