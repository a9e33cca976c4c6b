/* SPDX-License-Identifier: BSD-2-Clause */
/* The inside of a flash bank. */
#ifndef PFLASH_STATE_H
#define PFLASH_STATE_H

#include "pflash/pflash.h"

enum {
    PFLASH_LANE = 2,         /* bytes of a chip's word */
    PFLASH_BUFFER_BITS = 11, /* bytes of a chip's write buffer, as a power of two */
    PFLASH_BUFFER = PFLASH_CHIPS << PFLASH_BUFFER_BITS,
};

/* What reads return. */
enum pflash_mode { PFLASH_ARRAY, PFLASH_STATUS, PFLASH_ID, PFLASH_QUERY, PFLASH_MODES };

/* What the next write is part of. */
enum pflash_step {
    PFLASH_COMMAND,
    PFLASH_PROGRAM,        /* the word */
    PFLASH_ERASE,          /* the confirmation */
    PFLASH_LOCK,           /* which kind */
    PFLASH_BUFFER_COUNT,   /* writes less one */
    PFLASH_BUFFER_DATA,    /* a word */
    PFLASH_BUFFER_CONFIRM, /* the confirmation */
    PFLASH_STEPS,
};

struct pflash_state {
    uint32_t size;
    uint8_t mode; /* enum pflash_mode */
    uint8_t step; /* enum pflash_step */
    uint8_t errors;
    uint8_t strayed; /* a byte of the buffer is outside of it */
    vd_time ready;   /* the end of what is being done */
    uint32_t count;  /* writes that the buffer still wants */
    uint32_t window; /* which piece of the bank the buffer is for, UINT32_MAX: not known yet */
    uint8_t buffer[PFLASH_BUFFER];
    uint8_t locked[PFLASH_BLOCKS_MAX];
};

struct pflash {
    struct pflash_config config;
    struct vd_host host;
    struct vd_disk array;
    void (*readable)(void *ctx, bool readable);
    void *readable_ctx;
    bool was_readable;
    uint32_t blocks;
    struct pflash_state state;
};

/* query.c: what word `index` of a chip is in query mode. */
uint16_t pflash_query(const struct pflash *pflash, uint32_t index);

/* command.c: a write of 1, 2 or 4 bytes. */
void pflash_command(struct pflash *pflash, uint64_t offset, uint32_t value, unsigned size);
uint8_t pflash_status(const struct pflash *pflash);
uint32_t pflash_block_of(uint64_t offset);

#endif
