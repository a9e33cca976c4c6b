/* SPDX-License-Identifier: BSD-2-Clause */
/* Status, identity, delegation of exceptions, environment and state enables. */
#include "hart/cause.h"
#include "hart/csr.h"

static void merge(uint64_t *target, uint64_t mask, uint64_t value)
{
    *target = (*target & ~mask) | (value & mask);
}

static uint64_t fs_mask(const struct hart *h)
{
    return hart_has(h, HART_EXT_F) ? MSTATUS_FS : 0;
}

static uint64_t sstatus_mask(const struct hart *h)
{
    uint64_t landing = hart_has(h, HART_EXT_Zicfilp) ? MSTATUS_SPELP : 0;
    return MSTATUS_SIE | MSTATUS_SPIE | MSTATUS_SPP | MSTATUS_SUM | MSTATUS_MXR | fs_mask(h) |
           landing;
}

static uint64_t mstatus_mask(const struct hart *h)
{
    uint64_t mask = MSTATUS_MIE | MSTATUS_MPIE | fs_mask(h);
    if (hart_has(h, HART_EXT_S))
        mask |= sstatus_mask(h) | MSTATUS_MPRV | MSTATUS_TVM | MSTATUS_TW | MSTATUS_TSR;
    if (hart_has(h, HART_EXT_H))
        mask |= MSTATUS_GVA | MSTATUS_MPV;
    if (hart_has(h, HART_EXT_Zicfilp))
        mask |= MSTATUS_MPELP;
    return mask;
}

static uint64_t with_sd(uint64_t status)
{
    return (status & MSTATUS_FS) == MSTATUS_FS ? status | MSTATUS_SD : status;
}

static void status_changed(struct hart *h)
{
    mmu_context(h);
    h->attention = true;
}

uint64_t read_mstatus(struct hart *h, uint32_t number)
{
    (void)number;
    return with_sd(h->st.csr.mstatus);
}

/* MPP keeps its value when the reserved mode, or one that is missing, is written. */
void write_mstatus(struct hart *h, uint32_t number, uint64_t value)
{
    (void)number;
    uint64_t mask = mstatus_mask(h);
    uint64_t mpp = vd_get(value, MSTATUS_MPP_LSB, 2);
    if (hart_has(h, HART_EXT_S) && mpp != PRV_HS_RESERVED)
        mask |= MSTATUS_MPP;
    merge(&h->st.csr.mstatus, mask, value);
    status_changed(h);
}

uint64_t read_sstatus(struct hart *h, uint32_t number)
{
    (void)number;
    return with_sd(h->st.csr.mstatus & (sstatus_mask(h) | MSTATUS_UXL));
}

void write_sstatus(struct hart *h, uint32_t number, uint64_t value)
{
    (void)number;
    merge(&h->st.csr.mstatus, sstatus_mask(h), value);
    status_changed(h);
}

uint64_t read_vsstatus(struct hart *h, uint32_t number)
{
    (void)number;
    return with_sd(h->st.csr.vsstatus);
}

void write_vsstatus(struct hart *h, uint32_t number, uint64_t value)
{
    (void)number;
    merge(&h->st.csr.vsstatus, sstatus_mask(h), value);
    status_changed(h);
}

uint64_t read_hstatus(struct hart *h, uint32_t number)
{
    (void)number;
    return h->st.csr.hstatus | XLEN_64 << HSTATUS_VSXL_LSB;
}

/* CHOICE: VGEIN holds every value of its 6 bits, unless there are no guest files; beyond GEILEN it
 * selects nothing and is no valid guest number [priv norm:hstatus_vgein_op]. */
void write_hstatus(struct hart *h, uint32_t number, uint64_t value)
{
    (void)number;
    uint64_t mask = HSTATUS_GVA | HSTATUS_SPV | HSTATUS_SPVP | HSTATUS_HU | HSTATUS_VTVM |
                    HSTATUS_VTW | HSTATUS_VTSR;
    if (h->cfg.geilen)
        mask |= vd_mask(HSTATUS_VGEIN_LSB, 6);
    /* CHOICE: the reserved HUPMM 1 leaves the field as it was. */
    if (hart_has(h, HART_EXT_Ssnpm) && vd_get(value, HSTATUS_HUPMM_LSB, 2) != 1)
        mask |= HSTATUS_HUPMM;
    merge(&h->st.csr.hstatus, mask, value);
    status_changed(h);
}

