/* SPDX-License-Identifier: BSD-2-Clause */
#include "platforms/config.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "viaduct/bits.h"

enum { MAX_CANDIDATES = 512 };

struct names {
    const char *name[MAX_CANDIDATES];
    size_t count;
};

static void add_name(struct names *names, const char *name)
{
    for (size_t i = 0; i < names->count; i++)
        if (strcmp(names->name[i], name) == 0)
            return;
    if (names->count < MAX_CANDIDATES)
        names->name[names->count++] = name;
}

static struct config_slot slot_of(const struct config *config, const struct config_table *table,
                                  const struct vd_param *param)
{
    char *base = (char *)config->values + table->offset;
    return (struct config_slot){.table = table, .param = param, .field = base + param->offset};
}

bool config_visit(const struct config *config, bool (*visit)(void *ctx, struct config_slot slot),
                  void *ctx)
{
    for (size_t t = 0; t < config->count; t++) {
        uint32_t count;
        const struct vd_param *params = config->tables[t].params(&count);
        for (uint32_t i = 0; i < count; i++)
            if (!visit(ctx, slot_of(config, &config->tables[t], &params[i])))
                return false;
    }
    return true;
}

static unsigned width_of(const struct vd_param *param)
{
    return (unsigned)(param->max - param->min) + 1;
}

static void store_number(const struct config_slot *slot, uint64_t value)
{
    switch (slot->param->type) {
    case VD_PARAM_U32:
    case VD_PARAM_CHOICE: {
        uint32_t narrow = (uint32_t)value;
        memcpy(slot->field, &narrow, sizeof(narrow));
        break;
    }
    case VD_PARAM_U64:
        memcpy(slot->field, &value, sizeof(value));
        break;
    case VD_PARAM_BOOL:
        *(bool *)slot->field = value != 0;
        break;
    case VD_PARAM_FLAG: {
        uint64_t *bits = slot->field;
        *bits = vd_set(*bits, (unsigned)slot->param->min, 1, value != 0);
        break;
    }
    case VD_PARAM_BITS: {
        uint64_t *bits = slot->field;
        *bits = vd_set(*bits, (unsigned)slot->param->min, width_of(slot->param), value);
        break;
    }
    case VD_PARAM_STRING:
        *(char *)slot->field = '\0';
        break;
    }
}

static uint64_t load_number(const struct config_slot *slot)
{
    switch (slot->param->type) {
    case VD_PARAM_U32:
    case VD_PARAM_CHOICE:
        return *(const uint32_t *)slot->field;
    case VD_PARAM_U64:
        return *(const uint64_t *)slot->field;
    case VD_PARAM_BOOL:
        return *(const bool *)slot->field;
    case VD_PARAM_FLAG:
        return vd_get(*(const uint64_t *)slot->field, (unsigned)slot->param->min, 1);
    case VD_PARAM_BITS:
        return vd_get(*(const uint64_t *)slot->field, (unsigned)slot->param->min,
                      width_of(slot->param));
    case VD_PARAM_STRING:
        break;
    }
    return 0;
}

static bool store_fallback(void *ctx, struct config_slot slot)
{
    (void)ctx;
    store_number(&slot, slot.param->fallback);
    return true;
}

void config_defaults(const struct config *config)
{
    config_visit(config, store_fallback, NULL);
}

static bool unknown_section(const struct config *config, const char *section, struct vd_error *err)
{
    struct names names = {.count = 0};
    for (size_t t = 0; t < config->count; t++)
        add_name(&names, config->tables[t].section);
    char hint[384];
    config_suggest(section, names.name, names.count, hint, sizeof(hint));
    return vd_fail(err, "unknown section '%s'%s", section, hint);
}

static bool unknown_key(const struct config *config, const char *section, const char *name,
                        struct vd_error *err)
{
    struct names names = {.count = 0};
    for (size_t t = 0; t < config->count; t++) {
        uint32_t count;
        const struct vd_param *params = config->tables[t].params(&count);
        for (uint32_t i = 0; i < count; i++)
            if (strcmp(config->tables[t].section, section) == 0)
                add_name(&names, params[i].name);
    }
    if (names.count == 0)
        return unknown_section(config, section, err);
    char hint[384];
    config_suggest(name, names.name, names.count, hint, sizeof(hint));
    return vd_fail(err, "unknown key '%s.%s'%s", section, name, hint);
}

bool config_find(const struct config *config, const char *key, struct config_slot *slot,
                 struct vd_error *err)
{
    const char *dot = strchr(key, '.');
    if (!dot || dot == key || strlen(key) >= CONFIG_KEY_SIZE)
        return vd_fail(err, "'%.100s' is not a key: write section.key, for example machine.harts",
                       key);
    char section[CONFIG_KEY_SIZE];
    snprintf(section, sizeof(section), "%.*s", (int)(dot - key), key);
    const char *name = dot + 1;
    for (size_t t = 0; t < config->count; t++) {
        if (strcmp(config->tables[t].section, section) != 0)
            continue;
        uint32_t count;
        const struct vd_param *params = config->tables[t].params(&count);
        for (uint32_t i = 0; i < count; i++) {
            if (strcmp(params[i].name, name) == 0) {
                *slot = slot_of(config, &config->tables[t], &params[i]);
                return true;
            }
        }
    }
    return unknown_key(config, section, name, err);
}

