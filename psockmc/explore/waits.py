"""Who waits for whom: what keeps a context from going on, and the cycle in which contexts wait for each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass

from psockmc.explore.naming import Names, members
from psockmc.explore.reference import State
from psockmc.explore.replay import Performed, Recorder
from psockmc.ir import system as ir


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why a context does not go on in a state.

    status: as in tracedata.Intent. what: what it waits for, as the model says it. lock: the lock among it, or "".
    """

    status: str
    what: str = ""
    lock: str = ""
    holders: tuple[int, ...] = ()


def obstacle(recorder: Recorder, names: Names, state: State, context: ir.Context) -> Obstacle:
    """What keeps a context from its next step; status `ready` when nothing does."""
    if context.stops[state[context.pc]].done:
        return Obstacle("done")
    attempt = recorder.perform(state, context.index, 0)
    wait = attempt.result.blocked
    if wait is not None and wait.idle:
        return Obstacle("idle")
    if kept_off := recorder.kept_off_by(state, context):
        return Obstacle("preempted", f"CPU{context.cpu}", holders=kept_off)
    if wait is None:
        return Obstacle("ready")
    if wait.asleep is not None:
        return Obstacle("asleep", wait.what)
    holders = _holders(recorder, attempt, wait)
    return Obstacle("blocked", wait.what, _lock(recorder, names, attempt, context, holders), holders)


def _holders(recorder: Recorder, attempt: Performed, wait: ir.Wait) -> tuple[int, ...]:
    if wait.holder is None:
        return ()
    value = recorder.evaluate(wait.holder, attempt.end.cells, attempt.end.local)
    if wait.holder_is_set:
        return members(value)
    return (value - 1,) if value else ()


def _lock(recorder: Recorder, names: Names, attempt: Performed, context: ir.Context, holders: Sequence[int]) -> str:
    """The lock that the attempt looked at last and that one of the holders has."""
    held = {cell: owner for owner, _, _, cell in names.locks_held(attempt.before) if owner in holders}
    looked_at = [cell for cell in _cells_loaded(recorder, attempt, context) if cell in held]
    return names.lock(looked_at[-1]) if looked_at else ""


def _cells_loaded(recorder: Recorder, attempt: Performed, context: ir.Context) -> Iterator[int]:
    """The cells that the nodes of a step load, in order."""
    for moment in attempt.moments:
        for load in loads(context.nodes[moment.node].op):
            index = recorder.evaluate(load.index, moment.cells, moment.local)
            yield recorder.ts.fields[load.field].base + index


def loads(value: object) -> Iterator[ir.Load]:
    """Every load in an expression or operation."""
    if isinstance(value, tuple):
        for item in value:
            yield from loads(item)
    elif is_dataclass(value):
        for f in fields(value):
            yield from loads(getattr(value, f.name))
        if isinstance(value, ir.Load):
            yield value


def cycle_of(waits: Mapping[int, Sequence[int]]) -> tuple[int, ...]:
    """A shortest cycle of contexts, each waiting for the next and the last for the first; () when there is none.

    Among several the one with the lowest context, which comes first.
    """
    cycles = [path for start in sorted(waits) if (path := _way_back(waits, start))]
    return min(cycles, key=len, default=())


def _way_back(waits: Mapping[int, Sequence[int]], start: int) -> tuple[int, ...]:
    """The shortest way from a context back to itself, without the return."""
    paths: list[tuple[int, ...]] = [(start,)]
    seen: set[int] = set()
    for path in paths:
        for target in waits.get(path[-1], ()):
            if target == start:
                return path
            if target not in seen:
                seen.add(target)
                paths.append((*path, target))
    return ()
