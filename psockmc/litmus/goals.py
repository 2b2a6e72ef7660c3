"""What a goal (literals that are to hold) and what is written anywhere say about the paths of threads."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from psockmc.litmus.conditions import Literal
from psockmc.litmus.execution import Value
from psockmc.litmus.paths import Constraint, Path
from psockmc.litmus.syntax import Final, Memory, Register
from psockmc.litmus.terms import READ, NoMeaning, Term, evaluate, make, reads, truth

_FEW_COMBINATIONS = 64
"""So many combinations of paths are tried without asking first which of them fit together."""


@dataclass(slots=True)
class Choice:
    """A path with the constraints that the goal adds; filters: all constraints on a single read, by read."""

    path: Path
    filters: Mapping[int, Sequence[Constraint]]
    added: Sequence[Constraint] = ()


def is_about_memory(literal: Literal) -> bool:
    """Whether a literal says which value a global has in the end."""
    return isinstance(literal[0].left, Memory) and not isinstance(literal[0].right, Register | Memory)


def narrow(path: Path, thread: int, goal: Sequence[Literal]) -> Choice | None:
    """The path with the literals about this thread's registers as filters; None when one of them cannot hold."""
    added: list[Constraint] = []
    for equation, sense in goal:
        left, right = (_register_term(path, thread, side) for side in equation)
        if left is None or right is None:
            continue
        term = make("==", left, right)
        if type(term) is not tuple:
            if truth(term) is not sense:
                return None
        else:
            added.append((term, sense))
    if not added:
        return Choice(path, path.filters)
    filters = {read: list(constraints) for read, constraints in path.filters.items()}
    for constraint in added:
        of = set(reads(constraint[0]))
        if len(of) == 1:
            filters.setdefault(of.pop(), []).append(constraint)
    return Choice(path, filters, added)


def _register_term(path: Path, thread: int, side: Final | Value) -> Term | None:
    """A side of an equation as a term of this thread; None when it is about something else."""
    if isinstance(side, Register):
        return path.registers.get(side.name, 0) if side.thread == thread else None
    return None if isinstance(side, Memory) else side


def spans_threads(literal: Literal) -> bool:
    """Whether a literal compares registers of different threads, or a register with a global."""
    left, right = literal[0]
    if isinstance(left, Memory):
        return isinstance(right, Register | Memory)
    return isinstance(right, Memory) or (isinstance(right, Register) and right.thread != left.thread)


def viable(initial: Mapping[str, Value], paths: Sequence[Sequence[Path]]) -> list[list[Path]]:
    """The paths of each thread without those that need a value which no path of any thread writes."""
    choices = [[Choice(path, path.filters) for path in ps] for ps in paths]
    return [[choice.path for choice in cs] for cs in viable_choices(initial, choices)]


def combinations(initial: Mapping[str, Value], choices: list[list[Choice]]) -> Iterator[tuple[Choice, ...]]:
    """One path for each thread.

    When there are many combinations, those in which some read has no write are left out.
    """
    if math.prod(map(len, choices)) <= _FEW_COMBINATIONS:
        yield from itertools.product(*choices)
        return
    thread = next(i for i, cs in enumerate(choices) if len(cs) > 1)
    for choice in choices[thread]:
        yield from combinations(initial, viable_choices(initial, [*choices[:thread], [choice], *choices[thread + 1 :]]))


def viable_choices(initial: Mapping[str, Value], choices: list[list[Choice]]) -> list[list[Choice]]:
    """Without the paths that need a value which no path of any thread writes."""
    if all(len(cs) <= 1 for cs in choices) or not all(choices):
        return choices
    written: dict[str, set[Term]] = {}
    for choice in itertools.chain.from_iterable(choices):
        for event in choice.path.events:
            if event.kind == "W" and event.location is not None:
                known = written.setdefault(event.location, {initial.get(event.location, 0)})
                known.add(event.term if type(event.term) is not tuple else None)
    viable = [[c for c in cs if _can_read(c, written, initial)] for cs in choices]
    return viable if sum(map(len, viable)) == sum(map(len, choices)) else viable_choices(initial, viable)


def _can_read(choice: Choice, written: Mapping[str, set[Term]], initial: Mapping[str, Value]) -> bool:
    """Whether every filtered read can return some value; None among the values stands for any."""
    for read, constraints in choice.filters.items():
        location = choice.path.events[read].location
        assert location is not None
        values = written.get(location)
        if values is None:
            values = {initial.get(location, 0)}
        if None not in values and not any(passes(constraints, v) for v in values):
            return False
    return True


def calculates(equation: Term) -> bool:
    """Whether a side of an equation is more than a read or a constant."""
    return any(type(side) is tuple and side[0] != READ for side in equation[1:])


def passes(constraints: Sequence[Constraint], value: Term) -> bool:
    """Whether a value satisfies constraints on a single read; True also where that has no meaning."""
    try:
        return all(truth(evaluate(term, lambda _: value)) is outcome for term, outcome in constraints)
    except NoMeaning:
        return True  # whether it matters is seen when the execution is complete
