/* SPDX-License-Identifier: BSD-2-Clause */
/* The switch stale_check: what a request got from a cache is compared with what a walk through
 * memory as it is now would give.  The walk is a debugger's: no time, no side effect, no cache. */
#include "iommu/model.h"

/* Opcode and function of the commands, as in their lowest ten bits. */
enum {
    COMMAND_VMA = 1,
    COMMAND_GVMA = 1 | 1 << 7,
    COMMAND_INVAL_DDT = 3,
    COMMAND_INVAL_PDT = 3 | 1 << 7,
    COMMAND_NL = 1 << 10, /* ... with NL=1, or without an address */
};

static bool same_context(const struct device_context *x, const struct device_context *y)
{
    return memcmp(x, y, sizeof(*x)) == 0;
}

static bool same_process(const struct request *x, const struct request *y)
{
    return x->fsc == y->fsc && x->pscid == y->pscid && x->sum == y->sum;
}

static bool is_guest_page_fault(const struct request *r)
{
    return r->cause == CAUSE_read_guest_page_fault || r->cause == CAUSE_write_guest_page_fault ||
           r->cause == CAUSE_instruction_guest_page_fault;
}

/* A first stage whose own pages have moved in the second counts as the first stage's. */
static unsigned of_translation(const struct request *r, const struct request *now)
{
    bool first_differs = now->phase > PHASE_FIRST ? r->gpa != now->gpa : !is_guest_page_fault(now);
    return GET(r->fsc, fsc_MODE) != 0 && first_differs ? COMMAND_VMA : COMMAND_GVMA;
}

static bool same_result(const struct request *r, const struct request *now)
{
    if (r->cause || now->cause)
        return r->cause == now->cause;
    bool same_file =
        !r->mrif || (r->msi_pte[0] == now->msi_pte[0] && r->msi_pte[1] == now->msi_pte[1]);
    return r->spa == now->spa && r->mrif == now->mrif && same_file;
}

/* A walk through memory as it is, but for the non-leaf entries that the caches `peeks` hold. */
static void walk(struct iommu *m, const struct request *r, uint8_t peeks, struct request *now)
{
    *now = (struct request){.txn = r->txn, .kind = r->kind, .access = r->access, .peeks = peeks};
    now->oracle = true;
    now->bars = UINT8_MAX;
    iommu_translate(m, now);
}

/* What a non-leaf entry makes of the address differs from what memory makes of it. */
static unsigned of_nonleaf(struct iommu *m, const struct request *r, const struct request *now)
{
    struct request by_cache;
    walk(m, r, BAR_SECOND, &by_cache);
    if (!same_result(&by_cache, now))
        return COMMAND_GVMA | COMMAND_NL;
    walk(m, r, BAR_FIRST, &by_cache);
    return same_result(&by_cache, now) ? 0 : COMMAND_VMA | COMMAND_NL;
}

/* Which command would have kept r from what it got; 0: memory says the same.  Only caches that were
 * hit can be to blame. */
static unsigned missing_command(struct iommu *m, const struct request *r, const struct request *now)
{
    const uint8_t translations = BAR_TLB | BAR_MSI | BAR_FIRST | BAR_SECOND;
    if (r->hits & BAR_DDT && (!now->has_dc || !same_context(&r->dc, &now->dc)))
        return COMMAND_INVAL_DDT;
    if (now->has_dc && r->hits & BAR_PDT && (now->phase == PHASE_PROCESS || !same_process(r, now)))
        return COMMAND_INVAL_PDT;
    if (!(r->hits & translations) || same_result(r, now))
        return 0;
    unsigned nonleaf = of_nonleaf(m, r, now);
    if (nonleaf)
        return nonleaf;
    return r->hits & (BAR_TLB | BAR_MSI) ? of_translation(r, now) : 0;
}

void iommu_compare_with_memory(struct iommu *m, const struct request *r)
{
    if (!r->hits || r->oracle)
        return;
    struct request now;
    walk(m, r, 0, &now);
    unsigned command = missing_command(m, r, &now);
    if (command)
        iommu_emit(m, VD_REC_iommu_stale, r->txn.serial, command | m->config.index << 16, r->iova,
                   r->txn.requester);
}
