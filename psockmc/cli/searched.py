"""The trace of a violation that nobody has written to a file: its scenario is searched."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from psockmc import content
from psockmc.cli import console, report
from psockmc.cli.options import run_options
from psockmc.cli.status import Status, of_outcomes
from psockmc.explore.verdict import Verdict
from psockmc.run import Job, run

if TYPE_CHECKING:
    from psockmc.explore.tracedata import Trace


def searched(scenario: str, property: str, variants: Sequence[Path]) -> Trace | Status:
    """The shortest run that violates the property; the exit status, after saying why, when that is not known.

    Raises UsageError for a scenario or a property that does not exist, and for one that is not violated.
    """
    program = content.load(content.find_root(), variants)
    (name,) = content.pick("scenario", [scenario], program.scenarios)
    options = run_options("auto", None, None, None, jobs=1, no_cache=False)
    with console.events(1) as events:
        (outcome,) = run([Job(name, program, name, ", ".join(map(str, variants)))], options, events)
    if outcome.failure is not None:
        report.print_failures([outcome])
        return of_outcomes([outcome])
    (id,) = content.pick("property", [property], [v.id for v in outcome.verdicts])
    if id in outcome.traces:
        return outcome.traces[id]
    verdict = next(v for v in outcome.verdicts if v.id == id)
    if verdict.verdict is Verdict.HOLDS:
        raise content.UsageError(f"{id} is not violated in {name}, so there is no trace of it: psockmc list has others")
    report.print_failures([outcome])
    return Status.UNDETERMINED
