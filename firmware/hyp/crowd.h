/* SPDX-License-Identifier: BSD-2-Clause */
/* More vCPUs than notice identities: all of them sleep, each with its file in an MRIF, and the
 * device wakes one after the other.  None of them runs: what its MSI says is claimed when it wakes.
 */
#ifndef HYP_CROWD_H
#define HYP_CROWD_H

enum { CROWD_MAX = 4096 };

struct plan;

void crowd_run(struct plan *plan);

#endif
