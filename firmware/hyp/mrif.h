/* SPDX-License-Identifier: BSD-2-Clause */
/* Notice MSIs of the IOMMU: whose memory-resident interrupt file has something new. */
#ifndef HYP_MRIF_H
#define HYP_MRIF_H

#include <stdbool.h>
#include <stdint.h>

#include "iommus.h"

struct hart;

/* What KVM tells the IOMMU driver of an MRIF. */
struct riscv_iommu_mrif {
    struct riscv_iommu_mrif *next;
    uint64_t gpa;             /* of the vCPU's IMSIC page */
    uint64_t spa[HYP_IOMMUS]; /* of the MRIF; further ones are those of one IOMMU each */
    struct hart *hart;
    uint32_t nid; /* notices are this identity in the hart's S-file */
    void (*mrif_cb)(void *data);
    void *data;
    volatile uint64_t notices;
};

/* Gives it a notice identity, which several may share. */
void riscv_iommu_mrif_register(struct riscv_iommu_mrif *mrif);
void riscv_iommu_mrif_unregister(struct riscv_iommu_mrif *mrif);
/* The host has claimed a notice: everyone whom it may be for looks into his MRIF.  The claim comes
 * first: what is stored after the look raises a notice of its own. */
void riscv_iommu_mrif_irq_process(uint32_t nid, void *arg);
/* For protocols that look first: what comes between look and claim raises no other notice. */
enum mrif_scan {
    MRIF_CLAIM_SCAN, /* right: each notice is claimed, then its MRIFs are scanned */
    MRIF_SCAN_CLAIM, /* all are scanned, then one notice is claimed */
    MRIF_SCAN_ONCE,  /* all are scanned, then every notice is claimed that has come meanwhile */
};
void mrif_set_order(enum mrif_scan order);
void mrif_poll_begin(void);
/* Claims the host's next interrupt; 0: there is none. */
uint32_t mrif_claim(void);

#endif
