/* SPDX-License-Identifier: BSD-2-Clause */
/* What a test program leaves in memory for comparison: from begin_signature to end_signature. */
#ifndef VIADUCT_SIGNATURE_H
#define VIADUCT_SIGNATURE_H

#include "platforms/virt.h"
#include "status.h"

/* Writes it as hexadecimal words of `bytes` bytes, one a line.  Also tells what was wrong. */
enum status signature_write(struct virt *virt, const char *path, uint32_t bytes,
                            struct vd_error *err);
/* The word's size from an option's value, NULL: 4; 0: it is none. */
uint32_t signature_granularity(const char *text, struct vd_error *err);

#endif
