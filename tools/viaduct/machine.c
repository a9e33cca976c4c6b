/* SPDX-License-Identifier: BSD-2-Clause */
#include "machine.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MAX_PORTS = 512 };

/* The machine runs in pieces of this many cycles, whoever watches, so that watching changes
 * nothing.
 */
#define PIECE_CYCLES UINT64_C(10000000)

static enum status open_trace(struct machine *m, struct vd_error *err)
{
    struct core *core = virt_core(m->virt);
    const char *names[MAX_PORTS];
    uint32_t count = core->num_ports < MAX_PORTS ? core->num_ports : MAX_PORTS;
    if (!m->setup.trace)
        return STATUS_OK;
    for (uint32_t i = 0; i < count; i++)
        names[i] = port_name(core->ports[i]);
    bool ok = trace_open(core->trace, m->setup.trace, TRACE_ALL_KINDS, names, count, err);
    return ok ? STATUS_OK : STATUS_HOST;
}

/* A run is long: that its results cannot be written is said before. */
static enum status check_stats(const struct machine *m, struct vd_error *err)
{
    FILE *out = m->setup.stats ? fopen(m->setup.stats, "w") : NULL;
    if (m->setup.stats && !out) {
        vd_fail(err, "cannot write the statistics '%s': %s", m->setup.stats, strerror(errno));
        return STATUS_HOST;
    }
    if (out)
        fclose(out);
    return STATUS_OK;
}

enum status machine_open(struct machine *m, const struct virt_config *config,
                         const struct machine_setup *setup, struct vd_error *err)
{
    *m = (struct machine){.setup = *setup};
    m->virt = virt_create(config, err);
    if (!m->virt)
        return STATUS_CONFIG;
    if (!virt_load(m->virt, err))
        return STATUS_FILE;
    enum status status;
    m->console = console_open(m->virt, &setup->console, &status, err);
    if (!m->console)
        return status;
    if (m->setup.gdb && !(m->gdb = gdb_open(m->virt, m->setup.gdb, m->setup.halted, err)))
        return STATUS_HOST;
    status = check_stats(m, err);
    return status == STATUS_OK ? open_trace(m, err) : status;
}

static void show_progress(const struct machine *m)
{
    if (!m->setup.progress || !isatty(STDERR_FILENO))
        return;
    struct core *core = virt_core(m->virt);
    uint32_t path = ledger_path(core->ledger);
    fprintf(stderr, "\r%s: %.3f ms simulated, path %" PRIu32 "\033[K", m->setup.name,
            (double)sim_now(core->sim) / 1e9, path);
}

static void clear_progress(const struct machine *m)
{
    if (m->setup.progress && isatty(STDERR_FILENO))
        fputs("\r\033[K", stderr);
}

static bool may_reset(void *ctx)
{
    struct machine *m = ctx;
    return !m->setup.no_reboot && !watch_reset(&m->watch);
}

static enum status run_pieces(struct machine *m, struct vd_error *err)
{
    const struct virt_machine_config *config = &virt_config(m->virt)->machine;
    vd_time limit = config->limit ? config->limit * config->cycle_ps : VD_NEVER;
    vd_time piece = PIECE_CYCLES * config->cycle_ps;
    vd_time until = 0;
    enum status status;
    watch_start(&m->watch, m->virt, m->console);
    virt_guard_reset(m->virt, may_reset, m);
    do {
        until = limit - until > piece ? until + piece : limit;
        m->end = m->gdb ? gdb_run(m->gdb, until, err) : virt_run(m->virt, until, err);
        show_progress(m);
        bool judged = m->end == SIM_LIMIT && !gdb_attends(m->gdb);
        status = judged ? watch_look(&m->watch, err) : STATUS_OK;
    } while (m->end == SIM_LIMIT && status == STATUS_OK && until < limit &&
             !console_left(m->console) && !gdb_killed(m->gdb));
    clear_progress(m);
    return status;
}

enum { SHOWN_NOTES = 5 };
enum { RANK_FATES, RANK_BROKEN, RANK_MISSING, RANK_NOTES };

/* What became of MSIs says more than which invariant broke on the way. */
static int rank_of(const struct ledger_finding *finding)
{
    bool missing = finding->kind == LEDGER_DROPPED || finding->kind == LEDGER_PENDING;
    if (finding->kind == LEDGER_MIXED)
        return RANK_NOTES;
    return missing ? RANK_MISSING : finding->kind == LEDGER_BROKEN ? RANK_BROKEN : RANK_FATES;
}

