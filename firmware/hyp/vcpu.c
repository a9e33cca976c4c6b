/* SPDX-License-Identifier: BSD-2-Clause */
#include "vcpu.h"

#include <stddef.h>

#include "csr.h"
#include "hart.h"
#include "hyp.h"
#include "policy.h"
#include "protocol.h"
#include "sched.h"
#include "text.h"
#include "vfile.h"
#include "vm.h"

_Static_assert(offsetof(struct vcpu, pc) == VCPU_PC, "switch.S");
_Static_assert(offsetof(struct vcpu, host_sp) == VCPU_HOST_SP, "switch.S");

void vcpu_init(struct vcpu *vcpu, struct vm *vm, uint32_t id)
{
    memset(vcpu, 0, sizeof *vcpu);
    vcpu->vm = vm;
    vcpu->id = id;
    swfile_init(&vcpu->swfile, HINT_VCPU(vm->id, id), board.imsic_s.ids);
    hint_vcpu_page(vcpu->swfile.owner, guest_imsic_page(id));
}

/* The IOMMU has stored something into the MRIF, or into another one with the same notice. */
static void kvm_riscv_vcpu_aia_imsic_mrif_cb(void *data)
{
    struct vcpu *vcpu = data;
    vcpu->noticed = true;
    swfile_gather(&vcpu->swfile);
    if (vcpu->in_mrif && swfile_deliverable(&vcpu->swfile))
        sched_wake(vcpu);
}

void vcpu_mrif_register(struct vcpu *vcpu)
{
    vcpu->mrif = (struct riscv_iommu_mrif){
        .gpa = guest_imsic_page(vcpu->id),
        .spa = {(uint64_t)&vcpu->swfile.mrif},
        .hart = protocol_traits.notices_elsewhere ? &harts[0] : vcpu->hart,
        .mrif_cb = kvm_riscv_vcpu_aia_imsic_mrif_cb,
        .data = vcpu,
    };
    for (uint32_t i = 1; i < HYP_IOMMUS; i++)
        vcpu->mrif.spa[i] = (uint64_t)&vcpu->further[i - 1];
    vcpu->swfile.others = vcpu->further;
    riscv_iommu_mrif_register(&vcpu->mrif);
}

void vcpu_mrif_tell(const struct vcpu *vcpu, bool use)
{
    for (uint32_t i = 0; i <= vcpu->swfile.num_others; i++)
        hint_mrif_owner(vcpu->swfile.owner, vcpu->mrif.spa[i], use);
}

void vcpu_start(struct vcpu *vcpu, uint64_t pc, uint64_t a0, uint64_t a1)
{
    memset(vcpu->x, 0, sizeof vcpu->x);
    vcpu->pc = pc;
    vcpu->x[10] = a0;
    vcpu->x[11] = a1;
    vcpu->csrs = (struct vcpu_csrs){0};
    vcpu->hstatus = HSTATUS_VSXL_64 | HSTATUS_SPV | HSTATUS_SPVP;
    if (vcpu->vm->config.trap_wfi)
        vcpu->hstatus |= HSTATUS_VTW;
    vcpu->sstatus = SSTATUS_SPP | SSTATUS_SPIE;
    sched_start(vcpu);
}

void vcpu_put(struct hart *hart)
{
    struct vcpu *vcpu = hart->loaded;
    hart->loaded = 0;
    csr_write(CSR_HVIP, 0);
    if (!vcpu)
        return;
    vcpu->csrs = (struct vcpu_csrs){
        .vsstatus = csr_read(CSR_VSSTATUS),
        .vsie = csr_read(CSR_VSIE),
        .vstvec = csr_read(CSR_VSTVEC),
        .vsscratch = csr_read(CSR_VSSCRATCH),
        .vsepc = csr_read(CSR_VSEPC),
        .vscause = csr_read(CSR_VSCAUSE),
        .vstval = csr_read(CSR_VSTVAL),
        .vsatp = csr_read(CSR_VSATP),
        .vsiselect = csr_read(CSR_VSISELECT),
    };
}

