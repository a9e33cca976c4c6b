/* SPDX-License-Identifier: BSD-2-Clause */
/* Get Features and Set Features. */
#include <string.h>

#include "nvme/state.h"

enum { SELECT_CURRENT, SELECT_DEFAULT, SELECT_SAVED, SELECT_CAPABILITIES };
enum { CAPABILITY_CHANGEABLE = 4, DEFAULT_THRESHOLD = 343, OTHER_SENSORS = 8, ALL_SENSORS = 15 };

/* Which bits software may change; 0: none. */
static const struct {
    bool exists;
    uint32_t changeable, fallback;
} features[NVME_FEATURES] = {
    [FEATURE_ARBITRATION] = {true, 0xffffff07, 0},
    [FEATURE_POWER] = {true, 0, 0},
    [FEATURE_TEMPERATURE] = {true, 0xffff, DEFAULT_THRESHOLD},
    [FEATURE_ERROR_RECOVERY] = {true, 0x0001ffff, 0},
    [FEATURE_WRITE_CACHE] = {true, 1, 1},
    [FEATURE_QUEUES] = {true, UINT32_MAX, 0},
    [FEATURE_COALESCING] = {true, 0xffff, 0}, /* kept, but nothing is held back */
    [FEATURE_VECTOR] = {true, 0x0001ffff, 0},
    [FEATURE_ATOMICITY] = {true, 1, 0},
    [FEATURE_EVENTS] = {true, 0xff, 0},
};

static uint32_t queue_count(const struct nvme *n)
{
    return (n->config.queues - 1) << 16 | (n->config.queues - 1);
}

void nvme_features_reset(struct nvme *n)
{
    for (uint32_t i = 0; i < NVME_FEATURES; i++)
        n->st->features[i] = features[i].fallback;
    n->st->features[FEATURE_QUEUES] = queue_count(n);
    n->st->cold_threshold = 0;
    for (uint32_t v = 0; v < NVME_QUEUES; v++)
        n->st->vector_config[v] = v;
}

static bool known(uint32_t id)
{
    return id < NVME_FEATURES && features[id].exists;
}

static uint32_t fallback(const struct nvme *n, uint32_t id, uint32_t vector)
{
    if (id == FEATURE_QUEUES)
        return queue_count(n);
    return id == FEATURE_VECTOR ? vector : features[id].fallback;
}

/* Every queue that can exist is granted to whoever asks for at least one; CHOICE: the number is
 * settled by the first I/O queue. */
static void set_queues(struct nvme *n, uint32_t value)
{
    uint32_t sqs = (uint32_t)vd_get(value, 0, 16), cqs = (uint32_t)vd_get(value, 16, 16);
    uint32_t most = n->config.queues - 1;
    if (sqs == 0xffff || cqs == 0xffff) {
        nvme_command_end(n, NVME_INVALID_FIELD);
        return;
    }
    if (n->st->queues_set) {
        nvme_command_end(n, NVME_COMMAND_SEQUENCE_ERROR);
        return;
    }
    n->st->features[FEATURE_QUEUES] = (cqs < most ? cqs : most) << 16 | (sqs < most ? sqs : most);
    n->st->command.result = n->st->features[FEATURE_QUEUES];
    nvme_command_end(n, NVME_OK);
}

/* Data Word 11 of the threshold: which of two (0: above, 1: below), and of which sensor. */
struct threshold {
    uint32_t which, sensor;
};

static struct threshold threshold(const struct nvme *n)
{
    uint32_t dw11 = n->st->command.dw[11];
    return (struct threshold){(uint32_t)vd_get(dw11, 20, 2), (uint32_t)vd_get(dw11, 16, 4)};
}

/* There is only the composite temperature, which is sensor 0: the others' are never reached. */
static void set_threshold(struct nvme *n, uint32_t kelvin)
{
    struct threshold t = threshold(n);
    bool exists = t.sensor == 0 || t.sensor == ALL_SENSORS;
    if (t.which > 1 || (!exists && t.sensor > OTHER_SENSORS)) {
        nvme_command_end(n, NVME_INVALID_FIELD);
        return;
    }
    if (exists && t.which)
        n->st->cold_threshold = kelvin;
    else if (exists)
        n->st->features[FEATURE_TEMPERATURE] = kelvin;
    nvme_command_end(n, NVME_OK);
}

