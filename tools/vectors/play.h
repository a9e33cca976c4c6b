/* SPDX-License-Identifier: BSD-2-Clause */
/* Does to the IOMMU what a record of a vector file says; the answers are in the world. */
#ifndef VECTORS_PLAY_H
#define VECTORS_PLAY_H

#include "world.h"

/* True if the record asks something: REQ, CMD, PREQ, DBG. */
bool play_asks(const struct record *record);
bool play_record(struct world *world, const struct record *record, struct vd_error *err);

#endif
