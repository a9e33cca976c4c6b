/* SPDX-License-Identifier: BSD-2-Clause */
/* What the hypervisor and its guest agree on: the plan of a run, hypercalls, addresses. */
#ifndef GUEST_PLAN_H
#define GUEST_PLAN_H

#include <stdint.h>

/* Guest physical addresses. */
#define GUEST_RAM       0x80000000ul
#define GUEST_RAM_BYTES 0x200000ul
#define GUEST_BAR0      0x40000000ul
#define GUEST_BAR2      0x40100000ul
#define GUEST_IMSIC     0x28000000ul

enum { GUEST_VCPUS = 2, GUEST_VECTORS = 32 };

/* Identities in the guest's interrupt files. */
enum guest_identity { GUEST_ID_IPI = 1, GUEST_ID_WIRE = 2, GUEST_ID_VECTOR0 = 16 };

static inline uint64_t guest_imsic_page(uint32_t vcpu)
{
    return GUEST_IMSIC + ((uint64_t)vcpu << 12);
}

enum workload { WORK_DEVICE, WORK_IPI, WORK_WIRE, WORK_STREAM };

/* In guest RAM: written by the hypervisor before the guest starts, results by the guest. */
struct plan {
    uint32_t workload; /* enum workload */
    uint32_t path;
    uint32_t count, warmup, burst, vectors, moves;
    uint32_t flush; /* DEVICE: the IOATC is invalidated before every MSI */
    uint64_t period, seed;
    uint64_t patience; /* ticks of `time` without any progress until the guest gives up */
    uint32_t ids;      /* highest identity of the interrupt files */
    uint32_t failed;
    uint64_t sent, handled, exits;
};

/* Hypercalls, in the SBI's experimental space. */
enum { HYP_EXTENSION = 0x08000056 };
enum hypercall {
    HYP_FLUSH_IOATC, /* every cached translation of the IOMMU, awaited */
    HYP_MOVE,        /* a0: vCPU whose interrupt file moves; returns when it has */
    HYP_EXITS,       /* a0: vCPU; value: its traps into the hypervisor */
    HYP_DONE,        /* the plan has been carried out: does not return */
};

#endif
