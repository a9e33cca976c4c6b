/* SPDX-License-Identifier: BSD-2-Clause */
/* An APLIC: a tree of interrupt domains over M and S, direct or MSI delivery [aia AdvPLIC]. */
#ifndef APLIC_H
#define APLIC_H

#include "viaduct/error.h"
#include "viaduct/host.h"
#include "viaduct/param.h"
#include "viaduct/reg.h"

enum { APLIC_MAX_DOMAINS = 8, APLIC_MAX_SOURCES = 1023 };

struct aplic_domain_config {
    bool machine;    /* machine level; else supervisor level */
    uint32_t parent; /* index of the parent domain; domain 0 is the root and its own parent */
};

/* Zero means the default of aplic_params(). */
struct aplic_config {
    uint32_t index;       /* for VD_REQUESTER_APLIC() */
    uint32_t sources;     /* 1..1023 */
    uint32_t harts;       /* hart indices 0..harts-1 */
    uint32_t guests;      /* largest guest index that target can hold */
    bool msi;             /* MSI delivery is supported */
    bool direct;          /* direct delivery is supported */
    uint32_t iprio_bits;  /* IPRIOLEN, 1..8 */
    uint64_t poison;      /* seed of UNSPECIFIED reset values; 0: they are fixed */
    uint32_t num_domains; /* default 2: root M, its child S */
    struct aplic_domain_config domains[APLIC_MAX_DOMAINS];
    uint32_t source_to_msi_cycles;    /* source edge to the MSI's write */
    uint32_t source_to_line_cycles;   /* direct mode: source edge to the hart's line */
    uint32_t register_to_line_cycles; /* direct mode: register access to the hart's line */
    uint32_t msi_interval_cycles;     /* between two MSIs of a burst */
    vd_time cycle_ps;
};

/* Bytes of a domain's control region. */
uint64_t aplic_size(const struct aplic_config *config);

/* Output lines, host.wire(): domain * 16384 + hart index, direct delivery only. */
#define APLIC_LINE(domain, hart) ((uint32_t)(domain)*16384u + (uint32_t)(hart))

struct aplic;

struct aplic *aplic_create(const struct aplic_config *config, const struct vd_host *host,
                           struct vd_error *err);
void aplic_destroy(struct aplic *aplic);
void aplic_reset(struct aplic *aplic);
/* Target port: txn->addr is the offset in the control region of `domain`. */
enum vd_status aplic_access(struct aplic *aplic, uint32_t domain, struct vd_txn *txn);
/* Input pin of source 1..sources. */
void aplic_wire(struct aplic *aplic, uint32_t source, bool level);
void aplic_complete(struct aplic *aplic, const struct vd_txn *txn);
size_t aplic_save(const struct aplic *aplic, void *buffer, size_t capacity);
bool aplic_restore(struct aplic *aplic, const void *buffer, size_t size);
const struct vd_reg *aplic_regs(uint32_t *count);
const struct vd_param *aplic_params(uint32_t *count);

#endif
