/* SPDX-License-Identifier: BSD-2-Clause */
/* Notice MSIs of the IOMMU: whose memory-resident interrupt file has something new. */
#ifndef HYP_MRIF_H
#define HYP_MRIF_H

#include <stdbool.h>
#include <stdint.h>

struct hart;

/* What KVM tells the IOMMU driver of an MRIF. */
struct riscv_iommu_mrif {
    struct riscv_iommu_mrif *next;
    uint64_t gpa; /* of the vCPU's IMSIC page */
    uint64_t spa; /* of the MRIF */
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
/* For protocols that look first and claim then, which loses what comes in between. */
void mrif_scan_before_claim(bool on);
void mrif_poll_begin(void);

#endif
