/* SPDX-License-Identifier: BSD-2-Clause */
#include "console.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "tape.h"

enum { CTRL_A = 1, LINE_SIZE = 160 };
enum { IDLE_MS = 2 }; /* how long to wait for a key while every hart sleeps */

/* Simulated time between two looks at the input. */
#define PERIOD_PS UINT64_C(1000000000)

struct console {
    struct virt *virt;
    FILE *out;
    bool terminal; /* it is raw, and Ctrl-A is for us */
    bool live;     /* more may come */
    bool escape, left;
    struct tape *record, *replay;
    struct vd_event poll;
    uint8_t *bytes; /* read and not yet taken by the UART */
    size_t first, end, room;
    struct termios saved;
    char line[LINE_SIZE], last_line[LINE_SIZE]; /* printed: the current one, the one before */
    size_t column;
    char panic[LINE_SIZE];
};

static void remember_panic(struct console *c)
{
    const char *found = strstr(c->last_line, "Kernel panic - not syncing");
    if (found && !*c->panic)
        snprintf(c->panic, sizeof(c->panic), "%s", found);
}

static void remember(struct console *c, uint8_t byte)
{
    if (byte == '\n' && c->column) {
        c->line[c->column] = '\0';
        memcpy(c->last_line, c->line, sizeof(c->last_line));
        c->column = 0;
        remember_panic(c);
    } else if (byte >= ' ' && c->column + 1 < LINE_SIZE) {
        c->line[c->column++] = (char)byte;
    }
}

static void shown(void *ctx, uint8_t byte)
{
    struct console *c = ctx;
    remember(c, byte);
    if (!c->out)
        return;
    fputc(byte, c->out);
    if (c->live || byte == '\n')
        fflush(c->out);
}

static bool keep(struct console *c, uint8_t byte)
{
    if (c->end == c->room) {
        size_t room = c->room ? 2 * c->room : 4096;
        uint8_t *bytes = realloc(c->bytes, room);
        if (!bytes)
            return false;
        c->bytes = bytes;
        c->room = room;
    }
    c->bytes[c->end++] = byte;
    return true;
}

static void leave(struct console *c)
{
    c->left = true;
    sim_stop(virt_core(c->virt)->sim);
}

/* Ctrl-A x leaves, Ctrl-A Ctrl-A is Ctrl-A. */
static void typed(struct console *c, uint8_t byte)
{
    if (!c->terminal) {
        keep(c, byte);
    } else if (c->escape) {
        c->escape = false;
        if (byte == 'x') {
            leave(c);
        } else {
            keep(c, byte);
        }
    } else if (byte == CTRL_A) {
        c->escape = true;
    } else {
        keep(c, byte);
    }
}

static void read_live(struct console *c)
{
    struct pollfd fd = {.fd = STDIN_FILENO, .events = POLLIN};
    uint8_t bytes[64];
    if (poll(&fd, 1, virt_asleep(c->virt) ? IDLE_MS : 0) <= 0)
        return;
    ssize_t n = read(STDIN_FILENO, bytes, sizeof(bytes));
    c->live = n > 0;
    for (ssize_t i = 0; i < n; i++)
        typed(c, bytes[i]);
}

static void read_replay(struct console *c, vd_time now)
{
    while (tape_due(c->replay, now))
        keep(c, tape_take(c->replay));
    c->live = !tape_ended(c->replay, now);
    if (tape_left(c->replay, now))
        leave(c);
}

static void deliver(struct console *c, vd_time now)
{
    while (c->first < c->end && virt_console_ready(c->virt)) {
        if (c->record)
            tape_put(c->record, now, c->bytes[c->first]);
        virt_console_receive(c->virt, c->bytes[c->first++]);
    }
}

/* A recorded run and its replay post the same events. */
static void polled(void *ctx, uint32_t arg)
{
    struct console *c = ctx;
    struct sim *sim = virt_core(c->virt)->sim;
    vd_time now = sim_now(sim);
    (void)arg;
    if (c->live && c->replay)
        read_replay(c, now);
    else if (c->live)
        read_live(c);
    deliver(c, now);
    bool more = c->live || c->first < c->end;
    if (more && !c->left)
        sim_post(sim, &c->poll, now + PERIOD_PS);
    else if (c->record)
        tape_end(c->record, now, c->left);
}

static bool read_all(struct console *c, struct vd_error *err)
{
    int byte;
    while ((byte = getchar()) != EOF)
        if (!keep(c, (uint8_t)byte))
            return vd_fail(err, "no memory for the console's input");
    return true;
}

static void make_raw(struct console *c)
{
    struct termios raw = c->saved;
    raw.c_iflag &= (tcflag_t) ~(BRKINT | ICRNL | INPCK | ISTRIP | IXON);
    raw.c_lflag &= (tcflag_t) ~(ECHO | ICANON | IEXTEN | ISIG);
    raw.c_cc[VMIN] = 1;
    raw.c_cc[VTIME] = 0;
    tcsetattr(STDIN_FILENO, TCSADRAIN, &raw);
}

/* A file, or /dev/null: all of it is there. */
static bool is_whole(void)
{
    struct stat st;
    return fstat(STDIN_FILENO, &st) != 0 || S_ISREG(st.st_mode) || S_ISCHR(st.st_mode);
}

static bool start_stdin(struct console *c, struct vd_error *err)
{
    c->terminal = isatty(STDIN_FILENO) && tcgetattr(STDIN_FILENO, &c->saved) == 0;
    c->live = c->terminal || !is_whole();
    if (c->terminal)
        make_raw(c);
    return c->live || read_all(c, err);
}

static enum status start(struct console *c, const struct console_setup *setup, struct vd_error *err)
{
    if (setup->record && !(c->record = tape_record(setup->record, err)))
        return STATUS_HOST;
    if (setup->replay && !(c->replay = tape_replay(setup->replay, err)))
        return STATUS_FILE;
    c->live = c->replay != NULL;
    if (setup->input && !c->replay && !start_stdin(c, err))
        return STATUS_HOST;
    if (c->live || c->end)
        sim_post(virt_core(c->virt)->sim, &c->poll, PERIOD_PS);
    return STATUS_OK;
}

struct console *console_open(struct virt *virt, const struct console_setup *setup,
                             enum status *status, struct vd_error *err)
{
    struct console *c = calloc(1, sizeof(*c));
    if (!c) {
        vd_fail(err, "no memory for the console");
        *status = STATUS_HOST;
        return NULL;
    }
    c->virt = virt;
    c->out = setup->out;
    c->poll = (struct vd_event){.fire = polled, .ctx = c};
    virt_console(virt, shown, c);
    *status = start(c, setup, err);
    if (*status == STATUS_OK)
        return c;
    console_close(c);
    return NULL;
}

void console_close(struct console *c)
{
    if (!c)
        return;
    if (c->terminal)
        tcsetattr(STDIN_FILENO, TCSADRAIN, &c->saved);
    sim_cancel(virt_core(c->virt)->sim, &c->poll);
    virt_console(c->virt, NULL, NULL);
    if (c->out)
        fflush(c->out);
    tape_close(c->record);
    tape_close(c->replay);
    free(c->bytes);
    free(c);
}

bool console_left(const struct console *c)
{
    return c->left;
}

const char *console_last_line(const struct console *c)
{
    return c->last_line;
}

const char *console_panic(const struct console *c)
{
    return *c->panic ? c->panic : NULL;
}

void console_forget_panic(struct console *c)
{
    *c->panic = '\0';
}

bool console_polls(const struct console *c)
{
    return c->poll.slot != 0;
}
