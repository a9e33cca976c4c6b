# SPDX-License-Identifier: BSD-2-Clause
"""From points to text: every place becomes a choice at run time among itself and its mutants."""
import hashlib
import re
from dataclasses import asdict, dataclass


def digest(*parts):
    return hashlib.sha1("\0".join(map(str, parts)).encode()).hexdigest()[:10]


@dataclass
class Mutant:
    """`name` is the same as long as the expression is; `context` changes with the function around it."""
    number: int
    first: int  # the number of the place's first mutant, under which the place is reached
    name: str
    context: str
    file: str
    line: int
    function: str
    operator: str
    original: str
    mutated: str

    def as_dict(self):
        return asdict(self)


class Numbering:
    """Numbers of all mutants of a model.  What several units include is numbered once."""

    def __init__(self):
        self.mutants, self.known = [], {}

    def place(self, where, body, original, changes, ordinal):
        """Number of the first mutant of a place; changes: (operator, text)."""
        (file, line), function = where
        key = (file, function, original, tuple(changes), ordinal)
        if key not in self.known:
            first = len(self.mutants) + 1
            self.known[key] = first
            for operator, text in changes:
                self.mutants.append(Mutant(len(self.mutants) + 1, first, digest(*key[:3], text, ordinal), digest(body),
                                           file, line, function, operator, original, text))
        return self.known[key]


class Renderer:
    def __init__(self, source, collector, numbering):
        self.source, self.collector, self.numbering = source, collector, numbering
        self.ordinals = {}
        self.edits = []  # (start, end, text) outside points
        self.appended = []

    def number(self, offset, function, body, original, changes):
        key = (function, original)
        ordinal = self.ordinals[key] = self.ordinals.get(key, -1) + 1
        return self.numbering.place((self.source.place(offset), function), body, original, changes, ordinal)

    def choice(self, point, original):
        """The text of a point whose inner points are rendered already."""
        plain = self.source.slice(*point.span)
        first = self.number(point.span[0], point.function, self.collector.bodies[point.function], plain, point.mutants)
        cast = "(void)" if point.statement else ""
        arms = [f"{cast}({text})" for _, text in point.mutants]
        chosen = arms[-1]
        for at in range(len(arms) - 2, -1, -1):
            chosen = f"MUTANT_IS({first + at}u) ? {arms[at]} : {chosen}"
        return f"(MUTANT_AT({first}u, {len(arms)}u) ? ({chosen}) : {cast}({original}))"

    def changes_of(self, table):
        """The statements that change an entry of a table."""
        lines = []
        for row, (designation, mutants) in table.entries:
            path = re.sub(r"^\w+\[\d+\]", "", designation)
            original = f"{table.name}{path} of {row}"
            texts = [(operator, text.replace(designation, "it")) for operator, text in mutants]
            first = self.number(table.location, table.function, row, original, texts)
            for at, (_, text) in enumerate(mutants):
                lines.append(f"(void)MUTANT_AT({first}u, {len(mutants)}u); MUTANT_ENTRY({first + at}u, {designation}, {text});")
        return "\n".join(lines)

    def table(self, table):
        """Takes its `const` away and lets the entries be changed before it is used."""
        start = table.span[0]
        const = re.compile(r"\bconst\b").search(self.source.text, start, table.location)
        self.edits.append((const.start(), const.end(), ""))
        changes = self.changes_of(table)
        if table.function:
            end = self.source.text.index(";", table.span[1]) + 1
            self.edits.append((end, end, f" {{ static char changed; if (!changed) {{ changed = 1; {changes} }} }}"))
        else:
            name = f"mutate_{table.name}_{start}"
            self.appended.append(f"__attribute__((constructor(200))) static void {name}(void)\n{{\n{changes}\n}}")

    def spans(self, points, start, end):
        """The text from start to end with its points, which are sorted, outermost first."""
        pieces, at = [], start
        while points and points[0].span[0] < end:
            point = points.pop(0)
            pieces.append(self.plain(at, point.span[0]))
            pieces.append(self.choice(point, self.spans(points, *point.span)))
            at = point.span[1]
        pieces.append(self.plain(at, end))
        return "".join(pieces)

    def plain(self, start, end):
        text, at = [], start
        for edit in sorted(e for e in self.edits if start <= e[0] < end):
            text += [self.source.text[at:edit[0]], edit[2]]
            at = edit[1]
        return "".join(text) + self.source.text[at:end]

    def render(self):
        for table in self.collector.tables:
            self.table(table)
        points = sorted(self.collector.points.values(), key=lambda p: (p.span[0], -p.span[1]))
        text = self.spans([p for p in points if p.mutants], 0, len(self.source.text))
        for table in self.collector.tables:
            text = re.sub(rf"\bextern const ((?:struct |enum )?\w+ {table.name}\b)", r"extern \1", text)
        return text + "\n" + "\n".join(self.appended) + "\n"
