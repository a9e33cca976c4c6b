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
void write_satp(struct hart *h, const struct csr_row *row, uint32_t index, uint64_t value)
{
    if (!mode_supported(h, value >> MODE_LSB))
        return;
    *csr_field(h, row, index) = value;
    mmu_context(h);
}

/* [priv norm:hgatp_mode_warl].  CHOICE: an unsupported MODE leaves MODE as it was. */
void write_hgatp(struct hart *h, const struct csr_row *row, uint32_t index, uint64_t value)
{
    (void)row, (void)index;
    uint64_t *hgatp = &h->st.csr.hgatp;
    if (!mode_supported(h, value >> MODE_LSB))
        value = vd_set(value, MODE_LSB, 4, *hgatp >> MODE_LSB);
    *hgatp = value & (vd_mask(MODE_LSB, 4) | vd_mask(44, VMIDLEN) | vd_mask(2, 42));
    mmu_context(h);
}

uint64_t read_pmpcfg(struct hart *h, const struct csr_row *row, uint32_t index)
{
    (void)row;
    return pmp_read_cfg(h, index);
}

void write_pmpcfg(struct hart *h, const struct csr_row *row, uint32_t index, uint64_t value)
{
    (void)row;
    pmp_write_cfg(h, index, value);
}

void write_pmpaddr(struct hart *h, const struct csr_row *row, uint32_t index, uint64_t value)
{
    (void)row;
    pmp_write_addr(h, index, value);
}

void write_mseccfg(struct hart *h, const struct csr_row *row, uint32_t index, uint64_t value)
{
    (void)row, (void)index;
    pmp_write_mseccfg(h, value);
}
