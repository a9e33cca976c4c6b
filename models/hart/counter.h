/* SPDX-License-Identifier: BSD-2-Clause */
/* The hardware performance counters: events, mode filters, overflow. */
#ifndef HART_COUNTER_H
#define HART_COUNTER_H

#include "hart/state.h"

/* What a hart counts, as mhpmevent selects it; 0 counts nothing. */
enum counter_event {
#define HART_EVENT(name, number, text) COUNTER_##name = (number),
#include "hart/events.def"
#undef HART_EVENT
    COUNTER_EVENTS
};

enum { COUNTER_CYCLE = 0, COUNTER_INSTRET = 2, COUNTER_FIRST_HPM = 3 };

/* Counter n: 0 mcycle, 2 minstret, 3 to 31 mhpmcounter. */
uint64_t counter_read(const struct hart *h, unsigned n);
void counter_write(struct hart *h, unsigned n, uint64_t value);
/* mhpmevent of counter n, or mcyclecfg and minstretcfg. */
void counter_configure(struct hart *h, unsigned n, uint64_t config);
void counter_inhibit(struct hart *h, uint64_t mcountinhibit);
/* Before the mode changes, and after it. */
void counter_leave_mode(struct hart *h);
void counter_enter_mode(struct hart *h);
/* The hart was asleep, where only cycles count. */
void counter_awake(struct hart *h);
/* OF of all counters, at their numbers. */
uint64_t counter_overflows(const struct hart *h);
/* The state was replaced. */
void counter_restored(struct hart *h);
void counter_create(struct hart *h);

#endif
