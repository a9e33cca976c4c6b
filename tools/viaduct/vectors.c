/* SPDX-License-Identifier: BSD-2-Clause */
#include <inttypes.h>
#include <stdlib.h>

#include "options.h"
#include "vectors/vectors.h"
#include "verbs.h"

enum { MAX_FILES = 64 };

struct vectors_arguments {
    struct vectors_options options;
    bool list;
    const char *files[MAX_FILES];
    uint32_t num_files;
};

static bool take_number(const struct option *option, const char *value, uint32_t *number,
                        struct vd_error *err)
{
    char *end;
    unsigned long long wide = strtoull(value, &end, 0);
    if (end == value || *end || wide > UINT32_MAX)
        return vd_fail(err, "--%s %.60s is no number", option->name, value);
    *number = (uint32_t)wide;
    return true;
}

static bool take_first(void *ctx, const struct option *option, const char *value,
                       struct vd_error *err)
{
    return take_number(option, value, &((struct vectors_arguments *)ctx)->options.first, err);
}

static bool take_world(void *ctx, const struct option *option, const char *value,
                       struct vd_error *err)
{
    uint32_t number = 0;
    if (!take_number(option, value, &number, err))
        return false;
    ((struct vectors_arguments *)ctx)->options.world = number;
    return true;
}

static bool take_class(void *ctx, const struct option *option, const char *value,
                       struct vd_error *err)
{
    (void)option;
    (void)err;
    ((struct vectors_arguments *)ctx)->options.class = value;
    return true;
}

static bool take_list(void *ctx, const struct option *option, const char *value,
                      struct vd_error *err)
{
    (void)option;
    (void)value;
    (void)err;
    ((struct vectors_arguments *)ctx)->list = true;
    return true;
}

static bool take_file(void *ctx, const char *argument, struct vd_error *err)
{
    struct vectors_arguments *a = ctx;
    if (a->num_files == MAX_FILES)
        return vd_fail(err, "more than %d files", MAX_FILES);
    a->files[a->num_files++] = argument;
    return true;
}

static const struct option vectors_options[] = {
    {"first", "N", "print N differing records of each file (default 5)", take_first, NULL},
    {"world", "N", "replay only world N", take_world, NULL},
    {"class", "TEXT", "print only differences whose class contains TEXT", take_class, NULL},
    {"exceptions", NULL, "list the differences that are choices", take_list, NULL},
    {NULL, NULL, NULL, NULL, NULL},
};
static const struct option *const tables[] = {vectors_options, NULL};

static int replay(const struct vectors_arguments *a)
{
    struct vd_error err;
    struct vectors_result result;
    uint64_t failed = 0;
    for (uint32_t i = 0; i < a->num_files; i++) {
        if (!vectors_replay(a->files[i], &a->options, stdout, &result, &err))
            return fail(STATUS_FILE, err.text);
        failed += result.failed;
    }
    return failed ? STATUS_DIFFERENT : STATUS_OK;
}

int verb_vectors(int argc, char **argv)
{
    struct vectors_arguments a = {.options = {.first = 5, .world = -1}};
    const struct options options = {tables, take_file, &a};
    struct vd_error err;
    if (options_want_help(argc, argv)) {
        puts("viaduct vectors FILE... [OPTION...]: replays recorded requests on the IOMMU and\n"
             "prints what differs; the format is in docs/vectors.md. The files may be .xz.\n");
        options_print(tables, stdout);
        return STATUS_OK;
    }
    if (!options_parse(&options, argc, argv, &err))
        return fail(STATUS_USAGE, err.text);
    if (a.list) {
        vectors_list(stdout);
        return STATUS_OK;
    }
    if (!a.num_files)
        return fail(STATUS_USAGE, "viaduct vectors needs a file; docs/vectors.md has the format");
    return replay(&a);
}
