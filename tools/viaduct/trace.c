/* SPDX-License-Identifier: BSD-2-Clause */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/trace.h"
#include "sequence.h"
#include "verbs.h"

static void print_field(const char *name, uint64_t value)
{
    if (strcmp(name, "unused") != 0)
        printf(" %s=0x%" PRIx64, name, value);
}

static void print_record(const struct trace_reader *reader, const struct vd_record *rec)
{
    const struct trace_kind *kind = trace_read_kind(reader, rec->kind);
    const char *source = trace_read_source(reader, rec->source);
    printf("%12" PRIu64 ".%03" PRIu64 " ns %-10s", rec->time / 1000, rec->time % 1000,
           source ? source : "?");
    if (!kind) {
        printf(" kind %u\n", rec->kind);
        return;
    }
    printf(" %s", kind->name);
    if (rec->serial)
        printf(" serial=%" PRIu64, rec->serial);
    print_field(kind->fields[0], rec->a);
    print_field(kind->fields[1], rec->b);
    print_field(kind->fields[2], rec->c);
    putchar('\n');
}

static const char help[] =
    "viaduct trace FILE: prints a trace that `viaduct run --trace FILE` wrote, a line per record.\n"
    "\n"
    "viaduct trace FILE --sequence SVG OPTION...: draws a part of it as a sequence diagram\n"
    "  --msi N        the N-th MSI of the measured phase, from 0 on, from its issue to its claim\n"
    "  --move N       the N-th move of an interrupt file\n"
    "  --route        how the first vCPU got its interrupts\n"
    "  --before NS, --after NS   how much more is shown\n"
    "  --harts LIST   whose records are shown, e.g. 0,2; all, if not given\n"
    "  --title TEXT";

static bool parse_harts(const char *list, uint64_t *harts)
{
    for (*harts = 0; *list; list += *list == ',') {
        char *end;
        unsigned long hart = strtoul(list, &end, 10);
        if (end == list || hart > 63 || (*end && *end != ','))
            return false;
        *harts |= UINT64_C(1) << hart;
        list = end;
    }
    return *harts != 0;
}

static bool parse_number(const char *text, uint64_t *number)
{
    char *end;
    *number = strtoull(text, &end, 10);
    return end != text && !*end && *number <= UINT32_MAX;
}

/* One option and its value. */
static bool parse_option(struct sequence_view *view, const char *name, const char *value)
{
    uint64_t number;
    if (!strcmp(name, "--title"))
        return (view->title = value) != NULL;
    if (!strcmp(name, "--harts"))
        return parse_harts(value, &view->harts);
    if (!parse_number(value, &number))
        return false;
    if (!strcmp(name, "--before"))
        view->before = number * 1000;
    else if (!strcmp(name, "--after"))
        view->after = number * 1000;
    else if (!strcmp(name, "--msi") || !strcmp(name, "--move"))
        *view = (struct sequence_view){!strcmp(name, "--msi") ? SUBJECT_MSI : SUBJECT_MOVE,
                                       (uint32_t)number,
                                       view->before,
                                       view->after,
                                       view->harts,
                                       view->title};
    else
        return false;
    return true;
}

static int draw(const char *trace, int argc, char **argv)
{
    struct sequence_view view = {.harts = UINT64_MAX, .title = ""};
    const char *svg = argc > 1 ? argv[1] : NULL;
    struct vd_error err;
    for (int i = 2; svg && i < argc; i++) {
        if (!strcmp(argv[i], "--route"))
            view.subject = SUBJECT_ROUTE;
        else if (i + 1 == argc || !parse_option(&view, argv[i], argv[i + 1]))
            return fail(STATUS_USAGE, "viaduct trace --help lists the options of --sequence");
        else
            i++;
    }
    if (!svg)
        return fail(STATUS_USAGE, "--sequence wants the name of the SVG file");
    return sequence_draw(trace, svg, &view, &err) ? STATUS_OK : fail(STATUS_FILE, err.text);
}

int verb_trace(int argc, char **argv)
{
    if (argc == 1 && strcmp(argv[0], "--help") == 0) {
        puts(help);
        return STATUS_OK;
    }
    if (argc > 1 && strcmp(argv[1], "--sequence") == 0)
        return draw(argv[0], argc - 1, argv + 1);
    if (argc != 1 || argv[0][0] == '-')
        return fail(STATUS_USAGE, "viaduct trace takes one argument, the trace's file name");
    struct vd_error err;
    struct trace_reader *reader = trace_read_open(argv[0], &err);
    if (!reader)
        return fail(STATUS_FILE, err.text);
    struct vd_record rec;
    bool truncated = false;
    while (trace_read(reader, &rec, &truncated))
        print_record(reader, &rec);
    trace_read_close(reader);
    if (!truncated)
        return STATUS_OK;
    vd_fail(&err, "%s ends inside a record", argv[0]);
    return fail(STATUS_FILE, err.text);
}
