/* SPDX-License-Identifier: BSD-2-Clause */
#include "gdb_point.h"

#include <stddef.h>

bool gdb_points_add(struct gdb_points *points, const struct gdb_point *point)
{
    if (points->count == GDB_POINTS)
        return false;
    points->list[points->count++] = *point;
    return true;
}

void gdb_points_remove(struct gdb_points *points, const struct gdb_point *point)
{
    for (uint32_t i = 0; i < points->count; i++) {
        struct gdb_point *p = &points->list[i];
        if (p->kind == point->kind && p->address == point->address && p->size == point->size) {
            *p = points->list[--points->count];
            return;
        }
    }
}

static bool overlaps(const struct gdb_point *p, const struct hart_access *e)
{
    bool kind =
        (e->reads && p->kind != GDB_WATCH_WRITE) || (e->writes && p->kind != GDB_WATCH_READ);
    return kind && !e->guest && e->va < p->address + p->size && p->address < e->va + e->size;
}

static bool is_watch(const struct gdb_point *p)
{
    return p->kind >= GDB_WATCH_WRITE;
}

const struct gdb_point *gdb_points_met(const struct gdb_points *points, struct hart *hart)
{
    struct hart_access access;
    uint64_t pc = 0;
    bool accesses = hart_peek_access(hart, &access);
    hart_get(hart, HART_REG_PC, &pc);
    for (uint32_t i = 0; i < points->count; i++) {
        const struct gdb_point *p = &points->list[i];
        if (is_watch(p) ? accesses && overlaps(p, &access) : p->address == pc)
            return p;
    }
    return NULL;
}
