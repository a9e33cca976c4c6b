/* SPDX-License-Identifier: BSD-2-Clause */
/* The packets of GDB's remote protocol over a TCP connection of this host. */
#ifndef VIADUCT_GDB_LINK_H
#define VIADUCT_GDB_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "viaduct/error.h"

enum { GDB_PACKET = 0x4000 };

/* What has come. */
enum gdb_news { GDB_NOTHING, GDB_COMMAND, GDB_INTERRUPT, GDB_GONE };

struct gdb_link;

/* Listens on 127.0.0.1; NULL: err says why not. */
struct gdb_link *gdb_link_open(uint16_t port, struct vd_error *err);
void gdb_link_close(struct gdb_link *link);
bool gdb_link_connected(const struct gdb_link *link);
/* Takes a debugger that wants in; with `wait`, until there is one. */
void gdb_link_accept(struct gdb_link *link, bool wait);
/* With `wait`, until there is news. A command is NUL-terminated in packet[GDB_PACKET + 1]. */
enum gdb_news gdb_link_look(struct gdb_link *link, bool wait, char *packet);
void gdb_link_send(struct gdb_link *link, const char *text);
void gdb_link_drop(struct gdb_link *link);

#endif
