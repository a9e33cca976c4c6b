/* SPDX-License-Identifier: BSD-2-Clause */
/* The link from the functions upstream: first in, first out, with latency and rate. */
#ifndef PCIE_LINK_H
#define PCIE_LINK_H

#include "pcie/function.h"

/* How many transactions pcie_send() would take now. */
uint32_t link_room(const struct pcie_root *root);
/* How long a sender that found no room waits before it looks again; never 0. */
vd_time link_backoff(const struct pcie_root *root);

#endif
