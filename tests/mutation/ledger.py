# SPDX-License-Identifier: BSD-2-Clause
"""What is known of the mutants: results that accumulate, and what people judged the survivors to be."""
import pathlib
import re

VERDICTS = ("equivalent", "missing test", "dead code")


class Results:
    """One line per mutant: name, context, verdict, by.  A kill holds while the function is the same; a
    survivor is tried again when the tests have changed, whose hash its line ends with."""

    def __init__(self, path):
        self.path, self.rows = pathlib.Path(path), {}
        if self.path.exists():
            for line in self.path.read_text().splitlines():
                name, context, verdict, by = line.split("\t")
                self.rows[name] = (context, verdict, by)

    def add(self, mutant, verdict, by):
        row = (mutant.context, verdict, by)
        self.rows[mutant.name] = row
        with self.path.open("a") as out:
            out.write("\t".join((mutant.name, *row)) + "\n")

    def of(self, mutant):
        row = self.rows.get(mutant.name)
        return row if row and row[0] == mutant.context else None

    def save(self, mutants):
        """Sorted, without mutants that are no more."""
        alive = {mutant.name for mutant in mutants}
        rows = ["\t".join((name, *row)) for name, row in sorted(self.rows.items()) if name in alive]
        self.path.write_text("".join(row + "\n" for row in rows))


class Judgements:
    """The rows of a survivors page: | `name` | place | mutation | verdict | why |."""

    ROW = re.compile(r"^\| `([0-9a-f]{10})` \|(.*)\|$")

    def __init__(self, path):
        self.rows = {}
        path = pathlib.Path(path)
        for line in path.read_text().splitlines() if path.exists() else []:
            match = self.ROW.match(line)
            if not match:
                continue
            cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", match[2])]
            if len(cells) != 4 or cells[2] not in VERDICTS:
                raise SystemExit(f"mutate: {path}: {match[1]}: the verdict is one of: {', '.join(VERDICTS)}")
            self.rows[match[1]] = cells[2]

    def equivalent(self, mutant):
        return self.rows.get(mutant.name) == "equivalent"


def page_row(mutant):
    """As a line of the survivors page, not judged yet."""
    mutation = f"`{mutant.original}` -> `{mutant.mutated}`".replace("|", "\\|")
    where = f"{pathlib.Path(mutant.file).name}, {mutant.function or 'table'}"
    return f"| `{mutant.name}` | {where} | {mutation} |  |  |"
