/* SPDX-License-Identifier: BSD-2-Clause */
#include "vfile.h"

#include "csr.h"
#include "gfile.h"
#include "hart.h"
#include "hint.h"
#include "hyp.h"
#include "imsic.h"
#include "protocol.h"
#include "sched.h"
#include "vcpu.h"
#include "vm.h"

bool mrif_exists(void)
{
    return iommus_have(IOMMU_CAP_MSI_MRIF);
}

bool mrif_can_run(void)
{
    return mrif_exists() && (iommus_have(IOMMU_CAP_AMO_MRIF) || protocol_traits.merge_atomically);
}

bool vfile_trylock(struct vcpu *vcpu)
{
    return !__atomic_exchange_n(&vcpu->file_locked, 1, __ATOMIC_ACQUIRE);
}

void vfile_lock(struct vcpu *vcpu)
{
    while (!vfile_trylock(vcpu))
        hart_poll();
}

/* The software's MSI ends here in the books and begins anew as a store to the guest file. */
static void deliver(struct vcpu *vcpu, uint32_t id)
{
    if (!vcpu->guest_file) {
        swfile_inject(&vcpu->swfile, id, 0);
        return;
    }
    hint_software_claim(vcpu->swfile.owner, id);
    imsic_send(gfile_page(vcpu->file_hart, vcpu->guest_file), id);
}

static bool stash_deliver(struct vcpu *vcpu)
{
    bool any = false;
    for (uint32_t w = 0; w < swfile_words(&vcpu->swfile); w++) {
        uint64_t bits = __atomic_exchange_n(&vcpu->stash[w], 0, __ATOMIC_ACQ_REL);
        for (uint32_t bit = 0; bits >> bit && bit < 64; bit++)
            if (bits >> bit & 1)
                deliver(vcpu, 64 * w + bit);
        any |= bits != 0;
    }
    return any;
}

/* Whoever finds the lock taken leaves its MSI in the stash; the holder looks there after it has
 * unlocked, the other tries again after it has stashed: one of the two sees it. */
static void settle(struct vcpu *vcpu)
{
    bool any = false;
    while (__atomic_load_n(&vcpu->stashed, __ATOMIC_SEQ_CST) && vfile_trylock(vcpu)) {
        __atomic_store_n(&vcpu->stashed, 0, __ATOMIC_SEQ_CST);
        any |= stash_deliver(vcpu);
        __atomic_store_n(&vcpu->file_locked, 0, __ATOMIC_SEQ_CST);
    }
    if (any)
        sched_wake(vcpu);
}

void vfile_unlock(struct vcpu *vcpu)
{
    __atomic_store_n(&vcpu->file_locked, 0, __ATOMIC_SEQ_CST);
    settle(vcpu);
}

/* What begins here is in the books when it is delivered. */
static void stash(struct vcpu *vcpu, uint32_t id, uint64_t host_identity)
{
    hint_inject(vcpu->swfile.owner, id, host_identity == HINT_OF_TRAP ? 0 : host_identity);
    __atomic_fetch_or(&vcpu->stash[id / 64], 1ul << id % 64, __ATOMIC_SEQ_CST);
    __atomic_store_n(&vcpu->stashed, 1, __ATOMIC_SEQ_CST);
}

void vfile_inject(struct vcpu *vcpu, uint32_t id, uint64_t host_identity)
{
    if (id == 0 || id > vcpu->swfile.ids)
        return;
    if (!vfile_trylock(vcpu)) {
        stash(vcpu, id, host_identity);
        settle(vcpu);
        return;
    }
    bool memory = !vcpu->guest_file;
    if (memory)
        swfile_inject(&vcpu->swfile, id, host_identity);
    else
        imsic_send(gfile_page(vcpu->file_hart, vcpu->guest_file), id);
    vfile_unlock(vcpu);
    if (memory)
        sched_wake(vcpu);
}

/* A hypervisor that saves itself the look into an MRIF as long as no notice has come: what it
 * leaves there, masked, it remembers.  That is right only if there is a notice for what is not
 * enabled. */
static bool worth_a_look(struct vcpu *vcpu)
{
    if (!protocol_traits.trusts_notices || !vcpu->in_mrif)
        return true;
    bool noticed = vcpu->noticed;
    vcpu->noticed = false;
    if (noticed && swfile_pending(&vcpu->swfile))
        vcpu->noticed = true;
    return noticed;
}

bool vfile_deliverable(struct vcpu *vcpu)
{
    if (vcpu->guest_file)
        return csr_read(CSR_HGEIP) >> vcpu->guest_file & 1;
    swfile_gather(&vcpu->swfile);
    return worth_a_look(vcpu) && swfile_deliverable(&vcpu->swfile);
}
