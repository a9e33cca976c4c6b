/* SPDX-License-Identifier: BSD-2-Clause */
/* The physical harts: what each is running, which of its guest files belong to whom, and how one
 * hart has another do something. */
#ifndef HYP_HART_H
#define HYP_HART_H

#include <stdbool.h>
#include <stdint.h>

#include "cpu.h"
#include "spinlock.h"

enum { HART_GUEST_FILES = 64, HYP_HARTS = 64 };

/* Identities in the S-files of the harts, which are the hypervisor's own. */
enum host_identity {
    HOST_ID_IPI = 1,
    HOST_ID_SYNC = 2, /* not enabled: looked for in eip */
    HOST_ID_IRQ0 = 8,
    HOST_ID_NOTICE0 = 40, /* of MRIFs */
    HOST_IDENTITIES = 128
};

struct vcpu;

/* Something that another hart asks for; lives on the asker's stack. */
struct hart_call {
    void (*run)(void *arg);
    void *arg;
    struct hart_call *next;
    uint32_t done;
};

struct hart {
    struct cpu *cpu;
    uint32_t index;                            /* in the IMSIC, for the APLIC and the ledger */
    uint32_t files;                            /* GEILEN */
    uint64_t page;                             /* of the S-file */
    struct vcpu *file_owner[HART_GUEST_FILES]; /* by guest file number, 0 unused */
    struct vcpu *loaded;                       /* whose VS state the hart holds */
    struct vcpu *ready;                        /* vCPUs that may run here */
    struct vcpu *turn;                         /* the one that the slice is for */
    uint64_t slice_end;                        /* 0: the timer is off */
    struct spinlock lock;                      /* of calls and file_owner */
    struct hart_call *calls;
    uint64_t scans, scan_cycles;                 /* for notices of MRIFs */
    uint64_t preemptions, sgeis, spurious_sgeis; /* taken */
};

extern struct hart harts[HYP_HARTS];
extern uint32_t num_harts;

struct hart *hart_self(void);
/* For the running hart: delegation, counters, interrupts; fills its struct hart. */
void hart_init(void);
/* Takes what is pending in the S-file and what other harts asked for. */
void hart_poll(void);
/* Runs a vCPU until its next exit, or waits if there is none. */
void hart_step(void);
/* Does run(arg) on that hart and waits for it; other harts' calls are served meanwhile. */
void hart_call(struct hart *hart, void (*run)(void *arg), void *arg);
void hart_kick(struct hart *hart);

/* Interrupts of the host: one handler per identity, the same on all harts. */
void host_irq_set(uint32_t identity, void (*handle)(uint32_t identity, void *arg), void *arg);

#endif
