/* SPDX-License-Identifier: BSD-2-Clause */
/* Pending and enabled interrupts at every level, lines into the hart, and the timers. */
#include "hart/interrupt.h"
#include "hart/counter.h"

bool interrupt_stip_is_timer(const struct hart *h)
{
    return hart_has(h, HART_EXT_Sstc) && (h->st.csr.menvcfg & ENVCFG_STCE);
}

static bool vstip_has_timer(const struct hart *h)
{
    return interrupt_stip_is_timer(h) && hart_has(h, HART_EXT_H) &&
           (h->st.csr.henvcfg & ENVCFG_STCE);
}

/* [aia IPIs]: MSIP and MSIE are zero where IMSICs alone carry IPIs. */
static uint64_t m_interrupts(const struct hart *h)
{
    return VD_BIT(INT_MTI) | VD_BIT(INT_MEI) | (h->cfg.no_msip ? 0 : VD_BIT(INT_MSI));
}

uint64_t interrupt_hie_mask(const struct hart *h)
{
    if (!hart_has(h, HART_EXT_H))
        return 0;
    return VS_INTERRUPTS | (h->cfg.geilen ? VD_BIT(INT_SGEI) : 0);
}

uint64_t interrupt_mie_mask(const struct hart *h)
{
    uint64_t s = hart_has(h, HART_EXT_S) ? S_INTERRUPTS : 0;
    return m_interrupts(h) | s | interrupt_hie_mask(h) | interrupt_local_mask(h);
}

/* [priv norm:mideleg_h]: VS-level interrupts are always delegated, guest external interrupts are
 * where there are guest files. */
uint64_t interrupt_mideleg(const struct hart *h)
{
    return h->st.csr.mideleg | interrupt_hie_mask(h);
}

/* [priv norm:vsip_vsie_lcofi]; AIA makes all of them delegable. */
uint64_t interrupt_hideleg_locals(const struct hart *h)
{
    if (hart_has(h, HART_EXT_Ssaia))
        return LOCAL_INTERRUPTS;
    return hart_has(h, HART_EXT_Shlcofideleg) ? VD_BIT(INT_LCOFI) : 0;
}

/* [aia MSLevel]: what neither mideleg nor mvien gives to S cannot go on to VS. */
uint64_t interrupt_hideleg(const struct hart *h)
{
    return h->st.csr.hideleg & (interrupt_mideleg(h) | h->st.csr.mvien);
}

static bool vseip(const struct hart *h)
{
    uint64_t vgein = vd_get(h->st.csr.hstatus, HSTATUS_VGEIN_LSB, 6);
    return (h->st.csr.hvip & VD_BIT(INT_VSEI)) ||
           (csr_vgein_valid(h) && (h->st.hgeip >> vgein & 1));
}

uint64_t interrupt_hip(const struct hart *h)
{
    const struct hart_csrs *csr = &h->st.csr;
    if (!hart_has(h, HART_EXT_H))
        return 0;
    uint64_t pending = (csr->hvip | h->st.lines) & VD_BIT(INT_VSTI);
    pending |= csr->hvip & VD_BIT(INT_VSSI);
    if (vseip(h))
        pending |= VD_BIT(INT_VSEI);
    if (h->st.hgeip & csr->hgeie)
        pending |= VD_BIT(INT_SGEI);
    return pending;
}

/* [aia MSLevel]: with mvien.SEI software's bit is in mvip only. */
uint64_t interrupt_mip(const struct hart *h)
{
    const struct hart_csrs *csr = &h->st.csr;
    uint64_t lines = m_interrupts(h) | VD_BIT(INT_SEI), soft = ~(csr->mvien & VD_BIT(INT_SEI));
    if (interrupt_stip_is_timer(h)) {
        lines |= VD_BIT(INT_STI);
        soft &= ~VD_BIT(INT_STI);
    }
    return (h->st.lines & lines) | (csr->mip_soft & soft) | interrupt_hip(h);
}

