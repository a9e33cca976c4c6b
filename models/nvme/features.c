/* SPDX-License-Identifier: BSD-2-Clause */
/* Get Features and Set Features. */
#include <string.h>

#include "nvme/state.h"

enum { SELECT_CURRENT, SELECT_DEFAULT, SELECT_SAVED, SELECT_CAPABILITIES };
enum { CAPABILITY_CHANGEABLE = 4, TEMPERATURE_WARNING = 343, DEFAULT_THRESHOLD = 343 };

/* Which bits software may change; 0: none. */
static const struct {
    bool exists;
    uint32_t changeable, fallback;
} features[NVME_FEATURES] = {
    [FEATURE_ARBITRATION] = {true, 0xffffff07, 0},
    [FEATURE_POWER] = {true, 0, 0},
    [FEATURE_TEMPERATURE] = {true, 0x003fffff, DEFAULT_THRESHOLD},
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
        nvme_command_end(n, 0x00c); /* Command Sequence Error */
        return;
    }
    n->st->features[FEATURE_QUEUES] = (cqs < most ? cqs : most) << 16 | (sqs < most ? sqs : most);
    n->st->command.result = n->st->features[FEATURE_QUEUES];
    nvme_command_end(n, NVME_OK);
}

void nvme_features_set(struct nvme *n)
{
    const uint32_t *dw = n->st->command.dw;
    uint32_t id = dw[10] & 0xff, value = dw[11], vector = value & 0xffff;
    if (!known(id) || (id == FEATURE_VECTOR && vector > n->config.queues)) {
        nvme_command_end(n, NVME_INVALID_FIELD);
    } else if (dw[10] >> 31) {
        nvme_command_end(n, NVME_FEATURE_NOT_SAVEABLE);
    } else if (id == FEATURE_QUEUES) {
        set_queues(n, value);
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
