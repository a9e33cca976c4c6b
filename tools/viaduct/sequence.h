/* SPDX-License-Identifier: BSD-2-Clause */
/* A part of a trace as a sequence diagram. */
#ifndef VIADUCT_SEQUENCE_H
#define VIADUCT_SEQUENCE_H

#include "viaduct/error.h"
#include "viaduct/host.h"

/* What the diagram is about; the number counts from 0 in the measured phase. */
enum sequence_subject {
    SUBJECT_MSI,   /* the n-th MSI that is no notice, from its issue to its claim */
    SUBJECT_MOVE,  /* the n-th move of an interrupt file */
    SUBJECT_ROUTE, /* how the first route was made: from the first hint about a vCPU to the first
                      claim of an MSI of a device */
};

struct sequence_view {
    enum sequence_subject subject;
    uint32_t number;
    vd_time before, after; /* shown around it */
    uint64_t harts;        /* bit set: whose records are shown */
    const char *title;
};

bool sequence_draw(const char *trace, const char *svg, const struct sequence_view *view,
                   struct vd_error *err);

#endif
