/* SPDX-License-Identifier: BSD-2-Clause */
/* What the mutated text of a model calls.  Mutants are numbered from 1; those of one place in a
 * row. */
#ifndef MUTANT_H
#define MUTANT_H

extern unsigned mutant;

/* True if the number is that of one of `count` mutants here.  The build that finds out which places
 * a test reaches takes none. */
#ifdef MUTATION_REACH
extern unsigned char mutation_reached[];
#define MUTANT_AT(first, count) (mutation_reached[first] = 1, 0)
#else
#define MUTANT_AT(first, count) __builtin_expect(MUTANT - (first) < (count), 0)
#endif
#define MUTANT_IS(number) (MUTANT == (number))

/* A build for one mutant alone has its number. */
#ifndef MUTANT
#define MUTANT mutant
#endif

/* An entry of a table, changed once.  A change that leaves the value is told: it is no mutant. */
void mutation_same(unsigned number);
#ifdef MUTATION_REACH
#define MUTANT_ENTRY(number, entry, changed)                                                       \
    if ((entry) == (__typeof__(entry))(changed))                                                   \
    mutation_same(number)
#else
#define MUTANT_ENTRY(number, entry, changed)                                                       \
    if (MUTANT_IS(number))                                                                         \
    (entry) = (__typeof__(entry))(changed)
#endif

/* The value without its highest bit. */
#define MUTANT_LESS(value)                                                                         \
    ((value) ? (unsigned long long)(value) ^ 1ULL << (63 - __builtin_clzll((value) + 0ULL)) : 0)

void mutation_assert(int holds);

#endif
