/* SPDX-License-Identifier: BSD-2-Clause */
/* Interrupt CSRs: who owns which bit. */
#include "hart/interrupt.h"

#define HVICTL_MASK                                                                                \
    (HVICTL_VTI | UINT64_C(0xfff) << HVICTL_IID_LSB | HVICTL_DPR | HVICTL_IPRIOM | 0xff)

static void merge(uint64_t *target, uint64_t mask, uint64_t value)
{
    *target = (*target & ~mask) | (value & mask);
}

uint64_t read_mideleg(struct hart *h, uint32_t number)
{
    (void)number;
    return interrupt_mideleg(h);
}

/* [aia MSLevel]: sie[n] is then UNSPECIFIED.  CHOICE: it goes on with the value of mie[n]. */
static void seed_sie(struct hart *h, uint64_t bits)
{
    merge(&h->st.csr.sie_own, bits, h->st.csr.mie);
}

void write_mideleg(struct hart *h, uint32_t number, uint64_t value)
{
    (void)number;
    struct hart_csrs *csr = &h->st.csr;
    seed_sie(h, csr->mideleg & ~value & csr->mvien);
    csr->mideleg = value & (S_INTERRUPTS | interrupt_local_mask(h));
    h->attention = true;
}

void store_mie(struct hart *h, uint64_t *field, uint64_t value)
{
    *field = value & interrupt_mie_mask(h);
    h->attention = true;
}

uint64_t read_mip(struct hart *h, uint32_t number)
{
    (void)number;
    return interrupt_mip(h);
}

/* [priv norm:mip_seip]: a read-modify-write sees software's SEIP alone. */
uint64_t csr_mip_base(struct hart *h)
{
    uint64_t seip = VD_BIT(INT_SEI);
    return (interrupt_mip(h) & ~seip) | (h->st.csr.mip_soft & seip);
}

void write_mip(struct hart *h, uint32_t number, uint64_t value)
{
    (void)number;
    struct hart_csrs *csr = &h->st.csr;
    uint64_t soft = interrupt_local_mask(h) | (hart_has(h, HART_EXT_S) ? S_INTERRUPTS : 0);
    if (interrupt_stip_is_timer(h))
        soft &= ~VD_BIT(INT_STI);
    merge(&csr->mip_soft, soft & ~(csr->mvien & VD_BIT(INT_SEI)), value);
    merge(&csr->hvip, VD_BIT(INT_VSSI), value);
    h->attention = true;
}

/* [aia MSLevel]: mvip.SSIP is UNSPECIFIED when it gets a life of its own.  CHOICE: the value that
 * it showed before. */
void store_mvien(struct hart *h, uint64_t *field, uint64_t value)
{
    struct hart_csrs *csr = &h->st.csr;
    value &= LOCAL_INTERRUPTS | VD_BIT(INT_SSI) | VD_BIT(INT_SEI);
    uint64_t risen = value & ~*field;
    merge(&csr->mvip, risen & VD_BIT(INT_SSI), csr->mip_soft);
    seed_sie(h, risen & ~interrupt_mideleg(h));
    *field = value;
    h->attention = true;
}

uint64_t read_mvip(struct hart *h, uint32_t number)
{
    (void)number;
    return interrupt_mvip(h);
}

void write_mvip(struct hart *h, uint32_t number, uint64_t value)
{
    (void)number;
    struct hart_csrs *csr = &h->st.csr;
    uint64_t aliases = interrupt_mvip_aliases(h);
    merge(&csr->mip_soft, aliases, value);
    merge(&csr->mvip, (LOCAL_INTERRUPTS | VD_BIT(INT_SSI)) & ~aliases, value);
    h->attention = true;
}

uint64_t read_sie(struct hart *h, uint32_t number)
{
    (void)number;
    return interrupt_sie(h);
}

/* The bits in `mask` of sie, wherever they live. */
static void store_sie(struct hart *h, uint64_t mask, uint64_t value)
{
    struct hart_csrs *csr = &h->st.csr;
    merge(&csr->mie, mask & csr->mideleg, value);
    merge(&csr->sie_own, mask & csr->mvien & ~csr->mideleg, value);
    h->attention = true;
}

void write_sie(struct hart *h, uint32_t number, uint64_t value)
{
    (void)number;
    store_sie(h, ~UINT64_C(0), value);
}

uint64_t read_sip(struct hart *h, uint32_t number)
{
    (void)number;
    return interrupt_sip(h);
}

/* Of interrupts 1, 5 and 9 only SSIP can be written here [priv norm:sip_ssip_acc]; LCOFIP can if it
 * is delegated [priv norm:LCOFIP_op]. */
static void store_sip(struct hart *h, uint64_t mask, uint64_t value)
{
    struct hart_csrs *csr = &h->st.csr;
    mask &= LOCAL_INTERRUPTS | VD_BIT(INT_SSI);
    merge(&csr->mip_soft, mask & csr->mideleg, value);
    merge(&csr->mvip, mask & csr->mvien & ~csr->mideleg, value);
    h->attention = true;
}

