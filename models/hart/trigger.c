/* SPDX-License-Identifier: BSD-2-Clause */
/* When triggers match and what they do then. */
#include "hart/trigger.h"

#include "hart/cause.h"
#include "hart/csr.h"

enum { KIND_ADDRESS, KIND_COUNT, KIND_TRAP, KINDS };
enum { NO_STEP = 0 };

static unsigned type_of(uint64_t tdata1)
{
    return (unsigned)(tdata1 >> TDATA1_TYPE_LSB);
}

/* The enables of modes, by layout [debug csr-mcontrol6], [debug csr-icount], [debug csr-etrigger];
 * U S - M, VU VS. */
static bool enabled_in(uint64_t tdata1, enum vd_mode mode)
{
    static const uint8_t bits[KINDS][VD_MODE_VS + 1] = {
        [KIND_ADDRESS] = {[VD_MODE_U] = 3,
                          [VD_MODE_S] = 4,
                          [VD_MODE_M] = 6,
                          [VD_MODE_VU] = 23,
                          [VD_MODE_VS] = 24},
        [KIND_COUNT] = {[VD_MODE_U] = 6,
                        [VD_MODE_S] = 7,
                        [VD_MODE_M] = 9,
                        [VD_MODE_VU] = 25,
                        [VD_MODE_VS] = 26},
        [KIND_TRAP] = {[VD_MODE_U] = 6,
                       [VD_MODE_S] = 7,
                       [VD_MODE_M] = 9,
                       [VD_MODE_VU] = 11,
                       [VD_MODE_VS] = 12},
    };
    unsigned type = type_of(tdata1);
    unsigned kind = type == TRIGGER_MCONTROL6 ? KIND_ADDRESS
                    : type == TRIGGER_ICOUNT  ? KIND_COUNT
                                              : KIND_TRAP;
    return tdata1 >> bits[kind][mode] & 1;
}

/* [debug nativetrigger], the first solution: a breakpoint that the mode would take itself waits
 * until its handlers can be interrupted again.  It is only recommended. */
static bool held_back(const struct hart *h)
{
    const struct hart_csrs *csr = &h->st.csr;
    bool to_s = csr->medeleg >> CAUSE_BREAKPOINT & 1;
    if (h->cfg.reentrant_triggers)
        return false;
    switch (hart_mode(h)) {
    case VD_MODE_M:
        return !(csr->mstatus & MSTATUS_MIE);
    case VD_MODE_S:
        return to_s && !(csr->mstatus & MSTATUS_SIE);
    case VD_MODE_VS:
        return to_s && (csr->hedeleg >> CAUSE_BREAKPOINT & 1) && !(csr->vsstatus & MSTATUS_SIE);
    default:
        return false;
    }
}

static unsigned armed_by(uint64_t tdata1)
{
    switch (type_of(tdata1)) {
    case TRIGGER_MCONTROL6: {
        bool loaded = (tdata1 & MCONTROL6_SELECT) && (tdata1 & TRIGGER_LOAD);
        return (loaded || (tdata1 & TRIGGER_EXECUTE) ? ARMED_STEP : 0) |
               (tdata1 & (TRIGGER_LOAD | TRIGGER_STORE) ? ARMED_DATA : 0);
    }
    case TRIGGER_ICOUNT:
        return vd_get(tdata1, ICOUNT_COUNT_LSB, 14) || (tdata1 & ICOUNT_PENDING) ? ARMED_STEP : 0;
    case TRIGGER_ITRIGGER:
    case TRIGGER_ETRIGGER:
        return ARMED_TRAP;
    default:
        return 0;
    }
}

void trigger_rearm(struct hart *h)
{
    unsigned armed = 0;
    for (unsigned i = 0; i < HART_TRIGGERS; i++)
        armed |= armed_by(h->st.csr.tdata1[i]);
    if (armed == h->armed)
        return;
    if (!(armed & ARMED_STEP))
        h->st.stepping = NO_STEP;
    h->armed = (uint8_t)armed;
    mmu_flush_fast(h);
}

/* --- contexts --- */

