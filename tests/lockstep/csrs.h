/* SPDX-License-Identifier: BSD-2-Clause */
/* The CSRs that can be compared: those of the hart's table that QEMU has as well. */
#ifndef LOCKSTEP_CSRS_H
#define LOCKSTEP_CSRS_H

#include <stdint.h>

struct comparable_csr {
    uint32_t number;
    uint64_t writable; /* other bits are written as they are, or 0 */
};

/* Any but those of csrs.c's table of exceptions. */
struct comparable_csr csrs_at(uint32_t index);
uint32_t csrs_count(void);

#endif
