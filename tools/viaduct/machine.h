/* SPDX-License-Identifier: BSD-2-Clause */
/* One run of a machine, from its configuration to its verdict. */
#ifndef VIADUCT_MACHINE_H
#define VIADUCT_MACHINE_H

#include "console.h"
#include "gdb.h"
#include "status.h"
#include "watch.h"

struct machine_setup {
    const char *trace; /* file names, or NULL */
    const char *stats;
    struct console_setup console;
    uint16_t gdb;     /* port of the GDB server; 0: none */
    bool halted;      /* it waits for the debugger */
    bool no_reboot;   /* a reset by the guest ends the run */
    bool progress;    /* a line on stderr, where that is a terminal */
    const char *name; /* in the progress line */
};

struct machine {
    struct machine_setup setup;
    struct virt *virt;
    struct console *console;
    struct watch watch;
    struct gdb *gdb; /* or NULL */
    enum sim_end end;
    bool balanced; /* the ledger found no violation when the guest ended the run */
};

/* Each returns a status, with a sentence in err unless it is STATUS_OK. */
enum status machine_open(struct machine *machine, const struct virt_config *config,
                         const struct machine_setup *setup, struct vd_error *err);
/* Runs to the guest's exit, the limit, until the user leaves, or until it will come to nothing
 * more. */
enum status machine_run(struct machine *machine, struct vd_error *err);
void machine_close(struct machine *machine);

/* Of a machine that has run: what the ledger found, on stderr, at most `most` sentences: the
 * violations, or with `drops` what was dropped for a documented cause or left pending. */
void machine_print_findings(struct machine *machine, bool drops, uint32_t most);
/* The guest's exit status as a process can return it: never 0 for a failure. */
int machine_guest_status(const struct machine *machine);

#endif
