"""Why a scenario is as large as it is: states by depth, and what each field contributes to their number."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from psockmc.explore.reference import Interpreter, State
from psockmc.ir import system as ir


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the state vector. kind: field, place (where a context stands) or locals (of a context).

    values: how many different ones it has in the states that were seen. without: how many different states would be
    left if it were not part of the state; -1 when nobody counted.
    """

    name: str
    kind: str
    cells: tuple[int, ...]
    values: int
    without: int = -1


@dataclass(frozen=True, slots=True)
class Size:
    """levels: the number of states at each depth. parts: those with most values first. complete: all states were seen.

    Of an incomplete survey the last level is only as far as it was found.
    """

    states: int
    levels: tuple[int, ...]
    parts: tuple[Part, ...]
    complete: bool


def survey(ts: ir.TransitionSystem, max_states: int, counted: int = 12) -> Size:
    """Search breadth-first in the reference interpreter, up to a number of states.

    counted: for so many parts, those with most values, it is counted what would be left without them.
    """
    states, levels, complete = _reach(ts, max_states)
    parts = [Part(name, kind, cells, len({_pick(s, cells) for s in states})) for name, kind, cells in _parts(ts)]
    parts.sort(key=lambda part: (-part.values, part.name))
    first = [
        Part(p.name, p.kind, p.cells, p.values, _without(states, p.cells)) if p.values > 1 else p
        for p in parts[:counted]
    ]
    return Size(len(states), tuple(levels), (*first, *parts[counted:]), complete)


def _reach(ts: ir.TransitionSystem, max_states: int) -> tuple[list[State], list[int], bool]:
    """The states in the order of their discovery, how many there are at each depth, and whether these are all."""
    interpreter = Interpreter(ts)
    states, known = [ts.initial], {ts.initial}
    levels, begin = [1], 0
    while begin < len(states):
        end = len(states)
        for at in range(begin, end):
            for step in interpreter.steps(states[at]):
                if step.exists and step.state is not None and step.state not in known:
                    if len(states) >= max_states:
                        return states, [*levels, *([len(states) - end] if len(states) > end else [])], False
                    known.add(step.state)
                    states.append(step.state)
        if len(states) > end:
            levels.append(len(states) - end)
        begin = end
    return states, levels, True


def _parts(ts: ir.TransitionSystem) -> Iterator[tuple[str, str, tuple[int, ...]]]:
    for where in ts.fields:
        yield where.name, "field", tuple(range(where.base, where.base + where.count))
    for context in ts.contexts:
        yield context.name, "place", (context.pc,)
        if context.slots:
            yield context.name, "locals", context.slots


def _pick(state: State, cells: Sequence[int]) -> tuple[int, ...]:
    return tuple(state[cell] for cell in cells)


def _without(states: Sequence[State], cells: Sequence[int]) -> int:
    """How many states differ in something else."""
    left = set()
    for state in states:
        rest = list(state)
        for cell in cells:
            rest[cell] = 0
        left.add(tuple(rest))
    return len(left)
