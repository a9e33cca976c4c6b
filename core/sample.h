/* SPDX-License-Identifier: BSD-2-Clause */
/* What the ledger measures: one sample per handled MSI.  Plain values, read by the report. */
#ifndef CORE_SAMPLE_H
#define CORE_SAMPLE_H

#include "viaduct/host.h"

/* When an MSI passed each point of its way; times never decrease in this order. */
enum sample_stamp {
    STAMP_ISSUE,     /* it leaves its source */
    STAMP_ACCEPT,    /* it enters the IOMMU */
    STAMP_TRANSLATE, /* it leaves the IOMMU */
    STAMP_RECORD,    /* the interrupt file has it pending */
    STAMP_TRAP,      /* the hart takes the interrupt trap */
    STAMP_ENTRY,     /* the first instruction of the handler that will claim it */
    STAMP_CLAIM,     /* xtopei (or the software file) is claimed */
    STAMP_COUNT
};

/* For a stamp that is not known: it did not pass that point. */
#define SAMPLE_UNKNOWN VD_NEVER

struct sample {
    uint64_t serial;
    vd_time stamp[STAMP_COUNT];
    uint64_t coalesced_into; /* serial of the equal MSI whose claim handled this one too, 0: its own
                                claim */
    uint32_t path;           /* number of the path (hint `path`) at its issue */
    uint32_t requester;      /* as in struct vd_txn: a device_id or VD_REQUESTER_... */
    uint32_t file;           /* VD_FILE of the file that recorded it */
    uint32_t identity;
    int32_t vm, vcpu; /* -1: unknown; VM 0 is the host */
    uint32_t traps;   /* into the hypervisor, from issue to claim */
    bool inexact;     /* a quantum may have moved one of its stamps */
};

#endif
