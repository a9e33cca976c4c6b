/* SPDX-License-Identifier: BSD-2-Clause */
/* A reader of JSON that only says whether the text is well formed; for tests. */
#ifndef REPORT_JSON_CHECK_H
#define REPORT_JSON_CHECK_H

#include <stdbool.h>

bool json_valid(const char *text);

#endif
