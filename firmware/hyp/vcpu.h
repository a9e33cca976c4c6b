/* SPDX-License-Identifier: BSD-2-Clause */
/* A virtual hart: all of its state, on whatever hart it runs. */
#ifndef HYP_VCPU_H
#define HYP_VCPU_H

/* For switch.S. */
#define VCPU_PC      256
#define VCPU_HOST_SP 264

#ifndef __ASSEMBLER__
#include <stdbool.h>
#include <stdint.h>

#include "mrif.h"
#include "pages.h"
#include "swfile.h"

struct hart;
struct vm;

enum vcpu_state { VCPU_STOPPED, VCPU_READY, VCPU_BLOCKED };

/* Why it left the guest; in the order of counters.def. */
enum exit_kind {
    EXIT_EXTERNAL,
    EXIT_SGEI,
    EXIT_TIMER,
    EXIT_ECALL,
    EXIT_WFI,
    EXIT_CSR,
    EXIT_IMSIC,
    EXIT_APLIC,
    EXIT_DEVICE,
    EXIT_KINDS
};

/* The VS CSRs that a hart holds while the vCPU is loaded. */
struct vcpu_csrs {
    uint64_t vsstatus, vsie, vstvec, vsscratch, vsepc, vscause, vstval, vsatp, vsiselect;
};

struct vcpu {
    uint64_t x[32]; /* x[0] unused */
    uint64_t pc;
    uint64_t host_sp;
    uint64_t hstatus, sstatus; /* as they were at the last exit; VGEIN is put in at entry */
    struct vcpu_csrs csrs;
    struct vm *vm;
    uint32_t id;
    enum vcpu_state state;
    struct hart *hart; /* where it runs */
    bool busy;         /* the hypervisor is at work for it: it cannot leave its hart */
    volatile bool woken;
    bool asked; /* ... for something to be done to itself, when it is not busy any more */
    uint64_t asked_operation;
    struct vcpu *next; /* in the hart's ready list */
    /* Its interrupt file (vfile.h). */
    uint32_t file_locked;
    uint32_t guest_file;          /* 0: its file is in memory */
    struct hart *file_hart;       /* where its guest file is */
    volatile bool noticed;        /* there may be something in it that nobody has looked at */
    bool in_mrif;                 /* the IOMMU stores into the file in memory */
    struct riscv_iommu_mrif mrif; /* the same file as the IOMMU knows it, or the IOMMUs */
    uint64_t stash[IMSIC_WORDS];  /* MSIs of software that came while the file was locked */
    uint32_t stashed;
    uint64_t last_ran; /* time */
    uint64_t exits_by[EXIT_KINDS];
    uint64_t exits, wakes, blocks, moves, evictions, restorations;
    uint64_t commands, waited; /* for IOMMUs while its file moved, and how long, in cycles */
    /* What an IOMMU stores into has pages of its own: the simulator watches them, and every exit
     * writes to the rest. */
    struct swfile swfile __attribute__((aligned(PAGE_SIZE)));
    struct iommu_mrif further[HYP_IOMMUS - 1]; /* MRIFs of the second IOMMU and so on */
};

void vcpu_init(struct vcpu *vcpu, struct vm *vm, uint32_t id);
/* Makes its MRIF known; it has a hart. */
void vcpu_mrif_register(struct vcpu *vcpu);
/* For the ledger: the MRIFs are in use from now on, or no more. */
void vcpu_mrif_tell(const struct vcpu *vcpu, bool use);
/* Ready to start at pc with a0 and a1. */
void vcpu_start(struct vcpu *vcpu, uint64_t pc, uint64_t a0, uint64_t a1);
/* Enters the guest on this hart and handles the exit. */
void vcpu_run(struct vcpu *vcpu);
/* Saves the VS state of what this hart holds. */
void vcpu_put(struct hart *hart);
/* From this hart to another; it is not running. */
void vcpu_leave_hart(struct vcpu *vcpu, struct hart *to);
/* It executed WFI. */
void vcpu_block(struct vcpu *vcpu);
/* switch.S: returns at the next trap. */
void vcpu_enter(struct vcpu *vcpu);
/* exit.c: why did it come back? */
void vcpu_handle_exit(struct vcpu *vcpu);

#endif
#endif
