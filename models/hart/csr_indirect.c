/* SPDX-License-Identifier: BSD-2-Clause */
/* Registers behind *iselect and *ireg, and *topei: priorities and interrupt files [aia CSRs]. */
#include "hart/interrupt.h"

bool csr_vgein_valid(const struct hart *h)
{
    uint64_t vgein = vd_get(h->st.csr.hstatus, HSTATUS_VGEIN_LSB, 6);
    return h->imsic.ops && vgein != 0 && vgein <= h->cfg.geilen;
}

uint32_t csr_guest_file(const struct hart *h)
{
    return VD_IMSIC_FILE_S + (uint32_t)vd_get(h->st.csr.hstatus, HSTATUS_VGEIN_LSB, 6);
}

/* CHOICE: as many bits as the extensions ask for; no custom selects. */
static uint64_t select_mask(const struct hart *h, bool machine)
{
    if (hart_has(h, HART_EXT_Smcsrind))
        return 0xfff;
    if (machine)
        return h->imsic.ops ? 0xff : 0x3f;
    return 0x1ff;
}

void store_select(struct hart *h, uint64_t *field, uint64_t value)
{
    *field = value & select_mask(h, field == &h->st.csr.miselect);
}

static bool in_iprio(uint64_t select)
{
    return select >= SELECT_IPRIO && select <= SELECT_IPRIO_LAST;
}

static bool in_imsic(uint64_t select)
{
    return select >= SELECT_IMSIC && select <= SELECT_IMSIC_LAST;
}

/* [aia IMSIC]: on RV64 the odd registers of eip and eie do not exist. */
static bool odd_word(uint64_t select)
{
    return select >= SELECT_EIP && (select & 1);
}

static enum csr_result when(bool allowed, enum csr_result otherwise)
{
    return allowed ? CSR_OK : otherwise;
}

static enum csr_result check_mireg(const struct hart *h, uint64_t select)
{
    bool aia = hart_has(h, HART_EXT_Smaia);
    if (in_iprio(select))
        return when(aia && !(select & 1), CSR_ILLEGAL);
    return when(aia && in_imsic(select) && h->imsic.ops && !odd_word(select), CSR_ILLEGAL);
}

/* [aia MSLevel]: mvien.SEI keeps S-mode from its interrupt file. */
static enum csr_result check_sireg(const struct hart *h, const struct csr_access *access,
                                   uint64_t select)
{
    if (!hart_has(h, HART_EXT_Ssaia))
        return CSR_ILLEGAL;
    if (in_iprio(select)) {
        enum csr_result result = csr_stateen(h, access, STATEEN_AIA);
        return result != CSR_OK ? result : when(!(select & 1), CSR_ILLEGAL);
    }
    if (!in_imsic(select) || !h->imsic.ops || odd_word(select))
        return CSR_ILLEGAL;
    if (access->priv != PRV_M && (h->st.csr.mvien & VD_BIT(INT_SEI)))
        return CSR_ILLEGAL;
    return csr_stateen(h, access, STATEEN_IMSIC);
}

static enum csr_result check_vsireg(const struct hart *h, const struct csr_access *access,
                                    uint64_t select)
{
    enum csr_result inaccessible = access->virt ? CSR_VIRTUAL : CSR_ILLEGAL;
    if (!hart_has(h, HART_EXT_Ssaia))
        return CSR_ILLEGAL;
    if (in_iprio(select))
        return inaccessible;
    if (!in_imsic(select))
        return CSR_ILLEGAL;
    if (h->imsic.ops) {
        enum csr_result result = csr_stateen(h, access, STATEEN_IMSIC);
        if (result != CSR_OK)
            return result;
    }
    return when(csr_vgein_valid(h) && !odd_word(select), inaccessible);
}

static bool first_alias(uint32_t number)
{
    return number == CSR_sireg || number == CSR_vsireg;
}

/* CHOICE: selects that nothing defines are illegal instructions, from VS-mode too, as
 * [priv norm:vsireg_access_on_legal_vsiselect] recommends. */
enum csr_result csr_indirect_check(const struct hart *h, const struct csr_access *access)
{
    const struct hart_csrs *csr = &h->st.csr;
    uint32_t number = access->number;
    if (number == CSR_mireg)
        return check_mireg(h, csr->miselect);
    bool vs = access->virt || number >= CSR_vsireg;
    uint64_t select = vs ? csr->vsiselect : csr->siselect;
    if (first_alias(number))
        return vs ? check_vsireg(h, access, select) : check_sireg(h, access, select);
    bool known = in_iprio(select) || in_imsic(select);
    return known && access->virt && hart_has(h, HART_EXT_Ssaia) ? CSR_VIRTUAL : CSR_ILLEGAL;
}

