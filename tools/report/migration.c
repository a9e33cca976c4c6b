/* SPDX-License-Identifier: BSD-2-Clause */
#include "report/migration.h"

#include <inttypes.h>

#include "report/csv.h"
#include "report/html.h"

const char *const landing_place_names[] = {[LANDED_OLD] = "old", [LANDED_NEW] = "new"};
const char *const landing_end_names[] = {
    [LANDING_STAYS] = "stays", [LANDING_MOVED] = "moved", [LANDING_MERGED] = "merged"};

struct number place_name_of(uint64_t place)
{
    return place == MIGRATION_MEMORY ? (struct number){"memory"} : file_name((uint32_t)place);
}

vd_time migration_blackout(const struct migration *m)
{
    return m->restored - m->store;
}

static const char *path_of(const struct report *report, const struct migration *m)
{
    return m->path < report->num_paths ? report->paths[m->path].name : "";
}

void csv_write_migrations(FILE *out, const struct report *report)
{
    fputs("path,vm,vcpu,from,to,begun,store,restored,ended,landed_old,landed_new,moved,merged\n",
          out);
    for (uint32_t i = 0; i < report->num_migrations; i++) {
        const struct migration *m = &report->migrations[i];
        csv_write_text(out, path_of(report, m));
        fprintf(out, ",%d,%d,%s,%s", m->vm, m->vcpu, place_name_of(m->from).text,
                place_name_of(m->to).text);
        fprintf(out, ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%u,%u,%u,%u\n", m->begun,
                m->store, m->restored, m->ended, m->landed_old, m->landed_new, m->moved, m->merged);
    }
}

void csv_write_landings(FILE *out, const struct report *report)
{
    fputs("migration,serial,identity,when,place,end\n", out);
    for (uint32_t i = 0; i < report->num_landings; i++) {
        const struct landing *l = &report->landings[i];
        fprintf(out, "%u,%" PRIu64 ",%u,%" PRIu64 ",%s,%s\n", l->migration, l->serial, l->identity,
                l->when, landing_place_names[l->place], landing_end_names[l->end]);
    }
}

static void json_landings(FILE *out, const struct report *report, uint32_t migration)
{
    bool some = false;
    for (uint32_t i = 0; i < report->num_landings; i++) {
        const struct landing *l = &report->landings[i];
        if (l->migration != migration)
            continue;
        fprintf(out,
                "%s\n      {\"serial\": %" PRIu64 ", \"identity\": %u, \"when_ns\": %s, "
                "\"place\": \"%s\", \"end\": \"%s\"}",
                some ? "," : "", l->serial, l->identity, number_ns(l->when).text,
                landing_place_names[l->place], landing_end_names[l->end]);
        some = true;
    }
}

void json_write_migrations(FILE *out, const struct report *report)
{
    for (uint32_t i = 0; i < report->num_migrations; i++) {
        const struct migration *m = &report->migrations[i];
        fputs(i ? ",\n    {\"path\": " : "    {\"path\": ", out);
        json_write_string(out, path_of(report, m));
        fprintf(out,
                ", \"vm\": %d, \"vcpu\": %d, \"from\": \"%s\", \"to\": \"%s\", \"store_ns\": %s, "
                "\"blackout_ns\": %s,\n     \"landed_old\": %u, \"landed_new\": %u, \"moved\": %u, "
                "\"merged\": %u, \"landings\": [",
                m->vm, m->vcpu, place_name_of(m->from).text, place_name_of(m->to).text,
                number_ns(m->store).text, number_ns(migration_blackout(m)).text, m->landed_old,
                m->landed_new, m->moved, m->merged);
        json_landings(out, report, i);
        fputs("]}", out);
    }
    if (report->num_migrations)
        fputc('\n', out);
}

/* --- the page --- */

enum { WIDTH = 1000, LEFT = 190, RIGHT = 90, PLOT = WIDTH - LEFT - RIGHT, ROW = 30, TOP = 34 };
/* More rows would be no picture. */
enum { MOST_ROWS = 24, MOST_LINES = 200 };

static const char color_old[] = "#f58518", color_new[] = "#4c78a8", color_blackout[] = "#8a8f98";

/* Of every path the migrations with the most landings tell most; the first ones do if none has. */
static bool shown(const struct report *report, uint32_t index)
{
    const struct migration *m = &report->migrations[index];
    uint32_t better = 0, mine = m->landed_old + m->landed_new;
    for (uint32_t i = 0; i < report->num_migrations; i++) {
        const struct migration *o = &report->migrations[i];
        uint32_t theirs = o->landed_old + o->landed_new;
        better += theirs > mine || (theirs == mine && i < index);
    }
    return better < MOST_ROWS;
}

static vd_time length(const struct migration *m)
{
    return m->ended - m->begun;
}

static void mark(FILE *out, const struct landing *l, double x, double y)
{
    const char *color = l->place == LANDED_OLD ? color_old : color_new;
    bool merged = l->end == LANDING_MERGED;
    fprintf(out,
            "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"4\" fill=\"%s\" stroke=\"%s\" "
            "stroke-width=\"2\"><title>MSI %" PRIu64
            ", identity %u: %s file, %s</title></circle>\n",
            x, y, merged ? "none" : color, color, l->serial, l->identity,
            landing_place_names[l->place], landing_end_names[l->end]);
}