/* [debug csr-textra64]: the bytes of scontext that sbytemask leaves. */
static uint64_t compared_bytes(uint64_t tdata3)
{
    uint64_t mask = TEXTRA_SVALUE;
    for (unsigned byte = 0; byte < 5; byte++)
        if (tdata3 >> (TEXTRA_SBYTEMASK_LSB + byte) & 1)
            mask &= ~(UINT64_C(0xff) << 8 * byte);
    return mask;
}

static bool in_supervisor_context(const struct hart *h, uint64_t tdata3, enum vd_mode mode)
{
    const struct hart_csrs *csr = &h->st.csr;
    uint64_t svalue = vd_get(tdata3, TEXTRA_SVALUE_LSB, 34);
    uint64_t atp = mode == VD_MODE_VS || mode == VD_MODE_VU ? csr->vsatp : csr->satp;
    switch (tdata3 & 3) {
    case TEXTRA_SCONTEXT:
        return ((csr->scontext ^ svalue) & compared_bytes(tdata3)) == 0;
    case TEXTRA_ASID:
        return vd_get(atp, 44, 16) == (uint16_t)svalue;
    default:
        return true;
    }
}

/* The highest bit of mhselect is the lowest of the value, unless it is all of mhselect. */
static bool in_hypervisor_context(const struct hart *h, uint64_t tdata3)
{
    const struct hart_csrs *csr = &h->st.csr;
    uint64_t mhselect = vd_get(tdata3, TEXTRA_MHSELECT_LSB, 3);
    uint64_t mhvalue = vd_get(tdata3, TEXTRA_MHVALUE_LSB, 13),
             longer = mhvalue << 1 | mhselect >> 2;
    switch (mhselect & 3) {
    case TEXTRA_MCONTEXT:
        return csr->mcontext == longer;
    case TEXTRA_VMID:
        return vd_get(csr->hgatp, 44, 14) == longer;
    default:
        return mhselect == 0 || (csr->mcontext & vd_mask(0, 13)) == mhvalue;
    }
}

/* Whether the trigger is on here: by its modes and its contexts. */
static bool is_on(const struct hart *h, unsigned i, enum vd_mode mode)
{
    uint64_t tdata3 = h->st.csr.tdata3[i];
    return enabled_in(h->st.csr.tdata1[i], mode) && in_supervisor_context(h, tdata3, mode) &&
           in_hypervisor_context(h, tdata3);
}

/* --- addresses and values --- */

/* An event that triggers compare: the instruction, and what it accesses if anything. */
struct event {
    unsigned kinds; /* of the access; TRIGGER_EXECUTE alone: the instruction itself */
    uint64_t first;
    unsigned size;
    const uint64_t *data; /* of the access; NULL: not known, or not yet */
    uint64_t pc;
    unsigned length; /* of the instruction; 0: unknown */
    uint64_t insn;
};

/* Only the bits of `looked_at` count. */
static bool compares(unsigned match, uint64_t value, uint64_t tdata2, uint64_t looked_at)
{
    uint64_t mask = tdata2 >> 32, wanted = (uint32_t)tdata2;
    switch (match) {
    case MATCH_NAPOT: {
        uint64_t varies = tdata2 ^ (tdata2 + 1);
        return ((value ^ tdata2) & ~varies & looked_at) == 0;
    }
    case MATCH_GE:
        return (value & looked_at) >= (tdata2 & looked_at);
    case MATCH_LT:
        return (value & looked_at) < (tdata2 & looked_at);
    case MATCH_MASK_LOW:
        return (((value & mask) ^ wanted) & (uint32_t)looked_at) == 0;
    case MATCH_MASK_HIGH:
        return (((value >> 32 & mask) ^ wanted) & looked_at >> 32) == 0;
    default:
        return ((value ^ tdata2) & looked_at) == 0;
    }
}

static unsigned match_of(uint64_t tdata1)
{
    return (unsigned)vd_get(tdata1, MCONTROL6_MATCH_LSB, 4);
}

/* Every address of the access is a compare value. */
static bool any_compares(uint64_t tdata1, uint64_t tdata2, uint64_t first, unsigned size)
{
    unsigned match = match_of(tdata1);
    bool any = false;
    for (unsigned i = 0; i < size && !any; i++)
        any = compares(match & 7, first + i, tdata2, UINT64_MAX);
    return any != (bool)(match & MATCH_NOT);
}

