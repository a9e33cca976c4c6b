/* SPDX-License-Identifier: BSD-2-Clause */
/* The Intel command set.  CHOICE: the two chips of a bank are always told the same, as a 32-bit
 * write does; a narrower one is a command to both too, and its data is for the bytes that it has.
 */
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

enum { NO_WINDOW = UINT32_MAX };

uint32_t pflash_block_of(uint64_t offset)
{
    return (uint32_t)(offset / PFLASH_BLOCK);
}

static vd_time now(const struct pflash *f)
{
    return f->host.ops->now(f->host.ctx);
}

uint8_t pflash_status(const struct pflash *f)
{
    return f->state.errors | (now(f) >= f->state.ready ? STATUS_READY : 0);
}

static void wait(struct pflash *f, uint32_t cycles)
{
    f->state.ready = now(f) + cycles * f->config.cycle_ps;
}

/* False, with the error noted, if the block may not be changed. */
static bool may_change(struct pflash *f, uint64_t offset, uint8_t error)
{
    bool locked = f->array.read_only || f->state.locked[pflash_block_of(offset)];
    if (locked)
        f->state.errors |= (uint8_t)(error | STATUS_LOCKED);
    return !locked;
}

/* Programming turns ones into zeros, nothing else. */
static void program(struct pflash *f, uint64_t offset, const uint8_t *bytes, size_t size)
{
    uint8_t old[PFLASH_BUFFER];
    bool done = f->array.ops->read(f->array.ctx, offset, old, size);
    for (size_t i = 0; i < size; i++)
        old[i] &= bytes[i];
    if (!done || !f->array.ops->write(f->array.ctx, offset, old, size))
        f->state.errors |= STATUS_PROGRAM;
}

static void program_word(struct pflash *f, uint64_t offset, uint32_t value, unsigned size)
{
    uint8_t bytes[sizeof(value)];
    for (unsigned i = 0; i < size; i++)
        bytes[i] = (uint8_t)(value >> 8 * i);
    if (may_change(f, offset, STATUS_PROGRAM))
        program(f, offset, bytes, size);
    wait(f, f->config.program_cycles);
}

static void program_buffer(struct pflash *f)
{
    uint64_t start = (uint64_t)f->state.window * PFLASH_BUFFER;
    if (f->state.strayed)
        f->state.errors |= STATUS_SEQUENCE;
    else if (may_change(f, start, STATUS_PROGRAM))
        program(f, start, f->state.buffer, PFLASH_BUFFER);
    wait(f, f->config.program_cycles);
}

static void erase_block(struct pflash *f, uint64_t offset)
{
    uint8_t ones[4096];
    uint64_t start = (uint64_t)pflash_block_of(offset) * PFLASH_BLOCK;
    if (!may_change(f, offset, STATUS_ERASE))
        return;
    memset(ones, 0xff, sizeof(ones));
    for (uint64_t at = start; at < start + PFLASH_BLOCK; at += sizeof(ones))
        if (!f->array.ops->write(f->array.ctx, at, ones, sizeof(ones)))
            f->state.errors |= STATUS_ERASE;
    wait(f, f->config.erase_cycles);
}

static void begin(struct pflash *f, enum pflash_step step)
{
    f->state.step = (uint8_t)step;
    f->state.mode = PFLASH_STATUS;
}

static void first_write(struct pflash *f, uint8_t command)
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
        f->state.errors = 0;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (rows[i].command != command)
            continue;
        f->state.mode = rows[i].mode;
        f->state.step = rows[i].step;
    }
}

static void confirm_erase(struct pflash *f, uint64_t offset, uint8_t command)
{
    begin(f, PFLASH_COMMAND);
    if (command == CONFIRM)
        erase_block(f, offset);
    else
        f->state.errors |= STATUS_SEQUENCE;
}

static void choose_lock(struct pflash *f, uint64_t offset, uint8_t command)
{
    begin(f, PFLASH_COMMAND);
    if (command == LOCK_SET || command == LOCK_DOWN || command == CONFIRM)
        f->state.locked[pflash_block_of(offset)] = command != CONFIRM;
    else
        f->state.errors |= STATUS_SEQUENCE;
}

/* The count is a chip's; a byte-wide write says it in 8 bits. */
static void begin_buffer(struct pflash *f, uint16_t count)
{
    struct pflash_state *st = &f->state;
    memset(st->buffer, 0xff, sizeof(st->buffer));
    st->strayed = count >= PFLASH_BUFFER;
    st->count = st->strayed ? 0 : count + 1u;
    st->window = NO_WINDOW;
    begin(f, st->count ? PFLASH_BUFFER_DATA : PFLASH_BUFFER_CONFIRM);
}

static void fill_buffer(struct pflash *f, uint64_t offset, uint32_t value, unsigned size)
{
    struct pflash_state *st = &f->state;
    uint32_t window = (uint32_t)(offset / PFLASH_BUFFER);
    if (st->window == NO_WINDOW)
        st->window = window;
    if (st->window != window)
        st->strayed = 1;
    for (unsigned i = 0; i < size && !st->strayed; i++)
        st->buffer[offset % PFLASH_BUFFER + i] = (uint8_t)(value >> 8 * i);
    if (--st->count == 0)
        begin(f, PFLASH_BUFFER_CONFIRM);
}

static void confirm_buffer(struct pflash *f, uint8_t command)
{
    begin(f, PFLASH_COMMAND);
    if (command == CONFIRM)
        program_buffer(f);
    else
        f->state.errors |= STATUS_SEQUENCE;
}

void pflash_command(struct pflash *f, uint64_t offset, uint32_t value, unsigned size)
{
    uint8_t command = (uint8_t)value;
    if (now(f) < f->state.ready)
        return;
    switch (f->state.step) {
    case PFLASH_PROGRAM:
        begin(f, PFLASH_COMMAND);
        program_word(f, offset, value, size);
        break;
    case PFLASH_ERASE:
        confirm_erase(f, offset, command);
        break;
    case PFLASH_LOCK:
        choose_lock(f, offset, command);
        break;
    case PFLASH_BUFFER_COUNT:
        begin_buffer(f, (uint16_t)(size == 1 ? command : value));
        break;
    case PFLASH_BUFFER_DATA:
        fill_buffer(f, offset, value, size);
        break;
    case PFLASH_BUFFER_CONFIRM:
        confirm_buffer(f, command);
        break;
    default:
        first_write(f, command);
    }
}
