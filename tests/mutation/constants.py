# SPDX-License-Identifier: BSD-2-Clause
"""Integer constant expressions: their value, and the values that a slip would have given them."""
import operator

from clang.cindex import CursorKind as K
from clang.cindex import TypeKind as T

from source import extent

BINARY = {"+": operator.add, "-": operator.sub, "*": operator.mul, "&": operator.and_, "|": operator.or_,
          "^": operator.xor, "==": operator.eq, "!=": operator.ne, "<": operator.lt, ">": operator.gt,
          "<=": operator.le, ">=": operator.ge, "&&": lambda a, b: bool(a and b), "||": lambda a, b: bool(a or b)}
INTEGERS = {T.BOOL, T.CHAR_U, T.UCHAR, T.USHORT, T.UINT, T.ULONG, T.ULONGLONG, T.CHAR_S, T.SCHAR, T.SHORT, T.INT,
            T.LONG, T.LONGLONG, T.ENUM}
SIGNED = {T.CHAR_S, T.SCHAR, T.SHORT, T.INT, T.LONG, T.LONGLONG}
WRAPPERS = (K.UNEXPOSED_EXPR, K.PAREN_EXPR)


def children(cursor):
    return list(cursor.get_children())


def operator_text(source, cursor, parts):
    """The operator of a unary or binary expression: what stands between, before or behind its operands."""
    start, end = extent(cursor)
    first = extent(parts[0])
    if len(parts) == 2:
        return source.slice(first[1], extent(parts[1])[0])
    return source.slice(start, first[0]) or "post" + source.slice(first[1], end)


def is_integer(kind):
    return kind in INTEGERS


def wrap(value, cursor):
    """As the expression's type holds it."""
    canonical = cursor.type.get_canonical()
    size = canonical.get_size()
    if canonical.kind not in INTEGERS or size not in (1, 2, 4, 8):
        return None
    if canonical.kind == T.BOOL:
        return int(value != 0)
    value &= (1 << 8 * size) - 1
    if canonical.kind in SIGNED and value >> (8 * size - 1):
        value -= 1 << 8 * size
    return value


def literal(text):
    digits = text.rstrip("uUlL")
    if digits.startswith("0") and digits.isdigit():
        return int(digits, 8)
    return int(digits, 0)


def binary(symbol, left, right):
    if symbol in ("<<", ">>"):
        if not 0 <= right < 64:
            return None
        return left << right if symbol == "<<" else left >> right
    if symbol in ("/", "%"):
        if not right:
            return None
        quotient = abs(left) // abs(right) * (1 if (left < 0) == (right < 0) else -1)
        return quotient if symbol == "/" else left - quotient * right
    return int(BINARY[symbol](left, right)) if symbol in BINARY else None


def evaluate_operator(source, cursor, parts):
    values = [evaluate(source, part) for part in parts]
    if None in values or not values:
        return None
    if len(values) == 3:
        return values[1] if values[0] else values[2]
    symbol = operator_text(source, cursor, parts)
    if len(values) == 2:
        return binary(symbol, *values)
    return {"-": -values[0], "+": values[0], "~": ~values[0], "!": int(not values[0])}.get(symbol)


def evaluate(source, cursor):
    """Its value, or None if it is no constant made of literals and enumerators."""
    kind, value = cursor.kind, None
    if kind == K.INTEGER_LITERAL:
        value = literal(source.slice(*extent(cursor)))
    elif kind == K.DECL_REF_EXPR:
        target = cursor.referenced
        if target is not None and target.kind == K.ENUM_CONSTANT_DECL:
            value = target.enum_value
    elif kind in WRAPPERS or kind == K.CSTYLE_CAST_EXPR:
        parts = [part for part in children(cursor) if part.kind != K.TYPE_REF]
        value = evaluate(source, parts[0]) if len(parts) == 1 else None
    elif kind in (K.UNARY_OPERATOR, K.BINARY_OPERATOR, K.CONDITIONAL_OPERATOR):
        value = evaluate_operator(source, cursor, children(cursor))
    return None if value is None else wrap(value, cursor)


def enumerator(cursor):
    """The enumerator that an expression is, through parentheses and casts."""
    while cursor.kind in WRAPPERS or cursor.kind == K.CSTYLE_CAST_EXPR:
        parts = [part for part in children(cursor) if part.kind != K.TYPE_REF]
        if len(parts) != 1:
            return None
        cursor = parts[0]
    target = cursor.referenced if cursor.kind == K.DECL_REF_EXPR else None
    return target if target is not None and target.kind == K.ENUM_CONSTANT_DECL else None


def neighbour(constant):
    """Name and value of the next enumerator of a named enumeration, or of the one before the last."""
    parent = constant.semantic_parent
    if not parent.spelling or "(" in parent.spelling:
        return None
    rows = [row for row in children(parent) if row.kind == K.ENUM_CONSTANT_DECL]
    at = [row.spelling for row in rows].index(constant.spelling)
    for row in rows[at + 1:] + rows[at - 1::-1]:
        if row.enum_value != constant.enum_value:
            return row.spelling, row.enum_value
    return None


def mask_slips(value, bits):
    """The mask without its lowest bit, without its highest, and with one more bit beside it if there is one."""
    value &= (1 << bits) - 1
    if not value:
        return [1]
    top, low = 1 << value.bit_length() - 1, value & -value
    slips = [value & ~low, value & ~top]
    if top << 1 < 1 << bits:
        slips.append(value | top << 1)
    elif value != (1 << bits) - 1:
        clear = ~value & (1 << bits) - 1
        slips.append(value | 1 << clear.bit_length() - 1)
    return slips


def width(cursor):
    """How many bits of its value can be set: those of its type before it is promoted, if that has no sign."""
    while cursor.kind in WRAPPERS and len(children(cursor)) == 1:
        cursor = children(cursor)[0]
    canonical = cursor.type.get_canonical()
    return 8 * canonical.get_size() if canonical.kind in INTEGERS - SIGNED - {T.BOOL, T.ENUM} else 64


def slips(cursor, value, role, limit=64):
    """(operator, value or name) of the mutants of a constant; role: value, mask, complement (of a mask), lsb, width;
    limit: of the bits of a mask."""
    if cursor.type.get_canonical().kind == T.BOOL:
        return [("boolean", int(not value))]
    if role == "lsb":
        return [("field", value + 1)]
    if role == "width":
        return [("field", value - 1)] if value > 1 else []
    bits = min(8 * cursor.type.get_canonical().get_size(), limit)
    if role == "mask":
        return [("mask", slip) for slip in mask_slips(value, bits)]
    if role == "complement":
        return [("mask", ~slip) for slip in mask_slips(~value, bits)]
    constant = enumerator(cursor)
    if constant is None:
        return [("constant", value + 1)] + ([("constant", value - 1)] if value else [])
    other = neighbour(constant)
    if other:
        return [("enumerator", other[0])]
    return [("enumerator", value + 1)]
