/* SPDX-License-Identifier: BSD-2-Clause */
#include "options.h"

#include <stddef.h>

#include "crowd.h"
#include "experiment.h"
#include "hyp.h"
#include "protocol.h"
#include "text.h"

enum { WORD_BYTES = 128 };

/* A number: where it goes and what it may be. */
static const struct {
    const char *key;
    size_t offset;
    uint64_t min, max;
} numbers[] = {
    {"count", offsetof(struct options, count), 1, 100000000},
    {"warmup", offsetof(struct options, warmup), 1, 1000000},
    {"period", offsetof(struct options, period), 0, 1000000000},
    {"burst", offsetof(struct options, burst), 1, 65536},
    {"vectors", offsetof(struct options, vectors), 0, GUEST_VECTORS},
    {"seed", offsetof(struct options, seed), 0, UINT64_MAX},
    {"ddt", offsetof(struct options, ddt), 0, 3},
    {"moves", offsetof(struct options, moves), 1, 100000000},
    {"vcpus", offsetof(struct options, vcpus), 0, CROWD_MAX},
    {"slice", offsetof(struct options, slice), 1, 1000000},
};

/* A word out of a few: its value. */
static const struct {
    const char *key, *word;
    uint32_t value;
} choices[] = {
    {"wire", "level", 0},
    {"wire", "edge", 1},
    {"mode", "own", MODE_UNSAID},
    {"mode", "hwaccel", MODE_HWACCEL},
    {"mode", "emul", MODE_EMUL},
    {"mode", "auto", MODE_AUTO},
    {"policy", "first", POLICY_FIRST},
    {"policy", "lru", POLICY_LRU},
    {"policy", "rate", POLICY_RATE},
    {"policy", "pinned", POLICY_PINNED},
};

static bool number_set(struct options *options, const char *key, const char *value)
{
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        if (strcmp(numbers[i].key, key))
            continue;
        uint64_t number;
        if (!parse_number(value, &number) || number < numbers[i].min || number > numbers[i].max)
            hyp_exit(HYP_ARGUMENTS, "%s=%s: not a number from %lu to %lu", key, value,
                     numbers[i].min, numbers[i].max);
        *(uint64_t *)((uint8_t *)options + numbers[i].offset) = number;
        return true;
    }
    return false;
}

static bool choice_set(struct options *options, const char *key, const char *value)
{
    bool known = false;
    for (size_t i = 0; i < sizeof choices / sizeof *choices; i++) {
        if (strcmp(choices[i].key, key))
            continue;
        known = true;
        if (strcmp(choices[i].word, value))
            continue;
        if (!strcmp(key, "wire"))
            options->edge = choices[i].value;
        else if (!strcmp(key, "policy"))
            options->policy = (enum policy)choices[i].value;
        else
            options->mode = (enum vm_mode)choices[i].value;
        return true;
    }
    if (known)
        hyp_exit(HYP_ARGUMENTS, "%s=%s: no such choice", key, value);
    return false;
}

/* Names separated by commas. */
static void experiments_set(struct options *options, char *value)
{
    options->experiments = 0;
    while (*value) {
        char *end = value;
        while (*end && *end != ',')
            end++;
        bool last = !*end;
        *end = 0;
        uint64_t set = experiment_by_name(value);
        if (!set)
            hyp_exit(HYP_ARGUMENTS, "exp=%s: no such experiment", value);
        options->experiments |= set;
        value = last ? end : end + 1;
    }
}

static void protocol_choose(struct options *options, const char *value)
{
    if (!protocol_set(value, &options->protocol))
        hyp_exit(HYP_ARGUMENTS, "protocol=%s: there is none of that name", value);
}

static void word_parse(struct options *options, char *word)
{
    char *value = word;
    while (*value && *value != '=')
        value++;
    if (!*value)
        hyp_exit(HYP_ARGUMENTS, "boot argument `%s` is not key=value", word);
    *value++ = 0;
    if (!strcmp(word, "exp"))
        experiments_set(options, value);
    else if (!strcmp(word, "protocol"))
        protocol_choose(options, value);
    else if (!number_set(options, word, value) && !choice_set(options, word, value))
        hyp_exit(HYP_ARGUMENTS, "boot argument `%s` is unknown", word);
}

void options_parse(struct options *options, const char *bootargs)
{
    *options = (struct options){.experiments = experiment_by_name("all"),
                                .count = 1000,
                                .warmup = 32,
                                .burst = 1,
                                .seed = 1,
                                .moves = 50,
                                .slice = 200};
    while (bootargs && *bootargs) {
        char word[WORD_BYTES];
        size_t length = 0;
        while (*bootargs == ' ' || *bootargs == '\n')
            bootargs++;
        while (*bootargs && *bootargs != ' ' && *bootargs != '\n' && length + 1 < sizeof word)
            word[length++] = *bootargs++;
        word[length] = 0;
        if (length)
            word_parse(options, word);
    }
}