static void vcpu_load(struct hart *hart, struct vcpu *vcpu)
{
    vcpu_put(hart);
    csr_write(CSR_VSSTATUS, vcpu->csrs.vsstatus);
    csr_write(CSR_VSIE, vcpu->csrs.vsie);
    csr_write(CSR_VSTVEC, vcpu->csrs.vstvec);
    csr_write(CSR_VSSCRATCH, vcpu->csrs.vsscratch);
    csr_write(CSR_VSEPC, vcpu->csrs.vsepc);
    csr_write(CSR_VSCAUSE, vcpu->csrs.vscause);
    csr_write(CSR_VSTVAL, vcpu->csrs.vstval);
    csr_write(CSR_VSATP, vcpu->csrs.vsatp);
    csr_write(CSR_VSISELECT, vcpu->csrs.vsiselect);
    csr_write(CSR_HGATP, vcpu->vm->hgatp);
    hfence_gvma_all();
    hfence_vvma_all();
    hart->loaded = vcpu;
}

void vcpu_leave_hart(struct vcpu *vcpu, struct hart *to)
{
    if (vcpu->hart->loaded == vcpu)
        vcpu_put(vcpu->hart);
    sched_move(vcpu, to);
}

static void interrupt_update(struct vcpu *vcpu)
{
    if (!vcpu->guest_file && vfile_deliverable(vcpu))
        csr_set(CSR_HVIP, 1ul << IRQ_VSEI);
    else
        csr_clear(CSR_HVIP, 1ul << IRQ_VSEI);
}

/* The guest file of a vCPU of this hart that sleeps, whose file goes into memory. */
static bool file_steal(struct hart *hart, const struct vcpu *asker)
{
    struct vcpu *owner = policy_victim(asker->vm->config.policy, hart, asker);
    if (!owner || !vfile_trylock(owner))
        return false;
    uint32_t guest = owner->guest_file;
    bool taken = guest && owner->file_hart == hart && owner->state == VCPU_BLOCKED;
    if (taken)
        vfile_evict(owner);
    bool pending = taken && vfile_deliverable(owner);
    vfile_unlock(owner);
    if (taken)
        csr_clear(CSR_HGEIE, 1ul << guest);
    if (pending)
        sched_wake(owner);
    return taken;
}

/* A guest file, if there may and can be one.  False: the file is under way, not now. */
static bool file_prepare(struct hart *hart, struct vcpu *vcpu)
{
    if (vcpu->guest_file || !vcpu->vm->config.restore)
        return true;
    if (!vfile_trylock(vcpu))
        return false;
    if (!vfile_restore(vcpu) && vcpu->vm->config.steal && file_steal(hart, vcpu))
        vfile_restore(vcpu);
    vfile_unlock(vcpu);
    return true;
}

void vcpu_run(struct vcpu *vcpu)
{
    struct hart *hart = hart_self();
    if (!file_prepare(hart, vcpu) || vcpu->state != VCPU_READY || vcpu->hart != hart)
        return;
    if (hart->loaded != vcpu)
        vcpu_load(hart, vcpu);
    vcpu->last_ran = time_now();
    sched_clear(vcpu);
    protocol_disarm(vcpu);
    interrupt_update(vcpu);
    csr_write(CSR_HSTATUS,
              (vcpu->hstatus & ~HSTATUS_VGEIN) | (uint64_t)vcpu->guest_file << HSTATUS_VGEIN_SHIFT);
    csr_write(CSR_SSTATUS, vcpu->sstatus);
    vcpu_enter(vcpu);
    vcpu->hstatus = csr_read(CSR_HSTATUS);
    vcpu->sstatus = csr_read(CSR_SSTATUS);
    vcpu->exits++;
    vcpu_handle_exit(vcpu);
}

/* Into memory, and nothing in it that the guest waits for. */
static bool evict_to_sleep(struct vcpu *vcpu)
{
    if (!vfile_trylock(vcpu))
        return false;
    bool masked = !protocol_traits.notices_while_awake && vcpu->mrif.hart == vcpu->hart;
    if (masked)
        imsic_enable(vcpu->mrif.nid, false);
    vfile_evict(vcpu);
    vfile_unlock(vcpu);
    bool sleeps = protocol_traits.sleep_without_scan || !vfile_deliverable(vcpu);
    sleeps = sleeps && sched_block(vcpu);
    if (masked)
        imsic_enable(vcpu->mrif.nid, true);
    return sleeps;
}

void vcpu_block(struct vcpu *vcpu)
{
    vcpu->blocks++;
    if (vcpu->guest_file && vcpu->vm->config.idle == IDLE_MEMORY)
        evict_to_sleep(vcpu);
    else if (!vcpu->guest_file && vfile_deliverable(vcpu))
        return;
    else if (protocol_arm(vcpu))
        sched_block(vcpu);
}
