/* SPDX-License-Identifier: BSD-2-Clause */
#include "gdb.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gdb_link.h"
#include "gdb_point.h"
#include "gdb_target.h"

enum { POLL_CYCLES = 1000000, POLL_STEPS = 1000, SIGNAL_INT = 2, SIGNAL_TRAP = 5 };
enum { MEMORY_MOST = GDB_PACKET / 2 };

struct gdb {
    struct virt *virt;
    struct gdb_link *link;
    struct gdb_points points;
    char *description;
    uint32_t harts, hart; /* hart: that the commands are about */
    bool running, stepping, killed;
    vd_time at;                        /* how far the machine has run */
    uint64_t progress[VIRT_MAX_HARTS]; /* of each hart, when it was let go */
    uint32_t looked;                   /* steps since the link was looked at */
    char packet[GDB_PACKET + 1], answer[GDB_PACKET + 1];
};

struct gdb *gdb_open(struct virt *virt, uint16_t port, bool halted, struct vd_error *err)
{
    struct gdb *g = calloc(1, sizeof(*g));
    if (!g) {
        vd_fail(err, "no memory for the debugger");
        return NULL;
    }
    g->virt = virt;
    g->harts = virt_config(virt)->machine.harts;
    g->running = !halted;
    g->description = gdb_target_description(virt);
    g->link = gdb_link_open(port, err);
    if (g->link && g->description)
        return g;
    gdb_close(g);
    return NULL;
}

void gdb_close(struct gdb *g)
{
    if (!g)
        return;
    gdb_link_close(g->link);
    free(g->description);
    free(g);
}

bool gdb_attends(const struct gdb *g)
{
    return g && gdb_link_connected(g->link);
}

bool gdb_killed(const struct gdb *g)
{
    return g && g->killed;
}

static struct hart *current(const struct gdb *g)
{
    return virt_hart(g->virt, g->hart);
}

static void stopped(struct gdb *g, unsigned signal, const char *why)
{
    char text[64];
    snprintf(text, sizeof(text), "T%02xthread:%x;%s", signal, g->hart + 1, why);
    g->running = g->stepping = false;
    gdb_link_send(g->link, text);
}

void gdb_exited(struct gdb *g, int status)
{
    char text[8];
    if (!g || !gdb_link_connected(g->link) || g->killed)
        return;
    snprintf(text, sizeof(text), "W%02x", (unsigned)status & 0xff);
    gdb_link_send(g->link, text);
}

/* --- commands: each leaves its answer, empty for what is not known --- */

static bool number(const char **at, uint64_t *value)
{
    char *end;
    *value = strtoull(*at, &end, 16);
    bool some = end != *at;
    *at = *end ? end + 1 : end; /* whatever separates it from the next */
    return some;
}

static void answer(struct gdb *g, bool ok)
{
    strcpy(g->answer, ok ? "OK" : "E01");
}

static void read_all(struct gdb *g, const char *text)
{
    (void)text;
    for (uint32_t i = 0; i < GDB_CORE_REGISTERS; i++)
        gdb_target_read(current(g), i, g->answer + 16 * (size_t)i);
}

static void write_all(struct gdb *g, const char *text)
{
    bool ok = strlen(text) >= 16 * (size_t)GDB_CORE_REGISTERS;
    for (uint32_t i = 0; i < GDB_CORE_REGISTERS && ok; i++)
        ok = gdb_target_write(current(g), i, text + 16 * (size_t)i);
    answer(g, ok);
}

static void read_one(struct gdb *g, const char *text)
{
    uint64_t n;
    if (!number(&text, &n) || n > UINT32_MAX ||
        !gdb_target_read(current(g), (uint32_t)n, g->answer))
        answer(g, false);
}

static void write_one(struct gdb *g, const char *text)
{
    uint64_t n;
    answer(g,
           number(&text, &n) && n <= UINT32_MAX && gdb_target_write(current(g), (uint32_t)n, text));
}

static void memory(struct gdb *g, const char *text, bool write)
{
    uint64_t address, size;
    bool ok = number(&text, &address) && number(&text, &size) && size <= MEMORY_MOST;
    if (write)
        answer(g, ok && gdb_target_store(g->virt, current(g), address, size, text));
    else if (!ok || !gdb_target_load(g->virt, current(g), address, size, g->answer))
        answer(g, false);
}

