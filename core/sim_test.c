/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/rng.h"
#include "core/sim.h"

enum { LOG = 4096, HARTS = 4 };

/* What happened, in order. */
struct diary {
    struct sim *sim;
    uint32_t what[LOG];
    vd_time when[LOG];
    uint32_t count;
};

static void note(struct diary *d, uint32_t what)
{
    if (d->count < LOG) {
        d->what[d->count] = what;
        d->when[d->count++] = sim_now(d->sim);
    }
}

static void on_event(void *ctx, uint32_t arg)
{
    note(ctx, arg);
}

static void begin(struct diary *d, vd_time quantum)
{
    memset(d, 0, sizeof(*d));
    d->sim = sim_create(&(struct sim_config){.quantum = quantum, .seed = 7});
}

static struct vd_event event(struct diary *d, uint32_t arg)
{
    return (struct vd_event){.fire = on_event, .ctx = d, .arg = arg};
}

/* A hart of our own: each instruction takes `cycle`, is noted, and may do something. */
struct toy {
    struct vd_runner runner;
    struct diary *diary;
    uint32_t id;
    vd_time cycle;
    uint32_t left; /* instructions until it sleeps; once woken, one more.  0: it never does */
    void (*step)(struct toy *toy);
    void *ctx;
};

static void toy_run(struct vd_runner *runner)
{
    struct toy *t = (struct toy *)(void *)runner; /* its first member */
    do {
        note(t->diary, t->id);
        if (t->step)
            t->step(t);
        t->runner.time += t->cycle;
        if (t->left == 1)
            t->runner.asleep = true;
        else if (t->left)
            t->left--;
    } while (t->runner.time < t->runner.limit && !t->runner.asleep);
}

static void toy_init(struct toy *t, struct diary *d, uint32_t id, vd_time cycle, uint32_t left)
{
    *t = (struct toy){
        .runner = {.run = toy_run}, .diary = d, .id = id, .cycle = cycle, .left = left};
    sim_add_runner(d->sim, &t->runner);
}

static void check(const struct diary *d, const uint32_t *what, uint32_t count)
{
    assert_int_equal(d->count, count);
    assert_memory_equal(d->what, what, count * sizeof(what[0]));
}

static void order_is_time_then_posting(void **state)
{
    struct diary d;
    (void)state;
    begin(&d, 0);
    struct vd_event a = event(&d, 1), b = event(&d, 2), c = event(&d, 3), e = event(&d, 4);
    sim_post(d.sim, &a, 20);
    sim_post(d.sim, &b, 10);
    sim_post(d.sim, &c, 20);
    sim_post(d.sim, &e, 10);
    assert_int_equal(sim_run(d.sim, VD_NEVER), SIM_DEADLOCK);
    check(&d, (uint32_t[]){2, 4, 1, 3}, 4);
    assert_int_equal(sim_now(d.sim), 20);
    sim_destroy(d.sim);
}

static void reposting_moves_behind_equals(void **state)
{
    struct diary d;
    (void)state;
    begin(&d, 0);
    struct vd_event a = event(&d, 1), b = event(&d, 2);
    sim_post(d.sim, &a, 10);
    sim_post(d.sim, &b, 10);
    sim_post(d.sim, &a, 10);
    assert_int_equal(sim_num_events(d.sim), 2);
    sim_run(d.sim, VD_NEVER);
    check(&d, (uint32_t[]){2, 1}, 2);
    sim_destroy(d.sim);
}

static void cancelled_events_never_fire(void **state)
{
    struct diary d;
    (void)state;
    begin(&d, 0);
    struct vd_event a = event(&d, 1), b = event(&d, 2);
    sim_post(d.sim, &a, 10);
    sim_post(d.sim, &b, 20);
    sim_cancel(d.sim, &a);
    sim_cancel(d.sim, &a);
    assert_int_equal(a.slot, 0);
    sim_run(d.sim, VD_NEVER);
    check(&d, (uint32_t[]){2}, 1);
    sim_destroy(d.sim);
}

static int by_time_and_order(const void *x, const void *y)
{
    const struct vd_event *a = *(struct vd_event *const *)x, *b = *(struct vd_event *const *)y;
    if (a->when != b->when)
        return a->when < b->when ? -1 : 1;
    return a->order < b->order ? -1 : 1;
}

