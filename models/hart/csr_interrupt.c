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
    uint64_t soft = VD_BIT(INT_SSI);
    merge(&csr->mip_soft, interrupt_local_mask(h), value);
    if (!interrupt_stip_is_timer(h))
        soft |= VD_BIT(INT_STI);
    if (!(csr->mvien & VD_BIT(INT_SEI)))
        soft |= VD_BIT(INT_SEI);
    if (hart_has(h, HART_EXT_S))
        merge(&csr->mip_soft, soft, value);
    if (hart_has(h, HART_EXT_H))
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
    uint64_t ssip = VD_BIT(INT_SSI);
    uint64_t shared = VD_BIT(INT_SEI); /* one bit, whatever mvien says */
    if (!interrupt_stip_is_timer(h))
        shared |= VD_BIT(INT_STI);
    merge(&csr->mip_soft, shared, value);
    merge(csr->mvien & ssip ? &csr->mvip : &csr->mip_soft, ssip, value);
    merge(&csr->mvip, LOCAL_INTERRUPTS, value);
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
    uint64_t mideleg = interrupt_mideleg(h);
    mask &= interrupt_sie_mask(h);
    merge(&h->st.csr.mie, mask & mideleg & interrupt_mie_mask(h), value);
    merge(&h->st.csr.sie_own, mask & ~mideleg, value);
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

/* Of interrupts 1, 5 and 9 only SSIP can be written here [priv norm:sip_ssip_acc]. */
static void store_sip(struct hart *h, uint64_t mask, uint64_t value)
{
    struct hart_csrs *csr = &h->st.csr;
    uint64_t ssip = VD_BIT(INT_SSI);
    mask &= interrupt_sie_mask(h);
    bool own = !(interrupt_mideleg(h) & ssip);
    merge(own ? &csr->mvip : &csr->mip_soft, mask & ssip, value);
    uint64_t real = interrupt_mideleg(h) & interrupt_local_mask(h); /* [priv norm:LCOFIP_op] */
    merge(&csr->mip_soft, mask & real, value);
    merge(&csr->mvip, mask & LOCAL_INTERRUPTS & ~real, value);
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
    merge(&h->st.csr.vsie_own, bits & LOCAL_INTERRUPTS, interrupt_sie(h));
}

void write_hideleg(struct hart *h, uint32_t number, uint64_t value)
{
    (void)number;
    struct hart_csrs *csr = &h->st.csr;
    uint64_t locals = interrupt_sie_mask(h) & interrupt_hideleg_locals(h);
    uint64_t writable = locals | VS_INTERRUPTS;
    seed_vsie(h, csr->hideleg & ~value & writable & csr->hvien);
    csr->hideleg = value & writable;
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
    merge(&h->st.csr.vsie_own, h->st.csr.hvien & ~hideleg & LOCAL_INTERRUPTS, value);
    store_sie(h, hideleg & LOCAL_INTERRUPTS, value);
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
    merge(&csr->hvip, csr->hvien & ~hideleg & LOCAL_INTERRUPTS, value);
    store_sip(h, hideleg & LOCAL_INTERRUPTS, value);
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
