/* SPDX-License-Identifier: BSD-2-Clause */
/* A hart in a world of its own for the fuzzer: memory, a scheduler, interrupt files, a device, and
 * disturbances from outside at fixed times.  Two harts take turns, so that a snapshot goes from one
 * into the other. */
#ifndef HART_EXEC_WORLD_H
#define HART_EXEC_WORLD_H

#include "hart/exec.h"
#include "support/bench.h"

enum { WORLD_FILES = 5, WORLD_DISTURBANCES = 64, WORLD_RAM = 0x10000, WORLD_CYCLE = 20000 };
enum { WORLD_MODELS = 16 };
#define WORLD_RAM_AT UINT64_C(0x80000000)
#define WORLD_DEVICE UINT64_C(0x10000000) /* a page of interrupt identities for each file */

struct world_file {
    uint64_t eip, eie;
    uint32_t eidelivery, eithreshold;
};

/* What the outside does. */
enum world_kind { WORLD_LINE, WORLD_MSI, WORLD_DMA, WORLD_KINDS };
struct world_disturbance {
    enum world_kind kind;
    vd_time at;
    uint32_t where; /* line, file or offset in RAM */
    uint64_t value;
};

struct world {
    struct bench bench; /* first: it is what the hart's host functions get */
    struct vd_host_ops ops;
    struct hart *hart, *spare;
    struct hart *made[WORLD_MODELS][2]; /* a hart takes longer to make than to run */
    bool running, files;
    bool busy; /* the device takes every other access */
    uint64_t mtime_shift;
    struct world_file file[WORLD_FILES];
    struct world_disturbance disturbance[WORLD_DISTURBANCES];
    struct vd_event due[WORLD_DISTURBANCES];
    uint32_t disturbances;
};

/* The harts are fresh, whatever the last world with this model did.  `files`: they have an IMSIC.
 */
void world_start(struct world *w, const struct hart_config *config, uint32_t model, bool files);
void world_end(struct world *w);
void world_disturb(struct world *w, struct world_disturbance what);
/* Until `until`, in slices of at most `slice`; loose ones may end where a block does. */
void world_run(struct world *w, vd_time until, vd_time slice, bool loose);
/* The spare hart goes on from a snapshot of the other, which is reset. */
void world_swap(struct world *w);

#endif
