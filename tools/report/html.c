/* SPDX-License-Identifier: BSD-2-Clause */
#include "report/html.h"

#include <inttypes.h>

#include "report/migration.h"

/* More would bury the plots. */
enum { MOST_FINDINGS = 50 };

static const char style[] =
    ":root{color-scheme:light dark;--ink:#1d2430;--soft:#5b6676;--rule:#d9dee6;--page:#ffffff;"
    "--card:#f6f8fa;--bad:#b42318}\n"
    "@media(prefers-color-scheme:dark){:root{--ink:#e4e8ee;--soft:#9aa5b4;--rule:#363e4a;"
    "--page:#14181e;--card:#1c222a;--bad:#ff8a7a}}\n"
    "body{margin:2rem auto;max-width:72rem;padding:0 1.25rem;background:var(--page);"
    "color:var(--ink);font:15px/1.5 system-ui,sans-serif}\n"
    "h1{font-size:1.6rem;margin:0 0 .25rem}h2{font-size:1.15rem;margin:2.25rem 0 .5rem}\n"
    "p{margin:.25rem 0}.soft{color:var(--soft)}.bad{color:var(--bad);font-weight:600}\n"
    ".wide{overflow-x:auto}\n"
    "table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}\n"
    "th,td{padding:.3rem .6rem;border-bottom:1px solid var(--rule);text-align:right;"
    "white-space:nowrap}\n"
    "th{color:var(--soft);font-weight:600}th.l,td.l{text-align:left}tr.total td{font-weight:600}\n"
    "td.what{white-space:normal}\n"
    "svg{display:block;width:100%;height:auto;font:12px system-ui,sans-serif}\n"
    "svg text{fill:var(--ink)}svg .soft{fill:var(--soft)}svg .rule{stroke:var(--rule)}\n"
    "pre{background:var(--card);border:1px solid var(--rule);border-radius:6px;padding:.8rem 1rem;"
    "overflow:auto;max-height:32rem;font:13px/1.45 ui-monospace,monospace}\n"
    "dl{display:grid;grid-template-columns:max-content 1fr;gap:.1rem 1rem;margin:.75rem 0}\n"
    "dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}\n"
    "summary{cursor:pointer}details{margin:.35rem 0}\n";

void html_text(FILE *out, const char *text)
{
    for (; text && *text; text++) {
        switch (*text) {
        case '<':
            fputs("&lt;", out);
            break;
        case '>':
            fputs("&gt;", out);
            break;
        case '&':
            fputs("&amp;", out);
            break;
        case '"':
            fputs("&quot;", out);
            break;
        default:
            fputc(*text, out);
        }
    }
}

static void write_fact(FILE *out, const char *name, const char *value)
{
    if (!value || !*value)
        return;
    fprintf(out, "<dt>%s</dt><dd>", name);
    html_text(out, value);
    fputs("</dd>\n", out);
}

static void write_facts(FILE *out, const struct report *report)
{
    char text[64];
    fputs("<dl>\n", out);
    write_fact(out, "command", report->command);
    write_fact(out, "timing", report->timing);
    snprintf(text, sizeof(text), "%s ns", number_ns(report->cycle_ps).text);
    write_fact(out, "cycle", text);
    snprintf(text, sizeof(text), "%" PRIu64, report->seed);
    write_fact(out, "seed", text);
    snprintf(text, sizeof(text), "0x%016" PRIx64, report->trace_hash);
    write_fact(out, "trace hash", text);
    write_fact(out, "version", report->version);
    fputs("</dl>\n", out);
}

static void write_findings(FILE *out, const struct report *report)
{
    if (!report->num_findings) {
        fputs("<p>The ledger is balanced: every MSI was claimed, coalesced with an equal one, or "
              "dropped with a documented cause.</p>\n",
              out);
        return;
    }
    uint32_t shown = report->num_findings < MOST_FINDINGS ? report->num_findings : MOST_FINDINGS;
    fputs("<p class=\"bad\">The ledger reports:</p>\n<ul>\n", out);
    for (uint32_t i = 0; i < shown; i++) {
        fputs("<li class=\"bad\">", out);
        html_text(out, report->findings[i]);
        fputs("</li>\n", out);
    }
    fputs("</ul>\n", out);
    if (shown < report->num_findings)
        fprintf(out, "<p class=\"bad\">and %" PRIu32 " more, all in run.csv</p>\n",
                report->num_findings - shown);
}

/* Counts that must be 0 stand out if they are not. */
static void write_count(FILE *out, uint64_t count, bool must_be_zero)
{
    fprintf(out, "<td%s>%" PRIu64 "</td>", must_be_zero && count ? " class=\"bad\"" : "", count);
}

