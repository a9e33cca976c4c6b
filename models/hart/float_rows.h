/* SPDX-License-Identifier: BSD-2-Clause */
/* The operations of one format: included with the format's name, type and constants.  Where the
 * host has the format, and its own arithmetic provably gives the same bits and flags (nearest even,
 * inexact already raised, result well inside the normal range), it is used. */
#ifdef FLOAT_HOST
static inline FLOAT_HOST NAME(host)(FLOAT_BITS bits)
{
    FLOAT_HOST value;
    memcpy(&value, &bits, sizeof(value));
    return value;
}

/* Takes the host's result if it can be trusted. */
static inline bool NAME(quick)(FLOAT_HOST value, FLOAT_BITS *result)
{
    const FLOAT_BITS least = (FLOAT_BITS)2 << FLOAT_FRACTION;
    memcpy(result, &value, sizeof(*result));
    FLOAT_BITS magnitude = *result & (FLOAT_SIGN - 1);
    return magnitude >= least && magnitude < FLOAT_INFINITY;
}

static inline bool NAME(easy)(unsigned rm, const uint8_t *flags)
{
    return rm == FLOAT_RNE && (*flags & FLOAT_NX);
}

#define RETURN_HOST(operator)                                                                      \
    do {                                                                                           \
        FLOAT_BITS result;                                                                         \
        if (NAME(easy)(rm, flags) && NAME(quick)(NAME(host)(a) operator NAME(host)(b), &result))   \
            return result;                                                                         \
    } while (0)
#else
#define RETURN_HOST(operator)
#endif

static struct number NAME(number)(FLOAT_BITS bits)
{
    return number_unpack(FLOAT_FORMAT, bits);
}

static FLOAT_BITS NAME(bits)(struct number n, unsigned rm, uint8_t *flags)
{
    return (FLOAT_BITS)number_pack(FLOAT_FORMAT, n, rm, flags);
}

FLOAT_BITS NAME(add)(FLOAT_BITS a, FLOAT_BITS b, unsigned rm, uint8_t *flags)
{
    RETURN_HOST(+);
    return NAME(bits)(number_add(NAME(number)(a), NAME(number)(b), rm, flags), rm, flags);
}

FLOAT_BITS NAME(sub)(FLOAT_BITS a, FLOAT_BITS b, unsigned rm, uint8_t *flags)
{
    return NAME(add)(a, b ^ FLOAT_SIGN, rm, flags);
}

FLOAT_BITS NAME(mul)(FLOAT_BITS a, FLOAT_BITS b, unsigned rm, uint8_t *flags)
{
    RETURN_HOST(*);
    return NAME(bits)(number_multiply(NAME(number)(a), NAME(number)(b), flags), rm, flags);
}

FLOAT_BITS NAME(div)(FLOAT_BITS a, FLOAT_BITS b, unsigned rm, uint8_t *flags)
{
    RETURN_HOST(/);
    return NAME(bits)(number_divide(NAME(number)(a), NAME(number)(b), flags), rm, flags);
}

FLOAT_BITS NAME(sqrt)(FLOAT_BITS a, unsigned rm, uint8_t *flags)
{
    return NAME(bits)(number_sqrt(NAME(number)(a), flags), rm, flags);
}

/* Infinity times zero is invalid even if a quiet NaN is added. */
FLOAT_BITS NAME(fma)(FLOAT_BITS a, FLOAT_BITS b, FLOAT_BITS c, unsigned rm, uint8_t *flags)
{
    struct number product = number_multiply(NAME(number)(a), NAME(number)(b), flags);
    return NAME(bits)(number_add(product, NAME(number)(c), rm, flags), rm, flags);
}

static bool NAME(is_nan)(FLOAT_BITS a)
{
    return (a & (FLOAT_SIGN - 1)) > FLOAT_INFINITY;
}

static bool NAME(is_signaling)(FLOAT_BITS a)
{
    return NAME(is_nan)(a) && !(a >> (FLOAT_FRACTION - 1) & 1);
}

/* Order of bit patterns that are no NaN, with -0 below +0. */
static bool NAME(below)(FLOAT_BITS a, FLOAT_BITS b)
{
    bool a_negative = a & FLOAT_SIGN, b_negative = b & FLOAT_SIGN;
    if (a_negative != b_negative)
        return a_negative;
    return a_negative ? a > b : a < b;
}

static FLOAT_BITS NAME(choose)(FLOAT_BITS a, FLOAT_BITS b, bool least, uint8_t *flags)
{
    if (NAME(is_signaling)(a) || NAME(is_signaling)(b))
        *flags |= FLOAT_NV;
    if (NAME(is_nan)(a))
        return NAME(is_nan)(b) ? (FLOAT_BITS)number_nan(FLOAT_FORMAT) : b;
    if (NAME(is_nan)(b))
        return a;
    return NAME(below)(a, b) == least ? a : b;
}

FLOAT_BITS NAME(min)(FLOAT_BITS a, FLOAT_BITS b, uint8_t *flags)
{
    return NAME(choose)(a, b, true, flags);
}

