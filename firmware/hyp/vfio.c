/* SPDX-License-Identifier: BSD-2-Clause */
#include "irqbypass.h"

#include "hart.h"
#include "hyp.h"
#include "text.h"
#include "vm.h"

enum { ENTRY_BYTES = 16, ENTRY_ADDR = 0, ENTRY_ADDR_HIGH = 4, ENTRY_DATA = 8, ENTRY_CONTROL = 12 };

/* Vectors are numbered through: 0 of each device, then 1 of each, and so on. */
void vfio_init(struct vm *vm)
{
    for (uint32_t v = 0; v < GUEST_VECTORS; v++) {
        struct irqfd *irqfd = &vm->irqfds[v];
        *irqfd = (struct irqfd){.vm = vm, .control = 1};
        irqfd->irq = (struct host_irq){.domain = &vm->ir,
                                       .device = &endpoints[v % vm->config.devices],
                                       .vector = v / vm->config.devices,
                                       .identity = HOST_ID_IRQ0 + v,
                                       .hart = hart_self()};
        host_irq_set(irqfd->irq.identity, irqfd_inject, irqfd);
    }
}

/* The vector is unmasked: its message counts from now on. */
static void entry_activate(struct irqfd *irqfd)
{
    kvm_arch_update_irqfd_routing(irqfd, &irqfd->shadow);
}

static uint32_t *entry_word(struct irqfd *irqfd, uint32_t offset)
{
    uint32_t *address = (uint32_t *)&irqfd->shadow.address;
    switch (offset % ENTRY_BYTES) {
    case ENTRY_ADDR:
        return address;
    case ENTRY_ADDR_HIGH:
        return address + 1;
    case ENTRY_DATA:
        return &irqfd->shadow.data;
    default:
        return &irqfd->control;
    }
}

static uint32_t number_of(const struct vm *vm, uint32_t device, uint32_t offset)
{
    return offset / ENTRY_BYTES * vm->config.devices + device;
}

uint32_t vfio_msix_read(struct vm *vm, uint32_t device, uint32_t offset)
{
    uint32_t vector = number_of(vm, device, offset);
    return vector < GUEST_VECTORS ? *entry_word(&vm->irqfds[vector], offset) : 0;
}

void vfio_msix_write(struct vm *vm, uint32_t device, uint32_t offset, uint32_t value)
{
    uint32_t vector = number_of(vm, device, offset);
    if (vector >= GUEST_VECTORS)
        return;
    struct irqfd *irqfd = &vm->irqfds[vector];
    uint32_t *word = entry_word(irqfd, offset);
    bool was_masked = irqfd->control & 1;
    *word = value;
    if (word != &irqfd->control)
        return;
    if (value & 1)
        pcie_msix_mask(irqfd->irq.device, irqfd->irq.vector);
    else if (was_masked)
        entry_activate(irqfd);
}

void vfio_release(struct vm *vm)
{
    for (uint32_t v = 0; v < GUEST_VECTORS; v++) {
        pcie_msix_mask(vm->irqfds[v].irq.device, vm->irqfds[v].irq.vector);
        host_irq_set(vm->irqfds[v].irq.identity, 0, 0);
    }
}