static void write_counts(FILE *out, const struct report *report)
{
    fputs("<h2>Interrupts</h2>\n<div class=\"wide\"><table>\n<tr><th class=\"l\">path</th>"
          "<th class=\"l\">what</th><th>issued</th><th>claimed</th><th>coalesced</th><th>lost</th>"
          "<th>duplicate</th><th>stray</th><th>dropped</th><th>traps per MSI</th>"
          "<th>p50 ns</th><th>p99 ns</th></tr>\n",
          out);
    for (uint32_t i = 0; i < report->num_paths; i++) {
        const struct path_summary *p = &report->paths[i];
        fputs("<tr><td class=\"l\">", out);
        html_text(out, p->name);
        fputs("</td><td class=\"l what\">", out);
        html_text(out, p->title);
        fputs("</td>", out);
        write_count(out, p->issued, false);
        write_count(out, p->claimed, false);
        write_count(out, p->coalesced, false);
        write_count(out, p->lost, true);
        write_count(out, p->duplicate, true);
        write_count(out, p->stray, true);
        write_count(out, p->dropped, false);
        fprintf(out, "<td>%s</td><td>%s</td><td>%s</td></tr>\n",
                number_ratio(p->traps, p->claimed).text, number_of(p->total.p50, 1000, 1).text,
                number_of(p->total.p99, 1000, 1).text);
    }
    fputs("</table></div>\n", out);
}

static void write_statistic(FILE *out, const struct report *report, const char *name,
                            const struct statistic *s, bool total)
{
    const vd_time values[] = {s->p50, s->p90, s->p99, s->max, s->mean};
    fprintf(out, "<tr%s><td class=\"l\">%s</td>", total ? " class=\"total\"" : "", name);
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
        fprintf(out, "<td>%s</td><td class=\"soft\">%s</td>",
                number_of(values[i], report->cycle_ps, 1).text, number_of(values[i], 1000, 1).text);
    fputs("</tr>\n", out);
}

static void write_latency(FILE *out, const struct report *report, const struct path_summary *p,
                          bool open)
{
    fprintf(out, "<details%s><summary>", open ? " open" : "");
    html_text(out, p->name);
    fputs(" ", out);
    html_text(out, p->title);
    fprintf(out, " <span class=\"soft\">(%" PRIu64 " MSIs", p->samples);
    if (p->inexact)
        fprintf(out, ", %" PRIu64 " inexact", p->inexact);
    fputs(")</span></summary>\n<div class=\"wide\"><table>\n<tr><th class=\"l\">segment</th>", out);
    const char *const columns[] = {"p50", "p90", "p99", "max", "mean"};
    for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++)
        fprintf(out, "<th>%s cycles</th><th>ns</th>", columns[i]);
    fputs("</tr>\n", out);
    for (int s = 0; s < SEGMENT_COUNT; s++)
        write_statistic(out, report, sample_segment_names[s], &p->segment[s], false);
    write_statistic(out, report, "total", &p->total, true);
    fputs("</table></div></details>\n", out);
}

static bool measured(const struct report *report)
{
    for (uint32_t i = 0; i < report->num_paths; i++)
        if (report->paths[i].samples)
            return true;
    return false;
}

static void write_plots(FILE *out, const struct report *report)
{
    fputs("<h2>Where the time goes</h2>\n<p class=\"soft\">Mean latency of each path by segment, "
          "from the store of the device to the claim in the handler.</p>\n",
          out);
    plot_segments(out, report);
    fputs("<h2>Distribution</h2>\n<p class=\"soft\">Share of the MSIs claimed within a time; the "
          "time axis is logarithmic.</p>\n",
          out);
    plot_distribution(out, report);
    fputs("<h2>Latency by segment</h2>\n<p class=\"soft\">Percentiles by nearest rank, each "
          "segment on its own: they do not add up, the means do.</p>\n",
          out);
    for (uint32_t i = 0; i < report->num_paths; i++)
        if (report->paths[i].samples)
            write_latency(out, report, &report->paths[i], i == 0);
}

void html_write(FILE *out, const struct report *report)
{
    const char *title = report->title ? report->title : "Viaduct run";
    fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
          "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>",
          out);
    html_text(out, title);
    fprintf(out, "</title>\n<style>\n%s</style>\n</head>\n<body>\n<h1>", style);
    html_text(out, title);
    fputs("</h1>\n", out);
    write_findings(out, report);
    write_facts(out, report);
    write_counts(out, report);
    if (measured(report))
        write_plots(out, report);
    migration_write_html(out, report);
    fputs("<h2>Configuration</h2>\n<pre>", out);
    html_text(out, report->config);
    fputs("</pre>\n</body>\n</html>\n", out);
}
