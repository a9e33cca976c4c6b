/* SPDX-License-Identifier: BSD-2-Clause */
#define RUN    run_timing
#define TIMING 1
#include "hart/run.h"
