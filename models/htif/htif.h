/* SPDX-License-Identifier: BSD-2-Clause */
/* The host-target interface: two words in RAM, tohost and fromhost, by which bare-metal programs
 * print, read and end. */
#ifndef HTIF_H
#define HTIF_H

#include "viaduct/error.h"
#include "viaduct/host.h"
#include "viaduct/param.h"
#include "viaduct/reg.h"

enum { HTIF_ROOM = 64 };

struct htif_config {
    uint64_t tohost, fromhost; /* SPA, multiples of 8 */
};

/* Where the requests go; a function may be NULL.  The callee takes note and returns. */
struct htif_port {
    void (*output)(void *ctx, uint8_t byte);
    void (*exit)(void *ctx, uint32_t status);
    void *ctx;
};

struct htif;

/* Watches the pages of tohost and fromhost. */
struct htif *htif_create(const struct htif_config *config, const struct vd_host *host,
                         struct vd_error *err);
void htif_destroy(struct htif *htif);
void htif_reset(struct htif *htif);
void htif_connect(struct htif *htif, const struct htif_port *port);
/* The host's snoop function: someone wrote to a watched page. */
void htif_snoop(struct htif *htif, uint64_t spa, uint64_t size);
/* How many bytes htif_receive() takes now; a byte without room is lost. */
uint32_t htif_room(const struct htif *htif);
bool htif_receive(struct htif *htif, uint8_t byte);
size_t htif_save(const struct htif *htif, void *buffer, size_t capacity);
bool htif_restore(struct htif *htif, const void *buffer, size_t size);
const struct vd_reg *htif_regs(uint32_t *count);
const struct vd_param *htif_params(uint32_t *count);

#endif