static void get_threshold(struct nvme *n, bool current)
{
    struct threshold t = threshold(n);
    uint32_t hot = current ? n->st->features[FEATURE_TEMPERATURE] : DEFAULT_THRESHOLD;
    if (t.which > 1 || t.sensor > OTHER_SENSORS) {
        nvme_command_end(n, NVME_INVALID_FIELD);
        return;
    }
    n->st->command.result = t.sensor ? 0 : t.which ? current * n->st->cold_threshold : hot;
    nvme_command_end(n, NVME_OK);
}

bool nvme_features_temperature_critical(const struct nvme *n)
{
    return NVME_KELVIN >= n->st->features[FEATURE_TEMPERATURE] ||
           NVME_KELVIN <= n->st->cold_threshold;
}

/* What was written before the cache is off is durable too, for the host flushes no more. */
static void set_write_cache(struct nvme *n, uint32_t value)
{
    bool ok = true;
    for (uint32_t i = 0; i < n->num_disks && !(value & 1); i++)
        ok &= n->disks[i].ops->flush(n->disks[i].ctx);
    if (ok)
        n->st->features[FEATURE_WRITE_CACHE] = value & 1;
    nvme_command_end(n, ok ? NVME_OK : NVME_INTERNAL_ERROR);
}

void nvme_features_set(struct nvme *n)
{
    uint32_t nsid = nvme_command_nsid(n);
    const uint32_t *dw = n->st->command.dw;
    uint32_t id = dw[10] & 0xff, value = dw[11], vector = value & 0xffff;
    if (!known(id) || (id == FEATURE_VECTOR && vector > n->config.queues)) {
        nvme_command_end(n, NVME_INVALID_FIELD);
    } else if (dw[10] >> 31) {
        nvme_command_end(n, NVME_FEATURE_NOT_SAVEABLE);
    } else if (nsid && nsid != (uint32_t)NVME_BROADCAST) {
        nvme_command_end(n, NVME_FEATURE_NOT_OF_NAMESPACE);
    } else if (id == FEATURE_QUEUES) {
        set_queues(n, value);
    } else if (id == FEATURE_TEMPERATURE) {
        set_threshold(n, value & 0xffff);
    } else if (id == FEATURE_WRITE_CACHE) {
        set_write_cache(n, value);
    } else if (id == FEATURE_POWER && (value & 0x1f)) {
        nvme_command_end(n, NVME_INVALID_FIELD); /* there is one power state */
    } else if (id == FEATURE_VECTOR) {
        n->st->vector_config[vector] = value & features[id].changeable;
        nvme_command_end(n, NVME_OK);
    } else {
        n->st->features[id] = value & features[id].changeable;
        nvme_command_end(n, NVME_OK);
    }
}

void nvme_features_get(struct nvme *n)
{
    const uint32_t *dw = n->st->command.dw;
    uint32_t id = dw[10] & 0xff, select = dw[10] >> 8 & 7, vector = dw[11] & 0xffff;
    if (!known(id) || select > SELECT_CAPABILITIES ||
        (id == FEATURE_VECTOR && vector > n->config.queues)) {
        nvme_command_end(n, NVME_INVALID_FIELD);
        return;
    }
    if (id == FEATURE_TEMPERATURE && select != SELECT_CAPABILITIES) {
        get_threshold(n, select == SELECT_CURRENT);
        return;
    }
    if (select == SELECT_CAPABILITIES)
        n->st->command.result = features[id].changeable ? CAPABILITY_CHANGEABLE : 0;
    else if (select != SELECT_CURRENT)
        n->st->command.result = fallback(n, id, vector);
    else if (id == FEATURE_VECTOR)
        n->st->command.result = n->st->vector_config[vector];
    else
        n->st->command.result = n->st->features[id];
    nvme_command_end(n, NVME_OK);
}