static void point(struct gdb *g, const char *text, bool insert)
{
    uint64_t kind, address, size;
    if (!number(&text, &kind) || !number(&text, &address) || !number(&text, &size))
        answer(g, false);
    else if (kind < GDB_POINT_KINDS) {
        struct gdb_point p = {(enum gdb_point_kind)kind, address, size};
        bool ok = !insert || gdb_points_add(&g->points, &p);
        if (!insert)
            gdb_points_remove(&g->points, &p);
        answer(g, ok);
    }
}

static void list_threads(struct gdb *g)
{
    size_t used = 0;
    for (uint32_t i = 0; i < g->harts; i++)
        used += (size_t)snprintf(g->answer + used, sizeof(g->answer) - used, "%c%x", i ? ',' : 'm',
                                 i + 1);
}

static void select_hart(struct gdb *g, const char *text)
{
    uint64_t thread;
    bool ok = number(&text, &thread) && thread <= g->harts;
    if (ok && thread) /* 0 is any, and -1 no number of ours: all */
        g->hart = (uint32_t)thread - 1;
    answer(g, true);
}

static void describe(struct gdb *g, const char *text)
{
    uint64_t from, size;
    size_t whole = strlen(g->description);
    if (!number(&text, &from) || !number(&text, &size) || from > whole) {
        answer(g, false);
        return;
    }
    size_t left = whole - from, most = sizeof(g->answer) - 2;
    size_t part = size < left ? size : left;
    part = part < most ? part : most;
    g->answer[0] = part < left ? 'm' : 'l';
    memcpy(g->answer + 1, g->description + from, part);
    g->answer[1 + part] = '\0';
}

static void query(struct gdb *g, const char *text)
{
    static const char features[] = "Xfer:features:read:target.xml:";
    if (strncmp(text, "Supported", 9) == 0)
        snprintf(g->answer, sizeof(g->answer),
                 "PacketSize=%x;qXfer:features:read+;swbreak+;hwbreak+;vContSupported+",
                 GDB_PACKET);
    else if (strncmp(text, features, strlen(features)) == 0)
        describe(g, text + strlen(features));
    else if (strcmp(text, "fThreadInfo") == 0)
        list_threads(g);
    else if (strcmp(text, "sThreadInfo") == 0)
        strcpy(g->answer, "l");
    else if (strcmp(text, "Attached") == 0)
        strcpy(g->answer, "1");
    else if (strcmp(text, "C") == 0)
        snprintf(g->answer, sizeof(g->answer), "QC%x", g->hart + 1);
}

static uint64_t progress_of(const struct gdb *g, uint32_t hart)
{
    struct hart_counts counts = hart_counts(virt_hart(g->virt, hart));
    return counts.instructions + counts.traps;
}

static void let_go(struct gdb *g, bool step)
{
    for (uint32_t i = 0; i < g->harts; i++)
        g->progress[i] = progress_of(g, i);
    g->running = true;
    g->stepping = step;
}

/* vCont;s:1;c steps one hart while the others run, as they do here whenever one steps. */
static void resume(struct gdb *g, const char *text)
{
    const char *step = strpbrk(text, "sS");
    const char *thread = step ? strchr(step, ':') : NULL;
    if (thread)
        select_hart(g, thread + 1);
    let_go(g, step);
}

static void memory_read(struct gdb *g, const char *text)
{
    memory(g, text, false);
}

static void memory_write(struct gdb *g, const char *text)
{
    memory(g, text, true);
}

static void point_insert(struct gdb *g, const char *text)
{
    point(g, text, true);
}

static void point_remove(struct gdb *g, const char *text)
{
    point(g, text, false);
}

/* Hg and Hc alike. */
static void select_thread(struct gdb *g, const char *text)
{
    select_hart(g, *text ? text + 1 : text);
}

static void alive(struct gdb *g, const char *text)
{
    (void)text;
    answer(g, true);
}

static void detach(struct gdb *g, const char *text)
{
    (void)text;
    g->points.count = 0;
    let_go(g, false);
    answer(g, true);
}

