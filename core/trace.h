/* SPDX-License-Identifier: BSD-2-Clause */
/* Where the records of all models meet: hash, ledger, files, timelines. */
#ifndef CORE_TRACE_H
#define CORE_TRACE_H

#include <stdio.h>

#include "viaduct/error.h"
#include "viaduct/record.h"

struct trace;

struct trace *trace_create(void);
void trace_destroy(struct trace *trace);

/* A record with time and source filled in. */
void trace_emit(struct trace *trace, const struct vd_record *rec);

/* Sinks are called in the order of adding.  kinds: bit set of enum vd_record_kind. */
#define TRACE_ALL_KINDS UINT64_MAX
void trace_add_sink(struct trace *trace, uint64_t kinds,
                    void (*sink)(void *ctx, const struct vd_record *rec), void *ctx);

/* Of every hashed record so far; the same whatever sinks there are. */
uint64_t trace_hash(const struct trace *trace);
uint64_t trace_count(const struct trace *trace, enum vd_record_kind kind);

/* A binary trace as docs/trace.md describes it.  names[i] is the name of source i. */
bool trace_open(struct trace *trace, const char *path, uint64_t kinds, const char *const *names,
                uint32_t num_names, struct vd_error *err);
/* Reports a write error that happened at any time since opening. */
bool trace_close(struct trace *trace, struct vd_error *err);

/* What a record kind is called, and its fields a, b, c ("unused": none). */
struct trace_kind {
    const char *name;
    bool hashed;
    const char *fields[3];
};
const struct trace_kind *trace_kind(uint32_t kind);
const char *trace_drop_name(uint32_t drop);
const char *trace_drop_text(uint32_t drop);

/* Reading a trace file back. */
struct trace_reader;
struct trace_reader *trace_read_open(const char *path, struct vd_error *err);
void trace_read_close(struct trace_reader *reader);
/* False at the end; then *truncated says whether the file stops inside a record. */
bool trace_read(struct trace_reader *reader, struct vd_record *rec, bool *truncated);
const char *trace_read_source(const struct trace_reader *reader, uint32_t source);
/* Kinds as the writer of the file knew them. */
const struct trace_kind *trace_read_kind(const struct trace_reader *reader, uint32_t kind);

#endif
