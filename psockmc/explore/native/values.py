"""Sets of values, for the analysis of what a system can reach: a few values by themselves, or else an interval.

Operations give a superset of the exact result: of each value of the arguments, the result's set contains the outcome.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import product

from psockmc.explore.native.bounds import Interval, operator_bounds
from psockmc.explore.reference import OPERATORS

FEW = 24  # values that are kept apart
PAIRS = 600  # combinations that are tried one by one


@dataclass(frozen=True, slots=True)
class Values:
    """The values lo..hi, or of them only `few` when that is not None. Empty when lo > hi."""

    lo: int
    hi: int
    few: frozenset[int] | None

    def __contains__(self, value: int) -> bool:
        return value in self.few if self.few is not None else self.lo <= value <= self.hi

    @property
    def bounds(self) -> Interval:
        """The least and the greatest member."""
        return self.lo, self.hi

    @property
    def truths(self) -> frozenset[bool]:
        """The truth values of the members."""
        if self.few is not None:
            return frozenset(bool(value) for value in self.few)
        return frozenset({True, False} if 0 in self else {True})

    def within(self, lo: int, hi: int) -> Values:
        """The members in lo..hi."""
        if self.few is not None:
            return values(value for value in self.few if lo <= value <= hi)
        return interval(max(lo, self.lo), min(hi, self.hi))

    def joined(self, other: Values) -> Values:
        """The smallest set with the members of both."""
        if self.few is not None and other.few is not None:
            return values(self.few | other.few)
        if not self:
            return other
        if not other:
            return self
        return interval(min(self.lo, other.lo), max(self.hi, other.hi))

    def __bool__(self) -> bool:
        return self.lo <= self.hi


NOTHING = Values(1, 0, frozenset())
BOTH = Values(0, 1, frozenset({0, 1}))


def values(members: Iterable[int]) -> Values:
    """The set of these values, or the interval around them when they are many."""
    few = frozenset(members)
    if not few:
        return NOTHING
    return Values(min(few), max(few), few if len(few) <= FEW else None)


def interval(lo: int, hi: int) -> Values:
    """The values lo..hi."""
    if lo > hi:
        return NOTHING
    return values(range(lo, hi + 1)) if hi - lo < FEW else Values(lo, hi, None)


def widened(old: Values, new: Values) -> Values:
    """`old` and `new` together; an interval that grows does so in few strides, which take no bit more."""
    both = old.joined(new)
    if both.few is not None or both.bounds == old.bounds:
        return both
    least = 0 if both.lo >= 0 else -(1 << (-both.lo - 1).bit_length())
    most = -1 if both.hi < 0 else (1 << both.hi.bit_length()) - 1
    return interval(least if both.lo < old.lo else both.lo, most if both.hi > old.hi else both.hi)


def applied(name: str, args: list[Values]) -> Values:
    """The results of an operator."""
    if not all(args):
        return NOTHING
    if name == "?:":
        cond, then, other = args
        chosen = [value for truth, value in ((True, then), (False, other)) if truth in cond.truths]
        return chosen[0] if len(chosen) == 1 else then.joined(other)
    if name in ("and", "or", "not"):
        return _logical(name, [arg.truths for arg in args])
    combinations = 1
    for arg in args:
        combinations *= len(arg.few) if arg.few is not None else PAIRS + 1
    if combinations <= PAIRS:
        apply: Callable[..., int] = OPERATORS[name]
        return values(apply(*chosen) for chosen in product(*(arg.few or () for arg in args)))
    return interval(*operator_bounds(name, [arg.bounds for arg in args]))


def wrapped(arg: Values, bits: int, signed: bool) -> Values:
    """The members modulo 2**bits."""
    lo, hi = (-(1 << bits - 1), (1 << bits - 1) - 1) if signed else (0, (1 << bits) - 1)
    if not arg or (lo <= arg.lo and arg.hi <= hi):
        return arg
    if arg.few is None:
        return interval(lo, hi)
    return values((value - lo) % (1 << bits) + lo for value in arg.few)


def _logical(name: str, truths: list[frozenset[bool]]) -> Values:
    if name == "not":
        return values(int(not truth) for truth in truths[0])
    combine = all if name == "and" else any
    absorbing = name == "or"
    if all(len(t) == 1 for t in truths):
        return values([int(combine(next(iter(t)) for t in truths))])
    if any(t == {absorbing} for t in truths):
        return values([int(absorbing)])
    return BOTH