static void row(FILE *out, const struct report *report, uint32_t index, double y, vd_time longest)
{
    const struct migration *m = &report->migrations[index];
    double scale = (double)PLOT / (double)longest;
    double store = LEFT + (double)(m->store - m->begun) * scale;
    fprintf(
        out,
        "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\" class=\"ink\">%s vCPU %d: %s to %s</text>\n",
        LEFT - 10, y + 4, path_of(report, m), m->vcpu, place_name_of(m->from).text,
        place_name_of(m->to).text);
    fprintf(out, "<line x1=\"%d\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" class=\"rule\"/>\n", LEFT, y,
            LEFT + (double)length(m) * scale, y);
    fprintf(out,
            "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"12\" fill=\"%s\" "
            "fill-opacity=\"0.35\"><title>blackout %s ns</title></rect>\n",
            store, y - 6, (double)migration_blackout(m) * scale, color_blackout,
            number_of(migration_blackout(m), 1000, 1).text);
    for (uint32_t i = 0; i < report->num_landings; i++)
        if (report->landings[i].migration == index)
            mark(out, &report->landings[i],
                 LEFT + (double)(report->landings[i].when - m->begun) * scale, y);
    fprintf(out, "<text x=\"%.1f\" y=\"%.1f\" class=\"soft\">%s ns</text>\n",
            LEFT + (double)length(m) * scale + 14, y + 4,
            number_of(migration_blackout(m), 1000, 0).text);
}

static void legend(FILE *out)
{
    static const struct landing kinds[] = {{.place = LANDED_OLD, .end = LANDING_MOVED},
                                           {.place = LANDED_OLD, .end = LANDING_MERGED},
                                           {.place = LANDED_NEW}};
    static const char *const texts[] = {"landed in the old place, moved",
                                        "landed in the old place, merged",
                                        "landed in the new place"};
    for (int i = 0; i < 3; i++) {
        mark(out, &kinds[i], LEFT + 230 * i, 12);
        fprintf(out, "<text x=\"%d\" y=\"16\" class=\"ink\">%s</text>\n", LEFT + 230 * i + 10,
                texts[i]);
    }
}

static void write_timelines(FILE *out, const struct report *report)
{
    uint32_t rows = report->num_migrations < MOST_ROWS ? report->num_migrations : MOST_ROWS;
    vd_time longest = 1;
    double y = TOP + 14;
    for (uint32_t i = 0; i < report->num_migrations; i++)
        if (shown(report, i) && length(&report->migrations[i]) > longest)
            longest = length(&report->migrations[i]);
    fprintf(out,
            "<div class=\"wide\"><svg viewBox=\"0 0 %d %u\" role=\"img\" aria-label=\"Migrations: "
            "blackout and where MSIs landed\">\n",
            WIDTH, TOP + rows * ROW + 8);
    legend(out);
    for (uint32_t i = 0; i < report->num_migrations; i++) {
        if (!shown(report, i))
            continue;
        row(out, report, i, y, longest);
        y += ROW;
    }
    fputs("</svg></div>\n", out);
}

static void write_line(FILE *out, const struct report *report, const struct migration *m)
{
    fputs("<tr><td class=\"l\">", out);
    html_text(out, path_of(report, m));
    fprintf(out,
            "</td><td class=\"l\">VM %d vCPU %d</td><td class=\"l\">%s</td><td class=\"l\">%s</td>"
            "<td>%s</td><td>%s</td><td>%u</td><td>%u</td><td>%u</td><td>%u</td></tr>\n",
            m->vm, m->vcpu, place_name_of(m->from).text, place_name_of(m->to).text,
            number_ns(m->store).text, number_ns(migration_blackout(m)).text, m->landed_old,
            m->landed_new, m->moved, m->merged);
}

static void write_table(FILE *out, const struct report *report)
{
    uint32_t lines = report->num_migrations < MOST_LINES ? report->num_migrations : MOST_LINES;
    fprintf(out, "<details><summary>%u migrations</summary>\n<div class=\"wide\"><table>\n",
            report->num_migrations);
    fputs("<tr><th class=\"l\">path</th><th class=\"l\">who</th><th class=\"l\">from</th>"
          "<th class=\"l\">to</th><th>PTE store ns</th><th>blackout ns</th><th>landed old</th>"
          "<th>landed new</th><th>moved</th><th>merged</th></tr>\n",
          out);
    for (uint32_t i = 0; i < lines; i++)
        write_line(out, report, &report->migrations[i]);
    fputs("</table></div></details>\n", out);
    if (lines < report->num_migrations)
        fprintf(out, "<p>and %u more, all in migrations.csv</p>\n", report->num_migrations - lines);
}

void migration_write_html(FILE *out, const struct report *report)
{
    if (!report->num_migrations)
        return;
    fputs(
        "<h2>Migrations</h2>\n<p class=\"soft\">Interrupt files that move. Grey is the blackout, "
        "from the "
        "store of the MSI page table entry to eidelivery in the new place; the marks are the MSIs "
        "that arrived meanwhile. Moved and merged also count what was pending before.</p>\n",
        out);
    write_timelines(out, report);
    write_table(out, report);
}
