"""The step list: one line for each step, never wrapped, for grep.

Columns: number, context, model file and line, functions from the outermost inwards, statement; then `changes`, `reads`,
`held`, `readers` and `events`, each in brackets, where there are any. Lines that begin with `#` are no steps.
"""

from __future__ import annotations

from collections.abc import Sequence

from psockmc.explore.places import where
from psockmc.explore.tracedata import Access, Change, Place, Step, Trace
from psockmc.render.units import KERNEL
from psockmc.render.wording import marking


def steps(trace: Trace) -> str:
    """The trace, one line per step."""
    places = [_where(trace, step.place) for step in trace.steps]
    rows = [
        [str(step.number), trace.contexts[step.context].label, *place, *_details(trace, step)]
        for step, place in zip(trace.steps, places, strict=True)
    ]
    widths = [max(len(row[i]) for row in rows) for i in range(3)] if rows else [0, 0, 0]
    lines = [
        "  ".join([row[0].rjust(widths[0]), row[1].ljust(widths[1]), row[2].ljust(widths[2]), *row[3:]]).rstrip()
        for row in rows
    ]
    if trace.loop:
        lines.insert(trace.loop - 1, f"# loop: from here to step {len(trace.steps)}, again and again")
    return "\n".join([*_header(trace), *lines, *_ending(trace)]) + "\n"


def _header(trace: Trace) -> list[str]:
    prop = trace.property
    lines = [f"# scenario {trace.scenario}: {trace.sentence}", f"# violated {prop.id}: {prop.sentence}"]
    lines += [f"# variant {trace.variant}"] if trace.variant else []
    lines += [f"# basis {trace.basis}"]
    lines += [f"# bound {bound}" for bound in trace.bounds]
    lines += [f"# assumption {text}" for text in trace.assumptions]
    return lines + [f"# omission {text}" for text in trace.omissions]


def _ending(trace: Trace) -> list[str]:
    failure = trace.failure
    lines = [f"# failure {failure.sentence}"]
    for side in failure.race:
        place = "  ".join(_where(trace, side.place))
        lines.append(f"# race {trace.contexts[side.context].label}  {place}  {_access(side.access)}")
    for wait in failure.waits:
        who, place = trace.contexts[wait.context].label, "  ".join(_where(trace, wait.place))
        holders = _labels(trace, wait.holders) or "nobody"
        lines.append(f"# waits {who}  {place}  for {wait.lock or wait.what} of {holders}")
    return lines


def _where(trace: Trace, place: Place) -> list[str]:
    """File and line, functions, statement. Inside primitives: those of the caller's statement."""
    functions = ">".join(trace.calls[number].function for number in place.path)
    at = where(trace.calls, place)
    return [f"{at.file}:{at.line}" if at.line else at.file, functions, at.statement]


def _details(trace: Trace, step: Step) -> list[str]:
    groups = {
        "changes": [_change(c) for c in step.changes],
        "locals": [f"{c.cell}={c.new}" for c in step.locals if not _in_primitive(step, c)],
        "accesses": [_access(a) for a in step.accesses],
        "held": [f"{h.lock} by {trace.contexts[h.context].label}" for h in step.held],
        "readers": [trace.contexts[c].label for c in step.readers],
        "waited-for": [f"{g.cell} {_labels(trace, g.waits_for)}" for g in step.grace_periods],
        "events": [f"{e.kind} {e.text}" for e in step.events],
    }
    return [f"[{name} {'; '.join(dict.fromkeys(texts))}]" for name, texts in groups.items() if texts]


def _in_primitive(step: Step, change: Change) -> bool:
    return (step.place, *step.then)[change.at].file.startswith(KERNEL)


def _change(change: Change) -> str:
    return f"{change.cell} {change.old} -> {change.new}"


def _access(access: Access) -> str:
    return f"{marking(access)} {access.cell}={access.value}"


def _labels(trace: Trace, contexts: Sequence[int]) -> str:
    return ", ".join(trace.contexts[c].label for c in contexts)
