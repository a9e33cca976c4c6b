/* SPDX-License-Identifier: BSD-2-Clause */
/* Who may access a CSR besides what its number says. */
#include "hart/csr.h"

enum csr_result check_always(const struct hart *h, const struct csr_access *access)
{
    (void)h, (void)access;
    return CSR_OK;
}

/* [priv norm:H_illegalinst_xstatus_fs_vs]: never a virtual instruction. */
enum csr_result check_fp(const struct hart *h, const struct csr_access *access)
{
    bool off =
        !(h->st.csr.mstatus & MSTATUS_FS) || (access->virt && !(h->st.csr.vsstatus & MSTATUS_FS));
    return off ? CSR_ILLEGAL : CSR_OK;
}

/* [priv norm:mseccfg_sseed_useed_op_tbl], [unpriv norm:seed_ro_illegal] */
enum csr_result check_seed(const struct hart *h, const struct csr_access *access)
{
    bool useed = h->st.csr.mseccfg & MSECCFG_USEED, sseed = h->st.csr.mseccfg & MSECCFG_SSEED;
    if (!access->write)
        return CSR_ILLEGAL;
    if (access->virt)
        return sseed ? CSR_VIRTUAL : CSR_ILLEGAL;
    bool open = access->priv == PRV_M || (access->priv == PRV_U ? useed : sseed);
    return open ? CSR_OK : CSR_ILLEGAL;
}

/* [priv norm:hcounteren_op] */
static enum csr_result counter_enabled(const struct hart *h, const struct csr_access *access,
                                       uint64_t bit)
{
    const struct hart_csrs *csr = &h->st.csr;
    if (access->priv == PRV_M || !hart_has(h, HART_EXT_S))
        return CSR_OK;
    if (!(csr->mcounteren & bit))
        return CSR_ILLEGAL;
    if (access->virt && !(csr->hcounteren & bit))
        return CSR_VIRTUAL;
    if (access->priv == PRV_U && !(csr->scounteren & bit))
        return access->virt ? CSR_VIRTUAL : CSR_ILLEGAL;
    return CSR_OK;
}

enum csr_result check_counter(const struct hart *h, const struct csr_access *access)
{
    return counter_enabled(h, access, VD_BIT(access->number & 31));
}

/* [aia VSLevel]: with hvictl.VTI a guest's view of its interrupts is the hypervisor's business. */
enum csr_result check_vti(const struct hart *h, const struct csr_access *access)
{
    return access->virt && (h->st.csr.hvictl & HVICTL_VTI) ? CSR_VIRTUAL : CSR_OK;
}

/* [priv norm:stateen_op]; access is for someone below M-mode, or is not restricted at all. */
static enum csr_result stateen(const struct hart *h, const struct csr_access *access,
                               unsigned which, uint64_t bit)
{
    if (access->priv == PRV_M || !hart_has(h, HART_EXT_Smstateen))
        return CSR_OK;
    if (!(h->st.csr.mstateen[which] & bit))
        return CSR_ILLEGAL;
    return access->virt && !(h->st.csr.hstateen[which] & bit) ? CSR_VIRTUAL : CSR_OK;
}

enum csr_result csr_stateen(const struct hart *h, const struct csr_access *access, uint64_t bit)
{
    return stateen(h, access, 0, bit);
}

enum csr_result check_stateen(const struct hart *h, const struct csr_access *access)
{
    return stateen(h, access, access->number & 3, STATEEN_SE);
}

enum csr_result check_envcfg(const struct hart *h, const struct csr_access *access)
{
    return csr_stateen(h, access, STATEEN_ENVCFG);
}

enum csr_result check_csrind(const struct hart *h, const struct csr_access *access)
{
    return csr_stateen(h, access, STATEEN_CSRIND);
}

/* [priv norm:mstateen0_context_op], [priv norm:hstateen0_context_op] */
enum csr_result check_context(const struct hart *h, const struct csr_access *access)
{
    return csr_stateen(h, access, STATEEN_CONTEXT);
}

enum csr_result check_aia(const struct hart *h, const struct csr_access *access)
{
    return csr_stateen(h, access, STATEEN_AIA);
}

