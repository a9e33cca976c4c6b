/* SPDX-License-Identifier: BSD-2-Clause */
#include "reader.h"

#include <errno.h>
#include <lzma.h>
#include <stdlib.h>
#include <string.h>

/* The whole text in memory: the largest files have some ten megabytes. */
struct reader {
    char *text, *at;
    const char *path;
    uint32_t line; /* number of the line at `at` */
};

struct buffer {
    uint8_t *data;
    size_t size, capacity;
};

static bool reserve(struct buffer *b, size_t more)
{
    if (b->capacity - b->size > more)
        return true;
    size_t capacity = 2 * b->capacity + more + 1;
    uint8_t *data = realloc(b->data, capacity);
    if (!data)
        return false;
    b->data = data;
    b->capacity = capacity;
    return true;
}

static bool load(const char *path, struct buffer *b, struct vd_error *err)
{
    FILE *f = fopen(path, "rb");
    if (!f)
        return vd_fail(err, "%s: %s", path, strerror(errno));
    size_t got = 1;
    while (got && reserve(b, 1 << 16)) {
        got = fread(b->data + b->size, 1, 1 << 16, f);
        b->size += got;
    }
    bool good = !ferror(f) && !got;
    fclose(f);
    return good || vd_fail(err, "%s cannot be read", path);
}

static bool decode(const char *path, const struct buffer *packed, struct buffer *b,
                   struct vd_error *err)
{
    lzma_stream stream = LZMA_STREAM_INIT;
    if (lzma_stream_decoder(&stream, UINT64_MAX, LZMA_CONCATENATED) != LZMA_OK)
        return vd_fail(err, "%s: out of memory", path);
    stream.next_in = packed->data;
    stream.avail_in = packed->size;
    lzma_ret ret = LZMA_OK;
    while (ret == LZMA_OK && reserve(b, 1 << 20)) {
        stream.next_out = b->data + b->size;
        stream.avail_out = b->capacity - b->size - 1;
        ret = lzma_code(&stream, LZMA_FINISH);
        b->size = (size_t)(stream.next_out - b->data);
    }
    lzma_end(&stream);
    return ret == LZMA_STREAM_END || vd_fail(err, "%s is not a complete xz file", path);
}

static bool packed(const struct buffer *b)
{
    static const uint8_t magic[] = {0xfd, '7', 'z', 'X', 'Z', 0};
    return b->size >= sizeof(magic) && memcmp(b->data, magic, sizeof(magic)) == 0;
}

struct reader *reader_open(const char *path, struct vd_error *err)
{
    struct buffer raw = {0}, text = {0};
    struct reader *reader = calloc(1, sizeof(*reader));
    bool good = reader && load(path, &raw, err);
    if (good && packed(&raw))
        good = decode(path, &raw, &text, err);
    else if (good) {
        text = raw;
        raw = (struct buffer){0};
    }
    free(raw.data);
    if (!good || !reserve(&text, 1)) {
        free(text.data);
        free(reader);
        return NULL;
    }
    text.data[text.size] = '\0';
    reader->text = reader->at = (char *)text.data;
    reader->path = path;
    reader->line = 1;
    return reader;
}

void reader_close(struct reader *reader)
{
    if (!reader)
        return;
    free(reader->text);
    free(reader);
}

/* The rest of the line at `at`, without its end; `at` moves behind it. */
static char *take_line(struct reader *reader)
{
    char *text = reader->at, *end = strchr(text, '\n');
    reader->line++;
    reader->at = end ? end + 1 : text + strlen(text);
    if (end)
        *end = '\0';
    return text;
}

static void skip_comments(struct reader *reader)
{
    while (*reader->at == '#' || *reader->at == '\n')
        take_line(reader);
}

/* NULL at the end of the file. */
static char *next_line(struct reader *reader, uint32_t *number)
{
    skip_comments(reader);
    *number = reader->line;
    return *reader->at ? take_line(reader) : NULL;
}

static bool wrong(const struct reader *reader, uint32_t number, struct vd_error *err)
{
    struct vd_error why = *err;
    return vd_fail(err, "%s:%u: %.300s", reader->path, number, why.text);
}

static bool parse(const struct reader *reader, uint32_t number, const char *text, bool answer,
                  struct line *line, struct vd_error *err)
{
    if (!line_parse(text, line, err))
        return wrong(reader, number, err);
    if (line_is_answer(line->kind) == answer)
        return true;
    vd_fail(err, "%s %s", line_name(line->kind),
            answer ? "cannot be an answer" : "is an answer and must be indented by two blanks");
    return wrong(reader, number, err);
}

bool reader_next(struct reader *reader, struct record *record, struct vd_error *err)
{
    uint32_t number;
    err->text[0] = '\0';
    char *text = next_line(reader, &record->number);
    if (!text || !parse(reader, record->number, text, false, &record->head, err))
        return false;
    record->num_answers = 0;
    for (skip_comments(reader); *reader->at == ' '; skip_comments(reader)) {
        text = next_line(reader, &number);
        if (record->num_answers == MAX_ANSWERS) {
            vd_fail(err, "more than %d answers to one line", MAX_ANSWERS);
            return wrong(reader, number, err);
        }
        if (!parse(reader, number, text, true, &record->answers[record->num_answers++], err))
            return false;
    }
    return true;
}
