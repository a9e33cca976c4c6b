/* SPDX-License-Identifier: BSD-2-Clause */
/* From a device's interrupt to a vCPU, with the names and the division of work of the Linux
 * proposals: VFIO gives each vector a host interrupt (vfio.c); KVM decides where its guest message
 * leads (irqfd.c); the IOMMU's interrupt remapping domain makes it so (iommu_ir.c). */
#ifndef HYP_IRQBYPASS_H
#define HYP_IRQBYPASS_H

#include <stdbool.h>
#include <stdint.h>

#include "guest/plan.h"
#include "iommus.h"
#include "spinlock.h"

struct hart;
struct riscv_iommu_mrif;
struct vcpu;
struct vm;

/* What KVM tells the IOMMU driver of the vCPU that an interrupt is for. */
struct riscv_iommu_vcpu_info {
    uint64_t gpa;                        /* of the vCPU's IMSIC page */
    uint64_t hpa;                        /* of its guest interrupt file ... */
    const struct riscv_iommu_mrif *mrif; /* ... or where it is in memory */
    uint64_t msi_addr_mask, msi_addr_pattern;
    uint32_t group_index_bits, group_index_shift;
};

/* Pages that the MSI table covers: one per vCPU, then one per hart for interrupts that the host
 * takes in its S-files.  The vCPUs cannot store there, only the device can. */
enum { IR_PAGES = 128, IR_HOST_PAGE0 = GUEST_VCPUS_MAX };

/* The interrupt remapping domain of a VM's devices. */
struct ir_domain {
    struct spinlock msi_lock;
    struct iommu_msi_pte *ptes[HYP_IOMMUS]; /* the MSI page table of each IOMMU, or ... */
    uint32_t tables;                        /* ... 1: all have the first one */
    uint64_t mask, pattern;                 /* msi_addr_mask, msi_addr_pattern */
    uint32_t gscid;
    uint32_t refs[IR_PAGES]; /* interrupts that go through the PTE */
    uint64_t junk;           /* dw1 that leads notices into memory that nobody reads */
};

struct pcie_function;

/* One of the host's interrupts: the one of a device's MSI-X vector. */
struct host_irq {
    struct ir_domain *domain;
    const struct pcie_function *device;
    uint32_t vector;
    uint32_t identity; /* in the S-file of: */
    struct hart *hart;
    uint64_t gpa;      /* whose PTE it goes through now; 0: none */
    uint64_t old_gpa;  /* ... and still, while the device is being told */
    uint64_t msi_addr; /* what the device is to write ... */
    uint32_t msi_data; /* ... and where, while the host takes it */
};

/* Where the guest wants an interrupt: the message that it wrote into its MSI-X table. */
struct msi_route {
    uint64_t address;
    uint32_t data;
};

/* Binds a vector of the device to the guest's message for it. */
struct irqfd {
    struct vm *vm;
    struct host_irq irq;
    struct msi_route shadow; /* the guest's MSI-X entry */
    uint32_t control;
    struct msi_route route; /* in force; address 0: none */
    bool bypass;            /* the device's MSIs go to the guest file without the host */
};

/* iommu_ir.c */
void ir_domain_create(struct ir_domain *domain, uint32_t gscid);
void ir_domain_destroy(struct ir_domain *domain);
/* IOMMUs that do not update MRIFs atomically would undo each other's stores into the same one: then
 * each has one, and an MSI page table that leads there. */
bool ir_mrif_each(void);
/* For iommu_dc. */
uint64_t ir_msiptp(const struct ir_domain *domain, const struct iommu *iommu);
/* The PTE of a page of the window, and whether any interrupt goes through it. */
struct iommu_msi_pte *ir_pte(struct ir_domain *domain, uint32_t table, uint64_t gpa);
bool ir_pte_used(const struct ir_domain *domain, uint64_t gpa);
/* With info: the interrupt goes to that vCPU, and the device is to write the guest's message.
 * Without: it comes to the host, and msi_addr and msi_data say how. */
void irq_set_vcpu_affinity(struct host_irq *irq, const struct riscv_iommu_vcpu_info *info);
/* What the device sent by its old message has arrived: the old PTE is not needed any more. */
void irq_affinity_done(struct host_irq *irq);
/* Programs the device. */
void irq_write_msi_msg(const struct host_irq *irq, const struct msi_route *message);

/* irqfd.c */
void kvm_arch_update_irqfd_routing(struct irqfd *irqfd, const struct msi_route *new);
/* The host has claimed the interrupt of an irqfd (arg): into the vCPU with it. */
void irqfd_inject(uint32_t identity, void *arg);

/* vfio.c: the guest's accesses to the MSI-X table, which only the host may write. */
void vfio_init(struct vm *vm);
uint32_t vfio_msix_read(struct vm *vm, uint32_t device, uint32_t offset);
void vfio_msix_write(struct vm *vm, uint32_t device, uint32_t offset, uint32_t value);
void vfio_release(struct vm *vm);

#endif
