/* SPDX-License-Identifier: BSD-2-Clause */
#include "watch.h"

#include <inttypes.h>
#include <string.h>

#include "kernel_log.h"

enum {
    TRAPS_FOR_EVER = 10000, /* exceptions in a row without progress */
    BUSY_INSTRUCTIONS = 1000,
    PANIC_SPINS = 25,  /* behind the message of a panic */
    SILENT_SPINS = 50, /* the log is searched for one */
    QUIET_LOOKS = 64,  /* the longest time between two looks at what the harts are going to do */
    SP = 2,
};

#define TIMER_INTERRUPTS UINT64_C(0xe0) /* STI, VSTI, MTI */

void watch_start(struct watch *w, struct virt *virt, struct console *console)
{
    memset(w, 0, sizeof(*w));
    w->virt = virt;
    w->console = console;
}

/* --- one look --- */

static uint64_t register_of(struct hart *hart, uint32_t reg)
{
    uint64_t value = 0;
    hart_get(hart, reg, &value);
    return value;
}

static bool is_user(enum vd_mode mode)
{
    return mode == VD_MODE_U || mode == VD_MODE_VU || mode == VD_MODE_VS;
}

struct look {
    uint32_t harts;
    uint32_t looping;        /* the first hart that traps for ever; harts: none */
    uint32_t timers, others; /* events: those of timers, and those that may do anything else */
    uint64_t wakes;          /* by which interrupts one of those asleep could be woken */
    bool user, busy, moved;
};

static void look_at(struct watch *w, uint32_t index, struct look *look)
{
    struct hart *hart = virt_hart(w->virt, index);
    struct watch_hart *last = &w->harts[index];
    struct hart_counts counts = hart_counts(hart);
    bool asleep = hart_runner(hart)->asleep;
    look->wakes |= asleep ? hart_interruptible(hart) : 0;
    look->user |= !asleep && is_user(hart_mode(hart));
    look->busy |= !asleep && counts.instructions - last->instructions > BUSY_INSTRUCTIONS;
    uint64_t sp = register_of(hart, SP);
    look->moved |= sp != last->sp;
    if (counts.repeated >= TRAPS_FOR_EVER && look->looping == look->harts)
        look->looping = index;
    *last = (struct watch_hart){counts.instructions, sp};
}

enum status watch_panicked(const struct watch *w, struct vd_error *err)
{
    vd_fail(err, "the guest's kernel has panicked: %s", console_panic(w->console));
    return STATUS_PANIC;
}

bool watch_reset(const struct watch *w)
{
    return console_panic(w->console) != NULL;
}

/* One look in three may have met an interrupt handler. */
static void count_spins(struct watch *w, const struct look *look)
{
    if (look->user || !look->busy)
        w->spins = 0;
    else if (!look->moved)
        w->spins++;
    else
        w->spins = w->spins > 2 ? w->spins - 2 : 0;
}

/* A panicked kernel spins on one hart, in the same stack frame, for ever, and no program runs. */
static enum status look_for_panic(struct watch *w, const struct look *look, struct vd_error *err)
{
    char text[128];
    count_spins(w, look);
    if (look->user)
        console_forget_panic(w->console);
    if (console_panic(w->console))
        return w->spins >= PANIC_SPINS ? watch_panicked(w, err) : STATUS_OK;
    if (look->moved || w->spins == 0 || w->spins % SILENT_SPINS != 0 ||
        !kernel_log_panic(w->virt, text, sizeof(text)))
        return STATUS_OK;
    vd_fail(err, "the guest's kernel has panicked, and its console did not say so: %s", text);
    return STATUS_PANIC;
}

/* --- standstill --- */

static void count_events(const struct watch *w, struct look *look)
{
    bool deaf = console_polls(w->console) && !virt_console_listens(w->virt);
    look->timers = virt_num_timers(w->virt);
    look->others = sim_num_events(virt_core(w->virt)->sim) - look->timers - (deaf ? 1 : 0);
}

/* No event that is waiting can cause one of these interrupts. */
static bool out_of_reach(const struct look *look, uint64_t interrupts)
{
    return (!interrupts || !look->others) && (!(interrupts & TIMER_INTERRUPTS) || !look->timers);
}

/* Each hart that is awake goes round in a circle that nothing outside it breaks.  As none of them
 * changes memory, or anything else that another one sees, they do not break each other's either.  A
 * store takes away a reservation, even if it changes nothing. */
