/* SPDX-License-Identifier: BSD-2-Clause */
#include "vaplic.h"

#include <stddef.h>

enum vaplic_register {
    DOMAINCFG = 0x0000,
    SOURCECFG1 = 0x0004,
    SETIP = 0x1c00,
    SETIPNUM = 0x1cdc,
    IN_CLRIP = 0x1d00,
    CLRIPNUM = 0x1ddc,
    SETIE = 0x1e00,
    SETIENUM = 0x1edc,
    CLRIE = 0x1f00,
    CLRIENUM = 0x1fdc,
    SETIPNUM_LE = 0x2000,
    SETIPNUM_BE = 0x2004,
    GENMSI = 0x3000,
    TARGET1 = 0x3004,
};

enum { DOMAINCFG_FIXED = 0x80000004u, DOMAINCFG_IE = 1 << 8 }; /* DM is 1, BE is 0 */
enum { SOURCECFG_D = 1 << 10, SOURCECFG_SM = 7 };
enum { INACTIVE = 0, DETACHED = 1, EDGE1 = 4, EDGE0 = 5, LEVEL1 = 6, LEVEL0 = 7 };
enum { TARGET_HART_SHIFT = 18, TARGET_EIID = 0x7ff };

static bool bit(const uint32_t *words, uint32_t source)
{
    return words[source / 32] >> source % 32 & 1;
}

static void put_bit(uint32_t *words, uint32_t source, bool value)
{
    uint32_t mask = 1u << source % 32;
    words[source / 32] = value ? words[source / 32] | mask : words[source / 32] & ~mask;
}

static bool active(const struct vaplic *a, uint32_t source)
{
    return source >= 1 && source <= VAPLIC_SOURCES && a->sourcecfg[source] != INACTIVE;
}

static bool is_level(const struct vaplic *a, uint32_t source)
{
    return a->sourcecfg[source] == LEVEL1 || a->sourcecfg[source] == LEVEL0;
}

/* Zero for a source that is inactive or Detached [aia AdvPLIC-reg-sourcecfg]. */
static bool rectified(const struct vaplic *a, uint32_t source)
{
    uint32_t mode = a->sourcecfg[source];
    return mode >= EDGE1 && bit(a->wire, source) != (mode == EDGE0 || mode == LEVEL0);
}

/* The pending bit is cleared as the MSI leaves, so that a level sends again only when it has been
 * away or software asks for it [aia AdvPLIC-MSIDeliveryMode]. */
static void forward(struct vaplic *a, uint32_t source)
{
    if (!a->enabled || !bit(a->pending, source) || !bit(a->enable, source))
        return;
    put_bit(a->pending, source, false);
    a->send(a->ctx, a->target[source] >> TARGET_HART_SHIFT, a->target[source] & TARGET_EIID);
}

/* A relevant write to setip or setipnum: no level source becomes pending while its input is low
 * [aia AdvPLIC-pendingBits]. */
static void set_pending(struct vaplic *a, uint32_t source)
{
    if (!active(a, source) || (is_level(a, source) && !rectified(a, source)))
        return;
    put_bit(a->pending, source, true);
    forward(a, source);
}

static void clear_pending(struct vaplic *a, uint32_t source)
{
    if (active(a, source))
        put_bit(a->pending, source, false);
}

static void set_enable(struct vaplic *a, uint32_t source)
{
    if (!active(a, source))
        return;
    put_bit(a->enable, source, true);
    forward(a, source);
}

static void clear_enable(struct vaplic *a, uint32_t source)
{
    if (active(a, source))
        put_bit(a->enable, source, false);
}

/* D is zero, as there is no child.  CHOICE: a reserved mode becomes Inactive, and the write makes a
 * level source pending whose rectified input is high, but no edge source. */
static void write_sourcecfg(struct vaplic *a, uint32_t source, uint32_t value)
{
    uint32_t mode = value & SOURCECFG_SM;
    bool was_active = active(a, source);
    if (value & SOURCECFG_D || mode == 2 || mode == 3)
        mode = INACTIVE;
    a->sourcecfg[source] = mode;
    if (was_active != active(a, source)) {
        put_bit(a->pending, source, false);
        put_bit(a->enable, source, false);
        a->target[source] = 0;
    }
    if (!is_level(a, source))
        return;
    put_bit(a->pending, source, rectified(a, source));
    forward(a, source);
}

static uint32_t legal_hart(const struct vaplic *a, uint32_t value, uint32_t old)
{
    uint32_t hart = value >> TARGET_HART_SHIFT;
    return (hart < a->harts ? hart : old >> TARGET_HART_SHIFT) << TARGET_HART_SHIFT;
}

/* A virtual hart has no guest files: Guest Index is zero.  CHOICE: a hart index that does not exist
 * leaves that field as it is. */
static void write_target(struct vaplic *a, uint32_t source, uint32_t value)
{
    if (active(a, source))
        a->target[source] = legal_hart(a, value, a->target[source]) | (value & TARGET_EIID);
}

