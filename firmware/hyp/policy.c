/* SPDX-License-Identifier: BSD-2-Clause */
#include "policy.h"

#include "hart.h"
#include "vcpu.h"

/* What the hypervisor sees of them: those that wake the vCPU, and those that go into its MRIF. */
static uint64_t interrupts(const struct vcpu *vcpu)
{
    return vcpu->wakes + vcpu->mrif.notices;
}

/* Is a the better victim? */
static bool before(enum policy policy, const struct vcpu *a, const struct vcpu *b)
{
    if (!b)
        return true;
    if (policy == POLICY_LRU)
        return a->last_ran < b->last_ran;
    return policy == POLICY_RATE && interrupts(a) < interrupts(b);
}

struct vcpu *policy_victim(enum policy policy, const struct hart *hart, const struct vcpu *asker)
{
    struct vcpu *victim = 0;
    for (uint32_t guest = 1; policy != POLICY_PINNED && guest <= hart->files; guest++) {
        struct vcpu *owner = hart->file_owner[guest];
        if (owner && owner->state == VCPU_BLOCKED && before(policy, owner, victim))
            victim = owner;
    }
    if (victim && policy == POLICY_RATE && interrupts(victim) >= interrupts(asker))
        return 0;
    return victim;
}
