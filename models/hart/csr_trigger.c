/* SPDX-License-Identifier: BSD-2-Clause */
/* The CSRs of debug triggers.  CHOICE: HART_TRIGGERS of them, each of every type that there is:
 * mcontrol6, icount, itrigger, etrigger; action 0 only. */
#include "hart/csr.h"
#include "hart/trigger.h"

#define TYPE(type) ((uint64_t)(type) << TDATA1_TYPE_LSB)

static uint64_t *selected(struct hart *h, uint64_t registers[HART_TRIGGERS])
{
    return &registers[h->st.csr.tselect];
}

/* Of a mode that the hart does not have the enable is zero. */
static uint64_t modes(const struct hart *h, uint64_t user, uint64_t guest, uint64_t machine)
{
    return machine | (hart_has(h, HART_EXT_S) ? user : 0) | (hart_has(h, HART_EXT_H) ? guest : 0);
}

static uint64_t legal_match(uint64_t value)
{
    static const uint16_t matches =
        1 << 0 | 1 << MATCH_NAPOT | 1 << MATCH_GE | 1 << MATCH_LT | 1 << MATCH_MASK_LOW |
        1 << MATCH_MASK_HIGH | 1 << MATCH_NOT | 1 << (MATCH_NOT | MATCH_NAPOT) |
        1 << (MATCH_NOT | MATCH_MASK_LOW) | 1 << (MATCH_NOT | MATCH_MASK_HIGH);
    uint64_t match = vd_get(value, MCONTROL6_MATCH_LSB, 4);
    return matches >> match & 1 ? match << MCONTROL6_MATCH_LSB : 0;
}

static uint64_t legal_size(uint64_t value)
{
    static const uint8_t sizes = 1 << 0 | 1 << 1 | 1 << 2 | 1 << 3 | 1 << 5;
    uint64_t size = vd_get(value, MCONTROL6_SIZE_LSB, 3);
    return sizes >> size & 1 ? size << MCONTROL6_SIZE_LSB : 0;
}

/* [debug csr-mcontrol6].  The last trigger has no next one to be chained to. */
static uint64_t legal_mcontrol6(const struct hart *h, uint64_t value)
{
    uint64_t mask = MCONTROL6_HIT0 | MCONTROL6_HIT1 | MCONTROL6_SELECT | TRIGGER_LOAD |
                    TRIGGER_STORE | TRIGGER_EXECUTE |
                    modes(h, VD_BIT(3) | VD_BIT(4), VD_BIT(23) | VD_BIT(24), VD_BIT(6));
    if (h->st.csr.tselect != HART_TRIGGERS - 1)
        mask |= MCONTROL6_CHAIN;
    return (value & mask) | legal_match(value) | legal_size(value);
}

/* CHOICE: a type that there is not is 15, disabled [debug csr-tdata1]. */
static uint64_t legal_tdata1(const struct hart *h, uint64_t value)
{
    switch (value >> TDATA1_TYPE_LSB) {
    case TRIGGER_MCONTROL6:
        return TYPE(TRIGGER_MCONTROL6) | legal_mcontrol6(h, value);
    case TRIGGER_ICOUNT:
        return TYPE(TRIGGER_ICOUNT) |
               (value & (ICOUNT_HIT | ICOUNT_PENDING | vd_mask(ICOUNT_COUNT_LSB, 14) |
                         modes(h, VD_BIT(6) | VD_BIT(7), VD_BIT(25) | VD_BIT(26), VD_BIT(9))));
    case TRIGGER_ITRIGGER:
    case TRIGGER_ETRIGGER:
        return (value & TYPE(15)) |
               (value &
                (TRAP_HIT | modes(h, VD_BIT(6) | VD_BIT(7), VD_BIT(11) | VD_BIT(12), VD_BIT(9))));
    default:
        return TYPE(TRIGGER_DISABLED);
    }
}

void store_tselect(struct hart *h, uint64_t *field, uint64_t value)
{
    (void)h;
    if (value < HART_TRIGGERS)
        *field = value;
}

uint64_t read_tdata1(struct hart *h, uint32_t number)
{
    (void)number;
    return *selected(h, h->st.csr.tdata1);
}

void write_tdata1(struct hart *h, uint32_t number, uint64_t value)
{
    (void)number;
    *selected(h, h->st.csr.tdata1) = legal_tdata1(h, value);
    trigger_rearm(h);
}

uint64_t read_tdata2(struct hart *h, uint32_t number)
{
    (void)number;
    return *selected(h, h->st.csr.tdata2);
}

void write_tdata2(struct hart *h, uint32_t number, uint64_t value)
{
    (void)number;
    *selected(h, h->st.csr.tdata2) = value;
}

/* [debug csr-textra64].  CHOICE: a reserved sselect or mhselect is 0, that is, ignored. */
static uint64_t legal_tdata3(const struct hart *h, uint64_t value)
{
    uint64_t supervisor = vd_mask(TEXTRA_SBYTEMASK_LSB, 5) | vd_mask(TEXTRA_SVALUE_LSB, 34);
    uint64_t sselect = value & 3, mhselect = vd_get(value, TEXTRA_MHSELECT_LSB, 3);
    uint64_t legal = value & vd_mask(TEXTRA_MHVALUE_LSB, 13);
    if (hart_has(h, HART_EXT_H) ? (mhselect & 3) != 3 : mhselect == MHSELECT_MCONTEXT)
        legal |= mhselect << TEXTRA_MHSELECT_LSB;
    if (hart_has(h, HART_EXT_S))
        legal |= (value & supervisor) | (sselect != 3 ? sselect : 0);
    return legal;
}

uint64_t read_tdata3(struct hart *h, uint32_t number)
{
    (void)number;
    return *selected(h, h->st.csr.tdata3);
}

void write_tdata3(struct hart *h, uint32_t number, uint64_t value)
{
    (void)number;
    *selected(h, h->st.csr.tdata3) = legal_tdata3(h, value);
}

/* CHOICE: as many bits as a trigger can compare [debug csr-scontext], [debug csr-mcontext]. */
void store_scontext(struct hart *h, uint64_t *field, uint64_t value)
{
    (void)h;
    *field = value & TEXTRA_SVALUE;
}

/* hcontext is another number of the same register. */
uint64_t read_mcontext(struct hart *h, uint32_t number)
{
    (void)number;
    return h->st.csr.mcontext;
}

void write_mcontext(struct hart *h, uint32_t number, uint64_t value)
{
    (void)number;
    h->st.csr.mcontext = value & vd_mask(0, hart_has(h, HART_EXT_H) ? 14 : 13);
}

/* [debug csr-tinfo]: the types, and version 1.0. */
uint64_t read_tinfo(struct hart *h, uint32_t number)
{
    (void)h;
    (void)number;
    return VD_BIT(24) | VD_BIT(TRIGGER_ICOUNT) | VD_BIT(TRIGGER_ITRIGGER) |
           VD_BIT(TRIGGER_ETRIGGER) | VD_BIT(TRIGGER_MCONTROL6) | VD_BIT(TRIGGER_DISABLED);
}

void csr_trigger_reset(struct hart *h)
{
    for (unsigned i = 0; i < HART_TRIGGERS; i++)
        h->st.csr.tdata1[i] = TYPE(TRIGGER_DISABLED);
}
