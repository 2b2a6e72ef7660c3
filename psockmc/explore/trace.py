"""From a violation to a trace: the run is replayed by the reference interpreter and every step described.

Nothing is printed that was not replayed: `build_trace` raises `ReplayError`, an internal error of psockmc, when the
reference interpreter does not fail in the way in which the violation says.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from psockmc.explore.callpaths import CallTree
from psockmc.explore.failures import describe_failure
from psockmc.explore.naming import Names
from psockmc.explore.recording import History
from psockmc.explore.replay import Performed, Recorder, ReplayError, confirm, go_round, run, schedule_of
from psockmc.explore.result import LockEdge, Violation
from psockmc.explore.tidy import fewest_switches
from psockmc.explore.tracedata import FORMAT, CellInfo, ContextInfo, PropertyInfo, Trace, TraceFormatError
from psockmc.ir.system import TransitionSystem

__all__ = ["ReplayError", "Trace", "TraceFormatError", "build_trace", "load_trace"]

REPLAYED = "a run of the model, replayed by the reference interpreter"


def build_trace(
    ts: TransitionSystem,
    violation: Violation,
    *,
    variant: str = "",
    basis: str = REPLAYED,
    edges: Sequence[LockEdge] = (),
    tidy: bool = True,
) -> Trace:
    """The trace of a violation of `ts`, with few context switches unless `tidy` is False.

    variant: the name of the composed variant, if any. basis: the verdict's. edges: for a violated lock order, the
    acquisitions that make it. Raises ReplayError when the violation is not confirmed.
    """
    recorder = Recorder(ts)
    schedule = schedule_of(recorder, violation.path)
    if tidy:
        schedule = fewest_switches(recorder, schedule, violation.context)
    steps = run(recorder, schedule)
    last = steps[-1].after if steps else ts.initial
    if last != tuple(violation.path[-1]):
        raise ReplayError("the tidied run does not end where the violation's path does")
    if violation.goal >= 0:
        loop = go_round(recorder, last, violation)
        first = len(steps) + 1 if loop else 0
        return _assemble(recorder, violation, [*steps, *loop], (), variant, basis, edges, first)
    endings = confirm(recorder, last, violation)
    return _assemble(recorder, violation, steps, endings, variant, basis, edges)


def load_trace(path: Path) -> Trace:
    """The trace in a JSON file. OSError: it cannot be read; TraceFormatError: it holds no trace."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise TraceFormatError(f"{path} is not JSON ({error}); give a file written by psockmc check") from error
    try:
        return Trace.from_json(value)
    except TraceFormatError as error:
        raise TraceFormatError(f"{path} is not a trace: {error}") from error


def _assemble(
    recorder: Recorder,
    violation: Violation,
    steps: Sequence[Performed],
    endings: Sequence[Performed],
    variant: str,
    basis: str,
    edges: Sequence[LockEdge],
    loop: int = 0,
) -> Trace:
    ts, names = recorder.ts, Names(recorder.ts)
    history = History(recorder, names, CallTree(ts, names))
    for step in steps:
        history.add(step)
    prop = ts.properties[violation.property]
    last = steps[-1].after if steps else ts.initial
    for ending in endings[:1]:  # of a race, the first access; the other one is in the failure
        history.add(ending)
    failure = describe_failure(history, violation, last, endings, edges)
    return Trace(
        format=FORMAT,
        scenario=ts.name,
        sentence=ts.sentence,
        property=PropertyInfo(prop.id, prop.sentence, prop.kind),
        basis=basis,
        bounds=ts.bounds,
        assumptions=ts.assumptions,
        omissions=ts.omissions,
        variant=variant,
        contexts=tuple(
            ContextInfo(c.name, names.label(c.index), c.kind, c.cpu, c.paths[0][0].function) for c in ts.contexts
        ),
        cells=tuple(CellInfo(t.name, t.struct, t.kind, names.show(t, ts.initial)) for t in names.shown),
        calls=tuple(history.calls.calls),
        steps=tuple(history.steps),
        failure=failure,
        loop=loop,
    )
