/* SPDX-License-Identifier: BSD-2-Clause */
/* A timeline in Chrome's trace JSON, which ui.perfetto.dev opens. */
#ifndef REPORT_TIMELINE_H
#define REPORT_TIMELINE_H

#include "report/sample.h"
#include "viaduct/error.h"

struct timeline;

/* Groups are Perfetto's processes, tracks its threads. */
enum timeline_group {
    TIMELINE_DEVICES,
    TIMELINE_IOMMUS,
    TIMELINE_FILES,
    TIMELINE_HARTS,
    TIMELINE_GROUPS
};

enum timeline_phase { TIMELINE_FLOW_START, TIMELINE_FLOW_STEP, TIMELINE_FLOW_END };

struct timeline *timeline_open(const char *path, struct vd_error *err);
/* Returns false if anything could not be written. */
bool timeline_close(struct timeline *timeline, struct vd_error *err);

/* The track with this number in its group (hart index, VD_FILE, device_id ...); the first call
 * names it, later ones return the same track. */
uint32_t timeline_track(struct timeline *timeline, enum timeline_group group, uint32_t number,
                        const char *name);
/* Slices that overlap are drawn on lanes of their own below the track.  A slice shorter than 1 ns
 * is drawn as one of 1 ns: an arrow needs a slice to hold on to. */
void timeline_slice(struct timeline *timeline, uint32_t track, const char *name, vd_time start,
                    vd_time end);
void timeline_instant(struct timeline *timeline, uint32_t track, const char *name, vd_time time);
/* A point of the arrow of this MSI.  It holds on to the slice drawn last on that track, which must
 * cover `time`. */
void timeline_flow(struct timeline *timeline, uint64_t serial, uint32_t track, vd_time time,
                   enum timeline_phase phase);
/* All of one normalized sample: its slices on the tracks of its source, IOMMU, file and hart, and
 * the arrow through them.  path_name names the slices. */
void timeline_msi(struct timeline *timeline, const struct sample *sample, const char *path_name);

#endif
