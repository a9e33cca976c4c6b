/* SPDX-License-Identifier: BSD-2-Clause */
/* The virtual machine: memory, vCPUs, the device that is assigned to it. */
#ifndef HYP_VM_H
#define HYP_VM_H

#include <stdbool.h>
#include <stdint.h>

#include "guest/plan.h"
#include "irqbypass.h"
#include "pagetable.h"
#include "policy.h"
#include "tally.h"
#include "vaplic.h"
#include "vcpu.h"

enum vm_mode {
    MODE_UNSAID,
    MODE_HWACCEL, /* every vCPU has a guest file */
    MODE_EMUL,    /* none has, and the host takes its interrupts */
    MODE_AUTO,    /* as long as there are any */
    MODE_MRIF,    /* none has, and the IOMMU stores its interrupts */
};

/* What becomes of the guest file of a vCPU that sleeps. */
enum vm_idle {
    IDLE_FILE,   /* it stays, watched by hgeie */
    IDLE_MEMORY, /* it goes into memory */
};

struct vm_config {
    enum vm_mode mode;
    enum vm_idle idle;
    uint32_t vcpus;
    uint32_t devices; /* endpoints that it gets */
    bool trap_wfi;    /* a vCPU that waits leaves its hart to others */
    bool crowd;       /* all vCPUs but 0 are on one hart */
    bool restore;     /* from memory into a guest file when it runs */
    bool steal;       /* from a vCPU that sleeps: */
    enum policy policy;
};

struct vm {
    uint32_t id; /* VMID and GSCID too */
    struct vm_config config;
    uint32_t wire, wire_vcpu;       /* APLIC source that goes to a vCPU's guest file, 0: none */
    uint64_t ram;                   /* host physical address of GUEST_RAM */
    struct pagetable gstage;        /* for the vCPUs */
    struct pagetable device_gstage; /* for the device: guest RAM only */
    uint64_t hgatp;
    struct vaplic vaplic; /* under: */
    struct spinlock vaplic_lock;
    struct vcpu vcpus[GUEST_VCPUS_MAX];
    struct plan *plan;
    struct ir_domain ir;
    struct irqfd irqfds[GUEST_VECTORS];
    struct tally measured; /* since the measured phase began; until its end, what was before */
    bool assigned;         /* the endpoint is the VM's */
    volatile bool done;
};

/* Creates it with fresh memory, its vCPUs placed on harts.  NULL if HWACCEL finds no guest file. */
struct vm *vm_create(const struct vm_config *config);
/* Gives it its endpoints: BAR0, DMA through their IOMMUs, MSIs through the irqbypass layer. */
void vm_assign_endpoints(struct vm *vm);
/* Runs it on this hart and the others until the guest has finished its plan. */
void vm_run(struct vm *vm);
void vm_destroy(struct vm *vm);
/* (Re)maps the vCPU's IMSIC page: to its guest file, or to nothing, so that stores trap. */
void vm_map_imsic(struct vm *vm, const struct vcpu *vcpu);
/* The emulated APLIC: the wire of a device, and the guest's accesses. */
void vm_line(struct vm *vm, uint32_t source, bool level);
uint32_t vm_vaplic_read(struct vm *vm, uint32_t offset);
void vm_vaplic_write(struct vm *vm, uint32_t offset, uint32_t value);
/* Forgets second-stage translations on every hart. */
void vm_fence(struct vm *vm);
/* Host address of size bytes of guest RAM, NULL if they are not all RAM. */
void *vm_memory(struct vm *vm, uint64_t gpa, uint64_t size);
/* The vCPU whose IMSIC page this is, NULL if none. */
struct vcpu *vm_vcpu_by_imsic(struct vm *vm, uint64_t gpa);

#endif
