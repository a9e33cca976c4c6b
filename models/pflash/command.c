/* SPDX-License-Identifier: BSD-2-Clause */
/* The Intel command set, one chip at a time. */
#include <string.h>

#include "pflash/state.h"
#include "viaduct/bits.h"

enum {
    READ_ARRAY = 0xff,
    READ_STATUS = 0x70,
    CLEAR_STATUS = 0x50,
    READ_ID = 0x90,
    READ_QUERY = 0x98,
    PROGRAM = 0x40,
    PROGRAM_OTHER = 0x10,
    BUFFER = 0xe8,
    ERASE = 0x20,
    LOCK = 0x60,
    CONFIRM = 0xd0,
    LOCK_SET = 0x01,
    LOCK_DOWN = 0x2f,
};

enum {
    STATUS_READY = 0x80,
    STATUS_ERASE = 0x20,
    STATUS_PROGRAM = 0x10,
    STATUS_LOCKED = 0x02,
    STATUS_SEQUENCE = STATUS_ERASE | STATUS_PROGRAM,
};

enum { WORDS_PER_BLOCK = PFLASH_BLOCK / PFLASH_CHIPS / PFLASH_LANE, NO_WINDOW = UINT32_MAX };

uint32_t pflash_block_of(uint32_t word)
{
    return word / WORDS_PER_BLOCK;
}

static vd_time now(const struct pflash *f)
{
    return f->host.ops->now(f->host.ctx);
}

uint8_t pflash_status(const struct pflash *f, uint32_t chip)
{
    const struct pflash_chip *c = &f->state.chips[chip];
    return c->errors | (now(f) >= c->ready ? STATUS_READY : 0);
}

static void wait(struct pflash *f, struct pflash_chip *c, uint32_t cycles)
{
    c->ready = now(f) + cycles * f->config.cycle_ps;
}

/* Chips are interleaved: a chip's words are every second one of the bank. */
static uint64_t offset_of(uint32_t chip, uint32_t word)
{
    return ((uint64_t)word * PFLASH_CHIPS + chip) * PFLASH_LANE;
}

/* False, with the error noted, if the block may not be changed. */
static bool may_change(struct pflash *f, uint32_t chip, uint32_t word, uint8_t error)
{
    bool locked = f->array.read_only || f->state.locked[chip][pflash_block_of(word)];
    if (locked)
        f->state.chips[chip].errors |= (uint8_t)(error | STATUS_LOCKED);
    return !locked;
}

/* Programming turns ones into zeros, nothing else. */
static void program(struct pflash *f, uint32_t chip, uint32_t word, uint16_t value)
{
    uint16_t old = 0;
    uint64_t at = offset_of(chip, word);
    bool done = f->array.ops->read(f->array.ctx, at, &old, sizeof(old));
    old &= value;
    if (!done || !f->array.ops->write(f->array.ctx, at, &old, sizeof(old)))
        f->state.chips[chip].errors |= STATUS_PROGRAM;
}

static void program_word(struct pflash *f, uint32_t chip, uint32_t word, uint16_t value)
{
    if (may_change(f, chip, word, STATUS_PROGRAM))
        program(f, chip, word, value);
    wait(f, &f->state.chips[chip], f->config.program_cycles);
}

static void program_buffer(struct pflash *f, uint32_t chip)
{
    struct pflash_chip *c = &f->state.chips[chip];
    uint32_t first = c->window * PFLASH_BUFFER_WORDS;
    if (c->strayed)
        c->errors |= STATUS_SEQUENCE;
    else if (may_change(f, chip, first, STATUS_PROGRAM))
        for (uint32_t i = 0; i < PFLASH_BUFFER_WORDS; i++)
            if (c->buffer[i] != UINT16_MAX)
                program(f, chip, first + i, c->buffer[i]);
    wait(f, c, f->config.program_cycles);
}

/* The other chip's words lie between: each half of the block has its own erase. */
static void erase_block(struct pflash *f, uint32_t chip, uint32_t word)
{
    uint8_t bytes[4096];
    uint64_t start = (uint64_t)pflash_block_of(word) * PFLASH_BLOCK;
    if (!may_change(f, chip, word, STATUS_ERASE))
        return;
    for (uint64_t at = start; at < start + PFLASH_BLOCK; at += sizeof(bytes)) {
        bool done = f->array.ops->read(f->array.ctx, at, bytes, sizeof(bytes));
        for (size_t i = chip * PFLASH_LANE; i < sizeof(bytes); i += PFLASH_CHIPS * PFLASH_LANE)
            memset(bytes + i, 0xff, PFLASH_LANE);
        if (!done || !f->array.ops->write(f->array.ctx, at, bytes, sizeof(bytes)))
            f->state.chips[chip].errors |= STATUS_ERASE;
    }
    wait(f, &f->state.chips[chip], f->config.erase_cycles);
}