uint64_t interrupt_mvip_aliases(const struct hart *h)
{
    uint64_t ssip = VD_BIT(INT_SSI) & ~h->st.csr.mvien;
    uint64_t stip = interrupt_stip_is_timer(h) ? 0 : VD_BIT(INT_STI);
    return ssip | stip | VD_BIT(INT_SEI);
}

uint64_t interrupt_mvip(const struct hart *h)
{
    const struct hart_csrs *csr = &h->st.csr;
    uint64_t aliases = interrupt_mvip_aliases(h);
    return (csr->mvip & ~aliases) | (csr->mip_soft & aliases);
}

/* [aia TableintrFilteringForS] */
uint64_t interrupt_sie_mask(const struct hart *h)
{
    return h->st.csr.mideleg | h->st.csr.mvien;
}

uint64_t interrupt_sip(const struct hart *h)
{
    const struct hart_csrs *csr = &h->st.csr;
    return (interrupt_mip(h) & csr->mideleg) | (interrupt_mvip(h) & csr->mvien & ~csr->mideleg);
}

uint64_t interrupt_sie(const struct hart *h)
{
    const struct hart_csrs *csr = &h->st.csr;
    return (csr->mie & csr->mideleg) | (csr->sie_own & csr->mvien & ~csr->mideleg);
}

uint64_t interrupt_hie(const struct hart *h)
{
    return h->st.csr.mie & interrupt_hie_mask(h);
}

/* VS numbers 1, 5, 9 are 2, 6, 10 one level up [priv norm:vsip_vsie_sei]; 13..63 as
 * [aia intrFilteringForVS] says. */
uint64_t interrupt_vsip(const struct hart *h)
{
    uint64_t hideleg = interrupt_hideleg(h);
    uint64_t own = h->st.csr.hvip & h->st.csr.hvien & ~hideleg;
    return (interrupt_hip(h) & hideleg) >> 1 | (interrupt_sip(h) & hideleg) | own;
}

uint64_t interrupt_vsie(const struct hart *h)
{
    uint64_t hideleg = interrupt_hideleg(h);
    uint64_t own = h->st.csr.vsie_own & h->st.csr.hvien & ~hideleg;
    return (interrupt_hie(h) & hideleg) >> 1 | (interrupt_sie(h) & hideleg) | own;
}

/* [aia MSLevel], WFI: pending at any level; enabled, but neither xIE nor delegation matter. */
bool interrupt_resumes_wfi(const struct hart *h)
{
    return interrupt_mtopi(h) || interrupt_stopi(h) || interrupt_vstopi(h);
}

bool interrupt_unsettled(const struct hart *h)
{
    return h->st.cycles < h->st.unsettled;
}

/* The change takes interrupt_sync cycles to where interrupts are taken; the instructions of these
 * cycles go on. */
static void settle(struct hart *h)
{
    vd_time cycle = h->cfg.cycle_ps, now = h->host.ops->now(h->host.ctx);
    vd_time at = h->st.unsettled * cycle;
    if (h->settled.slot)
        h->host.ops->cancel(h->host.ctx, &h->settled);
    if (at > now)
        h->host.ops->post(h->host.ctx, &h->settled, at);
}

static void lines_settled(void *ctx, uint32_t arg)
{
    struct hart *h = ctx;
    (void)arg;
    h->attention = true;
}

void interrupt_restored(struct hart *h)
{
    settle(h);
}

/* Something about the lines changed: look before the next instruction, or wake up. */
static void changed(struct hart *h)
{
    h->attention = true;
    if (!h->st.asleep && h->cfg.timing.interrupt_sync) {
        vd_time cycle = h->cfg.cycle_ps, now = h->host.ops->now(h->host.ctx);
        h->st.unsettled = now / cycle + (now % cycle != 0) + h->cfg.timing.interrupt_sync;
        settle(h);
    }
    if (!h->st.asleep || !interrupt_resumes_wfi(h))
        return;
    h->st.asleep = false;
    h->host.ops->wake(h->host.ctx, &h->runner);
    vd_time cycle = h->cfg.cycle_ps, cycles = (h->runner.time + cycle - 1) / cycle;
    if (cycles > h->st.cycles)
        h->st.cycles = cycles;
    h->st.cycles += h->cfg.timing.wfi_wake;
    counter_awake(h);
    struct vd_record record = {.kind = VD_REC_wfi, .a = h->st.pc, .b = 0};
    h->host.ops->trace(h->host.ctx, &record);
}

