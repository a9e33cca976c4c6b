/* SPDX-License-Identifier: BSD-2-Clause */
/* Floating-point numbers taken apart. */
#ifndef HART_FLOAT_NUMBER_H
#define HART_FLOAT_NUMBER_H

#include "hart/float.h"

typedef unsigned __int128 wide;

struct float_format {
    uint8_t fraction, exponent; /* bits */
    int32_t bias;
};
extern const struct float_format float_half, float_single, float_double;

enum number_kind { NUMBER_ZERO, NUMBER_FINITE, NUMBER_INFINITE, NUMBER_QUIET, NUMBER_SIGNALING };

/* Finite: mantissa / 2^126 * 2^exponent, with bit 126 the highest; bit 0 also stands for whatever
 * was shifted out below it. */
struct number {
    wide mantissa;
    int32_t exponent;
    uint8_t kind;
    bool sign;
};

struct number number_unpack(const struct float_format *f, uint64_t bits);
/* Rounds; a finite mantissa need not be normalized, nor nonzero (an exact zero has sign). */
uint64_t number_pack(const struct float_format *f, struct number n, unsigned rm, uint8_t *flags);
uint64_t number_nan(const struct float_format *f);
wide number_shift(wide mantissa, uint32_t by);
/* Whether to add one to the digits kept, by what is below them. */
bool number_rounds_up(bool sign, bool odd, wide rest, wide half, unsigned rm);
struct number number_add(struct number a, struct number b, unsigned rm, uint8_t *flags);
struct number number_multiply(struct number a, struct number b, uint8_t *flags);
struct number number_divide(struct number a, struct number b, uint8_t *flags);
struct number number_sqrt(struct number a, uint8_t *flags);

static inline bool number_is_nan(const struct number *n)
{
    return n->kind >= NUMBER_QUIET;
}

#endif
