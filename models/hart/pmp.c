/* SPDX-License-Identifier: BSD-2-Clause */
#include "hart/pmp.h"
#include "hart/tlb.h"

enum { PAGE = 4096 };

static unsigned matching(uint8_t cfg)
{
    return cfg >> 3 & 3;
}

/* [priv norm:pmp_addr_matching]: pmpaddr holds bits 55:2 of an address. */
static bool decode(const struct hart_csrs *csr, uint32_t i, struct pmp_region *region)
{
    uint64_t addr = csr->pmpaddr[i];
    region->cfg = csr->pmpcfg[i];
    switch (matching(region->cfg)) {
    case PMP_TOR: {
        uint64_t first = i ? csr->pmpaddr[i - 1] << 2 : 0;
        region->first = first;
        region->last = (addr << 2) - 1;
        return first < addr << 2;
    }
    case PMP_NA4:
        region->first = addr << 2;
        region->last = region->first + 3;
        return true;
    case PMP_NAPOT: {
        uint64_t low = (addr ^ (addr + 1)) << 2 | 3; /* the trailing ones and the zero above */
        region->first = addr << 2 & ~low;
        region->last = region->first | low;
        return true;
    }
    default:
        return false;
    }
}

void pmp_rebuild(struct hart *h)
{
    struct pmp *pmp = &h->vtlb->pmp;
    pmp->count = 0;
    for (uint32_t i = 0; i < h->cfg.pmp_entries; i++) {
        if (decode(&h->st.csr, i, &pmp->regions[pmp->count]))
            pmp->count++;
    }
}

/* mseccfg.MML: by L, R, W, X, what M-mode and what S- and U-mode may [priv norm:mml_truth_table].
 */
static const struct {
    uint8_t m, su;
} lockdown[16] = {
    [1] = {0, PMP_X},
    [2] = {PMP_R | PMP_W, PMP_R},
    [3] = {PMP_R | PMP_W, PMP_R | PMP_W},
    [4] = {0, PMP_R},
    [5] = {0, PMP_R | PMP_X},
    [6] = {0, PMP_R | PMP_W},
    [7] = {0, PMP_R | PMP_W | PMP_X},
    [9] = {PMP_X, 0},
    [10] = {PMP_X, PMP_X},
    [11] = {PMP_R | PMP_X, PMP_X},
    [12] = {PMP_R, 0},
    [13] = {PMP_R | PMP_X, 0},
    [14] = {PMP_R | PMP_W, 0},
    [15] = {PMP_R, PMP_R},
};

static unsigned lrwx(uint8_t cfg)
{
    return (cfg & PMP_L ? 8u : 0) | (cfg & PMP_R ? 4u : 0) | (cfg & PMP_W ? 2u : 0) |
           (cfg & PMP_X ? 1u : 0);
}

static uint8_t granted(const struct hart *h, uint8_t cfg, uint8_t priv)
{
    if (h->st.csr.mseccfg & MSECCFG_MML)
        return priv == PRV_M ? lockdown[lrwx(cfg)].m : lockdown[lrwx(cfg)].su;
    if (priv == PRV_M && !(cfg & PMP_L))
        return PMP_R | PMP_W | PMP_X;
    return cfg & (PMP_R | PMP_W | PMP_X);
}

/* [priv norm:pmp_no_entry_match], [priv norm:mseccfg_mmwp_op_warl], [priv
 * norm:mseccfg_mml_exec_code]: what holds where no entry matches. */
static uint8_t unmatched(const struct hart *h, uint8_t priv)
{
    uint64_t mseccfg = h->st.csr.mseccfg;
    if (priv == PRV_M && (mseccfg & MSECCFG_MMWP))
        return 0;
    if (priv == PRV_M && (mseccfg & MSECCFG_MML))
        return PMP_R | PMP_W;
    bool all = priv == PRV_M || h->cfg.pmp_entries == 0;
    return all ? PMP_R | PMP_W | PMP_X : 0;
}

bool pmp_allows(const struct hart *h, uint64_t spa, uint64_t size, uint8_t need, uint8_t priv)
{
    const struct pmp *pmp = &h->vtlb->pmp;
    uint64_t last = spa + size - 1;
    for (uint32_t i = 0; i < pmp->count; i++) {
        const struct pmp_region *region = &pmp->regions[i];
        if (last < region->first || spa > region->last)
            continue;
        /* The first entry that matches any byte decides, and must match all of them. */
        if (spa < region->first || last > region->last)
            return false;
        return (granted(h, region->cfg, priv) & need) == need;
    }
    return (unmatched(h, priv) & need) == need;
}

