/* SPDX-License-Identifier: BSD-2-Clause */
/* Cache-block operations [unpriv cmo].  Memory is coherent here: managing a block means its checks,
 * and that the modelled data cache forgets it. */
#include <string.h>

#include "hart/cause.h"
#include "hart/csr.h"
#include "hart/exec.h"
#include "hart/timing_rows.h"

enum { BLOCK_BYTES = 64 };

/* Whether menvcfg, henvcfg and senvcfg let the mode execute it: `field` must not be zero
 * [unpriv norm:cbo-inval], [unpriv norm:cbo-clean_cbo-flush]. */
static enum csr_result enabled(const struct hart *h, uint64_t field)
{
    const struct hart_csrs *csr = &h->st.csr;
    if (h->st.priv == PRV_M || !hart_has(h, HART_EXT_S))
        return CSR_OK;
    if (!(csr->menvcfg & field))
        return CSR_ILLEGAL;
    if (h->st.virt && !(csr->henvcfg & field))
        return CSR_VIRTUAL;
    if (h->st.priv == PRV_U && !(csr->senvcfg & field))
        return h->st.virt ? CSR_VIRTUAL : CSR_ILLEGAL;
    return CSR_OK;
}

static bool permitted(struct hart *h, uint64_t field, uint32_t bits)
{
    switch (enabled(h, field)) {
    case CSR_ILLEGAL:
        return trap_illegal(h, bits);
    case CSR_VIRTUAL:
        return trap_virtual(h, bits);
    default:
        return true;
    }
}

/* CHOICE: an invalidation is a flush, whatever CBIE says: nothing is ever only in a cache. */
enum go cbo_manage(AT_PARAMS, enum cbo what)
{
    uint64_t va = h->st.x[op->rs1];
    exec_arrive(AT);
    uint64_t field = what == CBO_INVAL ? ENVCFG_CBIE : ENVCFG_CBCFE;
    if (!permitted(h, field, block_mark(b, op)->bits) || !mmu_block(h, va, BLOCK_BYTES, false))
        return exec_fault(h, op, b);
    if (what != CBO_CLEAN)
        timing_forget_line(h, va);
    return exec_retire(h, op, b);
}

enum go cbo_zero(AT_PARAMS)
{
    exec_arrive(AT);
    if (!permitted(h, ENVCFG_CBZE, block_mark(b, op)->bits) ||
        !mmu_block(h, h->st.x[op->rs1], BLOCK_BYTES, true))
        return exec_fault(h, op, b);
    return exec_retire(h, op, b);
}
