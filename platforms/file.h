/* SPDX-License-Identifier: BSD-2-Clause */
/* A text file of the host, whole. */
#ifndef PLATFORMS_FILE_H
#define PLATFORMS_FILE_H

#include <stddef.h>

#include "viaduct/error.h"

/* To free(), NUL-terminated; NULL: err names the file and the reason. */
char *file_read(const char *path, size_t *size, struct vd_error *err);

#endif
