/* SPDX-License-Identifier: BSD-2-Clause */
/* The platform `virt`: models, wired and mapped as QEMU's machine of that name.  It has no
 * behaviour of its own. */
#ifndef PLATFORMS_VIRT_H
#define PLATFORMS_VIRT_H

#include "core/core.h"
#include "core/stats.h"
#include "platforms/virt_config.h"

struct virt;

/* Builds the machine; nothing is loaded yet. */
struct virt *virt_create(const struct virt_config *config, struct vd_error *err);
void virt_destroy(struct virt *virt);

/* Loads firmware, kernel, initial RAM disk, devicetree and reset code as the configuration says. */
bool virt_load(struct virt *virt, struct vd_error *err);
/* The devicetree as virt_load() would place it; to free(). */
void *virt_devicetree(struct virt *virt, size_t *size, struct vd_error *err);

/* Every byte that the UART or HTIF sends goes to `send`. */
void virt_console(struct virt *virt, void (*send)(void *ctx, uint8_t byte), void *ctx);
/* True if the UART, or HTIF of a program without firmware, can take a byte now. */
bool virt_console_ready(const struct virt *virt);
/* Whether input could wake a sleeping hart. */
bool virt_console_listens(const struct virt *virt);
/* Whether input is written to memory, where a hart may look for it. */
bool virt_console_in_memory(const struct virt *virt);
void virt_console_receive(struct virt *virt, uint8_t byte);

/* Runs up to `until`.  A reset that the guest asks for is done on the way, unless the guard says
 * no: then the run stops in front of it. */
enum sim_end virt_run(struct virt *virt, vd_time until, struct vd_error *err);
void virt_guard_reset(struct virt *virt, bool (*may_reset)(void *ctx), void *ctx);
bool virt_wants_reset(const struct virt *virt);
/* Where a loaded ELF has its signature (begin_signature to end_signature); false: nowhere. */
bool virt_signature(const struct virt *virt, uint64_t *start, uint64_t *end);
struct core *virt_core(struct virt *virt);
const struct virt_config *virt_config(const struct virt *virt);
/* True if no device, queue or write is on its way: nothing but harts and timers can act. */
bool virt_idle(const struct virt *virt);
/* Events that are waiting for a time that software has set, to raise a timer interrupt. */
uint32_t virt_num_timers(const struct virt *virt);
/* True if every hart waits for an interrupt. */
bool virt_asleep(const struct virt *virt);
void virt_stats(struct virt *virt, struct stats *stats);
struct hart *virt_hart(struct virt *virt, uint32_t index);
/* The interrupt files of a hart; without ops: it has none. */
struct vd_imsic_port virt_files(const struct virt *virt, uint32_t hart);
/* What a hart does again and again, ending where it began: until something stops it. */
struct virt_round {
    uint64_t instructions, traps; /* both 0: no such thing is known of it */
    uint64_t cause;               /* of the last trap, where it came from, where it went */
    bool loads;
    uint64_t address; /* the last load's, virtual */
};
/* Where each hart is, in which mode, and why it came there, for messages.  Addresses get the names
 * that firmware, kernel and machine.symbols have for them, if these are ELF files.  rounds: one per
 * hart, or NULL. */
void virt_print_harts(struct virt *virt, const struct virt_round *rounds, FILE *out);

#endif
