/* SPDX-License-Identifier: BSD-2-Clause */
/* A bank of NOR flash: two 16-bit chips side by side, with the Intel command set and a CFI table.
 * The bytes that it keeps are a struct vd_disk, so that they outlive the simulation. */
#ifndef PFLASH_H
#define PFLASH_H

#include "viaduct/disk.h"
#include "viaduct/error.h"
#include "viaduct/host.h"
#include "viaduct/param.h"
#include "viaduct/reg.h"

enum {
    PFLASH_CHIPS = 2,
    PFLASH_BLOCK = 256 << 10, /* of the bank, half of it in either chip */
    PFLASH_BLOCKS_MAX = 256,
};

/* Zero means the default of pflash_params(); latencies are as given. */
struct pflash_config {
    uint32_t program_cycles; /* a word, or a whole write buffer */
    uint32_t erase_cycles;   /* a block */
    vd_time cycle_ps;
};

struct pflash;

/* The size of the bank is that of `array`: a power of two of 1 to 256 blocks. */
struct pflash *pflash_create(const struct pflash_config *config, const struct vd_disk *array,
                             const struct vd_host *host, struct vd_error *err);
void pflash_destroy(struct pflash *pflash);
/* As the chips' reset pin: they read as memory, and every block is unlocked. */
void pflash_reset(struct pflash *pflash);
/* Told whenever reads start or cease to return the array, as they do after a reset: whoever can
 * get at the array faster may. */
void pflash_connect(struct pflash *pflash, void (*readable)(void *ctx, bool readable), void *ctx);
/* Target port: txn->addr is the offset in the bank. */
enum vd_status pflash_access(struct pflash *pflash, struct vd_txn *txn);
size_t pflash_save(const struct pflash *pflash, void *buffer, size_t capacity);
bool pflash_restore(struct pflash *pflash, const void *buffer, size_t size);
const struct vd_reg *pflash_regs(uint32_t *count);
const struct vd_param *pflash_params(uint32_t *count);

#endif
