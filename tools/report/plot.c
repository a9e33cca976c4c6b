/* SPDX-License-Identifier: BSD-2-Clause */
/* Plots as inline SVG, in user units of about one pixel. */
#include <math.h>
#include <stdlib.h>

#include "report/html.h"
#include "report/number.h"

enum {
    WIDTH = 1000,
    LEFT = 130,
    RIGHT = 90,
    PLOT = WIDTH - LEFT - RIGHT,
    ROW = 34,
    BAR = 20,
    LEGEND = 30,
    HEIGHT = 320, /* of the distribution */
    POINTS = 200,
    COLORS = 10,
};

/* Readable on white and on near-black, and apart from each other for most colour-blind readers. */
static const char *const colors[COLORS] = {"#4c78a8", "#f58518", "#54a24b", "#e45756", "#b279a2",
                                           "#9d755d", "#72b7b2", "#d6a520", "#ff7f9d", "#8a8f98"};

/* A round step of which at most six fit into max. */
static uint64_t axis_step(uint64_t max)
{
    static const uint64_t steps[] = {1, 2, 5};
    uint64_t decade = 1;
    for (;;) {
        for (int i = 0; i < 3; i++)
            if (max / (steps[i] * decade) <= 6)
                return steps[i] * decade;
        decade *= 10;
    }
}

static void text(FILE *out, double x, double y, const char *anchor, const char *class,
                 const char *string)
{
    fprintf(out, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\" class=\"%s\">", x, y, anchor,
            class);
    html_text(out, string);
    fputs("</text>\n", out);
}

static void line(FILE *out, double x1, double y1, double x2, double y2)
{
    fprintf(out, "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" class=\"rule\"/>\n", x1, y1,
            x2, y2);
}

static void open_svg(FILE *out, int height, const char *label)
{
    fprintf(out, "<div class=\"wide\"><svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"%s\">\n",
            WIDTH, height, label);
}

static vd_time longest_mean(const struct report *report)
{
    vd_time longest = 1;
    for (uint32_t i = 0; i < report->num_paths; i++)
        if (report->paths[i].total.mean > longest)
            longest = report->paths[i].total.mean;
    return longest;
}

static uint32_t measured_paths(const struct report *report)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < report->num_paths; i++)
        n += report->paths[i].samples != 0;
    return n;
}

static void segment_legend(FILE *out)
{
    double x = LEFT;
    for (int s = 0; s < SEGMENT_COUNT; s++) {
        fprintf(out, "<rect x=\"%.1f\" y=\"6\" width=\"12\" height=\"12\" fill=\"%s\"/>\n", x,
                colors[s]);
        text(out, x + 18, 16, "start", "ink", sample_segment_names[s]);
        x += s == SEGMENT_DEVICE ? 140 : 115;
    }
}

static void segment_bar(FILE *out, const struct report *report, const struct path_summary *p,
                        double y, vd_time longest)
{
    double x = LEFT;
    text(out, LEFT - 10, y + 15, "end", "ink", p->name);
    for (int s = 0; s < SEGMENT_COUNT; s++) {
        vd_time mean = p->segment[s].mean;
        double width = (double)mean * PLOT / (double)longest;
        if (!mean)
            continue;
        fprintf(out,
                "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%d\" fill=\"%s\">"
                "<title>%s: %s cycles, %s ns</title></rect>\n",
                x, y, width, BAR, colors[s], sample_segment_names[s],
                number_of(mean, report->cycle_ps, 1).text, number_of(mean, 1000, 1).text);
        x += width;
    }
    char label[48];
    snprintf(label, sizeof(label), "%s ns", number_of(p->total.mean, 1000, 1).text);
    text(out, x + 8, y + 15, "start", "soft", label);
}

static void segment_axis(FILE *out, double bottom, vd_time longest)
{
    uint64_t longest_ns = longest / 1000 + 1, step = axis_step(longest_ns);
    for (uint64_t ns = 0; ns * 1000 <= longest; ns += step) {
        double x = LEFT + (double)ns * 1000 * PLOT / (double)longest;
        char label[32];
        snprintf(label, sizeof(label), "%llu", (unsigned long long)ns);
        line(out, x, LEGEND, x, bottom);
        text(out, x, bottom + 16, "middle", "soft", label);
    }
    text(out, LEFT + PLOT, bottom + 34, "end", "soft", "ns");
}

void plot_segments(FILE *out, const struct report *report)
{
    vd_time longest = longest_mean(report);
    double bottom = LEGEND + ROW * (double)measured_paths(report) + 4;
    open_svg(out, (int)bottom + 40, "Mean latency of each path, stacked by segment");
    segment_legend(out);
    segment_axis(out, bottom, longest);
    double y = LEGEND + 8;
    for (uint32_t i = 0; i < report->num_paths; i++) {
        if (!report->paths[i].samples)
            continue;
        segment_bar(out, report, &report->paths[i], y, longest);
        y += ROW;
    }
    fputs("</svg></div>\n", out);
}

/* A logarithmic axis of whole decades, and the y of a share. */
struct scale {
    double low, high; /* log10 of ns */
    double top, bottom;
};

static double log_ns(vd_time ps)
{
    return log10((double)(ps ? ps : 1) / 1000);
}

