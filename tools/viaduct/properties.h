/* SPDX-License-Identifier: BSD-2-Clause */
/* The value of an option as QEMU writes it: name=value,name=value; a comma in a value is doubled.
 */
#ifndef VIADUCT_PROPERTIES_H
#define VIADUCT_PROPERTIES_H

#include <stdbool.h>
#include <stddef.h>

#include "viaduct/error.h"

/* Where a value goes, or the one value that is accepted.  The last of a list has no name. */
struct property {
    const char *name;
    char *place;
    size_t size;
    const char *only;
};

/* `what` is the option, for errors. */
bool properties_parse(const struct property *list, const char *what, const char *text,
                      struct vd_error *err);

#endif
