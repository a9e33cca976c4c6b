# SPDX-License-Identifier: BSD-2-Clause
"""The places of a translation unit that can be mutated, and what each can become."""
from clang.cindex import CursorKind as K
from clang.cindex import StorageClass
from clang.cindex import TypeKind as T

from constants import WRAPPERS, children, evaluate, is_integer, operator_text, slips, width
from source import extent
from tables import table_entries

COMPARISONS = {"<": ("<=", ">="), "<=": ("<", ">"), ">": (">=", "<="), ">=": (">", "<"), "==": ("!=",), "!=": ("==",)}
LOGICAL = {"&&": "||", "||": "&&"}
ARITHMETIC = {"+": "-", "-": "+", "*": "+", "/": "*", "%": "/", "<<": ">>", ">>": "<<", "&": "|", "|": "&", "^": "|"}
MASKING = ("&", "|", "^", "&=", "|=", "^=")
# Arguments that are the first bit and the width of a field.
FIELD_ARGUMENTS = {"vd_get": (1, 2), "vd_set": (1, 2), "vd_mask": (0, 1)}
UNTOUCHED_CALLS = {"mutation_assert"}
OPAQUE = {K.CXX_UNARY_EXPR, K.GENERIC_SELECTION_EXPR, K.ASM_STMT, K.STRUCT_DECL, K.UNION_DECL, K.ENUM_DECL,
          K.STATIC_ASSERT, K.TYPE_REF, K.STRING_LITERAL, K.FLOATING_LITERAL}
EXITS = {K.RETURN_STMT, K.GOTO_STMT, K.INDIRECT_GOTO_STMT}
ENTRIES = {K.LABEL_STMT, K.CASE_STMT, K.DEFAULT_STMT}
STATEMENT_EXPRESSIONS = {K.CALL_EXPR, K.BINARY_OPERATOR, K.COMPOUND_ASSIGNMENT_OPERATOR, K.UNARY_OPERATOR}


class Point:
    """One place: its span, and (operator, new text) of every mutant."""

    def __init__(self, span, function, statement=False):
        self.span, self.function, self.statement = span, function, statement
        self.mutants = []


