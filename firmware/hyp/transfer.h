/* SPDX-License-Identifier: BSD-2-Clause */
/* A virtual interrupt file on its way from one place to another while its devices go on [aia
 * virtHartMigration]: the steps that protocols are made of. */
#ifndef HYP_TRANSFER_H
#define HYP_TRANSFER_H

#include <stdint.h>

#include "imsic.h"
#include "iommus.h"

struct hart;
struct vcpu;

struct transfer {
    struct vcpu *vcpu;
    struct hart *old_hart, *new_hart;
    uint32_t old, new;            /* guest files, 0: memory */
    uint32_t reach;               /* how many IOMMUs are told */
    uint32_t tickets[HYP_IOMMUS]; /* of the last command posted */
    uint64_t since;               /* the first, in cycles; 0: none is under way */
    struct imsic_state state;
};

typedef void transfer_step(struct transfer *t);

/* The old guest file. */
transfer_step stop_old; /* delivery off, recording on */
transfer_step dump;     /* eip and eie, each word read and cleared in one step */
transfer_step dump_by_reading;
transfer_step zero_old;
/* The new one. */
transfer_step clear_new;
transfer_step restore;            /* eip merged into it, then eie, eithreshold, eidelivery */
transfer_step restore_by_writing; /* eip overwritten */
/* The file in memory. */
transfer_step mrif_prepare;             /* pending zero, enables as in the old file */
transfer_step merge_into_mrif;          /* what was dumped, by AMOOR or into a place of its own */
transfer_step merge_into_mrif_by_store; /* by load and store */
transfer_step mrif_take;                /* the opposite of dump */
/* The IOMMU. */
transfer_step pte_new, pte_mrif, pte_invalid, notice_set, notice_and_mrif, notice_forget;
transfer_step inval, inval_wrong, fence, fence_without_pw, wait;
transfer_step forget_second; /* from here on, only the first IOMMU is told */
/* Other sources of MSIs. */
transfer_step gstage;                        /* the other vCPUs' stores */
transfer_step aplic_move, aplic_move_unsync; /* the APLIC's, with and without synchronization */

#endif
