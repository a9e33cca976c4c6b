/* SPDX-License-Identifier: BSD-2-Clause */
#include "sched.h"

#include "csr.h"
#include "hart.h"
#include "hint.h"
#include "sbi.h"
#include "vcpu.h"
#include "vm.h"

static struct spinlock lock; /* of all lists and states */
static uint64_t slice_ticks;

static uint64_t owner_of(const struct vcpu *vcpu)
{
    return HINT_VCPU(vcpu->vm->id, vcpu->id);
}

static void append(struct vcpu *vcpu)
{
    struct vcpu **at = &vcpu->hart->ready;
    while (*at)
        at = &(*at)->next;
    vcpu->next = 0;
    *at = vcpu;
}

static void unlink_from(struct hart *hart, struct vcpu *vcpu)
{
    for (struct vcpu **at = &hart->ready; *at; at = &(*at)->next) {
        if (*at == vcpu) {
            *at = vcpu->next;
            return;
        }
    }
}

/* One that takes no external interrupts sleeps on, whatever comes: only its own hart can tell. */
static bool is_masked(const struct vcpu *vcpu)
{
    return vcpu->hart == hart_self() && vcpu->hart->loaded == vcpu &&
           !(csr_read(CSR_VSIE) >> IRQ_SEI & 1);
}

static void state_set(struct vcpu *vcpu, enum vcpu_state state)
{
    static const uint64_t told[] = {[VCPU_STOPPED] = VCPU_IS_STOPPED,
                                    [VCPU_READY] = VCPU_IS_READY,
                                    [VCPU_BLOCKED] = VCPU_IS_BLOCKED};
    if (vcpu->state == state)
        return;
    vcpu->state = state;
    bool masked = state == VCPU_BLOCKED && is_masked(vcpu);
    hint_vcpu_state(owner_of(vcpu), masked ? VCPU_IS_MASKED : told[state]);
}

void sched_set_slice(uint64_t ticks)
{
    slice_ticks = ticks;
}

static void timer_set(uint64_t when)
{
    static bool sstc_known, sstc;
    if (!sstc_known) {
        sstc = CSR_EXISTS(CSR_STIMECMP);
        sstc_known = true;
    }
    if (sstc)
        csr_write(CSR_STIMECMP, when);
    else
        sbi_set_timer(when);
}

/* The first of the list has its turn until slice_end; the timer is on only while another waits. */
struct vcpu *sched_next(struct hart *hart)
{
    spin_lock(&lock);
    struct vcpu *vcpu = hart->ready;
    bool rivals = vcpu && vcpu->next;
    spin_unlock(&lock);
    if (vcpu != hart->turn) {
        hart->turn = vcpu;
        hart->slice_end = 0;
    }
    if (rivals && !hart->slice_end) {
        hart->slice_end = time_now() + slice_ticks;
        timer_set(hart->slice_end);
        csr_set(CSR_SIE, 1ul << IRQ_STI);
    } else if (!rivals && hart->slice_end) {
        csr_clear(CSR_SIE, 1ul << IRQ_STI);
        hart->slice_end = 0;
    }
    return vcpu;
}

void sched_yield(struct hart *hart)
{
    spin_lock(&lock);
    struct vcpu *vcpu = hart->ready;
    if (vcpu && vcpu->next) {
        unlink_from(hart, vcpu);
        append(vcpu);
    }
    spin_unlock(&lock);
    hart->turn = 0;
}

void sched_timer(struct hart *hart)
{
    csr_clear(CSR_SIE, 1ul << IRQ_STI);
    hart->slice_end = 0;
    hart->preemptions++;
    sched_yield(hart);
}

void sched_start(struct vcpu *vcpu)
{
    spin_lock(&lock);
    state_set(vcpu, VCPU_READY);
    append(vcpu);
    spin_unlock(&lock);
    hart_kick(vcpu->hart);
}

void sched_stop(struct vcpu *vcpu)
{
    spin_lock(&lock);
    unlink_from(vcpu->hart, vcpu);
    state_set(vcpu, VCPU_STOPPED);
    spin_unlock(&lock);
}

bool sched_block(struct vcpu *vcpu)
{
    spin_lock(&lock);
    bool sleeps = !vcpu->woken && vcpu->state == VCPU_READY;
    if (sleeps) {
        unlink_from(vcpu->hart, vcpu);
        state_set(vcpu, VCPU_BLOCKED);
    }
    spin_unlock(&lock);
    return sleeps;
}

void sched_wake(struct vcpu *vcpu)
{
    spin_lock(&lock);
    vcpu->woken = true;
    if (vcpu->state == VCPU_BLOCKED) {
        state_set(vcpu, VCPU_READY);
        append(vcpu);
        vcpu->wakes++;
    }
    struct hart *hart = vcpu->hart;
    spin_unlock(&lock);
    if (hart != hart_self())
        hart_kick(hart);
}

void sched_clear(struct vcpu *vcpu)
{
    vcpu->woken = false;
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}

void sched_move(struct vcpu *vcpu, struct hart *to)
{
    spin_lock(&lock);
    struct hart *from = vcpu->hart;
    unlink_from(from, vcpu);
    vcpu->hart = to;
    if (vcpu->state == VCPU_READY)
        append(vcpu);
    spin_unlock(&lock);
    if (to != hart_self())
        hart_kick(to);
}
