/* SPDX-License-Identifier: BSD-2-Clause */
/* The console's input with the simulated times at which the machine got it, as a text file: a line
 * per time, `PICOSECONDS HEX`, and `PICOSECONDS end` or `left` where it ended. */
#ifndef VIADUCT_TAPE_H
#define VIADUCT_TAPE_H

#include "viaduct/error.h"
#include "viaduct/host.h"

struct tape;

struct tape *tape_record(const char *path, struct vd_error *err);
struct tape *tape_replay(const char *path, struct vd_error *err);
void tape_close(struct tape *tape);

/* While recording. */
void tape_put(struct tape *tape, vd_time now, uint8_t byte);
void tape_end(struct tape *tape, vd_time now, bool left);

/* While replaying: a byte is due, and which; nothing comes any more; the user leaves. */
bool tape_due(const struct tape *tape, vd_time now);
uint8_t tape_take(struct tape *tape);
bool tape_ended(const struct tape *tape, vd_time now);
bool tape_left(const struct tape *tape, vd_time now);

#endif
