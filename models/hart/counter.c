/* SPDX-License-Identifier: BSD-2-Clause */
/* A counter is the value that it had when it last started or stopped, and what its event has done
 * since.  Nothing happens per event: an overflow is waited for with an event of the scheduler, at
 * the earliest time at which it is possible. */
#include "hart/counter.h"
#include "hart/exec.h"
#include "hart/interrupt.h"

#define CONFIG_OF VD_BIT(63)
/* MINH, SINH, UINH, VSINH, VUINH [priv norm:mhpmevent_inh_op]. */
enum { CONFIG_MINH_LSB = 62, CONFIG_SINH_LSB = 61, CONFIG_UINH_LSB = 60 };
enum { CONFIG_VSINH_LSB = 59, CONFIG_VUINH_LSB = 58 };
#define CONFIG_INH vd_mask(CONFIG_VUINH_LSB, 5)

static uint64_t selected(const struct hart *h, unsigned n)
{
    if (n == COUNTER_CYCLE)
        return COUNTER_CYCLES;
    return n == COUNTER_INSTRET ? COUNTER_INSTRUCTIONS : h->st.csr.mhpmevent[n] & 0xff;
}

/* How often the event has happened since reset. */
static uint64_t happened(const struct hart *h, unsigned n)
{
    uint64_t event = selected(h, n);
    switch (event) {
    case COUNTER_CYCLES:
        return h->st.cycles;
    case COUNTER_INSTRUCTIONS:
        return h->st.instret;
    case COUNTER_EXCEPTIONS:
        return h->st.traps - h->st.interrupts;
    case COUNTER_INTERRUPTS:
        return h->st.interrupts;
    default:
        return h->st.events[event];
    }
}

static unsigned inhibit_bit(const struct hart *h)
{
    if (h->st.priv == PRV_M)
        return CONFIG_MINH_LSB;
    if (h->st.virt)
        return h->st.priv == PRV_S ? CONFIG_VSINH_LSB : CONFIG_VUINH_LSB;
    return h->st.priv == PRV_S ? CONFIG_SINH_LSB : CONFIG_UINH_LSB;
}

static bool counts(const struct hart *h, unsigned n)
{
    const struct hart_csrs *csr = &h->st.csr;
    if (csr->mcountinhibit >> n & 1 || selected(h, n) == 0)
        return false;
    return !(csr->mhpmevent[n] >> inhibit_bit(h) & 1);
}

uint64_t counter_read(const struct hart *h, unsigned n)
{
    const struct hart_csrs *csr = &h->st.csr;
    return csr->counter[n] + (counts(h, n) ? happened(h, n) - csr->counted[n] : 0);
}

/* [priv norm:count_overflow_interrupt] */
static void overflow(struct hart *h, unsigned n)
{
    if (n < COUNTER_FIRST_HPM || !hart_has(h, HART_EXT_Sscofpmf) ||
        (h->st.csr.mhpmevent[n] & CONFIG_OF))
        return;
    h->st.csr.mhpmevent[n] |= CONFIG_OF;
    interrupt_local(h, INT_LCOFI);
}

static void hold(struct hart *h, unsigned n)
{
    struct hart_csrs *csr = &h->st.csr;
    if (counts(h, n) && (int64_t)(happened(h, n) - csr->counted[n]) < 0)
        return; /* the instruction that wrote it has not retired */
    uint64_t now = counter_read(h, n);
    bool wrapped = now < csr->counter[n];
    csr->counter[n] = now;
    csr->counted[n] = happened(h, n);
    if (wrapped)
        overflow(h, n);
}

/* An event happens at most once in a cycle, so a counter that is `left` short of wrapping around
 * cannot do so earlier.  A hart that stands still while time goes on is looked at in the next cycle
 * again, not at once for ever. */
static void await(struct hart *h)
{
    const struct vd_host_ops *ops = h->host.ops;
    uint64_t least = UINT64_MAX;
    for (unsigned n = COUNTER_FIRST_HPM; n < 32; n++) {
        uint64_t left = 0 - counter_read(h, n);
        if (counts(h, n) && !(h->st.csr.mhpmevent[n] & CONFIG_OF) && left && left < least)
            least = left;
    }
    if (h->overflow.slot)
        ops->cancel(h->host.ctx, &h->overflow);
    vd_time cycle = h->cfg.cycle_ps, now = ops->now(h->host.ctx);
    if (h->st.asleep || !hart_has(h, HART_EXT_Sscofpmf) || least >= VD_NEVER / cycle - h->st.cycles)
        return;
    vd_time when = (h->st.cycles + least) * cycle;
    ops->post(h->host.ctx, &h->overflow, when > now ? when : now + cycle);
}

