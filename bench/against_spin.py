"""`python -m bench.against_spin [SCENARIO...]`: SPIN explores the same systems, and must find the same graph.

A scenario is one of checks/, the benchmark's own (`objects`), or a model of a kernel primitive such as
`rcu/softirq_is_a_reader`; `primitives` stands for all of those. Without names, a selection. Compared are the states
and the transitions (of which SPIN sees none that end in a fatal finding). Needs the Debian packages spin and gcc.

Exit status: 0 SPIN agrees, 1 it does not, 2 usage or a missing program.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from bench.graph import NotExportableError
from bench.measure import Clock, Search, Time, search_ours, systems
from bench.promela import HEADER, export
from psockmc import content
from psockmc.ir.system import TransitionSystem

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
MOST_STATES = 20_000_000  # larger systems are left out, for SPIN would need more memory than MEMORY
MEMORY = 4000  # megabytes for SPIN
COLUMNS = "{:<58}{:>10}{:>10} {:<5}{:>8}{:>8}{:>8}{:>8}{:>11}{:>11}{:>8}{:>8}"
HEADS = ("states", "SPIN", "same", "s", "cc s", "SPIN s", "cc s", "states/s", "SPIN/s", "MB", "SPIN MB")


class SpinError(Exception):
    """SPIN did not explore the whole graph; the text says what it said."""


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
    states), and bench.graph.NotExportableError.
    """
    clock = Clock()
    exported = export(ts)
    with tempfile.TemporaryDirectory(prefix="psockmc-spin-") as folder:
        Path(folder, "model.pml").write_text(exported.model, encoding="utf-8")
        Path(folder, HEADER).write_text(exported.steps, encoding="utf-8")
        _run(folder, "spin", "-a", "model.pml")
        options = ["-DSAFETY", "-DNOREDUCE", f"-DMEMLIM={MEMORY}", "-DVECTORSZ=8192"]
        _run(folder, "cc", "-O0" if quick else "-O2", "-w", *options, "-o", "pan", "pan.c")
        compiled = clock.lap()
        table = min(max(expected.bit_length() + 1, 16), 28)
        said = _run(folder, "./pan", "-E", "-n", f"-m{expected + 1000}", f"-w{table}")
        searched = clock.lap()
    return _read(said, compiled, searched)


def _run(folder: str, *command: str) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, errors="replace", check=False)
    if done.returncode != 0:
        raise SpinError(f"{command[0]} ended with status {done.returncode}: {(done.stdout + done.stderr)[-2000:]}")
    return done.stdout


def _read(said: str, compiled: Time, searched: Time) -> Search:
    """The numbers in the report of `pan`. One of its transitions is the one into the initial state."""
    if "errors: 0" not in said or "error:" in said or "not completed" in said:
        raise SpinError(f"SPIN did not explore everything: {said}")
    # From 10**8 on SPIN rounds its numbers and writes an exponent: those are not found.
    states, matched = (int(_number(rf"^ *(\d+) states, {kind}", said)) for kind in ("stored", "matched"))
    memory = _number(r"([\d.]+)\s+total actual memory usage", said)
    return Search(states, states + matched - 1, compiled, searched, memory)


def _number(pattern: str, text: str) -> float:
    found = re.search(pattern, text, re.MULTILINE)
    if found is None:
        raise SpinError(f"no {pattern!r} in what SPIN says: {text}")
    return float(found.group(1))


# ---------------------------------------------------------------- the table


def compare(name: str, ts: TransitionSystem) -> bool | None:
    """Search with both engines and print a line. Whether they agree; None when the graph was not compared.

    A primitive's handful of states is not worth an optimiser's time: both programs do without.
    """
    quick = "/" in name
    ours, result = search_ours(ts, MOST_STATES, quick=quick)
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
    times = (f"{t:.2f}" for search in (ours, theirs) for t in (search.searched.processor, search.compiled.processor))
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
