/* SPDX-License-Identifier: BSD-2-Clause */
/* Parameters of a model: one row per field of its configuration struct.  The rows are the schema of
 * the YAML configuration, the keys of --set, the parameter tables of the documentation and of every
 * report. */
#ifndef VIADUCT_PARAM_H
#define VIADUCT_PARAM_H

#include <stddef.h>
#include <stdint.h>

enum vd_param_type {
    VD_PARAM_U32,    /* uint32_t, min..max */
    VD_PARAM_U64,    /* uint64_t, min..max */
    VD_PARAM_BOOL,   /* bool */
    VD_PARAM_FLAG,   /* bit `min` of a uint64_t */
    VD_PARAM_BITS,   /* the number in bits max:min of a uint64_t */
    VD_PARAM_CHOICE, /* uint32_t index into choices (NULL-terminated) */
    VD_PARAM_STRING, /* char[max], NUL-terminated; the default is empty.  Platforms only. */
};

struct vd_param {
    const char *name; /* lower case, as in YAML: "ids", "walk_read" */
    enum vd_param_type type;
    size_t offset;     /* of the field in the model's configuration struct */
    uint64_t fallback; /* the default */
    uint64_t min, max;
    const char *const *choices;
    const char *unit; /* "cycles", "bytes", "" */
    const char *text; /* what it means and, for a latency, where the figure comes from */
};

#endif
