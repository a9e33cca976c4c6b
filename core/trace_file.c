/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/trace_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void put(uint8_t *p, unsigned size, uint64_t value)
{
    for (unsigned i = 0; i < size; i++)
        p[i] = (uint8_t)(value >> (8 * i));
}

static uint64_t get(const uint8_t *p, unsigned size)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < size; i++)
        value |= (uint64_t)p[i] << (8 * i);
    return value;
}

static bool write_word(FILE *file, uint32_t value)
{
    uint8_t bytes[4];
    put(bytes, 4, value);
    return fwrite(bytes, sizeof(bytes), 1, file) == 1;
}

/* A string is its length in one byte and then its bytes. */
static bool write_string(FILE *file, const char *text)
{
    size_t length = strlen(text);
    if (length > UINT8_MAX)
        length = UINT8_MAX;
    return fputc((int)length, file) != EOF && fwrite(text, 1, length, file) == length;
}

static bool write_kind(FILE *file, const struct trace_kind *kind)
{
    return write_string(file, kind->name) && fputc(kind->hashed, file) != EOF &&
           write_string(file, kind->fields[0]) && write_string(file, kind->fields[1]) &&
           write_string(file, kind->fields[2]);
}

bool trace_file_header(FILE *file, const char *const *names, uint32_t num_names)
{
    bool ok = fwrite(TRACE_FILE_MAGIC, 8, 1, file) == 1 && write_word(file, TRACE_FILE_VERSION) &&
              write_word(file, TRACE_FILE_RECORD) && write_word(file, VD_REC_COUNT) &&
              write_word(file, num_names);
    for (uint32_t i = 0; ok && i < VD_REC_COUNT; i++)
        ok = write_kind(file, trace_kind(i));
    for (uint32_t i = 0; ok && i < num_names; i++)
        ok = write_string(file, names[i]);
    return ok;
}

bool trace_file_record(FILE *file, const struct vd_record *rec)
{
    uint8_t bytes[TRACE_FILE_RECORD];
    put(bytes, 8, rec->time);
    put(bytes + 8, 8, rec->serial);
    put(bytes + 16, 8, rec->a);
    put(bytes + 24, 8, rec->b);
    put(bytes + 32, 8, rec->c);
    put(bytes + 40, 2, rec->kind);
    put(bytes + 42, 2, rec->source);
    put(bytes + 44, 4, 0);
    return fwrite(bytes, sizeof(bytes), 1, file) == 1;
}

struct read_kind {
    struct trace_kind kind;
    char text[4][UINT8_MAX + 1];
};

struct trace_reader {
    FILE *file;
    uint32_t num_kinds, num_names;
    struct read_kind *kinds;
    char (*names)[UINT8_MAX + 1];
};

static bool read_word(FILE *file, uint32_t *value)
{
    uint8_t bytes[4];
    if (fread(bytes, sizeof(bytes), 1, file) != 1)
        return false;
    *value = (uint32_t)get(bytes, 4);
    return true;
}

static bool read_string(FILE *file, char text[UINT8_MAX + 1])
{
    int length = fgetc(file);
    if (length == EOF || fread(text, 1, (size_t)length, file) != (size_t)length)
        return false;
    text[length] = 0;
    return true;
}

static bool read_kind(FILE *file, struct read_kind *k)
{
    if (!read_string(file, k->text[0]))
        return false;
    k->kind.name = k->text[0];
    int flag = fgetc(file);
    k->kind.hashed = flag == 1;
    for (unsigned i = 0; i < 3; i++) {
        if (!read_string(file, k->text[1 + i]))
            return false;
        k->kind.fields[i] = k->text[1 + i];
    }
    return flag != EOF;
}

static bool read_tables(struct trace_reader *r)
{
    if (r->num_kinds > TRACE_FILE_NAMES || r->num_names > TRACE_FILE_NAMES)
        return false;
    r->kinds = calloc(r->num_kinds + 1, sizeof(*r->kinds));
    r->names = calloc(r->num_names + 1, sizeof(*r->names));
    if (!r->kinds || !r->names)
        return false;
    for (uint32_t i = 0; i < r->num_kinds; i++)
        if (!read_kind(r->file, &r->kinds[i]))
            return false;
    for (uint32_t i = 0; i < r->num_names; i++)
        if (!read_string(r->file, r->names[i]))
            return false;
    return true;
}

static bool read_header(struct trace_reader *r, const char *path, struct vd_error *err)
{
    char magic[8];
    uint32_t version, record;
    if (fread(magic, sizeof(magic), 1, r->file) != 1 || memcmp(magic, TRACE_FILE_MAGIC, 8) != 0)
        return vd_fail(err, "'%s' is not a trace of this simulator", path);
    if (!read_word(r->file, &version) || !read_word(r->file, &record))
        return vd_fail(err, "'%s' ends within its header", path);
    if (version != TRACE_FILE_VERSION || record != TRACE_FILE_RECORD)
        return vd_fail(err, "'%s' is a trace of version %u; this program reads version %d", path,
                       version, TRACE_FILE_VERSION);
    if (!read_word(r->file, &r->num_kinds) || !read_word(r->file, &r->num_names) || !read_tables(r))
        return vd_fail(err, "'%s' has a damaged header", path);
    return true;
}

struct trace_reader *trace_read_open(const char *path, struct vd_error *err)
{
    struct trace_reader *r = calloc(1, sizeof(*r));
    if (!r)
        abort();
    r->file = fopen(path, "rb");
    if (!r->file)
        vd_fail(err, "cannot read the trace '%s': %s", path, strerror(errno));
    if (!r->file || !read_header(r, path, err)) {
        trace_read_close(r);
        return NULL;
    }
    return r;
}

void trace_read_close(struct trace_reader *reader)
{
    if (!reader)
        return;
    if (reader->file)
        fclose(reader->file);
    free(reader->kinds);
    free(reader->names);
    free(reader);
}

bool trace_read(struct trace_reader *reader, struct vd_record *rec, bool *truncated)
{
    uint8_t bytes[TRACE_FILE_RECORD];
    size_t length = fread(bytes, 1, sizeof(bytes), reader->file);
    *truncated = length != 0 && length != sizeof(bytes);
    if (length != sizeof(bytes))
        return false;
    *rec = (struct vd_record){
        .time = get(bytes, 8),
        .serial = get(bytes + 8, 8),
        .a = get(bytes + 16, 8),
        .b = get(bytes + 24, 8),
        .c = get(bytes + 32, 8),
        .kind = (uint16_t)get(bytes + 40, 2),
        .source = (uint16_t)get(bytes + 42, 2),
    };
    return true;
}

const char *trace_read_source(const struct trace_reader *reader, uint32_t source)
{
    return source < reader->num_names ? reader->names[source] : "unknown";
}

const struct trace_kind *trace_read_kind(const struct trace_reader *reader, uint32_t kind)
{
    return kind < reader->num_kinds ? &reader->kinds[kind].kind : NULL;
}
