/* SPDX-License-Identifier: BSD-2-Clause */
/* The core-local interruptor: software interrupts, timer interrupts and mtime of the harts, in the
 * register layout of sifive,clint0. */
#ifndef CLINT_H
#define CLINT_H

#include "viaduct/error.h"
#include "viaduct/host.h"
#include "viaduct/param.h"
#include "viaduct/reg.h"

enum { CLINT_MAX_HARTS = 64, CLINT_SIZE = 0x10000 };

/* Zero means the default of clint_params(). */
struct clint_config {
    uint32_t harts;        /* 1..64 */
    uint64_t frequency_hz; /* of mtime */
};

/* Output lines, host.wire(). */
#define CLINT_LINE_MSIP(hart) ((uint32_t)(hart)*2u)
#define CLINT_LINE_MTIP(hart) ((uint32_t)(hart)*2u + 1u)

struct clint;

struct clint *clint_create(const struct clint_config *config, const struct vd_host *host,
                           struct vd_error *err);
void clint_destroy(struct clint *clint);
void clint_reset(struct clint *clint);
/* Target port: txn->addr is the offset in the 64-KiB region. */
enum vd_status clint_access(struct clint *clint, struct vd_txn *txn);
/* mtime at now. */
uint64_t clint_mtime(const struct clint *clint);
/* When mtime reaches `value`: now if it already has, VD_NEVER if it will not in this simulation. */
vd_time clint_when(const struct clint *clint, uint64_t value);
/* Harts whose mtimecmp is still to come: as many events, which raise MTIP and do nothing else. */
uint32_t clint_num_timers(const struct clint *clint);
/* Called after software has written mtime: whoever compares with it must look again. */
void clint_connect(struct clint *clint, void (*mtime_written)(void *ctx), void *ctx);
size_t clint_save(const struct clint *clint, void *buffer, size_t capacity);
bool clint_restore(struct clint *clint, const void *buffer, size_t size);
const struct vd_reg *clint_regs(uint32_t *count);
const struct vd_param *clint_params(uint32_t *count);

#endif
