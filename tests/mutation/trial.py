# SPDX-License-Identifier: BSD-2-Clause
"""Tests against mutants: who reaches which, who kills which."""
import os
import signal
import subprocess
import threading
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor

from program import CHECKED, MUTANTS, REACH

# Wild mutants get no memory and no disk.
LIMITED = {kind: f'ulimit -c 0 -f 200000 {memory}; exec "$@"'
           for kind, memory in ((MUTANTS, "-v 4000000"), (REACH, ""), (CHECKED, ""))}
# cmocka ends at the first failure; large blocks come from the kernel, which zeroes only what is touched; the heap of one
# test is kept for the next.
SURROUNDINGS = {"CMOCKA_TEST_ABORT": "1", "MALLOC_MMAP_THRESHOLD_": "1000000", "MALLOC_TRIM_THRESHOLD_": "100000000"}
QUICK = 0.1  # seconds: tests that take longer are not run under the sanitizers
PATIENCE = 300  # seconds by the clock, for a mutant that sleeps
HANG = 27  # SIGPROF


class Trial:
    def __init__(self, program, tests, jobs, checked=True):
        self.program, self.tests, self.jobs, self.checked = program, tests, jobs, checked
        self.cost, self.reached, self.same = {}, defaultdict(set), set()
        self.kills = defaultdict(Counter)  # by file: kills of each test
        self.lock = threading.Lock()

    def start(self, test, kind, environment):
        return subprocess.Popen(["sh", "-c", LIMITED[kind], "sh", *self.program.command(test, kind)], cwd=test.directory,
                                env={**os.environ, **test.environment, **SURROUNDINGS, **environment},
                                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def passes(self, test, kind, **environment):
        """Without a mutant; the seconds of processor time that it took."""
        child = self.start(test, kind, environment)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode:
            raise SystemExit(f"mutate: {test.name} fails without a mutant")
        return usage.ru_utime + usage.ru_stime

    def fails(self, test, mutant, kind=MUTANTS):
        """How it ends with a mutant, None if it passes.  Processor time is limited, not the clock's: the
        machine may be busy."""
        limit = int(10000 * self.cost[test.name]) + 200 if kind == MUTANTS else int(50000 * self.cost[test.name]) + 2000
        child = self.start(test, kind, {"MUTANT": str(mutant.number), "MUTANT_MILLISECONDS": str(limit)})
        try:
            code = child.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
            return "hang"
        if code in (-HANG, 128 + HANG):
            return "hang"
        return None if code == 0 else "crash" if code < 0 and code != -signal.SIGABRT else "fail"

    def reach(self, path):
        """Which places each test reaches, and how long it takes without a mutant."""
        def told(test):
            told_by = path.with_name(f"{path.name}-{test.name}")
            told_by.unlink(missing_ok=True)
            self.passes(test, REACH, MUTATION_REACHED=str(told_by))
            lines = told_by.read_text().splitlines() if told_by.exists() else []
            return lines, self.passes(test, MUTANTS)

        with ThreadPoolExecutor(self.jobs) as pool:
            for test, (lines, cost) in zip(self.tests, pool.map(told, self.tests)):
                self.cost[test.name] = cost
                for word, number in map(str.split, lines):
                    if word == "same":
                        self.same.add(int(number))
                    else:
                        self.reached[int(number)].add(test.name)

    def order(self, mutant):
        """Tests that reach it; those first that killed most in its file for the time they take."""
        kills = self.kills[mutant.file]
        able = [test for test in self.tests if test.name in self.reached[mutant.first]]
        return sorted(able, key=lambda test: -(kills[test.name] + 0.1) / (self.cost[test.name] + 0.005))

    def killer(self, mutant, kind, tests):
        """The first of the tests that fails, and how."""
        for test in tests:
            end = self.fails(test, mutant, kind)
            if end:
                with self.lock:
                    self.kills[mutant.file][test.name] += 1
                return f"{test.name}:{end if kind == MUTANTS else 'sanitizer'}"
        return None

    def judge(self, mutant):
        """(killed, survived, or same if it is no change, by whom and how); the likeliest killers first."""
        tests = self.order(mutant)
        by = self.killer(mutant, MUTANTS, tests)
        if not by and self.program.compiles_the_same(mutant):
            return "same", "-"
        if not by and self.checked:
            by = self.killer(mutant, CHECKED, [test for test in tests if self.cost[test.name] <= QUICK])
        return ("killed", by) if by else ("survived", "-" if tests else "unreached")

    def judge_all(self, mutants, told):
        """told(mutant, verdict, by) as each is known."""
        with ThreadPoolExecutor(self.jobs) as pool:
            for mutant, (verdict, by) in zip(mutants, pool.map(self.judge, mutants)):
                told(mutant, verdict, by)
