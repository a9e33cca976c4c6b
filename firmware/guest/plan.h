/* SPDX-License-Identifier: BSD-2-Clause */
/* What the hypervisor and its guest agree on: the plan of a run, hypercalls, addresses. */
#ifndef GUEST_PLAN_H
#define GUEST_PLAN_H

#include <stdint.h>

/* Guest physical addresses. */
#define GUEST_RAM         0x80000000ul
#define GUEST_RAM_BYTES   0x200000ul
#define GUEST_BAR0        0x40000000ul
#define GUEST_BAR2        0x40100000ul
#define GUEST_IMSIC       0x28000000ul
#define GUEST_APLIC       0x0d000000ul /* emulated */
#define GUEST_APLIC_BYTES 0x4000ul
/* From one device's BAR to the next one's. */
#define GUEST_BAR_STRIDE 0x10000ul

enum { GUEST_VCPUS_MAX = 64, GUEST_VECTORS = 32 };
enum { GUEST_SOURCE = 5 }; /* of the emulated APLIC: the wire of an emulated device */

/* Identities in the guest's interrupt files. */
enum guest_identity { GUEST_ID_IPI = 1, GUEST_ID_WIRE = 2, GUEST_ID_VECTOR0 = 16 };

static inline uint64_t guest_imsic_page(uint32_t vcpu)
{
    return GUEST_IMSIC + ((uint64_t)vcpu << 12);
}

enum workload {
    WORK_DEVICE,    /* the device to vCPU 0 */
    WORK_IPI,       /* vCPU 0 to vCPU 1, one way or another */
    WORK_WIRE,      /* the device's pin to vCPU 0 */
    WORK_BROADCAST, /* vCPU 0 to all the others at once, as when a kernel shoots down TLBs */
    WORK_STREAM,    /* the device to the other vCPUs, while vCPU 0 has the hypervisor do things */
    WORK_CROSSFIRE, /* vCPU 2 to vCPU 1, while vCPU 0 has the hypervisor do things */
    WORK_RACE,      /* MSIs that arrive just when vCPU 1 goes to sleep */
    WORK_DRAIN,     /* the same, behind another that vCPU 1 has seen before its notice */
    WORK_MASKED,    /* MSIs to vCPU 1, which sleeps and has masked them, one way or another */
};

/* How vCPU 0 sends in WORK_IPI. */
enum sending {
    SEND_STORE,      /* into vCPU 1's interrupt file */
    SEND_SBI,        /* sbi_send_ipi() */
    SEND_SIGNAL,     /* an MSI of a device that the hypervisor emulates */
    SEND_IDENTITIES, /* the same, of every identity in turn */
    SEND_LINE,       /* a wire into the APLIC that the hypervisor emulates */
};

/* What vCPU 0 asks the hypervisor for, of a vCPU. */
enum operation {
    OPERATE_MOVE,    /* its interrupt file into another guest file of the same hart */
    OPERATE_MIGRATE, /* the vCPU, with its file, to the next hart */
    OPERATE_EVICT,   /* its file into memory */
    OPERATE_RESTORE, /* and back */
    OPERATE_PREEMPT, /* the end of the time slice on its hart */
    OPERATIONS,
    OPERATE_RANDOM = OPERATIONS, /* any of these, and the vector to another vCPU */
    OPERATE_WAKE,                /* out of its sleep, for no reason of its own */
};

enum plan_flag {
    PLAN_FLUSH = 1 << 0,       /* DEVICE: the IOATC is invalidated before every MSI */
    PLAN_AWAKE = 1 << 1,       /* vCPUs that handle do not sleep */
    PLAN_SPREAD = 1 << 2,      /* STREAM: vectors go to vCPU 1, 2, ... in turn, else all to 1 */
    PLAN_RIVALS = 1 << 3,      /* vCPUs 2, 3, ... are busy and never sleep */
    PLAN_FREE = 1 << 5,        /* WIRE: the pin goes up and down by itself */
    PLAN_TWICE = 1 << 6,       /* WIRE: two causes for each time that the pin is up */
    PLAN_RETRIGGER = 1 << 7,   /* ... and the handler asks the APLIC to look once more */
    PLAN_CALM = 1 << 8,        /* RACE: from one time to the next, everything comes to rest */
    PLAN_SELF = 1 << 10,       /* STREAM: vCPU 0 handles, and has things done to itself */
    PLAN_EDGE = 1 << 11,       /* SEND_LINE: an edge-sensitive source */
    PLAN_SKEW = 1 << 12,       /* SPREAD: the last vCPU has half of the vectors, and so on */
    PLAN_LATE_ENABLE = 1 << 9, /* RACE: the identity is enabled in the middle of the sweep */
    PLAN_ORDER = 1 << 4,       /* of two vectors, the second is never seen more often */
};

/* In guest RAM: written by the hypervisor before the guest starts, results by the guest. */
struct plan {
    uint32_t workload; /* enum workload */
    uint32_t path;
    uint32_t vcpus, flags;
    uint32_t sending; /* enum sending */
    uint32_t count, warmup, burst, vectors;
    uint32_t devices;          /* that share count and vectors evenly */
    uint32_t moves, operation; /* how often what */
    uint64_t period, seed;
    uint64_t settle;   /* ticks of `time` until every vCPU has had its turn */
    uint64_t patience; /* ticks of `time` without any progress until the guest gives up */
    uint32_t ids;      /* highest identity of the interrupt files */
    uint32_t failed;
    uint64_t sent, handled, exits, operations, disorder;
    uint64_t send_once, send_each, round; /* IPI, BROADCAST: cycles (firmware/lib/counters.def) */
};

/* Hypercalls, in the SBI's experimental space. */
enum { HYP_EXTENSION = 0x08000056 };
enum hypercall {
    HYP_FLUSH_IOATC, /* every cached translation of the IOMMU, awaited */
    HYP_OPERATE,     /* a0: vCPU, a1: enum operation; returns when it is done */
    HYP_MEASURE,     /* what the hypervisor counts begins here */
    HYP_EXITS,       /* a0: vCPU; value: its traps into the hypervisor */
    HYP_BLOCKED,     /* a0: vCPU; value: it sleeps */
    HYP_HGEIP,       /* a0: vCPU; value: its hart's hgeip has the bit of its guest file */
    HYP_SIGNAL,      /* a0: vCPU, a1: identity, from a device that is emulated */
    HYP_LINE,        /* a0: source of the emulated APLIC, a1: level of its wire */
    HYP_RETRIGGER,   /* the real APLIC's setipnum, for the wire */
    HYP_DONE,        /* the plan has been carried out: does not return */
};

#endif
