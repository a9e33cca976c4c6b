/* SPDX-License-Identifier: BSD-2-Clause */
/* The choice of a mutant by the environment, the processor time it is given, and the list of places
 * that a test reached. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>

#include "mutant.h"

#ifndef MUTATION_COUNT
#define MUTATION_COUNT 1
#endif

unsigned mutant;
unsigned char mutation_reached[MUTATION_COUNT + 1];
static unsigned char same[MUTATION_COUNT + 1];

/* Before the constructors that change tables. */
__attribute__((constructor(101))) static void choose(void)
{
    const char *number = getenv("MUTANT");
    const char *limit = getenv("MUTANT_MILLISECONDS");
    mutant = number ? (unsigned)strtoul(number, NULL, 10) : 0;
    if (limit) {
        long milliseconds = strtol(limit, NULL, 10);
        struct itimerval left = {.it_value = {milliseconds / 1000, milliseconds % 1000 * 1000}};
        setitimer(ITIMER_PROF, &left, NULL);
    }
}

__attribute__((destructor)) static void tell(void)
{
    const char *path = getenv("MUTATION_REACHED");
    FILE *out = path ? fopen(path, "a") : NULL;
    if (!out)
        return;
    for (unsigned n = 1; n <= MUTATION_COUNT; n++) {
        if (mutation_reached[n])
            fprintf(out, "reached %u\n", n);
        if (same[n])
            fprintf(out, "same %u\n", n);
    }
    fclose(out);
}

void mutation_same(unsigned number)
{
    same[number] = 1;
}

void mutation_assert(int holds)
{
    if (!holds)
        abort();
}
