/* SPDX-License-Identifier: BSD-2-Clause */
/* What the experiments are. */
#ifndef HYP_EXPERIMENT_TABLE_H
#define HYP_EXPERIMENT_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "vm.h"

/* What an experiment cannot do without. */
enum need {
    NEED_ENDPOINT = 1 << 0,
    NEED_IOMMU = 1 << 1,
    NEED_WIRE = 1 << 2,
    NEED_GUEST_FILES = 1 << 3,
    NEED_SECOND_FILE = 1 << 4,
    NEED_TWO_HARTS = 1 << 5,
    NEED_MRIF = 1 << 6,
};

struct plan;

struct experiment {
    const char *name;
    uint32_t path; /* letter * 10000 + number * 100 */
    uint32_t needs;
    void (*host)(struct plan *plan); /* carries it out without a guest; else: */
    enum workload workload;
    bool demo, emul;
    struct vm_config vm; /* but the mode, which the boot arguments say */
    uint32_t flags;      /* enum plan_flag */
    enum operation operation;
    enum sending sending;
    bool operates;
    uint32_t wire_vcpu;
    bool wire_edge;
    bool every_device;        /* the VM gets all endpoints, else the first */
    uint32_t period, vectors; /* unless the boot arguments say otherwise */
};

extern const struct experiment experiments[];
extern const uint32_t num_experiments;

#endif
