/* SPDX-License-Identifier: BSD-2-Clause */
/* The bytes of a trace file (docs/trace.md): little-endian, its header names everything. */
#ifndef CORE_TRACE_FILE_H
#define CORE_TRACE_FILE_H

#include <stdio.h>

#include "core/trace.h"

enum { TRACE_FILE_VERSION = 1, TRACE_FILE_RECORD = 48, TRACE_FILE_NAMES = 65536 };
#define TRACE_FILE_MAGIC "viaduct\n"

/* Both return false if the file cannot be written. */
bool trace_file_header(FILE *file, const char *const *names, uint32_t num_names);
bool trace_file_record(FILE *file, const struct vd_record *rec);

#endif
