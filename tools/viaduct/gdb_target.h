/* SPDX-License-Identifier: BSD-2-Clause */
/* A hart as GDB sees it: registers by GDB's numbers, memory by the hart's addresses, in
 * hexadecimal. */
#ifndef VIADUCT_GDB_TARGET_H
#define VIADUCT_GDB_TARGET_H

#include <stddef.h>

#include "hart/hart.h"
#include "platforms/virt.h"

/* x0 to x31 and pc, which the packet g has. */
enum { GDB_CORE_REGISTERS = 33 };

/* The description that GDB asks for; to free(). */
char *gdb_target_description(struct virt *virt);
bool gdb_target_read(struct hart *hart, uint32_t number, char text[17]);
bool gdb_target_write(struct hart *hart, uint32_t number, const char *text);
/* RAM only: a debugger's look at a device would be an access to it.  Text has 2 * size digits. */
bool gdb_target_load(struct virt *virt, struct hart *hart, uint64_t address, size_t size,
                     char *text);
bool gdb_target_store(struct virt *virt, struct hart *hart, uint64_t address, size_t size,
                      const char *text);

#endif