/* CHOICE: extensions are fixed at construction, misa ignores writes [priv norm:misa_acc]. */
uint64_t read_misa(struct hart *h, uint32_t number)
{
    (void)number;
    static const struct {
        enum hart_extension extension;
        char letter;
    } letters[] = {
        {HART_EXT_M, 'M'}, {HART_EXT_A, 'A'}, {HART_EXT_F, 'F'}, {HART_EXT_D, 'D'},
        {HART_EXT_C, 'C'}, {HART_EXT_S, 'S'}, {HART_EXT_S, 'U'}, {HART_EXT_H, 'H'},
    };
    uint64_t misa = XLEN_64 << 62 | VD_BIT('I' - 'A');
    for (size_t i = 0; i < sizeof(letters) / sizeof(letters[0]); i++) {
        if (hart_has(h, letters[i].extension))
            misa |= VD_BIT(letters[i].letter - 'A');
    }
    if (hart_has(h, HART_EXT_Zba) && hart_has(h, HART_EXT_Zbb) && hart_has(h, HART_EXT_Zbs))
        misa |= VD_BIT('B' - 'A');
    return misa;
}

uint64_t read_mhartid(struct hart *h, uint32_t number)
{
    (void)number;
    return h->cfg.hartid;
}

/* [priv norm:vsstatus_fs_op] */
static void fp_dirty(struct hart *h)
{
    h->st.csr.mstatus |= MSTATUS_FS;
    if (h->st.virt)
        h->st.csr.vsstatus |= MSTATUS_FS;
}

uint64_t read_fflags(struct hart *h, uint32_t number)
{
    (void)number;
    return h->st.csr.fflags;
}

void write_fflags(struct hart *h, uint32_t number, uint64_t value)
{
    (void)number;
    h->st.csr.fflags = value & 0x1f;
    fp_dirty(h);
}

uint64_t read_frm(struct hart *h, uint32_t number)
{
    (void)number;
    return h->st.csr.frm;
}

void write_frm(struct hart *h, uint32_t number, uint64_t value)
{
    (void)number;
    h->st.csr.frm = value & 7;
    fp_dirty(h);
}

uint64_t read_fcsr(struct hart *h, uint32_t number)
{
    (void)number;
    return (uint64_t)h->st.csr.frm << 5 | h->st.csr.fflags;
}

void write_fcsr(struct hart *h, uint32_t number, uint64_t value)
{
    (void)number;
    h->st.csr.frm = value >> 5 & 7;
    h->st.csr.fflags = value & 0x1f;
    fp_dirty(h);
}

void store_epc(struct hart *h, uint64_t *field, uint64_t value)
{
    *field = hart_instruction_address(h, value);
}

enum { NEVER, ALWAYS, WITH_H, WITH_CFI };

/* [priv medeleg], [priv hedeleg-bits] */
enum {
    MEDELEG = 0
#define HART_CAUSE(name, code, medeleg, hedeleg, text) | ((medeleg) == ALWAYS ? 1 << (code) : 0)
#include "hart/causes.def"
#undef HART_CAUSE
    ,
    MEDELEG_H = 0
#define HART_CAUSE(name, code, medeleg, hedeleg, text) | ((medeleg) == WITH_H ? 1 << (code) : 0)
#include "hart/causes.def"
#undef HART_CAUSE
    ,
    HEDELEG = 0
#define HART_CAUSE(name, code, medeleg, hedeleg, text) | ((hedeleg) == ALWAYS ? 1 << (code) : 0)
#include "hart/causes.def"
#undef HART_CAUSE
};

/* The one cause WITH_CFI. */
static uint64_t software_check(const struct hart *h)
{
    bool cfi = hart_has(h, HART_EXT_Zicfilp) || hart_has(h, HART_EXT_Zicfiss);
    return cfi ? VD_BIT(CAUSE_SOFTWARE_CHECK) : 0;
}

void store_medeleg(struct hart *h, uint64_t *field, uint64_t value)
{
    *field = value & (MEDELEG | (hart_has(h, HART_EXT_H) ? MEDELEG_H : 0) | software_check(h));
}

void store_hedeleg(struct hart *h, uint64_t *field, uint64_t value)
{
    *field = value & (HEDELEG | software_check(h));
}

/* Fields of an envcfg register that are there if an extension is. */
static const struct {
    uint64_t field;
    enum hart_extension extension;
} envcfg_fields[] = {
    {ENVCFG_LPE, HART_EXT_Zicfilp},
    {ENVCFG_SSE, HART_EXT_Zicfiss},
    {ENVCFG_CBIE | ENVCFG_CBCFE, HART_EXT_Zicbom},
    {ENVCFG_CBZE, HART_EXT_Zicboz},
    {ENVCFG_ADUE, HART_EXT_Svadu},
    {ENVCFG_PBMTE, HART_EXT_Svpbmt},
    {ENVCFG_STCE, HART_EXT_Sstc},
};

static uint64_t envcfg_mask(const struct hart *h, enum hart_extension masking)
{
    uint64_t mask = ENVCFG_FIOM | (hart_has(h, masking) ? ENVCFG_PMM : 0);
    for (size_t i = 0; i < sizeof(envcfg_fields) / sizeof(envcfg_fields[0]); i++)
        mask |= hart_has(h, envcfg_fields[i].extension) ? envcfg_fields[i].field : 0;
    return mask;
}

