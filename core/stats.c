/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/stats.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct counter {
    char *name;
    uint64_t value;
};

struct stats {
    struct counter *counters;
    uint32_t count;
};

struct stats *stats_create(void)
{
    struct stats *stats = calloc(1, sizeof(*stats));
    if (!stats)
        abort();
    return stats;
}

void stats_destroy(struct stats *stats)
{
    if (!stats)
        return;
    for (uint32_t i = 0; i < stats->count; i++)
        free(stats->counters[i].name);
    free(stats->counters);
    free(stats);
}

static struct counter *find(const struct stats *stats, const char *name)
{
    for (uint32_t i = 0; i < stats->count; i++)
        if (strcmp(stats->counters[i].name, name) == 0)
            return &stats->counters[i];
    return NULL;
}

static struct counter *find_or_add(struct stats *stats, const char *name)
{
    struct counter *counter = find(stats, name);
    if (counter)
        return counter;
    struct counter *counters = realloc(stats->counters, (stats->count + 1) * sizeof(*counters));
    char *copy = strdup(name);
    if (!counters || !copy)
        abort();
    stats->counters = counters;
    counter = &counters[stats->count++];
    *counter = (struct counter){.name = copy};
    return counter;
}

void stats_set(struct stats *stats, const char *name, uint64_t value)
{
    find_or_add(stats, name)->value = value;
}

void stats_add(struct stats *stats, const char *name, uint64_t value)
{
    find_or_add(stats, name)->value += value;
}

bool stats_get(const struct stats *stats, const char *name, uint64_t *value)
{
    const struct counter *counter = find(stats, name);
    if (counter)
        *value = counter->value;
    return counter != NULL;
}

uint32_t stats_count(const struct stats *stats)
{
    return stats->count;
}

const char *stats_name(const struct stats *stats, uint32_t index)
{
    return stats->counters[index].name;
}

uint64_t stats_value(const struct stats *stats, uint32_t index)
{
    return stats->counters[index].value;
}

bool stats_write(const struct stats *stats, const char *path, struct vd_error *err)
{
    FILE *file = fopen(path, "w");
    if (!file)
        return vd_fail(err, "cannot write '%s': %s", path, strerror(errno));
    fprintf(file, "{");
    for (uint32_t i = 0; i < stats->count; i++)
        fprintf(file, "%s\n  \"%s\": %" PRIu64, i ? "," : "", stats->counters[i].name,
                stats->counters[i].value);
    fprintf(file, "\n}\n");
    bool ok = !ferror(file);
    if (fclose(file) || !ok)
        return vd_fail(err, "cannot write '%s': %s", path, strerror(errno));
    return true;
}