void write_sip(struct hart *h, uint32_t number, uint64_t value)
{
    (void)number;
    store_sip(h, ~UINT64_C(0), value);
}

uint64_t read_hideleg(struct hart *h, uint32_t number)
{
    (void)number;
    return interrupt_hideleg(h);
}

/* [aia VSLevel]: vsie[n] is then UNSPECIFIED.  CHOICE: it goes on with the value of sie[n]. */
static void seed_vsie(struct hart *h, uint64_t bits)
{
    merge(&h->st.csr.vsie_own, bits, interrupt_sie(h));
}

void write_hideleg(struct hart *h, uint32_t number, uint64_t value)
{
    (void)number;
    struct hart_csrs *csr = &h->st.csr;
    uint64_t locals = interrupt_sie_mask(h) & interrupt_hideleg_locals(h);
    seed_vsie(h, interrupt_hideleg(h) & ~value & csr->hvien);
    csr->hideleg = value & (VS_INTERRUPTS | locals);
    h->attention = true;
}

uint64_t read_hie(struct hart *h, uint32_t number)
{
    (void)number;
    return interrupt_hie(h);
}

void write_hie(struct hart *h, uint32_t number, uint64_t value)
{
    (void)number;
    merge(&h->st.csr.mie, interrupt_hie_mask(h), value);
    h->attention = true;
}

uint64_t read_hip(struct hart *h, uint32_t number)
{
    (void)number;
    return interrupt_hip(h);
}

void write_hip(struct hart *h, uint32_t number, uint64_t value)
{
    (void)number;
    merge(&h->st.csr.hvip, VD_BIT(INT_VSSI), value);
    h->attention = true;
}

void store_hvip(struct hart *h, uint64_t *field, uint64_t value)
{
    uint64_t local = hart_has(h, HART_EXT_Ssaia) ? LOCAL_INTERRUPTS : 0;
    *field = value & (VS_INTERRUPTS | local);
    h->attention = true;
}

void store_hvien(struct hart *h, uint64_t *field, uint64_t value)
{
    uint64_t risen = value & LOCAL_INTERRUPTS & ~*field & ~interrupt_hideleg(h);
    seed_vsie(h, risen);
    *field = value & LOCAL_INTERRUPTS;
    h->attention = true;
}

static uint64_t *hviprio(struct hart *h, uint32_t number)
{
    return &h->st.csr.hviprio[number - CSR_hviprio1];
}

uint64_t read_hviprio(struct hart *h, uint32_t number)
{
    return *hviprio(h, number);
}

/* Numbers of interrupts 0, 4 and 8 read zero. */
void write_hviprio(struct hart *h, uint32_t number, uint64_t value)
{
    uint64_t reserved = number == CSR_hviprio1 ? UINT64_C(0x000000ff00ff00ff) : 0;
    *hviprio(h, number) = value & ~reserved;
    h->attention = true;
}

void store_hvictl(struct hart *h, uint64_t *field, uint64_t value)
{
    *field = value & HVICTL_MASK;
    h->attention = true;
}

uint64_t read_hgeip(struct hart *h, uint32_t number)
{
    (void)number;
    return h->st.hgeip;
}

void store_hgeie(struct hart *h, uint64_t *field, uint64_t value)
{
    uint64_t hgeie = value & vd_mask(1, h->cfg.geilen);
    h->attention = true;
    if (hgeie == *field)
        return;
    *field = hgeie;
    struct vd_record record = {.kind = VD_REC_hgeie, .a = h->cfg.index, .b = hgeie};
    h->host.ops->trace(h->host.ctx, &record);
}

uint64_t read_vsie(struct hart *h, uint32_t number)
{
    (void)number;
    return interrupt_vsie(h);
}

void write_vsie(struct hart *h, uint32_t number, uint64_t value)
{
    (void)number;
    uint64_t hideleg = interrupt_hideleg(h);
    merge(&h->st.csr.mie, hideleg & VS_INTERRUPTS, value << 1);
    merge(&h->st.csr.vsie_own, h->st.csr.hvien & ~hideleg, value);
    store_sie(h, hideleg, value);
}

uint64_t read_vsip(struct hart *h, uint32_t number)
{
    (void)number;
    return interrupt_vsip(h);
}

void write_vsip(struct hart *h, uint32_t number, uint64_t value)
{
    (void)number;
    struct hart_csrs *csr = &h->st.csr;
    uint64_t hideleg = interrupt_hideleg(h);
    merge(&csr->hvip, hideleg & VD_BIT(INT_VSSI), value << 1);
    merge(&csr->hvip, csr->hvien & ~hideleg, value);
    store_sip(h, hideleg, value);
}

uint64_t read_mtopi(struct hart *h, uint32_t number)
{
    (void)number;
    return interrupt_mtopi(h);
}

uint64_t read_stopi(struct hart *h, uint32_t number)
{
    (void)number;
    return interrupt_stopi(h);
}

uint64_t read_vstopi(struct hart *h, uint32_t number)
{
    (void)number;
    return interrupt_vstopi(h);
}
