/* SPDX-License-Identifier: BSD-2-Clause */
/* Files inside the binary: timing presets, experiments. */
#ifndef PLATFORMS_EMBEDDED_H
#define PLATFORMS_EMBEDDED_H

#include <stddef.h>

struct embedded_file {
    const char *name; /* "timing/inorder.yaml" */
    const char *data, *end;
};

/* Ends with a name of NULL. */
extern const struct embedded_file platform_files[];

/* By name in such a table, or NULL. */
const struct embedded_file *embedded_find(const struct embedded_file *files, const char *name);

#endif