/* [priv norm:menvcfg_cbie_warl_op], [priv norm:menvcfg_pmm_op].  CHOICE: the reserved values of
 * CBIE (2) and PMM (1) leave the field as it was. */
static void merge_envcfg(uint64_t *envcfg, uint64_t mask, uint64_t value)
{
    if (vd_get(value, ENVCFG_CBIE_LSB, 2) == 2)
        mask &= ~ENVCFG_CBIE;
    if (vd_get(value, ENVCFG_PMM_LSB, 2) == 1)
        mask &= ~ENVCFG_PMM;
    merge(envcfg, mask, value);
}

static void envcfg_changed(struct hart *h)
{
    interrupt_timers(h);
    mmu_context(h);
    h->attention = true;
}

void store_menvcfg(struct hart *h, uint64_t *field, uint64_t value)
{
    merge_envcfg(field, envcfg_mask(h, HART_EXT_Smnpm), value);
    envcfg_changed(h);
}

/* [priv norm:menvcfg_sse_rdonly0], [priv norm:henvcfg_sse_op]: SSE is read-only zero where it is
 * zero further up. */
static uint64_t visible_in_senvcfg(const struct hart *h)
{
    uint64_t above = h->st.csr.menvcfg & (h->st.virt ? h->st.csr.henvcfg : ENVCFG_SSE);
    return ~ENVCFG_SSE | above;
}

uint64_t read_senvcfg(struct hart *h, uint32_t number)
{
    (void)number;
    return h->st.csr.senvcfg & visible_in_senvcfg(h);
}

void write_senvcfg(struct hart *h, uint32_t number, uint64_t value)
{
    (void)number;
    uint64_t levels = ENVCFG_ADUE | ENVCFG_PBMTE | ENVCFG_STCE;
    uint64_t mask = envcfg_mask(h, HART_EXT_Ssnpm) & ~levels & visible_in_senvcfg(h);
    merge_envcfg(&h->st.csr.senvcfg, mask, value);
    envcfg_changed(h);
}

/* These are read-only zero in henvcfg while they are zero in menvcfg
 * [priv norm:menvcfg_stce_op2], [priv norm:menvcfg_pbmte_henvcfg_pbmte_rdonly0],
 * [priv norm:menvcfg_adue_henvcfg_adue_rdonly0], [priv norm:menvcfg_sse_rdonly0]. */
static uint64_t henvcfg_mask(const struct hart *h)
{
    uint64_t levels = ENVCFG_ADUE | ENVCFG_PBMTE | ENVCFG_STCE | ENVCFG_SSE;
    return envcfg_mask(h, HART_EXT_Ssnpm) & (~levels | h->st.csr.menvcfg);
}

uint64_t read_henvcfg(struct hart *h, uint32_t number)
{
    (void)number;
    return h->st.csr.henvcfg & henvcfg_mask(h);
}

void write_henvcfg(struct hart *h, uint32_t number, uint64_t value)
{
    (void)number;
    merge_envcfg(&h->st.csr.henvcfg, henvcfg_mask(h), value);
    envcfg_changed(h);
}

/* [priv norm:stateen_unimplemented_state_roz]: bits of what this hart does not have are zero. */
static uint64_t stateen_mask(const struct hart *h, uint32_t number)
{
    if (number != CSR_mstateen0)
        return STATEEN_SE;
    uint64_t mask = STATEEN_SE | STATEEN_ENVCFG;
    bool aia = hart_has(h, HART_EXT_Ssaia);
    if (aia || hart_has(h, HART_EXT_Smcsrind))
        mask |= STATEEN_CSRIND;
    if (aia)
        mask |= STATEEN_AIA;
    if (aia && h->imsic.ops)
        mask |= STATEEN_IMSIC;
    if (hart_has(h, HART_EXT_Sdtrig))
        mask |= STATEEN_CONTEXT;
    return mask;
}

uint64_t read_mstateen(struct hart *h, uint32_t number)
{
    return h->st.csr.mstateen[number & 3];
}

void write_mstateen(struct hart *h, uint32_t number, uint64_t value)
{
    h->st.csr.mstateen[number & 3] = value & stateen_mask(h, number);
}

/* [priv norm:mstateen_lower_priv_roz] */
uint64_t read_hstateen(struct hart *h, uint32_t number)
{
    return h->st.csr.hstateen[number & 3] & h->st.csr.mstateen[number & 3];
}

void write_hstateen(struct hart *h, uint32_t number, uint64_t value)
{
    merge(&h->st.csr.hstateen[number & 3], h->st.csr.mstateen[number & 3], value);
}
