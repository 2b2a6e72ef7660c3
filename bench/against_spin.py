"""`python -m bench.against_spin [SCENARIO...]`: SPIN explores the same systems, and must find the same graph.

A scenario is one of checks/, the benchmark's own (`objects`), or a model of a kernel primitive such as
`rcu/softirq_is_a_reader`; `primitives` stands for all of those. Without names, a selection. Compared are the states
and the transitions (of which SPIN sees none that end in a fatal finding). Needs the Debian packages spin and gcc.

Exit status: 0 SPIN agrees, 1 it does not, 2 usage or a missing program.
"""

from __future__ import annotations

import argparse
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.exact_c import NotExportableError
from bench.objects import objects
from bench.promela import HEADER, export
from psockmc import content
from psockmc.explore.limits import Limits
from psockmc.explore.native.answer import answer
from psockmc.explore.native.build import built
from psockmc.explore.native.codegen import generate
from psockmc.explore.native.process import run_search
from psockmc.explore.result import SearchResult
from psockmc.ir.lower import compile_scenario
from psockmc.ir.system import TransitionSystem
from psockmc.lang import load_program

ROOT = Path(__file__).resolve().parent.parent
PRIMITIVES = ROOT / "tests" / "kernel" / "models"
DEFAULT = (
    "delete_against_backlog",
    "recvmsg_against_backlog",
    "close_against_backlog",
    "close_against_data_ready",
    "late_backlog_of_an_old_psock",
    "softirq_on_the_droppers_cpu",
    "update_against_old_backlog",
    "objects",
    "primitives",
)
MOST_STATES = 20_000_000  # of a search; larger ones are left out, for SPIN would need more memory than MEMORY
MEMORY = 4000  # megabytes for SPIN
COLUMNS = "{:<58}{:>10}{:>10} {:<5}{:>8}{:>8}{:>8}{:>8}{:>11}{:>11}{:>8}{:>8}"
HEADS = ("states", "SPIN", "same", "s", "cc s", "SPIN s", "cc s", "states/s", "SPIN/s", "MB", "SPIN MB")


class SpinError(Exception):
    """SPIN did not explore the whole graph; the text says what it said."""


@dataclass(frozen=True)
class Search:
    """One engine's search. transitions: those with a successor. compile_seconds: from the system to the program.

    Seconds are of processor time, which others on the machine change little; they include a hundredth or two for
    starting programs and reading what they say.
    """

    states: int
    transitions: int
    seconds: float
    compile_seconds: float
    megabytes: float

    @property
    def rate(self) -> float:
        """States per second."""
        return self.states / max(self.seconds, 1e-6)


def processor_seconds() -> float:
    """Processor time of this process and of those it waited for."""
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


# ---------------------------------------------------------------- SPIN


def missing() -> str | None:
    """What SPIN needs and this machine lacks, as a sentence; None when all is there."""
    for program, package in (("spin", "spin"), ("cc", "gcc")):
        if shutil.which(program) is None:
            return f"{program} is not on this machine: install the Debian package {package}"
    return None


def search_spin(ts: TransitionSystem, expected: int, *, quick: bool = False) -> Search:
    """Let SPIN explore the system: depth-first, full states, no reduction, no check of end states.

    expected: about how many states there are, for the sizes of its tables. quick: compile without optimisation.
    Raises SpinError when it does not get to the end, also when a path is longer than `expected` (then there are more
    states), and bench.exact_c.NotExportableError.
    """
    start = processor_seconds()
    exported = export(ts)
    with tempfile.TemporaryDirectory(prefix="psockmc-spin-") as folder:
        Path(folder, "model.pml").write_text(exported.model, encoding="utf-8")
        Path(folder, HEADER).write_text(exported.steps, encoding="utf-8")
        _run(folder, "spin", "-a", "model.pml")
        options = ["-DSAFETY", "-DNOREDUCE", f"-DMEMLIM={MEMORY}", "-DVECTORSZ=8192"]
        _run(folder, "cc", "-O0" if quick else "-O2", "-w", *options, "-o", "pan", "pan.c")
        compiled = processor_seconds()
        table = min(max(expected.bit_length() + 1, 16), 28)
        said = _run(folder, "./pan", "-E", "-n", f"-m{expected + 1000}", f"-w{table}")
        ended = processor_seconds()
    return _read(said, ended - compiled, compiled - start)


def _run(folder: str, *command: str) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, errors="replace", check=False)
    if done.returncode != 0:
        raise SpinError(f"{command[0]} ended with status {done.returncode}: {(done.stdout + done.stderr)[-2000:]}")
    return done.stdout


def _read(said: str, seconds: float, compile_seconds: float) -> Search:
    """The numbers in the report of `pan`. One of its transitions is the one into the initial state."""
    if "errors: 0" not in said or "error:" in said or "not completed" in said:
        raise SpinError(f"SPIN did not explore everything: {said}")
    # From 10**8 on SPIN rounds its numbers and writes an exponent: those are not found.
    states, matched = (int(_number(rf"^ *(\d+) states, {kind}", said)) for kind in ("stored", "matched"))
    memory = _number(r"([\d.]+)\s+total actual memory usage", said)
    return Search(states, states + matched - 1, seconds, compile_seconds, memory)