bool pmp_one_verdict(const struct hart *h, uint64_t spa)
{
    const struct pmp *pmp = &h->vtlb->pmp;
    uint64_t first = spa & ~(uint64_t)(PAGE - 1);
    uint64_t last = first + PAGE - 1;
    for (uint32_t i = 0; i < pmp->count; i++) {
        const struct pmp_region *region = &pmp->regions[i];
        if (last >= region->first && first <= region->last)
            return first >= region->first && last <= region->last;
    }
    return true;
}

/* A changed entry changes what every cached translation may do at once: the fast entries carry
 * the verdict.  The architectural TLB does not, it is checked again at every refill. */
static void changed(struct hart *h)
{
    pmp_rebuild(h);
    mmu_flush_fast(h);
}

uint64_t pmp_read_cfg(const struct hart *h, uint32_t index)
{
    uint64_t value = 0;
    for (uint32_t i = 0; i < 8; i++)
        value |= (uint64_t)h->st.csr.pmpcfg[index * 4 + i] << 8 * i;
    return value;
}

static bool locked(const struct hart *h, uint8_t cfg)
{
    return (cfg & PMP_L) && !(h->st.csr.mseccfg & MSECCFG_RLB);
}

/* [priv norm:mseccfg_mml_X_restrict]: no new code for M-mode. */
static bool forbidden_rule(const struct hart *h, uint8_t cfg)
{
    uint64_t mseccfg = h->st.csr.mseccfg;
    if (!(mseccfg & MSECCFG_MML) || (mseccfg & MSECCFG_RLB))
        return false;
    return lockdown[lrwx(cfg)].m & PMP_X;
}

void pmp_write_cfg(struct hart *h, uint32_t index, uint64_t value)
{
    for (uint32_t i = 0; i < 8; i++) {
        uint8_t *cfg = &h->st.csr.pmpcfg[index * 4 + i];
        uint8_t wanted = (uint8_t)(value >> 8 * i) & 0x9f;
        if (locked(h, *cfg) || index * 4 + i >= h->cfg.pmp_entries || forbidden_rule(h, wanted))
            continue;
        /* CHOICE: the reserved R=0 W=1 reads back as R=0 W=0 [priv norm:pmpcfg_rw]. */
        if (!(wanted & PMP_R) && !(h->st.csr.mseccfg & MSECCFG_MML))
            wanted &= (uint8_t)~PMP_W;
        *cfg = wanted;
    }
    changed(h);
}

/* [priv norm:pmp_lock]: a locked entry locks its address, and the one below it if it is TOR. */
static bool address_locked(const struct hart *h, uint32_t i)
{
    const uint8_t *cfg = h->st.csr.pmpcfg;
    if (locked(h, cfg[i]))
        return true;
    return i + 1 < h->cfg.pmp_entries && locked(h, cfg[i + 1]) && matching(cfg[i + 1]) == PMP_TOR;
}

void pmp_write_addr(struct hart *h, uint32_t index, uint64_t value)
{
    if (address_locked(h, index))
        return;
    h->st.csr.pmpaddr[index] = value & vd_mask(0, 54);
    changed(h);
}

static bool any_locked(const struct hart *h)
{
    for (uint32_t i = 0; i < h->cfg.pmp_entries; i++)
        if (h->st.csr.pmpcfg[i] & PMP_L)
            return true;
    return false;
}

/* [priv norm:mseccfg_rlb_op_warl]; MML and MMWP are sticky. */
void pmp_write_mseccfg(struct hart *h, uint64_t value)
{
    uint64_t *mseccfg = &h->st.csr.mseccfg;
    uint64_t sticky = *mseccfg & (MSECCFG_MML | MSECCFG_MMWP);
    bool rlb = value & MSECCFG_RLB;
    if (!(*mseccfg & MSECCFG_RLB) && any_locked(h))
        rlb = false;
    *mseccfg &= ~(uint64_t)(MSECCFG_MML | MSECCFG_MMWP | MSECCFG_RLB);
    *mseccfg |= sticky | (value & (MSECCFG_MML | MSECCFG_MMWP)) | (rlb ? MSECCFG_RLB : 0);
    changed(h);
}
