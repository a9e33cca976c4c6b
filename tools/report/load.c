/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads a run directory back. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "report/csv.h"
#include "report/migration.h"

/* What the pointers of a loaded report lead into. */
struct loaded {
    char *samples, *migrations, *landings, *summary, *run, *config;
    const char **findings;
    uint32_t num_findings;
};

struct reader {
    const char *dir, *file;
    struct csv csv;
    struct vd_error *err;
};

static char *read_all(FILE *in)
{
    size_t size = 0, capacity = 1 << 16;
    char *text = malloc(capacity);
    while (text) {
        size += fread(text + size, 1, capacity - size - 1, in);
        if (size + 1 < capacity)
            break;
        char *more = realloc(text, capacity *= 2);
        if (!more)
            free(text);
        text = more;
    }
    if (text)
        text[size] = '\0';
    return text;
}

static char *read_file(const char *dir, const char *name, struct vd_error *err)
{
    char path[4096];
    if (snprintf(path, sizeof(path), "%s/%s", dir, name) >= (int)sizeof(path)) {
        vd_fail(err, "%.200s...: the path is longer than 4095 characters", dir);
        return NULL;
    }
    FILE *in = fopen(path, "r");
    if (!in) {
        vd_fail(err, "%s: %s; a run directory is what `viaduct exp run` writes", path,
                strerror(errno));
        return NULL;
    }
    char *text = read_all(in);
    fclose(in);
    if (!text)
        vd_fail(err, "%s: out of memory", path);
    return text;
}

static bool bad(const struct reader *r, const char *what, const char *text)
{
    return vd_fail(r->err, "%s/%s:%u: %s, not `%.60s`", r->dir, r->file, r->csv.line, what, text);
}

static bool get_unsigned(const struct reader *r, unsigned field, uint64_t max, uint64_t *value)
{
    const char *text = r->csv.field[field];
    char *end;
    errno = 0;
    *value = strtoull(text, &end, 0);
    if (end == text || *end || *text == '-' || errno || *value > max)
        return bad(r, "a number without sign is expected", text);
    return true;
}

static bool get_u32(const struct reader *r, unsigned field, uint32_t *value)
{
    uint64_t wide;
    if (!get_unsigned(r, field, UINT32_MAX, &wide))
        return false;
    *value = (uint32_t)wide;
    return true;
}

static bool get_int(const struct reader *r, unsigned field, int32_t *value)
{
    char *end;
    long wide = strtol(r->csv.field[field], &end, 10);
    if (end == r->csv.field[field] || *end || wide < -1 || wide > INT32_MAX)
        return bad(r, "a number from -1 is expected", r->csv.field[field]);
    *value = (int32_t)wide;
    return true;
}

static bool next_record(struct reader *r, unsigned fields, bool *more)
{
    *more = csv_next(&r->csv);
    if (*more && r->csv.count < fields)
        return vd_fail(r->err, "%s/%s:%u: %u fields are expected, there are %u", r->dir, r->file,
                       r->csv.line, fields, r->csv.count);
    return true;
}

static bool add_finding(struct loaded *l, const char *text)
{
    size_t size = (l->num_findings + 1) * sizeof(l->findings[0]);
    const char **findings = realloc((void *)l->findings, size);
    if (!findings)
        return false;
    l->findings = findings;
    l->findings[l->num_findings++] = text;
    return true;
}

static bool load_fact(struct reader *r, struct report *report, struct loaded *l)
{
    const struct {
        const char *key;
        const char **text;
        uint64_t *number;
    } facts[] = {
        {"title", &report->title, NULL},       {"command", &report->command, NULL},
        {"timing", &report->timing, NULL},     {"version", &report->version, NULL},
        {"seed", NULL, &report->seed},         {"trace_hash", NULL, &report->trace_hash},
        {"cycle_ps", NULL, &report->cycle_ps},
    };
    const char *key = r->csv.field[0];
    if (!strcmp(key, "finding"))
        return add_finding(l, r->csv.field[1]) || vd_fail(r->err, "%s: out of memory", r->dir);
    for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++) {
        if (strcmp(key, facts[i].key))
            continue;
        if (facts[i].number)
            return get_unsigned(r, 1, UINT64_MAX, facts[i].number);
        *facts[i].text = r->csv.field[1];
        return true;
    }
    return true;
}

static bool load_run(struct reader *r, struct report *report, struct loaded *l)
{
    bool more;
    r->file = "run.csv";
    r->csv = (struct csv){.next = l->run};
    if (!next_record(r, 2, &more))
        return false;
    while (next_record(r, 2, &more) && more)
        if (!load_fact(r, report, l))
            return false;
    report->findings = l->findings;
    report->num_findings = l->num_findings;
    return !more;
}