FLOAT_BITS NAME(max)(FLOAT_BITS a, FLOAT_BITS b, uint8_t *flags)
{
    return NAME(choose)(a, b, false, flags);
}

static FLOAT_BITS NAME(choose_number)(FLOAT_BITS a, FLOAT_BITS b, bool least, uint8_t *flags)
{
    FLOAT_BITS chosen = NAME(choose)(a, b, least, flags);
    return NAME(is_nan)(a) || NAME(is_nan)(b) ? (FLOAT_BITS)number_nan(FLOAT_FORMAT) : chosen;
}

FLOAT_BITS NAME(minm)(FLOAT_BITS a, FLOAT_BITS b, uint8_t *flags)
{
    return NAME(choose_number)(a, b, true, flags);
}

FLOAT_BITS NAME(maxm)(FLOAT_BITS a, FLOAT_BITS b, uint8_t *flags)
{
    return NAME(choose_number)(a, b, false, flags);
}

FLOAT_BITS NAME(round)(FLOAT_BITS a, unsigned rm, bool inexact, uint8_t *flags)
{
    return NAME(bits)(to_integral(NAME(number)(a), rm, inexact, flags), rm, flags);
}

FLOAT_BITS NAME(immediate)(unsigned index)
{
    uint8_t flags = 0;
    return NAME(bits)(immediate(FLOAT_FORMAT, index), FLOAT_RNE, &flags);
}

static bool NAME(same)(FLOAT_BITS a, FLOAT_BITS b)
{
    return a == b || ((a | b) & (FLOAT_SIGN - 1)) == 0;
}

bool NAME(eq)(FLOAT_BITS a, FLOAT_BITS b, uint8_t *flags)
{
    if (NAME(is_signaling)(a) || NAME(is_signaling)(b))
        *flags |= FLOAT_NV;
    return !NAME(is_nan)(a) && !NAME(is_nan)(b) && NAME(same)(a, b);
}

static bool NAME(unordered)(FLOAT_BITS a, FLOAT_BITS b, uint8_t *flags)
{
    bool nan = NAME(is_nan)(a) || NAME(is_nan)(b);
    if (nan)
        *flags |= FLOAT_NV;
    return nan;
}

bool NAME(lt)(FLOAT_BITS a, FLOAT_BITS b, uint8_t *flags)
{
    return !NAME(unordered)(a, b, flags) && !NAME(same)(a, b) && NAME(below)(a, b);
}

bool NAME(le)(FLOAT_BITS a, FLOAT_BITS b, uint8_t *flags)
{
    return !NAME(unordered)(a, b, flags) && (NAME(same)(a, b) || NAME(below)(a, b));
}

/* As lt and le, but quiet NaNs raise nothing. */
static bool NAME(quietly_unordered)(FLOAT_BITS a, FLOAT_BITS b, uint8_t *flags)
{
    if (NAME(is_signaling)(a) || NAME(is_signaling)(b))
        *flags |= FLOAT_NV;
    return NAME(is_nan)(a) || NAME(is_nan)(b);
}

bool NAME(ltq)(FLOAT_BITS a, FLOAT_BITS b, uint8_t *flags)
{
    return !NAME(quietly_unordered)(a, b, flags) && !NAME(same)(a, b) && NAME(below)(a, b);
}

bool NAME(leq)(FLOAT_BITS a, FLOAT_BITS b, uint8_t *flags)
{
    return !NAME(quietly_unordered)(a, b, flags) && (NAME(same)(a, b) || NAME(below)(a, b));
}

uint64_t NAME(class)(FLOAT_BITS a)
{
    bool negative = a & FLOAT_SIGN;
    FLOAT_BITS magnitude = a & (FLOAT_SIGN - 1);
    if (NAME(is_nan)(a))
        return NAME(is_signaling)(a) ? CLASS_SNAN : CLASS_QNAN;
    if (magnitude == FLOAT_INFINITY)
        return negative ? CLASS_NEGATIVE_INFINITY : CLASS_POSITIVE_INFINITY;
    if (magnitude == 0)
        return negative ? CLASS_NEGATIVE_ZERO : CLASS_POSITIVE_ZERO;
    if (magnitude >> FLOAT_FRACTION == 0)
        return negative ? CLASS_NEGATIVE_SUBNORMAL : CLASS_POSITIVE_SUBNORMAL;
    return negative ? CLASS_NEGATIVE_NORMAL : CLASS_POSITIVE_NORMAL;
}

uint64_t NAME(to_int)(FLOAT_BITS a, enum float_int type, unsigned rm, uint8_t *flags)
{
    return to_integer(NAME(number)(a), type, rm, flags);
}

FLOAT_BITS NAME(from_int)(uint64_t v, enum float_int type, unsigned rm, uint8_t *flags)
{
    return NAME(bits)(from_integer(v, type), rm, flags);
}

#undef NAME
#undef FLOAT_BITS
#undef FLOAT_HOST
#undef RETURN_HOST
#undef FLOAT_FORMAT
#undef FLOAT_FRACTION
#undef FLOAT_SIGN
#undef FLOAT_INFINITY
