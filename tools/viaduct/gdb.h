/* SPDX-License-Identifier: BSD-2-Clause */
/* A GDB server: `target remote localhost:PORT`.  Harts are threads; all stop together. */
#ifndef VIADUCT_GDB_H
#define VIADUCT_GDB_H

#include "platforms/virt.h"

struct gdb;

/* With `halted`, the machine waits in reset for a debugger that lets it go. */
struct gdb *gdb_open(struct virt *virt, uint16_t port, bool halted, struct vd_error *err);
void gdb_close(struct gdb *gdb);
/* virt_run(), but a debugger may stop the machine on the way.  While it has set no breakpoints and
 * does not step, the run is the one without it. */
enum sim_end gdb_run(struct gdb *gdb, vd_time until, struct vd_error *err);
/* A debugger sees what the harts do, and may do something about it. */
bool gdb_attends(const struct gdb *gdb);
/* The debugger has ended the run. */
bool gdb_killed(const struct gdb *gdb);
/* The run has ended: the debugger is told. */
void gdb_exited(struct gdb *gdb, int status);

#endif
