/* SPDX-License-Identifier: BSD-2-Clause */
/* Exit statuses of the command; a guest's own status passes through.  docs/usage.md explains them.
 */
#ifndef VIADUCT_STATUS_H
#define VIADUCT_STATUS_H

#include <stdbool.h>

enum status {
    STATUS_OK = 0,
    STATUS_USAGE = 64,      /* unknown verb, option or argument */
    STATUS_CONFIG = 65,     /* unknown key, value out of range, parts that do not fit together */
    STATUS_FILE = 66,       /* a file that cannot be read, or is not what it should be */
    STATUS_LIMIT = 67,      /* --limit was reached */
    STATUS_DEADLOCK = 68,   /* nothing can ever happen again */
    STATUS_LEDGER = 69,     /* an MSI was lost, duplicated or strayed */
    STATUS_HOST = 70,       /* the results cannot be written, or there is no memory */
    STATUS_DIFFERENT = 71,  /* a recorded answer and the model's differ */
    STATUS_UNEXPECTED = 72, /* an experiment's expectation did not hold */
    STATUS_PANIC = 73,      /* the guest's kernel has panicked */
    STATUS_TRAPS = 74,      /* a hart traps for ever */
};

/* Whether it helps to know what the harts are doing. */
static inline bool status_concerns_harts(enum status status)
{
    return status == STATUS_LIMIT || status == STATUS_DEADLOCK || status == STATUS_PANIC ||
           status == STATUS_TRAPS;
}

#endif
