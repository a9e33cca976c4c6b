/* SPDX-License-Identifier: BSD-2-Clause */
/* Looks at a running machine now and then, and tells when it will come to nothing more: every hart
 * is dead, one traps for ever, or the guest's kernel has panicked.  Looking changes nothing. */
#ifndef VIADUCT_WATCH_H
#define VIADUCT_WATCH_H

#include "console.h"
#include "status.h"
#include "twin.h"

struct watch_hart {
    uint64_t instructions, sp;
};

struct watch {
    struct virt *virt;
    struct console *console;
    struct watch_hart harts[VIRT_MAX_HARTS];
    struct virt_round rounds[VIRT_MAX_HARTS];
    uint32_t spins; /* looks at a kernel that was busy where it was at the last look */
    uint32_t quiet; /* looks at a machine in which only harts that are awake could do anything */
};

void watch_start(struct watch *watch, struct virt *virt, struct console *console);
/* After each piece of the run.  STATUS_OK: it lives; else one sentence is in err. */
enum status watch_look(struct watch *watch, struct vd_error *err);
/* What each hart that is awake does again and again, for virt_print_harts(). */
const struct virt_round *watch_rounds(struct watch *watch);
/* The guest resets the machine: because its kernel has panicked? */
bool watch_reset(const struct watch *watch);
enum status watch_panicked(const struct watch *watch, struct vd_error *err);

#endif