static void maybe_overflow(void *ctx, uint32_t arg)
{
    struct hart *h = ctx;
    (void)arg;
    for (unsigned n = COUNTER_FIRST_HPM; n < 32; n++)
        hold(h, n);
    await(h);
}

/* Some events are counted by ops of their own, which are in blocks only while someone wants them.
 */
static void choose_ops(struct hart *h)
{
    uint32_t wanted = 0;
    for (unsigned n = COUNTER_FIRST_HPM; n < 32; n++)
        if (!(h->st.csr.mcountinhibit >> n & 1))
            wanted |= 1u << selected(h, n);
    wanted &= 1u << COUNTER_BRANCHES | 1u << COUNTER_LOADS | 1u << COUNTER_STORES;
    if (wanted == h->counted_ops)
        return;
    h->counted_ops = wanted;
    if (h->blocks)
        exec_flush(h);
}

static void changed(struct hart *h)
{
    uint32_t filtered = 0;
    for (unsigned n = 0; n < 32; n++)
        if (h->st.csr.mhpmevent[n] & CONFIG_INH)
            filtered |= 1u << n;
    h->filtered = filtered;
    choose_ops(h);
    hart_sync(h);
    await(h);
}

void counter_write(struct hart *h, unsigned n, uint64_t value)
{
    h->st.csr.counter[n] = value;
    h->st.csr.counted[n] = happened(h, n);
    /* The instruction that writes does not count in what the next one reads [priv norm:minstret];
     * it is not in instret yet. */
    if (selected(h, n) == COUNTER_INSTRUCTIONS && counts(h, n))
        h->st.csr.counted[n] += 1;
    hart_sync(h);
    await(h);
}

static uint64_t config_mask(const struct hart *h, unsigned n)
{
    uint64_t mask = VD_BIT(CONFIG_MINH_LSB);
    if (hart_has(h, HART_EXT_S))
        mask |= VD_BIT(CONFIG_SINH_LSB) | VD_BIT(CONFIG_UINH_LSB);
    if (hart_has(h, HART_EXT_H))
        mask |= VD_BIT(CONFIG_VSINH_LSB) | VD_BIT(CONFIG_VUINH_LSB);
    if (n < COUNTER_FIRST_HPM)
        return mask;
    return 0xff | (hart_has(h, HART_EXT_Sscofpmf) ? mask | CONFIG_OF : 0);
}

/* CHOICE: an event that does not exist selects none. */
void counter_configure(struct hart *h, unsigned n, uint64_t config)
{
    hold(h, n);
    config &= config_mask(h, n);
    if ((config & 0xff) >= COUNTER_EVENTS)
        config &= ~UINT64_C(0xff);
    h->st.csr.mhpmevent[n] = config;
    h->st.csr.counted[n] = happened(h, n);
    changed(h);
}

void counter_inhibit(struct hart *h, uint64_t mcountinhibit)
{
    for (unsigned n = 0; n < 32; n++)
        hold(h, n);
    h->st.csr.mcountinhibit = mcountinhibit;
    changed(h);
}

void counter_leave_mode(struct hart *h)
{
    for (uint32_t left = h->filtered; left; left &= left - 1)
        hold(h, (unsigned)__builtin_ctz(left));
}

void counter_enter_mode(struct hart *h)
{
    if (!h->filtered)
        return;
    for (uint32_t left = h->filtered; left; left &= left - 1) {
        unsigned n = (unsigned)__builtin_ctz(left);
        h->st.csr.counted[n] = happened(h, n);
    }
    counter_awake(h);
}

void counter_awake(struct hart *h)
{
    hart_sync(h);
    await(h);
}

uint64_t counter_overflows(const struct hart *h)
{
    uint64_t bits = 0;
    for (unsigned n = COUNTER_FIRST_HPM; n < 32; n++)
        bits |= h->st.csr.mhpmevent[n] & CONFIG_OF ? VD_BIT(n) : 0;
    return bits;
}

void counter_restored(struct hart *h)
{
    changed(h);
}

void counter_create(struct hart *h)
{
    h->overflow = (struct vd_event){.fire = maybe_overflow, .ctx = h};
}
