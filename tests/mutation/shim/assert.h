/* SPDX-License-Identifier: BSD-2-Clause */
/* An assertion as a call, so that what it states is not mutated with the rest. */
#ifndef MUTATION_ASSERT_H
#define MUTATION_ASSERT_H
void mutation_assert(int holds);
#define assert(condition) mutation_assert((condition) ? 1 : 0)
#define static_assert _Static_assert
#endif
