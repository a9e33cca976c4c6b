/* SPDX-License-Identifier: BSD-2-Clause */
#define RUN    run_functional
#define TIMING 0
#include "hart/run.h"
