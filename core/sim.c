/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/sim.h"

#include <assert.h>
#include <stdlib.h>

#include "core/heap.h"
#include "core/rng.h"

enum { MAX_RUNNERS = 4096 };

struct sim {
    struct sim_config config;
    struct heap heap;
    struct vd_runner *running; /* whose slice it is */
    vd_time now;               /* of the last event */
    vd_time latest;            /* how far any runner has got */
    struct vd_runner *awake; /* in order of time, then id; the running one included, where it was */
    uint32_t num_runners;
    uint64_t mtime_shift;
    uint64_t serial;
    uint64_t inexact;
    bool stop, exited;
    uint32_t status;
};

struct sim *sim_create(const struct sim_config *config)
{
    struct sim *sim = calloc(1, sizeof(*sim));
    if (!sim)
        abort();
    sim->config = *config;
    if (!sim->config.quantum)
        sim->config.quantum = 64000;
    if (!sim->config.step)
        sim->config.step = 1000;
    if (!sim->config.mtime_period)
        sim->config.mtime_period = 100000;
    return sim;
}

void sim_destroy(struct sim *sim)
{
    if (!sim)
        return;
    heap_free(&sim->heap);
    free(sim);
}

static bool goes_first(const struct vd_runner *x, const struct vd_runner *y)
{
    return (x->time < y->time) | ((x->time == y->time) & (x->id < y->id));
}

static void enqueue(struct sim *sim, struct vd_runner *runner)
{
    struct vd_runner **at = &sim->awake;
    while (*at && goes_first(*at, runner))
        at = &(*at)->next;
    runner->queued = true;
    runner->next = *at;
    *at = runner;
}

void sim_add_runner(struct sim *sim, struct vd_runner *runner)
{
    assert(sim->num_runners < MAX_RUNNERS);
    runner->id = sim->num_runners++;
    runner->queued = false;
    if (!runner->asleep)
        enqueue(sim, runner);
}

uint32_t sim_num_runners(const struct sim *sim)
{
    return sim->num_runners;
}

static void dequeue(struct sim *sim, struct vd_runner *runner)
{
    struct vd_runner **at = &sim->awake;
    while (*at != runner)
        at = &(*at)->next;
    *at = runner->next;
    runner->queued = false;
}

static vd_time earlier(vd_time x, vd_time y)
{
    return x < y ? x : y;
}

static vd_time later(vd_time x, vd_time y)
{
    return x > y ? x : y;
}

static vd_time plus(vd_time time, vd_time delay)
{
    return delay > VD_NEVER - time ? VD_NEVER : time + delay;
}

/* Nobody runs further ahead of an awake runner than a quantum: no instruction of it begins a
 * quantum or more later than the next one of the runner behind.  With a quantum of one step that is
 * the total order by time and id. */
static vd_time ahead_of(const struct sim *sim, const struct vd_runner *runner)
{
    if (!runner->next)
        return VD_NEVER;
    vd_time quantum = sim->config.quantum;
    vd_time spare = quantum > sim->config.step ? quantum - sim->config.step : 0;
    return later(plus(runner->time, quantum), plus(runner->next->time, spare));
}

/* The first of the awake runners takes its turn. */
static void run_slice(struct sim *sim, vd_time end)
{
    struct vd_runner *runner = sim->awake;
    vd_time ahead = ahead_of(sim, runner);
    runner->limit = earlier(ahead, end);
    runner->loose = ahead < end;
    sim->running = runner;
    runner->run(runner);
    sim->running = NULL;
    sim->latest = later(sim->latest, runner->time);
    if (!runner->asleep && (!runner->next || goes_first(runner, runner->next)))
        return;
    dequeue(sim, runner);
    if (!runner->asleep)
        enqueue(sim, runner);
}

static void fire_first(struct sim *sim)
{
    struct vd_event *ev = heap_pop(&sim->heap);
    sim->now = ev->when;
    ev->fire(ev->ctx, ev->arg);
}

