/* SPDX-License-Identifier: BSD-2-Clause */
#include "endpoint.h"
#include "gfile.h"
#include "hart.h"
#include "hyp.h"
#include "imsic.h"
#include "irqbypass.h"
#include "mrif.h"
#include "protocol.h"
#include "vcpu.h"
#include "vfile.h"
#include "vm.h"

static struct riscv_iommu_vcpu_info vcpu_info(const struct vm *vm, const struct vcpu *vcpu)
{
    return (struct riscv_iommu_vcpu_info){
        .gpa = guest_imsic_page(vcpu->id),
        .hpa = vcpu->guest_file ? gfile_page(vcpu->file_hart, vcpu->guest_file) : 0,
        .mrif = mrif_exists() ? &vcpu->mrif : 0,
        .msi_addr_mask = vm->ir.mask,
        .msi_addr_pattern = vm->ir.pattern,
    };
}

/* From here on the device sends the new message.  The read comes back behind the MSIs that it had
 * sent before, and the IOMMU then waits for those. */
static void message_change(struct irqfd *irqfd, const struct msi_route *message)
{
    irq_write_msi_msg(&irqfd->irq, message);
    endpoint_busy(irqfd->irq.device->bar[0]);
    iommus_sync();
    irq_affinity_done(&irqfd->irq);
}

static bool any_bypass(const struct vm *vm)
{
    bool any = false;
    for (uint32_t v = 0; v < GUEST_VECTORS; v++)
        any |= vm->irqfds[v].bypass;
    return any;
}

/* A vCPU with a guest file or an MRIF gets its messages from the device itself; for one without,
 * the host takes the interrupt and injects it. */
void kvm_arch_update_irqfd_routing(struct irqfd *irqfd, const struct msi_route *new)
{
    struct vm *vm = irqfd->vm;
    struct vcpu *vcpu = new ? vm_vcpu_by_imsic(vm, new->address) : 0;
    irqfd->route = new ? *new : (struct msi_route){0};
    if (vcpu)
        vfile_lock(vcpu);
    irqfd->bypass = vcpu && (vcpu->guest_file || vcpu->in_mrif || protocol_traits.unmap);
    if (irqfd->bypass) {
        struct riscv_iommu_vcpu_info info = vcpu_info(vm, vcpu);
        irq_set_vcpu_affinity(&irqfd->irq, &info);
        message_change(irqfd, new);
    } else {
        irq_set_vcpu_affinity(&irqfd->irq, 0);
        struct msi_route host = {irqfd->irq.msi_addr, irqfd->irq.msi_data};
        message_change(irqfd, &host);
    }
    if (vcpu)
        vfile_unlock(vcpu);
    for (uint32_t d = 0; d < vm->config.devices; d++)
        hint_device_owner(endpoints[d].device_id, any_bypass(vm) ? vm->id : HINT_NOBODY);
}

void irqfd_inject(uint32_t identity, void *arg)
{
    struct irqfd *irqfd = arg;
    struct vcpu *vcpu = vm_vcpu_by_imsic(irqfd->vm, irqfd->route.address);
    if (vcpu)
        vfile_inject(vcpu, irqfd->route.data, identity);
}