class Collector:
    """Walks the functions and tables of one translation unit that belong to the model."""

    def __init__(self, source, folder):
        self.source, self.folder = source, folder
        self.points, self.tables, self.function = {}, [], ""
        self.bodies = {}

    def collect(self):
        for cursor in self.source.unit.cursor.get_children():
            name = self.source.place(extent(cursor)[0])[0]
            if not name.startswith(self.folder):
                continue
            if cursor.kind == K.FUNCTION_DECL and cursor.is_definition():
                self.function = cursor.spelling
                self.bodies[self.function] = self.text(cursor)
                self.statement(children(cursor)[-1])
            elif cursor.kind == K.VAR_DECL:
                self.table(cursor, "")
        return self

    def text(self, cursor):
        return self.source.slice(*extent(cursor))

    def add(self, cursor, operator, text, statement=False):
        span = extent(cursor)
        point = self.points.setdefault(span, Point(span, self.function))
        point.statement |= statement
        if text not in [known for _, known in point.mutants]:
            point.mutants.append((operator, text))

    def table(self, cursor, function):
        self.tables += table_entries(self.source, cursor, function)

    # Statements.

    def statement(self, cursor):
        kind, parts = cursor.kind, children(cursor)
        if kind == K.COMPOUND_STMT:
            self.block(parts)
        elif kind in (K.DEFAULT_STMT, K.LABEL_STMT):
            for part in parts:
                self.statement(part)
        elif kind == K.CASE_STMT:
            self.statement(parts[-1])
        elif kind == K.IF_STMT:
            self.condition(parts[0])
            for part in parts[1:]:
                self.statement(part)
        elif kind in (K.WHILE_STMT, K.DO_STMT):
            inner, test = parts[::-1] if kind == K.WHILE_STMT else parts
            self.statement(inner)
            if not self.is_once(cursor):
                self.condition(test)
        elif kind == K.SWITCH_STMT:
            self.expression(parts[0])
            self.statement(parts[-1])
        elif kind == K.FOR_STMT:
            self.loop(cursor, parts)
        else:
            self.simple_statement(cursor, kind, parts)

    def block(self, parts):
        """What no way leads to, as macros leave it behind a return, has no mutants."""
        reachable = True
        for part in parts:
            reachable |= part.kind in ENTRIES
            if reachable:
                self.statement(part)
            reachable &= not self.leaves(part)

    def leaves(self, cursor):
        kind, parts = cursor.kind, children(cursor)
        if kind == K.COMPOUND_STMT:
            return bool(parts) and self.leaves(parts[-1])
        return kind in EXITS or self.is_once(cursor) and self.leaves(parts[0])

    def is_once(self, cursor):
        """The body of a macro: `do ... while (0)`."""
        return cursor.kind == K.DO_STMT and evaluate(self.source, children(cursor)[1]) == 0

    def simple_statement(self, cursor, kind, parts):
        if kind == K.DECL_STMT:
            for part in parts:
                self.declaration(part)
        elif kind == K.RETURN_STMT:
            for part in parts:
                self.condition(part) if part.type.get_canonical().kind == T.BOOL else self.expression(part)
        elif kind in STATEMENT_EXPRESSIONS:
            name = cursor.spelling if kind == K.CALL_EXPR else ""
            if name not in UNTOUCHED_CALLS and not self.ignores(cursor):
                self.add(cursor, "statement", "(void)0", statement=True)
            self.expression(cursor)
        else:
            self.expression(cursor)

    def ignores(self, cursor):
        """Whether it is `(void)name, (void)name`."""
        if cursor.kind == K.BINARY_OPERATOR:
            return all(self.ignores(part) for part in children(cursor))
        return self.text(cursor).startswith("(void)") and children(cursor)[-1].kind not in STATEMENT_EXPRESSIONS

    def loop(self, cursor, parts):
        """The clang of Python does not say which of the three parts are missing; the semicolons do."""
        semicolons, depth, at = [], 0, extent(cursor)[0]
        while len(semicolons) < 2:
            symbol = self.source.text[at]
            depth += (symbol in "([{") - (symbol in ")]}")
            if symbol == ";" and depth == 1:
                semicolons.append(at)
            at += 1
        for part in parts[:-1]:
            start = extent(part)[0]
            if part.kind == K.DECL_STMT:
                self.statement(part)
            elif semicolons[0] < start < semicolons[1]:
                self.condition(part)
            else:
                self.expression(part)
        self.statement(parts[-1])

    def declaration(self, cursor):
        if cursor.kind != K.VAR_DECL:
            return
        if cursor.storage_class == StorageClass.STATIC:
            self.table(cursor, self.function)
            return
        start, end = extent(cursor)
        equals = self.source.text.find("=", cursor.location.offset, end)
        for part in children(cursor):
            if equals >= 0 and extent(part)[0] > equals:
                self.expression(part)

    # Expressions.

    def condition(self, cursor):
        """A truth value; one that is no comparison is negated."""
        inner = cursor
        while inner.kind in WRAPPERS and len(children(inner)) == 1:
            inner = children(inner)[0]
        compares = inner.kind == K.BINARY_OPERATOR and \
            operator_text(self.source, inner, children(inner)) in (*COMPARISONS, *LOGICAL)
        negates = inner.kind == K.UNARY_OPERATOR and self.text(inner).startswith("!")
        if not compares and not negates and evaluate(self.source, cursor) is None:
            self.add(inner, "negation", f"!({self.text(inner)})")
        self.expression(cursor)

    def expression(self, cursor, role="value", bits=64):
        """bits: how many of a mask can matter."""
        kind = cursor.kind
        if kind in OPAQUE:
            return
        value = evaluate(self.source, cursor)
        parts = children(cursor)
        if value is not None:
            self.constant(cursor, value, role, bits)
        elif kind in WRAPPERS and len(parts) == 1:
            if is_integer(parts[0].type.get_canonical().kind) and \
                    cursor.type.get_canonical().kind == T.POINTER and evaluate(self.source, parts[0]) is not None:
                return  # a null pointer
            self.expression(parts[0], role, bits)
        elif kind == K.BINARY_OPERATOR:
            self.binary(cursor, parts)
        elif kind == K.COMPOUND_ASSIGNMENT_OPERATOR:
            self.compound_assignment(cursor, parts)
        elif kind == K.UNARY_OPERATOR:
            self.unary(cursor, parts)
        elif kind == K.CALL_EXPR:
            self.call(cursor, parts)
        else:
            self.other(cursor, kind, parts)

    def other(self, cursor, kind, parts):
        if kind == K.CONDITIONAL_OPERATOR:
            self.condition(parts[0])
            parts = parts[1:]
        elif kind == K.StmtExpr:
            self.statement(parts[0])
            return
        elif kind == K.CSTYLE_CAST_EXPR and cursor.type.get_canonical().kind == T.POINTER:
            parts = [part for part in parts if evaluate(self.source, part) is None]
        elif self.text(cursor).startswith("["):
            parts = parts[1:]  # a designated element
        elif self.text(cursor).startswith("__builtin_"):
            return
        for part in parts:
            self.expression(part)

    def complements(self, cursor):
        """Whether it is `~mask`, in parentheses and casts or not."""
        while cursor.kind in WRAPPERS or cursor.kind == K.CSTYLE_CAST_EXPR:
            cursor = children(cursor)[-1]
        return cursor.kind == K.UNARY_OPERATOR and self.text(cursor).startswith("~")

    def constant(self, cursor, value, role, bits):
        if role == "mask" and self.complements(cursor):
            role = "complement"
        for operator, slip in slips(cursor, value, role, bits):
            text = self.text(cursor)
            if isinstance(slip, int):
                slip = f"(__typeof__({text})){slip & 0xffffffffffffffff:#x}ull"
            self.add(cursor, operator, slip)

    def binary(self, cursor, parts):
        symbol = operator_text(self.source, cursor, parts)
        left, right = (self.text(part) for part in parts)
        pointers = T.POINTER in [part.type.get_canonical().kind for part in parts]
        if symbol in COMPARISONS:
            for other in COMPARISONS[symbol]:
                self.add(cursor, "comparison", f"({left}) {other} ({right})")
        elif symbol in LOGICAL:
            self.add(cursor, "logical", f"({left}) {LOGICAL[symbol]} ({right})")
            self.add(cursor, "logical", f"!!({left})")
            self.add(cursor, "logical", f"!!({right})")
        elif symbol in ARITHMETIC and not pointers and is_integer(cursor.type.get_canonical().kind):
            operator = "bitwise" if symbol in MASKING else "arithmetic"
            self.add(cursor, operator, f"({left}) {ARITHMETIC[symbol]} ({right})")
        for part, other in zip(parts, reversed(parts)):
            if symbol in LOGICAL:
                self.condition(part)
            else:
                self.expression(part, "mask" if symbol in MASKING else "value", width(other) if symbol == "&" else 64)

    def compound_assignment(self, cursor, parts):
        symbol = operator_text(self.source, cursor, parts)
        left, right = (self.text(part) for part in parts)
        other = ARITHMETIC[symbol[:-1]] + "="
        if parts[0].type.get_canonical().kind != T.POINTER and is_integer(parts[0].type.get_canonical().kind):
            operator = "bitwise" if symbol in MASKING else "arithmetic"
            self.add(cursor, operator, f"{left} {other} ({right})")
        self.expression(parts[0])
        self.expression(parts[1], "mask" if symbol in MASKING else "value")

    def unary(self, cursor, parts):
        symbol = operator_text(self.source, cursor, parts)
        inner = self.text(parts[0])
        if symbol == "!":
            self.add(cursor, "negation", f"!!({inner})")
            self.expression(parts[0])
            return
        if symbol in ("~", "-"):
            self.add(cursor, "bitwise" if symbol == "~" else "arithmetic", f"({inner})")
        elif symbol in ("++", "--"):
            self.add(cursor, "arithmetic", f"{'--' if symbol == '++' else '++'}{inner}")
        elif symbol in ("post++", "post--"):
            self.add(cursor, "arithmetic", f"{inner}{'--' if symbol == 'post++' else '++'}")
        self.expression(parts[0])

    def call(self, cursor, parts):
        if cursor.spelling in UNTOUCHED_CALLS:
            return
        lsb, width = FIELD_ARGUMENTS.get(cursor.spelling, (-1, -1))
        if parts and evaluate(self.source, parts[0]) is None:
            self.expression(parts[0])
        if cursor.spelling == "__builtin_expect":
            parts = parts[:2]
        for at, part in enumerate(parts[1:]):
            self.expression(part, "lsb" if at == lsb else "width" if at == width else "value")
