/* SPDX-License-Identifier: BSD-2-Clause */
/* Prints the host nanoseconds that posting an event and firing it take with ARMED others armed. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "core/rng.h"
#include "core/sim.h"

enum { ARMED = 1000, ROUNDS = 20, FIRED = 500000 };

struct timer {
    struct vd_event ev;
    struct sim *sim;
    struct rng *rng;
    uint64_t *left;
};

static void rearm(void *ctx, uint32_t arg)
{
    struct timer *t = ctx;
    (void)arg;
    if (--*t->left == 0)
        sim_stop(t->sim);
    sim_post(t->sim, &t->ev, sim_now(t->sim) + 1 + rng_next(t->rng) % 1000000);
}

static double user_seconds(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
    return (double)ts.tv_sec + (double)ts.tv_nsec * 1e-9;
}

static int ascending(const void *x, const void *y)
{
    double a = *(const double *)x, b = *(const double *)y;
    return (a > b) - (a < b);
}

int main(void)
{
    static struct timer timers[ARMED];
    struct sim *sim = sim_create(&(struct sim_config){0});
    struct rng rng;
    uint64_t left;
    double ns[ROUNDS];
    rng_seed(&rng, 1);
    for (int i = 0; i < ARMED; i++) {
        timers[i] = (struct timer){{.fire = rearm, .ctx = &timers[i]}, sim, &rng, &left};
        sim_post(sim, &timers[i].ev, rng_next(&rng) % 1000000);
    }
    for (int round = 0; round < ROUNDS; round++) {
        left = FIRED;
        double start = user_seconds();
        sim_run(sim, VD_NEVER);
        ns[round] = (user_seconds() - start) * 1e9 / FIRED;
    }
    qsort(ns, ROUNDS, sizeof(ns[0]), ascending);
    printf("%.1f ns per event posted and fired with %d armed\n", ns[ROUNDS / 2], ARMED);
    sim_destroy(sim);
    return 0;
}
