/* SPDX-License-Identifier: BSD-2-Clause */
/* The report as text. */
#include <inttypes.h>

#include "report/number.h"
#include "report/report.h"

static void print_counts(FILE *out, const struct report *report)
{
    fprintf(out, "%-5s %9s %9s %9s %6s %6s %6s %8s %10s  %s\n", "path", "issued", "claimed",
            "coalesced", "lost", "dupl.", "stray", "dropped", "traps/MSI", "what");
    for (uint32_t i = 0; i < report->num_paths; i++) {
        const struct path_summary *p = &report->paths[i];
        fprintf(out,
                "%-5s %9" PRIu64 " %9" PRIu64 " %9" PRIu64 " %6" PRIu64 " %6" PRIu64 " %6" PRIu64
                " %8" PRIu64 " %10s  %s\n",
                p->name, p->issued, p->claimed, p->coalesced, p->lost, p->duplicate, p->stray,
                p->dropped, number_ratio(p->traps, p->claimed).text, p->title);
    }
}

static void print_cell(FILE *out, const struct report *report, vd_time ps)
{
    fprintf(out, " %9s (%s)%*s", number_of(ps, report->cycle_ps, 1).text,
            number_of(ps, 1000, 1).text,
            (int)(9 - snprintf(NULL, 0, "%s", number_of(ps, 1000, 1).text)), "");
}

static void print_statistic(FILE *out, const struct report *report, const char *name,
                            const struct statistic *s)
{
    fprintf(out, "  %-16s", name);
    print_cell(out, report, s->p50);
    print_cell(out, report, s->p90);
    print_cell(out, report, s->p99);
    print_cell(out, report, s->max);
    fputc('\n', out);
}

static void print_latency(FILE *out, const struct report *report, const struct path_summary *p)
{
    fprintf(out, "\n%s %s: %" PRIu64 " latencies in cycles (ns)", p->name, p->title, p->samples);
    if (p->inexact)
        fprintf(out, ", %" PRIu64 " inexact", p->inexact);
    fprintf(out, "\n  %-16s %9s %11s %9s %11s %9s %11s %9s\n", "", "p50", "", "p90", "", "p99", "",
            "max");
    print_statistic(out, report, "total", &p->total);
    for (int s = 0; s < SEGMENT_COUNT; s++)
        print_statistic(out, report, sample_segment_names[s], &p->segment[s]);
}

void report_print(FILE *out, const struct report *report)
{
    print_counts(out, report);
    for (uint32_t i = 0; i < report->num_paths; i++)
        if (report->paths[i].samples)
            print_latency(out, report, &report->paths[i]);
}

void report_print_findings(FILE *out, const struct report *report, uint32_t most)
{
    uint32_t shown = report->num_findings < most ? report->num_findings : most;
    if (shown)
        fprintf(out, "\nThe ledger reports:\n");
    for (uint32_t i = 0; i < shown; i++)
        fprintf(out, "  %s\n", report->findings[i]);
    if (shown < report->num_findings)
        fprintf(out, "  and %" PRIu32 " more, all in run.csv\n", report->num_findings - shown);
}
