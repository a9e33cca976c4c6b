/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory that runs out when a test says so.  A test that uses it is linked with short_memory. */

#ifndef SUPPORT_MEMORY_H
#define SUPPORT_MEMORY_H

#include <stdint.h>

/* The n-th allocation from now fails, once; 0: none. */
extern uint32_t memory_fails_in;

#endif
