/* SPDX-License-Identifier: BSD-2-Clause */
/* What a hart would do from where it is, as long as nobody else does anything: a second hart goes
 * on in its place, and reads the machine's memory, but changes nothing. */
#ifndef VIADUCT_TWIN_H
#define VIADUCT_TWIN_H

#include "platforms/virt.h"

struct twin_course {
    struct virt_round round;
    uint64_t interruptible; /* by which interrupts not pending now, at one step or another */
    bool sleeps;            /* it comes to rest in wfi, and not back to where it was */
    bool writes;            /* it writes to memory what is there */
    bool conditional;       /* and would not if another hart wrote there too */
};

/* True if the hart, left alone, comes back to exactly where it has been: the same registers, CSRs
 * and mode, without having changed memory, touched a device, or read a clock or a pending
 * interrupt.  So it will go on like that. */
bool twin_repeats(struct virt *virt, uint32_t hart, struct twin_course *course);

#endif
