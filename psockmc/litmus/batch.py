"""Many litmus tests at a time: one row per file, whatever becomes of it."""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from psockmc.litmus.answer import Answer, Options, Verdict, decide
from psockmc.litmus.execution import Event, Value
from psockmc.litmus.parser import parse
from psockmc.litmus.problems import LitmusError, Problem, Source
from psockmc.litmus.syntax import Register, Test

SUFFIX = ".litmus"

_POOL_FROM = 8
"""With fewer files than this, processes cost more than they bring."""


@dataclass(frozen=True, slots=True)
class RaisedFlag:
    """A flag with the statements that raise it, as `P0:12: *x = 1`."""

    name: str
    accesses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """What became of a file. verdict: None for an error, which `error` (a line) and `report` (in full) describe.

    states, positive, negative: when they were counted. final_states: what the states are, as text. vacuous: there is
    no execution. bounded: a loop can run further than the bound. expected: the verdict that the file's own `Result:`
    states. internal: the error is psockmc's.
    """

    file: str
    name: str
    model: str
    verdict: Verdict | None
    expected: str | None = None
    states: int | None = None
    positive: int | None = None
    negative: int | None = None
    final_states: tuple[str, ...] = ()
    flags: tuple[RaisedFlag, ...] = ()
    bounded: bool = False
    vacuous: bool = False
    reason: str = ""
    seconds: float = 0.0
    error: str = ""
    report: str = ""
    internal: bool = False

    @property
    def as_expected(self) -> bool:
        """Whether the verdict is the one that the file states, if it states one."""
        return self.verdict is None or self.expected in (None, str(self.verdict))


def read(path: Path) -> Test:
    """The test in a file. Raises LitmusError, also when the file cannot be read."""
    try:
        text = path.read_text(encoding="utf-8-sig", errors="replace")
    except OSError as error:
        problem = Problem("L0010", f"the file cannot be read: {error.strerror}")
        raise LitmusError(Source(str(path), ""), [problem]) from error
    return parse(text, str(path))


def files(places: Iterable[Path]) -> list[Path]:
    """The files that are meant: a directory stands for all litmus tests below it. In order, each once."""
    found: dict[Path, None] = {}
    for place in places:
        inside = sorted(place.rglob(f"*{SUFFIX}")) if place.is_dir() else [place]
        found.update(dict.fromkeys(inside))
    return list(found)


def decide_file(path: Path, options: Options) -> Row:
    """The row of a file.

    Never raises for what is wrong with the file, nor for a mistake of psockmc's: both become rows.
    """
    try:
        return row(path, decide(read(path), options))
    except LitmusError as error:
        return _error(path, options, error.summary(), error.render())
    except Exception as error:  # reported as an internal error, with its trace, and the other files go on
        summary = f"internal error: {type(error).__name__}: {error}"
        return _error(path, options, summary, traceback.format_exc(), internal=True)


def decide_files(paths: Sequence[Path], options: Options, jobs: int | None, done: Callable[[Row], None]) -> list[Row]:
    """The rows of all files, in their order.

    jobs: processes, None for one per CPU; done: is told of each row at once.
    """
    jobs = jobs or os.cpu_count() or 1
    if jobs == 1 or len(paths) < _POOL_FROM:
        rows = []
        for path in paths:
            rows.append(decide_file(path, options))
            done(rows[-1])
        return rows
    return _in_processes(paths, options, jobs, done)


def _in_processes(paths: Sequence[Path], options: Options, jobs: int, done: Callable[[Row], None]) -> list[Row]:
    from concurrent.futures import ProcessPoolExecutor, as_completed

    size = max(1, min(32, len(paths) // (4 * jobs)))
    rows: dict[int, list[Row]] = {}
    with ProcessPoolExecutor(max_workers=jobs) as pool:
        starts = range(0, len(paths), size)
        pending = {pool.submit(_chunk, paths[start : start + size], options): start for start in starts}
        try:
            for future in as_completed(pending):
                rows[pending[future]] = future.result()
                for finished in rows[pending[future]]:
                    done(finished)
        except KeyboardInterrupt:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return [finished for start in starts for finished in rows[start]]


def _chunk(paths: Sequence[Path], options: Options) -> list[Row]:
    return [decide_file(path, options) for path in paths]


# ---------------------------------------------------------------- rows


def row(path: Path, answer: Answer) -> Row:
    """The row of an answer."""
    test = answer.test
    return Row(
        file=str(path),
        name=test.name,
        model=answer.model,
        verdict=answer.verdict,
        expected=test.expected,
        states=None if answer.states is None else len(answer.states),
        positive=answer.positive,
        negative=answer.negative,
        final_states=states_of(answer),
        flags=tuple(_raised(answer, name) for name in answer.flags),
        bounded=answer.bounded,
        vacuous=answer.vacuous,
        reason=answer.reason,
        seconds=answer.seconds,
    )


def states_of(answer: Answer) -> tuple[str, ...]:
    """The final states as text, sorted: `0:r1=1; x=2;`."""
    names = [f"{v.thread}:{v.name}" if isinstance(v, Register) else v.name for v in answer.test.shown]
    states = sorted(answer.states or (), key=lambda state: [(str(type(v)), v) for v in state])
    return tuple(" ".join(f"{n}={show(v)};" for n, v in zip(names, state, strict=True)) for state in states)


def show(value: Value) -> str:
    """A value as a litmus test writes it: an address without `&`."""
    return str(value).removeprefix("&")


def _raised(answer: Answer, name: str) -> RaisedFlag:
    raised = answer.flags[name]
    events = raised.found.candidate.skeleton.events
    first = raised.flag.pairs[0] if raised.flag.pairs else ()
    return RaisedFlag(name, tuple(_place(events[i]) for i in sorted(set(first))))


def _place(event: Event) -> str:
    """An event as a reader finds it: thread, line, statement."""
    if event.span is None:
        return f"initial value of {event.location}"
    return f"P{event.thread}:{event.span.line}: {event.text.rstrip('; ')}"


def _error(path: Path, options: Options, summary: str, report: str, internal: bool = False) -> Row:
    name = path.name.removesuffix(SUFFIX)
    return Row(str(path), name, options.model or "", None, error=summary, report=report, internal=internal)