void interrupt_local(struct hart *h, unsigned interrupt)
{
    h->st.csr.mip_soft |= VD_BIT(interrupt);
    changed(h);
}

static void wire_guest(struct hart *h, unsigned guest, bool level)
{
    uint64_t hgeip = vd_set(h->st.hgeip, guest, 1, level);
    if (guest == 0 || guest > h->cfg.geilen || hgeip == h->st.hgeip)
        return;
    h->st.hgeip = hgeip;
    struct vd_record record = {.kind = VD_REC_hgeip, .a = h->cfg.index, .b = hgeip};
    h->host.ops->trace(h->host.ctx, &record);
    changed(h);
}

void interrupt_wire(struct hart *h, uint32_t line, bool level)
{
    static const uint8_t bits[] = {
        [VD_LINE_MSIP] = INT_MSI,
        [VD_LINE_MTIP] = INT_MTI,
        [VD_LINE_MEIP] = INT_MEI,
        [VD_LINE_SEIP] = INT_SEI,
    };
    if (line >= VD_LINE_HGEIP && line < VD_LINE_HGEIP + 64) {
        wire_guest(h, line - VD_LINE_HGEIP, level);
        return;
    }
    if (line >= sizeof(bits))
        return;
    uint64_t lines = vd_set(h->st.lines, bits[line], 1, level);
    if (lines == h->st.lines)
        return;
    h->st.lines = lines;
    changed(h);
}

/* One comparator: its output is kept like a line, and an event waits for its time.  mtime counts
 * at multiples of its period; an event that finds itself early waits again. */
static void compare(struct hart *h, struct vd_event *event, unsigned bit, bool enabled,
                    uint64_t time, uint64_t compare_value)
{
    const struct vd_host_ops *ops = h->host.ops;
    bool due = enabled && time >= compare_value;
    uint64_t lines = vd_set(h->st.lines, bit, 1, due);
    if (event->slot)
        ops->cancel(h->host.ctx, event);
    if (enabled && !due) {
        uint64_t ticks = compare_value - time;
        uint64_t now = ops->now(h->host.ctx) / HART_MTIME_PS;
        if (ticks < VD_NEVER / HART_MTIME_PS - now)
            ops->post(h->host.ctx, event, (now + ticks) * HART_MTIME_PS);
    }
    if (lines != h->st.lines) {
        h->st.lines = lines;
        changed(h);
    }
}

/* [priv norm:sstc_purpose] */
static void evaluate(struct hart *h)
{
    const struct hart_csrs *csr = &h->st.csr;
    bool s = interrupt_stip_is_timer(h);
    bool vs = vstip_has_timer(h);
    uint64_t time = s ? h->host.ops->mtime(h->host.ctx) : 0;
    compare(h, &h->timer, INT_STI, s, time, csr->stimecmp);
    compare(h, &h->vtimer, INT_VSTI, vs, time + csr->htimedelta, csr->vstimecmp);
}

void interrupt_timers(struct hart *h)
{
    hart_sync(h);
    evaluate(h);
}

static void timer_fired(void *ctx, uint32_t arg)
{
    (void)arg;
    evaluate(ctx);
}

void interrupt_create(struct hart *h)
{
    h->timer = (struct vd_event){.fire = timer_fired, .ctx = h};
    h->vtimer = (struct vd_event){.fire = timer_fired, .ctx = h};
    h->settled = (struct vd_event){.fire = lines_settled, .ctx = h};
    counter_create(h);
}
