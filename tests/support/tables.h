/* SPDX-License-Identifier: BSD-2-Clause */
/* Rows of a model's tables as text.  A test states them a second time, as the specification or the
 * model's README does, and compares. */
#ifndef SUPPORT_TABLES_H
#define SUPPORT_TABLES_H

#include <stdbool.h>

#include "viaduct/param.h"
#include "viaduct/reg.h"

/* "fqb 40 8: LOG2SZ_1 4:0 WARL, PPN 53:10 WARL"; arrays "iohpmctr 104+8*31 8: ...". */
struct table_reg {
    const char *text;
};

/* "outstanding u32 1 1..64", then unit and choices if there are any. */
struct table_param {
    size_t offset;
    const char *text;
};

/* False and a message on stderr where a row differs. */
bool table_regs_are(const struct vd_reg *regs, uint32_t count, const struct table_reg *expected,
                    uint32_t rows);
bool table_params_are(const struct vd_param *params, uint32_t count,
                      const struct table_param *expected, uint32_t rows);

#endif
