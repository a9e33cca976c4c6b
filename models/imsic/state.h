/* SPDX-License-Identifier: BSD-2-Clause */
/* The state of a hart's interrupt files, and nothing that a snapshot does not hold. */
#ifndef IMSIC_STATE_H
#define IMSIC_STATE_H

#include "imsic/imsic.h"
#include "viaduct/bits.h"

enum {
    IMSIC_MAX_WORDS = 32,
    IMSIC_MAX_ID = 2047,
    IMSIC_EIDELIVERY_DIRECT = 0x40000000,
    IMSIC_MAX_WAITING = 64,
};

/* An MSI at the door: it names a file and an identity that exist. */
struct imsic_msi {
    uint64_t serial;
    uint32_t file, identity;
};

struct imsic_file {
    uint64_t eip[IMSIC_MAX_WORDS];
    uint64_t eie[IMSIC_MAX_WORDS];
    uint32_t top; /* bit w: eip[w] & eie[w] is not zero */
    uint32_t eidelivery;
    uint32_t eithreshold;
    uint8_t wire; /* the level that a PLIC or APLIC supplies: 0 or 1 */
    uint8_t line; /* the level into the hart */
    uint16_t pad16;
    vd_time line_at; /* when the line follows the file, or VD_NEVER */
    vd_time
        claim_at; /* of the last claim and the last recorded MSI: for IMSIC_DEFECT_CLAIM_DROPS */
    vd_time msi_at;
    uint32_t msi_identity;
    uint32_t pad32;
};

struct imsic_state {
    uint32_t size, files;
    vd_time free_at; /* from when on the next MSI is taken in */
    uint32_t first, waiting;
    struct imsic_msi queue[IMSIC_MAX_WAITING]; /* a ring: `waiting` of them, from `first` on */
    /* `files` of them; behind them the serial of the MSI that set each pending bit. */
    struct imsic_file file[];
};

struct imsic {
    struct imsic_config config;
    struct vd_host host;
    struct vd_event msi_event;
    uint32_t stride; /* of the serials: identities per file */
    struct imsic_state *state;
    struct vd_event line_event[]; /* one per file */
};

static inline bool file_exists(const struct imsic *m, uint32_t file)
{
    return file < m->state->files && (file != VD_IMSIC_FILE_M || m->config.machine_file);
}

/* N of the AIA: the highest implemented identity of a file. */
static inline uint32_t file_ids(const struct imsic *m, uint32_t file)
{
    return file >= VD_IMSIC_FILE_GUEST0 ? m->config.guest_ids : m->config.ids;
}

/* The bits of eip or eie word w that exist: identity 0 and those above N do not. */
static inline uint64_t file_mask(const struct imsic *m, uint32_t file, uint32_t w)
{
    if (w > file_ids(m, file) / 64)
        return 0;
    return w == 0 ? ~UINT64_C(1) : ~UINT64_C(0);
}

/* imsic.c: sets the pending bit. */
void imsic_record(struct imsic *m, const struct imsic_msi *msi);

/* arrival.c: one MSI after the other.  Returns how long this one waits. */
vd_time imsic_arrive(struct imsic *m, const struct imsic_msi *msi);
void imsic_msi_due(void *ctx, uint32_t arg);
void imsic_forget_arrivals(struct imsic *m);
void imsic_repost_arrivals(struct imsic *m);

#endif
