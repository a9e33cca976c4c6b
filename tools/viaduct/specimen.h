/* SPDX-License-Identifier: BSD-2-Clause */
/* A model by itself as the default machine has it, fresh from reset: for registers whose reset
 * depends on parameters. */
#ifndef VIADUCT_SPECIMEN_H
#define VIADUCT_SPECIMEN_H

#include <stdbool.h>
#include <stdint.h>

#include "viaduct/reg.h"

struct specimen;

/* NULL: the resets of this model depend on nothing. */
struct specimen *specimen_create(const char *model);
void specimen_destroy(struct specimen *s);
/* What is read, of an array in its first element; what the table says if nothing can be read. */
uint64_t specimen_reset(struct specimen *s, const struct vd_reg *reg);

#endif
