/* SPDX-License-Identifier: BSD-2-Clause */
/* The test endpoint: an MSI-X function that makes DMA and MSI patterns on command of its registers.
 * Its register map is in models/pcie/README.md and is what firmware/lib drives. */
#ifndef PCIE_ENDPOINT_H
#define PCIE_ENDPOINT_H

#include "pcie/function.h"
#include "viaduct/error.h"
#include "viaduct/param.h"
#include "viaduct/reg.h"

/* Zero means the default of endpoint_params(). */
struct endpoint_config {
    uint32_t vectors; /* MSI-X table size, 1..2048 */
    uint64_t seed;    /* of its pattern generator */
    bool ats;
    vd_time cycle_ps;
};

struct endpoint;

struct endpoint *endpoint_create(const struct endpoint_config *config, const struct vd_host *host,
                                 struct vd_error *err);
void endpoint_destroy(struct endpoint *endpoint);
void endpoint_reset(struct endpoint *endpoint);
struct pcie_function *endpoint_function(struct endpoint *endpoint);
bool endpoint_idle(const struct endpoint *endpoint);
size_t endpoint_save(const struct endpoint *endpoint, void *buffer, size_t capacity);
bool endpoint_restore(struct endpoint *endpoint, const void *buffer, size_t size);
const struct vd_reg *endpoint_regs(uint32_t *count);
const struct vd_param *endpoint_params(uint32_t *count);

#endif