/* CHOICE: with size 0 values of any size are compared, in as many bits as they have; the masks in
 * tdata2 are taken whole. */
static bool value_compares(uint64_t tdata1, uint64_t tdata2, uint64_t value, unsigned size)
{
    unsigned match = match_of(tdata1);
    bool equal = compares(match & 7, value, tdata2, vd_mask(0, 8 * size));
    return equal != (bool)(match & MATCH_NOT);
}

static bool size_fits(uint64_t tdata1, unsigned size)
{
    static const uint8_t bytes[8] = {0, 1, 2, 4, 0, 8, 0, 0};
    unsigned wanted = (unsigned)vd_get(tdata1, MCONTROL6_SIZE_LSB, 3);
    return wanted == 0 || bytes[wanted] == size;
}

static bool insn_matches(uint64_t tdata1, uint64_t tdata2, const struct event *event)
{
    if (!(tdata1 & TRIGGER_EXECUTE) || !size_fits(tdata1, event->length))
        return false;
    if (tdata1 & MCONTROL6_SELECT)
        return event->length && value_compares(tdata1, tdata2, event->insn, event->length);
    return any_compares(tdata1, tdata2, event->pc, 1);
}

static bool access_matches(uint64_t tdata1, uint64_t tdata2, const struct event *event)
{
    if (!(tdata1 & event->kinds & ~(unsigned)TRIGGER_EXECUTE) || !size_fits(tdata1, event->size))
        return false;
    if (tdata1 & MCONTROL6_SELECT)
        return event->data && value_compares(tdata1, tdata2, *event->data, event->size);
    return any_compares(tdata1, tdata2, event->first, event->size);
}

static bool matches(const struct hart *h, unsigned i, const struct event *event, enum vd_mode mode)
{
    uint64_t tdata1 = h->st.csr.tdata1[i], tdata2 = h->st.csr.tdata2[i];
    return type_of(tdata1) == TRIGGER_MCONTROL6 && is_on(h, i, mode) &&
           (insn_matches(tdata1, tdata2, event) || access_matches(tdata1, tdata2, event));
}

/* Whether the chain that begins at i matches; sets *end behind it. */
static bool chain_matches(const struct hart *h, unsigned i, const struct event *event,
                          enum vd_mode mode, unsigned *end)
{
    bool all = true;
    for (;; i++) {
        all = all && matches(h, i, event, mode);
        if (type_of(h->st.csr.tdata1[i]) != TRIGGER_MCONTROL6 ||
            !(h->st.csr.tdata1[i] & MCONTROL6_CHAIN))
            break;
    }
    *end = i + 1;
    return all;
}

/* The triggers of all chains that match, one bit each. */
static unsigned matching(const struct hart *h, const struct event *event)
{
    unsigned found = 0, end;
    if (held_back(h))
        return 0;
    for (unsigned i = 0; i < HART_TRIGGERS; i = end)
        if (chain_matches(h, i, event, hart_mode(h), &end))
            found |= (unsigned)vd_mask(i, end - i);
    return found;
}

/* hit: hit0 alone is before the instruction, with hit1 immediately after [debug csr-mcontrol6]. */
static bool fires(struct hart *h, unsigned triggers, uint64_t hit)
{
    for (unsigned i = 0; i < HART_TRIGGERS; i++)
        if (triggers >> i & 1)
            h->st.csr.tdata1[i] = (h->st.csr.tdata1[i] & ~(MCONTROL6_HIT1 | MCONTROL6_HIT0)) | hit;
    return triggers != 0;
}

static bool breakpoint(struct hart *h, uint64_t tval, bool gva)
{
    h->exc = (struct hart_exception){.cause = CAUSE_BREAKPOINT, .tval = tval, .gva = gva};
    return false;
}

bool trigger_on_data(struct hart *h, unsigned kinds, uint64_t va, uint64_t first, unsigned size,
                     bool gva, const uint64_t *stored)
{
    struct event event = {
        .kinds = kinds, .first = first, .size = size, .data = stored, .pc = h->st.pc};
    return fires(h, matching(h, &event), MCONTROL6_HIT0) ? breakpoint(h, va, gva) : true;
}

