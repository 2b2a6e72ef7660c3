"""The state of a symbolic execution, and how states that meet at one place of the program become one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from psockmc.prove import terms
from psockmc.prove.terms import Term

Path = tuple[str | int | Term, ...]
"""A scalar in memory: the object's name, then field names and array indices (an index may be a number per lane)."""


class Place(NamedTuple):
    """Where an access can go: each possible path with the condition under which it is meant."""

    options: tuple[tuple[Term, Path], ...]


Local = Term | Place
"""What a local holds: an integer or truth value, or (a parameter of struct type) a reference."""


@dataclass(slots=True)
class State:
    """What is known at one place. memory: scalars that were written. taken: the conditions that led here.

    The memory is shared with other states and never changed in place: `write` makes a new one.
    """

    memory: dict[Path, Term] = field(default_factory=dict)
    locals: dict[str, Local] = field(default_factory=dict)
    taken: tuple[Term, ...] = ()

    def fork(self, cond: Term) -> State:
        """A copy that goes on where the condition holds."""
        return State(self.memory, dict(self.locals), (*self.taken, cond))

    def write(self, path: Path, value: Term) -> None:
        """Stores a scalar."""
        self.memory = {**self.memory, path: value}

    @property
    def path(self) -> Term:
        """The condition under which the program gets here."""
        return terms.along(self.taken)


Initial = Callable[[Path], Term]
"""What a scalar holds at the beginning."""


def merge(states: Sequence[State], initial: Initial) -> State | None:
    """One state for several that exclude each other; None when there is none."""
    if not states:
        return None
    merged = states[-1]
    for state in reversed(states[:-1]):
        merged = _merge_two(state, merged, initial)
    return merged


def _merge_two(first: State, second: State, initial: Initial) -> State:
    common = _common_prefix(first.taken, second.taken)
    rest = terms.conjunction(first.taken[common:])
    other = terms.conjunction(second.taken[common:])
    either = terms.disjunction((rest, other))
    taken = first.taken[:common] if either is terms.TRUE else (*first.taken[:common], either)
    join = _Join(rest, other)
    return State(join.memory(first.memory, second.memory, initial), join.locals(first.locals, second.locals), taken)


def _common_prefix(first: tuple[Term, ...], second: tuple[Term, ...]) -> int:
    count = 0
    for a, b in zip(first, second, strict=False):
        if a is not b:
            break
        count += 1
    return count


class _Join:
    """Values of two states that exclude each other: the first is meant where `cond` holds, the second where `other`
    does.
    """

    def __init__(self, cond: Term, other: Term) -> None:
        self.cond = cond
        self.first = terms.Given(cond)
        self.second = terms.Given(other)

    def values(self, first: Term, second: Term) -> Term:
        """One value for two."""
        if first is second:
            return first
        if first.kind in ("lin", "cast") and terms.subtract(first, second).is_int:
            return pick(self.cond, first, second)
        return pick(self.cond, self.first(first), self.second(second))

    def memory(self, first: dict[Path, Term], second: dict[Path, Term], initial: Initial) -> dict[Path, Term]:
        """What only one side wrote has its first value on the other."""
        if first is second:
            return second
        joined = dict(second)
        for path, value in first.items():
            other = second.get(path)
            if other is not value:
                joined[path] = self.values(value, initial(path) if other is None else other)
        for path, value in second.items():
            if path not in first:
                joined[path] = self.values(initial(path), value)
        return joined

    def locals(self, first: dict[str, Local], second: dict[str, Local]) -> dict[str, Local]:
        """Locals that only one side has cannot be read behind the meeting point: the language demands assignment
        first.
        """
        joined: dict[str, Local] = {}
        for name, value in first.items():
            other = second.get(name, value)
            if isinstance(value, Place) or isinstance(other, Place):
                joined[name] = value
            else:
                joined[name] = self.values(value, other)
        for name, value in second.items():
            joined.setdefault(name, value)
        return joined


def pick(cond: Term, then: Term, other: Term) -> Term:
    """`then` where the condition holds, else `other`: two integers or two truth values."""
    if then.truth:
        return terms.choice(cond, then, other)
    return terms.ite(cond, then, other)
