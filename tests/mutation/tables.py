# SPDX-License-Identifier: BSD-2-Clause
"""Entries of constant tables: every number in them can be off by one or lose its highest bit, every
function can be that of the next row."""
import re

from clang.cindex import CursorKind as K
from clang.cindex import TypeKind as T

from constants import children, evaluate, is_integer
from source import extent


class Table:
    """A table that loses its `const`, and its entries: (text of the row,
    (designation, [(operator, new value)]))."""

    def __init__(self, cursor, function):
        self.name, self.function = cursor.spelling, function
        self.span = extent(cursor)
        self.location = cursor.location.offset
        self.entries = []


def elements(source, initializer, count):
    """(index, initializer or None) of the elements of an array that its initializer names."""
    at, found = 0, []
    for part in children(initializer):
        if source.slice(*extent(part)).startswith("["):
            designator, *rest = children(part)
            index = evaluate(source, designator)
            if index is None:
                return [(n, None) for n in range(count)]
            at, part = index, rest[-1] if rest else None
        found.append((at, part))
        at += 1
    return found or [(n, None) for n in range(count)]


def scalar(designation, kind, next_row):
    if kind == T.BOOL:
        return [(designation, [("table", f"!{designation}")])]
    if is_integer(kind):
        return [(designation, [("table", f"{designation} + 1"), ("table", f"MUTANT_LESS({designation})")])]
    if kind == T.POINTER and next_row:
        return [(designation, [("table", next_row)])]
    return []


def is_function(kind):
    pointee = kind.get_pointee().get_canonical()
    return pointee.kind in (T.FUNCTIONPROTO, T.FUNCTIONNOPROTO)


def record_entries(source, kind, designation, next_row):
    found = []
    for field in kind.get_fields():
        inner = field.type.get_canonical()
        following = f"{next_row}.{field.spelling}" if next_row else None
        found += entries(source, inner, f"{designation}.{field.spelling}", following, None)
    return found


def entries(source, kind, designation, next_row, initializer):
    """The scalars in an object of a type."""
    kind = kind.get_canonical()
    if kind.kind == T.CONSTANTARRAY:
        count, found = kind.element_count, []
        listed = initializer is not None and initializer.kind == K.INIT_LIST_EXPR
        for index, part in elements(source, initializer, count) if listed else [(n, None) for n in range(count)]:
            following = f"{designation}[{(index + 1) % count}]"
            found += entries(source, kind.element_type, f"{designation}[{index}]", following, part)
        return found
    if kind.kind == T.RECORD:
        return record_entries(source, kind, designation, next_row)
    if kind.kind == T.POINTER and not is_function(kind):
        return []
    return scalar(designation, kind.kind, next_row)


def rows(source, cursor, initializer):
    """(text of the row, entry) of everything in the table."""
    kind = cursor.type.get_canonical()
    if kind.kind != T.CONSTANTARRAY or initializer.kind != K.INIT_LIST_EXPR:
        return [(source.slice(*extent(initializer)), entry)
                for entry in entries(source, kind, cursor.spelling, None, initializer)]
    found, count = [], kind.element_count
    for index, part in elements(source, initializer, count):
        following = f"{cursor.spelling}[{(index + 1) % count}]"
        text = source.slice(*extent(part)) if part is not None else ""
        for entry in entries(source, kind.element_type, f"{cursor.spelling}[{index}]", following, part):
            found.append((text, entry))
    return found


def table_entries(source, cursor, function):
    """The table that a declaration is, if it is one with an initializer of its own."""
    start, end = extent(cursor)
    equals = source.text.find("=", cursor.location.offset, end)
    initializer = [part for part in children(cursor) if equals >= 0 and extent(part)[0] > equals]
    head = source.slice(start, cursor.location.offset)
    if not initializer or "const" not in re.findall(r"\w+", head):
        return []
    table = Table(cursor, function)
    table.entries = rows(source, cursor, initializer[-1])
    return [table] if table.entries else []
