/* SPDX-License-Identifier: BSD-2-Clause */
/* Truth values that can be told from the numbers 0 and 1 after the preprocessor. */
#ifndef MUTATION_STDBOOL_H
#define MUTATION_STDBOOL_H
#define bool _Bool
#define true ((_Bool)1)
#define false ((_Bool)0)
#define __bool_true_false_are_defined 1
#endif
