"""Every place where a lock is taken, by name: what is left of lock orders when the transition system is gone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from psockmc.explore.callpaths import KERNEL
from psockmc.explore.lockorder import LOCK_ORDER
from psockmc.explore.result import LockEdge, Violation
from psockmc.ir.system import Frame, TransitionSystem

if TYPE_CHECKING:
    from psockmc.explore.tracedata import Trace

Mode = Literal["write", "read"]


@dataclass(frozen=True, slots=True, order=True)
class Taking:
    """A lock class is taken, perhaps while another one is held.

    held: the class that is held, "" for the mere use of a lock (then held_mode says nothing). context: its name; kind:
    process, kworker, softirq, hardirq or rcu_callback; level: 0 task, 1 softirq, 2 hardirq. bh_off, irq_off: masked
    while `taken` is held. calls: the functions of the models on the way there, the one that takes the lock last.
    kernel_file: of that one, "" when it is not the kernel's. steps: of the shortest run, the taking included.
    """

    held: str
    held_mode: Mode
    taken: str
    taken_mode: Mode
    context: str
    kind: str
    level: int
    bh_off: bool
    irq_off: bool
    calls: tuple[str, ...]
    kernel_file: str
    steps: int

    @property
    def function(self) -> str:
        """The function that takes the lock."""
        return self.calls[-1]


def takings(ts: TransitionSystem, edges: Iterable[LockEdge]) -> dict[Taking, LockEdge]:
    """The lock orders of a search by name, each with its edge; those with the same calls are one, the nearest."""
    files = {s.function: s.file for s in ts.statements}
    named: dict[Taking, LockEdge] = {}
    for edge in sorted(edges, key=lambda edge: len(edge.path)):
        named.setdefault(_taking(ts, edge, files), edge)
    return dict(sorted(named.items()))


def _taking(ts: TransitionSystem, edge: LockEdge, files: Mapping[str, str]) -> Taking:
    context = ts.contexts[edge.context]
    frames = _model_frames(context.paths[edge.site], files)
    return Taking(
        held=ts.locks[edge.held].name if edge.held >= 0 else "",
        held_mode="write" if edge.held_write or edge.held < 0 else "read",
        taken=ts.locks[edge.taken].name,
        taken_mode="write" if edge.taken_write else "read",
        context=context.name,
        kind=context.kind,
        level=context.level,
        bh_off=edge.bh_off,
        irq_off=edge.irq_off,
        calls=tuple(frame.function for frame in frames),
        kernel_file=frames[-1].kernel_file,
        steps=len(edge.path),
    )


def _model_frames(path: tuple[Frame, ...], files: Mapping[str, str]) -> tuple[Frame, ...]:
    """A call path without the primitives; all of it when there is nothing else."""
    return tuple(f for f in path if not files.get(f.function, "").startswith(KERNEL)) or path


def witness(ts: TransitionSystem, taking: Taking, edge: LockEdge) -> Trace:
    """The shortest run to the place: a trace of `lock-order`, although it need not violate it.

    Raises ReplayError when the reference interpreter does not take the lock there.
    """
    from psockmc.explore.trace import build_trace

    within = f" while it holds {taking.held}" if taking.held else ""
    found = Violation(
        property=ts.property_index(LOCK_ORDER),
        path=edge.path,
        context=edge.context,
        choice=_choice(ts, edge),
        message=f"{taking.function}() takes {taking.taken}{within}",
        depth=len(edge.path),
    )
    return build_trace(ts, found)


def _choice(ts: TransitionSystem, edge: LockEdge) -> int:
    """The choice with which the step after the path makes the edge."""
    from psockmc.explore.replay import Recorder, ReplayError

    recorder, state, context = Recorder(ts), edge.path[-1], ts.contexts[edge.context]
    wanted = (edge.held, edge.held_write, edge.taken, edge.taken_write, edge.bh_off, edge.irq_off, edge.site)
    for choice in range(recorder.choices(state, context)):
        if wanted in recorder.step(state, context, choice).acquired:
            return choice
    raise ReplayError(f"{context.name} does not take {ts.locks[edge.taken].name} at the end of the path")