static bool load_path(struct reader *r, struct path_summary *p)
{
    uint64_t *counts[] = {&p->issued,    &p->claimed, &p->coalesced, &p->lost,
                          &p->duplicate, &p->stray,   &p->dropped,   &p->traps};
    p->name = r->csv.field[0];
    p->title = r->csv.field[1];
    for (unsigned i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
        if (!get_unsigned(r, 2 + i, UINT64_MAX, counts[i]))
            return false;
    return true;
}

static size_t count_lines(const char *text)
{
    size_t lines = 1;
    while ((text = strchr(text, '\n'))) {
        text++;
        lines++;
    }
    return lines;
}

static bool load_summary(struct reader *r, struct report *report, struct loaded *l)
{
    bool more;
    r->file = "summary.csv";
    r->csv = (struct csv){.next = l->summary};
    report->paths = calloc(count_lines(l->summary), sizeof(report->paths[0]));
    if (!report->paths)
        return vd_fail(r->err, "%s: out of memory", r->dir);
    if (!next_record(r, 13, &more))
        return false;
    while (next_record(r, 13, &more) && more)
        if (!load_path(r, &report->paths[report->num_paths++]))
            return false;
    return !more;
}

static bool get_path(const struct reader *r, const struct report *report, uint32_t *path)
{
    for (*path = 0; *path < report->num_paths; ++*path)
        if (!strcmp(report->paths[*path].name, r->csv.field[0]))
            return true;
    return bad(r, "a path of summary.csv is expected", r->csv.field[0]);
}

static bool get_requester(const struct reader *r, struct sample *s)
{
    static const struct {
        const char *kind;
        uint32_t base;
    } kinds[] = {{"device", 0},
                 {"hart", VD_REQUESTER_HART(0)},
                 {"iommu", VD_REQUESTER_IOMMU(0)},
                 {"aplic", VD_REQUESTER_APLIC(0)}};
    uint64_t index;
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (strcmp(r->csv.field[2], kinds[i].kind))
            continue;
        if (!get_unsigned(r, 3, 0xffffff, &index))
            return false;
        s->requester = kinds[i].base | (uint32_t)index;
        return true;
    }
    return bad(r, "device, hart, iommu or aplic is expected", r->csv.field[2]);
}

static bool get_file(const struct reader *r, unsigned field, uint32_t *file)
{
    const char *text = r->csv.field[field];
    unsigned hart, guest;
    char kind, rest;
    int fields = sscanf(text, "h%u.%c%u%c", &hart, &kind, &guest, &rest);
    if (fields == 2 && (kind == 'M' || kind == 'S'))
        *file = (uint32_t)VD_FILE(hart, kind == 'S');
    else if (fields == 3 && kind == 'g' && guest >= 1 && guest <= 63)
        *file = (uint32_t)VD_FILE(hart, 1 + guest);
    else if (!strcmp(text, "-"))
        *file = SAMPLE_NO_FILE;
    else
        return bad(r, "an interrupt file as h0.M, h0.S or h0.g1 is expected", text);
    return true;
}

/* One of a list of names, as its index. */
static bool get_name(const struct reader *r, unsigned field, const char *const *names,
                     uint8_t count, uint8_t *value)
{
    for (*value = 0; *value < count; ++*value)
        if (!strcmp(r->csv.field[field], names[*value]))
            return true;
    return bad(r, "another word is expected", r->csv.field[field]);
}

static bool load_sample(struct reader *r, const struct report *report, struct sample *s)
{
    uint32_t inexact;
    if (!get_path(r, report, &s->path) || !get_unsigned(r, 1, UINT64_MAX, &s->serial) ||
        !get_requester(r, s) || !get_file(r, 4, &s->file) || !get_u32(r, 5, &s->identity) ||
        !get_int(r, 6, &s->vm) || !get_int(r, 7, &s->vcpu))
        return false;
    for (unsigned i = 0; i < STAMP_COUNT; i++)
        if (!get_unsigned(r, 8 + i, VD_NEVER - 1, &s->stamp[i]))
            return false;
    if (!get_u32(r, 15, &s->traps) || !get_unsigned(r, 16, UINT64_MAX, &s->coalesced_into) ||
        !get_u32(r, 17, &inexact) || !get_name(r, 18, sample_fate_names, SAMPLE_FATES, &s->fate))
        return false;
    s->inexact = inexact;
    return true;
}