enum csr_result check_indirect(const struct hart *h, const struct csr_access *access)
{
    enum csr_result result = csr_stateen(h, access, STATEEN_CSRIND);
    if (result != CSR_OK || access->qualify)
        return result;
    return csr_indirect_check(h, access);
}

/* [aia CSRs-stateen]: without an IMSIC, Smstateen has no say about what does not exist. */
enum csr_result check_topei(const struct hart *h, const struct csr_access *access)
{
    bool imsic = h->imsic.ops != NULL;
    if (imsic) {
        enum csr_result result = csr_stateen(h, access, STATEEN_IMSIC);
        if (result != CSR_OK)
            return result;
    }
    if (access->qualify)
        return CSR_OK;
    if (access->virt)
        return csr_vgein_valid(h) ? CSR_OK : CSR_VIRTUAL;
    if (access->number == CSR_vstopei)
        return csr_vgein_valid(h) ? CSR_OK : CSR_ILLEGAL;
    bool filtered = access->priv != PRV_M && (h->st.csr.mvien & VD_BIT(9));
    return imsic && !filtered ? CSR_OK : CSR_ILLEGAL;
}

/* satp and hgatp [priv norm:mstatus_tvm_op], [priv norm:hstatus_vtvm_op]. */
enum csr_result check_tvm(const struct hart *h, const struct csr_access *access)
{
    if (access->qualify || access->priv == PRV_M)
        return CSR_OK;
    if (access->virt)
        return h->st.csr.hstatus & HSTATUS_VTVM ? CSR_VIRTUAL : CSR_OK;
    return h->st.csr.mstatus & MSTATUS_TVM ? CSR_ILLEGAL : CSR_OK;
}

static enum csr_result timer_enabled(const struct hart *h, const struct csr_access *access)
{
    if (access->priv == PRV_M)
        return CSR_OK;
    if (!(h->st.csr.menvcfg & ENVCFG_STCE) || !(h->st.csr.mcounteren & COUNTEREN_TM))
        return CSR_ILLEGAL;
    return CSR_OK;
}

/* [priv norm:menvcfg_stce_op2], [priv norm:henvcfg_stce], [aia VSLevel] */
enum csr_result check_stimecmp(const struct hart *h, const struct csr_access *access)
{
    const struct hart_csrs *csr = &h->st.csr;
    enum csr_result result = timer_enabled(h, access);
    if (result != CSR_OK || !access->virt)
        return result;
    bool enabled = (csr->henvcfg & ENVCFG_STCE) && (csr->hcounteren & COUNTEREN_TM);
    bool trapped = access->write && (csr->hvictl & HVICTL_VTI);
    return enabled && !trapped ? CSR_OK : CSR_VIRTUAL;
}

enum csr_result check_vstimecmp(const struct hart *h, const struct csr_access *access)
{
    return timer_enabled(h, access);
}

enum csr_result csr_envcfg(const struct hart *h, uint8_t priv, bool virt, uint64_t field)
{
    const struct hart_csrs *csr = &h->st.csr;
    if (priv == PRV_M || !hart_has(h, HART_EXT_S))
        return CSR_OK;
    if (!(csr->menvcfg & field))
        return CSR_ILLEGAL;
    if (virt && !(csr->henvcfg & field))
        return CSR_VIRTUAL;
    if (priv == PRV_U && !(csr->senvcfg & field))
        return virt ? CSR_VIRTUAL : CSR_ILLEGAL;
    return CSR_OK;
}

/* [priv norm:zicfiss_ssp_csr] */
enum csr_result check_ssp(const struct hart *h, const struct csr_access *access)
{
    return csr_envcfg(h, access->priv, access->virt, ENVCFG_SSE);
}

/* [priv norm:pmp_cfg_rv64_illegal].  CHOICE: entries beyond the configured number do not exist. */
enum csr_result check_pmpcfg(const struct hart *h, const struct csr_access *access)
{
    uint32_t index = access->number - CSR_pmpcfg0;
    return index % 2 == 0 && index * 4 < h->cfg.pmp_entries ? CSR_OK : CSR_ILLEGAL;
}

enum csr_result check_pmpaddr(const struct hart *h, const struct csr_access *access)
{
    return access->number - CSR_pmpaddr0 < h->cfg.pmp_entries ? CSR_OK : CSR_ILLEGAL;
}
