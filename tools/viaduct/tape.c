/* SPDX-License-Identifier: BSD-2-Clause */
#include "tape.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEADER "viaduct console input 1\n"

struct key {
    vd_time when;
    uint8_t byte;
};

struct tape {
    FILE *out;        /* recording */
    vd_time line;     /* of the line that is being written; VD_NEVER: none */
    struct key *keys; /* replaying */
    size_t next, count, room;
    vd_time end; /* VD_NEVER: the run ended first */
    bool left;
};

static struct tape *new_tape(struct vd_error *err)
{
    struct tape *t = calloc(1, sizeof(*t));
    if (!t) {
        vd_fail(err, "no memory for the console's input");
        return NULL;
    }
    t->line = t->end = VD_NEVER;
    return t;
}

struct tape *tape_record(const char *path, struct vd_error *err)
{
    struct tape *t = new_tape(err);
    if (!t)
        return NULL;
    t->out = fopen(path, "w");
    if (!t->out || fputs(HEADER, t->out) == EOF) {
        vd_fail(err, "the console's input cannot be recorded in '%s': %s", path, strerror(errno));
        tape_close(t);
        return NULL;
    }
    return t;
}

static void end_line(struct tape *t)
{
    if (t->line != VD_NEVER)
        fputc('\n', t->out);
    t->line = VD_NEVER;
    fflush(t->out);
}

void tape_put(struct tape *t, vd_time now, uint8_t byte)
{
    if (t->line != now) {
        end_line(t);
        fprintf(t->out, "%" PRIu64 " ", now);
        t->line = now;
    }
    fprintf(t->out, "%02x", byte);
}

void tape_end(struct tape *t, vd_time now, bool left)
{
    end_line(t);
    fprintf(t->out, "%" PRIu64 " %s\n", now, left ? "left" : "end");
}

void tape_close(struct tape *t)
{
    if (!t)
        return;
    if (t->out) {
        end_line(t);
        fclose(t->out);
    }
    free(t->keys);
    free(t);
}

static bool add(struct tape *t, vd_time when, uint8_t byte)
{
    if (t->count == t->room) {
        size_t room = t->room ? 2 * t->room : 1024;
        struct key *keys = realloc(t->keys, room * sizeof(*keys));
        if (!keys)
            return false;
        t->keys = keys;
        t->room = room;
    }
    t->keys[t->count++] = (struct key){when, byte};
    return true;
}

static bool add_hex(struct tape *t, vd_time when, const char *hex)
{
    for (; *hex && *hex != '\n'; hex += 2) {
        char digits[] = {hex[0], hex[1], '\0'};
        if (strspn(digits, "0123456789abcdef") != 2 ||
            !add(t, when, (uint8_t)strtoul(digits, NULL, 16)))
            return false;
    }
    return true;
}

static bool add_line(struct tape *t, const char *line)
{
    char *rest;
    errno = 0;
    vd_time when = strtoull(line, &rest, 10);
    bool in_order = t->end == VD_NEVER && (!t->count || t->keys[t->count - 1].when <= when);
    if (rest == line || *rest != ' ' || errno || !in_order)
        return false;
    rest++;
    t->left = strcmp(rest, "left\n") == 0;
    if (!t->left && strcmp(rest, "end\n") != 0)
        return add_hex(t, when, rest);
    t->end = when;
    return true;
}

static bool read_lines(struct tape *t, FILE *in, const char *path, struct vd_error *err)
{
    char *line = NULL;
    size_t room = 0, number = 1;
    bool ok = getline(&line, &room, in) >= 0 && strcmp(line, HEADER) == 0;
    while (ok && getline(&line, &room, in) >= 0) {
        number++;
        ok = add_line(t, line);
    }
    free(line);
    return ok ||
           vd_fail(err, "%s:%zu: this is no console input as --record writes it", path, number);
}

struct tape *tape_replay(const char *path, struct vd_error *err)
{
    FILE *in = fopen(path, "r");
    if (!in) {
        vd_fail(err, "%s cannot be read: %s", path, strerror(errno));
        return NULL;
    }
    struct tape *t = new_tape(err);
    if (t && !read_lines(t, in, path, err)) {
        tape_close(t);
        t = NULL;
    }
    fclose(in);
    return t;
}

bool tape_due(const struct tape *t, vd_time now)
{
    return t->next < t->count && t->keys[t->next].when <= now;
}

uint8_t tape_take(struct tape *t)
{
    return t->keys[t->next++].byte;
}

bool tape_ended(const struct tape *t, vd_time now)
{
    return t->next == t->count && t->end <= now;
}

bool tape_left(const struct tape *t, vd_time now)
{
    return t->left && tape_ended(t, now);
}
