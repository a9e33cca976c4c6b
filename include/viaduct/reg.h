/* SPDX-License-Identifier: BSD-2-Clause */
/* Register tables: one row per register or register array, one per field, as the specification
 * tabulates them.  Models interpret them, generic tests walk them, `viaduct regs` prints them. */
#ifndef VIADUCT_REG_H
#define VIADUCT_REG_H

#include <stdint.h>

enum vd_reg_access {
    VD_RO,
    VD_RW,
    VD_WARL,
    VD_WLRL,
    VD_RW1C,
    VD_RW1S,
    VD_WO,
    VD_WPRI,
};

struct vd_field {
    const char *name;
    uint8_t lsb, width;
    uint8_t access; /* enum vd_reg_access */
};

struct vd_reg {
    const char *name;
    uint32_t offset;
    uint16_t count;  /* 1, or the length of an array */
    uint16_t stride; /* bytes between array elements */
    uint8_t size;    /* bytes: 4 or 8 */
    uint64_t reset;
    const char *anchor; /* in the specification, without brackets: "aia AdvPLIC-reg-genmsi" */
    const struct vd_field *fields;
    uint32_t num_fields;
};

#endif