static void begin(struct pflash_chip *c, enum pflash_step step)
{
    c->step = (uint8_t)step;
    c->mode = PFLASH_STATUS;
}

static void first_write(struct pflash_chip *c, uint8_t command)
{
    static const struct {
        uint8_t command, mode, step;
    } rows[] = {
        {READ_ARRAY, PFLASH_ARRAY, PFLASH_COMMAND},
        {READ_STATUS, PFLASH_STATUS, PFLASH_COMMAND},
        {READ_ID, PFLASH_ID, PFLASH_COMMAND},
        {READ_QUERY, PFLASH_QUERY, PFLASH_COMMAND},
        {PROGRAM, PFLASH_STATUS, PFLASH_PROGRAM},
        {PROGRAM_OTHER, PFLASH_STATUS, PFLASH_PROGRAM},
        {BUFFER, PFLASH_STATUS, PFLASH_BUFFER_COUNT},
        {ERASE, PFLASH_STATUS, PFLASH_ERASE},
        {LOCK, PFLASH_STATUS, PFLASH_LOCK},
    };
    if (command == CLEAR_STATUS)
        c->errors = 0;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (rows[i].command != command)
            continue;
        c->mode = rows[i].mode;
        c->step = rows[i].step;
    }
}

static void confirm_erase(struct pflash *f, uint32_t chip, uint32_t word, uint8_t command)
{
    struct pflash_chip *c = &f->state.chips[chip];
    begin(c, PFLASH_COMMAND);
    if (command == CONFIRM)
        erase_block(f, chip, word);
    else
        c->errors |= STATUS_SEQUENCE;
}

static void choose_lock(struct pflash *f, uint32_t chip, uint32_t word, uint8_t command)
{
    struct pflash_chip *c = &f->state.chips[chip];
    begin(c, PFLASH_COMMAND);
    if (command == LOCK_SET || command == LOCK_DOWN || command == CONFIRM)
        f->state.locked[chip][pflash_block_of(word)] = command != CONFIRM;
    else
        c->errors |= STATUS_SEQUENCE;
}

static void begin_buffer(struct pflash_chip *c, uint16_t count)
{
    memset(c->buffer, 0xff, sizeof(c->buffer));
    c->strayed = count >= PFLASH_BUFFER_WORDS;
    c->count = c->strayed ? 0 : count + 1u;
    c->window = NO_WINDOW;
    begin(c, c->count ? PFLASH_BUFFER_DATA : PFLASH_BUFFER_CONFIRM);
}

static void fill_buffer(struct pflash_chip *c, uint32_t word, uint16_t value)
{
    uint32_t window = word / PFLASH_BUFFER_WORDS;
    if (c->window == NO_WINDOW)
        c->window = window;
    if (c->window == window)
        c->buffer[word % PFLASH_BUFFER_WORDS] = value;
    else
        c->strayed = 1;
    if (--c->count == 0)
        begin(c, PFLASH_BUFFER_CONFIRM);
}

static void confirm_buffer(struct pflash *f, uint32_t chip, uint8_t command)
{
    struct pflash_chip *c = &f->state.chips[chip];
    begin(c, PFLASH_COMMAND);
    if (command == CONFIRM)
        program_buffer(f, chip);
    else
        c->errors |= STATUS_SEQUENCE;
}

void pflash_command(struct pflash *f, uint32_t chip, uint32_t word, uint16_t value)
{
    struct pflash_chip *c = &f->state.chips[chip];
    uint8_t command = (uint8_t)value;
    if (now(f) < c->ready)
        return;
    switch (c->step) {
    case PFLASH_PROGRAM:
        begin(c, PFLASH_COMMAND);
        program_word(f, chip, word, value);
        break;
    case PFLASH_ERASE:
        confirm_erase(f, chip, word, command);
        break;
    case PFLASH_LOCK:
        choose_lock(f, chip, word, command);
        break;
    case PFLASH_BUFFER_COUNT:
        begin_buffer(c, value);
        break;
    case PFLASH_BUFFER_DATA:
        fill_buffer(c, word, value);
        break;
    case PFLASH_BUFFER_CONFIRM:
        confirm_buffer(f, chip, command);
        break;
    default:
        first_write(c, command);
    }
}
