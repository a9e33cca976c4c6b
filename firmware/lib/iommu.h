/* SPDX-License-Identifier: BSD-2-Clause */
/* Driver of one RISC-V IOMMU: device directory, MSI page tables, command and fault queue. */
#ifndef LIB_IOMMU_H
#define LIB_IOMMU_H

#include <stdbool.h>
#include <stdint.h>

#include "spinlock.h"

enum iommu_register {
    IOMMU_CAPABILITIES = 0x000,
    IOMMU_FCTL = 0x008,
    IOMMU_DDTP = 0x010,
    IOMMU_CQB = 0x018,
    IOMMU_CQH = 0x020,
    IOMMU_CQT = 0x024,
    IOMMU_FQB = 0x028,
    IOMMU_FQH = 0x030,
    IOMMU_FQT = 0x034,
    IOMMU_CQCSR = 0x048,
    IOMMU_FQCSR = 0x04c,
    IOMMU_PQCSR = 0x050,
    IOMMU_IPSR = 0x054,
    IOMMU_ICVEC = 0x2f8,
};

#define IOMMU_CAP_VERSION  0xfful
#define IOMMU_CAP_SV39X4   (1ul << 17)
#define IOMMU_CAP_AMO_MRIF (1ul << 21)
#define IOMMU_CAP_MSI_FLAT (1ul << 22)
#define IOMMU_CAP_MSI_MRIF (1ul << 23)

/* cqcsr and fqcsr. */
enum {
    IOMMU_QUEUE_EN = 1 << 0,
    IOMMU_QUEUE_MF = 1 << 8,
    IOMMU_FQCSR_FQOF = 1 << 9,
    IOMMU_CQCSR_CMD_TO = 1 << 9,
    IOMMU_CQCSR_CMD_ILL = 1 << 10,
    IOMMU_QUEUE_ON = 1 << 16,
    IOMMU_QUEUE_BUSY = 1 << 17,
};

enum iommu_mode { IOMMU_OFF, IOMMU_BARE, IOMMU_1LVL, IOMMU_2LVL, IOMMU_3LVL };
#define IOMMU_DDTP_BUSY (1ul << 4)

/* Device context in extended format.  With capabilities.MSI_FLAT = 0 only the first half exists. */
struct iommu_dc {
    uint64_t tc, iohgatp, ta, fsc;
    uint64_t msiptp, msi_addr_mask, msi_addr_pattern, reserved;
};

#define IOMMU_DC_V             (1ul << 0)
#define IOMMU_DC_DTF           (1ul << 4)
#define IOMMU_MSIPTP_FLAT      (1ul << 60)
#define IOMMU_IOHGATP_GSCID(g) ((uint64_t)(g) << 44)

/* MSI page table entry [iommu MSI_TRANS]. */
struct iommu_msi_pte {
    uint64_t dw0, dw1;
};
#define IOMMU_MSI_PTE_V     (1ul << 0)
#define IOMMU_MSI_PTE_MRIF  (1ul << 1)
#define IOMMU_MSI_PTE_BASIC (3ul << 1)

static inline uint64_t iommu_msi_pte_basic(uint64_t spa)
{
    return spa >> 12 << 10 | IOMMU_MSI_PTE_BASIC | IOMMU_MSI_PTE_V;
}

/* Memory-resident interrupt file [aia IOMMU-MRIFFormat]. */
struct iommu_mrif {
    struct {
        uint64_t pending, enable;
    } words[32];
} __attribute__((aligned(512)));

static inline uint64_t iommu_msi_pte_mrif(uint64_t spa)
{
    return spa >> 9 << 7 | IOMMU_MSI_PTE_MRIF | IOMMU_MSI_PTE_V;
}

/* dw1: notice MSIs have data nid and go to the page of npa. */
static inline uint64_t iommu_msi_pte_notice(uint64_t npa, uint32_t nid)
{
    return npa >> 12 << 10 | (nid & 0x3ff) | (uint64_t)(nid >> 10) << 60;
}

struct iommu_command {
    uint64_t dw0, dw1;
};

struct iommu_fault {
    uint64_t info, reserved, iotval, iotval2;
};

enum iommu_cause {
    IOMMU_CAUSE_MRIF_ACCESS = 264,
    IOMMU_CAUSE_MRIF_CORRUPT = 271,
    IOMMU_CAUSE_MSI_WRITE = 273,
};

static inline uint32_t iommu_fault_cause(const struct iommu_fault *fault)
{
    return fault->info & 0xfff;
}

static inline uint32_t iommu_fault_device(const struct iommu_fault *fault)
{
    return (uint32_t)(fault->info >> 40);
}

struct iommu {
    uint64_t base, capabilities;
    enum iommu_mode mode; /* as it is now */
    uint64_t *root;       /* of the device directory */
    struct iommu_command *commands;
    struct iommu_fault *faults;
    struct spinlock lock; /* of the command queue's tail */
    uint32_t tail;
};

/* Queues on, mode Bare.  False if the IOMMU lacks what this driver needs. */
bool iommu_init(struct iommu *iommu, uint64_t base);
/* Empty directory of so many levels (1..3), or Off/Bare.  False if the IOMMU has no such mode. */
bool iommu_set_mode(struct iommu *iommu, enum iommu_mode mode);
/* The device's context, tables on the way are made; NULL if device_id is too wide for the mode. */
struct iommu_dc *iommu_context(struct iommu *iommu, uint32_t device_id);
/* Takes a context into use, or out of it; the IOMMU sees either the old or the new. */
void iommu_attach(struct iommu *iommu, uint32_t device_id, const struct iommu_dc *dc);
void iommu_detach(struct iommu *iommu, uint32_t device_id);
uint32_t iommu_context_bytes(const struct iommu *iommu);

/* Commands.  iommu_post() returns the value that cqh passes when the command has been fetched and,
 * for IOFENCE.C, completed. */
struct iommu_command iommu_cmd_iotinval_gvma(uint32_t gscid, bool one_page, uint64_t gpa);
struct iommu_command iommu_cmd_iotinval_all(void);
struct iommu_command iommu_cmd_iodir(uint32_t device_id);
struct iommu_command iommu_cmd_iodir_all(void);
enum { IOFENCE_PR = 1, IOFENCE_PW = 2 };
struct iommu_command iommu_cmd_iofence(uint32_t order);
uint32_t iommu_post(struct iommu *iommu, struct iommu_command command);
void iommu_wait(struct iommu *iommu, uint32_t ticket);
/* IOFENCE.C with both orders, awaited. */
void iommu_sync(struct iommu *iommu);
/* Forgets every cached translation and context, awaited. */
void iommu_flush_all(struct iommu *iommu);

/* The oldest fault record, removed from the queue; false if there is none. */
bool iommu_next_fault(struct iommu *iommu, struct iommu_fault *fault);

#endif
