/* SPDX-License-Identifier: BSD-2-Clause */
/* The baseline: the hypervisor itself takes the endpoint's MSIs, in the S-file of this hart. */
#ifndef HYP_NATIVE_H
#define HYP_NATIVE_H

struct plan;

/* Carries the plan out as a guest would, results included. */
void native_messages(struct plan *plan);

#endif