static const struct {
    char name;
    void (*act)(struct gdb *g, const char *text);
} commands[] = {
    {'g', read_all},      {'G', write_all},    {'p', read_one},     {'P', write_one},
    {'m', memory_read},   {'M', memory_write}, {'Z', point_insert}, {'z', point_remove},
    {'H', select_thread}, {'T', alive},        {'q', query},        {'D', detach},
};

/* What has no answer now: the next stop is it.  False: some other command. */
static bool obey_silently(struct gdb *g, const char *text)
{
    if (strcmp(text, "?") == 0)
        stopped(g, SIGNAL_TRAP, "");
    else if (strncmp(text, "vCont;", 6) == 0)
        resume(g, text + 6);
    else if (*text == 'c' || *text == 's')
        let_go(g, *text == 's');
    else if (*text == 'k')
        g->killed = true;
    else
        return false;
    return true;
}

static void obey(struct gdb *g, const char *text)
{
    if (obey_silently(g, text))
        return;
    g->answer[0] = '\0';
    if (strcmp(text, "vCont?") == 0)
        strcpy(g->answer, "vCont;c;C;s;S");
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
        if (commands[i].name == *text)
            commands[i].act(g, text + 1);
    gdb_link_send(g->link, g->answer);
}

/* Whoever goes away leaves the machine running. */
static void gone(struct gdb *g)
{
    g->points.count = 0;
    let_go(g, false);
}

static void listen(struct gdb *g)
{
    bool connected = gdb_link_connected(g->link);
    gdb_link_accept(g->link, !g->running);
    if (!connected && gdb_link_connected(g->link))
        g->running = false; /* it asks why with `?` */
    while (gdb_link_connected(g->link) && !g->killed) {
        enum gdb_news news = gdb_link_look(g->link, !g->running, g->packet);
        if (news == GDB_NOTHING)
            return;
        if (news == GDB_GONE)
            gone(g);
        else if (news == GDB_INTERRUPT)
            stopped(g, SIGNAL_INT, "");
        else
            obey(g, g->packet);
    }
}

/* --- running --- */

static void met(struct gdb *g, const struct gdb_point *p)
{
    static const char *const names[GDB_POINT_KINDS] = {"swbreak", "hwbreak", "watch", "rwatch",
                                                       "awatch"};
    char why[40];
    if (p->kind <= GDB_BREAK_HARDWARE)
        snprintf(why, sizeof(why), "%s:;", names[p->kind]);
    else
        snprintf(why, sizeof(why), "%s:%" PRIx64 ";", names[p->kind], p->address);
    stopped(g, SIGNAL_TRAP, why);
}

/* A hart that has not moved since it was let go is still at what stopped it. */
static void look_at_harts(struct gdb *g)
{
    for (uint32_t i = 0; i < g->harts && g->running; i++) {
        if (progress_of(g, i) == g->progress[i])
            continue;
        g->progress[i] = UINT64_MAX;
        const struct gdb_point *p = gdb_points_met(&g->points, virt_hart(g->virt, i));
        if (!p)
            continue;
        g->hart = i;
        met(g, p);
    }
    if (g->running && g->stepping && g->progress[g->hart] == UINT64_MAX)
        stopped(g, SIGNAL_TRAP, "");
}

static bool looks(const struct gdb *g)
{
    return g->stepping || g->points.count;
}

/* Cycle by cycle where somebody looks. */
static vd_time next_stop(const struct gdb *g, vd_time until)
{
    vd_time cycle = virt_config(g->virt)->machine.cycle_ps;
    vd_time piece = looks(g) ? cycle : POLL_CYCLES * cycle;
    return until - g->at > piece ? g->at + piece : until;
}

enum sim_end gdb_run(struct gdb *g, vd_time until, struct vd_error *err)
{
    enum sim_end end = SIM_LIMIT;
    while (end == SIM_LIMIT && g->at < until) {
        if (!g->running || !looks(g) || ++g->looked % POLL_STEPS == 0)
            listen(g);
        if (g->killed)
            return SIM_STOPPED;
        g->at = next_stop(g, until);
        end = virt_run(g->virt, g->at, err);
        if (looks(g))
            look_at_harts(g);
        if (end == SIM_DEADLOCK && gdb_attends(g)) {
            stopped(g, SIGNAL_INT, "");
            end = SIM_LIMIT;
        }
    }
    return end;
}