static double scale_x(const struct scale *s, vd_time ps)
{
    double x = LEFT + (log_ns(ps) - s->low) * PLOT / (s->high - s->low);
    return x < LEFT ? LEFT : x;
}

static double scale_y(const struct scale *s, double share)
{
    return s->bottom - share * (s->bottom - s->top);
}

static int compare(const void *x, const void *y)
{
    vd_time a = *(const vd_time *)x, b = *(const vd_time *)y;
    return (a > b) - (a < b);
}

/* The sorted total latencies of a path; free() them. */
static vd_time *sorted_totals(const struct report *report, uint32_t path, size_t *n)
{
    const struct path_summary *p = &report->paths[path];
    vd_time *values = malloc((p->samples + 1) * sizeof(values[0]));
    *n = 0;
    for (size_t i = 0; values && i < report->num_samples && *n < p->samples; i++)
        if (report->samples[i].path == path && sample_is_measured(&report->samples[i]))
            values[(*n)++] = sample_total(&report->samples[i]);
    if (values)
        qsort(values, *n, sizeof(values[0]), compare);
    return values;
}

static struct scale distribution_scale(const struct report *report)
{
    double low = 18, high = -18;
    for (size_t i = 0; i < report->num_samples; i++) {
        if (report->samples[i].fate != SAMPLE_CLAIMED)
            continue;
        double x = log_ns(sample_total(&report->samples[i]));
        low = x < low ? x : low;
        high = x > high ? x : high;
    }
    struct scale s = {.low = floor(low), .high = ceil(high), .top = LEGEND, .bottom = HEIGHT};
    if (s.high <= s.low)
        s.high = s.low + 1;
    return s;
}

static void distribution_grid(FILE *out, const struct scale *s)
{
    for (int percent = 0; percent <= 100; percent += 25) {
        double y = scale_y(s, percent / 100.0);
        char label[16];
        snprintf(label, sizeof(label), "%d %%", percent);
        line(out, LEFT, y, LEFT + PLOT, y);
        text(out, LEFT - 10, y + 4, "end", "soft", label);
    }
    for (double decade = s->low; decade < s->high + 0.5; decade += 1) {
        static const int marks[] = {1, 2, 5};
        for (int i = 0; i < 3; i++) {
            double x = LEFT + (decade + log10(marks[i]) - s->low) * PLOT / (s->high - s->low);
            char label[32];
            if (x > LEFT + PLOT + 0.5)
                break;
            snprintf(label, sizeof(label), "%.15g", marks[i] * pow(10, decade));
            line(out, x, s->top, x, s->bottom);
            text(out, x, s->bottom + 16, "middle", "soft", label);
        }
    }
    text(out, LEFT + PLOT, s->bottom + 34, "end", "soft", "ns");
}

/* Every colour comes first as a full line, then dashed. */
static void stroke(FILE *out, uint32_t index)
{
    static const char *const dashes[] = {"", " stroke-dasharray=\"7 4\"",
                                         " stroke-dasharray=\"2 3\""};
    fprintf(out, " fill=\"none\" stroke-width=\"2\" stroke=\"%s\"%s", colors[index % COLORS],
            dashes[index / COLORS % 3]);
}

static void distribution_curve(FILE *out, const struct report *report, const struct scale *s,
                               uint32_t index)
{
    const struct path_summary *p = &report->paths[index];
    size_t n;
    vd_time *values = sorted_totals(report, index, &n);
    if (!values || !n) {
        free(values);
        return;
    }
    fprintf(out, "<path d=\"M%.1f %.1f", scale_x(s, values[0]), s->bottom);
    size_t points = n < POINTS ? n : POINTS;
    for (size_t i = 1; i <= points; i++) {
        size_t rank = i * n / points;
        fprintf(out, "H%.1fV%.1f", scale_x(s, values[rank - 1]),
                scale_y(s, (double)rank / (double)n));
    }
    fprintf(out, "H%d\"", LEFT + PLOT);
    stroke(out, index);
    fputs("><title>", out);
    html_text(out, p->name);
    fputs("</title></path>\n", out);
    free(values);
}

static void distribution_legend(FILE *out, const struct report *report, double y)
{
    double x = LEFT;
    for (uint32_t i = 0; i < report->num_paths; i++) {
        if (!report->paths[i].samples)
            continue;
        fprintf(out, "<path d=\"M%.1f %.1fh24\"", x, y);
        stroke(out, i);
        fputs("/>\n", out);
        text(out, x + 30, y + 4, "start", "ink", report->paths[i].name);
        x += 110;
        if (x > WIDTH - 100) {
            x = LEFT;
            y += 20;
        }
    }
}

void plot_distribution(FILE *out, const struct report *report)
{
    struct scale s = distribution_scale(report);
    int rows = (int)(measured_paths(report) + 6) / 7;
    s.top += 20.0 * (rows - 1);
    s.bottom += 20.0 * (rows - 1);
    open_svg(out, (int)s.bottom + 40, "Cumulative distribution of the latency of each path");
    distribution_legend(out, report, 12);
    distribution_grid(out, &s);
    for (uint32_t i = 0; i < report->num_paths; i++)
        distribution_curve(out, report, &s, i);
    fputs("</svg></div>\n", out);
}
