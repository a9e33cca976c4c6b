/* SPDX-License-Identifier: BSD-2-Clause */
/* The inside of a flash bank. */
#ifndef PFLASH_STATE_H
#define PFLASH_STATE_H

#include "pflash/pflash.h"

enum {
    PFLASH_LANE = 2,         /* bytes of a chip's word */
    PFLASH_BUFFER_BITS = 11, /* bytes of a chip's write buffer, as a power of two */
    PFLASH_BUFFER_WORDS = (1 << PFLASH_BUFFER_BITS) / PFLASH_LANE,
};

/* What a chip's reads return. */
enum pflash_mode { PFLASH_ARRAY, PFLASH_STATUS, PFLASH_ID, PFLASH_QUERY, PFLASH_MODES };

/* What its next write is part of. */
enum pflash_step {
    PFLASH_COMMAND,
    PFLASH_PROGRAM,        /* the word */
    PFLASH_ERASE,          /* the confirmation */
    PFLASH_LOCK,           /* which kind */
    PFLASH_BUFFER_COUNT,   /* words less one */
    PFLASH_BUFFER_DATA,    /* a word */
    PFLASH_BUFFER_CONFIRM, /* the confirmation */
    PFLASH_STEPS,
};

struct pflash_chip {
    vd_time ready; /* the end of what it is doing */
    uint8_t mode;  /* enum pflash_mode */
    uint8_t step;  /* enum pflash_step */
    uint8_t errors;
    uint8_t strayed; /* a word of the buffer is outside of it */
    uint32_t count;  /* words that the buffer still wants */
    uint32_t window; /* which piece of the chip the buffer is for, UINT32_MAX: not known yet */
    uint16_t buffer[PFLASH_BUFFER_WORDS];
};

struct pflash_state {
    uint32_t size;
    uint32_t pad;
    struct pflash_chip chips[PFLASH_CHIPS];
    uint8_t locked[PFLASH_CHIPS][PFLASH_BLOCKS_MAX];
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

/* command.c: a write of one word to one chip, `word` counted from its start. */
void pflash_command(struct pflash *pflash, uint32_t chip, uint32_t word, uint16_t value);
uint8_t pflash_status(const struct pflash *pflash, uint32_t chip);
uint32_t pflash_block_of(uint32_t word);

#endif
