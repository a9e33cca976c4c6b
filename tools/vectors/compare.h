/* SPDX-License-Identifier: BSD-2-Clause */
/* Recorded answers against those of the model. */
#ifndef VECTORS_COMPARE_H
#define VECTORS_COMPARE_H

#include "world.h"

struct exception;

/* A difference that is looked at. */
struct difference {
    const struct record *record;
    const struct transcript *seen;
    struct line expected, got; /* normalised; kind LINE_KINDS: there is none */
    unsigned field;            /* LINE_FIELDS: the lines are of different kinds */
    char class[96];            /* what differs, without addresses: equal for equal reasons */
};

enum verdict {
    VERDICT_EQUAL,
    VERDICT_EXCEPTED, /* a documented choice explains every difference */
    VERDICT_DIFFERENT,
};

/* *exception is the last one that explained something, NULL: none did. */
enum verdict compare(const struct world *world, const struct record *record,
                     struct difference *difference, const struct exception **exception);
/* After a difference: lets memory be as recorded, so that one difference does not cause others. */
void compare_resume(struct world *world, const struct record *record);

/* Differences that a documented choice explains. */
struct exception {
    const char *name, *anchor, *text;
    bool (*explains)(const struct world *world, const struct difference *difference);
};
extern const struct exception exceptions[];
extern const uint32_t num_exceptions;
/* NULL: nothing explains it. */
const struct exception *exception_for(const struct world *world,
                                      const struct difference *difference);

#endif
