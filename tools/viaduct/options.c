/* SPDX-License-Identifier: BSD-2-Clause */
#include "options.h"

#include <string.h>

#include "platforms/config.h"

enum { MAX_OPTIONS = 64, MAX_NAME = 64 };

static const struct option *find(const struct option *const *tables, const char *name,
                                 size_t length)
{
    for (; *tables; tables++)
        for (const struct option *o = *tables; o->name; o++)
            if (strlen(o->name) == length && memcmp(o->name, name, length) == 0)
                return o;
    return NULL;
}

static bool unknown(const struct option *const *tables, const char *argument, const char *name,
                    struct vd_error *err)
{
    const char *names[MAX_OPTIONS];
    size_t count = 0;
    for (; *tables; tables++)
        for (const struct option *o = *tables; o->name && count < MAX_OPTIONS; o++)
            names[count++] = o->name;
    char hint[384];
    config_suggest(name, names, count, hint, sizeof(hint));
    return vd_fail(err, "unknown option '%.60s'%s", argument, hint);
}

static bool is_option(const char *argument)
{
    return argument[0] == '-' && argument[1] != '\0';
}

/* Takes argv[*index] and, if it needs one, the value after it. */
static bool take(const struct options *options, int argc, char **argv, int *index,
                 struct vd_error *err)
{
    const char *argument = argv[*index];
    const char *name = argument + (argument[1] == '-' ? 2 : 1);
    size_t length = strcspn(name, "=");
    const struct option *option = find(options->tables, name, length);
    if (!option) {
        char bare[MAX_NAME];
        snprintf(bare, sizeof(bare), "%.*s", (int)(length < MAX_NAME ? length : MAX_NAME - 1),
                 name);
        return unknown(options->tables, argument, bare, err);
    }
    const char *value = name[length] == '=' ? name + length + 1 : NULL;
    if (!option->argument && value)
        return vd_fail(err, "option -%s takes no value", option->name);
    if (option->argument && !value) {
        if (*index + 1 >= argc)
            return vd_fail(err, "option -%s needs a value: %s", option->name, option->argument);
        value = argv[++*index];
    }
    return option->take(options->ctx, option, value, err);
}

bool options_parse(const struct options *options, int argc, char **argv, struct vd_error *err)
{
    for (int i = 0; i < argc; i++) {
        bool ok = is_option(argv[i]) ? take(options, argc, argv, &i, err)
                                     : options->other(options->ctx, argv[i], err);
        if (!ok)
            return false;
    }
    return true;
}

void options_print(const struct option *const *tables, FILE *out)
{
    for (; *tables; tables++) {
        for (const struct option *o = *tables; o->name; o++) {
            char left[64];
            snprintf(left, sizeof(left), "%s%s%s%s", strlen(o->name) > 1 ? "--" : "-", o->name,
                     o->argument ? " " : "", o->argument ? o->argument : "");
            fprintf(out, "  %-24s %s\n", left, o->text);
        }
    }
}

bool options_want_help(int argc, char **argv)
{
    for (int i = 0; i < argc; i++)
        if (strcmp(argv[i], "-h") == 0 || strcmp(argv[i], "-help") == 0 ||
            strcmp(argv[i], "--help") == 0)
            return true;
    return false;
}
