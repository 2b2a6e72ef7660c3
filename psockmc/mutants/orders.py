"""Which steps of a block must keep their order: found by moving one to the other side of the other.

A pair is tried as soon as no shorter pair decides it. That a step may not even be moved past something that stands
between the two makes moving it further pointless: its order with what lies beyond follows, or the other of the two
is moved. So a table is filled in rounds: `Table` says what to try next, given what is known.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from psockmc.explore.verdict import Verdict
from psockmc.mutants.kinds import Mutant
from psockmc.mutants.moves import Moves, Step
from psockmc.mutants.trial import SETUP, Fate, Tried

Judge = Callable[[Mutant], Tried]
"""What came of a mutant so far."""


class Order(StrEnum):
    """What is known of a pair of steps."""

    MUST = "must"  # the other order violates a property
    MAY = "may"  # the other order is harmless in the scenarios searched
    CANNOT = "cannot"  # the other order is no program
    FOLLOWS = "follows"  # from a step between them that must keep its order with both
    APART = "apart"  # either may not even be moved past something between them
    UNKNOWN = "unknown"  # the scenarios searched say nothing, or nothing was searched


KEPT = (Order.MUST, Order.CANNOT, Order.FOLLOWS)
"""The order is settled: it stays as it is."""


def is_harmless(tried: Tried) -> bool:
    """Nothing that must hold is violated. (A violation that is expected, or something to be covered, may be gone.)"""
    if tried.fate is Fate.WEAKLY and tried.first is not None:
        return tried.first.property != SETUP and not tried.first.message.startswith(Verdict.UNDETERMINED)
    return tried.fate is Fate.SURVIVED


def is_bad(tried: Tried) -> bool:
    """Something is violated, or the setup fails that a scenario begins with."""
    if tried.fate is Fate.WEAKLY and tried.first is not None:
        return tried.first.property == SETUP
    return tried.fate is Fate.NOTICED


@dataclass(frozen=True)
class Pair:
    """Two steps of a block, `first` above `second`. tried: the moves that were made, those that decide it first.

    reason: why the other order is no program. through: steps between them: one that the order follows from, or what
    keeps the two apart (what `first` may not be moved past, and what `second` may not be moved past).
    """

    first: Step
    second: Step
    order: Order
    tried: tuple[Tried, ...] = ()
    reason: str = ""
    through: tuple[Step, ...] = ()


@dataclass
class Table:
    """All pairs of a block. wanted: moves that must be tried before it is complete."""

    moves: Moves
    judge: Judge
    like: frozenset[str] = frozenset()
    pairs: dict[tuple[int, int], Pair] = field(default_factory=dict)
    wanted: list[Mutant] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Short pairs first: longer ones may follow from them."""
        self.steps = [step for step in self.moves.steps if step.text not in self.like]
        self._waiting: set[tuple[int, int]] = set()  # pairs that are wanted, or that wait for such
        self._stuck: dict[tuple[int, int], bool] = {}  # (moved, past): it may not be moved there
        for distance in range(1, len(self.steps)):
            for i in range(len(self.steps) - distance):
                self.pairs[i, i + distance] = self._pair(i, i + distance)

    def _pair(self, i: int, j: int) -> Pair:
        first, second = self.steps[i], self.steps[j]
        between = range(i + 1, j)
        if any({(i, k), (k, j)} & self._waiting for k in between):
            self._waiting.add((i, j))
            return Pair(first, second, Order.UNKNOWN)
        for k in between:
            if self.pairs[i, k].order in KEPT and self.pairs[k, j].order in KEPT:
                return Pair(first, second, Order.FOLLOWS, through=(self.steps[k],))
        stop_down = next((k for k in between if self._stuck.get((i, k))), None)
        stop_up = next((k for k in reversed(between) if self._stuck.get((j, k))), None)
        if stop_down is not None and stop_up is not None:
            self._stuck[i, j] = self._stuck[j, i] = True
            return Pair(first, second, Order.APART, through=(self.steps[stop_down], self.steps[stop_up]))
        ways = []
        if stop_down is None:
            ways.append((i, j, self.moves.behind(first, second)))
        if stop_up is None and (j - i > 1 or stop_down is not None):
            ways.append((j, i, self.moves.before(first, second)))
        pair = self._decide(first, second, ways)
        if pair.order is Order.UNKNOWN and pair.tried and pair.tried[-1].fate is Fate.UNTRIED:
            self._waiting.add((i, j))
        return pair

    def _decide(self, first: Step, second: Step, ways: list[tuple[int, int, Mutant | str]]) -> Pair:
        """Harmless one way is harmless; until that is known, what was not tried is wanted, one way after the other."""
        made: list[Tried] = []
        reason = ""
        for moved, past, mutant in ways:
            if isinstance(mutant, str):
                self._stick(moved, past)
                reason = reason or mutant
                continue
            tried = self.judge(mutant)
            if tried.fate is Fate.REFUSED:
                self._stick(moved, past)
                reason = reason or tried.trials[-1].message
                continue
            made.append(tried)
            if is_harmless(tried):
                return Pair(first, second, Order.MAY, (tried,))
            if tried.fate is Fate.UNTRIED:
                self.wanted.append(mutant)
                return Pair(first, second, Order.UNKNOWN, tuple(made))
            if is_bad(tried):
                self._stick(moved, past)
        if not all(map(is_bad, made)):
            return Pair(first, second, Order.UNKNOWN, tuple(made))
        if made:
            return Pair(first, second, Order.MUST, tuple(made))
        return Pair(first, second, Order.CANNOT, reason=reason)

    def _stick(self, moved: int, past: int) -> None:
        self._stuck[moved, past] = True
        if abs(moved - past) == 1:
            self._stuck[past, moved] = True
