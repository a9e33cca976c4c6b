# SPDX-License-Identifier: BSD-2-Clause
"""One translation unit: preprocessed text, where its lines come from, and its syntax tree."""
import pathlib
import re
import shlex
import subprocess

from clang import cindex

SHIM = pathlib.Path(__file__).resolve().parent / "shim"
MARKER = re.compile(r'^# (\d+) "([^"]*)".*$', re.M)
# Types of GCC's that the C library declares functions with and clang has no name for.
FLOATS = ["-D_Float32=float", "-D_Float64=double", "-D_Float32x=double", "-D_Float64x=long double",
          "-D_Float128=__float128"]


def flags_of(command):
    """The arguments of a compile command without compiler, input, output and optimisation."""
    words, kept = shlex.split(command), []
    while words and not words[0].startswith("-"):
        words.pop(0)  # the compiler and what launches it
    while words:
        word = words.pop(0)
        if word in ("-o", "-c", "-MF", "-MT"):
            words.pop(0)
        elif word.startswith("-") and not word.startswith(("-W", "-O", "-M", "-g")):
            kept.append(word)
            if word in ("-isystem", "-include", "-I", "-D"):
                kept.append(words.pop(0))
    return kept


class Source:
    """Offsets are those of the preprocessed text, in which no macro is left."""

    def __init__(self, path, command, root, work):
        self.path, self.root = pathlib.Path(path), pathlib.Path(root)
        self.flags = flags_of(command)
        self.preprocessed = pathlib.Path(work) / (self.path.name + ".i")
        run = ["cc", *self.flags, f"-I{SHIM}", "-E", "-o", str(self.preprocessed), str(path)]
        subprocess.run(run, check=True)
        self.text = self.preprocessed.read_bytes().decode("latin-1")
        self.marks = [(m.end() + 1, int(m[1]), self.relative(m[2])) for m in MARKER.finditer(self.text)]
        unit = cindex.Index.create().parse(str(self.preprocessed), ["-x", "c", "-std=gnu17", "-w", *FLOATS])
        errors = [d.spelling for d in unit.diagnostics if d.severity >= cindex.Diagnostic.Error
                  and not self.place(d.location.offset)[0].startswith("/")]  # the C library's are GCC's own
        if errors:
            raise SystemExit(f"mutate: clang cannot read {path}: {errors[0]}")
        self.unit = unit

    def relative(self, name):
        path = pathlib.Path(name)
        return path.relative_to(self.root).as_posix() if path.is_relative_to(self.root) else name

    def place(self, offset):
        """File, relative to the root, and line."""
        low, high = 0, len(self.marks)
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if self.marks[middle][0] <= offset else (low, middle)
        start, line, name = self.marks[low]
        return name, line + self.text.count("\n", start, offset)

    def slice(self, start, end):
        """The text between two offsets on one line, without line markers."""
        return " ".join(MARKER.sub("", self.text[start:end]).split())


def extent(cursor):
    return cursor.extent.start.offset, cursor.extent.end.offset
