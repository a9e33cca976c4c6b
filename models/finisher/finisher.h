/* SPDX-License-Identifier: BSD-2-Clause */
/* The test finisher (sifive,test1): software ends the run or resets the machine. */
#ifndef FINISHER_H
#define FINISHER_H

#include "viaduct/error.h"
#include "viaduct/host.h"
#include "viaduct/param.h"
#include "viaduct/reg.h"

enum { FINISHER_PASS = 0x5555, FINISHER_FAIL = 0x3333, FINISHER_RESET = 0x7777 };

struct finisher_config {
    uint32_t unused;
};

/* Where the requests go; a function may be NULL.  The callee takes note and returns. */
struct finisher_port {
    void (*exit)(void *ctx, uint32_t status);
    void (*reset)(void *ctx);
    void *ctx;
};

struct finisher;

struct finisher *finisher_create(const struct finisher_config *config, const struct vd_host *host,
                                 struct vd_error *err);
void finisher_destroy(struct finisher *finisher);
void finisher_reset(struct finisher *finisher);
void finisher_connect(struct finisher *finisher, const struct finisher_port *port);
/* Target port: txn->addr is the offset in the page. */
enum vd_status finisher_access(struct finisher *finisher, struct vd_txn *txn);
size_t finisher_save(const struct finisher *finisher, void *buffer, size_t capacity);
bool finisher_restore(struct finisher *finisher, const void *buffer, size_t size);
const struct vd_reg *finisher_regs(uint32_t *count);
const struct vd_param *finisher_params(uint32_t *count);

#endif
