/* SPDX-License-Identifier: BSD-2-Clause */
/* The machine as the hypervisor found it, and its end. */
#ifndef HYP_HYP_H
#define HYP_HYP_H

#include <stdbool.h>
#include <stdint.h>

#include "board.h"
#include "hint.h"
#include "iommus.h"
#include "pcie.h"

enum { HYP_ENDPOINTS = 4 };

extern struct board board;
extern struct pcie_function endpoints[HYP_ENDPOINTS];
extern uint32_t num_endpoints;

enum hyp_status { HYP_PASS = 0, HYP_EXPERIMENT = 1, HYP_ARGUMENTS = 2, HYP_BROKEN = 3 };

/* Prints the last line and ends the run. */
_Noreturn void hyp_exit(enum hyp_status status, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
