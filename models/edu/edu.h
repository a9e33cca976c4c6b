/* SPDX-License-Identifier: BSD-2-Clause */
/* A small PCIe function to learn and test with, compatible with the one that QEMU documents as
 * `edu`: a factorial, interrupts on demand, and a DMA engine with a buffer of 4 KiB. */
#ifndef EDU_H
#define EDU_H

#include "pcie/function.h"
#include "viaduct/error.h"
#include "viaduct/param.h"
#include "viaduct/reg.h"

/* Zero means the default of edu_params(); latencies are as given. */
struct edu_config {
    uint64_t dma_mask; /* bits of a memory address that DMA keeps */
    uint32_t factorial_cycles;
    uint32_t dma_cycles;
    vd_time cycle_ps;
};

struct edu;

struct edu *edu_create(const struct edu_config *config, const struct vd_host *host,
                       struct vd_error *err);
void edu_destroy(struct edu *edu);
void edu_reset(struct edu *edu);
struct pcie_function *edu_function(struct edu *edu);
bool edu_idle(const struct edu *edu);
size_t edu_save(const struct edu *edu, void *buffer, size_t capacity);
bool edu_restore(struct edu *edu, const void *buffer, size_t size);
const struct vd_reg *edu_regs(uint32_t *count);
const struct vd_param *edu_params(uint32_t *count);

#endif
