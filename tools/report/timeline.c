/* SPDX-License-Identifier: BSD-2-Clause */
#include "report/timeline.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "report/csv.h"
#include "report/number.h"

enum { NS = 1000 };

struct lane {
    vd_time free_from; /* end of the last slice */
    uint32_t tid;
};

struct track {
    enum timeline_group group;
    uint32_t number;
    char name[48];
    struct lane *lanes;
    uint32_t num_lanes, last; /* last: where the last slice went */
};

struct timeline {
    FILE *out;
    struct track *tracks;
    uint32_t num_tracks, num_tids;
    bool some;   /* an event has been written */
    bool failed; /* no memory: a track or a lane is missing */
};

static const char *const group_names[TIMELINE_GROUPS] = {
    [TIMELINE_DEVICES] = "Sources",
    [TIMELINE_IOMMUS] = "IOMMU",
    [TIMELINE_FILES] = "Interrupt files",
    [TIMELINE_HARTS] = "Harts",
};

/* Every event starts alike; the caller goes on with its own members. */
static FILE *event(struct timeline *t, const char *phase, uint32_t group, uint32_t tid)
{
    fprintf(t->out, "%s{\"ph\":\"%s\",\"pid\":%u,\"tid\":%u", t->some ? ",\n" : "", phase,
            group + 1, tid);
    t->some = true;
    return t->out;
}

/* Perfetto takes microseconds with a fraction; it keeps nanoseconds of it. */
static void put_time(FILE *out, const char *key, vd_time ps)
{
    fprintf(out, ",\"%s\":%" PRIu64 ".%06u", key, ps / 1000000, (unsigned)(ps % 1000000));
}

static void put_name(FILE *out, const char *name)
{
    fputs(",\"name\":", out);
    json_write_string(out, name);
}

static void put_meta(struct timeline *t, uint32_t group, uint32_t tid, const char *what,
                     const char *name, uint32_t sort)
{
    FILE *out = event(t, "M", group, tid);
    fprintf(out, ",\"name\":\"%s_name\",\"args\":{\"name\":", what);
    json_write_string(out, name);
    fputs("}}", out);
    out = event(t, "M", group, tid);
    fprintf(out, ",\"name\":\"%s_sort_index\",\"args\":{\"sort_index\":%u}}", what, sort);
}

struct timeline *timeline_open(const char *path, struct vd_error *err)
{
    struct timeline *t = calloc(1, sizeof(*t));
    if (!t) {
        vd_fail(err, "%s: out of memory", path);
        return NULL;
    }
    t->out = fopen(path, "w");
    if (!t->out) {
        vd_fail(err, "%s: %s", path, strerror(errno));
        free(t);
        return NULL;
    }
    fputs("{\"displayTimeUnit\":\"ns\",\"traceEvents\":[\n", t->out);
    for (uint32_t g = 0; g < TIMELINE_GROUPS; g++)
        put_meta(t, g, 0, "process", group_names[g], g);
    return t;
}

bool timeline_close(struct timeline *t, struct vd_error *err)
{
    if (!t)
        return true;
    fputs("\n]}\n", t->out);
    bool written = !ferror(t->out) && !t->failed;
    if (fclose(t->out))
        written = false;
    for (uint32_t i = 0; i < t->num_tracks; i++)
        free(t->tracks[i].lanes);
    free(t->tracks);
    free(t);
    return written || vd_fail(err, "the timeline could not be written: no space or no memory");
}

uint32_t timeline_track(struct timeline *t, enum timeline_group group, uint32_t number,
                        const char *name)
{
    for (uint32_t i = 0; i < t->num_tracks; i++)
        if (t->tracks[i].group == group && t->tracks[i].number == number)
            return i;
    struct track *tracks = realloc(t->tracks, (t->num_tracks + 1) * sizeof(tracks[0]));
    if (!tracks) {
        t->failed = true;
        return 0;
    }
    t->tracks = tracks;
    struct track *track = &tracks[t->num_tracks];
    *track = (struct track){.group = group, .number = number};
    snprintf(track->name, sizeof(track->name), "%s", name);
    return t->num_tracks++;
}

static bool add_lane(struct timeline *t, struct track *track)
{
    struct lane *lanes = realloc(track->lanes, (track->num_lanes + 1) * sizeof(lanes[0]));
    if (!lanes)
        return false;
    track->lanes = lanes;
    struct lane *lane = &lanes[track->num_lanes++];
    *lane = (struct lane){.tid = ++t->num_tids};
    put_meta(t, track->group, lane->tid, "thread", track->name,
             (track->number & 0xffffff) * 64 + track->num_lanes);
    return true;
}

/* The first lane that is free at `start`; NULL without memory. */
static struct lane *free_lane(struct timeline *t, uint32_t index, vd_time start)
{
    struct track *track = index < t->num_tracks ? &t->tracks[index] : NULL;
    uint32_t i = 0;
    while (track && i < track->num_lanes && track->lanes[i].free_from > start)
        i++;
    if (!track || (i == track->num_lanes && !add_lane(t, track))) {
        t->failed = true;
        return NULL;
    }
    track->last = i;
    return &track->lanes[i];
}

