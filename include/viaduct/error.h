/* SPDX-License-Identifier: BSD-2-Clause */
/* A host mistake (a bad file, option or configuration) as one sentence: what, where, what is
 * accepted. */
#ifndef VIADUCT_ERROR_H
#define VIADUCT_ERROR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

struct vd_error {
    char text[512];
};

/* Fills err (which may be NULL) and returns false, so that a check reads `return vd_fail(err,
 * ...)`. */
__attribute__((format(printf, 2, 3))) static inline bool vd_fail(struct vd_error *err,
                                                                 const char *format, ...)
{
    if (err) {
        va_list args;
        va_start(args, format);
        vsnprintf(err->text, sizeof(err->text), format, args);
        va_end(args);
    }
    return false;
}

#endif
