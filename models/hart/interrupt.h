/* SPDX-License-Identifier: BSD-2-Clause */
/* The registers that say which interrupts are pending and enabled, as every level sees them. */
#ifndef HART_INTERRUPT_H
#define HART_INTERRUPT_H

#include "hart/cause.h"
#include "hart/csr.h"

/* Interrupts 13..63, which AIA can filter and inject.  Only 13 has a source of its own in this hart
 * (Sscofpmf); the others exist through mvien and hvien. */
#define LOCAL_INTERRUPTS (~UINT64_C(0) << 13)
#define S_INTERRUPTS     (VD_BIT(INT_SSI) | VD_BIT(INT_STI) | VD_BIT(INT_SEI))
#define VS_INTERRUPTS    (VD_BIT(INT_VSSI) | VD_BIT(INT_VSTI) | VD_BIT(INT_VSEI))

uint64_t interrupt_mideleg(const struct hart *h);
uint64_t interrupt_hideleg(const struct hart *h);
uint64_t interrupt_hideleg_locals(const struct hart *h);
/* What is writable: mie, sie, hie. */
uint64_t interrupt_mie_mask(const struct hart *h);
uint64_t interrupt_sie_mask(const struct hart *h);
uint64_t interrupt_hie_mask(const struct hart *h);
/* The bits of mvip that are those of mip: SEIP whatever mvien says [aia MSLevel]. */
uint64_t interrupt_mvip_aliases(const struct hart *h);
uint64_t interrupt_mvip(const struct hart *h);
uint64_t interrupt_sip(const struct hart *h);
uint64_t interrupt_sie(const struct hart *h);
uint64_t interrupt_hip(const struct hart *h);
uint64_t interrupt_hie(const struct hart *h);
uint64_t interrupt_vsip(const struct hart *h);
uint64_t interrupt_vsie(const struct hart *h);
/* STIP of mip is the comparator's, not software's. */
bool interrupt_stip_is_timer(const struct hart *h);

/* A line changed so lately that interrupts are as before. */
bool interrupt_unsettled(const struct hart *h);
/* The state was replaced. */
void interrupt_restored(struct hart *h);
/* A local interrupt with a source in the hart becomes pending. */
void interrupt_local(struct hart *h, unsigned interrupt);
/* Local interrupts that have such a source. */
static inline uint64_t interrupt_local_mask(const struct hart *h)
{
    return hart_has(h, HART_EXT_Sscofpmf) ? VD_BIT(INT_LCOFI) : 0;
}

/* --- priority.c --- */
/* Position in the default priority order [aia TablemajorIntrs]: lower is first. */
unsigned priority_rank(unsigned interrupt);

#endif
