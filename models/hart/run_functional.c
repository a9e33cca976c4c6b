/* SPDX-License-Identifier: BSD-2-Clause */
#define RUN    run_functional
#define TIMING false
#include "hart/run.h"