static bool load_samples(struct reader *r, struct report *report, struct loaded *l)
{
    bool more;
    r->file = "samples.csv";
    r->csv = (struct csv){.next = l->samples};
    report->samples = calloc(count_lines(l->samples), sizeof(report->samples[0]));
    if (!report->samples)
        return vd_fail(r->err, "%s: out of memory", r->dir);
    if (!next_record(r, 19, &more))
        return false;
    while (next_record(r, 19, &more) && more)
        if (!load_sample(r, report, &report->samples[report->num_samples++]))
            return false;
    return !more;
}

static bool get_place(const struct reader *r, unsigned field, uint64_t *place)
{
    uint32_t file = 0;
    bool memory = !strcmp(r->csv.field[field], place_name_of(MIGRATION_MEMORY).text);
    if (!memory && !get_file(r, field, &file))
        return false;
    *place = memory ? MIGRATION_MEMORY : file;
    return true;
}

static bool load_migration(struct reader *r, const struct report *report, struct migration *m)
{
    vd_time *times[] = {&m->begun, &m->store, &m->restored, &m->ended};
    uint32_t *counts[] = {&m->landed_old, &m->landed_new, &m->moved, &m->merged};
    if (!get_path(r, report, &m->path) || !get_int(r, 1, &m->vm) || !get_int(r, 2, &m->vcpu) ||
        !get_place(r, 3, &m->from) || !get_place(r, 4, &m->to))
        return false;
    for (unsigned i = 0; i < 4; i++)
        if (!get_unsigned(r, 5 + i, VD_NEVER - 1, times[i]) || !get_u32(r, 9 + i, counts[i]))
            return false;
    return true;
}

static bool load_migrations(struct reader *r, struct report *report, struct loaded *l)
{
    bool more;
    r->file = "migrations.csv";
    r->csv = (struct csv){.next = l->migrations};
    report->migrations = calloc(count_lines(l->migrations), sizeof(report->migrations[0]));
    if (!report->migrations)
        return vd_fail(r->err, "%s: out of memory", r->dir);
    if (!next_record(r, 13, &more))
        return false;
    while (next_record(r, 13, &more) && more)
        if (!load_migration(r, report, &report->migrations[report->num_migrations++]))
            return false;
    return !more;
}

static bool load_landing(struct reader *r, struct landing *l)
{
    return get_u32(r, 0, &l->migration) && get_unsigned(r, 1, UINT64_MAX, &l->serial) &&
           get_u32(r, 2, &l->identity) && get_unsigned(r, 3, VD_NEVER - 1, &l->when) &&
           get_name(r, 4, landing_place_names, LANDED_NEW + 1, &l->place) &&
           get_name(r, 5, landing_end_names, LANDING_MERGED + 1, &l->end);
}

static bool load_landings(struct reader *r, struct report *report, struct loaded *l)
{
    bool more;
    r->file = "landings.csv";
    r->csv = (struct csv){.next = l->landings};
    report->landings = calloc(count_lines(l->landings), sizeof(report->landings[0]));
    if (!report->landings)
        return vd_fail(r->err, "%s: out of memory", r->dir);
    if (!next_record(r, 6, &more))
        return false;
    while (next_record(r, 6, &more) && more)
        if (!load_landing(r, &report->landings[report->num_landings++]))
            return false;
    return !more;
}

static bool read_files(const char *dir, struct loaded *l, struct vd_error *err)
{
    return (l->run = read_file(dir, "run.csv", err)) &&
           (l->summary = read_file(dir, "summary.csv", err)) &&
           (l->samples = read_file(dir, "samples.csv", err)) &&
           (l->migrations = read_file(dir, "migrations.csv", err)) &&
           (l->landings = read_file(dir, "landings.csv", err)) &&
           (l->config = read_file(dir, "config.yaml", err));
}

bool report_load(const char *dir, struct report *report, struct vd_error *err)
{
    struct reader r = {.dir = dir, .err = err};
    struct loaded *l = calloc(1, sizeof(*l));
    *report = (struct report){.loaded = l};
    if (!l)
        return vd_fail(err, "%s: out of memory", dir);
    bool ok = read_files(dir, l, err) && load_run(&r, report, l) && load_summary(&r, report, l) &&
              load_samples(&r, report, l) && load_migrations(&r, report, l) &&
              load_landings(&r, report, l) && report_summarize(report, err);
    report->config = l->config;
    if (!ok)
        report_free(report);
    return ok;
}

void report_free(struct report *report)
{
    struct loaded *l = report->loaded;
    if (!l)
        return;
    free(l->samples);
    free(l->migrations);
    free(l->landings);
    free(l->summary);
    free(l->run);
    free(l->config);
    free((void *)l->findings);
    free(l);
    free(report->samples);
    free(report->migrations);
    free(report->landings);
    free(report->paths);
    *report = (struct report){.loaded = NULL};
}