static void thousands_posted_moved_and_cancelled_come_in_order(void **state)
{
    enum { MANY = 3000 };
    struct diary d;
    static struct vd_event events[MANY];
    static struct vd_event *left[MANY];
    struct rng rng;
    uint32_t count = 0;
    (void)state;
    begin(&d, 0);
    rng_seed(&rng, 3);
    for (uint32_t i = 0; i < MANY; i++) {
        events[i] = event(&d, i);
        sim_post(d.sim, &events[i], rng_below(&rng, 500));
    }
    for (uint32_t i = 0; i < MANY; i++) {
        uint32_t which = (uint32_t)rng_below(&rng, MANY);
        if (i % 3)
            sim_post(d.sim, &events[which], rng_below(&rng, 500));
        else
            sim_cancel(d.sim, &events[which]);
    }
    for (uint32_t i = 0; i < MANY; i++)
        if (events[i].slot)
            left[count++] = &events[i];
    qsort(left, count, sizeof(left[0]), by_time_and_order);
    sim_run(d.sim, VD_NEVER);
    assert_int_equal(d.count, count);
    for (uint32_t i = 0; i < count; i++)
        assert_int_equal(d.what[i], left[i]->arg);
    sim_destroy(d.sim);
}

static void quantum_of_one_cycle_alternates(void **state)
{
    struct diary d;
    struct toy a, b;
    (void)state;
    begin(&d, 10);
    toy_init(&a, &d, 1, 10, 3);
    toy_init(&b, &d, 2, 10, 3);
    assert_int_equal(sim_run(d.sim, VD_NEVER), SIM_DEADLOCK);
    check(&d, (uint32_t[]){1, 2, 1, 2, 1, 2}, 6);
    sim_destroy(d.sim);
}

static void unequal_runners_keep_time_order(void **state)
{
    struct diary d;
    struct toy a, b;
    (void)state;
    begin(&d, 10);
    toy_init(&a, &d, 1, 30, 2);
    toy_init(&b, &d, 2, 10, 6);
    sim_run(d.sim, VD_NEVER);
    check(&d, (uint32_t[]){1, 2, 2, 2, 1, 2, 2, 2}, 8);
    for (uint32_t i = 1; i < d.count; i++)
        assert_true(d.when[i] >= d.when[i - 1]);
    sim_destroy(d.sim);
}

static void quantum_bounds_how_far_one_runs_ahead(void **state)
{
    struct diary d;
    struct toy a, b;
    vd_time at[3] = {0};
    (void)state;
    begin(&d, 50);
    toy_init(&a, &d, 1, 10, 40);
    toy_init(&b, &d, 2, 10, 40);
    sim_run(d.sim, VD_NEVER);
    assert_int_equal(d.count, 80);
    for (uint32_t i = 0; i < d.count && d.when[i] < 300; i++) {
        at[d.what[i]] = d.when[i] + 10;
        vd_time ahead = at[1] > at[2] ? at[1] - at[2] : at[2] - at[1];
        assert_true(ahead <= 50);
    }
    for (uint32_t i = 0; i < 5; i++) {
        assert_int_equal(d.what[i], 1);
        assert_int_equal(d.what[5 + i], 2);
    }
    sim_destroy(d.sim);
}

static void events_come_before_instructions_of_their_time(void **state)
{
    struct diary d;
    struct toy a;
    (void)state;
    begin(&d, 1000);
    toy_init(&a, &d, 1, 10, 4);
    struct vd_event e = event(&d, 9), f = event(&d, 8);
    sim_post(d.sim, &e, 20);
    sim_post(d.sim, &f, 25);
    sim_run(d.sim, VD_NEVER);
    check(&d, (uint32_t[]){1, 1, 9, 1, 8, 1}, 6);
    sim_destroy(d.sim);
}

static void post_soon(struct toy *t)
{
    struct vd_event *ev = t->ctx;
    if (t->runner.time == 20)
        sim_post(t->diary->sim, ev, 40);
}

static void post_within_a_slice_lowers_its_limit(void **state)
{
    struct diary d;
    struct toy a;
    (void)state;
    begin(&d, 1000);
    toy_init(&a, &d, 1, 10, 6);
    struct vd_event e = event(&d, 9);
    a.step = post_soon;
    a.ctx = &e;
    sim_run(d.sim, VD_NEVER);
    check(&d, (uint32_t[]){1, 1, 1, 1, 9, 1, 1}, 7);
    assert_int_equal(d.when[4], 40);
    assert_int_equal(sim_inexact(d.sim), 0);
    sim_destroy(d.sim);
}

