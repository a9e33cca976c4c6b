/* SPDX-License-Identifier: BSD-2-Clause */
#include "hart/float_number.h"

#include "viaduct/bits.h"

enum { TOP = 126 };

const struct float_format float_half = {10, 5, 15};
const struct float_format float_single = {23, 8, 127};
const struct float_format float_double = {52, 11, 1023};

static uint64_t sign_bit(const struct float_format *f, bool sign)
{
    return (uint64_t)sign << (f->fraction + f->exponent);
}

static uint64_t infinity(const struct float_format *f)
{
    return vd_mask(f->fraction, f->exponent);
}

uint64_t number_nan(const struct float_format *f)
{
    return infinity(f) | VD_BIT(f->fraction - 1);
}

static unsigned leading_zeros(wide v)
{
    uint64_t high = (uint64_t)(v >> 64);
    return high ? (unsigned)__builtin_clzll(high) : 64 + (unsigned)__builtin_clzll((uint64_t)v);
}

/* Right, keeping in bit 0 that something was lost. */
wide number_shift(wide mantissa, uint32_t by)
{
    if (by == 0)
        return mantissa;
    if (by > 127)
        return mantissa != 0;
    wide lost = mantissa & (((wide)1 << by) - 1);
    return mantissa >> by | (lost != 0);
}

static void normalize(struct number *n)
{
    int left = (int)leading_zeros(n->mantissa) - 1;
    if (left < 0)
        n->mantissa = number_shift(n->mantissa, 1);
    else
        n->mantissa <<= left;
    n->exponent -= left;
}

struct number number_unpack(const struct float_format *f, uint64_t bits)
{
    uint64_t fraction = bits & vd_mask(0, f->fraction);
    uint64_t exponent = vd_get(bits, f->fraction, f->exponent);
    struct number n = {.sign = bits >> (f->fraction + f->exponent) & 1};
    if (exponent == vd_mask(0, f->exponent)) {
        n.kind = fraction == 0 ? NUMBER_INFINITE : NUMBER_SIGNALING;
        if (fraction >> (f->fraction - 1))
            n.kind = NUMBER_QUIET;
        return n;
    }
    if (exponent == 0 && fraction == 0)
        return n;
    n.kind = NUMBER_FINITE;
    if (exponent)
        fraction |= VD_BIT(f->fraction);
    n.exponent = (int32_t)(exponent ? exponent : 1) - f->bias;
    n.mantissa = (wide)fraction << (TOP - f->fraction);
    normalize(&n);
    return n;
}

bool number_rounds_up(bool sign, bool odd, wide rest, wide half, unsigned rm)
{
    switch (rm) {
    case FLOAT_RNE:
        return rest > half || (rest == half && odd);
    case FLOAT_RDN:
        return sign && rest;
    case FLOAT_RUP:
        return !sign && rest;
    case FLOAT_RMM:
        return rest >= half;
    default:
        return false;
    }
}

/* The digits that fit, rounded; *inexact if that changed the value. */
static uint64_t round_digits(const struct float_format *f, const struct number *n, unsigned rm,
                             bool *inexact)
{
    unsigned shift = TOP - f->fraction;
    wide rest = n->mantissa & (((wide)1 << shift) - 1);
    uint64_t digits = (uint64_t)(n->mantissa >> shift);
    *inexact = rest != 0;
    return digits + number_rounds_up(n->sign, digits & 1, rest, (wide)1 << (shift - 1), rm);
}

static uint64_t overflow(const struct float_format *f, bool sign, unsigned rm, uint8_t *flags)
{
    bool to_infinity = rm == FLOAT_RNE || rm == FLOAT_RMM || rm == (sign ? FLOAT_RDN : FLOAT_RUP);
    *flags |= FLOAT_OF | FLOAT_NX;
    return sign_bit(f, sign) | (infinity(f) - !to_infinity);
}

/* Tiny: below the normal range even when rounded as if the exponent had no bound. */
static bool is_tiny(const struct float_format *f, const struct number *n, unsigned rm)
{
    bool ignored;
    if (n->exponent >= 1 - f->bias)
        return false;
    return n->exponent < -f->bias || round_digits(f, n, rm, &ignored) >> (f->fraction + 1) == 0;
}

static uint64_t pack_finite(const struct float_format *f, struct number n, unsigned rm,
                            uint8_t *flags)
{
    int32_t least = 1 - f->bias;
    bool inexact, tiny = is_tiny(f, &n, rm);
    bool subnormal = n.exponent < least;
    if (subnormal)
        n.mantissa = number_shift(n.mantissa, (uint32_t)(least - n.exponent));
    uint64_t digits = round_digits(f, &n, rm, &inexact);
    if (!subnormal && digits >> (f->fraction + 1)) {
        digits >>= 1;
        n.exponent++;
    }
    if (!subnormal && n.exponent > f->bias)
        return overflow(f, n.sign, rm, flags);
    if (inexact)
        *flags |= (uint8_t)(FLOAT_NX | (tiny ? FLOAT_UF : 0));
    /* A subnormal that rounds up to the least normal carries into the exponent by itself. */
    uint64_t biased = subnormal ? 0 : (uint64_t)(n.exponent + f->bias - 1);
    return sign_bit(f, n.sign) | ((biased << f->fraction) + digits);
}

