/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef HART_CAUSE_H
#define HART_CAUSE_H

enum hart_cause {
#define HART_CAUSE(name, code, medeleg, hedeleg, text) CAUSE_##name = (code),
#include "hart/causes.def"
#undef HART_CAUSE
};

/* Major interrupts [aia TablemajorIntrs]. */
enum hart_interrupt {
    INT_SSI = 1,
    INT_VSSI = 2,
    INT_MSI = 3,
    INT_STI = 5,
    INT_VSTI = 6,
    INT_MTI = 7,
    INT_SEI = 9,
    INT_VSEI = 10,
    INT_MEI = 11,
    INT_SGEI = 12,
    INT_LCOFI = 13,
};

#endif
