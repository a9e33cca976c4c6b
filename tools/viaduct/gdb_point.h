/* SPDX-License-Identifier: BSD-2-Clause */
/* Where a debugger wants the harts to stop: before an instruction, or before an access to memory.
 */
#ifndef VIADUCT_GDB_POINT_H
#define VIADUCT_GDB_POINT_H

#include <stdbool.h>
#include <stdint.h>

#include "hart/hart.h"

enum { GDB_POINTS = 64 };

/* The numbers of the packets Z and z. */
enum gdb_point_kind {
    GDB_BREAK_SOFTWARE,
    GDB_BREAK_HARDWARE,
    GDB_WATCH_WRITE,
    GDB_WATCH_READ,
    GDB_WATCH_ACCESS,
    GDB_POINT_KINDS
};

struct gdb_point {
    enum gdb_point_kind kind;
    uint64_t address, size;
};

struct gdb_points {
    struct gdb_point list[GDB_POINTS];
    uint32_t count;
};

/* False: there are too many. */
bool gdb_points_add(struct gdb_points *points, const struct gdb_point *point);
void gdb_points_remove(struct gdb_points *points, const struct gdb_point *point);
/* Which of them the next instruction of the hart meets, or NULL. */
const struct gdb_point *gdb_points_met(const struct gdb_points *points, struct hart *hart);

#endif