static bool parse_bool(const char *text, uint64_t *value)
{
    static const char *const words[2][4] = {{"false", "off", "no", "0"},
                                            {"true", "on", "yes", "1"}};
    for (unsigned v = 0; v < 2; v++) {
        for (unsigned i = 0; i < 4; i++) {
            if (strcmp(text, words[v][i]) == 0) {
                *value = v;
                return true;
            }
        }
    }
    return false;
}

static bool parse_choice(const struct vd_param *param, const char *text, uint64_t *value)
{
    for (uint32_t i = 0; param->choices[i]; i++) {
        if (strcmp(text, param->choices[i]) == 0) {
            *value = i;
            return true;
        }
    }
    return false;
}

static bool parse_value(const struct vd_param *param, const char *text, uint64_t *value)
{
    switch (param->type) {
    case VD_PARAM_U32:
    case VD_PARAM_U64:
        return config_parse_number(text, value) && *value >= param->min && *value <= param->max;
    case VD_PARAM_BITS:
        return config_parse_number(text, value) && *value <= vd_mask(0, width_of(param));
    case VD_PARAM_BOOL:
    case VD_PARAM_FLAG:
        return parse_bool(text, value);
    case VD_PARAM_CHOICE:
        return parse_choice(param, text, value);
    case VD_PARAM_STRING:
        break;
    }
    return false;
}

static bool set_string(const struct config_slot *slot, const char *key, const char *text,
                       struct vd_error *err)
{
    size_t length = strlen(text);
    if (length >= slot->param->max)
        return vd_fail(err, "%s is %zu characters long: at most %" PRIu64 " are accepted", key,
                       length, slot->param->max - 1);
    memcpy(slot->field, text, length + 1);
    return true;
}

bool config_set(const struct config *config, const char *key, const char *value,
                struct vd_error *err)
{
    struct config_slot slot;
    if (!config_find(config, key, &slot, err))
        return false;
    if (slot.param->type == VD_PARAM_STRING)
        return set_string(&slot, key, value, err);
    uint64_t number;
    if (!parse_value(slot.param, value, &number)) {
        char range[256];
        config_describe_range(slot.param, range, sizeof(range));
        return vd_fail(err, "%s does not take '%.60s': accepted is %s", key, value, range);
    }
    store_number(&slot, number);
    return true;
}

static void print_number(const struct vd_param *param, uint64_t value, char *text, size_t size)
{
    static const struct {
        unsigned shift;
        char letter;
    } units[] = {{40, 'T'}, {30, 'G'}, {20, 'M'}, {10, 'K'}};
    bool bytes = strcmp(param->unit ? param->unit : "", "bytes") == 0;
    for (size_t i = 0; bytes && value != 0 && i < sizeof(units) / sizeof(units[0]); i++) {
        if ((value & vd_mask(0, units[i].shift)) == 0) {
            snprintf(text, size, "%" PRIu64 "%c", value >> units[i].shift, units[i].letter);
            return;
        }
    }
    bool hexadecimal = param->type == VD_PARAM_U64 && !bytes && value > 0xfffffff &&
                       (value % 1000 != 0 || param->max == UINT64_MAX);
    snprintf(text, size, hexadecimal ? "0x%" PRIx64 : "%" PRIu64, value);
}

void config_get(const struct config_slot *slot, char *text, size_t size)
{
    uint64_t value = load_number(slot);
    switch (slot->param->type) {
    case VD_PARAM_U32:
    case VD_PARAM_U64:
    case VD_PARAM_BITS:
        print_number(slot->param, value, text, size);
        break;
    case VD_PARAM_BOOL:
    case VD_PARAM_FLAG:
        snprintf(text, size, "%s", value ? "true" : "false");
        break;
    case VD_PARAM_CHOICE:
        snprintf(text, size, "%s", slot->param->choices[value]);
        break;
    case VD_PARAM_STRING:
        snprintf(text, size, "%s", (const char *)slot->field);
        break;
    }
}

static void join_choices(const char *const *choices, char *text, size_t size)
{
    size_t used = 0;
    text[0] = '\0';
    for (uint32_t i = 0; choices[i] && used < size; i++) {
        int n = snprintf(text + used, size - used, "%s%s", i ? ", " : "", choices[i]);
        used += n > 0 ? (size_t)n : 0;
    }
}

void config_describe_range(const struct vd_param *param, char *text, size_t size)
{
    char low[32], high[32];
    switch (param->type) {
    case VD_PARAM_U32:
    case VD_PARAM_U64:
        print_number(param, param->min, low, sizeof(low));
        print_number(param, param->max, high, sizeof(high));
        snprintf(text, size, "%s..%s%s%s", low, high, param->unit && *param->unit ? " " : "",
                 param->unit ? param->unit : "");
        break;
    case VD_PARAM_BITS:
        snprintf(text, size, "0..%" PRIu64, vd_mask(0, width_of(param)));
        break;
    case VD_PARAM_BOOL:
    case VD_PARAM_FLAG:
        snprintf(text, size, "true or false");
        break;
    case VD_PARAM_CHOICE:
        join_choices(param->choices, text, size);
        break;
    case VD_PARAM_STRING:
        snprintf(text, size, "up to %" PRIu64 " characters", param->max - 1);
        break;
    }
}
