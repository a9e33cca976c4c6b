/* SPDX-License-Identifier: BSD-2-Clause */
/* The Common Flash Interface table of one chip: bytes, each in the lower half of a word. */
#include "pflash/state.h"

enum { QUERY_START = 0x10, PRIMARY = 0x31 };

static const uint8_t table[] = {
    'Q',
    'R',
    'Y',
    0x01,
    0x00, /* 10: the Intel extended command set ... */
    PRIMARY,
    0x00, /* 15: ... whose table is there */
    0x00,
    0x00,
    0x00,
    0x00, /* 17: no alternative */
    0x27,
    0x36,
    0x00,
    0x00, /* 1b: 2.7 to 3.6 V, no programming voltage */
    0x07,
    0x07,
    0x0a,
    0x00, /* 1f: typical times: 2^n us word, buffer; 2^n ms block */
    0x04,
    0x04,
    0x04,
    0x00, /* 23: the longest: 2^n times as much */
    0x00, /* 27: size, 2^n bytes: filled in */
    0x01,
    0x00, /* 28: 16 data lines */
    PFLASH_BUFFER_BITS,
    0x00, /* 2a: write buffer, 2^n bytes */
    0x01, /* 2c: all blocks are alike */
    0x00,
    0x00, /* 2d: blocks less one: filled in */
    0x00,
    0x02, /* 2f: 256 bytes times so many */
    'P',
    'R',
    'I',
    '1',
    '0', /* 31: version 1.0 */
    0x08,
    0x00,
    0x00,
    0x00, /* 36: blocks can be locked and unlocked, no more */
    0x00,
    0x01,
    0x00,
    0x33,
    0x00,
    0x00, /* 3a: no suspend; block status bit 0; 3.3 V */
};

enum { SIZE = 0x27, BLOCKS = 0x2d };

_Static_assert(sizeof(table) == 0x40 - QUERY_START, "every byte is at its place");
_Static_assert(PFLASH_BLOCK / PFLASH_CHIPS == 0x0200 * 256, "as the table says");

static uint8_t log2_of(uint64_t size)
{
    uint8_t bits = 0;
    while (size >> (bits + 1))
        bits++;
    return bits;
}

uint16_t pflash_query(const struct pflash *pflash, uint32_t index)
{
    uint32_t blocks = pflash->blocks - 1;
    switch (index) {
    case SIZE:
        return log2_of(pflash->array.size / PFLASH_CHIPS);
    case BLOCKS:
        return (uint8_t)blocks;
    case BLOCKS + 1:
        return (uint8_t)(blocks >> 8);
    default:
        return index - QUERY_START < sizeof(table) ? table[index - QUERY_START] : 0;
    }
}