def _number(pattern: str, text: str) -> float:
    found = re.search(pattern, text, re.MULTILINE)
    if found is None:
        raise SpinError(f"no {pattern!r} in what SPIN says: {text}")
    return float(found.group(1))


# ---------------------------------------------------------------- the native engine


def search_ours(ts: TransitionSystem, *, quick: bool = False) -> tuple[Search, SearchResult]:
    """The native engine, compiled anew; quick: without optimisation."""
    limits = Limits(max_states=MOST_STATES)
    with _empty_cache():
        start = processor_seconds()
        program = generate(ts)
        with built(program.source, quick) as path:
            compiled = processor_seconds()
            records = run_search(path, limits, None)
            ended = processor_seconds()
    result = answer(ts, program, records, limits)
    transitions = result.transitions - sum(result.fatal.values())
    megabytes = result.bytes_per_state * result.states / 2**20
    return Search(result.states, transitions, ended - compiled, compiled - start, megabytes), result


@contextmanager
def _empty_cache() -> Iterator[None]:
    """Compiled programs of this block go to a folder that is removed afterwards."""
    before = os.environ.get("XDG_CACHE_HOME")
    with tempfile.TemporaryDirectory(prefix="psockmc-bench-") as folder:
        os.environ["XDG_CACHE_HOME"] = folder
        try:
            yield
        finally:
            del os.environ["XDG_CACHE_HOME"]
            if before is not None:
                os.environ["XDG_CACHE_HOME"] = before


# ---------------------------------------------------------------- the table


def systems(names: Sequence[str]) -> Iterator[tuple[str, TransitionSystem]]:
    """The systems of these names; the names of primitives have a slash.

    Raises psockmc.content.UsageError for a name that is not known.
    """
    program = content.load(ROOT)
    models = [path.relative_to(PRIMITIVES).with_suffix("").as_posix() for path in sorted(PRIMITIVES.rglob("*.py"))]
    for name in content.pick("scenario", names, [*program.scenarios, *models, "primitives", "objects"]):
        if name == "objects":
            yield name, objects()
        elif name in program.scenarios:
            yield name, compile_scenario(program, name)
        else:
            yield from ((model, primitive(model)) for model in (models if name == "primitives" else [name]))


def primitive(model: str) -> TransitionSystem:
    """The only scenario of a model of a kernel primitive."""
    program = load_program(PRIMITIVES, [PRIMITIVES / f"{model}.py"], [])
    (scenario,) = program.scenarios
    return compile_scenario(program, scenario)


def compare(name: str, ts: TransitionSystem) -> bool | None:
    """Search with both engines and print a line. Whether they agree; None when the graph was not compared.

    A primitive's handful of states is not worth an optimiser's time: both programs do without.
    """
    quick = "/" in name
    ours, result = search_ours(ts, quick=quick)
    if not result.complete:
        print(f"{name:<58}left out: {result.reason}")
        return None
    try:
        theirs = search_spin(ts, ours.states, quick=quick)
    except NotExportableError as error:
        print(f"{name:<58}left out: {error}")
        return None
    except SpinError as error:
        print(f"{name:<58}{ours.states:>10,}  {error}")
        return False
    same = (ours.states, ours.transitions) == (theirs.states, theirs.transitions)
    print(_line(name, ours, theirs, same), flush=True)
    if not same:
        print(f"  transitions with a successor: {ours.transitions:,}, SPIN {theirs.transitions:,}")
    return same


def _line(name: str, ours: Search, theirs: Search, same: bool) -> str:
    times = (f"{t:.2f}" for search in (ours, theirs) for t in (search.seconds, search.compile_seconds))
    rates = (f"{search.rate:,.0f}" for search in (ours, theirs))
    memory = (f"{search.megabytes:.1f}" for search in (ours, theirs))
    return COLUMNS.format(
        name, f"{ours.states:,}", f"{theirs.states:,}", "yes" if same else "NO", *times, *rates, *memory
    )


def main(arguments: Sequence[str]) -> int:
    """Compare the scenarios that are named. Returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m bench.against_spin", description=__doc__)
    parser.add_argument("scenario", nargs="*", default=DEFAULT)
    names = parser.parse_args(arguments).scenario
    if reason := missing():
        print(reason, file=sys.stderr)
        return 2
    try:
        print(COLUMNS.format("scenario", *HEADS))
        agreed = [compare(name, ts) for name, ts in systems(names)]
    except content.UsageError as error:
        print(error, file=sys.stderr)
        return 2
    print(f"{agreed.count(True)} systems agree, {agreed.count(False)} do not, {agreed.count(None)} were left out")
    return 1 if False in agreed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
