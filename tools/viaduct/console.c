/* SPDX-License-Identifier: BSD-2-Clause */
#include "console.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

enum { CTRL_A = 1, LINE_SIZE = 160 };
enum { IDLE_MS = 2 }; /* how long to wait for a key while every hart sleeps */

/* Simulated time between two looks at the input. */
#define PERIOD_PS UINT64_C(1000000000)

struct console {
    struct virt *virt;
    FILE *out;
    bool input, terminal, escape, left;
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
    if (c->terminal || byte == '\n')
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

/* Ctrl-A x leaves, Ctrl-A Ctrl-A is Ctrl-A. */
static void typed(struct console *c, uint8_t byte)
{
    if (c->escape) {
        c->escape = false;
        if (byte == 'x') {
            c->left = true;
            sim_stop(virt_core(c->virt)->sim);
        } else {
            keep(c, byte);
        }
    } else if (byte == CTRL_A) {
        c->escape = true;
    } else {
        keep(c, byte);
    }
}

static void read_terminal(struct console *c)
{
    struct pollfd fd = {.fd = STDIN_FILENO, .events = POLLIN};
    uint8_t bytes[64];
    if (poll(&fd, 1, virt_asleep(c->virt) ? IDLE_MS : 0) <= 0)
        return;
    ssize_t n = read(STDIN_FILENO, bytes, sizeof(bytes));
    if (n <= 0)
        c->terminal = false;
    for (ssize_t i = 0; i < n; i++)
        typed(c, bytes[i]);
}

static void polled(void *ctx, uint32_t arg)
{
    struct console *c = ctx;
    struct sim *sim = virt_core(c->virt)->sim;
    (void)arg;
    if (c->terminal)
        read_terminal(c);
    while (c->first < c->end && virt_console_ready(c->virt))
        virt_console_receive(c->virt, c->bytes[c->first++]);
    if (c->terminal || c->first < c->end)
        sim_post(sim, &c->poll, sim_now(sim) + PERIOD_PS);
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

static bool start_input(struct console *c, struct vd_error *err)
{
    c->terminal = isatty(STDIN_FILENO) && tcgetattr(STDIN_FILENO, &c->saved) == 0;
    c->input = c->terminal;
    if (c->terminal)
        make_raw(c);
    else if (!read_all(c, err))
        return false;
    if (c->terminal || c->end)
        sim_post(virt_core(c->virt)->sim, &c->poll, PERIOD_PS);
    return true;
}

struct console *console_open(struct virt *virt, FILE *out, bool input, struct vd_error *err)
{
    struct console *c = calloc(1, sizeof(*c));
    if (!c) {
        vd_fail(err, "no memory for the console");
        return NULL;
    }
    c->virt = virt;
    c->out = out;
    c->poll = (struct vd_event){.fire = polled, .ctx = c};
    virt_console(virt, shown, c);
    if (input && !start_input(c, err)) {
        console_close(c);
        return NULL;
    }
    return c;
}

void console_close(struct console *c)
{
    if (!c)
        return;
    if (c->input)
        tcsetattr(STDIN_FILENO, TCSADRAIN, &c->saved);
    sim_cancel(virt_core(c->virt)->sim, &c->poll);
    virt_console(c->virt, NULL, NULL);
    if (c->out)
        fflush(c->out);
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
