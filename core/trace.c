/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/trace.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/trace_file.h"

enum { SINKS = 16 };

struct sink {
    uint64_t kinds;
    void (*take)(void *ctx, const struct vd_record *rec);
    void *ctx;
};

struct trace {
    uint64_t hash;
    uint64_t counts[VD_REC_COUNT];
    struct sink sinks[SINKS];
    uint32_t num_sinks;
    FILE *file;
    char *path;
    int error; /* errno of the first failed write to the file */
};

_Static_assert(VD_REC_COUNT <= 64, "record kinds fit a bit set");

static const uint64_t hashed =
#define VD_RECORD(name, h, a, b, c) ((uint64_t)(h) << VD_REC_##name) |
#include "viaduct/records.def"
#undef VD_RECORD
    0;

struct trace *trace_create(void)
{
    struct trace *trace = calloc(1, sizeof(*trace));
    if (!trace)
        abort();
    trace->hash = UINT64_C(0xcbf29ce484222325);
    return trace;
}

void trace_destroy(struct trace *trace)
{
    if (!trace)
        return;
    trace_close(trace, NULL);
    free(trace);
}

/* FNV-1a over 64-bit words; the shift lets high bits reach the low ones. */
static uint64_t mix(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * UINT64_C(0x100000001b3);
    return hash ^ (hash >> 32);
}

static uint64_t hash_record(uint64_t hash, const struct vd_record *rec)
{
    hash = mix(hash, rec->time);
    hash = mix(hash, rec->serial);
    hash = mix(hash, rec->a);
    hash = mix(hash, rec->b);
    hash = mix(hash, rec->c);
    return mix(hash, (uint64_t)rec->kind << 16 | rec->source);
}

void trace_emit(struct trace *trace, const struct vd_record *rec)
{
    uint64_t bit = UINT64_C(1) << rec->kind;
    trace->counts[rec->kind]++;
    if (hashed & bit)
        trace->hash = hash_record(trace->hash, rec);
    for (uint32_t i = 0; i < trace->num_sinks; i++)
        if (trace->sinks[i].kinds & bit)
            trace->sinks[i].take(trace->sinks[i].ctx, rec);
}

void trace_add_sink(struct trace *trace, uint64_t kinds,
                    void (*sink)(void *ctx, const struct vd_record *rec), void *ctx)
{
    if (trace->num_sinks == SINKS)
        abort();
    trace->sinks[trace->num_sinks++] = (struct sink){kinds, sink, ctx};
}

uint64_t trace_hash(const struct trace *trace)
{
    return trace->hash;
}

uint64_t trace_count(const struct trace *trace, enum vd_record_kind kind)
{
    return trace->counts[kind];
}

static void write_record(void *ctx, const struct vd_record *rec)
{
    struct trace *trace = ctx;
    if (trace->error)
        return;
    if (!trace_file_record(trace->file, rec))
        trace->error = errno ? errno : EIO;
}

bool trace_open(struct trace *trace, const char *path, uint64_t kinds, const char *const *names,
                uint32_t num_names, struct vd_error *err)
{
    if (trace->file)
        return vd_fail(err, "a trace is being written to '%s' already", trace->path);
    trace->file = fopen(path, "wb");
    if (!trace->file)
        return vd_fail(err, "cannot write the trace '%s': %s", path, strerror(errno));
    trace->path = strdup(path);
    trace->error = 0;
    errno = 0;
    if (!trace_file_header(trace->file, names, num_names))
        trace->error = errno ? errno : EIO;
    trace_add_sink(trace, kinds, write_record, trace);
    return true;
}

static void remove_sink(struct trace *trace)
{
    for (uint32_t i = 0; i < trace->num_sinks; i++)
        if (trace->sinks[i].take == write_record) {
            trace->num_sinks--;
            memmove(&trace->sinks[i], &trace->sinks[i + 1],
                    (trace->num_sinks - i) * sizeof(struct sink));
        }
}

bool trace_close(struct trace *trace, struct vd_error *err)
{
    if (!trace->file)
        return true;
    remove_sink(trace);
    errno = 0;
    if (fclose(trace->file) && !trace->error)
        trace->error = errno;
    trace->file = NULL;
    if (trace->error)
        vd_fail(err, "cannot write the trace '%s': %s", trace->path, strerror(trace->error));
    free(trace->path);
    trace->path = NULL;
    return trace->error == 0;
}

static const struct trace_kind kinds_table[VD_REC_COUNT] = {
#define VD_RECORD(name, h, a, b, c) [VD_REC_##name] = {#name, h, {a, b, c}},
#include "viaduct/records.def"
#undef VD_RECORD
};

const struct trace_kind *trace_kind(uint32_t kind)
{
    return kind < VD_REC_COUNT ? &kinds_table[kind] : NULL;
}

static const struct {
    const char *name, *text;
} drops[VD_DROP_COUNT] = {
#define VD_DROP(name, text) [VD_DROP_##name] = {#name, text},
#include "viaduct/drops.def"
#undef VD_DROP
};

const char *trace_drop_name(uint32_t drop)
{
    return drop < VD_DROP_COUNT ? drops[drop].name : "unknown";
}

const char *trace_drop_text(uint32_t drop)
{
    return drop < VD_DROP_COUNT ? drops[drop].text : "of an unknown cause";
}
