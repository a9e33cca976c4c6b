/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef HART_TRANSFORM_H
#define HART_TRANSFORM_H

#include "hart/state.h"

/* The transformed load, store or atomic instruction for htinst and mtinst; 0 if there is none.
 * offset: the faulting address minus the address of the access. */
uint32_t transform_instruction(uint32_t instruction, unsigned offset);
/* The same for the instruction at pc. */
uint32_t transform_instruction_at(struct hart *h, uint64_t pc, unsigned offset);

#endif
