/* SPDX-License-Identifier: BSD-2-Clause */
#include "gfile.h"
#include "hart.h"
#include "hyp.h"
#include "imsic.h"
#include "irqbypass.h"
#include "vm.h"

static struct riscv_iommu_vcpu_info vcpu_info(const struct vm *vm, const struct vcpu *vcpu)
{
    return (struct riscv_iommu_vcpu_info){
        .gpa = guest_imsic_page(vcpu->id),
        .hpa = gfile_page(vcpu->file_hart, vcpu->guest_file),
        .msi_addr_mask = vm->ir.mask,
        .msi_addr_pattern = vm->ir.pattern,
    };
}

/* A vCPU with a guest file gets its messages from the device itself; for one without, the host
 * takes the interrupt and injects it. */
void kvm_arch_update_irqfd_routing(struct irqfd *irqfd, const struct msi_route *new)
{
    struct vm *vm = irqfd->vm;
    struct vcpu *vcpu = new ? vm_vcpu_by_imsic(vm, new->address) : 0;
    irqfd->route = new ? *new : (struct msi_route){0};
    irqfd->bypass = vcpu && vcpu->guest_file;
    if (irqfd->bypass) {
        struct riscv_iommu_vcpu_info info = vcpu_info(vm, vcpu);
        irq_set_vcpu_affinity(&irqfd->irq, &info);
        irq_write_msi_msg(&irqfd->irq, new);
    } else {
        irq_set_vcpu_affinity(&irqfd->irq, 0);
        struct msi_route host = {irqfd->irq.msi_addr, irqfd->irq.msi_data};
        irq_write_msi_msg(&irqfd->irq, &host);
    }
    hint_device_owner(endpoint.device_id, irqfd->bypass ? vm->id : HINT_NOBODY);
}

void vcpu_inject(struct vcpu *vcpu, uint32_t id, uint32_t host_identity)
{
    if (vcpu->guest_file) {
        imsic_send(gfile_page(vcpu->file_hart, vcpu->guest_file), id);
        return;
    }
    swfile_inject(&vcpu->swfile, id, host_identity);
    if (vcpu->hart != hart_self())
        hart_kick(vcpu->hart);
}

void irqfd_inject(uint32_t identity, void *arg)
{
    struct irqfd *irqfd = arg;
    struct vcpu *vcpu = vm_vcpu_by_imsic(irqfd->vm, irqfd->route.address);
    if (vcpu)
        vcpu_inject(vcpu, irqfd->route.data, identity);
}