static void now_in_a_slice_is_the_runners_time(void **state)
{
    struct diary d;
    struct toy a;
    (void)state;
    begin(&d, 1000);
    toy_init(&a, &d, 1, 10, 3);
    sim_run(d.sim, VD_NEVER);
    assert_int_equal(d.when[0], 0);
    assert_int_equal(d.when[1], 10);
    assert_int_equal(d.when[2], 20);
    sim_destroy(d.sim);
}

static void wake_other(struct toy *t)
{
    if (t->runner.time == 30)
        sim_wake(t->diary->sim, t->ctx);
}

static void wake_moves_time_to_now_and_ends_the_slice(void **state)
{
    struct diary d;
    struct toy a, b;
    (void)state;
    begin(&d, 20);
    toy_init(&a, &d, 1, 10, 8);
    toy_init(&b, &d, 2, 10, 1);
    a.step = wake_other;
    a.ctx = &b.runner;
    sim_run(d.sim, VD_NEVER);
    /* b runs once at 0, sleeps, and is back at 30 before a has passed 50. */
    uint32_t second = 0;
    for (uint32_t i = 0; i < d.count; i++)
        if (d.what[i] == 2 && d.when[i] > 0 && !second)
            second = i;
    assert_true(second > 0);
    assert_int_equal(d.when[second], 30);
    assert_true(d.when[second - 1] <= 50);
    assert_int_equal(d.count, 10);
    sim_destroy(d.sim);
}

static void deadlock_is_not_a_limit(void **state)
{
    struct diary d;
    struct toy a;
    (void)state;
    begin(&d, 0);
    toy_init(&a, &d, 1, 10, 2);
    assert_int_equal(sim_run(d.sim, 10), SIM_LIMIT);
    assert_int_equal(sim_run(d.sim, 1000), SIM_DEADLOCK);
    check(&d, (uint32_t[]){1, 1}, 2);
    sim_destroy(d.sim);
}

static void limit_leaves_its_own_time_undone(void **state)
{
    struct diary d;
    (void)state;
    begin(&d, 0);
    struct vd_event a = event(&d, 1), b = event(&d, 2);
    sim_post(d.sim, &a, 99);
    sim_post(d.sim, &b, 100);
    assert_int_equal(sim_run(d.sim, 100), SIM_LIMIT);
    check(&d, (uint32_t[]){1}, 1);
    assert_int_equal(sim_now(d.sim), 100);
    assert_int_equal(sim_run(d.sim, 101), SIM_DEADLOCK);
    check(&d, (uint32_t[]){1, 2}, 2);
    sim_destroy(d.sim);
}

static void limit_bounds_a_lone_runner(void **state)
{
    struct diary d;
    struct toy a;
    (void)state;
    begin(&d, 0);
    toy_init(&a, &d, 1, 10, 0);
    assert_int_equal(sim_run(d.sim, 100), SIM_LIMIT);
    assert_int_equal(d.count, 10);
    sim_destroy(d.sim);
}

static void exit_now(struct toy *t)
{
    if (t->runner.time == 20)
        sim_exit(t->diary->sim, 5);
}

static void exit_ends_at_the_instruction_with_its_status(void **state)
{
    struct diary d;
    struct toy a;
    (void)state;
    begin(&d, 1000);
    toy_init(&a, &d, 1, 10, 0);
    a.step = exit_now;
    assert_int_equal(sim_run(d.sim, VD_NEVER), SIM_EXIT);
    assert_int_equal(sim_status(d.sim), 5);
    assert_int_equal(d.count, 3);
    sim_exit(d.sim, 6);
    assert_int_equal(sim_status(d.sim), 5);
    assert_int_equal(sim_run(d.sim, VD_NEVER), SIM_EXIT);
    assert_int_equal(d.count, 3);
    sim_destroy(d.sim);
}

static void stop_now(struct toy *t)
{
    if (t->runner.time == 20)
        sim_stop(t->diary->sim);
}

static void stopped_run_goes_on(void **state)
{
    struct diary d;
    struct toy a;
    (void)state;
    begin(&d, 1000);
    toy_init(&a, &d, 1, 10, 5);
    a.step = stop_now;
    assert_int_equal(sim_run(d.sim, VD_NEVER), SIM_STOPPED);
    assert_int_equal(d.count, 3);
    assert_int_equal(sim_run(d.sim, VD_NEVER), SIM_DEADLOCK);
    assert_int_equal(d.count, 5);
    sim_destroy(d.sim);
}

