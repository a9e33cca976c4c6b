# SPDX-License-Identifier: BSD-2-Clause
"""The mutated model as a library, three times: with the mutants, with the mutants and sanitizers, and
telling which places a test reaches.  The model's own tests are linked with each."""
import json
import pathlib
import shlex
import subprocess
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from points import Collector
from render import Numbering, Renderer
from source import Source

HERE = pathlib.Path(__file__).resolve().parent
MUTANTS, CHECKED, REACH = "mutants", "checked", "reach"
KINDS = (MUTANTS, CHECKED, REACH)
SANITIZERS = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
FLAGS = ["-w", "-O1", "-std=gnu17", "-include", str(HERE / "mutant.h")]


@dataclass
class Test:
    name: str
    command: list  # with the paths of the model's own build
    links: dict  # executable -> link command; those of them that contain the model
    directory: str = "."
    environment: dict = field(default_factory=dict)


def run(command, **keywords):
    return subprocess.run(command, check=True, **keywords)


def older(made, *sources):
    """True if it is not there, or not as new as what it is made of."""
    times = [source.stat().st_mtime for source in sources if source.exists()]
    return not made.exists() or made.stat().st_mtime < max(times)


class Program:
    """units: (source, compile command); linked: the library, as the link commands name it."""

    def __init__(self, root, folder, units, linked, output, jobs, kinds=KINDS):
        self.root, self.folder, self.units, self.linked = pathlib.Path(root), folder, units, linked
        self.output, self.jobs, self.kinds = pathlib.Path(output), jobs, kinds
        self.numbering = Numbering()
        self.without, self.lock = {}, threading.Lock()

    def mutate(self):
        """Writes the mutated units; those that did not change keep their objects."""
        self.output.mkdir(parents=True, exist_ok=True)
        for path, command in self.units:
            source = Source(path, command, self.root, self.output)
            text = Renderer(source, Collector(source, self.folder).collect(), self.numbering).render()
            out = self.output / pathlib.Path(path).name
            if not out.exists() or out.read_text("latin-1") != text:
                out.write_text(text, "latin-1")
                for kind in KINDS:
                    self.object(path, kind).unlink(missing_ok=True)
        listed = json.dumps([m.as_dict() for m in self.numbering.mutants], indent=0)
        if not self.list.exists() or self.list.read_text() != listed:
            self.list.write_text(listed)
        return self.numbering.mutants

    @property
    def list(self):
        return self.output / "mutants.json"

    def object(self, path, kind):
        return self.output / f"{pathlib.Path(path).stem}.{kind}.o"

    def flags(self, command, kind):
        extra = {MUTANTS: [], CHECKED: SANITIZERS, REACH: ["-DMUTATION_REACH"]}[kind]
        kept = [word for word in shlex.split(command) if word.startswith("-f")]
        return [*FLAGS, *kept, *extra, f"-DMUTATION_COUNT={len(self.numbering.mutants)}"]

    def compile(self):
        todo = []
        for kind in self.kinds:
            for path, command in self.units:
                if not self.object(path, kind).exists():
                    todo.append((self.output / pathlib.Path(path).name, self.object(path, kind), self.flags(command, kind)))
            if older(self.object("mutant.c", kind), self.list, HERE / "mutant.c"):
                todo.append((HERE / "mutant.c", self.object("mutant.c", kind), self.flags("", kind)))
        with ThreadPoolExecutor(self.jobs) as pool:
            list(pool.map(lambda job: run(["cc", *job[2], "-c", "-o", str(job[1]), str(job[0])]), todo))
        for kind in self.kinds:
            archive = self.archive(kind)
            objects = [self.object(path, kind) for path, _ in [*self.units, ("mutant.c", "")]]
            if older(archive, *objects):
                archive.unlink(missing_ok=True)
                run(["ar", "crs", str(archive), *map(str, objects)])

    def compiles_the_same(self, mutant):
        """Whether the compiler makes the same code with this mutant as with none."""
        place = f"MUTANT_AT({mutant.first}u"
        units = [(path, command) for path, command in self.units
                 if place in (self.output / pathlib.Path(path).name).read_text("latin-1")]
        return bool(units) and all(self.code(*unit, mutant.number) == self.plain(*unit) for unit in units)

    def plain(self, path, command):
        with self.lock:
            if path not in self.without:
                self.without[path] = self.code(path, command, 0)
            return self.without[path]

    def code(self, path, command, number):
        """The object of a unit that has this mutant alone."""
        with tempfile.NamedTemporaryFile(dir=self.output, suffix=".o") as made:
            flags = [*self.flags(command, MUTANTS), "-O2", f"-DMUTANT={number}u"]
            run(["cc", *flags, "-c", "-o", made.name, str(self.output / pathlib.Path(path).name)])
            run(["objcopy", "--strip-all", "--remove-section=.comment", made.name])
            return pathlib.Path(made.name).read_bytes()

    def archive(self, kind):
        return self.output / f"lib{kind}.a"

    def executable(self, path, kind):
        return self.output / kind / pathlib.Path(path).name

    def link(self, tests, directory):
        links = {path: command for test in tests for path, command in test.links.items()}
        for kind in self.kinds:
            (self.output / kind).mkdir(exist_ok=True)
            for path, command in links.items():
                if not older(self.executable(path, kind), self.archive(kind), pathlib.Path(directory, path)):
                    continue
                words = [str(self.archive(kind)) if word == self.linked else word for word in shlex.split(command)]
                words[words.index("-o") + 1] = str(self.executable(path, kind))
                words += SANITIZERS if kind == CHECKED else []
                run(words, cwd=directory)

    def command(self, test, kind):
        return [str(self.executable(word, kind)) if word in test.links else word for word in test.command]


def link_command(build, target):
    """How ninja links a target: its last command, between `: &&` and `&& :`."""
    lines = subprocess.run(["ninja", "-C", build, "-t", "commands", target], check=True, capture_output=True,
                           text=True).stdout.splitlines()
    parts = [part.strip() for part in lines[-1].split("&&")]
    return next(part for part in parts if " -o " in part)


def model_units(build, model):
    """(source, compile command) of a model's library."""
    entries = json.loads(pathlib.Path(build, "compile_commands.json").read_text())
    mine = f"models/{model}/CMakeFiles/{model}.dir/"
    return [(entry["file"], entry["command"]) for entry in entries if mine in entry["command"]]


def model_tests(build, library, excluded):
    """CTest's tests that run an executable with the model in it."""
    build = pathlib.Path(build).resolve()
    listed = subprocess.run(["ctest", "--test-dir", str(build), "--show-only=json-v1", "-LE", "^all$"], check=True,
                            capture_output=True, text=True).stdout
    links, tests = {}, []
    for entry in json.loads(listed)["tests"]:
        if excluded.search(entry["name"]):
            continue
        found = {}
        for word in entry.get("command", []):
            path = pathlib.Path(word)
            if path.is_relative_to(build) and path.is_file() and not path.suffix:
                if word not in links:
                    links[word] = link_command(str(build), path.relative_to(build).as_posix())
                if library in shlex.split(links[word]):
                    found[word] = links[word]
        if found:
            properties = {item["name"]: item["value"] for item in entry.get("properties", [])}
            environment = dict(item.split("=", 1) for item in properties.get("ENVIRONMENT", []))
            tests.append(Test(entry["name"], entry["command"], found, properties.get("WORKING_DIRECTORY", "."),
                              environment))
    return tests