enum sim_end sim_run(struct sim *sim, vd_time until)
{
    while (!sim->stop && !sim->exited) {
        vd_time event = heap_first(&sim->heap);
        vd_time turn = sim->awake ? sim->awake->time : VD_NEVER;
        vd_time next = earlier(event, turn);
        if (next == VD_NEVER)
            return SIM_DEADLOCK;
        if (next >= until) {
            sim->now = later(sim->now, until);
            return SIM_LIMIT;
        }
        if (event <= turn)
            fire_first(sim);
        else
            run_slice(sim, earlier(event, until));
    }
    sim->stop = false;
    return sim->exited ? SIM_EXIT : SIM_STOPPED;
}

static void end_slice(struct sim *sim)
{
    if (!sim->running)
        return;
    sim->running->limit = 0;
    sim->running->loose = false;
}

void sim_exit(struct sim *sim, uint32_t status)
{
    if (sim->exited)
        return;
    sim->exited = true;
    sim->status = status;
    end_slice(sim);
}

void sim_stop(struct sim *sim)
{
    sim->stop = true;
    end_slice(sim);
}

bool sim_exited(const struct sim *sim)
{
    return sim->exited;
}

uint32_t sim_status(const struct sim *sim)
{
    return sim->status;
}

vd_time sim_now(const struct sim *sim)
{
    return sim->running ? sim->running->time : sim->now;
}

void sim_post(struct sim *sim, struct vd_event *ev, vd_time when)
{
    assert(when >= sim_now(sim));
    heap_post(&sim->heap, ev, when);
    if (!sim->running)
        return;
    if (when <= sim->running->limit) {
        sim->running->limit = when;
        sim->running->loose = false;
    }
    if (when < sim->latest)
        sim->inexact++;
}

void sim_cancel(struct sim *sim, struct vd_event *ev)
{
    heap_cancel(&sim->heap, ev);
}

void sim_wake(struct sim *sim, struct vd_runner *runner)
{
    runner->asleep = false;
    runner->time = later(runner->time, sim_now(sim));
    if (!runner->queued)
        enqueue(sim, runner);
    struct vd_runner *running = sim->running;
    if (running && running != runner)
        running->limit = earlier(running->limit, plus(runner->time, sim->config.quantum));
}

uint32_t sim_num_events(const struct sim *sim)
{
    return sim->heap.count;
}

vd_time sim_next_event(const struct sim *sim)
{
    return heap_first(&sim->heap);
}

vd_time sim_quantum(const struct sim *sim)
{
    return sim->config.quantum;
}

uint64_t sim_mtime(const struct sim *sim)
{
    return sim_now(sim) / sim->config.mtime_period + sim->mtime_shift;
}

void sim_set_mtime(struct sim *sim, uint64_t value)
{
    sim->mtime_shift = value - sim_now(sim) / sim->config.mtime_period;
}

vd_time sim_mtime_period(const struct sim *sim)
{
    return sim->config.mtime_period;
}

uint64_t sim_seed(const struct sim *sim, const char *name)
{
    uint64_t state = sim->config.seed;
    uint64_t seed = rng_splitmix(&state);
    for (; *name; name++) {
        state = seed ^ (uint8_t)*name;
        seed = rng_splitmix(&state);
    }
    return seed;
}

uint64_t sim_serial(struct sim *sim)
{
    return ++sim->serial;
}

/* A runner that overshoots its limit by the rest of one instruction is not late: the boundary
 * behind that instruction is where the effect belongs. */
bool sim_runner_passed(struct sim *sim, const struct vd_runner *runner)
{
    vd_time now = sim_now(sim);
    if (runner == sim->running || runner->time <= now || runner->limit <= now)
        return false;
    sim->inexact++;
    return true;
}

uint64_t sim_inexact(const struct sim *sim)
{
    return sim->inexact;
}