void timeline_slice(struct timeline *t, uint32_t track, const char *name, vd_time start,
                    vd_time end)
{
    if (end < start + NS)
        end = start + NS;
    struct lane *lane = free_lane(t, track, start);
    if (!lane)
        return;
    lane->free_from = end;
    FILE *out = event(t, "X", t->tracks[track].group, lane->tid);
    put_time(out, "ts", start);
    put_time(out, "dur", end - start);
    put_name(out, name);
    fputc('}', out);
}

void timeline_instant(struct timeline *t, uint32_t track, const char *name, vd_time time)
{
    struct lane *lane = free_lane(t, track, VD_NEVER);
    if (!lane)
        return;
    FILE *out = event(t, "i", t->tracks[track].group, lane->tid);
    put_time(out, "ts", time);
    put_name(out, name);
    fputs(",\"s\":\"t\"}", out);
}

void timeline_flow(struct timeline *t, uint64_t serial, uint32_t track, vd_time time,
                   enum timeline_phase phase)
{
    static const char *const phases[] = {"s", "t", "f"};
    if (track >= t->num_tracks || !t->tracks[track].num_lanes)
        return;
    const struct track *on = &t->tracks[track];
    FILE *out = event(t, phases[phase], on->group, on->lanes[on->last].tid);
    put_time(out, "ts", time);
    fprintf(out, ",\"id\":%" PRIu64 ",\"cat\":\"msi\",\"name\":\"MSI\",\"bp\":\"e\"}", serial);
}

static uint32_t source_track(struct timeline *t, const struct sample *s)
{
    char name[48];
    uint32_t index = requester_index(s->requester);
    if (s->requester >> 24 == 0)
        snprintf(name, sizeof(name), "device %02x:%02x.%x", index >> 8, index >> 3 & 0x1f,
                 index & 7);
    else
        snprintf(name, sizeof(name), "%s %u", requester_kind(s->requester), index);
    return timeline_track(t, TIMELINE_DEVICES, s->requester, name);
}

static void msi_at_source(struct timeline *t, const struct sample *s, const char *name)
{
    uint32_t track = source_track(t, s);
    timeline_slice(t, track, name, s->stamp[STAMP_ISSUE], s->stamp[STAMP_ACCEPT]);
    timeline_flow(t, s->serial, track, s->stamp[STAMP_ISSUE], TIMELINE_FLOW_START);
}

static void msi_at_iommu(struct timeline *t, const struct sample *s, const char *name)
{
    if (s->stamp[STAMP_TRANSLATE] == s->stamp[STAMP_ISSUE])
        return;
    uint32_t track = timeline_track(t, TIMELINE_IOMMUS, 0, "IOMMU 0");
    timeline_slice(t, track, name, s->stamp[STAMP_ACCEPT], s->stamp[STAMP_TRANSLATE]);
    timeline_flow(t, s->serial, track, s->stamp[STAMP_ACCEPT], TIMELINE_FLOW_STEP);
}

static void msi_at_file(struct timeline *t, const struct sample *s, const char *name)
{
    if (s->file == SAMPLE_NO_FILE)
        return;
    uint32_t track = timeline_track(t, TIMELINE_FILES, s->file, file_name(s->file).text);
    timeline_slice(t, track, name, s->stamp[STAMP_RECORD], s->stamp[STAMP_CLAIM]);
    timeline_flow(t, s->serial, track, s->stamp[STAMP_RECORD], TIMELINE_FLOW_STEP);
}

static void msi_at_hart(struct timeline *t, const struct sample *s, const char *name)
{
    char hart[48];
    if (s->fate != SAMPLE_CLAIMED)
        return;
    snprintf(hart, sizeof(hart), "hart %u", VD_FILE_HART(s->file));
    uint32_t track = timeline_track(t, TIMELINE_HARTS, VD_FILE_HART(s->file), hart);
    timeline_slice(t, track, name, s->stamp[STAMP_TRAP], s->stamp[STAMP_CLAIM]);
    timeline_flow(t, s->serial, track, s->stamp[STAMP_TRAP], TIMELINE_FLOW_END);
}

void timeline_msi(struct timeline *t, const struct sample *sample, const char *path_name)
{
    char name[112];
    bool claimed = sample->fate == SAMPLE_CLAIMED;
    snprintf(name, sizeof(name), "%.40s MSI %" PRIu64 " identity %u%s%s", path_name, sample->serial,
             sample->identity, claimed ? "" : ": ", claimed ? "" : sample_fate_names[sample->fate]);
    msi_at_source(t, sample, name);
    msi_at_iommu(t, sample, name);
    msi_at_file(t, sample, name);
    msi_at_hart(t, sample, name);
    if (!claimed)
        timeline_instant(t, source_track(t, sample), name, sample->stamp[STAMP_CLAIM]);
}
