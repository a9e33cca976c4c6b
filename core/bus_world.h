/* SPDX-License-Identifier: BSD-2-Clause */
/* A machine for the tests of bus and RAM. */
#ifndef CORE_BUS_WORLD_H
#define CORE_BUS_WORLD_H

#include "core/core.h"

enum { LOG = 64 };
#define RAM_BASE  UINT64_C(0x80000000)
#define FILE_BASE UINT64_C(0x28000000)
#define UART_BASE UINT64_C(0x10000000)
#define SLOW_BASE UINT64_C(0x20000000)

/* A machine of RAM, an interrupt file page, a byte-wide device and a slow one; and what they saw.
 */
struct world {
    struct core *core;
    struct port *device, *hart, *other;
    struct vd_txn seen[LOG], completed[LOG];
    vd_time seen_at[LOG];
    uint32_t num_seen, num_completed;
    uint64_t snooped[LOG][2], revoked[LOG];
    uint32_t num_snooped, num_revoked;
    struct vd_record records[LOG];
    uint32_t num_records;
    enum vd_status answer; /* of the targets */
    vd_time wait;          /* until they take a write in */
    enum vd_status (*access)(void *ctx, struct vd_txn *txn);
};

int world_setup(void **state);
int world_teardown(void **state);
struct vd_txn txn(uint8_t cmd, uint64_t addr, uint8_t size, uint64_t data);
struct vd_txn hart_txn(uint8_t cmd, uint64_t addr, uint8_t size, uint64_t data);
enum vd_status access_by(struct port *port, struct vd_txn *t);
enum vd_status submit_by(struct port *port, struct vd_txn *t);
enum sim_end settle(struct world *w);

#endif
