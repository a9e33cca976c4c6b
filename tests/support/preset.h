/* SPDX-License-Identifier: BSD-2-Clause */
/* The figures of the preset `inorder`, for tests of one model that are held against them. */
#ifndef SUPPORT_PRESET_H
#define SUPPORT_PRESET_H

#include "viaduct/param.h"

/* Fails the program if the preset has no such figure. */
uint32_t preset_figure(const char *section, const char *key);
/* Puts what the section says of the table's numbers into a model's configuration. */
void preset_apply(const char *section, const struct vd_param *params, uint32_t count, void *config);

#endif
