/* SPDX-License-Identifier: BSD-2-Clause */
#include <inttypes.h>
#include <string.h>

#include "report/csv.h"
#include "report/number.h"

void csv_write_text(FILE *out, const char *text)
{
    if (!strpbrk(text, ",\"\r\n")) {
        fputs(text, out);
        return;
    }
    fputc('"', out);
    for (; *text; text++) {
        if (*text == '"')
            fputc('"', out);
        fputc(*text, out);
    }
    fputc('"', out);
}

static void write_sample(FILE *out, const struct report *report, const struct sample *s)
{
    csv_write_text(out, s->path < report->num_paths ? report->paths[s->path].name : "");
    fprintf(out, ",%" PRIu64 ",%s,%u,%s,%u,%d,%d", s->serial, requester_kind(s->requester),
            requester_index(s->requester), file_name(s->file).text, s->identity, s->vm, s->vcpu);
    for (int i = 0; i < STAMP_COUNT; i++)
        fprintf(out, ",%" PRIu64, s->stamp[i]);
    fprintf(out, ",%u,%" PRIu64 ",%d,%s\n", s->traps, s->coalesced_into, s->inexact,
            sample_fate_names[s->fate < SAMPLE_FATES ? s->fate : SAMPLE_CLAIMED]);
}

void csv_write_samples(FILE *out, const struct report *report)
{
    fputs("path,serial,source,device,file,identity,vm,vcpu", out);
    for (int i = 0; i < STAMP_COUNT; i++)
        fprintf(out, ",%s", sample_stamp_names[i]);
    fputs(",traps,coalesced_into,inexact,fate\n", out);
    for (size_t i = 0; i < report->num_samples; i++)
        write_sample(out, report, &report->samples[i]);
}

static const char *const statistic_names[] = {"p50", "p90", "p99", "max", "mean"};
enum { STATISTICS = sizeof(statistic_names) / sizeof(statistic_names[0]) };

static vd_time statistic_value(const struct statistic *s, int index)
{
    const vd_time values[STATISTICS] = {s->p50, s->p90, s->p99, s->max, s->mean};
    return values[index];
}

static void write_statistic_head(FILE *out, const char *key)
{
    for (int i = 0; i < STATISTICS; i++)
        fprintf(out, ",%s_%s_cycles,%s_%s_ns", key, statistic_names[i], key, statistic_names[i]);
}

static void write_statistic(FILE *out, const struct report *report, const struct statistic *s)
{
    for (int i = 0; i < STATISTICS; i++) {
        vd_time ps = statistic_value(s, i);
        fprintf(out, ",%s,%s", number_of(ps, report->cycle_ps, 3).text, number_ns(ps).text);
    }
}

void csv_write_summary(FILE *out, const struct report *report)
{
    fputs("path,title,issued,claimed,coalesced,lost,duplicate,stray,dropped,traps,"
          "traps_per_interrupt,samples,inexact",
          out);
    write_statistic_head(out, "total");
    for (int s = 0; s < SEGMENT_COUNT; s++)
        write_statistic_head(out, sample_segment_keys[s]);
    fputc('\n', out);
    for (uint32_t i = 0; i < report->num_paths; i++) {
        const struct path_summary *p = &report->paths[i];
        csv_write_text(out, p->name);
        fputc(',', out);
        csv_write_text(out, p->title);
        const uint64_t counts[] = {p->issued,    p->claimed, p->coalesced, p->lost,
                                   p->duplicate, p->stray,   p->dropped,   p->traps};
        for (size_t c = 0; c < sizeof(counts) / sizeof(counts[0]); c++)
            fprintf(out, ",%" PRIu64, counts[c]);
        fprintf(out, ",%s,%" PRIu64 ",%" PRIu64, number_ratio(p->traps, p->claimed).text,
                p->samples, p->inexact);
        write_statistic(out, report, &p->total);
        for (int s = 0; s < SEGMENT_COUNT; s++)
            write_statistic(out, report, &p->segment[s]);
        fputc('\n', out);
    }
}

