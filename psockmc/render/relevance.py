"""What of a run matters to its failure: communication between contexts, and what is about the thing it blames."""

from __future__ import annotations

import re
from collections.abc import Sequence

from psockmc.explore.tracedata import Change, Step, Trace

IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def is_told(change: Change, trace: Trace) -> bool:
    """Whether a change is worth a word. Ghosts exist only for properties: those are that the violated one reads."""
    return change.kind != "ghost" or change.cell in trace.failure.cells


def lasting(changes: Sequence[Change]) -> list[Change]:
    """The changes of a step without those of the fields of an object that it frees: they are gone with it."""
    freed = {change.cell for change in changes if change.kind == "status" and change.new == "freed"}
    return [c for c in changes if c.kind == "status" or c.cell.partition(".")[0] not in freed]


class Relevance:
    """Which steps of a trace matter.

    A step does when it changes a cell that another context touches, reads one that another context changes, enters or
    leaves a section that somebody waits for, takes a lock that is held at the end, fails, or touches what the failure
    is about: the blamed object and the pointers to it, the locks of a deadlock, the cells that a violated property
    reads, and those from which the failing statement has its numbers.

    sources: numbers of the steps that gave the locals of the failing statement their values.
    """

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self.touching: dict[str, set[int]] = {}
        self.changing: dict[str, set[int]] = {}
        for step in trace.steps:
            for cell in _touched(step):
                self.touching.setdefault(cell, set()).add(step.context)
                self.touching.setdefault(cell.partition(".")[0], set()).add(step.context)
            for change in step.changes:
                self.changing.setdefault(change.cell, set()).add(step.context)
        failure = trace.failure
        self.about = {failure.object, *failure.cells} - {""}
        self.locks = {lock for wait in failure.waits for lock in (wait.lock, *(h.lock for h in wait.held)) if lock}
        self.about |= {side.access.cell for side in failure.race}
        read_for = _read_for(trace) if failure.kind in ("step", "state") and trace.steps else {}
        self.sources = set(read_for)
        self.about |= {cell for cells in read_for.values() for cell in cells}
        if failure.kind == "step" and trace.steps:
            self.about |= _touched(trace.steps[-1])
        self.taking = {held.since for step in trace.steps[-1:] for held in step.held}
        self.waited_for = {c for step in trace.steps for g in step.grace_periods for c in g.waits_for}

    def of(self, steps: Sequence[Step]) -> bool:
        """Whether any of these steps matters."""
        return any(self._step(step) for step in steps)

    def _step(self, step: Step) -> bool:
        own = step.context
        if step.number in self.taking:
            return True
        for change in step.changes:
            shared = self.touching[change.cell] - {own}
            if is_told(change, self.trace) and (shared or self._blamed(change.cell, change.old, change.new)):
                return True
        if any(self.changing.get(a.cell, set()) - {own} or self._blamed(a.cell) for a in step.accesses):
            return True
        return any(event.kind in ("finding", "choice") for event in step.events) or self._section(step)

    def _blamed(self, cell: str, *values: str) -> bool:
        """Whether the failure is about this cell (of an object: its status), its lock, or what it points to."""
        return bool({cell, *values} & self.about) or cell.rpartition(".")[0] in self.locks

    def _section(self, step: Step) -> bool:
        """Entering or leaving a reader that a grace period waits for."""
        if step.context not in self.waited_for:
            return False
        before = self.trace.steps[step.number - 2].readers if step.number > 1 else ()
        return (step.context in step.readers) != (step.context in before)


def _read_for(trace: Trace) -> dict[int, set[str]]:
    """The steps that gave the locals of the failing statement their values, by number, and what each read for it."""
    last = trace.steps[-1]
    at = max((change.at for change in last.changes if is_told(change, trace)), default=0)
    place = trace.failure.place or (last.place, *last.then)[at]
    names = set(IDENTIFIER.findall(place.statement))
    given: dict[str, tuple[Step, int]] = {}
    for step in trace.steps[:-1]:
        if step.context == last.context:
            given |= {change.cell: (step, change.at) for change in step.locals if change.cell in names}
    reads = {step.number: {a.cell for a in step.accesses if a.at == at and not a.write} for step, at in given.values()}
    return {number: cells for number, cells in reads.items() if cells}


def _touched(step: Step) -> set[str]:
    return {a.cell for a in step.accesses} | {c.cell for c in step.changes}
