/* SPDX-License-Identifier: BSD-2-Clause */
#include "report/sequence.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "report/html.h"
#include "report/number.h"

enum { GUTTER = 92, LANE = 176, HEAD = 74, ROW = 30, FOOT = 18, MOST_ROWS = 200 };

struct row {
    vd_time time;
    enum sequence_lane from, to;
    uint32_t times;
    char text[96];
};

struct sequence {
    struct row rows[MOST_ROWS];
    uint32_t num_rows;
};

static const char *const lane_names[LANES] = {
    [LANE_DEVICE] = "device", [LANE_APLIC] = "APLIC",         [LANE_IOMMU] = "IOMMU",
    [LANE_MEMORY] = "memory", [LANE_FILE] = "interrupt file", [LANE_HYPERVISOR] = "hypervisor",
    [LANE_GUEST] = "guest"};

/* The page's colours, for light and dark. */
static const char style[] =
    ":root{--ink:#1d2430;--soft:#5b6676;--rule:#c4cbd6;--page:#ffffff;--head:#e8eef7;--arrow:#"
    "2f5f9e}"
    "@media(prefers-color-scheme:dark){:root{--ink:#e4e8ee;--soft:#9aa5b4;--rule:#465060;"
    "--page:#14181e;--head:#232c39;--arrow:#7fb0ee}}"
    "text{font:13px system-ui,sans-serif;fill:var(--ink)}"
    ".label{paint-order:stroke;stroke:var(--page);stroke-width:5px;stroke-linejoin:round}"
    ".time{fill:var(--soft);font-size:12px}.title{font-size:15px;font-weight:600}"
    ".life{stroke:var(--rule)}.head{fill:var(--head);stroke:var(--rule)}"
    ".arrow{stroke:var(--arrow);stroke-width:1.6}.point{fill:var(--arrow)}"
    ".page{fill:var(--page)}";

struct sequence *sequence_create(void)
{
    struct sequence *s = calloc(1, sizeof(*s));
    if (!s)
        abort();
    return s;
}

void sequence_destroy(struct sequence *s)
{
    free(s);
}

uint32_t sequence_rows(const struct sequence *s)
{
    return s->num_rows;
}

void sequence_add(struct sequence *s, vd_time time, enum sequence_lane from, enum sequence_lane to,
                  const char *format, ...)
{
    struct row row = {.time = time, .from = from, .to = to, .times = 1};
    struct row *last = s->num_rows ? &s->rows[s->num_rows - 1] : NULL;
    va_list args;
    va_start(args, format);
    vsnprintf(row.text, sizeof(row.text), format, args);
    va_end(args);
    if (last && last->from == from && last->to == to && !strcmp(last->text, row.text))
        last->times++;
    else if (s->num_rows < MOST_ROWS)
        s->rows[s->num_rows++] = row;
}

/* Lanes that nothing happens on are left out. */
static uint32_t place_lanes(const struct sequence *s, int x[LANES])
{
    bool used[LANES] = {false};
    uint32_t count = 0;
    for (uint32_t i = 0; i < s->num_rows; i++)
        used[s->rows[i].from] = used[s->rows[i].to] = true;
    for (int lane = 0; lane < LANES; lane++)
        if (used[lane])
            x[lane] = GUTTER + LANE / 2 + (int)count++ * LANE;
        else
            x[lane] = -1;
    return count;
}

static void write_heads(FILE *out, const int x[LANES], int bottom)
{
    for (int lane = 0; lane < LANES; lane++) {
        if (x[lane] < 0)
            continue;
        fprintf(out, "<line class=\"life\" x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\"/>\n", x[lane],
                HEAD - 12, x[lane], bottom);
        fprintf(out,
                "<rect class=\"head\" x=\"%d\" y=\"%d\" width=\"140\" height=\"26\" rx=\"5\"/>"
                "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">%s</text>\n",
                x[lane] - 70, HEAD - 38, x[lane], HEAD - 20, lane_names[lane]);
    }
}

static void write_label(FILE *out, const struct row *row, double x, double y, const char *anchor)
{
    fprintf(out, "<text class=\"label\" x=\"%.0f\" y=\"%.0f\" text-anchor=\"%s\">", x, y, anchor);
    html_text(out, row->text);
    if (row->times > 1)
        fprintf(out, " (%u times)", row->times);
    fputs("</text>\n", out);
}

static void write_arrow(FILE *out, const struct row *row, int from, int to, int y)
{
    int head = to > from ? -8 : 8;
    fprintf(out,
            "<line class=\"arrow\" x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\"/>"
            "<path class=\"point\" d=\"M%d %dl%d -4v8z\"/>\n",
            from, y, to + head / 2, y, to, y, head);
    write_label(out, row, (from + to) / 2.0, y - 6, "middle");
}

/* Notes of the outer lanes lean inwards. */
static void write_note(FILE *out, const struct row *row, int x, int y, int width)
{
    fprintf(out, "<circle class=\"point\" cx=\"%d\" cy=\"%d\" r=\"4\"/>\n", x, y);
    if (x > width / 2)
        write_label(out, row, x - 10, y + 4, "end");
    else
        write_label(out, row, x + 10, y + 4, "start");
}

static void write_row(FILE *out, const struct sequence *s, uint32_t index, const int x[LANES],
                      int width)
{
    const struct row *row = &s->rows[index];
    int y = HEAD + ROW * (int)index + ROW / 2;
    fprintf(out, "<text class=\"time\" x=\"%d\" y=\"%d\" text-anchor=\"end\">%s ns</text>\n",
            GUTTER - 14, y + 4, number_of(row->time - s->rows[0].time, 1000, 0).text);
    if (row->from == row->to)
        write_note(out, row, x[row->from], y, width);
    else
        write_arrow(out, row, x[row->from], x[row->to], y);
}

void sequence_write(FILE *out, const struct sequence *s, const char *title)
{
    int x[LANES];
    int width = GUTTER + LANE * (int)place_lanes(s, x) + 10;
    int height = HEAD + ROW * (int)s->num_rows + FOOT;
    fprintf(out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" "
            "height=\"%d\" role=\"img\">\n<title>",
            width, height, width, height);
    html_text(out, title);
    fprintf(out, "</title>\n<style>%s</style>\n<rect class=\"page\" width=\"%d\" height=\"%d\"/>\n",
            style, width, height);
    fputs("<text class=\"title\" x=\"14\" y=\"22\">", out);
    html_text(out, title);
    fputs("</text>\n", out);
    write_heads(out, x, height - 6);
    for (uint32_t i = 0; i < s->num_rows; i++)
        write_row(out, s, i, x, width);
    fputs("</svg>\n", out);
}
