/* SPDX-License-Identifier: BSD-2-Clause */
/* What the ledger measures: one sample per MSI, and one row per move of a virtual interrupt file.
 * Plain values, read by the report. */
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

/* How it ended. */
enum sample_fate { SAMPLE_CLAIMED, SAMPLE_DROPPED, SAMPLE_LOST, SAMPLE_STRAY, SAMPLE_FATES };

#define SAMPLE_NO_FILE UINT32_MAX

struct sample {
    uint64_t serial;
    vd_time stamp[STAMP_COUNT];
    uint64_t coalesced_into; /* serial of the equal MSI whose claim handled this one too, 0: its own
                                claim */
    uint32_t path;           /* number of the path (hint `path`) at its issue */
    uint32_t requester;      /* as in struct vd_txn: a device_id or VD_REQUESTER_... */
    uint32_t file;           /* VD_FILE of the file that recorded it, or SAMPLE_NO_FILE */
    uint32_t identity;
    int32_t vm, vcpu; /* -1: unknown; VM 0 is the host */
    uint32_t traps;   /* into the hypervisor, from issue to claim */
    bool inexact;     /* a quantum may have moved one of its stamps */
    uint8_t fate;     /* enum sample_fate */
};

/* In place of a VD_FILE. */
#define MIGRATION_MEMORY UINT64_MAX

/* One move of a vCPU's interrupt file. */
struct migration {
    uint32_t path;
    int32_t vm, vcpu;
    uint64_t from, to;                     /* VD_FILE, or MIGRATION_MEMORY */
    vd_time begun, store, restored, ended; /* store: the MSI PTE changes; restored: eidelivery */
    uint32_t landed_old, landed_new;       /* MSIs that arrived from begun to ended */
    uint32_t moved,
        merged; /* MSIs set again in the new place: alone, into a bit set there already */
};

enum landing_place { LANDED_OLD, LANDED_NEW };
enum landing_end { LANDING_STAYS, LANDING_MOVED, LANDING_MERGED };

/* An MSI that arrived while a file moved. */
struct landing {
    uint64_t serial;
    vd_time when;
    uint32_t migration; /* index */
    uint32_t identity;
    uint8_t place; /* enum landing_place */
    uint8_t end;   /* enum landing_end */
};

#endif
