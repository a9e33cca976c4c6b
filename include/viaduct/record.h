/* SPDX-License-Identifier: BSD-2-Clause */
/* Typed trace records: what a model tells the world about itself.  The ledger, the trace hash and
 * every timeline are made of them; text exists only in the tools. */
#ifndef VIADUCT_RECORD_H
#define VIADUCT_RECORD_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum vd_record_kind {
#define VD_RECORD(name, hashed, a, b, c) VD_REC_##name,
#include "viaduct/records.def"
#undef VD_RECORD
    VD_REC_COUNT
};

struct vd_record {
    uint64_t time;   /* filled by the host */
    uint64_t serial; /* the MSI, or 0 */
    uint64_t a, b, c;
    uint16_t kind;   /* enum vd_record_kind */
    uint16_t source; /* filled by the host: which instance */
    uint32_t pad;
};

/* One number for every interrupt file of a machine: index 0 is the M file, 1 the S file, 1 + g
 * guest file g. */
#define VD_FILE(hart, index) ((uint64_t)(hart) << 8 | (uint64_t)(index))
#define VD_FILE_HART(file)   ((uint32_t)((file) >> 8))
#define VD_FILE_INDEX(file)  ((uint32_t)((file)&0xff))

/* Why an MSI ended without being recorded (field a of msi_drop). */
enum vd_drop {
#define VD_DROP(name, text) VD_DROP_##name,
#include "viaduct/drops.def"
#undef VD_DROP
    VD_DROP_COUNT
};

#ifdef __cplusplus
}
#endif
#endif