/* The extempore MSI has left before the store ends: Busy is never seen [aia AdvPLIC-reg-genmsi]. */
static void write_genmsi(struct vaplic *a, uint32_t value)
{
    a->target[0] = legal_hart(a, value, a->target[0]) | (value & TARGET_EIID);
    a->send(a->ctx, a->target[0] >> TARGET_HART_SHIFT, a->target[0] & TARGET_EIID);
}

static void write_domaincfg(struct vaplic *a, uint32_t value)
{
    a->enabled = value & DOMAINCFG_IE;
    for (uint32_t source = 1; source <= VAPLIC_SOURCES; source++)
        forward(a, source);
}

/* Registers of a bit for each source, and those that take a source's number. */
static const struct {
    uint32_t array, number;
    void (*write)(struct vaplic *a, uint32_t source);
} bits[] = {
    {SETIP, SETIPNUM, set_pending},
    {IN_CLRIP, CLRIPNUM, clear_pending},
    {SETIE, SETIENUM, set_enable},
    {CLRIE, CLRIENUM, clear_enable},
};
enum { BITS = sizeof bits / sizeof *bits };

static uint32_t inputs(const struct vaplic *a, uint32_t word)
{
    uint32_t value = 0;
    for (uint32_t i = 0; i < 32; i++)
        if (32 * word + i <= VAPLIC_SOURCES)
            value |= (uint32_t)rectified(a, 32 * word + i) << i;
    return value;
}

static uint32_t read_bits(const struct vaplic *a, uint32_t array, uint32_t word)
{
    if (word >= VAPLIC_WORDS)
        return 0;
    return array == SETIP      ? a->pending[word]
           : array == SETIE    ? a->enable[word]
           : array == IN_CLRIP ? inputs(a, word)
                               : 0;
}

/* Index of the register in an array that begins at `first`, or more than any. */
static uint32_t index_in(uint32_t offset, uint32_t first)
{
    return offset < first ? UINT32_MAX : (offset - first) / 4;
}

uint32_t vaplic_read(const struct vaplic *a, uint32_t offset)
{
    if (offset == DOMAINCFG)
        return DOMAINCFG_FIXED | (a->enabled ? DOMAINCFG_IE : 0);
    if (offset == GENMSI)
        return a->target[0];
    if (index_in(offset, TARGET1) < VAPLIC_SOURCES)
        return a->target[index_in(offset, TARGET1) + 1];
    if (index_in(offset, SOURCECFG1) < VAPLIC_SOURCES)
        return a->sourcecfg[index_in(offset, SOURCECFG1) + 1];
    for (uint32_t i = 0; i < BITS; i++)
        if (index_in(offset, bits[i].array) < 32)
            return read_bits(a, bits[i].array, index_in(offset, bits[i].array));
    return 0;
}

static bool write_bits(struct vaplic *a, uint32_t offset, uint32_t value)
{
    for (uint32_t i = 0; i < BITS; i++) {
        uint32_t word = index_in(offset, bits[i].array);
        if (offset == bits[i].number)
            bits[i].write(a, value);
        for (uint32_t b = 0; word < 32 && b < 32; b++)
            if (value >> b & 1)
                bits[i].write(a, 32 * word + b);
        if (word < 32 || offset == bits[i].number)
            return true;
    }
    return false;
}

static uint32_t reversed(uint32_t value)
{
    return value >> 24 | (value >> 8 & 0xff00) | (value << 8 & 0xff0000) | value << 24;
}

void vaplic_write(struct vaplic *a, uint32_t offset, uint32_t value)
{
    if (write_bits(a, offset, value))
        return;
    if (offset == DOMAINCFG)
        write_domaincfg(a, value);
    else if (offset == SETIPNUM_LE)
        set_pending(a, value);
    else if (offset == SETIPNUM_BE)
        set_pending(a, reversed(value));
    else if (offset == GENMSI)
        write_genmsi(a, value);
    else if (index_in(offset, TARGET1) < VAPLIC_SOURCES)
        write_target(a, index_in(offset, TARGET1) + 1, value);
    else if (index_in(offset, SOURCECFG1) < VAPLIC_SOURCES)
        write_sourcecfg(a, index_in(offset, SOURCECFG1) + 1, value);
}

void vaplic_wire(struct vaplic *a, uint32_t source, bool level)
{
    if (source < 1 || source > VAPLIC_SOURCES || bit(a->wire, source) == level)
        return;
    put_bit(a->wire, source, level);
    if (rectified(a, source))
        set_pending(a, source);
    else if (is_level(a, source))
        clear_pending(a, source);
}

void vaplic_init(struct vaplic *a, uint32_t harts,
                 void (*send)(void *ctx, uint32_t hart, uint32_t eiid), void *ctx)
{
    *a = (struct vaplic){.harts = harts, .send = send, .ctx = ctx};
}
