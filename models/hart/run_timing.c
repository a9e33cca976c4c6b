/* SPDX-License-Identifier: BSD-2-Clause */
#define RUN    run_timing
#define TIMING true
#include "hart/run.h"
