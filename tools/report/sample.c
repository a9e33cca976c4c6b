/* SPDX-License-Identifier: BSD-2-Clause */
#include "report/sample.h"

#include <stdlib.h>

const char *const sample_stamp_names[STAMP_COUNT] = {
    [STAMP_ISSUE] = "issue",   [STAMP_ACCEPT] = "accept", [STAMP_TRANSLATE] = "translate",
    [STAMP_RECORD] = "record", [STAMP_TRAP] = "trap",     [STAMP_ENTRY] = "entry",
    [STAMP_CLAIM] = "claim",
};

const char *const sample_segment_names[SEGMENT_COUNT] = {
    [SEGMENT_DEVICE] = "device to IOMMU", [SEGMENT_TRANSLATION] = "translation",
    [SEGMENT_FABRIC] = "fabric",          [SEGMENT_FILE] = "file to hart",
    [SEGMENT_TRAP_ENTRY] = "trap entry",  [SEGMENT_CLAIM] = "claim",
};

const char *const sample_segment_keys[SEGMENT_COUNT] = {
    [SEGMENT_DEVICE] = "device", [SEGMENT_TRANSLATION] = "translation", [SEGMENT_FABRIC] = "fabric",
    [SEGMENT_FILE] = "file",     [SEGMENT_TRAP_ENTRY] = "trap_entry",   [SEGMENT_CLAIM] = "claim",
};

const char *const sample_fate_names[SAMPLE_FATES] = {
    [SAMPLE_CLAIMED] = "claimed",
    [SAMPLE_DROPPED] = "dropped",
    [SAMPLE_LOST] = "lost",
    [SAMPLE_STRAY] = "stray",
};

static vd_time first_known(const struct sample *sample)
{
    for (int s = 0; s < STAMP_COUNT; s++)
        if (sample->stamp[s] != SAMPLE_UNKNOWN)
            return sample->stamp[s];
    return 0;
}

/* A stamp earlier than the one before it belongs to something that happened before this MSI: the
 * trap of a hart that was already in its handler. */
void sample_normalize(struct sample *sample)
{
    vd_time last = first_known(sample);
    for (int s = 0; s < STAMP_COUNT; s++) {
        if (sample->stamp[s] == SAMPLE_UNKNOWN || sample->stamp[s] < last)
            sample->stamp[s] = last;
        last = sample->stamp[s];
    }
}

vd_time sample_segment(const struct sample *sample, enum sample_segment segment)
{
    return sample->stamp[segment + 1] - sample->stamp[segment];
}

vd_time sample_total(const struct sample *sample)
{
    return sample->stamp[STAMP_CLAIM] - sample->stamp[STAMP_ISSUE];
}

bool sample_is_measured(const struct sample *sample)
{
    return sample->fate == SAMPLE_CLAIMED && !sample->coalesced_into;
}

static bool counts(uint32_t path, const struct sample *sample)
{
    return sample->path == path && sample_is_measured(sample);
}

bool path_summarize(struct path_summary *summary, uint32_t path, const struct sample *samples,
                    size_t count)
{
    vd_time *values = malloc((count ? count : 1) * sizeof(values[0]));
    if (!values)
        return false;
    size_t n = 0;
    summary->inexact = 0;
    for (size_t i = 0; i < count; i++) {
        if (!counts(path, &samples[i]))
            continue;
        values[n++] = sample_total(&samples[i]);
        summary->inexact += samples[i].inexact;
    }
    summary->samples = n;
    summary->total = statistic_of(values, n);
    for (int s = 0; s < SEGMENT_COUNT; s++) {
        n = 0;
        for (size_t i = 0; i < count; i++)
            if (counts(path, &samples[i]))
                values[n++] = sample_segment(&samples[i], (enum sample_segment)s);
        summary->segment[s] = statistic_of(values, n);
    }
    free(values);
    return true;
}
