/* SPDX-License-Identifier: BSD-2-Clause */
/* The test finisher (sifive,test0): ends the run with a status. */
#ifndef LIB_FINISHER_H
#define LIB_FINISHER_H

#include "mmio.h"

enum { FINISHER_FAIL = 0x3333, FINISHER_PASS = 0x5555 };

_Noreturn static inline void finisher_exit(uint64_t base, uint32_t status)
{
    mmio_write32(base, status ? FINISHER_FAIL | status << 16 : FINISHER_PASS);
    for (;;)
        asm volatile("wfi");
}

#endif
