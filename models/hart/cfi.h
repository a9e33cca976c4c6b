/* SPDX-License-Identifier: BSD-2-Clause */
/* Control-flow integrity: landing pads (Zicfilp) and shadow stacks (Zicfiss).  What is on in the
 * mode of now, and ELP, are part of the key of a block: where they are off, code is made of the ops
 * that it would be made of without these extensions. */
#ifndef HART_CFI_H
#define HART_CFI_H

#include "hart/insn.h"
#include "hart/state.h"

/* hart.cfi has the first two; cfi_now() and keys have all. */
enum { CFI_LPE = 1, CFI_SSE = 2, CFI_ELP = 4 };
enum { CODE_KEY_CFI_LSB = 61 };
#define CODE_KEY_ELP VD_BIT(63)

/* xtval of a software-check exception [priv norm:mtval_swchk_list]. */
enum software_check { LANDING_PAD_FAULT = 2, SHADOW_STACK_FAULT = 3 };

/* The mode, or what is on in it, changed. */
void cfi_context(struct hart *h);

static inline unsigned cfi_now(const struct hart *h)
{
    return h->cfi | (h->st.elp ? CFI_ELP : 0u);
}

/* Sets exc; nothing else of an instruction that raises it happens. */
void cfi_software_check(struct hart *h, enum software_check what);

/* What the instruction at pc is made into while `on`: a pseudo row, or the row that it has anyway.
 * A 16-bit form of a shadow-stack instruction becomes the 32-bit one. */
uint16_t cfi_code(unsigned on, struct insn_operands *o, uint64_t pc);

/* An indirect call or jump to `target`, if that can be jumped to [unpriv
 * norm:zicflip_lpad_expected]. */
static inline void cfi_expect(struct hart *h, uint64_t target)
{
    if ((target & 2) && !hart_has(h, HART_EXT_C))
        return;
    h->st.elp = true;
    h->code_key |= CODE_KEY_ELP;
}

/* A landing pad with this label, imm[31:12] of its instruction, where one is expected
 * [unpriv norm:zicflip_lpad_label_exception]. */
static inline bool cfi_land(struct hart *h, int32_t label)
{
    if (label && ((uint32_t)label ^ (uint32_t)h->st.x[7]) >> 12)
        return false;
    h->st.elp = false;
    h->code_key &= ~CODE_KEY_ELP;
    return true;
}

#endif
