/* SPDX-License-Identifier: BSD-2-Clause */
/* Shadow-stack instructions, in modes where shadow stacks are on.  ssp is a multiple of 8
 * [unpriv norm:ssp-field_1_0], so that none of them is misaligned. */
#include <string.h>

#include "hart/cfi.h"
#include "hart/mem.h"

enum { ENTRY = 8 };

static const struct hart_tlb_entry *shadow_entry(const struct hart *h, uint64_t va)
{
    return &h->shadow[va >> 12 & (HART_TLB_SIZE - 1)];
}

/* [unpriv norm:sspush_c-sspush_decrement] */
enum go shadow_push(AT_PARAMS)
{
    uint64_t va = h->st.csr.ssp - ENTRY, value = h->st.x[op->rs2];
    const struct hart_tlb_entry *e = shadow_entry(h, va);
    if (e->write_tag == tlb_tag(va, ENTRY)) {
        memcpy((void *)(uintptr_t)(va + e->addend), &value, ENTRY);
        h->st.csr.ssp = va;
        return GO_NEXT;
    }
    exec_arrive(AT);
    if (!mmu_store(h, va, ENTRY, MMU_SHADOW, value))
        return exec_fault(h, op, b);
    h->st.csr.ssp = va;
    return exec_retire(h, op, b);
}

/* [unpriv norm:sspop_exception], [unpriv norm:sspop_increment] */
static enum go slow_pop(AT_PARAMS)
{
    uint64_t value;
    exec_arrive(AT);
    if (!mmu_load(h, h->st.csr.ssp, ENTRY, MMU_SHADOW, &value))
        return exec_fault(h, op, b);
    if (value != h->st.x[op->rs1]) {
        cfi_software_check(h, SHADOW_STACK_FAULT);
        return exec_fault(h, op, b);
    }
    h->st.csr.ssp += ENTRY;
    return exec_retire(h, op, b);
}

enum go shadow_pop(AT_PARAMS)
{
    uint64_t va = h->st.csr.ssp, value;
    const struct hart_tlb_entry *e = shadow_entry(h, va);
    if (e->read_tag != tlb_tag(va, ENTRY))
        return slow_pop(AT);
    memcpy(&value, (const void *)(uintptr_t)(va + e->addend), ENTRY);
    if (value != h->st.x[op->rs1])
        return slow_pop(AT);
    h->st.csr.ssp += ENTRY;
    return h->timing_on && timing_load_line(h, va) ? GO_STALL : GO_NEXT;
}
