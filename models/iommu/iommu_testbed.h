/* SPDX-License-Identifier: BSD-2-Clause */
/* An IOMMU on a workbench: RAM with tables that the tests build, an IMSIC window that swallows
 * writes, a device port that remembers answers. */
#ifndef IOMMU_TESTBED_H
#define IOMMU_TESTBED_H

#include "iommu/iommu.h"
#include "support/bench.h"

enum {
    REG_OFFSET_CAPABILITIES = 0,
    REG_OFFSET_FCTL = 8,
    REG_OFFSET_DDTP = 16,
    REG_OFFSET_CQB = 24,
    REG_OFFSET_CQH = 32,
    REG_OFFSET_CQT = 36,
    REG_OFFSET_FQB = 40,
    REG_OFFSET_FQH = 48,
    REG_OFFSET_FQT = 52,
    REG_OFFSET_PQB = 56,
    REG_OFFSET_PQH = 64,
    REG_OFFSET_PQT = 68,
    REG_OFFSET_CQCSR = 72,
    REG_OFFSET_FQCSR = 76,
    REG_OFFSET_PQCSR = 80,
    REG_OFFSET_IPSR = 84,
    REG_OFFSET_IOCOUNTOVF = 88,
    REG_OFFSET_IOCOUNTINH = 92,
    REG_OFFSET_IOHPMCYCLES = 96,
    REG_OFFSET_IOHPMCTR = 104,
    REG_OFFSET_IOHPMEVT = 352,
    REG_OFFSET_TR_REQ_IOVA = 600,
    REG_OFFSET_TR_REQ_CTL = 608,
    REG_OFFSET_TR_RESPONSE = 616,
    REG_OFFSET_IOMMU_QOSID = 624,
    REG_OFFSET_ICVEC = 760,
    REG_OFFSET_MSI_CFG = 768,
};

#define IMSIC_WINDOW UINT64_C(0x28000000)
/* Vector v of the IOMMU writes v + 1 to page v from here. */
#define OWN_MSI UINT64_C(0x28100000)

/* PTE bits. */
enum { V = 1, R = 2, W = 4, X = 8, U = 16, G = 32, A = 64, D = 128, RWXAD = V | R | W | X | A | D };

struct bed_dc {
    uint64_t tc, iohgatp, ta, fsc, msiptp, mask, pattern, reserved;
};

struct testbed {
    struct bench b;
    struct iommu *m;
    uint64_t free_page;
    struct vd_txn answers[256];
    uint32_t num_answers;
    struct {
        uint32_t device_id, code;
        uint64_t payload[2];
    } messages[64];
    uint32_t num_messages;
    uint64_t ddt, cq, fq, pq;
    uint64_t poison; /* this doubleword is corrupt, 0: none */
    bool refuse_imsic;
};

extern const struct iommu_timing inorder;

void bed_open(struct testbed *t, const struct iommu_config *config);
void bed_open_ram(struct testbed *t, const struct iommu_config *config, uint64_t size);
void bed_open_at(struct testbed *t, const struct iommu_config *config, uint64_t base,
                 uint64_t size);
void bed_close(struct testbed *t);
/* A zeroed 4-KiB page, or `pages` of them aligned to their size. */
uint64_t bed_pages(struct testbed *t, uint64_t pages);
uint64_t bed_get(struct testbed *t, uint32_t offset, unsigned size);
void bed_set(struct testbed *t, uint32_t offset, unsigned size, uint64_t value);
/* Turns the queues on, with 64 entries each, and the directory to `mode`. */
void bed_start(struct testbed *t, unsigned mode);
/* Puts a context (64-byte format, or 32 with MSI_FLAT=0) into the directory of ddtp. */
uint64_t bed_dc(struct testbed *t, uint32_t device_id, const struct bed_dc *dc);
/* Maps a page of 4 KiB << 9 * level in a table with `levels`; x4 roots are 16 KiB.  Returns the
 * address of the PTE. */
uint64_t bed_map(struct testbed *t, uint64_t root, unsigned levels, bool x4, uint64_t va,
                 uint64_t pa, unsigned level, uint64_t bits);
/* Sends a device request and runs everything to its end.  Returns the status of the answer;
 * posted writes give VD_PENDING. */
enum vd_status bed_read(struct testbed *t, uint32_t device_id, uint64_t iova);
enum vd_status bed_write(struct testbed *t, uint32_t device_id, uint64_t iova);
enum vd_status bed_msi(struct testbed *t, uint32_t device_id, uint64_t iova, uint32_t data);
enum vd_status bed_request(struct testbed *t, struct vd_txn txn);
/* Where the last device access went; UINT64_MAX: nowhere. */
uint64_t bed_where(struct testbed *t);
void bed_command(struct testbed *t, uint64_t dw0, uint64_t dw1);
/* The number of fault records, and one of them. */
uint32_t bed_faults(struct testbed *t);
uint64_t bed_fault(struct testbed *t, uint32_t index, unsigned dw);
unsigned bed_cause(struct testbed *t, uint32_t index);
void bed_settle(struct testbed *t);

#endif