static void post_early(struct toy *t)
{
    if (t->runner.time == 10)
        sim_post(t->diary->sim, t->ctx, 12);
}

static void late_effects_are_counted(void **state)
{
    struct diary d;
    struct toy a, b;
    (void)state;
    begin(&d, 100);
    toy_init(&a, &d, 1, 10, 20);
    toy_init(&b, &d, 2, 10, 20);
    struct vd_event e = event(&d, 9);
    b.step = post_early;
    b.ctx = &e;
    sim_run(d.sim, 50);
    assert_int_equal(sim_inexact(d.sim), 1);
    sim_destroy(d.sim);
}

static void overshoot_is_not_late(void **state)
{
    struct diary d;
    struct toy a, b;
    (void)state;
    begin(&d, 100);
    toy_init(&a, &d, 1, 30, 0);
    struct vd_event e = event(&d, 9);
    sim_post(d.sim, &e, 40);
    sim_run(d.sim, 41);
    assert_int_equal(a.runner.time, 60);
    assert_false(sim_runner_passed(d.sim, &a.runner));
    assert_int_equal(sim_inexact(d.sim), 0);
    toy_init(&b, &d, 2, 10, 0);
    b.runner.time = 300;
    b.runner.limit = 300;
    assert_true(sim_runner_passed(d.sim, &b.runner));
    assert_int_equal(sim_inexact(d.sim), 1);
    sim_destroy(d.sim);
}

static void mtime_counts_periods_and_can_be_set(void **state)
{
    (void)state;
    struct sim *sim = sim_create(&(struct sim_config){.mtime_period = 100});
    sim_run(sim, 1);
    assert_int_equal(sim_mtime(sim), 0);
    struct diary d = {.sim = sim};
    struct vd_event e = event(&d, 1);
    sim_post(sim, &e, 1050);
    sim_run(sim, VD_NEVER);
    assert_int_equal(sim_mtime(sim), 10);
    sim_set_mtime(sim, 3);
    assert_int_equal(sim_mtime(sim), 3);
    sim_post(sim, &e, 1250);
    sim_run(sim, VD_NEVER);
    assert_int_equal(sim_mtime(sim), 5);
    sim_destroy(sim);
}

static void seeds_depend_on_run_and_name_only(void **state)
{
    (void)state;
    struct sim *x = sim_create(&(struct sim_config){.seed = 1});
    struct sim *y = sim_create(&(struct sim_config){.seed = 1});
    struct sim *z = sim_create(&(struct sim_config){.seed = 2});
    sim_seed(y, "other");
    assert_int_equal(sim_seed(x, "uart"), sim_seed(y, "uart"));
    assert_int_not_equal(sim_seed(x, "uart"), sim_seed(x, "pcie"));
    assert_int_not_equal(sim_seed(x, "uart"), sim_seed(z, "uart"));
    assert_int_equal(sim_serial(x), 1);
    assert_int_equal(sim_serial(x), 2);
    sim_destroy(x);
    sim_destroy(y);
    sim_destroy(z);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(order_is_time_then_posting),
        cmocka_unit_test(reposting_moves_behind_equals),
        cmocka_unit_test(cancelled_events_never_fire),
        cmocka_unit_test(thousands_posted_moved_and_cancelled_come_in_order),
        cmocka_unit_test(quantum_of_one_cycle_alternates),
        cmocka_unit_test(unequal_runners_keep_time_order),
        cmocka_unit_test(quantum_bounds_how_far_one_runs_ahead),
        cmocka_unit_test(events_come_before_instructions_of_their_time),
        cmocka_unit_test(post_within_a_slice_lowers_its_limit),
        cmocka_unit_test(now_in_a_slice_is_the_runners_time),
        cmocka_unit_test(wake_moves_time_to_now_and_ends_the_slice),
        cmocka_unit_test(deadlock_is_not_a_limit),
        cmocka_unit_test(limit_leaves_its_own_time_undone),
        cmocka_unit_test(limit_bounds_a_lone_runner),
        cmocka_unit_test(exit_ends_at_the_instruction_with_its_status),
        cmocka_unit_test(stopped_run_goes_on),
        cmocka_unit_test(late_effects_are_counted),
        cmocka_unit_test(overshoot_is_not_late),
        cmocka_unit_test(mtime_counts_periods_and_can_be_set),
        cmocka_unit_test(seeds_depend_on_run_and_name_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
