/* SPDX-License-Identifier: BSD-2-Clause */
/* What a debugger asks about a hart's code, without a trace of the question. */
#include "hart/csr.h"
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
