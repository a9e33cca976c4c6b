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
 * until its handlers can be interrupted again. */
static bool held_back(const struct hart *h)
{
    const struct hart_csrs *csr = &h->st.csr;
    bool to_s = csr->medeleg >> CAUSE_BREAKPOINT & 1;
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
    case TRIGGER_MCONTROL6:
        return (tdata1 & TRIGGER_EXECUTE ? ARMED_STEP : 0) |
               (tdata1 & (TRIGGER_LOAD | TRIGGER_STORE) ? ARMED_DATA : 0);
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

/* --- addresses --- */

/* An event that address triggers compare: the instruction, and what it accesses if anything. */
struct event {
    unsigned kinds; /* of the access; TRIGGER_EXECUTE alone: the instruction itself */
    uint64_t first;
    unsigned size;
    uint64_t pc;
    unsigned length; /* of the instruction; 0: unknown */
};

static bool compares(unsigned match, uint64_t value, uint64_t tdata2)
{
    uint64_t mask = tdata2 >> 32, wanted = (uint32_t)tdata2;
    switch (match) {
    case MATCH_NAPOT: {
        uint64_t varies = tdata2 ^ (tdata2 + 1);
        return (value | varies) == (tdata2 | varies);
    }
    case MATCH_GE:
        return value >= tdata2;
    case MATCH_LT:
        return value < tdata2;
    case MATCH_MASK_LOW:
        return ((uint32_t)value & mask) == wanted;
    case MATCH_MASK_HIGH:
        return (value >> 32 & mask) == wanted;
    default:
        return value == tdata2;
    }
}

/* Every address of the access is a compare value. */
static bool any_compares(uint64_t tdata1, uint64_t tdata2, uint64_t first, unsigned size)
{
    unsigned match = (unsigned)vd_get(tdata1, MCONTROL6_MATCH_LSB, 4);
    bool any = false;
    for (unsigned i = 0; i < size && !any; i++)
        any = compares(match & 7, first + i, tdata2);
    return any != (bool)(match & MATCH_NOT);
}

static bool size_fits(uint64_t tdata1, unsigned size)
{
    static const uint8_t bytes[8] = {0, 1, 2, 4, 0, 8, 0, 0};
    unsigned wanted = (unsigned)vd_get(tdata1, MCONTROL6_SIZE_LSB, 3);
    return wanted == 0 || bytes[wanted] == size;
}

static bool matches(const struct hart *h, unsigned i, const struct event *event, enum vd_mode mode)
{
    uint64_t tdata1 = h->st.csr.tdata1[i], tdata2 = h->st.csr.tdata2[i];
    if (type_of(tdata1) != TRIGGER_MCONTROL6 || !enabled_in(tdata1, mode))
        return false;
    if ((tdata1 & TRIGGER_EXECUTE) && size_fits(tdata1, event->length) &&
        any_compares(tdata1, tdata2, event->pc, 1))
        return true;
    return (tdata1 & event->kinds & ~(unsigned)TRIGGER_EXECUTE) && size_fits(tdata1, event->size) &&
           any_compares(tdata1, tdata2, event->first, event->size);
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

/* hit0 alone: before the instruction [debug csr-mcontrol6]. */
static bool address_fires(struct hart *h, const struct event *event)
{
    bool fires = false;
    unsigned end;
    if (held_back(h))
        return false;
    for (unsigned i = 0; i < HART_TRIGGERS; i = end) {
        if (!chain_matches(h, i, event, hart_mode(h), &end))
            continue;
        for (; i < end; i++)
            h->st.csr.tdata1[i] = (h->st.csr.tdata1[i] & ~MCONTROL6_HIT1) | MCONTROL6_HIT0;
        fires = true;
    }
    return fires;
}

static bool breakpoint(struct hart *h, uint64_t tval, bool gva)
{
    h->exc = (struct hart_exception){.cause = CAUSE_BREAKPOINT, .tval = tval, .gva = gva};
    return false;
}

bool trigger_on_data(struct hart *h, unsigned kinds, uint64_t va, uint64_t first, unsigned size,
                     bool gva)
{
    struct event event = {.kinds = kinds, .first = first, .size = size, .pc = h->st.pc};
    return address_fires(h, &event) ? breakpoint(h, va, gva) : true;
}

/* --- instructions counted --- */

/* The count of one instruction or trap in this mode [debug csr-icount]. */
static void count(struct hart *h, enum vd_mode mode)
{
    for (unsigned i = 0; i < HART_TRIGGERS; i++) {
        uint64_t *tdata1 = &h->st.csr.tdata1[i];
        uint64_t left = vd_get(*tdata1, ICOUNT_COUNT_LSB, 14);
        if (type_of(*tdata1) != TRIGGER_ICOUNT || !enabled_in(*tdata1, mode) || !left)
            continue;
        *tdata1 = vd_set(*tdata1, ICOUNT_COUNT_LSB, 14, left - 1);
        if (left == 1)
            *tdata1 |= ICOUNT_PENDING;
    }
}

void trigger_retired(struct hart *h)
{
    if (h->st.stepping == NO_STEP || h->st.instret == h->st.stepped)
        return;
    count(h, (enum vd_mode)(h->st.stepping - 1));
    h->st.stepping = NO_STEP;
}

static bool count_fires(struct hart *h)
{
    bool fires = false;
    if (held_back(h))
        return false;
    for (unsigned i = 0; i < HART_TRIGGERS; i++) {
        uint64_t *tdata1 = &h->st.csr.tdata1[i];
        if (type_of(*tdata1) != TRIGGER_ICOUNT || !(*tdata1 & ICOUNT_PENDING) ||
            !enabled_in(*tdata1, hart_mode(h)))
            continue;
        *tdata1 = (*tdata1 & ~ICOUNT_PENDING) | ICOUNT_HIT;
        fires = true;
    }
    if (fires)
        trigger_rearm(h);
    return fires;
}

bool trigger_before(struct hart *h, unsigned length)
{
    struct event event = {.kinds = TRIGGER_EXECUTE, .pc = h->st.pc, .length = length};
    if (!length && count_fires(h))
        return breakpoint(h, 0, false);
    if (address_fires(h, &event))
        return breakpoint(h, h->st.pc, h->st.virt);
    h->st.stepped = h->st.instret;
    h->st.stepping = (uint8_t)(hart_mode(h) + 1);
    return true;
}

/* --- traps --- */

void trigger_leaving(struct hart *h)
{
    if (!(h->armed & ARMED_STEP))
        return;
    trigger_retired(h);
    h->st.stepping = NO_STEP;
    count(h, hart_mode(h));
}

/* A breakpoint of a trigger is no exception for another: it would come again for ever. */
bool trigger_trapped(struct hart *h, enum vd_mode from, uint64_t cause)
{
    unsigned type = cause >> 63 ? TRIGGER_ITRIGGER : TRIGGER_ETRIGGER;
    uint64_t code = cause & ~VD_BIT(63);
    bool fires = false;
    if (!(h->armed & ARMED_TRAP) || code > 63 || held_back(h))
        return false;
    for (unsigned i = 0; i < HART_TRIGGERS; i++) {
        uint64_t *tdata1 = &h->st.csr.tdata1[i];
        if (type_of(*tdata1) != type || !enabled_in(*tdata1, from) ||
            !(h->st.csr.tdata2[i] >> code & 1))
            continue;
        *tdata1 |= TRAP_HIT;
        fires = true;
    }
    return fires && !breakpoint(h, 0, false);
}
