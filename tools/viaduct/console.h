/* SPDX-License-Identifier: BSD-2-Clause */
/* The machine's console on stdin and stdout.  Input reaches the UART in events at fixed times of
 * the simulation.  A file is read whole before the start, so that a run depends on its content
 * only; a terminal or pipe is live, and what came when can be recorded and replayed. */
#ifndef VIADUCT_CONSOLE_H
#define VIADUCT_CONSOLE_H

#include "platforms/virt.h"
#include "status.h"

struct console;

struct console_setup {
    FILE *out;          /* NULL: nothing is shown */
    bool input;         /* stdin is read */
    const char *record; /* files, or NULL */
    const char *replay; /* instead of stdin */
};

/* NULL: one sentence is in err, and *status says whose fault it is. */
struct console *console_open(struct virt *virt, const struct console_setup *setup,
                             enum status *status, struct vd_error *err);
void console_close(struct console *console);
/* True once the user has typed Ctrl-A x. */
bool console_left(const struct console *console);
/* True if it has posted an event that can do nothing but look for input. */
bool console_polls(const struct console *console);
/* The last line that the guest has printed and ended, cut to a sentence's length. */
const char *console_last_line(const struct console *console);

/* The line with which a Linux kernel on this console said that it panics, or NULL. */
const char *console_panic(const struct console *console);
/* It has turned out to be something else that was printed. */
void console_forget_panic(struct console *console);

#endif
