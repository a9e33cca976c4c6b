/* SPDX-License-Identifier: BSD-2-Clause */
/* The interrupt files of one hart: M, S and guest files 1..guests [aia IMSIC]. */
#ifndef IMSIC_H
#define IMSIC_H

#include "viaduct/error.h"
#include "viaduct/host.h"
#include "viaduct/imsic_port.h"
#include "viaduct/param.h"
#include "viaduct/reg.h"

/* Deliberate defects, so that the ledger can be shown to catch them. */
enum imsic_defect {
    IMSIC_DEFECT_NONE,
    IMSIC_DEFECT_CLAIM_DROPS, /* an MSI that arrives in the cycle of a claim of its file is lost */
    IMSIC_DEFECT_ID_WRAPS, /* an identity above the maximum wraps around instead of being ignored */
    IMSIC_DEFECT_RMW_SPLIT, /* a CSR instruction reads eip some cycles before it writes it */
};

/* Zero means the default of imsic_params(). */
struct imsic_config {
    uint32_t hart;                 /* index of the hart, for VD_FILE() in records */
    uint32_t ids;                  /* highest identity of every file: 64 m - 1, 63..2047 */
    uint32_t guest_ids;            /* the same for the guest files; 0: equal to ids */
    uint32_t guests;               /* GEILEN, 0..63 */
    bool machine_file;             /* there is an M file */
    bool big_endian;               /* seteipnum_be works */
    bool direct;                   /* M and S files support eidelivery 0x40000000 */
    uint64_t poison;               /* seed of UNSPECIFIED reset values; 0: they are zero */
    uint32_t defect;               /* enum imsic_defect */
    uint32_t write_to_line_cycles; /* MSI write to the line into the hart */
    uint32_t csr_to_line_cycles;   /* claim or CSR write to the line into the hart */
    uint32_t msi_interval_cycles;  /* between two MSIs that the files of the hart take in */
    vd_time cycle_ps;
};

struct imsic;

struct imsic *imsic_create(const struct imsic_config *config, const struct vd_host *host,
                           struct vd_error *err);
void imsic_destroy(struct imsic *imsic);
void imsic_reset(struct imsic *imsic);
/* Target port: txn->addr is the offset in the page of `file` (0 M, 1 S, 1 + g guest g).  The time
 * until the file takes an MSI in is added to txn->delay: only then is the write complete. */
enum vd_status imsic_access(struct imsic *imsic, uint32_t file, struct vd_txn *txn);
/* The signal of a PLIC or APLIC, which drives the line of `file` while eidelivery is 0x40000000. */
void imsic_wire(struct imsic *imsic, uint32_t file, bool level);
/* The hart has set misa.S (guests == false) or misa.H: the state of the S file or of the guest
 * files becomes valid but UNSPECIFIED. */
void imsic_reveal(struct imsic *imsic, bool guests);
/* The CSR side; the hart's end of it. */
struct vd_imsic_port imsic_port(struct imsic *imsic);
size_t imsic_save(const struct imsic *imsic, void *buffer, size_t capacity);
bool imsic_restore(struct imsic *imsic, const void *buffer, size_t size);
/* Registers of a file's page, and those behind the indirect CSRs (offset: the select). */
const struct vd_reg *imsic_regs(uint32_t *count);
const struct vd_reg *imsic_selects(uint32_t *count);
const struct vd_param *imsic_params(uint32_t *count);

#endif