/* Which priority numbers exist: not the external interrupt's own, nor what cannot be enabled. */
static uint64_t m_priorities(const struct hart *h)
{
    return interrupt_mie_mask(h) & ~(interrupt_hie_mask(h) | VD_BIT(INT_MEI));
}

static uint64_t s_priorities(const struct hart *h)
{
    return (interrupt_sie_mask(h) | interrupt_hie_mask(h)) & ~VD_BIT(INT_SEI);
}

static uint64_t read_iprio(const uint8_t numbers[64], uint64_t exists, uint64_t select)
{
    unsigned first = (unsigned)(select - SELECT_IPRIO) * 4;
    uint64_t value = 0;
    for (unsigned i = 0; i < 8; i++) {
        if (exists >> (first + i) & 1)
            value |= (uint64_t)numbers[first + i] << 8 * i;
    }
    return value;
}

static void write_iprio(uint8_t numbers[64], uint64_t exists, uint64_t select, uint64_t value)
{
    unsigned first = (unsigned)(select - SELECT_IPRIO) * 4;
    for (unsigned i = 0; i < 8; i++) {
        if (exists >> (first + i) & 1)
            numbers[first + i] = (uint8_t)(value >> 8 * i);
    }
}

static uint64_t read_file(struct hart *h, uint32_t file, uint64_t select)
{
    return h->imsic.ops->read(h->imsic.ctx, file, (uint32_t)select);
}

static void write_file(struct hart *h, uint32_t file, uint64_t select, uint64_t value)
{
    h->imsic.ops->write(h->imsic.ctx, file, (uint32_t)select, value);
    h->attention = true;
}

uint64_t read_mireg(struct hart *h, uint32_t number)
{
    (void)number;
    uint64_t select = h->st.csr.miselect;
    if (in_iprio(select))
        return read_iprio(h->st.csr.mprio, m_priorities(h), select);
    return read_file(h, VD_IMSIC_FILE_M, select);
}

void write_mireg(struct hart *h, uint32_t number, uint64_t value)
{
    (void)number;
    uint64_t select = h->st.csr.miselect;
    if (in_iprio(select))
        write_iprio(h->st.csr.mprio, m_priorities(h), select, value);
    else
        write_file(h, VD_IMSIC_FILE_M, select, value);
}

uint64_t read_sireg(struct hart *h, uint32_t number)
{
    (void)number;
    uint64_t select = h->st.csr.siselect;
    if (in_iprio(select))
        return read_iprio(h->st.csr.sprio, s_priorities(h), select);
    return read_file(h, VD_IMSIC_FILE_S, select);
}

void write_sireg(struct hart *h, uint32_t number, uint64_t value)
{
    (void)number;
    uint64_t select = h->st.csr.siselect;
    if (in_iprio(select))
        write_iprio(h->st.csr.sprio, s_priorities(h), select, value);
    else
        write_file(h, VD_IMSIC_FILE_S, select, value);
}

uint64_t read_vsireg(struct hart *h, uint32_t number)
{
    (void)number;
    return read_file(h, csr_guest_file(h), h->st.csr.vsiselect);
}

void write_vsireg(struct hart *h, uint32_t number, uint64_t value)
{
    (void)number;
    write_file(h, csr_guest_file(h), h->st.csr.vsiselect, value);
}

static uint64_t topei(struct hart *h, uint32_t file)
{
    return h->imsic.ops->topei(h->imsic.ctx, file);
}

/* [aia IMSIC-topei]: any write claims what the register shows, whatever is written. */
static void claim(struct hart *h, uint32_t file)
{
    h->imsic.ops->claim(h->imsic.ctx, file);
    h->attention = true;
}

uint64_t read_mtopei(struct hart *h, uint32_t number)
{
    (void)number;
    return topei(h, VD_IMSIC_FILE_M);
}

void write_mtopei(struct hart *h, uint32_t number, uint64_t value)
{
    (void)number, (void)value;
    claim(h, VD_IMSIC_FILE_M);
}

uint64_t read_stopei(struct hart *h, uint32_t number)
{
    (void)number;
    return topei(h, VD_IMSIC_FILE_S);
}

void write_stopei(struct hart *h, uint32_t number, uint64_t value)
{
    (void)number, (void)value;
    claim(h, VD_IMSIC_FILE_S);
}

uint64_t read_vstopei(struct hart *h, uint32_t number)
{
    (void)number;
    return topei(h, csr_guest_file(h));
}

void write_vstopei(struct hart *h, uint32_t number, uint64_t value)
{
    (void)number, (void)value;
    claim(h, csr_guest_file(h));
}
