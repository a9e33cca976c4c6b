/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads a configuration from YAML events, so that every error knows its line and column. */
#include <string.h>
#include <yaml.h>

#include "platforms/config.h"

/* Where the parser is: what the next scalar means. */
enum place {
    PLACE_START,
    PLACE_SECTION, /* at the top: a section's name, or the end */
    PLACE_OPEN,    /* after a section's name: its mapping */
    PLACE_KEY,     /* in a section: a key, or the end */
    PLACE_VALUE,   /* after a key: its value */
    PLACE_END,
};

struct reader {
    const struct config *config;
    const char *name;
    struct vd_error *err;
    enum place place;
    char section[CONFIG_KEY_SIZE];
    char key[CONFIG_KEY_SIZE]; /* section.key */
    yaml_mark_t key_mark;
    char seen[16384]; /* "section.key\n" of every key so far */
    size_t seen_size;
};

static bool fail_at(struct reader *r, yaml_mark_t mark, const char *sentence)
{
    return vd_fail(r->err, "%s:%zu:%zu: %s", r->name, mark.line + 1, mark.column + 1, sentence);
}

static bool remember(struct reader *r, yaml_mark_t mark)
{
    char line[CONFIG_KEY_SIZE + 2], sentence[CONFIG_KEY_SIZE + 64];
    int n = snprintf(line, sizeof(line), "%s\n", r->key);
    for (const char *at = r->seen; (at = strstr(at, line)) != NULL; at++) {
        if (at == r->seen || at[-1] == '\n') {
            snprintf(sentence, sizeof(sentence), "'%s' is given twice", r->key);
            return fail_at(r, mark, sentence);
        }
    }
    if (r->seen_size + (size_t)n < sizeof(r->seen)) {
        memcpy(r->seen + r->seen_size, line, (size_t)n + 1);
        r->seen_size += (size_t)n;
    }
    return true;
}

static bool take_key(struct reader *r, const char *text, yaml_mark_t mark)
{
    int n = snprintf(r->key, sizeof(r->key), "%s.%s", r->section, text);
    if (n < 0 || (size_t)n >= sizeof(r->key))
        return fail_at(r, mark, "no key is that long");
    struct config_slot slot;
    struct vd_error why;
    if (!config_find(r->config, r->key, &slot, &why))
        return fail_at(r, mark, why.text);
    r->key_mark = mark;
    r->place = PLACE_VALUE;
    return remember(r, mark);
}

static bool take_value(struct reader *r, const char *text, yaml_mark_t mark)
{
    struct vd_error why;
    r->place = PLACE_KEY;
    return config_set(r->config, r->key, text, &why) || fail_at(r, mark, why.text);
}

static bool known_section(struct reader *r)
{
    for (size_t t = 0; t < r->config->count; t++)
        if (strcmp(r->config->tables[t].section, r->section) == 0)
            return true;
    return false;
}

static bool take_section(struct reader *r, const char *text, yaml_mark_t mark)
{
    if (strlen(text) >= sizeof(r->section) / 2)
        return fail_at(r, mark, "no section's name is that long");
    snprintf(r->section, sizeof(r->section), "%s", text);
    if (!known_section(r)) {
        char key[CONFIG_KEY_SIZE];
        struct config_slot slot;
        struct vd_error why;
        snprintf(key, sizeof(key), "%.60s.x", r->section);
        config_find(r->config, key, &slot, &why);
        return fail_at(r, mark, why.text);
    }
    r->place = PLACE_OPEN;
    return true;
}

static bool take_scalar(struct reader *r, const yaml_event_t *event)
{
    const char *text = (const char *)event->data.scalar.value;
    if (strlen(text) != event->data.scalar.length)
        return fail_at(r, event->start_mark, "a NUL character is not accepted");
    switch (r->place) {
    case PLACE_SECTION:
        return take_section(r, text, event->start_mark);
    case PLACE_OPEN:
        if (*text == '\0' && event->data.scalar.plain_implicit) {
            r->place = PLACE_SECTION; /* a section with nothing in it */
            return true;
        }
        return fail_at(r, event->start_mark, "a section holds `key: value` lines");
    case PLACE_KEY:
        return take_key(r, text, event->start_mark);
    case PLACE_VALUE:
        return take_value(r, text, event->start_mark);
    default:
        if (*text == '\0')
            return true; /* an empty document */
        return fail_at(r, event->start_mark, "a configuration is a mapping of sections");
    }
}

static bool open_mapping(struct reader *r, yaml_mark_t mark)
{
    if (r->place == PLACE_START)
        r->place = PLACE_SECTION;
    else if (r->place == PLACE_OPEN)
        r->place = PLACE_KEY;
    else if (r->place == PLACE_VALUE)
        return fail_at(r, r->key_mark, "this key takes a single value, not a mapping");
    else
        return fail_at(r, mark, "a name is expected here");
    return true;
}

static void close_mapping(struct reader *r)
{
    r->place = r->place == PLACE_KEY ? PLACE_SECTION : PLACE_END;
}

static bool take_event(struct reader *r, const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_MAPPING_START_EVENT:
        return open_mapping(r, event->start_mark);
    case YAML_MAPPING_END_EVENT:
        close_mapping(r);
        return true;
    case YAML_SCALAR_EVENT:
        return take_scalar(r, event);
    case YAML_SEQUENCE_START_EVENT:
        return fail_at(r, event->start_mark, "a list is not accepted here");
    case YAML_ALIAS_EVENT:
        return fail_at(r, event->start_mark, "aliases are not accepted");
    default:
        return true;
    }
}

static bool read_events(struct reader *r, yaml_parser_t *parser)
{
    bool done = false;
    while (!done) {
        yaml_event_t event;
        if (!yaml_parser_parse(parser, &event))
            return fail_at(r, parser->problem_mark,
                           parser->problem ? parser->problem : "this is not YAML");
        bool ok = take_event(r, &event);
        done = event.type == YAML_STREAM_END_EVENT;
        yaml_event_delete(&event);
        if (!ok)
            return false;
    }
    return true;
}

bool config_read_yaml(const struct config *config, const char *name, const char *text,
                      size_t length, struct vd_error *err)
{
    struct reader reader = {.config = config, .name = name, .err = err, .place = PLACE_START};
    yaml_parser_t parser;
    if (!yaml_parser_initialize(&parser))
        return vd_fail(err, "%s: out of memory", name);
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, length);
    bool ok = read_events(&reader, &parser);
    yaml_parser_delete(&parser);
    return ok;
}
