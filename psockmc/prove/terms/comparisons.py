"""Comparisons of numbers: decided by bounds and by cases where they can be, else one atom for all that say the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import gcd
from operator import eq as equal
from operator import le as less_or_equal

from psockmc.prove.terms.chains import bound_of
from psockmc.prove.terms.choices import MANY_CASES, leaves
from psockmc.prove.terms.facts import interval, ranks, untrue
from psockmc.prove.terms.nodes import (
    BY_NUMBER,
    FALSE,
    TRUE,
    VALUES,
    Term,
    boolean,
    const,
    each_lane,
    in_lanes,
    intern,
    lane,
    pairs_of,
)
from psockmc.prove.terms.sums import add, combination, parts_of, subtract
from psockmc.prove.terms.truths import choice, conjunction, disjunction, negation


def at_most(left: Term, right: Term) -> Term:
    """Left <= right."""
    if left.kind in VALUES and right.kind in VALUES:
        return _pointwise(less_or_equal, left, right)
    difference = subtract(left, right)
    lo, hi = interval(difference)
    if hi <= 0 or left.hi <= right.lo:
        return TRUE
    if lo > 0 or left.lo > right.hi:
        return FALSE
    return _decided(difference, "le")


def equals(left: Term, right: Term) -> Term:
    """Left == right."""
    if left is right:
        return TRUE
    if left.kind in VALUES and right.kind in VALUES:
        return _pointwise(equal, left, right)
    difference = subtract(left, right)
    lo, hi = interval(difference)
    if lo > 0 or hi < 0 or left.lo > right.hi or right.lo > left.hi:
        return FALSE
    return _decided(difference, "eq")


def _pointwise(holds: Callable[[int, int], bool], left: Term, right: Term) -> Term:
    """A comparison of numbers that are known in each lane."""
    if left.is_int and right.is_int:
        return boolean(holds(left.value, right.value))
    width = len(right.args if left.is_int else left.args)
    return lane(list(map(holds, each_lane(left, width), each_lane(right, width))))


def _decided(difference: Term, kind: str) -> Term:
    """The comparison with 0, by the cases of the difference where it has few."""
    if difference.kind == "int":
        return boolean(difference.value == 0 if kind == "eq" else difference.value <= 0)
    if (values := in_lanes(difference)) is not None:
        return lane([v == 0 if kind == "eq" else v <= 0 for v in values])
    parts = leaves(difference)
    if parts is not None:
        decided = [(_decided(leaf, kind), when) for leaf, when in parts.items()]
        holds = [conjunction((when, truth)) for truth, when in decided if truth is not FALSE]
        fails = [conjunction((when, negation(truth))) for truth, when in decided if truth is not TRUE]
        return disjunction(holds) if len(holds) <= len(fails) else negation(disjunction(fails))
    return _by_sides(difference, kind) or _compare(kind, difference)


def _by_sides(difference: Term, kind: str) -> Term | None:
    """The comparison of a sum with one `ite`, where both of its sides are decided; else None."""
    pairs = pairs_of(difference) if difference.kind == "lin" else ()
    split = [(part, factor) for part, factor in pairs if part.kind == "ite"]
    if len(split) != 1:
        return None
    ((part, factor),) = split
    rest = add(difference, part, -factor)
    cond, *sides = part.args
    then, other = (_settled(add(rest, side, factor), kind) for side in sides)
    return None if then is None or other is None else choice(cond, then, other)


def _settled(difference: Term, kind: str) -> Term | None:
    """The comparison with 0, where bounds decide it."""
    lo, hi = interval(difference)
    if kind == "le":
        return TRUE if hi <= 0 else FALSE if lo > 0 else None
    return TRUE if lo == hi == 0 else FALSE if lo > 0 or hi < 0 else None


def _compare(kind: str, difference: Term) -> Term:
    parts, constant = parts_of(difference)
    divisor = gcd(*parts.values())
    if kind == "eq" and constant % divisor:
        return FALSE
    if kind == "eq":
        # One of the two signs stands for both.
        first = min(parts, key=BY_NUMBER)
        if parts[first] < 0:
            divisor = -divisor
        parts = {t: c // divisor for t, c in parts.items()}
        constant //= divisor
    else:
        parts = {t: c // divisor for t, c in parts.items()}
        constant = -((-constant) // divisor)
        pairs = sorted(parts.items(), key=lambda pair: pair[0].number)
        if pairs[0][1] < 0:
            # not (x <= 0) is 1 - x <= 0: one of the two is a negation of the other.
            opposite = combination({t: -c for t, c in parts.items()}, 1 - constant)
            return negation(_atom("le", opposite))
    return _atom(kind, combination(parts, constant))


def _atom(kind: str, linear: Term) -> Term:
    term, new = intern((kind, linear.number), kind, (linear,))
    if new and ranks:
        term.bound = bound_of(linear)
    return FALSE if term in untrue else term


# ---------------------------------------------------------------- the values of a term


def options(term: Term) -> Mapping[Term, Term] | None:
    """`leaves`, or the values of an unknown that has few."""
    if term.kind == "var" and term.hi - term.lo < MANY_CASES:
        return {const(v): _compare("eq", subtract(term, const(v))) for v in range(term.lo, term.hi + 1)}
    return leaves(term)


def cases(term: Term) -> Mapping[int, Term] | None:
    """The values that a term can have, each with the condition under which it has it; None when there are many.

    The conditions exclude each other, and one of them always holds.
    """
    found: dict[int, Term] = {}
    parts = leaves(term)
    if parts is None:
        if term.hi - term.lo >= MANY_CASES:
            return None
        return {v: _compare("eq", subtract(term, const(v))) for v in range(term.lo, term.hi + 1)}
    for leaf, when in parts.items():
        values = in_lanes(leaf) or (leaf.value,)
        for value in dict.fromkeys(values):
            here = TRUE if len(values) == 1 else lane([v == value for v in values])
            found[value] = disjunction((found.get(value, FALSE), conjunction((when, here))))
    return found
