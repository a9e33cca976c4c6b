/* SPDX-License-Identifier: BSD-2-Clause */
/* Translation roots and physical memory protection. */
#include "hart/csr.h"
#include "hart/pmp.h"

enum { MODE_LSB = 60, SV39 = 8, SV57 = 10, VMIDLEN = 14 };

static bool mode_supported(const struct hart *h, uint64_t mode)
{
    uint64_t widest = h->cfg.satp_mode ? h->cfg.satp_mode : SV57;
    return mode == 0 || (mode >= SV39 && mode <= widest);
}

/* [priv norm:satp_mode_op_unsupported], and CHOICE: for vsatp with V=0 too. */
void store_satp(struct hart *h, uint64_t *field, uint64_t value)
{
    if (!mode_supported(h, value >> MODE_LSB))
        return;
    *field = value;
    mmu_context(h);
}

/* [priv norm:hgatp_mode_warl].  CHOICE: an unsupported MODE leaves MODE as it was. */
void store_hgatp(struct hart *h, uint64_t *field, uint64_t value)
{
    if (!mode_supported(h, value >> MODE_LSB))
        value = vd_set(value, MODE_LSB, 4, *field >> MODE_LSB);
    *field = value & (vd_mask(MODE_LSB, 4) | vd_mask(44, VMIDLEN) | vd_mask(2, 42));
    mmu_context(h);
}

uint64_t read_pmpcfg(struct hart *h, uint32_t number)
{
    return pmp_read_cfg(h, number - CSR_pmpcfg0);
}

void write_pmpcfg(struct hart *h, uint32_t number, uint64_t value)
{
    pmp_write_cfg(h, number - CSR_pmpcfg0, value);
}

uint64_t read_pmpaddr(struct hart *h, uint32_t number)
{
    return h->st.csr.pmpaddr[number - CSR_pmpaddr0];
}

void write_pmpaddr(struct hart *h, uint32_t number, uint64_t value)
{
    pmp_write_addr(h, number - CSR_pmpaddr0, value);
}

/* Each extension has its fields.  A reserved PMM leaves the field as it was
 * [priv norm:pmlen_illegal_warl]. */
void store_mseccfg(struct hart *h, uint64_t *field, uint64_t value)
{
    uint64_t mask = 0;
    if (hart_has(h, HART_EXT_Smepmp))
        pmp_write_mseccfg(h, value);
    if (hart_has(h, HART_EXT_Zkr) && hart_has(h, HART_EXT_S))
        mask |= MSECCFG_USEED | MSECCFG_SSEED;
    if (hart_has(h, HART_EXT_Zicfilp))
        mask |= MSECCFG_MLPE;
    if (hart_has(h, HART_EXT_Smmpm) && vd_get(value, MSECCFG_PMM_LSB, 2) != 1)
        mask |= MSECCFG_PMM;
    *field = (*field & ~mask) | (value & mask);
    mmu_context(h);
}
