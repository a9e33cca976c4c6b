/* SPDX-License-Identifier: BSD-2-Clause */
/* A RISC-V IOMMU: translates the transactions of devices, including their MSIs [iommu]. */
#ifndef IOMMU_H
#define IOMMU_H

#include "viaduct/error.h"
#include "viaduct/host.h"
#include "viaduct/param.h"
#include "viaduct/reg.h"

/* Every latency the model knows, in cycles; all zero is functional timing. */
struct iommu_timing {
    uint32_t hit;              /* request in to translated request out when nothing is walked */
    uint32_t context_beats;    /* device context: cycles beyond the memory latency */
    uint32_t process_beats;    /* process context: the same */
    uint32_t walk_start;       /* page walk: once per walk */
    uint32_t step;             /* every table read: cycles beyond the memory latency */
    uint32_t msi_start;        /* flat MSI PTE read that no page walk precedes */
    uint32_t request_interval; /* between two hits */
    uint32_t mmio;             /* register access */
    uint32_t command_start;    /* doorbell to the first command fetch */
    uint32_t command;          /* each further command */
    uint32_t fault_record;     /* detected fault to the record's write */
    uint32_t interrupt;        /* record visible to interrupt wire */
    uint32_t message;          /* record visible to interrupt message */
    uint32_t response;         /* fault record's write to the error response */
    uint32_t mrif;   /* MRIF: cycles beyond the memory latency until the pending bit's write */
    uint32_t notice; /* MRIF store visible to notice MSI */
};

/* Zero means the default of iommu_params(). */
struct iommu_config {
    uint32_t index;        /* which IOMMU, for records and VD_REQUESTER_IOMMU() */
    uint64_t capabilities; /* the register; 0: everything this model has */
    uint32_t max_mode;     /* highest ddtp.iommu_mode: 2 1LVL, 3 2LVL, 4 3LVL */
    uint32_t vector_bits;  /* 2^n interrupt vectors, 0..4 */
    uint32_t reset_mode;   /* ddtp.iommu_mode after reset: 0 Off, 1 Bare */
    uint32_t outstanding;  /* concurrent walks */
    uint32_t ddt_entries, pdt_entries, tlb_entries, msi_entries; /* cache sizes */
    uint32_t first_nonleaf, second_nonleaf; /* non-leaf PTEs cached, by stage; 0: none */
    uint32_t replacement;                   /* in all caches: 0 tree-PLRU, 1 in turn, 2 random */
    /* Switches: see the model's README for the revisions and open RTL that differ. */
    bool rules_1_0;         /* iohgatp Bare with msiptp Flat translates instead of cause 259 */
    bool notice_if_enabled; /* notice MSI only if the identity is enabled (wrong, as some RTL) */
    bool mrif_uncached;     /* MSI PTEs in MRIF mode are not cached */
    uint32_t pte_fetch;     /* 16-byte MSI PTE: 0 one read, 1 two reads dw0 first, 2 dw1 first */
    bool commands_out_of_order;
    bool report_notice_fault;   /* a refused notice MSI is recorded, as cause 273 */
    bool mrif_posted;           /* an IOFENCE.C without PW does not await stores into MRIFs */
    bool fence_ignores_io;      /* IOFENCE.C PW covers main memory only (wrong for MSIs) */
    bool fence_ignores_notices; /* IOFENCE.C does not await notice MSIs */
    bool tag_device;            /* MSI cache entries are tagged with the device_id too */
    bool mrif_big_endian;       /* the machine's IMSICs have seteipnum_be */
    bool stale_check;           /* record iommu_stale where a cache and memory differ */
    struct iommu_timing timing;
    vd_time cycle_ps;
};

struct iommu;

struct iommu *iommu_create(const struct iommu_config *config, const struct vd_host *host,
                           struct vd_error *err);
void iommu_destroy(struct iommu *iommu);
void iommu_reset(struct iommu *iommu);
/* Empties every cache, which an IOMMU may do at any time. */
void iommu_flush(struct iommu *iommu);
/* Register page. */
enum vd_status iommu_access(struct iommu *iommu, struct vd_txn *txn);
/* Device side: requester is the device_id.  The IOMMU performs the translated access through its
 * host and gives the result to `respond` below (never for VD_POSTED writes).  VD_PENDING: taken;
 * VD_RETRY: full, the caller asks again some cycles later.  The answer may come before this
 * returns.  Translation requests are answered with txn->data[0] = the ATS response
 * (models/iommu/README.md). */
enum vd_status iommu_submit(struct iommu *iommu, const struct vd_txn *txn);
/* Completion of what the IOMMU submitted to its host. */
void iommu_complete(struct iommu *iommu, const struct vd_txn *txn);
/* The device side's way back.  Set once, before the first request. */
struct iommu_device_port {
    void (*respond)(void *ctx, const struct vd_txn *txn);
    /* ATS messages to a device: invalidation request, page request group response. */
    void (*message)(void *ctx, uint32_t device_id, uint32_t code, const uint64_t payload[2]);
    /* If set, messages of interrupt vectors are left to it, as for a PCIe function, whose MSI-X
     * table is where msi_cfg_tbl is; else the IOMMU writes them as msi_cfg_tbl says. */
    void (*interrupt)(void *ctx, uint32_t vector);
    /* If set and false, the IOMMU may issue no request of its own, as a PCIe function whose Bus
     * Master Enable is 0: each is refused as the bus would refuse it.  What it translates leaves
     * under the device's ID and is not concerned. */
    bool (*bus_master)(void *ctx);
    void *ctx;
};
void iommu_connect(struct iommu *iommu, const struct iommu_device_port *port);
/* ATS messages from a device: txn->tag is the PCIe message code (4 page request or stop marker, 2
 * invalidation completion), txn->data[0] its payload (models/iommu/README.md). */
void iommu_message(struct iommu *iommu, const struct vd_txn *txn);
/* A write of this device, no MSI, has come and has not left yet. */
bool iommu_carries_write(const struct iommu *iommu, uint32_t device_id);
/* True if no request, walk, command or write is in flight. */
bool iommu_idle(const struct iommu *iommu);
size_t iommu_save(const struct iommu *iommu, void *buffer, size_t capacity);
bool iommu_restore(struct iommu *iommu, const void *buffer, size_t size);
const struct vd_reg *iommu_regs(uint32_t *count);
/* What the specification tabulates besides registers, for documentation. */
enum iommu_row_kind { IOMMU_TITLE, IOMMU_FIELD, IOMMU_COMMAND, IOMMU_CAUSE };
struct iommu_row {
    uint8_t kind;     /* IOMMU_TITLE: a table begins */
    uint8_t width;    /* field: bits; cause: 1 if DTF does not hide it */
    uint16_t number;  /* field: lowest bit; command: opcode | func3 << 7; cause: its code */
    const char *name; /* of the title, the field, the command, the cause */
    const char *text; /* title and command: anchor; capability: meaning; cause: the answer to ATS */
};
const struct iommu_row *iommu_rows(uint32_t *count);
/* The capability without which a row of iommu_regs() is absent; NULL: it is always there. */
const char *iommu_reg_capability(uint32_t row);
const struct vd_param *iommu_params(uint32_t *count);

#endif