/* What matches now and did not before looks at the value: it fires when the load is done. */
void trigger_on_loaded(struct hart *h, uint64_t va, unsigned size, bool gva, uint64_t value)
{
    struct event event = {
        .kinds = TRIGGER_LOAD, .first = va, .size = size, .data = &value, .pc = h->st.pc};
    h->st.loaded = (uint8_t)matching(h, &event);
    h->st.loaded_at = va;
    h->st.loaded_gva = gva;
}

/* --- instructions counted --- */

/* The count of one instruction or trap in this mode [debug csr-icount]. */
static void count(struct hart *h, enum vd_mode mode)
{
    for (unsigned i = 0; i < HART_TRIGGERS; i++) {
        uint64_t *tdata1 = &h->st.csr.tdata1[i];
        uint64_t left = vd_get(*tdata1, ICOUNT_COUNT_LSB, 14);
        if (type_of(*tdata1) != TRIGGER_ICOUNT || !is_on(h, i, mode) || !left)
            continue;
        *tdata1 = vd_set(*tdata1, ICOUNT_COUNT_LSB, 14, left - 1);
        if (left == 1)
            *tdata1 |= ICOUNT_PENDING;
    }
}

static void count_retired(struct hart *h)
{
    if (h->st.stepping == NO_STEP || h->st.instret == h->st.stepped)
        return;
    count(h, (enum vd_mode)(h->st.stepping - 1));
    h->st.stepping = NO_STEP;
}

bool trigger_retired(struct hart *h)
{
    count_retired(h);
    if (!fires(h, h->st.loaded, MCONTROL6_HIT1 | MCONTROL6_HIT0))
        return false;
    h->st.loaded = 0;
    breakpoint(h, h->st.loaded_at, h->st.loaded_gva);
    return true;
}

static bool count_fires(struct hart *h)
{
    bool any = false;
    if (held_back(h))
        return false;
    for (unsigned i = 0; i < HART_TRIGGERS; i++) {
        uint64_t *tdata1 = &h->st.csr.tdata1[i];
        if (type_of(*tdata1) != TRIGGER_ICOUNT || !(*tdata1 & ICOUNT_PENDING) ||
            !is_on(h, i, hart_mode(h)))
            continue;
        *tdata1 = (*tdata1 & ~ICOUNT_PENDING) | ICOUNT_HIT;
        any = true;
    }
    if (any)
        trigger_rearm(h);
    return any;
}

bool trigger_before(struct hart *h, unsigned length, uint32_t insn)
{
    struct event event = {.kinds = TRIGGER_EXECUTE, .pc = h->st.pc, .length = length, .insn = insn};
    if (!length && count_fires(h))
        return breakpoint(h, 0, false);
    if (fires(h, matching(h, &event), MCONTROL6_HIT0))
        return breakpoint(h, h->st.pc, h->st.virt);
    h->st.stepped = h->st.instret;
    h->st.stepping = (uint8_t)(hart_mode(h) + 1);
    return true;
}

/* --- traps --- */

void trigger_leaving(struct hart *h)
{
    h->st.loaded = 0;
    if (!(h->armed & ARMED_STEP))
        return;
    count_retired(h);
    h->st.stepping = NO_STEP;
    count(h, hart_mode(h));
}

/* A breakpoint of a trigger is no exception for another: it would come again for ever. */
bool trigger_trapped(struct hart *h, enum vd_mode from, uint64_t cause)
{
    unsigned type = cause >> 63 ? TRIGGER_ITRIGGER : TRIGGER_ETRIGGER;
    uint64_t code = cause & ~VD_BIT(63);
    bool any = false;
    if (!(h->armed & ARMED_TRAP) || code > 63 || held_back(h))
        return false;
    for (unsigned i = 0; i < HART_TRIGGERS; i++) {
        uint64_t *tdata1 = &h->st.csr.tdata1[i];
        if (type_of(*tdata1) != type || !is_on(h, i, from) || !(h->st.csr.tdata2[i] >> code & 1))
            continue;
        *tdata1 |= TRAP_HIT;
        any = true;
    }
    return any && !breakpoint(h, 0, false);
}
