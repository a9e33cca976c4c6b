/* SPDX-License-Identifier: BSD-2-Clause */
/* A hart's interrupt files as its CSRs reach them, and the lines into a hart.  CSR accesses are
 * atomic against arriving MSIs because both happen on the one host thread [aia IMSIC]. */
#ifndef VIADUCT_IMSIC_PORT_H
#define VIADUCT_IMSIC_PORT_H

#include <stdbool.h>
#include <stdint.h>

/* Files of one hart: 0 is M, 1 is S, 1 + g is guest file g. */
enum { VD_IMSIC_FILE_M, VD_IMSIC_FILE_S, VD_IMSIC_FILE_GUEST0 };

struct vd_imsic_ops {
    /* Indirect registers, select 0x70..0xff; the hart has checked that the access is allowed and,
     * on RV64, that an eip/eie select is even.  Bits that do not exist read zero and ignore writes.
     */
    uint64_t (*read)(void *ctx, uint32_t file, uint32_t select);
    void (*write)(void *ctx, uint32_t file, uint32_t select, uint64_t value);
    /* xtopei: identity << 16 | identity, or 0.  claim() clears the pending bit that topei() shows.
     */
    uint32_t (*topei)(void *ctx, uint32_t file);
    void (*claim)(void *ctx, uint32_t file);
};

/* ops == NULL: the hart has no IMSIC. */
struct vd_imsic_port {
    const struct vd_imsic_ops *ops;
    void *ctx;
};

/* Lines into a hart.  A guest external interrupt g (1..63) is VD_LINE_HGEIP + g. */
enum vd_hart_line {
    VD_LINE_MSIP,
    VD_LINE_MTIP,
    VD_LINE_MEIP,
    VD_LINE_SEIP,
    VD_LINE_HGEIP = 64,
};

/* Modes as trace records spell them. */
enum vd_mode { VD_MODE_U = 0, VD_MODE_S = 1, VD_MODE_M = 3, VD_MODE_VU = 4, VD_MODE_VS = 5 };

#endif
