/* SPDX-License-Identifier: BSD-2-Clause */
/* The words of memory that software and the IOMMU share, MSI page table entries and
 * memory-resident interrupt files.  They are found in the records of the IOMMU that uses them, and
 * from then on every change of one, whoever makes it, is a record `word` of its own. */
#ifndef CORE_WATCH_H
#define CORE_WATCH_H

#include <stdint.h>

struct core;
struct port;
struct watch;

/* Becomes a sink of the core's trace. */
struct watch *watch_create(struct core *core);
void watch_destroy(struct watch *watch);
/* For the bus: the port (NULL: the debugger) has written to a page with such words. */
void watch_wrote(struct watch *watch, struct port *port, uint64_t addr, uint64_t size);

#endif
