"""What a run looks like while it goes on: bars on a terminal, one line per scenario elsewhere. All of it on stderr."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import click
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from psockmc.explore.verdict import PropertyVerdict
from psockmc.run import Events, Job, Outcome

WIDTH = 140  # where no terminal says how wide it is


def output() -> Console:
    """The console for results: as wide as the terminal, or WIDTH in a file or pipe."""
    return Console(width=None if sys.stdout.isatty() else WIDTH, highlight=False, soft_wrap=False)


@contextmanager
def events(total: int, *, expectations: bool = True) -> Iterator[Events]:
    """The listener of a run of `total` jobs, for as long as the block runs.

    expectations: say how many verdicts are not those that the scenario expects.
    """
    if sys.stderr.isatty():
        with _Bars(total, expectations) as bars:
            yield bars
    else:
        yield _Lines(total, expectations)


def summary(outcome: Outcome, expectations: bool) -> str:
    """An outcome in a few words: `18 HOLDS, 1 VIOLATED (12,345 states, depth 40, 0.2 s)`."""
    words = counts(outcome.verdicts)
    wrong = sum(not v.as_expected for v in outcome.verdicts)
    if expectations and wrong:
        words += f", {wrong} not expected"
    if outcome.result is None:
        return f"{words}: {outcome.verdicts[0].basis}"
    result = outcome.result
    cached = ", cached" if result.cached else ""
    return f"{words} ({result.states:,} states, depth {result.depth}, {result.seconds:.1f} s{cached})"


def number(n: int, one: str) -> str:
    """A number with its noun: `1 scenario`, `2,000 states`."""
    return f"{n:,} {one if n == 1 else one + 's'}"


def counts(verdicts: Sequence[PropertyVerdict]) -> str:
    """How many there are of each verdict."""
    counted = Counter(v.verdict for v in verdicts)
    return ", ".join(f"{n:,} {verdict}" for verdict, n in sorted(counted.items()))


def warn(sentence: str) -> None:
    """One sentence on stderr that does not change any verdict."""
    click.echo(f"psockmc: warning: {sentence}", err=True)


def progress(line: str) -> None:
    """One line of progress on stderr."""
    click.echo(line, err=True)


class _Lines:
    """One plain line for each finished job."""

    def __init__(self, total: int, expectations: bool) -> None:
        self._total = total
        self._expectations = expectations
        self._done = 0

    def started(self, job: Job) -> None:
        pass

    def progress(
        self, job: Job, states: int, transitions: int, depth: int, frontier: int, rate: float, bytes: int
    ) -> None:
        pass

    def finished(self, job: Job, outcome: Outcome) -> None:
        self._done += 1
        click.echo(f"[{self._done}/{self._total}] {job.name}: {summary(outcome, self._expectations)}", err=True)

    def warning(self, sentence: str) -> None:
        warn(sentence)


class _Bars:
    """A line for each running job, refreshed in place; finished ones scroll up.

    Refreshed by hand, not by a thread: the process forks while it is shown.
    """

    def __init__(self, total: int, expectations: bool) -> None:
        self._total = total
        self._expectations = expectations
        self._done = 0
        self._tasks: dict[str, TaskID] = {}
        self._console = Console(stderr=True, highlight=False)
        self._bars = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            TextColumn("{task.fields[state]}"),
            TimeElapsedColumn(),
            console=self._console,
            auto_refresh=False,
            transient=True,
        )

    def __enter__(self) -> _Bars:
        self._bars.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._bars.stop()

    def started(self, job: Job) -> None:
        self._tasks[job.name] = self._bars.add_task(job.name, total=None, state="compiling")
        self._bars.refresh()

    def progress(
        self, job: Job, states: int, transitions: int, depth: int, frontier: int, rate: float, bytes: int
    ) -> None:
        state = (
            f"{states:,} states  depth {depth}  frontier {frontier:,}  "
            f"{rate / 1e6:.2f} M states/s  {bytes / 2**20:,.0f} MiB"
        )
        self._bars.update(self._tasks[job.name], state=state)
        self._bars.refresh()

    def finished(self, job: Job, outcome: Outcome) -> None:
        self._done += 1
        task = self._tasks.pop(job.name, None)
        if task is not None:
            self._bars.remove_task(task)
        self._console.print(
            f"[{self._done}/{self._total}] {job.name}: {summary(outcome, self._expectations)}", markup=False
        )
        self._bars.refresh()

    def warning(self, sentence: str) -> None:
        self._console.print(f"psockmc: warning: {sentence}", markup=False)