static bool go_in_circles(struct watch *w, const struct look *look)
{
    bool conditional = false, writes = false, loads = false, traps = false;
    for (uint32_t i = 0; i < look->harts; i++) {
        struct twin_course course;
        w->rounds[i] = (struct virt_round){0};
        if (hart_runner(virt_hart(w->virt, i))->asleep)
            continue;
        if (!twin_repeats(w->virt, i, &course) || !out_of_reach(look, course.interruptible))
            return false;
        conditional |= course.conditional;
        writes |= course.writes;
        loads |= course.round.loads;
        traps |= course.round.traps != 0;
        w->rounds[i] = course.round;
    }
    bool typed = loads && console_polls(w->console) && virt_console_in_memory(w->virt);
    return !typed && !(traps && look->others) && !(conditional && writes && look->harts > 1);
}

/* What comes from outside of the harts, and from those asleep, does not come any more.  Harts that
 * are awake are looked at closely ever more rarely: most are only busy. */
static bool stands_still(struct watch *w, const struct look *look)
{
    if (!virt_idle(w->virt) || !out_of_reach(look, look->wakes)) {
        w->quiet = 0;
        return false;
    }
    w->quiet++;
    bool due = (w->quiet & (w->quiet - 1)) == 0 || w->quiet % QUIET_LOOKS == 0;
    return w->quiet > 1 && due && go_in_circles(w, look);
}

/* The first hart whose round has a trap; harts: none. */
static uint32_t first_that_traps(const struct watch *w, uint32_t harts)
{
    uint32_t i = 0;
    while (i < harts && !w->rounds[i].traps)
        i++;
    return i;
}

static enum status report_traps(const struct watch *w, uint32_t index, struct vd_error *err)
{
    const struct virt_round *round = &w->rounds[index];
    bool interrupt = round->cause >> 63;
    vd_fail(err,
            "hart %" PRIu32 " traps for ever: its handler of %s %" PRIu64
            " returns to where it came from, and nothing has changed",
            index, interrupt ? "interrupt" : "exception", round->cause << 1 >> 1);
    return STATUS_TRAPS;
}

static enum status report_deadlock(const struct watch *w, uint32_t harts, struct vd_error *err)
{
    uint32_t asleep = 0, polls = harts, jumps = harts; /* the first of these, harts: none */
    for (uint32_t i = harts; i-- > 0;) {
        if (!w->rounds[i].instructions)
            asleep++;
        else if (w->rounds[i].loads)
            polls = i;
        else
            jumps = i;
    }
    char polled[128] = "";
    if (polls < harts)
        snprintf(polled, sizeof(polled),
                 "polls memory that nobody will write (hart %" PRIu32 ": 0x%" PRIx64 ")", polls,
                 w->rounds[polls].address);
    vd_fail(err, "nothing can happen any more: every hart %s%s%s%s%s%s",
            jumps < harts ? "jumps to itself" : "", jumps < harts && polls < harts ? ", or " : "",
            polled, asleep < harts ? " with interrupts off" : "",
            asleep && asleep < harts ? ", or " : "", asleep ? "sleeps" : "");
    return STATUS_DEADLOCK;
}

const struct virt_round *watch_rounds(struct watch *w)
{
    uint32_t harts = virt_config(w->virt)->machine.harts;
    for (uint32_t i = 0; i < harts; i++) {
        struct twin_course course = {0};
        bool asleep = hart_runner(virt_hart(w->virt, i))->asleep;
        bool repeats = !asleep && twin_repeats(w->virt, i, &course);
        w->rounds[i] = repeats ? course.round : (struct virt_round){0};
    }
    return w->rounds;
}

enum status watch_look(struct watch *w, struct vd_error *err)
{
    struct look look = {.harts = virt_config(w->virt)->machine.harts};
    look.looping = look.harts;
    for (uint32_t i = 0; i < look.harts; i++)
        look_at(w, i, &look);
    count_events(w, &look);
    if (look.looping < look.harts) {
        vd_fail(err,
                "hart %" PRIu32 " traps for ever: its trap handler traps itself, or cannot run",
                look.looping);
        return STATUS_TRAPS;
    }
    if (stands_still(w, &look)) {
        uint32_t index = first_that_traps(w, look.harts);
        return index < look.harts ? report_traps(w, index, err)
                                  : report_deadlock(w, look.harts, err);
    }
    return look_for_panic(w, &look, err);
}
