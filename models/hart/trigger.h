/* SPDX-License-Identifier: BSD-2-Clause */
/* Debug triggers [debug Sdtrig]: breakpoints on addresses and values, after so many instructions,
 * after traps. While none is armed they cost nothing: h->armed is zero, and nobody asks further. */
#ifndef HART_TRIGGER_H
#define HART_TRIGGER_H

#include "hart/state.h"

/* What an access does, as in mcontrol6. */
enum trigger_kind { TRIGGER_LOAD = 1, TRIGGER_STORE = 2, TRIGGER_EXECUTE = 4 };

/* Bits of hart.armed. */
enum {
    ARMED_STEP = 1, /* every instruction is looked at: execute, icount, values loaded */
    ARMED_DATA = 2, /* loads and stores are, so none is answered by the fast TLB */
    ARMED_TRAP = 4, /* itrigger, etrigger */
};

/* The registers changed, or were replaced. */
void trigger_rearm(struct hart *h);

/* --- with ARMED_STEP, between instructions --- */
/* What retired since trigger_before().  true: exc is a breakpoint behind it. */
bool trigger_retired(struct hart *h);
/* Before the instruction at st.pc; length 0: it was not fetched yet.  false: exc is a breakpoint.
 */
bool trigger_before(struct hart *h, unsigned length, uint32_t insn);

/* --- with ARMED_DATA --- */
bool trigger_on_data(struct hart *h, unsigned kinds, uint64_t va, uint64_t first, unsigned size,
                     bool gva, const uint64_t *stored);
void trigger_on_loaded(struct hart *h, uint64_t va, unsigned size, bool gva, uint64_t value);

/* An explicit access to `size` bytes at `first`, with va as its address, and what is stored if that
 * is known; false: exc is a breakpoint. */
static inline bool trigger_access(struct hart *h, unsigned kinds, uint64_t va, uint64_t first,
                                  unsigned size, bool gva, const uint64_t *stored)
{
    return !(h->armed & ARMED_DATA) || trigger_on_data(h, kinds, va, first, size, gva, stored);
}

/* What a load has loaded. */
static inline void trigger_loaded(struct hart *h, uint64_t va, unsigned size, bool gva,
                                  uint64_t value)
{
    if (h->armed & ARMED_DATA)
        trigger_on_loaded(h, va, size, gva, value);
}

/* --- around traps --- */
/* A trap is about to be taken from the mode of now. */
void trigger_leaving(struct hart *h);
/* It was taken, from that mode; true: exc is a breakpoint at the handler's first instruction. */
bool trigger_trapped(struct hart *h, enum vd_mode from, uint64_t cause);

#endif
