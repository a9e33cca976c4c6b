/* SPDX-License-Identifier: BSD-2-Clause */
/* Cache-block operations [unpriv cmo].  Memory is coherent here: managing a block means its checks,
 * and that the modelled data cache forgets it. */
#include <string.h>

#include "hart/cause.h"
#include "hart/csr.h"
#include "hart/exec.h"
#include "hart/timing_rows.h"

enum { BLOCK_BYTES = 64 };

/* [unpriv norm:cbo-inval], [unpriv norm:cbo-clean_cbo-flush] */
static bool permitted(struct hart *h, uint64_t field, uint32_t bits)
{
    return trap_verdict(h, csr_envcfg(h, h->st.priv, h->st.virt, field), bits);
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
