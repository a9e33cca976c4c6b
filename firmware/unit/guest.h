/* SPDX-License-Identifier: BSD-2-Clause */
/* A few instructions in VS-mode and the trap that ends them. */
#ifndef UNIT_GUEST_H
#define UNIT_GUEST_H

#include <stdint.h>

#include "pagetable.h"

/* As hyp/switch.S wants it. */
struct guest_regs {
    uint64_t x[32];
    uint64_t pc, host_sp;
};

void vcpu_enter(struct guest_regs *regs);

struct guest_exit {
    uint64_t cause, tval, htval, htinst, hstatus;
};

enum { GUEST_PAGE = 0x10000000, GUEST_HOLE = 0x10400000, GUEST_READ_ONLY = 0x10002000 };

/* The G-stage: this image's RAM at its own addresses, and the pages above.  Guest physical equals
 * guest virtual while vsatp is Bare. */
struct guest_space {
    struct pagetable gstage;
    uint64_t *page, *read_only;
};
void guest_space_make(struct guest_space *space);
void guest_space_drop(struct guest_space *space);
/* Runs code in VS-mode with a0, until it comes back; its registers are left in regs. */
struct guest_exit guest_run(struct guest_regs *regs, void (*code)(void), uint64_t a0);

#endif
