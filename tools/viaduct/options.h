/* SPDX-License-Identifier: BSD-2-Clause */
/* Command-line options as a table: what they are called, what they take, what they do. */
#ifndef VIADUCT_OPTIONS_H
#define VIADUCT_OPTIONS_H

#include <stdbool.h>
#include <stdio.h>

#include "viaduct/error.h"

/* The name is without dashes: one or two are accepted, and `--name=value` too. */
struct option {
    const char *name;
    const char *argument; /* NULL: takes none */
    const char *text;
    /* For both, ctx is the verb's; value is NULL if the option takes none. */
    bool (*take)(void *ctx, const struct option *option, const char *value, struct vd_error *err);
    const char *key; /* for take: the configuration key that it sets */
};

/* `tables` is a NULL-terminated list of tables, each ended by a row without a name.  Arguments that
 * are not options go to `other`. */
struct options {
    const struct option *const *tables;
    bool (*other)(void *ctx, const char *argument, struct vd_error *err);
    void *ctx;
};

bool options_parse(const struct options *options, int argc, char **argv, struct vd_error *err);
void options_print(const struct option *const *tables, FILE *out);
/* True if -h, -help or --help is among the arguments. */
bool options_want_help(int argc, char **argv);

#endif
