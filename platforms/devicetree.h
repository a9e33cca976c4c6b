/* SPDX-License-Identifier: BSD-2-Clause */
/* The devicetree of a platform `virt`, from the same configuration that builds the machine. */
#ifndef PLATFORMS_DEVICETREE_H
#define PLATFORMS_DEVICETREE_H

#include "platforms/virt_config.h"

/* What only the loaded images know. */
struct devicetree_chosen {
    uint64_t initrd_start, initrd_end; /* equal: no initrd */
    uint8_t rng_seed[32];
};

/* A flattened devicetree to free(), or NULL. */
void *devicetree_build(const struct virt_config *config, const struct devicetree_chosen *chosen,
                       size_t *size, struct vd_error *err);

#endif
