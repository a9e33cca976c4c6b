/* SPDX-License-Identifier: BSD-2-Clause */
/* The scheduler: one clock in picoseconds, one totally ordered event queue, and runners (harts)
 * that execute between events. */
#ifndef CORE_SIM_H
#define CORE_SIM_H

#include "viaduct/error.h"
#include "viaduct/host.h"

/* Zero means the default. */
struct sim_config {
    vd_time quantum;      /* how far one runner may run ahead of another; default 64000 ps */
    vd_time step;         /* the shortest instruction; default 1000 ps */
    vd_time mtime_period; /* of mtime; default 100000 ps, 10 MHz */
    uint64_t seed;        /* of every generator that sim_seed() hands out */
};

struct sim;

/* Why sim_run() returned. */
enum sim_end {
    SIM_LIMIT,    /* the time limit was reached */
    SIM_EXIT,     /* sim_exit() was called; sim_status() is the guest's exit status */
    SIM_STOPPED,  /* sim_stop() was called; sim_run() can go on */
    SIM_DEADLOCK, /* nothing is left that could happen: no event, every runner asleep */
};

struct sim *sim_create(const struct sim_config *config);
void sim_destroy(struct sim *sim);

/* Runners are ordered among equals by the order in which they are added. */
void sim_add_runner(struct sim *sim, struct vd_runner *runner);
uint32_t sim_num_runners(const struct sim *sim);

/* Runs until every event and instruction before `until` has happened. */
enum sim_end sim_run(struct sim *sim, vd_time until);
/* Ends the run at the current instruction or event. */
void sim_exit(struct sim *sim, uint32_t status);
void sim_stop(struct sim *sim);
bool sim_exited(const struct sim *sim);
uint32_t sim_status(const struct sim *sim);

/* During a slice the running runner's time, else the time of the last event. */
vd_time sim_now(const struct sim *sim);
void sim_post(struct sim *sim, struct vd_event *ev, vd_time when);
void sim_cancel(struct sim *sim, struct vd_event *ev);
void sim_wake(struct sim *sim, struct vd_runner *runner);
uint32_t sim_num_events(const struct sim *sim);
/* When the earliest armed event fires, or VD_NEVER. */
vd_time sim_next_event(const struct sim *sim);

vd_time sim_quantum(const struct sim *sim);
/* The real-time counter; writing it shifts it against time. */
uint64_t sim_mtime(const struct sim *sim);
void sim_set_mtime(struct sim *sim, uint64_t value);
vd_time sim_mtime_period(const struct sim *sim);

/* A seed of its own for each use; the same name gives the same seed in every run. */
uint64_t sim_seed(const struct sim *sim, const char *name);
uint64_t sim_serial(struct sim *sim);

/* True if an effect at `now` on this runner comes too late because the runner has run past it.
 * Counts it. */
bool sim_runner_passed(struct sim *sim, const struct vd_runner *runner);
/* Events and wires that reached a runner late by less than a quantum. */
uint64_t sim_inexact(const struct sim *sim);

#endif
