/* SPDX-License-Identifier: BSD-2-Clause */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/trace.h"
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

int verb_trace(int argc, char **argv)
{
    if (argc == 1 && strcmp(argv[0], "--help") == 0) {
        puts("viaduct trace FILE: prints a trace that `viaduct run --trace FILE` wrote, a line per "
             "record.");
        return STATUS_OK;
    }
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