static void write_fact(FILE *out, const char *key, const char *value)
{
    fprintf(out, "%s,", key);
    csv_write_text(out, value ? value : "");
    fputc('\n', out);
}

void csv_write_run(FILE *out, const struct report *report)
{
    fputs("key,value\n", out);
    write_fact(out, "title", report->title);
    write_fact(out, "command", report->command);
    write_fact(out, "timing", report->timing);
    write_fact(out, "version", report->version);
    fprintf(out, "seed,%" PRIu64 "\ntrace_hash,0x%016" PRIx64 "\ncycle_ps,%" PRIu64 "\n",
            report->seed, report->trace_hash, report->cycle_ps);
    for (uint32_t i = 0; i < report->num_findings; i++)
        write_fact(out, "finding", report->findings[i]);
}

void json_write_string(FILE *out, const char *text)
{
    fputc('"', out);
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (c == '"' || c == '\\')
            fprintf(out, "\\%c", c);
        else if (c < 0x20)
            fprintf(out, "\\u%04x", c);
        else
            fputc(c, out);
    }
    fputc('"', out);
}

static void json_statistic(FILE *out, const struct report *report, const char *key,
                           const struct statistic *s)
{
    fprintf(out, "\"%s\": {", key);
    for (int i = 0; i < STATISTICS; i++) {
        vd_time ps = statistic_value(s, i);
        fprintf(out, "%s\"%s_cycles\": %s, \"%s_ns\": %s", i ? ", " : "", statistic_names[i],
                number_of(ps, report->cycle_ps, 3).text, statistic_names[i], number_ns(ps).text);
    }
    fputc('}', out);
}

static void json_path(FILE *out, const struct report *report, const struct path_summary *p)
{
    fputs("    {\"path\": ", out);
    json_write_string(out, p->name);
    fputs(", \"title\": ", out);
    json_write_string(out, p->title);
    fprintf(out,
            ",\n     \"issued\": %" PRIu64 ", \"claimed\": %" PRIu64 ", \"coalesced\": %" PRIu64
            ", \"lost\": %" PRIu64 ", \"duplicate\": %" PRIu64 ", \"stray\": %" PRIu64
            ", \"dropped\": %" PRIu64 ", \"traps\": %" PRIu64 ",\n     \"samples\": %" PRIu64
            ", \"inexact\": %" PRIu64 ",\n     ",
            p->issued, p->claimed, p->coalesced, p->lost, p->duplicate, p->stray, p->dropped,
            p->traps, p->samples, p->inexact);
    json_statistic(out, report, "total", &p->total);
    for (int s = 0; s < SEGMENT_COUNT; s++) {
        fputs(",\n     ", out);
        json_statistic(out, report, sample_segment_keys[s], &p->segment[s]);
    }
    fputc('}', out);
}

void json_write_summary(FILE *out, const struct report *report)
{
    fputs("{\n  \"title\": ", out);
    json_write_string(out, report->title ? report->title : "");
    fputs(",\n  \"command\": ", out);
    json_write_string(out, report->command ? report->command : "");
    fputs(",\n  \"timing\": ", out);
    json_write_string(out, report->timing ? report->timing : "");
    fprintf(out,
            ",\n  \"seed\": %" PRIu64 ",\n  \"trace_hash\": \"0x%016" PRIx64
            "\",\n  \"cycle_ps\": %" PRIu64 ",\n  \"findings\": [",
            report->seed, report->trace_hash, report->cycle_ps);
    for (uint32_t i = 0; i < report->num_findings; i++) {
        fputs(i ? ", " : "", out);
        json_write_string(out, report->findings[i]);
    }
    fputs("],\n  \"paths\": [\n", out);
    for (uint32_t i = 0; i < report->num_paths; i++) {
        json_path(out, report, &report->paths[i]);
        fputs(i + 1 < report->num_paths ? ",\n" : "\n", out);
    }
    fputs("  ],\n  \"migrations\": [\n", out);
    json_write_migrations(out, report);
    fputs("  ]\n}\n", out);
}
