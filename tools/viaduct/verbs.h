/* SPDX-License-Identifier: BSD-2-Clause */
/* The verbs of the command.  Each gets its arguments without the verb and returns the exit status.
 */
#ifndef VIADUCT_VERBS_H
#define VIADUCT_VERBS_H

#include "status.h"

int verb_run(int argc, char **argv);
int verb_exp(int argc, char **argv);
int verb_report(int argc, char **argv);
int verb_trace(int argc, char **argv);
int verb_regs(int argc, char **argv);
int verb_vectors(int argc, char **argv);

/* Prints "viaduct: sentence" to stderr and returns the status. */
int fail(enum status status, const char *sentence);

#endif
