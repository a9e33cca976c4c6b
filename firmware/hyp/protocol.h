/* SPDX-License-Identifier: BSD-2-Clause */
/* How interrupt files move, and how vCPUs go to sleep: right, or wrong on purpose.  A: from guest
 * file to guest file; B: into memory; C: back; D: into memory without an MRIF; E: blocking. */
#ifndef HYP_PROTOCOL_H
#define HYP_PROTOCOL_H

#include <stdbool.h>
#include <stdint.h>

struct vcpu;

/* "B3": takes it into use in place of its letter's number 0, which is right.  The number that
 * stands for it in a path: *variant.  False: there is none of that name. */
bool protocol_set(const char *name, uint32_t *variant);

/* The name behind a path's variant, NULL if there is none. */
const char *protocol_name(uint32_t variant);

/* What some of them change outside of the order of steps. */
struct protocol_traits {
    bool leave_stores;          /* A14 */
    bool sleep_without_scan;    /* B1 */
    bool notices_while_awake;   /* all but B7, which masks them until it sleeps */
    bool merge_atomically;      /* B4, B11: though the IOMMU does not */
    bool share_mrif;            /* B12: IOMMUs that are not atomic have one for all */
    bool junk_notice;           /* B0late, B0two: dw1 is not prepared */
    bool notices_elsewhere;     /* B9, B10, B11: not to the hart of the vCPU */
    bool narrow, forgets_level; /* F1, F2 */
    bool trusts_notices;        /* F3 */
    bool unmap;                 /* D0 */
    bool arm, check, edge;      /* E: hgeie before sleeping, look once more, SGEI as an edge */
    bool arm_first, arm_old_hart, leave_armed;
};
extern struct protocol_traits protocol_traits;

/* Guest file, armed for SGEI, of a vCPU that goes to sleep.  False: it has something to do. */
bool protocol_arm(struct vcpu *vcpu);
/* It runs, on this hart: its interrupts are its own. */
void protocol_disarm(const struct vcpu *vcpu);

#endif