uint64_t number_pack(const struct float_format *f, struct number n, unsigned rm, uint8_t *flags)
{
    switch (n.kind) {
    case NUMBER_ZERO:
        return sign_bit(f, n.sign);
    case NUMBER_INFINITE:
        return sign_bit(f, n.sign) | infinity(f);
    case NUMBER_FINITE:
        if (n.mantissa == 0)
            return sign_bit(f, n.sign);
        normalize(&n);
        return pack_finite(f, n, rm, flags);
    default:
        return number_nan(f);
    }
}

static struct number invalid(uint8_t *flags)
{
    *flags |= FLOAT_NV;
    return (struct number){.kind = NUMBER_QUIET};
}

/* The result if an operand is NaN: quiet, and invalid if one was signaling. */
static struct number from_nan(const struct number *a, const struct number *b, uint8_t *flags)
{
    if (a->kind == NUMBER_SIGNALING || b->kind == NUMBER_SIGNALING)
        *flags |= FLOAT_NV;
    return (struct number){.kind = NUMBER_QUIET};
}

static struct number add_finite(struct number a, struct number b, unsigned rm)
{
    if (a.exponent < b.exponent) {
        struct number swap = a;
        a = b;
        b = swap;
    }
    wide small = number_shift(b.mantissa, (uint32_t)(a.exponent - b.exponent));
    if (a.sign == b.sign) {
        a.mantissa += small;
    } else if (a.mantissa >= small) {
        a.mantissa -= small;
    } else {
        a.mantissa = small - a.mantissa;
        a.sign = b.sign;
    }
    if (a.mantissa == 0)
        return (struct number){.kind = NUMBER_ZERO, .sign = rm == FLOAT_RDN};
    return a;
}

struct number number_add(struct number a, struct number b, unsigned rm, uint8_t *flags)
{
    if (number_is_nan(&a) || number_is_nan(&b))
        return from_nan(&a, &b, flags);
    if (a.kind == NUMBER_INFINITE && b.kind == NUMBER_INFINITE && a.sign != b.sign)
        return invalid(flags);
    if (a.kind == NUMBER_INFINITE || b.kind == NUMBER_INFINITE)
        return a.kind == NUMBER_INFINITE ? a : b;
    if (a.kind == NUMBER_ZERO && b.kind == NUMBER_ZERO) {
        if (a.sign != b.sign)
            a.sign = rm == FLOAT_RDN;
        return a;
    }
    if (a.kind == NUMBER_ZERO || b.kind == NUMBER_ZERO)
        return a.kind == NUMBER_ZERO ? b : a;
    return add_finite(a, b, rm);
}

struct number number_multiply(struct number a, struct number b, uint8_t *flags)
{
    bool sign = a.sign != b.sign;
    if (number_is_nan(&a) || number_is_nan(&b))
        return from_nan(&a, &b, flags);
    bool infinite = a.kind == NUMBER_INFINITE || b.kind == NUMBER_INFINITE;
    bool zero = a.kind == NUMBER_ZERO || b.kind == NUMBER_ZERO;
    if (infinite && zero)
        return invalid(flags);
    if (infinite || zero)
        return (struct number){.kind = infinite ? NUMBER_INFINITE : NUMBER_ZERO, .sign = sign};
    struct number product = {.kind = NUMBER_FINITE,
                             .sign = sign,
                             .exponent = a.exponent + b.exponent,
                             .mantissa =
                                 (wide)(uint64_t)(a.mantissa >> 63) * (uint64_t)(b.mantissa >> 63)};
    normalize(&product);
    return product;
}

struct number number_divide(struct number a, struct number b, uint8_t *flags)
{
    bool sign = a.sign != b.sign;
    if (number_is_nan(&a) || number_is_nan(&b))
        return from_nan(&a, &b, flags);
    if (a.kind == b.kind && a.kind != NUMBER_FINITE)
        return invalid(flags);
    if (a.kind == NUMBER_ZERO || b.kind == NUMBER_INFINITE)
        return (struct number){.kind = NUMBER_ZERO, .sign = sign};
    if (b.kind == NUMBER_ZERO && a.kind == NUMBER_FINITE)
        *flags |= FLOAT_DZ;
    if (b.kind == NUMBER_ZERO || a.kind == NUMBER_INFINITE)
        return (struct number){.kind = NUMBER_INFINITE, .sign = sign};
    wide dividend = (wide)(uint64_t)(a.mantissa >> 63) << 63;
    uint64_t divisor = (uint64_t)(b.mantissa >> 63);
    wide quotient = dividend / divisor;
    return (struct number){.kind = NUMBER_FINITE,
                           .sign = sign,
                           .exponent = a.exponent - b.exponent,
                           .mantissa = quotient << 63 | (dividend % divisor != 0)};
}

/* The largest root with root * root <= square. */
static uint64_t integer_root(wide square)
{
    uint64_t root = 0;
    for (unsigned bit = 64; bit-- > 0;) {
        uint64_t next = root | VD_BIT(bit);
        if ((wide)next * next <= square)
            root = next;
    }
    return root;
}

struct number number_sqrt(struct number a, uint8_t *flags)
{
    if (number_is_nan(&a))
        return from_nan(&a, &a, flags);
    if (a.kind == NUMBER_ZERO)
        return a;
    if (a.sign)
        return invalid(flags);
    if (a.kind == NUMBER_INFINITE)
        return a;
    bool odd = a.exponent & 1;
    wide square = (wide)(uint64_t)(a.mantissa >> 63) << (odd ? 64 : 63);
    uint64_t root = integer_root(square);
    a.exponent = (a.exponent - odd) / 2;
    a.mantissa = (wide)root << 63 | ((wide)root * root != square);
    return a;
}
