/* SPDX-License-Identifier: BSD-2-Clause */
/* The command, run by a test in a folder of its own. */
#ifndef VIADUCT_COMMAND_RIG_H
#define VIADUCT_COMMAND_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

enum { RIG_OUTPUT_SIZE = 1 << 20 };

extern char rig_folder[];
extern char rig_output[RIG_OUTPUT_SIZE]; /* of the last run, stderr included */

/* For cmocka_run_group_tests(). */
int rig_create(void **state);
int rig_remove(void **state);

/* The exit status of `viaduct ARGUMENTS`, which a shell sees. */
int rig_run(const char *arguments);
void rig_write(const char *name, const void *data, size_t size);
void rig_write_text(const char *name, const char *text);

#endif
