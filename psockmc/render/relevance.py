"""What of a run matters to its failure: communication between contexts, and what is about the thing it blames."""

from __future__ import annotations

from collections.abc import Sequence

from psockmc.explore.tracedata import Step, Trace


class Relevance:
    """Which steps of a trace matter.

    A step does when it changes a cell that another context touches, reads one that another context changes, enters or
    leaves a section that somebody waits for, fails, or touches what the failure is about: the blamed object and the
    pointers to it, the locks of a deadlock, the cells that a violated property reads.
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
        if failure.kind == "step" and trace.steps:
            self.about |= _touched(trace.steps[-1])
        self.waited_for = {c for step in trace.steps for g in step.grace_periods for c in g.waits_for}

    def of(self, steps: Sequence[Step]) -> bool:
        """Whether any of these steps matters."""
        return any(self._step(step) for step in steps)

    def _step(self, step: Step) -> bool:
        own = step.context
        for change in step.changes:
            shared = self.touching[change.cell] - {own}
            if change.kind != "ghost" and (shared or self._blamed(change.cell, change.old, change.new)):
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


def _touched(step: Step) -> set[str]:
    return {a.cell for a in step.accesses} | {c.cell for c in step.changes}
