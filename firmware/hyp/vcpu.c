/* SPDX-License-Identifier: BSD-2-Clause */
#include "vcpu.h"

#include <stddef.h>

#include "csr.h"
#include "hart.h"
#include "hyp.h"
#include "text.h"
#include "vm.h"

_Static_assert(offsetof(struct vcpu, pc) == VCPU_PC, "switch.S");
_Static_assert(offsetof(struct vcpu, host_sp) == VCPU_HOST_SP, "switch.S");

void vcpu_init(struct vcpu *vcpu, struct vm *vm, uint32_t id)
{
    memset(vcpu, 0, sizeof *vcpu);
    vcpu->vm = vm;
    vcpu->id = id;
    swfile_init(&vcpu->swfile, HINT_VCPU(vm->id, id), board.imsic_s.ids);
}

void vcpu_start(struct vcpu *vcpu, uint64_t pc, uint64_t a0, uint64_t a1)
{
    memset(vcpu->x, 0, sizeof vcpu->x);
    vcpu->pc = pc;
    vcpu->x[10] = a0;
    vcpu->x[11] = a1;
    vcpu->csrs = (struct vcpu_csrs){0};
    vcpu->hstatus = HSTATUS_VSXL_64 | HSTATUS_SPV | HSTATUS_SPVP;
    vcpu->sstatus = SSTATUS_SPP | SSTATUS_SPIE;
    vcpu->state = VCPU_READY;
    hart_enqueue(vcpu->hart, vcpu);
    hart_kick(vcpu->hart);
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

void vcpu_update_interrupt(struct vcpu *vcpu)
{
    if (!vcpu->guest_file && swfile_deliverable(&vcpu->swfile))
        csr_set(CSR_HVIP, 1ul << IRQ_VSEI);
    else
        csr_clear(CSR_HVIP, 1ul << IRQ_VSEI);
}

void vcpu_run(struct vcpu *vcpu)
{
    struct hart *hart = hart_self();
    if (hart->loaded != vcpu)
        vcpu_load(hart, vcpu);
    vcpu_update_interrupt(vcpu);
    csr_write(CSR_HSTATUS,
              (vcpu->hstatus & ~HSTATUS_VGEIN) | (uint64_t)vcpu->guest_file << HSTATUS_VGEIN_SHIFT);
    csr_write(CSR_SSTATUS, vcpu->sstatus);
    vcpu_enter(vcpu);
    vcpu->hstatus = csr_read(CSR_HSTATUS);
    vcpu->sstatus = csr_read(CSR_SSTATUS);
    vcpu->exits++;
    vcpu_handle_exit(vcpu);
}