static uint32_t print_rank(const struct ledger *ledger, int rank, uint32_t shown, uint32_t most)
{
    for (uint32_t i = 0; i < ledger_num_findings(ledger); i++) {
        const struct ledger_finding *finding = ledger_finding(ledger, i);
        if (rank_of(finding) == rank && shown++ < most)
            fprintf(stderr, "viaduct: ledger: %s\n", finding->text);
    }
    return shown;
}

/* A run that the guest ends is over; any other one might have gone on. */
static void close_books(struct machine *m)
{
    struct core *core = virt_core(m->virt);
    m->balanced = m->end != SIM_EXIT || ledger_finish(core->ledger, sim_now(core->sim));
    print_rank(core->ledger, RANK_NOTES, 0, SHOWN_NOTES);
}

static void ledger_stats(const struct ledger *ledger, struct stats *stats)
{
    const struct ledger_counts *all = ledger_counts(ledger, LEDGER_ALL);
    stats_set(stats, "ledger.issued", all->issued);
    stats_set(stats, "ledger.claimed", all->claimed);
    stats_set(stats, "ledger.coalesced", all->coalesced);
    stats_set(stats, "ledger.dropped", all->dropped);
    stats_set(stats, "ledger.pending", all->pending);
    stats_set(stats, "ledger.host", all->host);
    stats_set(stats, "ledger.violations", ledger_num_violations(ledger));
}

static enum status write_stats(struct machine *m, struct vd_error *err)
{
    if (!m->setup.stats)
        return STATUS_OK;
    struct stats *stats = stats_create();
    virt_stats(m->virt, stats);
    ledger_stats(virt_core(m->virt)->ledger, stats);
    bool ok = stats_write(stats, m->setup.stats, err);
    stats_destroy(stats);
    return ok ? STATUS_OK : STATUS_HOST;
}

static enum status judge(struct machine *m, struct vd_error *err)
{
    const struct virt_machine_config *config = &virt_config(m->virt)->machine;
    switch (m->end) {
    case SIM_EXIT:
        return STATUS_OK;
    case SIM_LIMIT:
        vd_fail(err,
                "the limit of %" PRIu64 " cycles was reached: a larger --limit would let it "
                "go on",
                config->limit);
        return STATUS_LIMIT;
    case SIM_DEADLOCK:
        vd_fail(err, "nothing can happen any more: every hart sleeps and no event is left");
        return STATUS_DEADLOCK;
    case SIM_STOPPED:
        if (console_left(m->console) || gdb_killed(m->gdb) ||
            (virt_wants_reset(m->virt) && m->setup.no_reboot))
            return STATUS_OK;
        return virt_wants_reset(m->virt) ? watch_panicked(&m->watch, err) : STATUS_FILE;
    }
    return STATUS_OK;
}

enum status machine_run(struct machine *m, struct vd_error *err)
{
    enum status status = run_pieces(m, err);
    if (status == STATUS_OK)
        status = judge(m, err);
    struct vd_error late;
    gdb_exited(m->gdb, machine_guest_status(m));
    close_books(m);
    if (!trace_close(virt_core(m->virt)->trace, &late) && status == STATUS_OK) {
        *err = late;
        return STATUS_HOST;
    }
    if (write_stats(m, &late) != STATUS_OK && status == STATUS_OK) {
        *err = late;
        return STATUS_HOST;
    }
    return status;
}

void machine_close(struct machine *m)
{
    gdb_close(m->gdb);
    console_close(m->console);
    virt_destroy(m->virt);
    *m = (struct machine){0};
}

void machine_print_findings(struct machine *m, bool drops, uint32_t most)
{
    const struct ledger *ledger = virt_core(m->virt)->ledger;
    uint32_t shown = 0;
    for (int rank = drops ? RANK_MISSING : RANK_FATES; rank <= (drops ? RANK_MISSING : RANK_BROKEN);
         rank++)
        shown = print_rank(ledger, rank, shown, most);
    if (most && shown > most)
        fprintf(stderr, "viaduct: ledger: and %" PRIu32 " more\n", shown - most);
}

int machine_guest_status(const struct machine *m)
{
    uint32_t status = sim_status(virt_core(m->virt)->sim);
    return status && !(status & 0xff) ? 1 : (int)(status & 0xff);
}
