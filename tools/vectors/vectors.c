/* SPDX-License-Identifier: BSD-2-Clause */
#include "vectors.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "compare.h"
#include "play.h"

enum { MAX_CLASSES = 256 };

struct class
{
    char name[96];
    uint64_t count;
};

struct replay {
    const struct vectors_options *options;
    FILE *out;
    struct vectors_result *result;
    struct world world;
    struct record record;
    int64_t number; /* of the world */
    uint32_t shown;
    struct class classes[MAX_CLASSES];
    uint32_t num_classes;
    uint64_t *excused; /* by exception */
};

/* More classes than fit are counted as the last one. */
static void count_class(struct replay *p, const char *name)
{
    uint32_t i = 0;
    while (i < p->num_classes && strcmp(p->classes[i].name, name) != 0)
        i++;
    if (i == MAX_CLASSES)
        i--;
    if (i == p->num_classes) {
        snprintf(p->classes[i].name, sizeof(p->classes[i].name), "%s", name);
        p->num_classes++;
    }
    p->classes[i].count++;
}

static void show(struct replay *p, const struct difference *d)
{
    const char *wanted = p->options->class;
    if (p->shown >= p->options->first || (wanted && !strstr(d->class, wanted)))
        return;
    p->shown++;
    fprintf(p->out, "line %u, world %" PRId64 ", capabilities %" PRIx64 ": %s\n", d->record->number,
            p->number, p->world.capabilities, d->class);
    line_print(&d->record->head, p->out);
    fputs(" expected\n", p->out);
    for (uint32_t i = 0; i < d->record->num_answers; i++)
        line_print(&d->record->answers[i], p->out);
    fputs(" got\n", p->out);
    for (uint32_t i = 0; i < d->seen->num_answers; i++)
        line_print(&d->seen->answers[i], p->out);
}

static void judge(struct replay *p)
{
    struct difference d;
    const struct exception *exception;
    enum verdict verdict = compare(&p->world, &p->record, &d, &exception);
    if (verdict == VERDICT_EQUAL) {
        p->result->passed++;
        return;
    }
    if (verdict == VERDICT_EXCEPTED) {
        p->excused[exception - exceptions]++;
        p->result->excepted++;
    } else {
        p->result->failed++;
        count_class(p, d.class);
        show(p, &d);
    }
    compare_resume(&p->world, &p->record);
}

static int by_count(const void *x, const void *y)
{
    const struct class *a = x, *b = y;
    if (a->count != b->count)
        return a->count < b->count ? 1 : -1;
    return strcmp(a->name, b->name);
}

static void summarise(struct replay *p, const char *path)
{
    fprintf(p->out, "%s: %" PRIu64 " passed, %" PRIu64 " failed", path, p->result->passed,
            p->result->failed);
    if (p->result->excepted)
        fprintf(p->out, ", %" PRIu64 " excepted", p->result->excepted);
    fputc('\n', p->out);
    for (uint32_t i = 0; i < num_exceptions; i++)
        if (p->excused[i])
            fprintf(p->out, "%8" PRIu64 " excepted: %s [%s]\n", p->excused[i], exceptions[i].name,
                    exceptions[i].anchor);
    qsort(p->classes, p->num_classes, sizeof(p->classes[0]), by_count);
    for (uint32_t i = 0; i < p->num_classes; i++)
        fprintf(p->out, "%8" PRIu64 " %s\n", p->classes[i].count, p->classes[i].name);
}

static bool step(struct replay *p, struct vd_error *err)
{
    if (p->record.head.kind == LINE_WORLD)
        p->number = (int64_t)p->record.head.value[WORLD_n];
    if (p->options->world >= 0 && p->options->world != p->number)
        return true;
    if (!play_record(&p->world, &p->record, err))
        return false;
    if (play_asks(&p->record))
        judge(p);
    return true;
}

static bool all(struct replay *p, struct reader *reader, struct vd_error *err)
{
    while (reader_next(reader, &p->record, err)) {
        if (step(p, err))
            continue;
        struct vd_error why = *err;
        return vd_fail(err, "line %u: %.400s", p->record.number, why.text);
    }
    return err->text[0] == '\0';
}

bool vectors_replay(const char *path, const struct vectors_options *options, FILE *out,
                    struct vectors_result *result, struct vd_error *err)
{
    *result = (struct vectors_result){0};
    struct reader *reader = reader_open(path, err);
    if (!reader)
        return false;
    struct replay *p = calloc(1, sizeof(*p));
    uint64_t *excused = calloc(num_exceptions + 1, sizeof(*excused));
    bool good = p && excused;
    if (good) {
        p->options = options;
        p->out = out;
        p->result = result;
        p->number = -1;
        p->excused = excused;
        good = all(p, reader, err);
        if (good)
            summarise(p, path);
        world_close(&p->world);
    }
    free(excused);
    free(p);
    reader_close(reader);
    return good;
}

void vectors_list(FILE *out)
{
    for (uint32_t i = 0; i < num_exceptions; i++)
        fprintf(out, "%s [%s]: %s\n", exceptions[i].name, exceptions[i].anchor, exceptions[i].text);
}
